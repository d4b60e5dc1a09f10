"""Who is asked next on one link. Knows times and urgencies, sends nothing.

Every device has a job per polling group. The next request belongs to the due job of the fastest group, among equals
to the one that waits longest; a job far behind its time goes first, so that a busy line starves nobody. Jobs keep
their rhythm (no drift); slots that could not be served are left out, never made up for. Where nobody asked for another
rhythm, the fastest group goes before its time as often as the line is free (`headroom.py`), the device first whose
turn is longest ago.

A silent unit is asked one short question after 1, 2, 4 … of its fast periods and costs its neighbours nothing in
between; several silent units are asked one at a time, a fast period apart, so that alarms go between their time-outs.
When one of them is back, all are asked soon: what had taken it away may have taken them too. Where nobody answers there
are no neighbours to be spared, so that somebody is asked every few seconds.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf

from ..errors import LinkError, LinkUnreachableError
from ..registers.blocks import Block
from ..vocabulary import Pace
from .headroom import LEAST_PERIOD, Headroom, cheap_alarms
from .poll import GroupPoll, PollReport, pause_before_any
from .unit import PolledUnit

LONGEST_BACK_OFF = 60.0
"""Seconds; a unit that comes back is seen within this time."""
LONELY_SECONDS = 4.0
"""Of the units of a link on which nobody answers one is asked after this time, the longest unasked first."""
LONELY_SHARE = 1 / 8
"""Of the time of a link on which nobody answers: others may use it too."""
PATIENT_EVERY = 16
"""Of the questions to a unit that stays silent one in so many is a patient one."""
OVERDUE_SECONDS = 10.0
"""A point that was declined waits no longer for a pause of the line to be asked for again: it may be an alarm."""
OVERDUE_EVERY = 2.0
"""Seconds between two trials that take their time from the polls, and between two looks whether one has to."""
KNOCK_PAUSE_SECONDS = 1.0
"""After a turn of its own that somebody took on the line no silent unit is asked for so long."""
IDLE_SECONDS = 0.1
"""A pause has to be so long that something is tried in it."""
PATIENCE = 3
"""A job more than this many of its periods late goes before faster groups."""
_RANK = {Pace.FAST: 0, Pace.NORMAL: 1, Pace.SLOW: 2}
_MOST_DOUBLINGS = 16
_WOKEN_DOUBLINGS = 3
"""How far a unit that was asked out of turn is at most towards its longest pause."""


@dataclass(slots=True, eq=False)
class Job:
    """One group of one device: when it is due and, while it runs, how far it is."""

    unit: PolledUnit
    group: Pace
    interval: float
    due: float
    run: GroupPoll | None = None
    is_again: bool = False
    """Whether it is due again as soon as the present run is over: more is wanted since that began."""
    follows_line: bool = False
    """Whether it may go before its time, when the line is free."""
    began: float = -inf
    """When its latest run began."""
    may_go_early: bool = False
    """Whether the latest run was answered: what fails is not asked for more often."""
    _was_whole: bool = False
    _alarms: tuple[tuple[Block, ...], tuple[Block, ...]] = ((), ())
    """Planned reads, and which of them are worth to be read between two polls."""

    def pause(self) -> float:
        """Return the seconds for which its next read has to wait for a length of its own (`sequence.py`)."""
        with suppress(Exception):
            return self.run.pause if self.run is not None else pause_before_any(self.unit, self.unit.blocks(self.group))
        # Whoever serves it meets the same slip, and knows what it means to the device.
        return 0.0

    def begin(self, now: float) -> None:
        """Start a run, if there is anything to be read; of one that goes before its time perhaps the alarms alone."""
        blocks = self.unit.blocks(self.group)
        only: tuple[Block, ...] = ()
        self.began = now
        if self.follows_line and self._was_whole and self.due > now:
            if self._alarms[0] is not blocks:
                self._alarms = blocks, cheap_alarms(self.unit, blocks)
            only = self._alarms[1]
        self._was_whole = not only
        if blocks:
            self.run = GroupPoll(self.unit, self.group, only=only)

    def time(self, free_at: float) -> float:
        """Return from when on it may be served, on a line that is free for what is not due from some time on."""
        if self.run is not None:
            return min(self.due, self.began)
        if not (self.follows_line and self.may_go_early):
            return self.due
        return min(self.due, max(free_at, self.began + LEAST_PERIOD))

    def urgency(self, now: float) -> tuple[int, float]:
        """Return the sort key among due jobs: small goes first."""
        return (0 if self.is_starving(now) else _RANK[self.group]), self.due

    def is_starving(self, now: float) -> bool:
        """Whether it is far behind its time."""
        return now - self.due > PATIENCE * self.interval

    def set_next(self, now: float) -> int:
        """Set the next time; return how many slots are left out because they have passed."""
        if self.is_again:
            self.is_again, self.due = False, now
            return 0
        if self.follows_line:
            if not self._was_whole:
                # The others were not read: they wait no longer because of this.
                return 0
            missed = max(0, int((self.began - self.due) // self.interval))
            self.due = max(now, self.began + self.interval)
            return missed
        self.due += self.interval
        if self.due >= now:
            return 0
        missed = int((now - self.due) // self.interval) + 1
        self.due += missed * self.interval
        return missed


@dataclass(slots=True, eq=False)
class Member:
    """A device on the bus."""

    unit: PolledUnit
    jobs: list[Job]
    on_report: Callable[[PollReport], None]
    base: float
    retries: int = 0
    rest: float = 0.0
    """Seconds for which a silent unit is left alone."""
    long_rests: int = 0
    """How often it was asked in vain after the longest rest."""
    knock_at: float | None = None
    """When a silent unit is asked again; None while it answers."""
    asked_at: float = -inf
    """When it was asked in vain the last time."""
    woken_at: float = -inf
    """When it was last asked out of turn, because another one was back."""
    is_woken: bool = False
    """Whether it is to be asked out of turn: after alarms, before all else."""

    @property
    def is_silent(self) -> bool:
        """Whether it is asked again from time to time only."""
        return self.knock_at is not None

    def urgency(self, now: float) -> tuple[int, float]:
        """Return the sort key of asking a silent unit again: after all that is due, unless it waits for too long."""
        due = self.knock_at or 0.0
        if now - due > PATIENCE * self.base:
            return 0, due
        return (_RANK[Pace.NORMAL] if self.is_woken else len(_RANK)), due

    def turn(self, now: float, *, is_lonely: bool) -> tuple[int, float, float]:
        """Return the sort key among silent units: where others answer, who was never listened to for long goes first.

        It may be slow, and nobody knows it yet.
        """
        rank, due = self.urgency(now)
        return rank, 0.0 if is_lonely else self.unit.unit.figures.listened, due

    def contenders(self, now: float) -> list[Job]:
        """Return the jobs that may be served: if any starves, the one that does so for longest alone.

        It may wait for a length of its own, and the others would use that length up again and again. For the same
        reason nothing begins before its time as long as something else of the unit is due.
        """
        is_due = False
        for job in self.jobs:
            if job.is_starving(now):
                return [min(filter(lambda other: other.is_starving(now), self.jobs), key=lambda other: other.due)]
            is_due = is_due or job.due <= now
        return [job for job in self.jobs if job.due <= now or job.run is not None] if is_due else self.jobs


@dataclass(slots=True)
class Schedule:
    """The members of a bus, and when each is asked next; times are the event loop's."""

    members: list[Member] = field(default_factory=list)
    headroom: Headroom = field(default_factory=Headroom)
    _no_knock_before: float = 0.0
    _no_trial_before: float = -inf

    def overdue_try(self, now: float) -> Member | None:
        """Return a unit of which a point has waited too long to be asked for again, on a line without pauses."""
        if now < self._no_trial_before:
            return None
        waiting = [(member.unit.overdue_try(), member) for member in self.members]
        overdue = sorted((item for item in waiting if now - item[0] >= OVERDUE_SECONDS), key=lambda item: item[0])
        # Also in the middle of a poll: on a slow line, or a faulty one, a large unit is hardly ever without one.
        ready = next((member for _, member in overdue if self._may_ask(member)), None)
        if ready is not None or not overdue:
            # Where one has to and cannot at this moment, it is looked at again before the next request.
            self._no_trial_before = now + OVERDUE_EVERY
        return ready

    def put_off_knocks(self, now: float) -> None:
        """Ask no silent unit for a moment: somebody asks several things in a row, and waits for all of them."""
        self._no_knock_before = max(self._no_knock_before, now + KNOCK_PAUSE_SECONDS)

    def next(self, now: float) -> Member | tuple[Member, Job] | None:
        """Return a silent unit to knock at, or the job to serve, or None when nothing may be sent now."""
        knock, job = self._next_knock(now), self._next_job(now)
        if knock is not None and (job is None or knock.urgency(now) < job[1].urgency(now)):
            return knock
        return job

    def next_time(self, now: float) -> float:
        """Return when something may be sent, or tried."""
        soonest = now + LONGEST_BACK_OFF
        waiting: list[tuple[float, Job]] = []
        for member in self.members:
            earliest = now + member.unit.unit.quiet_seconds
            if member.knock_at is not None:
                soonest = min(soonest, max(member.knock_at, self._no_knock_before, earliest))
            else:
                waiting += [(max(job.time(self.headroom.free_at), earliest), job) for job in member.contenders(now)]
            if (due := member.unit.next_try()) > now and self._may_try(member):
                # What could be tried already waits for the next pause.
                soonest = min(soonest, due)
        waiting.sort(key=lambda item: item[0])
        for earliest, job in waiting:
            if earliest >= soonest:
                break
            # Asked last, because it is the dear part.
            soonest = min(soonest, max(earliest, now + job.pause()))
        return soonest

    def next_try(self, now: float) -> Member | None:
        """Return a unit of which something is to be tried, when nothing has to be asked for a while."""
        trying = [member for member in self.members if member.unit.next_try() <= now and self._may_try(member)]
        return trying[0] if trying and self._next_due(now) - now >= IDLE_SECONDS else None

    def _next_due(self, now: float) -> float:
        """Return when something has to be asked; what may go early can wait."""
        times = [
            member.knock_at if member.knock_at is not None else min(job.due for job in member.jobs)
            for member in self.members
        ]
        return min(times, default=now + LONGEST_BACK_OFF)

    def _may_try(self, member: Member) -> bool:
        return self._may_ask(member) and all(job.run is None for job in member.jobs)

    def _may_ask(self, member: Member) -> bool:
        return not member.is_silent and member.unit.unit.quiet_seconds == 0

    def has(self, member: Member) -> bool:
        """Whether it is still to be asked: it may have been removed while the line was waited for."""
        return member in self.members

    def rest_of(self, member: Member) -> float:
        """Return for how long a unit was left alone, which decides for how long it is listened to.

        Where nobody answers, listening costs nobody anything: there the first questions are patient ones, so that a
        slow link is known as such; short ones would pile up in its gateway. One that was listened to in full is not
        slow, and the others wait each time.
        """
        if self._is_lonely and member.rest < LONGEST_BACK_OFF:
            return LONGEST_BACK_OFF
        is_dead = member.rest >= LONGEST_BACK_OFF and member.long_rests % PATIENT_EVERY
        return 0.0 if is_dead else member.rest

    def back_off(self, member: Member, error: LinkError, now: float, *, seconds: float = 0.0) -> None:
        """Leave a silent unit alone for 1, 2, 4 … of its fast periods, and for a while all that are silent.

        `seconds` is how long it was listened to.
        """
        if not self.has(member):
            return
        if member.rest >= LONGEST_BACK_OFF:
            member.long_rests += 1
        member.rest = min(member.base * 2**member.retries, LONGEST_BACK_OFF)
        member.retries = min(member.retries + 1, _MOST_DOUBLINGS)
        member.knock_at, member.asked_at, member.is_woken = now + member.rest, now, False
        for job in member.jobs:
            job.run, job.is_again, job.may_go_early = None, False, False
        silent = [other for other in self.members if other.is_silent]
        # However many there are, each has its turn within the longest pause.
        gap = min(LONGEST_BACK_OFF / len(silent), *(other.base for other in self.members))
        self._no_knock_before = now + gap
        if self._is_lonely:
            # A link that is down has no time to share.
            spared = 0.0 if isinstance(error, LinkUnreachableError) else seconds / LONELY_SHARE
            longest = min(silent, key=lambda other: other.asked_at)
            longest.knock_at = min(longest.knock_at or now, now + max(LONELY_SECONDS, spared))

    def take_back(self, member: Member, now: float) -> None:
        """Poll a unit again that answered, and ask the other silent ones soon: they may be back with it.

        Each at most once in the longest pause, or one that comes and goes would have the absent ones asked for ever.
        """
        member.retries, member.rest, member.long_rests = 0, 0.0, 0
        member.knock_at, member.woken_at, member.is_woken = None, -inf, False
        self._no_knock_before = 0.0
        for job in member.jobs:
            job.due = now
        for other in self.members:
            if other.is_silent and now - other.woken_at >= LONGEST_BACK_OFF:
                other.knock_at, other.woken_at, other.is_woken = now, now, True
                other.rest, other.retries = other.base, min(other.retries, _WOKEN_DOUBLINGS)

    @property
    def _is_lonely(self) -> bool:
        """Whether nobody answers on the link."""
        return all(member.is_silent for member in self.members)

    def _next_knock(self, now: float) -> Member | None:
        if now < self._no_knock_before:
            return None
        due = [
            member
            for member in self.members
            if member.knock_at is not None and member.knock_at <= now and member.unit.unit.quiet_seconds == 0
        ]
        is_lonely = self._is_lonely
        return min(due, key=lambda member: member.turn(now, is_lonely=is_lonely), default=None)

    def _next_job(self, now: float) -> tuple[Member, Job] | None:
        due = [
            (member, job)
            for member in self.members
            if not member.is_silent and member.unit.unit.quiet_seconds == 0
            for job in member.contenders(now)
            if job.time(self.headroom.free_at) <= now
        ]
        due.sort(key=lambda item: item[1].urgency(now))
        # In this order, because to know whether a read has to wait is the dear part: mostly the first may go.
        return next(((member, job) for member, job in due if job.pause() <= 0), None)
