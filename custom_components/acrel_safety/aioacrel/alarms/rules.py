"""What every rule is: it watches some points of one circuit for one cause."""

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from math import inf
from typing import Protocol

from ..points import Model
from ..readings import PointKey, Reading, Value
from .verdict import Cause, Verdict

type Readings = Mapping[PointKey, Reading]
type Band = tuple[float, float]
"""The lowest and the highest."""
ANY: Band = (-inf, inf)


class Remembering(Protocol):
    """What goes on after a restart."""

    def restore(self, *, is_on: bool, memory: Mapping[str, object]) -> None:
        """Go on from what held before a restart, with what `memory` returned; both may have been edited."""

    def memory(self) -> Mapping[str, object]:
        """Return what has to outlive a restart, as plain types."""


class Rule(Remembering, Protocol):
    """Says whether its cause is there."""

    @property
    def cause(self) -> Cause:
        """What it is about."""

    @property
    def inputs(self) -> AbstractSet[PointKey]:
        """The points without which it can say nothing."""

    @property
    def figures(self) -> AbstractSet[PointKey]:
        """The points that are told with it: without them it is told all the same."""

    def judge(self, readings: Readings, now: float) -> Verdict:
        """Look at what was read last; `now` is the steady time of it, in seconds."""

    def calm(self, key: PointKey) -> Band | None:
        """Return within which values of a point `judge` would say again what it said last, and note nothing.

        It is asked where all is quiet; None where that cannot be told. It holds until the next `judge`.
        """


def value_of(readings: Readings, key: PointKey | None) -> Value | None:
    """Return what was read last of a point, None if nothing that can be believed was."""
    if key is None or (reading := readings.get(key)) is None:
        return None
    return reading.value


def number_of(readings: Readings, key: PointKey | None) -> float | None:
    """Return a number that was read last, None if there is none."""
    value = value_of(readings, key)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def present(model: Model, circuit: str, codes: Iterable[str]) -> list[PointKey]:
    """Return those of some points that a circuit has."""
    return [key for code in codes if (key := PointKey(circuit, code)) in model.points]


def farthest(readings: Readings, keys: Iterable[PointKey], pick: Callable[[list[float]], float]) -> float | None:
    """Return the largest (or smallest) of some values, None if none was read."""
    numbers = [number for key in keys if (number := number_of(readings, key)) is not None]
    return pick(numbers) if numbers else None


def circuits_of(model: Model) -> list[str]:
    """Return the circuits that have points, in the model's order."""
    return list(dict.fromkeys(key.circuit for key in model.points))
