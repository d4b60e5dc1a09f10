"""Lock-out tags in a file: one hangs when it is on the disk, and is off when that is."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util.file import write_utf8_file_atomic
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN, LOGGER, SUBENTRY_DEVICE

_FILE = "tags.json"
"""Beside the record. Home Assistant's own storage takes a damaged file for an empty one: here that takes no tag off."""
_MEMORY: HassKey[TagMemory] = HassKey(f"{DOMAIN}.tags")
_UNREADABLE: object = [None]
"""Is restored as one tag on the whole device, of which nobody knows who hung it."""


class TagMemory:
    """The tags of all devices, by the device's identity."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Take Home Assistant; nothing is read yet."""
        self._hass = hass
        self._turn = asyncio.Lock()
        self._tags: dict[str, Any] | None = None
        """None while they were not read."""
        self._is_damaged = False

    @property
    def _path(self) -> Path:
        return Path(self._hass.config.path(DOMAIN), _FILE)

    async def async_open(self) -> None:
        """Read what was kept, once."""
        async with self._turn:
            if self._tags is not None:
                return
            try:
                read = await self._hass.async_add_executor_job(_read, self._path)
            except (OSError, ValueError, RecursionError) as error:
                LOGGER.error("The lock-out tags cannot be read: one hangs on every device now (%s)", error)
                read, self._is_damaged = {}, True
            self._tags = {**read}

    def kept(self, identity: str) -> object:
        """Return what was kept of a device's tags; what cannot be read is one tag."""
        tags = self._tags
        if tags is None or (self._is_damaged and identity not in tags):
            return _UNREADABLE
        return tags.get(identity)

    async def async_keep(self, identity: str, tags: object) -> None:
        """Write the tags of a device; return when they are on the disk. Raises HomeAssistantError, OSError."""
        async with self._turn:
            # Of a damaged file also those of devices that are not loaded now; of devices that are gone nothing.
            kept = {name: self.kept(name) for name in self._identities()} | {identity: tags}
            await self._hass.async_add_executor_job(_write, self._path, kept)
            self._tags = kept

    def _identities(self) -> set[str]:
        return {
            one.subentry_id
            for entry in self._hass.config_entries.async_entries(DOMAIN)
            for one in entry.get_subentries_of_type(SUBENTRY_DEVICE)
        }


def tag_memory(hass: HomeAssistant) -> TagMemory:
    """Return it; made for who asks first."""
    if (memory := hass.data.get(_MEMORY)) is None:
        memory = hass.data[_MEMORY] = TagMemory(hass)
    return memory


def _read(path: Path) -> Mapping[str, Any]:
    """Return what is in the file; blocks. Raises OSError, ValueError."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return {}
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError(_FILE)  # noqa: TRY004 - as for any other damage
    return found


def _write(path: Path, tags: Mapping[str, object]) -> None:
    with suppress(FileExistsError):
        path.parent.mkdir()
    write_utf8_file_atomic(str(path), json.dumps(tags, ensure_ascii=False, indent=1))


NOT_KEPT = (HomeAssistantError, OSError)
"""What says that tags could not be written."""
