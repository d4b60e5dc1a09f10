"""What every source produces: a value per circuit and code, with its time and quality."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

type Value = float | bool | str
"""A number in the unit of the vocabulary, a yes/no, or the word of an enumeration."""

DEVICE_CIRCUIT = "0"
"""The circuit of what belongs to the device as a whole."""


class PointKey(NamedTuple):
    """Names one value of a device: circuit number (as text) and vocabulary code."""

    circuit: str
    code: str

    def __str__(self) -> str:
        """Spell it as `code@circuit`."""
        return f"{self.code}@{self.circuit}"


class Quality(StrEnum):
    """Why a reading has its value, or has none."""

    GOOD = "good"
    HELD = "held"
    """A counter whose reading is not believed (yet): the last believed value stands, if there is one."""
    STALE = "stale"
    """The way to the device is there, but for too long it said nothing new."""
    NO_ANSWER = "no_answer"
    REFUSED = "refused"
    """The device says that a register of this value does not exist."""
    IMPLAUSIBLE = "implausible"
    """Outside the range the quantity can have; the value was thrown away."""
    NO_RATIO = "no_ratio"
    """The transformer ratio this value has to be multiplied with is not known (yet)."""
    INCOMPLETE = "incomplete"
    """Another point tells its decimal point, its sign, or whether it holds, and that one is not known (yet)."""
    INVALID = "invalid"
    """The device says that this value does not hold now."""

    @property
    def is_lost(self) -> bool:
        """Whether nothing is heard of the value now: it is unavailable; any other missing value is unknown."""
        return self in (Quality.STALE, Quality.NO_ANSWER)


@dataclass(frozen=True, slots=True)
class Reading:
    """One value at one time, and the way it came; `value` is None unless the quality is good or held."""

    value: Value | None
    quality: Quality
    time: datetime
    origin: str = ""
