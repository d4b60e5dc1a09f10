"""Add or change a meter behind a gateway that speaks MQTT; nothing is asked of it."""

from collections.abc import Mapping
from typing import Any, override

import probatio
from homeassistant.config_entries import ConfigEntry, SubentryFlowResult

from ..aioacrel.gateway.topics import Dialect
from ..const import CONF_BY_ANALOGY, CONF_SERIAL
from ..hubs.gateway_broker import broker_of, known_meters
from .ending import ends_clearly
from .gateway_forms import meter_settings_form, meter_settings_schema
from .heard_steps import HeardDeviceSteps
from .link_forms import FormData


class GatewayDeviceFlow(HeardDeviceSteps):
    """Ask which meter of the gateway is meant and what it is."""

    step = "meter"
    menu = "meters"
    heard = "heard"
    nothing = "nothing_heard"

    @ends_clearly
    async def async_step_meters(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Let the user choose one that is reported, or name one."""
        return self._show_menu()

    @ends_clearly
    async def async_step_heard(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """List the meters that the gateway reports."""
        return await self._step_heard(user_input)

    @ends_clearly
    async def async_step_meter(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Ask for serial number, model and name."""
        return await self._step_device(user_input)

    @ends_clearly
    async def async_step_meter_settings(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Ask for what the way leaves to the user, and save."""
        return self._step_settings(user_input)

    @override
    def _told_of(self, entry: ConfigEntry) -> Mapping[str, tuple[str, ...]]:
        return known_meters(self.hass, entry.data[CONF_SERIAL])

    @override
    def _settings_schema(self) -> probatio.Schema:
        gateway = broker_of(self.hass).hub.gateways.get(self._get_entry().data[CONF_SERIAL])
        return meter_settings_schema(is_overseas=gateway is not None and gateway.dialect is Dialect.OVERSEAS)

    @override
    def _more_notes(self) -> tuple[str, ...]:
        is_on = self._get_entry().data.get(CONF_BY_ANALOGY) is True
        return (self._texts("meter_notes", "by_analogy"),) if is_on else ()

    @override
    def _settings_form(self, data: Mapping[str, Any]) -> FormData:
        return meter_settings_form(data)
