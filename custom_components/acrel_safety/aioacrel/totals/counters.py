"""The counters of one device, each judged for itself."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from ..points import Point
from ..readings import PointKey, Quality, Reading
from ..vocabulary import Kind
from .answers import Answer, Held
from .remembered import Remembered
from .total import Total


class Totals:
    """The counters of one device, and what was remembered of them."""

    def __init__(self, may_fall: Callable[[PointKey], bool] = lambda _: False) -> None:
        """Take who knows which counters can fall by nature."""
        self._may_fall = may_fall
        self._totals: dict[PointKey, Total] = {}
        self._held: set[PointKey] = set()

    def believe(self, point: Point, reading: Reading, now: float, power: float | None = None) -> Reading:
        """Return the reading to publish: that of a counter that runs backwards or leaps is held."""
        value = reading.value
        if point.quantity.kind is not Kind.ENERGY or value is None or isinstance(value, bool | str):
            return reading
        total = self._total(point.key)
        believed = total.believe(value, now, power=power, origin=reading.origin)
        if total.count == value and believed is not None:
            self._held.discard(point.key)
            return reading if believed == value else replace(reading, value=believed)
        self._held.add(point.key)
        return replace(reading, value=believed, quality=Quality.HELD)

    def remember(self, key: PointKey, former: Remembered, now: float) -> bool:
        """Take what was remembered of a counter, unless it is known already; return whether."""
        total = self._total(key)
        if total.count is not None:
            return False
        total.restore(former, now)
        if former.doubt is not None:
            self._held.add(key)
        return True

    def forget(self, key: PointKey) -> None:
        """Forget what is known of one counter."""
        self._totals.pop(key, None)
        self._held.discard(key)

    def held(self, now: float) -> Mapping[PointKey, Held]:
        """Return the counters of which the owner should say what happened."""
        found = {key: self._totals[key].held(now) for key in self._held}
        return {key: held for key, held in found.items() if held is not None}

    def settle(self, asked: Mapping[PointKey, Held], answer: Answer, now: float) -> Mapping[PointKey, float]:
        """Do with some counters what the owner says of what was shown; return what is shown of them by that.

        What says something else by now is held on: the owner did not speak of that.
        """
        shown = {}
        for key, held in asked.items():
            if (total := self._totals.get(key)) is not None and key in self._held:
                is_done = total.settle(answer, now, held)
                if is_done and answer is not Answer.FAULT and total.value is not None:
                    self._held.discard(key)
                    shown[key] = total.value
        return shown

    def offset(self, key: PointKey) -> float:
        """Return how much more is shown of a counter than the meter says."""
        total = self._totals.get(key)
        return 0.0 if total is None else total.offset

    def is_held(self, key: PointKey) -> bool:
        """Whether a counter says what is not believed."""
        return key in self._held

    def is_strange(self, key: PointKey) -> bool:
        """Whether a counter says what it cannot say."""
        return key in self._held and self._totals[key].is_strange

    def values(self, now: float) -> Mapping[PointKey, Remembered]:
        """Return what is believed: what is to outlive a restart."""
        return {key: total.remembered(now) for key, total in self._totals.items() if total.count is not None}

    def _total(self, key: PointKey) -> Total:
        total = self._totals.get(key)
        if total is None:
            total = self._totals[key] = Total(may_fall=self._may_fall(key))
        return total
