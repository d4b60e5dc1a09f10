"""What column k means: a number of decimals or a multiplier, judged row by row.

The programs that write such tables use k as the number of decimals when forwarding, the one that reads them multiplies
by it. Both agree only for k = 1. Reading decimals as multipliers turns every k of 0 into a value of 0, which can hide
an alarm, so a multiplier is believed only where k cannot be a number of decimals.
"""

import re
from enum import StrEnum
from fractions import Fraction

from ..registers import RegisterType


class KMode(StrEnum):
    """How column k is understood."""

    AUTO = "auto"
    """Row by row: k is a multiplier where it cannot be a number of decimals."""
    DECIMALS = "decimals"
    """k never changes a value."""
    MULTIPLIER = "multiplier"
    """Every k other than 0 multiplies."""


class KMeaning(StrEnum):
    """What one row's k can be."""

    NOTHING = "nothing"
    """Empty, 0, 1, or equal to dcm: the value is not changed."""
    MULTIPLIER = "multiplier"
    """Not a whole number from 0 to 9: it cannot be a number of decimals."""
    AMBIGUOUS = "ambiguous"


MOST_DECIMALS = 9
"""Largest believable dcm: a 32-bit number has ten digits."""
_ONE = Fraction(1)
_LARGEST_K = 10**9
_FINEST_K = 10**6
_TWO_DIGITS = 10
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,10}(?:\.[0-9]{0,12})?|\.[0-9]{1,12})(?:[eE][+-]?[0-9]{1,2})?")


def parse_k(text: str) -> Fraction | None:
    """Return the number in column k, exactly; None if there is none that makes sense."""
    if not _NUMBER.fullmatch(text):
        return None
    k = Fraction(text)
    is_modest = abs(k) < _LARGEST_K and (k * _FINEST_K).denominator == 1
    return k if is_modest else None


def meaning(k: Fraction | None, dcm: int) -> KMeaning:
    """Judge one row."""
    if k is None or k in (0, 1, dcm):
        return KMeaning.NOTHING
    if k.denominator != 1 or k < 0 or k >= _TWO_DIGITS:
        return KMeaning.MULTIPLIER
    return KMeaning.AMBIGUOUS


def factor(k: Fraction | None, dcm: int, mode: KMode, *, uses_multipliers: bool) -> Fraction:
    """Return what the raw number is multiplied with, besides 10^-dcm.

    `uses_multipliers` tells whether any row of the file has a k that can only be a multiplier.
    """
    if not k or mode is KMode.DECIMALS:
        return _ONE
    if mode is KMode.MULTIPLIER:
        return k
    judged = meaning(k, dcm)
    is_multiplier = judged is KMeaning.MULTIPLIER or (judged is KMeaning.AMBIGUOUS and uses_multipliers)
    return k if is_multiplier else _ONE


def spell(scale: Fraction, kind: RegisterType) -> tuple[int, str] | None:
    """Return dcm and k for a scale, so that every mode that can read them right does; None if none can say it.

    A power of ten gets k = 1, on which all readers agree; anything else a k of two digits or more.
    """
    if kind is RegisterType.BIT:
        return 0, "1"
    for dcm in range(1 if kind.is_bit_field else MOST_DECIMALS + 1):
        k = scale * 10**dcm
        text = decimal_text(k)
        if text is None or (k.denominator != 1 and not kind.is_bit_field):
            continue
        if parse_k(text) == k and factor(k, dcm, KMode.AUTO, uses_multipliers=False) == k:
            return dcm, text
    return None


def decimal_text(number: Fraction) -> str | None:
    """Return a number in decimal notation without exponent, None if its decimals never end."""
    for digits in range(_MOST_DIGITS + 1):
        shifted = number * 10**digits
        if shifted.denominator == 1:
            whole = f"{abs(shifted.numerator):0{digits + 1}d}"
            sign = "-" if number < 0 else ""
            return f"{sign}{whole[:-digits]}.{whole[-digits:]}" if digits else f"{sign}{whole}"
    return None


_MOST_DIGITS = 20
