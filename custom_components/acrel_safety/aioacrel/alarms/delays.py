"""On-delay, off-delay and hysteresis: they run on the times of measuring, never on the clock of the wall."""

from dataclasses import dataclass

AT_ONCE = 1.0
"""Seconds; an on-delay below this is shorter than any poll, so that one reading is all there will be to go by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delays:
    """Seconds."""

    on: float = 0.0
    off: float = 0.0


class Delayed:
    """Turns what each reading says into what holds.

    It begins when all readings of the on-delay said so, and ends when all of the off-delay did not. What could not be
    read in between says nothing for or against; an alarm cannot end in the dark.
    """

    __slots__ = ("_delays", "_since", "is_on")

    def __init__(self, delays: Delays) -> None:
        """Begin without an opinion."""
        self._delays = delays
        self._since: float | None = None
        """When it was read first that it is to change."""
        self.is_on: bool | None = None

    @property
    def is_calm(self) -> bool:
        """Whether it is off, and no reading has said anything else since."""
        return self.is_on is False and self._since is None

    def restore(self, *, is_on: bool | None) -> None:
        """Go on from what held before."""
        self.is_on, self._since = is_on, None

    def use(self, delays: Delays) -> None:
        """Take other delays from now on."""
        self._delays = delays

    def take(self, now: float, *, is_beyond: bool, is_clear: bool) -> bool | None:
        """Take one reading: whether it is beyond the limit, or clear of it (neither: between limit and hysteresis).

        Returns what holds; None while it is not said yet.
        """
        wants_change = is_clear if self.is_on else is_beyond
        if not wants_change:
            self._since = None
            if self.is_on is None:
                self.is_on = False
            return self.is_on
        if self._since is None:
            self._since = now
        delay = self._delays.off if self.is_on else self._delays.on
        if now - self._since >= delay or (not self.is_on and delay < AT_ONCE):
            self.is_on, self._since = not self.is_on, None
        elif self.is_on is None:
            # It was never quiet: until the delay is over nothing is known.
            return None
        return self.is_on
