"""A unit behind a device that called in, as the guard wants it: each read or write is one message passed through.

The connection is never ended from here: the device would have to call in again, and what it uploads meanwhile would be
lost. Late answers are told from others by the guard, by their length and by quiet time, as on a serial line.
"""

from collections.abc import Callable
from typing import Protocol

from modbus_connection import ModbusProtocolError

from ..listening import joined
from ..registers import READ_HOLDING
from .rtu import READ_INPUT, ReadAnswer, ReadRequest, Request, WriteAnswer, WriteRequest

SECONDS = 10.0
"""For so long an answer is waited for where nobody asks for another time."""


class Passing(Protocol):
    """What passes Modbus through: a device that called in, or a line behind a gateway that did."""

    @property
    def is_here(self) -> bool:
        """Whether it has a connection."""

    def join(self, uploaded: Callable[[object], None], changed: Callable[[], None]) -> Callable[[], None]:
        """Tell what comes unasked, and that the connection was made or lost; returns what ends that."""

    async def turn(self) -> None:
        """Wait until nobody else asks."""

    async def ask(self, request: Request, seconds: float) -> ReadAnswer | WriteAnswer:
        """Send a request, once, and return its answer."""


class UplinkUnit:
    """One Modbus address of a device that calls in."""

    def __init__(self, station: Passing, unit_id: int) -> None:
        """Take the device, and the address in it."""
        self.station = station
        self._unit_id = unit_id
        self._seconds = SECONDS
        self._lost: list[Callable[[], None]] = []
        self._leave = station.join(_nothing, self._changed)
        self._was_here = station.is_here

    def close(self) -> None:
        """Let go of the device."""
        self._leave()

    @property
    def connected(self) -> bool:
        """Whether the device has a connection."""
        return self.station.is_here

    async def read_holding_registers(self, address: int, count: int) -> list[int]:
        """Read with function 03."""
        return await self._read(READ_HOLDING, address, count)

    async def read_input_registers(self, address: int, count: int) -> list[int]:
        """Read with function 04."""
        return await self._read(READ_INPUT, address, count)

    async def write_registers(self, address: int, values: list[int]) -> None:
        """Write with function 16, once; that it returns proves nothing."""
        await self.station.ask(WriteRequest(self._unit_id, address, tuple(values)), self._seconds)

    def require_timeout(self, seconds: float | None) -> None:
        """Have answers waited for so long."""
        self._seconds = SECONDS if seconds is None else seconds

    def on_connection_lost(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Tell when the device's connection is lost; returns what ends that."""
        return joined(self._lost, callback)

    async def disconnect(self) -> None:
        """Leave the connection alone."""

    async def _read(self, function: int, address: int, count: int) -> list[int]:
        if not count:
            # By this is known when the turn of a request has come (`modbus/wire.py`).
            await self.station.turn()
            raise ValueError("no registers")
        answer = await self.station.ask(ReadRequest(self._unit_id, function, address, count), self._seconds)
        if not isinstance(answer, ReadAnswer):
            raise ModbusProtocolError("a read was answered like a write")
        return list(answer.words)

    def _changed(self) -> None:
        was_here, self._was_here = self._was_here, self.station.is_here
        if was_here and not self._was_here:
            for callback in list(self._lost):
                callback()


def _nothing(_: object) -> None:
    """Leave uploads to whoever decodes them."""
