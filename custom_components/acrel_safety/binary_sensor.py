"""Alarms, faults, positions and other states that are or are not."""

from collections.abc import Mapping
from typing import override

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from . import safety
from .aioacrel.points import Point
from .aioacrel.vocabulary import Kind
from .coordinator import AcrelConfigEntry, AcrelCoordinator
from .desk import desk_of
from .entity import AcrelEntity
from .kinds import points_of

PARALLEL_UPDATES = 0

_ALARM_CLASSES: Mapping[str, BinarySensorDeviceClass] = {
    "temperature": BinarySensorDeviceClass.HEAT,
    "battery": BinarySensorDeviceClass.BATTERY,
}
"""By family; every other alarm means that something is unsafe."""
_STATE_CLASSES: Mapping[str, BinarySensorDeviceClass] = {"online_state": BinarySensorDeviceClass.CONNECTIVITY}
"""By key. A closed breaker is no opening that is closed, and a lock class would say 'on' for
unlocked: positions have words of their own instead."""


def device_class_of(point: Point) -> BinarySensorDeviceClass | None:
    """Return what 'on' means."""
    match point.quantity.kind:
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
    async_add_entities(safety.of_link(entry, desk_of(hass), Platform.BINARY_SENSOR))
    for subentry_id, coordinator in entry.runtime_data.coordinators.items():
        points = (AcrelBinarySensor(coordinator, point) for point in points_of(coordinator, Platform.BINARY_SENSOR))
        async_add_entities(
            [*safety.of_device(coordinator, Platform.BINARY_SENSOR), *points], config_subentry_id=subentry_id
        )
