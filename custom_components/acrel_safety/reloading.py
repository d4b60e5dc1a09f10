"""Changes of a link and its devices are taken over by loading it anew: all that are made at once by one reload."""

import asyncio

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .coordinator import AcrelConfigEntry
from .hubs.uplink_kept import keeping

_WAITING: HassKey[set[str]] = HassKey(f"{DOMAIN}.reloads")
"""Links that are about to be loaded anew."""
_DOWN = (ConfigEntryState.NOT_LOADED, ConfigEntryState.UNLOAD_IN_PROGRESS)


async def async_reload(hass: HomeAssistant, entry: AcrelConfigEntry) -> None:
    """Load a link anew for each change, or once for several made without waiting between."""
    waiting = hass.data.setdefault(_WAITING, set())
    if entry.entry_id in waiting:
        return
    waiting.add(entry.entry_id)
    try:
        await asyncio.sleep(0)
    finally:
        waiting.discard(entry.entry_id)
    # Who takes it down meanwhile finds the changes when it is set up again.
    if entry.state not in _DOWN and hass.config_entries.async_get_entry(entry.entry_id) is entry:
        async with keeping(hass, entry):
            await hass.config_entries.async_reload(entry.entry_id)
