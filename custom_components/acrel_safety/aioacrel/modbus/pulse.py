"""What the units of one link know of it together: does it live, is it slow, does its gateway hold requests back?

One unit's silence says nothing of the connection as long as others are heard on it. A gateway that tries a unit for
seconds before it gives up serves nobody else meanwhile: the answer that follows is waited for, tells for how long the
gateway tries, and from then on a silent unit is listened to for that long, so that its neighbours wait for it no more.
"""

from collections import deque
from collections.abc import Callable

from ..listening import joined
from ..texts import Phrase, phrase
from .habits import LinkHabits
from .timing import MOST_PATIENCE
from .way import UNHEARD_SECONDS, LinkWay

LONGEST_STALL = 5.0
"""Seconds for which the answer that follows a given-up one is waited for: the gateway may be trying still."""
STALL_MARGIN = 1.25
"""A gateway gets this many times the seconds for which it was seen to try."""
STALL_MEMORY = 600.0
"""Seconds after which that is found out anew."""
DROP_SECONDS = 60.0
"""After these a connection on which nobody is heard is dropped anew."""
_NEVER = float("-inf")
_LEAST_STALL = 0.1
_SLOW_LINK = 0.25
"""Seconds; a link whose answers take longer is a slow one for all its units."""
_SLOW_FACTOR = 2
_FIRST_PATIENT = 2
"""Units whose first question is a patient one as long as nothing was heard: if they answer, all is known."""
_MOST_TRIES = 8


class LinkPulse:
    """Shared by the units of the link; times are the event loop's."""

    def __init__(self) -> None:
        """Begin with a link on which nothing was heard."""
        self._beat = _NEVER
        self._listeners: list[Callable[[], None]] = []
        self._told: Phrase | None = None
        self.habits = LinkHabits()
        self.way = LinkWay()
        self.queues_for_nothing = True
        """Whether the shared link refuses a read of no registers by itself, when its turn has come (`wire.py`)."""
        self._answer_time = 0.0
        self._asked_first: set[int] = set()
        self._vain = 0
        self._is_drop_due = False
        self._dropped_at = 0.0
        self._given_up: int | None = None
        """The unit whose answers were given up last, unless another one was waited for since."""
        self._asked_in_vain: deque[float] = deque(maxlen=_MOST_TRIES)
        self._is_waited_out = False
        self._tries_for = 0.0
        self._tries_known_at = float("-inf")

    def beat(self, now: float) -> None:
        """Note that a unit was heard."""
        self._beat = now
        self.way.note_heard()
        if self.habits.is_idle and self.way.note_idle(now):
            self.habits.note_dropped()
        self._given_up, self._is_waited_out = None, False
        self._asked_in_vain.clear()
        self._vain, self._is_drop_due = 0, False
        self.review(now)

    def was_felt_since(self, when: float) -> bool:
        """Whether any unit was heard after that time."""
        return self._beat > when

    # -- what is wrong with it ----------------------------------------------------------------------------------------

    @property
    def trouble(self) -> Phrase | None:
        """What is wrong with the link as a whole, though it can be connected to, as `review` found it."""
        return self._told

    def on_trouble(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Tell when what is wrong with the link begins, changes or ends; returns what ends that."""
        return joined(self._listeners, callback)

    def review(self, now: float) -> None:
        """See whether anything is wrong with the link, after an answer and after a failure."""
        trouble = self.way.cause if not self.was_felt_since(now - UNHEARD_SECONDS) else None
        if trouble is None and self.habits.is_kicked(now):
            trouble = phrase("kicked")
        if trouble != self._told:
            self._told = trouble
            for tell in list(self._listeners):
                tell()

    def details(self, now: float) -> dict[str, bool | str | None]:
        """Return what was learnt of the gateway, for diagnostics; nothing that says where it is."""
        speech = self.way.speech
        return {
            **self.habits.details(now),
            "numbers_itself": self.way.plain is not None,
            "heard_at_port": None if speech is None else speech.value,
        }

    # -- a connection that may be dead --------------------------------------------------------------------------------

    def note_vain(self) -> None:
        """Note that a question was in vain, whoever was asked."""
        self._vain += 1
        self._is_drop_due = self._vain > 1

    def should_drop(self, now: float) -> bool:
        """Whether a new connection may help: after 2, 4, 8 … questions in a row that were in vain, or a minute.

        The first is not worth it, and with each drop late answers, which would tell that the link is slow, are lost.
        """
        return self._is_drop_due and (self._vain.bit_count() == 1 or now - self._dropped_at >= DROP_SECONDS)

    def note_dropped(self, now: float) -> None:
        """Note that the connection was dropped."""
        self._is_drop_due, self._dropped_at = False, now

    # -- a slow link ------------------------------------------------------------------------------------------------

    def note_answer_time(self, seconds: float) -> None:
        """Note how long an answer took."""
        self._answer_time = seconds

    def pace(self, unit_id: int) -> float:
        """Return how long a unit should be listened to that was never heard, or not for long; 0 on a quick link.

        It may be that all are slow: the first questions on a link, and those after something came too late for any
        request, are patient ones. Short ones would pile up in the gateway, and make the next answers later still.
        """
        is_first = self._beat == _NEVER and unit_id not in self._asked_first and len(self._asked_first) < _FIRST_PATIENT
        if is_first or self.way.unasked.is_late:
            return MOST_PATIENCE
        return _SLOW_FACTOR * self._answer_time if self._answer_time > _SLOW_LINK else 0.0

    # -- a gateway that tries for long --------------------------------------------------------------------------------

    def is_stalled_for(self, unit_id: int) -> bool:
        """Whether the gateway may be busy with a request of another unit that was given up."""
        return self._given_up not in (None, unit_id)

    def patience(self, unit_id: int, now: float) -> float:
        """Return how long a unit is to be waited for because of its gateway; 0 if nothing speaks for that."""
        known = now - self._tries_known_at < STALL_MEMORY
        tries = min(LONGEST_STALL, STALL_MARGIN * self._tries_for) if known else 0.0
        return LONGEST_STALL if self.is_stalled_for(unit_id) else tries

    def give_up(self, unit_id: int, asked: float) -> None:
        """Note that a unit, asked at a time, was given up."""
        if self._beat == _NEVER:
            self._asked_first.add(unit_id)
        if self.is_stalled_for(unit_id):
            # Waited for in full: whatever keeps this one silent, it is not the other one.
            self._given_up, self._is_waited_out = None, True
        elif not self._is_waited_out:
            self._given_up = unit_id
            self._asked_in_vain.append(asked)

    def note_stall(self, unit_id: int, stall: float, now: float) -> None:
        """Note that an answer came so many seconds later than it does from a gateway that is free."""
        if not self.is_stalled_for(unit_id) or stall <= _LEAST_STALL:
            return
        # It tried them one after the other, and may have rested between.
        waiting = zip(self._asked_in_vain, range(len(self._asked_in_vain), 0, -1), strict=True)
        self.note_tries(min((now - asked) / number for asked, number in waiting), now)

    def note_tries(self, seconds: float, now: float) -> None:
        """Note for how long the gateway tried a unit before it gave up."""
        self._tries_for, self._tries_known_at = seconds, now
