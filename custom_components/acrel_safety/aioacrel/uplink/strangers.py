"""Devices that called in and that nobody knows: listed for approval, and nothing else is made of them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from .messages import Login


class Named(Protocol):
    """How somebody who calls in describes himself."""

    @property
    def serial(self) -> str:
        """What he says he is."""


@dataclass(slots=True, kw_only=True)
class Stranger[LoginT: Named = Login]:
    """One device that nobody knows, as it described itself."""

    login: LoginT
    address: str
    first_seen: datetime
    last_seen: datetime
    logins: int = 1
    uploads: list[int] = field(default_factory=list)
    """How many registers each section of its latest upload had: a hint at what it is."""


class Strangers[LoginT: Named = Login]:
    """So many of them and no more, whoever calls in how often."""

    def __init__(self, most: int) -> None:
        """Take how many are listed."""
        self._most = most
        self._known: dict[str, Stranger[LoginT]] = {}
        self.left_out = 0
        """How many had to make room for others."""

    def __iter__(self) -> Iterator[Stranger[LoginT]]:
        """Yield them, those seen first before others."""
        return iter(list(self._known.values()))

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._known)

    def get(self, serial: str) -> Stranger[LoginT] | None:
        """Return one."""
        return self._known.get(serial)

    def note(self, login: LoginT, address: str, now: datetime) -> tuple[Stranger[LoginT], bool]:
        """Note a login; return the device and whether it is a new one."""
        known = self._known.get(login.serial)
        if known is not None:
            known.login, known.address, known.last_seen = login, address, now
            known.logins += 1
            return known, False
        if len(self._known) >= self._most:
            self._make_room()
        stranger = Stranger(login=login, address=address, first_seen=now, last_seen=now)
        self._known[login.serial] = stranger
        return stranger, True

    def forget(self, serial: str) -> None:
        """Take one off the list."""
        self._known.pop(serial, None)

    def _make_room(self) -> None:
        """Leave out the one of the address that has most, seen longest ago: a flood leaves others on the list."""
        [(most, _)] = Counter(one.address for one in self._known.values()).most_common(1)
        oldest = min((one for one in self._known.values() if one.address == most), key=lambda one: one.last_seen)
        del self._known[oldest.login.serial]
        self.left_out += 1
