"""A port that simulated 4G devices call, in a real Home Assistant."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import cast

from homeassistant.config_entries import ConfigEntryState, ConfigSubentryData
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.acrel_safety.const import DOMAIN, SUBENTRY_DEVICE
from custom_components.acrel_safety.coordinator import AcrelConfigEntry, AcrelCoordinator
from simulator import Cabinet
from simulator.uplink import Caller, Quirks
from tests.aioacrel.control_rigs import time_passing
from tests.integration.rigs import HOST, until_state

SERIAL = "20251118000042"
OTHER = "20251118000043"


def free_port() -> int:
    """Return a port that nobody has at present."""
    with socket.create_server((HOST, 0)) as found:
        port: int = found.getsockname()[1]
    return port


def port_data(port: int, **data: object) -> dict[str, object]:
    """Return the data of a port on loopback, as the config flow would store them."""
    return {"type": "uplink", "listen": HOST, "port": port, "clock": "vendor", "weekday": "monday_1", **data}


def caller_data(serial: str = SERIAL, model: str = "dtsy1352", **data: object) -> ConfigSubentryData:
    """Return a device as the config flow would store it."""
    return ConfigSubentryData(
        data={"serial_number": serial, "model": model, "allow_changes": False, **data},
        subentry_type=SUBENTRY_DEVICE,
        title=f"Box {serial[-2:]}",
        unique_id=serial,
    )


class UplinkRig:
    """A port, the devices that are known there, and whoever calls."""

    def __init__(self, hass: HomeAssistant, entry: MockConfigEntry) -> None:
        self.hass = hass
        self.entry = entry
        self.port = cast("int", entry.data["port"])

    def coordinator(self, serial: str = SERIAL) -> AcrelCoordinator:
        """Return the coordinator of a device."""
        entry = cast("AcrelConfigEntry", self.entry)
        return entry.runtime_data.coordinators[self.subentry_id(serial)]

    def subentry_id(self, serial: str = SERIAL) -> str:
        """Return the subentry of a device."""
        return next(one.subentry_id for one in self.entry.subentries.values() if one.data["serial_number"] == serial)

    def entity_id(self, platform: str, rest: str, serial: str = SERIAL) -> str:
        """Return the entity whose unique id ends so."""
        registry = er.async_get(self.hass)
        found = registry.async_get_entity_id(platform, DOMAIN, f"{self.subentry_id(serial)}_{rest}")
        assert found is not None, rest
        return found

    async def until(self, entity_id: str, is_as_wanted: Callable[[State], bool], seconds: float = 20) -> State:
        """Return the state of an entity as soon as it is as wanted."""
        async with asyncio.timeout(seconds):
            return await until_state(self.hass, entity_id, is_as_wanted)


@asynccontextmanager
async def uplink(
    hass: HomeAssistant, devices: Sequence[ConfigSubentryData] = (), *, port: int | None = None, **data: object
) -> AsyncGenerator[UplinkRig]:
    """Set up a port with some devices; it is unloaded at the end."""
    number = port or free_port()
    entry = MockConfigEntry(domain=DOMAIN, title="Street", data=port_data(number, **data), subentries_data=[*devices])
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    try:
        yield UplinkRig(hass, entry)
    finally:
        if entry.state is ConfigEntryState.LOADED:
            await hass.config_entries.async_unload(entry.entry_id)
        await hass.async_block_till_done()


@asynccontextmanager
async def calling(
    port: int, model: str = "dtsy1352", serial: str = SERIAL, *, quirks: Quirks | None = None, minutes: int = 5
) -> AsyncGenerator[Caller]:
    """Have a simulated device call; its time passes, so that its relay moves."""
    cabinet = Cabinet.of({1: model}, frozen=True)
    caller = Caller(cabinet.units[1], serial, quirks=quirks or Quirks(redial_s=0.05), minutes=minutes)
    caller.start(HOST, port)
    try:
        async with time_passing(cabinet.advance):
            yield caller
    finally:
        await caller.stop()
