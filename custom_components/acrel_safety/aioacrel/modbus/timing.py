"""How long an answer is waited for, and how long a unit is left alone after a fault.

Both follow from the line (baud rate, length) and from what was measured, never from a fixed number of seconds.
"""

from ..registers import MOST_REGISTERS, LineCost
from .figures import UnitFigures

MIN_TIMEOUT = 0.5
"""Seconds; below this a gateway's own scheduling looks like silence."""
MAX_TIMEOUT = 10.0
MOST_PATIENCE = 5.0
"""Seconds for which a silent unit is listened to in the end, and in which a slow one is found out."""
LEAST_PATIENCE = 0.25
SAFETY_FACTOR = 4
"""An answer gets this many times its computed or measured time."""
MOST_MARGIN = 2.0
"""Seconds; a slow answer gets no more than this beyond its time."""
MIN_QUIET = 1.0
"""Seconds of quiet after a fault, however fast the unit was so far."""
MAX_QUIET = 30.0
MIN_REPEAT = 0.25
"""Seconds for which a repeat of an answer is looked out for, at least."""
PATIENT_SHARE = 1 / 16
"""Of the time a silent unit was left alone: for so long it is listened to."""
LONG_REST = 60.0
"""Seconds; after these a silent unit is listened to for as long as a slow one may need."""
REVIEW_EVERY = 32
"""Answers between two looks at whether the time-out still fits."""
_CALM_ANSWERS = 100
_MOST_DOUBLINGS = 3


class Timing:
    """The times of one unit."""

    def __init__(self, cost: LineCost, figures: UnitFigures, fixed: float | None) -> None:
        """Compute the first time-out; `fixed` seconds, when given, are never changed."""
        self._cost = cost
        self._figures = figures
        self._is_fixed = fixed is not None
        computed = SAFETY_FACTOR * cost.seconds(MOST_REGISTERS)
        self.timeout = fixed if fixed is not None else _bounded(computed)
        self._stale = 0
        self._calm = 0
        self._to_review = REVIEW_EVERY

    @property
    def quiet(self) -> float:
        """Seconds in which an answer that was given up can still arrive, doubled each time that proved too short."""
        worst = 2 * self._figures.slowest_answer_time
        return min(MAX_QUIET, max(MIN_QUIET, worst, self.timeout) * (1 << self._stale))

    @property
    def repeat(self) -> float:
        """Seconds in which an answer that was believed may be repeated."""
        slow = SAFETY_FACTOR * (self._figures.slow_answer_time or 0.0)
        return min(max(MIN_REPEAT, slow), max(MIN_REPEAT, self.timeout))

    def patience(self, rest: float) -> float:
        """Return how long a silent unit is listened to that was left alone for `rest` seconds.

        Not long at first, since others wait meanwhile; in the end for longer than its time-out, or a slow unit would
        never be heard.
        """
        short = _bounded(SAFETY_FACTOR * self._cost.seconds(1))
        wanted = MOST_PATIENCE if rest >= LONG_REST else PATIENT_SHARE * rest
        return min(self.longest, max(short, wanted))

    @property
    def least(self) -> float:
        """For so long a silent unit is listened to also where somebody waits for the line: a quick one has answered."""
        return min(self.longest, max(LEAST_PATIENCE, SAFETY_FACTOR * self._cost.seconds(1)))

    @property
    def longest(self) -> float:
        """The longest an answer is ever waited for. It hardly ever changes: that costs the link a new connection."""
        if self._is_fixed:
            return self.timeout
        return MOST_PATIENCE if self.timeout <= MOST_PATIENCE else MAX_TIMEOUT

    def note_stale(self) -> None:
        """An old answer arrived after the quiet time: it was too short."""
        self._stale = min(self._stale + 1, _MOST_DOUBLINGS)
        self._calm = 0

    def note_answer(self, seconds: float, *, is_sure: bool = True) -> bool:
        """Note an answer and its time; return whether the time-out was changed.

        It is not `is_sure` when a connection had to be opened first, or the gateway was busy with another unit.
        """
        self._calm += 1
        if self._calm >= _CALM_ANSWERS:
            self._calm, self._stale = 0, max(0, self._stale - 1)
        if seconds > self.timeout and not self._is_fixed:
            # It was heard because it was listened to for longer: the next ones are not to be missed.
            self.timeout = _fitting(seconds)
            return True
        if not is_sure:
            return False
        self._figures.answer_times.append(seconds)
        self._to_review -= 1
        if self._is_fixed or self._to_review > 0:
            return False
        self._to_review = REVIEW_EVERY
        fitting = _fitting(self._figures.slow_answer_time or 0.0)
        if self.timeout / 2 <= fitting <= self.timeout:
            return False
        self.timeout = fitting
        return True


def _fitting(seconds: float) -> float:
    """Return the time-out for answers that take so long."""
    return _bounded(min(SAFETY_FACTOR * seconds, seconds + MOST_MARGIN))


def _bounded(seconds: float) -> float:
    return min(max(seconds, MIN_TIMEOUT), MAX_TIMEOUT)
