"""What need not be judged: of a rule that is quiet most changes of a value mean nothing.

A building reads thousands of values a second, and nearly all of them are what they were, or as far from any limit.
Where an alarm stands the other rules of the same value are quiet still.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import inf

from ..readings import PointKey, Value
from .alarm import Alarm
from .rules import Readings, Rule

type Pair = tuple[Rule, Alarm]
type Bounds = tuple[float, float, Sequence[Pair]]
"""The lowest and the highest value of which the quiet rules say nothing new, and the rules that have to see each."""
_NONE: Bounds = (inf, -inf, ())


class Calm:
    """The values of each point within which most rules need not be asked, and those that have to be all the same."""

    def __init__(self, by_point: Mapping[PointKey, Sequence[Pair]]) -> None:
        """Take the rules that each point concerns; nothing is calm yet."""
        self._by_point = by_point
        self.bounds: dict[PointKey, Bounds] = dict.fromkeys(by_point, _NONE)
        """Of each point that concerns any rule."""

    def bound(self, keys: Iterable[PointKey], readings: Readings) -> None:
        """Find the bounds of some points again: rules they concern were judged, or alarms changed."""
        for key in keys:
            if (pairs := self._by_point.get(key)) is not None:
                reading = readings.get(key)
                # What cannot be read: it has to be noted when it can be again.
                is_read = reading is not None and reading.value is not None
                self.bounds[key] = _bounds(pairs, key) if is_read else _NONE


def _bounds(pairs: Sequence[Pair], key: PointKey) -> Bounds:
    low, high = -inf, inf
    restless: list[Pair] = []
    for pair in pairs:
        rule, alarm = pair
        if alarm.is_quiet and (band := rule.calm(key)) is not None:
            low, high = max(low, band[0]), min(high, band[1])
        else:
            restless.append(pair)
    return low, high, restless


def is_calm(pair: Pair, key: PointKey, value: Value | None) -> bool:
    """Whether a rule would say of this value what it said before."""
    if value is None or isinstance(value, str):
        return False
    rule, alarm = pair
    return alarm.is_quiet and (band := rule.calm(key)) is not None and band[0] <= value <= band[1]
