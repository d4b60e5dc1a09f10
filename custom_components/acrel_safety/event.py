"""What happens to the alarms, as it happens."""

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from . import safety
from .coordinator import AcrelConfigEntry

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant, entry: AcrelConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add an event for each circuit and device."""
    for subentry_id, coordinator in entry.runtime_data.coordinators.items():
        async_add_entities(safety.of_device(coordinator, Platform.EVENT), config_subentry_id=subentry_id)
