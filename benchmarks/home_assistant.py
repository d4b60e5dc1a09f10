"""What the integration costs inside Home Assistant, beside Home Assistant's own YAML `modbus` doing the same points.

Each peer runs in a process of its own (`ha_worker.py`), one after the other, against the same simulated cabinet in this
process. Memory is the resident size after set-up and polls less that before, CPU that of the process over full polls.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence

from benchmarks.report import Table
from simulator import Cabinet

ROUNDS = 20
PEERS = ("this project", "YAML modbus")
BUILDING = ["aim-r100"] * 12 + ["adw300"] * 6 + ["asj10l"] * 12
"""30 devices, more than 150 circuits, about 3,000 entities."""
SCALES: Mapping[str, Sequence[str]] = {
    "30 circuits": ["aim-r100"] * 2 + ["adw300"] * 2 + ["asj10l"] * 4,
    "162 circuits, 30 devices": BUILDING,
    "1,000 circuits": ["aim-r100"] * 82 + ["adw300"] * 4 + ["asj10l"] * 12,
}


def cabinet_models(scale: str) -> dict[int, str]:
    """Return models by unit id."""
    return dict(enumerate(SCALES[scale], start=1))


async def _ask_worker(peer: str, port: int, scale: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.ha_worker", peer, str(port), scale]
    worker = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    output, _ = await worker.communicate()
    if worker.returncode:
        raise RuntimeError(f"the worker for {peer} ended with {worker.returncode}")
    figures: dict[str, float] = json.loads(output.splitlines()[-1])
    return figures


async def measure() -> Table:
    """Return memory, CPU and start-up time of each peer at each scale."""
    table = Table(
        "home_assistant",
        "Memory, CPU and start-up in Home Assistant",
        "The same points of the same simulated cabinet over Modbus TCP, each peer in its own process, all entities "
        f"enabled, {ROUNDS} full polls. CPU is the process's, per 1,000 values read and written as states; memory is "
        "resident and includes devices, registries and states; start-up ends with the first full poll.",
        ["peer", "scale", "entities", "requests per poll", "CPU ms per 1000 values", "KiB per entity", "start-up s"],
    )
    for scale in SCALES:
        async with Cabinet.of(cabinet_models(scale), frozen=True) as cabinet:
            for peer in PEERS:
                figures = await _ask_worker(peer, cabinet.tcp_port or 0, scale)
                table.rows.append(
                    {
                        "peer": peer,
                        "scale": scale,
                        "entities": figures["entities"],
                        "requests per poll": figures["requests"],
                        "CPU ms per 1000 values": figures["cpu"],
                        "KiB per entity": figures["memory"],
                        "start-up s": figures["start"],
                    }
                )
    return table
