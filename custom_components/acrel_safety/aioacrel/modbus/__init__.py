"""Modbus: the guarded link, the units on it, the bus that polls them, and each unit as a source of readings."""

from .bus import Bus
from .framing import Framing
from .guard import GuardedUnit
from .hub import ModbusHub
from .link import Link, LinkAddress
from .poll import GroupPoll, PollReport
from .pulse import LinkPulse
from .source import ModbusSource
from .unit import PolledUnit

__all__ = [
    "Bus",
    "Framing",
    "GroupPoll",
    "GuardedUnit",
    "Link",
    "LinkAddress",
    "LinkPulse",
    "ModbusHub",
    "ModbusSource",
    "PollReport",
    "PolledUnit",
]
