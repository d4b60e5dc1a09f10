"""What happens at the server, for whoever is to be told."""

from dataclasses import dataclass, field
from enum import StrEnum


class EventKind(StrEnum):
    """What happened."""

    LOGIN = "login"
    """A device that is known logged in."""
    LOST = "lost"
    """A device that is known has no connection any more."""
    STRANGER = "stranger"
    """A device that nobody knows called in; told once for each."""
    SECOND_LOGIN = "second_login"
    """Somebody logged in as a device that is there all the same: it is cloned, or somebody pretends to be it."""
    REFUSED = "refused"
    """Somebody says he is a device that is known, and could not prove it: only where there is a secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened."""

    kind: EventKind
    serial: str = field(repr=False)
    address: str = ""
    """Network address it came from."""
