"""The dialog of a discovered 4G device: what it is and what it is called; then it is known."""

from types import MappingProxyType
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigFlowResult, ConfigSubentry
from homeassistant.const import CONF_MODEL, CONF_NAME
from homeassistant.data_entry_flow import AbortFlow

from ..aioacrel.errors import AcrelError
from ..aioacrel.masking import masked
from ..aioacrel.points import Model
from ..aioacrel.problems import flat
from ..const import CONF_SERIAL, DOMAIN, SUBENTRY_DEVICE
from ..hubs.uplink import stranger_of
from ..hubs.uplink_strangers import FoundStranger, card_id, title_of
from ..markdown import plain
from ..model_files import model_library
from .device_forms import Catalogue
from .ending import CLOSED, LINK_GONE, abort_if_closed, ends_clearly
from .entry_steps import EntrySteps
from .explain import FlowError, FormError, explain
from .link_forms import FormData
from .same_as import as_said, with_ratios, with_same_as
from .selector_texts import FlowTexts
from .uplink_forms import (
    caller_data,
    caller_settings_schema,
    caller_title,
    check_caller_settings,
    described,
    named_caller,
    settings_notes,
    stranger_schema,
)


class StrangerSteps(EntrySteps):
    """Approve a device that called; before the last step nothing is kept of it."""

    _texts: FlowTexts
    _model: Model
    _found: FoundStranger

    def __init__(self) -> None:
        """Begin with an empty form."""
        super().__init__()
        self._named: FormData = {}

    @ends_clearly
    async def async_step_integration_discovery(self, discovery_info: dict[str, Any]) -> ConfigFlowResult:
        """Take a device that called."""
        self._found = FoundStranger(entry_id=discovery_info["entry_id"], serial_number=discovery_info["serial_number"])
        entry = self._port()
        await self.async_set_unique_id(card_id(entry.entry_id, self._serial))
        self._abort_if_unique_id_configured()
        self._abort_if_known(entry)
        texts = await FlowTexts.load(self.hass)
        self.context["title_placeholders"] = title_of(texts("card", "uplink"), self._serial, entry.title)
        shown = await self.async_step_stranger()
        # Meanwhile it may have been added by another dialog, and with that its card was taken away.
        begun = self.hass.config_entries.flow.async_progress_by_handler(DOMAIN, include_uninitialized=True)
        if all(one["flow_id"] != self.flow_id for one in begun):
            raise AbortFlow(CLOSED)
        return shown

    @ends_clearly
    async def async_step_stranger(self, user_input: FormData | None = None) -> ConfigFlowResult:
        """Ask what it is, and what it is called."""
        self._texts = await FlowTexts.load(self.hass)
        if user_input is None:
            return await self._show_stranger()
        self._named = user_input
        if (model_id := user_input.get(CONF_MODEL)) is None:
            return await self._show_stranger(FlowError(key="model_needed", at=CONF_MODEL))
        try:
            self._model = await self.hass.async_add_executor_job(model_library(self.hass).get, model_id)
        except AcrelError as error:
            return await self._show_stranger(explain(error, self._texts))
        return self._show_settings({})

    @ends_clearly
    async def async_step_caller_settings(self, user_input: FormData | None = None) -> ConfigFlowResult:
        """Ask for what the model leaves to the user, and have the device known."""
        if user_input is None:
            return self._show_settings({})
        try:
            check_caller_settings(self._serial, self._model, with_ratios(self.hass, user_input))
        except FormError as wrong:
            return self._show_settings(user_input, wrong.error)
        # Nothing is waited for from here on, so that no other dialog comes between.
        abort_if_closed(self.hass.config_entries.flow, self.flow_id)
        entry = self._port()
        self._abort_if_known(entry)
        title = self._named.get(CONF_NAME, "").strip() or caller_title(self._model, self._serial)
        data = as_said(self.hass, user_input, caller_data(self._serial, self._model, user_input), CONF_SERIAL)
        subentry = ConfigSubentry(
            data=MappingProxyType(data), subentry_type=SUBENTRY_DEVICE, title=title, unique_id=self._serial
        )
        self.hass.config_entries.async_add_subentry(entry, subentry)
        placeholders = {"name": plain(title), "entry": plain(entry.title)}
        return self.async_abort(reason="stranger_added", description_placeholders=placeholders)

    @property
    def _serial(self) -> str:
        return self._found["serial_number"]

    def _port(self) -> ConfigEntry:
        """Return the port that was called. Raises AbortFlow if it is gone."""
        entry = self.hass.config_entries.async_get_entry(self._found["entry_id"])
        if entry is None:
            raise AbortFlow(LINK_GONE)
        return entry

    def _abort_if_known(self, entry: ConfigEntry) -> None:
        if named_caller(entry, self._serial) is not None:
            raise AbortFlow("caller_configured")

    async def _show_stranger(self, error: FlowError | None = None) -> ConfigFlowResult:
        entry = self._port()
        catalogue = await self.hass.async_add_executor_job(Catalogue.read, model_library(self.hass))
        stranger = stranger_of(entry, self._serial)
        return self.async_show_form(
            step_id="stranger",
            data_schema=self.add_suggested_values_to_schema(
                stranger_schema(catalogue, self._texts, stranger), self._named
            ),
            errors=error.errors() if error else None,
            description_placeholders={
                "entry": plain(entry.title),
                "serial": plain(masked(self._serial)),
                "seen": described(stranger, self._texts),
                **(error.placeholders if error else {}),
            },
        )

    def _show_settings(self, values: FormData, error: FlowError | None = None) -> ConfigFlowResult:
        schema = with_same_as(
            self.hass,
            caller_settings_schema(self._model),
            self._texts,
            entry=self._port(),
            model=self._model,
            serial=self._serial,
        )
        return self.async_show_form(
            step_id="caller_settings",
            data_schema=self.add_suggested_values_to_schema(schema, values),
            errors=error.errors() if error else None,
            description_placeholders={
                "model": flat(self._model.name),
                "notes": settings_notes(self._model, self._texts),
                **(error.placeholders if error else {}),
            },
        )
