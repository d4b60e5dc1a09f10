"""What SIM cards, providers and firmware do to a device that dials in."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Quirks:
    """How one device is; by default a good one."""

    segment: int = 0
    """Bytes of each piece in which it sends; 0: whole frames."""
    latency_s: float = 0.0
    """Before it answers what is passed through."""
    drop_after_s: float = 0.0
    """It loses its connection so long after each login; 0: never."""
    redial_s: float = 5.0
    """Before it dials again."""
    sleeps: bool = False
    """Whether it answers nothing between two uploads: what is asked meanwhile is lost."""
    names_itself: bool = False
    """Whether its serial number stands in uploads and in the answers that are passed through."""
    echoes_serial: bool = False
    """Whether it answers a write with its serial number alone."""
    without_inner_checksum: bool = False
    """Whether the sections of its uploads lack their checksum."""
    noise: bytes = b""
    """Sent before each frame: what is left of a modem's own talk."""
    heartbeat_s: float = 60.0


QUIRKS: Mapping[str, Quirks] = {
    "good": Quirks(),
    "cut": Quirks(segment=7, names_itself=True),
    "slow": Quirks(latency_s=3.0),
    "drops": Quirks(drop_after_s=180.0, noise=b"\r\nCLOSED\r\n"),
    "sleeps": Quirks(sleeps=True),
    "terse": Quirks(echoes_serial=True, without_inner_checksum=True),
}
"""By name, for the demo."""
