"""What is known of 4G devices and a restart does not end: how much data their cards carried, and the last report."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NotRequired, TypedDict

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from ..const import CONF_SERIAL, DOMAIN, LOGGER

_VERSION = 1


class KeptCaller(TypedDict):
    """One device, as it is stored."""

    volume: Mapping[str, object]
    last_report: NotRequired[str]
    address: NotRequired[str]
    """Where it called from last: who calls from elsewhere after a restart is doubted for a while."""


class UplinkMemory:
    """Keeps it in a file of its own, by serial number: another device in its place has another card."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Take the port; nothing is read yet."""
        self._entry = entry
        self._store = Store[dict[str, KeptCaller]](hass, _VERSION, f"{DOMAIN}.{entry.entry_id}.uplink", private=True)
        self._kept: dict[str, KeptCaller] = {}

    async def async_load(self) -> None:
        """Read what was kept; what cannot be understood is forgotten."""
        try:
            stored: object = await self._store.async_load()
        except Exception:  # noqa: BLE001 - no alarm of a device may depend on a file about its data volume
            LOGGER.warning("What was kept of the devices of %s cannot be read", self._entry.title, exc_info=True)
            stored = None
        self._kept = _sound(stored)

    def volume(self, serial: str) -> Mapping[str, object]:
        """Return the data of a device, as it was kept."""
        return self._kept[serial]["volume"] if serial in self._kept else {}

    def address(self, serial: str) -> str:
        """Return where a device called from last; empty where that is not known."""
        return self._kept[serial].get("address", "") if serial in self._kept else ""

    def last_report(self, serial: str) -> datetime | None:
        """Return when a device reported last; never later than now: clocks are set."""
        kept = self._kept.get(serial)
        found = None if kept is None else dt_util.parse_datetime(kept.get("last_report", ""))
        return None if found is None or found.tzinfo is None else min(found, dt_util.utcnow())

    async def async_write(self, present: Mapping[str, KeptCaller]) -> None:
        """Keep what is known now; of a device that could not be set up, what was kept before."""
        known = {**self._kept, **present}
        own = {subentry.data.get(CONF_SERIAL) for subentry in self._entry.subentries.values()}
        kept = {serial: one for serial, one in known.items() if serial in own}
        if kept != self._kept:
            self._kept = kept
            await self._store.async_save(kept)

    async def async_forget(self) -> None:
        """Remove the file."""
        await self._store.async_remove()


def _sound(stored: object) -> dict[str, KeptCaller]:
    """Return the part of a file that is as this module writes it: a person may have edited it."""
    callers: Mapping[Any, Any] = stored if isinstance(stored, Mapping) else {}
    found: dict[str, KeptCaller] = {}
    for serial, kept in callers.items():
        if isinstance(kept, Mapping) and isinstance(kept.get("volume"), Mapping):
            caller = found[str(serial)] = KeptCaller(volume=dict(kept["volume"]))
            if isinstance(said := kept.get("last_report"), str):
                caller["last_report"] = said
            if isinstance(address := kept.get("address"), str):
                caller["address"] = address
    return found
