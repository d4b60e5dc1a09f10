"""Add or change a device behind an XML gateway; nothing is asked of it before: the gateway may not have called yet."""

from collections.abc import Mapping
from typing import Any, override

import probatio
from homeassistant.config_entries import SubentryFlowResult

from ..aioacrel.points import Model
from ..const import CONF_METER
from .ending import ends_clearly
from .link_forms import FormData
from .named_steps import NamedDeviceSteps
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
)


class XmlDeviceFlow(NamedDeviceSteps):
    """Ask where the device is and what it is."""

    seat = CONF_METER
    step = "xml_meter"
    taken = "meter_taken"
    configured = "meter_configured"

    @ends_clearly
    async def async_step_user(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Ask for a new device."""
        return await self._step_device(user_input)

    @ends_clearly
    async def async_step_xml_meter(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Ask for place, model and name."""
        return await self._step_device(user_input)

    @ends_clearly
    async def async_step_xml_meter_settings(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Ask for what the model leaves to the user, and save."""
        return self._step_settings(user_input)

    @override
    def _checked(self, place: str) -> str:
        return check_meter(place)

    @override
    def _device_schema(self) -> probatio.Schema:
        return meter_schema(self._catalogue, self._texts)

    @override
    def _settings_schema(self) -> probatio.Schema:
        return meter_settings_schema(self._model)

    @override
    def _notes(self) -> str:
        return meter_notes(self._model, self._texts)

    @override
    def _data(self, place: str, model: Model, settings: FormData) -> FormData:
        check_meter_settings(place, model, settings)
        return meter_data(place, model, settings)

    @override
    def _forms_of(self, data: Mapping[str, Any]) -> tuple[FormData, FormData]:
        return meter_form(data), meter_settings_form(data)

    @override
    def _title(self, model: Model, place: str) -> str:
        return meter_title(model, place)
