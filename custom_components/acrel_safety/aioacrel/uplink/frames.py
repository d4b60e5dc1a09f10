"""The frames of the 4G protocol: `7B 7B`, a command, a body, a checksum, `7D 7D`. No length, nothing is escaped."""

from dataclasses import dataclass, field
from enum import IntEnum

from ..checksum import SIZE, checksum

BEGIN, END = b"{{", b"}}"
SHORTEST = len(BEGIN) + 1 + SIZE + len(END)
"""Bytes of a frame without a body."""
LONGEST = 2304
"""Bytes of a data upload of eight sections, each as long as a Modbus answer can be, and a little more."""


class Command(IntEnum):
    """What a frame is about. Those that are marked so are never sent: their bodies are not known."""

    SELECT_BLOCKS = 0x31
    """Which blocks are uploaded. Only on purpose: it takes the device away from what others expect of it."""
    PARAMETERS = 0x82
    """Never sent."""
    LOGIN = 0x84
    RESTART = 0x87
    """Never sent."""
    SERVER_ADDRESS = 0x88
    """Never sent: a wrong one cuts the device off."""
    SET_VALUES = 0x89
    """The set values of the alarms; what stands in them is not known."""
    PASS_THROUGH = 0x90
    DATA = 0x91
    TIME = 0x93
    HEARTBEAT = 0x94
    SERVICE = 0x97
    """Never sent."""
    FIRMWARE = 0xA3
    """Never sent."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame: a command, which need not be one that is known, and its body."""

    command: int
    body: bytes = field(default=b"", repr=False)
    """It may hold numbers of people: it is in no log."""

    def encoded(self) -> bytes:
        """Return the bytes that travel."""
        content = bytes([self.command]) + self.body
        return BEGIN + content + checksum(content) + END


def frame_of(data: bytes) -> Frame | None:
    """Return the frame that some bytes are; None if they are not exactly one whole frame."""
    content = data[len(BEGIN) : -len(END)]
    if len(data) < SHORTEST or not (data.startswith(BEGIN) and data.endswith(END)):
        return None
    return Frame(content[0], content[1:-SIZE]) if checksum(content[:-SIZE]) == content[-SIZE:] else None
