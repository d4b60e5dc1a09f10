"""The first ten minutes: what answers on a link is found, named and saved at once, whatever goes on meanwhile."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.data_entry_flow import EVENT_DATA_ENTRY_FLOW_PROGRESSED, FlowResultType
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import device_registry as dr
from homeassistant.util.dt import utcnow
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.acrel_safety.const import DOMAIN, MODEL_FOLDER
from custom_components.acrel_safety.flow.search_steps import AGAIN_SECONDS
from custom_components.acrel_safety.turns import turn
from simulator import Cabinet
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.flows import Walk, add_device, add_devices, change_device
from tests.integration.loops import LOOPS
from tests.integration.rigs import QUICK, LinkRig, is_now

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def cabinet(socket_enabled: None) -> AsyncGenerator[Cabinet]:
    """A cabinet behind a gateway that says so when nobody is there."""
    async with Cabinet.of({3: "adw300", 8: "aim-r100", 12: "dtsd1352"}, frozen=True, absent_exception=0x0B) as cabinet:
        cabinet.advance(60)
        yield cabinet


async def look_for(hass: HomeAssistant, rig: LinkRig, units: str) -> Walk:
    """Search a link as far as something is found."""
    walk = await (await add_devices(hass, rig.entry)).pick("search")
    return await (await walk.answer(units=units)).wait()


def saved(rig: LinkRig) -> dict[str, Mapping[str, object]]:
    return {subentry.title: dict(subentry.data) for subentry in rig.entry.subentries.values()}


def circuit_names(rig: LinkRig) -> set[str | None]:
    registry = dr.async_get(rig.hass)
    return {child.name for child in dr.async_child_entries_for_config_entry(registry, rig.entry.entry_id)}


async def test_what_answers_is_found_named_and_saved_in_one_go(
    hass: HomeAssistant, cabinet: Cabinet, link_to: LinkMaker
) -> None:
    rig = await link_to(cabinet, {})
    kitchen = ar.async_get(hass).async_create("Kitchen")

    walk = await look_for(hass, rig, "1-8")
    assert walk.step == "found"
    assert (walk.placeholders["count"], walk.placeholders["asked"]) == ("2", "8")
    assert list(walk.options("instruments")) == ["3", "8"]
    await walk.answer(instruments=["3", "8"])

    assert walk.placeholders["unit"] == "3"
    assert walk.placeholders["findings"].startswith("- **ADW300**: fits (for it: ")
    assert walk.entered == {"model": "adw300"}
    await walk.answer(model="adw300", name=" Main ", area=kitchen.id)
    assert walk.placeholders["unit"] == "8"
    await walk.answer(model="aim-r100")
    assert walk.step == "circuits"
    assert saved(rig) == {}

    header, *rows = walk.entered["table"].splitlines()
    assert header.split("\t")[:5] == ["Unit id", "Device", "Circuit", "Name", "Rated current (A)"]
    assert [row.split("\t")[:3] for row in rows] == [
        ["3", "Main", "1"],
        *(["8", "AIM-R100 8", str(number)] for number in range(1, 13)),
    ]
    await walk.answer(
        table="unit;circuit;name;rated;leakage;temperature\n3;1;Main board;63;300;70\n8;1;Oven;;30;\n8;2;Fridge;;;\n"
    )
    assert walk.reason == "added"
    await hass.async_block_till_done()

    main, sockets = saved(rig).values()
    assert list(saved(rig)) == ["Main board", "AIM-R100 8"]
    assert main == {
        "unit_id": 3,
        "model": "adw300",
        "allow_changes": False,
        "ratings": {"1": 63},
        "limits": {
            "1/residual_current/value/high/alarm": {"family": "residual_current", "circuit": "1", "limit": 300},
            "1/temperature/value/high/alarm": {"family": "temperature", "circuit": "1", "limit": 70},
        },
    }
    assert sockets["circuit_names"] == {"1": "Oven", "2": "Fridge"}
    assert {"Oven", "Fridge", "Circuit 3"} <= circuit_names(rig)
    registry = dr.async_get(hass)
    registered = registry.async_get_device_by_identifier((DOMAIN, rig.subentry(3).subentry_id), rig.entry.entry_id)
    assert registered is not None
    assert (registered.area_id, registered.name) == (kitchen.id, "Main board")
    assert float(rig.state("sensor", 8, "Lg").state) == cabinet.units[8].truth()["1"]["Lg"]
    assert not any(unit.writes for unit in cabinet.units.values())


async def test_a_dialog_that_listens_too_late_is_told_again_that_the_search_is_over(
    hass: HomeAssistant, cabinet: Cabinet, link_to: LinkMaker
) -> None:
    rig = await link_to(cabinet, {})
    walk = await (await add_devices(hass, rig.entry)).pick("search")
    told = asyncio.Queue[Event]()

    @callback
    def take(event: Event) -> None:
        told.put_nowait(event)

    end = hass.bus.async_listen(EVENT_DATA_ENTRY_FLOW_PROGRESSED, take)
    await walk.answer(units="3, 8")
    assert walk.step == "searching"
    await told.get()

    # Nobody listened to that: the answer that shows the progress was still on its way to the browser.
    async_fire_time_changed(hass, utcnow() + timedelta(seconds=AGAIN_SECONDS + 1))
    assert (await told.get()).data["flow_id"] == walk.result["flow_id"]
    assert (await walk.wait()).step == "found"

    async_fire_time_changed(hass, utcnow() + timedelta(seconds=60))
    await hass.async_block_till_done()
    assert told.empty()
    end()


async def pick_all(hass: HomeAssistant, rig: LinkRig) -> Walk:
    """Search for two, and say what they are."""
    walk = await look_for(hass, rig, "3, 8")
    await walk.answer(instruments=["3", "8"])
    await walk.answer(model="adw300", name="Main")
    return await walk.answer(model="aim-r100", name="Sockets")


async def test_what_to_do_next_is_said_at_the_end(hass: HomeAssistant, cabinet: Cabinet, link_to: LinkMaker) -> None:
    rig = await link_to(cabinet, {})
    walk = await (await pick_all(hass, rig)).answer(table="unit,circuit,name\n3,1,Offices")
    assert walk.reason == "added"
    assert (walk.placeholders["count"], walk.placeholders["names"]) == ("2", "Offices, Sockets")
    assert walk.placeholders["refused"] == ""
    assert walk.placeholders["energy"] == "*Settings → Dashboards → Energy*, add Offices Imported active energy."
    blueprint = unquote(walk.placeholders["blueprint"]).partition("/blob/main/")[2]
    page = walk.placeholders["page"].partition("/blob/main/")[2]
    assert (ROOT / blueprint).is_file()
    assert (ROOT / page).is_file()
    assert walk.placeholders["blueprint"] in (ROOT / "README.md").read_text("utf-8")
    await hass.async_block_till_done()
    assert hass.states.get("sensor.offices_imported_active_energy") is not None


async def test_a_link_is_loaded_anew_once_for_all(hass: HomeAssistant, cabinet: Cabinet, link_to: LinkMaker) -> None:
    rig = await link_to(cabinet, {})
    loaded: list[ConfigEntryState] = []
    rig.entry.async_on_state_change(lambda: loaded.append(rig.entry.state))
    await (await pick_all(hass, rig)).answer(table="")
    await hass.async_block_till_done()
    assert loaded.count(ConfigEntryState.LOADED) == 1
    assert rig.is_answering(3)
    assert rig.is_answering(8)


async def test_where_several_models_fit_none_is_chosen_silently(
    hass: HomeAssistant, cabinet: Cabinet, link_to: LinkMaker
) -> None:
    rig = await link_to(cabinet, {})
    walk = await look_for(hass, rig, "12")
    assert walk.options("instruments")["12"].startswith("Unit 12: several models fit (DTSD1352, ")
    await walk.answer(instruments=["12"])
    assert walk.entered == {}
    assert next(iter(walk.options("model"))) == "dtsd1352"
    await walk.answer(name="Meter")
    assert walk.errors == {"model": "model_needed"}
    await walk.answer(model="dtsd1352", name="Meter")
    # What the model leaves to the user is asked as by hand.
    assert walk.step == "settings"
    await walk.answer(pt=1, ct=20)
    await walk.answer(table="circuit,name\n,Whole house\n")
    assert saved(rig) == {
        "Whole house": {"unit_id": 12, "model": "dtsd1352", "allow_changes": False, "pt": 1, "ct": 20}
    }


async def test_a_model_that_does_not_answer_so_is_refused(
    hass: HomeAssistant, cabinet: Cabinet, link_to: LinkMaker
) -> None:
    rig = await link_to(cabinet, {})
    walk = await (await look_for(hass, rig, "8")).answer(instruments=["8"])
    await walk.answer(model="asj10l")
    assert walk.errors == {"base": "wrong_device"}
    assert walk.step == "instrument"


async def test_one_that_is_left_out_is_not_saved(hass: HomeAssistant, cabinet: Cabinet, link_to: LinkMaker) -> None:
    rig = await link_to(cabinet, {})
    walk = await (await look_for(hass, rig, "3,8")).answer(instruments=["3", "8"])
    await walk.answer(model="leave_out")
    await walk.answer(model="aim-r100")
    await walk.answer(table="")
    assert list(saved(rig)) == ["AIM-R100 8"]


async def test_with_all_left_out_there_is_nothing_to_save(
    hass: HomeAssistant, cabinet: Cabinet, link_to: LinkMaker
) -> None:
    rig = await link_to(cabinet, {})
    walk = await (await look_for(hass, rig, "3")).answer(instruments=[])
    assert walk.errors == {"instruments": "pick_one"}
    await walk.answer(instruments=["3"])
    await walk.answer(model="leave_out")
    assert (walk.step, walk.errors) == ("search", {"base": "all_left_out"})
    assert saved(rig) == {}


async def test_a_model_that_nothing_confirms_is_shown_before_it_is_taken(
    hass: HomeAssistant, cabinet: Cabinet, link_to: LinkMaker
) -> None:
    path = Path(hass.config.path(MODEL_FOLDER)) / "loops.toml"
    path.parent.mkdir(parents=True)
    path.write_text(LOOPS, "utf-8")
    rig = await link_to(cabinet, {})
    walk = await (await look_for(hass, rig, "3")).answer(instruments=["3"])
    await walk.answer(model="loops")
    assert walk.step == "confirm"
    await walk.answer(next="back")
    assert walk.step == "instrument"
    await walk.answer(model="loops")
    await walk.answer(next="save")
    assert walk.step == "circuits"
    assert saved(rig) == {}
    walk.abandon()


# -- What is wrong with the answers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("units", "key", "placeholders"),
    [
        ("all", "bad_units", {"found": "all"}),
        ("9-3", "bad_units", {"found": "9-3"}),
        (" ", "bad_units", {"found": ""}),
        ("1-300", "bad_unit", {"unit": "248"}),
        ("3", "all_taken", {}),
    ],
)
async def test_units_that_cannot_be_asked(
    hass: HomeAssistant,
    cabinet: Cabinet,
    link_to: LinkMaker,
    units: str,
    key: str,
    placeholders: Mapping[str, str],
) -> None:
    rig = await link_to(cabinet, {3: "adw300"})
    walk = await look_for(hass, rig, units)
    assert (walk.step, walk.errors) == ("search", {"units": key})
    assert placeholders.items() <= walk.placeholders.items()
    assert walk.entered == {"units": units}


async def test_nobody_answers_for_unit_0_of_a_serial_line(
    hass: HomeAssistant, cabinet: Cabinet, link_to: LinkMaker
) -> None:
    rig = await link_to(cabinet, {}, framing="rtu_tcp")
    assert (await look_for(hass, rig, "0-3")).errors == {"units": "broadcast_unit"}


async def test_units_are_named_as_people_write_them(hass: HomeAssistant, cabinet: Cabinet, link_to: LinkMaker) -> None:
    rig = await link_to(cabinet, {})
    walk = await look_for(hass, rig, "\uff13、8 \uff5e 9；2..4")
    assert walk.placeholders["asked"] == "5"
    assert list(walk.options("instruments")) == ["3", "8"]


async def test_bad_cells_are_said_with_row_and_column_and_nothing_is_saved(
    hass: HomeAssistant, cabinet: Cabinet, link_to: LinkMaker
) -> None:
    rig = await link_to(cabinet, {})
    walk = await pick_all(hass, rig)
    table = "unit,circuit,rated,leakage\n3,1,many,300\n8,13,,\n8,1,16,30\n8,2,1,2,3\n"
    await walk.answer(table=table)
    assert walk.errors == {"base": "bad_circuits"}
    assert walk.placeholders["count"] == "3"
    first, second, third = walk.placeholders["listing"].splitlines()
    assert first.startswith("- row 2, Rated current (A): 'many' is no number")
    assert second.startswith("- row 3, Circuit: unit 8 has no circuit '13'")
    assert third.startswith("- row 5: the row has 5 cells")
    assert walk.entered == {"table": table}
    assert saved(rig) == {}
    await walk.answer(table=table.replace("many", "63").replace("8,13", "8,12").replace("8,2,1,2,3", "8,2,,"))
    assert walk.reason == "added"
    assert list(saved(rig)) == ["Main", "Sockets"]


async def test_in_chinese(hass: HomeAssistant, cabinet: Cabinet, link_to: LinkMaker) -> None:
    hass.config.language = "zh-Hans"
    rig = await link_to(cabinet, {})
    walk = await look_for(hass, rig, "8")
    assert walk.options("instruments") == {"8": "从站 8：AIM-R100"}
    await walk.answer(instruments=["8"])
    assert walk.placeholders["findings"].startswith("- **AIM-R100**: 符合 (符合：")
    await walk.answer(model="aim-r100", name="插座")
    header, first, *_ = walk.entered["table"].splitlines()
    assert header.startswith("从站地址\t设备\t回路\t名称\t额定电流 (A)")
    await walk.answer(table="回路，名称，漏电（mA）\n1，厨房，三十\n")
    assert walk.placeholders["listing"].startswith("- 第 2 行，剩余电流限值 (mA)：“三十”不是数字")
    await walk.answer(table="\n".join((header, first.replace("\t1\t", "\t1\t厨房"))))
    await hass.async_block_till_done()
    assert "厨房" in circuit_names(rig)


# -- The link ---------------------------------------------------------------------------------------------------------


async def test_what_is_read_already_is_read_on_and_not_asked_again(
    hass: HomeAssistant, cabinet: Cabinet, link_to: LinkMaker
) -> None:
    rig = await link_to(cabinet, {3: "adw300"}, intervals=QUICK)
    walk = await (await add_devices(hass, rig.entry)).pick("search")
    await walk.answer(units="1-30")
    await rig.polled(3, times=2)
    await walk.wait()
    assert list(walk.options("instruments")) == ["8", "12"]
    assert "Set up already, and not asked: adw300 3 (3)" in walk.placeholders["notes"].replace("\\", "")
    assert rig.is_answering(3)
    assert rig.source(3).unit.unit.figures.timeouts == 0
    assert rig.source(3).unit.unit.figures.losses == 0


async def test_units_that_stay_silent_hold_up_nobody_for_long(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    rig = await link_to(await cabinet_of({3: "adw300", 8: "aim-r100"}), {3: "adw300"}, intervals=QUICK)
    walk = await (await add_devices(hass, rig.entry)).pick("search")
    await walk.answer(units="7-9")
    await rig.polled(3, times=2)
    await walk.wait()
    assert list(walk.options("instruments")) == ["8"]
    assert rig.source(3).unit.unit.figures.losses == 0


@pytest.mark.parametrize("absent_exception", [None, 0x0B])
async def test_a_gateway_that_tries_for_long_is_waited_for(
    hass: HomeAssistant, socket_enabled: None, link_to: LinkMaker, absent_exception: int | None
) -> None:
    units = {2: "adl400", 4: "asj10l"}
    async with Cabinet.of(units, frozen=True, absent_exception=absent_exception, absent_s=0.7) as cabinet:
        rig = await link_to(cabinet, {})
        walk = await look_for(hass, rig, "1-4")
        assert list(walk.options("instruments")) == ["2", "4"]
        await hass.config_entries.async_unload(rig.entry.entry_id)


async def test_a_dialog_closed_in_the_middle_ends_the_search(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({3: "adw300"})
    rig = await link_to(cabinet, {})
    walk = await (await add_devices(hass, rig.entry)).pick("search")
    await walk.answer(units="3, 20-200")
    assert walk.result["type"] is FlowResultType.SHOW_PROGRESS
    while not cabinet.units[3].requests:
        await hass.async_add_executor_job(lambda: None)
    walk.abandon()
    async with turn(hass, rig.entry.entry_id):
        assert saved(rig) == {}

    again = await look_for(hass, rig, "3")
    assert (again.step, again.errors) == ("found", {})
    assert list(again.options("instruments")) == ["3"]


async def test_a_link_is_searched_by_one_dialog_at_a_time(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({3: "adw300"})
    rig = await link_to(cabinet, {})
    walk = await (await add_devices(hass, rig.entry)).pick("search")
    await walk.answer(units="3, 20-200")
    while not cabinet.units[3].requests:
        await hass.async_add_executor_job(lambda: None)
    other = await look_for(hass, rig, "3")
    assert (other.step, other.errors) == ("search", {"base": "link_busy"})
    walk.abandon()
    async with turn(hass, rig.entry.entry_id):
        pass
    await (await other.answer(units="3")).wait()
    assert (other.step, other.errors) == ("found", {})


async def test_where_nobody_answers_it_is_said(hass: HomeAssistant, cabinet: Cabinet, link_to: LinkMaker) -> None:
    rig = await link_to(cabinet, {})
    walk = await look_for(hass, rig, "20-22")
    assert (walk.step, walk.errors) == ("search", {"base": "nothing_found"})
    assert walk.placeholders["listing"].startswith("- The gateway itself answers: ")
    await (await walk.answer(units="3")).wait()
    assert walk.step == "found"


async def test_a_gateway_that_is_gone(hass: HomeAssistant, cabinet: Cabinet, link_to: LinkMaker) -> None:
    rig = await link_to(cabinet, {})
    walk = await (await add_devices(hass, rig.entry)).pick("search")
    await cabinet.stop()
    await (await walk.answer(units="1-3")).wait()
    assert (walk.step, walk.errors) == ("search", {"base": "connection_refused"})


# -- Others, meanwhile ------------------------------------------------------------------------------------------------


async def test_a_place_taken_meanwhile_is_refused_and_the_others_are_saved(
    hass: HomeAssistant, cabinet: Cabinet, link_to: LinkMaker
) -> None:
    rig = await link_to(cabinet, {})
    walk = await pick_all(hass, rig)
    other = await (await add_device(hass, rig.entry)).answer(unit_id=8, model="aim-r100", name="Other")
    await other.answer()
    await hass.async_block_till_done()
    await walk.answer(table="")
    assert walk.reason == "added"
    assert walk.placeholders["refused"] == "- Sockets: unit 8 was set up as Other in the meantime"
    assert list(saved(rig)) == ["Other", "Main"]


async def test_where_all_places_are_taken_nothing_is_saved(
    hass: HomeAssistant, cabinet: Cabinet, link_to: LinkMaker
) -> None:
    rig = await link_to(cabinet, {})
    walks = [await pick_all(hass, rig) for _ in range(2)]
    for walk in walks:
        await walk.answer(table="")
    assert [walk.reason for walk in walks] == ["added", "none_added"]
    assert list(saved(rig)) == ["Main", "Sockets"]


async def test_a_link_changed_meanwhile_is_not_added_to(
    hass: HomeAssistant, cabinet: Cabinet, link_to: LinkMaker
) -> None:
    rig = await link_to(cabinet, {})
    walk = await pick_all(hass, rig)
    hass.config_entries.async_update_entry(rig.entry, data={**rig.entry.data, "turnaround_ms": 6})
    await walk.answer(table="")
    assert walk.reason == "changed_meanwhile"
    assert saved(rig) == {}
    await hass.async_block_till_done()


async def test_names_and_limits_stay_when_a_device_is_changed(
    hass: HomeAssistant, cabinet: Cabinet, link_to: LinkMaker
) -> None:
    rig = await link_to(cabinet, {})
    await (await pick_all(hass, rig)).answer(table="unit,circuit,name,leakage\n8,1,Oven,30\n")
    await hass.async_block_till_done()
    change = await change_device(hass, rig.entry, rig.subentry(8).subentry_id)
    await change.answer(unit_id=8, model="aim-r100", name="Ground floor")
    await change.answer(allow_changes=False)
    await hass.async_block_till_done()
    assert saved(rig)["Ground floor"]["circuit_names"] == {"1": "Oven"}
    assert saved(rig)["Ground floor"].keys() >= {"limits"}
    assert "Oven" in circuit_names(rig)


async def test_a_limit_from_the_table_raises_its_alarm(
    hass: HomeAssistant, cabinet: Cabinet, link_to: LinkMaker
) -> None:
    rig = await link_to(cabinet, {})
    truth = cabinet.units[8].truth()["1"]["Lg"]
    assert truth > 1
    await (await pick_all(hass, rig)).answer(table="unit,circuit,name,leakage\n8,1,Oven,1\n")
    await hass.async_block_till_done()
    [safety] = [
        entity.entity_id
        for entity in rig.entities(8)
        if entity.domain == "sensor" and entity.translation_key == "safety" and "oven" in entity.entity_id
    ]
    await rig.until(safety, is_now("alarm"))
