"""Gateways over MQTT, as a user sees them: a real broker, Home Assistant's MQTT integration, simulated gateways."""

from datetime import timedelta

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.acrel_safety.const import DOMAIN
from custom_components.acrel_safety.hubs.gateway_broker import known_meters
from simulator import Cabinet
from simulator.gateway import Awt, Meter
from simulator.gateway.site import AWT, BREAKER, HUB, PRODUCT
from tests.integration.flows import Walk, add_devices, add_link
from tests.integration.gateway_rigs import FAST, GatewayRig, gateway_of, meter_data, mqtt
from tests.integration.rigs import is_not

pytestmark = pytest.mark.usefixtures("socket_enabled")


def station() -> Awt:
    """Return a gateway with a breaker and a hub of breakers behind it; their clock stands still."""
    cabinet = Cabinet.of({}, frozen=True)
    meters = [Meter.build(cabinet, BREAKER, "ascb1", travel_s=0.0), Meter.build(cabinet, HUB, "ascb1", circuits=2)]
    return Awt(AWT, meters, product=PRODUCT, quirks=FAST, seconds=3600.0)


async def test_without_mqtt_the_dialog_says_what_is_missing(hass: HomeAssistant) -> None:
    walk = await add_link(hass, "mqtt_gateway")
    assert walk.reason == "mqtt_missing"


async def test_a_gateway_is_discovered_named_and_what_it_reports_is_shown(hass: HomeAssistant) -> None:
    async with mqtt(hass) as broker:
        device = station()
        device.start(*broker.place)
        try:
            # Whoever is no gateway yet gets no answer: it goes on asking.
            while not (flows := hass.config_entries.flow.async_progress_by_handler(DOMAIN)):
                await hass.async_block_till_done()
            (flow,) = flows
            assert not device.is_up.is_set()
            assert AWT not in str(flow["context"]["title_placeholders"])
            walk = Walk(hass.config_entries.flow, await hass.config_entries.flow.async_configure(flow["flow_id"]))
            await walk.answer(clock="vendor", by_analogy=False)
            assert walk.is_saved, walk.errors
            entry = walk.result["result"]
            await hass.async_block_till_done()
            assert entry.state is ConfigEntryState.LOADED
            await device.is_up.wait()
            await device.report()
            while len(known_meters(hass, AWT)) < len(device.meters):
                await hass.async_block_till_done()
            rig = GatewayRig(hass, entry)
            adding = await add_devices(hass, entry)
            await adding.pick("heard")
            assert set(adding.options("serial_number")) == {BREAKER, HUB}
            await adding.answer(serial_number=BREAKER)
            assert next(iter(adding.options("model"))) == "ascb1"
            await adding.answer(serial_number=BREAKER, model="ascb1", name="Kitchen")
            await adding.answer(detail="normal")
            assert adding.is_saved, adding.errors
            await hass.async_block_till_done()
            voltage = rig.entity_id("sensor", "1_Ua", BREAKER)
            await device.report()
            state = await rig.until(voltage, is_not("unavailable"))
            assert 200 < float(state.state) < 260
        finally:
            await device.stop()
            for entry in hass.config_entries.async_loaded_entries(DOMAIN):
                await hass.config_entries.async_unload(entry.entry_id)
            await hass.async_block_till_done()


async def test_a_hub_shows_the_circuits_that_it_reports_and_keeps_them(hass: HomeAssistant) -> None:
    async with mqtt(hass) as broker, gateway_of(hass, [meter_data(HUB, "ascb1")]) as rig:
        device = station()
        device.start(*broker.place)
        try:
            await device.is_up.wait()
            await device.report()
            first = rig.entity_id("sensor", "1_Ua", HUB)
            before = await rig.until(first, is_not("unavailable"))
            # What else came is gathered for a moment, and then among its points for good.
            async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=60))
            await hass.async_block_till_done()
            second = rig.entity_id("sensor", "2_Ua", HUB)
            assert [one.state for one in map(hass.states.get, (first, second)) if one] == [before.state] * 2
            await hass.config_entries.async_reload(rig.entry.entry_id)
            await hass.async_block_till_done()
            # It goes on with what holds, without another report.
            assert [one.state for one in map(hass.states.get, (first, second)) if one] == [before.state] * 2
        finally:
            await device.stop()
