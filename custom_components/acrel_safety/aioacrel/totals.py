"""Totals that never run backwards: energy registers are believed only where they can be true.

A counter read during start-up, torn between two updates or taken from another device shows a dip or a leap, and a
statistic made of it shows energy that never flowed. A smaller value is held back until the device has said it several
times in a row (a replaced or reset meter does), a leap that no circuit can make until it was said twice.
"""

from dataclasses import dataclass

LAPS_TO_BELIEVE_LESS = 3
LAPS_TO_BELIEVE_LEAP = 2
LEAP_PER_HOUR = 2000.0
"""Units (kWh, kvarh, kVAh) per hour that no circuit of these devices moves: 2 MW."""
LEAP_FLOOR = 10.0
"""Less than this is never called a leap, however short the time."""


@dataclass(slots=True)
class Total:
    """The believed value of one counter and what speaks against it."""

    value: float | None = None
    time: float = 0.0
    _doubt: float = 0.0
    _laps: int = 0

    def believe(self, reading: float, now: float) -> float | None:
        """Return the value to publish at `now` (seconds of any steady clock): the reading, or the last believed value.

        A first reading of 0 is not published (None) until it was said often enough: meters answer 0 while they start.
        """
        if self.value is None:
            suspicious, needed = reading == 0, LAPS_TO_BELIEVE_LESS
        elif reading < self.value:
            suspicious, needed = True, LAPS_TO_BELIEVE_LESS
        else:
            allowed = LEAP_FLOOR + LEAP_PER_HOUR * max(0.0, now - self.time) / 3600
            suspicious, needed = reading - self.value > allowed, LAPS_TO_BELIEVE_LEAP
        if suspicious and not self._insisted(reading, needed):
            return self.value
        self._laps = 0
        self.value, self.time = reading, now
        return reading

    def _insisted(self, reading: float, needed: int) -> bool:
        """Count readings in a row that agree with each other (each at least the one before, and near it)."""
        agrees = self._laps > 0 and 0 <= reading - self._doubt <= LEAP_FLOOR
        self._laps = self._laps + 1 if agrees else 1
        self._doubt = reading
        return self._laps >= needed
