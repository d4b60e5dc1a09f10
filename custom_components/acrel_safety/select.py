"""Settings that are one word of several, where the user allowed changes."""

from typing import override

from homeassistant.components.select import SelectEntity
from homeassistant.const import Platform

from .aioacrel.points import Point
from .coordinator import AcrelCoordinator
from .kinds import set_up
from .settingentity import SettingEntity

PARALLEL_UPDATES = 0
# Who asks is known only while nothing waits in between; the link keeps the order of requests.


class AcrelSelect(SettingEntity, SelectEntity):
    """A mode of the device."""

    def __init__(self, coordinator: AcrelCoordinator, point: Point) -> None:
        """Take the point to change."""
        super().__init__(coordinator, point, Platform.SELECT)
        self._attr_options = list(dict.fromkeys((point.words or {}).values()))

    @property
    @override
    def current_option(self) -> str | None:
        """The word that was read."""
        value = self.believed_value
        return value if isinstance(value, str) else None

    @override
    async def async_select_option(self, option: str) -> None:
        """Change the setting in the device."""
        await self._async_change(option)


async_setup_entry = set_up(Platform.SELECT, AcrelSelect)
