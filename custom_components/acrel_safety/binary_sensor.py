"""Alarms, faults, positions and other states that are or are not."""

from collections.abc import Mapping
from typing import override

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.const import Platform

from .aioacrel.points import Point
from .aioacrel.vocabulary import Kind
from .coordinator import AcrelCoordinator
from .entity import AcrelEntity
from .kinds import set_up

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


async_setup_entry = set_up(Platform.BINARY_SENSOR, AcrelBinarySensor)
