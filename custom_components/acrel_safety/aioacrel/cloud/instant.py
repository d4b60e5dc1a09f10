"""One moment by both clocks: that on the wall may be set, and the steady one stands still while a machine sleeps."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple, Self

JUMP = timedelta(minutes=5)
"""By so much the clock on the wall goes on otherwise than the steady one where it was set, or the machine slept."""


class Instant(NamedTuple):
    """When something was, by both."""

    wall: datetime
    steady: float

    @classmethod
    def now(cls, wall: Callable[[], datetime]) -> Self:
        """Return what both clocks say."""
        return cls(wall(), asyncio.get_running_loop().time())

    def passed(self, now: Instant) -> timedelta:
        """Return how long ago it was: the longer of what both clocks say, so that nothing is newer than it is."""
        return max(now.wall - self.wall, timedelta(seconds=now.steady - self.steady))

    def has_jumped(self, now: Instant) -> bool:
        """Whether the clock on the wall was set since, or the machine slept."""
        return abs(now.wall - self.wall - timedelta(seconds=now.steady - self.steady)) > JUMP
