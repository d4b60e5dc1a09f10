"""A server whose news are always hours old: its times are of another zone, or a clock is wrong."""

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta

_TIMES = 3
"""So often something new has to come with the same lag: what a gateway kept and sends now catches up."""
_ALIKE = timedelta(minutes=20)


class Lag:
    """How far behind the times are with which news come."""

    def __init__(self, stale_after: timedelta) -> None:
        """Take how old a value may be."""
        self._stale_after = stale_after
        self._newest: datetime | None = None
        self._lags: deque[timedelta] = deque(maxlen=_TIMES)

    def look(self, heard: Iterable[datetime | None], now: datetime) -> None:
        """Take the newest times that the server states of its devices."""
        newest = max((time for time in heard if time is not None), default=None)
        if newest is not None and self._newest is not None and newest != self._newest:
            self._lags.append(now - newest)
        self._newest = newest

    @property
    def behind(self) -> timedelta | None:
        """By how much, where that explains why nothing that the server says is of now; None where it does not."""
        if len(self._lags) < _TIMES:
            return None
        least = min(self._lags)
        return least if least > self._stale_after and max(self._lags) - least <= _ALIKE else None
