"""The ways to one device: what each said last, and of several whose word holds.

The nearest that is heard is believed. Where it falls silent a farther one stands in, but with nothing that is older
than what was known already: a position or a counter does not go back to what it was before.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from .errors import AcrelError
from .readings import PointKey, Reading
from .source import Source


class Way:
    """A source and what it said last; of the only one nothing is kept apart."""

    def __init__(self, source: Source) -> None:
        """Take the source."""
        self.source = source
        self.readings: dict[PointKey, Reading] = {}
        self.trouble: AcrelError | None = None
        self.has_spoken = False
        self.was_heard = False
        self._heard: dict[PointKey, datetime] = {}
        """When it was heard last."""
        self._since: dict[PointKey, datetime] = {}
        """Since when it says what it says."""

    def take(self, readings: Mapping[PointKey, Reading]) -> None:
        """Take what it says."""
        for key, reading in readings.items():
            former = self.readings.get(key)
            if former is None or former.value != reading.value:
                self._since[key] = reading.time
            if not reading.quality.is_lost:
                self._heard[key] = reading.time
        self.readings |= readings

    def forget(self, key: PointKey) -> None:
        """Forget a point that nobody keeps up to date any more."""
        for known in (self.readings, self._heard, self._since):
            known.pop(key, None)

    def be_alone(self) -> None:
        """Keep nothing apart: it is the only way from now on."""
        for known in (self.readings, self._heard, self._since):
            known.clear()

    def heard(self, key: PointKey) -> datetime | None:
        """Return when it was heard last of a point."""
        return self._heard.get(key)

    @property
    def is_heard(self) -> bool:
        """Whether anything that it said holds."""
        return any(not reading.quality.is_lost for reading in self.readings.values())

    def since(self, key: PointKey, fresh: Reading) -> datetime:
        """Return since when it says of a point what was just read by it."""
        known = self.readings.get(key)
        if known is None or known.value != fresh.value:
            return fresh.time
        return self._since.get(key, known.time)


def best(ways: Iterable[Way], key: PointKey) -> Reading | None:
    """Return the reading of a point that holds, of the nearest way first; None if none said anything."""
    first: Reading | None = None
    newest: datetime | None = None
    for way in ways:
        if (reading := way.readings.get(key)) is None:
            continue
        first = first or reading
        if not reading.quality.is_lost and (newest is None or reading.time >= newest):
            return reading
        heard = way.heard(key)
        newest = heard if newest is None else max(newest, heard or newest)
    return first
