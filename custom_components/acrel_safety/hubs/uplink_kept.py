"""Ports whose entry is loaded anew: they are kept open meanwhile, so that nobody has to call again.

What comes in that moment waits in the network. Only a change of devices is such a reload: at any other end the port is
closed, and so it is where the entry, loaded anew, wants another one or cannot be loaded.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.util.hass_dict import HassKey

from ..aioacrel.uplink.server import UplinkServer
from ..const import DOMAIN


@dataclass(slots=True)
class _Kept:
    """What is kept for one entry: the same for all reloads of it that are under way, since they run into each other."""

    reloads: int = 0
    data: Mapping[str, Any] = field(default_factory=dict)
    server: UplinkServer | None = None
    """None while an entry has it."""


_KEPT: HassKey[dict[str, _Kept]] = HassKey(f"{DOMAIN}.kept_ports")
"""By entry."""


@asynccontextmanager
async def keeping(hass: HomeAssistant, entry: ConfigEntry) -> AsyncGenerator[None]:
    """Have the port of an entry kept while it is loaded anew."""
    all_kept = hass.data.setdefault(_KEPT, {})
    kept = all_kept.setdefault(entry.entry_id, _Kept())
    kept.reloads += 1
    try:
        yield
    finally:
        kept.reloads -= 1
        if not kept.reloads:
            del all_kept[entry.entry_id]
            await _close(kept)


def hand_over(hass: HomeAssistant, entry: ConfigEntry, data: Mapping[str, Any], server: UplinkServer) -> bool:
    """Leave a port to the entry loaded anew; return whether it takes it."""
    kept = hass.data.get(_KEPT, {}).get(entry.entry_id)
    if kept is None or kept.server is not None or dict(data) != dict(entry.data):
        return False
    server.pause()
    kept.data, kept.server = dict(data), server
    return True


def take_over(hass: HomeAssistant, entry: ConfigEntry) -> UplinkServer | None:
    """Return the port that was kept for an entry, if it is to be as it was; it has to be `taken` to stay open."""
    kept = hass.data.get(_KEPT, {}).get(entry.entry_id)
    if kept is None or kept.server is None or kept.data != dict(entry.data) or not kept.server.is_listening:
        return None
    return kept.server


async def taken(hass: HomeAssistant, entry: ConfigEntry, server: UplinkServer) -> None:
    """Close a port no more that was taken over, and any other that was kept."""
    if (kept := hass.data.get(_KEPT, {}).get(entry.entry_id)) is not None:
        if kept.server is server:
            kept.server = None
        await _close(kept)


async def _close(kept: _Kept) -> None:
    server, kept.server = kept.server, None
    if server is not None:
        await server.stop()
