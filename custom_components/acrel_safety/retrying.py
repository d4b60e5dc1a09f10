"""Links that wait to be set up again: Home Assistant gives them up when it hears that it stops, as anybody can say.

It cancels its own timers for them then, whether it stops or not, and nothing would ever try them again.
"""

from datetime import datetime

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from .const import DOMAIN
from .lifetime import at_false_stop

TRY_AGAIN_SECONDS = 60.0
"""So long after such an event they are tried: however many there are, that is done once in this time."""


@callback
def keep_trying(hass: HomeAssistant) -> None:
    """Try such links again from now on."""
    waiting: list[CALLBACK_TYPE] = []

    @callback
    def try_again(_: datetime) -> None:
        waiting.clear()
        for entry in hass.config_entries.async_entries(DOMAIN):
            if entry.state is ConfigEntryState.SETUP_RETRY:
                hass.config_entries.async_schedule_reload(entry.entry_id)

    @callback
    def heard(_: HomeAssistant) -> None:
        if not waiting:
            job = HassJob(try_again, "acrel links are tried again", cancel_on_shutdown=True)
            waiting.append(async_call_later(hass, TRY_AGAIN_SECONDS, job))

    at_false_stop(hass, heard)
