"""Modbus RTU as it is passed through: requests are written, answers are read, each with its own checksum.

An answer to a read has an odd length and a request has eight bytes, a request to write has an odd length and its answer
eight: bytes with a right checksum say by themselves what they are.
"""

import struct
from dataclasses import dataclass

from ..checksum import SIZE, checksum, is_whole
from ..registers import READ_HOLDING

READ_INPUT, WRITE = 4, 16
_READS = (READ_HOLDING, READ_INPUT)
_EXCEPTION = 0x80
_ADDRESSED = struct.Struct(">BBHH")
_HEAD = 3
_WRITE_HEAD = 7
_REFUSAL_SIZE = 3 + SIZE


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """Asks for registers."""

    unit: int
    function: int
    address: int
    count: int

    def encoded(self) -> bytes:
        """Return the bytes of it."""
        return _closed(_ADDRESSED.pack(self.unit, self.function, self.address, self.count))


@dataclass(frozen=True, slots=True)
class ReadAnswer:
    """Registers; from which address on, only its request says."""

    unit: int
    function: int
    words: tuple[int, ...]

    def encoded(self) -> bytes:
        """Return the bytes of it."""
        count = len(self.words)
        return _closed(struct.pack(f">BBB{count}H", self.unit, self.function, 2 * count, *self.words))


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """Writes registers."""

    unit: int
    address: int
    words: tuple[int, ...]

    def encoded(self) -> bytes:
        """Return the bytes of it."""
        count = len(self.words)
        head = _ADDRESSED.pack(self.unit, WRITE, self.address, count)
        return _closed(head + struct.pack(f">B{count}H", 2 * count, *self.words))


@dataclass(frozen=True, slots=True)
class WriteAnswer:
    """Says that registers were written; not with what."""

    unit: int
    address: int
    count: int

    def encoded(self) -> bytes:
        """Return the bytes of it."""
        return _closed(_ADDRESSED.pack(self.unit, WRITE, self.address, self.count))


@dataclass(frozen=True, slots=True)
class Refusal:
    """The request was not carried out."""

    unit: int
    function: int
    """Of the request."""
    code: int

    def encoded(self) -> bytes:
        """Return the bytes of it."""
        return _closed(bytes([self.unit, self.function | _EXCEPTION, self.code]))


type Rtu = ReadRequest | ReadAnswer | WriteRequest | WriteAnswer | Refusal
type Request = ReadRequest | WriteRequest
type Answer = ReadAnswer | WriteAnswer | Refusal


def rtu_of(data: bytes) -> Rtu | None:
    """Return what some bytes say; None if they are no whole frame of the functions that are used."""
    if len(data) < _REFUSAL_SIZE or not is_whole(data):
        return None
    unit, function = data[0], data[1]
    if function & _EXCEPTION:
        return Refusal(unit, function & ~_EXCEPTION, data[2]) if len(data) == _REFUSAL_SIZE else None
    if len(data) == _ADDRESSED.size + SIZE:
        _, _, address, count = _ADDRESSED.unpack_from(data)
        if function in _READS:
            return ReadRequest(unit, function, address, count)
        return WriteAnswer(unit, address, count) if function == WRITE else None
    if function in _READS:
        return _read_answer(data)
    return _write_request(data) if function == WRITE else None


def fitting(request: Request, found: Rtu | None) -> Answer | None:
    """Return an answer if it fits a request in all that it names: which registers were read it does not."""
    match request, found:
        case ReadRequest(), ReadAnswer():
            fits = (found.unit, found.function, len(found.words)) == (request.unit, request.function, request.count)
        case WriteRequest(), WriteAnswer():
            fits = (found.unit, found.address, found.count) == (request.unit, request.address, len(request.words))
        case _, Refusal():
            function = request.function if isinstance(request, ReadRequest) else WRITE
            fits = (found.unit, found.function) == (request.unit, function)
        case _:
            return None
    return found if fits else None


def _read_answer(data: bytes) -> ReadAnswer | None:
    size = data[2]
    if size % 2 or len(data) != _HEAD + size + SIZE:
        return None
    return ReadAnswer(data[0], data[1], struct.unpack(f">{size // 2}H", data[_HEAD:-SIZE]))


def _write_request(data: bytes) -> WriteRequest | None:
    if len(data) < _WRITE_HEAD + SIZE:
        return None
    unit, _, address, count = _ADDRESSED.unpack_from(data)
    if data[6] != 2 * count or len(data) != _WRITE_HEAD + 2 * count + SIZE:
        return None
    return WriteRequest(unit, address, struct.unpack(f">{count}H", data[_WRITE_HEAD:-SIZE]))


def _closed(data: bytes) -> bytes:
    return data + checksum(data)
