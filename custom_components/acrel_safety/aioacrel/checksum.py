"""The checksum of Modbus RTU, which the 4G frames carry as well (MODBUS over Serial Line V1.02, section 6.2.2)."""

from collections.abc import Sequence
from functools import cache

START = 0xFFFF
"""The checksum of nothing."""
SIZE = 2
"""Bytes of it in a frame."""


@cache
def _table() -> Sequence[int]:
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
        table.append(crc)
    return tuple(table)


def advanced(crc: int, data: bytes | bytearray | memoryview) -> int:
    """Return a checksum that was taken so far, with more bytes in it; 0 behind a checksum that is right."""
    table = _table()
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 0xFF]
    return crc


def checksum(data: bytes) -> bytes:
    """Return the checksum of some bytes in the order it is sent: the low byte first."""
    return advanced(START, data).to_bytes(SIZE, "little")


def is_whole(data: bytes) -> bool:
    """Whether some bytes end in their own checksum."""
    return len(data) > SIZE and advanced(START, data) == 0
