"""Links of Home Assistant's closed under an entry that is loaded, as it does whenever it hears that it stops."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from homeassistant.components.modbus import async_get_unit
from homeassistant.components.modbus.connection import DATA_MODBUS_CONNECTIONS, async_get_connection_info
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE, EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CoreState, HomeAssistant
from modbus_connection import ModbusTlsParams
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.acrel_safety.aioacrel.cloud.errors import CloudUnreachableError
from custom_components.acrel_safety.aioacrel.errors import LinkClosedError
from custom_components.acrel_safety.desk import desk_of
from simulator.cloud import ARCM300T
from tests.integration.cloud_rigs import account_entry, cloud_with_owner, entity_of, loaded, polled, shown
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.control_rigs import ControlRig, administrator, meter
from tests.integration.rigs import LinkRig, is_now, states_of


async def close_all(hass: HomeAssistant) -> None:
    """Close every shared link for good, and forget it: whoever asks next gets another one."""
    links = hass.data[DATA_MODBUS_CONNECTIONS]
    closed = list(links.values())
    links.clear()
    await asyncio.gather(*(one.connection.close() for one in closed))


@pytest.fixture
async def rig(cabinet_of: CabinetMaker, link_to: LinkMaker) -> AsyncGenerator[ControlRig]:
    async with meter(cabinet_of, link_to) as rig:
        await rig.shows("on")
        yield rig


async def test_what_is_read_is_read_on_and_what_is_operated_is_operated(hass: HomeAssistant, rig: ControlRig) -> None:
    ada = await administrator(hass)
    seen = states_of(hass, rig.switch)
    runtime = rig.link.entry.runtime_data
    await close_all(hass)
    await rig.link.polled(rig.unit_id)
    await rig.turn("off", ada)
    await rig.turn("on", ada)
    assert [one["result"] for one in await rig.recorded() if one["what"] == "ended"] == ["confirmed", "confirmed"]
    rig.move_by_hand(closed=False)
    await rig.shows("off")
    # Nothing was loaded anew, and nothing was unknown in between.
    assert rig.link.entry.runtime_data is runtime
    assert set(seen) == {"on", "off"}
    (link,) = async_get_connection_info(hass)
    assert link.connected
    assert link.units == {rig.link.entry.entry_id: [rig.unit_id]}
    await hass.config_entries.async_unload(rig.link.entry.entry_id)
    assert async_get_connection_info(hass) == []


async def test_an_operation_that_is_under_way_is_not_made_again(hass: HomeAssistant, rig: ControlRig) -> None:
    ada = await administrator(hass)
    unit = rig.link.cabinet.units[rig.unit_id]
    unit.hold("RlySta", 1)
    running = asyncio.create_task(rig.act("operate", ada, entity_id=rig.switch, operation="open", confirm=True))
    await rig.link.reported(rig.unit_id, lambda: rig.writes == 1)
    await close_all(hass)
    unit.release()
    assert (await running)["outcome"] == "confirmed"
    (ended,) = [one for one in await rig.recorded() if one["what"] == "ended"]
    assert (ended["result"], ended["writes"], rig.writes) == ("confirmed", 1, 1)


@asynccontextmanager
async def taken_by_another(hass: HomeAssistant, link: LinkRig) -> AsyncGenerator[None]:
    """Close the link, and have somebody else open it first, in another way."""
    port = link.cabinet.tcp_port
    assert port is not None
    other = MockConfigEntry(domain="test", state=ConfigEntryState.LOADED)
    other.add_to_hass(hass)
    await close_all(hass)
    async_get_unit(hass, other, ModbusTlsParams(host="127.0.0.1", port=port), 3)
    yield
    await close_all(hass)


async def test_where_it_cannot_be_had_again_nothing_is_seen_or_sent_until_it_can(
    hass: HomeAssistant, rig: ControlRig
) -> None:
    ada = await administrator(hass)
    entry = rig.link.entry
    left = asyncio.Event()
    entry.async_on_state_change(left.set)
    async with taken_by_another(hass, rig.link):
        async with asyncio.timeout(60):
            while entry.state is not ConfigEntryState.SETUP_RETRY:
                left.clear()
                await left.wait()
        assert entry.error_reason_translation_key == "link_settings_in_use"
        state = hass.states.get(rig.switch)
        assert state is not None
        assert state.state == "unavailable"
        assert desk_of(hass).safety() == "not_seen"
        await rig.turn("off", ada)
        assert rig.writes == 0
    await rig.link.reload()
    await rig.shows("on")
    assert (rig.writes, rig.is_closed) == (0, True)


async def test_by_a_link_that_was_given_back_nothing_is_asked_any_more(rig: ControlRig) -> None:
    former = rig.link.source(rig.unit_id).unit.unit
    await rig.link.reload()
    await rig.shows("on")
    for _ in range(2):
        with pytest.raises(LinkClosedError):
            await former.read(3, 0x0B, 1)


async def test_nothing_is_opened_again_when_home_assistant_really_stops(hass: HomeAssistant, rig: ControlRig) -> None:
    hass.set_state(CoreState.stopping)
    # Whoever hears of the end first: the entry still reads when its link is closed.
    await close_all(hass)
    asked = len(rig.link.cabinet.units[rig.unit_id].requests)
    await rig.link.until(rig.switch, is_now("unavailable"))
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await hass.async_block_till_done()
    assert async_get_connection_info(hass) == []
    assert len(rig.link.cabinet.units[rig.unit_id].requests) == asked


async def test_an_account_is_asked_on_after_the_end_was_made_up(hass: HomeAssistant, socket_enabled: None) -> None:
    async with cloud_with_owner() as cloud:
        meter = cloud.site("Mill Lane").add(ARCM300T, "Box")
        meter.figures.set["Lg"] = 43.5
        entry = account_entry(cloud, meter)
        async with loaded(hass, entry) as hub:
            leak = entity_of(hass, entry, "sensor", "1_Lg")
            hass.bus.async_fire("homeassistant_close")
            await hass.async_block_till_done()
            for value in (71.5, 102.5):
                meter.figures.set["Lg"] = value
                await polled(hass, hub)
                assert float(shown(hass, leak)) == value
            # One that is set up now is asked as well, and nothing by the former way.
            await hass.config_entries.async_reload(entry.entry_id)
            await hass.async_block_till_done()
            assert entry.state is ConfigEntryState.LOADED
            asked = len(cloud.heard)
            with pytest.raises(CloudUnreachableError):
                await hub.account.sites()
            assert len(cloud.heard) == asked
            hass.set_state(CoreState.final_write)
            hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
            await hass.async_block_till_done()
            asked = len(cloud.heard)
            await entry.runtime_data.hub.hub.poll()
            assert len(cloud.heard) == asked
