"""What is sent to people, and when: once, grouped by board, again until somebody acknowledged.

Here is the clock and the count; who sends (an automation) keeps neither, and may come and go.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from .happening import Happening, What
from .levels import Level
from .standing import Standing
from .timetable import Timetable, sooner

GROUP_SECONDS = 0.5
"""What comes of one cause comes within this time, and is one notice."""
FIGURE_SECONDS = 2.5
"""So long in all a notice waits for value and limit of what it tells, where they are read after its alarm."""
FLOOD_BEGINS, FLOOD_ENDS = 10, 5
"""Notices in ten minutes from which on, and down to which, they come too fast for a person (ISA-18.2)."""
FLOOD_WINDOW = 600.0
FLOOD_GROUP_SECONDS = 60.0
REMIND_SECONDS: Mapping[Level, float] = {
    Level.TRIP: 600.0,
    Level.ALARM: 600.0,
    Level.FAULT: 6 * 3600.0,
    Level.NOT_SEEN: 6 * 3600.0,
    Level.PRE_ALARM: 24 * 3600.0,
}
"""After the notice before, as long as nobody acknowledged; our choice, no public text gives figures."""


class Why(StrEnum):
    """Why a notice is due."""

    RAISED = "raised"
    REMINDER = "reminder"
    RESTARTED = "restarted"
    """It stood before a restart, and nobody has acknowledged it."""
    OVER = "over"
    """Acknowledged or ended: what was sent can be taken back."""


_NEWEST_FIRST = (Why.RAISED, Why.RESTARTED, Why.REMINDER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What is to be sent: alarms of one board, the gravest first, of equals the first that came."""

    why: Why
    alarms: Sequence[Standing]
    count: int = 1
    """How often this was sent by then."""


@dataclass(slots=True)
class _Told:
    """What was sent of one occurrence."""

    alarm_id: str
    level: Level
    count: int = 0


class Notices:
    """Collects what is news, and says what is due."""

    def __init__(self, find: Callable[[str], Standing | None], send: Callable[[Notice], None]) -> None:
        """Take what finds an alarm by its id, and who is told of each notice."""
        self._find = find
        self._send = send
        self._news: dict[str, Why] = {}
        """By alarm, in the order they came."""
        self._told: dict[str, _Told] = {}
        """By occurrence."""
        self._times = Timetable[str]()
        """When each occurrence is due again."""
        self._flush_at: float | None = None
        self._latest = 0.0
        """When the news is sent whether its figures are there or not."""
        self._waits = False
        """Whether it is for its figures that the news waits."""
        self._sent = deque[float]()
        self.is_flood = False

    def take(self, alarm_id: str, happening: Happening, now: float) -> None:
        """Take what happened to an alarm."""
        match happening.what:
            case What.UNSUPPRESSED if happening.occurrence in self._told:
                # It was told before a graver one said it, too.
                pass
            case What.RAISED | What.UNSHELVED | What.UNSUPPRESSED | What.PUT_BACK:
                self._note(alarm_id, Why.RAISED, now)
            case What.CAME_AGAIN if happening.is_news:
                self._note(alarm_id, Why.RAISED, now)
            case What.MEASURED if self._waits:
                self._flush_at = now
            case What.ACKNOWLEDGED | What.ENDED:
                told = self._told.pop(happening.occurrence, None)
                self._times.set(happening.occurrence, None)
                if told is not None and (standing := self._find(alarm_id)) is not None:
                    self._send(Notice(why=Why.OVER, alarms=(standing,), count=told.count))

    def restart(self, alarm_id: str, occurrence: str, now: float) -> None:
        """Have an alarm told again that stood before a restart; of one that was told since nothing is news."""
        if occurrence not in self._told:
            self._note(alarm_id, Why.RESTARTED, now)

    def remind(self, alarm_id: str, now: float) -> None:
        """Have an alarm told again soon, before its time: something can be done about it now."""
        self._note(alarm_id, Why.REMINDER, now)

    def withdraw(self, alarms: Iterable[Standing]) -> None:
        """Say nothing more of alarms that will not come back: what they were about was removed."""
        for standing in alarms:
            self._news.pop(standing.alarm_id, None)
            self._told.pop(standing.occurrence, None)
            self._times.set(standing.occurrence, None)

    def _note(self, alarm_id: str, why: Why, now: float) -> None:
        self._news.setdefault(alarm_id, why)
        if self._flush_at is None:
            self._flush_at = now + (FLOOD_GROUP_SECONDS if self.is_flood else GROUP_SECONDS)
            self._latest = now + FIGURE_SECONDS

    def next_time(self) -> float | None:
        """Return when `tick` is to be called."""
        return sooner(self._times.next(), self._flush_at)

    def tick(self, now: float) -> None:
        """Send what is due."""
        if self._flush_at is not None and now >= self._flush_at and not self._waits_for_figures(now):
            self._flush_at = None
            news, self._news = self._news, {}
            self._send_grouped(news, now)
        due: dict[str, Why] = {}
        for occurrence in list(self._times.take(now)):
            told = self._told[occurrence]
            standing = self._find(told.alarm_id)
            if standing is None or standing.occurrence != occurrence:
                del self._told[occurrence]
            elif not standing.alarm.facts.is_told:
                # Set aside, or said by a graver one: it is asked again when its time has come once more.
                self._times.set(occurrence, now + REMIND_SECONDS[told.level])
            else:
                due[told.alarm_id] = Why.REMINDER
        self._send_grouped(due, now)

    def _waits_for_figures(self, now: float) -> bool:
        """Whether something that is to be told lacks value or limit, and there is time left for them to come."""
        found = (self._find(alarm_id) for alarm_id in self._news)
        self._waits = now < self._latest and any(
            standing is not None and not standing.alarm.is_complete for standing in found
        )
        if self._waits:
            self._flush_at = self._latest
        return self._waits

    def _send_grouped(self, news: Mapping[str, Why], now: float) -> None:
        groups: dict[str, list[Standing]] = {}
        whys: dict[str, Why] = {}
        for alarm_id, why in news.items():
            standing = self._find(alarm_id)
            if standing is None or standing.alarm.facts.is_acknowledged or not standing.alarm.facts.is_told:
                continue
            identity = standing.board.identity
            groups.setdefault(identity, []).append(standing)
            # One notice per board: what is new is the reason for all of it.
            whys[identity] = min(whys.get(identity, why), why, key=_NEWEST_FIRST.index)
        for identity, alarms in groups.items():
            alarms.sort(key=_first_up)
            count = 1
            for standing in alarms:
                told = self._told.setdefault(standing.occurrence, _Told(standing.alarm_id, standing.level))
                told.count += 1
                self._times.set(standing.occurrence, now + REMIND_SECONDS[standing.level])
                count = max(count, told.count)
            self._note_sent(now)
            self._send(Notice(why=whys[identity], alarms=tuple(alarms), count=count))

    def _note_sent(self, now: float) -> None:
        sent = self._sent
        sent.append(now)
        while now - sent[0] > FLOOD_WINDOW:
            sent.popleft()
        self.is_flood = len(sent) > (FLOOD_ENDS if self.is_flood else FLOOD_BEGINS)


def _first_up(standing: Standing) -> tuple[int, str]:
    return standing.rank, "" if standing.since is None else standing.since.isoformat()
