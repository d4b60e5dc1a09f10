"""Ports whose entry is loaded anew: they are kept open meanwhile, so that nobody has to call again.

What comes in that moment waits in the network. Only a change of devices is such a reload: at any other end the port is
closed, and so it is where the entry, loaded anew, wants another one or cannot be loaded.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.util.hass_dict import HassKey

from ..aioacrel.uplink.server import UplinkServer
from ..const import DOMAIN


@dataclass(slots=True)
class _Kept:
    """A port that is to be kept, or is."""

    data: Mapping[str, Any]
    server: UplinkServer | None = None


_KEPT: HassKey[dict[str, _Kept]] = HassKey(f"{DOMAIN}.kept_ports")
"""By entry."""


@asynccontextmanager
async def keeping(hass: HomeAssistant, entry: ConfigEntry) -> AsyncGenerator[None]:
    """Have the port of an entry kept while it is loaded anew."""
    kept = hass.data.setdefault(_KEPT, {})
    mine = kept[entry.entry_id] = _Kept(dict(entry.data))
    try:
        yield
    finally:
        if kept.get(entry.entry_id) is mine:
            del kept[entry.entry_id]
        if mine.server is not None:
            await mine.server.stop()


def hand_over(hass: HomeAssistant, entry: ConfigEntry, data: Mapping[str, Any], server: UplinkServer) -> bool:
    """Leave a port to the entry loaded anew; return whether it takes it."""
    kept = hass.data.get(_KEPT, {}).get(entry.entry_id)
    if kept is None or kept.server is not None or dict(data) != dict(entry.data):
        return False
    server.pause()
    kept.server = server
    return True


def take_over(hass: HomeAssistant, entry: ConfigEntry) -> UplinkServer | None:
    """Return the port that was kept for an entry, if it is to be as it was; it has to be `taken` to stay open."""
    kept = hass.data.get(_KEPT, {}).get(entry.entry_id)
    return None if kept is None or kept.data != dict(entry.data) else kept.server


def taken(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Close a port no more that was taken over."""
    if (kept := hass.data.get(_KEPT, {}).get(entry.entry_id)) is not None:
        kept.server = None
