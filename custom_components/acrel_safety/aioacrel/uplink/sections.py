"""The sections of a data upload: answers to Modbus reads that nobody asked for, one per block the device uploads.

Where a block begins is not said. What is no section ends the search: the rest of the body is kept as it is.
"""

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ..checksum import SIZE, checksum

OPEN, DATA_OPEN, CLOSE = b"[[", b"((", b"))]]"
MOST_SECTIONS = 8
_INVALID = b"un"
_NAME = re.compile(rb"(\d{1,3})-(\d{1,3})")
_LONGEST_NAME = 7
_HEAD = 3
_READS = (3, 4)


class Seal(StrEnum):
    """Whether the words of a section are vouched for by a checksum of their own."""

    RIGHT = "right"
    MISSING = "missing"
    """Then the checksum of the whole frame is all there is."""
    WRONG = "wrong"
    """Then they are worth nothing."""
    INVALID = "invalid"
    """The device has no answer for this block."""


@dataclass(frozen=True, slots=True)
class Section:
    """One section of an upload."""

    name: str
    """As the device says it: Modbus address and number of the section."""
    seal: Seal
    unit: int = 0
    """Modbus address in the answer itself."""
    function: int = 0
    words: tuple[int, ...] = ()
    check: bytes = b""
    """The checksum that is wrong."""

    @property
    def address(self) -> int:
        """The Modbus address in its name."""
        return int(self.name.partition("-")[0])

    @property
    def number(self) -> int:
        """Which section of that address it is."""
        return int(self.name.partition("-")[2])

    def encoded(self) -> bytes:
        """Return the bytes of it."""
        return OPEN + self.name.encode("ascii") + DATA_OPEN + self._answer() + CLOSE

    def _answer(self) -> bytes:
        if self.seal is Seal.INVALID:
            return _INVALID
        count = len(self.words)
        data = struct.pack(f">BBB{count}H", self.unit, self.function, 2 * count, *self.words)
        match self.seal:
            case Seal.RIGHT:
                return data + checksum(data)
            case Seal.MISSING:
                return data
            case _:
                return data + self.check


def sections_of(data: bytes) -> tuple[Sequence[Section], bytes]:
    """Return the sections at the beginning of some bytes, and what follows them."""
    sections: list[Section] = []
    place = 0
    while len(sections) < MOST_SECTIONS:
        found = _section_at(data, place)
        if found is None:
            break
        section, place = found
        sections.append(section)
    return sections, data[place:]


def _section_at(data: bytes, place: int) -> tuple[Section, int] | None:
    """Return the section that begins at a place, and where it ends."""
    if not data.startswith(OPEN, place):
        return None
    begin = place + len(OPEN)
    opened = data.find(DATA_OPEN, begin, begin + _LONGEST_NAME + len(DATA_OPEN))
    if opened < 0 or not _NAME.fullmatch(data, begin, opened):
        return None
    name, answer = data[begin:opened].decode("ascii"), opened + len(DATA_OPEN)
    if data.startswith(_INVALID + CLOSE, answer):
        return Section(name, Seal.INVALID), answer + len(_INVALID + CLOSE)
    return _answered(name, data, answer)


def _answered(name: str, data: bytes, answer: int) -> tuple[Section, int] | None:
    """Return the section whose Modbus answer begins at a place: its length is said, an end looked for may be data."""
    if len(data) < answer + _HEAD or data[answer + 1] not in _READS or data[answer + 2] % 2:
        return None
    unit, function, size = data[answer : answer + _HEAD]
    end = answer + _HEAD + size
    check = data[end : end + SIZE]
    is_right, is_sealed = check == checksum(data[answer:end]), data.startswith(CLOSE, end + SIZE)
    if is_sealed and is_right:
        seal = Seal.RIGHT
    elif data.startswith(CLOSE, end):
        seal = Seal.MISSING
    elif is_sealed:
        seal = Seal.WRONG
    else:
        return None
    words = struct.unpack(f">{size // 2}H", data[answer + _HEAD : end])
    after = end + len(CLOSE) + (0 if seal is Seal.MISSING else SIZE)
    return Section(name, seal, unit, function, words, check if seal is Seal.WRONG else b""), after
