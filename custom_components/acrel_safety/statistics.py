"""How well the links do: counts and times that no device is asked for, and that matter most while one is silent."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import PERCENTAGE, EntityCategory, UnitOfTime
from homeassistant.core import callback
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.event import async_track_time_interval

from .aioacrel.modbus import Bus
from .aioacrel.modbus.guard import UnitStatistics
from .const import STATISTICS_SECONDS
from .coordinator import AcrelConfigEntry, AcrelCoordinator
from .devices import device_info, link_info


@dataclass(frozen=True, kw_only=True)
class StatisticDescription[SourceT](SensorEntityDescription):
    """One figure and where it is found."""

    figure: Callable[[SourceT], float | None]


def _answer_time(statistics: UnitStatistics) -> float | None:
    seconds = statistics.answer_time
    return None if seconds is None else round(1000 * seconds, 1)


OF_DEVICES = (
    StatisticDescription[UnitStatistics](
        key="answer_time",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.MILLISECONDS,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        figure=_answer_time,
    ),
    StatisticDescription[UnitStatistics](
        key="timeouts",
        state_class=SensorStateClass.TOTAL_INCREASING,
        figure=lambda statistics: statistics.timeouts,
    ),
    StatisticDescription[UnitStatistics](
        key="discarded_frames",
        state_class=SensorStateClass.TOTAL_INCREASING,
        figure=lambda statistics: statistics.discarded,
    ),
)
OF_LINKS = (
    StatisticDescription[Bus](
        key="overruns",
        state_class=SensorStateClass.TOTAL_INCREASING,
        figure=lambda bus: bus.overruns,
    ),
    StatisticDescription[Bus](
        key="line_duty",
        native_unit_of_measurement=PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        figure=lambda bus: round(100 * bus.duty, 1),
    ),
)


class Statistic[SourceT](SensorEntity):
    """A figure of a link or device; it is looked at now and then, and written when it has changed."""

    _attr_has_entity_name = True
    _attr_should_poll = False
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_entity_registry_enabled_default = False

    def __init__(
        self, owner_id: str, place: DeviceInfo, description: StatisticDescription[SourceT], source: SourceT
    ) -> None:
        """Take the id of the subentry or entry, its device, which figure, and where that is found."""
        self.entity_description = description
        self._attr_translation_key = description.key
        self._attr_unique_id = unique_id(owner_id, description.key)
        self._attr_device_info = place
        self._figure = description.figure
        self._source = source

    @override
    async def async_added_to_hass(self) -> None:
        """Look, and go on looking."""
        self._attr_native_value = self._figure(self._source)
        every = timedelta(seconds=STATISTICS_SECONDS)
        self.async_on_remove(async_track_time_interval(self.hass, self._look, every, cancel_on_shutdown=True))

    @callback
    def _look(self, _: datetime) -> None:
        if (figure := self._figure(self._source)) != self._attr_native_value:
            self._attr_native_value = figure
            self.async_write_ha_state()


def unique_id(owner_id: str, key: str) -> str:
    """Return what the entity registry knows a figure by; no circuit is called so."""
    return f"{owner_id}_statistics_{key}"


def ids_of_device(coordinator: AcrelCoordinator) -> Iterator[str]:
    """Return the unique ids of the figures of one unit."""
    for description in OF_DEVICES:
        yield unique_id(coordinator.subentry.subentry_id, description.key)


def of_device(coordinator: AcrelCoordinator) -> Iterator[Statistic[UnitStatistics]]:
    """Return the figures of one unit."""
    subentry, statistics = coordinator.subentry, coordinator.device.unit.statistics
    place = device_info(subentry)
    for description in OF_DEVICES:
        yield Statistic(subentry.subentry_id, place, description, statistics)


def of_link(entry: AcrelConfigEntry) -> Iterator[Statistic[Bus]]:
    """Return the figures of the line that all units share."""
    place = link_info(entry)
    for description in OF_LINKS:
        yield Statistic(entry.entry_id, place, description, entry.runtime_data.bus)
