"""Who is asked next on one link. Knows times and urgencies, sends nothing.

Every device has a job per polling group. The next request belongs to the due job of the fastest group, among equals
to the one that waits longest; a job far behind its time goes first, so that a busy line starves nobody. Jobs keep
their rhythm (no drift); slots that could not be served are left out, never made up for.

A silent unit is asked one short question after 1, 2, 4 … of its fast periods and costs its neighbours nothing in
between; several silent units are asked one at a time, a fast period apart, so that alarms go between their time-outs.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from ..errors import LinkError, LinkUnreachableError
from ..vocabulary import Pace
from .poll import GroupPoll, PollReport, pause_before_any
from .unit import PolledUnit

LONGEST_BACK_OFF = 60.0
"""Seconds; a unit that comes back is seen within this time."""
PATIENCE = 3
"""A job more than this many of its periods late goes before faster groups."""
_RANK = {Pace.FAST: 0, Pace.NORMAL: 1, Pace.SLOW: 2}
_MOST_DOUBLINGS = 16


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

    def pause(self) -> float:
        """Return the seconds for which its next read has to wait for a length of its own (`sequence.py`)."""
        if self.run is not None:
            return self.run.pause
        return pause_before_any(self.unit, self.unit.blocks(self.group))

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
    knock_at: float | None = None
    """When a silent unit is asked again; None while it answers."""
    is_link_down: bool = False
    """Whether it is the link that failed, not the unit: when one unit is back, all may be."""

    @property
    def is_silent(self) -> bool:
        """Whether it is asked again from time to time only."""
        return self.knock_at is not None

    def urgency(self, now: float) -> tuple[int, float]:
        """Return the sort key of asking a silent unit again: after all that is due, unless it waits for too long."""
        due = self.knock_at or 0.0
        return (0 if now - due > PATIENCE * self.base else len(_RANK)), due

    def contenders(self, now: float) -> list[Job]:
        """Return the jobs that may be served: if any starves, the one that does so for longest alone.

        It may wait for a length of its own, and the others would use that length up again and again.
        """
        starving = [job for job in self.jobs if job.is_starving(now)]
        return [min(starving, key=lambda job: job.due)] if starving else self.jobs


@dataclass(slots=True)
class Schedule:
    """The members of a bus, and when each is asked next; times are the event loop's."""

    members: list[Member] = field(default_factory=list)
    _no_knock_before: float = 0.0

    def next(self, now: float) -> Member | tuple[Member, Job] | None:
        """Return a silent unit to knock at, or the job to serve, or None when nothing may be sent now."""
        knock, job = self._next_knock(now), self._next_job(now)
        if knock is not None and (job is None or knock.urgency(now) < job[1].urgency(now)):
            return knock
        return job

    def next_time(self, now: float) -> float:
        """Return when something may be sent."""
        times = [
            max(member.knock_at, self._no_knock_before)
            if member.knock_at is not None
            else max(
                min(max(job.due, now + job.pause()) for job in member.contenders(now)),
                now + member.unit.unit.quiet_seconds,
            )
            for member in self.members
        ]
        return min(times, default=now + LONGEST_BACK_OFF)

    def back_off(self, member: Member, error: LinkError, now: float) -> None:
        """Leave a silent unit alone for 1, 2, 4 … of its fast periods, and for a while all that are silent."""
        if member not in self.members:
            # It was removed while it was asked.
            return
        member.is_link_down = isinstance(error, LinkUnreachableError)
        member.rest = min(member.base * 2**member.retries, LONGEST_BACK_OFF)
        member.retries = min(member.retries + 1, _MOST_DOUBLINGS)
        member.knock_at = now + member.rest
        for job in member.jobs:
            job.run, job.is_again = None, False
        silent = [other for other in self.members if other.is_silent]
        # However many there are, each has its turn within the longest pause.
        gap = min(LONGEST_BACK_OFF / len(silent), *(other.base for other in self.members))
        self._no_knock_before = now + gap

    def take_back(self, member: Member, now: float) -> None:
        """Poll a unit again that answered; if its link had been down, ask the others soon that were lost with it."""
        member.retries, member.knock_at = 0, None
        self._no_knock_before = 0.0
        for job in member.jobs:
            job.due = now
        for other in self.members:
            if other.is_link_down:
                other.is_link_down = False
                other.knock_at = now if other is not member else None

    def _next_knock(self, now: float) -> Member | None:
        if now < self._no_knock_before:
            return None
        due = [member for member in self.members if member.knock_at is not None and member.knock_at <= now]
        return min(due, key=lambda member: member.urgency(now), default=None)

    def _next_job(self, now: float) -> tuple[Member, Job] | None:
        due = [
            (member, job)
            for member in self.members
            if not member.is_silent and member.unit.unit.quiet_seconds == 0
            for job in member.contenders(now)
            if job.due <= now
        ]
        due.sort(key=lambda item: item[1].urgency(now))
        # In this order, because to know whether a read has to wait is the dear part: mostly the first may go.
        return next(((member, job) for member, job in due if job.pause() <= 0), None)
