"""After a command some devices take no other for a time: what came too early would be lost."""

from collections.abc import Callable


class Lockouts:
    """The time that has to pass on one device."""

    def __init__(self, steady: Callable[[], float]) -> None:
        """Take a clock that only goes on."""
        self._steady = steady
        self._until: float | None = None

    def begin(self, seconds: float) -> None:
        """Note that a command was sent just now, after which none is taken for so long."""
        self._until = max(self._until or 0.0, self._steady() + seconds) if seconds > 0 else self._until

    @property
    def seconds_left(self) -> float:
        """How long nothing may be sent yet."""
        return 0.0 if self._until is None else max(0.0, self._until - self._steady())
