"""Settings that are one word of several, where the user allowed changes."""

from typing import override

from homeassistant.components.select import SelectEntity
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
    """Add the selects of all devices of a link."""
    for subentry_id, coordinator in entry.runtime_data.coordinators.items():
        async_add_entities(
            [AcrelSelect(coordinator, point) for point in points_of(coordinator, Platform.SELECT)],
            config_subentry_id=subentry_id,
        )


class AcrelSelect(AcrelEntity, SelectEntity):
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
