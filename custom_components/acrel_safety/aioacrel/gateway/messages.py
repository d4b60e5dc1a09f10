"""What devices say, whatever their dialect: all that is above the three parsers knows nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

type Raw = float | str
"""A value as it came: a number, or a text that may be one."""
type Scalar = str | int | float | bool | None
"""What a message number can be: it is sent back as it came, 0 and texts included."""

NO_NUMBER = object()
"""Stands for a message without a number; None would be one that is null."""
MOST_RECORDS = 512
MOST_CODES = 512
"""Meters in one message, and values of one meter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What one message says of one meter, at one time of the sender's clock."""

    serial: str = field(repr=False)
    channel: str = ""
    """Circuit, where the message says one."""
    prefix: str = ""
    """A number before the serial number: a circuit only where one meter has several of them."""
    stamp: float | None = None
    """Seconds since 1970 by the sender's clock."""
    values: Mapping[str, Raw] = field(default_factory=dict)
    is_missing: bool = False
    """Whether the sender says that the meter does not answer."""
    is_history: bool = False
    """Whether the sender says that this is no present state."""


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
