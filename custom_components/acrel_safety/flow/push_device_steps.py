"""Add or change a device that the IoT EMS platform tells of; nothing is asked of it."""

from collections.abc import Mapping
from typing import Any, override

import probatio
from homeassistant.config_entries import SubentryFlowResult
from homeassistant.core import callback

from ..aioacrel.points import Model
from ..const import CONF_SERIAL
from ..hubs.cloud_push import strangers_of
from ..markdown import plain
from .ending import ends_clearly
from .gateway_forms import (
    check_gateway_serial,
    heard_schema,
    kept_found,
    meter_data,
    meter_form,
    meter_schema,
    meter_title,
)
from .link_forms import FormData
from .named_steps import NamedDeviceSteps
from .push_forms import device_settings_form, device_settings_schema


class PushDeviceFlow(NamedDeviceSteps):
    """Ask which device of the platform is meant and what it is."""

    seat = CONF_SERIAL
    step = "pushed"
    taken = "serial_taken"
    configured = "caller_configured"

    @ends_clearly
    async def async_step_user(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Let the user choose how a device is named."""
        await self._prepare()
        return await self.async_step_push_devices()

    @ends_clearly
    async def async_step_push_devices(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Let the user choose one that the platform told of, or name one."""
        return self.async_show_menu(
            step_id="push_devices",
            menu_options=["push_heard", "pushed"],
            description_placeholders={"entry": plain(self._get_entry().title)},
        )

    @ends_clearly
    async def async_step_push_heard(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """List the devices that the platform told of and that nobody named, and go on with one of them."""
        await self._prepare()
        entry = self._get_entry()
        if not (heard := self._heard()):
            return self.async_abort(reason="nothing_pushed", description_placeholders={"entry": plain(entry.title)})
        if user_input is None:
            return self._show("push_heard", heard_schema(heard), {}, count=str(len(heard)))
        self._device = {CONF_SERIAL: user_input[CONF_SERIAL]}
        return self._show_device()

    @ends_clearly
    async def async_step_pushed(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Ask for serial number, model and name."""
        return await self._step_device(user_input)

    @ends_clearly
    async def async_step_pushed_settings(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Ask for what the way leaves to the user, and save."""
        return self._step_settings(user_input)

    @callback
    def _heard(self) -> dict[str, tuple[str, ...]]:
        """Return the devices that the platform told of and that are none here."""
        entry = self._get_entry()
        named = {one.data.get(CONF_SERIAL) for one in entry.subentries.values()}
        return {serial: codes for serial, codes in strangers_of(entry).items() if serial not in named}

    @override
    def _checked(self, place: str) -> str:
        return check_gateway_serial(place)

    @override
    def _device_schema(self) -> probatio.Schema:
        codes = self._heard().get(self._device.get(CONF_SERIAL, ""), ())
        return meter_schema(self._catalogue, self._texts, codes)

    @override
    def _settings_schema(self) -> probatio.Schema:
        return device_settings_schema()

    @override
    def _notes(self) -> str:
        language, model = self._texts.language, self._model
        notes = [plain(model.title(language)), plain(model.notes.get(language) or model.notes.get("en", ""))]
        return "\n\n".join(note for note in notes if note)

    @override
    def _data(self, place: str, model: Model, settings: FormData) -> FormData:
        return meter_data(place, model, settings)

    @override
    def _forms_of(self, data: Mapping[str, Any]) -> tuple[FormData, FormData]:
        return meter_form(data), device_settings_form(data)

    @override
    def _title(self, model: Model, place: str) -> str:
        return meter_title(model, place)

    @override
    def _kept(self, former: Mapping[str, Any], data: Mapping[str, Any]) -> FormData:
        return kept_found(former, data)
