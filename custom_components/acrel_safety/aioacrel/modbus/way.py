"""The way to the gateway of one link: through the shared connection, or past it where that hears nothing.

When requests fail although the connection stands and nothing was heard for a while, it is looked at what speaks there
(`examine.py`, on a serial line `examine_line.py`), once per back-off and never beside the shared connection: many
gateways take one client only. What was found is said in place of "did not answer"; a gateway that numbers its answers
itself is read by a transport of our own.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from modbus_connection import ModbusError, ModbusSerialParams

from ..texts import Phrase, phrase
from .examine import Heard, Question, Speech, examine
from .examine_line import examine_line
from .framing import Framing
from .plain import PlainLink
from .timing import MOST_PATIENCE
from .unasked import Unasked

_LOGGER = logging.getLogger(__name__)

UNHEARD_SECONDS = 60.0
"""So long nothing was heard on a link before it is looked at what speaks there."""
FIRST_BACK_OFF = 60.0
MOST_BACK_OFF = 3600.0
"""Seconds between two looks: doubled each time."""
ECHOES_ENOUGH = 16
"""Answers in a row with the right numbers, after which a gateway is taken for one that echoes them."""
FIRST_PLAIN = 600.0
MOST_PLAIN = 86400.0
"""So long it is read by our own transport at least, before that is believed; doubled each time it was not so."""
FLOOD_SECONDS = 10.0
"""So long after a connection was ended for what came unasked, that is why a request fails."""
LOOK_SECONDS = 1.5
"""Seconds an answer is waited for at the first look, however short the time-out is; each look waits for two at most."""
PATIENT_LOOK_SECONDS = MOST_PATIENCE
"""The same at further ones, nobody waits for these; and at once where something came late, as the next may."""
BUSY_SECONDS = 60.0
"""So long after a look at which a unit said that it was busy, or another one answered, its silence means that."""
_BUSY_CODES = (5, 6)
_SAY_NOTHING = (*_BUSY_CODES, 0x0A, 0x0B)
"""Refusals of a unit that has no time, or of a gateway that cannot reach it."""
NO_CAUSE = frozenset({Speech.ECHOES, Speech.SILENT, Speech.UNREACHABLE, Speech.RENUMBERS, Speech.OTHER})
"""What says nothing against asking on."""


class LinkWay:
    """Where the gateway of a link is, how it is reached, and what was found there; shared by the units."""

    def __init__(self) -> None:
        """Begin without knowing where it is."""
        self.plain: PlainLink | None = None
        """Our own transport, for a gateway that numbers its answers itself."""
        self.speech: Speech | None = None
        """What was heard at the port at the last look."""
        self.cause: Phrase | None = None
        """Why no request can succeed, as long as nothing is heard."""
        self.answered_in: float | None = None
        """Seconds after which the unit that was asked at the last look gave a right answer, through our eyes."""
        self.looks_by_itself = True
        """Whether a failed request is reason enough for a look."""
        self.unasked = Unasked(lambda: asyncio.get_running_loop().time())
        self._place: tuple[str, int] | None = None
        self._line: ModbusSerialParams | None = None
        self._framing = Framing.RTU
        self._name = ""
        self._listeners: list[Callable[[], None]] = []
        self._next_look = float("-inf")
        self._busy: dict[int, tuple[int, float]] = {}
        self._other: dict[int, float] = {}
        """When an answer of another unit came for one."""
        self._back_off = FIRST_BACK_OFF
        self._plain_for = FIRST_PLAIN
        self._plain_until = float("-inf")

    def lead_to(self, name: str, host: str, port: int, framing: Framing) -> None:
        """Say where the gateway is; a serial port is nowhere."""
        self._name, self._place, self._framing = name, (host, port), framing
        self.unasked.ends_floods = True

    def lead_to_line(self, line: ModbusSerialParams) -> None:
        """Say that the link is a serial port."""
        self._line = line

    @property
    def is_network(self) -> bool:
        """Whether it is known where on the network the gateway is."""
        return self._place is not None

    def on_lost(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Tell when our own connection is lost; returns what ends that. The last one to leave closes it."""
        self._listeners.append(callback)

        def leave() -> None:
            with suppress(ValueError):
                self._listeners.remove(callback)
            if not self._listeners:
                self.close()

        return leave

    def close(self) -> None:
        """End our own connection."""
        if self.plain is not None:
            self.plain.close()

    def note_heard(self) -> None:
        """A fitting answer came: the next look, if ever, is a first one again."""
        self.cause = None
        self._back_off = FIRST_BACK_OFF
        self.unasked.forgive()

    @property
    def is_flooded(self) -> bool:
        """Whether a connection was ended lately for what came unasked."""
        return self.unasked.was_flooded_since(asyncio.get_running_loop().time() - FLOOD_SECONDS)

    def is_look_due(self, now: float) -> bool:
        """Whether a failed request is reason to look what speaks there."""
        is_known = self.is_network or self._line is not None
        return self.looks_by_itself and is_known and now >= self._next_look

    async def look(self, unit: int, address: int, drop: Callable[[], Awaitable[None]]) -> Phrase | None:
        """Find out what speaks at the port; return why no request can succeed, if that is so.

        `drop` ends the shared connection first.
        """
        if self._place is None and self._line is None:
            return None
        is_patient = self._back_off > FIRST_BACK_OFF or self.unasked.is_late
        seconds = PATIENT_LOOK_SECONDS if is_patient else LOOK_SECONDS
        self._next_look = asyncio.get_running_loop().time() + self._back_off
        self._back_off = min(2 * self._back_off, MOST_BACK_OFF)
        with suppress(ModbusError):
            await drop()
        heard = await self._hear(Question(unit=unit, address=address), seconds)
        self._note(unit, heard)
        self.answered_in = heard.seconds if heard.speech is Speech.ECHOES and heard.code not in _SAY_NOTHING else None
        self.cause = None if heard.speech in NO_CAUSE else phrase(heard.speech)
        return self.cause

    async def _hear(self, question: Question, seconds: float) -> Heard:
        if self._place is not None:
            return await examine(*self._place, self._framing, question, seconds)
        if self._line is not None:
            return await examine_line(self._line, question, seconds)
        return Heard(Speech.UNREACHABLE)

    def busy_code(self, unit: int, now: float) -> int | None:
        """Return with which exception a unit said lately that it is busy: the shared link keeps that to itself."""
        code, when = self._busy.get(unit, (0, float("-inf")))
        return code if now - when < BUSY_SECONDS else None

    def hears_others(self, unit: int, now: float) -> bool:
        """Whether what came for a unit lately was another one's: the shared link drops that without a word."""
        return now - self._other.get(unit, float("-inf")) < BUSY_SECONDS

    def _note(self, unit: int, heard: Heard) -> None:
        self.speech = heard.speech
        self._busy.pop(unit, None)
        self._other.pop(unit, None)
        if heard.code in _BUSY_CODES:
            self._busy[unit] = heard.code, asyncio.get_running_loop().time()
        if heard.speech is Speech.OTHER:
            self._other[unit] = asyncio.get_running_loop().time()
        if self.speech is Speech.RENUMBERS and self.plain is None and self._place is not None:
            _LOGGER.warning(
                "%s numbers its answers itself: they are told apart by length and time, as on RTU framing", self._name
            )
            now = asyncio.get_running_loop().time()
            if now - self._plain_until > MOST_PLAIN:
                self._plain_for = FIRST_PLAIN
            self.plain, self._plain_until = PlainLink(*self._place, on_lost=self._lost), now + self._plain_for
            self._plain_for = min(2 * self._plain_for, MOST_PLAIN)
        elif self.speech is Speech.ECHOES:
            self._leave_plain()

    def note_idle(self, now: float) -> bool:
        """Nothing is under way; return whether this was the time to go back to the shared connection."""
        plain = self.plain
        if plain is None or plain.echoes < ECHOES_ENOUGH or now < self._plain_until:
            return False
        self._leave_plain()
        return True

    def _leave_plain(self) -> None:
        if self.plain is not None:
            _LOGGER.info("%s echoes the numbers of its requests now", self._name)
            self.plain.close()
            self.plain = None

    def _lost(self) -> None:
        for listener in list(self._listeners):
            listener()
