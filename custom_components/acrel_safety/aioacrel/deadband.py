"""Read fast, tell little: which of a device's new readings are worth telling to whoever keeps a history.

A value is told when it leaves its deadband (`bands.py`) around the value told *last*, so that a slow drift does not
hide; at once when it crosses a limit, when its quality changes, and when it becomes known or unknown; and when it has
come to rest. What has no deadband, above all an alarm, is told whenever it is not what was told last. The device itself
sees every reading, whatever is told.
"""

import math
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from .bands import Band, band_of, limits_of
from .points import Point
from .readings import PointKey, Reading

REST_SECONDS = 300.0
"""A value that was the same for this long is told, however little it differs from the one told last.

Not sooner: of what drifts slowly, such as a temperature, each digit would be a row.
"""
SPARSE = 5
"""How much wider and slower all is where little is wanted."""
_SLACK = 1 + 1e-9
"""Decimal fractions are not exact: a value at the edge of its band is within it."""


class Detail(StrEnum):
    """How much of a device is worth telling."""

    EXACT = "exact"
    """Every change."""
    NORMAL = "normal"
    SPARSE = "sparse"


@dataclass(slots=True)
class _Held:
    """A value with a deadband, as it was told last."""

    told: float
    at: float
    low: float
    high: float
    latest: float
    since: float
    """How long the latest value has been the same."""


class Deadband:
    """Stands between the readings of one device and whoever shows them; costs the same for each reading."""

    def __init__(
        self,
        readings: Mapping[PointKey, Reading],
        points: Callable[[], Mapping[PointKey, Point]],
        detail: Detail = Detail.NORMAL,
        *,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the readings that hold, kept up to date by the device, and who says what the points are."""
        self._readings = readings
        self._points = points
        self._is_exact = detail is Detail.EXACT
        self._factor = SPARSE if detail is Detail.SPARSE else 1
        self._rest = REST_SECONDS * self._factor
        self._steady = steady
        self._told: dict[PointKey, Reading] = {}
        self._held: dict[PointKey, _Held] = {}
        self._bands: dict[PointKey, Band | None] = {}
        self._limits: dict[PointKey, tuple[PointKey, ...]] = {}
        self._limited: dict[PointKey, list[PointKey]] = {}
        """By setting, the points it is a limit of."""
        self._owners_limits: dict[PointKey, tuple[float, ...]] = {}

    def shown(self, key: PointKey) -> Reading | None:
        """Return the reading that was told last; where none was, the one that holds."""
        return self._told.get(key) or self._readings.get(key)

    def release(self, key: PointKey) -> None:
        """Show the exact reading of a point from now on, and tell its next one."""
        self._told.pop(key, None)
        self._held.pop(key, None)

    def watch_limits(self, key: PointKey, limits: Iterable[float]) -> None:
        """Have crossings of the owner's own limits of a point told, too; its next reading is told."""
        self._owners_limits[key] = tuple(limits)
        self.release(key)

    def sift(self, keys: Collection[PointKey]) -> set[PointKey]:
        """Take the points that have new readings; return those whose reading is worth telling, and is so told."""
        now = self._steady()
        worth: set[PointKey] = set()
        for key in keys:
            reading, told = self._readings.get(key), self._told.get(key)
            if reading is None or told is None or reading.quality is not told.quality:
                is_worth = True
            elif (held := self._held.get(key)) is not None:
                is_worth = not isinstance(reading.value, int | float) or self._is_over(key, held, reading.value, now)
            else:
                is_worth = reading.value != told.value
            if is_worth:
                worth.add(key)
                self._tell(key, reading, now)
                if key in self._limited:
                    worth |= self._judge_anew(key, now)
        return worth

    def _is_over(self, key: PointKey, held: _Held, value: float, now: float) -> bool:
        """Whether a value has left its deadband, or has come to rest in it."""
        if held.low <= value <= held.high:
            if value != held.latest:
                held.latest, held.since = value, now
                return False
            return value != held.told and now - held.since >= self._rest
        band = self._bands[key]
        return band is None or value < held.low or now - held.at >= band.seconds * self._factor

    def _tell(self, key: PointKey, reading: Reading | None, now: float) -> None:
        if reading is None:
            self.release(key)
            return
        self._told[key] = reading
        if key not in self._bands:
            self._learn(key)
        band, value = self._bands[key], reading.value
        if band is None or not isinstance(value, int | float):
            self._held.pop(key, None)
            return
        low, high = self._bounds(key, band, value)
        self._held[key] = _Held(value, now, low, high, value, now)

    def _bounds(self, key: PointKey, band: Band, value: float) -> tuple[float, float]:
        """Return the deadband around a value, cut off before the next limit on either side."""
        width = band.width(value) * self._factor * _SLACK
        low, high = value - width, value + width
        for limit in self._limits_now(key):
            # To reach a limit, to stand at it and to have passed it are three different things.
            if limit >= value:
                high = min(high, math.nextafter(limit, -math.inf) if limit > value else value)
            if limit <= value:
                low = max(low, math.nextafter(limit, math.inf) if limit < value else value)
        return low, high

    def _limits_now(self, key: PointKey) -> list[float]:
        readings = (self._readings.get(limit) for limit in self._limits.get(key, ()))
        known = [reading.value for reading in readings if reading is not None]
        return [
            *(value for value in known if isinstance(value, int | float)),
            *self._owners_limits.get(key, ()),
        ]

    def _judge_anew(self, limit: PointKey, now: float) -> set[PointKey]:
        """Tell those values that lie on another side of a limit that was changed than the values told last."""
        worth = set()
        for key in self._limited[limit]:
            held, reading, band = self._held.get(key), self._readings.get(key), self._bands.get(key)
            if held is None or reading is None or band is None:
                continue
            held.low, held.high = self._bounds(key, band, held.told)
            if isinstance(reading.value, int | float) and self._is_over(key, held, reading.value, now):
                worth.add(key)
                self._tell(key, reading, now)
        return worth

    def _learn(self, key: PointKey) -> None:
        """Look up what a point is, and with it all others that are not known yet."""
        points = {} if self._is_exact else self._points()
        for other, point in points.items():
            if other in self._bands:
                continue
            self._bands[other] = band_of(point)
            self._limits[other] = limits_of(point, points)
            for limit in self._limits[other]:
                self._limited.setdefault(limit, []).append(other)
        self._bands.setdefault(key, None)
