"""Takes what a platform sends by itself, and gives each device that is named its part.

A record of before, or older than what holds, is no present value: it goes to the history. One that is of later than now
is nothing at all: a clock is wrong. Who was not named is listed, so many and no more.
"""

import asyncio
import logging
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Self

from ..masking import masked
from ..points import Model
from ..readings import PointKey, Reading, Value
from ..reporting.clock import NEAR, Age, Judged
from ..reporting.codes import Codebook
from ..reporting.heard import HeardMeter, HeardMeters
from ..reporting.meter import Meter
from ..reporting.record import Record
from ..reporting.reporter import PERIODS, utcnow
from .errors import PushClockError
from .push import CHINA, Delivery, deliveries_of
from .pushsource import ORIGIN, PushSource, Sender
from .pushuntaken import UntakenAlarms
from .records import Pushed, PushedAlarm

_LOGGER = logging.getLogger(__name__)

MOST_NUMBERS = 4096
"""Alarms of which it is known that they came."""
LATER_SECONDS = 300.0
"""So much later than now a record may be: clocks differ a little."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PushedBefore:
    """A value of before."""

    serial: str
    key: PointKey
    time: datetime
    value: Value


@dataclass(slots=True)
class AlarmNumbers:
    """Of which alarms somebody was told already, also before a restart: the oldest are forgotten first."""

    _known: dict[str, None] = field(default_factory=dict)

    def is_news(self, alarm: PushedAlarm) -> bool:
        """Whether nobody was told of an alarm before."""
        return alarm.name not in self._known

    def note(self, alarm: PushedAlarm) -> None:
        """From now on somebody was."""
        self._known[alarm.name] = None
        while len(self._known) > MOST_NUMBERS:
            del self._known[next(iter(self._known))]

    def kept(self) -> list[str]:
        """Return it as it is stored."""
        return list(self._known)

    @classmethod
    def restored(cls, kept: object) -> Self:
        """Return what was stored; what cannot be understood is forgotten."""
        names = kept[-MOST_NUMBERS:] if isinstance(kept, list) else []
        return cls({name: None for name in names if isinstance(name, str)})


@dataclass(slots=True, kw_only=True)
class PushFigures:
    """What came."""

    requests: int = 0
    unread: int = 0
    """Requests that were no such thing."""
    left_out: int = 0
    alarms: int = 0
    repeated_alarms: int = 0
    of_later: int = 0
    last: datetime | None = None


class PushHub:
    """All devices of one address that a platform sends to."""

    def __init__(
        self,
        *,
        zone: tzinfo = CHINA,
        period: float | None = None,
        numbers: AlarmNumbers | None = None,
        on_alarm: Callable[[PushedAlarm], bool] = lambda alarm: True,
        on_before: Callable[[PushedBefore], None] = lambda value: None,
        now: Callable[[], datetime] = utcnow,
    ) -> None:
        """Take the zone of its times, seconds between two reports, and who gets alarms and values of before.

        `on_alarm` says whether anybody was told. If not, it is kept in `untaken` until `tell` finds somebody.
        """
        self.numbers = numbers or AlarmNumbers()
        self.untaken = UntakenAlarms()
        self.expected: Container[str] = ()
        """Serial numbers of devices that belong here, also while they are none: their alarms are nobody else's."""
        self.figures = PushFigures()
        self.strangers = HeardMeters()
        self._zone = zone
        self._period = period
        self._on_alarm = on_alarm
        self._on_before = on_before
        self._now = now
        self._sources: dict[str, PushSource] = {}
        self._silences: dict[str, asyncio.TimerHandle] = {}
        self._is_started = False

    def start(self) -> None:
        """Take requests from now on."""
        self._is_started = True

    def stop(self) -> None:
        """Take none any more."""
        self._is_started = False
        for timer in self._silences.values():
            timer.cancel()
        self._silences.clear()
        for source in self.sources:
            source.end()

    def source(self, serial: str, model: Model) -> PushSource:
        """Return a device as a source. Raises ValueError for one that is known."""
        if serial in self._sources:
            raise ValueError("the device is known already")
        meter = Meter(serial, Codebook(model, serial, origin=ORIGIN))
        source = self._sources[serial] = PushSource(Sender(serial, self._period, self._now), meter, model)
        self.strangers.forget(serial)
        return source

    def drop(self, source: PushSource) -> None:
        """Leave a device alone."""
        source.end()
        if self._sources.get(source.serial) is source:
            del self._sources[source.serial]
            if (timer := self._silences.pop(source.serial, None)) is not None:
                timer.cancel()

    @property
    def sources(self) -> list[PushSource]:
        """All devices."""
        return list(self._sources.values())

    @property
    def is_healthy(self) -> bool:
        """Whether all devices that are named are being told of."""
        return bool(self._sources) and all(source.reporter.is_here for source in self.sources)

    def __iter__(self) -> Iterator[HeardMeter]:
        """Yield who was told of and is not named."""
        return iter(self.strangers)

    # -- what comes ----------------------------------------------------------------------------------------------------

    def take(self, body: bytes) -> None:
        """Take the body of a request in one go; never raises, and does not wait for anything."""
        for _ in self.taking(body):
            pass

    def taking(self, body: bytes) -> Iterator[None]:
        """Take the body of a request step by step, so that others have a turn between two; never raises."""
        if not self._is_started:
            return
        try:
            yield from self._taking(body)
        except Exception:
            # A slip of ours in one request must not keep the others away.
            _LOGGER.exception("What a platform sent could not be taken")
        self.figures.requests += 1

    def _taking(self, body: bytes) -> Iterator[None]:
        for delivery in deliveries_of(body, self._zone):
            if not self._is_started:
                return
            self._take(delivery)
            yield

    def _take(self, delivery: Delivery) -> None:
        now = self._now()
        self.figures.unread += delivery.is_unread
        self.figures.left_out += delivery.left_out
        if not delivery.is_unread:
            self.figures.last = now
        for pushed in delivery.values:
            self._take_values(pushed, now)
        for alarm in delivery.alarms:
            self._take_alarm(alarm)

    def _take_alarm(self, alarm: PushedAlarm) -> None:
        if not self._is_named(alarm.serial):
            self.strangers.note(Record(serial=alarm.serial), self._now())
        elif not self.numbers.is_news(alarm):
            self.figures.repeated_alarms += 1
        elif not self._tells(alarm):
            self.untaken.put(alarm)

    def tell(self) -> None:
        """Tell the alarms again of which nobody was told: somebody may take them now."""
        for alarm in self.untaken:
            if not self._is_named(alarm.serial) or not self.numbers.is_news(alarm):
                self.untaken.drop(alarm)
            else:
                self._tells(alarm)

    def _is_named(self, serial: str) -> bool:
        return serial in self._sources or serial in self.expected

    def _tells(self, alarm: PushedAlarm) -> bool:
        # Noted after it was told: ended between, it is told twice rather than never.
        if not self._on_alarm(alarm):
            return False
        self.numbers.note(alarm)
        self.untaken.drop(alarm)
        self.figures.alarms += 1
        return True

    def _take_values(self, pushed: Pushed, now: datetime) -> None:
        stamp = None if pushed.time is None else pushed.time.timestamp()
        record = Record(
            serial=pushed.serial,
            stamp=stamp,
            values=pushed.values,
            is_missing=pushed.is_online is False,
            is_history=pushed.is_history,
        )
        source = self._sources.get(pushed.serial)
        if source is None:
            self.strangers.note(record, now)
            return
        if stamp is None:
            # Of when it is nobody knows: it may be of any time.
            self.figures.left_out += 1
            return
        sender, late = source.reporter, now.timestamp() - stamp
        if late < -LATER_SECONDS:
            self.figures.of_later += 1
            sender.has_trouble(PushClockError(serial=masked(pushed.serial), seconds=f"{-late:.0f}"))
            return
        is_before = late > max(NEAR, PERIODS * sender.period)
        if not is_before and not pushed.is_history:
            sender.clock.offset = late
            sender.has_trouble(None)
            self._hears(source, now)
        judged = Judged(Age.BEFORE if is_before else Age.NOW, min(stamp, now.timestamp()))
        for key, time, reading in source.meter.take(record, judged, now):
            self._before(pushed.serial, key, time, reading)

    def _hears(self, source: PushSource, now: datetime) -> None:
        sender = source.reporter
        sender.is_heard(now)
        if (timer := self._silences.pop(source.serial, None)) is not None:
            timer.cancel()
        loop = asyncio.get_running_loop()
        self._silences[source.serial] = loop.call_later(PERIODS * sender.period, self._is_silent, source)

    def _is_silent(self, source: PushSource) -> None:
        self._silences.pop(source.serial, None)
        source.reporter.is_lost()

    def _before(self, serial: str, key: PointKey, time: datetime, reading: Reading) -> None:
        if reading.value is not None:
            self._on_before(PushedBefore(serial=serial, key=key, time=time, value=reading.value))
