"""Somebody logged in as a device that is there all the same: it is cloned, or somebody pretends to be it."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from ..readings import DEVICE_CIRCUIT, PointKey
from ..texts import phrase
from .levels import Level
from .rules import Band, Readings
from .verdict import AlarmKey, Cause, Verdict

SECOND_LOGIN = AlarmKey(DEVICE_CIRCUIT, "", "second_login")


class SecondLoginRule:
    """Goes by no reading: whoever keeps the device's connection tells of it. It stands until a person knows."""

    inputs: AbstractSet[PointKey] = frozenset()
    figures: AbstractSet[PointKey] = frozenset()
    cause = Cause(key=SECOND_LOGIN, level=Level.ALARM, name=phrase("alarm_second_login"))

    def __init__(self) -> None:
        """Begin without any."""
        self._address: str | None = None

    def note(self, address: str) -> None:
        """Take it that somebody did, and from which network address."""
        self._address = address

    def acknowledge(self) -> None:
        """A person knows of it; the next one is another."""
        self._address = None

    def judge(self, readings: Readings, now: float) -> Verdict:
        """Say whether somebody did of whom nobody knows yet."""
        return Verdict(self._address is not None, detail=self._address or "")

    def calm(self, key: PointKey) -> Band | None:
        """Go by no value."""

    def restore(self, *, is_on: bool, memory: Mapping[str, object]) -> None:
        """Go on with what stood: nobody acknowledged it for a restart."""
        if is_on:
            self._address = str(memory.get("address", ""))[:_LONGEST]

    def memory(self) -> Mapping[str, object]:
        """Return from where it was."""
        return {} if self._address is None else {"address": self._address}


_LONGEST = 64
