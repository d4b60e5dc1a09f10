"""Whether all that is set up is there to be watched."""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback

from .const import DOMAIN, SUBENTRY_DEVICE
from .coordinator import AcrelConfigEntry


@callback
def is_whole(entry: AcrelConfigEntry) -> bool:
    """Whether all devices of a link could be loaded: not one that is broken as it is stored, or waits for its table."""
    data = entry.runtime_data
    # A further way that waits for its device is missed where that is.
    loaded = data.coordinators.keys() | {known for known, way in data.ways.items() if way.why_not is None}
    return all(one.subentry_id in loaded for one in entry.get_subentries_of_type(SUBENTRY_DEVICE))


@callback
def is_all_there(hass: HomeAssistant) -> bool:
    """Whether every link is loaded, and whole."""
    entries = hass.config_entries.async_entries(DOMAIN, include_ignore=False, include_disabled=False)
    return all(entry.state is ConfigEntryState.LOADED and is_whole(entry) for entry in entries)
