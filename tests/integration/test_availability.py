"""Devices that are silent, come back, or are other devices than expected."""

import asyncio
import logging
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta

import pytest
from homeassistant.components.modbus import async_get_temporary_unit
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
from modbus_connection import ModbusSerialParams
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.acrel_safety.const import DOMAIN
from custom_components.acrel_safety.hubs import modbus
from custom_components.acrel_safety.issues import Issue, issue_id
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.rigs import HOST, QUICK, device, is_not, is_now, link_data, link_entry, until_issue

LG_7 = "sensor.asj10l_7_residual_current"
SOON = 0.1
"""Seconds between two checks of identity."""
ISOLATION_9 = "sensor.aim_m10_9_insulation_resistance_display"


def warnings_about(caplog: pytest.LogCaptureFixture, text: str) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith("custom_components.acrel_safety")
        and record.levelno >= logging.INFO
        and text in record.getMessage()
    ]


async def test_a_silent_device_becomes_unavailable_and_returns_and_each_is_logged_once(
    cabinet_of: CabinetMaker, link_to: LinkMaker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    cabinet = await cabinet_of({7: "asj10l", 9: "aim-m10"})
    rig = await link_to(cabinet, intervals=QUICK)
    before = rig.state("sensor", 7, "Lg").state

    cabinet.set_scenario("silent", 7)
    await rig.until(LG_7, is_now("unavailable"))
    assert all(
        state.state == "unavailable"
        for entity in rig.entities(7)
        if not entity.entity_id.endswith("_register_evidence")
        # What the alarms say of it holds just then.
        and "_alarms_" not in entity.unique_id
        and (state := rig.hass.states.get(entity.entity_id)) is not None
    )
    await rig.polled(9, times=20)
    assert float(rig.state("sensor", 9, "IsnRShow").state) > 0
    assert len(_lost_and_found(caplog)) == 1

    cabinet.set_scenario("normal", 7)
    assert (await rig.until(LG_7, is_not("unavailable"))).state == before
    await rig.polled(7, times=3)
    assert [text.partition(":")[0] for text in _lost_and_found(caplog)] == [
        "asj10l 7 (unit 7 on Cabinet) was lost",
        "asj10l 7 (unit 7 on Cabinet) answers again",
    ]


def _lost_and_found(caplog: pytest.LogCaptureFixture) -> list[str]:
    # One that falls silent in the middle of a poll is first missed at the read that comes next.
    return [text for text in warnings_about(caplog, "unit 7 on Cabinet") if not text.endswith("is not answered")]


async def test_a_device_that_returns_is_shown_with_all_its_values_at_once(
    cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    """Also when it answers so slowly that the next poll is due before it was found to be the right one."""
    cabinet = await cabinet_of({1: "adw300"})
    rig = await link_to(cabinet, intervals=QUICK)
    alarm = "binary_sensor.adw300_1_under_voltage"
    before = (await rig.until(alarm, is_not("unavailable"))).state
    cabinet.set_scenario("silent", 1)
    await rig.until(alarm, is_now("unavailable"))
    cabinet.set_scenario("slow", 1, delay_s=1.2 * QUICK["fast"])
    assert (await rig.until(alarm, is_not("unavailable"))).state == before


async def test_a_device_silent_at_the_start_is_shown_when_it_answers(
    cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({7: "asj10l", 9: "aim-m10"})
    cabinet.set_scenario("silent", 7)
    rig = await link_to(cabinet, intervals=QUICK)
    assert rig.entry.state is ConfigEntryState.LOADED
    assert rig.state("sensor", 7, "Lg").state == "unavailable"
    assert float(rig.state("sensor", 9, "IsnRShow").state) > 0

    cabinet.set_scenario("normal", 7)
    state = await rig.until(LG_7, is_not("unavailable"))
    assert float(state.state) == cabinet.units[7].truth()["1"]["Lg"]


async def test_all_devices_silent_do_not_fail_the_link(cabinet_of: CabinetMaker, link_to: LinkMaker) -> None:
    cabinet = await cabinet_of({7: "asj10l", 9: "aim-m10"})
    cabinet.set_scenario("silent")
    rig = await link_to(cabinet, intervals=QUICK)
    assert rig.entry.state is ConfigEntryState.LOADED
    alarms = {entity.entity_id for entity in rig.entities() if "_alarms_" in entity.unique_id}
    states = {state.entity_id: state.state for state in rig.hass.states.async_all()}
    # What stands of alarms is known, and so are the list of what is to be seen to and the evidence of the registers.
    known = ("_register_evidence", "_hazards")
    shown = [entity_id for entity_id in states.keys() - alarms if not entity_id.endswith(known)]
    assert len(shown) > 10
    assert {states[entity_id] for entity_id in shown} == {"unavailable"}
    assert states["sensor.asj10l_7_safety"] == states["sensor.cabinet_safety"] == "not_seen"
    assert states["binary_sensor.cabinet_connection"] == "off"


async def test_a_link_that_cannot_be_reached_is_tried_again_later(
    hass: HomeAssistant, cabinet_of: CabinetMaker
) -> None:
    cabinet = await cabinet_of({7: "asj10l"})
    entry = link_entry(cabinet, [device(7, "asj10l")])
    entry.add_to_hass(hass)
    port = cabinet.tcp_port
    await cabinet.stop()
    assert not await hass.config_entries.async_setup(entry.entry_id)
    states = [entry.state]
    assert entry.error_reason_translation_key == "link_unreachable"
    await cabinet.start(tcp_port=port)
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=60))
    await hass.async_block_till_done(wait_background_tasks=True)
    states.append(entry.state)
    assert states == [ConfigEntryState.SETUP_RETRY, ConfigEntryState.LOADED]
    state = hass.states.get(LG_7)
    assert state is not None
    assert float(state.state) == cabinet.units[7].truth()["1"]["Lg"]
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_lost_connection_is_taken_up_again_without_reload(cabinet_of: CabinetMaker, link_to: LinkMaker) -> None:
    cabinet = await cabinet_of({7: "asj10l"})
    rig = await link_to(cabinet, intervals=QUICK)
    port = cabinet.tcp_port
    await cabinet.stop()
    await rig.until(LG_7, is_now("unavailable"))
    await cabinet.start(tcp_port=port)
    state = await rig.until(LG_7, is_not("unavailable"))
    assert float(state.state) == cabinet.units[7].truth()["1"]["Lg"]


@contextmanager
def host_that_is_gone(port: int) -> Iterator[None]:
    """Let connections to a port hang, as to a host without supply: neither taken nor refused."""
    with ExitStack() as sockets:
        listener = sockets.enter_context(socket.socket())
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(0)
        for _ in range(2):
            # More than the queue takes; nobody accepts.
            waiting = sockets.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex((HOST, port))
        yield


async def test_values_do_not_outlive_a_gateway_that_is_gone_until_each_device_was_asked(
    cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of(dict.fromkeys(range(1, 13), "asj10l"))
    rig = await link_to(cabinet, framing="rtu_tcp", intervals=QUICK)
    statistics = [rig.source(unit_id).unit.unit.figures for unit_id in cabinet.units]
    port = cabinet.rtu_port
    assert port is not None
    await cabinet.stop()
    with host_that_is_gone(port):
        before = sum(unit.requests for unit in statistics)
        for unit_id in cabinet.units:
            # Two attempts to connect take ten seconds each; to ask each device in vain would take two minutes.
            await rig.until(f"sensor.asj10l_{unit_id}_residual_current", is_now("unavailable"), seconds=40)
        assert sum(unit.requests for unit in statistics) - before < len(cabinet.units)


async def test_other_settings_on_the_same_line_are_refused_with_a_reason_until_they_are_gone(
    hass: HomeAssistant, cabinet_of: CabinetMaker
) -> None:
    cabinet = await cabinet_of({7: "asj10l"})
    params = ModbusSerialParams(device=f"socket://127.0.0.1:{cabinet.rtu_port}", baudrate=9600)
    entry = link_entry(cabinet, [device(7, "asj10l")], framing="rtu_tcp")
    entry.add_to_hass(hass)
    async with async_get_temporary_unit(hass, params, 3):
        assert not await hass.config_entries.async_setup(entry.entry_id)
    states = [entry.state]
    assert entry.error_reason_translation_key == "link_settings_in_use"
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(minutes=2))
    await hass.async_block_till_done(wait_background_tasks=True)
    states.append(entry.state)
    assert states == [ConfigEntryState.SETUP_RETRY, ConfigEntryState.LOADED]


async def test_a_value_the_device_does_not_have_is_unknown_and_the_others_stay(
    cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({7: "asj10l"})
    cabinet.set_scenario("exception", 7, code=4)
    rig = await link_to(cabinet, intervals=QUICK)
    cabinet.set_scenario("normal", 7)
    state = await rig.until(LG_7, lambda state: state.state not in ("unavailable", "unknown"))
    assert float(state.state) == cabinet.units[7].truth()["1"]["Lg"]


async def test_an_implausible_value_is_unknown(cabinet_of: CabinetMaker, link_to: LinkMaker) -> None:
    cabinet = await cabinet_of({8: "aim-r100"})
    rig = await link_to(cabinet, intervals=QUICK)
    entity_id = rig.entity_id("sensor", 8, "Lg", "3")
    assert entity_id is not None
    cabinet.units[8].hold("Lg", 60000, "3")
    await rig.until(entity_id, is_now("unknown"))
    assert rig.state("sensor", 8, "Lg", "4").state not in ("unknown", "unavailable")


async def test_another_device_is_not_shown_and_its_issue_goes_when_it_is_put_right(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(modbus, "LOOK_AGAIN_SECONDS", SOON)
    cabinet = await cabinet_of({1: "adw300", 7: "asj10l"})
    cabinet.set_scenario("wrong_model", 1)
    rig = await link_to(cabinet, intervals=QUICK)
    issue = issue_id(rig.entry, rig.subentry(1), Issue.WRONG_DEVICE)
    assert ir.async_get(hass).async_get_issue(DOMAIN, issue) is not None
    assert rig.state("sensor", 1, "Ua").state == "unavailable"
    assert rig.state("sensor", 7, "Lg").state != "unavailable"

    cabinet.set_scenario("normal", 1)
    entity_id = rig.entity_id("sensor", 1, "Ua")
    assert entity_id is not None
    state = await rig.until(entity_id, is_not("unavailable"))
    assert float(state.state) == pytest.approx(cabinet.units[1].truth()["1"]["Ua"])
    assert ir.async_get(hass).async_get_issue(DOMAIN, issue) is None


async def test_a_known_device_is_not_disowned_for_a_fault_it_measures(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    """AIM-M10 prints 10 to 999 kΩ; an insulation fault below that is what it is there for."""
    cabinet = await cabinet_of({9: "aim-m10"})
    rig = await link_to(cabinet)
    cabinet.units[9].hold("IsnRShow", 3, "1")
    await rig.reload()
    assert ir.async_get(hass).async_get_issue(DOMAIN, issue_id(rig.entry, rig.subentry(9), Issue.WRONG_DEVICE)) is None
    assert rig.state("sensor", 9, "Temp").state not in ("unknown", "unavailable")
    assert rig.state("sensor", 9, "IsnRShow").state == "unknown"


async def test_a_device_exchanged_while_it_was_silent_is_not_believed(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({1: "adw300"})
    cabinet.set_scenario("silent", 1)
    rig = await link_to(cabinet, intervals=QUICK)
    cabinet.set_scenario("wrong_model", 1)
    issue = issue_id(rig.entry, rig.subentry(1), Issue.WRONG_DEVICE)
    await until_issue(hass, issue)
    assert rig.state("sensor", 1, "Lg").state == "unavailable"


async def test_a_device_exchanged_without_ever_being_missed_is_found_out(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(modbus, "CHECK_SECONDS", SOON)
    cabinet = await cabinet_of({7: "asj10l", 8: "aim-r100"})
    rig = await link_to(cabinet)
    cabinet.set_scenario("wrong_model", 8)
    await until_issue(hass, issue_id(rig.entry, rig.subentry(8), Issue.WRONG_DEVICE))
    assert rig.state("sensor", 8, "Lg", "1").state == "unavailable"
    assert rig.state("sensor", 7, "Lg").state != "unavailable"


async def test_a_link_removed_while_its_devices_are_checked_leaves_no_issue(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(modbus, "CHECK_SECONDS", SOON)
    cabinet = await cabinet_of({7: "asj10l", 8: "aim-r100"})
    await link_to(cabinet, {7: "asj10l"})  # keeps the connection
    rig = await link_to(cabinet, {8: "aim-r100"})
    cabinet.set_scenario("wrong_model", 8)
    line = rig.source(8).bus
    is_over = asyncio.Event()
    command = hass.async_create_task(line.command(is_over.wait))
    await asyncio.sleep(2 * SOON)  # no event tells that a check waits for the line
    removal = hass.async_create_task(hass.config_entries.async_remove(rig.entry.entry_id))
    await asyncio.sleep(0)
    is_over.set()
    await asyncio.gather(command, removal)
    # Whoever waited for the line has had it by now.
    await line.command(lambda: asyncio.sleep(0))
    assert [key for key in ir.async_get(hass).issues if key[0] == DOMAIN] == []


async def test_a_link_without_devices_loads(hass: HomeAssistant) -> None:
    entry = MockConfigEntry(domain=DOMAIN, title="Empty", data=link_data(1), unique_id="empty")
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_a_device_exchanged_after_it_was_read_is_not_believed(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({8: "aim-r100"})
    rig = await link_to(cabinet, intervals=QUICK)
    entity_id = rig.entity_id("sensor", 8, "Lg", "1")
    assert entity_id is not None
    cabinet.set_scenario("silent", 8)
    await rig.until(entity_id, is_now("unavailable"))
    cabinet.set_scenario("wrong_model", 8)
    await until_issue(hass, issue_id(rig.entry, rig.subentry(8), Issue.WRONG_DEVICE), seconds=60)
    assert rig.state("sensor", 8, "Lg", "1").state == "unavailable"
