"""One link, many devices: polls them one request at a time, alarms first.

Every device has a job per polling group. The next request belongs to the due job of the fastest group, among equals
to the one that waits longest; a job far behind its time goes first, so that a busy line starves nobody. Jobs keep
their rhythm (no drift); slots that could not be served are counted as overruns and left out, never made up for.

A silent unit is asked one short question after 1, 2, 4 … of its fast periods and costs its neighbours nothing in
between; several silent units are asked one at a time, a fast period apart, so that alarms go between their time-outs.
Commands go before any poll: at most the one request on the wire is waited for.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..errors import BadAnswerError, LinkError, LinkUnreachableError
from ..vocabulary import PollGroup
from .device import AcrelDevice
from .poll import GroupPoll, PollReport, pause_before_any
from .pulse import LinkPulse

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

_LOGGER = logging.getLogger(__name__)

DEFAULT_INTERVALS: Mapping[PollGroup, float] = {
    PollGroup.FAST: 2.0,
    PollGroup.NORMAL: 10.0,
    PollGroup.SLOW: 60.0,
}
"""Seconds between two polls of a group."""
LONGEST_BACK_OFF = 60.0
"""Seconds; a unit that comes back is seen within this time."""
PATIENCE = 3
"""A job more than this many of its periods late goes before faster groups."""
DUTY_WINDOW = 60.0
_RANK = {PollGroup.FAST: 0, PollGroup.NORMAL: 1, PollGroup.SLOW: 2}


@dataclass(slots=True, eq=False)
class _Job:
    """One group of one device: when it is due and, while it runs, how far it is."""

    device: AcrelDevice
    group: PollGroup
    interval: float
    due: float
    run: GroupPoll | None = None

    def pause(self) -> float:
        """Return the seconds for which its next read has to wait for a length of its own (`sequence.py`)."""
        if self.run is not None:
            return self.run.pause
        return pause_before_any(self.device, self.device.blocks(self.group))

    def urgency(self, now: float) -> tuple[int, float]:
        """Return the sort key among due jobs: small goes first."""
        return (0 if self.is_starving(now) else _RANK[self.group]), self.due

    def is_starving(self, now: float) -> bool:
        """Whether it is far behind its time."""
        return now - self.due > PATIENCE * self.interval


@dataclass(slots=True, eq=False)
class _Member:
    """A device on the bus."""

    device: AcrelDevice
    jobs: list[_Job]
    on_report: Callable[[PollReport], None]
    base: float
    retries: int = 0
    rest: float = 0.0
    """Seconds for which a silent unit is left alone."""
    knock_at: float | None = None
    """When a silent unit is asked again; None while it answers."""
    is_link_down: bool = False
    """Whether it is the link that failed, not the unit: when one unit is back, all may be."""

    def urgency(self, now: float) -> tuple[int, float]:
        """Return the sort key of asking a silent unit again: after all that is due, unless it waits for too long."""
        due = self.knock_at or 0.0
        return (0 if now - due > PATIENCE * self.base else len(_RANK)), due

    def contenders(self, now: float) -> list[_Job]:
        """Return the jobs that may be served: if any starves, the one that does so for longest alone.

        It may wait for a length of its own, and the others would use that length up again and again.
        """
        starving = [job for job in self.jobs if job.is_starving(now)]
        return [min(starving, key=lambda job: job.due)] if starving else self.jobs

    @property
    def is_silent(self) -> bool:
        """Whether it is asked again from time to time only."""
        return self.knock_at is not None


@dataclass(slots=True)
class BusStatistics:
    """How the line was used."""

    overruns: int = 0
    duty: float = 0.0
    """Part of the time the line was busy, in the last full window."""
    window_start: float = 0.0
    busy: float = field(default=0.0)

    def add(self, started: float, ended: float) -> None:
        """Count one request's time."""
        self.busy += ended - started
        if (elapsed := ended - self.window_start) >= DUTY_WINDOW:
            self.duty, self.busy, self.window_start = min(1.0, self.busy / elapsed), 0.0, ended


class Bus:
    """Polls all devices of one link; one instance per link."""

    def __init__(self, name: str) -> None:
        """Take a name for the log."""
        self.name = name
        self.pulse = LinkPulse()
        """For the guarded units of this link."""
        self.statistics = BusStatistics()
        self._members: list[_Member] = []
        self._line = asyncio.Lock()
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._is_stopping = False
        self._no_knock_before = 0.0
        self._down_since: float | None = None

    @property
    def overruns(self) -> int:
        """Polls left out because the line was still busy with earlier ones."""
        return self.statistics.overruns

    @property
    def duty(self) -> float:
        """Part of the time (0 to 1) the line was busy, over the last full minute (at first: since the start)."""
        statistics = self.statistics
        if statistics.duty or self._task is None:
            return statistics.duty
        elapsed = _now() - statistics.window_start
        return min(1.0, statistics.busy / elapsed) if elapsed > 0 else 0.0

    def add(
        self,
        device: AcrelDevice,
        on_report: Callable[[PollReport], None],
        intervals: Mapping[PollGroup, float] = DEFAULT_INTERVALS,
        *,
        silence: LinkError | None = None,
    ) -> Callable[[], None]:
        """Poll a device from now on and report each poll; returns what removes it again.

        `silence` is the error of a request that was just made in vain: the unit begins as a silent one.
        """
        now = _now()
        jobs = [_Job(device, group, interval, now) for group, interval in intervals.items()]
        member = _Member(device, jobs, on_report, base=min(intervals.values()))
        self._members.append(member)
        if silence is not None:
            for group in device.groups():
                device.note_missed(group, silence)
            self._back_off(member, silence)
        self._changed.set()

        def remove() -> None:
            with suppress(ValueError):
                self._members.remove(member)
            self._changed.set()

        return remove

    def start(self) -> None:
        """Begin to poll."""
        self.statistics.window_start = _now()
        self._is_stopping = False
        self._task = asyncio.create_task(self._poll_for_ever(), name=f"acrel bus {self.name}")

    async def stop(self) -> None:
        """End after the request on the wire; no request is cut off."""
        self._is_stopping = True
        self._changed.set()
        if self._task is not None:
            await self._task
            self._task = None
        for member in self._members:
            await member.device.unit.settle()

    def wake(self, device: AcrelDevice) -> None:
        """Poll all groups of a device soon, as after new points were wanted."""
        for member in self._members:
            if member.device is device:
                for job in member.jobs:
                    if job.run is None:
                        job.due = min(job.due, _now())
        self._changed.set()

    async def command[ResultT](self, operation: Callable[[], Awaitable[ResultT]]) -> ResultT:
        """Run an operation before any further poll request; at most the one on the wire is waited for."""
        # The lock is fair: the poller, which takes it anew for every request, queues behind this.
        async with self._line:
            return await operation()

    async def poll_all(self) -> None:
        """Poll every group of every device once, before (or instead of) `start`: what a set-up waits for."""
        for member in list(self._members):
            for job in member.jobs:
                if not member.device.blocks(job.group):
                    continue
                async with self._line:
                    report = await member.device.poll(job.group)
                job.due = _now() + job.interval
                self._report(member, report)
                if report.error is not None:
                    self._back_off(member, report.error)
                    break

    async def _poll_for_ever(self) -> None:
        while not self._is_stopping:
            self._changed.clear()
            now = _now()
            knock = self._next_knock(now)
            job = self._next_job(now)
            if knock is not None and (job is None or knock.urgency(now) < job[1].urgency(now)):
                await self._knock(knock)
            elif job is not None:
                await self._serve(*job)
            else:
                await self._sleep_until(self._next_time(now))

    def _next_knock(self, now: float) -> _Member | None:
        due = [member for member in self._members if member.knock_at is not None and member.knock_at <= now]
        if now < self._no_knock_before:
            return None
        return min(due, key=lambda member: member.urgency(now), default=None)

    def _next_job(self, now: float) -> tuple[_Member, _Job] | None:
        due = [
            (member, job)
            for member in self._members
            if not member.is_silent and member.device.unit.quiet_seconds == 0
            for job in member.contenders(now)
            if job.due <= now
        ]
        due.sort(key=lambda item: item[1].urgency(now))
        # In this order, because to know whether a read has to wait is the dear part: mostly the first may go.
        return next(((member, job) for member, job in due if job.pause() <= 0), None)

    def _next_time(self, now: float) -> float:
        times = [
            max(member.knock_at, self._no_knock_before)
            if member.knock_at is not None
            else max(
                min(max(job.due, now + job.pause()) for job in member.contenders(now)),
                now + member.device.unit.quiet_seconds,
            )
            for member in self._members
        ]
        return min(times, default=now + LONGEST_BACK_OFF)

    async def _sleep_until(self, when: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout_at(when):
                await self._changed.wait()

    async def _serve(self, member: _Member, job: _Job) -> None:
        """Send one request of a job; when it was the last one, report and set the next time."""
        if job.run is None:
            if not job.device.blocks(job.group):
                self._set_next(job)
                return
            job.run = GroupPoll(job.device, job.group)
        async with self._line:
            started = _now()
            with _no_slips(job.device) as slips:
                await job.run.step()
            self.statistics.add(started, _now())
        if slips:
            job.run.give_up(slips[0])
        if not job.run.is_done:
            return
        report, job.run = job.run.finish(), None
        self._set_next(job)
        self._report(member, report)
        if report.error is not None and (job.device.is_silent or isinstance(report.error, LinkUnreachableError)):
            self._back_off(member, report.error)
            self._note_link(report.error)

    def _set_next(self, job: _Job) -> None:
        now = _now()
        job.due += job.interval
        if job.due < now:
            missed = int((now - job.due) // job.interval) + 1
            if job.device.blocks(job.group):
                self.statistics.overruns += missed
            job.due += missed * job.interval

    def _report(self, member: _Member, report: PollReport) -> None:
        if report.error is None:
            self.pulse.beat(_now())
        try:
            member.on_report(report)
        except Exception:
            _LOGGER.exception("A listener of %s failed", member.device.name)

    def _back_off(self, member: _Member, error: LinkError) -> None:
        """Leave a silent unit alone for 1, 2, 4 … of its fast periods, and for a while all that are silent."""
        if member not in self._members:
            # It was removed while it was asked.
            return
        member.is_link_down = isinstance(error, LinkUnreachableError)
        pause = min(member.base * 2**member.retries, LONGEST_BACK_OFF)
        member.retries = min(member.retries + 1, 16)
        member.rest, member.knock_at = pause, _now() + pause
        for job in member.jobs:
            job.run = None
        silent = [other for other in self._members if other.is_silent]
        # However many there are, each has its turn within the longest pause.
        gap = min(LONGEST_BACK_OFF / len(silent), *(other.base for other in self._members))
        self._no_knock_before = _now() + gap

    def _note_link(self, error: LinkError) -> None:
        """Take all units for silent when the link is down, with nobody heard since, for a period of theirs.

        To find it down may take ten seconds each time: values would stand there until each unit was asked in vain.
        """
        if not isinstance(error, LinkUnreachableError):
            return
        now = _now()
        if self._down_since is None or self.pulse.was_felt_since(self._down_since):
            self._down_since = now
        for member in list(self._members):
            if member.is_silent or now - self._down_since < member.base:
                continue
            for group in member.device.groups():
                member.device.note_missed(group, error)
                self._report(member, PollReport(device=member.device, group=group, error=error))
            if member.device.is_silent:
                self._back_off(member, error)

    async def _knock(self, member: _Member) -> None:
        """Ask a silent unit for one register; when it answers, all its groups are due at once."""
        try:
            async with self._line:
                started = _now()
                with _no_slips(member.device) as slips:
                    await member.device.knock(member.rest)
                self.statistics.add(started, _now())
            if slips:
                raise slips[0]
        except LinkError as error:
            for job in member.jobs:
                if job.device.blocks(job.group) and job.device.is_available(job.group):
                    job.device.note_missed(job.group, error)
                    self._report(member, PollReport(device=job.device, group=job.group, error=error))
            self._back_off(member, error)
            self._note_link(error)
            return
        member.retries, member.knock_at = 0, None
        self._no_knock_before = 0.0
        for job in member.jobs:
            job.due = _now()
        for other in self._members:
            if other.is_link_down:
                other.is_link_down = False
                other.knock_at = _now() if other is not member else None


@contextmanager
def _no_slips(device: AcrelDevice) -> Iterator[list[LinkError]]:
    """Keep the poller alive whatever is raised below, and yield what it means to the device.

    A poller that ended would leave values standing there as if they were fresh.
    """
    slips: list[LinkError] = []
    try:
        yield slips
    except LinkError:
        raise
    except (Exception, asyncio.CancelledError) as slip:
        task = asyncio.current_task()
        if isinstance(slip, asyncio.CancelledError) and task is not None and task.cancelling():
            raise
        _LOGGER.exception("A request to %s failed unexpectedly", device.name)
        slips.append(BadAnswerError(unit=device.unit_id, detail=type(slip).__name__))


def _now() -> float:
    return _loop().time()


def _loop() -> AbstractEventLoop:
    return asyncio.get_running_loop()
