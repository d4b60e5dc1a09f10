"""Alarms that somebody else's log tells of: an account at a cloud, a platform that sends them by itself.

Such a log says that something happened, and seldom that it is over: each report stands until a person knows of it, here
or there. It is told apart by its number, also after a restart, so that no report is an alarm twice. Which of two is the
later one is judged by the time as the log spells it: in which zone that is its owner may say otherwise tomorrow.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from ..readings import DEVICE_CIRCUIT, PointKey, Value
from ..texts import Said, phrase
from .levels import Level
from .rules import Band, Readings
from .verdict import AlarmKey, Cause, Verdict

REPORTED, REPORTED_WARNING = "reported", "reported_warning"
"""What rules are called: of alarms, and of what their log takes for less."""
MOST_STANDING = 50
"""Reports of one device of which nobody knows yet; of more only the newest are named, all are counted."""
MOST_SETTLED = 200
"""Numbers that are known to be settled; of what is older than those that are forgotten nothing is news any more."""
_LONGEST_ID, _LONGEST_TEXT = 64, 120
_NAMED = 3
_NO_MARKUP = str.maketrans("<>&", "()+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """An entry of a log."""

    id: str
    """What it is told apart by, for ever."""
    text: str
    time: datetime | None = None
    spelled: datetime | None = None
    """The same as the log spells it, without a zone; None is in UTC, or not told."""
    is_warning: bool = False
    """Whether the log takes it for less than an alarm."""
    is_confirmed: bool | None = False
    """Whether somebody acknowledged it there; None where that is not told."""

    @property
    def mark(self) -> datetime | None:
        """By what it is told from one before or after it: a time without a zone."""
        return self.spelled if self.spelled is not None or self.time is None else _in_utc(self.time)


class _Standing(NamedTuple):
    """A report that nobody knows of."""

    text: str
    time: datetime | None
    mark: datetime | None


class ReportedRule:
    """Goes by no reading: whoever reads the log tells of it."""

    inputs: AbstractSet[PointKey] = frozenset()
    figures: AbstractSet[PointKey] = frozenset()

    def __init__(self, *, is_warning: bool) -> None:
        """Take which of the reports it is about; begin without any."""
        self.is_warning = is_warning
        self.cause = Cause(
            key=AlarmKey(DEVICE_CIRCUIT, "", REPORTED_WARNING if is_warning else REPORTED),
            level=Level.PRE_ALARM if is_warning else Level.ALARM,
            name=phrase("alarm_reported_warning") if is_warning else phrase("alarm_reported"),
        )
        self._standing: dict[str, _Standing] = {}
        """Those that nobody knows of, by number, the newest last."""
        self._settled: dict[str, datetime | None] = {}
        """Marks of those that somebody knows of, by number."""
        self._before: datetime | None = None
        """What has a mark until then is settled, by whatever number."""
        self._formerly: datetime | None = None
        """Likewise what happened until then, as a former version kept it."""

    @property
    def standing(self) -> Sequence[str]:
        """The numbers of all that nobody knows of."""
        return list(self._standing)

    @property
    def where(self) -> str:
        """What it goes by, for the record: how many stand, and the newest of them."""
        numbers = self.standing
        return f"{len(numbers)} reported: {', '.join(numbers[-_NAMED:])}" if numbers else "0 reported"

    @property
    def oldest(self) -> datetime | None:
        """When the first of them happened."""
        return min((one.time for one in self._standing.values() if one.time is not None), default=None)

    def note(self, reports: Iterable[Report]) -> bool:
        """Take what the log says; returns whether any of it is news. What it leaves out is as it was."""
        has_news = False
        for report in sorted(reports, key=_when):
            number = report.id
            if report.is_warning is not self.is_warning or not 0 < len(number) <= _LONGEST_ID:
                continue
            stands = self._standing.get(number)
            if stands is not None and _is_same(stands.mark, report.mark):
                if report.is_confirmed:
                    self._settle(number, report.mark)
                elif report.mark is not None:
                    # What was said of the zone may be another now.
                    self._standing[number] = stands._replace(time=report.time, mark=report.mark)
            elif report.is_confirmed:
                if stands is None:
                    self._settle(number, report.mark)
            elif not self._is_settled(report) and (stands is None or _is_later(report.mark, stands.mark)):
                has_news = True
                self._standing.pop(number, None)
                self._standing[number] = _Standing(report.text[:_LONGEST_TEXT], report.time, report.mark)
        while len(self._standing) > MOST_STANDING:
            # So many are one matter: they are settled with the others, and none of them comes anew.
            oldest = next(iter(self._standing))
            self._settle(oldest, self._standing[oldest].mark)
        return has_news

    def acknowledge(self) -> None:
        """A person knows of all of them; the next one is another."""
        for number, one in list(self._standing.items()):
            self._settle(number, one.mark)

    def _is_settled(self, report: Report) -> bool:
        is_before = self._before is not None and report.mark is not None and report.mark <= self._before
        if self._formerly is not None and report.time is not None:
            is_before = is_before or report.time <= self._formerly
        # A log that begins anew counts from one again.
        return is_before or (report.id in self._settled and not _is_later(report.mark, self._settled[report.id]))

    def _settle(self, number: str, mark: datetime | None) -> None:
        self._standing.pop(number, None)
        if number in self._settled and not _is_later(mark, self._settled[number]):
            return
        self._settled.pop(number, None)
        self._settled[number] = mark
        while len(self._settled) > MOST_SETTLED:
            forgotten = self._settled.pop(next(iter(self._settled)))
            if forgotten is not None and (self._before is None or forgotten > self._before):
                self._before = forgotten

    def judge(self, readings: Readings, now: float) -> Verdict:
        """Say whether there is any of which nobody knows; the newest is named."""
        if not self._standing:
            return Verdict(is_on=False)
        text, time, _ = next(reversed(self._standing.values()))
        figures: dict[str, Value] = {"reports": len(self._standing)}
        if time is not None:
            figures["reported_at"] = time.isoformat()
        said = self._said(text)
        # As it may stand in a message on a phone, which takes some signs for markup.
        shown = self._said(text.translate(_NO_MARKUP))
        is_warning = self.is_warning
        name = (
            phrase("alarm_reported_warning_as", report=shown)
            if is_warning
            else phrase("alarm_reported_as", report=shown)
        )
        return Verdict(is_on=True, detail=said, figures=figures, name=name if text else None)

    def _said(self, text: str) -> Said:
        others = len(self._standing) - 1
        return phrase("reported_with_others", report=text or "?", count=others) if others else text

    def calm(self, key: PointKey) -> Band | None:
        """Go by no value."""

    def restore(self, *, is_on: bool, memory: Mapping[str, object]) -> None:
        """Go on with what stood: nobody acknowledged it for a restart."""
        settled, standing = memory.get("settled"), memory.get("standing")
        numbers = settled[-MOST_SETTLED:] if isinstance(settled, list) else ()
        self._settled = dict(_settled(numbers))
        self._before, self._formerly = _mark(memory.get("before")), _time(memory.get("before"))
        self._formerly = _time(memory.get("formerly")) or self._formerly
        found = standing[-MOST_STANDING:] if isinstance(standing, list) else ()
        self._standing = dict(_restored(found))
        if is_on and not self._standing:
            # Something stood, and what it was cannot be read any more.
            self._standing["?"] = _Standing("", None, None)

    def memory(self) -> Mapping[str, object]:
        """Return the reports that stand, and the numbers of those that are settled."""
        found: dict[str, object] = {}
        if self._standing:
            found["standing"] = [
                [number, one.text, _spelled(one.time), _spelled(one.mark)] for number, one in self._standing.items()
            ]
        if self._settled:
            found["settled"] = [[number, _spelled(mark)] for number, mark in self._settled.items()]
        if self._before is not None:
            found["before"] = _spelled(self._before)
        if self._formerly is not None:
            found["formerly"] = _spelled(self._formerly)
        return found


def reported_rules() -> Iterator[ReportedRule]:
    """Yield the rules of a device of which somebody else keeps a log."""
    yield ReportedRule(is_warning=False)
    yield ReportedRule(is_warning=True)


_EVER = datetime(1970, 1, 1)  # noqa: DTZ001 - a mark


def _when(report: Report) -> datetime:
    return report.mark or _EVER


def _in_utc(time: datetime) -> datetime:
    return time.astimezone(UTC).replace(tzinfo=None)


def _is_later(time: datetime | None, than: datetime | None) -> bool:
    return time is not None and than is not None and time > than


def _is_same(time: datetime | None, other: datetime | None) -> bool:
    return time is None or other is None or time == other


def _is_number(number: object) -> bool:
    return isinstance(number, str) and 0 < len(number) <= _LONGEST_ID


def _restored(found: Iterable[object]) -> Iterator[tuple[str, _Standing]]:
    for one in found:
        match one:
            # A former version kept no mark.
            case [str(number), str(text), time, *marks] if _is_number(number):
                yield number, _Standing(text[:_LONGEST_TEXT], _time(time), _mark(next(iter(marks), None)))


def _settled(found: Iterable[object]) -> Iterator[tuple[str, datetime | None]]:
    for one in found:
        match one:
            case [str(number), mark] if _is_number(number):
                yield number, _mark(mark)


def _spelled(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()


def _time(raw: object) -> datetime | None:
    found = _read(raw)
    return found.astimezone(UTC) if found is not None and found.tzinfo is not None else None


def _mark(raw: object) -> datetime | None:
    found = _read(raw)
    return found if found is not None and found.tzinfo is None else None


def _read(raw: object) -> datetime | None:
    if not isinstance(raw, str) or len(raw) > _LONGEST_ID:
        return None
    try:
        return datetime.fromisoformat(raw)
    except ValueError:
        return None
