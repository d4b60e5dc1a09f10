"""Modbus as it is passed through: the meter, a bar, and an RTU frame in hexadecimal digits."""

import re
from dataclasses import dataclass

from .names import MeterId

_PASSED = re.compile(rb"\s*(\d{5})\|((?:[0-9A-Fa-f]{2})*)[\s\0]*")
MOST_PASSED = 600
"""Bytes of the longest: an RTU frame has 256."""


@dataclass(frozen=True, slots=True)
class Passed:
    """One frame, and which meter it is for or from."""

    meter: MeterId
    rtu: bytes

    def encoded(self) -> bytes:
        """Return the text that is encrypted."""
        return f"{self.meter}|{self.rtu.hex()}".encode("ascii")


def passed_of(data: bytes) -> Passed | None:
    """Return what a text says; None if it is nothing that was passed through."""
    match = _PASSED.fullmatch(data) if len(data) <= MOST_PASSED else None
    meter = None if match is None else MeterId.of(match[1].decode("ascii"))
    if match is None or meter is None:
        return None
    return Passed(meter, bytes.fromhex(match[2].decode("ascii")))
