"""Devices that are reported and that nobody named: listed, and nothing is made of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from .record import Record

MOST_METERS = 64
MOST_NAMED = 32
"""Codes of a meter that are listed: a hint at what it is."""


@dataclass(slots=True, kw_only=True)
class HeardMeter:
    """A meter that a gateway reports and nobody named."""

    serial: str
    codes: Sequence[str] = ()
    circuits: set[str] = field(default_factory=set)
    last_seen: datetime


class HeardMeters:
    """So many of one gateway, and no more."""

    def __init__(self) -> None:
        """Begin with none."""
        self._known: dict[str, HeardMeter] = {}

    def __iter__(self) -> Iterator[HeardMeter]:
        """Yield them."""
        return iter(list(self._known.values()))

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._known)

    def get(self, serial: str) -> HeardMeter | None:
        """Return one."""
        return self._known.get(serial)

    def note(self, record: Record, now: datetime) -> bool:
        """Note what a record shows; return whether the meter is a new one."""
        known = self._known.get(record.serial)
        is_new = known is None
        if known is None:
            if len(self._known) >= MOST_METERS:
                return False
            known = self._known[record.serial] = HeardMeter(serial=record.serial, last_seen=now)
        known.last_seen = now
        known.codes = tuple(dict.fromkeys((*known.codes, *record.values)))[:MOST_NAMED]
        circuit = record.channel or record.prefix
        if circuit and len(known.circuits) < MOST_METERS:
            known.circuits.add(circuit)
        return is_new

    def forget(self, serial: str) -> None:
        """Take one off the list."""
        self._known.pop(serial, None)
