"""Register memory of a simulated unit: words, who may touch them, how numbers become words.

Written from the printed register tables alone. The library has its own decoder; neither imports the
other, so a slip in one of them shows up as a disagreement.
"""

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum

ILLEGAL_FUNCTION = 0x01
ILLEGAL_ADDRESS = 0x02
ILLEGAL_VALUE = 0x03

# Limits of the Modbus application protocol: registers per read (FC 03/04) and per write (FC 10).
MAX_READ = 125
MAX_WRITE = 123

WORD = 0xFFFF


class RefusedError(Exception):
    """A request that is answered with a Modbus exception instead of data."""

    def __init__(self, code: int) -> None:
        """Keep the exception code that goes on the wire."""
        super().__init__(f"Modbus exception {code:02X}")
        self.code = code


class Kind(Enum):
    """Number formats of the register tables; big-endian, high word first, as Acrel prints them."""

    U16 = ">H"
    S16 = ">h"
    U32 = ">I"
    S32 = ">i"
    F32 = ">f"

    @property
    def words(self) -> int:
        """Count of registers that one value takes."""
        return 1 if self in (Kind.U16, Kind.S16) else 2

    @property
    def bounds(self) -> tuple[int, int]:
        """Smallest and largest raw number; a simulated sensor saturates there."""
        bits = 16 * self.words
        if self in (Kind.S16, Kind.S32):
            return -(1 << bits - 1), (1 << bits - 1) - 1
        return 0, (1 << bits) - 1


def encode(kind: Kind, raw: float) -> tuple[int, ...]:
    """Turn a raw number (already divided by its scale) into words; it saturates at the ends."""
    if kind is Kind.F32:
        data = struct.pack(kind.value, raw)
    else:
        low, high = kind.bounds
        data = struct.pack(kind.value, min(max(round(raw), low), high))
    return struct.unpack(f">{kind.words}H", data)


def decode(kind: Kind, words: Sequence[int]) -> int | float:
    """Turn words back into the raw number."""
    number: int | float
    (number,) = struct.unpack(kind.value, struct.pack(f">{kind.words}H", *words))
    return number


class Access(Enum):
    """Rights on a register as printed in the R/W column."""

    READ = "R"
    READ_WRITE = "RW"
    WRITE = "W"


type Check = Callable[[int], bool]


def between(low: int, high: int) -> Check:
    """Accept whole words from low to high."""
    return lambda word: low <= word <= high


def halves(high: tuple[int, int], low: tuple[int, int]) -> Check:
    """Accept words whose high and low byte each lie in their own printed range."""
    return lambda word: high[0] <= word >> 8 <= high[1] and low[0] <= word & 0xFF <= low[1]


class Registers(Mapping[int, int]):
    """Documented registers of one unit; what is not in the table does not exist (exception 02)."""

    def __init__(self) -> None:
        """Start without any register."""
        self._words: dict[int, int] = {}
        self._readable: set[int] = set()
        self._writable: set[int] = set()
        self._checks: dict[int, Check] = {}

    def __getitem__(self, address: int) -> int:
        """Return the word at an address."""
        return self._words[address]

    def __iter__(self) -> Iterator[int]:
        """Iterate over the addresses that exist."""
        return iter(self._words)

    def __len__(self) -> int:
        """Count the registers that exist."""
        return len(self._words)

    def define(
        self,
        start: int,
        count: int = 1,
        access: Access = Access.READ,
        *,
        value: int = 0,
        check: Check | None = None,
    ) -> None:
        """Add documented registers; `check` is the printed range of a word that may be written."""
        for address in range(start, start + count):
            self._words[address] = value
            if access is not Access.WRITE:
                self._readable.add(address)
            if access is not Access.READ:
                self._writable.add(address)
                if check is not None:
                    self._checks[address] = check

    def refuse(self, start: int, count: int = 1) -> None:
        """Refuse to give registers, as devices do in passing, until they are defined anew."""
        self._readable.difference_update(range(start, start + count))

    def put(self, kind: Kind, address: int, raw: float) -> None:
        """Store a number, whoever may write there."""
        for offset, word in enumerate(encode(kind, raw)):
            self._store(address + offset, word)

    def number(self, kind: Kind, address: int) -> int | float:
        """Return the raw number at an address."""
        return decode(kind, [self._words[address + offset] for offset in range(kind.words)])

    def put_bits(self, address: int, shift: int, width: int, value: int) -> None:
        """Store a bit field without touching the other bits of its word."""
        mask = (1 << width) - 1 << shift
        self._store(address, self._words[address] & ~mask & WORD | value << shift & mask)

    def get_bits(self, address: int, shift: int, width: int) -> int:
        """Return a bit field."""
        return self._words[address] >> shift & (1 << width) - 1

    def read(self, address: int, count: int) -> list[int]:
        """Answer a read, or refuse it whole when one register of the span is not documented."""
        if not 1 <= count <= MAX_READ:
            raise RefusedError(ILLEGAL_VALUE)
        span = range(address, address + count)
        if any(register not in self._readable for register in span):
            raise RefusedError(ILLEGAL_ADDRESS)
        return [self._words[register] for register in span]

    def check_write(self, address: int, values: Sequence[int]) -> None:
        """Refuse a write to a register without W (02) or out of a printed range (03)."""
        if not 1 <= len(values) <= MAX_WRITE:
            raise RefusedError(ILLEGAL_VALUE)
        span = range(address, address + len(values))
        if any(register not in self._writable for register in span):
            raise RefusedError(ILLEGAL_ADDRESS)
        for register, value in zip(span, values, strict=True):
            check = self._checks.get(register)
            if check is not None and not check(value):
                raise RefusedError(ILLEGAL_VALUE)

    def write(self, address: int, values: Sequence[int]) -> None:
        """Carry out a write request, all of it or nothing."""
        self.check_write(address, values)
        for offset, value in enumerate(values):
            self._store(address + offset, value)

    def _store(self, address: int, word: int) -> None:
        if address not in self._words:
            raise KeyError(f"register {address:04X} is not defined")
        self._words[address] = word
