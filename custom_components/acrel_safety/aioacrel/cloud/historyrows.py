"""From what a server says of a day to rows of long-term statistics: full hours of UTC, nothing that may be wrong.

- A sample whose time the site's clocks show twice (the night they are set back) is of one of two hours, and nobody can
  say which: it is left out, and so is one whose time they never show. The hours beside it are right.
- Two samples of one time that contradict each other are both left out, and so is what a quantity cannot be.
- An hour that belongs to two days of the site (zones of half hours) is known in halves only: it makes no row.
- A counter that runs backwards, within its day or against the days beside it, or leaps, makes no row. Its sum is what
  it shows less what it showed at the beginning of the oldest day: the same in whatever order the days come.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from math import isfinite
from statistics import fmean

from ..readings import PointKey
from ..totals.flow import LEAP_PER_HOUR
from ..vocabulary import MEASURED, vocabulary
from .history import bounds
from .records import Counted, Sample

HOUR = 3600
DIGITS = 6
"""Decimals to which numbers are rounded: whatever way a number is reached, it is the same number then."""
_TOLERANCE = 0.02
"""kWh by which readings of one moment may differ: two decimals are what a platform shows."""
_ONE_HOUR = timedelta(hours=1)


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
        if not begin <= time < end or not _can_be(sample) or is_open(time, zone):
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


def is_open(time: datetime, zone: tzinfo) -> bool:
    """Whether the clocks of a zone show a moment's time twice."""
    wall = time.astimezone(zone).replace(tzinfo=None)
    return wall.replace(tzinfo=zone, fold=0).utcoffset() != wall.replace(tzinfo=zone, fold=1).utcoffset()


def _can_be(sample: Sample) -> bool:
    quantity = vocabulary().find(sample.key.code)
    return (
        quantity is not None and quantity.kind in MEASURED and isfinite(sample.value) and sample.value in quantity.range
    )


@dataclass(slots=True)
class Counter:
    """What is known of one counter: its rows, as they are in the statistics."""

    ends: dict[int, float] = field(default_factory=dict)
    """What it showed at the end of which hour (seconds since 1970 of its beginning)."""
    base: float | None = None
    """What it showed at the beginning of the oldest day."""

    @classmethod
    def of_rows(cls, rows: Iterable[tuple[int, float, float]]) -> Counter:
        """Return what rows (beginning of the hour, reading, sum) say."""
        counter = cls()
        for hour, state, total in sorted(rows):
            if counter.base is None:
                counter.base = round(state - total, DIGITS)
            counter.ends[hour] = round(state, DIGITS)
        return counter

    def take(self, counted: Counted, day: date, zone: tzinfo) -> Sequence[SumRow]:
        """Take a day; return the rows to write: none, its own, or all where an older beginning is known now."""
        begin, end = bounds(day, zone)
        readings = _readings(counted, (end - begin) / _ONE_HOUR)
        if readings is None:
            return ()
        start, shown = readings
        # The hour that the day ends in: where zones differ by halves of one, it goes on for a while.
        last = int((end - timedelta(microseconds=1)).timestamp())
        hour = last - last % HOUR
        first = int(begin.timestamp())
        before = max((known for known in self.ends if known < hour), default=None)
        after = min((known for known in self.ends if known > hour), default=None)
        if before is not None and not _follows(self.ends[before], start, first - before - HOUR):
            return ()
        if after is not None and not _follows(shown, self.ends[after], after - hour):
            return ()
        self.ends[hour] = shown
        if before is None and self.base != start:
            self.base = start
            return [self._row(known) for known in sorted(self.ends)]
        return [self._row(hour)]

    def _row(self, hour: int) -> SumRow:
        shown, base = self.ends[hour], self.base or 0.0
        return SumRow(start=datetime.fromtimestamp(hour, UTC), state=shown, sum=round(shown - base, DIGITS))


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


def _follows(earlier: float, later: float, seconds: float) -> bool:
    """Whether a reading can come some time after another."""
    hours = max(seconds / HOUR, 0.0)
    return -_TOLERANCE <= later - earlier <= LEAP_PER_HOUR * hours + _TOLERANCE
