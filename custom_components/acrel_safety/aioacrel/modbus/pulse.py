"""Does the link live? One unit's silence says nothing of the connection as long as others are heard on it."""

from .habits import LinkHabits


class LinkPulse:
    """When any unit on a link was heard last, and what the link was seen to do; shared by the units of the link."""

    def __init__(self) -> None:
        """Begin with a link on which nothing was heard."""
        self._beat = float("-inf")
        self.habits = LinkHabits()

    def beat(self, now: float) -> None:
        """Note that a unit was heard, at a time of the event loop."""
        self._beat = now

    def was_felt_since(self, when: float) -> bool:
        """Whether any unit was heard after that time."""
        return self._beat > when
