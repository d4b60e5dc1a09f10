"""A shared bus at 9600 baud: how late an alarm is seen, how long a confirmed command takes, what silent units cost.

Ten AIM-R100 behind one Modbus TCP gateway whose serial line is paced at 9600 8N1 (20 ms turnaround). Every few seconds
the residual current of one circuit of each answering unit changes; measured is the time until the peer shows the new
value (in Home Assistant: until the state changed). A command is one alarm limit, written and read back, while polling.
"""

import asyncio
import logging
import random
import statistics
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory

from homeassistant import loader
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import frame
from homeassistant.setup import async_setup_component
from modbus_connection import ModbusError, ModbusTcpParams
from modbus_connection.tmodbus import ModbusConnection
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_test_home_assistant

from benchmarks.report import Table
from custom_components.acrel_safety.aioacrel.modbus.headroom import DUTY_TARGET
from custom_components.acrel_safety.aioacrel.readings import PointKey
from custom_components.acrel_safety.aioacrel.registers import LineCost
from custom_components.acrel_safety.aioacrel.registers import LineSettings as Line
from simulator import Cabinet, LineSettings

UNITS = range(1, 11)
PERIOD = 2.0
"""Seconds between two reads of the alarm group; with this project, which follows the line, the most there may be."""
TIMEOUT = 1.0
GIVE_UP = 10.0
"""Seconds after which a value is taken as not shown."""
CIRCUIT = "1"
FIRST, COUNT = 0x4A, 12
ROUNDS = 16
COMMANDS = 12
COST = LineCost(line=Line(baudrate=9600), turnaround=0.02)

type Seen = Callable[[int, float], None]
type Command = Callable[[int, int], Awaitable[None]]


@dataclass(slots=True)
class Watch:
    """Waits for values to show up: unit id and value against the time of the change."""

    awaited: dict[int, tuple[float, float]] = field(default_factory=dict)
    late: list[float] = field(default_factory=list)
    polls: int = 0
    all_seen: asyncio.Event = field(default_factory=asyncio.Event)

    def seen(self, unit_id: int, value: float) -> None:
        """Note a value that a peer shows."""
        waiting = self.awaited.get(unit_id)
        if waiting is not None and waiting[0] == value:
            self.late.append(asyncio.get_running_loop().time() - waiting[1])
            del self.awaited[unit_id]
            if not self.awaited:
                self.all_seen.set()


type Peer = Callable[[int, Seen], AbstractAsyncContextManager[Command | None]]


@asynccontextmanager
async def _home_assistant() -> AsyncIterator[HomeAssistant]:
    # A folder of its own: what it keeps must not be found by the next one, nor by any test.
    with TemporaryDirectory() as folder:
        async with async_test_home_assistant(config_dir=folder) as hass:
            frame.async_setup(hass)
            hass.data.pop(loader.DATA_CUSTOM_COMPONENTS, None)
            try:
                yield hass
            finally:
                await hass.async_stop(force=True)


@asynccontextmanager
async def this_project(port: int, seen: Seen) -> AsyncIterator[Command | None]:
    """Run the integration in Home Assistant, entities as they are enabled by default."""
    async with _home_assistant() as hass:
        entry = MockConfigEntry(
            domain="acrel_safety",
            data={
                "type": "tcp",
                "host": "127.0.0.1",
                "port": port,
                "baudrate": 9600,
                "bytesize": 8,
                "parity": "N",
                "stopbits": 1,
                "turnaround_ms": 20,
            },
            subentries_data=[
                {
                    "subentry_type": "device",
                    "title": f"Unit {unit_id}",
                    "unique_id": str(unit_id),
                    "data": {
                        "unit_id": unit_id,
                        "model": "aim-r100",
                        "allow_changes": True,
                        # Each reading is told: what is measured is how soon it is there, not whether it is worth it.
                        "detail": "exact",
                        "intervals": {"fast": PERIOD, "normal": 10, "slow": 60},
                    },
                }
                for unit_id in UNITS
            ],
        )
        entry.add_to_hass(hass)
        await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
        registry = er.async_get(hass)
        units = {
            registry.async_get_entity_id("sensor", "acrel_safety", f"{subentry.subentry_id}_{CIRCUIT}_Lg"): int(
                subentry.data["unit_id"]
            )
            for subentry in entry.subentries.values()
        }
        _listen(hass, units, seen)
        devices = {c.source.unit.unit_id: c.device for c in entry.runtime_data.coordinators.values()}

        async def command(unit_id: int, value: int) -> None:
            await devices[unit_id].change(PointKey(CIRCUIT, "LgHighVal02"), value)

        yield command


def _listen(hass: HomeAssistant, units: Mapping[str | None, int], seen: Seen) -> None:
    @callback
    def changed(event: Event[EventStateChangedData]) -> None:
        unit_id, state = units.get(event.data["entity_id"]), event.data["new_state"]
        if unit_id is not None and state is not None:
            with suppress(ValueError):
                seen(unit_id, float(state.state))

    hass.bus.async_listen("state_changed", changed)


@asynccontextmanager
async def yaml_modbus(port: int, seen: Seen) -> AsyncIterator[Command | None]:
    """Run Home Assistant's YAML `modbus`: the twelve residual currents of each unit, one read each."""
    async with _home_assistant() as hass:
        sensors = [
            {
                "name": f"unit {unit_id} circuit {circuit}",
                "slave": unit_id,
                "address": FIRST + circuit - 1,
                "data_type": "uint16",
                "scan_interval": int(PERIOD),
                "unique_id": f"{unit_id}-{circuit}",
            }
            for unit_id in UNITS
            for circuit in range(1, COUNT + 1)
        ]
        hub = {"type": "tcp", "host": "127.0.0.1", "port": port, "name": "b", "timeout": 1, "sensors": sensors}
        _listen(hass, {f"sensor.unit_{unit_id}_circuit_1": unit_id for unit_id in UNITS}, seen)
        await async_setup_component(hass, "modbus", {"modbus": [hub]})
        await hass.async_block_till_done()
        yield None


@asynccontextmanager
async def _loop(poll: Callable[[int], Awaitable[list[int]]], seen: Seen) -> AsyncIterator[Command | None]:
    """Read every unit's block in turn, once per period: the loop people write."""
    over = asyncio.Event()

    async def run() -> None:
        while not over.is_set():
            started = asyncio.get_running_loop().time()
            for unit_id in UNITS:
                with suppress(ModbusError, ModbusException, TimeoutError):
                    seen(unit_id, (await poll(unit_id))[0])
            with suppress(TimeoutError):
                async with asyncio.timeout_at(started + PERIOD):
                    await over.wait()

    # Not cancelled at the end: pymodbus turns a cancellation into an error of its own, and the loop would go on.
    task = asyncio.create_task(run())
    try:
        yield None
    finally:
        over.set()
        await task


@asynccontextmanager
async def pymodbus_loop(port: int, seen: Seen) -> AsyncIterator[Command | None]:
    """Run a plain loop on pymodbus with its defaults for retries."""
    client = AsyncModbusTcpClient("127.0.0.1", port=port, timeout=TIMEOUT)
    await client.connect()

    async def poll(unit_id: int) -> list[int]:
        return (await client.read_holding_registers(FIRST, count=COUNT, device_id=unit_id)).registers

    async with _loop(poll, seen) as command:
        yield command
    client.close()


@asynccontextmanager
async def modbus_connection_loop(port: int, seen: Seen) -> AsyncIterator[Command | None]:
    """Run a plain loop on modbus-connection."""
    connection = ModbusConnection(ModbusTcpParams(host="127.0.0.1", port=port), timeout=TIMEOUT)

    async def poll(unit_id: int) -> list[int]:
        return await connection.for_unit(unit_id).read_holding_registers(FIRST, COUNT)

    async with _loop(poll, seen) as command:
        yield command
    await connection.close()


PEERS: Mapping[str, Peer] = {
    "this project": this_project,
    "YAML modbus": yaml_modbus,
    "pymodbus loop": pymodbus_loop,
    "modbus-connection loop": modbus_connection_loop,
}


async def _measure_one(peer: Peer, silent: int) -> tuple[Watch, list[float], Cabinet]:
    line = LineSettings(baudrate=9600, turnaround_ms=20)
    cabinet = Cabinet.of(dict.fromkeys(UNITS, "aim-r100"), frozen=True, line=line)
    watch, commands = Watch(), list[float]()
    chance = random.Random(silent)
    loop = asyncio.get_running_loop()
    async with cabinet:
        for unit_id in list(UNITS)[:silent]:
            cabinet.set_scenario("silent", unit=unit_id)
        answering = list(UNITS)[silent:]
        async with peer(cabinet.tcp_port or 0, watch.seen) as command:
            for turn in range(ROUNDS + 1):
                await asyncio.sleep(chance.uniform(0, PERIOD))
                watch.all_seen.clear()
                if turn == 1:
                    # The first turn only makes sure that everybody polls.
                    watch.late.clear()
                    served = [len(cabinet.units[unit_id].requests) for unit_id in answering]
                    began = loop.time()
                for unit_id in answering:
                    cabinet.units[unit_id].hold("Lg", 100 + turn, CIRCUIT)
                    watch.awaited[unit_id] = 100 + turn, loop.time()
                with suppress(TimeoutError):
                    async with asyncio.timeout(GIVE_UP):
                        await watch.all_seen.wait()
                for unit_id in list(watch.awaited):
                    watch.late.append(GIVE_UP)
                    del watch.awaited[unit_id]
            elapsed = loop.time() - began
            polled = [
                sum(r.address <= FIRST < r.address + r.count for r in cabinet.units[unit_id].requests[before:])
                for unit_id, before in zip(answering, served, strict=True)
            ]
            watch.polls = round(elapsed / (statistics.mean(polled) or 1) * 1000)
            for number in range(COMMANDS if command is not None else 0):
                await asyncio.sleep(chance.uniform(0, PERIOD))
                started = loop.time()
                await command(answering[-1], 200 + number)  # type: ignore[misc]  # None was sorted out by the range
                commands.append(loop.time() - started)
    return watch, commands, cabinet


async def measure() -> Table:
    """Return alarm latency, poll cycle and command latency of each peer with 0, 1 and 3 silent units."""
    logging.disable(logging.CRITICAL)
    bound = PERIOD + COST.seconds(COUNT) + 0.05
    table = Table(
        "bus",
        "A bus of ten units at 9600 baud",
        f"Ten AIM-R100 behind a gateway, line paced at 9600 8N1, 20 ms turnaround, time-out {TIMEOUT:g} s. The other "
        f"peers read the residual currents every {PERIOD:g} s; this project reads them, the alarms and all else, the "
        f"fast group as often as a line in use for {DUTY_TARGET:.0%} of the time allows, every {PERIOD:g} s at least. "
        f"Alarm latency is from the register's change to the value shown, {ROUNDS} changes on every "
        f"answering unit; {GIVE_UP:g} s stands for *not within that time*. The bound asked for is period + one request "
        f"+ 50 ms = {bound:.2f} s. Commands: an alarm limit written and read back while polling, {COMMANDS} times.",
        ["peer", "silent", "cycle s", "p50 s", "p95 s", "p99 s", "command max s"],
    )
    for silent in (0, 1, 3):
        for name, peer in PEERS.items():
            watch, commands, _ = await _measure_one(peer, silent)
            print(f"{name}, {silent} silent: measured", file=sys.stderr)
            ordered = sorted(watch.late)
            table.add(
                peer=name,
                silent=silent,
                cycle_s=watch.polls / 1000,
                p50_s=_percentile(ordered, 50),
                p95_s=_percentile(ordered, 95),
                p99_s=_percentile(ordered, 99),
                command_max_s=max(commands, default=None),
            )
    return table


def _percentile(ordered: list[float], percent: int) -> float:
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
