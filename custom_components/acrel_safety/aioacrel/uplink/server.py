"""The port that devices call: keeps their connections apart, and takes none for a device that is there already.

Nothing proves who calls: whoever reaches the port can log in with any serial number. So the first connection of a
device speaks for it until it is over. A second one gets the answers that any stranger gets, nothing of it is believed,
and it never takes over: when the first one is over it is ended too, and has to call in anew. Most of the time it is the
device itself, whose first connection was lost without a word: the network is made to find that out within a minute.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from math import inf

from ..errors import ListenError
from ..foreign import system_says
from ..masking import masked
from .doorman import Doorman
from .events import Event, EventKind
from .fields import serial_bytes
from .frames import Command
from .limits import Limits
from .messages import DataUpload, Login, Message, PassThrough
from .moment import Moment, WeekdayRule
from .relay import Relay
from .session import Session
from .station import Station
from .strangers import Strangers
from .volume import Volume

_LOGGER = logging.getLogger(__name__)

DEFAULT_PORT = 7000
CHINA = timezone(timedelta(hours=8))
"""The zone of the vendor's server, which devices are used to."""
FIRST_YEAR, LAST_YEAR = 2026, 2099
"""A clock that says another year is wrong, and by the time that a meter is told it counts tariffs."""
PROOF_SECONDS = 60.0
"""After so long beside a second one, the first connection of a device is taken for a living one."""
PROVED_EVERY = 300.0
"""Seconds after which the network is made to look again: it costs the device's SIM card a few hundred bytes."""
TOLD_EVERY = 3600.0
"""Seconds after which a second login of the same device is told again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """What devices are told of the time."""

    zone: tzinfo = CHINA
    weekday: WeekdayRule = WeekdayRule.MONDAY_1
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    def moment(self) -> Moment | None:
        """Return the time for a device; None as long as this machine's own clock was not set yet."""
        now = self.now().astimezone(self.zone)
        return Moment.at(now, self.weekday) if FIRST_YEAR <= now.year <= LAST_YEAR else None


class UplinkServer:
    """Takes the calls of all devices, known and unknown."""

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        clock: Clock | None = None,
        on_event: Callable[[Event], None] = lambda event: None,
        relay: Relay | None = None,
    ) -> None:
        """Take the limits, the time devices are told, who is told what happens, and whom their frames go to as well."""
        self.limits = limits or Limits()
        self.clock = clock or Clock()
        self.stations: dict[str, Station] = {}
        """The devices that are known, by serial number."""
        self.strangers = Strangers(self.limits.listed)
        self.doorman = Doorman[Session](self.limits, lambda: asyncio.get_running_loop().time())
        self.relay = relay
        self._on_event = on_event
        self.is_paused = False
        self._server: asyncio.Server | None = None
        self._logged_in: dict[str, list[Session]] = {}
        """All connections that have logged in, by serial number; of a known device the first speaks for it."""
        self._told: dict[str, float] = {}
        self._proved: dict[str, float] = {}
        self._proofs: dict[str, asyncio.TimerHandle] = {}
        """When somebody was beside a device last: when that was told, and when the network was made to look."""

    # -- for whoever runs it ------------------------------------------------------------------------------------------

    async def start(self, host: str, port: int = DEFAULT_PORT) -> int:
        """Listen at one address; return the port. Raises ListenError."""
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(lambda: Session(self), host, port, backlog=512)
        except OSError as error:
            raise ListenError(host=host, port=port, detail=system_says(error)) from error
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def is_listening(self) -> bool:
        """Whether devices can call."""
        return self._server is not None

    async def stop(self) -> None:
        """Listen no more, and end all connections."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        for serial in list(self._proofs):
            self._drop_doubt(serial)
        for session in self.doorman:
            session.close()
        await server.wait_closed()
        if self.relay is not None:
            await self.relay.stop()

    def pause(self) -> None:
        """Keep all connections, and take nothing of them before `resume`: whoever is told is about to change.

        One that owes an answer is ended: whoever asks next could not tell it from theirs. So are second ones: it has to
        be found out anew what they are.
        """
        self.is_paused = True
        for serial in list(self._proofs):
            self._drop_doubt(serial)
            for other in self._logged_in.get(serial, [])[1:]:
                other.close()
        for session in self.doorman:
            if session.owes:
                session.close()
            session.pause()

    def resume(self, on_event: Callable[[Event], None]) -> None:
        """Go on with whoever is told from now on."""
        self.is_paused, self._on_event = False, on_event
        for session in self.doorman:
            session.pause(is_on=False)

    def expect(self, serial: str) -> Station:
        """Take a device for known from now on. Raises ValueError for what is no serial number."""
        if serial in self.stations:
            return self.stations[serial]
        if not serial_bytes(serial):
            raise ValueError("a device has a serial number")
        station = self.stations[serial] = Station(serial, Volume(self._today()))
        self.strangers.forget(serial)
        for session in self._logged_in.get(serial, [])[:1]:
            if session.login is not None:
                self._speaks(station, session, session.login)
        return station

    def forget(self, serial: str) -> None:
        """Know a device no more: it has to call in as a stranger."""
        station = self.stations.pop(serial, None)
        if station is None:
            return
        for session in list(self._logged_in.get(serial, [])):
            session.close()
        self._told.pop(serial, None)
        self._proved.pop(serial, None)
        self._drop_doubt(serial)
        self._end_relay(serial)
        station.lose_session()

    # -- as the host of sessions --------------------------------------------------------------------------------------

    def moment(self) -> Moment | None:
        """Return the time for a device, if it is known."""
        return self.clock.moment()

    def admits(self, session: Session) -> bool:
        """Take a new connection, unless it has no business here."""
        if self._server is None or not self.doorman.admits(session, session.address):
            return False
        if (surplus := self.doorman.has_to_go()) is not None:
            surplus.close()
        return True

    def logged_in(self, session: Session, login: Login) -> None:
        """Take the login of a connection: of a known device, of a stranger, or of somebody beside a known device."""
        serial = login.serial
        sessions = self._logged_in.setdefault(serial, [])
        is_first_login = session not in sessions
        if is_first_login:
            sessions.append(session)
        station = self.stations.get(serial)
        if station is None:
            _, is_new = self.strangers.note(login, session.address, self.clock.now())
            if is_new:
                self._tell(EventKind.STRANGER, serial, session.address)
        elif sessions[0] is session:
            self._speaks(station, session, login)
        elif is_first_login:
            if session.address != sessions[0].address:
                station.is_contested()
            self._doubt(sessions[0], serial, session.address)

    def uploaded(self, session: Session, upload: DataUpload) -> None:
        """Take an upload: of a known device it is told, of a stranger nothing but its form is noted."""
        station = self._spoken_for_by(session)
        if station is not None:
            station.take_upload(upload)
            self._pass_on(station, upload)
        elif session.login is not None and (stranger := self.strangers.get(session.login.serial)) is not None:
            stranger.uploads = list(upload.sizes)

    def heard(self, session: Session, message: Message) -> None:
        """Pass on what a known device says besides; of what it answers to us nothing."""
        station = self._spoken_for_by(session)
        if station is not None and message.frame().command != Command.PASS_THROUGH:
            self._pass_on(station, message)

    def passed(self, session: Session, answer: PassThrough) -> bool:
        """Take an answer, if the connection speaks for a device that is known; return whether it was waited for."""
        station = self._spoken_for_by(session)
        return station is not None and station.take_answer(answer)

    def counted(self, session: Session, count: int) -> None:
        """Count bytes of a device that is known."""
        if (station := self._spoken_for_by(session)) is not None:
            station.volume.add(count, self._today())

    def left(self, session: Session) -> None:
        """Note that a connection is over; with the one that spoke for a device those beside it are, too."""
        self.doorman.leaves(session)
        if session.login is None:
            return
        serial = session.login.serial
        sessions = self._logged_in.get(serial, [])
        was_first = sessions[:1] == [session]
        if session in sessions:
            sessions.remove(session)
        if not sessions:
            self._logged_in.pop(serial, None)
        station = self.stations.get(serial)
        if station is not None and was_first:
            self._drop_doubt(serial)
            for other in list(sessions):
                other.close()
            if session.is_known:
                session.is_known = False
                station.lose_session()
                self._end_relay(serial)
                self._tell(EventKind.LOST, serial, session.address)

    # -- who is who ---------------------------------------------------------------------------------------------------

    def _speaks(self, station: Station, session: Session, login: Login) -> None:
        session.is_known = True
        self.doorman.knows(session, is_known=True)
        station.take_session(session, login)
        if self.relay is not None:
            self.relay.begin(station.serial, login.frame().encoded())
        self._tell(EventKind.LOGIN, station.serial, session.address)

    def _end_relay(self, serial: str) -> None:
        if self.relay is not None:
            self.relay.end(serial)

    def _pass_on(self, station: Station, message: Message) -> None:
        if self.relay is not None:
            self.relay.take(station.serial, message.frame().encoded())

    def _spoken_for_by(self, session: Session) -> Station | None:
        if session.login is None or not session.is_known:
            return None
        return self.stations.get(session.login.serial)

    def _doubt(self, first: Session, serial: str, address: str) -> None:
        """Find out whether the first connection of a device lives, now that there is a second one."""
        if serial in self._proofs:
            return
        if self._now() - self._proved.get(serial, -inf) >= PROVED_EVERY:
            self._proved[serial] = self._now()
            first.prove()
        loop = asyncio.get_running_loop()
        self._proofs[serial] = loop.call_later(PROOF_SECONDS, self._proven, first, serial, address)

    def _proven(self, first: Session, serial: str, address: str) -> None:
        """Tell of a second login: the first one lives, so they are two. Whoever stands beside it is ended."""
        del self._proofs[serial]
        first.prove(is_on=False)
        if (station := self.stations.get(serial)) is not None:
            station.is_contested()
        if self._now() - self._told.get(serial, -inf) >= TOLD_EVERY:
            self._told[serial] = self._now()
            _LOGGER.warning("%s logged in twice: it is cloned, or somebody pretends to be it", masked(serial))
            self._tell(EventKind.SECOND_LOGIN, serial, address)
        for other in self._logged_in.get(serial, [])[1:]:
            other.close()

    def _drop_doubt(self, serial: str) -> None:
        if (proof := self._proofs.pop(serial, None)) is not None:
            proof.cancel()

    def _tell(self, kind: EventKind, serial: str, address: str) -> None:
        self._on_event(Event(kind=kind, serial=serial, address=address))

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

    def _today(self) -> date:
        return self.clock.now().astimezone(self.clock.zone).date()
