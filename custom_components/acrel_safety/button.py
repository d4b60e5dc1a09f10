"""What is pressed once to operate a device: release of forced control, self-test, reset, a trip by an output."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import AcrelConfigEntry
from .remote import add_remotes

PARALLEL_UPDATES = 0


async def async_setup_entry(
    _: HomeAssistant, entry: AcrelConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the buttons of a link."""
    add_remotes(entry, async_add_entities, is_pressed=True)
