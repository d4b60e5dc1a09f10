"""Slow growth: a circuit's residual current or temperature against its own weeks before, long before any limit.

A `DayCollector` makes one value of each day, `Growth` watches these; nothing here knows where values come from.
"""

from .correction import Correction
from .days import Day, DayCollector
from .finding import Figures, Finding, FindingKind, Rule
from .growth import Growth, GrowthState
from .temperature import TemperatureCollector

__all__ = [
    "Correction",
    "Day",
    "DayCollector",
    "Figures",
    "Finding",
    "FindingKind",
    "Growth",
    "GrowthState",
    "Rule",
    "TemperatureCollector",
]
