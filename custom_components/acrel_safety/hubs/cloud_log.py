"""The log of an account over restarts: until when it was read is kept, so that no event is left out."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from ..aioacrel.cloud.account import Account
from ..aioacrel.cloud.alarmfeed import AlarmFeed
from ..const import DOMAIN, LOGGER

SAVE_SECONDS = 900.0
"""Between two times that it is written down; ended between, so much is read once more, and is no news."""
_VERSION = 1


class CloudLog:
    """Reads the log of one account."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Take the account; nothing is read yet."""
        self.feed = AlarmFeed(now=dt_util.utcnow)
        self._hass = hass
        self._entry = entry
        self._store = log_store(hass, entry)
        self._saved: float | None = None
        """When it was written or read last, by the steady clock."""

    async def async_load(self) -> None:
        """Read until when the log was read before, once."""
        if self._saved is not None:
            return
        self._saved = self._hass.loop.time()
        try:
            self.feed.restore(await self._store.async_load())
        except Exception:  # noqa: BLE001 - what is read once more is no news
            LOGGER.warning("Until when the log of %s was read before cannot be told", self._entry.title)

    async def async_look(self, account: Account) -> None:
        """Read the log. Raises CloudError."""
        await self.feed.look(account)
        if self._saved is None or self._hass.loop.time() - self._saved >= SAVE_SECONDS:
            await self.async_save()

    async def async_save(self) -> None:
        """Write down until when it was read; nothing where that is not known."""
        if self._saved is not None:
            self._saved = self._hass.loop.time()
            await self._store.async_save(self.feed.kept())


def log_store(hass: HomeAssistant, entry: ConfigEntry) -> Store[dict[str, object]]:
    """Return where it is kept until when the log of an account was read."""
    return Store(hass, _VERSION, f"{DOMAIN}.{entry.entry_id}.cloud_log")
