"""What happens at the gateways, for whoever is to be told."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ..errors import AcrelError
from ..readings import PointKey, Value


class EventKind(StrEnum):
    """What happened."""

    LOGIN = "login"
    """A gateway that is known spoke, for the first time or after it was lost, or logged in."""
    LOST = "lost"
    """Nothing was heard of a known gateway for three periods of its reports."""
    STRANGER = "stranger"
    """A gateway that nobody named spoke; told once for each."""
    METER = "meter"
    """A known gateway reports a meter that nobody named; told once for each."""
    POINTS = "points"
    """A meter reports something that its source did not show before: a code its model does not have, or a circuit."""
    TROUBLE = "trouble"
    """Something is wrong with what a known gateway sends, or with answering it; told once until it changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened."""

    kind: EventKind
    gateway: str = field(repr=False)
    """Its serial number; of a device that reports by itself, its own."""
    serial: str = field(default="", repr=False)
    """That of the meter."""
    trouble: AcrelError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryValue:
    """One value of before: what a gateway kept while nobody could hear it."""

    gateway: str = field(repr=False)
    serial: str = field(repr=False)
    key: PointKey
    time: datetime
    value: Value
