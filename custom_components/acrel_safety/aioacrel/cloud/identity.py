"""Whether a device that a server lists is the one that was set up.

Codes are counted anew on each server, so a code alone says nothing of that. A serial number does; where none is told, a
name does, with the code and the type. Nothing is sent to a device that is not shown to be the one that was meant.
"""

from dataclasses import dataclass, replace
from enum import Enum, auto

from ..texts import Phrase, phrase
from .records import Meter


class Sameness(Enum):
    """What a server's answer shows."""

    SAME = auto()
    UNSURE = auto()
    """It has another name, and no serial number that could be compared."""
    OTHER = auto()
    """Another type; or another name and another serial number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a server says of who a device is, besides its code; an empty serial number was not told."""

    name: str
    kind: str
    serial: str = ""

    def is_shown_by(self, told: Identity) -> bool:
        """Whether a device of the same code at **another** server is this one."""
        if self.kind != told.kind:
            return False
        if self.serial and told.serial:
            return self.serial == told.serial
        return bool(self.name) and self.name == told.name

    def holds(self, told: Identity) -> Sameness:
        """Return whether what the **same** server lists under the code is still this one.

        Under its name it is, whatever the instrument: one is replaced by another in the same place.
        """
        if self.kind != told.kind:
            return Sameness.OTHER
        if self.name == told.name:
            return Sameness.SAME
        if self.serial and told.serial:
            return Sameness.SAME if self.serial == told.serial else Sameness.OTHER
        return Sameness.UNSURE


class Recognition:
    """Whether one device is still the one that was set up; what is not in doubt is learnt."""

    def __init__(self, kind: str) -> None:
        """Take the type it was set up as; empty where nobody knows."""
        self.kind = kind
        self.known: Identity | None = None
        """Who it was when it was seen last; None where nobody noted that."""
        self._told: Identity | None = None

    @property
    def told(self) -> Identity | None:
        """Who the server says it is now; None where it lists none."""
        return self._told

    def take(self, meter: Meter | None) -> None:
        """Take what the list says now; a serial number that was told of another name is none of it."""
        if meter is None:
            self._told = None
            return
        former = self._told
        is_as_before = former is not None and (former.name, former.kind) == (meter.name, meter.kind)
        serial = former.serial if former is not None and is_as_before else ""
        self._told = Identity(name=meter.name, kind=meter.kind, serial=serial)
        self._learn()

    def take_serial(self, serial: str) -> None:
        """Take the serial number that the server tells of the device it lists now."""
        if self._told is not None and serial:
            self._told = replace(self._told, serial=serial)
            self._learn()

    def accept(self) -> None:
        """Take what is listed now for the device that is meant: its owner says so."""
        if self._told is not None:
            self.known = self._told

    def _learn(self) -> None:
        told, known = self._told, self.known
        if told is None or self.sameness is not Sameness.SAME:
            return
        self.known = told if told.serial or known is None else replace(told, serial=known.serial)

    @property
    def sameness(self) -> Sameness:
        """What the latest answer shows; one that does not list it shows no other."""
        told = self._told
        if told is None:
            return Sameness.SAME
        if self.kind and told.kind != self.kind:
            return Sameness.OTHER
        return Sameness.SAME if self.known is None else self.known.holds(told)

    @property
    def wants_serial(self) -> bool:
        """Whether a serial number would show whether it is another one."""
        is_comparable = self.known is not None and bool(self.known.serial)
        return self.sameness is Sameness.UNSURE and is_comparable

    @property
    def doubt(self) -> Phrase | None:
        """Return why it is not, or may not be, the device that was meant."""
        told = self._told
        if told is None or self.sameness is Sameness.SAME:
            return None
        if self.known is None or (self.kind and told.kind != self.kind):
            return phrase("cloud_other_type")
        name, former = told.name or "–", self.known.name or "–"
        if self.sameness is Sameness.UNSURE:
            return phrase("cloud_renamed", name=name, former=former)
        return phrase("cloud_other_device", name=name, former=former)
