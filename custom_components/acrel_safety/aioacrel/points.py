"""What a device model is: circuits, points and operations, whichever way the device is reached.

A model file (`<model>.toml`, see docs/model-file.md) is read into these classes by `models/reader.py`. Where a point
lies is said beside it, in `registers/map.py`.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from .readings import PointKey, Value
from .registers.map import RegisterMap
from .vocabulary import Kind, Pace, Quantity, Range, vocabulary


class Evidence(StrEnum):
    """How sure the facts of a model or point are."""

    MANUAL = "manual"
    """Read in the vendor's manual."""
    CODE = "code"
    """Read in public code that talks to such a device."""
    EXPERIMENTAL = "experimental"
    """One source, or taken from a sibling: compare with the device's display."""
    IMPORTED = "imported"
    """From the user's own register table."""
    UNKNOWN = "unknown"
    """The registers are not public; quantities are known by code only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a setting may be set to, in its unit, and where that is printed."""

    low: float
    high: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One value a device can show, in `quantity.unit`; with `words` it is the word for a number."""

    key: PointKey
    quantity: Quantity
    pace: Pace
    is_binary: bool
    """Whether the value is a yes or no."""
    words: Mapping[int, str] | None = None
    precision: int | None = None
    """Decimals worth showing."""
    step: float
    """Between two values the device can tell apart, or that are worth telling apart."""
    range: Range = field(default_factory=Range)
    limits: Limits | None = None
    evidence: Evidence
    note: str = ""

    def value_of(self, number: float) -> Value | None:
        """Return the value a number stands for, None when it has no meaning or cannot be."""
        if self.words is not None:
            return self.words.get(int(number)) if number == int(number) else None
        if self.is_binary:
            if self.quantity.kind in (Kind.ALARM, Kind.FAULT):
                return number != 0
            return bool(number) if number in (0, 1) else None
        return number if number in self.range else None

    def is_shown(self, wanted: Value, shown: Value | None) -> bool:
        """Whether a value that was read is a wanted one, which may be the number of a word."""
        if shown is None:
            return False
        if self.words is not None and not isinstance(wanted, str):
            wanted = self.words.get(int(wanted), wanted)
        if isinstance(shown, str) or isinstance(wanted, str):
            return shown == wanted
        return bool(shown) is bool(wanted) if self.is_binary else abs(shown - wanted) < self.step / 2


class Effect(StrEnum):
    """What an operation does to a circuit: this decides what stands in its way, and who may."""

    OPEN = "open"
    CLOSE = "close"
    RELEASE = "release"
    """Gives the position back to the device's own control: it may close, or open."""
    OUTPUT_ON = "on"
    OUTPUT_OFF = "off"
    """Of an output: what it drives is the owner's to say."""
    SERVICE = "service"
    """Maintenance, timers."""
    TEST = "test"
    """A self-test, which trips, or what ends an alarm of the device."""
    NOTHING = "nothing"
    """Nothing to the circuit."""
    UNSAID = "unsaid"
    """Nobody says what: it is taken for all of it."""

    @property
    def may_close(self) -> bool:
        """Whether there may be voltage afterwards where there was none."""
        return self in (Effect.CLOSE, Effect.RELEASE, Effect.UNSAID, Effect.OUTPUT_ON, Effect.OUTPUT_OFF)

    @property
    def may_open(self) -> bool:
        """Whether a circuit may be dead afterwards."""
        return self not in (Effect.CLOSE, Effect.SERVICE, Effect.NOTHING)

    @property
    def is_movement(self) -> bool:
        """Whether contacts are what it is for, or may be: then only a position tells that it was done."""
        return self not in (Effect.SERVICE, Effect.TEST, Effect.NOTHING)


_EFFECTS: Mapping[str, Effect] = {
    "RLYOFF": Effect.OPEN,
    "FORRLYOFF": Effect.OPEN,
    "RLYON": Effect.CLOSE,
    "FORRLYON": Effect.CLOSE,
    "FORRLYREL": Effect.RELEASE,
    "DO{n}ON": Effect.OUTPUT_ON,
    "DO{n}OFF": Effect.OUTPUT_OFF,
    "RLYREPON": Effect.SERVICE,
    "RLYREPOFF": Effect.SERVICE,
    "SELCHK": Effect.TEST,
    "RESET": Effect.TEST,
    "SILENCE": Effect.NOTHING,
    "REFRESH": Effect.NOTHING,
}
"""By code of the vocabulary; what is not listed says it in the model file."""


def effect_of_code(code: str) -> Effect:
    """Return what a command of the vocabulary does."""
    known = vocabulary().find(code)
    return Effect.UNSAID if known is None else _EFFECTS.get(known.pattern, Effect.UNSAID)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """Something a device can be told to do, and how to see that it was done.

    `shows` are the values that confirm it, all of them to be read within `within` seconds; without any nothing shows
    that it happened, and what comes of it stays unverified. Of a point with words a value is the number of its word.
    """

    key: PointKey
    """Circuit, and code of the command."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Of a command the vocabulary does not have, by language."""
    effect: Effect = Effect.UNSAID
    shows: Mapping[PointKey, Value] = field(default_factory=dict)
    only_when: Mapping[PointKey, Value] = field(default_factory=dict)
    """What has to be read before: otherwise it would do nothing."""
    falls_back_when: Mapping[PointKey, Value] = field(default_factory=dict)
    """While this is read what it does ends by itself: a pulse."""
    within: float = 3.0
    lockout: float = 0.0
    """Seconds for which the device takes no other command afterwards."""
    warnings: Mapping[str, str] = field(default_factory=dict)
    """What has to be said before, by language."""
    source: str = ""

    def name(self, language: str = "en") -> str:
        """Return what it is called in a language."""
        known = vocabulary().find(self.key.code)
        if self.names or known is None:
            return self.names.get(language) or self.names.get("en", self.key.code)
        return known.name(language)

    def warning(self, language: str = "en") -> str:
        """Return what has to be said before, in a language."""
        return self.warnings.get(language) or self.warnings.get("en", "")

    @property
    def keys(self) -> AbstractSet[PointKey]:
        """All points it is judged by."""
        return self.shows.keys() | self.only_when.keys() | self.falls_back_when.keys()


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """A monitored circuit; circuit "0" is the device as a whole."""

    number: str
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class GatewayFacts:
    """What is known of a model behind a gateway, which names values by their codes."""

    words: Mapping[str, int] = field(default_factory=dict)
    """Codes whose number is a whole register, with its address: what lies in that register is told by them."""
    force_switch: bool = False
    """Whether forced opening and closing by the gateway's `FORCESWITCH` was seen to work."""


@dataclass(frozen=True, kw_only=True)
class Model:
    """Everything known about one device model."""

    id: str
    name: str
    titles: Mapping[str, str]
    evidence: Evidence
    source: str
    covers: Sequence[str] = ()
    notes: Mapping[str, str] = field(default_factory=dict)
    circuits: Mapping[str, Circuit]
    points: Mapping[PointKey, Point]
    operations: Mapping[PointKey, Operation] = field(default_factory=dict)
    registers: RegisterMap = field(default_factory=RegisterMap)
    gateway: GatewayFacts = field(default_factory=GatewayFacts)
    is_spoken: bool = False
    """Whether it is reached by a way that names values: then no register is needed to have them."""
    fallbacks: Sequence[RegisterMap] = ()
    """The registers of devices that do not have those above, the next to try first; the probes choose."""
    k_mode: str | None = None
    """How column k of the register table this model came from was understood."""

    @property
    def maps(self) -> Sequence[RegisterMap]:
        """All register maps, the preferred one first; one device has one of them."""
        return (self.registers, *self.fallbacks)

    @cached_property
    def readable(self) -> Mapping[PointKey, Point]:
        """The points that have a register, in one map at least; all of them where values are named."""
        if self.is_spoken:
            return self.points
        return {key: self.points[key] for key in self.points if any(key in known.places for known in self.maps)}

    @cached_property
    def waiting(self) -> Sequence[PointKey]:
        """The points that wait for the user's register table."""
        return [key for key in self.points if key not in self.readable]

    @property
    def needs_table(self) -> bool:
        """Whether nothing can be read by register before a register table was imported."""
        return not self.readable

    @cached_property
    def settable(self) -> frozenset[PointKey]:
        """The settings that may be changed by register, in one map at least."""
        return frozenset().union(*map(self.settable_in, self.maps))

    def operable_in(self, registers: RegisterMap) -> frozenset[PointKey]:
        """Return the operations that can be sent by a register map: what to write is known, and all it is judged by."""
        return frozenset(
            key
            for key, one in self.operations.items()
            if key in registers.writes and one.keys <= registers.places.keys()
        )

    def settable_in(self, registers: RegisterMap) -> frozenset[PointKey]:
        """Return the settings that may be changed in a map: limits are printed, and what to write is known."""
        return frozenset(
            key
            for key, place in registers.places.items()
            if place.is_plain and self.points[key].quantity.kind is Kind.SETTING and self.points[key].limits is not None
        )

    @cached_property
    def private(self) -> frozenset[PointKey]:
        """The points that are nobody else's business: secrets, and numbers that tell this device from all others.

        They are in no dump and no diagnostics. An identity with words is a kind of device, not a number of one.
        """
        secret = {register for first, last in self.registers.leave_out for register in range(first, last + 1)}
        places = [item for registers in self.maps for item in registers.places.items()]
        hidden = {key for key, place in places if not secret.isdisjoint(place.addresses)}
        return frozenset(
            key
            for key, point in self.points.items()
            if (point.quantity.kind is Kind.IDENTITY and point.words is None and not point.is_binary) or key in hidden
        )

    @cached_property
    def private_registers(self) -> frozenset[int]:
        """The registers of all that is private, or must not be touched, whichever function reads them."""
        registers = self.registers
        stretches = [range(first, last + 1) for first, last in (*registers.leave_out, *registers.forbidden)]
        stretches += [known.places[key].addresses for known in self.maps for key in self.private & known.places.keys()]
        return frozenset(register for stretch in stretches for register in stretch)

    def title(self, language: str = "en") -> str:
        """Return what the device is, in a language."""
        return self.titles.get(language) or self.titles["en"]
