"""The beginning and the end of what a link does while it is loaded.

A link that cannot be reached is tried again by Home Assistant, and shows nothing meanwhile. But where another way leads
to one of its devices it is loaded all the same: what that way says has to be seen.
"""

import asyncio

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryAuthFailed, ConfigEntryNotReady

from .aioacrel.errors import AcrelError
from .const import DOMAIN
from .coordinator import AcrelConfigEntry
from .furtherways import has_other_ways
from .lifetime import at_stop

TRY_AGAIN_SECONDS = 30.0


async def async_start(hass: HomeAssistant, entry: AcrelConfigEntry) -> None:
    """Begin to read, and remember counters until the end. Raises AcrelError."""
    data = entry.runtime_data
    # Whatever ends the set-up: nothing goes on polling behind it.
    entry.async_on_unload(data.hub.async_stop)
    try:
        await data.hub.async_start()
    except AcrelError as error:
        if not has_other_ways(hass, entry):
            raise
        if error.needs_login:
            entry.async_start_reauth(hass)
        else:
            trying = _async_try_again(hass, entry)
            data.starting = entry.async_create_background_task(hass, trying, f"{entry.title} is tried")
    data.forget_but(entry.subentries)

    async def stop(_: HomeAssistant) -> None:
        await async_leave(entry)

    entry.async_on_unload(at_stop(hass, stop))
    entry.async_on_unload(data.memory.async_keep())


async def _async_try_again(hass: HomeAssistant, entry: AcrelConfigEntry) -> None:
    """Begin as soon as the link can be reached."""
    while True:
        await asyncio.sleep(TRY_AGAIN_SECONDS)
        try:
            await entry.runtime_data.hub.async_start()
        except AcrelError as error:
            if error.needs_login:
                entry.async_start_reauth(hass)
                return
        else:
            return


def not_ready(hass: HomeAssistant, error: AcrelError) -> ConfigEntryNotReady | ConfigEntryAuthFailed:
    """Return what Home Assistant is told of a link that cannot be used: whether it may try again by itself."""
    told = ConfigEntryAuthFailed if error.needs_login else ConfigEntryNotReady
    return told(
        translation_domain=DOMAIN,
        translation_key=error.key,
        translation_placeholders=dict(error.placeholders_in(hass.config.language)),
    )


async def async_leave(entry: AcrelConfigEntry) -> None:
    """End all that was begun."""
    data = entry.runtime_data
    if data.starting is not None:
        data.starting.cancel()
        await asyncio.gather(data.starting, return_exceptions=True)
    await data.hub.async_stop()
    await data.memory.async_write()
