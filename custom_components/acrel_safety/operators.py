"""All that operates devices now."""

from collections.abc import Iterator

from homeassistant.core import HomeAssistant

from .const import DOMAIN
from .operating import Operator


def operators(hass: HomeAssistant) -> Iterator[Operator]:
    """Yield what operates the devices that are loaded."""
    for entry in hass.config_entries.async_loaded_entries(DOMAIN):
        for coordinator in entry.runtime_data.coordinators.values():
            if coordinator.operator is not None:
                yield coordinator.operator
