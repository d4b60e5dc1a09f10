"""What need not be judged: as long as all that a value is about is quiet, most of its changes mean nothing.

A building reads thousands of values a second, and nearly all of them are what they were, or as far from any limit.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import inf

from ..readings import PointKey, Value
from .alarm import Alarm
from .rules import Band, Readings, Rule

type Pair = tuple[Rule, Alarm]


class Calm:
    """The values of each point within which there is nothing to be done."""

    def __init__(self, by_point: Mapping[PointKey, Sequence[Pair]]) -> None:
        """Take the rules that each point concerns; nothing is calm yet."""
        self._by_point = by_point
        self.bands: dict[PointKey, Band] = {}
        """Points that are not in it are looked at whatever they are."""

    def bound(self, keys: Iterable[PointKey], readings: Readings) -> None:
        """Find the bands of some points again: rules they concern were judged, or alarms changed."""
        for key in keys:
            band = self._band(key)
            # What cannot be read: it has to be noted when it can be again.
            if band is None or (reading := readings.get(key)) is None or reading.value is None:
                self.bands.pop(key, None)
            else:
                self.bands[key] = band

    def _band(self, key: PointKey) -> Band | None:
        low, high = -inf, inf
        for rule, alarm in self._by_point.get(key, ()):
            band = rule.calm(key) if alarm.is_quiet else None
            if band is None:
                return None
            low, high = max(low, band[0]), min(high, band[1])
        return low, high


def is_calm(pair: Pair, key: PointKey, value: Value | None) -> bool:
    """Whether a rule would say of this value what it said before."""
    if value is None or isinstance(value, str):
        return False
    rule, alarm = pair
    return alarm.is_quiet and (band := rule.calm(key)) is not None and band[0] <= value <= band[1]
