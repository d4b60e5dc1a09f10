"""What devices taught and a restart does not end: it spares trials, and decides about no value."""

import time
from collections.abc import Mapping
from typing import TypedDict

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store

from ..const import DOMAIN, LOGGER

_VERSION = 1


class KeptLessons(TypedDict):
    """What one device taught, of which model it was, and when that was written (seconds since 1970)."""

    model: str
    at: float
    learnt: dict[str, object]


class LearntMemory:
    """Keeps what the devices of one link taught in a file of its own."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Take the link; nothing is read yet."""
        self._entry = entry
        self._store = Store[dict[str, KeptLessons]](hass, _VERSION, f"{DOMAIN}.{entry.entry_id}.learnt")
        self._kept: dict[str, KeptLessons] = {}

    async def async_load(self) -> None:
        """Read what was kept; what cannot be understood is forgotten."""
        try:
            stored: object = await self._store.async_load()
        except Exception:  # noqa: BLE001 - no alarm of a link may depend on a file that only spares requests
            LOGGER.warning("What was learnt of the devices of %s cannot be read", self._entry.title, exc_info=True)
            stored = None
        self._kept = _sound(stored)

    def of(self, subentry_id: str, model: str) -> tuple[Mapping[str, object], float] | None:
        """Return what a device taught, if it still is of that model, and how many seconds ago it was written."""
        kept = self._kept.get(subentry_id)
        if kept is None or kept["model"] != model:
            return None
        return kept["learnt"], max(0.0, time.time() - kept["at"])

    async def async_write(self, learnt: Mapping[str, tuple[str, Mapping[str, object]]]) -> None:
        """Keep what devices taught, with their model; of a device that is not named, what was kept before."""
        now = time.time()
        fresh = {
            subentry_id: KeptLessons(model=model, at=now, learnt=dict(lessons))
            for subentry_id, (model, lessons) in learnt.items()
        }
        known = {**self._kept, **fresh}
        self._kept = {subentry_id: kept for subentry_id, kept in known.items() if subentry_id in self._entry.subentries}
        await self._store.async_save(self._kept)

    async def async_forget(self) -> None:
        """Remove the file."""
        await self._store.async_remove()


def _sound(stored: object) -> dict[str, KeptLessons]:
    """Return the part of a file that is as this module writes it: a person may have edited it."""
    devices = stored if isinstance(stored, Mapping) else {}
    return {
        str(subentry_id): KeptLessons(model=kept["model"], at=float(kept["at"]), learnt=dict(kept["learnt"]))
        for subentry_id, kept in devices.items()
        if isinstance(kept, Mapping)
        and isinstance(kept.get("model"), str)
        and isinstance(kept.get("at"), int | float)
        and isinstance(kept.get("learnt"), Mapping)
    }
