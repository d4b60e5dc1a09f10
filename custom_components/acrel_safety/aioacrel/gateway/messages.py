"""What devices say, whatever their dialect: all that is above the three parsers knows nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..reporting.record import Record

type Scalar = str | int | float | bool | None
"""What a message number can be: it is sent back as it came, 0 and texts included."""

NO_NUMBER = object()
"""Stands for a message without a number; None would be one that is null."""
MOST_RECORDS = 512
"""Meters in one message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A device begins to speak."""

    number: object = NO_NUMBER
    stamp: float | None = None
    period: float | None = None
    """Seconds between two reports."""
    name: str = ""
    version: str = ""
    algorithm: str = ""
    """How it compresses; empty if it does not."""
    is_encrypted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeRequest:
    """A device asks for the time."""

    number: object = NO_NUMBER
    stamp: float | None = None
    sent: Scalar = None
    """What it wants to have repeated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """A gateway says which meters it has; how is not known."""

    number: object = NO_NUMBER
    stamp: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """A meter of the overseas dialect that reports by itself says how often."""

    period: float | None = None
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Values."""

    records: Sequence[Record]
    sent: float | None = None
    """When it was sent, by the sender's clock."""
    signal: float | None = None
    """Signal of the gateway itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a device says to an order."""

    number: object
    is_taken: bool | None
    """None if it does not say."""
    stamp: float | None = None
    records: Sequence[Record] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """Any other message: it shows that the sender lives, and nothing is made of what it holds."""

    name: str


type Message = Login | TimeRequest | Topology | Parameters | Report | Answer | Other
