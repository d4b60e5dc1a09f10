"""So many at once, and so many more a second: what anybody may ask for who has not to say who he is."""


class Bucket:
    """So many at once, and so many more a second."""

    __slots__ = ("_left", "_most", "_per_second", "_since")

    def __init__(self, most: float, per_second: float, now: float) -> None:
        """Begin with all of them."""
        self._left = self._most = most
        self._per_second = per_second
        self._since = now

    def take(self, now: float, count: int = 1) -> bool:
        """Take some; return whether there were so many."""
        self._left = min(self._most, self._left + (now - self._since) * self._per_second)
        self._since = now
        if self._left < count:
            return False
        self._left -= count
        return True

    def is_full(self, now: float) -> bool:
        """Whether nothing was taken for long."""
        return self._left + (now - self._since) * self._per_second >= self._most
