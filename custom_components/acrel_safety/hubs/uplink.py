"""4G devices: from an entry's data to the library's server, each subentry a device that calls it."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, tzinfo
from ipaddress import ip_network
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import CONF_PORT
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..aioacrel.errors import ListenError, MissingTableError
from ..aioacrel.points import Model
from ..aioacrel.registers import Ratio
from ..aioacrel.source import Source
from ..aioacrel.uplink.events import Event
from ..aioacrel.uplink.hub import Polling, UplinkHub
from ..aioacrel.uplink.limits import Limits
from ..aioacrel.uplink.moment import WeekdayRule
from ..aioacrel.uplink.server import CHINA, Clock, UplinkServer
from ..aioacrel.uplink.source import UplinkSource
from ..aioacrel.vocabulary import Pace
from ..const import CONF_CLOCK, CONF_INTERVALS, CONF_LISTEN, CONF_NETWORKS, CONF_POLLING, CONF_SERIAL, CONF_WEEKDAY
from .uplink_data import DEFAULT_INTERVALS, EVERYWHERE, Time


async def listen(server: UplinkServer, data: Mapping[str, Any]) -> None:
    """Have a server listen where some entry data say. Raises ListenError."""
    address, port = data[CONF_LISTEN], data[CONF_PORT]
    try:
        await server.start("" if address == EVERYWHERE else address, port)
    except ListenError as error:
        shown = "*" if address == EVERYWHERE else address
        raise ListenError(host=shown, port=port, detail=error.placeholders["detail"]) from error.__cause__


class UplinkEntryHub:
    """One port; each subentry is a device that calls it."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Take a config entry whose data are a port to listen at."""
        data = entry.data
        address = "" if data[CONF_LISTEN] == EVERYWHERE else f"{data[CONF_LISTEN]} "
        self.kind = f"4G, {address}port {data[CONF_PORT]}"
        self._hass = hass
        self._entry = entry
        self._server = UplinkServer(
            limits=Limits(networks=tuple(map(ip_network, data.get(CONF_NETWORKS, ())))),
            clock=Clock(zone=_zone(data[CONF_CLOCK]), weekday=WeekdayRule(data[CONF_WEEKDAY])),
            on_event=self._take,
        )
        self._hub = UplinkHub(self._server)
        self._is_started = self._is_stopped = False
        self._leaving: set[asyncio.Task[None]] = set()

    def source(self, subentry: ConfigSubentry, model: Model) -> UplinkSource:
        """Return a device; nothing is asked of it before it calls."""
        if model.needs_table:
            raise MissingTableError(model=model.name, needs=len(model.waiting))
        data = subentry.data
        intervals = {Pace(name): seconds for name, seconds in data.get(CONF_INTERVALS, {}).items()}
        return self._hub.source(
            data[CONF_SERIAL],
            model,
            name=f"{subentry.title} ({self._entry.title})",
            ratios={ratio: data[ratio] for ratio in Ratio if ratio in data},
            polling=Polling(intervals={**DEFAULT_INTERVALS, **intervals}, is_on=data.get(CONF_POLLING, True)),
        )

    def remove(self, source: Source) -> None:
        """Know a device no more; what is under way with it is ended before the port is."""
        if isinstance(source, UplinkSource) and self._is_started:
            task = self._hass.async_create_task(self._hub.remove(source), f"acrel {self._entry.title} leaves a device")
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)

    async def async_start(self) -> None:
        """Listen; devices call when it suits them, and nobody waits for them. Raises ListenError."""
        await listen(self._server, self._entry.data)
        self._is_started = True
        self._hub.start()

    async def async_stop(self) -> None:
        """Hang up on all, and listen no more; that a port was not to be had ends it as well."""
        if self._is_stopped:
            return
        self._is_started, self._is_stopped = False, True
        await asyncio.gather(*self._leaving)
        await self._hub.stop()
        await self._server.stop()

    def figures(self) -> Mapping[str, float | None]:
        """Return nothing: devices share no line."""
        return {}

    async def async_details(self, source: Source) -> Mapping[str, Any]:
        """Return what is known of a device. Nothing is read for it: that would cost its SIM card more than an hour."""
        return source.details()

    @callback
    def _take(self, event: Event) -> None:
        """Take what happened at the port."""


def _zone(time: str) -> tzinfo:
    """Return the zone in which devices are told the time."""
    match Time(time):
        case Time.VENDOR:
            return CHINA
        case Time.LOCAL:
            return dt_util.now().tzinfo or UTC
        case _:
            return UTC
