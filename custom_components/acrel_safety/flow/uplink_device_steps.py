"""Add or change a device that calls in over 4G; nothing is asked of it: it may not call for an hour."""

from collections.abc import Mapping
from typing import Any, override

import probatio
from homeassistant.config_entries import SubentryFlowResult

from ..aioacrel.points import Model
from ..const import CONF_SERIAL
from ..hubs.uplink import stranger_of, strangers_of
from ..markdown import plain
from .ending import ends_clearly
from .link_forms import FormData
from .named_steps import NamedDeviceSteps
from .uplink_forms import (
    caller_data,
    caller_form,
    caller_schema,
    caller_settings_form,
    caller_settings_schema,
    caller_title,
    check_caller_settings,
    check_serial,
    settings_notes,
    strangers_schema,
)


class UplinkDeviceFlow(NamedDeviceSteps):
    """Ask which device calls and what it is."""

    seat = CONF_SERIAL
    step = "caller"
    taken = "serial_taken"
    configured = "caller_configured"

    @ends_clearly
    async def async_step_user(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Let the user choose how a device is named."""
        await self._prepare()
        return await self.async_step_callers()

    @ends_clearly
    async def async_step_callers(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Let the user name a device that calls."""
        return self.async_show_menu(
            step_id="callers",
            menu_options=["strangers", "caller"],
            description_placeholders={"entry": plain(self._get_entry().title)},
        )

    @ends_clearly
    async def async_step_strangers(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """List the devices that called and that nobody knows, and go on with one of them."""
        await self._prepare()
        entry = self._get_entry()
        if not (strangers := strangers_of(entry)):
            return self.async_abort(reason="nobody_called", description_placeholders={"entry": plain(entry.title)})
        if user_input is None:
            return self._show("strangers", strangers_schema(strangers, self._texts), {}, count=str(len(strangers)))
        self._device = {CONF_SERIAL: user_input[CONF_SERIAL]}
        return self._show_device()

    @ends_clearly
    async def async_step_caller(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Ask for serial number, model and name."""
        return await self._step_device(user_input)

    @ends_clearly
    async def async_step_caller_settings(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Ask for what the model leaves to the user, and save."""
        return self._step_settings(user_input)

    @override
    def _checked(self, place: str) -> str:
        return check_serial(place)

    @override
    def _device_schema(self) -> probatio.Schema:
        stranger = stranger_of(self._get_entry(), self._device.get(CONF_SERIAL, ""))
        return caller_schema(self._catalogue, self._texts, stranger)

    @override
    def _settings_schema(self) -> probatio.Schema:
        return caller_settings_schema(self._model)

    @override
    def _notes(self) -> str:
        return settings_notes(self._model, self._texts)

    @override
    def _data(self, place: str, model: Model, settings: FormData) -> FormData:
        check_caller_settings(place, model, settings)
        return caller_data(place, model, settings)

    @override
    def _forms_of(self, data: Mapping[str, Any]) -> tuple[FormData, FormData]:
        return caller_form(data), caller_settings_form(data)

    @override
    def _title(self, model: Model, place: str) -> str:
        return caller_title(model, place)
