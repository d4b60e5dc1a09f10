"""Devices that call in over 4G, as a user sees them."""

import asyncio
import socket
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

import pytest
from homeassistant.auth.const import GROUP_ID_ADMIN
from homeassistant.config_entries import (
    SOURCE_IGNORE,
    SOURCE_INTEGRATION_DISCOVERY,
    ConfigEntryState,
    ConfigFlowContext,
    ConfigSubentry,
)
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.readings import PointKey
from custom_components.acrel_safety.aioacrel.uplink import server
from custom_components.acrel_safety.const import DOMAIN
from custom_components.acrel_safety.desk import desk_of
from custom_components.acrel_safety.flow.device_forms import Catalogue
from custom_components.acrel_safety.hubs import uplink_strangers
from custom_components.acrel_safety.hubs.uplink_memory import UplinkMemory
from custom_components.acrel_safety.whole import is_all_there
from tests.integration.alarm_rigs import context_of
from tests.integration.control_rigs import USUAL, administrator
from tests.integration.flows import Walk, add_devices, add_link, change_link
from tests.integration.rigs import HOST, is_not, is_now
from tests.integration.uplink_rigs import OTHER, SERIAL, UplinkRig, caller_data, calling, free_port, uplink

pytestmark = pytest.mark.usefixtures("socket_enabled")
THIRD = "20251118000044"


def state_of(hass: HomeAssistant, entity_id: str) -> str:
    state = hass.states.get(entity_id)
    assert state is not None
    return state.state


def cards(hass: HomeAssistant) -> Mapping[str, str]:
    """Return what a user sees among what was discovered: the dialogs, by the end of the serial number."""
    found = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    return {one["context"]["title_placeholders"]["serial"]: one["flow_id"] for one in found}


async def open_card(hass: HomeAssistant, end: str) -> Walk:
    """Open the dialog of a card."""
    flow = hass.config_entries.flow
    return Walk(flow, await flow.async_configure(cards(hass)[end]))


async def until_cards(hass: HomeAssistant, *ends: str) -> None:
    """Return as soon as just these are shown."""
    changed = asyncio.Event()
    leave = hass.config_entries.flow.async_subscribe_flow(lambda kind, flow_id: changed.set())
    try:
        async with asyncio.timeout(60):
            while set(cards(hass)) != set(ends):
                changed.clear()
                await changed.wait()
    finally:
        leave()


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
        assert state_of(hass, voltage) == "unavailable"
        async with calling(port):
            state = await rig.until(voltage, is_not("unavailable"))
            assert state_of(hass, rig.entity_id("binary_sensor", "calling_online")) == "on"
            assert state_of(hass, rig.entity_id("sensor", "calling_sim")) == "…0000"
        assert 200 < float(state.state) < 260
    finally:
        await hass.config_entries.async_unload(entry.entry_id)
        await hass.async_block_till_done()


async def test_a_card_that_is_taken_away_before_it_is_shown_is_no_failure(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_read, read = threading.Event(), Catalogue.read

    def read_from_a_slow_disk(library: ModelLibrary) -> Catalogue:
        assert is_read.wait(20)
        return read(library)

    monkeypatch.setattr(Catalogue, "read", read_from_a_slow_disk)
    async with uplink(hass) as rig:
        flows = hass.config_entries.flow
        context = ConfigFlowContext(source=SOURCE_INTEGRATION_DISCOVERY)
        data = {"entry_id": rig.entry.entry_id, "serial_number": SERIAL}
        shown = hass.async_create_task(flows.async_init(DOMAIN, context=context, data=data))
        [begun] = flows.async_progress_by_handler(DOMAIN, include_uninitialized=True)
        flows.async_abort(begun["flow_id"])
        is_read.set()
        result = await shown
        assert (result["type"], result["reason"]) == ("abort", "closed")


async def test_who_is_not_known_gets_a_card_and_nothing_else_before_it_is_approved(hass: HomeAssistant) -> None:
    async with uplink(hass) as rig, calling(rig.port), calling(rig.port, "arcm300", OTHER):
        await until_cards(hass, "…0042", "…0043")
        seen = str(hass.config_entries.flow.async_progress_by_handler(DOMAIN))
        assert SERIAL not in seen
        assert OTHER not in seen
        assert not rig.entry.subentries
        assert len(dr.async_entries_for_config_entry(dr.async_get(hass), rig.entry.entry_id)) == 1

        # The list of the entry's own dialog has both; one of them is added there, and its card goes away.
        listed = await (await add_devices(hass, rig.entry)).pick("strangers")
        assert {label.partition(" ")[0] for label in listed.options("serial_number").values()} == {"…0042", "…0043"}
        await listed.answer(serial_number=OTHER)
        assert listed.entered["serial_number"] == OTHER
        await listed.answer(serial_number=OTHER, model="arcm300")
        await listed.answer(polling=False)
        assert listed.is_saved
        await until_cards(hass, "…0042")
        await hass.async_block_till_done()

        card = await open_card(hass, "…0042")
        assert card.step == "stranger"
        await card.answer()
        assert card.errors == {"model": "model_needed"}
        await card.answer(model="dtsy1352", name="Cellar")
        await card.answer(polling=True)
        assert card.reason == "stranger_added"
        await hass.async_block_till_done()
        assert not cards(hass)
        await rig.until(rig.entity_id("sensor", "1_Ua"), is_not("unavailable"))
        assert {one.title for one in rig.entry.subentries.values()} == {"Cellar", "ARCM300 0043"}


async def test_cards_are_few_are_ignored_for_good_and_take_no_safety_away(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uplink_strangers, "MOST_CARDS", 1)
    async with uplink(hass, [caller_data(THIRD)]) as rig, calling(rig.port) as caller:
        await until_cards(hass, "…0042")
        async with calling(rig.port, serial=OTHER) as other:
            await other.is_on.wait()
            await hass.async_block_till_done(wait_background_tasks=True)
            assert set(cards(hass)) == {"…0042"}
        (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
        found = {"unique_id": flow["context"]["unique_id"], "title": "none of mine"}
        await hass.config_entries.flow.async_init(DOMAIN, context=ConfigFlowContext(source=SOURCE_IGNORE), data=found)
        await until_cards(hass)
        assert is_all_there(hass)
        caller.is_on.clear()
        await hass.config_entries.async_reload(rig.entry.entry_id)
        # It calls anew, and is listed; asked about it nobody is.
        await caller.is_on.wait()
        await hass.async_block_till_done(wait_background_tasks=True)
        listed = await (await add_devices(hass, rig.entry)).pick("strangers")
        assert [*listed.options("serial_number")] == [SERIAL]
        assert not cards(hass)
        assert is_all_there(hass)


async def test_who_calls_in_the_name_of_a_device_is_an_alarm_until_somebody_knows(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(server, "PROOF_SECONDS", 0.05)
    async with uplink(hass, [caller_data()]) as rig, calling(rig.port) as true:
        safety = rig.entity_id("sensor", "alarms_all_safety")
        await rig.until(safety, is_now("safe"))
        async with calling(rig.port) as false:
            state = await rig.until(safety, is_now("alarm"))
        assert state.attributes["detail"] == HOST
        assert (true.logins, false.asked) == (1, [])
        (standing,) = desk_of(hass).alarms.standing()
        await hass.services.async_call(
            DOMAIN, "acknowledge", {"entity_id": safety}, blocking=True, context=context_of(hass, "Ada", GROUP_ID_ADMIN)
        )
        assert state_of(hass, safety) == "safe"
        assert standing.alarm.cause.key.rule == "second_login"
    assert not [one for one in caplog.records if "acrel_safety" in one.name and SERIAL in one.getMessage()]


async def test_a_meter_is_opened_and_closed_over_its_card_and_nothing_is_sent_to_one_that_is_away(
    hass: HomeAssistant,
) -> None:
    ada = await administrator(hass)

    async def turn(way: str) -> None:
        target, context = {"entity_id": switch}, Context(user_id=ada.id)
        await hass.services.async_call("switch", f"turn_{way}", target, blocking=True, context=context)

    async with uplink(hass, [caller_data(control=USUAL)]) as rig:
        switch = rig.entity_id("switch", "control_1_remote_breaker")
        async with calling(rig.port) as caller:
            await rig.until(switch, is_now("on"))
            assert caller.unit.writes == []
            await turn("off")
            state = await rig.until(switch, is_now("off"))
            assert (state.attributes["last_outcome"], len(caller.unit.writes)) == ("confirmed", 1)
            await turn("on")
            state = await rig.until(switch, is_now("on"))
            assert (state.attributes["last_outcome"], len(caller.unit.writes)) == ("confirmed", 2)
        await rig.until(rig.entity_id("binary_sensor", "calling_online"), is_now("off"))
        with pytest.raises(HomeAssistantError, match=r"nothing was sent: .* \(4G …0042 cannot be reached"):
            await turn("off")
        assert len(caller.unit.writes) == 2


type Case = tuple[Mapping[str, object], Mapping[str, str]]
BAD_PORTS: Mapping[str, Case] = {
    "nothing chosen": ({"listen": ""}, {"listen": "listen_needed"}),
    "a name": ({"listen": "home.example"}, {"listen": "bad_listen"}),
    "an address of somebody else": ({"listen": "203.0.113.9"}, {"listen": "listen_elsewhere"}),
    "no port": ({"port": 70_000}, {"port": "bad_port"}),
    "no whole port": ({"port": 7000.5}, {"port": "bad_port"}),
    "no network": ({"networks": "10.0.0.0/8, home"}, {"networks": "bad_network"}),
    "more address than network": ({"networks": "10.1.2.3/8"}, {"networks": "bad_network"}),
}
BAD_DEVICES: Mapping[str, Case] = {
    "a serial number with a space": ({"serial_number": "2025 1118"}, {"serial_number": "bad_serial"}),
    "no serial number": ({"serial_number": "  "}, {"serial_number": "bad_serial"}),
    "too long a one": ({"serial_number": "1" * 21}, {"serial_number": "bad_serial"}),
    "one in Chinese": ({"serial_number": "序列号"}, {"serial_number": "bad_serial"}),
    "one that is taken": ({"serial_number": SERIAL}, {"serial_number": "serial_taken"}),
    "no model": ({"model": None}, {"model": "model_needed"}),
}


async def test_what_cannot_be_is_said_beside_its_field_and_a_port_is_had_once(hass: HomeAssistant) -> None:
    async with uplink(hass, [caller_data()]) as rig:
        walk = await add_link(hass, "uplink")
        sound: dict[str, object] = {"listen": HOST, "port": free_port(), "clock": "local", "weekday": "sunday_0"}
        for name, (wrong, errors) in BAD_PORTS.items():
            await walk.answer(**{**sound, **wrong})
            assert walk.errors == errors, name
        await walk.answer(**sound | {"port": rig.port})
        assert (walk.errors, walk.placeholders["name"]) == ({"port": "listen_taken"}, "Street")
        with socket.create_server((HOST, 0)) as other:
            await walk.answer(**sound | {"port": other.getsockname()[1]})
        assert walk.errors == {"port": "listen_busy"}

        device = await (await add_devices(hass, rig.entry)).pick("caller")
        for name, (wrong, errors) in BAD_DEVICES.items():
            form = {"serial_number": OTHER, "model": "dtsy1352", **wrong}
            await device.answer(**{key: value for key, value in form.items() if value is not None})
            assert device.errors == errors, name
        await device.answer(serial_number=OTHER, model="dtsy1352")
        for pace, seconds in (("fast", 29), ("normal", 59), ("slow", 604_801)):
            await device.answer(polling=True, intervals={"fast": 300, "normal": 900, "slow": 3600, pace: seconds})
            assert device.errors == {"intervals": f"bad_{pace}_interval"}

        # What is changed is loaded at once, also where the port is its own.
        change = await change_link(hass, rig.entry, None)
        assert (change.entered["port"], change.entered["listen"]) == (rig.port, HOST)
        await change.answer(**sound | {"port": rig.port, "networks": "10.0.0.0/8"})
        assert change.reason == "reconfigure_successful"
        await hass.async_block_till_done()
        assert (rig.entry.state, rig.entry.data["networks"]) == (ConfigEntryState.LOADED, ["10.0.0.0/8"])
        reader, writer = await asyncio.open_connection(HOST, rig.port)
        assert await reader.read() == b""
        writer.close()
        assert await hass.config_entries.async_unload(rig.entry.entry_id)
        with socket.create_server((HOST, rig.port)):
            await hass.config_entries.async_setup(rig.entry.entry_id)
            assert rig.entry.state is ConfigEntryState.SETUP_RETRY
            assert f"port {rig.port}" in str(rig.entry.reason)
        assert await hass.config_entries.async_unload(rig.entry.entry_id)


async def test_what_a_card_carried_is_known_after_a_restart_and_diagnostics_name_nobody(
    hass: HomeAssistant, hass_client: ClientSessionGenerator
) -> None:
    async with uplink(hass, [caller_data(polling=False)]) as rig:
        today = rig.entity_id("sensor", "statistics_data_today")
        async with calling(rig.port):
            await rig.until(rig.entity_id("sensor", "1_Ua"), is_not("unavailable"))
            found = str(await get_diagnostics_for_config_entry(hass, hass_client, rig.entry))
        assert SERIAL not in found
        assert "8986" not in found
        assert str(rig.port) not in found
        assert hass.states.get(rig.entity_id("sensor", "calling_last_report")) is not None
        reported = state_of(hass, rig.entity_id("sensor", "calling_last_report"))
        carried = rig.coordinator().source.figures()["data_month"]
        assert carried
        await hass.config_entries.async_reload(rig.entry.entry_id)
        await hass.async_block_till_done()
        assert (rig.coordinator().source.figures()["data_month"] or 0) >= carried
        assert state_of(hass, rig.entity_id("sensor", "calling_last_report")) == reported
        assert float(state_of(hass, today)) > 0


async def test_after_a_restart_the_last_numbers_are_shown_as_such_and_no_alarm_or_position_is(
    hass: HomeAssistant,
) -> None:
    async with uplink(hass, [caller_data(polling=False)]) as rig:
        voltage, energy = rig.entity_id("sensor", "1_Ua"), rig.entity_id("sensor", "1_EP")
        position = rig.entity_id("binary_sensor", "1_RlySta")
        async with calling(rig.port) as caller:
            state = await rig.until(voltage, is_not("unavailable"))
            assert "stale" not in state.attributes
            await rig.until(position, is_not("unavailable"))
            # A counter that is read for the first time is shown when a second reading bears it out.
            caller.upload()
            counted = (await rig.until(energy, lambda state: state.state not in ("unavailable", "unknown"))).state
        read, value = rig.coordinator().device.readings[PointKey("1", "Ua")].time, state.state
        await hass.config_entries.async_reload(rig.entry.entry_id)
        await hass.async_block_till_done()
        for entity_id, known in ((voltage, value), (energy, counted)):
            shown = hass.states.get(entity_id)
            assert shown is not None
            assert (shown.state, shown.attributes["stale"]) == (known, True)
            assert datetime.fromisoformat(shown.attributes["last_read"]) == read.replace(microsecond=0)
        # For all else it is as if nothing had been known.
        assert not rig.coordinator().device.readings
        assert state_of(hass, position) == "unavailable"
        assert state_of(hass, rig.entity_id("binary_sensor", "alarms_all_connection")) == "off"

        # Another restart makes it no younger.
        await hass.config_entries.async_reload(rig.entry.entry_id)
        await hass.async_block_till_done()
        assert state_of(hass, voltage) == value
        async with calling(rig.port):
            await rig.until(voltage, lambda state: "stale" not in state.attributes)
            await rig.until(position, is_not("unavailable"))

        # Two and a half periods of five minutes later it is not heard.
        await hass.config_entries.async_reload(rig.entry.entry_id)
        await hass.async_block_till_done()
        assert state_of(hass, voltage) != "unavailable"
        async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=751))
        await hass.async_block_till_done()
        assert state_of(hass, voltage) == "unavailable"

        # What another meter was said to be says nothing of this one.
        async with calling(rig.port):
            await rig.until(voltage, is_not("unavailable"))
        (subentry,) = rig.entry.subentries.values()
        hass.config_entries.async_update_subentry(rig.entry, subentry, data={**subentry.data, "ct": 2.0})
        await hass.async_block_till_done()
        assert state_of(hass, voltage) == "unavailable"


async def test_a_device_more_costs_no_other_its_connection(hass: HomeAssistant) -> None:
    async with (
        uplink(hass, [caller_data(polling=False), caller_data(THIRD)]) as rig,
        calling(rig.port) as known,
        calling(rig.port, serial=OTHER) as stranger,
        calling(rig.port, serial=THIRD),
    ):
        voltage = rig.entity_id("sensor", "1_Ua")
        await rig.until(voltage, is_not("unavailable"))
        await until_cards(hass, "…0043")
        reader, writer = await asyncio.open_connection(HOST, rig.port)
        card = await open_card(hass, "…0043")
        await card.answer(model="dtsy1352")
        await card.answer(polling=False)
        assert card.reason == "stranger_added"
        await hass.async_block_till_done()
        known.upload()
        stranger.upload()
        await rig.until(rig.entity_id("sensor", "1_Ua", OTHER), is_not("unavailable"))
        await rig.until(voltage, lambda state: "stale" not in state.attributes)
        assert (known.logins, stranger.logins) == (1, 1)
        carried = rig.coordinator().source.figures()["data_month"]
        # Who is taken off the list is hung up, and is a stranger from then on.
        hass.config_entries.async_remove_subentry(rig.entry, rig.subentry_id(THIRD))
        await until_cards(hass, "…0044")
        assert (known.logins, stranger.logins) == (1, 1)
        # What was carried before is counted once.
        assert carried
        assert rig.coordinator().source.figures()["data_month"] == carried

        # Another port, and one that is no more, is not kept.
        change, number = await change_link(hass, rig.entry, None), free_port()
        await change.answer(listen=HOST, port=number, clock="vendor", weekday="monday_1")
        assert change.reason == "reconfigure_successful"
        await hass.async_block_till_done()
        with socket.create_server((HOST, rig.port)):
            assert await reader.read() == b""
        writer.close()
        assert await hass.config_entries.async_unload(rig.entry.entry_id)
        with socket.create_server((HOST, number)):
            pass


async def test_a_device_added_while_the_port_is_loaded_anew_leaves_it_open(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = UplinkMemory.async_load
    more = [THIRD]

    async def busy(memory: UplinkMemory) -> None:
        """Load what is kept; somebody adds a device just then."""
        while more:
            add(more.pop())
            for _ in range(8):
                await asyncio.sleep(0)
        await load(memory)

    async with uplink(hass) as rig:

        def add(serial: str) -> None:
            new = caller_data(serial)
            data, title, number = MappingProxyType(new["data"]), new["title"], new["unique_id"]
            device = ConfigSubentry(data=data, subentry_type=new["subentry_type"], title=title, unique_id=number)
            hass.config_entries.async_add_subentry(rig.entry, device)

        monkeypatch.setattr(UplinkMemory, "async_load", busy)
        add(OTHER)
        await hass.async_block_till_done()
        assert not more
        assert rig.entry.state is ConfigEntryState.LOADED
        async with calling(rig.port, serial=THIRD) as caller, asyncio.timeout(60):
            await caller.is_on.wait()


async def test_what_devices_say_goes_to_another_server_where_the_owner_wants_it(
    hass: HomeAssistant, hass_client: ClientSessionGenerator
) -> None:
    heard = asyncio.StreamReader()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(4096):
            heard.feed_data(data)
        writer.close()

    async with uplink(hass, [caller_data(polling=False)]) as rig, await asyncio.start_server(take, HOST, 0) as cloud:
        sound: dict[str, object] = {"listen": HOST, "port": rig.port, "clock": "vendor", "weekday": "monday_1"}
        there = cloud.sockets[0].getsockname()[1]
        walk = await change_link(hass, rig.entry, None)
        for wrong, errors in (
            ({"relay_host": "cloud.example"}, {"relay_port": "relay_port_needed"}),
            ({"relay_host": "http://cloud.example", "relay_port": 1}, {"relay_host": "bad_host"}),
            ({"relay_host": "cloud.example", "relay_port": 70_000}, {"relay_port": "bad_port"}),
            ({"relay_host": "LOCALHOST", "relay_port": rig.port}, {"relay_host": "relay_here"}),
        ):
            await walk.answer(**sound, **wrong)
            assert walk.errors == errors
        await walk.answer(**sound, relay_host=f" {HOST} ", relay_port=there)
        assert walk.reason == "reconfigure_successful"
        await hass.async_block_till_done()
        async with calling(rig.port), asyncio.timeout(60):
            assert SERIAL.encode() in await heard.readuntil(SERIAL.encode())
        found = str(await get_diagnostics_for_config_entry(hass, hass_client, rig.entry))
        assert str(there) not in found
        change = await change_link(hass, rig.entry, None)
        assert (change.entered["relay_host"], change.entered["relay_port"]) == (HOST, there)
        await change.answer(**sound)
        assert change.reason == "reconfigure_successful"
        await hass.async_block_till_done()
        assert not [key for key in rig.entry.data if key.startswith("relay")]
