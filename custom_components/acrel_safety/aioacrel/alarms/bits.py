"""The device's own alarm and fault bits."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from ..points import Model
from ..readings import PointKey
from .bitlevels import level_of
from .positions import DEAD
from .rules import ANY, Band, Readings, circuits_of, farthest, number_of, value_of
from .verdict import UNSAID, AlarmKey, Cause, QuantityName, Verdict
from .watched import Watched, watched_in

RULE = "bit"
_OFF: Band = (0.0, 0.0)
_NOTHING: Mapping[str, object] = {}


@dataclass(frozen=True, slots=True)
class BitRule:
    """One bit, told with the value and limit it is about, as far as those are read anyway."""

    cause: Cause
    key: PointKey
    watched: Watched | None = None

    @property
    def inputs(self) -> AbstractSet[PointKey]:
        """The bit alone."""
        return frozenset((self.key,))

    @property
    def figures(self) -> AbstractSet[PointKey]:
        """The value the bit is about, and its limit."""
        known = self.watched
        if known is None:
            return frozenset()
        return frozenset(known.values if known.limit is None else (*known.values, known.limit))

    def judge(self, readings: Readings, now: float) -> Verdict:
        """Say what the device says."""
        value = value_of(readings, self.key)
        if value is None:
            return UNSAID
        known = self.watched
        if known is None or not value:
            return Verdict(bool(value))
        figure = farthest(readings, known.values, min if known.is_low else max)
        return Verdict(bool(value), figure, number_of(readings, known.limit))

    def calm(self, key: PointKey) -> Band | None:
        """While the bit is not set its figures say nothing."""
        return _OFF if key == self.key else ANY

    def restore(self, *, is_on: bool, memory: Mapping[str, object]) -> None:
        """Nothing is kept: the device does."""

    def memory(self) -> Mapping[str, object]:
        """Return nothing."""
        return _NOTHING


def _graver(key: PointKey, known: Watched | None) -> AlarmKey | None:
    """Return the alarm that says it already: the level above, or that there is no voltage at all."""
    if known is None or not known.values:
        return None
    if known.graver_bits and key not in known.graver_bits:
        return AlarmKey(*known.graver_bits[0], RULE)
    return AlarmKey(key.circuit, known.values[0].code, DEAD) if known.is_low else None


def bit_rules(model: Model) -> Iterator[BitRule]:
    """Yield a rule for each bit that is a matter of safety."""
    watched = {
        bit: known for circuit in circuits_of(model) for known in watched_in(model, circuit) for bit in known.bits
    }
    for key, point in model.points.items():
        if (level := level_of(point)) is None:
            continue
        known = watched.get(key)
        unit = model.points[known.values[0]].quantity.unit if known is not None and known.values else None
        cause = Cause(
            key=AlarmKey(*key, RULE),
            level=level,
            name=QuantityName(point.quantity),
            unit=unit,
            graver=_graver(key, known),
        )
        yield BitRule(cause, key, known)
