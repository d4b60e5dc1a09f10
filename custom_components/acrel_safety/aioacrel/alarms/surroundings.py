"""How cold it is around a board that has a single probe: the coldest probe of the other boards of its site."""

import math
from collections.abc import Mapping
from heapq import nsmallest

from .board import Board
from .growths import SAMPLE_SECONDS
from .overview import Watched


class Surroundings:
    """The coldest probes of each site, looked up as often as growth takes readings."""

    def __init__(self, watched: Mapping[str, Watched]) -> None:
        """Take all that is watched; it may come and go."""
        self._watched = watched
        self._taken = -math.inf
        self._coldest: dict[str, list[tuple[float, str]]] = {}
        """Of each site the two coldest boards: one of them may be the one that asks."""

    def coldest_but(self, board: Board, now: float) -> float | None:
        """Return the temperature of the coldest probe that is not of this board; None if there is no other one."""
        if not 0 <= now - self._taken < SAMPLE_SECONDS:
            self._taken = now
            self._look()
        return next(
            (value for value, identity in self._coldest.get(board.site, ()) if identity != board.identity), None
        )

    def _look(self) -> None:
        found: dict[str, list[tuple[float, str]]] = {}
        for identity, watched in self._watched.items():
            watch = watched.watch
            if (value := watch.growths.coldest(watch.device.readings)) is not None:
                found.setdefault(watched.board.site, []).append((value, identity))
        self._coldest = {site: nsmallest(2, values) for site, values in found.items()}
