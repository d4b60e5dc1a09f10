"""The timer that a device keeps itself, set and cancelled through an account: `timers.py` says what it is.

The server's list tells that there is one, and nothing more. What it is told goes the way of every order: the second
step, one request at most, and quiet for as long as an operation needs.
"""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING

from ..source import Command
from ..texts import Phrase, phrase
from ..timers import TIMER, Hindrance, Timer, TimerKind
from .errors import CloudError
from .fields import moment, spelled
from .judging import LATER
from .ordering import Asking
from .profile import Timers

if TYPE_CHECKING:
    from .source import CloudSource

LEAD = timedelta(minutes=2)
"""So far ahead a time has to lie: it is on its way for a while, and the device's clock may be ahead."""
_FAR = datetime(2099, 12, 31, tzinfo=UTC)
"""Nobody means a time that is later, and of some there is none in every zone."""
LOOK_SECONDS = 10.0
"""Between two looks at the server's list while it is waited for."""


class DeviceTimers:
    """That of one device."""

    def __init__(self, source: CloudSource, circuit: str, known: Timers) -> None:
        """Take the device, the circuit it switches, and how it is told."""
        self._source = source
        self._known = known
        self.circuit = circuit
        self.lockout = known.lockout

    @property
    def zone(self) -> str:
        """That of the server's times."""
        return str(self._zone)

    @property
    def _zone(self) -> tzinfo:
        return self._source.zone

    @property
    def has_timer(self) -> bool | None:
        """What the server's list said last."""
        meter = self._source.known.meter
        return None if meter is None else meter.has_timer

    @property
    def is_told(self) -> bool:
        """Whether the server heard the device since the latest order left."""
        return self._source.is_told_since_order

    def moment(self, written: datetime) -> datetime | None:
        """Return when a date and time without a zone is; None for an hour that comes twice or never."""
        found = written.replace(tzinfo=self._zone, fold=0)
        return found if found.utcoffset() == found.replace(fold=1).utcoffset() else None

    def own(self, timer: Timer) -> Timer:
        """Return the same timer with its times, and the name, of the server's zone; none where it never switches."""
        if timer.kind is TimerKind.NONE:
            return timer
        return replace(timer, opens=self._own(timer.opens), closes=self._own(timer.closes), zone=self.zone)

    def _own(self, one: datetime | time | None) -> datetime | time | None:
        if not isinstance(one, datetime) or one.tzinfo is None:
            return one
        try:
            return one.astimezone(self._zone)
        except OverflowError:
            # Of no year there: it is refused with what is wrong.
            return one

    def refusal(self, timer: Timer) -> Phrase | None:
        """Return what is wrong with its times: none, both the same, over, or of an hour that comes twice or never.

        So is any time while the server's clock, or its zone, is seen to be another one.
        """
        if timer.kind is TimerKind.NONE:
            return None
        heard = self._source.known.heard
        if heard is not None and heard - self._source.hub.now() > LATER:
            # By another clock, or in another zone, it would switch at another time.
            return phrase("timer_clock")
        times = [one for one in (timer.opens, timer.closes) if one is not None]
        for one in times if timer.kind is TimerKind.ONCE else ():
            if (wrong := self._wrong(one)) is not None:
                return wrong
        opens, closes = self._spelled(timer)
        # Neither, or both at once.
        return phrase("timer_times") if opens == closes else None

    def _wrong(self, one: datetime | time) -> Phrase | None:
        """Return what is wrong with the time of a timer that switches once."""
        if not isinstance(one, datetime) or one.tzinfo is None:
            return phrase("timer_zone")
        if one <= self._source.hub.now() + LEAD:
            return phrase("timer_past", minutes=f"{LEAD.total_seconds() / 60:.0f}")
        if one >= _FAR:
            return phrase("timer_far")
        is_read_back = moment(spelled(one, self._zone), self._zone) == one.astimezone(UTC).replace(microsecond=0)
        return None if is_read_back else phrase("timer_twice")

    async def fresh(self) -> None:
        """Return when the server heard the device lately. Raises AcrelError."""
        await self._source.read(())

    async def send(self, timer: Timer, hindrance: Hindrance) -> None:
        """Have it passed on, once at most. Raises as `Source.send` does."""
        known, orders = self._known, self._source.hub.orders
        values = {TimerKind.ONCE: known.once, TimerKind.DAILY: known.daily, TimerKind.NONE: known.cancel}
        opens, closes = self._spelled(timer)
        asked = Asking(known.call, known.type, values[timer.kind], known.lockout, opens, closes)
        offered = orders.taken(self._source, TIMER)
        await orders.pass_on(self._source, asked, Command(key=TIMER, hindrance=hindrance), offered)

    async def seen(self, *, wanted: bool) -> bool | None:
        """Wait until the list says so of a time after the order, or the device should long have been heard."""
        source = self._source
        with suppress(TimeoutError):
            async with asyncio.timeout(source.report_seconds):
                while not (self.is_told and self.has_timer is wanted):
                    await asyncio.sleep(LOOK_SECONDS)
                    if source not in source.hub.sources:
                        # The account was taken down, or the device: nothing is heard here any more.
                        break
                    # It was sent: whatever becomes of the server now, nothing is asked for but the list.
                    with suppress(CloudError):
                        await source.hub.look(source.site)
        return self.has_timer if self.is_told else None

    def _spelled(self, timer: Timer) -> tuple[str, str]:
        return self._word(timer.opens), self._word(timer.closes)

    def _word(self, one: datetime | time | None) -> str:
        match one:
            case datetime():
                return spelled(one, self._zone)
            case time():
                return one.strftime("%H:%M:%S")
            case _:
                return ""
