"""Planned reads together with the points in their answers."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from ..models.schema import Model, Point
from ..plan import Read, Span
from ..readings import PointKey
from .sequence import readable_around


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A planned read and the points in its answer, each with its offset."""

    read: Read
    points: tuple[tuple[Point, int], ...]


def spans_of(points: Iterable[Point]) -> list[Span]:
    """Return the registers of points that have an address."""
    return [Span(point.function, point.address, point.count) for point in points if point.address is not None]


def blocks_of(reads: Iterable[Read], points: Sequence[Point]) -> tuple[Block, ...]:
    """Return each read with the points that lie in it."""
    return tuple(Block(read=read, points=tuple(_inside(read, points))) for read in reads)


def addresses(point: Point) -> range:
    """Return the registers a point lies in."""
    first = point.address or 0
    return range(first, first + point.count)


def within_model(
    model: Model, read: Read, *, holes: Collection[int] = (), refused: Collection[PointKey] = ()
) -> tuple[int, int]:
    """Return the first and last register a read of this model may be stretched to, to give it a length of its own."""
    known = {
        register
        for key, point in model.readable.items()
        if point.function == read.function and key not in refused
        for register in addresses(point)
    }
    return readable_around(read, model.ranges, known, holes, model.max_registers)


def _inside(read: Read, points: Iterable[Point]) -> Iterable[tuple[Point, int]]:
    for point in points:
        if point.address is None or point.function != read.function:
            continue
        if read.address <= point.address and point.address + point.count <= read.end:
            yield point, point.address - read.address


def smaller(block: Block) -> list[Block]:
    """Split a refused read: at its gaps if it has any, else into halves; a single point is not split."""
    points = sorted(block.points, key=lambda item: item[1])
    cuts = [
        index
        for index in range(1, len(points))
        if points[index][1] > max(offset + point.count for point, offset in points[:index])
    ]
    if not cuts:
        if len(points) == 1:
            return []
        cuts = [len(points) // 2]
    parts = [points[start:end] for start, end in zip([0, *cuts], [*cuts, len(points)], strict=True)]
    return [_block_of(block.read.function, [point for point, _ in part]) for part in parts]


def _block_of(function: int, points: list[Point]) -> Block:
    first = min(addresses(point).start for point in points)
    end = max(addresses(point).stop for point in points)
    read = Read(function, first, end - first)
    return Block(read=read, points=tuple(_inside(read, points)))
