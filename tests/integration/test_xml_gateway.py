"""An XML gateway and the devices behind it, as a user sees them."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import cast

import pytest
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigEntryState, ConfigFlowContext, ConfigSubentryData
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done

from custom_components.acrel_safety.aioacrel.readings import PointKey
from custom_components.acrel_safety.aioacrel.xmlgateway import twins
from custom_components.acrel_safety.aioacrel.xmlgateway.source import MeterSource
from custom_components.acrel_safety.const import DOMAIN, SUBENTRY_DEVICE
from custom_components.acrel_safety.coordinator import AcrelConfigEntry
from custom_components.acrel_safety.desk import desk_of
from custom_components.acrel_safety.diagnostics import async_get_config_entry_diagnostics
from custom_components.acrel_safety.hubs.history_statistics import statistic_id
from simulator import Cabinet
from tests.aioacrel.control_rigs import time_passing
from tests.aioacrel.xml_rigs import CHINA, NAME, OTHER, SECRET, Guest, report
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.flows import Walk, add_devices, add_link
from tests.integration.rigs import HOST, QUICK, is_not, is_now, until_state
from tests.integration.uplink_rigs import free_port

pytestmark = pytest.mark.usefixtures("socket_enabled")
GATEWAY = {"building_id": NAME.building, "gateway_id": NAME.gateway, "secret": SECRET}


def entity_id(hass: HomeAssistant, entry: MockConfigEntry, platform: str, rest: str) -> str:
    [subentry_id] = entry.subentries
    found = er.async_get(hass).async_get_entity_id(platform, DOMAIN, f"{subentry_id}_{rest}")
    assert found is not None, rest
    return found


@asynccontextmanager
async def gateway(
    hass: HomeAssistant, *, polling: bool, model: str = "dtsy1352", is_named: bool = True
) -> AsyncGenerator[MockConfigEntry]:
    """Set up a port with one device behind its gateway, if that is named; it is unloaded at the end."""
    device = ConfigSubentryData(
        data={"meter_id": "01001", "model": model, "allow_changes": False, "polling": polling},
        subentry_type=SUBENTRY_DEVICE,
        title="Shop",
        unique_id="01001",
    )
    data = {"type": "xml_gateway", "listen": HOST, "port": free_port(), "clock": "vendor", **GATEWAY}
    entry = MockConfigEntry(domain=DOMAIN, title="House", data=data, subentries_data=[device] if is_named else [])
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    try:
        yield entry
    finally:
        if entry.state is ConfigEntryState.LOADED:
            await hass.config_entries.async_unload(entry.entry_id)
        await hass.async_block_till_done()


async def test_a_gateway_and_a_device_are_named_and_bad_input_is_said_where_it_stands(hass: HomeAssistant) -> None:
    port = free_port()
    form = {"listen": HOST, "port": port, "clock": "vendor", **GATEWAY}
    walk = await add_link(hass, "xml_gateway")
    for field, value, key in (
        ("secret", "short", "bad_xml_secret"),
        ("secret", "", "bad_xml_secret"),
        ("building_id", "a/b", "bad_gateway"),
        ("gateway_id", " ", "bad_gateway"),
        ("listen", "", "listen_needed"),
        ("networks", "10.0.0.1/8", "bad_network"),
    ):
        await walk.answer(**{**form, field: value})
        assert walk.errors == {field: key}
    await walk.answer(**form)
    assert walk.is_saved, walk.errors
    entry = walk.result["result"]
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    try:
        device = await add_devices(hass, entry)
        for place in ("", "1001", "01000", "01248"):
            await device.answer(meter_id=place, model="dtsy1352")
            assert device.errors == {"meter_id": "bad_meter"}
        await device.answer(meter_id=" 01001 ")
        assert device.errors == {"model": "model_needed"}
        await device.answer(meter_id="01001", model="dtsy1352", name="Shop")
        assert device.step == "xml_meter_settings"
        await device.answer(polling=True)
        assert device.is_saved, device.errors
        await hass.async_block_till_done()
        again = await add_devices(hass, entry)
        await again.answer(meter_id="01001", model="dtsy1352")
        assert again.errors == {"meter_id": "meter_taken"}
        again.abandon()

        # Who is not known is refused, and named where the owner mends it; an empty secret keeps the former one.
        assert await (await Guest.at(port)).log_in(OTHER) == "fail"
        context = ConfigFlowContext(source=SOURCE_RECONFIGURE, entry_id=entry.entry_id)
        flow = hass.config_entries.flow
        change = Walk(flow, await flow.async_init(DOMAIN, context=context))
        assert OTHER.serial in change.result["description_placeholders"]["called"]
        assert "secret" not in change.entered
        assert SECRET not in str(change.result)
        await change.answer(**{key: value for key, value in form.items() if key != "secret"}, name="House")
        await hass.async_block_till_done()
        assert (change.reason, entry.data["secret"], entry.title) == ("reconfigure_successful", SECRET, "House")
        guest = await Guest.logged_in(port)
        await guest.leave()
    finally:
        await hass.config_entries.async_unload(entry.entry_id)
        await hass.async_block_till_done()


@pytest.mark.parametrize("polling", [True, False], ids=["polled", "reported"])
async def test_a_device_is_shown_by_what_is_polled_or_reported_and_nothing_secret_is_told(
    hass: HomeAssistant, polling: bool
) -> None:
    async with gateway(hass, polling=polling) as entry:
        voltage, online = (
            entity_id(hass, entry, "sensor", "1_Ua"),
            entity_id(hass, entry, "binary_sensor", "calling_online"),
        )
        assert hass.states.is_state(voltage, "unavailable")
        assert hass.states.is_state(online, "off")
        cabinet = Cabinet.of({1: "dtsy1352"}, frozen=True)
        guest = await Guest.logged_in(entry.data["port"])
        guest.serve(u1=cabinet.units[1])
        async with time_passing(cabinet.advance), asyncio.timeout(60):
            if not polling:
                guest.report(report({"Ua": 233.3, "WPP": 5}, datetime.now(CHINA).strftime("%Y%m%d%H%M%S")))
            state = await until_state(hass, voltage, is_not("unavailable"))
            truth = cast("float", cabinet.units[1].truth()["1"]["Ua"])
            assert float(state.state) == pytest.approx(truth if polling else 233.3, abs=0.1)
            assert hass.states.is_state(online, "on")
            assert (guest.asked != []) is polling
            registry = er.async_get(hass)
            [subentry_id] = entry.subentries
            assert registry.async_get_entity_id("sensor", DOMAIN, f"{subentry_id}_calling_sim") is None
            shown = json.dumps(
                await async_get_config_entry_diagnostics(hass, cast("AcrelConfigEntry", entry)), default=str
            )
            for secret in (SECRET, NAME.building):
                assert secret not in shown
            await guest.leave()
            await until_state(hass, online, is_now("off"))


async def test_a_device_without_registers_is_shown_by_its_codes_and_asked_for_nothing(hass: HomeAssistant) -> None:
    async with gateway(hass, polling=True, model="ascb1") as entry, asyncio.timeout(60):
        position = entity_id(hass, entry, "binary_sensor", "1_RlySta")
        guest = await Guest.logged_in(entry.data["port"])
        guest.report(report({"RlySta": 1, "Lg": 12}, datetime.now(CHINA).strftime("%Y%m%d%H%M%S")))
        await until_state(hass, position, is_now("on"))
        await until_state(hass, entity_id(hass, entry, "sensor", "1_Lg"), is_now("12.0"))
        assert guest.asked == []
        await guest.leave()


async def test_a_device_of_a_line_is_reached_through_the_gateway_too_and_somebody_in_its_name_is_told(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twins, "PROOF_SECONDS", 0.1)
    cabinet = await cabinet_of({1: "dtsy1352"})
    line = await link_to(cabinet, intervals=QUICK)
    device_id = line.subentry(1).subentry_id
    voltage = line.entity_id("sensor", 1, "Ua")
    assert voltage is not None
    async with gateway(hass, polling=False, is_named=False) as entry, asyncio.timeout(60):
        walk = await add_devices(hass, entry)
        await walk.answer(meter_id="01001", model="dtsy1352")
        assert walk.options("same_as") == {"own": "A device of its own", device_id: "dtsy1352 1 (Cabinet)"}
        await walk.answer(same_as=device_id, polling=False)
        assert walk.is_saved, walk.errors
        await hass.async_block_till_done()
        [further] = entry.subentries.values()
        stored = {"same_as": device_id, "same_as_place": "1", "polling": False}
        assert further.data == {"meter_id": "01001", "model": "dtsy1352", **stored}

        guest = await Guest.logged_in(entry.data["port"])
        await cabinet.stop()
        await until_state(hass, voltage, is_now("unavailable"))
        guest.report(report({"Ua": 233.3}, datetime.now(CHINA).strftime("%Y%m%d%H%M%S")))
        await until_state(hass, voltage, is_now("233.3"))

        # By its local way nobody can call in its name; by the further one somebody can.
        safety = er.async_get(hass).async_get_entity_id("sensor", DOMAIN, f"{device_id}_alarms_all_safety")
        assert safety is not None
        other = await Guest.logged_in(entry.data["port"])
        assert await other.ends()
        await until_state(hass, safety, is_now("alarm"))
        assert [one.alarm.cause.key.rule for one in desk_of(hass).alarms.standing()] == ["second_login"]
        await guest.leave()


async def test_what_a_gateway_kept_becomes_statistics_of_its_hour_once(
    recorder_mock: object, hass: HomeAssistant
) -> None:
    del recorder_mock  # before anything else: it makes the recorder
    hour = datetime.now(CHINA).replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
    async with gateway(hass, polling=False) as entry, asyncio.timeout(60):
        [subentry_id] = entry.subentries

        def source() -> MeterSource:
            found = cast("AcrelConfigEntry", entry).runtime_data.coordinators[subentry_id].source
            assert isinstance(found, MeterSource)
            return found

        name = statistic_id(subentry_id, source().points[PointKey("1", "EP")])

        async def told() -> list[tuple[float | None, float | None]]:
            """Tell the whole hour, and return what is in the statistics then."""
            guest, resent = await Guest.logged_in(entry.data["port"]), source().resent
            for minute in range(0, 60, 5):
                time = (hour + timedelta(minutes=minute)).strftime("%Y%m%d%H%M%S")
                more = f"<sequence>{minute}</sequence>"
                guest.report(report({"EP": 100 + minute}, time, operation="continuous", more=more), kind="continuous")
            while source().resent < resent + 12:
                await hass.async_block_till_done()
            await guest.leave()
            async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=30))
            await hass.async_block_till_done()
            await async_wait_recording_done(hass)
            found = await get_instance(hass).async_add_executor_job(
                statistics_during_period, hass, hour, None, {name}, "hour", None, {"state", "sum"}
            )
            return [(row["start"], row["state"]) for row in found.get(name, [])]

        assert await told() == [(hour.timestamp(), 155.0)]
        # Told again, as a gateway does that got no answer, it is no second one.
        await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done()
        assert await told() == [(hour.timestamp(), 155.0)]
