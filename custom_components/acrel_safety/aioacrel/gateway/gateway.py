"""A gateway that is known, or a device that speaks for itself: where it is spoken to, and what it told of itself."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import override

from ..readings import PointKey, Reading
from ..reporting.clock import NEAR, Age, Judged
from ..reporting.heard import HeardMeters
from ..reporting.record import Record
from ..reporting.reporter import USUAL_PERIOD, Reporter
from .messages import Answer, Login
from .options import GatewayOptions
from .overseas import Scaling
from .topics import Channel, Dialect, Topic

_MOST_OPEN = 256
"""Records that wait until it is known of when they are."""

type Before = Callable[[str, PointKey, datetime, Reading], None]


class Gateway(Reporter):
    """One sender by its serial number."""

    def __init__(self, serial: str, options: GatewayOptions, before: Before, now: Callable[[], datetime]) -> None:
        """Take its serial number, its settings, who takes values of before, and the wall clock."""
        super().__init__(serial, now)
        self.options = options
        self.dialect: Dialect | None = None
        self.login: Login | None = None
        """What it said of itself last."""
        self.signal: float | None = None
        """As it says it itself; in which unit is not known."""
        self.scalings: dict[str, Scaling] = {}
        self.heard = HeardMeters()
        """Meters that nobody named."""
        self.unread = 0
        self.others = 0
        """Messages that could not be read, and those of which nothing is made."""
        self._period: float | None = None
        self._topic: Topic | None = None
        self._before = before
        self._open: list[tuple[Record, float | None, float]] = []
        self._orders: dict[str, asyncio.Future[Answer]] = {}

    @property
    @override
    def period(self) -> float:
        """Seconds between two reports."""
        return self.options.period or self._period or USUAL_PERIOD

    def topic(self, channel: Channel) -> str | None:
        """Return where it is spoken to; None as long as it has not spoken."""
        return None if self._topic is None else self._topic.answer(channel)

    def scaling(self, serial: str) -> Scaling:
        """Return how the values of a meter are scaled."""
        return self.scalings.get(serial) or Scaling()

    # -- as the hub tells it ------------------------------------------------------------------------------------------

    def hears(self, topic: Topic, now: datetime) -> bool:
        """Note that it spoke; return whether it was away."""
        self.dialect, self._topic = topic.dialect, topic
        return self.is_heard(now)

    def takes_period(self, period: float | None) -> None:
        """Take what it says of its reports."""
        self._period = period or self._period

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
