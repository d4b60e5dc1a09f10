"""What a device model is: circuits, points, settings, commands and probes, all of it data.

A model file (`<model>.toml`, see docs/model-file.md) is read into these classes by `reader.py`; nothing here knows
files.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from typing import Literal

from ..readings import PointKey, Value
from ..registers import Layout, RegisterType, scaled
from ..texts import phrase
from ..vocabulary import Kind, PollGroup, Quantity, Range

READ_HOLDING = 3
"""The function that reads what function 16 writes."""
MODEL_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
"""Model ids are also file names."""


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
            raise ValueError(phrase("line_settings"))
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
class Limits:
    """What a setting may be set to, in its unit, and where that is printed."""

    low: float
    high: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One value and where it lies; `address` is None while the user's register table is missing.

    Shapes: raw number (from `layout`) × `scale` × ratios = value in `quantity.unit`. With `equals` the value is whether
    the raw number is that one; with `words` it is the word for the raw number.
    """

    key: PointKey
    quantity: Quantity
    poll: PollGroup
    layout: Layout
    function: int = 3
    address: int | None = None
    scale: Fraction = Fraction(1)
    ratios: tuple[Ratio, ...] = ()
    equals: int | None = None
    words: Mapping[int, str] | None = None
    range: Range = field(default_factory=Range)
    limits: Limits | None = None
    evidence: Evidence
    note: str = ""

    @property
    def count(self) -> int:
        """Number of registers."""
        return self.layout.type.registers

    @property
    def is_binary(self) -> bool:
        """Whether the value is a yes or no."""
        return self.equals is not None or (
            self.words is None and (self.quantity.binary or self.layout.type is RegisterType.BIT)
        )

    @property
    def precision(self) -> int | None:
        """Decimals worth showing: those of the scale, for floats those of the vocabulary."""
        if self.layout.type is RegisterType.F32 or self.ratios:
            return self.quantity.precision
        digits, power = 0, self.scale
        while power.denominator != 1 and digits < _MOST_DECIMALS:
            digits, power = digits + 1, power * 10
        return digits

    @property
    def is_writable(self) -> bool:
        """Whether the model file allows this setting to be changed.

        Only a holding register that holds the setting itself: what to write for a secondary value, or for one meaning
        of several, is not known.
        """
        is_plain = self.function == READ_HOLDING and not self.ratios and self.equals is None
        return is_plain and self.quantity.kind is Kind.SETTING and self.limits is not None and self.address is not None

    def value_of(self, raw: float, factor: float = 1) -> Value | None:
        """Return the value of a raw number (times the ratios' product), None when it has no meaning."""
        if self.equals is not None:
            return raw == self.equals
        if self.words is not None:
            return self.words.get(int(raw)) if raw == int(raw) else None
        if self.is_binary:
            if self.quantity.kind in (Kind.ALARM, Kind.FAULT):
                return raw != 0
            return bool(raw) if raw in (0, 1) else None
        value = scaled(raw, self.scale)
        if factor != 1:
            value = round(value * factor, _MOST_DECIMALS)
        return value if value in self.range else None


_MOST_DECIMALS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeCheck:
    """One read that tells whether a device is of this model.

    The masked register must lie in `allowed` (inclusive), or equal the unit id, or the read must be `refused` with an
    illegal address; with none of these the read must only be answered. A `measured` value may leave `allowed` in the
    very fault a device is there for, so it only helps to choose the model of a device that is not known yet.
    """

    address: int
    count: int = 1
    function: int = 3
    mask: int = 0xFFFF
    allowed: tuple[int, int] | None = None
    is_unit_id: bool = False
    refused: bool = False
    measured: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What to write for an operation and how to see that it happened.

    `address` is None while unknown. `read_back` names the point and the value it must take within `within` seconds;
    None means that no register shows the position, so the command cannot be confirmed and is not offered.
    """

    code: str
    circuit: str
    address: int | None = None
    registers: tuple[int, ...] = ()
    read_back: tuple[PointKey, Value] | None = None
    within: float = 3.0
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """A monitored circuit; circuit "0" is the device as a whole."""

    number: str
    names: Mapping[str, str] = field(default_factory=dict)


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
    line: LineSettings = field(default_factory=LineSettings)
    unit_id: int = 1
    max_registers: int = 48
    ranges: Sequence[tuple[int, int]] = ()
    """First and last register of each stretch that may be read through; empty = not known, gaps may be tried."""
    circuits: Mapping[str, Circuit]
    points: Mapping[PointKey, Point]
    commands: Sequence[Command] = ()
    probes: Sequence[ProbeCheck] = ()
    asks_ratios: frozenset[Ratio] = frozenset()
    """Ratios that no register tells: the user is asked."""
    read_ratios: Mapping[Ratio, PointKey] = field(default_factory=dict)
    k_mode: str | None = None
    """How column k of the register table this model came from was understood."""

    @cached_property
    def readable(self) -> Mapping[PointKey, Point]:
        """The points that have an address."""
        return {key: point for key, point in self.points.items() if point.address is not None}

    @cached_property
    def waiting(self) -> Sequence[PointKey]:
        """The points that wait for the user's register table."""
        return [key for key, point in self.points.items() if point.address is None]

    @property
    def needs_table(self) -> bool:
        """Whether nothing can be read before a register table was imported."""
        return not self.readable

    def title(self, language: str = "en") -> str:
        """Return what the device is, in a language."""
        return self.titles.get(language) or self.titles["en"]
