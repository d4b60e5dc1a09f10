"""Links that wait to be set up again: Home Assistant gives them up when it hears that it stops, as anybody can say.

It cancels its own timers for them then, whether it stops or not, and nothing would ever try them again.
"""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback

from .const import DOMAIN
from .lifetime import after_false_stop


@callback
def keep_trying(hass: HomeAssistant) -> None:
    """Try such links again from now on."""
    after_false_stop(hass, _try_again)


@callback
def _try_again(hass: HomeAssistant) -> None:
    for entry in hass.config_entries.async_entries(DOMAIN):
        if entry.state is ConfigEntryState.SETUP_RETRY:
            hass.config_entries.async_schedule_reload(entry.entry_id)
