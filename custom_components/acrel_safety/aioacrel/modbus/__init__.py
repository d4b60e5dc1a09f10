"""Modbus units: the link, the guard between device code and the wire, the device, and the bus that polls."""

from .bus import Bus
from .device import AcrelDevice
from .dump import RegisterDump
from .guard import GuardedUnit
from .link import Framing, Link, LinkAddress
from .poll import GroupPoll, PollReport
from .pulse import LinkPulse

__all__ = [
    "AcrelDevice",
    "Bus",
    "Framing",
    "GroupPoll",
    "GuardedUnit",
    "Link",
    "LinkAddress",
    "LinkPulse",
    "PollReport",
    "RegisterDump",
]
