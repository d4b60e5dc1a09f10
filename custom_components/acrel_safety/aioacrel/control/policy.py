"""What the owner of a device says about operating it; asked at the moment of each act."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import StrEnum

from ..points import Effect, Operation
from ..readings import DEVICE_CIRCUIT, PointKey
from .caller import AUTOMATION, Caller, CallerKind
from .evidence import Disputed, Evidence
from .rights import Right, Rights
from .ties import Tie


class Drive(StrEnum):
    """What an output of an instrument drives: no register tells, the owner does."""

    SHUNT_TRIP = "shunt_trip"
    """On opens the breaker; off leaves it as it is."""
    CONTACTOR = "contactor"
    """On closes, off opens."""
    BREAKING_CONTACTOR = "breaking_contactor"
    """On opens, off closes."""
    SIGNAL = "signal"
    """A horn or lamp: nothing to a circuit."""


_DRIVEN: Mapping[Drive, tuple[Effect, Effect]] = {
    Drive.SHUNT_TRIP: (Effect.OPEN, Effect.NOTHING),
    Drive.CONTACTOR: (Effect.CLOSE, Effect.OPEN),
    Drive.BREAKING_CONTACTOR: (Effect.OPEN, Effect.CLOSE),
    Drive.SIGNAL: (Effect.NOTHING, Effect.NOTHING),
}
"""What switching it on, and off, does."""
_TELLS: Mapping[Drive, Mapping[bool, bool]] = {
    Drive.SHUNT_TRIP: {},
    Drive.BREAKING_CONTACTOR: {True: False, False: True},
}
"""What such an output tells of its circuit where it does not say it itself: of a shunt trip it tells nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reclosing:
    """That a breaker may be closed again by itself, and between which voltages its supply is sound, in V."""

    low: float = 198.0
    high: float = 242.0
    """Usual: 220 V, 10 % less and more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The owner's word. What is not said is not allowed."""

    is_enabled: bool = False
    """Whether anything may be operated at all."""
    may_close: bool = False
    """Whether ON is allowed, too: a consent of its own."""
    rights: Rights = field(default_factory=Rights)
    critical: AbstractSet[str] = frozenset()
    """Circuits that nothing but a person may cut: fire pumps, emergency light, medical supply."""
    drives: Mapping[PointKey, Drive] = field(default_factory=dict)
    """What outputs drive, by the point that shows the output."""
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    """What else tells the position of a circuit."""
    reclosing: Reclosing | None = None
    """None: nothing is ever closed by itself."""
    ties: Sequence[Tie] = ()
    """What is to be cut off by which alarms."""
    remote_level: float | None = None
    """The control level at which a device may be closed from afar, where it says a number that nobody explains."""
    may_cut_alone: bool = False
    """Whether a tie that asks nobody may cut although automations have no right to."""

    def may(self, caller: Caller, right: Right) -> bool:
        """Whether a caller has a right; what acts by itself has the one that its own consent gives."""
        match caller.kind:
            case CallerKind.RECLOSING:
                return right is Right.ON and self.reclosing is not None
            case CallerKind.CUT_OFF:
                return right is Right.OFF and (self.may_cut_alone or self.rights.may(AUTOMATION, Right.OFF))
            case _:
                return self.rights.may(caller, right)

    def evidence_at(self, circuit: str) -> Evidence | Disputed | None:
        """Return what else tells the position of a circuit.

        Nothing does where it may be that of several outputs, or is named for another circuit, too.
        """
        if (named := self.evidence.get(circuit)) is None:
            return None
        is_shared = sum(one.key == named.key for one in self.evidence.values()) > 1
        return Disputed(key=named.key) if is_shared or len(self.movers(circuit)) > 1 else named

    def movers(self, circuit: str) -> Sequence[PointKey]:
        """Return the outputs that open or close a circuit."""
        return [key for key, drive in self.drives.items() if key.circuit == circuit and drive is not Drive.SIGNAL]

    def effect(self, operation: Operation) -> Effect:
        """Return what an operation does, by the model file and by what the owner says of an output."""
        is_output = operation.effect in (Effect.OUTPUT_ON, Effect.OUTPUT_OFF)
        if is_output and (drive := self._drive(operation)) is not None:
            return _DRIVEN[drive][operation.effect is Effect.OUTPUT_OFF]
        return operation.effect

    def told(self, operation: Operation, value: bool) -> bool | None:  # noqa: FBT001 - what was read
        """Return whether the circuit is closed, by what was read of its output; of any other output, whether it is on.

        None where the output tells nothing of it.
        """
        drive = self._drive(operation)
        return value if drive is None or drive not in _TELLS else _TELLS[drive].get(value)

    def _drive(self, operation: Operation) -> Drive | None:
        return next((self.drives[key] for key in operation.shows if key in self.drives), None)

    def is_critical(self, circuit: str) -> bool:
        """Whether a circuit is critical; what is done to the device as a whole is done to all of its circuits."""
        if circuit == DEVICE_CIRCUIT:
            return bool(self.critical)
        return circuit in self.critical or DEVICE_CIRCUIT in self.critical
