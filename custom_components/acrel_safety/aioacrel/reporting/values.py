"""What a number or text that was reported can mean for a point; what cannot be is nothing."""

from ..points import Point
from ..readings import Value
from ..vocabulary import MEASURED, Kind
from .fields import number
from .record import Raw

TEXTS = frozenset({Kind.STATE, Kind.IDENTITY})
"""Quantities that may be texts."""
_ENDS = frozenset({"65535", "32767", "32768", "4294967295", "2147483647", "2147483648"})
"""Digits of numbers at the end of a register: what a gateway makes of a meter that did not answer."""
_NO_FLAGS = frozenset({-1.0, 255.0, 65535.0, 4294967295.0})
_GUARD_DIGITS = 1


def value_of(point: Point, raw: Raw, *, own: str = "", is_exact: bool = False) -> Value | None:
    """Return what a raw value means for a point, rounded unless it `is_exact`; None for nothing that can be."""
    value = number(raw)
    if value is None:
        text = str(raw).strip()
        if point.words is not None:
            return text if text in point.words.values() else None
        is_state = point.quantity.kind in TEXTS and not point.is_binary
        return text if is_state and text and text != own else None
    if point.is_binary:
        return None if value in _NO_FLAGS else point.value_of(value)
    if point.words is not None:
        return point.value_of(value)
    if point.quantity.kind in MEASURED and point.quantity.kind is not Kind.ENERGY:
        if _digits(value) in _ENDS:
            return None
        if point.precision is not None and not is_exact:
            value = round(value, point.precision + _GUARD_DIGITS)
    # There is no negative zero to be seen anywhere.
    return point.value_of(value or abs(value))


def _digits(value: float) -> str:
    """Return the digits of a number, wherever its decimal point is."""
    return f"{abs(value):.10g}".replace(".", "").strip("0")
