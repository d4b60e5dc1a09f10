"""Which devices of an account are set up here, as their server told who they are: kept, to notice when one is another.

It is kept beside the settings, by the device here: what is learnt changes no settings, and loads nothing anew.
"""

from collections.abc import Callable, Mapping

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store

from ..aioacrel.cloud.hub import CloudHub
from ..aioacrel.cloud.identity import Identity
from ..aioacrel.cloud.serials import Serials
from ..aioacrel.cloud.source import CloudSource
from ..aioacrel.texts import Phrase
from ..const import DOMAIN, LOGGER

_VERSION = 1
_SAVE_SECONDS = 1.0


class CloudIdentities:
    """Those of one account."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, hub: CloudHub, seats: Callable[[], Mapping[CloudSource, str]]
    ) -> None:
        """Take the account at work, and which device here each of its sources is."""
        self._entry = entry
        self._seats = seats
        self._store = identity_store(hass, entry)
        self._kept: dict[str, Identity] = {}
        self._is_read = False
        self._is_unsaved = False
        hub.hooks.append(Serials(hub).look)

    async def async_start(self) -> None:
        """Read who they were, before anything is asked."""
        if not self._is_read:
            self._kept = await _async_kept(self._store, self._entry)
            self._is_read = True
        for source, subentry_id in self._seats().items():
            source.recognition.known = self._kept.get(subentry_id)

    async def async_end(self) -> None:
        """Keep who they are."""
        self.look()
        if self._is_unsaved:
            await self._store.async_save(self._plain())

    @callback
    def look(self) -> None:
        """Keep what the latest poll said."""
        if self._is_read and self._take():
            self._is_unsaved = True
            self._store.async_delay_save(self._plain, _SAVE_SECONDS)

    def doubt(self, subentry_id: str) -> Phrase | None:
        """Return why what the server lists may not be the device that was meant."""
        found = (source.recognition.doubt for source, one in self._seats().items() if one == subentry_id)
        return next(found, None)

    @callback
    def accept(self, subentry_id: str) -> None:
        """Take what the server lists now for the device that is meant: its owner says so."""
        for source, one in self._seats().items():
            if one == subentry_id:
                source.recognition.accept()
        self.look()

    def _take(self) -> bool:
        # Of one whose model cannot be had now nothing is said.
        found = {one: of for one, of in self._kept.items() if one in self._entry.subentries}
        found |= {
            subentry_id: known
            for source, subentry_id in self._seats().items()
            if (known := source.recognition.known) is not None
        }
        is_news = found != self._kept
        self._kept = found
        return is_news

    def _plain(self) -> dict[str, object]:
        self._is_unsaved = False
        return {one: {"name": of.name, "type": of.kind, "serial": of.serial} for one, of in self._kept.items()}

    def known(self) -> Mapping[str, Identity]:
        """Return who they are, by the devices here."""
        return self._kept


async def async_identities(hass: HomeAssistant, entry: ConfigEntry) -> Mapping[str, Identity]:
    """Return who the devices of an account are that is not loaded, by the devices here."""
    return await _async_kept(identity_store(hass, entry), entry)


async def _async_kept(store: Store[dict[str, object]], entry: ConfigEntry) -> dict[str, Identity]:
    try:
        stored: object = await store.async_load()
    except Exception:  # noqa: BLE001 - that nothing is known of before must not end the account
        LOGGER.warning("Who the devices of %s were cannot be read", entry.title)
        stored = None
    found: dict[str, Identity] = {}
    for subentry_id, one in stored.items() if isinstance(stored, Mapping) else ():
        match one:
            case {"name": str(name), "type": str(kind), "serial": str(serial)} if subentry_id in entry.subentries:
                found[subentry_id] = Identity(name=name, kind=kind, serial=serial)
    return found


def identity_store(hass: HomeAssistant, entry: ConfigEntry) -> Store[dict[str, object]]:
    """Return where it is kept who the devices of an account are."""
    return Store(hass, _VERSION, f"{DOMAIN}.{entry.entry_id}.cloud_identities")
