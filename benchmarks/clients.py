"""The clients that are compared on faulty lines, each as a reader with its own defaults but the common time-out."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from modbus_connection import ModbusSerialParams, ModbusTcpParams
from modbus_connection.tmodbus import ModbusConnection
from pymodbus import FramerType
from pymodbus.client import AsyncModbusTcpClient
from tmodbus import create_async_rtu_client, create_async_tcp_client

from custom_components.acrel_safety.aioacrel.modbus import Link, LinkAddress
from simulator.faults import Framing
from simulator.faults.drive import READABLE, Reader

UNITS = 3
TIMEOUT = 0.5
PATIENCE = 120.0
"""Virtual seconds after which a read that neither answers nor fails is called failed."""
SEED = 2026
OURS = "this project"
BAUDRATE = 115200
HOLDING = 3


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
