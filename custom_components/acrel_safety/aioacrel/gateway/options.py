"""What an owner says of one gateway."""

from dataclasses import dataclass, field
from datetime import timedelta, timezone, tzinfo

from ..texts import Phrase, phrase

CHINA = timezone(timedelta(hours=8))
"""The zone of the vendor's platform, which devices are used to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayOptions:
    """The settings of one gateway."""

    secret: str = field(default="", repr=False)
    """Product secret, 16 characters: needed only where it encrypts."""
    zone: tzinfo = CHINA
    """The zone that it is told, and in which times without one are read."""
    period: float | None = None
    """Seconds between two reports, where it does not say them."""
    methods_by_analogy: bool = False
    """Whether operations may go that no document shows on this way: see `BY_ANALOGY`."""

    @property
    def warning(self) -> Phrase:
        """What an owner has to read before the methods by analogy are switched on."""
        return BY_ANALOGY


BY_ANALOGY = phrase("gateway_by_analogy")
"""Said before, and beside each such operation."""
