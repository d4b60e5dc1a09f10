"""Walk through the real flows of Home Assistant, as its frontend does."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import FormData
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigEntry,
    ConfigFlowContext,
    ConfigSubentryFlowManager,
    SubentryFlowContext,
)
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.data_entry_flow import EVENT_DATA_ENTRY_FLOW_PROGRESSED, FlowManager, FlowResultType
from homeassistant.helpers.config_validation import custom_serializer
from probatio import to_field_list
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.acrel_safety.const import DOMAIN, SUBENTRY_DEVICE
from tests.integration.flow_texts import check_texts

QUICK_LINE = {"baudrate": "115200", "parity": "none", "stopbits": "1", "turnaround_ms": 5}
"""The form of a line whose time-outs are as short as they get."""


def _suggested(schema: Mapping[Any, Any]) -> Mapping[str, Any]:
    return {
        str(key): key.description["suggested_value"]
        for key in schema
        if key.description and "suggested_value" in key.description
    }


@dataclass
class Walk:
    """One flow under way; `result` is what the user sees now."""

    manager: FlowManager[Any, Any, Any]
    result: Mapping[str, Any]

    def __post_init__(self) -> None:
        self._see(self.result)

    def _see(self, result: Mapping[str, Any]) -> None:
        self.result = result
        if result.get("data_schema") is not None:
            # The form as it is sent to the browser.
            json.dumps(to_field_list(result["data_schema"], custom_serializer=custom_serializer))
        check_texts(result, is_device=isinstance(self.manager, ConfigSubentryFlowManager))

    async def answer(self, **values: object) -> Walk:
        """Submit the form that is shown."""
        assert self.result["type"] is FlowResultType.FORM, self.result
        self._see(await self.manager.async_configure(self.result["flow_id"], values))
        return self

    async def pick(self, option: str) -> Walk:
        """Choose from the menu that is shown."""
        assert self.result["type"] is FlowResultType.MENU, self.result
        assert option in self.result["menu_options"]
        self._see(await self.manager.async_configure(self.result["flow_id"], {"next_step_id": option}))
        return self

    async def wait(self) -> Walk:
        """Wait as long as a progress is shown, as the frontend does."""
        while self.result["type"] is FlowResultType.SHOW_PROGRESS:
            progressed = asyncio.Event()

            @callback
            def look(event: Event[dict[str, Any]], progressed: asyncio.Event = progressed) -> None:
                if event.data["flow_id"] == self.result["flow_id"]:
                    progressed.set()

            remove = self.manager.hass.bus.async_listen(EVENT_DATA_ENTRY_FLOW_PROGRESSED, look)
            try:
                self._see(await self.manager.async_configure(self.result["flow_id"]))
                if self.result["type"] is FlowResultType.SHOW_PROGRESS:
                    await progressed.wait()
            finally:
                remove()
        return self

    def abandon(self) -> None:
        """Close the dialog."""
        self.manager.async_abort(self.result["flow_id"])

    @property
    def is_saved(self) -> bool:
        return self.result["type"] is FlowResultType.CREATE_ENTRY

    @property
    def reason(self) -> str | None:
        """Why the flow ended without an entry."""
        return self.result["reason"] if self.result["type"] is FlowResultType.ABORT else None

    @property
    def step(self) -> str | None:
        """The form or menu that is shown, None when the flow is over."""
        return self.result.get("step_id")

    @property
    def errors(self) -> Mapping[str, str]:
        return self.result["errors"] or {}

    @property
    def placeholders(self) -> Mapping[str, str]:
        return self.result["description_placeholders"] or {}

    @property
    def fields(self) -> list[str]:
        return [str(key) for key in self.result["data_schema"].schema]

    @property
    def entered(self) -> Mapping[str, Any]:
        """What stands in the fields already."""
        return _suggested(self.result["data_schema"].schema)

    def entered_in(self, part: str) -> Mapping[str, Any]:
        """Return what stands in the fields of a section already."""
        return _suggested(self.result["data_schema"].schema[part].schema.schema)

    def options(self, field: str) -> Mapping[str, str]:
        """What a field lets choose: labels by value."""
        options = self.result["data_schema"].schema[field].config["options"]
        return {
            option if isinstance(option, str) else option["value"]: option
            if isinstance(option, str)
            else option["label"]
            for option in options
        }


async def add_link(hass: HomeAssistant, kind: str) -> Walk:
    """Start the dialog "Add integration" and choose a kind of link."""
    flow = hass.config_entries.flow
    result = await flow.async_init(DOMAIN, context=ConfigFlowContext(source=SOURCE_USER))
    return await Walk(flow, result).pick(kind)


async def change_link(hass: HomeAssistant, entry: ConfigEntry, kind: str | None) -> Walk:
    """Start the dialog "Reconfigure" of a link and choose a kind, where there is a choice."""
    flow = hass.config_entries.flow
    context = ConfigFlowContext(source=SOURCE_RECONFIGURE, entry_id=entry.entry_id)
    walk = Walk(flow, await flow.async_init(DOMAIN, context=context))
    return walk if kind is None else await walk.pick(kind)


async def add_devices(hass: HomeAssistant, entry: ConfigEntry) -> Walk:
    """Start the dialog "Add devices"."""
    flow = hass.config_entries.subentries
    key = (entry.entry_id, SUBENTRY_DEVICE)
    return Walk(flow, await flow.async_init(key, context=SubentryFlowContext(source=SOURCE_USER)))


async def add_device(hass: HomeAssistant, entry: ConfigEntry) -> Walk:
    """Start the dialog "Add devices", and enter one by hand."""
    walk = await add_devices(hass, entry)
    return await walk.pick("by_hand") if walk.reason is None else walk


async def change_device(hass: HomeAssistant, entry: ConfigEntry, subentry_id: str, part: str = "change") -> Walk:
    """Start the dialog "Reconfigure" of a device."""
    flow = hass.config_entries.subentries
    context = SubentryFlowContext(source=SOURCE_RECONFIGURE, subentry_id=subentry_id)
    device = Walk(flow, await flow.async_init((entry.entry_id, SUBENTRY_DEVICE), context=context))
    # Of what can be operated it asks first what is to be changed.
    return await device.pick(part) if device.step == "what" else device


async def upload(hass_client: ClientSessionGenerator, file: str, content: str | bytes) -> str:
    """Send a file as the frontend does, and return its id."""
    form = FormData(quote_fields=False)  # as browsers send names
    data = content.encode() if isinstance(content, str) else content
    form.add_field("file", data, filename=file, content_type="application/octet-stream")
    response = await (await hass_client()).post("/api/file_upload", data=form)
    assert response.status == 200, await response.text()
    file_id: str = (await response.json())["file_id"]
    return file_id
