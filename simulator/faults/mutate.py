"""Faults that change what an answer says; each keeps the checksum right, as no line does by chance."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random

from .frames import (
    EXCEPTION_BIT,
    MOST_REGISTERS,
    READ_FUNCTIONS,
    WRITE_MULTIPLE,
    Frame,
    Framing,
    exception_answer,
    read_answer,
)
from .kinds import Fault

EXCEPTION_CODES = (1, 2, 3, 4, 8, 10, 11)
BUSY_CODES = (5, 6)
LONGEST = 8
"""Registers in the longest answer of a device that cannot give more."""
_TOO_LONG_CODES = (2, 3, 4)
_NO_TARGET = 11
_WEB_PAGE = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<html></html>\r\n"
_MOST_GARBAGE = 12
_MOST_UNASKED = 20
_NOBODY = 247
"""A unit that is not asked: on RTU framing nothing else tells an answer that nobody asked for."""


def mutated(frame: Frame, fault: Fault, random: Random) -> bytes:
    """Return the bytes of an answer after a fault of content (none if it is lost); other faults leave it as it is."""
    change = _CHANGES.get(fault)
    return change(frame, random) if change is not None else frame.wire


def _flipped_unit(frame: Frame, random: Random) -> bytes:
    return frame.change(unit=frame.unit ^ 1 << random.randrange(8)).wire


def _wrong_unit(frame: Frame, random: Random) -> bytes:
    return frame.change(unit=(frame.unit + random.randint(1, 246)) % 248).wire


def _flipped_function(frame: Frame, random: Random) -> bytes:
    return _with_function(frame, frame.function ^ 1 << random.randrange(8)).wire


def _wrong_function(frame: Frame, random: Random) -> bytes:
    others = [code for code in (1, 2, *READ_FUNCTIONS, 6, WRITE_MULTIPLE, 23) if code != frame.function]
    return _with_function(frame, random.choice(others)).wire


def _noisy(frame: Frame, random: Random) -> bytes:
    raw = bytearray(frame.wire)
    raw[random.randrange(len(raw))] ^= 1 << random.randrange(8)
    return bytes(raw)


def renumbered(frame: Frame) -> Frame:
    """Return the answer under the number of the next request."""
    return replace(frame, number=(frame.number + 1) & 0xFFFF)


def _unasked(frame: Frame, random: Random) -> bytes:
    burst = []
    for _ in range(random.randint(1, _MOST_UNASKED)):
        words = [random.randrange(1 << 16) for _ in range(random.randint(1, MOST_REGISTERS))]
        stray = replace(
            read_answer(replace(frame, pdu=b"\x03"), words), number=frame.number ^ random.randint(1, 0xFF) << 8
        )
        burst.append(stray.wire if frame.framing is Framing.MBAP else replace(stray, unit=_NOBODY).wire)
    return b"".join((*burst, frame.wire) if random.random() < 0.5 else (frame.wire, *burst))  # noqa: PLR2004 - one of two


def _garbage(random: Random) -> bytes:
    return random.randbytes(random.randint(1, _MOST_GARBAGE))


def _with_function(frame: Frame, function: int) -> Frame:
    return frame.change(pdu=bytes((function,)) + frame.pdu[1:])


def _flipped_length(frame: Frame, random: Random) -> bytes:
    """Flip a bit of the byte count, or, where the framing has one, of the frame's own length."""
    if frame.framing is Framing.MBAP and random.random() < 0.5:  # noqa: PLR2004 - one of two
        raw = bytearray(frame.wire)
        raw[5] ^= 1 << random.randrange(8)
        return bytes(raw)
    if not frame.is_data:
        return frame.wire
    count = frame.pdu[1] ^ 1 << random.randrange(8)
    return frame.change(pdu=bytes((frame.function, count)) + frame.pdu[2:]).wire


def _of_wrong_length(frame: Frame, random: Random) -> bytes:
    """Make the answer one to a few registers longer or shorter, in itself sound."""
    if not frame.is_data or frame.function & EXCEPTION_BIT:
        return frame.wire
    words = frame.pdu[2:]
    count = len(words) // 2
    wrong = max(0, min(MOST_REGISTERS, count + random.choice((-2, -1, 1, 2, 3))))
    if wrong == count:
        wrong = count + 1 if count < MOST_REGISTERS else count - 1
    content = (words + random.randbytes(6))[: 2 * wrong]
    return frame.change(pdu=bytes((frame.function, len(content))) + content).wire


def _too_long(frame: Frame, random: Random) -> bytes:
    if not frame.is_data or frame.pdu[1] <= 2 * LONGEST:
        return frame.wire
    match random.randrange(3):
        case 0:
            return exception_answer(frame, random.choice(_TOO_LONG_CODES)).wire
        case 1:
            return b""
    return frame.change(pdu=bytes((frame.function, 2 * LONGEST)) + frame.pdu[2 : 2 + 2 * LONGEST]).wire


def _given_up(frame: Frame, random: Random) -> bytes:
    return exception_answer(frame, _NO_TARGET).wire if random.random() < 0.5 else b""  # noqa: PLR2004 - one of two


_CHANGES: Mapping[Fault, Callable[[Frame, Random], bytes]] = {
    Fault.FLIP_UNIT: _flipped_unit,
    Fault.WRONG_UNIT: _wrong_unit,
    Fault.FLIP_FUNCTION: _flipped_function,
    Fault.WRONG_FUNCTION: _wrong_function,
    Fault.FLIP_LENGTH: _flipped_length,
    Fault.WRONG_LENGTH: _of_wrong_length,
    Fault.EXCEPTION: lambda frame, random: exception_answer(frame, random.choice(EXCEPTION_CODES)).wire,
    Fault.BUSY: lambda frame, random: exception_answer(frame, random.choice(BUSY_CODES)).wire,
    Fault.NOISE: _noisy,
    Fault.RENUMBER: lambda frame, _: renumbered(frame).wire,
    Fault.UNASKED: _unasked,
    Fault.TOO_LONG: _too_long,
    Fault.RETRIES: _given_up,
    Fault.WEB_PAGE: lambda _frame, _random: _WEB_PAGE,
    Fault.CUT: lambda frame, random: frame.wire[: random.randrange(1, len(frame.wire))],
    Fault.GARBAGE_BEFORE: lambda frame, random: _garbage(random) + frame.wire,
    Fault.GARBAGE_AFTER: lambda frame, random: frame.wire + _garbage(random),
}
