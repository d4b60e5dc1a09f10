"""What is found: a value that grows, or one whose level changed, with all that led to it."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from .correction import Correction


class FindingKind(StrEnum):
    """What became of a value."""

    GROWTH = "growth"
    """It creeps upwards."""
    LEVEL_CHANGED = "level_changed"
    """It rose at once and stays: a new appliance?"""


class Rule(StrEnum):
    """By what it was found."""

    TREND = "trend"
    """The slope of the last weeks leads to the limit."""
    RATIO = "ratio"
    """It is so many times what it was in the months before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The figures that led to a finding, in the unit of the value where they have one."""

    rise: float
    """From the level before to that of now."""
    of_limit: float
    """The rise as a share of the limit."""
    ratio: float | None
    """Now against before; nothing, where it was zero."""
    score: float
    """How sure the rise is after Mann and Kendall, in standard deviations."""
    at_once: float
    """The share of the rise that came within a few days."""
    step: float
    """The largest rise that came at once."""
    days: int
    """How many daily values were looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A value of one circuit that is not what it was; everything a sentence about it needs."""

    kind: FindingKind
    rule: Rule
    value: float
    """The level now, as daily values are (corrected, if they are)."""
    before: float
    """The level before."""
    limit: float
    """As it is to be compared with the level: what was taken off the values is taken off it."""
    per_day: float
    """The rise per day."""
    days_to_limit: float | None
    """So many days until the limit, if it goes on like this; nothing, if the level stays."""
    since: date
    """When the rise began, or the level changed."""
    found: date
    """The newest day that was looked at."""
    window: int
    """So many days were looked back."""
    correction: Correction
    figures: Figures
