"""Where the points of a model lie: the register map, all of it data.

What the points are is said in `points.py`; here is what only a way in by registers needs: Modbus links, devices that
push register blocks, imported tables.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from typing import Literal

from ..readings import PointKey
from ..texts import phrase
from .layout import WORD, Layout

READ_HOLDING = 3
"""The function that reads what function 16 writes."""
LAST_REGISTER = 0xFFFF
MOST_REGISTERS = 125
"""Registers in one read: Modbus Application Protocol V1.1b3, section 6.3."""


class Ratio(StrEnum):
    """Transformer ratios a secondary value is multiplied with."""

    PT = "pt"
    CT = "ct"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSettings:
    """The settings of the serial line; behind a gateway too, because they decide how long a read takes."""

    baudrate: int = 9600
    bytesize: Literal[7, 8] = 8
    parity: Literal["N", "E", "O"] = "N"
    stopbits: Literal[1, 2] = 1

    @classmethod
    def of(cls, *, baudrate: int, bytesize: int = 8, parity: str = "N", stopbits: int = 1) -> LineSettings:
        """Return checked settings from plain values; raises ValueError that says what is allowed."""
        if baudrate <= 0 or bytesize not in (7, 8) or parity not in ("N", "E", "O") or stopbits not in (1, 2):
            raise ValueError(str(phrase("line_settings")))
        return cls(
            baudrate=baudrate,
            bytesize=7 if bytesize == 7 else 8,  # noqa: PLR2004 - data bits
            parity="E" if parity == "E" else "O" if parity == "O" else "N",
            stopbits=1 if stopbits == 1 else 2,
        )

    @property
    def character_seconds(self) -> float:
        """Time of one character on the line: start bit, data, parity, stop bits."""
        bits = 1 + self.bytesize + (self.parity != "N") + self.stopbits
        return bits / self.baudrate


@dataclass(frozen=True, slots=True, kw_only=True)
class Qualifiers:
    """What other points say of a value: as long as one of them is unknown, so is the value."""

    exponent: PointKey | None = None
    """The value is multiplied with 10 to the power of this one."""
    decimals: PointKey | None = None
    """The value is divided by 10 to the power of this one."""
    sign: PointKey | None = None
    """The value is negative where this one is a yes."""
    invalid_while: tuple[PointKey, ...] = ()
    """The value does not hold while one of these is a yes."""

    @property
    def keys(self) -> tuple[PointKey, ...]:
        """All of them."""
        single = (self.exponent, self.decimals, self.sign)
        return (*(key for key in single if key is not None), *self.invalid_while)

    @property
    def is_scale(self) -> bool:
        """Whether they say where the decimal point is."""
        return self.exponent is not None or self.decimals is not None


UNQUALIFIED = Qualifiers()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one value lies and how its number is made of the registers.

    Raw number (from `layout`) × `scale` × ratios = the number the point is about, as far as no other point has a say in
    it (`qualifiers`). With `equals` the value is whether the raw number is that one, with `any_of` whether at least one
    of these bits is set in it.
    """

    address: int
    layout: Layout
    function: int = READ_HOLDING
    scale: Fraction = Fraction(1)
    ratios: tuple[Ratio, ...] = ()
    equals: int | None = None
    any_of: int | None = None
    qualifiers: Qualifiers = UNQUALIFIED

    @property
    def count(self) -> int:
        """Number of registers."""
        return self.layout.type.registers

    @property
    def addresses(self) -> range:
        """The registers it lies in."""
        return range(self.address, self.address + self.count)

    @property
    def is_plain(self) -> bool:
        """Whether the registers hold the value itself, and so could be written.

        What to write for a secondary value, or for one meaning of several, is not known.
        """
        is_own = not self.ratios and self.qualifiers == UNQUALIFIED
        return self.function == READ_HOLDING and is_own and not self.is_question

    @property
    def is_question(self) -> bool:
        """Whether the value is the yes or no to a question about the raw number."""
        return self.equals is not None or self.any_of is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """What to write for an operation: these registers, from this address on, in one request of function 16."""

    address: int
    registers: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeCheck:
    """One read that tells whether a device is of this model.

    The masked register must lie in one of `allowed` (first and last number), or equal the unit id, or the read must be
    `refused` with an illegal address; with none of these the read must only be answered. A `measured` value may leave
    `allowed` in the very fault a device is there for, so it only helps to choose the model of a device that is not
    known yet.
    """

    address: int
    count: int = 1
    function: int = READ_HOLDING
    mask: int = WORD
    allowed: Sequence[tuple[int, int]] = ()
    is_unit_id: bool = False
    refused: bool = False
    measured: bool = False


@dataclass(frozen=True, kw_only=True)
class RegisterMap:
    """All that is known of a model's registers; empty as long as the user's register table is missing.

    A model may have several: devices of one name, of different years, do not all have the same registers.
    """

    places: Mapping[PointKey, Place] = field(default_factory=dict)
    writes: Mapping[PointKey, Write] = field(default_factory=dict)
    """By operation."""
    probes: Sequence[ProbeCheck] = ()
    line: LineSettings = field(default_factory=LineSettings)
    """As the device leaves the factory, and so is `unit_id`."""
    unit_id: int = 1
    max_registers: int = 48
    ranges: Sequence[tuple[int, int]] = ()
    """First and last register of each stretch that may be read through; empty = not known, gaps may be tried."""
    forbidden: Sequence[tuple[int, int]] = ()
    """First and last register of what is neither read nor written, whoever asks: passwords, numbers of people."""
    leave_out: Sequence[tuple[int, int]] = ()
    """First and last register of each stretch that holds secrets (passwords, numbers of people): in no dump."""
    uploads: Sequence[tuple[int, int]] = ()
    """First and last register of each block that a device tells without being asked, in the order in which it does."""
    read_ratios: Mapping[Ratio, PointKey] = field(default_factory=dict)
    asks_ratios: frozenset[Ratio] = frozenset()
    """Ratios that no register tells: the user is asked."""

    @cached_property
    def companions(self) -> frozenset[PointKey]:
        """The points that others cannot be understood without: ratios, decimal points, signs, what makes invalid."""
        return frozenset(key for place in self.places.values() for key in self.companions_of(place))

    @cached_property
    def known(self) -> Mapping[int, frozenset[int]]:
        """The registers that points lie in, by function: thousands of devices may have the same map."""
        known: dict[int, set[int]] = {}
        for place in self.places.values():
            known.setdefault(place.function, set()).update(place.addresses)
        return {function: frozenset(addresses) for function, addresses in known.items()}

    def companions_of(self, place: Place) -> tuple[PointKey, ...]:
        """Return the points without which a value cannot be understood."""
        ratios = (self.read_ratios[ratio] for ratio in place.ratios if ratio in self.read_ratios)
        return (*ratios, *place.qualifiers.keys)

    def with_companions(self, keys: Iterable[PointKey]) -> frozenset[PointKey]:
        """Return points together with those they cannot be understood without, as far as they have a place."""
        found: set[PointKey] = set()
        todo = [key for key in keys if key in self.places]
        while todo:
            key = todo.pop()
            if key not in found:
                found.add(key)
                todo += [other for other in self.companions_of(self.places[key]) if other in self.places]
        return frozenset(found)

    def forbids(self, address: int, count: int) -> bool:
        """Whether one of some registers must not be touched."""
        return any(address <= last and first < address + count for first, last in self.forbidden)
