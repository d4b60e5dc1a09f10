"""Add or change a device of an account at a cloud: one of those that its server lists."""

from collections.abc import Mapping
from typing import Any, override

import probatio
from homeassistant.config_entries import SOURCE_USER, SubentryFlowResult
from homeassistant.const import CONF_MODEL, CONF_NAME
from homeassistant.core import callback
from homeassistant.data_entry_flow import AbortFlow
from homeassistant.helpers.selector import SelectOptionDict

from ..aioacrel.points import Model
from ..const import CONF_CODE, CONF_KIND, CONF_PROVED, CONF_SITE
from ..furtherways import has_numbered
from ..hubs.cloud import hub_in
from ..markdown import plain
from .cloud_forms import (
    device_options,
    kept_of_meter,
    meter_data,
    meter_schema,
    meter_settings_form,
    meter_settings_schema,
)
from .ending import ends_clearly
from .explain import FormError
from .link_forms import FormData
from .named_steps import NamedDeviceSteps


class CloudDeviceFlow(NamedDeviceSteps):
    """Ask which device of the account is meant, and what it is."""

    seat = CONF_CODE
    place_of_way = (CONF_SITE, CONF_KIND, CONF_PROVED)
    step = "cloud_meter"
    taken = "cloud_meter_taken"
    configured = "cloud_meter_taken"
    _number = ""

    @ends_clearly
    async def async_step_user(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """List the devices of the account that are none here."""
        await self._prepare()
        if (hub := hub_in(self._get_entry())) is not None:
            # A site without a device here is listed once an hour only, and not at the start.
            await hub.async_look_around()
        if not self._options():
            entry = plain(self._get_entry().title)
            return self.async_abort(reason="no_more_meters", description_placeholders={"entry": entry})
        return await self._step_device(user_input)

    @ends_clearly
    async def async_step_cloud_meter(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Ask for the device, its model and name."""
        if user_input is not None and user_input.get(CONF_MODEL) is None:
            user_input = {**user_input, **self._usual_model(user_input[CONF_CODE])}
        if user_input is not None:
            await self._learn_number(user_input[CONF_CODE])
        return await self._step_device(user_input)

    @ends_clearly
    async def async_step_cloud_meter_settings(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Ask for what the way leaves to the user, and save."""
        return self._step_settings(user_input)

    async def _learn_number(self, code: str) -> None:
        """Ask for the serial number of a new device, if other links have any that could be the same."""
        place, hub = self._place_of(code), hub_in(self._get_entry())
        is_wanted = self.source == SOURCE_USER and has_numbered(self.hass, self._get_entry())
        self._number = ""
        if is_wanted and place is not None and hub is not None:
            self._number = await hub.async_serial(place[CONF_SITE], code, place[CONF_KIND])

    @override
    def _serial_number(self) -> str:
        return self._number

    def _usual_model(self, code: str) -> FormData:
        place, hub = self._place_of(code), hub_in(self._get_entry())
        model = None if place is None or hub is None else hub.account.profile.model_of(place[CONF_KIND])
        return {} if model is None else {CONF_MODEL: model}

    @callback
    def _options(self) -> list[SelectOptionDict]:
        """Return the devices that can be chosen: those that are none here, and the one that is changed."""
        hub = hub_in(self._get_entry())
        if hub is None:
            raise AbortFlow("account_not_loaded")
        meters = dict(hub.unwatched())
        if self.source != SOURCE_USER:
            own = self._get_reconfigure_subentry()
            code = str(own.data.get(CONF_CODE))
            meters = {code: hub.hub.meters[code]} if code in hub.hub.meters else {}
            if not meters:
                return [SelectOptionDict(value=code, label=own.title)]
        return device_options(meters.values(), hub.hub.sites, hub.account.profile, self._texts)

    def _place_of(self, code: str) -> FormData | None:
        """Return where a device is, of the server's list, or as it was stored."""
        hub = hub_in(self._get_entry())
        if hub is not None and (meter := hub.hub.meters.get(code)) is not None:
            return {CONF_CODE: meter.code, CONF_SITE: meter.site, CONF_KIND: meter.kind}
        if self.source != SOURCE_USER:
            data = self._get_reconfigure_subentry().data
            if data.get(CONF_CODE) == code and CONF_SITE in data and CONF_KIND in data:
                return {key: data[key] for key in (CONF_CODE, CONF_SITE, CONF_KIND)}
        return None

    @override
    def _checked(self, place: str) -> str:
        if self._place_of(place) is None:
            raise FormError("cloud_meter_gone", at=CONF_CODE)
        return place

    @override
    def _device_schema(self) -> probatio.Schema:
        return meter_schema(self._catalogue, self._texts, self._options())

    @override
    def _settings_schema(self) -> probatio.Schema:
        hub, place = hub_in(self._get_entry()), self._place_of(self._place)
        if hub is None or place is None:
            return meter_settings_schema(())
        commands = hub.account.profile.provable(place[CONF_KIND])
        return meter_settings_schema(one.key.code for one in commands if one.key in self._model.operations)

    @override
    def _notes(self) -> str:
        language, model = self._texts.language, self._model
        hub = hub_in(self._get_entry())
        notes = [plain(model.title(language)), "" if hub is None else plain(hub.account.profile.note(language))]
        return "\n\n".join(note for note in notes if note)

    @override
    def _data(self, place: str, model: Model, settings: FormData) -> FormData:
        if (known := self._place_of(place)) is None:
            raise FormError("cloud_meter_gone")
        return meter_data(known, model, settings)

    @override
    def _forms_of(self, data: Mapping[str, Any]) -> tuple[FormData, FormData]:
        return {key: data[key] for key in (CONF_CODE, CONF_MODEL) if key in data}, meter_settings_form(data)

    @override
    def _title(self, model: Model, place: str) -> str:
        hub = hub_in(self._get_entry())
        meter = None if hub is None else hub.hub.meters.get(place)
        return (None if meter is None else meter.name) or self._device.get(CONF_NAME, "") or model.name

    @override
    def _kept(self, former: Mapping[str, Any], data: Mapping[str, Any]) -> FormData:
        return kept_of_meter(former)
