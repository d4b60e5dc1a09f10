"""Add or change a device behind an XML gateway; nothing is asked of it before: the gateway may not have called yet."""

from typing import override

from homeassistant.config_entries import SOURCE_USER, ConfigSubentry, SubentryFlowResult
from homeassistant.const import CONF_MODEL, CONF_NAME
from homeassistant.data_entry_flow import AbortFlow

from ..aioacrel.errors import AcrelError
from ..aioacrel.problems import flat
from ..const import CONF_METER
from ..hubs import link_faults
from ..model_files import model_library
from ..ownersettings import KEPT
from .control_forms import ControlSteps, async_operable, kept_control
from .device_forms import Catalogue
from .ending import LINK_BROKEN, ends_clearly
from .explain import FlowError, FormError, explain
from .link_forms import FormData
from .selector_texts import FlowTexts
from .steps import stored
from .xml_forms import (
    check_meter,
    check_meter_settings,
    meter_data,
    meter_form,
    meter_notes,
    meter_schema,
    meter_settings_form,
    meter_settings_schema,
    meter_title,
    named_meter,
)


class XmlDeviceFlow(ControlSteps):
    """Ask where the device is and what it is; only the last step saves anything."""

    @ends_clearly
    async def async_step_user(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Ask for a new device."""
        return await self.async_step_xml_meter(user_input)

    @ends_clearly
    async def async_step_reconfigure(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Ask for changes of a device."""
        await self._prepare()
        subentry = self._get_reconfigure_subentry()
        self._former = stored(subentry)
        self._device = {**meter_form(subentry.data), CONF_NAME: subentry.title}
        self._settings = meter_settings_form(subentry.data)
        if await async_operable(self.hass, subentry.data):
            return await self.async_step_what()
        return self._show_device()

    @ends_clearly
    async def async_step_change(self, _: FormData | None = None) -> SubentryFlowResult:
        """Ask for changes of a device that can be operated, too."""
        return await self.async_step_xml_meter()

    @ends_clearly
    async def async_step_xml_meter(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Ask for place, model and name."""
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
        """Go on with a device whose place and model can be. Raises FormError, AcrelError."""
        self._device[CONF_METER] = check_meter(self._device[CONF_METER])
        if (other := self._device_in_place()) is not None:
            raise FormError("meter_taken", at=CONF_METER, name=other.title)
        if (model_id := self._device.get(CONF_MODEL)) is None:
            raise FormError("model_needed", at=CONF_MODEL)
        self._model = await self.hass.async_add_executor_job(model_library(self.hass).get, model_id)
        return self._show_settings()

    @ends_clearly
    async def async_step_xml_meter_settings(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Ask for what the model leaves to the user, and save."""
        if user_input is None:
            return self._show_settings()
        self._settings = user_input
        try:
            check_meter_settings(self._place, self._model, user_input)
        except FormError as wrong:
            return self._show_settings(wrong.error)
        return self._save_device()

    def _save_device(self) -> SubentryFlowResult:
        """Save the device; nothing is waited for here, so that no other dialog comes between. Raises AbortFlow."""
        self._abort_if_changed()
        if self._device_in_place() is not None:
            raise AbortFlow("meter_configured")
        place = self._place
        data = meter_data(place, self._model, self._settings)
        title = self._device.get(CONF_NAME, "").strip() or meter_title(self._model, place)
        if self.source == SOURCE_USER:
            return self.async_create_entry(title=title, data=data, unique_id=place)
        entry, subentry = self._get_entry(), self._get_reconfigure_subentry()
        data |= {key: subentry.data[key] for key in KEPT if key in subentry.data}
        data |= kept_control(subentry.data, data)
        return self.async_update_and_abort(entry, subentry, title=title, data=data, unique_id=place)

    # -- What is known of it ----------------------------------------------------------------------

    async def _prepare(self) -> None:
        """Read the texts, and the models there are now. Raises AbortFlow if the port is none."""
        if link_faults(self._get_entry().data):
            raise AbortFlow(LINK_BROKEN)
        self._texts = await FlowTexts.load(self.hass)
        self._catalogue = await self.hass.async_add_executor_job(Catalogue.read, model_library(self.hass))

    @property
    def _place(self) -> str:
        place: str = self._device[CONF_METER]
        return place

    @override
    def _device_in_place(self) -> ConfigSubentry | None:
        """Return another device of this gateway at the same place."""
        own = None if self.source == SOURCE_USER else self._get_reconfigure_subentry().subentry_id
        return named_meter(self._get_entry(), self._place, but=own)

    @override
    def _show_device(self, error: FlowError | None = None) -> SubentryFlowResult:
        return self._show("xml_meter", meter_schema(self._catalogue, self._texts), self._device, error)

    def _show_settings(self, error: FlowError | None = None) -> SubentryFlowResult:
        model = self._model
        return self._show(
            "xml_meter_settings",
            meter_settings_schema(model),
            self._settings,
            error,
            model=flat(model.name),
            notes=meter_notes(model, self._texts),
        )
