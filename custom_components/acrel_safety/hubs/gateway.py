"""Gateways that speak MQTT: from an entry's data to the library's hub, each subentry a meter behind the gateway."""

from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from ..aioacrel.gateway.events import Event, EventKind, HistoryValue
from ..aioacrel.gateway.options import GatewayOptions
from ..aioacrel.gateway.overseas import Scaling
from ..aioacrel.gateway.source import GatewaySource
from ..aioacrel.masking import masked
from ..aioacrel.points import Model
from ..aioacrel.reporting.reporter import PERIODS
from ..aioacrel.source import Source
from ..const import (
    CONF_BY_ANALOGY,
    CONF_CLOCK,
    CONF_FOUND,
    CONF_REPORTS_EVERY,
    CONF_SCALING,
    CONF_SECRET,
    CONF_SERIAL,
)
from ..unreported import aside_in
from .facts import Facts
from .gateway_broker import broker_of
from .gateway_data import CONF_POWER_UNIT, CONF_RATIOS, POWER_UNITS, SCALINGS, as_found, found_in
from .gateway_trouble import GatewayTrouble
from .history_kept import KeptHistory, Owner
from .zones import zone_of

GATHER_SECONDS = 5.0
"""So long what else a meter reports is gathered before its entities are made: they come with a reload of the entry."""


class GatewayEntryHub:
    """One gateway; each subentry is a meter behind it, or the gateway itself where it is one."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Take a config entry whose data are a gateway."""
        self.serial: str = entry.data[CONF_SERIAL]
        self.kind = f"MQTT, {masked(self.serial)}"
        self._hass = hass
        self._entry = entry
        self._broker = broker_of(hass)
        self._sources: dict[str, GatewaySource] = {}
        self._leave: Callable[[], None] | None = None
        self._gathering: CALLBACK_TYPE | None = None
        # What is said of it has to be so before its meters are there.
        options = options_in(entry.data, zone_of(hass, entry.data[CONF_CLOCK]))
        self._gateway = self._broker.hub.expect(self.serial, options)
        self._trouble: GatewayTrouble | None = None
        self._history = KeptHistory(hass, entry)

    def source(self, subentry: ConfigSubentry, model: Model) -> GatewaySource:
        """Return a meter; nothing is asked of it before its gateway spoke."""
        data = subentry.data
        source = self._broker.hub.source(
            self.serial, data[CONF_SERIAL], model, scaling=scaling_in(data.get(CONF_SCALING))
        )
        source.meter.codebook.expect(found_in(data))
        source.put_aside(aside_in(data))
        self._sources[subentry.subentry_id] = source
        return source

    def remove(self, source: Source) -> None:
        """Know a meter no more."""
        for subentry_id, known in list(self._sources.items()):
            if known is source:
                del self._sources[subentry_id]
        if isinstance(source, GatewaySource):
            self._broker.hub.drop(source)

    async def async_start(self) -> None:
        """Hear it from now on. Raises NoBrokerError."""
        await self._history.async_load()
        self._leave = await self._broker.async_join(self.serial, self)
        self._trouble = GatewayTrouble(self._hass, self._entry, self._gateway)

    async def async_stop(self) -> None:
        """Hear it no more."""
        if self._gathering is not None:
            self._gathering()
            self._gathering = None
        if self._trouble is not None:
            self._trouble.end()
            self._trouble = None
        if self._leave is not None:
            self._leave()
            self._leave = None
            await self._history.async_stop()

    def facts(self, source: Source) -> Facts | None:
        """Return what a gateway says of itself; nothing that tells it from others is in it."""
        if not isinstance(source, GatewaySource):
            return None
        gateway = source.gateway
        return Facts(
            is_connected=gateway.is_here,
            by="gateway_online",
            has_sim=False,
            calls=False,
            last_report=source.meter.heard,
            firmware=None if gateway.login is None else gateway.login.version or None,
            holds=PERIODS * gateway.period,
        )

    def on_facts(self, source: Source, listener: Callable[[], None]) -> Callable[[], None]:
        """Tell that any of that changed; returns what ends that."""
        if not isinstance(source, GatewaySource):
            return lambda: None
        leave = (
            source.gateway.listen(listener),
            source.meter.join(lambda *_: listener(), listener),
        )

        @callback
        def end() -> None:
            for one in leave:
                one()

        return end

    def on_impostor(self, source: Source, listener: Callable[[str], None]) -> Callable[[], None]:
        """Tell nothing: who publishes in whose name is the broker's to allow."""
        return lambda: None

    def figures(self) -> Mapping[str, float | None]:
        """Return nothing: meters share no line."""
        return {}

    async def async_details(self, source: Source) -> Mapping[str, Any]:
        """Return what is known of a meter; nothing is asked for it."""
        return source.details()

    # -- what happens -------------------------------------------------------------------------------------------------

    @callback
    def takes(self, event: Event) -> None:
        """Take what happened at the gateway."""
        if event.kind is EventKind.POINTS and self._gathering is None and self._leave is not None:
            gather = HassJob(self._keep_found, cancel_on_shutdown=True)
            self._gathering = async_call_later(self._hass, GATHER_SECONDS, gather)

    @callback
    def takes_before(self, value: HistoryValue) -> None:
        """Take a value of before."""
        for subentry_id, source in self._sources.items():
            if source.serial == value.serial and (subentry := self._entry.subentries.get(subentry_id)) is not None:
                owner = Owner(
                    subentry_id=subentry_id,
                    title=subentry.title,
                    points=source.points,
                    period=source.gateway.period,
                )
                self._history.take(value, owner)

    @callback
    def _keep_found(self, _: object) -> None:
        """Store what else was found of each meter: from then on, also after a restart, it is among its points."""
        self._gathering = None
        for subentry_id, source in list(self._sources.items()):
            subentry = self._entry.subentries.get(subentry_id)
            found = as_found(source.meter.codebook.found)
            if subentry is None or subentry.data.get(CONF_FOUND, []) == found:
                continue
            data = {**subentry.data, CONF_FOUND: found}
            self._hass.config_entries.async_update_subentry(self._entry, subentry, data=data)


def options_in(data: Mapping[str, Any], zone: tzinfo) -> GatewayOptions:
    """Return what an owner said of a gateway."""
    return GatewayOptions(
        secret=data.get(CONF_SECRET, ""),
        zone=zone,
        period=data.get(CONF_REPORTS_EVERY),
        methods_by_analogy=data.get(CONF_BY_ANALOGY, False),
    )


def scaling_in(data: Mapping[str, Any] | None) -> Scaling | None:
    """Return how the values of a meter become what it measures; None as usual."""
    if not data:
        return None
    ratios = SCALINGS.get(data.get(CONF_RATIOS, ""), {})
    return Scaling(**ratios, power_unit=POWER_UNITS.get(data.get(CONF_POWER_UNIT, "")))  # type: ignore[arg-type]  # checked by the schema


def shown_as(source: Source, model: Model) -> Model:
    """Return a model with all that is known by now of the meter it is."""
    return source.shown_as if isinstance(source, GatewaySource) else model
