"""A rule that watches a device: an alarm that cannot be read while the device answers is quiet for no good reason."""

import time
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet

from .device import Device
from .points import Point
from .readings import PointKey, Quality, Reading
from .vocabulary import Kind

LASTING_SECONDS = 30.0
"""So long an alarm may be missing before anybody is told: by then it was tried again."""


class AlarmWatch:
    """Knows the alarms of a device that somebody wants and that cannot be read."""

    def __init__(self, device: Device, *, steady: Callable[[], float] = time.monotonic) -> None:
        """Take a device and a clock."""
        self._device = device
        self._steady = steady
        self._alarms = frozenset(key for key, point in device.model.points.items() if _is_alarm(point))
        self._since: dict[PointKey, float] = {}
        self._is_clear = False

    def look(self, touched: AbstractSet[PointKey]) -> frozenset[PointKey] | None:
        """Return the alarms that cannot be read, none if all can; None while that cannot be said, or nothing changed.

        `touched` are the points of which something new was heard.
        """
        if self._is_clear and self._alarms.isdisjoint(touched):
            return None
        device, now = self._device, self._steady()
        if not device.is_heard:
            # Its silence is told by every entity, and by no repair.
            self._since.clear()
            self._is_clear = False
            return None
        wanted = [key for key in self._alarms if key in device.wanted and not device.lacks(key)]
        missing = {key for key in wanted if _is_unread(device.readings.get(key))}
        self._since = {key: self._since.get(key, now) for key in missing}
        self._is_clear = not missing and all(key in device.readings for key in wanted)
        if self._is_clear:
            return frozenset()
        lasting = frozenset(key for key, since in self._since.items() if now - since >= LASTING_SECONDS)
        return lasting or None

    def names(self, keys: Iterable[PointKey], language: str) -> list[str]:
        """Return the names of alarms, in the order of the model, with their circuits where there are several."""
        model, chosen = self._device.model, set(keys)
        several = len({key.circuit for key in model.points}) > 1
        return [
            f"{point.quantity.name(language)} ({key.circuit})" if several else point.quantity.name(language)
            for key, point in model.points.items()
            if key in chosen
        ]


def _is_alarm(point: Point) -> bool:
    return point.quantity.kind in (Kind.ALARM, Kind.FAULT)


def _is_unread(reading: Reading | None) -> bool:
    """Whether a reading says nothing; where the device itself says that a value does not hold now, that is known."""
    return reading is not None and reading.value is None and reading.quality is not Quality.INVALID
