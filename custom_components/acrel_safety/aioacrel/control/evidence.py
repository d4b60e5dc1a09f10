"""What tells a position: what the model file says, and what the owner names besides."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import Enum, auto
from math import isfinite

from ..points import Effect, Point
from ..readings import PointKey, Quality, Reading, Value

type Readings = Mapping[PointKey, Reading]
_NOTHING: Mapping[PointKey, Value] = {}


class Shown(Enum):
    """What was read says of a wish."""

    THERE = auto()
    NOT_THERE = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """An auxiliary contact on an input: `closed` is what the input shows while the breaker is closed."""

    key: PointKey
    closed: bool = True

    def position(self, readings: Readings) -> bool | None:
        """Return whether the circuit is closed."""
        value = value_of(readings, self.key)
        return None if not isinstance(value, bool) else value is self.closed


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A voltage or current downstream: at `above` or more the circuit is closed, at `below` or less it is open."""

    key: PointKey
    above: float
    below: float

    def position(self, readings: Readings) -> bool | None:
        """Return whether the circuit is closed; in between, and where nothing is read, nobody knows."""
        value = value_of(readings, self.key)
        if isinstance(value, bool | str) or value is None or not isfinite(value) or not self.below < self.above:
            return None
        return True if value >= self.above else False if value <= self.below else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Disputed:
    """What would tell the position, were it known of which of several outputs: so it tells nothing."""

    key: PointKey

    def position(self, _: Readings) -> bool | None:
        """Return that nobody knows."""
        return None


type Evidence = Contact | Threshold
"""What an owner may name."""


def value_of(readings: Readings, key: PointKey) -> Value | None:
    """Return a value that was read and is good; anything else is not known."""
    reading = readings.get(key)
    return reading.value if reading is not None and reading.quality is Quality.GOOD else None


class Proof:
    """Whether what an operation leads to is there."""

    def __init__(
        self,
        points: Mapping[PointKey, Point],
        shows: Mapping[PointKey, Value],
        *,
        positions: Sequence[PointKey],
        effect: Effect,
        evidence: Evidence | Disputed | None,
        told: Callable[[bool], bool | None],
        falls_back_when: Mapping[PointKey, Value] = _NOTHING,
    ) -> None:
        """Take what the model file says, what the operation does, and what the owner names besides.

        `positions` are the points that tell where the circuit's breaker or relay stands; `told` is what an output,
        where there are none, tells of it, unless it falls back by itself when `falls_back_when` is shown.
        """
        self._points = points
        self._shows = shows
        self._positions = positions
        self._told_by_output = told
        self._evidence = evidence if effect in (Effect.OPEN, Effect.CLOSE) else None
        self._falls_back_when = falls_back_when if self._evidence is not None else _NOTHING
        self._closes = effect is Effect.CLOSE
        self._told = next((key for key in shows if key in positions), None)
        """What is shown of the position; where nothing else tells it, the output that is switched."""
        if self._told is None and not positions and len(shows) == 1:
            self._told = next(iter(shows))

    @property
    def keys(self) -> AbstractSet[PointKey]:
        """What has to be read."""
        named = self._evidence
        owners = {named.key, *self._falls_back_when} if isinstance(named, Contact | Threshold) else set()
        return self._shows.keys() | {*self._positions} | owners

    @property
    def is_there(self) -> bool:
        """Whether anything tells at all."""
        return bool(self._shows) or self._evidence is not None

    @property
    def has_owners(self) -> bool:
        """Whether the owner named what tells: it says more than an output that is on."""
        return self._evidence is not None

    @property
    def is_disputed(self) -> bool:
        """Whether what the owner named is in doubt: then nothing proves that anything was done."""
        return isinstance(self._evidence, Disputed)

    def is_contradicted(self, readings: Readings) -> bool | None:
        """Whether what the owner named shows another position than the device itself; None where one is not known."""
        if self._evidence is None:
            return None
        position, (is_known, devices) = self._evidence.position(readings), self._devices(readings)
        return None if position is None or not is_known or devices is None else devices is not position

    def shown(self, readings: Readings) -> Shown:
        """Return whether all of it is shown; one that is not known makes the whole unknown, unless another is not."""
        return _all(self._each(readings))

    def owners(self, readings: Readings) -> Shown:
        """Return what the owner's evidence alone shows."""
        if self._evidence is None:
            return Shown.UNKNOWN
        position = self._evidence.position(readings)
        return Shown.UNKNOWN if position is None else _shown(is_there=position is self._closes)

    def taken(self, readings: Readings) -> Shown:
        """Return whether the device shows that it took the command, wherever the position is."""
        others = {key: wanted for key, wanted in self._shows.items() if key != self._told}
        return _all(self._model(readings, others)) if others else Shown.UNKNOWN

    def moved(self, readings: Readings) -> Shown:
        """Return whether the position is the wanted one, whatever else is shown."""
        if self._evidence is not None:
            # An output that is on has moved nothing yet.
            return self.owners(readings)
        if self._told is None:
            return self.shown(readings)
        return _all(self._model(readings, {self._told: self._shows[self._told]}))

    def position(self, readings: Readings) -> bool | None:
        """Return the position that is read: true for closed, or (of what is no circuit) on.

        Where the owner names evidence, both have to show it: an output that is on while the contact is open tells that
        something is wrong, and no position.
        """
        if self._evidence is None:
            return self._devices(readings)[1]
        position = self._evidence.position(readings)
        is_known, devices = self._devices(readings)
        if not is_known or (devices is not None and devices is not position):
            return None
        return position

    def nearest(self, readings: Readings) -> bool | None:
        """Return what the owner's evidence alone shows, which is nearer to what moved; without any, the position."""
        return self._devices(readings)[1] if self._evidence is None else self._evidence.position(readings)

    def _devices(self, readings: Readings) -> tuple[bool, bool | None]:
        """Return whether all that the device says of the position is known, and what that is; None if it says nothing.

        An output that falls back by itself tells nothing beside what the owner names.
        """
        told = self._positions or ([] if self._told is None else [self._told])
        if self._evidence is not None and (not told or (not self._positions and self._falls_back(readings))):
            return True, None
        values = {value_of(readings, key) for key in told}
        value = values.pop() if len(values) == 1 else None
        if not isinstance(value, bool):
            return False, None
        return True, value if self._positions else self._told_by_output(value)

    def _falls_back(self, readings: Readings) -> bool:
        """Whether the output falls back; as long as that is not known, it is taken for one that does."""
        return bool(self._falls_back_when) and all(
            key not in readings or self._points[key].is_shown(wanted, readings[key].value)
            for key, wanted in self._falls_back_when.items()
        )

    def _each(self, readings: Readings) -> Iterable[Shown]:
        yield from self._model(readings, self._shows)
        if self._evidence is not None:
            yield self.owners(readings)

    def _model(self, readings: Readings, shows: Mapping[PointKey, Value]) -> Iterable[Shown]:
        for key, wanted in shows.items():
            value = value_of(readings, key)
            yield Shown.UNKNOWN if value is None else _shown(is_there=self._points[key].is_shown(wanted, value))


def _shown(*, is_there: bool) -> Shown:
    return Shown.THERE if is_there else Shown.NOT_THERE


def _all(each: Iterable[Shown]) -> Shown:
    found = list(each)
    if Shown.NOT_THERE in found:
        return Shown.NOT_THERE
    return Shown.UNKNOWN if Shown.UNKNOWN in found or not found else Shown.THERE
