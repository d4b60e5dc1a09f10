"""Operations behind a fault proxy: is what is said of them true, and how many requests left?

The relay of a prepaid meter, an ADW300's output, or the breaker that this trips, obeys, sticks, moves late, falls back,
or is moved by hand, on a link that does every fault there is; in virtual time and with fixed seeds. Each outcome is
held against the simulated cabinet at that moment: `confirmed` has to be there (a pulse: to have been), `failed` may
not, nor have been there for longer than two looks are apart, and no operation may have sent more than one write.

    python -m benchmarks.operations --faulted 20000 --jobs 2
"""

import argparse
import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from math import inf
from random import Random

from benchmarks.report import Table
from custom_components.acrel_safety.aioacrel.control.caller import Caller, CallerKind
from custom_components.acrel_safety.aioacrel.control.control import Control
from custom_components.acrel_safety.aioacrel.control.evidence import Contact
from custom_components.acrel_safety.aioacrel.control.outcome import Outcome, Result
from custom_components.acrel_safety.aioacrel.control.policy import Drive, Policy
from custom_components.acrel_safety.aioacrel.control.rights import Rights
from custom_components.acrel_safety.aioacrel.control.watching import LONGEST_GAP
from custom_components.acrel_safety.aioacrel.device import Device
from custom_components.acrel_safety.aioacrel.modbus import Link, LinkAddress, ModbusHub
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.readings import PointKey
from simulator import Cabinet
from simulator.devices.adw300 import Adw300
from simulator.devices.prepaid import PrepaidDevice
from simulator.faults import FaultProxy, Framing, Schedule, faults_of
from simulator.faults.virtual import run

SEED = 20_261
RATES = (0.06, 0.12, 0.25)
"""Of all requests: with the last most operations do not get as far as their write."""
PER_SESSION = 40
"""Operations on one link, before a new one begins."""
WANTED = 0.9
"""Of the operations ask for what is not so already."""
TIMEOUT = 0.5
STEP_SECONDS, IDLE_STEP_SECONDS = 0.05, 0.5
BEHAVIOURS = ("obeys", "sticks", "late", "falls back", "by hand")
RELAY, OUTPUT, BREAKER = "relay", "output", "breaker"
KINDS = (RELAY, OUTPUT, RELAY, BREAKER)
"""What is operated: the relay of a prepaid meter, an output, a breaker by a shunt trip whose contact tells."""
JUST_NOW = 0.3
"""Seconds: what left its position so shortly before may have left it after it was read."""
_OPERATOR = Caller(kind=CallerKind.PERSON, id="benchmark", is_administrator=True)
_POLICY = Policy(is_enabled=True, may_close=True, rights=Rights.usual())
_TRIPPING = replace(
    _POLICY,
    drives={PointKey("1", "DO1"): Drive.SHUNT_TRIP},
    evidence={"1": Contact(key=PointKey("1", "DI1"))},
)
_MODE = 0x01E5
"""Of DO1: level or pulse, who drives it, and seconds of a pulse."""


@dataclass(frozen=True, slots=True)
class Session:
    """One link with one device, and the seed of all that happens there."""

    number: int
    kind: str
    framing: Framing
    rate: float


@dataclass(slots=True)
class Tally:
    """What became of the operations, by behaviour and outcome."""

    operations: int = 0
    faulted: int = 0
    """Operations of which at least one request got a fault."""
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    wrongly_confirmed: int = 0
    wrongly_failed: int = 0
    written_twice: int = 0
    written_though_refused: int = 0
    flashed_unseen: int = 0
    """Failed, and there for a moment that is shorter than two looks are apart."""
    moved_unseen: int = 0
    """Confirmed, and moved away between the last look and now: by hand, or falling back."""
    cases: list[str] = field(default_factory=list)
    """What was wrong, to find it again."""

    def add(self, other: Tally) -> None:
        """Take another one's figures."""
        for name in ("operations", "faulted", "wrongly_confirmed", "wrongly_failed", "flashed_unseen", "moved_unseen"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.written_twice += other.written_twice
        self.written_though_refused += other.written_though_refused
        self.outcomes += other.outcomes
        self.reasons += other.reasons
        self.cases += other.cases


class Witness:
    """Looks at the relay or output of a unit all the time, moves it as it is told, and knows where it was when."""

    def __init__(self, cabinet: Cabinet, kind: str) -> None:
        """Take a cabinet with one unit, and what is operated there."""
        self.unit = cabinet.units[1]
        self.device = self.unit.device
        self.is_breaker = kind == BREAKER
        self.is_pulse = False
        """Whether what is switched on ends by itself, so that it has to have been there, and need not be."""
        self._there: set[str] = set()
        self._seconds: dict[str, float] = {}
        """How long it was there since `begin`, at most, by command."""
        self._left: dict[str, float] = {}
        self._looked = 0.0
        self._hands: list[tuple[float, bool]] = []
        self.is_idle = False
        """Whether nothing is judged now, so that it need not be looked at so often."""
        carry_out = self.device.write

        def write(address: int, values: list[int]) -> None:
            carry_out(address, values)
            self.look()

        self.device.write = write  # type: ignore[method-assign,assignment]  # it has to be seen before time passes

    @property
    def commands(self) -> tuple[str, ...]:
        """What can be asked for."""
        if self.is_breaker:
            return ("DO1ON",)
        return ("DO1ON", "DO1OFF") if isinstance(self.device, Adw300) else ("FORRLYOFF", "FORRLYON", "FORRLYREL")

    def is_there(self, code: str) -> bool:
        """Whether what a command leads to is so now."""
        match self.device:
            case Adw300() as instrument if self.is_breaker:
                return not instrument.feeder.closed
            case Adw300() as instrument:
                return instrument.outputs[0] is (code == "DO1ON")
            case PrepaidDevice() as meter:
                relay = meter.relay
                if code == "FORRLYREL":
                    return not relay.forced
                wanted = code == "FORRLYON"
                return relay.closed is wanted and relay.forced and relay.forced_closed is wanted
        raise TypeError

    def begin(self, behaviour: str, random: Random) -> None:
        """Let the next operation go as it is told."""
        now = _now()
        if isinstance(self.device, Adw300):
            self._set(self.device, behaviour)
        self.look()
        self._seconds.clear()
        self._hands.clear()
        travel = {"sticks": 1e9, "late": random.uniform(2.0, 12.0)}.get(behaviour, random.choice((0.0, 0.1, 0.6)))
        match self.device:
            case Adw300() as instrument:
                is_stuck = self.is_breaker and behaviour == "sticks"
                instrument._output_s = 0.0 if is_stuck else travel  # noqa: SLF001 - the cabinet is played with
            case PrepaidDevice() as meter:
                meter.relay.travel_s = travel
                meter.relay.falls_back_s = random.uniform(0.02, 2.0) if behaviour == "falls back" else 0.0
        if behaviour == "by hand":
            self._hands = [(now + random.uniform(0.0, 4.0), random.random() < 0.5)]  # noqa: PLR2004 - by either hand

    def _set(self, instrument: Adw300, behaviour: str) -> None:
        """Have the output be held, or fall back; have a breaker closed that the output does not hold open."""
        is_falling = behaviour == "falls back"
        self.is_pulse = is_falling and not self.is_breaker
        instrument.write(_MODE, [int(is_falling), 0, 1])
        if self.is_breaker:
            instrument.wiring = "none" if behaviour == "sticks" else "shunt_trip"
            instrument._remote[0], instrument._coming[0] = False, None  # noqa: SLF001 - as above
            instrument.watch(0.0)
            instrument._move(closed=True)  # noqa: SLF001 - as above

    def look(self) -> None:
        """Note where it is."""
        now = _now()
        there = {code for code in self.commands if self.is_there(code)}
        for code in there | self._there:
            seconds = now - self._looked if code in self._there else 0.0
            self._seconds[code] = self._seconds.get(code, 0.0) + seconds
            self._left[code] = now
        self._there, self._looked = there, now

    def seconds_there(self, code: str) -> float | None:
        """Return for how long it was there since `begin`; None if it never was."""
        return self._seconds.get(code)

    def left_just_now(self, code: str) -> bool:
        """Whether it was there a moment ago."""
        return _now() - self._left.get(code, -1e9) <= JUST_NOW

    async def watch(self) -> None:
        """Let time pass for the unit, and look."""
        while True:
            seconds = IDLE_STEP_SECONDS if self.is_idle else STEP_SECONDS
            await asyncio.sleep(seconds)
            match self.device:
                case Adw300() as instrument:
                    self._move(instrument, seconds)
                case PrepaidDevice() as meter:
                    self._step(meter, seconds)
            self.look()

    def _move(self, instrument: Adw300, seconds: float) -> None:
        is_moved = False
        while self._hands and _now() >= self._hands[0][0]:
            # Another one on the line, or a hand at the breaker.
            is_on, is_moved = self._hands.pop(0)[1], True
            if self.is_breaker:
                instrument._move(closed=is_on)  # noqa: SLF001 - as above
            else:
                instrument._remote[0], instrument._pulse_left[0] = is_on, 0.0  # noqa: SLF001 - as above
        # Of its time only what moves the output passes: all else stands still here, and takes most of the reckoning.
        instrument._end_pulse(0, seconds)  # noqa: SLF001 - as above
        instrument._follow(0, seconds)  # noqa: SLF001 - as above
        if is_moved or instrument._output(0) is not instrument.outputs[0]:  # noqa: SLF001 - as above
            instrument.watch(0.0)
            instrument.stale = True

    def _step(self, meter: PrepaidDevice, seconds: float) -> None:
        before = replace(meter.relay)
        while self._hands and _now() >= self._hands[0][0]:
            meter.move_by_hand(closed=self._hands.pop(0)[1])
        meter.relay.step(seconds, own=True)
        if meter.relay.closed is not before.closed:
            meter.watch(0.0)
        if (meter.relay.closed, meter.relay.bit_8) != (before.closed, before.bit_8):
            meter.stale = True


@asynccontextmanager
async def _controlled(session: Session, seed: int) -> AsyncIterator[tuple[Control, Witness, FaultProxy]]:
    """Set up a cabinet, the proxy, and a device that may be operated."""
    schedule = Schedule(seed, faults_of(session.framing), session.rate)
    model, wiring = ("ddsy1352", "") if session.kind == RELAY else ("adw300", "none")
    options = {"wiring": wiring} if wiring else {}
    policy = _TRIPPING if session.kind == BREAKER else _POLICY
    async with Cabinet.of({1: model}, frozen=True, seed=seed, options={1: options}) as cabinet:
        port = cabinet.tcp_port if session.framing is Framing.MBAP else cabinet.rtu_port
        async with FaultProxy("127.0.0.1", port or 0, session.framing, schedule) as proxy:
            scheme = "tcp" if session.framing is Framing.MBAP else "rtu+tcp"
            address = LinkAddress.parse(f"{scheme}://127.0.0.1:{proxy.port}")
            async with Link.open(address) as link:
                unit = address.guarded(link.unit(1), 1, timeout=TIMEOUT, pulse=link.pulse)
                device = Device("benchmark", ModelLibrary().get(model))
                hub = ModbusHub("benchmark")
                detach = device.attach(hub.source(unit, device.model))
                witness = Witness(cabinet, session.kind)
                watching = asyncio.create_task(witness.watch())
                try:
                    yield Control(device, lambda: policy), witness, proxy
                finally:
                    detach()
                    watching.cancel()
                    await hub.stop()
                    await unit.settle()


async def _measure(session: Session, operations: int) -> Tally:
    seed = SEED + session.number
    random, tally = Random(seed), Tally()
    async with _controlled(session, seed) as (control, witness, proxy):
        for index in range(operations):
            behaviour = random.choice(BEHAVIOURS)
            witness.begin(behaviour, random)
            open_ones = [code for code in witness.commands if not witness.is_there(code)]
            code = random.choice(open_ones if open_ones and random.random() < WANTED else witness.commands)
            faults, writes = proxy.counts.faulted, len(witness.unit.writes)
            outcome = await control.operate(PointKey("1", code), _OPERATOR, is_confirmed=True)
            witness.look()
            is_faulted = proxy.counts.faulted > faults
            tally.operations += 1
            tally.faulted += is_faulted
            tally.outcomes[behaviour, outcome.result] += 1
            tally.reasons[str(outcome.reason)] += 1
            _judge(tally, f"{session} {index} {behaviour} {code}", code, outcome, witness, writes)
            # What may lie in the link still, reaches the unit before the next one is judged.
            witness.is_idle = True
            await asyncio.sleep(random.choice((0.0, 0.5, 6.0)) if outcome.result is Result.CONFIRMED else 8.0)
            witness.is_idle = False
    return tally


def _judge(tally: Tally, case: str, code: str, outcome: Outcome, witness: Witness, writes: int) -> None:
    sent = len(witness.unit.writes) - writes
    wrong = []
    was_there = witness.is_pulse and code == "DO1ON" and witness.seconds_there(code) is not None
    if outcome.result is Result.CONFIRMED and not (witness.is_there(code) or was_there):
        if witness.left_just_now(code):
            tally.moved_unseen += 1
        else:
            tally.wrongly_confirmed += 1
            wrong.append("not there")
    if outcome.result is Result.FAILED and (seconds := witness.seconds_there(code)) is not None:
        if witness.is_there(code) or seconds > LONGEST_GAP + STEP_SECONDS:
            tally.wrongly_failed += 1
            wrong.append(f"was there for {seconds:.2f} s")
        else:
            tally.flashed_unseen += 1
    if sent > 1:
        tally.written_twice += 1
        wrong.append(f"{sent} writes")
    if sent and outcome.writes == 0:
        tally.written_though_refused += 1
        wrong.append("written")
    if wrong:
        tally.cases.append(f"{case}: {outcome.result} {outcome.reason}: {', '.join(wrong)}")


def measured(session: Session, operations: int = PER_SESSION) -> Tally:
    """Measure one session, in virtual time."""
    logging.disable(logging.CRITICAL)
    return run(_measure(session, operations))


def sessions() -> Iterator[Session]:
    """Yield sessions for ever, each of another kind than the one before."""
    number = 0
    while True:
        for kind in KINDS:
            for framing in Framing:
                for rate in RATES:
                    yield Session(number, kind, framing, rate)
                    number += 1


def total(faulted: int, jobs: int = 1, minutes: float = inf, tell: Callable[[Tally], None] = lambda _: None) -> Tally:
    """Measure until so many operations met a fault, or for so long, and return all figures."""
    tally, some, end = Tally(), sessions(), time.monotonic() + 60 * minutes
    with ProcessPoolExecutor(jobs) as pool:
        while tally.faulted < faulted and time.monotonic() < end:
            batch = [next(some) for _ in range(len(KINDS) * len(Framing) * len(RATES))]
            for one in pool.map(partial(measured, operations=PER_SESSION), batch):
                tally.add(one)
            tell(tally)
    return tally


def tabulated(tally: Tally, seconds: float) -> Table:
    """Return the table: a row per behaviour, a column per outcome."""
    wrong = f"{tally.wrongly_failed} (for a shorter moment: {tally.flashed_unseen})"
    text = (
        f"{tally.operations} operations, {tally.faulted} of them with at least one faulted request."
        f" Confirmed and not there: {tally.wrongly_confirmed}."
        f" Failed and yet there, or there before for longer than {LONGEST_GAP} s: {wrong}."
        f" More than one write: {tally.written_twice}. Written though refused: {tally.written_though_refused}."
        f" Confirmed, and moved away by hand or by itself within {JUST_NOW} s before this was looked at:"
        f" {tally.moved_unseen}. Share of faulted requests {', '.join(f'{rate:.0%}' for rate in RATES)}; time-out"
        f" {TIMEOUT} s. Measured in {seconds:.0f} s."
    )
    results = [result.value for result in Result]
    what = "relay, output or breaker"
    table = Table("operations", "What is said of operations on a faulty link", text, [what, *results])
    for behaviour in BEHAVIOURS:
        counts = {result: tally.outcomes[behaviour, result] for result in results}
        table.rows.append({what: behaviour, **counts})
    table.details = {"reasons": dict(tally.reasons.most_common()), "wrong": tally.cases}
    return table


def measure(faulted: int = 20_000, jobs: int = 1, minutes: float = inf) -> Table:
    """Measure and return the table."""
    started = time.perf_counter()
    tally = total(faulted, jobs, minutes, lambda tally: print(f"{tally.faulted} …", flush=True))
    return tabulated(tally, time.perf_counter() - started)


def _now() -> float:
    return asyncio.get_running_loop().time()


def main() -> None:
    """Measure, print, and keep the result."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.operations", description=__doc__)
    parser.add_argument("--faulted", type=int, default=20_000, help="operations with a fault")
    parser.add_argument("--jobs", type=int, default=1, help="processes at once")
    parser.add_argument("--minutes", type=float, default=inf, help="end after so long, whatever is left")
    options = parser.parse_args()
    table = measure(options.faulted, options.jobs, options.minutes)
    table.save()
    print(table.markdown())


if __name__ == "__main__":
    main()
