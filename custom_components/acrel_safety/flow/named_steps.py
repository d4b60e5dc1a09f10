"""What dialogs share of devices that are named and not asked: each way says what names one, and what it wants to know.

A device that calls, or stands behind a gateway, may not be heard for an hour; what it is, is checked when it is.
"""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, override

import probatio
from homeassistant.config_entries import SOURCE_USER, ConfigSubentry, SubentryFlowResult
from homeassistant.const import CONF_MODEL, CONF_NAME
from homeassistant.data_entry_flow import AbortFlow

from ..aioacrel.errors import AcrelError
from ..aioacrel.points import Model
from ..aioacrel.problems import flat
from ..const import CONF_SERIAL
from ..furtherways import named
from ..hubs import link_faults
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


class NamedDeviceSteps(ControlSteps):
    """Ask what names a device, what it is, and what its way wants to know; only the last step saves anything."""

    seat: ClassVar[str]
    """The field by which devices of an entry are told apart."""
    place_of_way: ClassVar[tuple[str, ...]] = ()
    """What else leads to a device, also to one that is there already and is only reached by this way, too."""
    step: ClassVar[str]
    """The form that asks for it; that of the settings is called so, too."""
    taken: ClassVar[str]
    """What is said where another device is named so."""
    configured: ClassVar[str]
    """What is said where another dialog was faster."""

    # -- What each way says ---------------------------------------------------------------------------

    @abstractmethod
    def _checked(self, place: str) -> str:
        """Return what names a device as it is stored. Raises FormError."""

    @abstractmethod
    def _device_schema(self) -> probatio.Schema:
        """Ask for what names it, model and name."""

    @abstractmethod
    def _settings_schema(self) -> probatio.Schema:
        """Ask for the rest."""

    @abstractmethod
    def _notes(self) -> str:
        """Say what its owner has to know before the rest is asked."""

    @abstractmethod
    def _data(self, place: str, model: Model, settings: FormData) -> FormData:
        """Return what is stored of a device. Raises FormError for settings that cannot be."""

    @abstractmethod
    def _forms_of(self, data: Mapping[str, Any]) -> tuple[FormData, FormData]:
        """Return the two forms that would give some stored data."""

    @abstractmethod
    def _title(self, model: Model, place: str) -> str:
        """Return what a device without a name is called."""

    def _kept(self, former: Mapping[str, Any], data: Mapping[str, Any]) -> FormData:
        """Return what no form asks for, and stays when a device is changed."""
        return {}

    @property
    def _keeps_rights(self) -> bool:
        """Whether who may operate the device stays as it is when it is changed."""
        return True

    # -- The steps ------------------------------------------------------------------------------------

    @ends_clearly
    async def async_step_reconfigure(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Ask for changes of a device."""
        await self._prepare()
        subentry = self._get_reconfigure_subentry()
        self._former = stored(subentry)
        device, settings = self._forms_of(subentry.data)
        self._device = {**device, CONF_NAME: subentry.title}
        self._settings = {**settings, **same_as_form(self.hass, subentry.data)}
        if named(subentry) is None and await async_operable(self.hass, subentry.data):
            return await self.async_step_what()
        return self._show_device()

    @ends_clearly
    async def async_step_change(self, _: FormData | None = None) -> SubentryFlowResult:
        """Ask for changes of a device that can be operated, too."""
        return await self._step_device(None)

    async def _step_device(self, user_input: FormData | None) -> SubentryFlowResult:
        """Ask for what names it, model and name."""
        await self._prepare()
        if user_input is None:
            return self._show_device()
        self._device = user_input
        try:
            return await self._take_device()
        except FormError as wrong:
            return self._show_device(wrong.error)
        except AcrelError as error:
            return self._show_device(explain(error, self._texts))

    async def _take_device(self) -> SubentryFlowResult:
        """Go on with a device whose name and model can be. Raises FormError, AcrelError."""
        self._device[self.seat] = self._checked(self._device[self.seat])
        if (other := self._device_in_place()) is not None:
            raise FormError(self.taken, at=self.seat, name=other.title)
        if (model_id := self._device.get(CONF_MODEL)) is None:
            raise FormError("model_needed", at=CONF_MODEL)
        self._model = await self.hass.async_add_executor_job(model_library(self.hass).get, model_id)
        return self._show_settings()

    def _step_settings(self, user_input: FormData | None) -> SubentryFlowResult:
        """Ask for the rest, and save; nothing is waited for here, so that no other dialog comes between."""
        if user_input is None:
            return self._show_settings()
        self._settings = user_input
        try:
            data = self._data(self._place, self._model, with_ratios(self.hass, user_input))
        except FormError as wrong:
            return self._show_settings(wrong.error)
        return self._save_device(as_said(self.hass, user_input, data, self.seat, *self.place_of_way))

    def _save_device(self, data: FormData) -> SubentryFlowResult:
        self._abort_if_changed()
        if self._device_in_place() is not None:
            raise AbortFlow(self.configured)
        title = self._device.get(CONF_NAME, "").strip() or self._title(self._model, self._place)
        if self.source == SOURCE_USER:
            return self.async_create_entry(title=title, data=data, unique_id=self._place)
        entry, subentry = self._get_entry(), self._get_reconfigure_subentry()
        data |= self._kept(subentry.data, data)
        if not is_further_way(self._settings):
            data |= {key: subentry.data[key] for key in KEPT if key in subentry.data}
            if self._keeps_rights:
                data |= kept_control(subentry.data, data)
        return self.async_update_and_abort(entry, subentry, title=title, data=data, unique_id=self._place)

    # -- What is known of it --------------------------------------------------------------------------

    async def _prepare(self) -> None:
        """Read the texts, and the models there are now. Raises AbortFlow if the entry is none."""
        if link_faults(self._get_entry().data):
            raise AbortFlow(LINK_BROKEN)
        self._texts = await FlowTexts.load(self.hass)
        self._catalogue = await self.hass.async_add_executor_job(Catalogue.read, model_library(self.hass))

    @property
    def _place(self) -> str:
        place: str = self._device[self.seat]
        return place

    @override
    def _serial_number(self) -> str:
        return self._place if self.seat == CONF_SERIAL else ""

    @override
    def _device_in_place(self) -> ConfigSubentry | None:
        """Return another device of this entry that is named so."""
        own = None if self.source == SOURCE_USER else self._get_reconfigure_subentry().subentry_id
        others = (one for one in self._get_entry().subentries.values() if one.subentry_id != own)
        return next((one for one in others if one.data.get(self.seat) == self._place), None)

    @override
    def _show_device(self, error: FlowError | None = None) -> SubentryFlowResult:
        return self._show(self.step, self._device_schema(), self._device, error)

    def _show_settings(self, error: FlowError | None = None) -> SubentryFlowResult:
        return self._show(
            f"{self.step}_settings",
            self._with_same_as(self._settings_schema()),
            self._settings,
            error,
            model=flat(self._model.name),
            notes=self._notes(),
        )
