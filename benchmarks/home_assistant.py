"""What the integration costs inside Home Assistant, beside Home Assistant's own YAML `modbus` doing the same points.

Each peer runs in a process of its own (`ha_worker.py`), one after the other, against the same simulated cabinet in this
process. Memory is the resident size after set-up and polls less that before, CPU that of the process over full polls.
"""

import asyncio
import json
import subprocess
import sys

from benchmarks.report import Table
from simulator import Cabinet

ROUNDS = 5
PEERS = ("this project", "YAML modbus")
DEVICES = 30


def cabinet_models(devices: int) -> dict[int, str]:
    """Return models by unit id: of 30 devices 12 with twelve circuits each and six with 335 points."""
    kinds = ["aim-r100"] * (devices * 12 // 30) + ["adw300"] * (devices * 6 // 30)
    kinds += ["asj10l"] * (devices - len(kinds))
    return dict(enumerate(kinds, start=1))


async def _ask_worker(peer: str, port: int, devices: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.ha_worker", peer, str(port), str(devices)]
    worker = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    output, _ = await worker.communicate()
    if worker.returncode:
        raise RuntimeError(f"the worker for {peer} ended with {worker.returncode}")
    figures: dict[str, float] = json.loads(output.splitlines()[-1])
    return figures


async def measure(devices: int = DEVICES) -> Table:
    """Return memory and CPU of each peer."""
    table = Table(
        "home_assistant",
        "Memory and CPU in Home Assistant",
        "The same points of the same simulated cabinet over Modbus TCP, each peer in its own process, all entities "
        f"enabled, {ROUNDS} full polls. CPU is the process's, per 1,000 values read and written as states; memory is "
        "resident and includes devices, registries and states.",
        ["peer", "devices", "entities", "requests per poll", "CPU ms per 1000 values", "KiB per entity"],
    )
    async with Cabinet.of(cabinet_models(devices), frozen=True) as cabinet:
        for peer in PEERS:
            figures = await _ask_worker(peer, cabinet.tcp_port or 0, devices)
            table.add(
                peer=peer,
                devices=devices,
                entities=figures["entities"],
                requests_per_poll=figures["requests"],
                CPU_ms_per_1000_values=figures["cpu"],
                KiB_per_entity=figures["memory"],
            )
    return table
