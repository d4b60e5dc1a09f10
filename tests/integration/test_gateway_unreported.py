"""What a gateway never reports is no quiet: its owner is told, and may put it aside. So is what cannot be read."""

import json
import logging
from datetime import timedelta

import pytest
from homeassistant.components.repairs import repairs_flow_manager
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.acrel_safety.aioacrel.gateway.source import GatewaySource
from custom_components.acrel_safety.const import DOMAIN
from custom_components.acrel_safety.diagnostics import async_get_config_entry_diagnostics
from custom_components.acrel_safety.hubs.gateway_trouble import GATEWAY_TROUBLE
from custom_components.acrel_safety.issues import Issue, issue_id
from simulator import Cabinet
from simulator.gateway import Awt, Meter
from simulator.gateway.site import AWT, BREAKER, PRODUCT
from tests.integration.gateway_rigs import FAST, Ahead, GatewayRig, gateway_of, meter_data, mqtt, report
from tests.integration.rigs import is_now, until_issue

pytestmark = pytest.mark.usefixtures("socket_enabled")
PRODUCT_KEY = "0123456789abcdef"
LISTED = """\
- Temperature probe 3 fault
- Temperature probe 4 fault
- Phase B voltage
- Phase C voltage"""
TOPIC = f"data/up/{PRODUCT}/{AWT}"
PRIVATE = (AWT, BREAKER, PRODUCT_KEY, "860000000000000", "89860000000000000000")
PROBES = [f"T{number}FauSta@1" for number in range(3, 5)]


def update(device: Awt, **codes: object) -> str:
    """Return a report of some codes alone."""
    reported = {f"0_{BREAKER}": {"state": "ONLINE", **codes}}
    return json.dumps({"method": "update", "sn": AWT, "timestamp": int(device.moment), "reported": reported})


def said_in(caplog: pytest.LogCaptureFixture) -> str:
    """Return all that we wrote into the log."""
    return "\n".join(one.getMessage() for one in caplog.records if one.name.startswith("custom_components"))


async def cannot_be_read(rig: GatewayRig, device: Awt, clock: Ahead, caplog: pytest.LogCaptureFixture) -> None:
    """More than one garbled message is told, with what to do, and nothing private."""
    hass = rig.hass
    trouble = f"{rig.entry.entry_id}_{GATEWAY_TROUBLE}"
    source = rig.coordinator(BREAKER).source
    assert isinstance(source, GatewaySource)
    garbled = source.gateway.unread + 1
    await device.say(TOPIC, b"\x02\x99garbage")
    while source.gateway.unread < garbled:
        await hass.async_block_till_done()
    assert ir.async_get(hass).async_get_issue(DOMAIN, trouble) is None
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=5500))
    await hass.async_block_till_done()
    issue = ir.async_get(hass).async_get_issue(DOMAIN, trouble)
    assert issue is not None
    assert issue.translation_placeholders is not None
    assert "secret" in issue.translation_placeholders["detail"]
    said = json.dumps([await async_get_config_entry_diagnostics(hass, rig.entry), issue.to_json()], default=str)
    said += said_in(caplog)
    assert [private for private in PRIVATE if private in said] == []
    await report(device, clock)
    await until_issue(hass, trouble, is_there=False)


async def test_what_is_never_reported_and_what_cannot_be_read_is_told_to_the_owner(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Ahead()
    cabinet = Cabinet.of({}, frozen=True)
    breaker = Meter.build(cabinet, BREAKER, "ascb1", travel_s=0.0)
    device = Awt(AWT, [breaker], product=PRODUCT, quirks=FAST, seconds=3600.0, clock=clock)
    assert await async_setup_component(hass, "repairs", {})
    caplog.set_level(logging.DEBUG, "custom_components.acrel_safety")
    meters = [meter_data(BREAKER, "ascb1")]
    async with mqtt(hass) as broker, gateway_of(hass, meters, product_secret=PRODUCT_KEY) as rig:
        identifier = issue_id(rig.entry, rig.entry.subentries[rig.subentry_id(BREAKER)], Issue.UNREPORTED)
        safety = rig.entity_id("sensor", "alarms_all_safety", BREAKER)
        device.start(*broker.place)
        try:
            await device.is_up.wait()
            for _ in range(3):
                await report(device, clock)
            await until_issue(hass, identifier)
            await rig.until(safety, is_now("not_seen"))
            manager = repairs_flow_manager(hass)
            assert manager is not None
            shown = await manager.async_init(DOMAIN, data={"issue_id": identifier})
            assert (shown["description_placeholders"] or {})["listed"] == LISTED
            chosen = [*PROBES[:1], "Ub@1", "Uc@1"]
            assert (await manager.async_configure(shown["flow_id"], {"alarms": chosen}))["type"] == "create_entry"
            await hass.async_block_till_done()
            # One is left: that is still no quiet.
            assert ir.async_get(hass).async_get_issue(DOMAIN, identifier) is not None
            assert hass.states.is_state(safety, "not_seen")
            shown = await manager.async_init(DOMAIN, data={"issue_id": identifier})
            await manager.async_configure(shown["flow_id"], {"alarms": PROBES[1:]})
            await hass.async_block_till_done()
            state = await rig.until(safety, is_now("safe"))
            assert ir.async_get(hass).async_get_issue(DOMAIN, identifier) is None
            assert len(state.attributes["not_watched"]) == len(chosen) + 1
            # It is reported after all: a fault, and no word of the owner hides it.
            clock.seconds += 5
            await device.say(TOPIC, update(device, T4FauSta="1"))
            await rig.until(safety, is_now("fault"))
            await hass.async_block_till_done()
            stored = rig.entry.subentries[rig.subentry_id(BREAKER)].data["not_reported"]
            assert ["1", "T4FauSta"] not in stored
            assert ["1", "T3FauSta"] in stored
            await cannot_be_read(rig, device, clock, caplog)
        finally:
            await device.stop()
