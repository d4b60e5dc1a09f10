"""What of a device's history lacks, in pieces of one day and one request each, and what was fetched already.

Days are those of the site's zone: 23 or 25 hours where its clocks change. Only days that are over are asked for, the
oldest first: a counter is judged by what came before, and its sum begins at the oldest reading. Every day is fetched
once it is over, not only those of an outage: what an owner puts into the energy dashboard has no holes then.
"""

from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

MONTHS = 12
MOST_MONTHS = 60
SETTLE = timedelta(hours=2)
"""So long after its end a day is asked for: what the server has of it ages in minutes."""
MOST_SUBJECTS = 4000
_MOST_RECENT = 60
_MOST_RANGES = 2000
_ONE = timedelta(days=1)


class Theme(StrEnum):
    """What one request is about."""

    LEAKAGE = "leakage"
    """Residual current and temperatures of a device."""
    ENERGY = "energy"
    POWER = "P"
    CURRENT = "I"
    VOLTAGE = "U"

    @property
    def is_of_circuit(self) -> bool:
        """Whether the server knows it by its circuits, and not by its devices."""
        return self is not Theme.LEAKAGE


USUAL = frozenset({Theme.LEAKAGE, Theme.ENERGY})
"""What is fetched unless more is asked for: each theme is a request a day and device."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Subject:
    """Whose history it is, and which."""

    site: str
    meter: str
    theme: Theme
    circuit: str = ""
    """The server's name of the circuit; empty where it is of the device."""

    @property
    def name(self) -> str:
        """What its progress is kept by."""
        return f"{self.site}/{self.meter}/{self.theme}/{self.circuit}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One request: a day of one device or circuit."""

    subject: Subject
    day: date


class Days:
    """A set of days, kept as ranges: a year without a hole is one."""

    def __init__(self, ranges: Sequence[tuple[int, int]] = ()) -> None:
        """Take ranges of ordinals, both ends included, in order."""
        self._ranges = [tuple(one) for one in ranges]

    def __contains__(self, day: date) -> bool:
        """Whether a day is among them."""
        number = day.toordinal()
        return any(first <= number <= last for first, last in self._ranges)

    def add(self, day: date) -> None:
        """Add a day."""
        number = day.toordinal()
        first = last = number
        others = []
        for low, high in self._ranges:
            if high < number - 1 or low > number + 1:
                others.append((low, high))
            else:
                first, last = min(first, low), max(last, high)
        self._ranges = sorted([*others, (first, last)])

    def remove(self, day: date) -> None:
        """Take a day out."""
        number = day.toordinal()
        split = []
        for low, high in self._ranges:
            if low <= number <= high:
                split += [(low, number - 1), (number + 1, high)]
            else:
                split.append((low, high))
        self._ranges = [(low, high) for low, high in split if low <= high]

    def count(self, first: date, last: date) -> int:
        """Return how many of them lie between two days, both included."""
        begin, end = first.toordinal(), last.toordinal()
        return sum(max(0, min(high, end) - max(low, begin) + 1) for low, high in self._ranges)

    def remove_from(self, day: date) -> None:
        """Take a day and all later ones out."""
        number = day.toordinal()
        self._ranges = [(low, min(high, number - 1)) for low, high in self._ranges if low < number]

    def kept(self) -> list[list[int]]:
        """Return it as it is stored."""
        return [list(one) for one in self._ranges]

    @classmethod
    def restored(cls, kept: object) -> Days:
        """Return what was stored; what cannot be understood is forgotten: it is fetched again."""
        days = cls()
        for one in kept[:_MOST_RANGES] if isinstance(kept, list) else ():
            match one:
                case [int(first), int(last)] if 1 <= first <= last <= date.max.toordinal():
                    days._ranges.append((first, last))
        days._ranges.sort()
        return days


class Progress:
    """Which days of which subject were imported. It never runs ahead of what was imported, but may be behind."""

    def __init__(self) -> None:
        """Begin with none."""
        self._done: dict[str, Days] = {}
        self._recent: list[tuple[str, int]] = []

    def is_done(self, piece: Piece) -> bool:
        """Whether a piece was imported."""
        days = self._done.get(piece.subject.name)
        return days is not None and piece.day in days

    def done(self, piece: Piece) -> None:
        """Note that a piece was imported, and is on the disk."""
        name = piece.subject.name
        if name not in self._done and len(self._done) >= MOST_SUBJECTS:
            del self._done[next(iter(self._done))]
        self._done.setdefault(name, Days()).add(piece.day)
        self._recent = [*self._recent[1 - _MOST_RECENT :], (name, piece.day.toordinal())]

    def count(self, subject: Subject, first: date, last: date) -> int:
        """Return how many days of a subject were imported."""
        days = self._done.get(subject.name)
        return 0 if days is None else days.count(first, last)

    def forget(self, site: str, meter: str, themes: Iterable[Theme], since: date | None = None) -> None:
        """Forget what was imported of a device, whatever circuit it was of: all, or from a day on. It is gone."""
        heads = tuple(f"{site}/{meter}/{theme}/" for theme in themes)
        for name in [name for name in self._done if name.startswith(heads)]:
            if since is None:
                del self._done[name]
            else:
                self._done[name].remove_from(since)
        self._recent = [
            (name, number)
            for name, number in self._recent
            if not name.startswith(heads) or (since is not None and number < since.toordinal())
        ]

    def kept(self) -> dict[str, object]:
        """Return it as it is stored."""
        return {
            "done": {name: days.kept() for name, days in self._done.items()},
            "recent": [list(one) for one in self._recent],
        }

    @classmethod
    def restored(cls, kept: object) -> Progress:
        """Return what was stored, but for the last pieces.

        A database that is told to be quick may lose its last commits when the power fails, and our own file may not:
        so the last ones are imported again, which changes nothing where they are there.
        """
        found = kept if isinstance(kept, Mapping) else {}
        done, recent = found.get("done"), found.get("recent")
        progress = cls()
        for name, days in list(done.items())[:MOST_SUBJECTS] if isinstance(done, Mapping) else ():
            progress._done[str(name)] = Days.restored(days)
        for one in recent if isinstance(recent, list) else ():
            match one:
                case [str(name), int(number)] if 1 <= number <= date.max.toordinal() and name in progress._done:
                    progress._done[name].remove(date.fromordinal(number))
        return progress


def months_before(day: date, months: int) -> date:
    """Return the same day some months before, the month's last where it has no such day."""
    count = day.year * 12 + day.month - 1 - months
    year, month = divmod(count, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Which days are worth asking for."""

    zone: tzinfo
    """The clock of the sites …"""
    site_zones: Mapping[str, tzinfo] = field(default_factory=dict)
    """… but for these."""
    now: Callable[[], datetime]
    months: int = MONTHS

    def zone_of(self, site: str) -> tzinfo:
        """Return the clock of a site."""
        return self.site_zones.get(site, self.zone)

    def _day(self, time: datetime) -> date:
        """Return the day of a time, where it is the earliest: a day is asked for once it is over everywhere."""
        return min(time.astimezone(zone).date() for zone in (self.zone, *self.site_zones.values()))

    def today(self) -> date:
        """Return the day that it is at the sites."""
        return self._day(self.now())

    def window(self) -> tuple[date, date]:
        """Return the first and the last day; the last is before the first where none is over."""
        last = self._day(self.now() - SETTLE) - _ONE
        return months_before(self.today(), self.months), last


def pieces(subjects: Sequence[Subject], progress: Progress, first: date, last: date) -> Iterator[Piece]:
    """Yield what lacks, the oldest day first, of each day all subjects; what is done meanwhile is left out."""
    days = last.toordinal() - first.toordinal() + 1
    lacking = [subject for subject in subjects if progress.count(subject, first, last) < days]
    day = first
    while lacking and day <= last:
        for subject in lacking:
            piece = Piece(subject=subject, day=day)
            if not progress.is_done(piece):
                yield piece
        day += _ONE


def bounds(day: date, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return the beginning and the end of a day, in UTC."""
    begin = datetime.combine(day, time(), zone)
    end = datetime.combine(day + _ONE, time(), zone)
    return begin.astimezone(UTC), end.astimezone(UTC)
