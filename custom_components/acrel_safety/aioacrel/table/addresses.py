"""What column reg_add means: register numbers as they stand, or one of the usual other ways to write them.

The format says: counted from 0, decimal, or hexadecimal where marked (0x61, 61H). Manuals write addresses in other ways
too, and people copy them. Nothing in a row tells, so every reading that is plausible in a file is kept beside the one
that is used, until the user has compared both with the device's display.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ..registers import LAST_REGISTER, RegisterType
from .csvfile import HEADER, CsvRow
from .row import TYPES


class AddressMode(StrEnum):
    """How addresses without a mark are understood; 0x61 and 61H say themselves what they are."""

    AUTO = "auto"
    """As written, unless the file has an address that can only be read another way."""
    AS_WRITTEN = "as_written"
    """Decimal, counted from 0."""
    HEX = "hex"
    """Hexadecimal: 0061 is register 97."""
    DATA_MODEL = "data_model"
    """Numbers of the Modbus data model: 40001, 30001, 400001 are register 0."""
    FROM_ONE = "from_one"
    """Decimal, counted from 1: 1 is register 0."""


_MARKED = re.compile(r"0[xX](?P<prefixed>[0-9A-Fa-f]{1,8})|(?P<suffixed>[0-9A-Fa-f]{1,8})[hH]")
_DIGITS = re.compile(r"[0-9]{1,8}")
_HEX = re.compile(r"[0-9A-Fa-f]{1,4}")
_LETTERED = re.compile(r"(?=.*[0-9])(?=.*[A-Fa-f])[0-9A-Fa-f]{2,4}")
"""A word such as `bad` or `face` is no address by itself."""
_PADDED = re.compile(r"0[0-9]{1,3}")
_NUMBER = re.compile(r"[34][0-9]{4,5}")
_LONG_NUMBER = re.compile(r"[34][0-9]{5}")
_MOST_HEX_DIGITS = 4
_FIRST_OF_ONE_BASED = 1
_ROWS_ENOUGH = 2
_LONG_ENOUGH = 3
"""So many values of several registers, all of them at odd addresses, look like a table that counts from 1."""


def register(text: str, mode: AddressMode = AddressMode.AS_WRITTEN) -> int | None:
    """Return the register (counted from 0) that a text means in a mode, None if it means none."""
    address = _marked(text)
    if address is None and _DIGITS.fullmatch(text):
        address = _unmarked(text, mode)
    elif address is None and _HEX.fullmatch(text) and mode is AddressMode.HEX:
        address = int(text, 16)
    return address if address is not None and 0 <= address <= LAST_REGISTER else None


def _marked(text: str) -> int | None:
    match = _MARKED.fullmatch(text)
    return None if match is None else int(match["prefixed"] or match["suffixed"], 16)


def _unmarked(text: str, mode: AddressMode) -> int:
    match mode:
        case AddressMode.HEX:
            return int(text, 16)
        case AddressMode.FROM_ONE:
            return int(text) - 1
        case AddressMode.DATA_MODEL if _NUMBER.fullmatch(text):
            return int(text[1:]) - 1
        case _:
            return int(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """How the addresses of one file are read, and how else they might be."""

    asked: AddressMode
    mode: AddressMode
    """What holds for addresses that can be read in several ways; never AUTO."""
    _is_hex: bool
    _is_from_one: bool
    _marks: Sequence[int]
    """The addresses marked as hexadecimal, sorted."""

    @classmethod
    def of(cls, rows: Iterable[CsvRow], asked: AddressMode) -> Addresses:
        """Judge a file by all of its addresses."""
        cells = [_address_and_type(row.cells) for row in rows]
        texts = [text for text, _ in cells]
        digits = [text for text in texts if _DIGITS.fullmatch(text)]
        marks = sorted({address for text in texts if (address := _marked(text)) is not None})
        has_letters = any(_LETTERED.fullmatch(text) for text in texts)
        is_padded = any(_PADDED.fullmatch(text) for text in digits)
        is_hex = (has_letters or is_padded) and all(len(text) <= _MOST_HEX_DIGITS for text in digits)
        mode = asked
        if asked is AddressMode.AUTO:
            mode = AddressMode.HEX if has_letters and is_hex else AddressMode.AS_WRITTEN
            if any(_LONG_NUMBER.fullmatch(text) for text in texts):
                mode = AddressMode.DATA_MODEL
        return cls(
            asked=asked,
            mode=mode,
            _is_hex=is_hex,
            _is_from_one=not (is_hex or marks) and _counts_from_one(cells),
            _marks=marks,
        )

    @property
    def is_decided(self) -> bool:
        """Whether the user has said how addresses are written."""
        return self.asked is not AddressMode.AUTO

    def only_reading(self, text: str) -> AddressMode | None:
        """Return the mode in which alone a text can be read, if it is not the usual one and nobody has decided."""
        if self.is_decided:
            return None
        letters = _HEX if self.mode is AddressMode.HEX else _LETTERED
        if letters.fullmatch(text) and not _DIGITS.fullmatch(text):
            return AddressMode.HEX
        return AddressMode.DATA_MODEL if _LONG_NUMBER.fullmatch(text) else None

    def read(self, text: str) -> int | None:
        """Return the register a text means in this file."""
        return register(text, self.only_reading(text) or self.mode)

    def readings(self, text: str) -> Mapping[str, int]:
        """Return each register a text may mean, by mode; nothing where only one is plausible."""
        if not _DIGITS.fullmatch(text):
            return {}
        modes = [AddressMode.AS_WRITTEN]
        if self._may_be_hex(text):
            modes.append(AddressMode.HEX)
        if _NUMBER.fullmatch(text):
            modes.append(AddressMode.DATA_MODEL)
        elif self._is_from_one:
            modes.append(AddressMode.FROM_ONE)
        found: dict[str, int] = {mode: address for mode in modes if (address := register(text, mode)) is not None}
        return found if len(set(found.values())) > 1 else {}

    def _may_be_hex(self, text: str) -> bool:
        if self._is_hex or _PADDED.fullmatch(text):
            return True
        decimal, hexadecimal = register(text), register(text, AddressMode.HEX)
        if not self._marks or decimal is None or hexadecimal is None:
            return False
        return _distance(hexadecimal, self._marks) < _distance(decimal, self._marks)


def _distance(address: int, marks: Sequence[int]) -> int:
    place = bisect_left(marks, address)
    return min(abs(address - mark) for mark in marks[max(place - 1, 0) : place + 1])


def _counts_from_one(cells: Sequence[tuple[str, RegisterType | None]]) -> bool:
    """Whether a file begins at 1, or has all its long values at odd addresses: registers begin at 0, pairs are even."""
    plain = [(int(text), kind) for text, kind in cells if _DIGITS.fullmatch(text)]
    if len(plain) < _ROWS_ENOUGH or any(_NUMBER.fullmatch(text) for text, _ in cells):
        return False
    lowest = min(address for address, _ in plain)
    longs = [address for address, kind in plain if kind is not None and kind.registers > 1]
    are_odd = len(longs) >= _LONG_ENOUGH and all(address % 2 for address in longs)
    return lowest == _FIRST_OF_ONE_BASED or (lowest > 0 and are_odd)


_ADDRESS, _TYPE, _UNIT = (HEADER.index(name) for name in ("reg_add", "reg_type", "unit"))


def _address_and_type(cells: Sequence[str]) -> tuple[str, RegisterType | None]:
    """Return what stands in the two columns; a row of eleven cells lacks its unit."""
    whole = [*cells[:_UNIT], "", *cells[_UNIT:]] if len(cells) == len(HEADER) - 1 else cells
    if len(whole) <= _TYPE:
        return "", None
    code = whole[_TYPE].strip()
    return whole[_ADDRESS].strip(), TYPES.get(int(code)) if re.fullmatch(r"[0-9]{1,2}", code) else None
