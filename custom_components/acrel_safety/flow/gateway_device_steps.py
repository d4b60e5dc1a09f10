"""Add or change a meter behind a gateway that speaks MQTT; nothing is asked of it."""

from typing import override

from homeassistant.config_entries import SOURCE_USER, ConfigSubentry, SubentryFlowResult
from homeassistant.const import CONF_MODEL, CONF_NAME
from homeassistant.core import callback
from homeassistant.data_entry_flow import AbortFlow

from ..aioacrel.errors import AcrelError
from ..aioacrel.gateway.topics import Dialect
from ..aioacrel.problems import flat
from ..const import CONF_BY_ANALOGY, CONF_SERIAL
from ..furtherways import named
from ..hubs import link_faults
from ..hubs.gateway_broker import broker_of, known_meters
from ..markdown import plain
from ..model_files import model_library
from ..ownersettings import KEPT
from .control_forms import ControlSteps, async_operable, kept_control
from .device_forms import Catalogue
from .ending import LINK_BROKEN, ends_clearly
from .explain import FlowError, FormError, explain
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
    named_meter,
)
from .link_forms import FormData
from .same_as import as_said, is_further_way, same_as_form
from .selector_texts import FlowTexts
from .steps import stored


class GatewayDeviceFlow(ControlSteps):
    """Ask which meter of the gateway is meant and what it is; only the last step saves anything."""

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
    async def async_step_reconfigure(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Ask for changes of a meter."""
        await self._prepare()
        subentry = self._get_reconfigure_subentry()
        self._former = stored(subentry)
        self._device = {**meter_form(subentry.data), CONF_NAME: subentry.title}
        self._settings = {**meter_settings_form(subentry.data), **same_as_form(self.hass, subentry.data)}
        if named(subentry) is None and await async_operable(self.hass, subentry.data):
            return await self.async_step_what()
        return await self.async_step_meter()

    @ends_clearly
    async def async_step_change(self, _: FormData | None = None) -> SubentryFlowResult:
        """Ask for changes of a meter that can be operated, too."""
        return await self.async_step_meter()

    @ends_clearly
    async def async_step_meter(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Ask for serial number, model and name."""
        await self._prepare()
        if user_input is None:
            return self._show_device()
        self._device = user_input
        try:
            return await self._take_meter()
        except FormError as wrong:
            return self._show_device(wrong.error)
        except AcrelError as error:
            return self._show_device(explain(error, self._texts))

    async def _take_meter(self) -> SubentryFlowResult:
        """Go on with a meter whose serial number and model can be. Raises FormError, AcrelError."""
        self._device[CONF_SERIAL] = check_gateway_serial(self._device[CONF_SERIAL])
        if (other := self._device_in_place()) is not None:
            raise FormError("serial_taken", at=CONF_SERIAL, name=other.title)
        if (model_id := self._device.get(CONF_MODEL)) is None:
            raise FormError("model_needed", at=CONF_MODEL)
        self._model = await self.hass.async_add_executor_job(model_library(self.hass).get, model_id)
        return self._show_settings()

    @ends_clearly
    async def async_step_meter_settings(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Ask for what the way leaves to the user, and save."""
        if user_input is None:
            return self._show_settings()
        self._settings = user_input
        try:
            data = meter_data(self._serial, self._model, user_input)
            data = as_said(self.hass, user_input, data, CONF_SERIAL)
        except FormError as wrong:
            return self._show_settings(wrong.error)
        return self._save_device(data)

    def _save_device(self, data: FormData) -> SubentryFlowResult:
        """Save the meter; nothing is waited for here, so that no other dialog comes between. Raises AbortFlow."""
        self._abort_if_changed()
        if self._device_in_place() is not None:
            raise AbortFlow("caller_configured")
        title = self._device.get(CONF_NAME, "").strip() or meter_title(self._model, self._serial)
        if self.source == SOURCE_USER:
            return self.async_create_entry(title=title, data=data, unique_id=self._serial)
        entry, subentry = self._get_entry(), self._get_reconfigure_subentry()
        data |= kept_found(subentry.data, data)
        if not is_further_way(self._settings):
            data |= {key: subentry.data[key] for key in KEPT if key in subentry.data}
            data |= kept_control(subentry.data, data)
        return self.async_update_and_abort(entry, subentry, title=title, data=data, unique_id=self._serial)

    # -- What is known of it ----------------------------------------------------------------------

    async def _prepare(self) -> None:
        """Read the texts, and the models there are now. Raises AbortFlow if the gateway is none."""
        if link_faults(self._get_entry().data):
            raise AbortFlow(LINK_BROKEN)
        self._texts = await FlowTexts.load(self.hass)
        self._catalogue = await self.hass.async_add_executor_job(Catalogue.read, model_library(self.hass))

    @callback
    def _heard(self) -> dict[str, tuple[str, ...]]:
        """Return the meters that the gateway reports and that are none here."""
        entry = self._get_entry()
        heard = known_meters(self.hass, entry.data[CONF_SERIAL])
        return {serial: codes for serial, codes in heard.items() if named_meter(entry, serial) is None}

    @property
    def _serial(self) -> str:
        serial: str = self._device[CONF_SERIAL]
        return serial

    @override
    def _device_in_place(self) -> ConfigSubentry | None:
        """Return another meter of this gateway with the same serial number."""
        own = None if self.source == SOURCE_USER else self._get_reconfigure_subentry().subentry_id
        return named_meter(self._get_entry(), self._serial, but=own)

    @override
    def _show_device(self, error: FlowError | None = None) -> SubentryFlowResult:
        codes = self._heard().get(self._device.get(CONF_SERIAL, ""), ())
        return self._show("meter", meter_schema(self._catalogue, self._texts, codes), self._device, error)

    def _show_settings(self, error: FlowError | None = None) -> SubentryFlowResult:
        model = self._model
        gateway = broker_of(self.hass).hub.gateways.get(self._get_entry().data[CONF_SERIAL])
        is_overseas = gateway is not None and gateway.dialect is Dialect.OVERSEAS
        notes = [
            plain(model.title(self._texts.language)),
            plain(model.notes.get(self._texts.language) or model.notes.get("en", "")),
            self._texts("meter_notes", "by_analogy") if self._get_entry().data.get(CONF_BY_ANALOGY) is True else "",
        ]
        return self._show(
            "meter_settings",
            self._with_same_as(meter_settings_schema(is_overseas=is_overseas)),
            self._settings,
            error,
            model=flat(model.name),
            notes="\n\n".join(note for note in notes if note),
        )
