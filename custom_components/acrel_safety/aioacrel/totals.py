"""Totals that never run backwards: energy registers are believed only where they can be true.

A counter read during start-up, torn between two updates, of a dead meter or taken from another device shows a dip or a
leap, and a statistic made of it shows energy that never flowed. That a device repeats it is no evidence: a dead meter
repeats itself, too. So what does not follow from the last believed reading is held, however often it is said, until

* the device says again what does follow from it,
* a leap turns out to be the pace at which this circuit goes on and on, or the steps in which this meter counts: what is
  dead does not move,
* or the owner says what happened (`Answer`).

A total goes on where the meter was replaced: it is what the meter says and an offset.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from .points import Point
from .readings import PointKey, Quality, Reading
from .vocabulary import Kind

LEAP_PER_HOUR = 2000.0
"""Units (kWh, kvarh, kVAh) per hour that hardly any circuit of these devices moves: 2 MW."""
LEAP_FLOOR = 10.0
"""Less than this is never called a leap, however short the time, where nothing is known of the power."""
POWER_FACTOR = 4.0
"""So many times the power that is measured may have flowed since the last reading, if that is not long ago …"""
POWER_FLOOR = 1.0
"""… and so much more: what was switched on and off between."""
POWER_SECONDS = 900.0
"""After longer than this the power of now says nothing of what flowed."""
ZERO_SECONDS = 60.0
"""So long a first 0 is not shown: meters answer 0 while they start."""
DOUBT_SECONDS = 600.0
"""After so long a doubt is worth a question to the owner, and no shorter one is ever resolved by what grows."""
STEPS_TO_BELIEVE_PACE = 5
"""Growths in a row, each at most twice as fast or half as fast as the one before, that make a pace."""
STEPS_TO_BELIEVE_GRAIN = 2
"""Growths in a row that are small multiples of one step: the meter counts in steps as coarse as that."""
_ALIKE = 2.0
_MOST_MULTIPLES = 10
_EVEN = 1e-6
_SHRUNK = 0.9
"""Statistics take what falls below so much of the last value for a counter that began anew."""
_HOUR = 3600.0


class Answer(StrEnum):
    """What the owner says of a counter that moved as counters do not."""

    REPLACED = "replaced"
    """The meter was replaced, reset, or its counter rolled over: go on without counting the difference."""
    RIGHT = "right"
    """The meter is right: show what it says."""
    FAULT = "fault"
    """It is a fault: hold on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What is remembered of a counter over a restart."""

    count: float
    """What the meter said."""
    offset: float = 0.0
    age: float
    """Seconds since it said so."""
    is_other: bool = False
    """Whether the owner set something else since: another meter may be read, or with another ratio."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A counter that is held, for the owner to decide: what is shown, and what the meter says."""

    shown: float
    said: float


@dataclass(slots=True)
class _Doubt:
    """What a meter says that does not follow from what is believed; times in seconds, paces in units per hour."""

    count: float
    time: float
    since: float
    pace: float
    grain: float
    steps: int = 0
    """Growths in a row at one pace."""
    grown: int = 0
    is_even: bool = True
    """Whether it only ever grew by multiples of one step."""
    origin: str = ""
    is_answered: bool = False

    def note(self, count: float, now: float) -> None:
        """Note what the meter says by now."""
        if count > self.count:
            growth = count - self.count
            pace = growth / max(now - self.time, 1e-9) * _HOUR
            self.steps = self.steps + 1 if self.pace <= _ALIKE * pace and pace <= _ALIKE * self.pace else 0
            self.is_even = self.is_even and _is_multiple(growth, self.grain)
            self.grain, self.pace, self.time = min(growth, self.grain), pace, now
            self.grown += 1
        self.count = count


def _is_multiple(one: float, other: float) -> bool:
    """Whether one is a small multiple of the other."""
    ratio = max(one, other) / min(one, other)
    return ratio < _MOST_MULTIPLES + 0.5 and abs(ratio - round(ratio)) < _EVEN * ratio


@dataclass(slots=True)
class Total:
    """The believed reading of one counter and what speaks against it; times in seconds of any steady clock."""

    count: float | None = None
    """What the meter said when it was believed last."""
    time: float = 0.0
    offset: float = 0.0
    origin: str = ""
    _fastest: float = LEAP_PER_HOUR
    _coarsest: float = 0.0
    _is_other: bool = False
    _zero_since: float | None = None
    _doubt: _Doubt | None = None

    @property
    def value(self) -> float | None:
        """What is shown."""
        return None if self.count is None else self.count + self.offset

    def restore(self, former: Remembered, now: float) -> None:
        """Take what was remembered."""
        self.count, self.offset, self.time = former.count, former.offset, now - max(0.0, former.age)
        self._is_other = former.is_other

    def believe(self, count: float, now: float, *, power: float | None = None, origin: str = "") -> float | None:
        """Return the value to publish at `now`: of this reading, or of the last believed one.

        `power` is what is measured on the circuit, in units per hour, if it is known.
        """
        if self.count is None:
            return self._first(count, now, origin)
        if self._follows(count, now, power):
            self._take(count, now, origin)
        elif self._doubt is None or count < self._doubt.count:
            change = count - self.count
            pace = change / max(now - self.time, 1e-9) * _HOUR
            former = self._doubt
            self._doubt = _Doubt(
                count=count,
                time=now,
                since=now if former is None or (former.count < self.count) != (change < 0) else former.since,
                pace=pace,
                grain=abs(change),
                origin=origin,
                is_answered=former is not None and former.is_answered,
            )
        else:
            self._doubt.note(count, now)
            if count > self.count and self._is_alive(self._doubt, now):
                self._take(count, now, origin)
        return self.value

    def held(self, now: float) -> Held | None:
        """Return what the owner should decide, None if there is nothing (yet)."""
        doubt, value = self._doubt, self.value
        if doubt is None or value is None or self.count is None or doubt.is_answered:
            return None
        if abs(doubt.count - self.count) <= POWER_FLOOR or (doubt.count < self.count and doubt.origin != self.origin):
            # It will soon be over: so much flows, or the other way is behind only.
            return None
        is_time = self._is_other or now - doubt.since >= DOUBT_SECONDS
        return Held(shown=value, said=doubt.count) if is_time else None

    def settle(self, answer: Answer, now: float) -> None:
        """Do what the owner says."""
        doubt, value = self._doubt, self.value
        if doubt is None or value is None:
            return
        if answer is Answer.FAULT:
            doubt.is_answered = True
            return
        is_anew = doubt.count < _SHRUNK * value and doubt.count <= self._most(now - self.time, None)
        # What began anew is shown as it is: statistics count it from 0, and so much can have flowed since.
        self.offset = 0.0 if answer is Answer.RIGHT or is_anew else value - doubt.count
        self._take(doubt.count, now, doubt.origin)

    def _take(self, count: float, now: float, origin: str) -> None:
        self.count, self.time, self.origin = count, now, origin
        self._doubt, self._is_other = None, False

    def _first(self, count: float, now: float, origin: str) -> float | None:
        if count == 0:
            if self._zero_since is None:
                self._zero_since = now
            if now - self._zero_since < ZERO_SECONDS:
                return None
        self._take(count, now, origin)
        return self.value

    def _follows(self, count: float, now: float, power: float | None) -> bool:
        """Whether a reading is what comes after the believed one."""
        before = self.count or 0.0
        doubt = self._doubt
        if doubt is not None and before < doubt.count <= count:
            # It goes on from the leap. However long that is held, it was too much at the time.
            return False
        return 0 <= count - before <= self._most(now - self.time, power)

    def _most(self, seconds: float, power: float | None) -> float:
        """Return the most that is believed at once after so many seconds."""
        hours = max(0.0, seconds) / _HOUR
        if power is None or seconds > POWER_SECONDS:
            most = LEAP_FLOOR + self._fastest * hours
        else:
            most = POWER_FLOOR + POWER_FACTOR * power * hours
        return max(most, self._coarsest)

    def _is_alive(self, doubt: _Doubt, now: float) -> bool:
        """Whether a leap is shown to be right by what came after it; remember then at what pace or step it counts."""
        if now - doubt.since < DOUBT_SECONDS:
            return False
        if doubt.is_even and doubt.grown >= STEPS_TO_BELIEVE_GRAIN:
            self._coarsest = max(self._coarsest, _ALIKE * doubt.grain)
            return True
        if doubt.steps >= STEPS_TO_BELIEVE_PACE:
            self._fastest = max(self._fastest, _ALIKE * doubt.pace)
            return True
        return False


class Totals:
    """The counters of one device, and what was remembered of them."""

    def __init__(self) -> None:
        """Begin without any memory."""
        self._totals: dict[PointKey, Total] = {}
        self._held: set[PointKey] = set()

    def believe(self, point: Point, reading: Reading, now: float, power: float | None = None) -> Reading:
        """Return the reading to publish: that of a counter that runs backwards or leaps is held."""
        value = reading.value
        if point.quantity.kind is not Kind.ENERGY or value is None or isinstance(value, bool | str):
            return reading
        total = self._totals.setdefault(point.key, Total())
        believed = total.believe(value, now, power=power, origin=reading.origin)
        if total.count == value and believed is not None:
            self._held.discard(point.key)
            return reading if believed == value else replace(reading, value=believed)
        self._held.add(point.key)
        return replace(reading, value=believed, quality=Quality.HELD)

    def remember(self, key: PointKey, former: Remembered, now: float) -> bool:
        """Take what was remembered of a counter, unless it is known already; return whether."""
        total = self._totals.setdefault(key, Total())
        if total.count is not None:
            return False
        total.restore(former, now)
        return True

    def forget(self, key: PointKey) -> None:
        """Forget what is known of one counter."""
        self._totals.pop(key, None)
        self._held.discard(key)

    def held(self, now: float) -> Mapping[PointKey, Held]:
        """Return the counters of which the owner should say what happened."""
        found = {key: self._totals[key].held(now) for key in self._held}
        return {key: held for key, held in found.items() if held is not None}

    def settle(self, keys: Collection[PointKey], answer: Answer, now: float) -> Mapping[PointKey, float]:
        """Do with some counters what the owner says; return what is shown of them by that."""
        shown = {}
        for key in keys:
            if (total := self._totals.get(key)) is not None and key in self._held:
                total.settle(answer, now)
                if answer is not Answer.FAULT and total.value is not None:
                    self._held.discard(key)
                    shown[key] = total.value
        return shown

    def offset(self, key: PointKey) -> float:
        """Return how much more is shown of a counter than the meter says."""
        total = self._totals.get(key)
        return 0.0 if total is None else total.offset

    def values(self, now: float) -> Mapping[PointKey, Remembered]:
        """Return what is believed: what is to outlive a restart."""
        return {
            key: Remembered(count=total.count, offset=total.offset, age=now - total.time)
            for key, total in self._totals.items()
            if total.count is not None
        }
