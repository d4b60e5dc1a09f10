"""Lock-out tags in a file: one hangs when it is on the disk, and is off when that is."""

from homeassistant.core import HomeAssistant
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .keptfile import KeptFile

_MEMORY: HassKey[TagMemory] = HassKey(f"{DOMAIN}.tags")
_UNREADABLE: object = [None]
"""Is restored as one tag on the whole device, of which nobody knows who hung it."""


class TagMemory(KeptFile):
    """The tags of all devices."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Take Home Assistant; nothing is read yet."""
        warning = "The lock-out tags cannot be read: one hangs on every device now"
        super().__init__(hass, "tags.json", unreadable=_UNREADABLE, warning=warning)


def tag_memory(hass: HomeAssistant) -> TagMemory:
    """Return it; made for who asks first."""
    if (memory := hass.data.get(_MEMORY)) is None:
        memory = hass.data[_MEMORY] = TagMemory(hass)
    return memory
