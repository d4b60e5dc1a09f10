"""Positions that changed without our command, and circuits that went dead, also where no bit says so."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from ..points import Model
from ..readings import PointKey
from ..texts import phrase
from .closedagain import SETTLING_SECONDS
from .levels import Level
from .rules import ANY, Band, Readings, circuits_of, farthest, number_of, present, value_of
from .tripcause import TripCause
from .verdict import UNSAID, AlarmKey, Cause, QuantityName, Verdict

OPENED = "opened"
DEAD = "dead"
POSITIONS = frozenset({"breaker_position", "switch_position"})
"""Keys of the vocabulary; true is closed."""
_VOLTAGES = ("U", "Ua", "Ub", "Uc")
_CURRENTS = ("I", "Ia", "Ib", "Ic")
_LIVE_VOLTS = 50.0
"""What is below was never a supply."""
_OTHER_PART = 0.2
_DEAD_PART = 0.1
"""Of the voltage it had; what is left is coupled in."""
_LARGEST_VOLTS = 1_000_000.0
_NO_AMPS = 0.05
"""In A; below this a meter shows noise."""


class OpenedRule:
    """A breaker that was closed is open, and nobody here opened it."""

    def __init__(self, cause: Cause, key: PointKey, told: TripCause) -> None:
        """Take the point that tells the position, true for closed, and what the device says that it opened for."""
        self.cause = cause
        self.key = key
        self.inputs: AbstractSet[PointKey] = frozenset((key,))
        self.figures: AbstractSet[PointKey] = frozenset(told.keys)
        self._told = told
        self._opened: float | None = None
        self._name: QuantityName | None = None
        """What the device says that it opened for; it stays when that is over."""
        self._was_closed: bool | None = None
        self._commanded: float | None = None
        """When it was closed from here, by the steady clock, until it was seen to be closed since."""
        self._expected_until: float | None = None
        self._expected_at_first: float | None = None
        self._is_on = False

    def expect_open(self, until: float) -> None:
        """Take an opening until then, by the steady clock, for one that was commanded here."""
        self._expected_until = until

    def expect_found_open(self, seconds: float) -> None:
        """Take it for ours if it is found open, or opens within so many seconds after it was read first."""
        self._expected_at_first = seconds

    def expect_nothing(self) -> None:
        """Take the next opening for nobody's command: nothing was sent."""
        self._expected_until = None

    def switched_on(self, now: float) -> None:
        """Take it that it was closed from here, and read back: what opens it from now on is no command of before."""
        self._commanded, self._expected_until = now, None

    def judge(self, readings: Readings, now: float) -> Verdict:
        """Compare with the position before."""
        self._told.look(readings, now)
        position = value_of(readings, self.key)
        if position is None:
            return UNSAID
        if self._expected_at_first is not None:
            self._expected_until, self._expected_at_first = now + self._expected_at_first, None
        is_closed = bool(position)
        if is_closed:
            # An opening that is expected may be on its way still.
            self._is_on, self._commanded, self._opened, self._name = False, None, None, None
        elif self._was_closed or (self._commanded is not None and now >= self._commanded + SETTLING_SECONDS):
            # It may have opened again before any poll saw it closed.
            self._is_on, self._expected_until = not _is_before(now, self._expected_until), None
            self._commanded, self._opened = None, now
        self._was_closed = is_closed
        if self._opened is not None and self._name is None:
            self._name = self._told.of(self._opened)
        return Verdict(self._is_on, name=self._name)

    def calm(self, key: PointKey) -> Band | None:
        """Look at each position and alarm: one that is closed still ends what was expected."""

    def restore(self, *, is_on: bool, memory: Mapping[str, object]) -> None:
        """Go on from the position before a restart: an opening meanwhile was nobody's command here."""
        was_closed = memory.get("was_closed")
        self._was_closed = was_closed if isinstance(was_closed, bool) else None
        self._is_on = is_on

    def memory(self) -> Mapping[str, object]:
        """Return the position."""
        return {} if self._was_closed is None else {"was_closed": self._was_closed}


class DeadRule:
    """A circuit that was live has neither voltage nor current any more."""

    figures: AbstractSet[PointKey] = frozenset()

    def __init__(self, cause: Cause, voltages: Sequence[PointKey], currents: Sequence[PointKey]) -> None:
        """Take the points that tell."""
        self.cause = cause
        self._voltages = voltages
        self._currents = currents
        self.inputs: AbstractSet[PointKey] = frozenset(voltages)
        self.figures = frozenset(currents)
        self._expected_until: float | None = None
        self._expected_at_first: float | None = None
        self._is_ours = False
        """Whether it is dead by a command given here."""
        self._live: int | None = None
        """The voltage it had when it was live last; it is noted when it is quite another."""
        self._is_low = True
        """Whether the voltage was below that of a live circuit when it was read last."""

    def expect_open(self, until: float) -> None:
        """Take a circuit that goes dead until then, by the steady clock, for one that was opened here."""
        self._expected_until = until

    def expect_found_open(self, seconds: float) -> None:
        """Take it for ours if it is found dead, or is so within so many seconds after it was read first."""
        self._expected_at_first = seconds

    def expect_nothing(self) -> None:
        """Take it for nobody's command: nothing was sent."""
        self._expected_until = None

    def switched_on(self, now: float) -> None:
        """Take it that it was closed from here: what makes it dead from now on is no command of before."""
        del now
        self._expected_until = None

    def judge(self, readings: Readings, now: float) -> Verdict:
        """Look at all phases: one alone is another alarm."""
        numbers = [number_of(readings, key) for key in self._voltages]
        known = [number for number in numbers if number is not None]
        if len(known) < len(numbers) or not known:
            return UNSAID
        if self._expected_at_first is not None:
            self._expected_until, self._expected_at_first = now + self._expected_at_first, None
        highest = max(known)
        threshold = _LIVE_VOLTS if self._live is None else max(_LIVE_VOLTS, self._live / 2)
        self._is_low = highest < threshold
        if not self._is_low:
            if self._live is None or abs(highest - self._live) > _OTHER_PART * self._live:
                self._live = round(highest)
            self._is_ours = False
            return Verdict(is_on=False)
        if self._live is None:
            # It never was live while anybody looked: that it is not now is no news.
            return Verdict(is_on=False)
        current = farthest(readings, self._currents, max) or 0.0
        is_dead = highest <= self._live * _DEAD_PART and current <= _NO_AMPS
        if is_dead and _is_before(now, self._expected_until):
            self._is_ours, self._expected_until = True, None
        return Verdict(is_dead and not self._is_ours, highest, None)

    def calm(self, key: PointKey) -> Band | None:
        """The voltages may be about what they were; then the currents say nothing."""
        if self._live is None or self._is_low:
            return None
        return ANY if key in self.figures else (self._live * (1 - _OTHER_PART), self._live * (1 + _OTHER_PART))

    def restore(self, *, is_on: bool, memory: Mapping[str, object]) -> None:
        """Go on from the voltage before a restart."""
        live = memory.get("live")
        if isinstance(live, int | float) and not isinstance(live, bool) and _LIVE_VOLTS <= live < _LARGEST_VOLTS:
            self._live = round(live)
        self._is_ours = memory.get("ours") is True

    def memory(self) -> Mapping[str, object]:
        """Return the voltage it had, and whether it was opened here since."""
        if self._live is None:
            return {}
        return {"live": self._live, "ours": True} if self._is_ours else {"live": self._live}


def _is_before(now: float, until: float | None) -> bool:
    return until is not None and now <= until


def position_keys(model: Model) -> Iterator[PointKey]:
    """Yield the points that tell a position, true for closed."""
    for key, point in model.points.items():
        if point.quantity.key in POSITIONS and point.is_binary:
            yield key


def position_rules(model: Model) -> Iterator[OpenedRule | DeadRule]:
    """Yield the rules of a model."""
    for key in position_keys(model):
        cause = Cause(key=AlarmKey(*key, OPENED), level=Level.TRIP, name=phrase("alarm_opened"))
        yield OpenedRule(cause, key, TripCause(model, key.circuit))
    for circuit in circuits_of(model):
        voltages = [key for key in present(model, circuit, _VOLTAGES) if key in model.readable]
        if voltages:
            currents = [key for key in present(model, circuit, _CURRENTS) if key in model.readable]
            cause = Cause(
                key=AlarmKey(circuit, voltages[0].code, DEAD), level=Level.TRIP, name=phrase("alarm_dead"), unit="V"
            )
            yield DeadRule(cause, voltages, currents)
