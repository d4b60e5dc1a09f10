"""From what a server says of a day to rows of long-term statistics: full hours of UTC, nothing that may be wrong.

- A sample whose time the site's clocks show twice (the night they are set back) is of one of two hours, and nobody can
  say which: it is left out, and so is one whose time they never show. The hours beside it are right.
- Two samples of one time that contradict each other are both left out, and so is what a quantity cannot be.
- An hour that belongs to two days of the site (zones of half hours) is known in halves only: it makes no row.
- A counter that runs backwards, within its day or against the days beside it, or leaps, makes no row. Its sum is what
  it shows less what it showed at the beginning of the oldest day: the same in whatever order the days come.
- Where it goes on from another number for two days, and counts, it is another meter: the sum goes on from where it was,
  and what was used between the two meters nobody knows. Until the second day the first one is held.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from math import isfinite
from statistics import fmean

from ..readings import PointKey
from ..totals.flow import LEAP_PER_HOUR, ORDINARY_POWER, POWER_FACTOR
from ..vocabulary import MEASURED, vocabulary
from .fields import comes_twice
from .history import bounds
from .records import Counted, Sample

HOUR = 3600
DIGITS = 6
"""Decimals to which numbers are rounded: whatever way a number is reached, it is the same number then."""
_TOLERANCE = 0.02
"""kWh by which readings of one moment may differ: two decimals are what a platform shows."""
_ONE_HOUR = timedelta(hours=1)
_NEXT = 26 * HOUR
"""No day ends later after the one before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanRow:
    """An hour of a measurement."""

    start: datetime
    mean: float
    min: float
    max: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SumRow:
    """A reading of a counter at the end of an hour; both in the counter's unit."""

    start: datetime
    state: float
    sum: float


def means(samples: Iterable[Sample], day: date, zone: tzinfo) -> dict[PointKey, list[MeanRow]]:
    """Return the hours of a day."""
    begin, end = bounds(day, zone)
    found: dict[PointKey, dict[datetime, set[float]]] = {}
    for sample in samples:
        time = sample.time.astimezone(UTC)
        if not begin <= time < end or not _can_be(sample) or comes_twice(time, zone):
            continue
        found.setdefault(sample.key, {}).setdefault(time, set()).add(sample.value)
    rows: dict[PointKey, list[MeanRow]] = {}
    for key, by_time in found.items():
        hours: dict[datetime, list[float]] = {}
        for time in sorted(by_time):
            hour = time.replace(minute=0, second=0, microsecond=0)
            if len(by_time[time]) == 1 and begin <= hour and hour + _ONE_HOUR <= end:
                hours.setdefault(hour, []).extend(by_time[time])
        if hours:
            rows[key] = [
                MeanRow(start=hour, mean=round(fmean(values), DIGITS), min=min(values), max=max(values))
                for hour, values in hours.items()
            ]
    return rows


def _can_be(sample: Sample) -> bool:
    quantity = vocabulary().find(sample.key.code)
    return (
        quantity is not None and quantity.kind in MEASURED and isfinite(sample.value) and sample.value in quantity.range
    )


@dataclass(frozen=True, slots=True)
class _Held:
    """A day that may be the first of another meter."""

    hour: int
    start: float
    shown: float


@dataclass(slots=True)
class Counter:
    """What is known of one counter: its rows, as they are in the statistics."""

    ends: dict[int, float] = field(default_factory=dict)
    """What it showed at the end of which hour (seconds since 1970 of its beginning)."""
    offsets: dict[int, float] = field(default_factory=dict)
    """What is taken from that to have the sum: of one meter the same."""
    _held: _Held | None = None

    @classmethod
    def of_rows(cls, rows: Iterable[tuple[int, float, float]]) -> Counter:
        """Return what rows (beginning of the hour, reading, sum) say."""
        counter = cls()
        for hour, state, total in rows:
            counter.ends[hour], counter.offsets[hour] = round(state, DIGITS), round(state - total, DIGITS)
        return counter

    def take(self, counted: Counted, day: date, zone: tzinfo) -> Sequence[SumRow] | None:
        """Take a day; return the rows to write: none, its own, or others that follow from it.

        None if that cannot be said before the next day is known: it has to be taken again.
        """
        begin, end = bounds(day, zone)
        readings = _readings(counted, (end - begin) / _ONE_HOUR)
        if readings is None:
            return ()
        start, shown = readings
        # The hour that the day ends in: where zones differ by halves of one, it goes on for a while.
        last = int((end - timedelta(microseconds=1)).timestamp())
        hour = last - last % HOUR
        is_oldest = bool(self.ends) and hour == min(self.ends)
        if self.ends.get(hour) == shown and (not is_oldest or self.offsets[hour] == start):
            return [self._row(hour)]
        before = max((known for known in self.ends if known < hour), default=None)
        after = min((known for known in self.ends if known > hour), default=None)
        if after is not None and not _follows(shown, self.ends[after], after - hour):
            return ()
        if before is None:
            return self._begin(hour, start, shown, after)
        # As much may have been drawn on days of which nothing is known as is usual of any circuit, or was on this one.
        power = min(max(ORDINARY_POWER, POWER_FACTOR * (shown - start) / ((end - begin) / _ONE_HOUR)), LEAP_PER_HOUR)
        if _follows(self.ends[before], start, int(begin.timestamp()) - before - HOUR, power):
            self._held = None
            self._note(hour, shown, self.offsets[before])
            return [self._row(hour)]
        return () if after is not None else self._another(_Held(hour, start, shown), before)

    def _begin(self, hour: int, start: float, shown: float, after: int | None) -> Sequence[SumRow]:
        """Take the oldest day: all sums begin with it."""
        self._note(hour, shown, start)
        if after is None:
            return [self._row(hour)]
        more = self.offsets[after] - start
        for known in self.offsets:
            if known != hour:
                self.offsets[known] = round(self.offsets[known] - more, DIGITS)
        return [self._row(known) for known in sorted(self.ends)]

    def _another(self, found: _Held, before: int) -> Sequence[SumRow] | None:
        """Take a day that does not go on from the one before: the second one is believed."""
        held, self._held = self._held, found
        is_next = held is not None and before < held.hour < found.hour <= held.hour + _NEXT
        if held is None or not is_next or not _follows(held.shown, found.start, HOUR) or found.shown <= held.start:
            return None
        self._held = None
        offset = round(held.start - (self.ends[before] - self.offsets[before]), DIGITS)
        for one in (held, found):
            self._note(one.hour, one.shown, offset)
        return [self._row(one.hour) for one in (held, found)]

    def _note(self, hour: int, shown: float, offset: float) -> None:
        self.ends[hour], self.offsets[hour] = shown, offset

    def _row(self, hour: int) -> SumRow:
        shown = self.ends[hour]
        return SumRow(
            start=datetime.fromtimestamp(hour, UTC), state=shown, sum=round(shown - self.offsets[hour], DIGITS)
        )


def _readings(counted: Counted, hours: float) -> tuple[float, float] | None:
    """Return what a counter showed at both ends of a day; None where that cannot be."""
    start, end, used = counted.start, counted.end, counted.consumed
    if start is None or end is None or not (isfinite(start) and isfinite(end)):
        return None
    energy = vocabulary().find("EPI")
    if start < 0 or energy is None or end not in energy.range or not 0 <= end - start <= LEAP_PER_HOUR * hours:
        return None
    if used is not None and not abs(end - start - used) <= _TOLERANCE:
        # Readings of a meter behind transformers may be secondary values: then nobody knows what they count.
        return None
    return round(start, DIGITS), round(end, DIGITS)


def _follows(earlier: float, later: float, seconds: float, power: float = LEAP_PER_HOUR) -> bool:
    """Whether a reading can come some time after another, where so much may have been drawn (kW)."""
    return -_TOLERANCE <= later - earlier <= power * max(seconds / HOUR, 0.0) + _TOLERANCE
