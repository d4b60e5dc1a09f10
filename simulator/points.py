"""Points: which documented quantity sits in which register, and its value in vocabulary units."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from simulator.registers import Kind, Registers

LARGEST_F32 = 3.4e38

type Value = float | int | bool
type Source = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number in one or two registers.

    `scale` is the printed factor of the register, `ratio` the PT/CT factor by which the printed
    value has to be multiplied to get the primary value (1 where the register is primary). A point
    without `source` is a setting: what it says is what was last written.
    """

    code: str
    address: int
    kind: Kind
    scale: str = "1"
    ratio: int = 1
    source: Source | None = None
    circuit: str = "1"

    @property
    def step(self) -> Decimal:
        """Value of one raw unit."""
        return Decimal(self.scale) * self.ratio

    def holds(self, value: float) -> bool:
        """Whether the register can express a value without saturating."""
        if self.kind is Kind.F32:
            return abs(value) <= LARGEST_F32
        low, high = self.kind.bounds
        return low <= round(value / float(self.step)) <= high

    def store(self, registers: Registers, value: float) -> None:
        """Write the value as the device would measure it."""
        raw = value if self.kind is Kind.F32 else value / float(self.step)
        registers.put(self.kind, self.address, raw)

    def refresh(self, registers: Registers) -> None:
        """Take over the live value."""
        if self.source is not None:
            self.store(registers, self.source())

    def truth(self, registers: Registers) -> Value:
        """Return the value exactly as the register's resolution can express it."""
        raw = registers.number(self.kind, self.address)
        if isinstance(raw, float):
            return raw
        value = raw * self.step
        return int(value) if self.step == self.step.to_integral_value() else float(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bits:
    """A bit field of a register: one bit is a flag (bool), more bits are a whole number."""

    code: str
    address: int
    shift: int
    width: int = 1
    source: Source | None = None
    circuit: str = "1"

    def holds(self, value: float) -> bool:
        """Whether the field can express a value."""
        return value in range(1 << self.width)

    def store(self, registers: Registers, value: float) -> None:
        """Write the field."""
        registers.put_bits(self.address, self.shift, self.width, int(value))

    def refresh(self, registers: Registers) -> None:
        """Take over the live value."""
        if self.source is not None:
            self.store(registers, self.source())

    def truth(self, registers: Registers) -> Value:
        """Return the field."""
        field = registers.get_bits(self.address, self.shift, self.width)
        return bool(field) if self.width == 1 else field


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A flag that is true while a bit field has one printed meaning, such as "10 break"."""

    code: str
    field: Bits
    equals: int

    @property
    def circuit(self) -> str:
        """Circuit of the underlying field."""
        return self.field.circuit

    def holds(self, value: float) -> bool:
        """Whether a value is a yes or no."""
        return value in (0, 1)

    def store(self, registers: Registers, value: float) -> None:
        """Write the meaning, or 0 when it ends."""
        self.field.store(registers, self.equals if value else 0)

    def refresh(self, registers: Registers) -> None:
        """Do nothing: the field itself is refreshed."""

    def truth(self, registers: Registers) -> Value:
        """Return whether the field has this meaning now."""
        return self.field.truth(registers) == self.equals


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyBit:
    """A flag that is true while at least one bit of a field is set; storing it sets or clears all."""

    code: str
    address: int
    shift: int
    width: int
    circuit: str = "1"

    def holds(self, value: float) -> bool:
        """Whether a value is a yes or no."""
        return value in (0, 1)

    def store(self, registers: Registers, value: float) -> None:
        """Set or clear the whole field."""
        registers.put_bits(self.address, self.shift, self.width, (1 << self.width) - 1 if value else 0)

    def refresh(self, registers: Registers) -> None:
        """Do nothing: the bits are refreshed one by one."""

    def truth(self, registers: Registers) -> Value:
        """Return whether any bit is set."""
        return registers.get_bits(self.address, self.shift, self.width) != 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """One quantity in several places; the first one counts, the others show the same."""

    first: Number
    others: tuple[Number, ...]

    @property
    def code(self) -> str:
        """Code of the quantity."""
        return self.first.code

    @property
    def circuit(self) -> str:
        """Circuit of the quantity."""
        return self.first.circuit

    def holds(self, value: float) -> bool:
        """Whether every place can express a value."""
        return all(place.holds(value) for place in (self.first, *self.others))

    def store(self, registers: Registers, value: float) -> None:
        """Write the value to every place."""
        for place in (self.first, *self.others):
            place.store(registers, value)

    def refresh(self, registers: Registers) -> None:
        """Take over the live value, or what was written to the first place."""
        self.first.refresh(registers)
        for place in self.others:
            place.store(registers, self.first.truth(registers))

    def truth(self, registers: Registers) -> Value:
        """Return the value of the first place."""
        return self.first.truth(registers)


type Point = Number | Bits | Match | AnyBit | Twin


def item(values: Sequence[float], index: int) -> Source:
    """Read one place of a list that somebody else keeps up to date."""
    return lambda: values[index]


def number(
    code: str,
    address: int,
    scale: str = "1",
    source: Source | None = None,
    kind: Kind = Kind.U16,
    *,
    circuit: str = "1",
) -> Number:
    """Write a number in one line of a table; as good as all of them belong to circuit 1."""
    return Number(code=code, address=address, kind=kind, scale=scale, source=source, circuit=circuit)
