"""An event loop whose clock jumps and whose network is memory: hours of faults in seconds, the same every time.

Code under test runs unchanged: it sleeps, waits, connects and listens as ever. When nothing is left to do at this
instant, the clock goes on to the next timer at once. Transports hand bytes over in order after a fixed latency; a reset
and an end of stream arrive as they do from sockets.
"""

import asyncio
import selectors
import socket
import time
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, Self, cast

LATENCY = 0.0001
"""Seconds from one end of a memory connection to the other."""
_FIRST_PORT = 20000
_HERE = "127.0.0.1"

type _Address = tuple[str, int]


class _TimeJump(selectors.SelectSelector):
    """Waits for nothing: the time that would be waited is added to the clock."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everybody waits and no timer runs: nothing would ever happen again")
        self.now += max(0.0, timeout)
        return []


class MemoryTransport(asyncio.Transport):
    """One end of a connection in memory."""

    def __init__(self, loop: VirtualLoop, protocol: asyncio.BaseProtocol, local: _Address, remote: _Address) -> None:
        """Belong to a protocol; `peer` is set by who makes both ends."""
        super().__init__({"peername": remote, "sockname": local})
        self.peer: MemoryTransport | None = None
        self._loop = loop
        self._protocol = protocol
        self._arriving: deque[bytes | None] = deque()
        self._due = 0
        """How much of it would have been taken by now: while reading is paused, more than was."""
        self._is_paused = False
        self._is_closing = False
        self._is_lost = False

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Return who gets the bytes."""
        return self._protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Change who gets the bytes."""
        self._protocol = protocol

    def is_closing(self) -> bool:
        """Whether this end was closed or lost."""
        return self._is_closing

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send bytes to the other end, in order."""
        if self._is_closing or self.peer is None or not data:
            return
        self.peer.arrive(bytes(data))

    def arrive(self, data: bytes | None) -> None:
        """Take bytes (None: the end of them) that the other end sent."""
        self._arriving.append(data)
        self._loop.call_later(LATENCY, self._take)

    def _take(self) -> None:
        self._due += 1
        while self._due and not self._is_paused:
            self._due -= 1
            self._take_one(self._arriving.popleft())

    def _take_one(self, data: bytes | None) -> None:
        if self._is_lost or (self._is_closing and data is not None):
            return
        protocol = cast("asyncio.Protocol", self._protocol)
        if data is not None:
            protocol.data_received(data)
        elif not protocol.eof_received():
            self.close()

    def can_write_eof(self) -> bool:
        """Half-closed connections are not needed here."""
        return False

    def get_write_buffer_size(self) -> int:
        """Nothing is ever held back."""
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Nothing is ever held back."""

    def pause_reading(self) -> None:
        """Leave what arrives with the network."""
        self._is_paused = True

    def resume_reading(self) -> None:
        """Take it again, and what waited."""
        self._is_paused = False
        if self._due:
            self._due -= 1
            self._loop.call_soon(self._take)

    def close(self) -> None:
        """End this side after what was written."""
        if self._is_closing:
            return
        self._is_closing = True
        if self.peer is not None:
            self.peer.arrive(None)
        self._loop.call_soon(self._lose, None)

    def abort(self) -> None:
        """Cut the connection: what was under way is gone, the other end sees a reset."""
        if self._is_lost:
            return
        self._is_closing = True
        if self.peer is not None:
            self._loop.call_later(LATENCY, self.peer.reset)
        self._loop.call_soon(self._lose, None)

    def reset(self) -> None:
        """See the other end's reset."""
        self._is_closing = True
        self._lose(ConnectionResetError("connection reset by peer"))

    def _lose(self, error: Exception | None) -> None:
        if self._is_lost:
            return
        self._is_lost = True
        self._loop.open_transports.discard(self)
        self._protocol.connection_lost(error)


class _Listener:
    """What `sockets` of a memory server holds: enough to ask for the port."""

    def __init__(self, port: int) -> None:
        self._port = port

    def getsockname(self) -> tuple[str, int]:
        return _HERE, self._port


class MemoryServer:
    """A listening port in memory."""

    def __init__(self, loop: VirtualLoop, port: int) -> None:
        """Listen until closed."""
        self._loop = loop
        self._port = port
        self.sockets = [_Listener(port)]

    def is_serving(self) -> bool:
        """Whether somebody may connect."""
        return self._port in self._loop.listeners

    def close(self) -> None:
        """Listen no longer."""
        self._loop.listeners.pop(self._port, None)

    def close_clients(self) -> None:
        """Leave connections to who made them: nobody here is told of them."""

    async def wait_closed(self) -> None:
        """Return at once: closing takes no time."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()


class VirtualLoop(asyncio.SelectorEventLoop):
    """The event loop; use it as `asyncio.Runner(loop_factory=VirtualLoop)` or through `run`."""

    def __init__(self) -> None:
        """Begin at second 0."""
        self._jump = _TimeJump()
        super().__init__(self._jump)
        self.listeners: dict[int, Callable[[], asyncio.BaseProtocol]] = {}
        self.open_transports: set[MemoryTransport] = set()
        self.connections_made = 0
        self._next_port = _FIRST_PORT

    def time(self) -> float:
        """Return the virtual seconds since the start."""
        return self._jump.now

    def run_in_executor[*Args, ResultT](
        self, executor: Executor | None, func: Callable[[*Args], ResultT], *args: *Args
    ) -> asyncio.Future[ResultT]:
        """Run a function at once: a thread would take real time, which does not pass here."""
        del executor
        outcome: asyncio.Future[ResultT] = self.create_future()
        try:
            outcome.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - it belongs to who waits for the outcome
            outcome.set_exception(error)
        return outcome

    def _new_port(self) -> int:
        self._next_port += 1
        return self._next_port

    async def create_server(self, protocol_factory: Any, host: Any = None, port: Any = None, **_: Any) -> Any:  # noqa: ANN401 - the signature is asyncio's
        """Listen in memory; the host is not looked at."""
        del host
        number = int(port) if port else self._new_port()
        if number in self.listeners:
            raise OSError(f"port {number} is taken")
        self.listeners[number] = protocol_factory
        return MemoryServer(self, number)

    async def create_connection(self, protocol_factory: Any, host: Any = None, port: Any = None, **how: Any) -> Any:  # noqa: ANN401 - the signature is asyncio's
        """Connect to a listener of this loop, from `local_addr` if one is named; refused where there is none."""
        del host
        await asyncio.sleep(LATENCY)
        accept = self.listeners.get(int(port or 0))
        if accept is None:
            raise ConnectionRefusedError(f"nobody listens on {port}")
        far_protocol, near_protocol = accept(), protocol_factory()
        address, _ = how.get("local_addr") or (_HERE, 0)
        local, remote = (address, self._new_port()), (_HERE, int(port))
        far = MemoryTransport(self, far_protocol, remote, local)
        near = MemoryTransport(self, near_protocol, local, remote)
        far.peer, near.peer = near, far
        self.open_transports |= {far, near}
        self.connections_made += 1
        far_protocol.connection_made(far)
        near_protocol.connection_made(near)
        return near, near_protocol

    async def create_unix_connection(self, protocol_factory: Any, path: Any = None, **_: Any) -> Any:  # noqa: ANN401 - the signature is asyncio's
        """Connect to the listener whose port the path is: HTTP clients look names up unless they are given a path."""
        return await self.create_connection(protocol_factory, port=path)


def set_reset_on_abort(transport: asyncio.BaseTransport) -> None:
    """Make `abort` of a real socket send a reset instead of a polite end; a memory transport always does."""
    real = transport.get_extra_info("socket")
    if real is not None:
        real.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def run[ResultT](main: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Run a coroutine on a loop of its own in virtual time.

    `time.monotonic` tells the loop's time meanwhile, so that what measures its own pauses is repeatable too.
    """
    real = time.monotonic
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        time.monotonic = runner.get_loop().time
        try:
            return runner.run(main)
        finally:
            time.monotonic = real
