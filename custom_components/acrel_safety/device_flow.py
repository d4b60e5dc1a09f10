"""Add or change a device on a link: which unit, which model, what may be done, and a look at its values."""

from homeassistant.config_entries import (
    SOURCE_USER,
    SubentryFlowResult,
)
from homeassistant.const import CONF_MODEL, CONF_NAME, CONF_TYPE
from homeassistant.data_entry_flow import AbortFlow

from .aioacrel.errors import AcrelError
from .const import CONF_UNIT_ID
from .flow.control_forms import ControlSteps, async_operable
from .flow.device_forms import (
    CONF_BASE,
    IMPORT,
    Catalogue,
    check_unit_id,
    device_form,
    settings_form,
)
from .flow.ending import LINK_BROKEN, ends_clearly
from .flow.explain import FormError, explain
from .flow.link_forms import FormData, as_whole
from .flow.same_as import same_as_form
from .flow.search_steps import SearchSteps
from .flow.selector_texts import FlowTexts
from .flow.steps import stored
from .flow.trial import is_link_proven, probe_device
from .furtherways import named
from .hubs import link_faults
from .hubs.errors import LinkInUseError
from .model_files import model_library


class DeviceFlow(SearchSteps, ControlSteps):
    """Ask for a device and try it; only the last step saves anything."""

    # -- Which unit, which model ----------------------------------------------------------------

    @ends_clearly
    async def async_step_user(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Let the user have the devices looked for, or name one."""
        await self._prepare()
        return self.async_show_menu(
            step_id="user",
            menu_options=["search", "by_hand"],
            description_placeholders={"entry": self._get_entry().title},
        )

    @ends_clearly
    async def async_step_by_hand(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Ask for a new device."""
        return await self._step_device(user_input)

    @ends_clearly
    async def async_step_reconfigure(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Ask for changes of a device."""
        if not self._device:
            subentry = self._get_reconfigure_subentry()
            self._former = stored(subentry)
            self._device = {**device_form(subentry.data), CONF_NAME: subentry.title}
            self._settings = {**settings_form(subentry.data), **same_as_form(self.hass, subentry.data)}
            is_sound = named(subentry) is None and not link_faults(self._get_entry().data)
            if is_sound and await async_operable(self.hass, subentry.data):
                return await self.async_step_what()
        return await self._step_device(user_input)

    @ends_clearly
    async def async_step_change(self, _: FormData | None = None) -> SubentryFlowResult:
        """Ask for changes of such a device, too."""
        return await self._step_device(None)

    async def _step_device(self, user_input: FormData | None) -> SubentryFlowResult:
        await self._prepare()
        if user_input is None:
            return self._show_device()
        self._device, self._draft = user_input, None
        try:
            return await self._take_device()
        except FormError as wrong:
            return self._show_device(wrong.error)
        except (AcrelError, LinkInUseError) as error:
            is_proven = is_link_proven(self._get_entry())
            return self._show_device(explain(error, self._texts, is_link_proven=is_proven))

    async def _prepare(self) -> None:
        """Read the texts, and the models there are now. Raises AbortFlow if the link is none."""
        if link_faults(self._get_entry().data):
            raise AbortFlow(LINK_BROKEN)
        self._texts = await FlowTexts.load(self.hass)
        self._catalogue = await self.hass.async_add_executor_job(Catalogue.read, model_library(self.hass))

    async def _take_device(self) -> SubentryFlowResult:
        self._check_unit_id()
        if (model_id := self._device.get(CONF_MODEL)) is None:
            raise FormError("model_needed", at=CONF_MODEL)
        if model_id == IMPORT:
            return await self.async_step_table()
        library = model_library(self.hass)
        self._model = await self.hass.async_add_executor_job(library.get, model_id)
        if self._model.needs_table:
            self._table = {CONF_BASE: model_id}
            return await self.async_step_table()
        if not self._is_same_device():
            self._tried_on = dict(self._get_entry().data)
            await probe_device(self.hass, self._tried_on, self._unit_id, self._model)
            self._wants_look = not self._model.registers.probes
        return await self.async_step_settings()

    def _check_unit_id(self) -> None:
        unit_id = as_whole(self._device[CONF_UNIT_ID])
        check_unit_id(unit_id, self._get_entry().data[CONF_TYPE])
        self._device[CONF_UNIT_ID] = unit_id
        if (other := self._device_in_place()) is not None:
            raise FormError("unit_taken", at=CONF_UNIT_ID, unit=self._unit_id, name=other.title)

    def _is_same_device(self) -> bool:
        """Whether only the name or settings are changed: that has to work while the device is off."""
        if self.source == SOURCE_USER:
            return False
        data = self._get_reconfigure_subentry().data
        return all(data.get(key) == self._device[key] for key in (CONF_UNIT_ID, CONF_MODEL))
