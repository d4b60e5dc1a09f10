"""Wrong values believed per 100,000 faulted reads: pymodbus, tmodbus, modbus-connection and this project's guard.

Every client asks the same questions through the same fault proxy (`simulator/faults`), in virtual time, so a million
requests take minutes. Every answer proves where it came from: it is wrong when it was taken from other registers or
another unit, or before the question was asked.

    python -m benchmarks.faults --requests 1000000 --peers 100000 --jobs 2     # the long run
"""

import argparse
import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from modbus_connection import ModbusSerialParams, ModbusTcpParams
from modbus_connection.tmodbus import ModbusConnection
from pymodbus import FramerType
from pymodbus.client import AsyncModbusTcpClient
from tmodbus import create_async_rtu_client, create_async_tcp_client

from benchmarks.report import Table
from custom_components.acrel_safety.aioacrel.modbus import Link, LinkAddress
from simulator.faults import ALL_FAULTS, Fault, FaultProxy, Framing, Schedule, TruthServer, faults_of
from simulator.faults.drive import READABLE, Reader, Tally, drive
from simulator.faults.virtual import run

UNITS = 3
TIMEOUT = 0.5
PATIENCE = 120.0
"""Virtual seconds after which a read that neither answers nor fails is called failed."""
RATE = 0.3
HOLDING = 3
CANCELLED = "cancelled"
MIXED = "all of them, mixed"
SEED = 2026
OURS = "this project"
BAUDRATE = 115200
DEFAULT_REQUESTS = 20_000


class _Patient:
    """Bounds each read, so that a client that waits for ever does not end the measurement."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def read(self, unit: int, function: int, address: int, count: int) -> list[int]:
        async with asyncio.timeout(PATIENCE):
            return await self._reader.read(unit, function, address, count)


class _Pymodbus:
    """pymodbus with its own defaults, but the common time-out."""

    def __init__(self, port: int, framing: Framing) -> None:
        framer = FramerType.RTU if framing is Framing.RTU else FramerType.SOCKET
        self.client = AsyncModbusTcpClient("127.0.0.1", port=port, framer=framer, timeout=TIMEOUT)

    async def read(self, unit: int, function: int, address: int, count: int) -> list[int]:
        if not self.client.connected and not await self.client.connect():
            raise ConnectionError("no connection")
        ask = self.client.read_holding_registers if function == HOLDING else self.client.read_input_registers
        answer = await ask(address, count=count, device_id=unit)
        if answer.isError():
            raise ValueError(str(answer))
        return list(answer.registers)


class _Tmodbus:
    """tmodbus with its own defaults, but the common time-out."""

    def __init__(self, port: int, framing: Framing) -> None:
        self.client = (
            create_async_rtu_client(f"socket://127.0.0.1:{port}", unit_id=1, baudrate=BAUDRATE, timeout=TIMEOUT)
            if framing is Framing.RTU
            else create_async_tcp_client("127.0.0.1", port, unit_id=1, timeout=TIMEOUT)
        )

    async def read(self, unit: int, function: int, address: int, count: int) -> list[int]:
        if not self.client.connected:
            await self.client.connect()
        client = self.client.for_unit_id(unit)
        ask = client.read_holding_registers if function == HOLDING else client.read_input_registers
        return await ask(address, count)


class _ModbusConnection:
    """modbus-connection, as Home Assistant shares it, with the common time-out."""

    def __init__(self, port: int, framing: Framing) -> None:
        params = (
            ModbusSerialParams(device=f"socket://127.0.0.1:{port}", baudrate=BAUDRATE)
            if framing is Framing.RTU
            else ModbusTcpParams(host="127.0.0.1", port=port)
        )
        self.connection = ModbusConnection(params, timeout=TIMEOUT)

    async def read(self, unit: int, function: int, address: int, count: int) -> list[int]:
        handle = self.connection.for_unit(unit)
        ask = handle.read_holding_registers if function == HOLDING else handle.read_input_registers
        return await ask(address, count)


class _Guarded:
    """This project: the same modbus-connection below, the guard above."""

    def __init__(self, link: Link) -> None:
        pulse = link.pulse
        self.units = {
            unit: link.address.guarded(link.unit(unit), unit, timeout=TIMEOUT, pulse=pulse)
            for unit in range(1, UNITS + 1)
        }

    async def read(self, unit: int, function: int, address: int, count: int) -> list[int]:
        return await self.units[unit].read(function, address, count, within=READABLE)


@asynccontextmanager
async def _pymodbus(port: int, framing: Framing) -> AsyncIterator[Reader]:
    reader = _Pymodbus(port, framing)
    try:
        yield reader
    finally:
        reader.client.close()


@asynccontextmanager
async def _tmodbus(port: int, framing: Framing) -> AsyncIterator[Reader]:
    reader = _Tmodbus(port, framing)
    try:
        yield reader
    finally:
        await reader.client.disconnect()


@asynccontextmanager
async def _modbus_connection(port: int, framing: Framing) -> AsyncIterator[Reader]:
    reader = _ModbusConnection(port, framing)
    try:
        yield reader
    finally:
        await reader.connection.close()


@asynccontextmanager
async def _guarded(port: int, framing: Framing) -> AsyncIterator[Reader]:
    scheme = "tcp" if framing is Framing.MBAP else "rtu+tcp"
    async with Link.open(LinkAddress.parse(f"{scheme}://127.0.0.1:{port}")) as link:
        reader = _Guarded(link)
        yield reader
        for unit in reader.units.values():
            await unit.settle()


type Client = Callable[[int, Framing], AbstractAsyncContextManager[Reader]]
CLIENTS: dict[str, Client] = {
    "pymodbus": _pymodbus,
    "tmodbus": _tmodbus,
    "modbus-connection": _modbus_connection,
    OURS: _guarded,
}


@dataclass(frozen=True, slots=True)
class Case:
    """One cell of the table: a client under one kind of fault."""

    client: str
    framing: Framing
    kind: str
    faulted: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was measured for a case."""

    case: Case
    tally: Tally
    faulted: int
    connections: int


async def _measure(case: Case) -> Outcome:
    faults = faults_of(case.framing) if case.kind == MIXED else (Fault(case.kind),) if case.kind != CANCELLED else ()
    schedule = Schedule(SEED, faults, RATE if faults else 0.0)
    cancelled = RATE if case.kind == CANCELLED else 0.02 if case.kind == MIXED else 0.0
    async with (
        TruthServer(case.framing, frozenset(range(1, UNITS + 1))) as truth,
        FaultProxy("127.0.0.1", truth.port, case.framing, schedule) as proxy,
        CLIENTS[case.client](proxy.port, case.framing) as reader,
    ):
        tally = await drive(
            _Patient(reader), truth, proxy, faulted=case.faulted, units=UNITS, seed=SEED, cancelled=cancelled
        )
        return Outcome(case, tally, proxy.counts.faulted + tally.cancelled, proxy.counts.connections)


def measured(case: Case) -> Outcome:
    """Measure one case, in virtual time."""
    logging.disable(logging.CRITICAL)
    return run(_measure(case))


def cases(requests: int, peers: int) -> list[Case]:
    """Share the requests of each client among the kinds; the mixture gets a third of them.

    `peers` is how many the other clients get: what they do wrong shows sooner than what is never wrong.
    """
    share = {client: requests if client == OURS else peers for client in CLIENTS}
    kinds = [(framing, kind.value) for framing in Framing for kind in ALL_FAULTS if kind in faults_of(framing)]
    kinds += [(framing, CANCELLED) for framing in Framing]
    single = [
        Case(client, framing, kind, 1 + number * 2 // 3 // len(kinds))
        for client, number in share.items()
        for framing, kind in kinds
    ]
    mixed = [Case(client, framing, MIXED, 1 + number // 6) for client, number in share.items() for framing in Framing]
    return sorted(mixed + single, key=lambda case: -case.faulted)


def tabulated(outcomes: list[Outcome], seconds: float) -> Table:
    """Return the table: a row per framing and kind, a column per client."""
    by_case = {(outcome.case.framing, outcome.case.kind, outcome.case.client): outcome for outcome in outcomes}
    totals = {
        client: (
            sum(outcome.faulted for outcome in outcomes if outcome.case.client == client),
            sum(outcome.tally.wrong for outcome in outcomes if outcome.case.client == client),
        )
        for client in CLIENTS
    }
    said = "; ".join(f"{client}: {wrong} in {faulted}" for client, (faulted, wrong) in totals.items())
    table = Table(
        "faults",
        "Wrong values believed per 100,000 faulted reads",
        "The same reads through the same fault proxy in virtual time; a value is wrong when it comes from other"
        " registers or another unit, or was taken before the question was asked. Time-out 0.5 s; each client otherwise"
        f" with its own defaults. Wrong values believed in all faulted requests: {said}. 'Faulted requests' and 'read'"
        f" (the share of reads answered with right values) are this project's. Measured in {seconds:.0f} s.",
        ["framing", "fault", "faulted requests", *CLIENTS, "read"],
    )
    for framing, kind in sorted(dict.fromkeys((outcome.case.framing, outcome.case.kind) for outcome in outcomes)):
        row: dict[str, Any] = {"framing": framing.value, "fault": kind}
        for client in CLIENTS:
            outcome = by_case[framing, kind, client]
            row[client.replace(" ", "_")] = round(100_000 * outcome.tally.wrong / outcome.faulted)
        ours = by_case[framing, kind, OURS]
        row["faulted_requests"] = ours.faulted
        row["read"] = f"{ours.tally.right / max(1, ours.tally.reads - ours.tally.cancelled):.0%}"
        table.add(**row)
    return table


def measure(requests: int = DEFAULT_REQUESTS, peers: int | None = None, jobs: int = 1) -> Table:
    """Run all cases, `requests` faulted requests per client (`peers` for the others), and return the table."""
    started = time.perf_counter()
    with ProcessPoolExecutor(jobs) as pool:
        outcomes = list(pool.map(measured, cases(requests, requests if peers is None else peers)))
    return tabulated(outcomes, time.perf_counter() - started)


def main() -> None:
    """Measure, print, and keep the result."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__)
    parser.add_argument("--requests", type=int, default=DEFAULT_REQUESTS, help="faulted requests per client")
    parser.add_argument("--peers", type=int, help="faulted requests for each other client (default: the same)")
    parser.add_argument("--jobs", type=int, default=1, help="processes at once")
    options = parser.parse_args()
    table = measure(options.requests, options.peers, options.jobs)
    table.save()
    print(table.markdown())


if __name__ == "__main__":
    main()
