"""A TCP proxy that stands between a Modbus client and its devices and does one fault to one request.

It understands the framing as far as to see where a request and its answer begin and end. Answers keep their order, as
they do on a line, unless the fault is that they do not.
"""

import asyncio
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Self

from .dead import of_dead_meter
from .frames import EXCEPTION_BIT, Frame, FrameSplitter, Framing
from .kinds import Fault, Plan
from .mutate import mutated, renumbered
from .virtual import set_reset_on_abort

BYTE_SECONDS = 0.0002
LINE_SECONDS = 0.03
"""What an answer takes on the line behind a gateway that numbers answers itself: then the next request is out."""
_BREAKING = frozenset({Fault.RESET, Fault.HALF_OPEN, Fault.MUTE, Fault.SEAT_TAKEN})
_CLOSING = frozenset({Fault.CLOSE, Fault.WEB_PAGE})
_REMEMBERED = 16
"""Requests whose answer may still come from the devices."""


@dataclass(slots=True, eq=False)
class _Asked:
    """A request on its way, and what will happen to it."""

    frame: Frame
    fault: Fault


@dataclass(slots=True)
class FaultCounts:
    """What the proxy has done so far."""

    requests: int = 0
    faults: Counter[Fault] = field(default_factory=Counter)
    connections: int = 0

    @property
    def faulted(self) -> int:
        """Requests to which a fault was done."""
        return sum(self.faults.values())


class FaultProxy:
    """The proxy; `async with` starts and stops it, `port` is where it listens."""

    def __init__(
        self,
        target_host: str,
        target_port: int,
        framing: Framing,
        plan: Plan,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        """Take where the devices are and which faults to do."""
        self.target = target_host, target_port
        self.framing = framing
        self.plan = plan
        self.host = host
        self.port = port
        self.counts = FaultCounts()
        self.sessions: set[Session] = set()
        self.from_old_connections: list[bytes] = []
        self._mute_next = False
        self._seat_taken_until = 0.0
        self._server: asyncio.AbstractServer | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Begin to listen."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Session(self), self.host, self.port)
        self._server = server
        self.port = server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening and end all connections."""
        if self._server is not None:
            self._server.close()
        for session in list(self.sessions):
            session.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def next_fault(self) -> Fault:
        """Return what happens to the request that just came."""
        fault = self.plan.next()
        self.counts.requests += 1
        if fault is not Fault.NONE:
            self.counts.faults[fault] += 1
        return fault

    def within(self, limits: tuple[float, float]) -> float:
        """Return a random number of seconds."""
        return self.plan.random.uniform(*limits)

    def admit(self, session: Session) -> bool:
        """Take in a client, unless the gateway's only seat is taken."""
        self.counts.connections += 1
        now = asyncio.get_running_loop().time()
        if now < self._seat_taken_until:
            return False
        self.sessions.add(session)
        if self._mute_next:
            self._mute_next = False
            session.say_nothing(self.within(self.plan.times.mute))
        return True

    def break_connection(self, session: Session, fault: Fault) -> None:
        """Do a fault to the connection itself."""
        match fault:
            case Fault.HALF_OPEN:
                session.say_nothing(None)
                return
            case Fault.MUTE:
                self._mute_next = True
            case Fault.SEAT_TAKEN:
                now = asyncio.get_running_loop().time()
                self._seat_taken_until = now + self.within(self.plan.times.seat)
        session.cut()

    def connect_upstream(self, session: Session) -> None:
        """Connect a session to the devices, in the background."""
        task = asyncio.get_running_loop().create_task(self._connect(session))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect(self, session: Session) -> None:
        try:
            await asyncio.get_running_loop().create_connection(lambda: _Upstream(session), *self.target)
        except OSError:
            session.cut()


class _Upstream(asyncio.Protocol):
    """The side towards the devices."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._session.upstream_ready(transport)

    def data_received(self, data: bytes) -> None:
        self._session.answered(data)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._session.cut()


class Session(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, proxy: FaultProxy) -> None:
        """Belong to a proxy."""
        self._proxy = proxy
        self._loop = asyncio.get_running_loop()
        self._client: asyncio.Transport | None = None
        self._upstream: asyncio.Transport | None = None
        self._waiting: list[bytes] = []
        self._requests = FrameSplitter(proxy.framing, answers=False)
        self._answers = FrameSplitter(proxy.framing, answers=True)
        self._asked: deque[_Asked] = deque(maxlen=_REMEMBERED)
        self._before_next: list[bytes] = []
        self._after_next: list[bytes] = []
        self._with_next_request: list[tuple[float, bytes]] = []
        self._outgoing: deque[bytes] = deque()
        self._line_free = 0.0
        self._mute_until: float | None = 0.0
        self._has_ended = False
        self._is_over = False
        self._is_fresh = True
        self._renumbers = False

    # -- the client's side ------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the client in, or not."""
        if not isinstance(transport, asyncio.Transport):
            return
        self._client = transport
        if not self._proxy.admit(self):
            self.cut()
            return
        for late in self._proxy.from_old_connections:
            self._send(late)
        self._proxy.from_old_connections.clear()
        self._proxy.connect_upstream(self)

    def data_received(self, data: bytes) -> None:
        """Look at the client's requests and pass them on."""
        for frame in self._requests.feed(data):
            fault = self._proxy.next_fault()
            if self._is_fresh:
                self._is_fresh = False
                self._renumbers = fault is Fault.RENUMBER
                fault = Fault.LATE if self._renumbers else fault
            self._repeat_into_this_request()
            if self._is_mute or fault is Fault.LOST_REQUEST:
                continue
            if fault in _BREAKING:
                self._proxy.break_connection(self, fault)
                if self._is_over:
                    return
                continue
            if fault is Fault.ECHO:
                self._send_in_order(frame.wire, 0.0)
            self._asked.append(_Asked(frame, fault))
            if self._upstream is None:
                self._waiting.append(frame.wire)
            else:
                self._upstream.write(frame.wire)

    def _repeat_into_this_request(self) -> None:
        """Send the copies that waited for the moment at which they hurt most."""
        now = self._loop.time()
        for latest, copy in self._with_next_request:
            if now <= latest:
                self._send_in_order(copy, 0.0)
        self._with_next_request.clear()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the other side too."""
        del exc
        self.cut()

    @property
    def _is_mute(self) -> bool:
        return self._mute_until is None or self._loop.time() < self._mute_until

    def say_nothing(self, seconds: float | None) -> None:
        """Let nothing pass for a time, or for good (None)."""
        self._mute_until = None if seconds is None else self._loop.time() + seconds

    def _hang_up(self) -> None:
        """Close the connection as one does that is done with it."""
        if self._client is not None and not self._is_over:
            self._client.close()

    def cut(self) -> None:
        """End both sides at once."""
        if self._is_over:
            return
        self._is_over = True
        self._proxy.sessions.discard(self)
        for transport in (self._client, self._upstream):
            if transport is not None and not transport.is_closing():
                set_reset_on_abort(transport)
                transport.abort()

    # -- the devices' side ------------------------------------------------------------------------------------------

    def upstream_ready(self, transport: asyncio.Transport) -> None:
        """Send what waited for the connection."""
        self._upstream = transport
        if self._is_over:
            transport.abort()
            return
        for wire in self._waiting:
            transport.write(wire)
        self._waiting.clear()

    def answered(self, data: bytes) -> None:
        """Do to each answer what its request was given."""
        for frame in self._answers.feed(data):
            while self._asked:
                asked = self._asked.popleft()
                if _belongs(frame, asked.frame):
                    break
            else:
                continue
            plan = self._proxy.plan
            self._deliver(of_dead_meter(frame, asked.frame, asked.fault, plan.dead, plan.random), asked.fault)

    def _deliver(self, frame: Frame, fault: Fault) -> None:
        if self._renumbers:
            frame = renumbered(frame)
        wire = mutated(frame, fault, self._proxy.plan.random)
        if fault is Fault.DROP or self._is_held(wire, fault):
            return
        self._transmit(wire, fault)
        if fault is Fault.CUT and self._proxy.framing is Framing.MBAP:
            # A TCP stream loses nothing in its middle: what is cut off is the end of all.
            self._end_after_cut()
        for held in self._after_next:
            self._send_in_order(held, BYTE_SECONDS)
        self._after_next.clear()
        if fault is Fault.DUPLICATE:
            self._repeat(wire)
        if fault in _CLOSING:
            self._loop.call_at(max(self._loop.time(), self._line_free) + BYTE_SECONDS, self._hang_up)

    def _end_after_cut(self) -> None:
        """Let nothing follow: either the connection is reset, or it stays open and silent."""
        self._has_ended = True
        if self._proxy.plan.random.random() < 0.5:  # noqa: PLR2004 - one of two
            self._loop.call_at(max(self._loop.time(), self._line_free) + BYTE_SECONDS, self.cut)

    def _is_held(self, wire: bytes, fault: Fault) -> bool:
        """Keep an answer for later, if that is the fault."""
        match fault:
            case Fault.MERGE:
                self._before_next.append(wire)
            case Fault.REORDER:
                self._after_next.append(wire)
            case Fault.OLD_CONNECTION:
                self._proxy.from_old_connections.append(wire)
                self.cut()
            case _:
                return False
        return True

    def _transmit(self, wire: bytes, fault: Fault) -> None:
        times = self._proxy.plan.times
        delay = LINE_SECONDS if self._renumbers else 0.0
        if fault is Fault.LATE or fault is Fault.RETRIES:
            delay = self._proxy.within(times.late if fault is Fault.LATE else times.retries)
        if delay and times.overtaken and self._proxy.plan.random.random() < times.overtaken:
            self._loop.call_later(delay, self._send_in_order, wire, 0.0)
            return
        match fault:
            case Fault.SPLIT:
                self._send_in_bytes(wire, BYTE_SECONDS)
            case Fault.DRIP:
                self._send_in_bytes(wire, self._proxy.within(times.drip))
            case _:
                self._send_in_order(b"".join((*self._before_next, wire)), delay)
                self._before_next.clear()

    def _repeat(self, wire: bytes) -> None:
        """Send an answer once more, after a while or just when the next request comes."""
        times = self._proxy.plan.times
        if self._proxy.plan.random.random() < 0.5:  # noqa: PLR2004 - one of two
            self._with_next_request.append((self._loop.time() + times.repeat[1], wire))
        else:
            self._loop.call_later(self._proxy.within(times.repeat), self._send_in_order, wire, 0.0)

    def _send_in_bytes(self, wire: bytes, gap: float) -> None:
        for index in range(len(wire)):
            self._send_in_order(wire[index : index + 1], gap if index else 0.0)

    def _send_in_order(self, chunk: bytes, delay: float) -> None:
        """Send after a delay, and not before what was to be sent earlier."""
        if self._has_ended:
            return
        now = self._loop.time()
        when = max(now, self._line_free) + delay
        self._line_free = when
        if when <= now and not self._outgoing:
            self._send(chunk)
        else:
            self._outgoing.append(chunk)
            self._loop.call_at(when, self._send_next)

    def _send_next(self) -> None:
        self._send(self._outgoing.popleft())

    def _send(self, chunk: bytes) -> None:
        if self._client is not None and not self._is_over and not self._is_mute:
            self._client.write(chunk)


def _belongs(answer: Frame, request: Frame) -> bool:
    return (
        answer.unit == request.unit
        and answer.number == request.number
        and answer.function & ~EXCEPTION_BIT == request.function
    )
