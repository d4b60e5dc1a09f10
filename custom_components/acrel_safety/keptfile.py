"""What must not get lost over a restart, by device, in a file: it is kept when it is on the disk."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util.file import write_utf8_file_atomic

from .const import DOMAIN, LOGGER, SUBENTRY_DEVICE


class KeptFile:
    """One thing of all devices, by the device's identity; beside the record.

    Home Assistant's own storage takes a damaged file for an empty one: here that would allow what was forbidden.
    """

    def __init__(self, hass: HomeAssistant, file: str, *, unreadable: object, warning: str) -> None:
        """Take the file's name, what is said of each device when it cannot be read, and what to log then.

        Nothing is read yet.
        """
        self._hass = hass
        self._file = file
        self._unreadable = unreadable
        self._warning = warning
        self._turn = asyncio.Lock()
        self._kept: dict[str, Any] | None = None
        """None while it was not read."""
        self._is_damaged = False

    @property
    def _path(self) -> Path:
        return Path(self._hass.config.path(DOMAIN), self._file)

    async def async_open(self) -> None:
        """Read what was kept, once."""
        async with self._turn:
            if self._kept is not None:
                return
            try:
                read = await self._hass.async_add_executor_job(_read, self._path)
            except (OSError, ValueError, RecursionError) as error:
                LOGGER.error("%s (%s)", self._warning, error)
                read, self._is_damaged = {}, True
            self._kept = {**read}

    def kept(self, identity: str) -> object:
        """Return what was kept of a device, None if nothing was; what is said of all where it cannot be read."""
        kept = self._kept
        if kept is None or (self._is_damaged and identity not in kept):
            return self._unreadable
        return kept.get(identity)

    async def async_keep(self, identity: str, what: object) -> None:
        """Write it for a device; return when it is on the disk. Raises HomeAssistantError, OSError."""
        async with self._turn:
            # Of a damaged file also those of devices that are not loaded now; of devices that are gone nothing.
            kept = {name: self.kept(name) for name in self._identities()} | {identity: what}
            await self._hass.async_add_executor_job(_write, self._path, kept)
            self._kept = kept

    def _identities(self) -> set[str]:
        return {
            one.subentry_id
            for entry in self._hass.config_entries.async_entries(DOMAIN)
            for one in entry.get_subentries_of_type(SUBENTRY_DEVICE)
        }


def _read(path: Path) -> Mapping[str, Any]:
    """Return what is in the file; blocks. Raises OSError, ValueError."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return {}
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError(path.name)  # noqa: TRY004 - as for any other damage
    return found


def _write(path: Path, kept: Mapping[str, object]) -> None:
    with suppress(FileExistsError):
        path.parent.mkdir()
    write_utf8_file_atomic(str(path), json.dumps(kept, ensure_ascii=False, indent=1))


NOT_KEPT = (HomeAssistantError, OSError)
"""What says that it could not be written."""
