"""How a value lies in 16-bit registers: types, orders, bit fields, scaling; decode and encode.

Bytes are named in the order they arrive: A B in one register, A B C D in two. Bit 0 is the least significant bit of the
register read big-endian. All twelve types and all orders of the gateway's 12-column table are here, and the 64-bit
float it does not know.
"""

import math
import struct
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

WORD_BITS = 16
WORD = 0xFFFF


class RegisterType(StrEnum):
    """How the bits of the registers are to be read."""

    BIT = "bit"
    BIT2 = "bit2"
    BIT4 = "bit4"
    U8 = "u8"
    S8 = "s8"
    U16 = "u16"
    S16 = "s16"
    U32 = "u32"
    S32 = "s32"
    U64 = "u64"
    S64 = "s64"
    F32 = "f32"
    F64 = "f64"

    @property
    def bits(self) -> int:
        """Number of bits the value takes."""
        return _BITS[self]

    @property
    def registers(self) -> int:
        """Number of registers the value takes."""
        return max(1, self.bits // 16)

    @property
    def is_signed(self) -> bool:
        """Whether the value is a two's complement number."""
        return self in _SIGNED

    @property
    def is_float(self) -> bool:
        """Whether the value is a floating-point number."""
        return self in _FLOATS

    @property
    def is_bit_field(self) -> bool:
        """Whether the value is a field inside one register, placed by its lowest bit."""
        return self in _BIT_FIELDS

    @property
    def is_byte(self) -> bool:
        """Whether the value is one half of a register."""
        return self in (RegisterType.U8, RegisterType.S8)

    @property
    def ends(self) -> Collection[int]:
        """The raw numbers that instruments have for "no value" and "too much": all ones, 7FFF, 8000 and the like.

        A float has others for that, and a field of a few bits needs all of its numbers.
        """
        return _ENDS.get(self, frozenset())

    @property
    def raw_range(self) -> tuple[int, int]:
        """Smallest and largest raw number; meaningless for floats."""
        if self.is_signed:
            return -(1 << (self.bits - 1)), (1 << (self.bits - 1)) - 1
        return 0, (1 << self.bits) - 1


_BITS = {
    RegisterType.BIT: 1,
    RegisterType.BIT2: 2,
    RegisterType.BIT4: 4,
    RegisterType.U8: 8,
    RegisterType.S8: 8,
    RegisterType.U16: 16,
    RegisterType.S16: 16,
    RegisterType.U32: 32,
    RegisterType.S32: 32,
    RegisterType.U64: 64,
    RegisterType.S64: 64,
    RegisterType.F32: 32,
    RegisterType.F64: 64,
}
_SIGNED = frozenset({RegisterType.S8, RegisterType.S16, RegisterType.S32, RegisterType.S64})
_BIT_FIELDS = frozenset({RegisterType.BIT, RegisterType.BIT2, RegisterType.BIT4})
_ENDS: Mapping[RegisterType, Collection[int]] = {
    kind: frozenset({kind.raw_range[1], kind.raw_range[0] or kind.raw_range[1]})
    for kind in RegisterType
    if not (kind.is_bit_field or kind in (RegisterType.F32, RegisterType.F64))
}
_FLOATS = {RegisterType.F32: ">f", RegisterType.F64: ">d"}


class Order(StrEnum):
    """In which order the bytes arrive."""

    NORMAL = "high word first"
    """A B, A B C D: big-endian, the Modbus order, in every Acrel manual seen."""
    LOW_WORD_FIRST = "low word first"
    """C D A B."""
    BYTES_SWAPPED = "bytes swapped"
    """B A, B A D C."""
    REVERSED = "reversed"
    """D C B A."""

    @staticmethod
    def allowed(kind: RegisterType) -> tuple[Order, ...]:
        """Orders that make sense (and differ from each other) for a type."""
        if kind.registers == 1:
            return (Order.NORMAL, Order.BYTES_SWAPPED) if kind.bits == WORD_BITS else (Order.NORMAL,)
        return tuple(Order)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where a value lies from its first register on.

    `bit` is the lowest bit of a bit field (0-15) or of a byte (8 = high byte, 0 = low byte), else 0.
    """

    type: RegisterType
    order: Order = Order.NORMAL
    bit: int = 0

    def decode(self, words: Sequence[int]) -> float | None:
        """Return the raw number in exactly `type.registers` words; None for a float that is not a number."""
        if len(words) != self.type.registers:
            message = f"{self.type} needs {self.type.registers} register(s), got {len(words)}"
            raise ValueError(message)
        if self.type.is_bit_field or self.type.is_byte:
            return self._signed(words[0] >> self.bit & ((1 << self.type.bits) - 1))
        number = 0
        for word in self._arrange(words):
            number = number << 16 | word
        return _float(number, self.type) if self.type.is_float else self._signed(number)

    def encode(self, raw: float, current: Sequence[int] = ()) -> list[int]:
        """Return the registers that hold the raw number.

        Raises ValueError for a number that does not fit. A bit field or byte needs the `current` register: its other
        bits are kept as they are.
        """
        if not math.isfinite(raw):
            message = f"{raw} is no number a device can hold"
            raise ValueError(message)
        if self.type.is_float:
            try:
                number = int.from_bytes(struct.pack(_FLOATS[self.type], raw))
            except OverflowError:
                message = f"{raw} is larger than a 32-bit float can be"
                raise ValueError(message) from None
        else:
            low, high = self.type.raw_range
            if raw != int(raw) or not low <= raw <= high:
                message = f"{raw} is not a whole number from {low} to {high}"
                raise ValueError(message)
            number = int(raw) & ((1 << self.type.bits) - 1)
        if self.type.is_bit_field or self.type.is_byte:
            if len(current) != 1:
                message = "the present register is needed to keep its other bits"
                raise ValueError(message)
            mask = ((1 << self.type.bits) - 1) << self.bit
            return [current[0] & ~mask & WORD | number << self.bit]
        count = self.type.registers
        return self._arrange([number >> 16 * (count - 1 - index) & WORD for index in range(count)])

    def _signed(self, number: int) -> int:
        if self.type.is_signed and number >> (self.type.bits - 1):
            return number - (1 << self.type.bits)
        return number

    def _arrange(self, words: Sequence[int]) -> list[int]:
        """Bring words into normal order; every order is its own inverse."""
        arranged = [*words]
        if self.order in (Order.BYTES_SWAPPED, Order.REVERSED):
            arranged = [(word & 0xFF) << 8 | word >> 8 for word in arranged]
        if self.order in (Order.LOW_WORD_FIRST, Order.REVERSED):
            arranged.reverse()
        return arranged


def _float(bits: int, kind: RegisterType) -> float | None:
    """Return the number that a float is, or None for NaN and infinity.

    Of the decimal numbers that are the same float32 the shortest: that is what the device meant.
    """
    packed = bits.to_bytes(kind.bits // 8)
    value: float = struct.unpack(_FLOATS[kind], packed)[0]
    if not math.isfinite(value):
        return None
    if kind is RegisterType.F64:
        return value
    for digits in range(6, 9):
        short = float(f"{value:.{digits}g}")
        if struct.pack(">f", short) == packed:
            return short
    return float(f"{value:.9g}")  # nine digits tell any two float32 apart


def scaled(raw: float, scale: Fraction) -> float:
    """Return raw times scale: for whole numbers the float nearest to the exact decimal result."""
    if isinstance(raw, int):
        number = raw * scale.numerator
        return number if scale.denominator == 1 else number / scale.denominator
    return raw * float(scale) if scale != 1 else raw


def unscaled(value: float, scale: Fraction) -> Fraction:
    """Return the exact raw number for a value as a person writes it (0.1 is one tenth)."""
    return Fraction(str(value)) / scale
