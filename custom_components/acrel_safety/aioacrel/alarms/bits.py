"""The device's own alarm and fault bits."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime

from ..points import Model
from ..readings import PointKey
from .bitlevels import level_of
from .positions import DEAD
from .rules import ANY, Band, Readings, circuits_of, farthest, number_of, value_of
from .verdict import UNSAID, AlarmKey, Cause, QuantityName, Verdict
from .watched import Watched, watched_in

RULE = "bit"
_OFF: Band = (0.0, 0.0)
_ABOUT = 0.9
"""Of the limit: a bit stays until its value is some way back from it."""
_NOTHING: Mapping[str, object] = {}


@dataclass(slots=True)
class BitRule:
    """One bit, told with the value and limit it is about, as far as those are read anyway.

    Bit and value may come in different reads: what was measured before the bit was set is not what set it, and what is
    measured afterwards (0 mA, when the breaker has opened) is not, either. So the value that is told is the latest that
    may have been it: one about its limit or beyond. Where no limit is known, a value that was polled together with the
    bit counts; one that somebody else tells in a list of its own does not, because nobody can say of when the bit is.
    """

    cause: Cause
    key: PointKey
    watched: Watched | None = None
    is_told: bool = False
    """Whether somebody else tells bit and value, each when it comes: a cloud, a gateway."""
    _own: float | None = field(default=None, init=False)
    """The latest value that may have set the bit, as long as it is set."""
    _since: datetime | None = field(default=None, init=False)
    """When the bit was read as set first, as long as it is."""

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
        if not value:
            self._since = self._own = None
            # Not what set the bit: what is there now, beside what it was at worst.
            return Verdict(is_on=False, value=self._figure(readings), limit=self._limit(readings))
        time = readings[self.key].time
        # A clock that is set back must not make everything that is read from now on too old.
        since = self._since = time if self._since is None else min(self._since, time)
        known = self.watched
        limit = self._limit(readings)
        if known is None or not known.values or (self.is_told and known.limit is None):
            return Verdict(is_on=True)
        recent = {key: one for key in known.values if (one := readings.get(key)) is not None and one.time >= since}
        figure = self._figure(recent)
        if figure is not None and self._may_have_set(figure, limit, is_low=known.is_low):
            self._own = figure
        # Of several phases the one it is about may come last.
        is_measured = len(recent) == len(known.values) and figure is not None
        return Verdict(
            is_on=True,
            value=self._own,
            limit=limit,
            is_complete=is_measured and (limit is not None or known.limit is None),
        )

    def _may_have_set(self, figure: float, limit: float | None, *, is_low: bool) -> bool:
        if limit is None or limit <= 0:
            # Nothing is too high that is not there.
            return not self.is_told and (is_low or figure > 0)
        return figure * _ABOUT <= limit if is_low else figure >= limit * _ABOUT

    def _figure(self, readings: Readings) -> float | None:
        known = self.watched
        return None if known is None else farthest(readings, known.values, min if known.is_low else max)

    def _limit(self, readings: Readings) -> float | None:
        return None if self.watched is None else number_of(readings, self.watched.limit)

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
    watched: dict[PointKey, Watched] = {}
    for circuit in circuits_of(model):
        for known in watched_in(model, circuit):
            for bit in known.bits:
                # A bit may stand with several spellings of its value: those the model has count.
                if bit not in watched or (known.values and not watched[bit].values):
                    watched[bit] = known
    for key, point in model.points.items():
        if (level := level_of(point)) is None:
            continue
        about = watched.get(key)
        unit = model.points[about.values[0]].quantity.unit if about is not None and about.values else None
        cause = Cause(
            key=AlarmKey(*key, RULE),
            level=level,
            name=QuantityName(point.quantity),
            unit=unit,
            measured=about.values[0] if about is not None and len(about.values) == 1 else None,
            graver=_graver(key, about),
        )
        yield BitRule(cause, key, about, is_told=model.is_spoken)
