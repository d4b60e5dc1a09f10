"""Devices that call in over 4G, as a user sees them."""

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant

from tests.integration.flows import add_devices, add_link
from tests.integration.rigs import HOST, is_not
from tests.integration.uplink_rigs import SERIAL, UplinkRig, calling, free_port

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def test_a_port_is_opened_a_device_named_and_its_values_shown(hass: HomeAssistant) -> None:
    port = free_port()
    walk = await add_link(hass, "uplink")
    await walk.answer(listen=HOST, port=port, clock="vendor", weekday="monday_1", networks="127.0.0.0/8")
    assert walk.is_saved, walk.errors
    entry = walk.result["result"]
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    try:
        device = await add_devices(hass, entry)
        await device.pick("caller")
        await device.answer(serial_number=f" {SERIAL} ", model="dtsy1352", name="Street box")
        assert device.step == "caller_settings"
        await device.answer(polling=True)
        assert device.is_saved, device.errors
        await hass.async_block_till_done()
        rig = UplinkRig(hass, entry)
        voltage = rig.entity_id("sensor", "1_Ua")
        assert hass.states.get(voltage).state == "unavailable"
        async with calling(port):
            state = await rig.until(voltage, is_not("unavailable"))
        assert 200 < float(state.state) < 260
    finally:
        await hass.config_entries.async_unload(entry.entry_id)
        await hass.async_block_till_done()
