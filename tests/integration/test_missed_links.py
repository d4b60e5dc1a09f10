"""A link that cannot be reached when Home Assistant starts: nothing of it is watched, and that is an alarm."""

from datetime import timedelta

import pytest
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.acrel_safety.aioacrel.alarms import links
from custom_components.acrel_safety.aioacrel.alarms.happening import What
from custom_components.acrel_safety.desk import desk_of
from tests.integration.conftest import CabinetMaker
from tests.integration.rigs import device, link_entry


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "LASTING_SECONDS", 0.0)


async def test_it_is_one_alarm_however_often_it_is_tried_until_it_is_heard(
    hass: HomeAssistant, cabinet_of: CabinetMaker
) -> None:
    cabinet = await cabinet_of({7: "asj10l"})
    entry = link_entry(cabinet, [device(7, "asj10l")])
    entry.add_to_hass(hass)
    port = cabinet.tcp_port
    await cabinet.stop()
    happened: list[tuple[What, str, str]] = []
    desk = desk_of(hass)
    desk.listen(lambda what, standing: happened.append((what.what, standing.board.name, standing.code)))
    assert not await hass.config_entries.async_setup(entry.entry_id)
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=60))
    await hass.async_block_till_done(wait_background_tasks=True)
    states = [entry.state]
    assert [one for one in happened if one[2] == "link"] == [(What.RAISED, entry.title, "link")]
    assert desk.alarms.safety(entry.entry_id) == desk.safety() == "not_seen"
    await cabinet.start(tcp_port=port)
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=200))
    await hass.async_block_till_done(wait_background_tasks=True)
    states.append(entry.state)
    assert states == [ConfigEntryState.SETUP_RETRY, ConfigEntryState.LOADED]
    assert [what for what, _, code in happened if code == "link"] == [What.RAISED, What.RETURNED, What.ENDED]
    await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()
    assert desk.record.journal is None


async def test_a_link_that_is_disabled_is_missed_by_nobody(hass: HomeAssistant, cabinet_of: CabinetMaker) -> None:
    cabinet = await cabinet_of({7: "asj10l"})
    entry = link_entry(cabinet, [device(7, "asj10l")])
    entry.add_to_hass(hass)
    await cabinet.stop()
    desk = desk_of(hass)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert [one.code for one in desk.alarms.standing()] == ["link"]
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    await hass.async_block_till_done()
    assert desk.alarms.standing() == []
    assert desk.record.journal is None


async def test_it_is_tried_again_though_somebody_made_up_that_home_assistant_stops(
    hass: HomeAssistant, cabinet_of: CabinetMaker
) -> None:
    cabinet = await cabinet_of({7: "asj10l"})
    entry = link_entry(cabinet, [device(7, "asj10l")])
    entry.add_to_hass(hass)
    port = cabinet.tcp_port
    await cabinet.stop()
    assert not await hass.config_entries.async_setup(entry.entry_id)
    for _ in range(10):
        hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await hass.async_block_till_done()
    states = [entry.state]
    await cabinet.start(tcp_port=port)
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=61))
    await hass.async_block_till_done(wait_background_tasks=True)
    states.append(entry.state)
    assert states == [ConfigEntryState.SETUP_RETRY, ConfigEntryState.LOADED]
    await hass.config_entries.async_unload(entry.entry_id)


async def test_it_is_not_tried_when_home_assistant_really_stops(hass: HomeAssistant, cabinet_of: CabinetMaker) -> None:
    cabinet = await cabinet_of({7: "asj10l"})
    entry = link_entry(cabinet, [device(7, "asj10l")])
    entry.add_to_hass(hass)
    port = cabinet.tcp_port
    await cabinet.stop()
    assert not await hass.config_entries.async_setup(entry.entry_id)
    hass.set_state(CoreState.stopping)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await hass.async_block_till_done()
    await cabinet.start(tcp_port=port)
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=200))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.state is ConfigEntryState.SETUP_RETRY
