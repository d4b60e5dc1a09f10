"""One counter: what is believed of it, and what speaks against it."""

from dataclasses import dataclass, field

from .answers import Answer, Held, offset_by
from .doubt import DOUBT_SECONDS, Doubt
from .flow import POWER_FLOOR, Flow
from .remembered import Remembered, RememberedDoubt

ZERO_SECONDS = 60.0
"""So long a first 0 is not shown: meters answer 0 while they start."""


@dataclass(slots=True)
class Total:
    """The believed reading of one counter and what speaks against it; times in seconds of any steady clock."""

    may_fall: bool = False
    """Whether it can fall as fast as it can rise, by what it is."""
    count: float | None = None
    """What the meter said when it was believed last."""
    time: float = 0.0
    """When that was."""
    _sure: float = 0.0
    """When it was so for sure."""
    offset: float = 0.0
    origin: str = ""
    _flow: Flow = field(default_factory=Flow)
    _is_other: bool = False
    _doubt: Doubt | None = None
    _stray: Doubt | None = None
    """What the meter said last, if that does not follow from what is doubted: it takes its place when it goes on."""

    @property
    def value(self) -> float | None:
        """What is shown."""
        return None if self.count is None else self.count + self.offset

    @property
    def is_strange(self) -> bool:
        """Whether the meter says what cannot be."""
        return self.count is not None and self._doubt is not None and not self._doubt.is_within

    def restore(self, former: Remembered, now: float) -> None:
        """Take what was remembered."""
        age = max(0.0, former.age)
        self.count, self.offset, self.time, self._sure = former.count, former.offset, now - age, now - age
        self._is_other = former.is_other
        self._flow = Flow(heard=self.time, peak=former.peak, leap=former.leap)
        self._flow.begin(former.count, self.time)
        self._flow.age(age)
        if (doubt := former.doubt) is not None:
            self._flow.heard = now - max(0.0, doubt.silence)
            self._doubt = Doubt(
                doubt.count,
                doubt.leap,
                begun=now,
                since=now - max(0.0, doubt.age),
                may_fall=self.may_fall,
                is_new=doubt.is_new,
                is_answered=doubt.is_answered,
                counted=doubt.counted,
            )

    def remembered(self, now: float) -> Remembered:
        """Return what is to be remembered of a counter that was believed once."""
        doubt, flow = self._doubt, self._flow
        return Remembered(
            count=self.count or 0.0,
            offset=self.offset,
            age=now - self.time,
            peak=flow.peak,
            leap=flow.leap,
            is_other=self._is_other,
            # What can have been so can have been so after a restart, too.
            doubt=None
            if doubt is None or doubt.is_within
            else RememberedDoubt(
                count=doubt.count,
                leap=doubt.leap,
                age=now - doubt.since,
                silence=now - flow.heard,
                is_new=doubt.is_new,
                is_answered=doubt.is_answered,
                counted=doubt.counted,
            ),
        )

    def believe(self, count: float, now: float, *, power: float | None = None, origin: str = "") -> float | None:
        """Return the value to publish at `now`: of this reading, or of the last believed one.

        `power` is what is measured on the circuit, in units per hour, if it is known.
        """
        self._flow.hear(now, power)
        if self._is_explained(count):
            # Right after a doubt it may be little more than a wrong reading: the truth may be further by now.
            sure = now if self._doubt is None else self._sure
            self._take(count, now, origin)
            self._sure = sure
            return self.value
        doubt = self._going_on(count, now, origin) or self._begin(count, now, origin)
        if self._is_borne_out(doubt, now):
            if not doubt.is_within:
                self._flow.see(*doubt.pace(now))
            self._take(count, now, origin)
        elif self.count is not None and abs(count - self.count) <= POWER_FLOOR and doubt.is_going_on:
            # It is a little behind, and no more than that.
            self._sure = now
        return self.value

    def held(self, now: float) -> Held | None:
        """Return what the owner should decide, None if there is nothing (yet)."""
        doubt, value = self._doubt, self.value
        if doubt is None or value is None or self.count is None or doubt.is_settled or doubt.is_within:
            return None
        is_behind = doubt.count < self.count and self.origin not in ("", doubt.origin)
        if is_behind or abs(doubt.count - self.count) <= self._flow.floor or (doubt.is_small and not self._is_other):
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
            doubt.call_fault()
            return True
        if asked is not None and (self._stray or asked.time < doubt.begun or asked.shown != value):
            return False
        if answer is Answer.RIGHT and (doubt.leap > 0 or self.may_fall):
            self._flow.leap = max(self._flow.leap, abs(doubt.leap))
        self.offset = offset_by(answer, doubt, value, self.offset)
        self._take(doubt.count, now, doubt.origin)
        return True

    def _is_explained(self, count: float) -> bool:
        """Whether what is measured explains a reading."""
        if self.count is None:
            return False
        change, doubt = count - self.count, self._doubt
        if change < 0 and not self.may_fall:
            return False
        if doubt is not None and doubt.leap * change > 0 and doubt.follows(count, self._flow.possible):
            # What goes on from a leap remains one, though by now so much may have flowed.
            return False
        is_doubted = doubt is not None or self._is_other
        return abs(change) <= (POWER_FLOOR if self._is_other else self._flow.explained(is_doubted=is_doubted))

    def _can_be(self, count: float, now: float) -> bool:
        """Whether the circuit can have moved so much since the believed reading."""
        leap = 0.0 if self.count is None else count - self.count
        can_be = (leap >= 0 or self.may_fall) and not self._is_other
        return can_be and abs(leap) <= self._flow.reach(now - self._sure)

    def _going_on(self, count: float, now: float, origin: str) -> Doubt | None:
        """Return the doubt that a reading goes on from, having noted that."""
        former, stray, most = self._doubt, self._stray, self._flow.possible
        if former is None:
            return None
        # What was below and is above by now is no more of it.
        is_more = self.count is None or (count < self.count) == (former.leap < 0)
        # A counter may go on and on as it leapt, unless it says what can be again.
        if is_more and (former.follows(count, most) or (former.leaps_on(count) and not self._can_be(count, now))):
            self._stray = None
            former.note(count, origin, most)
            return former
        if stray is not None and stray.follows(count, most):
            stray.note(count, origin, most)
            stray.since = former.since
            stray.is_answered = former.is_answered and (stray.leap < 0) == (former.leap < 0)
            self._doubt, self._stray = stray, None
            return stray
        return None

    def _begin(self, count: float, now: float, origin: str) -> Doubt:
        """Return a doubt that begins with a reading."""
        former = self._doubt
        doubt = Doubt(
            count,
            leap=0.0 if self.count is None else count - self.count,
            begun=now,
            since=now,
            origin=origin,
            may_fall=self.may_fall,
            is_within=self._can_be(count, now),
            is_new=0 <= count <= self._flow.possible,
            is_noisy=former is not None,
        )
        if former is None:
            self._doubt = doubt
        else:
            former.interrupt(now)
            self._stray = doubt
        return doubt

    def _is_borne_out(self, doubt: Doubt, now: float) -> bool:
        if self.count is None:
            is_start = doubt.count == 0 and now - doubt.since < ZERO_SECONDS
            return doubt.is_followed and not is_start
        return not self._is_other and doubt.is_borne_out(now)

    def _take(self, count: float, now: float, origin: str) -> None:
        if self.count is None or (self._doubt is not None and not self._doubt.is_within):
            # A leap shows no power.
            self._flow.begin(count, now)
        self._flow.take(count, now, has_moved=count != self.count)
        self.count, self.time, self._sure, self.origin = count, now, now, origin
        self._doubt, self._stray, self._is_other = None, None, False
