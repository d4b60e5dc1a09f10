"""Values of before, gathered until their hour is complete: each hour is handed out once, also after a restart.

Hours are those of UTC: no zone and no summer time is known here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from math import isfinite
from typing import Any

HOUR = 3600
MOST_WAITING = 72
"""Hours of one series that wait for more; the oldest give way."""
MOST_DONE = 2000
"""Hours of which it is known that they were handed out; what is older than all of them was, too."""
_MOST_VALUES = 400
"""Values of one hour."""
_SLACK = 1.5
"""Periods that may lack at either end of an hour, or between two values of it."""


@dataclass(slots=True)
class Series:
    """One quantity of one circuit."""

    waiting: dict[int, dict[int, float]] = field(default_factory=dict)
    """By the hour: values by second."""
    done: set[int] = field(default_factory=set)
    base: float | None = None
    """Of a counter, what it showed at the end of the hour that was handed out first."""
    ends: dict[int, float] = field(default_factory=dict)
    """Of a counter, what it showed at the ends of the hours that were handed out."""

    def take(self, time: float, value: float) -> None:
        """Take a value."""
        second = int(time)
        hour = second - second % HOUR
        if hour in self.done or (len(self.done) >= MOST_DONE and hour < min(self.done)):
            return
        values = self.waiting.setdefault(hour, {})
        if len(values) < _MOST_VALUES:
            values.setdefault(second, value)
        while len(self.waiting) > MOST_WAITING:
            del self.waiting[min(self.waiting)]

    def complete(self, period: float) -> Iterator[tuple[int, list[float]]]:
        """Yield each hour of which nothing lacks, with its values in order; from now on it was handed out."""
        for hour in sorted(self.waiting):
            if not _is_whole(hour, sorted(self.waiting[hour]), period):
                continue
            values = self.waiting.pop(hour)
            self.done.add(hour)
            yield hour, [values[second] for second in sorted(values)]
        while len(self.done) > MOST_DONE:
            over = min(self.done)
            self.done.discard(over)
            self.ends.pop(over, None)

    def total(self, hour: int, end: float) -> float | None:
        """Return what a counter counted until the end of an hour; None where it would run backwards."""
        before = max((known for known in self.ends if known < hour), default=None)
        after = min((known for known in self.ends if known > hour), default=None)
        if (before is not None and end < self.ends[before]) or (after is not None and end > self.ends[after]):
            return None
        if self.base is None:
            self.base = end
        self.ends[hour] = end
        return end - self.base

    def kept(self) -> Mapping[str, object]:
        """Return it as it is stored."""
        return {
            "waiting": {
                str(hour): {str(at): value for at, value in found.items()} for hour, found in self.waiting.items()
            },
            "done": sorted(self.done),
            "base": self.base,
            "ends": {str(hour): end for hour, end in self.ends.items()},
        }

    @classmethod
    def restored(cls, kept: object) -> Series:
        """Return what was stored; what cannot be understood is forgotten."""
        found: Mapping[str, Any] = kept if isinstance(kept, Mapping) else {}
        waiting, done, base = found.get("waiting"), found.get("done"), found.get("base")
        return cls(
            waiting={
                int(hour): _numbers(values)
                for hour, values in (waiting.items() if isinstance(waiting, Mapping) else ())
                if str(hour).isdecimal()
            },
            done={hour for hour in (done if isinstance(done, list) else ()) if isinstance(hour, int)},
            base=float(base) if isinstance(base, int | float) and _is_number(base) else None,
            ends=_numbers(found.get("ends")),
        )


def _is_whole(hour: int, seconds: list[int], period: float) -> bool:
    """Whether values come from all of an hour: there is no gap in it in which a report is missing."""
    gap = _SLACK * max(period, 1.0)
    marks = [hour, *seconds, hour + HOUR]
    return bool(seconds) and all(later - earlier <= gap for earlier, later in pairwise(marks))


def _numbers(found: object) -> dict[int, float]:
    if not isinstance(found, Mapping):
        return {}
    return {int(at): float(value) for at, value in found.items() if str(at).isdecimal() and _is_number(value)}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
