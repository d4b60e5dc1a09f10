"""What earlier versions stored, brought to what this one means by it."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from .const import CONF_ALLOW_CHANGES, SUBENTRY_DEVICE
from .controlsettings import with_settings_right

MINOR_VERSION = 2
"""Since 2 who changes a setting needs the right to it."""


async def async_migrate_entry(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Give administrators the right to the settings of devices whose owner allowed changes before there was one."""
    if entry.version > 1:
        return False
    if entry.minor_version < MINOR_VERSION:
        for subentry in entry.get_subentries_of_type(SUBENTRY_DEVICE):
            if subentry.data.get(CONF_ALLOW_CHANGES) is True:
                hass.config_entries.async_update_subentry(entry, subentry, data=with_settings_right(subentry.data))
        hass.config_entries.async_update_entry(entry, minor_version=MINOR_VERSION)
    return True
