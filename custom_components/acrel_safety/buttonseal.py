"""The seal on the buttons of notifications: only what this Home Assistant made itself is acted on."""

import hmac
import secrets
from collections.abc import Mapping
from typing import Any

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN, LOGGER

_KEY: HassKey[bytes] = HassKey(f"{DOMAIN}.button_key")
_VERSION = 1
_KEY_BYTES = 32
_SEAL_DIGITS = 32


async def async_load_seal(hass: HomeAssistant) -> None:
    """Read the key that buttons are sealed with, or make one: those that were sent before a restart go on working."""
    store = Store[dict[str, Any]](hass, _VERSION, f"{DOMAIN}.buttons", private=True)
    try:
        stored: object = await store.async_load()
    except Exception:  # noqa: BLE001 - no alarm may depend on a file about buttons
        LOGGER.warning("The key of the buttons of notifications cannot be read", exc_info=True)
        stored = None
    key = _key_in(stored)
    if key is None:
        key = secrets.token_bytes(_KEY_BYTES)
        await store.async_save({"key": key.hex()})
    hass.data[_KEY] = key


def _key_in(stored: object) -> bytes | None:
    text = stored.get("key") if isinstance(stored, Mapping) else None
    try:
        key = bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError:
        return None
    return key if len(key) == _KEY_BYTES else None


@callback
def sealed(hass: HomeAssistant, prefix: str, meant: str) -> str:
    """Return the action of a button: what it means, and before it what nobody else can reckon."""
    return f"{prefix}{_seal(hass, prefix, meant)}_{meant}"


@callback
def opened(hass: HomeAssistant, prefix: str, action: str) -> str | None:
    """Return what a button means, None for one that was not made here."""
    seal, _, meant = action.removeprefix(prefix).partition("_")
    return meant if hmac.compare_digest(seal.encode(), _seal(hass, prefix, meant).encode()) else None


def _seal(hass: HomeAssistant, prefix: str, meant: str) -> str:
    return hmac.digest(hass.data[_KEY], f"{prefix}{meant}".encode(), "sha256").hex()[:_SEAL_DIGITS]
