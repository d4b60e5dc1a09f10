"""Closing a breaker again by itself: off by default, after a voltage cause that is known and over, three times at most.

Whatever is not known, or is any other way than foreseen, locks it until a person acknowledges. Nothing is caught up
with: what was pending at a restart, or when a person did anything, is dropped.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from ..alarms.happening import Happening, What
from ..alarms.positions import DEAD, OPENED
from ..points import Effect
from ..readings import DEVICE_CIRCUIT, PointKey
from .attempt import AGAIN, following, is_proven, not_proven
from .caller import AUTOMATION, Caller, CallerKind, reclosing
from .choice import plain_closing
from .inturn import in_turn
from .outcome import Outcome, Reason, Result
from .position import positions_of
from .rights import Right
from .rounds import AFTER_SECONDS, DELAYS, FRESH_SECONDS, LONGEST_WAIT, Phase, Round, Step, Why
from .sightings import Sightings
from .supply import Supply

if TYPE_CHECKING:
    from ..alarms.watch import Watch
    from .control import Act, Control
    from .policy import Policy, Reclosing

_LOGGER = logging.getLogger(__name__)


class Recloser:
    """The reclosing of one device. Who makes it tells it of happenings; the rest it sees in what is read."""

    def __init__(
        self, control: Control, watch: Watch, policy: Callable[[], Policy], steady: Callable[[], float]
    ) -> None:
        """Take the control of a device, the watch of its alarms, and who tells the owner's word at each moment."""
        self._control = control
        self._device = control.device
        self._watch = watch
        self._policy = policy
        self._steady = steady
        self._listeners: list[Callable[[Step], None]] = []
        model = self._device.model
        circuits = {key.circuit for key in watch.alarms if key.rule == OPENED}
        self.rounds: Mapping[str, Round] = {
            circuit: Round(Supply(watch, circuit))
            for circuit in sorted(circuits)
            if plain_closing(model.operations, circuit) is not None
        }
        """By circuit: those with a breaker whose position is read, and which can be closed without force."""
        self._sightings = Sightings(
            self._device,
            steady,
            positions={key for circuit in self.rounds for key in positions_of(model, circuit)},
            voltages={key for one in self.rounds.values() for key in one.supply.voltages},
        )
        self._tasks: set[asyncio.Task[None]] = set()
        self._leave: list[Callable[[], None]] = []

    def start(self) -> None:
        """Begin: what stands by now is not caught up with."""
        if not self.rounds:
            return
        settings = {key for one in self.rounds.values() for key in one.supply.settings}
        self._leave += [
            self._device.want([*self._sightings.keys, *settings]),
            self._device.listen(self._look),
            self._watch.listen(self._advance_all),
            self._control.listen(self._take_act),
        ]
        for circuit, one in self.rounds.items():
            for alarm in one.supply.alarms():
                if alarm.cause.key.rule == OPENED and alarm.stands and self._consent is not None:
                    self._lock(circuit, one, Why.RESTARTED)

    def end(self) -> None:
        """End: what was pending is dropped."""
        while self._leave:
            self._leave.pop()()
        for circuit, one in self.rounds.items():
            if one.is_pending:
                self._lock(circuit, one, Why.RESTARTED)

    async def settle(self) -> None:
        """Wait until what is under way has ended."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def listen(self, listener: Callable[[Step], None]) -> Callable[[], None]:
        """Be told of each step; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @property
    def _consent(self) -> Reclosing | None:
        policy = self._policy()
        return policy.reclosing if policy.is_enabled and policy.may_close else None

    # -- what is seen -------------------------------------------------------------------------------------------------

    def take(self, happening: Happening) -> None:
        """Take what happened to an alarm of this device."""
        key, what = happening.alarm.cause.key, happening.what
        began = what in (What.RAISED, What.CAME_AGAIN)
        if began or what is What.RETURNED:
            self._sightings.note_alarm(happening.alarm, is_on=began)
        if (one := self.rounds.get(key.circuit)) is None:
            return
        if key.rule == DEAD and began and one.is_pending:
            one.trips.add(happening.occurrence)
        if key.rule != OPENED:
            return
        if began:
            self._opened(key.circuit, one, happening.occurrence)
        elif what is What.RETURNED and one.phase in (Phase.JUDGING, Phase.WAITING):
            # Somebody closed it by hand.
            self._lock(key.circuit, one, Why.TAKEN_OVER)
        elif what in (What.ACKNOWLEDGED, What.RESET):
            self._known(key.circuit, one, happening.by or "")

    def _opened(self, circuit: str, one: Round, occurrence: str) -> None:
        if self._consent is None or one.phase is Phase.LOCKED:
            return
        one.trips.add(occurrence)
        if one.phase is Phase.TRYING:
            one.is_open_again = True
        elif one.tries >= len(DELAYS):
            self._lock(circuit, one, Why.TRIES_USED_UP)
        else:
            self._judge_soon(circuit, one)

    def _judge_soon(self, circuit: str, one: Round) -> None:
        one.since = one.looked_at = self._steady()
        one.sound_since, one.is_open_again = None, False
        if self._sightings.was_just_closed(circuit):
            self._step(circuit, one, Phase.JUDGING)
        else:
            self._lock(circuit, one, Why.CAUSE_UNKNOWN, "position")

    def _known(self, circuit: str, one: Round, by: str) -> None:
        """Take it that somebody knows: it is his now. Only a person begins anew."""
        if not by or by == AUTOMATION.name:
            if one.is_pending:
                self._lock(circuit, one, Why.TAKEN_OVER, by=by)
            return
        if one.phase is Phase.READY and not one.tries:
            return
        self._give_up(one)
        one.tries, one.why = 0, None
        one.trips.clear()
        self._step(circuit, one, Phase.READY, by=by)

    def release(self, circuit: str, by: Caller) -> bool | Reason:
        """Begin anew where nothing is pending, because a person says so; returns whether that changed anything."""
        if not by.is_person or not self._policy().may(by, Right.ON):
            return Reason.NO_RIGHT
        one = self.rounds.get(circuit)
        if one is None or one.is_pending or (one.phase is Phase.READY and not one.tries):
            return False
        self._known(circuit, one, by.name or by.id)
        return True

    def _take_act(self, act: Act) -> None:
        """Take what is operated: whoever else does something to the circuit has it from now on."""
        if act.caller.kind is CallerKind.RECLOSING or (act.outcome is not None and not act.outcome.writes):
            return
        for circuit, one in self.rounds.items():
            if act.key.circuit in (circuit, DEVICE_CIRCUIT) and act.effect is not Effect.NOTHING and one.is_pending:
                self._lock(circuit, one, Why.TAKEN_OVER, act.key.code)

    def cancel(self, circuit: str, by: str) -> bool:
        """Give up what is pending on a circuit; returns whether anything was."""
        one = self.rounds.get(circuit)
        if one is None or not one.is_pending:
            return False
        self._lock(circuit, one, Why.TAKEN_OVER, by=by)
        return True

    def _look(self, touched: AbstractSet[PointKey]) -> None:
        self._sightings.note(touched)
        self._advance_all()

    # -- what is due --------------------------------------------------------------------------------------------------

    def _advance_all(self) -> None:
        """Do what is due, and give up what cannot be any more: only when something is seen, for that is what proves."""
        now = self._steady()
        for circuit, one in self.rounds.items():
            if one.is_pending:
                self._advance(circuit, one, now)

    def _advance(self, circuit: str, one: Round, now: float) -> None:
        consent = self._consent
        if now - one.looked_at > FRESH_SECONDS or self._is_unsound_now(one, consent):
            one.sound_since = None
        one.looked_at = now
        if consent is None:
            self._lock(circuit, one, Why.WITHDRAWN)
        elif other := one.supply.other(self._excused(one)):
            self._lock(circuit, one, Why.OTHER_CAUSE, other)
        elif one.phase is Phase.JUDGING:
            if now >= one.since + AFTER_SECONDS:
                self._judge(circuit, one)
        elif one.phase is Phase.WAITING:
            is_sound = self._is_sound(one, consent)
            one.sound_since = one.sound_since if is_sound else None
            if one.sound_since is None and now - one.since > LONGEST_WAIT:
                self._lock(circuit, one, Why.LASTED_TOO_LONG)
            elif is_sound:
                self._wait(circuit, one, now)

    def _is_unsound_now(self, one: Round, consent: Reclosing | None) -> bool:
        """Whether a supply that had been sound for long enough is not any more while its try waits for its turn."""
        return one.phase is Phase.TRYING and consent is not None and not self._is_sound(one, consent)

    def _judge(self, circuit: str, one: Round) -> None:
        if unseen := one.supply.unseen():
            self._lock(circuit, one, Why.CAUSE_UNKNOWN, unseen)
            return
        causes = [
            alarm
            for alarm in one.supply.alarms()
            if one.supply.is_cause(alarm) and self._sightings.began_with(alarm, one.since)
        ]
        if not causes:
            self._lock(circuit, one, Why.CAUSE_UNKNOWN)
            return
        self._step(circuit, one, Phase.WAITING, detail=", ".join(str(alarm.cause.key) for alarm in causes))

    def _excused(self, one: Round) -> AbstractSet[str]:
        """Return the occurrences of the trips it is about: also that a circuit went dead just before it opened."""
        dead = (alarm for alarm in one.supply.alarms() if alarm.cause.key.rule == DEAD)
        one.trips |= {
            alarm.occurrence for alarm in dead if alarm.occurrence and self._sightings.began_with(alarm, one.since)
        }
        return frozenset(one.trips)

    def _is_sound(self, one: Round, consent: Reclosing) -> bool:
        is_fresh = self._sightings.is_fresh(one.supply.voltages)
        return is_fresh and not one.supply.unseen() and one.supply.is_sound(consent)

    def _wait(self, circuit: str, one: Round, now: float) -> None:
        """Have it closed when its supply has been sound for long enough, unless something is in the way by now."""
        key = plain_closing(self._control.operations, circuit)
        if key is None:
            self._lock(circuit, one, Why.REFUSED, Reason.NOT_OFFERED)
            return
        hindrance = self._control.preview(key, reclosing(self._excused(one), lambda: True))
        if hindrance is not None:
            one.sound_since = None
            if hindrance.reason not in AGAIN:
                # Whoever hung a tag, say, has taken it over; it does not close when the tag is gone.
                self._lock(circuit, one, Why.REFUSED, str(hindrance.reason), outcome=hindrance)
            return
        one.sound_since = now if one.sound_since is None else one.sound_since
        if now - one.sound_since >= DELAYS[one.tries]:
            one.tries += 1
            self._step(circuit, one, Phase.TRYING)
            one.task = asyncio.create_task(self._try(circuit, one, key), name="acrel reclosing")
            self._tasks.add(one.task)
            one.task.add_done_callback(self._tasks.discard)

    # -- one try ------------------------------------------------------------------------------------------------------

    async def _try(self, circuit: str, one: Round, key: PointKey) -> None:
        task = asyncio.current_task()

        def still() -> bool:
            # Whatever locked it meanwhile, or a voltage that is not sound any more, has it not sent.
            consent = self._consent
            has_lasted = one.task is task and one.sound_since is not None
            return has_lasted and consent is not None and self._is_sound(one, consent)

        async def close() -> Outcome:
            # It has waited for its turn: the supply is proven now.
            if (consent := self._consent) is None or not await is_proven(self._device, one.supply, consent):
                return not_proven()
            by = reclosing(self._excused(one), still)
            return await self._control.operate(key, by, is_confirmed=True) if still() else not_proven()

        try:
            outcome = await in_turn(self._control, key, reclosing(self._excused(one), still), close)
        except Exception:
            _LOGGER.exception("The reclosing of %s failed unexpectedly", self._device.identity)
            outcome = Outcome(result=Result.UNKNOWN, reason=Reason.SLIP)
        if one.task is task:
            one.task = None
            self._tried(circuit, one, outcome)

    def _tried(self, circuit: str, one: Round, outcome: Outcome) -> None:
        phase, why = following(outcome, one.tries)
        if why is not None:
            self._lock(circuit, one, why, str(outcome.reason), outcome=outcome)
            return
        one.sound_since = None
        detail = "" if outcome.reason is None else str(outcome.reason)
        self._step(circuit, one, phase, detail=detail, outcome=outcome)
        if one.is_open_again and phase is Phase.RECLOSED:
            self._opened(circuit, one, next(iter(one.trips)))

    def _give_up(self, one: Round) -> None:
        """Have nothing sent any more; what was sent is watched to its end by the control."""
        one.task = one.sound_since = None

    # -- what is told -------------------------------------------------------------------------------------------------

    def _lock(
        self, circuit: str, one: Round, why: Why, detail: str = "", *, outcome: Outcome | None = None, by: str = ""
    ) -> None:
        self._give_up(one)
        one.why = why
        self._step(circuit, one, Phase.LOCKED, detail=detail, outcome=outcome, by=by)

    def _step(
        self, circuit: str, one: Round, phase: Phase, *, detail: str = "", outcome: Outcome | None = None, by: str = ""
    ) -> None:
        one.phase = phase
        step = Step(circuit=circuit, phase=phase, tries=one.tries, why=one.why, detail=detail, outcome=outcome, by=by)
        for listener in list(self._listeners):
            try:
                listener(step)
            except Exception:
                _LOGGER.exception("A listener of the reclosing of %s failed", self._device.identity)
