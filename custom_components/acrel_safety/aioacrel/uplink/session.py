"""One connection: reads its frames, answers what has to be answered, and keeps within the limits.

Whoever it is gets the same four short answers: a device that gets none calls in again and again. Anything else, such as
Modbus that is passed through, is only ever sent to a device that is known.
"""

import asyncio
from typing import Protocol

from ..bucket import Bucket
from .frames import Command
from .limits import Limits
from .messages import (
    DataUpload,
    Heartbeat,
    Login,
    Message,
    PassThrough,
    SelectBlocks,
    SetValues,
    Taken,
    TimeAnswer,
    TimeRequest,
    message_of,
)
from .moment import Moment
from .proving import prove
from .stream import FrameStream

_EARLY_UPLOADS = 4
"""Uploads before the login that are kept until it is known whose they are."""


class Host(Protocol):
    """Who keeps the sessions."""

    @property
    def limits(self) -> Limits:
        """What a session may cost."""

    @property
    def is_paused(self) -> bool:
        """Whether nothing is to be taken of any session at present."""

    def admits(self, session: Session) -> bool:
        """Take a new connection, or not."""

    def logged_in(self, session: Session, login: Login) -> None:
        """Take the login of a session."""

    def uploaded(self, session: Session, upload: DataUpload) -> None:
        """Take an upload of a session that has logged in."""

    def heard(self, session: Session, message: Message) -> None:
        """Take note of whatever else a session said."""

    def passed(self, session: Session, answer: PassThrough) -> bool:
        """Take what a session passed through; return whether anybody waited for it."""

    def counted(self, session: Session, count: int) -> None:
        """Count bytes that went through a session."""

    def left(self, session: Session) -> None:
        """Note that a connection is over."""

    def moment(self) -> Moment | None:
        """Return what time devices are told; None if they are told none."""


class Session(asyncio.Protocol):
    """A connection of a device, of which nobody knows whether it is what it says it is."""

    def __init__(self, host: Host) -> None:
        """Take who keeps it."""
        loop = asyncio.get_running_loop()
        self._host = host
        self._loop = loop
        self._stream = FrameStream()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._early: list[DataUpload] = []
        self._frames = Bucket(host.limits.frames, host.limits.frames_per_second, loop.time())
        self.address = ""
        self.login: Login | None = None
        self.is_known = False
        """Whether it speaks for a device that is known, and is the one that does."""
        self.owes = False
        """Whether an answer may still come that nobody waits for any more."""
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
        if self._host.is_paused:
            self.pause()

    def data_received(self, data: bytes) -> None:
        """Take bytes, and answer the frames in them."""
        self._host.counted(self, len(data))
        for frame in self._stream.feed(data):
            if self.is_closing:
                return
            self.heard = self._loop.time()
            self._take(message_of(frame))
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
        """Have the network find out soon whether the other end is still there; the device itself is asked nothing."""
        prove(self._transport, is_on=is_on)

    def pause(self, *, is_on: bool = True) -> None:
        """Leave what comes with the network for a moment, or take it again: nothing of it is lost."""
        if self._transport is None or self._transport.is_closing():
            return
        if is_on:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    # -- what is said -------------------------------------------------------------------------------------------------

    def send(self, message: Taken | TimeAnswer | PassThrough | SelectBlocks) -> bool:
        """Send a message; return whether it left. Of these the last is only sent on purpose."""
        if self._transport is None or self._transport.is_closing():
            return False
        data = message.frame().encoded()
        self._transport.write(data)
        self._host.counted(self, len(data))
        if self._transport.get_write_buffer_size() > self._host.limits.unsent:
            self.close()
        return True

    def _take(self, message: Message) -> None:
        if isinstance(message, PassThrough) and self._host.passed(self, message):
            return
        if not self._frames.take(self._loop.time()):
            self.close()
            return
        match message:
            case Login():
                self.send(Taken(Command.LOGIN))
                self._log_in(message)
            case DataUpload():
                self.send(Taken(Command.DATA))
                self._upload(message)
            case _:
                self._answer(message)
                self._host.heard(self, message)

    def _answer(self, message: Message) -> None:
        match message:
            case TimeRequest():
                if (moment := self._host.moment()) is not None:
                    self.send(TimeAnswer(moment))
            case SetValues():
                self.send(Taken(Command.SET_VALUES))
            case Heartbeat() | _:
                # Nobody answers a heartbeat, and what is not known is left alone.
                pass

    def _log_in(self, login: Login) -> None:
        if self.login is not None and self.login.serial != login.serial:
            # One device is one connection: nobody could tell whose the uploads before and after are.
            self.close()
            return
        self.login = login
        self._host.logged_in(self, login)
        early, self._early = self._early, []
        for upload in early:
            self._upload(upload)

    def _upload(self, upload: DataUpload) -> None:
        if self.login is None:
            self._early = [*self._early[-_EARLY_UPLOADS + 1 :], upload]
        elif upload.serial in ("", self.login.serial):
            self._host.uploaded(self, upload)

    # -- time ---------------------------------------------------------------------------------------------------------

    @property
    def deadline(self) -> float:
        """Until when something has to be heard."""
        limits = self._host.limits
        if self.login is None:
            return self.since + limits.login_seconds
        if not self.is_known:
            return self.heard + limits.stranger_seconds
        period = 60.0 * self.login.upload_minutes
        return self.heard + max(limits.least_idle_seconds, limits.idle_periods * period)

    def _watch(self) -> None:
        """End the connection at its deadline, which moves with what is heard."""
        deadline = self.deadline
        if self._loop.time() >= deadline:
            self.close()
            return
        self._timer = self._loop.call_at(deadline, self._watch)
