"""What is remembered of a counter over a restart."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberedDoubt:
    """What is remembered of a counter that is held; ages in seconds."""

    count: float
    """What the meter said last."""
    leap: float
    """How much more it was, when it was said first, than what is believed."""
    age: float
    """How long it has been held."""
    silence: float = 0.0
    """How long ago the meter said anything."""
    is_new: bool = False
    """Whether the meter began with so little that it can have counted it since."""
    is_answered: bool = False
    counted: float = 0.0
    """What can have flowed of that by which it grew since it was said first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What is remembered of a counter."""

    count: float
    """What the meter said."""
    offset: float = 0.0
    age: float
    """Seconds since it said so."""
    peak: float | None = None
    """The largest power that was seen of the circuit, in units per hour."""
    leap: float = 0.0
    """The largest leap that was right."""
    is_other: bool = False
    """Whether the owner set something else since, and nothing was believed by that yet: it may be another meter."""
    doubt: RememberedDoubt | None = None
