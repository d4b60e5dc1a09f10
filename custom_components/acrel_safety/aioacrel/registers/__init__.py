"""Where values lie in a device's registers, which to read in which requests, and what the words in them mean."""

from .layout import WORD, WORD_BITS, Layout, Order, RegisterType, scaled, unscaled
from .map import (
    LAST_REGISTER,
    MOST_REGISTERS,
    READ_HOLDING,
    UNQUALIFIED,
    LineSettings,
    Place,
    ProbeCheck,
    Qualifiers,
    Ratio,
    RegisterMap,
    Write,
)
from .plan import LineCost, Read, Span, plan_reads

__all__ = [
    "LAST_REGISTER",
    "MOST_REGISTERS",
    "READ_HOLDING",
    "UNQUALIFIED",
    "WORD",
    "WORD_BITS",
    "Layout",
    "LineCost",
    "LineSettings",
    "Order",
    "Place",
    "ProbeCheck",
    "Qualifiers",
    "Ratio",
    "Read",
    "RegisterMap",
    "RegisterType",
    "Span",
    "Write",
    "plan_reads",
    "scaled",
    "unscaled",
]
