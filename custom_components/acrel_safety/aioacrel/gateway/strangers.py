"""Gateways that nobody named: listed, with the meters they report, and nothing is made of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from ..reporting.heard import HeardMeters
from .messages import Login
from .topics import Dialect, Topic

MOST_STRANGERS = 64


@dataclass(slots=True, kw_only=True)
class Stranger:
    """One gateway that nobody named, as it described itself."""

    serial: str
    dialect: Dialect
    topic: Topic
    login: Login | None = None
    first_seen: datetime
    last_seen: datetime
    messages: int = 0
    meters: HeardMeters = field(default_factory=HeardMeters)


class Strangers:
    """So many of them and no more, whoever speaks how often."""

    def __init__(self, most: int = MOST_STRANGERS) -> None:
        """Take how many are listed."""
        self._most = most
        self._known: dict[str, Stranger] = {}
        self.left_out = 0
        """How many had to make room for others."""

    def __iter__(self) -> Iterator[Stranger]:
        """Yield them, those seen first before others."""
        return iter(list(self._known.values()))

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._known)

    def get(self, serial: str) -> Stranger | None:
        """Return one."""
        return self._known.get(serial)

    def note(self, serial: str, topic: Topic, now: datetime) -> tuple[Stranger, bool]:
        """Note that one speaks; return it, and whether it is a new one."""
        known = self._known.get(serial)
        is_new = known is None
        if known is None:
            if len(self._known) >= self._most:
                self._make_room()
            known = self._known[serial] = Stranger(
                serial=serial, dialect=topic.dialect, topic=topic, first_seen=now, last_seen=now
            )
        known.topic, known.last_seen = topic, now
        known.messages += 1
        return known, is_new

    def forget(self, serial: str) -> None:
        """Take one off the list."""
        self._known.pop(serial, None)

    def _make_room(self) -> None:
        """Leave out the one that spoke least, longest ago: a flood of names leaves the real ones on the list."""
        least = min(self._known.values(), key=lambda one: (one.messages, one.last_seen))
        del self._known[least.serial]
        self.left_out += 1
