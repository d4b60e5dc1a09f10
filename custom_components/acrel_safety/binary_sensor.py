"""Alarms, faults, positions and other states that are or are not."""

from collections.abc import Iterable, Iterator, Mapping
from typing import override

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .aioacrel.alarms.bitlevels import level_of
from .aioacrel.points import Point
from .aioacrel.vocabulary import Kind
from .calling import binary_sensors_of
from .coordinator import AcrelConfigEntry, AcrelCoordinator
from .cutting import cut_off_sensors
from .desk import desk_of
from .entity import AcrelEntity
from .entity_ids import CONNECTION, UNSAFE
from .kinds import points_of
from .naming import EXTRA
from .safety import View, ViewEntity, is_unsafe, view_of_link, views_of
from .waysensor import way_sensors

PARALLEL_UPDATES = 0

_ALARM_CLASSES: Mapping[str, BinarySensorDeviceClass] = {
    "temperature": BinarySensorDeviceClass.HEAT,
    "battery": BinarySensorDeviceClass.BATTERY,
}
"""By family; every other alarm that is a matter of safety means that something is unsafe."""
_STATE_CLASSES: Mapping[str, BinarySensorDeviceClass] = {"online_state": BinarySensorDeviceClass.CONNECTIVITY}
"""By key. A closed breaker is no opening that is closed, and a lock class would say 'on' for
unlocked: positions have words of their own instead."""


def device_class_of(point: Point) -> BinarySensorDeviceClass | None:
    """Return what 'on' means."""
    match point.quantity.kind:
        case Kind.ALARM if level_of(point) is None:
            # A report, or about the quality of supply: nothing is unsafe.
            return None if point.quantity.key == EXTRA else BinarySensorDeviceClass.PROBLEM
        case Kind.ALARM:
            return _ALARM_CLASSES.get(point.quantity.family, BinarySensorDeviceClass.SAFETY)
        case Kind.FAULT:
            return BinarySensorDeviceClass.PROBLEM
        case _:
            return _STATE_CLASSES.get(point.quantity.key)


class AcrelBinarySensor(AcrelEntity, BinarySensorEntity):
    """A yes or no."""

    def __init__(self, coordinator: AcrelCoordinator, point: Point) -> None:
        """Take the point to show."""
        super().__init__(coordinator, point, Platform.BINARY_SENSOR)
        self._attr_device_class = device_class_of(point)

    @property
    @override
    def is_on(self) -> bool | None:
        """Whether it is so; None while that is not known."""
        value = self.believed_value
        return None if value is None else bool(value)


async def async_setup_entry(
    hass: HomeAssistant, entry: AcrelConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add what is or is not: of the alarms in all, then of each point."""
    async_add_entities(_of_views([view_of_link(entry, desk_of(hass))]))
    for subentry_id, coordinator in entry.runtime_data.coordinators.items():
        points = (AcrelBinarySensor(coordinator, point) for point in points_of(coordinator, Platform.BINARY_SENSOR))
        found = [*_of_views(views_of(coordinator)), *points, *cut_off_sensors(coordinator)]
        found += binary_sensors_of(coordinator)
        async_add_entities(found, config_subentry_id=subentry_id)
    for subentry_id, way in entry.runtime_data.ways.items():
        async_add_entities([*binary_sensors_of(way), *way_sensors(hass, way)], config_subentry_id=subentry_id)


def _of_views(views: Iterable[View]) -> Iterator[BinarySensorEntity]:
    for view in views:
        if not view.is_blind:
            yield UnsafeSensor(view)
        if view.circuit is None:
            yield ConnectionSensor(view)


class UnsafeSensor(ViewEntity, BinarySensorEntity):
    """Whether something is unsafe; unknown while that cannot be seen."""

    _attr_device_class = BinarySensorDeviceClass.SAFETY

    def __init__(self, view: View) -> None:
        """Take what it is about."""
        super().__init__(view, UNSAFE)

    @property
    @override
    def is_on(self) -> bool | None:
        """Whether anything is."""
        return is_unsafe(self.view.word())

    @override
    def said(self) -> object:
        """Return yes, no or neither."""
        return self.is_on


class ConnectionSensor(ViewEntity, BinarySensorEntity):
    """Whether a device is heard and is the one it is taken for, or anything is heard on a link."""

    _attr_device_class = BinarySensorDeviceClass.CONNECTIVITY
    _attr_entity_category = EntityCategory.DIAGNOSTIC

    def __init__(self, view: View) -> None:
        """Take what it is about."""
        super().__init__(view, CONNECTION)

    @property
    @override
    def is_on(self) -> bool | None:
        """Whether it is heard; None where there is nothing to hear."""
        return self.view.is_heard()

    @override
    def said(self) -> object:
        """Return yes, no or neither."""
        return self.is_on
