"""Add or change a device on a link: which unit, which model, what may be done, and a look at its values."""

from homeassistant.config_entries import (
    SOURCE_USER,
    SubentryFlowResult,
)
from homeassistant.const import CONF_MODEL, CONF_NAME
from homeassistant.exceptions import HomeAssistantError

from .aioacrel.errors import AcrelError
from .const import CONF_UNIT_ID
from .flow.device_forms import (
    CONF_BASE,
    IMPORT,
    Catalogue,
    is_unit_id,
    settings_form,
)
from .flow.explain import FormError, explain
from .flow.link_forms import FormData
from .flow.selector_texts import FlowTexts
from .flow.table_steps import TableSteps
from .flow.trial import probe_device
from .model_files import model_library


class DeviceFlow(TableSteps):
    """Ask for a device and try it; only the last step saves anything."""

    # -- Which unit, which model ----------------------------------------------------------------

    async def async_step_user(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Ask for a new device."""
        return await self._step_device(user_input)

    async def async_step_reconfigure(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Ask for changes of a device."""
        if not self._device:
            subentry = self._get_reconfigure_subentry()
            self._device = {**subentry.data, CONF_NAME: subentry.title}
            self._settings = settings_form(subentry.data)
        return await self._step_device(user_input)

    async def _step_device(self, user_input: FormData | None) -> SubentryFlowResult:
        self._texts = await FlowTexts.load(self.hass)
        self._catalogue = await self.hass.async_add_executor_job(Catalogue.read, model_library(self.hass))
        if user_input is None:
            return self._show_device()
        self._device, self._draft = user_input, None
        try:
            return await self._take_device()
        except FormError as wrong:
            return self._show_device(wrong.error)
        except (AcrelError, HomeAssistantError) as error:
            return self._show_device(explain(error, self._texts))

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
            await probe_device(self.hass, self._get_entry().data, self._unit_id, self._model)
            self._wants_look = not self._model.registers.probes
        return await self.async_step_settings()

    def _check_unit_id(self) -> None:
        if not is_unit_id(self._device[CONF_UNIT_ID]):
            raise FormError("bad_unit", at=CONF_UNIT_ID, unit=f"{self._device[CONF_UNIT_ID]:.15g}")
        self._device[CONF_UNIT_ID] = int(self._device[CONF_UNIT_ID])
        if (other := self._device_in_place()) is not None:
            raise FormError("unit_taken", at=CONF_UNIT_ID, unit=self._unit_id, name=other.title)

    def _is_same_device(self) -> bool:
        """Whether only the name or settings are changed: that has to work while the device is off."""
        if self.source == SOURCE_USER:
            return False
        data = self._get_reconfigure_subentry().data
        return all(data[key] == self._device[key] for key in (CONF_UNIT_ID, CONF_MODEL))
