"""An XML gateway: from an entry's data to the library's server, each subentry a device behind the gateway."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from ipaddress import ip_network
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigEntryState, ConfigSubentry
from homeassistant.const import CONF_PORT
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..aioacrel.points import Model
from ..aioacrel.registers import Ratio
from ..aioacrel.source import Source
from ..aioacrel.uplink.events import Event, EventKind
from ..aioacrel.xmlgateway.history import Record
from ..aioacrel.xmlgateway.hub import Polling, XmlHub
from ..aioacrel.xmlgateway.limits import DEFAULT_LIMITS
from ..aioacrel.xmlgateway.names import GatewayName, MeterId
from ..aioacrel.xmlgateway.server import XmlServer
from ..aioacrel.xmlgateway.source import PERIODS, MeterSource
from ..const import (
    CONF_BUILDING,
    CONF_CLOCK,
    CONF_GATEWAY,
    CONF_LISTEN,
    CONF_METER,
    CONF_NETWORKS,
    CONF_POLLING,
    CONF_XML_SECRET,
    LOGGER,
)
from .facts import Facts
from .history_kept import KeptHistory, Owner
from .uplink import listen, zone_of
from .uplink_data import EVERYWHERE


class XmlEntryHub:
    """One port that one gateway calls; each subentry is a device behind it."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Take a config entry whose data are a port to listen at, and the gateway that calls it."""
        data = entry.data
        address = "" if data[CONF_LISTEN] == EVERYWHERE else f"{data[CONF_LISTEN]} "
        self.kind = f"XML, {address}port {data[CONF_PORT]}"
        self._hass = hass
        self._entry = entry
        networks = tuple(map(ip_network, data.get(CONF_NETWORKS, ())))
        self._server = XmlServer(
            zone=zone_of(data[CONF_CLOCK]), limits=replace(DEFAULT_LIMITS, networks=networks), on_event=self._take
        )
        self._gateway = self._server.expect(GatewayName(data[CONF_BUILDING], data[CONF_GATEWAY]), data[CONF_XML_SECRET])
        self._hubs = {
            is_on: XmlHub(self._server, polling=Polling(is_on=is_on), on_past=self.takes_before)
            for is_on in (True, False)
        }
        """Those that are polled, and those that are not."""
        self._history = KeptHistory(hass, entry)
        self._subentries: dict[Source, str] = {}
        self._reported: dict[Source, datetime] = {}
        self._listeners: list[Callable[[], None]] = []
        self._impostor_listeners: list[Callable[[str], None]] = []
        self._is_started = self._is_stopped = False
        self._leaving: set[asyncio.Task[None]] = set()
        self._gateway.join(lambda report: None, self._changed)

    def source(self, subentry: ConfigSubentry, model: Model) -> MeterSource:
        """Return a device; nothing is asked of it before the gateway calls."""
        meter = MeterId.of(subentry.data[CONF_METER])
        if meter is None:
            raise ValueError("what is stored was checked before")
        source = self._hubs[subentry.data.get(CONF_POLLING, True)].source(
            self._gateway,
            meter,
            model,
            name=f"{subentry.title} ({self._entry.title})",
            ratios={ratio: subentry.data[ratio] for ratio in Ratio if ratio in subentry.data},
        )
        self._subentries[source] = subentry.subentry_id
        source.join(lambda update: self._took(source))
        return source

    def remove(self, source: Source) -> None:
        """Leave a device alone; what is under way with it is ended before the port is."""
        self._subentries.pop(source, None)
        if isinstance(source, MeterSource) and self._is_started:
            task = self._hass.async_create_task(self._remove(source), f"acrel {self._entry.title} leaves a device")
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)

    async def _remove(self, source: MeterSource) -> None:
        for hub in self._hubs.values():
            await hub.remove(source)

    async def async_start(self) -> None:
        """Listen; the gateway calls when it suits it. Raises ListenError."""
        await self._history.async_load()
        await listen(self._server, self._entry.data)
        self._is_started = True
        for hub in self._hubs.values():
            hub.start()

    async def async_stop(self) -> None:
        """Hang up, and listen no more; that a port was not to be had ends it as well."""
        if self._is_stopped:
            return
        was_started, self._is_started, self._is_stopped = self._is_started, False, True
        await asyncio.gather(*self._leaving)
        await asyncio.gather(*(hub.stop() for hub in self._hubs.values()))
        await self._server.stop()
        if was_started:
            await self._history.async_stop()

    def strangers(self) -> list[GatewayName]:
        """Return the gateways that called and that nobody knows."""
        return [one.login for one in self._server.strangers]

    def facts(self, source: Source) -> Facts | None:
        """Return whether the gateway is connected, and when the device was heard last."""
        return Facts(
            is_connected=self._gateway.is_here,
            has_card=False,
            last_report=self._reported.get(source),
            holds=PERIODS * source.period if isinstance(source, MeterSource) else None,
        )

    def on_facts(self, source: Source, listener: Callable[[], None]) -> Callable[[], None]:
        """Tell that any of that changed; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def on_impostor(self, source: Source, listener: Callable[[str], None]) -> Callable[[], None]:
        """Tell from where somebody called in the name of the gateway; returns what ends that."""
        self._impostor_listeners.append(listener)
        return lambda: self._impostor_listeners.remove(listener)

    def figures(self) -> Mapping[str, float | None]:
        """Return nothing: each serial port is a line of its own."""
        return {}

    async def async_details(self, source: Source) -> Mapping[str, Any]:
        """Return what is known of a device."""
        return {**source.details(), "strangers": len(self._server.strangers)}

    @callback
    def takes_before(self, source: MeterSource, records: Sequence[Record]) -> None:
        """Take values of before, which the gateway could not send then."""
        subentry = self._entry.subentries.get(self._subentries.get(source, ""))
        if subentry is None:
            return
        owner = Owner(
            subentry_id=subentry.subentry_id, title=subentry.title, points=source.points, period=source.period
        )
        for record in records:
            self._history.take(record, owner)

    @callback
    def _took(self, source: Source) -> None:
        self._reported[source] = dt_util.utcnow()
        self._changed()

    @callback
    def _changed(self) -> None:
        for listener in list(self._listeners):
            listener()

    @callback
    def _take(self, event: Event) -> None:
        """Take what happened at the port."""
        if event.kind is EventKind.SECOND_LOGIN:
            for listener in list(self._impostor_listeners):
                listener(event.address)
        elif event.kind is EventKind.REFUSED:
            LOGGER.warning("%s called %s and does not know the secret", event.address, self._entry.title)


def strangers_of(entry: ConfigEntry) -> list[GatewayName]:
    """Return the gateways that called the port of an entry and that nobody knows."""
    hub = entry.runtime_data.hub if entry.state is ConfigEntryState.LOADED else None
    return hub.strangers() if isinstance(hub, XmlEntryHub) else []


def shown_as(source: Source, model: Model) -> Model:
    """Return a model as the device it is of is reached: by its registers, or by its codes alone."""
    return source.shown_as if isinstance(source, MeterSource) else model
