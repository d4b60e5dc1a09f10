"""A day with an alarm every second: what it leaves in memory, of the alarms and of the record together.

Every second another circuit leaks more than allowed and one of before is well again; a person acknowledges every second
alarm, the others come again on the same circuit. The clocks are the benchmark's own, the record is a real file.
"""

import asyncio
import gc
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

from benchmarks.report import Table
from custom_components.acrel_safety.aioacrel.alarms.board import Board
from custom_components.acrel_safety.aioacrel.alarms.clock import Clock
from custom_components.acrel_safety.aioacrel.alarms.engine import Alarms
from custom_components.acrel_safety.aioacrel.alarms.happening import Happening, What
from custom_components.acrel_safety.aioacrel.alarms.standing import Standing
from custom_components.acrel_safety.aioacrel.device import Device
from custom_components.acrel_safety.aioacrel.journal import Entry, Journal, Kind
from custom_components.acrel_safety.aioacrel.journal.entry import Json
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.readings import PointKey, Quality, Reading, Value
from custom_components.acrel_safety.aioacrel.source import NEAR, Command, Setting, Sink, Update
from custom_components.acrel_safety.aioacrel.vocabulary import Kind as Of

DAY = 86_400
BOARDS, CIRCUITS = 10, 12
LASTS = 40
"""Seconds for which a circuit leaks."""
_ROOM = 200
"""Entries that may wait for the disk before the day waits for it, too."""
_MB = 1e6


class Spoken:
    """A way to a board by which the benchmark speaks; nothing is read or set by it."""

    rank, origin = NEAR, "benchmark"

    def __init__(self, device: Device) -> None:
        """Show all that the model has."""
        self.points = device.model.readable
        self.lacking: AbstractSet[PointKey] = frozenset()
        self.orders: AbstractSet[PointKey] = frozenset()
        self._sinks: list[Sink] = []
        device.attach(self)

    def join(self, sink: Sink) -> Callable[[], None]:
        """Take who is told."""
        self._sinks.append(sink)
        return lambda: self._sinks.remove(sink)

    def want(self, keys: AbstractSet[PointKey]) -> None:
        """Tell all, whoever wants it."""

    def hurry(self) -> None:
        """Tell nothing but what is said."""

    def question(self) -> None:
        """Be the device that it is taken for."""

    async def read(self, keys: Collection[PointKey]) -> Mapping[PointKey, Reading]:
        """Have nothing to read."""
        del keys
        return {}

    async def send(self, order: Setting | Command) -> None:
        """Take no order."""

    def figures(self) -> Mapping[str, float | None]:
        """Have none."""
        return {}

    def details(self) -> Mapping[str, object]:
        """Have none."""
        return {}

    def say(self, values: Mapping[PointKey, Value], now: datetime) -> None:
        """Say some values."""
        readings = {key: Reading(value, Quality.GOOD, now) for key, value in values.items()}
        for sink in self._sinks:
            sink(Update(readings=readings, trouble=None))


class Plant:
    """Boards, their alarms, and the record of them."""

    def __init__(self, journal: Journal) -> None:
        """Have all be well at first."""
        self.journal = journal
        self.steady = 0.0
        self.wall = datetime(2026, 3, 2, tzinfo=UTC)
        self.raised = self.entries = 0
        self.latest: asyncio.Future[int] | None = None
        self.alarms = Alarms(Clock(lambda: self.steady, lambda: self.wall))
        self.alarms.listen(self._record)
        model = ModelLibrary().get("aim-r100")
        self.boards = []
        for number in range(BOARDS):
            device = Device(str(number), model, steady=lambda: self.steady)
            board = Spoken(device)
            self.alarms.watch(device, Board(identity=device.identity, name=f"Board {number}"))
            quiet: dict[PointKey, Value] = {
                key: 300.0 if point.quantity.kind is Of.SETTING else 20.0 if point.quantity.unit == "mA" else False
                for key, point in model.readable.items()
                if not point.words
            }
            board.say(quiet, self.wall)
            self.boards.append(board)

    def _record(self, happening: Happening, standing: Standing) -> None:
        self.raised += happening.what in (What.RAISED, What.CAME_AGAIN)
        self.entries += 1
        data = {**standing.plain(), "what": str(happening.what), "by": happening.by}
        kept = cast("Json", self.alarms.kept_of(standing))
        self.latest = self.journal.append(Entry(Kind.ALARM, data, happening.time), {standing.alarm_id: kept})

    def _leak(self, second: int, *, is_on: bool) -> None:
        number, circuit = second % BOARDS, second // BOARDS % CIRCUITS + 1
        values: dict[PointKey, Value] = {
            PointKey(str(circuit), "LgHigh"): is_on,
            PointKey(str(circuit), "Lg"): 400.0 + second % 50 if is_on else 20.0,
        }
        self.boards[number].say(values, self.wall)

    def seconds(self, begin: int, number: int) -> Iterator[int]:
        """Let time pass."""
        for second in range(begin, begin + number):
            self.steady += 1
            self.wall += timedelta(seconds=1)
            self._leak(second, is_on=True)
            if second >= LASTS:
                self._leak(second - LASTS, is_on=False)
            if second % 2:
                self.acknowledge_first()
            self.alarms.tick()
            yield second

    def acknowledge_first(self) -> None:
        """Have a person acknowledge what nobody knows of."""
        if standing := self.alarms.unacknowledged(str(int(self.steady) % BOARDS)):
            self.alarms.acknowledge(standing[0].alarm_id, by="Wang Li")


def resident() -> float:
    """Return the resident memory in MB."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize() / _MB


async def _day(table: Table, folder: Path) -> None:
    async with await Journal.open(folder / "day.db") as journal:
        plant = Plant(journal)
        began = time.process_time()
        for second in plant.seconds(0, DAY):
            if journal.waiting > _ROOM and plant.latest is not None:
                await plant.latest
            if second + 1 in (DAY // 24, DAY // 4, DAY // 2, DAY):
                if plant.latest is not None:
                    await plant.latest
                gc.collect()
                table.add(
                    hours=(second + 1) // 3600,
                    alarms=plant.raised,
                    entries=plant.entries,
                    objects=len(gc.get_objects()),
                    resident_MB=round(resident(), 1),
                    standing=len(plant.alarms.standing()),
                    cpu_s=round(time.process_time() - began, 1),
                )
                print(f"hour {(second + 1) // 3600}: measured", file=sys.stderr)


def measure_day() -> Table:
    """Return what a day with an alarm every second leaves in memory."""
    table = Table(
        "alarm-day",
        "A day with an alarm every second",
        f"{BOARDS * CIRCUITS} circuits; each alarm lasts {LASTS} s, every second one is acknowledged; record included. "
        "Objects: all that Python's garbage collector knows of after it ran.",
        ["hours", "alarms", "entries", "standing", "objects", "resident MB", "cpu s"],
    )
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_day(table, Path(folder)))
    return table
