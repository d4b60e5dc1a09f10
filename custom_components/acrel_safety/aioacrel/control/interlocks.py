"""What stands in the way of an operation: each interlock has a reason of its own, and says what it blocks.

An opening is prevented only by what is known to speak against it; a closing is allowed only by what is known to speak
for it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ..device import Device
from ..points import Effect, Operation
from ..readings import PointKey, Reading, Value
from ..texts import Phrase, Said, phrase
from .caller import Caller, CallerKind
from .evidence import Proof, value_of
from .outcome import Outcome, Reason, refused
from .policy import Policy
from .position import CONTROL_LEVEL, LOCAL_LOCK, MAINTENANCE, locks_of, positions_of
from .rights import rights_for
from .surroundings import Surroundings
from .tags import Tags

LOCAL_WORDS = frozenset({"local", "local_only"})
REMOTE_WORDS = frozenset({"remote", "remote_only", "local_and_remote", "local_remote"})
"""How a model file writes the control level; no document says what its numbers mean, but the owner may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One operation that is asked for, and what is known of it now."""

    device: Device
    operation: Operation
    caller: Caller
    policy: Policy
    tags: Tags
    surroundings: Surroundings
    readings: Mapping[PointKey, Reading] = field(default_factory=dict)
    """Read just now; empty before."""
    others: Sequence[Mapping[PointKey, Reading]] = ()
    """What other ways to the device said last."""
    proof: Proof | None = None
    doubt: Phrase | None = None
    """Why who answered may not be the device."""

    @property
    def effect(self) -> Effect:
        """What it does, as the owner says."""
        return self.policy.effect(self.operation)

    @property
    def circuit(self) -> str:
        """Whom it concerns."""
        return self.operation.key.circuit

    @property
    def name(self) -> str:
        """What it is called, in codes."""
        return str(self.operation.key)


type Blocks = Callable[[Case], bool]
type Look = Callable[[Case], Said | None]
"""What is in the way, in more words than its reason (which may be none); None if nothing is."""


@dataclass(frozen=True, slots=True)
class Interlock:
    """One thing that may stand in the way."""

    reason: Reason
    blocks: Blocks
    look: Look


def _everything(_: Case) -> bool:
    return True


def _closing(case: Case) -> bool:
    return case.effect.may_close


def _cutting_without_a_person(case: Case) -> bool:
    return case.effect.may_open and not case.caller.is_person


# -- what needs no reading: asked again at the very last moment --------------------------------------------------------


def _control_off(case: Case) -> Said | None:
    return None if case.policy.is_enabled else ""


def _reason_is_over(case: Case) -> Said | None:
    return None if case.caller.still() else ""


def _on_not_allowed(case: Case) -> Said | None:
    return None if case.policy.may_close else ""


def _no_right(case: Case) -> Said | None:
    missing = [right for right in rights_for(case.effect) if not case.policy.may(case.caller, right)]
    return ", ".join(missing) if missing else None


def _tagged(case: Case) -> Said | None:
    tags = case.tags.on(case.circuit)
    return "; ".join(f"{tag.name}: {tag.reason}" if tag.reason else tag.name for tag in tags) if tags else None


def _critical(case: Case) -> Said | None:
    return "" if case.policy.is_critical(case.circuit) else None


def _tripped(case: Case) -> Said | None:
    # The reclosing is about trips that nobody acknowledged: those it names, and no others, are not in its way.
    excused = case.caller.excused if case.caller.kind is CallerKind.RECLOSING else frozenset()
    return case.surroundings.trip(case.circuit, excused) or None


def _sensor_fault(case: Case) -> Said | None:
    return case.surroundings.sensor_fault(case.circuit) or None


LEAVE: Sequence[Interlock] = (
    Interlock(Reason.CONTROL_OFF, _everything, _control_off),
    Interlock(Reason.NO_RIGHT, _everything, _no_right),
    Interlock(Reason.WITHDRAWN, _everything, _reason_is_over),
)
"""Whether whoever asks may at all."""
AT_ANY_TIME: Sequence[Interlock] = (
    *LEAVE,
    Interlock(Reason.ON_NOT_ALLOWED, _closing, _on_not_allowed),
    Interlock(Reason.CRITICAL_LOAD, _cutting_without_a_person, _critical),
    Interlock(Reason.TAGGED, _closing, _tagged),
    Interlock(Reason.TRIPPED, _closing, _tripped),
    Interlock(Reason.SENSOR_FAULT, _closing, _sensor_fault),
)


# -- what was read just now --------------------------------------------------------------------------------------------


def _lock(case: Case, wanted: str) -> list[tuple[PointKey, Value | None]]:
    return [
        (key, value_of(case.readings, key))
        for name, key in locks_of(case.device.model, case.circuit)
        if name == wanted and not case.device.lacks(key)
    ]


def _is_on(name: str) -> Look:
    return lambda case: next((str(key) for key, value in _lock(case, name) if value is True), None)


def _local_only(case: Case) -> Said | None:
    return next((str(key) for key, value in _lock(case, CONTROL_LEVEL) if value in LOCAL_WORDS), None)


def _lock_unknown(case: Case) -> Said | None:
    unread = [key for name in (MAINTENANCE, LOCAL_LOCK) for key, value in _lock(case, name) if value is None]
    levels = [(key, value) for key, value in _lock(case, CONTROL_LEVEL) if value not in LOCAL_WORDS | REMOTE_WORDS]
    unread += [key for key, value in levels if value is None or isinstance(value, bool | str)]
    if unread:
        return str(unread[0])
    unsaid = ((key, value) for key, value in levels if value != case.policy.remote_level)
    return next((phrase("control_level_unsaid", name=key, value=_number(value)) for key, value in unsaid), None)


def _number(value: Value | None) -> str:
    return f"{value:g}" if isinstance(value, float | int) else ""


def _not_remote(case: Case) -> Said | None:
    points = case.device.points
    wrong = (
        str(key)
        for key, wanted in case.operation.only_when.items()
        if not points[key].is_shown(wanted, value_of(case.readings, key))
    )
    return next(wrong, None)


def _position_unknown(case: Case) -> Said | None:
    unread = [
        key
        for key in positions_of(case.device.model, case.circuit)
        if not case.device.lacks(key) and value_of(case.readings, key) is None
    ]
    if unread:
        return str(unread[0])
    proof = case.proof
    return "" if proof is not None and proof.is_there and proof.position(case.readings) is None else None


def _sources_differ(case: Case) -> Said | None:
    told = {*positions_of(case.device.model, case.circuit), *case.operation.shows}
    for key in told:
        mine = value_of(case.readings, key)
        for other in case.others:
            theirs = value_of(other, key)
            if mine is not None and theirs is not None and mine != theirs:
                return str(key)
    return None


def _way_doubted(case: Case) -> Said | None:
    return case.doubt


AS_READ: Sequence[Interlock] = (
    Interlock(Reason.WAY_DOUBTED, _closing, _way_doubted),
    Interlock(Reason.NOT_REMOTE, _everything, _not_remote),
    Interlock(Reason.LOCAL_ONLY, _everything, _local_only),
    Interlock(Reason.MAINTENANCE, _closing, _is_on(MAINTENANCE)),
    Interlock(Reason.LOCAL_LOCK, _closing, _is_on(LOCAL_LOCK)),
    Interlock(Reason.LOCK_UNKNOWN, _closing, _lock_unknown),
    Interlock(Reason.POSITION_UNKNOWN, _closing, _position_unknown),
    Interlock(Reason.SOURCES_DIFFER, _closing, _sources_differ),
)


def hindrance(interlocks: Sequence[Interlock], case: Case) -> Outcome | None:
    """Return the refusal by the first interlock that is in the way."""
    for interlock in interlocks:
        if interlock.blocks(case) and (detail := interlock.look(case)) is not None:
            return refused(interlock.reason, detail)
    return None


def keys_to_read(device: Device, operation: Operation, proof: Proof) -> set[PointKey]:
    """Return all that has to be read before an operation."""
    known = {*positions_of(device.model, operation.key.circuit)}
    known |= {key for _, key in locks_of(device.model, operation.key.circuit)}
    return {key for key in known if not device.lacks(key)} | operation.keys | proof.keys
