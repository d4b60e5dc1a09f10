"""The temperature of a conductor, made comparable from day to day: what the weather and the load do is taken out.

The rise above the surroundings grows with the square of the current (Joule). Both follow a change of the load slowly,
the temperature by itself, the heat by a filter here. The rise a tenth of the day exceeds belongs to the heat a tenth of
the day exceeds, so that the two percentiles are divided, never two readings: no moment without load spoils a day.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from .correction import Correction
from .days import Day, DayCollector

SLOWNESS_SECONDS = 900.0
"""How slowly a terminal follows its load, roughly: mechanisms of this size need ten to thirty minutes."""
LEAST_HEAT = 0.04
"""A fifth of the rated current. With less, the rise is too small to be measured, and the day says nothing."""


class TemperatureCollector:
    """Takes the temperature of one probe, of what surrounds it, and the current; makes one value of each day."""

    def __init__(self, correction: Correction, rating: float | None = None) -> None:
        """Take what is known of the place: `rating` is the rated current, for corrections by load.

        What is corrected stays the same from day to day: a reading without what its correction needs is left out.
        """
        if correction.is_by_load and not (rating is not None and math.isfinite(rating) and rating > 0):
            raise ValueError("a correction by load needs the rated current")
        self.correction = correction
        self._rating = rating or 0.0
        self._rise, self._around, self._heat = DayCollector(), DayCollector(), DayCollector()
        self._filtered: float | None = None
        self._steady: float | None = None

    def take(
        self,
        temperature: float | None,
        steady: float,
        day: date,
        *,
        around: float | None = None,
        current: float | None = None,
    ) -> Day | None:
        """Take readings of one moment: °C, and what surrounds it or the coldest of the other probes, and A.

        Return a day that ended, in K above its surroundings (at the rated current), or °C without a correction.
        """
        correction = self.correction
        needed = [temperature]
        if correction is not Correction.NONE:
            needed.append(around)
        if correction.is_by_load:
            needed.append(current)
        known = [value for value in needed if value is not None and math.isfinite(value)]
        is_known = len(known) == len(needed)
        reference = known[1] if is_known and len(known) > 1 else 0.0
        ended = self._rise.take(known[0] - reference if is_known else None, steady, day)
        around_ended = self._around.take(reference if is_known else None, steady, day)
        heat = self._follow(current if is_known else None, steady) if correction.is_by_load else None
        heat_ended = self._heat.take(heat, steady, day)
        if ended is None or around_ended is None or heat_ended is None:
            return None
        if not ended.day == around_ended.day == heat_ended.day:
            return None
        # Surroundings below 0 °C count as 0: the limit is then too near rather than too far.
        corrected = replace(ended, reference=around_ended.value, correction=correction)
        if not correction.is_by_load:
            return corrected
        return None if heat_ended.value < LEAST_HEAT else replace(corrected, value=ended.value / heat_ended.value)

    def _follow(self, current: float | None, steady: float) -> float | None:
        """Return the heat of the last minutes, as a share of that of the rated current; none where it is not known."""
        passed = 0.0 if self._steady is None else max(steady - self._steady, 0.0)
        self._steady = steady
        if current is None:
            self._filtered = None
            return None
        heat = (current / self._rating) ** 2
        if self._filtered is None:
            self._filtered = heat
        else:
            self._filtered += (heat - self._filtered) * -math.expm1(-passed / SLOWNESS_SECONDS)
        return self._filtered

    def kept(self) -> dict[str, object]:
        """Return what is to outlive a restart, as plain JSON."""
        return {
            "correction": self.correction.value,
            "rating": self._rating,
            "rise": self._rise.kept(),
            "around": self._around.kept(),
            "heat": self._heat.kept(),
        }

    def restore(self, stored: object) -> None:
        """Go on from what was kept, if it was corrected likewise; what is not as `kept` writes it is left out."""
        same = {"correction": self.correction.value, "rating": self._rating}
        parts: Mapping[object, object] = {}
        if isinstance(stored, Mapping) and all(stored.get(name) == value for name, value in same.items()):
            parts = stored
        self._rise.restore(parts.get("rise"))
        self._around.restore(parts.get("around"))
        self._heat.restore(parts.get("heat"))
        self._filtered = self._steady = None
