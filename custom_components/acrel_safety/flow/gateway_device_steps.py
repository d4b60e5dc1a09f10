"""Add or change a meter behind a gateway that speaks MQTT; nothing is asked of it."""

from collections.abc import Mapping
from typing import Any, override

import probatio
from homeassistant.config_entries import SubentryFlowResult
from homeassistant.core import callback

from ..aioacrel.gateway.topics import Dialect
from ..aioacrel.points import Model
from ..const import CONF_BY_ANALOGY, CONF_SERIAL
from ..hubs.gateway_broker import broker_of, known_meters
from ..markdown import plain
from .ending import ends_clearly
from .gateway_forms import (
    check_gateway_serial,
    heard_schema,
    kept_found,
    meter_data,
    meter_form,
    meter_schema,
    meter_settings_form,
    meter_settings_schema,
    meter_title,
)
from .link_forms import FormData
from .named_steps import NamedDeviceSteps


class GatewayDeviceFlow(NamedDeviceSteps):
    """Ask which meter of the gateway is meant and what it is."""

    seat = CONF_SERIAL
    step = "meter"
    taken = "serial_taken"
    configured = "caller_configured"

    @ends_clearly
    async def async_step_user(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Let the user choose how a meter is named."""
        await self._prepare()
        return await self.async_step_meters()

    @ends_clearly
    async def async_step_meters(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Let the user choose one that is reported, or name one."""
        return self.async_show_menu(
            step_id="meters",
            menu_options=["heard", "meter"],
            description_placeholders={"entry": plain(self._get_entry().title)},
        )

    @ends_clearly
    async def async_step_heard(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """List the meters that the gateway reports and that nobody named, and go on with one of them."""
        await self._prepare()
        entry = self._get_entry()
        if not (heard := self._heard()):
            return self.async_abort(reason="nothing_heard", description_placeholders={"entry": plain(entry.title)})
        if user_input is None:
            return self._show("heard", heard_schema(heard), {}, count=str(len(heard)))
        self._device = {CONF_SERIAL: user_input[CONF_SERIAL]}
        return self._show_device()

    @ends_clearly
    async def async_step_meter(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Ask for serial number, model and name."""
        return await self._step_device(user_input)

    @ends_clearly
    async def async_step_meter_settings(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Ask for what the way leaves to the user, and save."""
        return self._step_settings(user_input)

    @callback
    def _heard(self) -> dict[str, tuple[str, ...]]:
        """Return the meters that the gateway reports and that are none here."""
        entry = self._get_entry()
        named = {one.data.get(CONF_SERIAL) for one in entry.subentries.values()}
        heard = known_meters(self.hass, entry.data[CONF_SERIAL])
        return {serial: codes for serial, codes in heard.items() if serial not in named}

    @override
    def _checked(self, place: str) -> str:
        return check_gateway_serial(place)

    @override
    def _device_schema(self) -> probatio.Schema:
        codes = self._heard().get(self._device.get(CONF_SERIAL, ""), ())
        return meter_schema(self._catalogue, self._texts, codes)

    @override
    def _settings_schema(self) -> probatio.Schema:
        gateway = broker_of(self.hass).hub.gateways.get(self._get_entry().data[CONF_SERIAL])
        return meter_settings_schema(is_overseas=gateway is not None and gateway.dialect is Dialect.OVERSEAS)

    @override
    def _notes(self) -> str:
        language, model = self._texts.language, self._model
        notes = [
            plain(model.title(language)),
            plain(model.notes.get(language) or model.notes.get("en", "")),
            self._texts("meter_notes", "by_analogy") if self._get_entry().data.get(CONF_BY_ANALOGY) is True else "",
        ]
        return "\n\n".join(note for note in notes if note)

    @override
    def _data(self, place: str, model: Model, settings: FormData) -> FormData:
        return meter_data(place, model, settings)

    @override
    def _forms_of(self, data: Mapping[str, Any]) -> tuple[FormData, FormData]:
        return meter_form(data), meter_settings_form(data)

    @override
    def _title(self, model: Model, place: str) -> str:
        return meter_title(model, place)

    @override
    def _kept(self, former: Mapping[str, Any], data: Mapping[str, Any]) -> FormData:
        return kept_found(former, data)
