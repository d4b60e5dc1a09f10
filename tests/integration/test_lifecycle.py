"""Loading, unloading, and what the user does to links and devices."""

import asyncio
from pathlib import Path
from types import MappingProxyType

from homeassistant.components.modbus.connection import async_get_connection_info
from homeassistant.config_entries import ConfigEntryState, ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.rigs import QUICK, LinkRig, device

ESTABLISHED = "01"


def open_sockets(port: int | None) -> int:
    """Return how many connections from here to a port of this machine are open (from the kernel's table)."""
    lines = Path("/proc/self/net/tcp").read_text("ascii").splitlines()[1:]
    rows = [line.split() for line in lines]
    return sum(row[2].endswith(f":{port:04X}") and row[3] == ESTABLISHED for row in rows)


def own_tasks() -> list[str]:
    """Return the names of the library's tasks."""
    return sorted(task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("acrel"))


def listeners(hass: HomeAssistant) -> dict[str, int]:
    """Return how many listen to each event."""
    return {str(event): count for event, count in hass.bus.async_listeners().items()}


async def test_a_hundred_reloads_leave_one_socket_and_nothing_else(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({7: "asj10l", 9: "aim-m10"})
    rig = await link_to(cabinet)
    before = listeners(hass)
    for _ in range(100):
        await rig.reload()
        assert rig.entry.state is ConfigEntryState.LOADED
    assert open_sockets(cabinet.tcp_port) == 1
    assert own_tasks() == ["acrel bus Cabinet", "acrel hub Cabinet", "acrel hub Cabinet"]
    assert [event for event, count in listeners(hass).items() if count > before.get(event, 0)] == []
    assert len(async_get_connection_info(hass)) == 1

    await hass.config_entries.async_unload(rig.entry.entry_id)
    await hass.async_block_till_done()
    assert open_sockets(cabinet.tcp_port) == 0
    assert own_tasks() == []
    assert async_get_connection_info(hass) == []


async def test_home_assistant_stops_without_waiting_for_the_link(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({7: "asj10l"})
    await link_to(cabinet, intervals=QUICK)
    await hass.async_stop()
    assert own_tasks() == []


def devices_of(rig: LinkRig) -> dict[str, dr.DeviceEntry | dr.ChildDeviceEntry]:
    return {str(found.name): found for found in rig.devices()}


async def test_link_device_and_circuits_are_devices_below_each_other(
    cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({7: "asj10l", 8: "aim-r100"})
    rig = await link_to(cabinet)
    devices = devices_of(rig)
    assert set(devices) == {"Cabinet", "asj10l 7", "aim-r100 8", *(f"Circuit {number}" for number in range(1, 13))}
    link, monitor, loop = devices["Cabinet"], devices["aim-r100 8"], devices["Circuit 5"]
    assert isinstance(link, dr.DeviceEntry)
    assert isinstance(monitor, dr.DeviceEntry)
    assert isinstance(loop, dr.ChildDeviceEntry)
    assert (link.model, link.manufacturer) == (f"Modbus TCP, 127.0.0.1:{cabinet.tcp_port}", None)
    assert monitor.via_device_id == link.id
    assert (monitor.manufacturer, monitor.model, monitor.model_id) == (
        "Acrel",
        "AIM-R100",
        None,
    )
    assert loop.parent_device_id == monitor.id
    assert {loop.config_subentry_id, monitor.config_subentry_id} == {rig.subentry(8).subentry_id}


async def test_removing_a_device_removes_its_entities_and_circuits_and_no_others(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({7: "asj10l", 8: "aim-r100"})
    rig = await link_to(cabinet)
    kept = {entity.entity_id for entity in rig.entities()} - {entity.entity_id for entity in rig.entities(8)}
    removed = rig.subentry(8)
    hass.config_entries.async_remove_subentry(rig.entry, removed.subentry_id)
    await hass.async_block_till_done()
    assert {entity.entity_id for entity in rig.entities()} == kept
    assert set(devices_of(rig)) == {"Cabinet", "asj10l 7"}
    assert set(rig.entry.runtime_data.coordinators) == {rig.subentry(7).subentry_id}
    assert {state.entity_id for state in hass.states.async_all()} <= kept


async def test_an_added_device_is_there_without_a_restart(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({7: "asj10l", 8: "aim-r100"})
    rig = await link_to(cabinet, {7: "asj10l"})
    new = device(8, "aim-r100", "Loops")
    hass.config_entries.async_add_subentry(
        rig.entry,
        ConfigSubentry(
            data=MappingProxyType({**new["data"]}),
            subentry_type=new["subentry_type"],
            title=new["title"],
            unique_id=new["unique_id"],
        ),
    )
    await hass.async_block_till_done()
    assert float(rig.state("sensor", 8, "Lg", "12").state) == cabinet.units[8].truth()["12"]["Lg"]


async def test_a_renamed_device_keeps_its_entities(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({7: "asj10l"})
    rig = await link_to(cabinet)
    before = {entity.entity_id for entity in rig.entities()}
    hass.config_entries.async_update_subentry(rig.entry, rig.subentry(7), title="Kitchen")
    await hass.async_block_till_done()
    assert "Kitchen" in devices_of(rig)
    assert {entity.entity_id for entity in rig.entities()} == before


async def test_another_model_takes_away_what_it_does_not_have(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({8: "aim-r100"})
    rig = await link_to(cabinet)
    assert "Circuit 12" in devices_of(rig)
    cabinet.set_scenario("wrong_model", 8, model="asj10l")
    subentry = rig.subentry(8)
    hass.config_entries.async_update_subentry(rig.entry, subentry, data={**subentry.data, "model": "asj10l"})
    await hass.async_block_till_done()
    assert set(devices_of(rig)) == {"Cabinet", "aim-r100 8"}
    assert rig.entity_id("sensor", 8, "Lg", "12") is None
    assert float(rig.state("sensor", 8, "Lg").state) == cabinet.units[8].truth()["1"]["Lg"]


async def test_only_leftover_devices_can_be_removed_by_hand(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({8: "aim-r100"})
    rig = await link_to(cabinet)
    assert await async_setup_component(hass, "config", {})
    leftover = dr.async_get(hass).async_get_or_create(
        config_entry_id=rig.entry.entry_id, identifiers={("acrel_safety", "gone_3")}
    )
    client = await hass_ws_client(hass)
    for found in devices_of(rig).values():
        answer = await client.remove_device(found.id)
        assert answer["success"] is (found.id == leftover.id)


async def test_two_links_to_one_gateway_share_its_connection(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({7: "asj10l", 9: "aim-m10"})
    first = await link_to(cabinet, {7: "asj10l"}, intervals=QUICK)
    second = await link_to(cabinet, {9: "aim-m10"}, intervals=QUICK)
    assert open_sockets(cabinet.tcp_port) == 1
    await hass.config_entries.async_unload(first.entry.entry_id)
    await second.polled(9, times=2)
    assert open_sockets(cabinet.tcp_port) == 1
