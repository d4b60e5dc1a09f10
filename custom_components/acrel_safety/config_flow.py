"""Set up a link to a gateway or serial port; its devices are added by `device_flow.py`."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import override

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentryFlow,
    FlowType,
    SubentryFlowContext,
)
from homeassistant.core import callback
from homeassistant.exceptions import HomeAssistantError

from .aioacrel.errors import AcrelError
from .const import DOMAIN, SUBENTRY_DEVICE, TYPE_RTU_TCP, TYPE_SERIAL, TYPE_TCP
from .device_flow import DeviceFlow
from .flow.errors import FlowError, explain
from .flow.link_forms import LINK_FORMS, FormData, link_data, link_form, link_place, link_title
from .flow.texts import FlowTexts
from .flow.trial import LinkData, probe_link
from .hubs.modbus import link_address

_KINDS = (TYPE_TCP, TYPE_RTU_TCP, TYPE_SERIAL)
_FAILED = (ConfigEntryState.SETUP_ERROR, ConfigEntryState.SETUP_RETRY)


class AcrelConfigFlow(ConfigFlow, domain=DOMAIN):
    """Ask how the devices are reached, and try it before it is saved."""

    VERSION = 1

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(cls, config_entry: ConfigEntry) -> dict[str, type[ConfigSubentryFlow]]:
        """Return what can be added to a link: devices."""
        return {SUBENTRY_DEVICE: DeviceFlow}

    async def async_step_user(self, user_input: FormData | None = None) -> ConfigFlowResult:
        """Let the user pick the kind of link."""
        return self.async_show_menu(step_id="user", menu_options=_KINDS)

    async def async_step_reconfigure(self, user_input: FormData | None = None) -> ConfigFlowResult:
        """Let the user pick the kind of link anew: the wrong framing is a common slip."""
        return self.async_show_menu(
            step_id="reconfigure",
            menu_options=_KINDS,
            description_placeholders={"name": self._get_reconfigure_entry().title},
        )

    async def async_step_tcp(self, user_input: FormData | None = None) -> ConfigFlowResult:
        """Ask for a Modbus TCP device or gateway."""
        return await self._step_link(TYPE_TCP, user_input)

    async def async_step_rtu_tcp(self, user_input: FormData | None = None) -> ConfigFlowResult:
        """Ask for a serial server that passes RTU frames on."""
        return await self._step_link(TYPE_RTU_TCP, user_input)

    async def async_step_serial(self, user_input: FormData | None = None) -> ConfigFlowResult:
        """Ask for a serial port of this machine."""
        return await self._step_link(TYPE_SERIAL, user_input)

    async def _step_link(self, kind: str, user_input: FormData | None) -> ConfigFlowResult:
        error: FlowError | None = None
        if user_input is not None:
            data = link_data(kind, user_input)
            self._async_abort_entries_match(link_place(data))
            if self.source == SOURCE_RECONFIGURE:
                entry = self._get_reconfigure_entry()
                async with self._out_of_the_way(entry, data):
                    if (error := await self._try(data)) is None:
                        result = self.async_update_and_abort(entry, data=data, title=_new_title(entry, data))
                        if entry.state in _FAILED:
                            # It does not listen to changes, and may have given up.
                            self.hass.config_entries.async_schedule_reload(entry.entry_id)
                        return result
            elif (error := await self._try(data)) is None:
                return self.async_create_entry(title=link_title(data), data=data)
        elif self.source == SOURCE_RECONFIGURE:
            user_input = link_form(self._get_reconfigure_entry().data)
        return self.async_show_form(
            step_id=kind,
            data_schema=self.add_suggested_values_to_schema(LINK_FORMS[kind], user_input),
            errors=error.errors() if error else None,
            description_placeholders=error.placeholders if error else None,
        )

    async def _try(self, data: LinkData) -> FlowError | None:
        """Return why the link cannot be used, None when it opens."""
        try:
            await probe_link(self.hass, data)
        except (AcrelError, HomeAssistantError) as error:
            return explain(error, await FlowTexts.load(self.hass))
        # Another dialog may have been faster.
        self._async_abort_entries_match(link_place(data))
        return None

    @asynccontextmanager
    async def _out_of_the_way(self, entry: ConfigEntry, data: LinkData) -> AsyncGenerator[None]:
        """Take the entry off its line while other settings are tried on the same line, and put it back."""
        unloaded = _is_in_the_way(entry, data) and await self.hass.config_entries.async_unload(entry.entry_id)
        try:
            yield
        finally:
            if unloaded:
                await self.hass.config_entries.async_setup(entry.entry_id)

    @override
    async def async_on_create_entry(self, result: ConfigFlowResult) -> ConfigFlowResult:
        """Go on with the first device: a link alone shows nothing."""
        flow = await self.hass.config_entries.subentries.async_init(
            (result["result"].entry_id, SUBENTRY_DEVICE),
            context=SubentryFlowContext(source=SOURCE_USER),
        )
        result["next_flow"] = (FlowType.CONFIG_SUBENTRIES_FLOW, flow["flow_id"])
        return result


def _new_title(entry: ConfigEntry, data: LinkData) -> str:
    """Return the title after a change of address: a name the user gave stays."""
    return link_title(data) if entry.title == link_title(entry.data) else entry.title


def _is_in_the_way(entry: ConfigEntry, data: LinkData) -> bool:
    """Whether the entry holds the line that is to be tried, with other settings.

    One connection cannot serve two sets of line settings, and many a gateway takes one connection
    only. An entry waiting to retry counts: it would come back with its old settings meanwhile.
    """
    if entry.state not in (ConfigEntryState.LOADED, ConfigEntryState.SETUP_RETRY):
        return False
    return link_place(entry.data) == link_place(data) and link_address(entry.data).params != link_address(data).params
