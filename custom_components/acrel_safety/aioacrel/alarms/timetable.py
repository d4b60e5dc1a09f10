"""When what is due: asked at every change, so it is looked up and never searched for."""

from collections.abc import Hashable, Iterator
from heapq import heapify, heappop, heappush
from itertools import count

_SPARE = 64
"""Entries that nobody means any more may lie about; more than that, and than those that are meant, are cleared away."""


class Timetable[KeyT: Hashable]:
    """Times by key, the soonest at hand."""

    __slots__ = ("_heap", "_numbers", "_times")

    def __init__(self) -> None:
        """Begin without any."""
        self._times: dict[KeyT, float] = {}
        self._heap: list[tuple[float, int, KeyT]] = []
        self._numbers = count()

    def set(self, key: KeyT, time: float | None) -> None:
        """Set when something is due; None for never."""
        if self._times.get(key) == time:
            return
        if time is None:
            del self._times[key]
        else:
            self._times[key] = time
            heappush(self._heap, (time, next(self._numbers), key))
        if len(self._heap) > 2 * len(self._times) + _SPARE:
            self._heap = [(due, next(self._numbers), known) for known, due in self._times.items()]
            heapify(self._heap)

    def next(self) -> float | None:
        """Return the soonest time, None if nothing is due ever."""
        heap, times = self._heap, self._times
        while heap and times.get(heap[0][2]) != heap[0][0]:
            heappop(heap)
        return heap[0][0] if heap else None

    def take(self, now: float) -> Iterator[KeyT]:
        """Take out and yield what is due by now, the soonest first."""
        while (time := self.next()) is not None and time <= now:
            _, _, key = heappop(self._heap)
            del self._times[key]
            yield key


def sooner(one: float | None, other: float | None) -> float | None:
    """Return the sooner of two times, of which each may be never (None)."""
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)
