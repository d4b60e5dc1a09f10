"""What the integration's tests build on: entries for a cabinet, and waiting without sleeping."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from homeassistant.config_entries import ConfigSubentry, ConfigSubentryData
from homeassistant.const import EVENT_STATE_CHANGED, EVENT_STATE_REPORTED
from homeassistant.core import Event, EventStateChangedData, EventStateReportedData, HomeAssistant, State, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_track_state_change_event
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.acrel_safety.aioacrel.modbus import ModbusSource
from custom_components.acrel_safety.aioacrel.points import Point
from custom_components.acrel_safety.aioacrel.readings import PointKey
from custom_components.acrel_safety.const import DOMAIN, SUBENTRY_DEVICE
from custom_components.acrel_safety.coordinator import AcrelConfigEntry, AcrelCoordinator
from simulator import Cabinet

HOST = "127.0.0.1"
FAST_LINE = {"baudrate": 115200, "bytesize": 8, "parity": "N", "stopbits": 1, "turnaround_ms": 5}
"""A line whose time-outs are as short as they get."""
QUICK = {"fast": 0.1, "normal": 0.1, "slow": 0.1}
"""Intervals in seconds, for tests that wait for polls."""

SETTABLE = {
    "allow_changes": True,
    "control": {
        "enabled": False,
        "may_close": False,
        "rights": {"administrators": ["settings"]},
        "critical": [],
        "drives": {},
    },
}
"""What is stored beside a device when its owner allows changes."""

type Framing = Literal["tcp", "rtu_tcp"]


def device(
    unit_id: int, model: str, title: str | None = None, *, data: Mapping[str, object] | None = None
) -> ConfigSubentryData:
    """Return a device as the config flow would store it; where changes are allowed, automations may make them."""
    stored = {"unit_id": unit_id, "model": model, "allow_changes": False, **(data or {})}
    if stored["allow_changes"] is True:
        stored.setdefault("control", {"rights": {"automations": ["settings"]}})
    return ConfigSubentryData(
        data=stored,
        subentry_type=SUBENTRY_DEVICE,
        title=title or f"{model} {unit_id}",
        unique_id=str(unit_id),
    )


def link_data(port: int, framing: Framing = "tcp", **data: object) -> dict[str, object]:
    """Return the data of a link on loopback."""
    return {"type": framing, "host": HOST, "port": port, **FAST_LINE, **data}


def link_entry(
    cabinet: Cabinet, devices: Sequence[ConfigSubentryData], *, framing: Framing = "tcp", title: str = "Cabinet"
) -> MockConfigEntry:
    """Return an entry for a cabinet, not yet added."""
    port = cabinet.tcp_port if framing == "tcp" else cabinet.rtu_port
    assert port is not None
    return MockConfigEntry(
        domain=DOMAIN,
        title=title,
        data=link_data(port, framing),
        subentries_data=[*devices],
        unique_id=f"{HOST}:{port}",
    )


@dataclass(frozen=True)
class LinkRig:
    """A link that was set up, and short ways into it."""

    hass: HomeAssistant
    entry: MockConfigEntry
    cabinet: Cabinet

    def subentry(self, unit_id: int) -> ConfigSubentry:
        """Return the subentry of a unit."""
        return next(sub for sub in self.entry.subentries.values() if sub.data["unit_id"] == unit_id)

    def devices(self) -> list[dr.DeviceEntry | dr.ChildDeviceEntry]:
        """Return the link, its devices and their circuits."""
        registry = dr.async_get(self.hass)
        found: list[dr.DeviceEntry | dr.ChildDeviceEntry] = []
        found += dr.async_entries_for_config_entry(registry, self.entry.entry_id)
        found += dr.async_child_entries_for_config_entry(registry, self.entry.entry_id)
        return found

    def point(self, unit_id: int, code: str, circuit: str = "1") -> Point:
        """Return a point of a unit's model."""
        return self.coordinator(unit_id).device.model.points[PointKey(circuit, code)]

    def coordinator(self, unit_id: int) -> AcrelCoordinator:
        """Return the coordinator of a unit."""
        entry = cast("AcrelConfigEntry", self.entry)
        return entry.runtime_data.coordinators[self.subentry(unit_id).subentry_id]

    def source(self, unit_id: int) -> ModbusSource:
        """Return the way to a unit."""
        source = self.coordinator(unit_id).source
        assert isinstance(source, ModbusSource)
        return source

    def is_answering(self, unit_id: int) -> bool:
        """Whether anything that is read of a unit is believed."""
        return self.coordinator(unit_id).device.is_heard

    def entity_id(self, platform: str, unit_id: int, code: str, circuit: str = "1") -> str | None:
        """Return the entity that shows a point."""
        unique_id = f"{self.subentry(unit_id).subentry_id}_{circuit}_{code}"
        return er.async_get(self.hass).async_get_entity_id(platform, DOMAIN, unique_id)

    def state(self, platform: str, unit_id: int, code: str, circuit: str = "1") -> State:
        """Return the state of the entity that shows a point."""
        entity_id = self.entity_id(platform, unit_id, code, circuit)
        assert entity_id is not None
        state = self.hass.states.get(entity_id)
        assert state is not None
        return state

    def entities(self, unit_id: int | None = None) -> list[er.RegistryEntry]:
        """Return the registry's entities of the link or of one unit."""
        subentry_id = self.subentry(unit_id).subentry_id if unit_id is not None else None
        return [
            entity
            for entity in er.async_entries_for_config_entry(er.async_get(self.hass), self.entry.entry_id)
            if subentry_id in (None, entity.config_subentry_id)
        ]

    async def until(self, entity_id: str, is_as_wanted: Callable[[State], bool], seconds: float = 20) -> State:
        """Return the state of an entity as soon as it is as wanted."""
        async with asyncio.timeout(seconds):
            return await until_state(self.hass, entity_id, is_as_wanted)

    async def polled(self, unit_id: int, times: int = 1, seconds: float = 20) -> None:
        """Return when every group of a unit was polled that often from now on."""
        coordinator, unit = self.coordinator(unit_id), self.source(unit_id).unit
        missing = dict.fromkeys(unit.groups(), times)
        done = asyncio.Event()

        @callback
        def count() -> None:
            for group in {unit.model.points[key].pace for key in coordinator.data}:
                missing[group] = missing.get(group, 0) - 1
            if max(missing.values(), default=0) <= 0:
                done.set()

        remove = coordinator.async_add_listener(count)
        try:
            async with asyncio.timeout(seconds):
                await done.wait()
        finally:
            remove()

    async def reported(self, unit_id: int, is_enough: Callable[[], bool], seconds: float = 20) -> None:
        """Return as soon as something is so; it is looked at after each report of a unit."""
        done = asyncio.Event()

        @callback
        def look() -> None:
            if is_enough():
                done.set()

        remove = self.coordinator(unit_id).async_add_listener(look)
        try:
            async with asyncio.timeout(seconds):
                await done.wait()
        finally:
            remove()

    async def reload(self) -> None:
        """Load the entry anew."""
        await self.hass.config_entries.async_reload(self.entry.entry_id)
        await self.hass.async_block_till_done()


async def until_state(hass: HomeAssistant, entity_id: str, is_as_wanted: Callable[[State], bool]) -> State:
    """Return the state of an entity as soon as it is as wanted."""
    found: asyncio.Future[State] = asyncio.get_running_loop().create_future()

    @callback
    def is_it(data: EventStateChangedData | EventStateReportedData) -> bool:
        return data["entity_id"] == entity_id

    @callback
    def look(event: Event[EventStateChangedData] | Event[EventStateReportedData]) -> None:
        state = event.data["new_state"]
        if state is not None and is_as_wanted(state) and not found.done():
            found.set_result(state)

    removers = [
        hass.bus.async_listen(EVENT_STATE_CHANGED, look, event_filter=is_it),
        hass.bus.async_listen(EVENT_STATE_REPORTED, look, event_filter=is_it),
    ]
    state = hass.states.get(entity_id)
    if state is not None and is_as_wanted(state):
        found.set_result(state)
    try:
        return await found
    finally:
        for remove in removers:
            remove()


def states_of(hass: HomeAssistant, entity_id: str) -> list[str]:
    """Return the states that an entity has from now on."""
    seen: list[str] = []

    @callback
    def note(event: Event[EventStateChangedData]) -> None:
        if (state := event.data["new_state"]) is not None:
            seen.append(state.state)

    async_track_state_change_event(hass, [entity_id], note)
    return seen


async def until_issue(hass: HomeAssistant, identifier: str, *, is_there: bool = True, seconds: float = 60) -> None:
    """Return as soon as a repair issue is there, or is gone."""
    changed = asyncio.Event()

    @callback
    def look(_: Event[ir.EventIssueRegistryUpdatedData]) -> None:
        changed.set()

    remove = hass.bus.async_listen(ir.EVENT_REPAIRS_ISSUE_REGISTRY_UPDATED, look)
    try:
        async with asyncio.timeout(seconds):
            while (ir.async_get(hass).async_get_issue(DOMAIN, identifier) is not None) is not is_there:
                changed.clear()
                await changed.wait()
    finally:
        remove()


def is_not(value: str) -> Callable[[State], bool]:
    """Return the test for any other state."""
    return lambda state: state.state != value


def is_now(value: str) -> Callable[[State], bool]:
    """Return the test for a state."""
    return lambda state: state.state == value


def enable_all(rig: LinkRig) -> None:
    """Enable what is disabled by default, as a user would; takes effect with a reload."""
    registry = er.async_get(rig.hass)
    for entity in rig.entities():
        if entity.disabled_by is not None:
            registry.async_update_entity(entity.entity_id, disabled_by=None)


def truth_of(cabinet: Cabinet, unit_id: int) -> Mapping[tuple[str, str], float | bool]:
    """Return what the simulator says a unit's values are, by circuit and code."""
    return {
        (circuit, code): value
        for circuit, values in cabinet.units[unit_id].truth().items()
        for code, value in values.items()
    }
