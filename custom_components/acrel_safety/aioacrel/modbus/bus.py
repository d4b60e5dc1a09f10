"""One link, many devices: polls them one request at a time, alarms first (`schedule.py` says who is next).

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
from .poll import GroupPoll, PollReport
from .pulse import LinkPulse
from .schedule import Job, Member, Schedule

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

_LOGGER = logging.getLogger(__name__)

DEFAULT_INTERVALS: Mapping[PollGroup, float] = {
    PollGroup.FAST: 2.0,
    PollGroup.NORMAL: 10.0,
    PollGroup.SLOW: 60.0,
}
"""Seconds between two polls of a group."""
DUTY_WINDOW = 60.0


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
        self._schedule = Schedule()
        self._line = asyncio.Lock()
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._is_stopping = False
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
        jobs = [Job(device, group, interval, now) for group, interval in intervals.items()]
        member = Member(device, jobs, on_report, base=min(intervals.values()))
        self._schedule.members.append(member)
        if silence is not None:
            for group in device.groups():
                device.note_missed(group, silence)
            self._schedule.back_off(member, silence, _now())
        self._changed.set()

        def remove() -> None:
            with suppress(ValueError):
                self._schedule.members.remove(member)
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
        for member in self._schedule.members:
            await member.device.unit.settle()

    def wake(self, device: AcrelDevice) -> None:
        """Poll all groups of a device soon, as after new points were wanted."""
        for member in self._schedule.members:
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
        for member in list(self._schedule.members):
            for job in member.jobs:
                if not member.device.blocks(job.group):
                    continue
                async with self._line:
                    report = await member.device.poll(job.group)
                job.due = _now() + job.interval
                self._report(member, report)
                if report.error is not None:
                    self._schedule.back_off(member, report.error, _now())
                    break

    async def _poll_for_ever(self) -> None:
        while not self._is_stopping:
            self._changed.clear()
            now = _now()
            match self._schedule.next(now):
                case Member() as silent:
                    await self._knock(silent)
                case member, job:
                    await self._serve(member, job)
                case None:
                    await self._sleep_until(self._schedule.next_time(now))

    async def _sleep_until(self, when: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout_at(when):
                await self._changed.wait()

    async def _serve(self, member: Member, job: Job) -> None:
        """Send one request of a job; when it was the last one, report and set the next time."""
        if job.run is None:
            if not job.device.blocks(job.group):
                job.set_next(_now())
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
        self.statistics.overruns += job.set_next(_now())
        self._report(member, report)
        if report.error is not None and (job.device.is_silent or isinstance(report.error, LinkUnreachableError)):
            self._schedule.back_off(member, report.error, _now())
            self._note_link(report.error)

    def _report(self, member: Member, report: PollReport) -> None:
        if report.error is None:
            self.pulse.beat(_now())
        try:
            member.on_report(report)
        except Exception:
            _LOGGER.exception("A listener of %s failed", member.device.name)

    def _note_link(self, error: LinkError) -> None:
        """Take all units for silent when the link is down, with nobody heard since, for a period of theirs.

        To find it down may take ten seconds each time: values would stand there until each unit was asked in vain.
        """
        if not isinstance(error, LinkUnreachableError):
            return
        now = _now()
        if self._down_since is None or self.pulse.was_felt_since(self._down_since):
            self._down_since = now
        for member in list(self._schedule.members):
            if member.is_silent or now - self._down_since < member.base:
                continue
            for group in member.device.groups():
                member.device.note_missed(group, error)
                self._report(member, PollReport(device=member.device, group=group, error=error))
            if member.device.is_silent:
                self._schedule.back_off(member, error, _now())

    async def _knock(self, member: Member) -> None:
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
            self._schedule.back_off(member, error, _now())
            self._note_link(error)
            return
        self._schedule.take_back(member, _now())


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
