"""Settings that are numbers, where the user allowed changes."""

from collections.abc import Mapping
from typing import override

from homeassistant.components.number import NumberDeviceClass, NumberEntity, NumberMode
from homeassistant.const import Platform

from .aioacrel.points import Point
from .coordinator import AcrelCoordinator
from .kinds import set_up
from .settingentity import SettingEntity

PARALLEL_UPDATES = 0
# Who asks is known only while nothing waits in between; the link keeps the order of requests.

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


class AcrelNumber(SettingEntity, NumberEntity):
    """A limit, delay or other number within what the model's manual allows."""

    _attr_mode = NumberMode.BOX

    def __init__(self, coordinator: AcrelCoordinator, point: Point) -> None:
        """Take the point to change."""
        super().__init__(coordinator, point, Platform.NUMBER)
        self._attr_device_class = _CLASSES.get(point.quantity.unit or "")
        self._attr_native_unit_of_measurement = point.quantity.unit
        self._attr_native_step = point.step
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


async_setup_entry = set_up(Platform.NUMBER, AcrelNumber)
