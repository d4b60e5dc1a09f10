"""Two clocks: one that only goes on, for all that takes time, and the one on the wall, for what people read."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment, by both clocks."""

    steady: float
    """Seconds since anything; never set."""
    wall: datetime
    """In UTC; people set it, and summer time does not touch it."""


def _utcnow() -> datetime:
    return datetime.now(UTC)


def _local_day(wall: datetime) -> date:
    return wall.astimezone().date()


@dataclass(frozen=True, slots=True)
class Clock:
    """Tells the moment."""

    steady: Callable[[], float] = time.monotonic
    wall: Callable[[], datetime] = _utcnow
    day: Callable[[datetime], date] = _local_day
    """Turns a moment on the wall into the day that people write."""

    def now(self) -> Moment:
        """Return this moment."""
        return Moment(self.steady(), self.wall())
