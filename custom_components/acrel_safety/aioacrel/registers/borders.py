"""The borders of a register map: where the manual prints nothing between two stretches that may be read."""

from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from .map import MOST_REGISTERS
from .plan import Read


class Border(NamedTuple):
    """The last register of a stretch and the first one of the next; what lies between is printed nowhere."""

    left: int
    right: int

    @property
    def length(self) -> int:
        """Registers of the read that shows whether it can be crossed."""
        return self.right - self.left + 1

    def is_in(self, read: Read) -> bool:
        """Whether a read crosses it."""
        return read.address <= self.left and self.right < read.end


def borders_of(ranges: Iterable[tuple[int, int]], private: Collection[int]) -> tuple[Border, ...]:
    """Return the borders that one read could cross without touching a private register."""
    found = (Border(low[1], high[0]) for low, high in pairwise(sorted(ranges)) if low[1] < high[0])
    return tuple(
        border
        for border in found
        if border.length <= MOST_REGISTERS and not any(border.left <= register <= border.right for register in private)
    )


def joined(ranges: Sequence[tuple[int, int]], crossed: Collection[Border]) -> tuple[tuple[int, int], ...]:
    """Return the stretches that may be read when some of the borders between them are crossed."""
    if not crossed:
        return tuple(ranges)
    stretches: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if stretches and Border(stretches[-1][1], low) in crossed:
            stretches[-1] = stretches[-1][0], high
        else:
            stretches.append((low, high))
    return tuple(stretches)
