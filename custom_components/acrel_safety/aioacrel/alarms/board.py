"""Where an alarm is, in words a person knows: nobody looks for "circuit 4" in a house with nine boards."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One device with its place; whoever shows devices says it, since only people know."""

    identity: str
    name: str
    site: str = ""
    link: str = ""
    """What it is reached by, the same for all that share it; empty where none is shared."""
    link_name: str = ""
    calls: bool = False
    """Whether it calls in by itself: then somebody else can call in its name."""
    reported: bool = False
    """Whether somebody else keeps a log of its alarms, that is read here."""
    circuit_name: Callable[[str], str] = str
    """Turns the number of a circuit into its name."""
    again: Callable[[], Board] | None = None
    """Says it anew: people rename what is watched."""

    def now(self) -> Board:
        """Return it as it is called now."""
        return self if self.again is None else self.again()
