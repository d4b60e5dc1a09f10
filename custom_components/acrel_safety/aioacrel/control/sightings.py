"""When what was seen of a device, by a steady clock and since this runs: what nobody saw has no known cause."""

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from ..alarms.alarm import Alarm
from ..alarms.verdict import AlarmKey
from ..readings import PointKey
from .evidence import value_of
from .rounds import AFTER_SECONDS, BEFORE_SECONDS, FRESH_SECONDS, SEEN_SECONDS

if TYPE_CHECKING:
    from ..device import Device


class Sightings:
    """Positions, voltages and alarms of one device."""

    def __init__(
        self,
        device: Device,
        steady: Callable[[], float],
        *,
        positions: AbstractSet[PointKey],
        voltages: AbstractSet[PointKey],
    ) -> None:
        """Take the device, a clock that only goes on, and the points it is about."""
        self._device = device
        self._steady = steady
        self._positions = positions
        self._voltages = voltages
        self._closed_at: dict[str, float] = {}
        self._read_at: dict[PointKey, float] = {}
        self._began_at: dict[AlarmKey, float] = {}
        self._over_at: dict[AlarmKey, float] = {}

    @property
    def keys(self) -> AbstractSet[PointKey]:
        """All that has to be read."""
        return self._positions | self._voltages

    def note(self, touched: AbstractSet[PointKey]) -> None:
        """Note what was read just now."""
        now, readings = self._steady(), self._device.readings
        for key in touched & self._positions:
            if value_of(readings, key) is True:
                self._closed_at[key.circuit] = now
        for key in touched & self._voltages:
            self._read_at[key] = now

    def note_alarm(self, alarm: Alarm, *, is_on: bool) -> None:
        """Note that an alarm began, or was over, just now."""
        (self._began_at if is_on else self._over_at)[alarm.cause.key] = self._steady()

    def was_just_closed(self, circuit: str) -> bool:
        """Whether a circuit was seen closed so lately that it opened just now."""
        at = self._closed_at.get(circuit)
        return at is not None and self._steady() - at <= SEEN_SECONDS

    def is_fresh(self, keys: Iterable[PointKey]) -> bool:
        """Whether all of these were read lately."""
        now = self._steady()
        return all((at := self._read_at.get(key)) is not None and now - at <= FRESH_SECONDS for key in keys)

    def began_with(self, alarm: Alarm, opened: float) -> bool:
        """Whether an alarm began when a circuit opened, or shortly before, and was not over by then."""
        at = self._began_at.get(alarm.cause.key)
        if at is None or not opened - BEFORE_SECONDS <= at <= opened + AFTER_SECONDS:
            return False
        over = self._over_at.get(alarm.cause.key)
        return over is None or over < at or over >= opened - AFTER_SECONDS
