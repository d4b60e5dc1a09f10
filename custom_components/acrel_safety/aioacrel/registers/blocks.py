"""Planned reads together with the places in their answers."""

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..readings import PointKey
from .map import LAST_REGISTER, Place, RegisterMap
from .plan import Read, Span

type Cell = tuple[PointKey, Place, int]
"""A point, its place, and the offset of its first register in an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A planned read and what lies in its answer."""

    read: Read
    cells: tuple[Cell, ...]

    @property
    def keys(self) -> list[PointKey]:
        """The points in the answer."""
        return [key for key, _, _ in self.cells]


def spans_of(places: Iterable[Place]) -> list[Span]:
    """Return the registers of places."""
    return [Span(place.function, place.address, place.count) for place in places]


type Plan = Callable[[Iterable[Span]], list[Read]]
"""Finds the reads that fetch some registers."""


def blocks_of_points(
    registers: RegisterMap, keys: Collection[PointKey], plan: Plan, holes: Collection[int] = ()
) -> tuple[tuple[Block, ...], tuple[Block, ...]]:
    """Return the reads for some points of a map, and before them those that have to go first.

    A value and what qualifies it come in one answer wherever that fits: of two answers one is older, and with the sign
    of now the value of a moment ago is wrong. Where it does not fit, what qualifies goes first.
    """
    # Within a read too what others cannot be understood without comes first.
    chosen = sorted((key for key in registers.places if key in keys), key=lambda key: key not in registers.companions)
    places = {key: registers.places[key] for key in chosen}
    spans = {key: _span_of(registers, place, holes) for key, place in places.items()}
    apart = {
        other: places[other]
        for key, place in places.items()
        for other in place.qualifiers.keys
        if other in places and not _covers(spans[key], places[other])
    }
    first = plan(spans_of(apart.values()))
    # What comes in the same answers anyway, with all it is qualified by, is not asked for again.
    early = {
        key: place for key, place in places.items() if key in apart or any(_holds(read, spans[key]) for read in first)
    }
    then = {key: place for key, place in places.items() if key not in early}
    return blocks_of(first, early), blocks_of(plan(spans[key] for key in then), then)


def _holds(read: Read, span: Span) -> bool:
    is_inside = read.address <= span.address and span.address + span.count <= read.end
    return span.function == read.function and is_inside


def _covers(span: Span, place: Place) -> bool:
    return (
        span.function == place.function
        and span.address <= place.address
        and place.addresses.stop <= span.address + span.count
    )


def _span_of(registers: RegisterMap, place: Place, holes: Collection[int]) -> Span:
    """Return the registers of a value and, as far as one read can hold them, of what qualifies it."""
    first, end = place.address, place.addresses.stop
    for key in place.qualifiers.keys:
        other = registers.places.get(key)
        if other is not None and other.function == place.function:
            low, high = min(first, other.address), max(end, other.addresses.stop)
            if _is_one_read(registers, low, high, holes):
                first, end = low, high
    return Span(place.function, first, end - first)


def _is_one_read(registers: RegisterMap, first: int, end: int, holes: Collection[int]) -> bool:
    if end - first > registers.max_registers or any(first <= hole < end for hole in holes):
        return False
    return not registers.ranges or any(low <= first and end - 1 <= high for low, high in registers.ranges)


def blocks_of(reads: Iterable[Read], places: Mapping[PointKey, Place]) -> tuple[Block, ...]:
    """Return each read with the places that lie in it, in the order of the places."""
    # Sorted, because a table may have ten thousand rows.
    found = sorted(
        ((place.function, place.address, number, key, place) for number, (key, place) in enumerate(places.items())),
        key=lambda item: item[:3],
    )
    starts = [(function, address) for function, address, *_ in found]
    blocks = []
    for read in reads:
        first, end = (bisect_left(starts, (read.function, address)) for address in (read.address, read.end))
        cells = [
            (number, (key, place, place.address - read.address))
            for _, _, number, key, place in found[first:end]
            if place.addresses.stop <= read.end
        ]
        blocks.append(Block(read=read, cells=tuple(cell for _, cell in sorted(cells, key=lambda item: item[0]))))
    return tuple(blocks)


def within_map(
    registers: RegisterMap, read: Read, *, holes: Collection[int] = (), refused: Collection[PointKey] = ()
) -> tuple[int, int]:
    """Return the first and last register a read of this map may be stretched to, to give it a length of its own."""
    known = known_registers(registers, read.function, but=refused)
    return readable_around(read, registers.ranges, known, holes, registers.max_registers)


def known_registers(registers: RegisterMap, function: int, *, but: Collection[PointKey] = ()) -> frozenset[int]:
    """Return the registers that points of a map lie in, but for some points."""
    if not but:
        return registers.known.get(function, frozenset())
    return frozenset(
        register
        for key, place in registers.places.items()
        if place.function == function and key not in but
        for register in place.addresses
    )


def readable_around(
    read: Read, ranges: Collection[tuple[int, int]], known: Collection[int], holes: Collection[int], most: int
) -> tuple[int, int]:
    """Return the first and last register a read may be stretched to, at most `most` registers in all.

    Within one of the declared `ranges`, or, where none are declared, over neighbouring registers that are `known` to
    exist; never over `holes`.
    """
    low, high = next(
        ((low, high) for low, high in ranges if low <= read.address and read.end - 1 <= high),
        (read.address, read.end - 1) if ranges else (0, LAST_REGISTER),
    )

    def is_open(register: int) -> bool:
        return low <= register <= high and register not in holes and (bool(ranges) or register in known)

    first, last = read.address, read.end - 1
    while last - first + 1 < most and is_open(last + 1):
        last += 1
    while last - first + 1 < most and is_open(first - 1):
        first -= 1
    return first, last


def gaps_in(block: Block) -> frozenset[int]:
    """Return the registers of a read that nobody wants."""
    wanted = {register for _, place, _ in block.cells for register in place.addresses}
    return frozenset(range(block.read.address, block.read.end)) - wanted


def without(block: Block, keys: Collection[PointKey]) -> Block:
    """Return a read that says nothing of some points."""
    return Block(read=block.read, cells=tuple(cell for cell in block.cells if cell[0] not in keys))


def smaller(block: Block) -> list[Block]:
    """Split a declined read: at its gaps if it has any, else into halves; what lies in one place stays together."""
    cells = sorted(block.cells, key=lambda cell: cell[2])
    cuts: list[int] = []
    borders: list[int] = []
    end = 0
    for index, (_, place, offset) in enumerate(cells):
        if index and offset > end:
            cuts.append(index)
        elif index and offset == end:
            borders.append(index)
        end = max(end, offset + place.count)
    if not cuts:
        if borders:
            cuts = [min(borders, key=lambda index: abs(index - len(cells) / 2))]
        elif len({(offset, place.count) for _, place, offset in cells}) == 1:
            return []
        else:
            cuts = [len(cells) // 2]
    parts = [cells[start:end] for start, end in zip([0, *cuts], [*cuts, len(cells)], strict=True)]
    return [_block_of(block.read.function, part) for part in parts]


def _inside(read: Read, places: Iterable[tuple[PointKey, Place]]) -> Iterable[Cell]:
    for key, place in places:
        if place.function == read.function and read.address <= place.address and place.addresses.stop <= read.end:
            yield key, place, place.address - read.address


def _block_of(function: int, cells: Sequence[Cell]) -> Block:
    first = min(place.address for _, place, _ in cells)
    end = max(place.addresses.stop for _, place, _ in cells)
    read = Read(function, first, end - first)
    return Block(read=read, cells=tuple(_inside(read, ((key, place) for key, place, _ in cells))))
