"""Does the link live? One unit's silence says nothing of the connection as long as others are heard on it."""

from .habits import LinkHabits
from .way import LinkWay


class LinkPulse:
    """When any unit on a link was heard last, and what its gateway was found to do; shared by the units of the link."""

    def __init__(self) -> None:
        """Begin with a link on which nothing was heard."""
        self._beat = float("-inf")
        self.habits = LinkHabits()
        self.way = LinkWay()

    def beat(self, now: float) -> None:
        """Note that a unit was heard, at a time of the event loop."""
        self._beat = now
        self.way.note_heard()

    def was_felt_since(self, when: float) -> bool:
        """Whether any unit was heard after that time."""
        return self._beat > when

    def details(self, now: float) -> dict[str, bool | str | None]:
        """Return what was learnt of the gateway, for diagnostics; nothing that says where it is."""
        speech = self.way.speech
        return {
            **self.habits.details(now),
            "numbers_itself": self.way.plain is not None,
            "heard_at_port": None if speech is None else speech.value,
        }
