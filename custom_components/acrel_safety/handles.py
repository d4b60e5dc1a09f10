"""What a device's operations are to a person: switches that open and close, outputs, and what is pressed once."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial

from .aioacrel.control.choice import falls_back_when, usual
from .aioacrel.control.control import Control
from .aioacrel.control.evidence import Proof, Readings
from .aioacrel.control.named import evidence_of
from .aioacrel.control.policy import Drive, Policy
from .aioacrel.control.position import positions_of
from .aioacrel.points import Effect, Operation
from .aioacrel.readings import PointKey

_PRESSED = frozenset({Effect.RELEASE, Effect.TEST})


class What(StrEnum):
    """What a handle is; its texts are named so."""

    BREAKER = "remote_breaker"
    CONTACTOR = "remote_contactor"
    SIGNAL = "remote_signal"
    TRIP = "remote_trip"
    TRIP_END = "remote_trip_end"
    OPERATION = "remote_operation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handle:
    """One entity that operates: with `on` alone it is pressed, otherwise it is switched."""

    what: What
    circuit: str
    name: str
    """Tells it from others of its circuit: the output, or the code."""
    on: PointKey | None = None
    off: PointKey | None = None
    output: PointKey | None = None
    """The output it switches, as it is read."""

    @property
    def keys(self) -> tuple[PointKey, ...]:
        """Its operations."""
        return tuple(key for key in (self.on, self.off) if key is not None)

    @property
    def is_pressed(self) -> bool:
        """Whether it has no state."""
        return self.what in (What.TRIP, What.TRIP_END, What.OPERATION)


def handles_of(control: Control, policy: Policy) -> Iterator[Handle]:
    """Yield what a device can be operated by; nothing where nobody may operate anything."""
    if not policy.is_enabled:
        return
    operations = control.operations
    yield from _breakers(operations)
    yield from _outputs(operations, policy)
    for key, operation in operations.items():
        if operation.effect in _PRESSED:
            yield Handle(what=What.OPERATION, circuit=key.circuit, name=key.code, on=key)


def position(control: Control, key: PointKey, policy: Policy) -> tuple[Proof, bool]:
    """Return what tells where an operation leads to, and whether anything does."""
    operation, device = control.device.model.operations[key], control.device
    proof = Proof(
        device.points,
        operation.shows,
        positions=[at for at in positions_of(device.model, key.circuit) if not device.lacks(at)],
        effect=policy.effect(operation),
        evidence=evidence_of(policy, device.model, key.circuit),
        told=partial(policy.told, operation),
        falls_back_when=falls_back_when(device.model.operations, operation),
    )
    return proof, proof.is_there


def circuit_position(control: Control, policy: Policy, circuit: str) -> bool | None:
    """Return whether a circuit is known to be closed, or to be open, by what its usual operations show."""
    return _first(control, policy, circuit, Proof.position)


def position_since(control: Control, policy: Policy, circuit: str, since: datetime) -> bool | None:
    """Return the same by nothing but what was read, or told, of a time after another."""
    readings = {key: reading for key, reading in control.device.readings.items() if reading.time > since}
    return _first(control, policy, circuit, lambda proof, _: proof.position(readings))


def circuit_moved_to(control: Control, policy: Policy, circuit: str) -> bool | None:
    """Return where a circuit stands by what is nearest to it, also where an output says something else."""
    return _first(control, policy, circuit, Proof.nearest)


def is_contradicted(control: Control, policy: Policy, circuit: str) -> bool | None:
    """Whether what the owner named shows another position than the device itself; None where that is not known."""
    return _first(control, policy, circuit, Proof.is_contradicted)


def _first(
    control: Control, policy: Policy, circuit: str, read: Callable[[Proof, Readings], bool | None]
) -> bool | None:
    for effect in (Effect.OPEN, Effect.CLOSE):
        if (key := usual(control.operations, policy, circuit, effect)) is not None:
            proof, is_told = position(control, key, policy)
            if is_told and (found := read(proof, control.device.readings)) is not None:
                return found
    return None


def _breakers(operations: Mapping[PointKey, Operation]) -> Iterator[Handle]:
    plain = Policy()
    for circuit in dict.fromkeys(key.circuit for key in operations):
        on, off = (usual(operations, plain, circuit, effect) for effect in (Effect.CLOSE, Effect.OPEN))
        if on is not None or off is not None:
            yield Handle(what=What.BREAKER, circuit=circuit, name="", on=on, off=off)


def _outputs(operations: Mapping[PointKey, Operation], policy: Policy) -> Iterator[Handle]:
    for output, drive in policy.drives.items():
        on, off = (
            next((key for key, one in operations.items() if one.effect is effect and output in one.shows), None)
            for effect in (Effect.OUTPUT_ON, Effect.OUTPUT_OFF)
        )
        at, name = output.circuit, output.code
        match drive:
            case Drive.SHUNT_TRIP:
                if on is not None:
                    yield Handle(what=What.TRIP, circuit=at, name=name, on=on, output=output)
                if off is not None:
                    yield Handle(what=What.TRIP_END, circuit=at, name=name, on=off, output=output)
            case Drive.BREAKING_CONTACTOR if on is not None or off is not None:
                yield Handle(what=What.CONTACTOR, circuit=at, name=name, on=off, off=on, output=output)
            case _ if on is not None or off is not None:
                what = What.SIGNAL if drive is Drive.SIGNAL else What.CONTACTOR
                yield Handle(what=what, circuit=at, name=name, on=on, off=off, output=output)


def outputs_of(operations: Mapping[PointKey, Operation]) -> list[PointKey]:
    """Return the outputs whose owner has to say what they drive."""
    effects = (Effect.OUTPUT_ON, Effect.OUTPUT_OFF)
    return [*dict.fromkeys(key for one in operations.values() if one.effect in effects for key in one.shows)]
