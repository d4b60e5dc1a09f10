"""Which share of the values arrives on a faulty line: pymodbus, modbus-connection and this project's bus.

Three devices are polled in their three groups for some minutes of virtual time, through the same fault proxy. Every
client makes the same planned reads at the same times; the others with their own retries, this project with its guard,
which throws away whatever cannot be told from another's answer.

    python -m benchmarks.delivered --minutes 30 --jobs 2     # the long run
"""

import argparse
import asyncio
import logging
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import batched

from benchmarks.clients import BAUDRATE, CLIENTS, OURS, PATIENCE, SEED, TIMEOUT
from benchmarks.report import Table
from custom_components.acrel_safety.aioacrel.modbus import Bus, Link, LinkAddress, PolledUnit, PollReport
from custom_components.acrel_safety.aioacrel.modbus.bus import DEFAULT_INTERVALS
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.readings import PointKey
from custom_components.acrel_safety.aioacrel.registers import LineCost, LineSettings, Read
from custom_components.acrel_safety.aioacrel.registers.blocks import Block
from custom_components.acrel_safety.aioacrel.vocabulary import Pace
from simulator.faults import FaultProxy, Framing, Schedule, TruthServer, faults_of
from simulator.faults.drive import Reader
from simulator.faults.virtual import run

MODELS = {1: "adw300", 2: "aim-r100", 3: "dtsd1352"}
RATES = (0.02, 0.05, 0.1, 0.25)
MINUTES = 10.0
RUNS = 6
"""Schedules of faults per row: a single one is mostly luck."""
CLIENTS_COMPARED = ("pymodbus", "modbus-connection", OURS)
_LIBRARY = ModelLibrary()


@dataclass(frozen=True, slots=True)
class Case:
    """One row of the table."""

    client: str
    framing: Framing
    rate: float
    minutes: float
    seed: int


@dataclass(slots=True)
class Delivery:
    """What became of the values: those of polls that were made, and those of all polls that were due."""

    asked: int = 0
    right: int = 0
    wrong: int = 0
    due: int = 0


@dataclass(slots=True)
class _Rig:
    """What a client is measured on."""

    truth: TruthServer
    minutes: float
    delivery: Delivery = field(default_factory=Delivery)

    @property
    def end(self) -> float:
        return 60 * self.minutes

    def note(self, unit: int, read: Read, words: list[int], values: int, after: int) -> None:
        is_right = self.truth.is_true(unit, read.function, read.address, words, after)
        self.delivery.right += values if is_right else 0
        self.delivery.wrong += 0 if is_right else values


class _Witnessed(PolledUnit):
    """A unit as this project polls it; what it believes is looked at."""

    rig: _Rig
    right: set[PointKey]
    """What was read truly since the last report of its group."""

    async def ask(self, block: Block) -> list[int]:
        after, read = self.rig.truth.number, block.read
        words = await super().ask(block)
        if self.rig.truth.is_true(self.unit_id, read.function, read.address, words, after):
            self.right.update(block.keys)
        else:
            self.rig.delivery.wrong += len(block.cells)
        return words

    def count(self, report: PollReport) -> None:
        """Count what a poll brought of what it was to bring."""
        if report.requests:
            asked = {key for key in self.model.readable if self.model.points[key].pace is report.group}
            if report.only is not None:
                asked &= report.only
            self.rig.delivery.asked += len(asked)
            self.rig.delivery.right += len(asked & self.right)
            self.right -= asked


async def _ours(port: int, framing: Framing, rig: _Rig) -> None:
    scheme = "tcp" if framing is Framing.MBAP else "rtu+tcp"
    address = LinkAddress.parse(f"{scheme}://127.0.0.1:{port}?baudrate={BAUDRATE}")
    async with Link.open(address) as link:
        bus = Bus("benchmark")
        for number, name in MODELS.items():
            guarded = address.guarded(link.unit(number), number, timeout=TIMEOUT, pulse=bus.pulse)
            unit = _Witnessed(guarded, _LIBRARY.get(name))
            unit.rig, unit.right = rig, set()
            unit.want_all()
            bus.add(unit, unit.count)
        bus.start()
        await asyncio.sleep(rig.end - asyncio.get_running_loop().time())
        await bus.stop()


async def _theirs(client: str, port: int, framing: Framing, rig: _Rig) -> None:
    loop = asyncio.get_running_loop()
    jobs = [(number, group, list(blocks)) for number, group, blocks in _planned()]
    due = {(number, group): 0.0 for number, group, _ in jobs}
    async with CLIENTS[client](port, framing) as reader:
        while loop.time() < rig.end:
            for number, group, blocks in jobs:
                if due[number, group] > loop.time():
                    continue
                for block in blocks:
                    rig.delivery.asked += len(block.cells)
                    await _read(reader, number, block, rig)
                missed = max(0, int((loop.time() - due[number, group]) // DEFAULT_INTERVALS[group]))
                due[number, group] += (1 + missed) * DEFAULT_INTERVALS[group]
            await asyncio.sleep(max(0.0, min(due.values()) - loop.time()))


async def _read(reader: Reader, number: int, block: Block, rig: _Rig) -> None:
    after, read = rig.truth.number, block.read
    try:
        async with asyncio.timeout(PATIENCE):
            words = await reader.read(number, read.function, read.address, read.count)
    except Exception:  # noqa: BLE001 - whatever a client raises means that it believes nothing
        return
    if len(words) == read.count:
        rig.note(number, read, words, len(block.cells), after)


def _planned() -> Iterator[tuple[int, Pace, tuple[Block, ...]]]:
    """Yield the reads of all groups, as this project plans them before it has learnt anything."""
    for number, name in MODELS.items():
        model = _LIBRARY.get(name)
        unit = PolledUnit(_Priced(number), model)  # type: ignore[arg-type]  # planning looks at the cost alone
        unit.want_all()
        for group in Pace:
            yield number, group, unit.blocks(group)


@dataclass(frozen=True, slots=True)
class _Priced:
    """As much of a guarded unit as planning needs."""

    unit_id: int
    cost: LineCost = field(default_factory=lambda: LineCost(line=LineSettings(baudrate=BAUDRATE)))


async def _measure(case: Case) -> Delivery:
    schedule = Schedule(case.seed, faults_of(case.framing), case.rate)
    async with (
        TruthServer(case.framing, frozenset(MODELS)) as truth,
        FaultProxy("127.0.0.1", truth.port, case.framing, schedule) as proxy,
    ):
        rig = _Rig(truth, case.minutes)
        for _, group, blocks in _planned():
            rig.delivery.due += sum(len(block.cells) for block in blocks) * int(rig.end / DEFAULT_INTERVALS[group])
        if case.client == OURS:
            await _ours(proxy.port, case.framing, rig)
        else:
            await _theirs(case.client, proxy.port, case.framing, rig)
        return rig.delivery


def measured(case: Case) -> Delivery:
    """Measure one case, in virtual time."""
    logging.disable(logging.CRITICAL)
    return run(_measure(case))


def measure(minutes: float = MINUTES, jobs: int = 1, runs: int = RUNS) -> Table:
    """Measure all clients at all rates and return the table."""
    table = Table(
        "delivered",
        "Values delivered on a faulty line",
        "ADW300, AIM-R100 and DTSD1352 polled every 2, 10 and 60 s through the fault proxy, which does one of all its"
        f" faults to this share of the requests; {runs} schedules of faults, {minutes:g} minutes of virtual time each,"
        f" time-out {TIMEOUT:g} s."
        " *Delivered* are right values of all values in the polls that were made to their end, *of those due* of all"
        " values in the polls that would have been made on a line without faults, *wrong* the share that was believed"
        " and belonged to other registers, another unit or an earlier moment.",
        ["framing", "faulted", "client", "delivered", "of those due", "wrong"],
    )
    rows = [(framing, rate, client) for framing in Framing for rate in RATES for client in CLIENTS_COMPARED]
    cases = [
        Case(client, framing, rate, minutes, SEED + number) for framing, rate, client in rows for number in range(runs)
    ]
    with ProcessPoolExecutor(jobs) as pool:
        measurements = list(pool.map(measured, cases))
    for (framing, rate, client), several in zip(rows, batched(measurements, runs, strict=True), strict=True):
        asked, right, wrong, due = map(sum, zip(*((d.asked, d.right, d.wrong, d.due) for d in several), strict=True))
        table.add(
            framing=framing.value,
            faulted=f"{rate:.0%}",
            client=client,
            delivered=f"{right / max(1, asked):.1%}",
            of_those_due=f"{right / max(1, due):.1%}",
            wrong=f"{wrong / max(1, asked):.2%}",
        )
    return table


def main() -> None:
    """Measure, print, and keep the result."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.delivered", description=__doc__)
    parser.add_argument("--minutes", type=float, default=MINUTES, help="virtual minutes per case")
    parser.add_argument("--jobs", type=int, default=1, help="processes at once")
    parser.add_argument("--runs", type=int, default=RUNS, help="schedules of faults per case")
    options = parser.parse_args()
    table = measure(options.minutes, options.jobs, options.runs)
    table.save()
    print(table.markdown())


if __name__ == "__main__":
    main()
