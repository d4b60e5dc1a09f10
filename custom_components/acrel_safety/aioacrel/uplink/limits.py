"""What one connection, one address and all of them together may cost: nobody has to log in to connect."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

type Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of one server; those of strangers are for whoever has not logged in as a device that is known."""

    connections: int = 8192
    strangers: int = 1024
    """Connections of strangers. One too many ends the oldest one of the address that has most of them."""
    strangers_per_address: int = 512
    """The same of one address; a whole provider may stand behind it, whose devices all call at once after a cut."""
    connects: int = 2048
    """Connections of one address at once …"""
    connects_per_second: float = 32.0
    """… and for how many a second it may have more."""
    frames: int = 120
    """The same of the frames of one connection that nobody asked for."""
    frames_per_second: float = 1.0
    login_seconds: float = 30.0
    """From connecting to the end of the login."""
    stranger_seconds: float = 600.0
    """A stranger that is heard no more is let go after so long."""
    idle_periods: float = 3.0
    """The same of a known device, in periods of its uploads …"""
    least_idle_seconds: float = 900.0
    """… and at least so long."""
    unsent: int = 8192
    """Bytes that may wait for a peer that takes none."""
    listed: int = 64
    """Strangers that are listed for approval."""
    networks: tuple[Network, ...] = ()
    """From where connections are taken; empty: from everywhere."""
