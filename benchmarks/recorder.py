"""Rows a circuit writes into Home Assistant's recorder, by how much is told, and beside YAML `modbus`.

All peers run at the same time, each in a process of its own (`recorder_worker.py`), against one simulated cabinet whose
physics live in real time: all see the same signal. One circuit's alarm is raised and withdrawn again and again. That is
done several times, each with a cabinet of other loads and leakages.

The fast reads follow the line, so that *exact* writes the more the faster the line is, and *normal* hardly more: two
peers read every two seconds, as YAML does, and are compared with each other.
"""

import asyncio
import json
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from statistics import median
from typing import TypedDict

from benchmarks.report import Table
from custom_components.acrel_safety.aioacrel.deadband import Detail
from simulator import Cabinet


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Who writes rows: this project where something is told."""

    name: str
    detail: Detail | None = None
    fast: float | None = None
    """Seconds between two fast reads; None: as the line allows."""
    beside: str | None = None
    """Which peer tells everything that this one reads."""


EVERY = 2.001
"""As near to the usual interval as one of its own can be: the usual one follows the line."""
YAML = "yaml"
PEERS: Mapping[str, Peer] = {
    "exact": Peer(name="this project, exact", detail=Detail.EXACT, beside="exact"),
    "normal": Peer(name="this project, normal", detail=Detail.NORMAL, beside="exact"),
    "sparse": Peer(name="this project, sparse", detail=Detail.SPARSE, beside="exact"),
    "exact-2": Peer(name="this project, exact, every 2 s", detail=Detail.EXACT, fast=EVERY, beside="exact-2"),
    "normal-2": Peer(name="this project, normal, every 2 s", detail=Detail.NORMAL, fast=EVERY, beside="exact-2"),
    YAML: Peer(name="YAML modbus, every 2 s"),
}
RUNS = 3
MINUTES = 3.0
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
    rows: dict[str, int]
    """By what they are of."""
    since: float
    """When warm-up was over."""
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


async def _run(seed: int, minutes: float) -> tuple[Mapping[str, Figures], list[tuple[float, str]], int]:
    """Return what each peer says, the changes of the alarm, and how many circuits there are."""
    changes: list[tuple[float, str]] = []
    async with Cabinet.of(CABINET, seed=seed) as cabinet:
        cabinet.environment.flicker = FLICKER
        circuits = sum(len([circuit for circuit in truth if circuit != "0"]) for truth in cabinet.truth().values())
        alarms = asyncio.create_task(_raise_alarms(cabinet, changes))
        figures = await asyncio.gather(*(_ask_worker(peer, cabinet.tcp_port or 0, minutes) for peer in PEERS))
        alarms.cancel()
        with suppress(asyncio.CancelledError):
            await alarms
    return dict(zip(PEERS, figures, strict=True)), changes, circuits


def _hourly(figures: Figures) -> float:
    return sum(figures["rows"].values()) / figures["seconds"] * 3600


async def measure(minutes: float | None = None) -> Table:
    """Return rows per circuit and hour of each peer."""
    minutes = MINUTES if minutes is None else minutes
    runs = []
    for seed in range(1, RUNS + 1):
        runs.append(await _run(seed, minutes))
        print(f"run {seed} of {RUNS}: measured", file=sys.stderr)
    circuits = runs[0][2]
    table = Table(
        "recorder",
        "Rows in Home Assistant's recorder",
        "A real Home Assistant with its recorder (SQLite) for each peer, all at the same time against one simulated "
        f"cabinet of {len(CABINET)} instruments with {circuits} circuits that lives in real time; its readings flicker "
        f"by {FLICKER:.1%} (voltage by less); entities, intervals and all else as they are by default; {RUNS} runs "
        f"with cabinets of other loads, each of {minutes:g} minutes after {WARM_UP_SECONDS:g} s of warm-up, scaled to "
        "an hour: the median and the worst of them. By default fast reads follow the line, here more often than the "
        "simulated values change, once a second. Those marked *every 2 s* read as often as YAML; what *exact* writes "
        "that reads as often is what they are a part of. Distance is the largest of a state from the last reading, in "
        "deadbands (1 is the edge), over all readings; energy is judged when its minute is over. Wrong are states "
        "beyond their deadband, and alarms, words or (exact) numbers that are not what was read last. The delay of an "
        "alarm is from its register to its state. The JSON says what the rows are of.",
        [
            "peer",
            "entities",
            "rows per circuit and hour",
            "part of exact",
            "worst part",
            "readings checked",
            "distance",
            "wrong",
            "alarm changes",
            "worst alarm delay s",
            "CPU s per minute",
        ],
        details={
            "rows per circuit and hour, by what they are of": {
                peer.name: _by_subject([(figures[key], circuits) for figures, _, _ in runs])
                for key, peer in PEERS.items()
            },
            "part of exact, by run": {
                peer.name: [_hourly(figures[key]) / _hourly(figures[peer.beside]) for figures, _, _ in runs]
                for key, peer in PEERS.items()
                if peer.beside is not None
            },
        },
    )
    for key, peer in PEERS.items():
        found = [figures[key] for figures, _, _ in runs]
        delays = [
            delay
            for figures, changes, _ in runs
            # Before, it is not the alarm that is late, but this computer that starts all of them at once.
            for delay in _delays(
                [change for change in changes if change[0] >= figures[key]["since"]], figures[key]["alarms"]
            )
        ]
        parts = [_hourly(figures[key]) / _hourly(figures[peer.beside]) for figures, _, _ in runs if peer.beside]
        is_ours = peer.detail is not None
        table.rows.append(
            {
                "peer": peer.name,
                "entities": found[0]["entities"],
                "rows per circuit and hour": median(_hourly(figures) for figures in found) / circuits,
                "part of exact": median(parts) if parts else None,
                "worst part": max(parts, default=None),
                "readings checked": sum(figures["readings"] for figures in found) if is_ours else None,
                "distance": max(figures["farthest"] for figures in found) if is_ours else None,
                "wrong": sum(figures["beyond"] + figures["late"] for figures in found) if is_ours else None,
                "alarm changes": len(delays) if is_ours else None,
                "worst alarm delay s": max(delays, default=None) if is_ours else None,
                "CPU s per minute": median(figures["cpu"] / figures["seconds"] * 60 for figures in found),
            }
        )
    return table


def _by_subject(found: Sequence[tuple[Figures, int]]) -> Mapping[str, float]:
    """Return rows per circuit and hour by what they are of, the most first."""
    sums = defaultdict[str, float](float)
    for figures, circuits in found:
        for subject, rows in figures["rows"].items():
            sums[subject] += rows / figures["seconds"] * 3600 / circuits / len(found)
    return {subject: round(rows, 2) for subject, rows in sorted(sums.items(), key=lambda item: -item[1])}
