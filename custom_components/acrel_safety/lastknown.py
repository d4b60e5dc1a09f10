"""The last known number of a device that calls seldom: shown after a restart, marked as such, until it reports again.

Numbers alone. An alarm, a position or any other word is not brought back: nobody saw whether it still is so, and
unknown never counts as quiet. What is brought back is the entity's own: the device, its alarms, limits and operations
know nothing of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import isfinite
from typing import Any, override

from homeassistant.components.sensor import RestoreSensor, SensorExtraStoredData
from homeassistant.core import HassJob, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util

from .aioacrel.errors import WrongDeviceError
from .aioacrel.points import Point
from .aioacrel.vocabulary import Kind
from .coordinator import AcrelCoordinator
from .entity import AcrelEntity

_KINDS = frozenset({Kind.MEASUREMENT, Kind.DEMAND, Kind.QUALITY, Kind.ENERGY})
_LONGEST = timedelta(days=7)
"""Whatever a file says of the time for which a report holds."""
ATTR_STALE = "stale"
ATTR_LAST_READ = "last_read"


@dataclass(frozen=True, slots=True)
class _Former:
    """A number of before a restart."""

    value: float
    read: datetime
    until: datetime
    """A device that has not reported by then is not heard."""


@dataclass
class _Stored(SensorExtraStoredData):
    """What is shown, and what has to be known to show it again."""

    more: Mapping[str, str] = field(default_factory=dict)

    @override
    def as_dict(self) -> dict[str, Any]:
        """Return it as it is stored."""
        return {**super().as_dict(), **self.more}


def is_brought_back(coordinator: AcrelCoordinator, point: Point) -> bool:
    """Whether the number of a point outlives a restart: where it would not be read anew within a moment."""
    if point.quantity.kind not in _KINDS or point.words is not None:
        return False
    return coordinator.config_entry.runtime_data.hub.facts(coordinator.source) is not None


class LastKnown(AcrelEntity, RestoreSensor):
    """A number that is shown until its device reports again."""

    _former: _Former | None = None

    @override
    async def async_added_to_hass(self) -> None:
        """Take what was known, and show it unless the device spoke meanwhile."""
        stored = await self.async_get_last_extra_data()
        await super().async_added_to_hass()
        self._former = None if stored is None else self._sound(stored.as_dict())
        self._look()
        if (former := self._former) is not None:
            left = (former.until - dt_util.utcnow()).total_seconds()
            over = HassJob(self._is_over, cancel_on_shutdown=True)
            self.async_on_remove(async_call_later(self.hass, left, over))

    @property
    def _settings(self) -> str:
        return self.coordinator.config_entry.runtime_data.memory.settings(self.coordinator)

    def _sound(self, stored: Mapping[str, Any]) -> _Former | None:
        """Return what was stored if it is a number of the same meter, and not too old."""
        value, now = stored.get("native_value"), dt_util.utcnow()
        read, until = (dt_util.parse_datetime(str(stored.get(name))) for name in ("read", "until"))
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not isfinite(value)
            or stored.get("native_unit_of_measurement") != self.native_unit_of_measurement
            or stored.get("settings") != self._settings
            or read is None
            or until is None
            or None in (read.tzinfo, until.tzinfo)
            # A clock that was set says nothing of the age.
            or not read <= now < until <= now + _LONGEST
        ):
            return None
        return _Former(value, read, until)

    @callback
    def _is_over(self, _: datetime) -> None:
        if self._former is not None:
            self._former = None
            self.async_write_ha_state()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Show what the device says, once it has said something."""
        self._look()
        super()._handle_coordinator_update()

    def _look(self) -> None:
        reading = self.coordinator.reading(self.point.key)
        is_heard = reading is not None and not reading.quality.is_lost
        if is_heard or isinstance(self.coordinator.device.trouble, WrongDeviceError):
            self._former = None

    @property
    @override
    def available(self) -> bool:
        """Whether there is anything to show."""
        return self._former is not None or super().available

    @property
    @override
    def native_value(self) -> Any:
        """The value, or that of before."""
        return super().native_value if self._former is None else self._former.value

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """Besides, of a value of before, that it is one."""
        attributes = super().extra_state_attributes
        if (former := self._former) is None:
            return attributes
        return {**(attributes or {}), ATTR_STALE: True, ATTR_LAST_READ: former.read.isoformat(timespec="seconds")}

    @property
    @override
    def extra_restore_state_data(self) -> SensorExtraStoredData:
        """What is shown, from when it is and until when a report holds."""
        stored = _Stored(self.native_value, self.native_unit_of_measurement)
        reading = self.coordinator.device.readings.get(self.point.key)
        facts = self.coordinator.config_entry.runtime_data.hub.facts(self.coordinator.source)
        if (former := self._former) is not None:
            read, until = former.read, former.until
        elif reading is None or reading.quality.is_lost or facts is None or facts.holds is None:
            return stored
        else:
            read, until = reading.time, dt_util.utcnow() + timedelta(seconds=facts.holds)
        stored.more = {"read": read.isoformat(), "until": until.isoformat(), "settings": self._settings}
        return stored
