"""Modbus frames as bytes: told apart in a stream, taken to pieces, and put together again with a right checksum.

Written from the MODBUS Application Protocol V1.1b3 and MODBUS over Serial Line V1.02, with nothing of the library.
"""

import struct
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

READ_FUNCTIONS = (3, 4)
WRITE_MULTIPLE = 16
EXCEPTION_BIT = 0x80
MOST_REGISTERS = 125
_RTU_REQUEST = 8
_MBAP = struct.Struct(">HHHB")
_ECHO = 4


class Framing(StrEnum):
    """How frames are told apart."""

    MBAP = "mbap"
    RTU = "rtu"


def _table() -> tuple[int, ...]:
    values = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
        values.append(crc)
    return tuple(values)


_CRC = _table()


def checksum(data: bytes) -> bytes:
    """Return the CRC of an RTU frame, low byte first."""
    crc = 0xFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC[(crc ^ byte) & 0xFF]
    return struct.pack("<H", crc)


@dataclass(frozen=True)
class Frame:
    """One request or answer; `pdu` begins with the function code. `number` is MBAP's transaction number."""

    unit: int
    pdu: bytes
    framing: Framing
    number: int = 0

    @property
    def function(self) -> int:
        """The function code, with the exception bit."""
        return self.pdu[0]

    @property
    def is_data(self) -> bool:
        """Whether this is an answer with registers."""
        return self.function in READ_FUNCTIONS

    @cached_property
    def wire(self) -> bytes:
        """The bytes on the wire."""
        if self.framing is Framing.MBAP:
            return _MBAP.pack(self.number, 0, len(self.pdu) + 1, self.unit) + self.pdu
        body = bytes((self.unit,)) + self.pdu
        return body + checksum(body)

    def change(self, *, unit: int | None = None, pdu: bytes | None = None) -> Frame:
        """Return the frame with another unit or content and the checksum that fits."""
        return replace(self, unit=self.unit if unit is None else unit, pdu=self.pdu if pdu is None else pdu)

    def answer(self, pdu: bytes) -> Frame:
        """Return an answer to this request."""
        return Frame(self.unit, pdu, self.framing, self.number)


class FrameSplitter:
    """Cuts a stream of sound frames, as a device sends and receives them, into frames."""

    def __init__(self, framing: Framing, *, answers: bool) -> None:
        """Read requests, or answers."""
        self._framing = framing
        self._answers = answers
        self._buffer = b""

    def feed(self, data: bytes) -> list[Frame]:
        """Return the frames that are complete now."""
        self._buffer += data
        frames = []
        while (length := self._length()) is not None and len(self._buffer) >= length:
            raw, self._buffer = self._buffer[:length], self._buffer[length:]
            if self._framing is Framing.MBAP:
                number, _, _, unit = _MBAP.unpack_from(raw)
                frames.append(Frame(unit, raw[_MBAP.size :], self._framing, number))
            elif checksum(raw[:-2]) == raw[-2:]:
                frames.append(Frame(raw[0], raw[1:-2], self._framing))
        return frames

    def _length(self) -> int | None:
        data = self._buffer
        if self._framing is Framing.MBAP:
            return 6 + int.from_bytes(data[4:6]) if len(data) > _MBAP.size else None
        if len(data) < 3:  # noqa: PLR2004 - unit, function, count
            return None
        function = data[1]
        if self._answers:
            if function & EXCEPTION_BIT:
                return 5
            return 5 + data[2] if function in READ_FUNCTIONS else _RTU_REQUEST
        if function == WRITE_MULTIPLE:
            return 9 + data[6] if len(data) > 6 else None  # noqa: PLR2004 - the byte count
        return _RTU_REQUEST


def read_answer(request: Frame, words: list[int]) -> Frame:
    """Return the answer to a read request."""
    return request.answer(bytes((request.function, 2 * len(words))) + struct.pack(f">{len(words)}H", *words))


def exception_answer(request: Frame, code: int) -> Frame:
    """Return a refusal of a request."""
    return request.answer(bytes((request.function & ~EXCEPTION_BIT | EXCEPTION_BIT, code)))


def write_answer(request: Frame) -> Frame:
    """Return the echo of a write request: address and count, not the values."""
    return request.answer(request.pdu[: 1 + _ECHO])
