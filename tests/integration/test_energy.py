"""Counters: fit for the Energy dashboard, kept over restarts, never running backwards."""

import asyncio
import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from math import inf
from typing import Any

import pytest
from homeassistant.core import HomeAssistant, State
from pytest_homeassistant_custom_component.common import mock_restore_cache_with_extra_data

from custom_components.acrel_safety.aioacrel.readings import PointKey, Quality
from custom_components.acrel_safety.aioacrel.totals import Answer, Held
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.rigs import QUICK, LinkRig, is_not, is_now

UNIT, MODEL = 5, "ddsy1352"
OFTEN = 10
NEVER = {"fast": 600.0, "normal": 600.0, "slow": 600.0}


async def known(rig: LinkRig) -> State:
    """Return the counter as soon as its first reading was borne out by a second one."""
    entity_id = rig.entity_id("sensor", UNIT, "EP")
    assert entity_id is not None
    return await rig.until(entity_id, is_not("unknown"))


async def test_energy_is_a_growing_total_in_kilowatt_hours(cabinet_of: CabinetMaker, link_to: LinkMaker) -> None:
    cabinet = await cabinet_of({UNIT: MODEL})
    rig = await link_to(cabinet)
    state = rig.state("sensor", UNIT, "EP")
    assert state.attributes["device_class"] == "energy"
    assert state.attributes["state_class"] == "total_increasing"
    assert state.attributes["unit_of_measurement"] == "kWh"


async def test_energy_follows_the_meter(cabinet_of: CabinetMaker, link_to: LinkMaker) -> None:
    cabinet = await cabinet_of({UNIT: MODEL})
    rig = await link_to(cabinet, intervals=QUICK, detail="exact")
    before = float((await known(rig)).state)
    cabinet.advance(300)
    after = float(cabinet.units[UNIT].truth()["1"]["EP"])
    assert after > before
    entity_id = rig.entity_id("sensor", UNIT, "EP")
    assert entity_id is not None
    await rig.until(entity_id, lambda state: float(state.state) == pytest.approx(after))


@pytest.mark.parametrize("dip", [0.0, 0.5])
async def test_the_last_value_outlives_a_reload_and_a_first_dip_is_not_believed(
    cabinet_of: CabinetMaker, link_to: LinkMaker, dip: float
) -> None:
    cabinet = await cabinet_of({UNIT: MODEL})
    rig = await link_to(cabinet, intervals=NEVER)
    before = (await known(rig)).state
    assert float(before) > 1
    cabinet.units[UNIT].hold("EP", float(before) * dip)
    await rig.reload()
    assert rig.state("sensor", UNIT, "EP").state == before


async def test_a_meter_that_insists_on_less_is_held_until_its_owner_says_why(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({UNIT: MODEL})
    rig = await link_to(cabinet, intervals=QUICK)
    before = (await known(rig)).state
    device = rig.coordinator(UNIT).device
    cabinet.units[UNIT].hold("EP", 0.25)
    key = PointKey("1", "EP")
    polls, was_often = [0], asyncio.Event()

    def count(keys: AbstractSet[PointKey]) -> None:
        polls[0] += key in keys
        if polls[0] >= OFTEN:
            was_often.set()

    unlisten = device.listen(count)
    async with asyncio.timeout(60):
        await was_often.wait()
    unlisten()
    assert device.readings[key].quality is Quality.HELD
    assert rig.state("sensor", UNIT, "EP").state == before
    shown = device.readings[key].value
    assert isinstance(shown, float)
    device.settle_counters({key: Held(shown=shown, said=0.25, time=inf)}, Answer.REPLACED)
    assert rig.state("sensor", UNIT, "EP").state == "0.25"


async def test_the_last_value_outlives_a_silence(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({UNIT: MODEL})
    rig = await link_to(cabinet, intervals=QUICK)
    entity_id = rig.entity_id("sensor", UNIT, "EP")
    assert entity_id is not None
    before = (await known(rig)).state
    cabinet.set_scenario("silent")
    await rig.until(entity_id, is_now("unavailable"))
    await rig.reload()
    await rig.reload()
    cabinet.units[UNIT].hold("EP", 0.0)
    cabinet.set_scenario("normal")
    await rig.until(entity_id, is_not("unavailable"))
    assert rig.state("sensor", UNIT, "EP").state == before


async def test_the_last_value_outlives_a_restart(
    hass: HomeAssistant, hass_storage: dict[str, Any], cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({UNIT: MODEL})
    rig = await link_to(cabinet, intervals=NEVER)
    before = (await known(rig)).state
    await hass.config_entries.async_unload(rig.entry.entry_id)
    stored = hass_storage[f"acrel_safety.{rig.entry.entry_id}.totals"]["data"]
    remembered = stored[rig.subentry(UNIT).subentry_id]["EP@1"]
    assert (remembered["value"], remembered["unit"], remembered["offset"]) == (float(before), "kWh", 0)
    cabinet.units[UNIT].hold("EP", 0.5)
    await hass.config_entries.async_setup(rig.entry.entry_id)
    await hass.async_block_till_done()
    assert rig.state("sensor", UNIT, "EP").state == before


@pytest.mark.parametrize(
    "stored",
    [
        {"SUB": {"EP@1": {"value": -1000.0, "unit": "kWh"}}},
        {"SUB": {"EP@1": {"value": 1e300, "unit": "kWh"}}},
        {"SUB": {"EP@1": {"value": True, "unit": "kWh"}}},
        {},
        {"gone": {"EP@1": {"value": 1, "unit": "kWh"}}},
        {"SUB": {"EP@1": 7, "EP": {"value": "x"}}},
        {"SUB": []},
        [1],
    ],
)
async def test_a_file_that_says_nothing_useful_does_no_harm(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    cabinet_of: CabinetMaker,
    link_to: LinkMaker,
    stored: object,
) -> None:
    cabinet = await cabinet_of({UNIT: MODEL})
    rig = await link_to(cabinet, intervals=NEVER)
    before = (await known(rig)).state
    await hass.config_entries.async_unload(rig.entry.entry_id)
    key = f"acrel_safety.{rig.entry.entry_id}.totals"
    text = json.dumps(stored).replace("SUB", rig.subentry(UNIT).subentry_id)
    hass_storage[key] = {**hass_storage[key], "data": json.loads(text)}
    await hass.config_entries.async_setup(rig.entry.entry_id)
    await hass.async_block_till_done()
    assert (await known(rig)).state == before


async def test_what_a_former_version_remembered_is_taken_over(
    hass: HomeAssistant, hass_storage: dict[str, Any], cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({UNIT: MODEL})
    rig = await link_to(cabinet, intervals=NEVER)
    entity_id = rig.entity_id("sensor", UNIT, "EP")
    before = await known(rig)
    await hass.config_entries.async_unload(rig.entry.entry_id)
    del hass_storage[f"acrel_safety.{rig.entry.entry_id}.totals"]
    assert entity_id is not None
    extra = {"native_value": float(before.state), "native_unit_of_measurement": "kWh"}
    mock_restore_cache_with_extra_data(hass, [(State(entity_id, before.state), extra)])
    cabinet.units[UNIT].hold("EP", 0.5)
    await hass.config_entries.async_setup(rig.entry.entry_id)
    await hass.async_block_till_done()
    assert rig.state("sensor", UNIT, "EP").state == before.state


async def test_the_file_goes_with_the_link(
    hass: HomeAssistant, hass_storage: dict[str, Any], cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({UNIT: MODEL})
    rig = await link_to(cabinet, intervals=NEVER)
    await hass.config_entries.async_unload(rig.entry.entry_id)
    key = f"acrel_safety.{rig.entry.entry_id}.totals"
    assert key in hass_storage
    await hass.config_entries.async_remove(rig.entry.entry_id)
    assert key not in hass_storage


LEAP = 8000.0
HELD = {"leap": LEAP, "since": 1.0, "time": 2.0, "new": False, "answered": True, "counted": 3.5}


@pytest.mark.parametrize(
    ("edited", "is_answered", "counted"),
    [
        ({}, True, 3.5),
        ({"leap": "far"}, True, 3.5),
        ({"leap": inf}, True, 3.5),
        ({"leap": None, "new": 1, "answered": "yes"}, False, 3.5),
        ({"counted": True}, True, 0.0),
        ({"counted": -1e300}, True, 0.0),
        ({"since": "long ago", "time": []}, True, 3.5),
        ({"since": 1e300, "time": -1e300}, True, 3.5),
        ({"value": -1.0}, False, 0.0),
        ({"value": "x"}, False, 0.0),
        ("nothing", False, 0.0),
        ([], False, 0.0),
    ],
)
async def test_what_is_held_is_held_whatever_was_edited_of_it(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    cabinet_of: CabinetMaker,
    link_to: LinkMaker,
    edited: object,
    counted: float,
    *,
    is_answered: bool,
) -> None:
    cabinet = await cabinet_of({UNIT: MODEL})
    rig = await link_to(cabinet, intervals=NEVER)
    shown = float((await known(rig)).state)
    await hass.config_entries.async_unload(rig.entry.entry_id)
    (totals,) = hass_storage[f"acrel_safety.{rig.entry.entry_id}.totals"]["data"].values()
    totals["EP@1"]["doubt"] = {"value": shown + LEAP, **HELD, **edited} if isinstance(edited, dict) else edited
    cabinet.units[UNIT].hold("EP", shown + LEAP)
    await hass.config_entries.async_setup(rig.entry.entry_id)
    await hass.async_block_till_done()
    assert float(rig.state("sensor", UNIT, "EP").state) == shown
    device = rig.coordinator(UNIT).device
    doubt = device.remembered_totals()[PointKey("1", "EP")].doubt
    assert doubt is not None
    assert (doubt.is_answered, doubt.counted) == (is_answered, counted)
    assert doubt.leap == pytest.approx(LEAP)
    # Who was not heard yet is asked as soon as it is known since when it is held.
    assert bool(device.held_counters()) is (not is_answered and edited == {"leap": None, "new": 1, "answered": "yes"})


@pytest.mark.parametrize("seen", [{"peak": -1.0, "leap": "x"}, {"peak": inf, "leap": None}, {"peak": True}])
async def test_an_edited_power_says_nothing(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    cabinet_of: CabinetMaker,
    link_to: LinkMaker,
    seen: Mapping[str, object],
) -> None:
    cabinet = await cabinet_of({UNIT: MODEL})
    rig = await link_to(cabinet, intervals=NEVER)
    shown = (await known(rig)).state
    await hass.config_entries.async_unload(rig.entry.entry_id)
    (totals,) = hass_storage[f"acrel_safety.{rig.entry.entry_id}.totals"]["data"].values()
    totals["EP@1"].update(seen)
    cabinet.units[UNIT].hold("EP", float(shown) + LEAP)
    await hass.config_entries.async_setup(rig.entry.entry_id)
    await hass.async_block_till_done()
    assert rig.state("sensor", UNIT, "EP").state == shown
