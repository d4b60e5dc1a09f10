"""Nothing that may be operated is operated by itself: whatever becomes of Home Assistant, its link and its clock."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import pytest
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.const import EVENT_HOMEASSISTANT_START, EVENT_HOMEASSISTANT_STARTED, EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CoreState, HomeAssistant, State
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
    mock_restore_cache_with_extra_data,
)

from tests.aioacrel.control_rigs import time_passing
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.control_rigs import ALL, ControlRig, administrator
from tests.integration.flows import change_device
from tests.integration.rigs import QUICK, LinkRig, is_not, is_now

METER, INSTRUMENT = 5, 1
EVERYTHING = {"enabled": True, "may_close": True, "rights": {"administrators": ALL, "automations": ALL}}
OUTPUTS = {
    "drives": {"1/DO1": "breaking_contactor"},
    "evidence": {"1": {"contact": "1/DI1", "closed": True}},
}


@pytest.fixture
async def rig(cabinet_of: CabinetMaker, link_to: LinkMaker) -> AsyncGenerator[ControlRig]:
    """Return a meter and an instrument with everything allowed to everybody."""
    cabinet = await cabinet_of({METER: "ddsy1352", INSTRUMENT: "adw300"}, options={INSTRUMENT: {"wiring": "contactor"}})
    rig = ControlRig(await link_to(cabinet, intervals=QUICK, control=EVERYTHING, allow_changes=True))
    await ControlRig(rig.link, INSTRUMENT).allow({**EVERYTHING, **OUTPUTS})
    async with time_passing(cabinet.advance):
        for entity_id in words(rig):
            await rig.link.until(entity_id, is_now("on"))
        yield rig


def operating(rig: ControlRig) -> list[er.RegistryEntry]:
    """Return all entities that operate something."""
    return [entity for entity in rig.link.entities() if "_control_" in entity.unique_id]


def words(rig: ControlRig) -> dict[str, str]:
    """Return what the switches show."""
    switches = [one.entity_id for one in operating(rig) if one.domain == "switch"]
    assert len(switches) == 2
    return {one: state.state for one in switches if (state := rig.hass.states.get(one)) is not None}


async def told(rig: ControlRig) -> dict[str, str]:
    """Return what the switches show as soon as all positions are known: an output and its contact are read apart."""
    for entity_id in words(rig):
        await rig.link.until(entity_id, is_not("unavailable"))
    return words(rig)


@asynccontextmanager
async def unasked(rig: ControlRig, writes: int = 0) -> AsyncGenerator[None]:
    """Fail if anything was written, or the switches show something else afterwards."""
    before = await told(rig)
    yield
    assert await told(rig) == before
    assert rig.writes == writes


async def reload(rig: ControlRig) -> None:
    await rig.link.reload()


async def load_again(rig: ControlRig) -> None:
    await rig.hass.config_entries.async_unload(rig.link.entry.entry_id)
    await rig.hass.config_entries.async_setup(rig.link.entry.entry_id)
    for event in (EVENT_HOMEASSISTANT_START, EVENT_HOMEASSISTANT_STARTED):
        rig.hass.bus.async_fire(event)
    await rig.hass.async_block_till_done()


async def disable_and_enable(rig: ControlRig) -> None:
    entries = rig.hass.config_entries
    await entries.async_set_disabled_by(rig.link.entry.entry_id, ConfigEntryDisabler.USER)
    await rig.hass.async_block_till_done()
    await entries.async_set_disabled_by(rig.link.entry.entry_id, None)
    await rig.hass.async_block_till_done()


async def lose_link(rig: ControlRig) -> None:
    cabinet, port = rig.link.cabinet, rig.link.cabinet.tcp_port
    await cabinet.stop()
    await rig.shows("unavailable")
    await cabinet.start(tcp_port=port)


async def lose_device(rig: ControlRig) -> None:
    rig.link.cabinet.units[METER].set_scenario("silent")
    await rig.shows("unavailable")
    rig.link.cabinet.units[METER].set_scenario("normal")


async def disable_entities(rig: ControlRig) -> None:
    registry = er.async_get(rig.hass)
    for disabled_by in (er.RegistryEntryDisabler.USER, None):
        for entity in operating(rig):
            registry.async_update_entity(entity.entity_id, disabled_by=disabled_by)
        await rig.link.reload()


async def save_options(rig: ControlRig) -> None:
    for unit_id, answers in ((METER, {}), (INSTRUMENT, {"breaking_contactor": ["1/DO1"], "contact_closed": ["1/DI1"]})):
        form = await change_device(rig.hass, rig.link.entry, rig.link.subentry(unit_id).subentry_id, "control")
        rights = [*form.options("administrators")]
        await form.answer(enabled=True, may_close=True, administrators=rights, automations=rights, **answers)
        assert form.reason == "reconfigure_successful"
        await rig.hass.async_block_till_done()


LIFE: list[Callable[[ControlRig], Awaitable[None]]] = [
    *(reload, load_again, disable_and_enable, lose_link, lose_device, disable_entities, save_options),
]


async def test_nothing_is_operated_by_whatever_becomes_of_the_link(rig: ControlRig) -> None:
    for happens in LIFE:
        async with unasked(rig):
            await happens(rig)


async def test_what_was_opened_stays_open_and_nobody_makes_up_for_it(rig: ControlRig) -> None:
    """One write was asked for; nothing repeats, undoes or completes it."""
    await rig.turn("off", await administrator(rig.hass))
    await rig.shows("off")
    # A simulated meter that is put right is closed by the technician.
    for happens in (one for one in LIFE if one is not lose_device):
        async with unasked(rig, 1):
            await happens(rig)
    assert not rig.is_closed


async def test_states_that_are_restored_operate_nothing(hass: HomeAssistant, rig: ControlRig) -> None:
    async with unasked(rig):
        others = {"on": "off", "off": "on"}
        await hass.config_entries.async_unload(rig.link.entry.entry_id)
        former = [(State(one, others.get(word, word)), dict[str, Any]()) for one, word in words_of(rig).items()]
        mock_restore_cache_with_extra_data(hass, former)
        await load_again(rig)


def words_of(rig: ControlRig) -> dict[str, str]:
    """Return a word for each entity that operates something, buttons too."""
    return {one.entity_id: "on" if one.domain == "switch" else "2026-01-01T00:00:00+00:00" for one in operating(rig)}


async def test_a_link_that_comes_back_from_a_backup_operates_nothing(hass: HomeAssistant, rig: ControlRig) -> None:
    """The entry as it was stored, in a Home Assistant that never saw it."""
    stored = rig.link.entry.as_dict()
    await hass.config_entries.async_remove(rig.link.entry.entry_id)
    await hass.async_block_till_done()
    subentries = [{**sub, "data": dict(sub["data"])} for sub in stored["subentries"]]
    again = MockConfigEntry(
        domain=stored["domain"],
        title=stored["title"],
        data=stored["data"],
        subentries_data=subentries,
        unique_id=stored["unique_id"],
        version=stored["version"],
        minor_version=stored["minor_version"],
    )
    again.add_to_hass(hass)
    assert await hass.config_entries.async_setup(again.entry_id)
    restored = ControlRig(LinkRig(hass, again, rig.link.cabinet))
    await restored.shows("on")
    await restored.link.polled(INSTRUMENT, 2)
    assert rig.writes == 0
    await hass.config_entries.async_unload(again.entry_id)


async def test_no_clock_operates_anything(
    hass: HomeAssistant, rig: ControlRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leaps forth and back, both changes of summer time, and another time zone."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    offset = timedelta()

    def now(time_zone: tzinfo | None = None) -> datetime:
        return (datetime.now(UTC) + offset).astimezone(time_zone or dt_util.get_default_time_zone())

    monkeypatch.setattr(dt_util, "utcnow", lambda: datetime.now(UTC) + offset)
    monkeypatch.setattr(dt_util, "now", now)
    begun = datetime.now(UTC)
    async with unasked(rig):
        for moment in (
            begun + timedelta(days=1),
            begun - timedelta(days=400),
            datetime(2027, 3, 28, 0, 59, 59, tzinfo=UTC),
            datetime(2027, 3, 28, 1, 0, 1, tzinfo=UTC),
            datetime(2027, 10, 31, 0, 59, 59, tzinfo=UTC),
            datetime(2027, 10, 31, 1, 0, 1, tzinfo=UTC),
            datetime(2027, 10, 31, 2, 0, 1, tzinfo=UTC),
            begun - timedelta(hours=1),
            datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),
            begun,
        ):
            offset = moment - begun
            async_fire_time_changed(hass, moment)
            await hass.async_block_till_done()
            await rig.link.polled(METER)
        await hass.config.async_set_time_zone("Asia/Shanghai")
        await rig.link.reload()


async def test_a_device_that_is_removed_while_it_is_operated_got_one_request(
    hass: HomeAssistant, rig: ControlRig
) -> None:
    running = await begun(rig)
    hass.config_entries.async_remove_subentry(rig.link.entry, rig.link.subentry(METER).subentry_id)
    await hass.async_block_till_done()
    assert (await running)["outcome"] == "unknown"
    await only_one(rig, "unknown")


async def test_a_reload_in_the_middle_of_an_operation_repeats_and_undoes_nothing(rig: ControlRig) -> None:
    running = await begun(rig)
    await rig.link.reload()
    assert (await running)["outcome"] == "unknown"
    await only_one(rig, "unknown")


async def test_the_end_of_home_assistant_in_the_middle_of_an_operation_repeats_and_undoes_nothing(
    hass: HomeAssistant, rig: ControlRig
) -> None:
    running = await begun(rig)
    hass.set_state(CoreState.stopping)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await hass.async_block_till_done()
    rig.link.cabinet.units[METER].release()
    outcome = (await running)["outcome"]
    assert outcome in ("confirmed", "unknown")
    await only_one(rig, outcome)


async def only_one(rig: ControlRig, result: str) -> None:
    """Fail unless one request left, and the record says what became of it."""
    assert rig.writes == 1
    (entry,) = [one for one in await rig.recorded() if one["what"] == "ended"]
    assert (entry["result"], entry["writes"], entry["by"]) == (result, 1, "Ada")


async def begun(rig: ControlRig) -> asyncio.Task[Any]:
    """Begin to open a relay that sticks; return when the request was seen at the meter."""
    ada = await administrator(rig.hass)
    rig.link.cabinet.units[METER].hold("RlySta", 1)
    running = asyncio.create_task(rig.act("operate", ada, entity_id=rig.switch, operation="open", confirm=True))
    await rig.link.reported(METER, lambda: rig.writes == 1)
    return running


async def test_an_operation_that_waits_for_its_turn_when_home_assistant_ends_is_not_sent(
    hass: HomeAssistant, rig: ControlRig
) -> None:
    ada = await administrator(hass)
    rig.link.cabinet.units[METER].set_scenario("slow", delay_s=0.3)
    await rig.link.polled(METER)
    asked = len(rig.link.cabinet.units[METER].requests)
    running = asyncio.create_task(rig.act("operate", ada, entity_id=rig.switch, operation="open", confirm=True))
    await rig.link.reported(METER, lambda: len(rig.link.cabinet.units[METER].requests) > asked)
    hass.set_state(CoreState.stopping)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await hass.async_block_till_done()
    done, _ = await asyncio.wait([running])
    assert rig.writes == sum(entry["writes"] for entry in await rig.recorded() if entry["what"] == "ended")
    assert rig.writes <= 1
    for task in done:
        task.exception()


async def test_devices_that_are_removed_by_hand_are_left_as_they_are(hass: HomeAssistant, rig: ControlRig) -> None:
    assert await async_setup_component(hass, "config", {})
    for unit_id in (METER, INSTRUMENT):
        hass.config_entries.async_remove_subentry(rig.link.entry, rig.link.subentry(unit_id).subentry_id)
        await hass.async_block_till_done()
    assert dr.async_entries_for_config_entry(dr.async_get(hass), rig.link.entry.entry_id)
    assert rig.writes == 0
    assert rig.link.cabinet.units[METER].truth()["1"]["RlySta"] is True
