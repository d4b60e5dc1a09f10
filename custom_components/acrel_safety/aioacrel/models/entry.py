"""One entry of a model file: what a point is and where it lies, as they are written together."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from ..points import Evidence, Limits, Model, Point
from ..readings import PointKey, Value
from ..registers.decode import decoded
from ..registers.layout import Layout, RegisterType
from ..registers.map import READ_HOLDING, UNQUALIFIED, Place, Qualifiers, Ratio, RegisterMap
from ..vocabulary import Pace, Quantity, Range, vocabulary

MODEL_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
"""Model ids are also file names."""
_MOST_DECIMALS = 6
_USUAL_DECIMALS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A point and its place; `address` is None while the user's register table is missing."""

    key: PointKey
    quantity: Quantity
    pace: Pace
    layout: Layout
    function: int = READ_HOLDING
    address: int | None = None
    scale: Fraction = Fraction(1)
    ratios: tuple[Ratio, ...] = ()
    equals: int | None = None
    any_of: int | None = None
    qualifiers: Qualifiers = UNQUALIFIED
    words: Mapping[int, str] | None = None
    range: Range = field(default_factory=Range)
    limits: Limits | None = None
    evidence: Evidence
    note: str = ""

    @classmethod
    def of(cls, model: Model, key: PointKey, registers: RegisterMap | None = None) -> Entry:
        """Return the entry of a point of a model, in the preferred register map or another."""
        point, place = model.points[key], (registers or model.registers).places.get(key)
        return cls(
            key=key,
            quantity=point.quantity,
            pace=point.pace,
            layout=place.layout if place else Layout(type=RegisterType.U16),
            function=place.function if place else READ_HOLDING,
            address=place.address if place else None,
            scale=place.scale if place else Fraction(1),
            ratios=place.ratios if place else (),
            equals=place.equals if place else None,
            any_of=place.any_of if place else None,
            qualifiers=place.qualifiers if place else UNQUALIFIED,
            words=point.words,
            range=point.range,
            limits=point.limits,
            evidence=point.evidence,
            note=point.note,
        )

    @classmethod
    def waiting(cls, key: PointKey, quantity: Quantity | None = None) -> Entry:
        """Return the entry of a quantity that waits for its address: one of `needs`, known by its code alone."""
        quantity = quantity or vocabulary().quantity(key.code)
        return cls(
            key=key,
            quantity=quantity,
            pace=quantity.pace,
            layout=Layout(type=RegisterType.U16),
            range=quantity.range,
            evidence=Evidence.UNKNOWN,
        )

    @property
    def count(self) -> int:
        """Number of registers."""
        return self.layout.type.registers

    @property
    def point(self) -> Point:
        """What it is."""
        return Point(
            key=self.key,
            quantity=self.quantity,
            pace=self.pace,
            is_binary=self.is_binary,
            words=self.words,
            precision=self._precision,
            step=self._step,
            range=self.range,
            limits=self.limits,
            evidence=self.evidence,
            note=self.note,
        )

    @property
    def place(self) -> Place | None:
        """Where it lies."""
        if self.address is None:
            return None
        return Place(
            address=self.address,
            layout=self.layout,
            function=self.function,
            scale=self.scale,
            ratios=self.ratios,
            equals=self.equals,
            any_of=self.any_of,
            qualifiers=self.qualifiers,
        )

    @property
    def is_binary(self) -> bool:
        """Whether the value is a yes or no."""
        if self.equals is not None or self.any_of is not None:
            return True
        is_bit = self.address is not None and self.layout.type is RegisterType.BIT
        return self.words is None and (self.quantity.binary or is_bit)

    def value(self, words: Sequence[int]) -> Value | None:
        """Return what registers mean by themselves; None when they mean nothing or nothing that can be.

        What other points have to say of it is left aside.
        """
        return decoded(self.point, self.place, words) if self.place is not None else None

    @property
    def _precision(self) -> int | None:
        """Decimals worth showing: those of the scale, or, where that does not tell them, those of the vocabulary."""
        if self.address is None or self.layout.type.is_float or self.ratios or self.qualifiers.is_scale:
            return self.quantity.precision
        digits, power = 0, self.scale
        while power.denominator != 1 and digits < _MOST_DECIMALS:
            digits, power = digits + 1, power * 10
        return digits

    @property
    def _step(self) -> float:
        """Where the scale does not tell it, as fine as it is shown."""
        if self.address is not None and not self.layout.type.is_float and not self.qualifiers.is_scale:
            return float(abs(self.scale))
        decimals = self.quantity.precision if self.quantity.precision is not None else _USUAL_DECIMALS
        return float(10.0**-decimals)


def points_of(entries: Iterable[Entry]) -> Mapping[PointKey, Point]:
    """Return what entries say of points."""
    return {entry.key: entry.point for entry in entries}


def places_of(entries: Iterable[Entry]) -> Mapping[PointKey, Place]:
    """Return what entries say of places."""
    return {entry.key: entry.place for entry in entries if entry.place is not None}
