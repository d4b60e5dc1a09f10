"""One after the other: two dialogs at once may want to try the same link or to write the same model file."""

import asyncio

from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN

TURNS: HassKey[dict[str, asyncio.Lock]] = HassKey(f"{DOMAIN}.turns")
MODEL_FILES = "model files"


@callback
def turn(hass: HomeAssistant, what: str) -> asyncio.Lock:
    """Return the lock of the model files, or of a link by its entry's id."""
    locks = hass.data.setdefault(TURNS, {})
    return locks.setdefault(what, asyncio.Lock())
