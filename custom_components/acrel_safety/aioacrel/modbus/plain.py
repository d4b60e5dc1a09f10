"""Modbus TCP to a gateway that numbers its answers itself: they are told apart as on RTU framing.

The shared link drops an answer whose number is not its request's, so such a gateway never answers there. Here the
number is not looked at: an answer belongs to the request that is under way, if it began after that was sent and fits it
in unit, function and length. What no number tells, the guard above tells by length and quiet time. One request at a
time, and never more of what a peer sends than the longest frame is kept. It is noted, however, whether answers carry
the number of their request: a gateway that was exchanged does, and is then read through the shared link again.
"""

import asyncio
import struct
from collections.abc import Callable
from random import randrange

from modbus_connection import (
    ModbusConnectionError,
    ModbusDesyncError,
    ModbusExceptionError,
    ModbusProtocolError,
)
from modbus_connection.exceptions import ModbusTimeoutError

from .unasked import Allowance

CONNECT_SECONDS = 10.0
_MBAP = struct.Struct(">HHHB")
_LONGEST = 254
_SHORTEST = 3
_EXCEPTION = 0x80
_READ_HOLDING, _READ_INPUT, _WRITE = 3, 4, 16


class PlainLink:
    """One connection to one gateway, opened by the first request."""

    def __init__(self, host: str, port: int, on_lost: Callable[[], None]) -> None:
        """Take where the gateway is, and whom to tell when it ends the connection."""
        self._place = host, port
        self._on_lost = on_lost
        self._line = asyncio.Lock()
        self._peer: _Peer | None = None
        self.echoes = 0
        """Answers in a row that carried the numbers of their requests, which are drawn by lot."""

    @property
    def connected(self) -> bool:
        """Whether the connection stands."""
        return self._peer is not None

    def unit(self, unit_id: int, seconds: float) -> PlainUnit:
        """Return one unit, whose answers are waited for so long."""
        return PlainUnit(self, unit_id, seconds)

    def close(self) -> None:
        """End the connection; the next request opens another."""
        peer, self._peer = self._peer, None
        if peer is not None:
            peer.end()

    async def ask(self, unit: int, pdu: bytes, seconds: float) -> bytes:
        """Return the answer's PDU. Raises what the shared link would."""
        async with self._line:
            peer = self._peer or await self._connect()
            number = randrange(1, 0x10000)  # noqa: S311 - no secret; a gateway that counts does not meet it by chance
            heard, answer = await peer.ask(number, unit, pdu, seconds)
            self.echoes = self.echoes + 1 if heard == number else 0
            return answer

    async def queue(self) -> None:
        """Wait for the turn of a request, and for the connection."""
        async with self._line:
            if self._peer is None:
                await self._connect()

    async def _connect(self) -> _Peer:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _, peer = await loop.create_connection(lambda: _Peer(self._lost), *self._place)
        except OSError as error:
            raise ModbusConnectionError(str(error)) from error
        self._peer = peer
        return peer

    def _lost(self, peer: _Peer) -> None:
        if self._peer is peer:
            self._peer = None
            self._on_lost()


class PlainUnit:
    """One unit behind the gateway: the part of `ModbusUnit` that the guard uses."""

    def __init__(self, link: PlainLink, unit_id: int, seconds: float) -> None:
        """Take the link, the unit and how long its answers are waited for."""
        self._link = link
        self._unit_id = unit_id
        self._seconds = seconds

    @property
    def connected(self) -> bool:
        """Whether the connection stands."""
        return self._link.connected

    async def read_holding_registers(self, address: int, count: int) -> list[int]:
        """Read with function 03."""
        return await self._read(_READ_HOLDING, address, count)

    async def read_input_registers(self, address: int, count: int) -> list[int]:
        """Read with function 04."""
        return await self._read(_READ_INPUT, address, count)

    async def write_registers(self, address: int, values: list[int]) -> None:
        """Write with function 16."""
        head = struct.pack(">BHHB", _WRITE, address, len(values), 2 * len(values))
        echo = await self._link.ask(self._unit_id, head + struct.pack(f">{len(values)}H", *values), self._seconds)
        if echo != head[:5]:
            raise ModbusProtocolError("the echo is another request's")

    async def disconnect(self) -> None:
        """End the connection; the next request opens another."""
        self._link.close()

    async def _read(self, function: int, address: int, count: int) -> list[int]:
        if not count:
            # As the shared link does: by this is known when the turn of a request has come (`wire.py`).
            await self._link.queue()
            raise ValueError("no registers")
        request = struct.pack(">BHH", function, address, count)
        answer = await self._link.ask(self._unit_id, request, self._seconds)
        if len(answer) != 2 + 2 * count or answer[1] != 2 * count:
            raise ModbusProtocolError("the answer is of another length")
        return list(struct.unpack(f">{count}H", answer[2:]))


class _Peer(asyncio.Protocol):
    """The connection: cuts the stream into frames and drops what nobody asked for."""

    def __init__(self, lost: Callable[[_Peer], None]) -> None:
        self._lost = lost
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._waiting: asyncio.Future[bytes] | None = None
        self._is_stale = False
        self._unasked = Allowance()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def end(self) -> None:
        """Cut the connection."""
        if self._transport is not None:
            self._transport.abort()

    async def ask(self, number: int, unit: int, pdu: bytes, seconds: float) -> tuple[int, bytes]:
        """Send a request and return number and PDU of the answer that fits its unit and function."""
        if self._transport is None or self._transport.is_closing():
            raise ModbusConnectionError("the connection has ended")
        self._is_stale = bool(self._buffer)
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(_MBAP.pack(number, 0, len(pdu) + 1, unit) + pdu)
        try:
            async with asyncio.timeout(seconds):
                frame = await self._waiting
        except TimeoutError as error:
            raise ModbusTimeoutError("no answer in time") from error
        finally:
            self._waiting = None
        heard, answer = int.from_bytes(frame[:2]), frame[7:]
        if frame[6] != unit or answer[0] & ~_EXCEPTION != pdu[0]:
            raise ModbusDesyncError("the answer is for another unit or function")
        if answer[0] & _EXCEPTION:
            raise ModbusExceptionError.from_code(answer[1], "the request was refused")
        return heard, answer

    def data_received(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            taken = self._feed(view)
            if not taken:
                self.end()
                return
            view = view[taken:]

    def _feed(self, view: memoryview) -> int:
        """Take bytes as far as the end of one frame; return how many, 0 when this is no Modbus or a flood."""
        wanted = _MBAP.size if len(self._buffer) < _MBAP.size else 6 + int.from_bytes(self._buffer[4:6])
        taken = min(len(view), wanted - len(self._buffer))
        self._buffer += view[:taken]
        if len(self._buffer) == _MBAP.size:
            _, protocol, length, _ = _MBAP.unpack_from(self._buffer)
            if protocol or not _SHORTEST <= length <= _LONGEST:
                return 0
        elif len(self._buffer) == wanted:
            frame, is_stale = bytes(self._buffer), self._is_stale
            self._buffer.clear()
            self._is_stale = False
            if self._waiting is None or self._waiting.done() or is_stale:
                return taken if self._unasked.take(asyncio.get_running_loop().time()) else 0
            self._unasked.forgive()
            self._waiting.set_result(frame)
        return taken

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(ModbusConnectionError("the connection was closed before an answer came"))
        self._lost(self)
