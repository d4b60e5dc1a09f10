"""4G devices: from an entry's data to the library's server, each subentry a device that calls it."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from ipaddress import ip_network
from typing import Any, Protocol

from homeassistant.config_entries import ConfigEntry, ConfigEntryState, ConfigSubentry
from homeassistant.const import CONF_PORT
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from ..aioacrel.errors import ListenError, MissingTableError
from ..aioacrel.masking import masked
from ..aioacrel.points import Model
from ..aioacrel.registers import Ratio
from ..aioacrel.source import Source
from ..aioacrel.uplink.events import Event, EventKind
from ..aioacrel.uplink.hub import Polling, UplinkHub
from ..aioacrel.uplink.limits import Limits
from ..aioacrel.uplink.moment import WeekdayRule
from ..aioacrel.uplink.relay import Relay
from ..aioacrel.uplink.server import CHINA, Clock, UplinkServer
from ..aioacrel.uplink.source import PERIODS, UplinkSource
from ..aioacrel.uplink.strangers import Stranger
from ..aioacrel.vocabulary import Pace
from ..const import (
    CONF_CLOCK,
    CONF_INTERVALS,
    CONF_LISTEN,
    CONF_NETWORKS,
    CONF_POLLING,
    CONF_RELAY_HOST,
    CONF_RELAY_PORT,
    CONF_SERIAL,
    CONF_WEEKDAY,
    REMEMBER_SECONDS,
)
from .facts import Facts
from .uplink_data import DEFAULT_INTERVALS, EVERYWHERE, Time
from .uplink_kept import hand_over, take_over, taken
from .uplink_memory import KeptCaller, UplinkMemory
from .uplink_strangers import StrangerCards


class Listener(Protocol):
    """Whatever listens at a port."""

    async def start(self, host: str, port: int) -> int:
        """Listen at one address; return the port. Raises ListenError."""


async def listen(server: Listener, data: Mapping[str, Any]) -> None:
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
        self._data = dict(data)
        self._kept = take_over(hass, entry)
        self._known = set() if self._kept is None else set(self._kept.stations)
        self._server = self._kept or UplinkServer(
            limits=Limits(networks=tuple(map(ip_network, data.get(CONF_NETWORKS, ())))),
            clock=Clock(zone=zone_of(data[CONF_CLOCK]), weekday=WeekdayRule(data[CONF_WEEKDAY])),
            on_event=self._take,
            relay=Relay(data[CONF_RELAY_HOST], data[CONF_RELAY_PORT]) if CONF_RELAY_HOST in data else None,
        )
        self._hub = UplinkHub(self._server)
        self._memory = UplinkMemory(hass, entry)
        self._cards = StrangerCards(hass, entry)
        self._reported: dict[str, datetime] = {}
        """When each device reported last, by serial number."""
        self._listeners: dict[str, list[Callable[[], None]]] = {}
        self._impostor_listeners: dict[str, list[Callable[[str], None]]] = {}
        self._leave: list[Callable[[], None]] = []
        self._is_started = self._is_stopped = False
        self._leaving: set[asyncio.Task[None]] = set()

    def source(self, subentry: ConfigSubentry, model: Model) -> UplinkSource:
        """Return a device; nothing is asked of it before it calls."""
        if model.needs_table:
            raise MissingTableError(model=model.name, needs=len(model.waiting))
        data = subentry.data
        intervals = {Pace(name): seconds for name, seconds in data.get(CONF_INTERVALS, {}).items()}
        serial = data[CONF_SERIAL]
        source = self._hub.source(
            serial,
            model,
            name=f"{subentry.title} ({self._entry.title})",
            ratios={ratio: data[ratio] for ratio in Ratio if ratio in data},
            polling=Polling(intervals={**DEFAULT_INTERVALS, **intervals}, is_on=data.get(CONF_POLLING, True)),
        )
        leave = source.station.join(lambda upload: self._took(serial), lambda: self._changed(serial))
        self._leave.append(leave)
        return source

    def remove(self, source: Source) -> None:
        """Know a device no more; what is under way with it is ended before the port is."""
        if isinstance(source, UplinkSource) and self._is_started:
            task = self._hass.async_create_task(self._hub.remove(source), f"acrel {self._entry.title} leaves a device")
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)

    async def async_start(self) -> None:
        """Listen; devices call when it suits them, and nobody waits for them. Raises ListenError."""
        self._cards.take_away_known()
        await self._memory.async_load()
        own = {source.station.serial for source in self._hub.sources}
        for serial in self._known - own:
            self._server.forget(serial)
        for serial, station in self._server.stations.items():
            if serial not in self._known:
                station.volume.restore(self._memory.volume(serial))
                station.address = self._memory.address(serial)
            if (reported := self._memory.last_report(serial)) is not None:
                self._reported[serial] = reported
        await taken(self._hass, self._entry, self._server)
        if not self._server.is_listening:
            await listen(self._server, self._data)
        self._is_started = True
        self._hub.start()
        self._server.resume(self._take)
        every = timedelta(seconds=REMEMBER_SECONDS)
        write = async_track_time_interval(self._hass, self._write, every, cancel_on_shutdown=True)
        self._entry.async_on_unload(write)

    async def async_stop(self) -> None:
        """Hang up on all, and listen no more; that a port was not to be had ends it as well."""
        if self._is_stopped:
            return
        was_started, self._is_started, self._is_stopped = self._is_started, False, True
        await asyncio.gather(*self._leaving)
        await self._hub.stop()
        for leave in self._leave:
            leave()
        if not (was_started and hand_over(self._hass, self._entry, self._data, self._server)):
            await self._server.stop()
        if was_started:
            await self._write()
        if self._entry.disabled_by is not None:
            self._cards.take_away_all()

    async def _write(self, _: datetime | None = None) -> None:
        """Keep what a restart does not end."""
        stations = self._server.stations
        present = {
            serial: KeptCaller(volume=one.volume.kept(), address=one.address) for serial, one in stations.items()
        }
        for serial, reported in self._reported.items():
            if serial in present:
                present[serial]["last_report"] = reported.isoformat()
        await self._memory.async_write(present)

    def strangers(self) -> list[Stranger]:
        """Return the devices that called and that nobody knows."""
        return list(self._server.strangers)

    def facts(self, source: Source) -> Facts | None:
        """Return what a device says of itself; neither its number nor that of its card is in it."""
        if not isinstance(source, UplinkSource):
            return None
        station = source.station
        return Facts(
            is_connected=station.is_here,
            last_report=self._reported.get(station.serial),
            firmware=None if station.login is None else ", ".join(station.login.firmware),
            sim=None if station.login is None else masked(station.login.iccid) or None,
            holds=PERIODS * source.period,
        )

    def on_facts(self, source: Source, listener: Callable[[], None]) -> Callable[[], None]:
        """Tell that any of that changed; returns what ends that."""
        if not isinstance(source, UplinkSource):
            return lambda: None
        listeners = self._listeners.setdefault(source.station.serial, [])
        listeners.append(listener)
        return lambda: listeners.remove(listener)

    def on_impostor(self, source: Source, listener: Callable[[str], None]) -> Callable[[], None]:
        """Tell from where somebody called in the name of a device that is there; returns what ends that."""
        if not isinstance(source, UplinkSource):
            return lambda: None
        listeners = self._impostor_listeners.setdefault(source.station.serial, [])
        listeners.append(listener)
        return lambda: listeners.remove(listener)

    def figures(self) -> Mapping[str, float | None]:
        """Return nothing: devices share no line."""
        return {}

    async def async_details(self, source: Source) -> Mapping[str, Any]:
        """Return what is known of a device. Nothing is read for it: that would cost its SIM card more than an hour."""
        return source.details()

    @callback
    def _took(self, serial: str) -> None:
        self._reported[serial] = dt_util.utcnow()
        self._changed(serial)

    @callback
    def _changed(self, serial: str) -> None:
        for listener in list(self._listeners.get(serial, ())):
            listener()

    @callback
    def _take(self, event: Event) -> None:
        """Take what happened at the port."""
        if event.kind is EventKind.STRANGER:
            self._cards.show(event.serial)
        elif event.kind is EventKind.SECOND_LOGIN:
            for listener in list(self._impostor_listeners.get(event.serial, ())):
                listener(event.address)


def strangers_of(entry: ConfigEntry) -> list[Stranger]:
    """Return the devices that called the port of an entry and that nobody knows."""
    if entry.state is not ConfigEntryState.LOADED:
        return []
    hub = entry.runtime_data.hub
    return hub.strangers() if isinstance(hub, UplinkEntryHub) else []


def stranger_of(entry: ConfigEntry, serial: str) -> Stranger | None:
    """Return one of them."""
    return next((one for one in strangers_of(entry) if one.login.serial == serial), None)


def zone_of(time: str) -> tzinfo:
    """Return the zone in which devices are told the time."""
    match Time(time):
        case Time.VENDOR:
            return CHINA
        case Time.LOCAL:
            return dt_util.now().tzinfo or UTC
        case _:
            return UTC
