"""A server whose register values prove where they came from, so that a wrong value cannot pass for a right one.

A word holds the number of the request it answers (10 bits) and the register's address (6 bits); unit, function and
stretch of each request are kept. A reader that believes words of another request, unit or register is found out, and so
is one that believes an answer taken before it asked.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Self

from .frames import WRITE_MULTIPLE, Frame, FrameSplitter, Framing, exception_answer, read_answer, write_answer

NUMBERS = 1 << 10
ADDRESSES = 1 << 6
FIRST_SETTING = 0x1000
"""From here on registers keep what was written, and say so plainly."""
LAST_SETTING = 0x10FF
ILLEGAL_ADDRESS = 2


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as the server saw it."""

    number: int
    unit: int
    function: int
    address: int
    count: int


@dataclass(slots=True)
class TruthServer:
    """Serves units over memory or loopback connections, one request at a time each `service` seconds."""

    framing: Framing
    units: frozenset[int]
    service: float = 0.01
    one_at_a_time: bool = True
    port: int = 0
    asked: deque[Asked] = field(default_factory=lambda: deque(maxlen=NUMBERS))
    number: int = 0
    settings: dict[tuple[int, int], int] = field(default_factory=dict)
    writes: list[tuple[int, int, tuple[int, ...]]] = field(default_factory=list)
    unreadable: frozenset[int] = frozenset()
    _free: float = 0.0
    _server: asyncio.AbstractServer | None = None
    connections: set[asyncio.Transport] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        """Begin to listen."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", self.port)
        self._server = server
        self.port = server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """End all connections."""
        if self._server is not None:
            self._server.close()
        for transport in list(self.connections):
            transport.abort()

    def answer(self, request: Frame) -> Frame | None:
        """Return the answer to a request; None from a unit that is not there."""
        if request.unit not in self.units:
            return None
        address, count = int.from_bytes(request.pdu[1:3]), int.from_bytes(request.pdu[3:5])
        if request.function == WRITE_MULTIPLE:
            values = tuple(int.from_bytes(request.pdu[6 + 2 * n : 8 + 2 * n]) for n in range(count))
            self.writes.append((request.unit, address, values))
            for offset, value in enumerate(values):
                self.settings[request.unit, address + offset] = value
            return write_answer(request)
        if any(register in self.unreadable for register in range(address, address + count)):
            return exception_answer(request, ILLEGAL_ADDRESS)
        self.number += 1
        self.asked.append(Asked(self.number, request.unit, request.function, address, count))
        return read_answer(
            request, [self._word(request.unit, register) for register in range(address, address + count)]
        )

    def _word(self, unit: int, register: int) -> int:
        if FIRST_SETTING <= register <= LAST_SETTING:
            return self.settings.get((unit, register), 0)
        return (self.number % NUMBERS) * ADDRESSES + register % ADDRESSES

    def is_true(self, unit: int, function: int, address: int, words: list[int], after: int) -> bool:
        """Whether words are what this unit's registers held after request number `after`."""
        if not words:
            return False
        numbers = {word // ADDRESSES for word in words}
        if len(numbers) != 1 or any(
            word % ADDRESSES != (address + offset) % ADDRESSES for offset, word in enumerate(words)
        ):
            return False
        number = numbers.pop()
        return any(
            asked.number > after
            and asked.number % NUMBERS == number
            and (asked.unit, asked.function) == (unit, function)
            and asked.address <= address
            and address + len(words) <= asked.address + asked.count
            for asked in reversed(self.asked)
            if asked.number > after
        )

    def serve(self, request: Frame, transport: asyncio.Transport) -> None:
        """Answer a request when its turn has come."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        when = (max(now, self._free) if self.one_at_a_time else now) + self.service
        self._free = when

        def send() -> None:
            # The registers are read at the end of the turn, as a device does.
            if (answer := self.answer(request)) is not None and not transport.is_closing():
                transport.write(answer.wire)

        loop.call_at(when, send)


class _Connection(asyncio.Protocol):
    """One client of the server."""

    def __init__(self, server: TruthServer) -> None:
        self._server = server
        self._frames = FrameSplitter(server.framing, answers=False)
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
            self._server.connections.add(transport)

    def data_received(self, data: bytes) -> None:
        for request in self._frames.feed(data):
            if self._transport is not None:
                self._server.serve(request, self._transport)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if self._transport is not None:
            self._server.connections.discard(self._transport)
