"""One value a day: of all that is read of a quantity, the height that a tenth of the day exceeds (p90).

That is the value while the load is on. The median and the night know nothing of a fault that shows only under load, and
the maximum knows nothing else than peaks.

Time is counted on the steady clock, days are those of the calendar: a day of 23 or 25 hours is one like any other, and
a clock that is set for a moment takes nothing from the day it leaves and comes back to.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from .correction import Correction
from .spread import Spread

PERCENTILE = 0.9
HELD_SECONDS = 4500.0
"""So long a value stands for what follows it, if nothing does: long enough for a way that brings one an hour."""
SETTLED_SECONDS = 3600.0
"""A day ends when another one has gone on for so long: until then it may be a clock that is being set."""
LEAST_HOURS = 18
_DAY_SECONDS = 86400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What a quantity was on one day."""

    day: date
    value: float
    """The height that a tenth of the known time exceeded."""
    seconds: float
    """How much of the day is known."""
    reference: float = 0.0
    """What was taken off before: a limit has to be lowered by as much to be compared."""
    correction: Correction = Correction.NONE

    @property
    def share(self) -> float:
        """How much of 24 hours is known."""
        return min(self.seconds / _DAY_SECONDS, 1.0)

    @property
    def counts(self) -> bool:
        """Whether enough is known of it."""
        return self.seconds >= LEAST_HOURS * 3600


class DayCollector:
    """Takes the values of one quantity of one circuit in any rhythm, and makes one of each day."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._open: dict[date, Spread] = {}
        self._day: date | None = None
        self._settled: float | None = None
        """When, on the steady clock, the day of now is beyond doubt."""
        self._value: float | None = None
        self._steady: float | None = None

    def take(self, value: float | None, steady: float, day: date) -> Day | None:
        """Take a value, or that it is not known now, with the steady clock and the calendar; return a day that ended.

        What was read late, and its time was counted already, is left out.
        """
        passed = 0.0 if self._steady is None else steady - self._steady
        if -HELD_SECONDS <= passed < 0:
            return None
        if self._value is not None and self._day is not None and passed > 0:
            self._open[self._day].add(self._value, min(passed, HELD_SECONDS))
        self._value = value if value is not None and math.isfinite(value) else None
        self._steady = steady
        return self._turn(steady, day, began_anew=passed < 0)

    def _turn(self, steady: float, day: date, *, began_anew: bool) -> Day | None:
        if day != self._day or self._settled is None or began_anew:
            self._day, self._settled = day, steady + SETTLED_SECONDS
        if day not in self._open:
            if len(self._open) > 1:
                # A clock that goes to and fro: the day least is known of is the mistake.
                del self._open[min(self._open, key=lambda other: self._open[other].seconds)]
            self._open[day] = Spread()
        if len(self._open) == 1 or steady < self._settled:
            return None
        (ended,) = (other for other in self._open if other != day)
        spread = self._open.pop(ended)
        return Day(day=ended, value=spread.percentile(PERCENTILE), seconds=spread.seconds)

    def kept(self) -> dict[str, object]:
        """Return what is to outlive a restart, as plain JSON."""
        return {"days": {day.isoformat(): spread.kept() for day, spread in self._open.items()}}

    def restore(self, stored: object) -> None:
        """Go on from what was kept; what is not as `kept` writes it is left out.

        The time between is not known.
        """
        self._value = self._steady = self._day = self._settled = None
        self._open = {}
        days = stored.get("days") if isinstance(stored, Mapping) else None
        for text, kept in list(days.items())[:2] if isinstance(days, Mapping) else ():
            day, spread = day_of(text), Spread.of(kept)
            if day is not None and spread is not None:
                self._open[day] = spread


def day_of(text: object) -> date | None:
    """Return the day that a stored text names."""
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
