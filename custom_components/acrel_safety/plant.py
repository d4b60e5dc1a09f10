"""The one plant of this Home Assistant: all devices, whichever entries reach them."""

from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from .aioacrel.plant import Plant
from .const import DOMAIN

PLANT: HassKey[Plant] = HassKey(DOMAIN)


@callback
def plant_of(hass: HomeAssistant) -> Plant:
    """Return the plant; made for who asks first."""
    return hass.data.setdefault(PLANT, Plant())
