"""What was reported of a meter and holds: each value for three periods since it came, whatever else came meanwhile."""

import asyncio
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet

from ..readings import PointKey, Reading
from .reporter import PERIODS

FULL_REPORTS = 3
"""After so many reports with all that was ever told, what was not among it is not reported."""
_GRAIN = 0.1
"""Seconds by which the loop may call too early."""


class Holding:
    """The readings of one meter that hold."""

    def __init__(self, period: Callable[[], float], over: Callable[[AbstractSet[PointKey]], None]) -> None:
        """Take who knows the time between two reports, and who is told what holds no more."""
        self.readings: dict[PointKey, Reading] = {}
        self._period = period
        self._over = over
        self._came: dict[PointKey, float] = {}
        """When, the oldest first."""
        self._timer: asyncio.TimerHandle | None = None

    def take(self, readings: Mapping[PointKey, Reading]) -> None:
        """Take what was reported now."""
        now = asyncio.get_running_loop().time()
        for key, reading in readings.items():
            self._came.pop(key, None)
            self._came[key] = now
            self.readings[key] = reading
        self._set()

    def resume(self, former: Holding) -> None:
        """Go on with what holds by now of what was reported before."""
        span, now = self._span, asyncio.get_running_loop().time()
        self._came = {key: came for key, came in former._came.items() if came + span > now}
        self.readings = {key: former.readings[key] for key in self._came}
        self._set()

    def clear(self) -> AbstractSet[PointKey]:
        """Let nothing hold any more; returns what did."""
        over = self.readings.keys()
        self.readings, self._came = {}, {}
        self._set()
        return over

    def end(self) -> None:
        """Tell nothing any more; what holds can be resumed by another."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @property
    def _span(self) -> float:
        return PERIODS * self._period()

    def _set(self) -> None:
        self.end()
        if (oldest := next(iter(self._came.values()), None)) is not None:
            self._timer = asyncio.get_running_loop().call_at(oldest + self._span, self._look)

    def _look(self) -> None:
        self._timer = None
        span, now = self._span, asyncio.get_running_loop().time() + _GRAIN
        over = frozenset(key for key, came in self._came.items() if came + span <= now)
        for key in over:
            del self._came[key], self.readings[key]
        self._set()
        if over:
            self._over(over)


class Told:
    """Which points a meter was ever told of, and whether that is all there is."""

    def __init__(self) -> None:
        """Begin with none."""
        self.keys: set[PointKey] = set()
        self._full = 0
        self._made: float | None = None

    @property
    def is_all(self) -> bool:
        """Whether more is hardly to come: several reports told all that was told before, and nothing else."""
        return self._full >= FULL_REPORTS

    def take(self, readings: AbstractSet[PointKey], made: float, period: float) -> None:
        """Note what a report of some time tells; of several circuits there are several of one time."""
        circuits = {key.circuit for key in readings}
        before = {key for key in self.keys if key.circuit in circuits}
        if not readings <= self.keys:
            self.keys |= readings
            self._full, self._made = 1, made
        elif self._made is None or made - self._made >= period or (made > self._made and before <= readings):
            self._full, self._made = self._full + 1, made

    def resume(self, former: Told) -> None:
        """Go on with what another knew."""
        self.keys, self._full, self._made = set(former.keys), former._full, former._made
