"""Alarms that somebody else's log tells of: an account at a cloud, a platform that sends them by itself.

Such a log says that something happened, and seldom that it is over: each report stands until a person knows of it, here
or there. It is told apart by its log and number, also after a restart, so that no report is an alarm twice. Which of
two is the later one is judged by the time as the log spells it: in which zone that is its owner may say otherwise
tomorrow.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from ..readings import DEVICE_CIRCUIT, PointKey, Value
from ..texts import Said, phrase
from .levels import Level
from .owed import Owed
from .rules import Band, Readings
from .settled import Former, Settled, is_later, is_number, is_same, mark_in, may_be, spelled, time_in
from .verdict import AlarmKey, Cause, Verdict

REPORTED, REPORTED_WARNING = "reported", "reported_warning"
"""What rules are called: of alarms, and of what their log takes for less."""
MOST_STANDING = 200
"""Reports of one device of which nobody knows yet: of more the oldest are counted, and no more is known of them."""
SOLE = "log"
"""A log, where there is no other."""
MOST_LOGS = 4
"""Of so many logs it is known what is settled: those that told something last."""
_WITH_TEXT = 20
"""So many of the newest can be named."""
_LONGEST_TEXT = 120
_NAMED = 3
_UNREADABLE = "?"
_NO_MARKUP = str.maketrans("<>&", "()+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """An entry of a log."""

    id: str
    """What it is told apart by in its log, for ever."""
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


class _Key(NamedTuple):
    """A report, as it is told apart from all others of its device."""

    way: str
    """Which log it is of; empty where a former version kept it, which did not say."""
    number: str


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
        self.other: ReportedRule | None = None
        """Whose reports are none of this one's, whatever their log says of their level later."""
        self.owed = Owed()
        """What a person acknowledged and its log is to be told."""
        self._standing: dict[_Key, _Standing] = {}
        """Those that nobody knows of, the newest last."""
        self._more = 0
        """Besides these: so many that of each of them nothing more is known."""
        self._settled: dict[str, Settled] = {}
        """Those that somebody knows of, by log; the log that told something last is the last."""
        self._former = Former({})
        """Likewise, as a former version kept it."""

    @property
    def standing(self) -> Sequence[str]:
        """The numbers of all that nobody knows of."""
        return [key.number for key in self._standing]

    @property
    def where(self) -> str:
        """What it goes by, for the record: how many stand, the newest of them, and what is to be confirmed."""
        numbers = self.standing
        said = f"{self._count} reported: {', '.join(numbers[-_NAMED:])}" if numbers else "0 reported"
        return f"{said}; {len(self.owed)} to be confirmed" if len(self.owed) else said

    @property
    def _count(self) -> int:
        return len(self._standing) + self._more

    def oldest(self, way: str | None = None) -> datetime | None:
        """Return when the first happened that is looked for in a log, or (None) in any."""
        mine = (one.time for key, one in self._standing.items() if way is None or key.way in ("", way))
        times = [*mine, *self.owed.times(way)]
        return min((time for time in times if time is not None), default=None)

    def note(self, reports: Iterable[Report], way: str = SOLE) -> bool:
        """Take what a log says; returns whether any of it is news. What it leaves out is as it was."""
        has_news = False
        for report in sorted(reports, key=_when):
            if is_number(report.id) and self._is_mine(report, way):
                has_news |= self._take(report, way)
        while len(self._standing) > MOST_STANDING:
            # So many are one matter: they are settled with the others, and none of them comes anew.
            self._settle(next(iter(self._standing)))
            self._more += 1
        for key in [*self._standing][:-_WITH_TEXT]:
            self._standing[key] = self._standing[key]._replace(text="")
        self._more = self._more if self._standing else 0
        self.owed.looked(way)
        return has_news

    def _is_mine(self, report: Report, way: str) -> bool:
        """Whether it is one of this rule: it was from the beginning, or none of the other and of this level."""
        if self.knows(report, way):
            return True
        return report.is_warning is self.is_warning and (self.other is None or not self.other.knows(report, way))

    def knows(self, report: Report, way: str) -> bool:
        """Whether the number of a report says that it stands here, or is settled."""
        settled = self._settled.get(way)
        if self._place_of(report, way) is not None or (settled is not None and settled.knows(report)):
            return True
        return self._former.knows(report)

    def _place_of(self, report: Report, way: str) -> _Key | None:
        """Return what stands as this report."""
        own, former = _Key(way, report.id), _Key("", report.id)
        if own in self._standing:
            return own if is_same(self._standing[own].mark, report.mark) else None
        stands = self._standing.get(former)
        return former if stands is not None and may_be(report, stands.time, stands.mark) else None

    def _take(self, report: Report, way: str) -> bool:
        self.owed.look(report, way)
        key = _Key(way, report.id)
        if (place := self._place_of(report, way)) is not None:
            self._take_again(report, place, key)
            return False
        stands = self._standing.get(key)
        if self._is_settled(report, way):
            self._note_settled(report, way)
        elif report.is_confirmed:
            if stands is None:
                self._remember(key, report.mark)
        elif stands is None or is_later(report.mark, stands.mark):
            self._standing.pop(key, None)
            self._standing[key] = _Standing(report.text[:_LONGEST_TEXT], report.time, report.mark)
            return True
        return False

    def _take_again(self, report: Report, place: _Key, key: _Key) -> None:
        """Take what is said of one that stands."""
        if report.is_confirmed:
            del self._standing[place]
            self._remember(key, report.mark)
            return
        stands = self._standing[place]
        if report.mark is not None:
            # What was said of the zone may be another now.
            stands = stands._replace(time=report.time, mark=report.mark)
        if place == key:
            self._standing[key] = stands
        else:
            # Of which log it is a former version did not say.
            known = self._standing.items()
            self._standing = {key if one == place else one: stands if one == place else was for one, was in known}

    def acknowledge(self, *, is_person: bool = False) -> None:
        """Somebody knows of all of them; the next one is another. Where it was a person, their logs are to be told."""
        for key, one in list(self._standing.items()):
            if is_person and key.number != _UNREADABLE:
                self.owed.add(key.way, key.number, one.time, one.mark)
            self._settle(key)
        self._more = 0

    def _is_settled(self, report: Report, way: str) -> bool:
        settled = self._settled.get(way)
        return (settled is not None and settled.has(report)) or self._former.has(report)

    def _note_settled(self, report: Report, way: str) -> None:
        """Note of what is settled which log it is of, and when it happened where that was not known."""
        settled = self._settled.get(way)
        if settled is not None and settled.knows(report):
            settled.add(report.id, report.mark)
        elif self._former.knows(report):
            self._former.drop(report.id)
            self._remember(_Key(way, report.id), report.mark)

    def _settle(self, key: _Key) -> None:
        """Take it that somebody knows of one that stands."""
        stands = self._standing.pop(key)
        if key.way:
            self._remember(key, stands.mark)
        elif key.number != _UNREADABLE:
            self._former.add(key.number, stands.time, stands.mark)

    def _remember(self, key: _Key, mark: datetime | None) -> None:
        # The log that told something last is kept the longest.
        settled = self._settled.pop(key.way, Settled())
        settled.add(key.number, mark)
        self._settled[key.way] = settled
        while len(self._settled) > MOST_LOGS:
            del self._settled[next(iter(self._settled))]

    def judge(self, readings: Readings, now: float) -> Verdict:
        """Say whether there is any of which nobody knows; the newest is named."""
        if not self._standing:
            return Verdict(is_on=False)
        text, time, _ = next(reversed(self._standing.values()))
        figures: dict[str, Value] = {"reports": self._count}
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
        others = self._count - 1
        return phrase("reported_with_others", report=text or "?", count=others) if others else text

    def calm(self, key: PointKey) -> Band | None:
        """Go by no value."""

    def restore(self, *, is_on: bool, memory: Mapping[str, object]) -> None:
        """Go on with what stood: nobody acknowledged it for a restart."""
        standing, logs, more = memory.get("standing"), memory.get("logs"), memory.get("more")
        self._former = Former(memory)
        self._settled = dict(_logs(logs[-MOST_LOGS:] if isinstance(logs, list) else ()))
        self._standing = dict(_restored(standing[-MOST_STANDING:] if isinstance(standing, list) else ()))
        self.owed = Owed.restored(memory.get("owed"))
        if is_on and not self._standing:
            # Something stood, and what it was cannot be read any more.
            self._standing[_Key("", _UNREADABLE)] = _Standing("", None, None)
        is_count = isinstance(more, int) and not isinstance(more, bool) and 0 < more < _MOST_MORE
        self._more = more if is_count and isinstance(more, int) and self._standing else 0

    def memory(self) -> Mapping[str, object]:
        """Return the reports that stand, and the numbers of those that are settled."""
        found: dict[str, object] = self._former.kept()
        if self._standing:
            found["standing"] = [
                [key.way, key.number, one.text, spelled(one.time), spelled(one.mark)]
                for key, one in self._standing.items()
            ]
        if self._settled:
            found["logs"] = [[way, *settled.kept()] for way, settled in self._settled.items()]
        if len(self.owed):
            found["owed"] = self.owed.kept()
        if self._more:
            found["more"] = self._more
        return found


def reported_rules() -> Iterator[ReportedRule]:
    """Yield the rules of a device of which somebody else keeps a log."""
    alarms, warnings = ReportedRule(is_warning=False), ReportedRule(is_warning=True)
    alarms.other, warnings.other = warnings, alarms
    yield from (alarms, warnings)


_EVER = datetime(1970, 1, 1)  # noqa: DTZ001 - a mark
_MOST_MORE = 1_000_000


def _when(report: Report) -> datetime:
    return report.mark or _EVER


def _in_utc(time: datetime) -> datetime:
    return time.astimezone(UTC).replace(tzinfo=None)


def _restored(found: Iterable[object]) -> Iterator[tuple[_Key, _Standing]]:
    for one in found:
        match one:
            case [str(way), str(number), str(text), time, mark] if is_number(number) and (is_number(way) or not way):
                yield _Key(way, number), _Standing(text[:_LONGEST_TEXT], time_in(time), mark_in(mark))
            # A former version kept no log, and one before it no mark.
            case [str(number), str(text), time, *marks] if len(marks) <= 1 and is_number(number):
                mark = mark_in(next(iter(marks), None))
                yield _Key("", number), _Standing(text[:_LONGEST_TEXT], time_in(time), mark)


def _logs(found: Iterable[object]) -> Iterator[tuple[str, Settled]]:
    for one in found:
        match one:
            case [str(way), *kept] if is_number(way) or not way:
                yield way, Settled.restored(kept)
