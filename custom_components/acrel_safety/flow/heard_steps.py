"""What dialogs share of devices that are told of before anybody names them: one is chosen of what came, or typed."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, override

import probatio
from homeassistant.config_entries import ConfigEntry, SubentryFlowResult
from homeassistant.core import callback

from ..aioacrel.points import Model
from ..const import CONF_SERIAL
from ..markdown import plain
from .ending import ends_clearly
from .gateway_forms import (
    check_gateway_serial,
    heard_schema,
    kept_found,
    meter_data,
    meter_form,
    meter_schema,
    meter_title,
)
from .link_forms import FormData
from .named_steps import NamedDeviceSteps


class HeardDeviceSteps(NamedDeviceSteps):
    """Ask which device that is told of is meant, and what it is."""

    seat = CONF_SERIAL
    taken = "serial_taken"
    configured = "caller_configured"
    menu: ClassVar[str]
    """The step that lets choose how a device is named."""
    heard: ClassVar[str]
    """The step that lists those that were told of."""
    nothing: ClassVar[str]
    """What is said where none was."""

    @abstractmethod
    def _told_of(self, entry: ConfigEntry) -> Mapping[str, tuple[str, ...]]:
        """Return what was told of, by serial number, with codes that came."""

    @abstractmethod
    def _settings_form(self, data: Mapping[str, Any]) -> FormData:
        """Return the settings form that would give some stored data."""

    @ends_clearly
    async def async_step_user(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Let the user choose how a device is named."""
        await self._prepare()
        return self._show_menu()

    def _show_menu(self) -> SubentryFlowResult:
        return self.async_show_menu(
            step_id=self.menu,
            menu_options=[self.heard, self.step],
            description_placeholders={"entry": plain(self._get_entry().title)},
        )

    async def _step_heard(self, user_input: FormData | None) -> SubentryFlowResult:
        """List those that were told of and that nobody named, and go on with one of them."""
        await self._prepare()
        entry = self._get_entry()
        if not (heard := self._heard()):
            return self.async_abort(reason=self.nothing, description_placeholders={"entry": plain(entry.title)})
        if user_input is None:
            return self._show(self.heard, heard_schema(heard), {}, count=str(len(heard)))
        self._device = {CONF_SERIAL: user_input[CONF_SERIAL]}
        return self._show_device()

    @callback
    def _heard(self) -> dict[str, tuple[str, ...]]:
        entry = self._get_entry()
        named = {one.data.get(CONF_SERIAL) for one in entry.subentries.values()}
        return {serial: codes for serial, codes in self._told_of(entry).items() if serial not in named}

    @override
    def _checked(self, place: str) -> str:
        return check_gateway_serial(place)

    @override
    def _device_schema(self) -> probatio.Schema:
        codes = self._heard().get(self._device.get(CONF_SERIAL, ""), ())
        return meter_schema(self._catalogue, self._texts, codes)

    @override
    def _notes(self) -> str:
        language, model = self._texts.language, self._model
        notes = [plain(model.title(language)), plain(model.notes.get(language) or model.notes.get("en", ""))]
        return "\n\n".join(note for note in (*notes, *self._more_notes()) if note)

    def _more_notes(self) -> tuple[str, ...]:
        """Say what else is to be known on this way."""
        return ()

    @override
    def _data(self, place: str, model: Model, settings: FormData) -> FormData:
        return meter_data(place, model, settings)

    @override
    def _forms_of(self, data: Mapping[str, Any]) -> tuple[FormData, FormData]:
        return meter_form(data), self._settings_form(data)

    @override
    def _title(self, model: Model, place: str) -> str:
        return meter_title(model, place)

    @override
    def _kept(self, former: Mapping[str, Any], data: Mapping[str, Any]) -> FormData:
        return kept_found(former, data)
