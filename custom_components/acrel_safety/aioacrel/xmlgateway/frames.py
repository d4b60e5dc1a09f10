"""The frames of the XML gateways: `1F 1F`, a kind, a length, data. No checksum and no end."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum

BEGIN = b"\x1f\x1f"
LONGEST = 1 << 20
"""Bytes of data in a frame. One that says it has more ends the connection."""
LONGEST_LOGIN = 4096
"""The same before somebody has proved who he is: so little may be kept of everybody."""
MOST_VAIN = 1 << 16
"""Bytes thrown away in a row after which a stream is given up."""
_HEAD = struct.Struct(">2sBI")
_KIND = len(BEGIN)


class FrameKind(IntEnum):
    """What a frame holds."""

    LOGIN = 0x01
    """Plain XML."""
    HEARTBEAT = 0x02
    """Plain XML."""
    REPORT = 0x03
    """XML, encrypted."""
    PACKED_REPORT = 0x04
    """XML, deflated and then encrypted."""
    PASS_DOWN = 0xF1
    """Modbus to a device, encrypted."""
    PASS_UP = 0xF2
    """Its answer, encrypted."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame."""

    kind: FrameKind
    data: bytes = field(default=b"", repr=False)
    """It may hold the numbers of people: it is in no log."""

    def encoded(self) -> bytes:
        """Return the bytes that travel."""
        return _HEAD.pack(BEGIN, self.kind, len(self.data)) + self.data


class FrameStream:
    """Takes what comes, gives frames; keeps never more than the longest frame that is allowed, and one piece.

    Nothing vouches for a frame but where it begins: bytes that begin none of a known kind are skipped. What is found
    does not depend on how the stream was cut.
    """

    def __init__(self, longest: int = LONGEST) -> None:
        """Begin with an empty stream."""
        self.longest = longest
        """Bytes of data that a frame may have; holds for the next one that begins."""
        self.discarded = 0
        """Bytes that belonged to no frame."""
        self.is_hopeless = False
        """Whether nothing more is looked for."""
        self._kept = bytearray()
        self._vain = 0

    @property
    def pending(self) -> int:
        """How many bytes wait for the rest of their frame."""
        return len(self._kept)

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Take some bytes and yield the frames they complete."""
        if self.is_hopeless:
            return
        self._kept += data
        place = 0
        while not self.is_hopeless:
            place = self._begin(place)
            if len(self._kept) - place < _HEAD.size or self.is_hopeless:
                break
            _, kind, size = _HEAD.unpack_from(self._kept, place)
            if size > self.longest:
                self._give_up(place)
                break
            end = place + _HEAD.size + size
            if len(self._kept) < end:
                break
            frame = Frame(FrameKind(kind), bytes(self._kept[place + _HEAD.size : end]))
            place, self._vain = end, 0
            yield frame
        del self._kept[:place]

    def _begin(self, place: int) -> int:
        """Return where the next frame begins, or may begin."""
        start = place
        while (place := self._kept.find(BEGIN[:1], place)) >= 0:
            head = self._kept[place : place + _KIND + 1]
            if BEGIN.startswith(head[:_KIND]) and (len(head) <= _KIND or head[_KIND] in FrameKind):
                break
            place += 1
        if place < 0:
            place = len(self._kept)
        self.discarded += place - start
        self._vain += place - start
        if self._vain > MOST_VAIN:
            self._give_up(place)
            return 0
        return place

    def _give_up(self, place: int) -> None:
        self.is_hopeless = True
        self.discarded += len(self._kept) - place
        self._kept.clear()
