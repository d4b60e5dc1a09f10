"""Lock-out tags, by device: they outlive a link that is loaded anew, and (in a file) a restart.

A tag hangs for certain when it is on the disk, and is off when that is.
"""

import asyncio

from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from .aioacrel.control.tags import Tags
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
        self._tags: dict[str, Tags] = {}
        self._turns: dict[str, asyncio.Lock] = {}

    @callback
    def tags_of(self, identity: str) -> Tags:
        """Return what hangs on a device: the same for each control it is given, as long as Home Assistant runs."""
        if (tags := self._tags.get(identity)) is None:
            tags = self._tags[identity] = Tags()
            tags.restore(self.kept(identity))
        return tags

    @callback
    def turn_of(self, identity: str) -> asyncio.Lock:
        """Return what is held while a tag of a device is hung or taken off: one after another."""
        return self._turns.setdefault(identity, asyncio.Lock())


def tag_memory(hass: HomeAssistant) -> TagMemory:
    """Return it; made for who asks first."""
    if (memory := hass.data.get(_MEMORY)) is None:
        memory = hass.data[_MEMORY] = TagMemory(hass)
    return memory
