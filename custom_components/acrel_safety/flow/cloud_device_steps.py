"""Add or change a device of an account at a cloud: one of those that its server lists."""

from collections.abc import Mapping
from typing import Any, override

import probatio
from homeassistant.config_entries import SOURCE_USER, ConfigSubentry, SubentryFlowResult
from homeassistant.const import CONF_MODEL, CONF_NAME
from homeassistant.core import callback
from homeassistant.data_entry_flow import AbortFlow, FlowResultType
from homeassistant.helpers.selector import SelectOptionDict

from ..aioacrel.cloud.records import Meter, MeterKey
from ..aioacrel.points import Model
from ..aioacrel.texts import Phrase, phrase
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
    named,
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
        """Ask for what the way leaves to the user, and save; with that its owner says which device is meant."""
        result = self._step_settings(user_input)
        hub = hub_in(self._get_entry())
        if hub is not None and result["type"] is FlowResultType.ABORT and self.source != SOURCE_USER:
            hub.identities.accept(self._get_reconfigure_subentry().subentry_id)
        return result

    def _doubt(self) -> Phrase | None:
        """Return why the server may list another device than the one that is changed."""
        hub = hub_in(self._get_entry())
        if hub is None or self.source == SOURCE_USER:
            return None
        return hub.identities.doubt(self._get_reconfigure_subentry().subentry_id)

    @property
    @override
    def _keeps_rights(self) -> bool:
        return self._doubt() is None

    async def _learn_number(self, name: str) -> None:
        """Ask for the serial number of a new device, if other links have any that could be the same."""
        place, hub = self._place_of(name), hub_in(self._get_entry())
        is_wanted = self.source == SOURCE_USER and has_numbered(self.hass, self._get_entry())
        self._number = ""
        if is_wanted and place is not None and hub is not None:
            self._number = await hub.async_serial(place[CONF_SITE], place[CONF_CODE], place[CONF_KIND])

    @override
    def _serial_number(self) -> str:
        return self._number

    def _usual_model(self, name: str) -> FormData:
        place, hub = self._place_of(name), hub_in(self._get_entry())
        model = None if place is None or hub is None else hub.account.profile.model_of(place[CONF_KIND])
        return {} if model is None else {CONF_MODEL: model}

    @callback
    def _options(self) -> list[SelectOptionDict]:
        """Return the devices that can be chosen: those that are none here, and the one that is changed."""
        hub = hub_in(self._get_entry())
        if hub is None:
            raise AbortFlow("account_not_loaded")
        found = self._choosable()
        if self.source != SOURCE_USER and not found:
            own = self._get_reconfigure_subentry()
            return [SelectOptionDict(value=str(own.data.get(CONF_CODE)), label=own.title)]
        return device_options(found, hub.hub.sites, hub.account.profile, self._texts)

    @callback
    def _others(self) -> set[MeterKey]:
        """Return the other devices of this entry."""
        own = None if self.source == SOURCE_USER else self._get_reconfigure_subentry().subentry_id
        return {_key_of(one.data) for one in self._get_entry().subentries.values() if one.subentry_id != own}

    @callback
    def _listed(self) -> Mapping[str, Meter]:
        """Return all devices of the account by what the form calls them."""
        hub = hub_in(self._get_entry())
        return {} if hub is None else named(hub.hub.meters.values(), self._others())

    @callback
    def _choosable(self) -> Mapping[str, Meter]:
        """Return those that are none here, or the one that is changed, which may be in another site by now."""
        others = self._others()
        free = {name: meter for name, meter in self._listed().items() if meter.key not in others}
        if self.source == SOURCE_USER:
            return free
        own = _key_of(self._get_reconfigure_subentry().data)
        is_there = any(meter.key == own for meter in free.values())
        return {
            name: meter for name, meter in free.items() if meter.key == own or (meter.code == own.code and not is_there)
        }

    def _place_of(self, name: str) -> FormData | None:
        """Return where a device is, of the server's list, or as it was stored."""
        if (meter := self._listed().get(name)) is not None:
            return {CONF_CODE: meter.code, CONF_SITE: meter.site, CONF_KIND: meter.kind}
        if self.source != SOURCE_USER:
            data = self._get_reconfigure_subentry().data
            if name == data.get(CONF_CODE) and CONF_SITE in data and CONF_KIND in data:
                return {key: data[key] for key in (CONF_CODE, CONF_SITE, CONF_KIND)}
        return None

    @override
    def _device_in_place(self) -> ConfigSubentry | None:
        """Return another device of this entry that is the one that was chosen."""
        if (place := self._place_of(self._place)) is None or _key_of(place) not in self._others():
            return None
        return next(one for one in self._get_entry().subentries.values() if _key_of(one.data) == _key_of(place))

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
        if (doubt := self._doubt()) is not None:
            told = [plain(one.text(language)) for one in (doubt, phrase("cloud_rights_anew"))]
            notes = ["\n\n".join(told), *notes]
        return "\n\n".join(note for note in notes if note)

    @override
    def _data(self, place: str, model: Model, settings: FormData) -> FormData:
        if (known := self._place_of(place)) is None:
            raise FormError("cloud_meter_gone")
        return meter_data(known, model, settings)

    @override
    def _forms_of(self, data: Mapping[str, Any]) -> tuple[FormData, FormData]:
        form = {key: data[key] for key in (CONF_CODE, CONF_MODEL) if key in data}
        settings = meter_settings_form(data)
        if self._doubt() is not None:
            # What was seen of the former one says nothing of this one.
            settings[CONF_PROVED] = []
        # What the form calls it now: another site may have a device of its code since.
        name = next(iter(self._choosable()), form.get(CONF_CODE))
        return {**form, CONF_CODE: name}, settings

    @override
    def _title(self, model: Model, place: str) -> str:
        meter = self._listed().get(place)
        return (None if meter is None else meter.name) or self._device.get(CONF_NAME, "") or model.name

    @override
    def _kept(self, former: Mapping[str, Any], data: Mapping[str, Any]) -> FormData:
        return kept_of_meter(former)


def _key_of(data: Mapping[str, Any]) -> MeterKey:
    return MeterKey(str(data.get(CONF_SITE)), str(data.get(CONF_CODE)))
