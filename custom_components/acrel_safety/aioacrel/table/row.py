"""One checked row of a register table, and how its type and order codes read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from ..registers import Layout, Order, RegisterType

TYPES: Mapping[int, RegisterType] = dict(
    enumerate((kind for kind in RegisterType if kind is not RegisterType.F64), start=1)
)
"""Column reg_type: 1 = bit ... 12 = float32, in the order of the library's own types; it knows no 64-bit float."""
TYPE_CODES: Mapping[RegisterType, int] = {kind: code for code, kind in TYPES.items()}

_WORD_ORDERS = {1: Order.NORMAL, 0: Order.BYTES_SWAPPED}
_LONG_ORDERS = {
    0: Order.NORMAL,
    1: Order.REVERSED,
    2: Order.LOW_WORD_FIRST,
    3: Order.BYTES_SWAPPED,
}
_LONGEST_ORDERS = {1: Order.NORMAL, 0: Order.REVERSED}
_ORDERS_BY_BITS = {16: _WORD_ORDERS, 32: _LONG_ORDERS, 64: _LONGEST_ORDERS}


def _layouts(kind: RegisterType) -> Mapping[int, Layout]:
    """Return the layout of each order code that a type allows."""
    if kind.is_bit_field:
        return {code: Layout(type=kind, bit=code * kind.bits) for code in range(16 // kind.bits)}
    if kind.is_byte:
        return {0: Layout(type=kind, bit=8), 1: Layout(type=kind, bit=0)}
    return {code: Layout(type=kind, order=order) for code, order in _ORDERS_BY_BITS[kind.bits].items()}


LAYOUTS: Mapping[RegisterType, Mapping[int, Layout]] = {kind: _layouts(kind) for kind in TYPES.values()}
"""Layouts by type and column endian."""
NORMAL_CODES: Mapping[RegisterType, int] = {
    kind: code
    for kind, layouts in LAYOUTS.items()
    if kind.bits >= 16  # noqa: PLR2004 - 16 bits make a register
    for code, layout in layouts.items()
    if layout.order is Order.NORMAL
}
"""The code of the Modbus order: 1 for 16 and 64 bits, but 0 for 32."""


def endian_of(layout: Layout) -> int | None:
    """Return the order code of a layout; None for what the format has no code for."""
    return next((code for code, known in LAYOUTS.get(layout.type, {}).items() if known == layout), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """A usable row: circuit number and code (of the vocabulary, or DOC_ name) as understood, all else as written.

    `unit` is in its usual spelling ("" = none), `k` None when empty or no number.
    """

    line: int
    group: int
    code: str
    unit: str
    address: int
    type: RegisterType
    endian: int
    dcm: int
    k: Fraction | None
    function: int
    written: str = field(default="", compare=False)
    """The address as it stands in the file."""
    readings: Mapping[str, int] = field(default_factory=dict, compare=False)
    """What the address may mean, by address mode; empty if only one reading is plausible."""

    @property
    def layout(self) -> Layout:
        """Where the value lies from `address` on."""
        return LAYOUTS[self.type][self.endian]

    @property
    def last(self) -> int:
        """The last register of the value."""
        return self.address + self.type.registers - 1

    def __str__(self) -> str:
        """Name the row in a message."""
        place = f"{self.address:04X}h" if self.type.registers == 1 else f"{self.address:04X}h-{self.last:04X}h"
        return f"{self.code}@{self.group} ({place})"
