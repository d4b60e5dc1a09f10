"""Totals that never run backwards: energy registers are believed only where they can be true.

A counter read during start-up, torn between two updates, of a dead meter or taken from another device shows a dip or a
leap, and a statistic made of it shows energy that never flowed. That a device repeats it is no evidence: a dead meter
repeats itself, too. A reading is

* believed at once, where the power that is measured explains it (`flow.py`),
* believed when what follows bears it out, where this circuit can have moved as much (`doubt.py`),
* held otherwise, however often it is said, until the owner says what happened (`answers.py`).

A total goes on where the meter was replaced: it is what the meter says and an offset.
"""

from .answers import Answer, Held
from .counters import Totals
from .doubt import DOUBT_SECONDS
from .flow import LEAP_FLOOR, LEAP_PER_HOUR, ORDINARY_POWER, POWER_FACTOR, POWER_FLOOR
from .net import may_fall
from .remembered import Remembered, RememberedDoubt
from .total import ZERO_SECONDS, Total

__all__ = [
    "DOUBT_SECONDS",
    "LEAP_FLOOR",
    "LEAP_PER_HOUR",
    "ORDINARY_POWER",
    "POWER_FACTOR",
    "POWER_FLOOR",
    "ZERO_SECONDS",
    "Answer",
    "Held",
    "Remembered",
    "RememberedDoubt",
    "Total",
    "Totals",
    "may_fall",
]
