"""How soon a change is seen on a line that has time, beside a loop that never rests, and what a value costs.

AIM-R100 behind one Modbus TCP gateway whose serial line is paced at 9600 8N1 (20 ms turnaround), in virtual time: the
line is exact, and this computer's speed plays no part but in the processor time, which is real. Every few seconds the
residual current of one circuit of each unit changes; measured is the time until the peer has the new value.
"""

import asyncio
import logging
import random
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from pymodbus.client import AsyncModbusTcpClient

from benchmarks.report import Table
from custom_components.acrel_safety.aioacrel.modbus import Bus, Link, LinkAddress, PolledUnit, PollReport
from custom_components.acrel_safety.aioacrel.modbus.bus import DEFAULT_INTERVALS
from custom_components.acrel_safety.aioacrel.modbus.headroom import DUTY_TARGET
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.readings import PointKey
from custom_components.acrel_safety.aioacrel.registers import LineCost
from custom_components.acrel_safety.aioacrel.registers import LineSettings as Line
from custom_components.acrel_safety.aioacrel.vocabulary import Pace
from simulator import Cabinet, LineSettings
from simulator.faults.virtual import run

COST = LineCost(line=Line(baudrate=9600), turnaround=0.02)
READS = ((0x0B, 2), (0x4A, 12))
"""The fast group of an AIM-R100: alarms and states, residual currents."""
UNITS = (1, 10, 30)
ROUNDS = 200
LEAKAGE = PointKey("1", "Lg")
SETTLE = 60.0


@dataclass(slots=True)
class Watch:
    """Waits for values to show up, and counts what was brought."""

    awaited: dict[int, tuple[float, float]] = field(default_factory=dict)
    late: list[float] = field(default_factory=list)
    values: int = 0
    all_seen: asyncio.Event = field(default_factory=asyncio.Event)

    def seen(self, unit_id: int, value: float | None) -> None:
        """Note a value that a peer has."""
        waiting = self.awaited.get(unit_id)
        if waiting is not None and waiting[0] == value:
            self.late.append(asyncio.get_running_loop().time() - waiting[1])
            del self.awaited[unit_id]
            if not self.awaited:
                self.all_seen.set()


@asynccontextmanager
async def _bus(port: int, units: range, watch: Watch, fast: float) -> AsyncIterator[None]:
    address, model = LinkAddress.parse(f"tcp://127.0.0.1:{port}?baudrate=9600"), ModelLibrary().get("aim-r100")

    def take(report: PollReport) -> None:
        watch.values += len(report.keys)
        if LEAKAGE in report.keys:
            value = report.unit.readings[LEAKAGE].value
            watch.seen(report.unit.unit_id, value if isinstance(value, int | float) else None)

    bus = Bus("benchmark")
    async with Link.open(address) as link:
        for unit_id in units:
            device = PolledUnit(address.guarded(link.unit(unit_id), unit_id, pulse=bus.pulse), model)
            device.want_all()
            bus.add(device, take, {**DEFAULT_INTERVALS, Pace.FAST: fast})
        bus.start()
        yield
        await bus.stop()


@asynccontextmanager
async def this_project(port: int, units: range, watch: Watch) -> AsyncIterator[None]:
    """Poll as it is set up by default: the fast group follows the line."""
    async with _bus(port, units, watch, DEFAULT_INTERVALS[Pace.FAST]):
        yield


@asynccontextmanager
async def fixed_rhythm(port: int, units: range, watch: Watch) -> AsyncIterator[None]:
    """Poll with a fast interval of its own, as near to the usual one as can be."""
    async with _bus(port, units, watch, DEFAULT_INTERVALS[Pace.FAST] + 0.001):
        yield


@asynccontextmanager
async def pymodbus_loop(port: int, units: range, watch: Watch) -> AsyncIterator[None]:
    """Read the same registers of every unit in turn, without ever resting."""
    client = AsyncModbusTcpClient("127.0.0.1", port=port, timeout=1)
    await client.connect()
    over = asyncio.Event()

    async def poll() -> None:
        while not over.is_set():
            for unit_id in units:
                for address, count in READS:
                    answer = await client.read_holding_registers(address, count=count, device_id=unit_id)
                    watch.values += len(answer.registers)
                    if count == READS[1][1]:
                        watch.seen(unit_id, answer.registers[0])

    task = asyncio.create_task(poll())
    try:
        yield
    finally:
        over.set()
        await task
        client.close()


PEERS: Mapping[str, Callable[[int, range, Watch], AbstractAsyncContextManager[None]]] = {
    "this project": this_project,
    "this project, fast interval 2.001 s": fixed_rhythm,
    "pymodbus loop without a rest": pymodbus_loop,
}


async def _measure_one(peer: str, number: int) -> tuple[list[float], float, float]:
    """Return the latencies in order, the part of the time the line was used, and CPU milliseconds per 1,000 values."""
    units, watch, chance = range(1, number + 1), Watch(), random.Random(number)
    line = LineSettings(baudrate=9600, turnaround_ms=20)
    cabinet = Cabinet.of(dict.fromkeys(units, "aim-r100"), frozen=True, line=line)
    loop = asyncio.get_running_loop()
    async with cabinet, PEERS[peer](cabinet.tcp_port or 0, units, watch):
        await asyncio.sleep(SETTLE)
        watch.values, began, spent, computed = 0, loop.time(), cabinet.bus_lane.spent, time.process_time()
        for turn in range(ROUNDS):
            await asyncio.sleep(chance.uniform(0, 3))
            watch.all_seen.clear()
            for unit_id in units:
                cabinet.units[unit_id].hold("Lg", 100 + turn, LEAKAGE.circuit)
                watch.awaited[unit_id] = 100 + turn, loop.time()
            await watch.all_seen.wait()
        duty = (cabinet.bus_lane.spent - spent) / (loop.time() - began)
        cpu = 1e6 * (time.process_time() - computed) / watch.values
    return sorted(watch.late), duty, cpu


def measure() -> Table:
    """Return latency, duty and processor time of each peer with 1, 10 and 30 units."""
    logging.disable(logging.CRITICAL)
    table = Table(
        "pace",
        "How soon a change is seen on a line that has time",
        f"AIM-R100 behind a gateway, line paced at 9600 8N1, 20 ms turnaround, virtual time; {ROUNDS} changes of a "
        f"residual current on every unit. The bound is 1.25 × (line time of all fast reads ÷ duty target "
        f"{DUTY_TARGET:.0%}) + 50 ms. The loop reads the fast group alone and never rests; this project reads settings "
        "besides. CPU is that of peer and simulator together, per 1,000 values.",
        ["peer", "units", "p50 s", "p95 s", "p99 s", "bound s", "line %", "cpu ms per 1000"],
    )
    for number in UNITS:
        sweep = number * sum(COST.seconds(count) for _, count in READS)
        for peer in PEERS:
            late, duty, cpu = run(_measure_one(peer, number))
            print(f"{peer}, {number} units: measured", file=sys.stderr)
            p50, p95, p99 = (late[min(len(late) - 1, len(late) * percent // 100)] for percent in (50, 95, 99))
            table.add(
                peer=peer,
                units=number,
                p50_s=round(p50, 3),
                p95_s=round(p95, 3),
                p99_s=round(p99, 3),
                bound_s=round(1.25 * sweep / DUTY_TARGET + 0.05, 3),
                **{"line_%": round(100 * duty), "cpu_ms_per_1000": round(cpu, 1)},
            )
    return table
