"""One link, many devices: polls them one request at a time, alarms first (`schedule.py` says who is next).

Commands go before any poll: at most the one request on the wire is waited for.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from ..errors import BadAnswerError, LinkError, LinkUnreachableError
from ..readings import PointKey
from ..texts import phrase
from ..vocabulary import Pace
from .figures import LineFigures
from .guard import GuardedUnit
from .headroom import DUTY_TARGET, Headroom
from .poll import PollReport
from .presence import MISSES_FORGIVEN
from .pulse import LinkPulse
from .schedule import Job, Member, Schedule
from .slips import Slips
from .trying import PUT_OFF_SECONDS, try_out
from .unit import PolledUnit

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

_LOGGER = logging.getLogger(__name__)

DEFAULT_INTERVALS: Mapping[Pace, float] = {
    Pace.FAST: 2.0,
    Pace.NORMAL: 10.0,
    Pace.SLOW: 60.0,
}
"""Seconds between two polls of a group."""

SLIP_SECONDS = 1.0
"""After an error that nobody thought of nothing is asked for so long."""


class Bus:
    """Polls all devices of one link; one instance per link."""

    def __init__(self, name: str, *, duty_target: float = DUTY_TARGET) -> None:
        """Take a name for the log, and the part of the time (0 to 1) for which the line is used if it can be."""
        self.name = name
        self.pulse = LinkPulse()
        """For the guarded units of this link."""
        self.figures = LineFigures()
        self._schedule = Schedule(headroom=Headroom(duty_target))
        self._line = asyncio.Lock()
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._is_stopping = False
        self._slips = Slips()
        self._down_since: float | None = None
        self._knocked: GuardedUnit | None = None
        """The silent unit that is listened to now."""

    @property
    def overruns(self) -> int:
        """Polls left out because the line was still busy with earlier ones."""
        return self.figures.overruns

    @property
    def duty(self) -> float:
        """Part of the time (0 to 1) the line was busy, over the last full minute (at first: since the start)."""
        figures = self.figures
        if figures.duty or self._task is None:
            return figures.duty
        elapsed = _now() - figures.window_start
        return min(1.0, figures.busy / elapsed) if elapsed > 0 else 0.0

    def add(
        self,
        unit: PolledUnit,
        on_report: Callable[[PollReport], None],
        intervals: Mapping[Pace, float] = DEFAULT_INTERVALS,
        *,
        silence: LinkError | None = None,
    ) -> Callable[[], None]:
        """Poll a unit from now on and report each poll; returns what removes it again.

        With the usual interval the fastest group follows the line: it is read as often as that is free, and at least
        so often. Any other interval is kept as it is.
        `silence` is the error of a request that was just made in vain: the unit begins as a silent one.
        """
        now = _now()
        usual = {Pace.FAST: DEFAULT_INTERVALS[Pace.FAST]}
        jobs = [
            Job(unit, group, interval, now, follows_line=interval == usual.get(group))
            for group, interval in intervals.items()
        ]
        member = Member(unit, jobs, on_report, base=min(intervals.values()))
        self._schedule.members.append(member)
        if silence is not None:
            unit.note_silent(silence)
            self._schedule.back_off(member, silence, _now())
        self._changed.set()

        def remove() -> None:
            with suppress(ValueError):
                self._schedule.members.remove(member)
            self._changed.set()

        return remove

    def start(self) -> None:
        """Begin to poll."""
        self.figures.window_start = _now()
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
            await member.unit.unit.settle()

    def wake(self, unit: PolledUnit, groups: Collection[Pace] = tuple(Pace)) -> None:
        """Poll groups of a device soon, as after new points were wanted."""
        for member in self._schedule.members:
            if member.unit is unit:
                for job in member.jobs:
                    if job.group in groups:
                        job.due, job.is_again = min(job.due, _now()), job.run is not None
        self._changed.set()

    async def command[ResultT](
        self, operation: Callable[[], Awaitable[ResultT]], unit: GuardedUnit | None = None
    ) -> ResultT:
        """Run an operation before any further poll request; at most the one on the wire is waited for.

        It has the line to itself until it ends, so that it should be short: a change and its answer. What asks many
        questions takes a `turn` for each.
        """
        async with self.turn(unit):
            return await operation()

    @asynccontextmanager
    async def turn(self, unit: GuardedUnit | None = None) -> AsyncIterator[None]:
        """Hold the line, before any further poll request; as long as a unit has to be left quiet others have it."""
        while True:
            await asyncio.sleep(unit.quiet_seconds if unit is not None else 0)
            if unit is not None:
                # Somebody waits for an answer, or a breaker: a unit that is silent is listened to another time.
                self._schedule.put_off_knocks(_now())
                if self._knocked is not None:
                    self._knocked.listen_no_longer()
            # The lock is fair: the poller, which takes it anew for every request, queues behind this.
            async with self._line:
                if unit is not None and unit.quiet_seconds > 0:
                    continue
                started = _now()
                try:
                    yield
                finally:
                    self.figures.add(started, _now())
                return

    async def _poll_for_ever(self) -> None:
        while not self._is_stopping:
            try:
                await self._poll_next()
            except Exception:
                # Whatever it is: a poller that ended would leave all values standing there as if they were fresh.
                if self._slips.is_due("poll", self.name):
                    _LOGGER.exception("Polling %s failed unexpectedly", self.name)
                self._lose_all()
                await asyncio.sleep(SLIP_SECONDS)

    async def _poll_next(self) -> None:
        self._changed.clear()
        now = _now()
        if (overdue := self._schedule.overdue_try(now)) is not None:
            await self._try_out(overdue, only_points=True)
            return
        match self._schedule.next(now):
            case Member() as silent:
                await self._knock(silent)
            case member, job:
                await self._serve(member, job)
            case None if (trying := self._schedule.next_try(now)) is not None:
                await self._try_out(trying)
            case None:
                await self._sleep_until(self._schedule.next_time(now))

    def _lose_all(self) -> None:
        """Take all units for silent: each is asked again as one that is."""
        for member in list(self._schedule.members):
            error = BadAnswerError(unit=member.unit.unit_id, detail=phrase("no_reason"))
            for job in member.jobs:
                job.run = None
            try:
                for _ in range(MISSES_FORGIVEN + 1):
                    self._note_silent(member, error)
                self._schedule.back_off(member, error, _now())
            except Exception:
                if self._slips.is_due("lose", member.unit.name):
                    _LOGGER.exception("%s could not be taken for silent", member.unit.name)

    async def _sleep_until(self, when: float) -> None:
        alarm = _loop().call_at(when, self._changed.set)
        try:
            await self._changed.wait()
        finally:
            alarm.cancel()

    async def _serve(self, member: Member, job: Job) -> None:
        """Send one request of a job; when it was the last one, report and set the next time."""
        with self._slips.caught(job.unit) as slips:
            if job.run is None:
                job.begin(_now())
        if slips:
            keys = job.unit.note_missed(job.group, slips[0])
            self._end_poll(
                member, job, PollReport(unit=job.unit, group=job.group, keys=frozenset(keys), error=slips[0])
            )
            return
        if job.run is None:
            job.set_next(_now())
            return
        async with self._line:
            if not self._may_be_asked(member):
                return
            started = _now()
            with self._slips.caught(job.unit) as slips:
                await job.run.step()
            ended = _now()
        self.figures.add(started, ended)
        if slips:
            job.run.give_up(slips[0])
        elif not job.run.is_failing:
            self._schedule.headroom.spend(started, ended, spacing=job.unit.unit.cost.turnaround)
        if job.run.is_done:
            computed = time.thread_time()
            self._end_poll(member, job, job.run.finish())
            self._schedule.headroom.compute(_now(), time.thread_time() - computed)

    def _end_poll(self, member: Member, job: Job, report: PollReport) -> None:
        job.run, job.may_go_early = None, report.error is None
        self.figures.overruns += job.set_next(_now())
        self._report(member, report)
        if report.error is not None and (job.unit.is_silent or isinstance(report.error, LinkUnreachableError)):
            self._schedule.back_off(member, report.error, _now())
            self._note_link(report.error)

    def _may_be_asked(self, member: Member) -> bool:
        """Whether a unit may still be asked: while the line was waited for it may have been removed, or failed."""
        return self._schedule.has(member) and member.unit.unit.quiet_seconds == 0

    def _report(self, member: Member, report: PollReport) -> None:
        if report.error is None:
            self.pulse.beat(_now())
        try:
            member.on_report(report)
        except Exception:
            if self._slips.is_due("report", member.unit.name):
                _LOGGER.exception("A listener of %s failed", member.unit.name)

    def _note_link(self, error: LinkError) -> None:
        """Take all units for silent when the link is down, with nobody heard since, for a period of theirs.

        To find it down may take ten seconds each time: values would stand there until each unit was asked in vain.
        """
        if not isinstance(error, LinkUnreachableError):
            return
        now = _now()
        if self._down_since is None or self.pulse.was_felt_since(self._down_since):
            self._down_since = now
        # Who is left alone may have had a miss forgiven: its values would stand there until it is asked again.
        heard = [one for one in self._schedule.members if not one.unit.is_silent and now - self._down_since >= one.base]
        for member in heard:
            self._note_silent(member, error)
            if member.unit.is_silent and not member.is_silent:
                self._schedule.back_off(member, error, _now())

    def _note_silent(self, member: Member, error: LinkError) -> None:
        unit, group, keys = member.unit, Pace.FAST, set[PointKey]()
        with self._slips.caught(unit) as slips:
            group = next(iter(unit.groups()), group)
            keys = unit.note_silent(error)
        if slips:
            keys = unit.note_missed(group, error)
        self._report(member, PollReport(unit=unit, group=group, keys=frozenset(keys), error=error))

    async def _try_out(self, member: Member, *, only_points: bool = False) -> None:
        """Try one thing that a unit declined, or was never asked."""
        async with self._line:
            if not self._may_be_asked(member):
                return
            started = _now()
            report = None
            with self._slips.caught(member.unit) as slips:
                report = await try_out(member.unit, only_points=only_points)
            if slips:
                member.unit.trials.put_off(_now(), PUT_OFF_SECONDS)
            ended = _now()
        self.figures.add(started, ended)
        self._schedule.headroom.spend(started, ended, spacing=member.unit.unit.cost.turnaround)
        if report is not None:
            self._report(member, report)

    async def _knock(self, member: Member) -> None:
        """Ask a silent unit for one register; when it answers, all its groups are due at once."""
        async with self._line:
            if not self._may_be_asked(member):
                return
            started = _now()
            try:
                with self._slips.caught(member.unit) as slips:
                    self._knocked = member.unit.unit
                    await member.unit.knock(self._schedule.rest_of(member))
                if slips:
                    raise slips[0]
            except LinkError as error:
                found = error
            else:
                self._schedule.take_back(member, _now())
                return
            finally:
                self._knocked = None
                self.figures.add(started, _now())
        if not member.unit.is_silent:
            self._note_silent(member, found)
        self._schedule.back_off(member, found, _now(), seconds=_now() - started)
        self._note_link(found)


def _now() -> float:
    return _loop().time()


def _loop() -> AbstractEventLoop:
    return asyncio.get_running_loop()
