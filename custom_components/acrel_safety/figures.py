"""How well the ways to the devices do: counts and times that no device is asked for, most wanted while it is silent."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import PERCENTAGE, EntityCategory, Platform, UnitOfInformation, UnitOfTime
from homeassistant.core import callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.event import async_track_time_interval

from .const import FIGURES_SECONDS
from .coordinator import AcrelConfigEntry, AcrelCoordinator
from .devices import device_info, hub_info
from .joining import FurtherWay

type Figures = Callable[[], Mapping[str, float | None]]
"""Says how well something does, by the key of the figure."""

OF_DEVICES = (
    SensorEntityDescription(
        key="answer_time",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.MILLISECONDS,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        entity_registry_enabled_default=False,
    ),
    SensorEntityDescription(
        key="timeouts",
        state_class=SensorStateClass.TOTAL_INCREASING,
        entity_registry_enabled_default=False,
    ),
    SensorEntityDescription(
        key="discarded_frames",
        state_class=SensorStateClass.TOTAL_INCREASING,
        entity_registry_enabled_default=False,
    ),
    # In which unit, no maker says.
    SensorEntityDescription(
        key="signal",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
    ),
    *(
        SensorEntityDescription(
            key=key,
            device_class=SensorDeviceClass.DATA_SIZE,
            native_unit_of_measurement=UnitOfInformation.BYTES,
            suggested_unit_of_measurement=UnitOfInformation.KILOBYTES,
            state_class=SensorStateClass.TOTAL_INCREASING,
            suggested_display_precision=0,
        )
        for key in ("data_today", "data_month")
    ),
)
OF_GATEWAYS = (
    SensorEntityDescription(
        key="period",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        entity_registry_enabled_default=False,
    ),
    SensorEntityDescription(
        key="clock_offset",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        entity_registry_enabled_default=False,
    ),
    *(
        SensorEntityDescription(
            key=key, state_class=SensorStateClass.TOTAL_INCREASING, entity_registry_enabled_default=False
        )
        for key in ("late_records", "duplicates")
    ),
)
OF_HUBS = (
    SensorEntityDescription(
        key="overruns",
        state_class=SensorStateClass.TOTAL_INCREASING,
        entity_registry_enabled_default=False,
    ),
    SensorEntityDescription(
        key="line_duty",
        entity_registry_enabled_default=False,
        native_unit_of_measurement=PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
    ),
    SensorEntityDescription(
        key="history_fetched",
        native_unit_of_measurement=PERCENTAGE,
        suggested_display_precision=1,
    ),
)


class Figure(SensorEntity):
    """A figure of a hub or device; it is looked at now and then, and written when it has changed."""

    _attr_has_entity_name = True
    _attr_should_poll = False
    _attr_entity_category = EntityCategory.DIAGNOSTIC

    def __init__(
        self,
        owner_id: str,
        place: DeviceInfo | dr.DeviceEntry | None,
        description: SensorEntityDescription,
        figures: Figures,
    ) -> None:
        """Take the id of the subentry or entry, its device (of a further way the other entry's), and who says it."""
        self.entity_description = description
        self._attr_translation_key = description.key
        self._attr_unique_id = unique_id(owner_id, description.key)
        if isinstance(place, dr.DeviceEntry):
            self.device_entry = place
        else:
            self._attr_device_info = place
        self._figures = figures

    @override
    async def async_added_to_hass(self) -> None:
        """Look, and go on looking."""
        self._attr_native_value = self._figures().get(self.entity_description.key)
        every = timedelta(seconds=FIGURES_SECONDS)
        self.async_on_remove(async_track_time_interval(self.hass, self._look, every, cancel_on_shutdown=True))

    @callback
    def _look(self, _: datetime) -> None:
        if (figure := self._figures().get(self.entity_description.key)) != self._attr_native_value:
            self._attr_native_value = figure
            self.async_write_ha_state()


def unique_id(owner_id: str, key: str) -> str:
    """Return what the entity registry knows a figure by; no circuit is called so."""
    return f"{owner_id}_statistics_{key}"


def ids_of_device(subentry: ConfigSubentry) -> Iterator[str]:
    """Return the unique ids of the figures of one device."""
    for description in (*OF_DEVICES, *OF_GATEWAYS):
        yield unique_id(subentry.subentry_id, description.key)


def of_device(coordinator: AcrelCoordinator) -> Iterator[Figure]:
    """Return the figures of the way to one device."""
    subentry, figures = coordinator.subentry, coordinator.source.figures
    for description in (*OF_DEVICES, *OF_GATEWAYS):
        if description.key in figures():
            yield Figure(subentry.subentry_id, device_info(subentry), description, figures)


def ids_of_way(way: FurtherWay) -> Iterator[tuple[str, str]]:
    """Yield platform and unique id of the figures of a further way."""
    for identifier in ids_of_device(way.subentry):
        yield Platform.SENSOR.value, identifier


def of_way(way: FurtherWay) -> Iterator[Figure]:
    """Return the figures of a further way to a device."""
    for description in (*OF_DEVICES, *OF_GATEWAYS):
        if description.key in way.source.figures():
            yield Figure(way.subentry.subentry_id, way.place, description, way.source.figures)


def of_hub(entry: AcrelConfigEntry) -> Iterator[Figure]:
    """Return the figures of what all devices of an entry share."""
    figures = entry.runtime_data.hub.figures
    for description in OF_HUBS:
        if description.key in figures():
            yield Figure(entry.entry_id, hub_info(entry), description, figures)
