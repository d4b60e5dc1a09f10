"""A gateway that is known, or a device that reports by itself: who it is, whether it is there, its meters."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from ..errors import AcrelError
from ..masking import masked
from ..readings import PointKey, Reading
from .clock import NEAR, Age, DeviceClock, Judged
from .messages import Answer, Login, Record
from .meter import Meter
from .options import USUAL_PERIOD, GatewayOptions
from .overseas import Scaling
from .strangers import HeardMeters
from .topics import Channel, Dialect, Topic

PERIODS = 3.0
"""So many periods of its reports a gateway or meter may be silent."""
_MOST_OPEN = 256
"""Records that wait until it is known of when they are."""

type Before = Callable[[str, PointKey, datetime, Reading], None]


class Gateway:
    """One sender by its serial number."""

    def __init__(self, serial: str, options: GatewayOptions, before: Before, now: Callable[[], datetime]) -> None:
        """Take its serial number, its settings, who takes values of before, and the wall clock."""
        self.serial = serial
        self.options = options
        self.now = now
        self.dialect: Dialect | None = None
        self.login: Login | None = None
        """What it said of itself last."""
        self.signal: float | None = None
        """As it says it itself; in which unit is not known."""
        self.last_heard: datetime | None = None
        self.is_here = False
        """Whether it spoke since the start, within three periods."""
        self.trouble: AcrelError | None = None
        self.clock = DeviceClock()
        self.meters: dict[str, Meter] = {}
        self.scalings: dict[str, Scaling] = {}
        self.heard = HeardMeters()
        """Meters that nobody named."""
        self.unread = 0
        self.others = 0
        """Messages that could not be read, and those of which nothing is made."""
        self._period: float | None = None
        self._topic: Topic | None = None
        self._before = before
        self._on_change: list[Callable[[], None]] = []
        self._open: list[tuple[Record, float | None, float]] = []
        self._orders: dict[str, asyncio.Future[Answer]] = {}

    @property
    def shown(self) -> str:
        """Its number as it may be shown."""
        return masked(self.serial)

    @property
    def period(self) -> float:
        """Seconds between two reports."""
        return self.options.period or self._period or USUAL_PERIOD

    def listen(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Tell that it came, went or has another trouble; returns what ends that."""
        self._on_change.append(changed)

        def leave() -> None:
            with suppress(ValueError):
                self._on_change.remove(changed)

        return leave

    def topic(self, channel: Channel) -> str | None:
        """Return where it is spoken to; None as long as it has not spoken."""
        return None if self._topic is None else self._topic.answer(channel)

    def scaling(self, serial: str) -> Scaling:
        """Return how the values of a meter are scaled."""
        return self.scalings.get(serial) or Scaling()

    # -- as the hub tells it ------------------------------------------------------------------------------------------

    def hears(self, topic: Topic, now: datetime) -> bool:
        """Note that it spoke; return whether it was away."""
        self.last_heard, self.dialect, self._topic = now, topic.dialect, topic
        was_away, self.is_here = not self.is_here, True
        if was_away:
            self.changed()
        return was_away

    def is_lost(self) -> None:
        """Note that it has been silent for too long."""
        self.is_here = False
        self.changed()

    def takes_period(self, period: float | None) -> None:
        """Take what it says of its reports."""
        self._period = period or self._period

    def has_trouble(self, trouble: AcrelError | None) -> bool:
        """Take what is wrong with it; return whether that is news worth telling."""
        is_news = (trouble is None) != (self.trouble is None) or str(trouble) != str(self.trouble)
        self.trouble = trouble
        if is_news:
            self.changed()
        return is_news and trouble is not None

    def changed(self) -> None:
        """Tell that something is different."""
        for listener in list(self._on_change):
            listener()

    # -- records ------------------------------------------------------------------------------------------------------

    def take(self, records: list[Record], sent: float | None, now: datetime) -> list[str]:
        """Take what it reports; return the meters that nobody named and that were not heard before."""
        for record in records:
            if (meter := self.meters.get(record.serial)) is not None:
                meter.knows_prefix(record.prefix)
        strange = [
            record.serial for record in records if record.serial not in self.meters and self.heard.note(record, now)
        ]
        arrived = now.timestamp()
        for record in records:
            judged = self._judge(record, sent, arrived)
            if judged.age is Age.OPEN:
                self._open = [*self._open[1 - _MOST_OPEN :], (record, sent, arrived)]
            else:
                self._tell(record, judged, now)
        self.settle(now)
        return strange

    def settle(self, now: datetime) -> None:
        """Take the records that waited, if it is known by now of when they are."""
        if not self._open or self.clock.offset is None:
            return
        waiting, self._open = self._open, []
        for record, sent, arrived in waiting:
            judged = self._judge(record, sent, arrived)
            self._tell(record, judged, now)

    def _judge(self, record: Record, sent: float | None, arrived: float) -> Judged:
        return self.clock.judge(record.stamp, sent, arrived, max(NEAR, self.period))

    def _tell(self, record: Record, judged: Judged, now: datetime) -> None:
        meter = self.meters.get(record.serial)
        if meter is None:
            return
        for key, time, reading in meter.take(record, judged, now):
            self._before(record.serial, key, time, reading)

    # -- orders -------------------------------------------------------------------------------------------------------

    def expects(self, given: str) -> asyncio.Future[Answer]:
        """Return what will hold the answer to an order."""
        waiting: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._orders[given] = waiting
        waiting.add_done_callback(lambda _: self._orders.pop(given, None))
        return waiting

    def answers(self, answer: Answer) -> None:
        """Give an answer to whoever waits for it; the number may come back as a number."""
        waiting = self._orders.get(str(answer.number))
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)


def utcnow() -> datetime:
    """Return the time."""
    return datetime.now(UTC)
