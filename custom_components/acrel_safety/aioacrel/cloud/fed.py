"""What a feed told of one device: the newest of each point, and whether the feed says that the device is not heard.

The time of a message is the server's, not the device's: a server may repeat what it knew long ago. So nothing here
shows that a device is heard, and only a position that *changed* shows that the device spoke.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ..readings import PointKey, Value
from .feed import SILENT_SECONDS
from .records import Values

_CIRCUIT = "1"
_CLOSED_WHEN: Mapping[PointKey, bool] = {
    PointKey(_CIRCUIT, "Switch"): True,
    PointKey(_CIRCUIT, "SwitchOn"): True,
    PointKey(_CIRCUIT, "SwitchOff"): False,
}
"""What tells a position, and what it is while the switch is closed."""
_HOLDS = timedelta(seconds=SILENT_SECONDS)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Told:
    """A value, and of when the server says that it is; None is said to be unknown."""

    time: datetime
    value: Value | None
    since: datetime
    """Told for the first time, or again and again, it is of nobody knows when: a server may repeat what it knew."""

    @classmethod
    def after(cls, former: Told | None, time: datetime, value: Value | None) -> Told:
        """Return what is told now, after what was told before."""
        if former is None:
            return cls(time, value, _LONG_AGO)
        return cls(time, value, former.since if former.value == value else time)


class Fed:
    """What a feed told of one device."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.messages = 0
        """Those that told of the device."""
        self.position: Told | None = None
        self.turned: datetime | None = None
        """Of when the server says the position is that was another one before: then the device spoke."""
        self._contacts: dict[PointKey, Value | None] = {}
        self._changed: datetime | None = None
        self._values: dict[PointKey, Told] = {}
        self._newest: datetime | None = None
        self._lost: datetime | None = None

    @property
    def is_own_word(self) -> bool:
        """Whether the position is one that changed under our eyes: what a server repeats may be of long ago."""
        return self.position is not None and self.position.since == self.turned

    def get(self, key: PointKey) -> Told | None:
        """Return what was told of a point last."""
        return self._values.get(key)

    def take(self, told: Values) -> bool:
        """Take what a message says of the device; returns whether any of it is newer than what was known."""
        time = told.measured
        if time is None or (self._newest is not None and time <= self._newest):
            return False
        self._newest = time
        self.messages += 1
        contacts = {key: told.values[key] for key in _CLOSED_WHEN if key in told.values}
        if None in contacts.values():
            # What comes with that is what the device said before, of whenever that was.
            self.forget()
            self._lost = time
            return True
        if contacts:
            # A message may tell one of them: what the others said stands beside it.
            self._contacts |= contacts
            said = {(value is True) is _CLOSED_WHEN[key] for key, value in self._contacts.items()}
            self._take_position(time, said.pop() if len(said) == 1 else None)
        for key, value in told.values.items():
            if key not in _CLOSED_WHEN:
                former = self._values.get(key)
                self._values[key] = Told.after(former, time, value)
                if former is not None and former.value != value:
                    self._changed = time
        return True

    def _take_position(self, time: datetime, closed: bool | None) -> None:  # noqa: FBT001 - what is told
        self._lost = None
        former, self.position = self.position, Told.after(self.position, time, closed)
        if former is not None and None not in (former.value, closed) and former.value is not closed:
            self.turned = time

    def forget(self) -> None:
        """Know nothing any more: the device is not heard, or is another one."""
        self._values.clear()
        self._contacts.clear()
        self.position = self.turned = self._lost = self._changed = None

    def says_lost(self, heard: datetime | None) -> bool:
        """Whether it says that the device is not heard, and nothing newer says that it is."""
        return self._lost is not None and (heard is None or heard <= self._lost)

    def tells(self, keys: Collection[PointKey], now: datetime) -> bool:
        """Whether each of some points was told just now, and not only repeated: by that nobody sees what is so."""
        if keys and (self._changed is None or now - self._changed > _HOLDS):
            return False
        return all((told := self._values.get(key)) is not None and now - told.time <= _HOLDS for key in keys)
