"""The end of Home Assistant, made up: it shuts its web server and its shared links, and goes on. So have values."""

import asyncio
from contextlib import suppress

import aiohttp

from demo.api import Http
from demo.errors import DemoError
from demo.site import SITE, Link
from simulator import Cabinet

_EVENT = "homeassistant_stop"
_ROUNDS = 3
"""One request of each unit may have been on its way."""
_PATIENCE_SECONDS = 40.0
_LOOK_SECONDS = 0.2


async def unread_after_the_end(cabinet: Cabinet, http: Http) -> list[str]:
    """Say that Home Assistant stops, which anybody with an account can; return the units that are not read on.

    Nothing can be asked of Home Assistant afterwards: what is seen is seen in the cabinet.
    """
    # What it shuts is the very server that is to answer this.
    with suppress(aiohttp.ClientError, DemoError):
        await http.post(f"/api/events/{_EVENT}", {})
    on_lines = [shown.unit for shown in SITE if shown.link in (Link.TCP, Link.RTU_TCP)]
    units = {unit_id: unit for unit_id, unit in cabinet.units.items() if unit_id in on_lines}
    with suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE_SECONDS):
            for _ in range(_ROUNDS):
                unread = {unit_id: unit.requests[-1] for unit_id, unit in units.items()}
                while unread:
                    # The simulator tells nobody when it is asked.
                    await asyncio.sleep(_LOOK_SECONDS)
                    unread = {unit_id: last for unit_id, last in unread.items() if units[unit_id].requests[-1] is last}
    return [f"unit {unit_id}" for unit_id in unread]
