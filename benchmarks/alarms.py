"""What watching 1,000 circuits for alarms costs, beside reading them; and a day with an alarm every second.

Twelve-circuit monitors (AIM-R100) answer from memory, in virtual time, through the library's own bus, decoder and
device: what sending and receiving costs is left out, so that the share of the alarms is rather too large. Six alarms a
circuit: limit exceeded, transformer shorted, transformer broken, two limits of the owner's, inputs that cannot be read.
"""

import asyncio
import gc
import logging
import random
import sys
import time
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from contextlib import AsyncExitStack

from modbus_connection.mock import MockModbusConnection, MockModbusUnit

from benchmarks.alarmday import measure_day
from benchmarks.report import Table
from custom_components.acrel_safety.aioacrel.alarms.board import Board
from custom_components.acrel_safety.aioacrel.alarms.clock import Clock
from custom_components.acrel_safety.aioacrel.alarms.engine import Alarms
from custom_components.acrel_safety.aioacrel.alarms.levels import Level
from custom_components.acrel_safety.aioacrel.alarms.ownerlimits import OwnerLimit
from custom_components.acrel_safety.aioacrel.device import Device
from custom_components.acrel_safety.aioacrel.modbus import LinkAddress, ModbusHub
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.readings import PointKey
from custom_components.acrel_safety.aioacrel.vocabulary import Pace
from simulator.faults.virtual import run

MODEL = "aim-r100"
LINKS, UNITS, CIRCUITS = 7, 12, 12
CURRENTS, LIMITS, LAST = 0x004A, 0x0056, 0x0061
STATES, TYPE = 0x000B, 0x1000
LIMITS_OF_OWNER = {
    str(level): OwnerLimit(family="residual_current", level=level, limit=limit, hysteresis=10.0, on_delay=2.0)
    for level, limit in ((Level.PRE_ALARM, 150.0), (Level.ALARM, 250.0))
}
INTERVALS = {Pace.FAST: 2.001, Pace.NORMAL: 10.0, Pace.SLOW: 60.0}
"""None of them the usual fast one: then the rhythm does not follow the line, which takes no time here."""
ROUNDS = 4
SETTLE, SECONDS = 65.0, 60.0
_SWEPT = 0.1
"""Of the circuits, where alarms stand and their values go up and down."""


class Monitor(MockModbusUnit):
    """Twelve circuits whose leakage never stands still."""

    def __init__(self, connection: MockModbusConnection, unit_id: int, *, is_bad: Callable[[int], bool]) -> None:
        """Take which circuits leak more than the owner allows."""
        super().__init__(connection, unit_id)
        self._chance = random.Random(unit_id)
        self._words = [0] * (LAST + 1)
        self._words[STATES] = TYPE
        self._words[LIMITS : LIMITS + CIRCUITS] = [300] * CIRCUITS
        self._usual = [200 if is_bad(circuit) else 40 for circuit in range(CIRCUITS)]

    async def read_holding_registers(self, address: int, count: int) -> list[int]:
        """Answer with what is measured now."""
        for index, usual in enumerate(self._usual):
            self._words[CURRENTS + index] = usual + self._chance.randrange(usual // 4)
        return self._words[address : address + count]


class Rig:
    """All units, read; watched if asked for."""

    def __init__(self, *, is_watched: bool, bad: float) -> None:
        """Build all of it; nothing is read yet."""
        chance = random.Random(1)
        model = ModelLibrary().get(MODEL)
        loop = asyncio.get_running_loop()
        self.alarms = Alarms(Clock(steady=loop.time))
        self.hubs = [ModbusHub(f"link {number}") for number in range(LINKS)]
        self.values = self.looks = 0
        for number, hub in enumerate(self.hubs):
            address = LinkAddress.parse(f"tcp://127.0.0.1:{5000 + number}")
            connection = MockModbusConnection()
            for unit_id in range(1, UNITS + 1):
                unit = Monitor(connection, unit_id, is_bad=lambda _: chance.random() < bad)
                guarded = address.guarded(unit, unit_id, turnaround=0.0, pulse=hub.bus.pulse)
                device = Device(f"{number}/{unit_id}", model, steady=loop.time)
                device.attach(hub.source(guarded, model, intervals=INTERVALS))
                device.want(model.readable)
                device.listen(self._count)
                if is_watched:
                    board = Board(identity=device.identity, name=device.identity, link=hub.name)
                    watch, _ = self.alarms.watch(device, board, limits=LIMITS_OF_OWNER)
                    watch.listen(self._look)

    def _count(self, touched: AbstractSet[PointKey]) -> None:
        self.values += len(touched)

    def _look(self) -> None:
        """Do what whoever shows alarms does at each change: look when something is due."""
        self.looks += 1
        self.alarms.next_time()


async def _cpu(*, is_watched: bool, bad: float) -> tuple[float, int, int]:
    """Return the processor seconds of so many readings, how many there were, and how many alarms are watched."""
    rig = Rig(is_watched=is_watched, bad=bad)
    async with AsyncExitStack() as stack:
        for hub in rig.hubs:
            await hub.start(10)
            stack.push_async_callback(hub.stop)
        await asyncio.sleep(SETTLE)
        rig.values = 0
        gc.collect()
        began = time.process_time()
        await asyncio.sleep(SECONDS)
        spent = time.process_time() - began
        alarms = sum(len(watched.watch.alarms) for watched in rig.alarms._watched.values())  # noqa: SLF001 - counted for the table
        return spent, rig.values, alarms


def measure() -> Table:
    """Return the cost, and what a day of alarms leaves in memory."""
    logging.disable(logging.CRITICAL)
    table = Table(
        "alarms",
        "What alarms cost",
        f"{LINKS * UNITS * CIRCUITS} circuits with six alarms each, on {LINKS * UNITS} AIM-R100 that answer from "
        f"memory (no sending, no receiving), read every {INTERVALS[Pace.FAST]:.0f} s, each value another one each "
        f"time; virtual time, {SECONDS:.0f} s, the least of {ROUNDS} runs in turn. Readings: bus, decoder, device. "
        "After each change it is looked up when something is due, as Home Assistant's desk does.",
        ["circuits in alarm", "readings", "alarms", "readings s", "with alarms s", "more %", "µs per reading"],
    )
    for share in (0.0, _SWEPT):
        costs: dict[bool, list[float]] = {False: [], True: []}
        readings = alarms = 0
        for turn in range(ROUNDS):
            for is_watched in (False, True):
                spent, readings, found = run(_cpu(is_watched=is_watched, bad=share))
                alarms = max(alarms, found)
                costs[is_watched].append(spent)
            print(
                f"{share:.0%} in alarm, run {turn + 1}: {costs[False][-1]:.2f} {costs[True][-1]:.2f}", file=sys.stderr
            )
        plain, watched = min(costs[False]), min(costs[True])
        table.add(
            circuits_in_alarm=f"{share:.0%}",
            readings=readings,
            alarms=alarms,
            readings_s=round(plain, 3),
            with_alarms_s=round(watched, 3),
            **{"more_%": round(100 * (watched / plain - 1), 1), "µs_per_reading": round(1e6 * plain / readings, 2)},
        )
    table.sections.append(measure_day())
    return table
