"""The control of one device: select, operate, tags; every operation is checked, sent once, and done when read back."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from ..errors import AcrelError, LinkError
from ..points import Effect, Operation
from ..readings import PointKey, Reading
from ..source import Command, Source, doubt_of
from ..texts import Phrase, phrase
from ..timers import Timer, may_switch_alone
from .choice import falls_back_when
from .elsewhere import Elsewhere
from .evidence import Proof, Shown
from .interlocks import AS_READ, AT_ANY_TIME, LEAVE, Case, hindrance, keys_to_read
from .lockouts import Expected, Lockouts
from .named import evidence_of
from .outcome import Outcome, Reason, Result, refused
from .policy import Policy
from .position import positions_of
from .surroundings import Surroundings, Unwatched
from .tags import Tag, Tags
from .tempo import Tempo
from .tokens import USUAL, Selection, Tokens
from .watching import LATE_TIMES, SETTLE_SECONDS, Sending, Watching

if TYPE_CHECKING:
    from ..device import Device
    from .caller import Caller

_LOGGER = logging.getLogger(__name__)

TRIES = 3
"""Of reading before, and of getting as far as the write while nothing was sent: what was sent is never sent again."""
EXPECTED_SECONDS = 60.0
"""So long after a command an opening is taken for its effect, unless it is known that nothing was sent."""
AFTERWARDS_SECONDS = 5.0
"""The same where the position was read and is closed."""


def _steady() -> float:
    return time.monotonic()


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One operation that was asked for, and (when it is over) what became of it: what the record is told."""

    key: PointKey
    effect: Effect
    caller: Caller
    time: datetime
    outcome: Outcome | None = None
    seconds: float = 0.0
    expected: float = 0.0
    """Seconds from when it was begun for which a movement may be its effect: of a device that sleeps many."""
    timer: Timer | None = None
    """Where it is the device's own timer that was asked for: no operation."""


type Listener = Callable[[Act], None]
"""Is told when an operation begins to be carried out, and of each one's outcome, refusals too."""
type Work = Callable[[Run], Awaitable[Outcome]]
"""Carries an act out, and returns what became of it."""
type Rest = Awaitable[Outcome]
"""What is left of an act when nothing else has to wait for it any more: what becomes of it is looked for."""
type Objection = Callable[[], Outcome | None]
"""Says, directly before anything is sent, what is in the way now."""


class Control:
    """Operates one device. Nothing is sent but for `operate`, and there at most one request."""

    def __init__(
        self,
        device: Device,
        policy: Callable[[], Policy],
        *,
        surroundings: Surroundings | None = None,
        settle_seconds: float = SETTLE_SECONDS,
        steady: Callable[[], float] = _steady,
        lockouts: Lockouts | None = None,
        tags: Tags | None = None,
        put_down: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Take a device, and who tells the owner's word at the moment of each act.

        Where nobody waits, `settle_seconds` may be longer: then what falls back later is told, too. `lockouts` and
        `tags` are those of a former control of the device; what was selected there is good no more. `put_down` returns
        when what is begun is on the disk, or cannot be: it is waited for before anything is sent.
        """
        self.device = device
        self.tags = tags or Tags()
        self.under_way: Act | None = None
        """What is being carried out now."""
        self.timer_watched: asyncio.Event | None = None
        """Ends looking for the device's own timer, as long as somebody does, because another one was sent."""
        self.timer_sent = asyncio.Lock()
        """Held while one is sent."""
        self.surroundings: Surroundings = surroundings or Unwatched()
        self._policy = policy
        self._settle_seconds = settle_seconds
        self._put_down = put_down
        self._tokens = Tokens(steady)
        self._lockouts = lockouts or Lockouts(steady)
        self._listeners: list[Listener] = []
        self._tasks: set[asyncio.Task[Outcome]] = set()
        device.control = self

    # -- what can be asked --------------------------------------------------------------------------------------------

    @property
    def operations(self) -> Mapping[PointKey, Operation]:
        """All that any way to the device can carry out now."""
        return {key: one for key, one in self.device.model.operations.items() if key in self.device.orders}

    @property
    def is_busy(self) -> bool:
        """Whether an operation is under way, or waits for a change of a setting to end."""
        return self._lockouts.is_busy

    @property
    def lockouts(self) -> Lockouts:
        """What the device is busy with, and who waits for that."""
        return self._lockouts

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Be told of each operation; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def effect(self, key: PointKey) -> Effect:
        """Return what an operation does, by the owner's word of now."""
        operation = self.device.model.operations.get(key)
        return Effect.UNSAID if operation is None else self._policy().effect(operation)

    @property
    def policy(self) -> Policy:
        """The owner's word now."""
        return self._policy()

    def tell_refusal(self, key: PointKey, by: Caller, outcome: Outcome) -> None:
        """Tell whoever listens of what was refused before it came to anything."""
        self._tell(Act(key=key, effect=self.effect(key), caller=by, time=datetime.now(UTC), outcome=outcome))

    def preview(self, key: PointKey, by: Caller) -> Outcome | None:
        """Return what is in the way by what is known without asking the device; None if nothing is."""
        operation = self.operations.get(key)
        if operation is None:
            return refused(Reason.NOT_OFFERED)
        return self._forbidden(self._case(operation, by))

    def forbidden(self, key: PointKey, by: Caller) -> Outcome | None:
        """Return what forbids an operation whatever the device says or is busy with; None if nothing does."""
        operation = self.operations.get(key)
        if operation is None:
            return refused(Reason.NOT_OFFERED)
        return hindrance(AT_ANY_TIME, self._case(operation, by))

    def without_leave(self, key: PointKey, by: Caller) -> Outcome | None:
        """Return why somebody may not ask for an operation, whatever is in its way besides; None who may."""
        operation = self.operations.get(key)
        return refused(Reason.NOT_OFFERED) if operation is None else hindrance(LEAVE, self._case(operation, by))

    # -- tags ---------------------------------------------------------------------------------------------------------

    def hang_tag(self, circuit: str, by: Caller, reason: str, name: str = "") -> Tag | Reason:
        """Hang a lock-out tag on a circuit ("0": on the whole device), or say why that is not allowed."""
        return self.tags.hang(circuit, by, self._policy().rights, reason, name)

    def remove_tag(self, tag_id: str, by: Caller) -> Tag | Reason | None:
        """Take a tag off, or say why that is not allowed; None if it does not hang."""
        return self.tags.remove(tag_id, by)

    # -- select, operate ----------------------------------------------------------------------------------------------

    async def select(self, key: PointKey, by: Caller, seconds: float = USUAL) -> Selection | Outcome:
        """Check an operation against a fresh reading; return the token to operate with, or the refusal."""
        found = await self._checked(key, by)
        if isinstance(found, Outcome):
            return found
        case, _ = found
        return self._tokens.select(key, by, position=_position(case), seconds=seconds)

    async def operate(
        self, key: PointKey, by: Caller, token: str | None = None, *, is_confirmed: bool = False
    ) -> Outcome:
        """Carry out an operation, at most once, and return what became of it; never raises but when cancelled.

        It takes the token of `select`, or that whoever asks confirms in one call. One that is cancelled is not sent;
        when it was sent already, it is watched to its end all the same.
        """
        act = Act(key=key, effect=self.effect(key), caller=by, time=datetime.now(UTC))
        return await self.carry(act, lambda run: self._carry_out(act, token, run, is_confirmed=is_confirmed))

    async def carry(self, act: Act, work: Work) -> Outcome:
        """Have an act carried out that nothing else of the device overlaps, and tell what became of it.

        When it is cancelled, what was not sent is not; `work` is told of it by its `Run`.
        """
        run = Run()
        try:
            return await self._started(act, work, run)
        except asyncio.CancelledError:
            run.is_given_up = True
            raise

    async def carry_to_rest(self, act: Act, work: Work) -> Rest:
        """Have an act carried out as `carry` does; return as soon as its `Run` rests, with what is left of it."""
        run = Run()
        rest = self._started(act, work, run)
        try:
            await run.at_rest.wait()
        except asyncio.CancelledError:
            run.is_given_up = True
            raise
        return rest

    def _started(self, act: Act, work: Work, run: Run) -> Rest:
        task = asyncio.create_task(self._carry(act, work, run), name="acrel operation")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return asyncio.shield(task)

    async def settle(self) -> None:
        """Wait until what is under way has ended."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    # -- one operation ------------------------------------------------------------------------------------------------

    async def _carry(self, act: Act, work: Work, run: Run) -> Outcome:
        started = _now()
        if self._lockouts.is_busy:
            outcome = refused(Reason.BUSY)
            run.rest()
        else:
            self._lockouts.is_busy = True
            run.on_rest = self._let_go
            try:
                outcome = await work(run)
            except Exception as error:
                _LOGGER.exception("%s of %s failed unexpectedly", act.key, self.device.identity)
                result = Result.UNKNOWN if run.is_sent else Result.REFUSED
                outcome = Outcome(
                    result=result, reason=Reason.SLIP, detail=type(error).__name__, writes=int(run.is_sent)
                )
            finally:
                run.rest()
        self._tell(replace(act, outcome=outcome, seconds=_now() - started))
        return outcome

    def _let_go(self) -> None:
        self._lockouts.is_busy, self.under_way = False, None

    async def _carry_out(self, act: Act, token: str | None, run: Run, *, is_confirmed: bool) -> Outcome:
        selection: Selection | None = None
        if token is not None:
            match self._tokens.use(token, act.key, act.caller):
                case Reason() as reason:
                    return refused(reason)
                case selection:
                    pass
        elif not is_confirmed:
            return refused(Reason.NOT_CONFIRMED)
        found = await self._checked(act.key, act.caller, run)
        if isinstance(found, Outcome):
            return found
        case, source = found
        position = _position(case)
        if selection is not None and selection.position is not position:
            return refused(Reason.MOVED_SINCE_SELECTED, position=position)
        proof, is_pulse = _proof_of(case)
        # What shows open may be closed in a moment by what was sent before.
        is_to_stay = case.effect is not Effect.OPEN or not self._lockouts.may_close(case.circuit)
        if is_to_stay and not is_pulse and proof.shown(case.readings) is Shown.THERE:
            return self._settled(case, source, proof, _already_there(case, position))
        act = replace(act, expected=_expected(Tempo.of(source)))
        self.under_way = act
        await self.begin(act)
        starts_there = proof.moved(case.readings) is Shown.THERE
        watching = Watching(
            proof=proof,
            within=case.operation.within,
            settle_seconds=0.0 if Tempo.of(source).believes_one else self._settle_seconds,
            is_pulse=is_pulse,
            starts_there=starts_there,
            moves=case.effect.is_movement,
            tempo=Tempo.of(source),
            is_left=lambda: source not in self.device.sources,
            overtaken=self._lockouts.overtaken,
        )
        return self._settled(case, source, proof, await self._send(case, source, run, watching))

    async def begin(self, act: Act) -> None:
        """Tell that an act begins; return when that is on the disk, or cannot be."""
        self._tell(act)
        if self._put_down is not None:
            await self._put_down()

    def _settled(self, case: Case, source: Source, proof: Proof, outcome: Outcome) -> Outcome:
        """Tell what holds from now on: what was switched off is believed to be off, and has to stay so.

        What somebody says who may not be the device proves nothing.
        """
        if outcome.is_confirmed and (doubt := doubt_of(source)) is not None:
            result = Result.UNVERIFIED if outcome.writes else Result.REFUSED
            return replace(outcome, result=result, reason=Reason.WAY_DOUBTED, detail=doubt)
        late = Tempo.of(source).seeing
        if outcome.is_confirmed and case.effect is Effect.OPEN:
            self.surroundings.switched_off(case.circuit, proof.keys, case.caller.name, late)
        elif outcome.is_confirmed and case.effect is Effect.CLOSE:
            self.surroundings.switched_on(case.circuit, late)
        elif outcome.is_confirmed and case.effect is Effect.RELEASE:
            self.surroundings.released(case.circuit)
        if outcome.is_confirmed and case.effect is Effect.OPEN and may_switch_alone(self.device.sources):
            # Whoever is told that it is off is told that it may not stay so.
            return replace(outcome, detail=phrase("may_close_alone"))
        return outcome

    async def _send(self, case: Case, source: Source, run: Run, watching: Watching) -> Outcome:
        operation, circuit = case.operation, case.circuit
        command = Command(key=operation.key, hindrance=lambda: self._last_word(case, source, run))

        def sent() -> None:
            self._lockouts.begin(operation.lockout)

        tempo = watching.tempo
        self._expect(case, _expected(tempo))
        elsewhere = Elsewhere(self.device, source, watching.proof)
        for _ in range(TRIES):
            outcome = await Sending(source, command, watching).run(sent)
            if outcome.reason is not Reason.NOT_SENT or run.is_sent or _now() - run.began > tempo.patience:
                break
        if not watching.is_pulse and not watching.starts_there:
            outcome = await elsewhere.held_against(outcome)
        if case.effect.may_open and outcome.result is Result.REFUSED:
            self.surroundings.expect_nothing(circuit)
        elif case.effect.may_open and outcome.position and not (outcome.result is Result.UNKNOWN and tempo.report):
            # It is closed: what opens it from now on is hardly ours.
            self.surroundings.expect_open(circuit, AFTERWARDS_SECONDS)
        if case.effect.may_close and outcome.result is Result.REFUSED:
            self.surroundings.expect_no_closing(circuit)
        if outcome.result is Result.UNKNOWN:
            source.hurry()
        else:
            self._lockouts.expect_nothing(circuit)
        return run.refusal if outcome.result is Result.REFUSED and run.refusal is not None else outcome

    def _expect(self, case: Case, seconds: float) -> None:
        """Tell what may move for so long because of what is sent now."""
        circuit, effect = case.circuit, case.effect
        if effect is Effect.OPEN:
            # What closes it after this is nobody's wish any more, be it one that was sent before.
            self.surroundings.expect_no_closing(circuit)
        if effect.may_open:
            self.surroundings.expect_open(circuit, seconds)
        if effect.may_close:
            self.surroundings.expect_close(circuit, seconds)
        self._lockouts.expect(Expected(circuit, seconds, effect.may_open, effect.may_close))

    def _last_word(self, case: Case, source: Source, run: Run) -> Phrase | None:
        """Return why it may not go any more, asked directly before it would be sent; from then on it may have left."""
        return run.last_word(self._objection(case, source, run))

    def _objection(self, case: Case, source: Source, run: Run) -> Outcome | None:
        now, tempo = _now(), Tempo.of(source)
        if run.is_given_up or source not in self.device.sources:
            return refused(Reason.WITHDRAWN)
        if now - run.began > tempo.patience:
            return refused(Reason.WAITED_TOO_LONG)
        if case.effect.may_close and now - run.read_at > tempo.stale:
            return refused(Reason.POSITION_STALE)
        if case.effect.may_close and (doubt := doubt_of(source)) is not None:
            return refused(Reason.WAY_DOUBTED, doubt)
        return hindrance(AT_ANY_TIME, replace(case, policy=self._policy()))

    # -- checks -------------------------------------------------------------------------------------------------------

    async def cleared(self, key: PointKey, by: Caller, run: Run) -> Objection | Outcome:
        """Check an operation against a fresh reading, as before it is carried out; nothing is carried out by that.

        Returns what has to be asked again at the last moment, or the refusal.
        """
        found = await self._checked(key, by, run)
        if isinstance(found, Outcome):
            return found
        case, source = found
        return lambda: self._objection(case, source, run)

    async def _checked(self, key: PointKey, by: Caller, run: Run | None = None) -> tuple[Case, Source] | Outcome:
        """Return an operation with a fresh reading, and the way that can carry it out, or what is in its way."""
        operation = self.operations.get(key)
        if operation is None:
            return refused(Reason.NOT_OFFERED)
        found = await self._asked(self._case(operation, by), run)
        if isinstance(found, Outcome):
            return found
        source, readings = found
        # Whatever was said of it meanwhile: rights, tags and alarms are those of now.
        case = replace(
            self._case(operation, by), readings=readings, others=self.device.said_by_others(source, readings)
        )
        case = replace(case, proof=_proof_of(case)[0], doubt=doubt_of(source))
        if (refusal := self._forbidden(case) or hindrance(AS_READ, case)) is not None:
            return replace(refusal, position=_position(case))
        return case, source

    async def _asked(self, case: Case, run: Run | None) -> tuple[Source, Mapping[PointKey, Reading]] | Outcome:
        """Return the nearest way that can carry an operation out and can be asked now, and what was read by it.

        A way that cannot be asked is left before anything is sent; by the way that was asked it goes, or not at all.
        """
        first: Outcome | None = None
        for source in [one for one in self.device.sources if case.operation.key in one.orders]:
            if (refusal := self._forbidden(case)) is not None:
                return first or refusal
            if run is not None:
                # A farther way has its own patience: what was asked in vain before was no part of it.
                run.began = _now()
            readings = await self._read(case, source, run)
            if not isinstance(readings, Outcome):
                return source, readings
            first = first or readings
            if not isinstance(readings.detail, LinkError) and readings.reason is not Reason.WAITED_TOO_LONG:
                # That another device answers there, or none that lives, is no matter of the way.
                break
        return first or refused(Reason.NOT_OFFERED)

    async def _read(self, case: Case, source: Source, run: Run | None) -> Mapping[PointKey, Reading] | Outcome:
        """Return a fresh reading of all that an operation is judged by, when no change of a setting is under way."""
        keys = keys_to_read(self.device, case.operation, _proof_of(case)[0])
        failures: list[LinkError] = []
        try:
            async with asyncio.timeout(Tempo.of(source).patience):
                await self.device.changed()
                if run is not None:
                    run.read_at = _now()
                readings = await _read_in_tries(source, keys, failures)
        except AcrelError as error:
            return refused(Reason.NOT_SENT, error)
        except TimeoutError:
            # Why it could not be asked says more than that there was no time to ask again.
            return refused(Reason.NOT_SENT, failures[-1]) if failures else refused(Reason.WAITED_TOO_LONG)
        # Asked, it may have turned out to be one of those without such a command.
        return readings if case.operation.key in source.orders else refused(Reason.NOT_OFFERED)

    def _forbidden(self, case: Case) -> Outcome | None:
        """Return what is in the way by what is known without asking the device."""
        if (refusal := hindrance(AT_ANY_TIME, case)) is not None:
            return refusal
        return self.locked_out()

    def locked_out(self) -> Outcome | None:
        """Return the refusal where the device takes nothing so soon after what was sent last; None if it does."""
        if (seconds := self._lockouts.seconds_left) > 0:
            return refused(Reason.LOCKED_OUT, phrase("locked_out_for", seconds=f"{seconds:.0f}"))
        return None

    def _case(self, operation: Operation, by: Caller) -> Case:
        return Case(
            device=self.device,
            operation=operation,
            caller=by,
            policy=self._policy(),
            tags=self.tags,
            surroundings=self.surroundings,
        )

    def _tell(self, act: Act) -> None:
        for listener in list(self._listeners):
            try:
                listener(act)
            except Exception:
                _LOGGER.exception("A listener of the control of %s failed", self.device.identity)


class Run:
    """What is known of one operation while it is carried out."""

    def __init__(self) -> None:
        """Begin: nothing was sent."""
        self.is_given_up = False
        self.is_sent = False
        """Whether a request may have left."""
        self.at_rest = asyncio.Event()
        """Set when nothing else of the device has to wait for it any more."""
        self.on_rest: Callable[[], None] = lambda: None
        self.began = 0.0
        self.read_at = 0.0
        self.refusal: Outcome | None = None

    def rest(self) -> None:
        """Let the next act of the device go: what is left of this one moves nothing."""
        if not self.at_rest.is_set():
            self.at_rest.set()
            self.on_rest()

    def last_word(self, objection: Outcome | None) -> Phrase | None:
        """Return why it may not go any more, as a `hindrance` says it; without an objection it may have left."""
        self.refusal = objection
        if objection is not None:
            return phrase("withdrawn")
        self.is_sent = True
        return None


def _proof_of(case: Case) -> tuple[Proof, bool]:
    """Return what shows that it was done, and whether that ends by itself."""
    operation, points = case.operation, case.device.points
    falls_back = operation.falls_back_when
    # As long as that is not known, it is taken for one that falls back: then it need not stay, but has to be seen.
    is_pulse = bool(falls_back) and all(
        key not in case.readings or points[key].is_shown(wanted, case.readings[key].value)
        for key, wanted in falls_back.items()
    )
    evidence = evidence_of(case.policy, case.device.model, case.circuit)
    at = [key for key in positions_of(case.device.model, case.circuit) if not case.device.lacks(key)]
    make = partial(
        Proof,
        points,
        positions=at,
        effect=case.effect,
        evidence=evidence,
        told=partial(case.policy.told, operation),
        falls_back_when=falls_back_when(case.device.model.operations, operation),
    )
    proof = make(operation.shows)
    if is_pulse and proof.has_owners:
        return make({}), False
    return proof, is_pulse


async def _read_in_tries(
    source: Source, keys: Collection[PointKey], failures: list[LinkError]
) -> Mapping[PointKey, Reading]:
    """Return a fresh reading. Raises AcrelError when it cannot be had, asked several times; `failures` is told why."""
    for _ in range(TRIES - 1):
        try:
            return await source.read(keys)
        except LinkError as error:
            failures.append(error)
    return await source.read(keys)


def _already_there(case: Case, position: bool | None) -> Outcome:  # noqa: FBT001 - a position
    """Return what becomes of an operation that leads to what is shown already."""
    if position is None and case.effect is Effect.OPEN:
        # The output of a shunt trip is on: whether the breaker opened, it does not tell.
        return refused(Reason.POSITION_UNKNOWN)
    return Outcome(result=Result.CONFIRMED, reason=Reason.ALREADY_THERE, position=position)


def _position(case: Case) -> bool | None:
    return None if case.proof is None else case.proof.position(case.readings)


def _expected(tempo: Tempo) -> float:
    """Return for how long a movement may be the effect of a command."""
    return EXPECTED_SECONDS + tempo.patience + LATE_TIMES * tempo.report


def _now() -> float:
    return asyncio.get_running_loop().time()
