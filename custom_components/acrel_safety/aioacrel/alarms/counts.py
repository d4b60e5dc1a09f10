"""Counters of arcs and trips: what was counted is news, also when it was over before anybody looked.

What is compared is not the reading before but a mark that outlives a restart, so that nothing between two polls, or
while Home Assistant was off, is lost.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from ..points import Model
from ..readings import PointKey, Reading
from ..texts import phrase
from .bits import RULE as BIT
from .levels import Level
from .positions import position_keys
from .rules import Band, Readings, circuits_of, number_of, value_of
from .verdict import UNSAID, AlarmKey, Cause, QuantityName, Verdict

COUNTED = "counted"
_SEEN_SECONDS = 120.0
"""So long after an opening was seen its count may come: counters are read less often than positions."""
_MOST = 1e9
_QUIET, _STANDING = Verdict(is_on=False), Verdict(is_on=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A counter that is watched."""

    model: str
    """What it is of: the count of another model says nothing of this one."""
    key: PointKey
    most: float
    """More at once is not believed."""
    position: PointKey | None = None
    """Where an opening that is counted can be seen as well."""


class CountRule:
    """Whether a counter went on since a person acknowledged it last."""

    def __init__(self, cause: Cause, counted: Counted) -> None:
        """Take what is watched."""
        self.cause = cause
        self._counted = counted
        self.inputs: AbstractSet[PointKey] = frozenset((counted.key,))
        self.figures: AbstractSet[PointKey] = frozenset(() if counted.position is None else (counted.position,))
        self._mark: float | None = None
        """How far it was, the last time it was believed."""
        self._known = 0.0
        """How far it was when a person knew of all."""
        self._kept = 0.0
        """The mark that is kept: it is told again when as much has come again, not at each poll of a storm of arcs."""
        self._doubted: float | None = None
        """A count that does not follow from the mark; a second one that follows from it bears it out."""
        self._reading: Reading | None = None
        self._is_gap = False
        """Whether it could not be read, since the count before."""
        self._came_in_gap = False
        self._is_held = False
        """It stood before a restart, and the counts that led to it are lost: nobody acknowledged it for that."""
        self._was_closed: bool | None = None
        self._seen_until: float | None = None
        """Until when the count of an opening that was seen may come."""

    def judge(self, readings: Readings, now: float) -> Verdict:
        """Compare the count with the mark."""
        self._look_at_position(readings, now)
        count = number_of(readings, self._counted.key)
        if count is None:
            self._is_gap = True
            return UNSAID
        reading = readings[self._counted.key]
        if reading is not self._reading:
            self._reading = reading
            self._take(count, now)
        mark = count if self._mark is None else self._mark
        more = mark - self._known
        if more <= 0:
            return _STANDING if self._is_held else _QUIET
        if self._came_in_gap:
            detail = phrase("counted_in_gap", more=round(more), count=round(mark))
        else:
            detail = phrase("counted", more=round(more), count=round(mark))
        return Verdict(is_on=True, value=more, detail=detail, figures={"more": more, "count": mark})

    def _take(self, count: float, now: float) -> None:
        was_gap, self._is_gap = self._is_gap, False
        if self._mark is None:
            self._mark = self._known = self._kept = count
            return
        more, most = count - self._mark, self._counted.most
        # What came already says how fast it comes.
        if 0 <= more <= most + self._mark - self._known:
            self._doubted, self._mark = None, count
            if more and self._seen_until is not None:
                # That one was seen in the position.
                self._known += min(1.0, more) if now <= self._seen_until else 0.0
                self._seen_until = None
            self._came_in_gap |= bool(more) and was_gap
        elif self._doubted is not None and 0 <= count - self._doubted <= most:
            # Another counter from now on: how many came in between nobody knows.
            self._known += count - self._mark
            self._kept += count - self._mark
            self._doubted, self._mark = None, count
        else:
            self._doubted = count
        self._keep()

    def _keep(self) -> None:
        mark = self._mark or 0.0
        if mark <= self._known or mark - self._known >= 2 * max(self._kept - self._known, 0.5):
            self._kept = mark

    def _look_at_position(self, readings: Readings, now: float) -> None:
        position = value_of(readings, self._counted.position)
        if position is None:
            return
        is_open, was_closed = not position, self._was_closed
        self._was_closed = not is_open
        if not (is_open and was_closed):
            return
        if self._mark is not None and self._mark > self._known:
            # The count came before it.
            self._known += 1.0
            self._keep()
        else:
            self._seen_until = now + _SEEN_SECONDS

    def calm(self, key: PointKey) -> Band | None:
        """Count and position may stay what they are."""
        if key in self.figures:
            return None if self._was_closed is None else (float(self._was_closed), float(self._was_closed))
        return None if self._doubted is not None or self._mark is None else (self._mark, self._mark)

    def acknowledge(self) -> None:
        """A person knows of all that was counted so far."""
        self._is_held = self._came_in_gap = False
        if self._mark is not None:
            self._known = self._kept = self._mark

    def restore(self, *, is_on: bool, memory: Mapping[str, object]) -> None:
        """Go on from the mark before a restart, if it was of this model."""
        count, known = _count(memory.get("count")), _count(memory.get("known"))
        self._is_gap = True
        if count is not None and known is not None and known <= count and memory.get("model") == self._counted.model:
            self._mark = self._kept = count
            self._known = known
        self._is_held = is_on and (self._mark is None or self._mark <= self._known)

    def memory(self) -> Mapping[str, object]:
        """Return how far it was, and how far it was when a person knew of all."""
        if self._mark is None:
            return {}
        return {"count": self._kept, "known": self._known, "model": self._counted.model}


def count_rules(model: Model) -> Iterator[CountRule]:
    """Yield a rule for each counter of a model that is worth watching."""
    positions = {key.circuit: key for key in position_keys(model)}
    for circuit in circuits_of(model):
        for row in _table():
            key = PointKey(circuit, row["code"])
            if (point := model.points.get(key)) is None or point.words or point.is_binary:
                continue
            bit = PointKey(circuit, row["graver"]) if "graver" in row else None
            cause = Cause(
                key=AlarmKey(*key, COUNTED),
                level=Level.PRE_ALARM,
                name=phrase("has_counted", quantity=QuantityName(point.quantity)),
                is_derived=True,
                graver=AlarmKey(*bit, BIT) if bit is not None and bit in model.points else None,
            )
            position = positions.get(circuit) if row.get("position") else None
            yield CountRule(cause, Counted(model=model.id, key=key, most=row["most"], position=position))


def _count(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= abs(value) <= _MOST:
        return None
    return float(value)


def read_counted() -> None:
    """Read the file now; blocks."""
    _table()


@cache
def _table() -> Sequence[Mapping[str, Any]]:
    """Read the file; blocks, once."""
    table: Sequence[Mapping[str, Any]] = tomllib.loads((files(__package__) / "counted.toml").read_text("utf-8"))[
        "counted"
    ]
    return table
