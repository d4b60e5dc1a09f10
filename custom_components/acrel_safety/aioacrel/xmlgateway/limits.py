"""What connections may cost here: gateways are few, and each says much."""

from ..uplink.limits import Limits

DEFAULT_LIMITS = Limits(
    connections=256,
    strangers=64,
    strangers_per_address=16,
    connects=64,
    connects_per_second=1.0,
    frames=1200,
    frames_per_second=20.0,
    least_idle_seconds=900.0,
    unsent=1 << 16,
)
MOST_ATTEMPTS = 3
"""So often one connection may ask to be let in."""
