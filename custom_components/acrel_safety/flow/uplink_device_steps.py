"""Add or change a device that calls in over 4G; nothing is asked of it: it may not call for an hour."""

from typing import override

from homeassistant.config_entries import SOURCE_USER, ConfigSubentry, SubentryFlowResult
from homeassistant.const import CONF_MODEL, CONF_NAME
from homeassistant.data_entry_flow import AbortFlow

from ..aioacrel.errors import AcrelError
from ..aioacrel.problems import flat
from ..const import CONF_SERIAL
from ..furtherways import named
from ..hubs import link_faults
from ..hubs.uplink import stranger_of, strangers_of
from ..markdown import plain
from ..model_files import model_library
from ..ownersettings import KEPT
from .control_forms import ControlSteps, async_operable, kept_control
from .device_forms import Catalogue
from .ending import LINK_BROKEN, ends_clearly
from .explain import FlowError, FormError, explain
from .link_forms import FormData
from .same_as import as_said, is_further_way, same_as_form, with_ratios
from .selector_texts import FlowTexts
from .steps import stored
from .uplink_forms import (
    caller_data,
    caller_form,
    caller_schema,
    caller_settings_form,
    caller_settings_schema,
    caller_title,
    check_caller_settings,
    check_serial,
    named_caller,
    settings_notes,
    strangers_schema,
)


class UplinkDeviceFlow(ControlSteps):
    """Ask which device calls and what it is; only the last step saves anything."""

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
    async def async_step_reconfigure(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Ask for changes of a device."""
        await self._prepare()
        subentry = self._get_reconfigure_subentry()
        self._former = stored(subentry)
        self._device = {**caller_form(subentry.data), CONF_NAME: subentry.title}
        self._settings = {**caller_settings_form(subentry.data), **same_as_form(self.hass, subentry.data)}
        if named(subentry) is None and await async_operable(self.hass, subentry.data):
            return await self.async_step_what()
        return await self.async_step_caller()

    @ends_clearly
    async def async_step_change(self, _: FormData | None = None) -> SubentryFlowResult:
        """Ask for changes of a device that can be operated, too."""
        return await self.async_step_caller()

    @ends_clearly
    async def async_step_caller(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Ask for serial number, model and name."""
        await self._prepare()
        if user_input is None:
            return self._show_device()
        self._device = user_input
        try:
            return await self._take_caller()
        except FormError as wrong:
            return self._show_device(wrong.error)
        except AcrelError as error:
            return self._show_device(explain(error, self._texts))

    async def _take_caller(self) -> SubentryFlowResult:
        """Go on with a device whose serial number and model can be. Raises FormError, AcrelError."""
        serial = self._device[CONF_SERIAL] = check_serial(self._device[CONF_SERIAL])
        if (other := self._device_in_place()) is not None:
            raise FormError("serial_taken", at=CONF_SERIAL, name=other.title)
        if (model_id := self._device.get(CONF_MODEL)) is None:
            raise FormError("model_needed", at=CONF_MODEL)
        self._model = await self.hass.async_add_executor_job(model_library(self.hass).get, model_id)
        self._device[CONF_SERIAL] = serial
        return self._show_settings()

    @ends_clearly
    async def async_step_caller_settings(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Ask for what the model leaves to the user, and save."""
        if user_input is None:
            return self._show_settings()
        self._settings = user_input
        try:
            check_caller_settings(self._serial, self._model, with_ratios(self.hass, user_input))
        except FormError as wrong:
            return self._show_settings(wrong.error)
        return self._save_device()

    def _save_device(self) -> SubentryFlowResult:
        """Save the device; nothing is waited for here, so that no other dialog comes between. Raises AbortFlow."""
        self._abort_if_changed()
        if self._device_in_place() is not None:
            raise AbortFlow("caller_configured")
        serial = self._serial
        data = as_said(self.hass, self._settings, caller_data(serial, self._model, self._settings), CONF_SERIAL)
        title = self._device.get(CONF_NAME, "").strip() or caller_title(self._model, serial)
        if self.source == SOURCE_USER:
            return self.async_create_entry(title=title, data=data, unique_id=serial)
        entry, subentry = self._get_entry(), self._get_reconfigure_subentry()
        if not is_further_way(self._settings):
            data |= {key: subentry.data[key] for key in KEPT if key in subentry.data}
            data |= kept_control(subentry.data, data)
        return self.async_update_and_abort(entry, subentry, title=title, data=data, unique_id=serial)

    # -- What is known of it ----------------------------------------------------------------------

    async def _prepare(self) -> None:
        """Read the texts, and the models there are now. Raises AbortFlow if the port is none."""
        if link_faults(self._get_entry().data):
            raise AbortFlow(LINK_BROKEN)
        self._texts = await FlowTexts.load(self.hass)
        self._catalogue = await self.hass.async_add_executor_job(Catalogue.read, model_library(self.hass))

    @property
    def _serial(self) -> str:
        serial: str = self._device[CONF_SERIAL]
        return serial

    @override
    def _device_in_place(self) -> ConfigSubentry | None:
        """Return another device of this port with the same serial number."""
        own = None if self.source == SOURCE_USER else self._get_reconfigure_subentry().subentry_id
        return named_caller(self._get_entry(), self._serial, but=own)

    @override
    def _show_device(self, error: FlowError | None = None) -> SubentryFlowResult:
        stranger = stranger_of(self._get_entry(), self._device.get(CONF_SERIAL, ""))
        return self._show("caller", caller_schema(self._catalogue, self._texts, stranger), self._device, error)

    def _show_settings(self, error: FlowError | None = None) -> SubentryFlowResult:
        model = self._model
        return self._show(
            "caller_settings",
            self._with_same_as(caller_settings_schema(model)),
            self._settings,
            error,
            model=flat(model.name),
            notes=settings_notes(model, self._texts),
        )
