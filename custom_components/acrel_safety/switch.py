"""Settings that are on or off, where the user allowed changes. Breakers are not among them."""

from typing import Any, override

from homeassistant.components.switch import SwitchEntity
from homeassistant.const import Platform

from .aioacrel.points import Point
from .coordinator import AcrelCoordinator
from .entity import AcrelEntity
from .kinds import set_up

PARALLEL_UPDATES = 1


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


async_setup_entry = set_up(Platform.SWITCH, AcrelSwitch)
