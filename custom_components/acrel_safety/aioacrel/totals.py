"""Totals that never run backwards: energy registers are believed only where they can be true.

A counter read during start-up, torn between two updates or taken from another device shows a dip or a leap, and a
statistic made of it shows energy that never flowed. A smaller value is held back until the device has said it several
times in a row (a replaced or reset meter does), a leap that hardly any circuit can make until it was said twice, or
until it turns out to be the pace at which this circuit goes on and on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from .points import Point
from .readings import PointKey, Quality, Reading
from .vocabulary import Kind

LAPS_TO_BELIEVE_LESS = 3
LAPS_TO_BELIEVE_LEAP = 2
LEAP_PER_HOUR = 2000.0
"""Units (kWh, kvarh, kVAh) per hour that hardly any circuit of these devices moves: 2 MW."""
LEAP_FLOOR = 10.0
"""Less than this is never called a leap, however short the time."""
STEPS_TO_BELIEVE_PACE = 2
"""Steps in a row, each at most twice as fast or half as fast as the one before, that make a pace."""
_ALIKE = 2.0
_HOUR = 3600.0


@dataclass(slots=True)
class Total:
    """The believed value of one counter and what speaks against it; times in seconds, paces in units per hour."""

    value: float | None = None
    time: float = 0.0
    _fastest: float = LEAP_PER_HOUR
    _doubt: float = 0.0
    _doubt_time: float = 0.0
    _laps: int = 0
    _pace: float = 0.0
    _steps: int = 0

    def believe(self, reading: float, now: float) -> float | None:
        """Return the value to publish at `now` (seconds of any steady clock): the reading, or the last believed value.

        A first reading of 0 is not published (None) until it was said often enough: meters answer 0 while they start.
        """
        if self.value is None:
            suspicious, needed = reading == 0, LAPS_TO_BELIEVE_LESS
        elif reading < self.value:
            suspicious, needed = True, LAPS_TO_BELIEVE_LESS
        else:
            suspicious, needed = reading - self.value > self._most(now - self.time), LAPS_TO_BELIEVE_LEAP
        if suspicious and not self._insisted(reading, now, needed):
            return self.value
        self._laps, self._steps, self._pace = 0, 0, 0.0
        self.value, self.time = reading, now
        return reading

    def _most(self, seconds: float) -> float:
        """Return the most that is believed at once after so many seconds."""
        return LEAP_FLOOR + self._fastest * max(0.0, seconds) / _HOUR

    def _insisted(self, reading: float, now: float, needed: int) -> bool:
        """Count readings in a row that agree with each other: each at least the one before, and near it."""
        before, its_time = (self._doubt, self._doubt_time) if self._laps else (self.value or 0.0, self.time)
        agrees = self._laps > 0 and 0 <= reading - before <= self._most(now - its_time)
        self._laps = self._laps + 1 if agrees else 1
        pace = max(0.0, reading - before) / (now - its_time) * _HOUR if now > its_time else 0.0
        self._steps = self._steps + 1 if 0 < pace <= _ALIKE * self._pace and self._pace <= _ALIKE * pace else 0
        self._doubt, self._doubt_time, self._pace = reading, now, pace
        if self._steps >= STEPS_TO_BELIEVE_PACE:
            self._fastest = max(self._fastest, _ALIKE * pace)
            return True
        return self._laps >= needed


class Totals:
    """The counters of one device, and what was remembered of them."""

    def __init__(self) -> None:
        """Begin without any memory."""
        self._totals: dict[PointKey, Total] = {}

    def believe(self, point: Point, reading: Reading, now: float) -> Reading:
        """Return the reading to publish: that of a counter that runs backwards or leaps is held."""
        value = reading.value
        if point.quantity.kind is not Kind.ENERGY or value is None or isinstance(value, bool | str):
            return reading
        believed = self._totals.setdefault(point.key, Total()).believe(value, now)
        return reading if believed == value else replace(reading, value=believed, quality=Quality.HELD)

    def remember(self, key: PointKey, value: float, now: float) -> bool:
        """Take the last believed value of a counter after a restart, unless one is known already; return whether."""
        total = self._totals.setdefault(key, Total())
        if total.value is not None:
            return False
        total.value, total.time = value, now
        return True

    def forget(self, key: PointKey) -> None:
        """Forget what is known of one counter."""
        self._totals.pop(key, None)

    def values(self) -> Mapping[PointKey, float]:
        """Return the believed values: what is to outlive a restart."""
        return {key: total.value for key, total in self._totals.items() if total.value is not None}
