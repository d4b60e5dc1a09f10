"""One connection: lets in who proves that he knows the secret, reads frames, answers, and keeps within the limits.

Before that nothing but a login is listened to, and nothing of it is kept but the name of who wants to come in.
"""

import asyncio
from typing import TYPE_CHECKING, Protocol

from ..bucket import Bucket
from ..uplink.limits import Limits
from ..uplink.proving import prove
from .cipher import inflated, new_sequence
from .frames import LONGEST, LONGEST_LOGIN, Frame, FrameKind, FrameStream
from .limits import MOST_ATTEMPTS
from .markup import MarkupError
from .messages import (
    Heartbeat,
    Report,
    Step,
    Validate,
    message_of,
    resent_answer,
    result_answer,
    sequence_answer,
    time_answer,
)
from .names import GatewayName
from .passing import Passed, passed_of

if TYPE_CHECKING:
    from datetime import datetime

    from .gateway import Gateway


class Host(Protocol):
    """Who keeps the sessions."""

    @property
    def limits(self) -> Limits:
        """What a session may cost."""

    def admits(self, session: Session) -> bool:
        """Take a new connection, or not."""

    def gateway(self, session: Session, name: GatewayName) -> Gateway | None:
        """Return the gateway of a name; nobody knows one that is a stranger."""

    def passed_login(self, session: Session, gateway: Gateway) -> None:
        """Take somebody who has proved that he knows a gateway's secret."""

    def failed_login(self, session: Session, gateway: Gateway) -> None:
        """Note somebody who has not."""

    def reported(self, session: Session, report: Report) -> None:
        """Take a report."""

    def passed(self, session: Session, passed: Passed) -> bool:
        """Take what a session passed through; return whether anybody waited for it."""

    def left(self, session: Session) -> None:
        """Note that a connection is over."""

    def time(self) -> datetime:
        """Return what time gateways are told."""


class Session(asyncio.Protocol):
    """A connection."""

    def __init__(self, host: Host) -> None:
        """Take who keeps it."""
        loop = asyncio.get_running_loop()
        self._host = host
        self._loop = loop
        self._stream = FrameStream(LONGEST_LOGIN)
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._frames = Bucket(host.limits.frames, host.limits.frames_per_second, loop.time())
        self._asked: tuple[Gateway, str] | None = None
        """Who was asked to prove himself, and with which digits."""
        self._attempts = 0
        self.address = ""
        self.gateway: Gateway | None = None
        """As whom it has proved itself."""
        self.is_known = False
        """Whether it is the one that speaks for its gateway."""
        self.broken = 0
        """Frames that could not be read."""
        self.since = self.heard = loop.time()
        """When it began, and when the latest frame came."""

    # -- the connection -----------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Look whether it may stay."""
        if not isinstance(transport, asyncio.Transport):
            return
        self._transport = transport
        peer = transport.get_extra_info("peername")
        self.address = str(peer[0]) if isinstance(peer, tuple) and peer else ""
        if not self._host.admits(self):
            self.close()
            return
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take bytes, and answer the frames in them."""
        for frame in self._stream.feed(data):
            if self.is_closing:
                return
            self.heard = self._loop.time()
            self._take(frame)
        if self._stream.is_hopeless:
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell that it is over."""
        del exc
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()
        self._host.left(self)

    @property
    def is_closing(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._transport is None or self._transport.is_closing()

    def close(self) -> None:
        """Cut the connection."""
        if self._transport is not None:
            self._transport.abort()

    def prove(self, *, is_on: bool = True) -> None:
        """Have the network find out soon whether the other end is still there."""
        prove(self._transport, is_on=is_on)

    def send(self, frame: Frame) -> bool:
        """Send a frame; return whether it left."""
        if self._transport is None or self._transport.is_closing():
            return False
        self._transport.write(frame.encoded())
        if self._transport.get_write_buffer_size() > self._host.limits.unsent:
            self.close()
        return True

    # -- what is said -------------------------------------------------------------------------------------------------

    def _take(self, frame: Frame) -> None:
        gateway = self.gateway
        if gateway is not None and frame.kind is FrameKind.PASS_UP and self._pass(gateway, frame.data):
            return
        if not self._frames.take(self._loop.time()):
            self.close()
            return
        try:
            if frame.kind is FrameKind.LOGIN:
                self._log_in(frame.data)
            elif gateway is None:
                # Whoever has not proved himself has nothing else to say.
                self.close()
            else:
                self._hear(gateway, frame)
        except MarkupError:
            self.broken += 1
            if gateway is None:
                self.close()

    def _pass(self, gateway: Gateway, data: bytes) -> bool:
        plain = gateway.cipher.opened(data)
        passed = None if plain is None else passed_of(plain)
        if passed is None:
            self.broken += 1
            return False
        return self._host.passed(self, passed)

    def _hear(self, gateway: Gateway, frame: Frame) -> None:
        if frame.kind is FrameKind.HEARTBEAT:
            if isinstance(message_of(frame.data), Heartbeat):
                self.send(Frame(FrameKind.HEARTBEAT, time_answer(gateway.name, self._host.time())))
        elif frame.kind in (FrameKind.REPORT, FrameKind.PACKED_REPORT):
            plain = gateway.cipher.opened(frame.data)
            if plain is not None and frame.kind is FrameKind.PACKED_REPORT:
                plain = inflated(plain)
            if plain is None:
                self.broken += 1
                return
            message = message_of(plain)
            if isinstance(message, Report) and _is_of(message.name, gateway.name):
                self._report(gateway, message)

    def _report(self, gateway: Gateway, report: Report) -> None:
        self._host.reported(self, report)
        if report.is_acknowledged and self.is_known:
            # Whoever stands beside a gateway gets none: what was dropped is not to be forgotten by him.
            self.send(Frame(FrameKind.REPORT, gateway.cipher.sealed(resent_answer(report))))

    # -- who is it ----------------------------------------------------------------------------------------------------

    def _log_in(self, data: bytes) -> None:
        message = message_of(data)
        if not isinstance(message, Validate):
            raise MarkupError("no login")
        match message.step:
            case Step.REQUEST:
                self._ask(message.name)
            case Step.MD5:
                self._judge(message)
            case _:
                raise MarkupError("no step of a login")

    def _ask(self, name: GatewayName) -> None:
        """Have somebody prove that he knows the secret of the gateway he says he is."""
        self._attempts += 1
        gateway = self._host.gateway(self, name)
        if gateway is None or self._attempts > MOST_ATTEMPTS or (self.gateway or gateway) is not gateway:
            self._refuse(name)
            return
        self._asked = gateway, new_sequence()
        self._say(sequence_answer(gateway.name, self._asked[1]))

    def _judge(self, message: Validate) -> None:
        asked, self._asked = self._asked, None
        if asked is None or asked[0].name != message.name:
            self._refuse(message.name)
            return
        gateway, sequence = asked
        if not gateway.cipher.answers(sequence, message.md5):
            self._refuse(gateway.name)
            self._host.failed_login(self, gateway)
            return
        self._say(result_answer(gateway.name, has_passed=True))
        self._attempts = 0
        if self.gateway is None:
            self.gateway = gateway
            self._stream.longest = LONGEST
            self._host.passed_login(self, gateway)

    def _refuse(self, name: GatewayName) -> None:
        self._say(result_answer(name, has_passed=False))
        if self._transport is not None:
            # What was said goes out first; nothing that comes is heard any more.
            self._transport.close()

    def _say(self, data: bytes) -> None:
        self.send(Frame(FrameKind.LOGIN, data))

    # -- time ---------------------------------------------------------------------------------------------------------

    @property
    def deadline(self) -> float:
        """Until when something has to be heard."""
        limits = self._host.limits
        if self.gateway is None:
            return self.since + limits.login_seconds
        return self.heard + limits.least_idle_seconds

    def _watch(self) -> None:
        """End the connection at its deadline, which moves with what is heard."""
        deadline = self.deadline
        if self._loop.time() >= deadline:
            self.close()
            return
        self._timer = self._loop.call_at(deadline, self._watch)


def _is_of(said: GatewayName, name: GatewayName) -> bool:
    """Whether a report is of a gateway; it need not say so."""
    return all(not part or part == right for part, right in zip(said, name, strict=True))
