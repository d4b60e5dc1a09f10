"""Operating one device in Home Assistant: who asks is found out, the library decides, all of it is put down."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from homeassistant.const import Platform
from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
from homeassistant.helpers import entity_registry as er

from .aioacrel.alarms.board import Board
from .aioacrel.control.caller import Caller
from .aioacrel.control.control import Act, Control, Rest
from .aioacrel.control.cutoff import CutOff
from .aioacrel.control.inturn import in_turn, select_in_turn
from .aioacrel.control.outcome import Outcome, Reason, Result
from .aioacrel.control.policy import Policy
from .aioacrel.control.reclose import Recloser
from .aioacrel.control.surroundings import Watched
from .aioacrel.control.tokens import Selection
from .aioacrel.journal.entry import Kind
from .aioacrel.points import Effect
from .aioacrel.readings import DEVICE_CIRCUIT, PointKey
from .aioacrel.texts import library_language
from .aioacrel.timers import TIMER
from .callers import async_caller
from .const import DOMAIN
from .controlsettings import policy_now
from .coordinator import AcrelCoordinator
from .cutting import cut_off_ids
from .deeds import Deed, What, deeds_of
from .desk import desk_of
from .handles import Handle, handles_of
from .interrupted import hand_over, standing_of
from .lockedout import LockedOut
from .logged import log_deed
from .proofs import refused_as, with_proof
from .reclosing import reclosing_ids
from .starters import StarterForgottenError
from .vain import vain_of

_CONTROL = "_control_"
_NOTHING: Mapping[str, object] = {}
_ASSUMED = (Reason.NO_EVIDENCE, Reason.LOGGED)
type Work = Callable[[], Awaitable[Outcome | Rest]]
_KINDS = {What.TAG_HUNG: Kind.TAG, What.TAG_REMOVED: Kind.TAG, What.MOVED: Kind.POSITION}


class Operator:
    """The control of one device, for whoever asks in Home Assistant."""

    def __init__(self, coordinator: AcrelCoordinator, control: Control, surroundings: Watched, board: Board) -> None:
        """Take the device's control and alarms; `operable.py` makes it."""
        self.coordinator = coordinator
        self.control = control
        self.board = board
        self.recloser: Recloser | None = None
        self.cut_off: CutOff | None = None
        """What acts by itself; None where the owner did not opt in."""
        self.locked_out: LockedOut | None = None
        """What tells of a circuit that is closed under a tag."""
        self._surroundings = surroundings
        self._hass: HomeAssistant = coordinator.hass
        self._begun: set[datetime] = set()
        """When what was begun and has not ended was asked for: an operation, and a timer that is looked for."""
        control.listen(self._put_down)

    @property
    def policy(self) -> Policy:
        """The owner's word now."""
        return policy_now(self.coordinator.config_entry, self.coordinator.subentry.subentry_id)

    @property
    def handles(self) -> Iterable[Handle]:
        """What becomes entities."""
        return handles_of(self.control, self.policy)

    # -- operations ---------------------------------------------------------------------------------------------------

    async def async_caller(self, context: Context, circuit: str) -> Caller:
        """Return who asks for something on a circuit; whoever may not even ask is put down.

        Raises Unauthorized, StarterForgottenError.
        """
        try:
            return await async_caller(self._hass, context, self.shown_by(circuit))
        except Unauthorized, StarterForgottenError:
            self.note(self.deed(What.UNAUTHORIZED, circuit), by=context.user_id or "")
            raise

    async def async_operate(
        self,
        key: PointKey,
        context: Context,
        token: str | None = None,
        *,
        is_confirmed: bool = False,
        objection: Outcome | None = None,
        proof: str = "",
    ) -> Outcome:
        """Carry out an operation for whoever acts, and return what became of it. Raises Unauthorized.

        With an `objection` it is refused, whoever asks. `proof` is what a person gave for a server's second step.

        What is asked for together (a group) goes one after another, but nothing that nobody waits for any more.
        """
        caller = await self.async_caller(context, key.circuit)
        if (outcome := self.control.forbidden(key, caller) or objection) is None:
            operate = partial(self.control.operate, key, caller, token, is_confirmed=is_confirmed)
            return await self.async_in_turn(key, caller, proof, operate)
        return await self.async_refuse(self.of_key(What.ENDED, key, caller, outcome), outcome)

    async def async_in_turn(self, key: PointKey, caller: Caller, proof: str, act: Work) -> Outcome:
        """Act when it is one's turn; return what became of it when that is on the disk."""
        # What was given is offered when it is one's turn: nobody else's act can use it, or spoil it.
        found = await in_turn(self.control, key, caller, partial(with_proof, self, key, proof, act))
        outcome = found if isinstance(found, Outcome) else await found
        await desk_of(self._hass).record.async_written()
        return outcome

    async def async_refuse(self, deed: Deed, outcome: Outcome) -> Outcome:
        """Put a refusal down and return it: whoever may not keeps nobody waiting."""
        self.note(deed)
        await desk_of(self._hass).record.async_written()
        return outcome

    async def async_select(self, key: PointKey, context: Context, seconds: float) -> Selection | Outcome:
        """Check an operation for whoever acts; return a token for it, or the refusal. Raises Unauthorized."""
        caller = await self.async_caller(context, key.circuit)
        found: Selection | Outcome | None = self.control.forbidden(key, caller)
        if found is None:
            found = await select_in_turn(self.control, key, caller, seconds)
        if isinstance(found, Outcome):
            self.note(self.of_key(What.SELECT_REFUSED, key, caller, found))
        else:
            self.note(self.of_key(What.SELECTED, key, caller))
        return found

    def sentence(self, outcome: Outcome) -> str:
        """Return what became of an operation in Home Assistant's language."""
        return outcome.text(library_language(self._hass.config.language))

    def check(self, outcome: Outcome) -> None:
        """Raise HomeAssistantError unless it is confirmed, ServiceValidationError where nothing was sent.

        Where nothing ever tells the position it was sent, and is shown as assumed.
        """
        if outcome.is_confirmed or (outcome.result is Result.UNVERIFIED and outcome.reason in _ASSUMED):
            return
        is_refused = outcome.result is Result.REFUSED
        kind = ServiceValidationError if is_refused else HomeAssistantError
        raise kind(
            translation_domain=DOMAIN,
            translation_key=refused_as(outcome) if is_refused else "operation_not_confirmed",
            translation_placeholders={"board": self.board.name, "outcome": self.sentence(outcome)},
        )

    # -- the record ---------------------------------------------------------------------------------------------------

    @callback
    def _put_down(self, act: Act) -> None:
        deed = self.of_key(What.BEGUN if act.outcome is None else What.ENDED, act.key, act.caller, act.outcome)
        deed = replace(deed, seconds=act.seconds, timer={} if act.timer is None else act.timer.plain())
        if act.outcome is None:
            self._begun.add(act.time)
        if act.time in self._begun:
            if act.outcome is not None:
                self._begun.remove(act.time)
            if act.outcome is not None and act.outcome.reason is Reason.TAKEN_DOWN and self._is_kept:
                # Its end is put down when it is known where it stands.
                hand_over(self._hass, deed, desk_of(self._hass).begun)
            else:
                # What was begun is put down with its end, whatever that is.
                self.write_begun(deed)
        else:
            self.note(deed)
        if act.outcome is not None and act.outcome.is_confirmed and act.effect is Effect.CLOSE:
            self._surroundings.closed(act.key.circuit)

    @property
    def _is_kept(self) -> bool:
        """Whether the device is still one that somebody may load again."""
        coordinator = self.coordinator
        entry = self._hass.config_entries.async_get_entry(coordinator.config_entry.entry_id)
        return entry is not None and coordinator.subentry.subentry_id in entry.subentries

    def of_key(self, what: What, key: PointKey, caller: Caller, outcome: Outcome | None = None) -> Deed:
        """Return what is done to an operation."""
        operation = self.control.device.model.operations.get(key)
        effect = Effect.NOTHING if key == TIMER else None if operation is None else self.policy.effect(operation)
        return replace(self.deed(what, key.circuit, caller, outcome), code=key.code, operation=operation, effect=effect)

    def deed(self, what: What, circuit: str, caller: Caller | None = None, outcome: Outcome | None = None) -> Deed:
        """Return what is done to a circuit."""
        return Deed(what=what, board=self.board.now(), circuit=circuit, caller=caller, outcome=outcome)

    @callback
    def note(self, deed: Deed, by: str = "") -> None:
        """Put down what was done or tried, and tell whoever listens; of what came to nothing only so much a minute.

        `by` is the id of an account of which nothing else is known.
        """
        who = by if deed.caller is None else f"{deed.caller.kind} {deed.caller.id}"
        put_down = partial(self._write, by=by)
        if not deed.is_vain or not vain_of(self._hass).is_one_more(who, deed, put_down):
            put_down(deed)

    @callback
    def write_begun(self, deed: Deed) -> None:
        """Put down the begin or the end of an operation, and that it stands, or does not any more."""
        self._write(deed, standing=standing_of(deed))

    @callback
    def _write(self, deed: Deed, by: str = "", standing: Mapping[str, object] = _NOTHING) -> None:
        more: dict[str, object] = {"by": by} if by else {}
        place = {"site": deed.board.site, "board": deed.board.name, "circuit": deed.circuit}
        if deed.seconds:
            more["seconds"] = round(deed.seconds, 3)
        kind = _KINDS.get(deed.what, Kind.COMMAND)
        desk_of(self._hass).record.put_down(kind, {**place, **deed.plain(), **more}, standing)
        log_deed(self._hass, deed)
        deeds_of(self._hass).tell(deed)

    @callback
    def note_moved(self, circuit: str, is_closed: bool) -> None:  # noqa: FBT001 - a position
        """Put down that a circuit was opened or closed, and by no command from here; under a tag that is an alarm."""
        tags = tuple(self.control.tags.on(circuit)) if is_closed else ()
        self.note(replace(self.deed(What.MOVED, circuit), position=is_closed, tags=tags))
        if is_closed and self.locked_out is not None:
            self.locked_out.closed(circuit)

    def shown_by(self, circuit: str) -> Sequence[str | None]:
        """Return the entities by which a circuit is operated."""
        registry = er.async_get(self._hass)
        return [
            registry.async_get_entity_id(platform, DOMAIN, self.unique_id(handle))
            for handle in self.handles
            if circuit in (handle.circuit, DEVICE_CIRCUIT)
            for platform in (Platform.SWITCH, Platform.BUTTON)
        ]

    # -- entities -----------------------------------------------------------------------------------------------------

    def unique_id(self, handle: Handle) -> str:
        """Return what the entity registry knows a handle by; no circuit of a model is called so."""
        name = f"{handle.name}_" if handle.name else ""
        return self.unique_id_of(handle.circuit, f"{name}{handle.what}")

    def unique_id_of(self, circuit: str, what: str) -> str:
        """Return what the entity registry knows something by that is about operating a circuit."""
        return f"{self.coordinator.subentry.subentry_id}{_CONTROL}{circuit}_{what}"

    def ids(self) -> Iterable[tuple[str, str]]:
        """Yield platform and unique id of all that operates the device."""
        for handle in self.handles:
            yield (Platform.BUTTON if handle.is_pressed else Platform.SWITCH).value, self.unique_id(handle)
        yield from (*reclosing_ids(self), *cut_off_ids(self))
