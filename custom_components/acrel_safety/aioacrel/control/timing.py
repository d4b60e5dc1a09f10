"""Setting the timer that a device keeps itself, by the device's control: who may, what is in the way, what came of it.

A time at which it opens takes what an opening by hand takes now, and one at which it closes what a closing takes: the
device asks nobody when it is due. What is sent is sent once, and done when the device says that it has the timer.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from ..errors import AcrelError
from ..points import Effect
from ..readings import PointKey
from ..source import Source
from ..texts import Phrase, Said, phrase
from ..timers import TIMER, Timer, TimerKind, Timers, timer_seen, timers_by
from .choice import usual
from .control import Act, Control, Objection, Rest, Run
from .outcome import Outcome, Reason, Result, refused
from .watching import send_once

if TYPE_CHECKING:
    from .caller import Caller


def forbidden(control: Control, timer: Timer, by: Caller, *, is_confirmed: bool = True) -> Outcome | None:
    """Return what forbids a timer whatever the device says or is busy with; None if nothing does.

    One that closes has to be confirmed.
    """
    found = timers_by(control.device.sources)
    keys = () if found is None else _keys(control, timer, found[1].circuit)
    if found is None or not keys or None in keys:
        return refused(Reason.NOT_OFFERED, phrase("timer_not_offered"))
    asked = [key for key in keys if key is not None]
    if timer.kind is TimerKind.NONE:
        # Whoever may open, or close, may have it forgotten: by that nothing is switched.
        refusals = [control.without_leave(key, by) for key in asked]
        return refusals[0] if None not in refusals else None
    for key in asked:
        if (refusal := control.forbidden(key, by)) is not None:
            return refusal
    if (wrong := found[1].refusal(timer)) is not None:
        return refused(Reason.BAD_VALUE, wrong)
    if timer.closes is not None and not is_confirmed:
        return refused(Reason.NOT_CONFIRMED, phrase("timer_closes_alone"))
    return None


async def heard_lately(control: Control) -> Outcome | None:
    """Wait until the device was heard lately; return why it was not.

    That may take long, so it comes before one's turn: an opening does not wait for a timer.
    """
    found = timers_by(control.device.sources)
    if found is None:
        return refused(Reason.NOT_OFFERED, phrase("timer_not_offered"))
    try:
        await found[1].fresh()
    except AcrelError as error:
        return refused(Reason.NOT_SENT, error)
    return None


async def set_timer(control: Control, timer: Timer, by: Caller, *, is_confirmed: bool = False) -> Outcome:
    """Have a device's timer set or cancelled, once at most, and return what became of it.

    One that closes has to be confirmed. It never raises but when cancelled; then what was not sent is not.
    """
    return await (await send_timer(control, timer, by, is_confirmed=is_confirmed))


async def send_timer(control: Control, timer: Timer, by: Caller, *, is_confirmed: bool = False) -> Rest:
    """Have it set or cancelled as `set_timer` does; return, with what is left of that, when it was sent.

    Until the device says that it has it, much time may pass: an opening does not wait for that.
    """
    found = timers_by(control.device.sources)
    if found is not None:
        timer = found[1].own(timer)
    act = Act(key=TIMER, effect=Effect.NOTHING, caller=by, time=datetime.now(UTC), timer=timer)
    return await control.carry_to_rest(act, partial(_carry_out, control, act, timer, is_confirmed=is_confirmed))


async def _carry_out(control: Control, act: Act, timer: Timer, run: Run, *, is_confirmed: bool) -> Outcome:
    refusal = forbidden(control, timer, act.caller, is_confirmed=is_confirmed) or control.locked_out()
    if refusal is not None:
        return refusal
    found = timers_by(control.device.sources)
    if found is None:
        return refused(Reason.NOT_OFFERED, phrase("timer_not_offered"))
    source, timers = found
    cleared = await _cleared(control, timer, act.caller, run, timers)
    if isinstance(cleared, Outcome):
        return cleared
    watch = _Watch(control, source, timers, wanted=timer.kind is not TimerKind.NONE)

    def hindrance() -> Phrase | None:
        watch.note()
        return run.last_word(_objection(control, timer, act.caller, run, source, cleared))

    await control.begin(act)
    async with control.timer_sent:
        failure = await send_once(timers.send(timer, hindrance))
        if isinstance(failure, Outcome):
            return failure if run.refusal is None else run.refusal
        watch.take_over()
    control.lockouts.begin(timers.lockout)
    run.rest()
    return await watch.outcome(failure)


async def _cleared(
    control: Control, timer: Timer, by: Caller, run: Run, timers: Timers
) -> Sequence[Objection] | Outcome:
    """Return what is asked again at the last moment, when the device was heard and nothing is in the way of any time.

    The way that sets it is asked first: what a nearer one reads after that is newer.
    """
    keys = [key for key in _keys(control, timer, timers.circuit) if key is not None]
    try:
        await timers.fresh()
    except AcrelError as error:
        return refused(Reason.NOT_SENT, error)
    if timer.kind is TimerKind.NONE:
        return ()
    objections: list[Objection] = []
    for key in keys:
        found = await control.cleared(key, by, run)
        if isinstance(found, Outcome):
            return found
        objections.append(found)
    return objections


def _objection(
    control: Control,
    timer: Timer,
    by: Caller,
    run: Run,
    source: Source,
    cleared: Sequence[Objection],
) -> Outcome | None:
    """Return what is in the way directly before it would be sent: what was so before may be over."""
    if run.is_given_up or source not in control.device.sources:
        return refused(Reason.WITHDRAWN)
    if (refusal := forbidden(control, timer, by)) is not None:
        return refusal
    return next((found for one in cleared if (found := one()) is not None), None)


class _Watch:
    """What the device says of its timer after one was set or cancelled."""

    def __init__(self, control: Control, source: Source, timers: Timers, *, wanted: bool) -> None:
        """Take whose timer, by which way, and whether there is to be one."""
        self._control = control
        self._source = source
        self._timers = timers
        self._wanted = wanted
        self._had: bool | None = None
        self._is_second = False
        """Whether one was on its way still: what the device says may be of that one."""
        self._overtaken = asyncio.Event()

    def note(self) -> None:
        """Note what it says before anything leaves."""
        self._had = self._timers.has_timer

    def take_over(self) -> None:
        """Take it that this one was sent: what it says from now on tells nothing of one before."""
        before, self._control.timer_watched = self._control.timer_watched, self._overtaken
        if before is not None:
            self._is_second = True
            before.set()

    def _is_left(self) -> bool:
        """Whether the way was taken down before anything was told by it."""
        return self._source not in self._control.device.sources and not self._timers.is_told

    async def outcome(self, failure: AcrelError | None) -> Outcome:
        """Wait until it says so, and return what became of it."""
        seeing = asyncio.create_task(self._timers.seen(wanted=self._wanted))
        overtaken = asyncio.create_task(self._overtaken.wait())
        try:
            await asyncio.wait({seeing, overtaken}, return_when=asyncio.FIRST_COMPLETED)
            # While another one is sent nobody knows of which it is.
            async with self._control.timer_sent:
                if self._is_left():
                    return _sent(Result.UNKNOWN, Reason.TAKEN_DOWN, failure or "")
                if self._overtaken.is_set():
                    return _sent(Result.UNKNOWN, Reason.NOT_WATCHED, phrase("timer_overtaken"))
                return self._by(seeing.result(), failure)
        finally:
            seeing.cancel()
            overtaken.cancel()
            if self._control.timer_watched is self._overtaken:
                self._control.timer_watched = None

    def _by(self, said: bool | None, failure: AcrelError | None) -> Outcome:  # noqa: FBT001 - what was said
        """Return what became of it, by what the device says afterwards."""
        wanted = self._wanted
        if failure is not None and failure.is_declined and said is not None:
            result = Result.UNVERIFIED if said is wanted else Result.FAILED
            seen = timer_seen(has_timer=said)
            return _sent(result, Reason.SERVER_DECLINED, phrase("answer_and_seen", answer=failure, seen=seen))
        if said is wanted and (self._is_second or (wanted and self._had is not False)):
            # That there is one says nothing of which.
            why = phrase("timer_second") if self._is_second else phrase("timer_was_there")
            return _sent(Result.UNVERIFIED, Reason.NO_EVIDENCE, why)
        if said is wanted and _is_proof(failure, self._had, wanted=wanted):
            return _sent(Result.CONFIRMED, Reason.TIMER_SHOWN if wanted else Reason.TIMER_GONE)
        if not self._timers.is_told or failure is not None:
            return _sent(Result.UNKNOWN, Reason.NO_ANSWER, failure or "")
        if said is None:
            return _sent(Result.UNVERIFIED, Reason.NO_EVIDENCE, phrase("timer_unsaid"))
        return _sent(Result.UNKNOWN, Reason.NOT_WATCHED, _otherwise(wanted=wanted))


def _sent(result: Result, reason: Reason, detail: Said = "") -> Outcome:
    return Outcome(result=result, reason=reason, detail=detail, writes=1)


def _is_proof(failure: AcrelError | None, had: bool | None, *, wanted: bool) -> bool:  # noqa: FBT001 - what was said
    """Whether that the device says it as wanted shows that this was our doing.

    A timer that was never shown is not gone by it, where nobody knows of the request.
    """
    return failure is None or wanted or had is True


def _otherwise(*, wanted: bool) -> Phrase:
    return phrase("timer_not_shown") if wanted else phrase("timer_still_shown")


def _keys(control: Control, timer: Timer, circuit: str) -> Sequence[PointKey | None]:
    """Return the operations that a timer does by itself, of one that is cancelled both; None where there is none."""
    is_none = timer.kind is TimerKind.NONE
    effects = [
        effect
        for effect, moment in ((Effect.OPEN, timer.opens), (Effect.CLOSE, timer.closes))
        if is_none or moment is not None
    ]
    effects = effects or [Effect.OPEN, Effect.CLOSE]
    return [usual(control.operations, control.policy, circuit, effect) for effect in effects]
