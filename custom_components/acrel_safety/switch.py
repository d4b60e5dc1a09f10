"""Settings that are on or off, where the user allowed changes; breakers and outputs, where they may be operated."""

from typing import Any, override

from homeassistant.components.switch import SwitchEntity
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .aioacrel.points import Point
from .coordinator import AcrelConfigEntry, AcrelCoordinator
from .kinds import set_up
from .remote import add_remotes
from .settingentity import SettingEntity

PARALLEL_UPDATES = 0
# A breaker that sticks may hold up no other; on one device its control keeps the order, of requests the link does.


class AcrelSwitch(SettingEntity, SwitchEntity):
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


_set_up_settings = set_up(Platform.SWITCH, AcrelSwitch)


async def async_setup_entry(
    hass: HomeAssistant, entry: AcrelConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the switches of a link: settings, then what operates the devices."""
    await _set_up_settings(hass, entry, async_add_entities)
    add_remotes(entry, async_add_entities, is_pressed=False)
