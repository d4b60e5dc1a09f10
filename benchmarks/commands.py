"""How long a confirmed command takes on a shared line at 9600 baud, while all its units are polled and some are silent.

Five DTSY1352 and five AIM-R100 behind one gateway, paced at 9600 8N1 (20 ms turnaround), in virtual time: the line is
exact, and this computer's speed plays no part. The relay of a meter that answers is opened and closed at random
moments; measured is the time from the act to the outcome. What is not confirmed is counted, not timed. The relay itself
takes no time: what is measured is the line, the checks before and the reading back.
"""

import asyncio
import logging
import random
from collections import Counter
from dataclasses import dataclass, field

from benchmarks.report import Table
from custom_components.acrel_safety.aioacrel.control.caller import Caller, CallerKind
from custom_components.acrel_safety.aioacrel.control.control import Control
from custom_components.acrel_safety.aioacrel.control.policy import Policy
from custom_components.acrel_safety.aioacrel.control.rights import Rights
from custom_components.acrel_safety.aioacrel.device import Device
from custom_components.acrel_safety.aioacrel.modbus import Link, LinkAddress, ModbusHub
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.readings import PointKey
from simulator import Cabinet, LineSettings
from simulator.faults.virtual import run

METERS, MONITORS = range(1, 6), range(6, 11)
SILENT = (0, 1, 3)
COMMANDS = 200
SETTLE = 120.0
"""Seconds before the first command, so that the silent ones are known as such."""
BAUDRATE, TURNAROUND_MS = 9600, 20
_LIBRARY = ModelLibrary()
_OPERATOR = Caller(kind=CallerKind.PERSON, id="benchmark", is_administrator=True)
_POLICY = Policy(is_enabled=True, may_close=True, rights=Rights.usual())
_CODES = ("FORRLYOFF", "FORRLYON")


@dataclass(slots=True)
class Timed:
    """How long commands took, and what became of them."""

    seconds: list[float] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)


async def _measure(silent: int) -> Timed:
    line = LineSettings(baudrate=BAUDRATE, turnaround_ms=TURNAROUND_MS)
    models = dict.fromkeys(METERS, "dtsy1352") | dict.fromkeys(MONITORS, "aim-r100")
    chance, timed, loop = random.Random(silent), Timed(), asyncio.get_running_loop()
    async with Cabinet.of(models, frozen=True, line=line) as cabinet:
        for unit_id in list(MONITORS)[:silent]:
            cabinet.set_scenario("silent", unit=unit_id)
        address = LinkAddress.parse(f"tcp://127.0.0.1:{cabinet.tcp_port}?baudrate={BAUDRATE}")
        async with Link.open(address) as link:
            hub, controls = ModbusHub("benchmark"), dict[int, Control]()
            for unit_id, name in models.items():
                model = _LIBRARY.get(name)
                guarded = address.guarded(link.unit(unit_id), unit_id, pulse=hub.bus.pulse)
                device = Device(f"unit {unit_id}", model)
                device.attach(hub.source(guarded, model))
                device.want([*model.readable])
                controls[unit_id] = Control(device, lambda: _POLICY)
            await hub.start(60)
            await asyncio.sleep(SETTLE)
            passing = asyncio.create_task(_pass_time(cabinet))
            for number in range(COMMANDS):
                await asyncio.sleep(chance.uniform(0, 5))
                control = controls[METERS[number % len(METERS)]]
                code = _CODES[number // len(METERS) % 2]
                asked = loop.time()
                outcome = await control.operate(PointKey("1", code), _OPERATOR, is_confirmed=True)
                timed.outcomes[str(outcome.reason or outcome.result)] += 1
                if outcome.is_confirmed:
                    timed.seconds.append(loop.time() - asked)
            passing.cancel()
            await hub.stop()
    return timed


async def _pass_time(cabinet: Cabinet) -> None:
    while True:
        await asyncio.sleep(0.02)
        cabinet.advance(0.02)


def measure() -> Table:
    """Return the times of commands with 0, 1 and 3 silent units."""
    logging.disable(logging.CRITICAL)
    table = Table(
        "commands",
        "Commands on a shared line at 9600 baud",
        f"Five DTSY1352 and five AIM-R100 behind one gateway, 9600 8N1, {TURNAROUND_MS} ms turnaround, all polled; "
        f"{COMMANDS} times a relay is opened or closed at a random moment, some of the other units are silent. Seconds "
        "from the act until its position was read back and had stayed. The bound asked for is 1.0 s. Virtual time: "
        "of the line and the waiting, not of this computer.",
        ["silent", "p50 s", "p95 s", "max s", "outcomes"],
    )
    for silent in SILENT:
        timed = run(_measure(silent))
        ordered = sorted(timed.seconds)
        table.add(
            silent=silent,
            p50_s=ordered[len(ordered) // 2],
            p95_s=ordered[len(ordered) * 95 // 100],
            max_s=ordered[-1],
            outcomes=", ".join(f"{count} {name}" for name, count in timed.outcomes.most_common()),
        )
    return table


if __name__ == "__main__":
    found = measure()
    found.save()
    print(found.markdown())
