"""Settings that are on or off, where the user allowed changes. Breakers are not among them."""

from typing import Any, override

from homeassistant.components.switch import SwitchEntity
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .aioacrel.models import Point
from .coordinator import AcrelConfigEntry, AcrelCoordinator
from .entity import AcrelEntity, points_of

PARALLEL_UPDATES = 1


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AcrelConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the switches of all devices of a link."""
    for subentry_id, coordinator in entry.runtime_data.coordinators.items():
        async_add_entities(
            [AcrelSwitch(coordinator, point) for point in points_of(coordinator, Platform.SWITCH)],
            config_subentry_id=subentry_id,
        )


class AcrelSwitch(AcrelEntity, SwitchEntity):
    """Turns a function of the device on or off, such as an alarm."""

    def __init__(self, coordinator: AcrelCoordinator, point: Point) -> None:
        """Take the point to change."""
        super().__init__(coordinator, point, Platform.SWITCH)

    @property
    @override
    def is_on(self) -> bool | None:
        """Whether the function is on; None while that is not known."""
        value = self.believed_value
        return None if value is None else bool(value)

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Turn the function on in the device."""
        await self._async_change(value=True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Turn the function off in the device."""
        await self._async_change(value=False)
