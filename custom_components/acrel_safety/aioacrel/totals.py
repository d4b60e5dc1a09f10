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

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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
RETURNS_FROM_NOISE = 3
"""Readings in a row that follow from each other, before a meter is believed again that said one thing and another …"""
RETURNS_AT_REST = 10
"""… and if it does not move: half a reading stands still, too."""
_ALIKE = 2.0
_MOST_MULTIPLES = 10
_EVEN = 1e-6
_SHRUNK = 0.9
"""Statistics take what falls below so much of the last value for a counter that began anew."""
_MOMENT = 1e-9
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
class RememberedDoubt:
    """What is remembered over a restart of a counter that is held; ages in seconds."""

    count: float
    """What the meter said last."""
    age: float
    """How long it has been held."""
    silence: float = 0.0
    """How long ago the meter said anything."""
    flow: float = 0.0
    """As much may have flowed since it was believed, until the meter said something last."""
    is_new: bool = False
    """Whether the meter began with so little that it can have counted it since."""
    is_answered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What is remembered of a counter over a restart."""

    count: float
    """What the meter said."""
    offset: float = 0.0
    age: float
    """Seconds since it said so."""
    is_other: bool = False
    """Whether the owner set something else since, and nothing was believed by that yet: it may be another meter."""
    doubt: RememberedDoubt | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A counter that is held, for the owner to decide: what is shown, and what would be by what the meter says."""

    shown: float
    said: float
    time: float = field(default=0.0, compare=False)
    """When this was so."""


@dataclass(slots=True)
class _Doubt:
    """What a meter says that does not follow from what is believed; times in seconds, paces in units per hour."""

    count: float
    time: float
    since: float
    pace: float
    grain: float
    origin: str = ""
    grown: int = 0
    """How often it grew from one reading to the next, since it leapt."""
    is_paced: bool = True
    """Whether it always grew about as fast as the time before, and as the leap itself was."""
    is_even: bool = True
    """Whether it only ever grew by multiples of one step, and the leap was of such, too."""
    is_noisy: bool = False
    """Whether its readings do not even follow from each other."""
    is_answered: bool = False
    begun: float = 0.0
    """Since when each reading follows from the one before."""
    is_new: bool = False
    """Whether it began then with so little that it can have flowed since the meter said anything before."""
    _return: float = 0.0
    _returns: int = 0
    _has_grown: bool = False

    def note(self, count: float, now: float, most: float) -> None:
        """Note what the meter says by now; `most` may have flowed since it said something the last time."""
        self._returns = 0
        growth = count - self.count
        if growth < 0 or growth > max(most, _ALIKE * self.grain):
            self.is_noisy, self.is_paced, self.is_even = True, False, False
            self.begun, self.is_new = now, count <= most
        elif growth > 0:
            pace = growth / max(now - self.time, _MOMENT) * _HOUR
            self.is_paced &= self.pace <= _ALIKE * pace and pace <= _ALIKE * self.pace
            self.is_even &= _is_multiple(growth, self.grain)
            self.grain, self.pace, self.time = min(growth, self.grain), pace, now
            self.grown += 1
        self.count = count

    def is_back(self, count: float, most: float) -> bool:
        """Whether a meter that says again what follows from the believed reading means it."""
        if not self.is_noisy:
            return True
        follows = self._returns > 0 and 0 <= count - self._return <= most
        self._has_grown = follows and (self._has_grown or count > self._return)
        self._returns = self._returns + 1 if follows else 1
        self._return = count
        return self._returns >= (RETURNS_FROM_NOISE if self._has_grown else RETURNS_AT_REST)


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
    """When that was."""
    offset: float = 0.0
    origin: str = ""
    _heard: float = 0.0
    """When the meter last said anything."""
    _power: float | None = None
    """The power that was measured last, in units per hour."""
    _flow: float = 0.0
    """As much may have flowed since the believed reading."""
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
        self.count, self.offset = former.count, former.offset
        self.time = self._heard = now - max(0.0, former.age)
        self._is_other = former.is_other
        if (doubt := former.doubt) is not None:
            self._heard, self._flow = now - max(0.0, doubt.silence), doubt.flow
            # Nothing that grew is remembered, and so nothing is believed by it.
            self._doubt = _Doubt(
                doubt.count,
                now,
                now - max(0.0, doubt.age),
                pace=0.0,
                grain=abs(doubt.count - former.count) or POWER_FLOOR,
                is_paced=False,
                is_even=False,
                is_answered=doubt.is_answered,
                begun=now,
                is_new=doubt.is_new,
            )

    def remembered(self, now: float) -> Remembered:
        """Return what is to be remembered of a counter that was believed once."""
        doubt = self._doubt
        return Remembered(
            count=self.count or 0.0,
            offset=self.offset,
            age=now - self.time,
            is_other=self._is_other,
            doubt=None
            if doubt is None
            else RememberedDoubt(
                count=doubt.count,
                age=now - doubt.since,
                silence=now - self._heard,
                flow=self._flow,
                is_new=doubt.is_new,
                is_answered=doubt.is_answered,
            ),
        )

    def believe(self, count: float, now: float, *, power: float | None = None, origin: str = "") -> float | None:
        """Return the value to publish at `now`: of this reading, or of the last believed one.

        `power` is what is measured on the circuit, in units per hour, if it is known.
        """
        if self.count is None:
            return self._first(count, now, power, origin)
        flow = self._flow_since(now, power)
        self._flow += flow
        doubt, change = self._doubt, count - self.count
        most_now = max(self._floor + flow, self._coarsest)
        # What goes on from a leap remains one: however long that is held, it was too much at the time.
        goes_on = doubt is not None and self.count < doubt.count <= count
        if not goes_on and 0 <= change <= max(self._floor + self._flow, self._coarsest):
            if doubt is None or doubt.is_back(count, most_now):
                self._take(count, now, origin)
        elif doubt is None or (doubt.count < self.count) != (change < 0):
            pace = change / max(now - self.time, _MOMENT) * _HOUR
            is_noisy = doubt is not None
            self._doubt = _Doubt(
                count, now, now, pace, abs(change), origin, is_noisy=is_noisy, begun=now, is_new=count <= most_now
            )
        else:
            doubt.note(count, now, most_now)
            if change > 0 and self._is_alive(doubt, now):
                self._take(count, now, origin)
        return self.value

    def held(self, now: float) -> Held | None:
        """Return what the owner should decide, None if there is nothing (yet)."""
        doubt, value = self._doubt, self.value
        if doubt is None or value is None or self.count is None or doubt.is_answered:
            return None
        is_behind = doubt.count < self.count and self.origin not in ("", doubt.origin)
        if is_behind or abs(doubt.count - self.count) <= POWER_FLOOR:
            # It will soon be over: so much flows, or the other way is behind only.
            return None
        is_time = self._is_other or now - doubt.since >= DOUBT_SECONDS
        return Held(shown=value, said=doubt.count + self.offset, time=now) if is_time else None

    def settle(self, answer: Answer, now: float, asked: Held | None = None) -> bool:
        """Do what the owner says; return False if something else is said by now than what the owner was `asked`."""
        doubt, value = self._doubt, self.value
        if doubt is None or value is None:
            return asked is None or value == asked.said
        if answer is Answer.FAULT:
            doubt.is_answered = True
            return True
        if asked is not None and (asked.time < doubt.begun or asked.shown != value):
            return False
        if answer is Answer.RIGHT and doubt.grown and doubt.pace > 0:
            self._fastest = max(self._fastest, _ALIKE * doubt.pace)
        self.offset = self._offset_by(answer, doubt, value)
        self._take(doubt.count, now, doubt.origin)
        return True

    def _offset_by(self, answer: Answer, doubt: _Doubt, value: float) -> float:
        """Return the offset from now on."""
        is_fall, is_shrunk = doubt.count < (self.count or 0.0), doubt.count < _SHRUNK * value
        if answer is Answer.RIGHT:
            if not is_fall or doubt.count + self.offset >= _SHRUNK * value:
                return self.offset
            # Statistics take it for a counter that began anew, and nothing else that would be no energy.
            return 0.0 if is_shrunk else value - doubt.count
        # What began anew is shown as it is: statistics count it from 0, and so much can have flowed since.
        return 0.0 if is_shrunk and doubt.is_new else value - doubt.count

    @property
    def _floor(self) -> float:
        return LEAP_FLOOR if self._power is None else POWER_FLOOR

    def _flow_since(self, now: float, power: float | None) -> float:
        """Return how much may have flowed since the meter last said anything."""
        seconds, former = max(0.0, now - self._heard), self._power
        self._heard = now
        if power is not None:
            self._power = power
        powers = [known for known in (former, power) if known is not None]
        is_known = bool(powers) and seconds <= POWER_SECONDS
        return (POWER_FACTOR * max(powers) if is_known else self._fastest) * seconds / _HOUR

    def _take(self, count: float, now: float, origin: str) -> None:
        self.count, self.time, self.origin = count, now, origin
        self._flow, self._doubt, self._is_other = 0.0, None, False

    def _first(self, count: float, now: float, power: float | None, origin: str) -> float | None:
        self._heard, self._power = now, power
        if count == 0:
            if self._zero_since is None:
                self._zero_since = now
            if now - self._zero_since < ZERO_SECONDS:
                return None
        self._take(count, now, origin)
        return self.value

    def _is_alive(self, doubt: _Doubt, now: float) -> bool:
        """Whether a leap is shown to be right by what came after it; remember then at what pace or step it counts."""
        if now - doubt.since < DOUBT_SECONDS:
            return False
        if doubt.is_even and doubt.grown >= STEPS_TO_BELIEVE_GRAIN:
            self._coarsest = max(self._coarsest, _ALIKE * doubt.grain)
            return True
        if doubt.is_paced and doubt.grown >= STEPS_TO_BELIEVE_PACE:
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

    def values(self, now: float) -> Mapping[PointKey, Remembered]:
        """Return what is believed: what is to outlive a restart."""
        return {key: total.remembered(now) for key, total in self._totals.items() if total.count is not None}
