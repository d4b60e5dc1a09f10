"""The life of one alarm: what is measured and what persons do, in whatever order, become its facts."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from secrets import token_hex

from ..errors import AlarmRefusedError
from ..readings import Value
from ..texts import Said, Sayable, phrase
from .clock import Moment
from .facts import Facts, Word
from .happening import Happening, What
from .verdict import Cause, Verdict

CHATTERS_AT = 3
"""Changes within a minute from which on an alarm chatters (exida, "Alarm management")."""
_CHATTER_SECONDS = 60.0


class Alarm:
    """One cause on one circuit. Everything that happens to it is told."""

    __slots__ = (
        "_changes",
        "_shelved_until",
        "_shelving_ends",
        "_tell",
        "_told",
        "cause",
        "changes",
        "detail",
        "facts",
        "figures",
        "first_value",
        "is_complete",
        "is_pending",
        "is_silenced",
        "limit",
        "occurrence",
        "shelved_until",
        "since",
        "value",
        "worst_value",
    )

    def __init__(self, cause: Cause, tell: Callable[[Happening], None]) -> None:
        """Take what it is about, and who is told while it is as it was when that happened."""
        self.cause = cause
        self._tell = tell
        self.facts = Facts()
        self.occurrence = ""
        """Tells this time from all other times it stood; empty while it does not stand."""
        self.since: datetime | None = None
        """When this occurrence began."""
        self.value: Value | None = None
        """The latest that was measured."""
        self.first_value: Value | None = None
        """What was measured when it began."""
        self.worst_value: Value | None = None
        """The farthest beyond its limit in this occurrence."""
        self.limit: float | None = None
        self.detail: Said = ""
        """What its rule says besides."""
        self.figures: Mapping[str, Value] = {}
        """What else led to it, by names that stay."""
        self._told: Sayable | None = None
        self.is_complete = True
        """Whether value and limit are there, as far as they can be, and were told of this occurrence."""
        self.is_silenced = False
        self.is_pending = False
        """Whether it is beyond its limit, since it was looked at first, for less than its delay so far."""
        self.changes = 0
        """How often it came or went in this occurrence."""
        self.shelved_until: datetime | None = None
        self._shelved_until = 0.0
        self._shelving_ends: float | None = None
        """Until when this occurrence may be shelved at most, by the steady clock; None before it was."""
        self._changes = deque[float](maxlen=CHATTERS_AT)

    @property
    def name(self) -> Sayable:
        """What is wrong, by the device's own word where it told that."""
        return self._told or self.cause.name

    @property
    def word(self) -> Word:
        """The one word for its state."""
        return self.facts.word

    @property
    def stands(self) -> bool:
        """Whether there is anything to see to."""
        return self.facts.stands

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is to be said of it but that what is watched is as it should be."""
        facts = self.facts
        return facts.is_seen and not (facts.stands or facts.is_shelved or facts.is_out_of_service)

    @property
    def sounds(self) -> bool:
        """Whether a horn may sound for it."""
        return not (self.facts.is_acknowledged or self.is_silenced) and self.facts.is_told

    def chatters(self, now: Moment) -> bool:
        """Whether it comes and goes so fast that its changes say nothing more."""
        changes = self._changes
        return len(changes) == CHATTERS_AT and now.steady - changes[0] <= _CHATTER_SECONDS

    # -- what is measured ---------------------------------------------------------------------------------------------

    def take(self, verdict: Verdict, now: Moment) -> None:
        """Take what its rule says now."""
        facts = self.facts
        self.is_pending = verdict.is_on is None and verdict.value is not None
        if verdict.is_on is None:
            # Not seen: what was so goes on being so, for all anybody knows.
            if self.is_pending:
                self.value, self.limit = verdict.value, verdict.limit
            if facts.is_seen:
                self.facts = replace(facts, is_seen=False)
            return
        # What is measured now is told beside what it was at worst, never in its place.
        self.value = verdict.value if verdict.is_on or self.worst_value is not None else None
        self.limit = verdict.limit
        self.detail, self.figures = verdict.detail, verdict.figures
        # When it is closed again it stands until somebody acknowledged it, and is called as before.
        self._told = verdict.name or (self._told if self.facts.stands else None)
        if not facts.is_seen or facts.condition is not verdict.is_on:
            self.facts = replace(facts, condition=verdict.is_on, is_seen=True)
        if verdict.is_on:
            self._note_worst()
            if not facts.condition:
                self._begin(facts, now, is_complete=verdict.is_complete)
            elif verdict.is_complete and not self.is_complete:
                self._complete(now)
        elif facts.condition:
            self._end_condition(now)

    def _begin(self, former: Facts, now: Moment, *, is_complete: bool) -> None:
        self._changes.append(now.steady)
        self.changes += 1
        if self.occurrence and not former.is_acknowledged:
            self._say(What.CAME_AGAIN, now)
            return
        # Also where a former time of it was acknowledged and waits for its reset: nobody knows of this one.
        self.occurrence = token_hex(6)
        self.since, self.first_value, self.worst_value = now.wall, self.value, self.value
        self.is_silenced, self.changes, self.is_complete = False, 1, is_complete
        if not former.is_shelved:
            self._shelving_ends = None
        latch = former.is_latched or self.cause.level.is_latched
        self.facts = replace(self.facts, is_acknowledged=False, is_latched=latch)
        self._say(What.RAISED, now)

    def _complete(self, now: Moment) -> None:
        self.is_complete = True
        if self.first_value is None:
            self.first_value = self.value
        if self.occurrence:
            self._say(What.MEASURED, now)

    def _end_condition(self, now: Moment) -> None:
        self._changes.append(now.steady)
        self.changes += 1
        self._say(What.RETURNED, now)
        if not self.cause.level.is_held:
            self.facts = replace(self.facts, is_acknowledged=True)
        self._end_if_over(now)

    def _end_if_over(self, now: Moment) -> None:
        if not self.facts.stands and self.occurrence:
            self._say(What.ENDED, now)
            self.occurrence, self.since, self.is_silenced, self.changes = "", None, False, 0
            self.first_value = self.worst_value = None

    def _note_worst(self) -> None:
        value, worst, limit = self.value, self.worst_value, self.limit
        if worst is None:
            self.worst_value = value
        if not isinstance(value, int | float) or limit is None:
            return
        if not isinstance(worst, int | float) or abs(value - limit) > abs(worst - limit):
            self.worst_value = value

    # -- what persons do ----------------------------------------------------------------------------------------------

    def acknowledge(self, now: Moment, *, by: str | None, comment: str = "") -> None:
        """Note that a person knows of it; nothing happens if one did already."""
        if self.facts.is_acknowledged:
            return
        self.facts = replace(self.facts, is_acknowledged=True)
        self._say(What.ACKNOWLEDGED, now, by, comment)
        self._end_if_over(now)

    def silence(self, now: Moment, *, by: str | None) -> None:
        """End the sound of this occurrence; the next one sounds again."""
        if self.stands and not self.is_silenced:
            self.is_silenced = True
            self._say(What.SILENCED, now, by)

    def reset(self, now: Moment, *, by: str | None) -> None:
        """End what is latched.

        Raises AlarmRefusedError while it is so still, or nobody can see whether it is, or nobody acknowledged it.
        """
        facts = self.facts
        if not facts.is_latched:
            return
        if not facts.is_acknowledged:
            raise AlarmRefusedError(detail=phrase("alarm_unacknowledged"))
        if facts.condition or not facts.is_seen:
            raise AlarmRefusedError(detail=phrase("alarm_still_there") if facts.is_seen else phrase("alarm_not_seen"))
        self.facts = replace(facts, is_latched=False)
        self._say(What.RESET, now, by)
        self._end_if_over(now)

    def shelve(self, now: Moment, seconds: float, *, by: str | None, comment: str = "") -> None:
        """Set it aside for a time.

        Raises AlarmRefusedError for longer than its level may be set aside, in all since that was first done to this
        occurrence, and for what does not stand: who works on that takes it out of service.
        """
        if not self.stands:
            raise AlarmRefusedError(detail=phrase("shelved_without_standing"))
        longest = self.cause.level.longest_shelving
        if not 0 < seconds <= longest:
            raise AlarmRefusedError(detail=phrase("shelved_too_long", hours=round(longest / 3600)))
        left = self.shelving_possible(now)
        if left is not None and seconds > left:
            hours, minutes = round(longest / 3600), int(left // 60)
            raise AlarmRefusedError(detail=phrase("shelved_long_enough", hours=hours, minutes=minutes))
        if self._shelving_ends is None:
            self._shelving_ends = now.steady + longest
        self._shelved_until, self.shelved_until = now.steady + seconds, now.wall + timedelta(seconds=seconds)
        self.facts = replace(self.facts, is_shelved=True)
        self._say(What.SHELVED, now, by, comment)

    def unshelve(self, now: Moment, *, by: str | None = None) -> None:
        """Take it up again; without `by` because its time is over."""
        if self.facts.is_shelved:
            self.shelved_until = None
            self.facts = replace(self.facts, is_shelved=False)
            self._say(What.UNSHELVED, now, by)

    def take_out(self, now: Moment, *, by: str | None, comment: str = "") -> None:
        """Take it out of service, with a reason; until it is put back its place counts as not seen."""
        if not self.facts.is_out_of_service:
            self.facts = replace(self.facts, is_out_of_service=True)
            self._say(What.TAKEN_OUT, now, by, comment)

    def put_back(self, now: Moment, *, by: str | None) -> None:
        """Put it back in service."""
        if self.facts.is_out_of_service:
            self.facts = replace(self.facts, is_out_of_service=False)
            self._say(What.PUT_BACK, now, by)

    def note_another(self, now: Moment) -> None:
        """Tell that what raised it happened once more, to whoever knows of the former one: it is news."""
        self.changes += 1
        self._say(What.CAME_AGAIN, now, is_news=True)

    def note_moved(self, now: Moment, where: str) -> None:
        """Tell that what its rule goes by changed: `where` is where it is now, as plain text of no language."""
        self._say(What.MOVED, now, comment=where)

    # -- after a restart -----------------------------------------------------------------------------------------------

    def restore(  # noqa: PLR0913 - one alarm as it was kept
        self,
        *,
        occurrence: str,
        since: datetime,
        condition: bool,
        is_acknowledged: bool,
        is_latched: bool,
        is_silenced: bool,
        changes: int,
        values: tuple[Value | None, Value | None, Value | None],
        limit: float | None,
    ) -> None:
        """Go on with an occurrence; that it was so says nothing of now, so that it is not seen yet.

        `values` are the latest, the first and the worst.
        """
        self.occurrence, self.since, self.changes, self.is_silenced = occurrence, since, changes, is_silenced
        self.value, self.first_value, self.worst_value = values
        self.limit = limit
        self.facts = replace(
            self.facts, condition=condition, is_acknowledged=is_acknowledged, is_latched=is_latched, is_seen=False
        )
        if not self.facts.stands:
            # It was kept because it stood: whatever says otherwise is not believed.
            self.facts = replace(self.facts, is_acknowledged=False)

    def restore_shelving(self, now: Moment, until: datetime, seconds: float) -> None:
        """Go on with a shelving that has so many seconds left at most; what cannot be told is not shelved."""
        left = min((until - now.wall).total_seconds(), seconds)
        if 0 < left <= self.cause.level.longest_shelving:
            self._shelved_until, self.shelved_until = now.steady + left, now.wall + timedelta(seconds=left)
            self.facts = replace(self.facts, is_shelved=True)

    def restore_shelving_possible(self, now: Moment, seconds: float) -> None:
        """Go on with what is left of the time for which this occurrence may be shelved."""
        self._shelving_ends = now.steady + min(max(0.0, seconds), self.cause.level.longest_shelving)

    def restore_out_of_service(self) -> None:
        """Go on being out of service."""
        self.facts = replace(self.facts, is_out_of_service=True)

    # -- what follows from others, and from time ----------------------------------------------------------------------

    def suppress(self, by: str | None, now: Moment) -> None:
        """Let a graver alarm speak for it, or (None) none any more."""
        facts = self.facts
        if facts.suppressed_by == by:
            return
        self.facts = replace(facts, suppressed_by=by)
        if facts.stands and (facts.suppressed_by is None) is not (by is None):
            self._say(What.UNSUPPRESSED if by is None else What.SUPPRESSED, now)

    @property
    def next_time(self) -> float | None:
        """When, by the steady clock, something is to be done with it; None if never."""
        return self._shelved_until if self.facts.is_shelved else None

    def tick(self, now: Moment) -> None:
        """Do what is due."""
        if self.facts.is_shelved and now.steady >= self._shelved_until:
            self.unshelve(now)

    def shelving_left(self, now: Moment) -> float:
        """Return for how many seconds it is shelved still."""
        return max(0.0, self._shelved_until - now.steady) if self.facts.is_shelved else 0.0

    def shelving_possible(self, now: Moment) -> float | None:
        """Return for how many seconds it may be shelved from now on, None if it never was in this occurrence."""
        return None if self._shelving_ends is None else max(0.0, self._shelving_ends - now.steady)

    def _say(self, what: What, now: Moment, by: str | None = None, comment: str = "", *, is_news: bool = False) -> None:
        self._tell(
            Happening(
                what=what,
                alarm=self,
                occurrence=self.occurrence,
                time=now.wall,
                by=by,
                comment=comment,
                is_news=is_news,
            )
        )
