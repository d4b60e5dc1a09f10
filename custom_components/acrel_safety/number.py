"""Settings that are numbers, where the user allowed changes."""

from collections.abc import Mapping
from typing import override

from homeassistant.components.number import NumberDeviceClass, NumberEntity, NumberMode
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .aioacrel.models import Point
from .aioacrel.registers import RegisterType
from .coordinator import AcrelConfigEntry, AcrelCoordinator
from .entity import AcrelEntity, points_of

PARALLEL_UPDATES = 1

_DECIMALS = 3
_CLASSES: Mapping[str, NumberDeviceClass] = {
    "V": NumberDeviceClass.VOLTAGE,
    "A": NumberDeviceClass.CURRENT,
    "mA": NumberDeviceClass.CURRENT,
    "kW": NumberDeviceClass.POWER,
    "Hz": NumberDeviceClass.FREQUENCY,
    "°C": NumberDeviceClass.TEMPERATURE,
    "ms": NumberDeviceClass.DURATION,
    "s": NumberDeviceClass.DURATION,
    "min": NumberDeviceClass.DURATION,
    "h": NumberDeviceClass.DURATION,
}


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AcrelConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the numbers of all devices of a link."""
    for subentry_id, coordinator in entry.runtime_data.coordinators.items():
        async_add_entities(
            [AcrelNumber(coordinator, point) for point in points_of(coordinator, Platform.NUMBER)],
            config_subentry_id=subentry_id,
        )


def step_of(point: Point) -> float:
    """Return the step between two values that can be set; a float knows none, so as fine as it is shown."""
    if point.layout.type is not RegisterType.F32:
        return float(abs(point.scale))
    return 10.0 ** -(point.precision if point.precision is not None else _DECIMALS)


class AcrelNumber(AcrelEntity, NumberEntity):
    """A limit, delay or other number within what the model's manual allows."""

    _attr_mode = NumberMode.BOX

    def __init__(self, coordinator: AcrelCoordinator, point: Point) -> None:
        """Take the point to change."""
        super().__init__(coordinator, point, Platform.NUMBER)
        self._attr_device_class = _CLASSES.get(point.quantity.unit or "")
        self._attr_native_unit_of_measurement = point.quantity.unit
        self._attr_native_step = step_of(point)
        if point.limits is not None:
            self._attr_native_min_value = point.limits.low
            self._attr_native_max_value = point.limits.high

    @property
    @override
    def native_value(self) -> float | None:
        """The value that was read."""
        value = self.believed_value
        return value if isinstance(value, int | float) else None

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Change the setting in the device."""
        await self._async_change(value)
