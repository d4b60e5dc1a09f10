"""Rows a circuit writes into Home Assistant's recorder, by how much is told, and beside YAML `modbus`.

All peers run at the same time, each in a process of its own (`recorder_worker.py`), against one simulated cabinet whose
physics live in real time: all see the same signal. One circuit's alarm is raised and withdrawn again and again.
"""

import asyncio
import json
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TypedDict

from benchmarks.report import Table
from simulator import Cabinet

YAML = "YAML modbus"
PEERS: Mapping[str, str] = {
    "exact": "this project, exact",
    "normal": "this project, normal",
    "sparse": "this project, sparse",
    YAML: YAML,
}
MINUTES = 5.0
WARM_UP_SECONDS = 65.0
"""Every group was read by then, and what rests has come to rest."""
CABINET: Mapping[int, str] = dict(enumerate(["aim-r100"] * 2 + ["adw300"] * 2 + ["asj10l"] * 4, start=1))
FLICKER = 0.003
"""As instruments read: the current of a steady load to 0.3 %, its voltage to 0.1 %."""
ALARM_UNIT = 8
ALARM = "device_8_residual_current_alarm"
"""The entity of the alarm that comes and goes."""
_CODE = "Lg1HIGH2"
_ALARM_EVERY = 20.0
_LOOK_SECONDS = 0.01


class Figures(TypedDict):
    """What a worker says."""

    entities: int
    rows: int
    seconds: float
    cpu: float
    readings: int
    beyond: int
    late: int
    farthest: float
    alarms: list[tuple[float, str]]


async def _raise_alarms(cabinet: Cabinet, changes: list[tuple[float, str]]) -> None:
    """Raise an alarm and withdraw it, for ever; note when it stands in the register."""
    unit = cabinet.units[ALARM_UNIT]
    is_on = False
    while True:
        await asyncio.sleep(_ALARM_EVERY)
        is_on = not is_on
        unit.set_scenario("leak" if is_on else "normal")
        # Nobody is told of a register that changes.
        while bool(unit.truth()["1"][_CODE]) is not is_on:  # noqa: ASYNC110 - no event to wait for
            await asyncio.sleep(_LOOK_SECONDS)
        changes.append((time.time(), "on" if is_on else "off"))


async def _ask_worker(peer: str, port: int, minutes: float) -> Figures:
    command = [sys.executable, "-m", "benchmarks.recorder_worker", peer, str(port), str(minutes)]
    worker = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    output, _ = await worker.communicate()
    if worker.returncode:
        raise RuntimeError(f"the worker for {peer} ended with {worker.returncode}")
    figures: Figures = json.loads(output.splitlines()[-1])
    return figures


def _delays(changes: Sequence[tuple[float, str]], seen: Sequence[tuple[float, str]]) -> list[float]:
    """Return the seconds from each change in the register to the state that says it."""
    delays = []
    for index, (at, state) in enumerate(changes):
        until = changes[index + 1][0] if index + 1 < len(changes) else float("inf")
        found = next((when for when, said in seen if said == state and at - 1 <= when < until), None)
        if found is not None:
            delays.append(max(0.0, found - at))
    return delays


async def measure(minutes: float | None = None) -> Table:
    """Return rows per circuit and hour of each peer."""
    minutes = MINUTES if minutes is None else minutes
    changes: list[tuple[float, str]] = []
    async with Cabinet.of(CABINET) as cabinet:
        cabinet.environment.flicker = FLICKER
        circuits = sum(len([circuit for circuit in truth if circuit != "0"]) for truth in cabinet.truth().values())
        alarms = asyncio.create_task(_raise_alarms(cabinet, changes))
        figures = await asyncio.gather(*(_ask_worker(peer, cabinet.tcp_port or 0, minutes) for peer in PEERS))
        alarms.cancel()
        with suppress(asyncio.CancelledError):
            await alarms
    table = Table(
        "recorder",
        "Rows in Home Assistant's recorder",
        f"A real Home Assistant with its recorder (SQLite) for each peer, all at the same time against one simulated "
        f"cabinet of {len(CABINET)} instruments with {circuits} circuits that lives in real time; its "
        f"readings flicker by {FLICKER:.1%} (voltage by less); entities, intervals "
        f"and all else as they are by default; {minutes:g} minutes after {WARM_UP_SECONDS:g} s of warm-up, scaled to "
        "an hour. YAML reads the same points as often. Distance is the largest of a state from the last reading, in "
        "deadbands (1 is the edge), over all readings; energy is judged when its minute is over. Wrong are states "
        "beyond their deadband, and alarms, words or (exact) numbers that are not what was read last. The delay of an "
        "alarm is from its register to its state, with fast reads every 2 s.",
        [
            "peer",
            "entities",
            "rows per circuit and hour",
            "part of exact",
            "readings checked",
            "distance",
            "wrong",
            "alarm changes",
            "worst alarm delay s",
            "CPU s per minute",
        ],
    )
    exact = figures[0]["rows"] / figures[0]["seconds"]
    for name, found in zip(PEERS.values(), figures, strict=True):
        delays = _delays(changes, found["alarms"])
        is_ours = name != YAML
        table.rows.append(
            {
                "peer": name,
                "entities": found["entities"],
                "rows per circuit and hour": found["rows"] / found["seconds"] * 3600 / circuits,
                "part of exact": found["rows"] / found["seconds"] / exact,
                "readings checked": found["readings"] if is_ours else None,
                "distance": found["farthest"] if is_ours else None,
                "wrong": found["beyond"] + found["late"] if is_ours else None,
                "alarm changes": len(delays) if is_ours else None,
                "worst alarm delay s": max(delays, default=None) if is_ours else None,
                "CPU s per minute": found["cpu"] / found["seconds"] * 60,
            }
        )
    return table
