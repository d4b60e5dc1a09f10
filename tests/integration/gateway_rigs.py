"""A broker, Home Assistant's own MQTT integration on it, and simulated gateways that report to it."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, cast

from homeassistant.config_entries import ConfigEntryState, ConfigSubentryData
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.acrel_safety.const import DOMAIN, SUBENTRY_DEVICE
from custom_components.acrel_safety.coordinator import AcrelConfigEntry, AcrelCoordinator
from simulator.broker import Broker
from simulator.gateway import Awt, Quirks
from simulator.gateway.site import AWT
from tests.integration.rigs import until_state

FAST = Quirks(retry_s=0.05, redial_s=0.01, time_s=0.0, beats_s=0.05)


class Ahead:
    """A clock of a gateway that can be put forward: of two reports of one second the later one says nothing new."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return time.time() + self.seconds


async def report(device: Awt, clock: Ahead, seconds: float = 5.0) -> None:
    """Have a gateway report some seconds later."""
    clock.seconds += seconds
    await device.report()


def gateway_data(serial: str = AWT, **data: object) -> dict[str, object]:
    """Return the data of a gateway, as the config flow would store them."""
    return {"type": "mqtt_gateway", "serial_number": serial, "clock": "vendor", **data}


def meter_data(serial: str, model: str, **data: object) -> ConfigSubentryData:
    """Return a meter as the config flow would store it."""
    return ConfigSubentryData(
        data={"serial_number": serial, "model": model, "allow_changes": False, **data},
        subentry_type=SUBENTRY_DEVICE,
        title=f"{model} {serial[-3:]}",
        unique_id=serial,
    )


@contextmanager
def closed_sockets_forgiven() -> Iterator[None]:
    """Let the simulator's MQTT client watch a socket that it has closed: it does where a broker ends as it writes."""
    loop = asyncio.get_running_loop()
    handler = loop.get_exception_handler()

    def handle(of: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        is_known = isinstance(context.get("exception"), OSError) and "add_writer" in repr(context.get("handle"))
        if not is_known:
            (handler or asyncio.AbstractEventLoop.call_exception_handler)(of, context)

    loop.set_exception_handler(handle)
    try:
        yield
    finally:
        loop.set_exception_handler(handler)


@asynccontextmanager
async def mqtt(hass: HomeAssistant) -> AsyncGenerator[Broker]:
    """Have Home Assistant's MQTT integration set up on a broker of its own."""
    # It looks whether anything is configured by hand.
    await hass.async_add_executor_job(Path(hass.config.path("configuration.yaml")).touch)
    with closed_sockets_forgiven():
        async with Broker() as broker:
            host, port = broker.place
            # Its greeting comes late, and fails in a task of its own where the broker is stopped meanwhile.
            entry = MockConfigEntry(
                domain="mqtt",
                title="Broker",
                data={"broker": host, "port": port},
                options={"birth_message": {}},
                version=2,
                minor_version=1,
            )
            entry.add_to_hass(hass)
            assert await hass.config_entries.async_setup(entry.entry_id)
            await hass.async_block_till_done()
            try:
                yield broker
            finally:
                await hass.config_entries.async_unload(entry.entry_id)
                await hass.async_block_till_done()


class GatewayRig:
    """A gateway's entry, and its meters."""

    def __init__(self, hass: HomeAssistant, entry: MockConfigEntry) -> None:
        self.hass = hass
        self.entry = entry

    def coordinator(self, serial: str) -> AcrelCoordinator:
        """Return the coordinator of a meter."""
        entry = cast("AcrelConfigEntry", self.entry)
        return entry.runtime_data.coordinators[self.subentry_id(serial)]

    def subentry_id(self, serial: str) -> str:
        """Return the subentry of a meter."""
        return next(one.subentry_id for one in self.entry.subentries.values() if one.data["serial_number"] == serial)

    def entity_id(self, platform: str, rest: str, serial: str) -> str:
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
async def gateway_of(
    hass: HomeAssistant, meters: Sequence[ConfigSubentryData] = (), *, serial: str = AWT, **data: object
) -> AsyncGenerator[GatewayRig]:
    """Set up a gateway with some meters; it is unloaded at the end."""
    entry = MockConfigEntry(
        domain=DOMAIN, title="Gateway", data=gateway_data(serial, **data), subentries_data=[*meters]
    )
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    try:
        yield GatewayRig(hass, entry)
    finally:
        if entry.state is ConfigEntryState.LOADED:
            await hass.config_entries.async_unload(entry.entry_id)
        await hass.async_block_till_done()
