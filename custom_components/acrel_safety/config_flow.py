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
from homeassistant.const import CONF_DEVICE, CONF_HOST, CONF_NAME, CONF_PORT
from homeassistant.core import callback
from homeassistant.exceptions import HomeAssistantError

from .aioacrel.errors import AcrelError
from .const import DOMAIN, SUBENTRY_DEVICE, TYPE_RTU_TCP, TYPE_SERIAL, TYPE_TCP
from .device_flow import DeviceFlow
from .flow.explain import FlowError, FormError, explain
from .flow.link_forms import LINK_FORMS, FormData, former_title, free_title, link_data, link_form, link_place
from .flow.selector_texts import FlowTexts
from .flow.trial import LinkData, probe_link
from .hubs.modbus import link_address

_KINDS = (TYPE_TCP, TYPE_RTU_TCP, TYPE_SERIAL)
_FIELDS = {
    "host_unknown": CONF_HOST,
    "host_unreachable": CONF_HOST,
    "connection_refused": CONF_PORT,
    "port_missing": CONF_DEVICE,
    "port_denied": CONF_DEVICE,
    "port_busy": CONF_DEVICE,
}
"""The field in which an error of the link is mended, where it is one field."""
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
            try:
                return await self._take_link(kind, user_input)
            except FormError as wrong:
                error = wrong.error
        elif self.source == SOURCE_RECONFIGURE:
            entry = self._get_reconfigure_entry()
            user_input = {CONF_NAME: entry.title, **link_form(entry.data)}
        return self.async_show_form(
            step_id=kind,
            data_schema=self.add_suggested_values_to_schema(LINK_FORMS[kind], user_input),
            errors=error.errors() if error else None,
            description_placeholders=error.placeholders if error else None,
        )

    async def _take_link(self, kind: str, form: FormData) -> ConfigFlowResult:
        """Save a link that opens. Raises FormError."""
        data, name = link_data(kind, form), form.get(CONF_NAME, "").strip()
        self._async_abort_entries_match(link_place(data))
        if self.source != SOURCE_RECONFIGURE:
            texts = await FlowTexts.load(self.hass)
            await self._try(data)
            # Nothing is waited for from the last look at the other entries on: another dialog would come between.
            return self.async_create_entry(title=name or self._free_title(kind, texts), data=data)
        entry = self._get_reconfigure_entry()
        async with self._out_of_the_way(entry, data):
            await self._try(data)
            result = self.async_update_and_abort(entry, data=data, title=_new_title(entry, data, name))
            if entry.state in _FAILED:
                # It does not listen to changes, and may have given up.
                self.hass.config_entries.async_schedule_reload(entry.entry_id)
            return result

    def _free_title(self, kind: str, texts: FlowTexts) -> str:
        """Return what a link without a name is called: not by its address, which its entities would keep for ever."""
        return free_title(
            texts("link", kind), {entry.title for entry in self.hass.config_entries.async_entries(DOMAIN)}
        )

    async def _try(self, data: LinkData) -> None:
        """Open the link for a moment. Raises FormError if it cannot be used."""
        try:
            await probe_link(self.hass, data)
        except (AcrelError, HomeAssistantError) as error:
            found = explain(error, await FlowTexts.load(self.hass))
            raise FormError(found.key, at=_FIELDS.get(found.key, "base"), **found.placeholders) from error
        # Another dialog may have been faster.
        self._async_abort_entries_match(link_place(data))

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


def _new_title(entry: ConfigEntry, data: LinkData, name: str) -> str:
    """Return the title after a change; one that was the address follows it, unless the user gave another."""
    if name not in ("", entry.title):
        return name
    return former_title(data) if entry.title == former_title(entry.data) else entry.title


def _is_in_the_way(entry: ConfigEntry, data: LinkData) -> bool:
    """Whether the entry holds the line that is to be tried, with other settings.

    One connection cannot serve two sets of line settings, and many a gateway takes one connection
    only. An entry waiting to retry counts: it would come back with its old settings meanwhile.
    """
    if entry.state not in (ConfigEntryState.LOADED, ConfigEntryState.SETUP_RETRY):
        return False
    return link_place(entry.data) == link_place(data) and link_address(entry.data).params != link_address(data).params
