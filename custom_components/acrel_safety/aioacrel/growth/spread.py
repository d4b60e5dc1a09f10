"""How long a value was how high: a histogram of few cells, whatever comes and however often.

Cells are 2 % wide, so a percentile is within 1 % of the true one, at every scale. Where values are spread so far that
the cells would be too many, cells are joined in pairs (1 % becomes 2 %, then 4 %): no peak pushes others out.

Cells lie in two arrays in order of height: a building has thousands of these.
"""

import math
from array import array
from bisect import bisect_left
from typing import TypeGuard

CELLS = 160
"""A day whose values lie within a factor of 23 never needs more."""
WIDTH = 1.02
LEAST, MOST = 1e-9, 1e15
"""What is smaller counts as nothing, what is larger is no value."""
_LOG = math.log(WIDTH)
_COARSEST = 5
"""Joined so often, there are fewer cells than that from the least to the most."""
_ZERO = -(2**31)
"""The cell of nothing, below all others."""
_MOST_SECONDS = 1e9


class Spread:
    """Seconds by height."""

    __slots__ = ("_cells", "_joined", "_seconds")

    def __init__(self) -> None:
        """Begin empty."""
        self._cells = array("l")
        self._seconds = array("d")
        self._joined = 0
        """How often cells were joined in pairs."""

    @property
    def seconds(self) -> float:
        """The time that is known of."""
        return sum(self._seconds)

    def add(self, value: float, seconds: float) -> None:
        """Add so many seconds at a finite value; what is below zero counts as nothing."""
        cell = _ZERO if value < LEAST else math.ceil(math.log(min(value, MOST)) / _LOG)
        for _ in range(self._joined):
            cell = _pair(cell)
        self._put(cell, seconds)
        while len(self._cells) > CELLS:
            self._join()

    def _put(self, cell: int, seconds: float) -> None:
        at = bisect_left(self._cells, cell)
        if at < len(self._cells) and self._cells[at] == cell:
            self._seconds[at] += seconds
        else:
            self._cells.insert(at, cell)
            self._seconds.insert(at, seconds)

    def _join(self) -> None:
        cells, times = self._cells, self._seconds
        self._cells, self._seconds = array("l"), array("d")
        for cell, seconds in zip(cells, times, strict=True):
            self._put(_pair(cell), seconds)
        self._joined += 1

    def percentile(self, share: float) -> float:
        """Return the value that is not exceeded for this share of the time; nothing, if no time is known of."""
        wanted = share * self.seconds
        reached, cell = 0.0, _ZERO
        for height, seconds in zip(self._cells, self._seconds, strict=True):
            reached, cell = reached + seconds, height
            if reached >= wanted:
                break
        if cell == _ZERO:
            return 0.0
        # A cell reaches from (cell - 1) to cell; the value in its middle is as far, in per cent, from both ends.
        width = _LOG * 2**self._joined
        low, high = math.exp((cell - 1) * width), math.exp(cell * width)
        return 2 * low * high / (low + high)

    def kept(self) -> list[object]:
        """Return all of it as plain JSON."""
        return [
            self._joined,
            [[cell, round(seconds, 1)] for cell, seconds in zip(self._cells, self._seconds, strict=True)],
        ]

    @classmethod
    def of(cls, stored: object) -> Spread | None:
        """Return what was kept; nothing where it is not as `kept` writes it."""
        match stored:
            case [int(joined), [*rows]] if 0 <= joined <= _COARSEST and len(rows) <= CELLS:
                pass
            case _:
                return None
        spread = cls()
        spread._joined = joined
        for row in rows:
            match row:
                case [int(cell), seconds] if (cell == _ZERO or abs(cell) <= (_END >> joined) + 1) and _is_time(seconds):
                    spread._put(cell, float(seconds))
                case _:
                    return None
        return spread


_END = math.ceil(math.log(MOST) / _LOG)


def _pair(cell: int) -> int:
    return cell if cell == _ZERO else -(-cell // 2)


def _is_time(seconds: object) -> TypeGuard[float]:
    return isinstance(seconds, int | float) and not isinstance(seconds, bool) and 0 <= seconds <= _MOST_SECONDS
