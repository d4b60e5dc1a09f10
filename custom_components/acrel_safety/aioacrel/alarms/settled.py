"""Which reports of a log somebody knows of already, by number: none of them is an alarm twice, also after a restart.

Each log counts for itself: two ways to one device may give the same number to different things.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol

MOST_SETTLED = 200
"""Numbers of one log that are known to be settled; of what is older than those that are forgotten nothing is news."""
LONGEST_ID = 64
_EVER = datetime(1970, 1, 1)  # noqa: DTZ001 - a mark
_FARTHEST = timedelta(hours=26)
"""Between the zones that are farthest from each other …"""
_STEP = timedelta(minutes=15)
"""… and between two zones."""


class Told(Protocol):
    """What a report is told apart by."""

    @property
    def id(self) -> str:
        """Its number in its log."""

    @property
    def time(self) -> datetime | None:
        """When it happened."""

    @property
    def mark(self) -> datetime | None:
        """The same as its log spells it, in no zone."""


class Settled:
    """Those of one log."""

    def __init__(self) -> None:
        """Begin with none."""
        self._marks: dict[str, datetime | None] = {}
        self.before: datetime | None = None
        """What has a mark until then is settled, by whatever number."""

    def __len__(self) -> int:
        """Return how many numbers are known."""
        return len(self._marks)

    def knows(self, report: Told) -> bool:
        """Whether it is settled by its number; what comes later with the same one is another."""
        # A log that begins anew counts from one again.
        return report.id in self._marks and not is_later(report.mark, self._marks[report.id])

    def has(self, report: Told) -> bool:
        """Whether it is settled."""
        is_before = self.before is not None and report.mark is not None and report.mark <= self.before
        return is_before or self.knows(report)

    def add(self, number: str, mark: datetime | None) -> None:
        """Take it that somebody knows of a report."""
        known = self._marks.get(number)
        if number in self._marks and known is not None and not is_later(mark, known):
            return
        self._marks[number] = mark
        while len(self._marks) > MOST_SETTLED:
            # The oldest, in whatever order they came: all that is news has to be later.
            oldest = min(self._marks, key=self._mark)
            forgotten = self._marks.pop(oldest)
            if forgotten is not None and (self.before is None or forgotten > self.before):
                self.before = forgotten

    def _mark(self, number: str) -> datetime:
        return self._marks[number] or _EVER

    def kept(self) -> list[object]:
        """Return it as plain JSON."""
        return [spelled(self.before), [[number, spelled(mark)] for number, mark in self._marks.items()]]

    @classmethod
    def restored(cls, kept: object) -> Settled:
        """Return it as it was kept; a person may have edited that."""
        found = cls()
        match kept:
            case [before, [*numbers]]:
                found.before = mark_in(before)
                found._marks = {number: mark_in(mark) for number, mark in _pairs(numbers[-MOST_SETTLED:])}
        return found


class Former:
    """What a former version kept, which did not say of which log: a report of whichever may be one of them."""

    def __init__(self, memory: Mapping[str, object]) -> None:
        """Take what was kept."""
        settled = memory.get("settled")
        self._numbers: dict[str, object] = dict(_pairs(settled[-MOST_SETTLED:] if isinstance(settled, list) else ()))
        self._before = mark_in(memory.get("before"))
        self._time_before = time_in(memory.get("formerly")) or time_in(memory.get("before"))

    def knows(self, report: Told) -> bool:
        """Whether it is settled by its number."""
        kept = self._numbers.get(report.id)
        return report.id in self._numbers and may_be(report, time_in(kept), mark_in(kept))

    def has(self, report: Told) -> bool:
        """Whether it is settled."""
        is_before = self._before is not None and report.mark is not None and report.mark <= self._before
        if self._time_before is not None and report.time is not None:
            is_before = is_before or report.time <= self._time_before
        return is_before or self.knows(report)

    def add(self, number: str, time: datetime | None, mark: datetime | None) -> None:
        """Take it that somebody knows of a report that a former version kept."""
        self._numbers[number] = spelled(mark) or spelled(time)

    def drop(self, number: str) -> None:
        """Know a number no more: it is known of which log it is."""
        self._numbers.pop(number, None)

    def kept(self) -> dict[str, object]:
        """Return what is left of it."""
        found: dict[str, object] = {}
        if self._numbers:
            found["settled"] = [[number, kept] for number, kept in self._numbers.items()]
        if self._before is not None:
            found["before"] = spelled(self._before)
        if self._time_before is not None:
            found["formerly"] = spelled(self._time_before)
        return found


def may_be(report: Told, time: datetime | None, mark: datetime | None) -> bool:
    """Whether a report may be the one that happened then, in whatever zone its log was read before."""
    if mark is not None:
        return report.mark is None or report.mark == mark
    if time is None or report.time is None:
        return True
    apart = abs(report.time - time)
    return apart <= _FARTHEST and not apart % _STEP


def is_later(mark: datetime | None, than: datetime | None) -> bool:
    """Whether a mark is certainly later than another."""
    return mark is not None and than is not None and mark > than


def is_same(mark: datetime | None, other: datetime | None) -> bool:
    """Whether nothing tells two marks apart."""
    return mark is None or other is None or mark == other


def is_number(number: object) -> bool:
    """Whether something can be the number of a report."""
    return isinstance(number, str) and 0 < len(number) <= LONGEST_ID


def _pairs(found: Iterable[object]) -> Iterator[tuple[str, object]]:
    for one in found:
        match one:
            case [str(number), mark] if is_number(number):
                yield number, mark if isinstance(mark, str) else None


def spelled(time: datetime | None) -> str | None:
    """Return a time or mark as it is kept."""
    return None if time is None else time.isoformat()


def time_in(raw: object) -> datetime | None:
    """Return a time that was kept."""
    found = _read(raw)
    try:
        return found.astimezone(UTC) if found is not None and found.tzinfo is not None else None
    except OverflowError:
        return None


def mark_in(raw: object) -> datetime | None:
    """Return a mark that was kept."""
    found = _read(raw)
    return found if found is not None and found.tzinfo is None else None


def _read(raw: object) -> datetime | None:
    if not isinstance(raw, str) or len(raw) > LONGEST_ID:
        return None
    try:
        return datetime.fromisoformat(raw)
    except ValueError:
        return None
