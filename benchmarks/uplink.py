"""2,000 devices that call in over 4G and report every minute, alone and beside 10,000 hostile connections.

    python -m benchmarks uplink --minutes 6

runs the server in this process, the devices in a second one and whoever is hostile in a third. Each upload says by its
values which one it is and of whom, and its process writes down when it left: none may be lost, late or anybody else's.
"""

import asyncio
import gc
import os
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import quantiles

from benchmarks import uplink_faults
from benchmarks.report import Table
from benchmarks.uplink_peers import PERIOD, SERIALS, mark_of
from custom_components.acrel_safety.aioacrel.device import Device
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.readings import PointKey
from custom_components.acrel_safety.aioacrel.uplink.events import Event, EventKind
from custom_components.acrel_safety.aioacrel.uplink.hub import Polling, UplinkHub
from custom_components.acrel_safety.aioacrel.uplink.server import UplinkServer

DEVICES = 2000
HOSTILE = 10_000
MINUTES = 6.0
WARM = 50
"""Devices before the memory of the others is measured: code, models and plans are loaded by then."""
SETTLE_SECONDS = 20.0
"""After the first upload of the last device: it is identified and polled, and what that took is given back."""
_HOST = "127.0.0.1"
_MARKED = PointKey("1", "U"), PointKey("1", "I"), PointKey("1", "P")
_PAGE = resource.getpagesize()


def _memory() -> float:
    """Return the resident memory in KiB."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * _PAGE / 1024


class Witness:
    """Notes when the readings of each upload are there, and what was nobody's."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self.seen: dict[tuple[int, int], float] = {}
        self.wrong = 0
        self._heard = Counter[int]()
        self._came = asyncio.Event()
        self.events: dict[EventKind, int] = dict.fromkeys(EventKind, 0)

    def told(self, event: Event) -> None:
        """Count what the server tells."""
        self.events[event.kind] += 1

    def look(self, number: int, device: Device) -> None:
        """Look at the readings of one device that have just been told."""
        values = [device.readings[key].value for key in _MARKED if key in device.readings]
        if len(values) < len(_MARKED) or None in values:
            return
        owner, upload = mark_of([float(value) for value in values if value is not None])
        if owner != number:
            self.wrong += 1
        else:
            self.seen.setdefault((number, upload), time.monotonic())
            self._heard[number] += 1
            self._came.set()

    async def until(self, count: int) -> None:
        """Wait until so many devices were heard."""
        while len(self._heard) < count:
            self._came.clear()
            await self._came.wait()


class Plant:
    """The devices as the server's side knows them."""

    def __init__(self, witness: Witness) -> None:
        """Listen to nobody yet."""
        self.server = UplinkServer(on_event=witness.told)
        self.hub = UplinkHub(self.server)
        self.devices: list[Device] = []
        self._witness = witness
        self._model = ModelLibrary().get("ddsy1352")

    def expect(self, count: int, *, is_polled: bool = True) -> None:
        """Have so many devices in all, of which every point is wanted, polled as usual or not at all."""
        for number in range(len(self.devices), count):
            device = Device(SERIALS[number], self._model)
            device.attach(self.hub.source(SERIALS[number], self._model, polling=Polling(is_on=is_polled)))
            device.want(self._model.readable)
            device.listen(self._listener(number, device))
            self.devices.append(device)

    def _listener(self, number: int, device: Device) -> Callable[[object], None]:
        return lambda _: self._witness.look(number, device)


@asynccontextmanager
async def _peers(role: str, *arguments: object) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run those who call in a process of their own; it ends when its input does."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.uplink_peers", role),
        *map(str, arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()


def _sent(path: Path) -> Mapping[tuple[int, int], float]:
    rows = (line.split() for line in path.read_text("ascii").splitlines())
    return {(int(number), int(upload)): float(at) for number, upload, at in rows}


def measure(minutes: float | None) -> Table:
    """Run it all: the many devices, and then one with every fault."""
    table = asyncio.run(measure_many(minutes))
    table.sections.append(uplink_faults.measure())
    return table


async def measure_many(minutes: float | None) -> Table:
    """Run the many devices, alone and attacked."""
    seconds = 60 * (minutes or MINUTES)
    table = Table(
        name="uplink",
        title="Devices that call in over 4G",
        text=(
            f"{DEVICES:,} simulated DDSY1352 in one process, each reporting every {PERIOD:.0f} s and polled as usual, "
            "with a point of everything wanted; the devices and the hostile ones run in two other processes. "
            "*Frame to reading* is from the moment the device sends to the moment its `Device` has told the readings "
            f"(one clock). The load of the machine was {os.getloadavg()[0]:.1f} at the beginning, on "
            f"{os.cpu_count()} processors. "
            "Hostile is: one byte a second, floods of good frames, noise, bodies of 65 KiB, logins as devices that are "
            "there, and peers that never read. They come from other addresses than the devices."
        ),
        columns=("what", "uploads", "lost", "wrong", "median ms", "p99 ms", "worst ms", "figure"),
    )
    witness = Witness()
    plant = Plant(witness)
    port = await plant.server.start(_HOST, 0)
    plant.hub.start()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "sent")
        async with _peers("devices", port, DEVICES, path) as devices:
            await _memory_row(table, plant, witness, devices)
            calm = time.monotonic()
            before = time.process_time()
            await asyncio.sleep(seconds / 2)
            attacked = time.monotonic()
            share = (time.process_time() - before) / (attacked - calm)
            most = _memory()
            logins = witness.events[EventKind.LOGIN]
            async with _peers("hostile", port, HOSTILE, DEVICES, seconds / 2 * 0.8) as hostile:
                begun = time.process_time()
                lag, busy = await _lag(hostile, seconds / 2)
                made = 0 if hostile.stdout is None else int(await hostile.stdout.read())
                taken = (time.process_time() - begun) / (time.monotonic() - attacked)
            grown = _memory() - most
            over = time.monotonic()
        sent = _sent(path)
    strained = (
        f"{taken:.0%} of a processor; the loop late by {lag:.0f} ms at most, at work for {busy:.0f} ms in one turn at "
        f"most; {grown / 1024:+.1f} MB"
    )
    for what, first, last, figure in (
        ("alone", calm, attacked, f"{share:.0%} of a processor"),
        (f"beside {made:,} hostile connections", attacked, over, strained),
    ):
        _row(table, witness, {mark: at for mark, at in sent.items() if first <= at < last - 2}, what, figure)
    table.rows[-1] = {**table.rows[-1], "wrong": witness.wrong}
    lost, again = witness.events[EventKind.LOST], witness.events[EventKind.LOGIN] - logins
    table.add(what="devices that lost their connection", figure=f"{again} of {DEVICES:,}; {lost} with the end")
    table.add(what="second logins that were told", figure=str(witness.events[EventKind.SECOND_LOGIN]))
    table.add(what="strangers on the list at the end", figure=str(len(plant.server.strangers)))
    await plant.hub.stop()
    await plant.server.stop()
    return table


async def _memory_row(table: Table, plant: Plant, witness: Witness, devices: asyncio.subprocess.Process) -> None:
    """Have the devices call, the first few before the others, and look what the others cost."""
    before = 0.0
    for count in (WARM, DEVICES):
        before = _memory()
        plant.expect(count)
        if devices.stdin is not None:
            devices.stdin.write(f"{count}\n".encode())
        await witness.until(count)
        await asyncio.sleep(SETTLE_SECONDS)
    each = (_memory() - before) / (DEVICES - WARM)
    table.add(what="memory of an idle device", figure=f"{each:.1f} KiB (resident, {DEVICES - WARM:,} more devices)")


async def _lag(process: asyncio.subprocess.Process, seconds: float) -> tuple[float, float]:
    """Return by how many ms the loop was late at most while a process ran, for so many seconds at least.

    And how long this process itself was at work at most in one such turn: what is beyond it others had.
    """
    worst, busiest, end = 0.0, 0.0, time.monotonic() + seconds
    while time.monotonic() < end or process.returncode is None:
        due, before = time.monotonic() + 0.02, time.process_time()
        await asyncio.sleep(0.02)
        worst, busiest = max(worst, time.monotonic() - due), max(busiest, time.process_time() - before)
    return 1000 * worst, 1000 * busiest


def _row(table: Table, witness: Witness, sent: Mapping[tuple[int, int], float], what: str, figure: str) -> None:
    took = sorted(1000 * (witness.seen[mark] - at) for mark, at in sent.items() if mark in witness.seen)
    cuts = quantiles(took, n=100)
    table.add(
        what=what,
        uploads=str(len(sent)),
        lost=str(len(sent) - len(took)),
        median_ms=cuts[49],
        p99_ms=cuts[98],
        worst_ms=took[-1],
        figure=figure,
    )
