"""Set up a link to a gateway or serial port; its devices are added by `device_flow.py`."""

from collections.abc import Awaitable, Mapping
from typing import override

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigEntry,
    ConfigFlowResult,
    ConfigSubentry,
    ConfigSubentryFlow,
    FlowType,
    SubentryFlowContext,
)
from homeassistant.const import CONF_DEVICE, CONF_HOST, CONF_NAME, CONF_PORT, CONF_TYPE
from homeassistant.core import callback
from homeassistant.data_entry_flow import FlowResultType

from . import migrating
from .aioacrel.errors import AcrelError, LinkUnreachableError
from .aioacrel.points import Model
from .const import (
    DOMAIN,
    SUBENTRY_DEVICE,
    TYPE_CLOUD,
    TYPE_GATEWAY,
    TYPE_PUSH,
    TYPE_RTU_TCP,
    TYPE_SERIAL,
    TYPE_TCP,
    TYPE_UPLINK,
    TYPE_XML,
)
from .device_flow import DeviceFlow
from .flow.cloud_device_steps import CloudDeviceFlow
from .flow.cloud_steps import CloudSteps
from .flow.ending import ends_clearly
from .flow.explain import FlowError, FormError, doubt_list, explain
from .flow.gateway_device_steps import GatewayDeviceFlow
from .flow.gateway_steps import GatewaySteps
from .flow.link_forms import (
    CONF_ANYWAY,
    FormData,
    changes_nothing,
    is_same_place,
    link_data,
    link_form,
    link_schema,
    refuse_broadcast,
)
from .flow.push_device_steps import PushDeviceFlow
from .flow.push_steps import PushSteps
from .flow.selector_texts import FlowTexts
from .flow.stranger_steps import StrangerSteps
from .flow.trial import LinkData, probe_devices, probe_link
from .flow.uplink_device_steps import UplinkDeviceFlow
from .flow.xml_device_steps import XmlDeviceFlow
from .flow.xml_steps import XmlSteps
from .hubs.errors import LinkInUseError
from .loading import async_load_models
from .stored import device_faults
from .turns import turn

_KINDS = (TYPE_TCP, TYPE_RTU_TCP, TYPE_SERIAL)
_OTHERS = (TYPE_UPLINK, TYPE_GATEWAY, TYPE_XML, TYPE_CLOUD, TYPE_PUSH)
_DEVICE_FLOWS: Mapping[str, type[ConfigSubentryFlow]] = {
    TYPE_UPLINK: UplinkDeviceFlow,
    TYPE_GATEWAY: GatewayDeviceFlow,
    TYPE_XML: XmlDeviceFlow,
    TYPE_PUSH: PushDeviceFlow,
    TYPE_CLOUD: CloudDeviceFlow,
}
"""How devices are added where they are not units on a line."""
_FIELDS = {
    "host_unknown": CONF_HOST,
    "host_unreachable": CONF_HOST,
    "connection_refused": CONF_PORT,
    "port_missing": CONF_DEVICE,
    "port_denied": CONF_DEVICE,
    "port_busy": CONF_DEVICE,
}
"""The field in which an error of the link is mended, where it is one field."""


class AcrelConfigFlow(XmlSteps, StrangerSteps, GatewaySteps, PushSteps, CloudSteps, domain=DOMAIN):
    """Ask how the devices are reached, and try it before it is saved."""

    VERSION = 1
    MINOR_VERSION = migrating.MINOR_VERSION

    def __init__(self) -> None:
        """Begin without a doubt."""
        super().__init__()
        self._doubted: LinkData | None = None
        """What was not as it should be when it was tried: the user may save it all the same."""

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(cls, config_entry: ConfigEntry) -> dict[str, type[ConfigSubentryFlow]]:
        """Return what can be added to a link: devices."""
        # What is stored may be anything.
        return {SUBENTRY_DEVICE: _DEVICE_FLOWS.get(str(config_entry.data.get(CONF_TYPE)), DeviceFlow)}

    @ends_clearly
    async def async_step_user(self, user_input: FormData | None = None) -> ConfigFlowResult:
        """Let the user pick the kind of link."""
        return self.async_show_menu(step_id="user", menu_options=[*_KINDS, *_OTHERS])

    @ends_clearly
    async def async_step_reconfigure(self, user_input: FormData | None = None) -> ConfigFlowResult:
        """Let the user pick the kind of link anew: the wrong framing is a common slip."""
        entry = self._get_reconfigure_entry()
        self._former = entry.title, dict(entry.data)
        if entry.data.get(CONF_TYPE) == TYPE_UPLINK:
            return await self.async_step_uplink()
        if entry.data.get(CONF_TYPE) == TYPE_XML:
            return await self.async_step_xml_gateway()
        if entry.data.get(CONF_TYPE) == TYPE_GATEWAY:
            return await self.async_step_mqtt_gateway()
        if entry.data.get(CONF_TYPE) == TYPE_PUSH:
            return await self.async_step_push()
        if entry.data.get(CONF_TYPE) == TYPE_CLOUD:
            return await self.async_step_cloud()
        return self.async_show_menu(
            step_id="reconfigure", menu_options=_KINDS, description_placeholders={"name": entry.title}
        )

    @ends_clearly
    async def async_step_tcp(self, user_input: FormData | None = None) -> ConfigFlowResult:
        """Ask for a Modbus TCP device or gateway."""
        return await self._step_link(TYPE_TCP, user_input)

    @ends_clearly
    async def async_step_rtu_tcp(self, user_input: FormData | None = None) -> ConfigFlowResult:
        """Ask for a serial server that passes RTU frames on."""
        return await self._step_link(TYPE_RTU_TCP, user_input)

    @ends_clearly
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
            data_schema=self.add_suggested_values_to_schema(
                link_schema(kind, asks_anyway=self._doubted is not None), user_input
            ),
            errors=error.errors() if error else None,
            description_placeholders={
                "listing": error.listing if error else "",
                **(error.placeholders if error else {}),
            },
        )

    async def _take_link(self, kind: str, form: FormData) -> ConfigFlowResult:
        """Save a link that opens. Raises FormError."""
        data, name = link_data(kind, form), form.get(CONF_NAME, "").strip()
        self._abort_if_taken(data)
        if self.source != SOURCE_RECONFIGURE:
            texts = await FlowTexts.load(self.hass)
            await self._try(probe_link(self.hass, data))
            # Another dialog may have been faster. Nothing is waited for from here on: one more would come between.
            self._abort_if_taken(data)
            return self.async_create_entry(title=name or self._free_title(kind, texts), data=data)
        entry = self._get_reconfigure_entry()
        async with turn(self.hass, entry.entry_id):
            self._abort_if_changed(entry)
            is_confirmed = form.get(CONF_ANYWAY, False) and data == self._doubted
            if is_confirmed or changes_nothing(entry.data, data):
                return self._save(entry, data, name)
            self._doubted = None
            async with self._out_of_the_way(entry, is_needed=is_same_place(entry.data, data)):
                await self._try_known(entry, data)
                return self._save(entry, data, name)

    async def _try_known(self, entry: ConfigEntry, data: LinkData) -> None:
        """Ask the devices that are known on a link with its new settings. Raises FormError if one is in doubt."""
        refuse_broadcast(entry, data)
        devices = await self._known_devices(entry, data)
        try:
            if not devices:
                await self._try(probe_link(self.hass, data))
                return
            doubts = await self._try(probe_devices(self.hass, data, devices))
        except FormError as wrong:
            if isinstance(wrong.__cause__, LinkUnreachableError):
                # A gateway may be off for the moment.
                self._doubted = data
            raise
        if doubts:
            self._doubted = data
            texts = await FlowTexts.load(self.hass)
            raise FormError.with_list("devices_in_doubt", doubt_list(doubts, texts), count=len(doubts))

    async def _known_devices(self, entry: ConfigEntry, data: LinkData) -> list[tuple[ConfigSubentry, Model]]:
        """Return the devices that can be asked what they are."""
        sound = [subentry for subentry, wrong in device_faults(data, entry.subentries.values()) if not wrong]
        models = await async_load_models(self.hass, sound)
        return [
            (subentry, model)
            for subentry in sound
            if isinstance(model := models[subentry.subentry_id], Model) and not model.needs_table
        ]

    async def _try[R](self, trial: Awaitable[R]) -> R:
        """Return what a trial of the link says. Raises FormError if the link cannot be used."""
        try:
            return await trial
        except (AcrelError, LinkInUseError) as error:
            found = explain(error, await FlowTexts.load(self.hass))
            raise FormError(found.key, at=_FIELDS.get(found.key, "base"), **found.placeholders) from error

    @override
    async def async_on_create_entry(self, result: ConfigFlowResult) -> ConfigFlowResult:
        """Go on with the first device: a link alone shows nothing, but of an account they were chosen already."""
        if result["result"].data.get(CONF_TYPE) == TYPE_CLOUD:
            return result
        flow = await self.hass.config_entries.subentries.async_init(
            (result["result"].entry_id, SUBENTRY_DEVICE),
            context=SubentryFlowContext(source=SOURCE_USER),
        )
        if flow["type"] is FlowResultType.MENU:
            result["next_flow"] = (FlowType.CONFIG_SUBENTRIES_FLOW, flow["flow_id"])
        return result
