"""How frames are told apart on a link."""

from enum import StrEnum

BROADCAST_UNIT = 0
"""On a serial line; behind Modbus TCP it is a unit like others."""


class Framing(StrEnum):
    """Whether a late answer can be recognised follows from it."""

    MBAP = "mbap"
    """Modbus TCP: every answer carries the number of its request."""
    RTU = "rtu"
    """Serial framing: an answer does not say which request it belongs to."""
