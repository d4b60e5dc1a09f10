"""Entries that wait to be written: in order, and never more of them than memory is meant for.

While nothing can be written, what comes first tells how it began and what comes last how it is now. So the first half
of the space keeps what came first, the second half what came last, and what is dropped in between is counted: an entry
in its place says how many and of what time. What stands is not lost with them.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field

from .entry import Entry, Json, Kind, text_of
from .errors import EntryLostError
from .store import Line

MOST_ENTRIES = 10_000
MOST_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Waiter:
    """An entry, its time, and who waits for its number."""

    line: Line
    time: str
    future: asyncio.Future[int] | None

    @property
    def size(self) -> int:
        """Characters; what stands is counted like the entry."""
        return len(self.line.text) + sum(len(key) + len(value or "") for key, value in self.line.standing.items())


@dataclass(slots=True)
class _Half:
    """One half of the space."""

    waiters: deque[Waiter] = field(default_factory=deque)
    size: int = 0

    def is_full(self, waiter: Waiter, entries: int, most: int) -> bool:
        return bool(self.waiters) and (len(self.waiters) >= entries or self.size + waiter.size > most)

    def add(self, waiter: Waiter) -> None:
        self.waiters.append(waiter)
        self.size += waiter.size

    def pop(self) -> Waiter:
        waiter = self.waiters.popleft()
        self.size -= waiter.size
        return waiter


class Waiting:
    """The entries that wait; whoever uses it holds a lock."""

    def __init__(self, most_entries: int = MOST_ENTRIES, most_bytes: int = MOST_BYTES) -> None:
        """Take how much may wait."""
        self._entries = max(1, most_entries // 2)
        self._bytes = most_bytes // 2
        self._first = _Half()
        self._last = _Half()
        self._dropped = 0
        self._since = self._until = ""
        self._standing: dict[str, str | None] = {}

    def __len__(self) -> int:
        return len(self._first.waiters) + len(self._last.waiters) + bool(self._dropped)

    def add(self, waiter: Waiter) -> list[Waiter]:
        """Let an entry wait; return those that are dropped for it."""
        is_in_order = not self._last.waiters and not self._dropped
        if is_in_order and not self._first.is_full(waiter, self._entries, self._bytes):
            self._first.add(waiter)
            return []
        dropped = []
        while self._last.is_full(waiter, self._entries, self._bytes):
            dropped.append(self._drop(self._last.pop()))
        self._last.add(waiter)
        return dropped

    def take(self, count: int) -> list[Waiter]:
        """Take the next entries out, at most so many."""
        taken: list[Waiter] = []
        while len(taken) < count and self._first.waiters:
            taken.append(self._first.pop())
        if len(taken) < count and self._dropped:
            taken.append(self._gap())
        while len(taken) < count and self._last.waiters:
            taken.append(self._last.pop())
        return taken

    def _drop(self, waiter: Waiter) -> Waiter:
        self._dropped += 1
        self._since = self._since or waiter.time
        self._until = waiter.time
        self._standing |= waiter.line.standing
        return waiter

    def _gap(self) -> Waiter:
        data: dict[str, Json] = {"count": self._dropped, "since": self._since, "until": self._until}
        gap = Waiter(Line(text_of(Entry(Kind.LOST, data)), self._standing), self._until, None)
        self._dropped, self._since, self._until, self._standing = 0, "", "", {}
        return gap


def fail(waiters: list[Waiter]) -> None:
    """Tell those who wait for entries that they were lost; in the loop they wait in."""
    for waiter in waiters:
        if waiter.future is not None and not waiter.future.done():
            waiter.future.set_exception(EntryLostError(time=waiter.time))
