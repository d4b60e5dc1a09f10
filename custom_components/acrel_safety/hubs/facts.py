"""What a device that calls says of itself beside its values."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """How one device is connected; None is what it has not said (yet)."""

    is_connected: bool
    has_card: bool = True
    """Whether it calls with a SIM card, and says of itself which; a device behind a gateway does not."""
    last_report: datetime | None = None
    firmware: str | None = None
    sim: str | None = None
    """The number of its SIM card, masked."""
    holds: float | None = None
    """So many seconds a report holds; what was shown may be shown for as long after a restart."""
    by: str = "online"
    """What its connection is called: a key of the texts."""
    has_sim: bool = True
    """Whether that is told on this way at all."""
    calls: bool = True
    """Whether it calls in by itself: then somebody else can call in its name."""
