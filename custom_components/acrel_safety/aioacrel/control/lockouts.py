"""When the next command may be sent to a device: one operation at a time, and after some commands none for a while."""

from collections.abc import Callable


class Lockouts:
    """What one device is busy with, and the time that has to pass; to be kept when its control is made anew."""

    def __init__(self, steady: Callable[[], float]) -> None:
        """Take a clock that only goes on."""
        self.is_busy = False
        """Whether an operation is under way: until it has ended none begins."""
        self._steady = steady
        self._until: float | None = None

    def begin(self, seconds: float) -> None:
        """Note that a command was sent just now, after which none is taken for so long: what came early would be lost.

        Where that was some time ago, `seconds` is what is left of it.
        """
        self._until = max(self._until or 0.0, self._steady() + seconds) if seconds > 0 else self._until

    @property
    def seconds_left(self) -> float:
        """How long nothing may be sent yet."""
        return 0.0 if self._until is None else max(0.0, self._until - self._steady())
