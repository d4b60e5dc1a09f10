"""What one report says of one device, whoever carried it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

type Raw = float | str
"""A value as it came: a number, or a text that may be one."""


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
