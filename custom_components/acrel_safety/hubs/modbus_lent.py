"""Home Assistant's shared link as it is lent to an entry: when that is set up, and anew whenever it was closed.

Home Assistant 2026.11 closes all shared links for good when it hears that it stops, and anybody with an account can
make that event up. Who used a link has to ask for it anew.
"""

from homeassistant.components.modbus import async_get_unit
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryNotReady, HomeAssistantError
from modbus_connection import ModbusUnit

from ..aioacrel.modbus import LinkAddress
from ..aioacrel.modbus.shared import ClosedError
from ..const import DOMAIN

_UP = (ConfigEntryState.SETUP_IN_PROGRESS, ConfigEntryState.LOADED)


@callback
def lend(hass: HomeAssistant, entry: ConfigEntry, address: LinkAddress, unit_id: int) -> ModbusUnit:
    """Return a unit of the shared link; it is given back when the entry unloads. Raises ConfigEntryNotReady."""
    try:
        return async_get_unit(hass, entry, address.params, unit_id)
    except HomeAssistantError as error:
        # Who has the link may give it back, or be given the same settings: it is tried again.
        raise ConfigEntryNotReady(
            translation_domain=DOMAIN,
            translation_key="link_settings_in_use",
            translation_placeholders={"link": entry.title},
        ) from error


@callback
def lend_anew(hass: HomeAssistant, entry: ConfigEntry, address: LinkAddress, unit_id: int) -> ModbusUnit:
    """Return one of the link that was closed, if it is still wanted. Raises ClosedError."""
    if hass.is_stopping or entry.state not in _UP:
        raise ClosedError
    try:
        return lend(hass, entry, address, unit_id)
    except ConfigEntryNotReady as error:
        # Somebody else was quicker, and has other settings. Loaded anew the entry says so, and is tried again.
        hass.config_entries.async_schedule_reload(entry.entry_id)
        raise ClosedError from error
