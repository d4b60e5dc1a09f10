"""Modbus units: the link, the guard between device code and the wire, the device, and the bus that polls."""

from .bus import Bus
from .device import AcrelDevice, PollReport
from .dump import RegisterDump
from .guard import GuardedUnit
from .link import Framing, Link, LinkAddress

__all__ = [
    "AcrelDevice",
    "Bus",
    "Framing",
    "GuardedUnit",
    "Link",
    "LinkAddress",
    "PollReport",
    "RegisterDump",
]
