"""How long and how large a record may become, and when the oldest entries go."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from .entry import time_text
from .store import Store

LOOK_SECONDS = 3600.0
_CLOCK_SLACK = 60.0
_AFTERWARDS = 0.9
"""To which part of its size a record is brought: room for a while, so that checkpoints stay few."""
BY_AGE, BY_SIZE = "age", "size"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What is kept at most: entries of so long ago, and so many bytes."""

    age: timedelta = timedelta(days=5 * 365)
    size: int = 64 * 1024 * 1024


class Pruner:
    """Looks whether the oldest entries are to go."""

    def __init__(self, bounds: Bounds) -> None:
        """Take the bounds."""
        self._bounds = bounds
        self._looked = time.monotonic(), time.time()

    def by_size(self, store: Store) -> None:
        """Remove the oldest entries of a record that is too large. Raises sqlite3.Error."""
        size = store.size
        if size <= self._bounds.size:
            return
        first, last = store.first, store.head.sequence
        surplus = 1 - self._bounds.size * _AFTERWARDS / size
        store.prune(first + max(1, int((last - first + 1) * surplus)), BY_SIZE)

    def seconds_to_look(self) -> float:
        """Return how long it is until entries may have become too old."""
        return max(0.0, self._looked[0] + LOOK_SECONDS - time.monotonic())

    def by_age(self, store: Store) -> None:
        """Remove entries that are too old, if the clock can be believed. Raises sqlite3.Error."""
        steady, wall = self._looked
        self._looked = time.monotonic(), time.time()
        if abs((self._looked[1] - wall) - (self._looked[0] - steady)) > _CLOCK_SLACK:
            return  # a clock that leaps into the future would take everything with it
        first = store.first_since(time_text(datetime.now(UTC) - self._bounds.age))
        if first > store.first > 0:
            store.prune(first, BY_AGE)
