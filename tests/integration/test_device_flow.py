"""A user adds and changes devices on a link; nothing is saved that did not answer as it should."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from probatio import Optional

from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.const import MODEL_FOLDER
from simulator.cabinet import STANDARD_UNITS
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.flows import QUICK_LINE, Walk, add_device, add_link, change_device
from tests.integration.loops import LOOPS
from tests.integration.rigs import SETTABLE, Framing, LinkRig
from tests.integration.serial_bridge import serial_bridge


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """Keep the user's files of a test to itself."""
    return hass_tmp_config_dir


def users_model(hass: HomeAssistant, name: str, text: str) -> Path:
    """Put a file into the user's folder of models."""
    path = Path(hass.config.path(MODEL_FOLDER)) / f"{name}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def devices(rig: LinkRig) -> dict[str, Mapping[str, object]]:
    """Return the data of all saved devices by name."""
    return {subentry.title: subentry.data for subentry in rig.entry.subentries.values()}


async def entity_values(rig: LinkRig) -> list[str]:
    """Return the states of all enabled entities of the link."""
    await rig.hass.async_block_till_done()
    return [state.state for entity in rig.entities() if (state := rig.hass.states.get(entity.entity_id))]


@pytest.mark.parametrize("framing", ["tcp", "rtu_tcp"])
async def test_a_device_is_added_and_its_values_are_there(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, framing: str
) -> None:
    cabinet = await cabinet_of({8: "aim-r100"})
    rig = await link_to(cabinet, {}, framing="tcp" if framing == "tcp" else "rtu_tcp")

    device = await add_device(hass, rig.entry)
    assert device.fields == ["unit_id", "model", "name"]
    await device.answer(unit_id=8, model="aim-r100", name=" Sockets ")
    assert device.step == "settings"
    assert device.placeholders["model"] == "AIM-R100"
    notes = device.placeholders["notes"]
    assert "those of the maker's manual" in notes
    assert "Compare the first values with the display" in notes
    await device.answer(allow_changes=False)
    await hass.async_block_till_done()

    assert device.is_saved
    assert devices(rig) == {"Sockets": {"unit_id": 8, "model": "aim-r100", "allow_changes": False}}
    assert rig.subentry(8).unique_id == "8"
    assert float(rig.state("sensor", 8, "Lg").state) == cabinet.units[8].truth()["1"]["Lg"]
    assert cabinet.units[8].writes == []


async def test_a_device_on_a_serial_port_is_added(hass: HomeAssistant, cabinet_of: CabinetMaker) -> None:
    cabinet = await cabinet_of({8: "aim-r100"})
    async with serial_bridge(cabinet) as port:
        link = await add_link(hass, "serial")
        await link.answer(device=port, line=QUICK_LINE)
        entry = link.result["result"]
        device = await add_device(hass, entry)
        await device.answer(unit_id=8, model="aim-r100")
        await device.answer()
        await hass.async_block_till_done()

        assert device.is_saved
        rig = LinkRig(hass, entry, cabinet)
        assert float(rig.state("sensor", 8, "Lg").state) == cabinet.units[8].truth()["1"]["Lg"]
        await hass.config_entries.async_unload(entry.entry_id)


async def test_the_models_are_listed_with_what_they_are_and_how_sure_that_is(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    users_model(hass, "loops", LOOPS)
    users_model(hass, "torn", "[model")
    rig = await link_to(await cabinet_of({}), {})

    models = (await add_device(hass, rig.entry)).options("model")
    assert models["aim-r100"] == "AIM-R100 – Residual-current monitor, 12 circuits (from the maker's manual)"
    assert models["loops"] == "Loops – My loop monitor (not confirmed)"
    assert models["arcm310"].endswith("(registers not public), needs its register table")
    assert models["torn"] == "torn: the file has errors"
    assert list(models)[-1] == "import"


async def test_the_models_are_listed_in_chinese_where_home_assistant_is(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    hass.config.language = "zh-Hans"
    rig = await link_to(await cabinet_of({}), {})
    models = (await add_device(hass, rig.entry)).options("model")
    assert models["aim-r100"] == "AIM-R100 – 十二路剩余电流监测仪 (依据厂家说明书)"
    assert models["import"] == "其他型号：导入寄存器表或型号文件"


async def test_a_wrong_unit_id_is_told_and_the_right_one_then_works(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    rig = await link_to(await cabinet_of({8: "aim-r100"}), {})
    device = await add_device(hass, rig.entry)
    await device.answer(unit_id=9, model="aim-r100", name="Sockets")

    assert device.errors == {"base": "no_answer_link"}
    assert device.placeholders["unit"] == "9"
    assert device.entered == {"unit_id": 9, "model": "aim-r100", "name": "Sockets"}
    assert devices(rig) == {}

    await device.answer(unit_id=8, model="aim-r100", name="Sockets")
    await device.answer()
    assert list(devices(rig)) == ["Sockets"]


async def test_what_cannot_be_a_unit_id_is_refused(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    rig = await link_to(await cabinet_of({}), {})
    device = await add_device(hass, rig.entry)
    await device.answer(unit_id=250, model="aim-r100")
    assert device.errors == {"unit_id": "bad_unit"}
    assert devices(rig) == {}


@pytest.mark.parametrize("framing", ["tcp", "rtu_tcp"])
async def test_the_id_that_speaks_to_all_on_a_line_is_refused_there_before_anything_is_sent(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, framing: Framing
) -> None:
    rig = await link_to(await cabinet_of({0: "aim-r100"}), {}, framing=framing)
    device = await add_device(hass, rig.entry)
    await device.answer(unit_id=0, model="aim-r100", name="Sockets")
    assert device.errors == ({} if framing == "tcp" else {"unit_id": "broadcast_unit"})


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
async def test_an_owner_is_told_how_sure_a_model_is_but_not_whose_code_or_site_says_so(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, language: str
) -> None:
    hass.config.language = language
    rig = await link_to(await cabinet_of(STANDARD_UNITS), {})
    for unit_id, model_id in STANDARD_UNITS.items():
        device = await add_device(hass, rig.entry)
        await device.answer(unit_id=unit_id, model=model_id)
        assert device.step == "settings"
        notes = device.placeholders["notes"]
        assert ("display of the device" if language == "en" else "与设备显示对照") in notes
        assert ModelLibrary().get(model_id).source not in notes
        assert not re.search(r"manualshive|github|\w+/\w+|\.com|\b[0-9A-F]{4}h\b", notes), notes
        device.abandon()


async def test_a_model_is_asked_for_and_not_guessed(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    rig = await link_to(await cabinet_of({8: "aim-r100"}), {})
    device = await add_device(hass, rig.entry)
    # The frontend takes the first option of a required choice by itself: whatever model comes first.
    [model] = [key for key in device.result["data_schema"].schema if key == "model"]
    assert isinstance(model, Optional)
    await device.answer(unit_id=8, name="Sockets")
    assert device.errors == {"model": "model_needed"}
    assert device.entered == {"unit_id": 8, "name": "Sockets"}


@pytest.mark.parametrize("unit_id", [-1, 8.5, 248, 254, 256, 1e9])
async def test_what_can_be_no_unit_id_is_told_at_its_field(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, unit_id: float
) -> None:
    rig = await link_to(await cabinet_of({8: "aim-r100"}), {})
    device = await add_device(hass, rig.entry)
    await device.answer(unit_id=unit_id, model="aim-r100", name="Sockets")
    assert device.errors == {"unit_id": "bad_unit"}
    assert device.placeholders["unit"] == f"{unit_id:.15g}"
    assert device.entered == {"unit_id": unit_id, "model": "aim-r100", "name": "Sockets"}


@pytest.mark.parametrize(
    ("wrong", "field", "key"),
    [
        ({"ct": None}, "ct", "ratio_needed"),
        ({"ct": 0}, "ct", "bad_ratio"),
        ({"pt": 10_001}, "pt", "bad_ratio"),
        ({"intervals": {"fast": 0, "normal": 10, "slow": 60}}, "intervals", "bad_fast_interval"),
        ({"intervals": {"fast": 2, "normal": 3601, "slow": 60}}, "intervals", "bad_normal_interval"),
        ({"intervals": {"fast": 2, "normal": 10, "slow": 9}}, "intervals", "bad_slow_interval"),
    ],
)
async def test_a_setting_that_cannot_be_is_told_at_its_field_and_the_rest_stays(
    hass: HomeAssistant,
    cabinet_of: CabinetMaker,
    link_to: LinkMaker,
    wrong: dict[str, object],
    field: str,
    key: str,
) -> None:
    rig = await link_to(await cabinet_of({3: "adl3000"}), {})
    device = await add_device(hass, rig.entry)
    await device.answer(unit_id=3, model="adl3000")
    typed = {name: value for name, value in {"pt": 2, "ct": 100, **wrong}.items() if value is not None}
    await device.answer(**typed)
    assert device.errors == {field: key}
    assert device.entered == {"detail": "normal", "allow_automations": False} | {
        name: value for name, value in typed.items() if name != "intervals"
    }
    assert devices(rig) == {}

    await device.answer(pt=2, ct=100)
    [saved] = devices(rig).values()
    assert saved == {"unit_id": 3, "model": "adl3000", "allow_changes": False, "pt": 2, "ct": 100}


@pytest.mark.parametrize("unit_id", [0, 247, 255])
async def test_the_ends_of_the_unit_ids_are_allowed(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, unit_id: int
) -> None:
    rig = await link_to(await cabinet_of({unit_id: "adl400"}), {})
    device = await add_device(hass, rig.entry)
    await device.answer(unit_id=unit_id, model="adl400")
    await device.answer()
    assert devices(rig)[f"ADL400 {unit_id}"]["unit_id"] == unit_id


async def test_a_unit_id_is_used_once_on_a_link(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    rig = await link_to(await cabinet_of({8: "aim-r100"}), {8: "aim-r100"})
    device = await add_device(hass, rig.entry)
    await device.answer(unit_id=8, model="aim-r100")
    assert device.errors == {"unit_id": "unit_taken"}
    assert device.placeholders["name"] == "aim-r100 8"
    assert len(devices(rig)) == 1


async def test_of_two_dialogs_for_one_unit_only_the_first_one_saves(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    rig = await link_to(await cabinet_of({8: "aim-r100"}), {})
    first, second = await add_device(hass, rig.entry), await add_device(hass, rig.entry)
    for device in (first, second):
        await device.answer(unit_id=8, model="aim-r100")
    await first.answer()
    await hass.async_block_till_done()
    await second.answer()
    assert (first.is_saved, second.reason) == (True, "already_configured")
    assert len(devices(rig)) == 1


async def test_another_model_than_chosen_is_told_with_what_was_found(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    rig = await link_to(await cabinet_of({8: "aim-r100"}), {})
    device = await add_device(hass, rig.entry)
    await device.answer(unit_id=8, model="adw300")
    assert device.errors == {"base": "wrong_device"}
    assert device.placeholders["model"] == "ADW300"
    assert "01C1h" in device.placeholders["detail"]
    assert devices(rig) == {}

    await device.answer(unit_id=8, model="aim-r100")
    await device.answer()
    assert device.is_saved


@pytest.mark.parametrize(
    ("code", "error", "meaning"),
    [
        (4, "refused", "device failure"),
        (3, "refused", "illegal data value"),
        (10, "no_answer_gateway", None),
        (11, "no_answer_gateway", None),
        (77, "refused", "not defined"),
    ],
)
async def test_a_device_that_answers_with_exceptions_is_told_from_silence(
    hass: HomeAssistant,
    cabinet_of: CabinetMaker,
    link_to: LinkMaker,
    code: int,
    error: str,
    meaning: str | None,
) -> None:
    cabinet = await cabinet_of({8: "aim-r100"})
    cabinet.set_scenario("exception", 8, code=code)
    rig = await link_to(cabinet, {})
    device = await add_device(hass, rig.entry)
    await device.answer(unit_id=8, model="aim-r100")

    assert device.errors == {"base": error}
    assert meaning is None or device.placeholders["meaning"] == meaning
    assert devices(rig) == {}

    cabinet.set_scenario("normal", 8)
    await device.answer(unit_id=8, model="aim-r100")
    await device.answer()
    assert device.is_saved


async def test_a_silent_device_is_told_and_taken_once_it_answers(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({8: "aim-r100"})
    cabinet.set_scenario("silent", 8)
    rig = await link_to(cabinet, {}, framing="rtu_tcp")
    device = await add_device(hass, rig.entry)
    await device.answer(unit_id=8, model="aim-r100")
    assert device.errors == {"base": "no_answer_link"}

    cabinet.set_scenario("normal", 8)
    await device.answer(unit_id=8, model="aim-r100")
    await device.answer()
    assert device.is_saved


async def test_a_gateway_that_went_away_is_told(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({8: "aim-r100"})
    rig = await link_to(cabinet, {})
    await cabinet.stop()
    device = await add_device(hass, rig.entry)
    await device.answer(unit_id=8, model="aim-r100")
    assert device.errors == {"base": "connection_refused"}
    assert devices(rig) == {}


async def test_a_broken_file_of_the_user_is_told_line_by_line(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    users_model(hass, "torn", LOOPS.replace("at = 0x004A", "at = 70000"))
    rig = await link_to(await cabinet_of({8: "aim-r100"}), {})
    device = await add_device(hass, rig.entry)
    await device.answer(unit_id=8, model="torn")
    assert device.errors == {"base": "file_problems"}
    assert "14" in device.placeholders["listing"]
    assert "70000" in device.placeholders["listing"]
    assert devices(rig) == {}


async def test_a_file_that_vanished_meanwhile_is_told(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    file = users_model(hass, "loops", LOOPS)
    rig = await link_to(await cabinet_of({8: "aim-r100"}), {})
    device = await add_device(hass, rig.entry)
    file.unlink()
    await device.answer(unit_id=8, model="loops")
    assert device.errors == {"base": "unknown_model"}


async def test_ratios_that_no_register_tells_are_asked_for(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({3: "adl3000"})
    rig = await link_to(cabinet, {})
    device = await add_device(hass, rig.entry)
    await device.answer(unit_id=3, model="adl3000")
    assert device.fields == ["pt", "ct", "detail", "allow_automations", "intervals"]
    await device.answer(pt=1, ct=20)
    await hass.async_block_till_done()

    assert devices(rig)["ADL3000-E / ADL300 3"] == {
        "unit_id": 3,
        "model": "adl3000",
        "allow_changes": False,
        "pt": 1.0,
        "ct": 20.0,
    }
    told = cabinet.units[3].truth()["1"]["Ia"] * 20
    assert float(rig.state("sensor", 3, "Ia").state) == pytest.approx(told)


async def test_changes_are_allowed_only_by_the_user(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    rig = await link_to(await cabinet_of({8: "aim-r100"}), {})
    device = await add_device(hass, rig.entry)
    await device.answer(unit_id=8, model="aim-r100")
    assert device.fields == ["allow_changes", "detail", "allow_automations", "intervals"]
    await device.answer(allow_changes=True)
    await hass.async_block_till_done()
    assert devices(rig)["AIM-R100 8"]["allow_changes"] is True
    assert rig.entity_id("number", 8, "LgHighVal02") is not None


async def test_how_much_is_told_is_kept_where_it_is_not_the_usual(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    rig = await link_to(await cabinet_of({8: "aim-r100", 9: "aim-m10"}), {})
    for unit_id, model, detail in ((8, "aim-r100", "sparse"), (9, "aim-m10", "normal")):
        device = await add_device(hass, rig.entry)
        await device.answer(unit_id=unit_id, model=model, name=model)
        await device.answer(detail=detail)
        await hass.async_block_till_done()
    assert devices(rig)["aim-r100"]["detail"] == "sparse"
    assert "detail" not in devices(rig)["aim-m10"]


async def test_intervals_are_kept_when_they_are_not_the_usual_ones(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    rig = await link_to(await cabinet_of({8: "aim-r100", 9: "aim-m10"}), {})
    for unit_id, model, intervals in (
        (8, "aim-r100", {"fast": 5, "normal": 10, "slow": 60}),
        (9, "aim-m10", {"fast": 2, "normal": 10, "slow": 60}),
    ):
        device = await add_device(hass, rig.entry)
        await device.answer(unit_id=unit_id, model=model, name=model)
        await device.answer(intervals=intervals)
        assert device.is_saved
        await hass.async_block_till_done()
    assert devices(rig)["aim-r100"]["intervals"] == {"fast": 5, "normal": 10, "slow": 60}
    assert "intervals" not in devices(rig)["aim-m10"]


async def test_a_model_without_a_probe_is_saved_only_after_a_look_at_its_values(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    users_model(hass, "loops", LOOPS)
    cabinet = await cabinet_of({8: "aim-r100"})
    rig = await link_to(cabinet, {})
    device = await add_device(hass, rig.entry)
    await device.answer(unit_id=8, model="loops", name="Sockets")
    await device.answer()

    assert device.step == "confirm"
    assert list(device.options("next")) == ["save", "again", "back"]
    leak = cabinet.units[8].truth()["1"]["Lg"]
    assert f"| 1 | Residual current | {leak:g} mA |" in device.placeholders["table"]
    assert devices(rig) == {}

    cabinet.units[8].hold("Lg", 123)
    await device.answer(next="again")
    assert "| 123 mA |" in device.placeholders["table"]

    await device.answer(next="back")
    assert device.step == "by_hand"
    assert device.entered == {"unit_id": 8, "model": "loops", "name": "Sockets"}
    await device.answer(unit_id=8, model="loops", name="Sockets")
    await device.answer()
    await device.answer(next="save")
    assert list(devices(rig)) == ["Sockets"]


async def test_a_device_that_falls_silent_before_the_look_is_not_saved(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    users_model(hass, "loops", LOOPS)
    cabinet = await cabinet_of({8: "aim-r100"})
    rig = await link_to(cabinet, {})
    device = await add_device(hass, rig.entry)
    await device.answer(unit_id=8, model="loops")
    cabinet.set_scenario("silent", 8)
    await device.answer()

    assert device.errors == {"base": "no_answer_link"}
    assert list(device.options("next")) == ["again", "back"]

    cabinet.set_scenario("normal", 8)
    await device.answer(next="again")
    await device.answer(next="save")
    assert device.is_saved


async def test_a_dialog_that_is_closed_saves_nothing(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    rig = await link_to(await cabinet_of({8: "aim-r100"}), {})
    device = await add_device(hass, rig.entry)
    await device.answer(unit_id=8, model="aim-r100")
    device.abandon()
    assert devices(rig) == {}


async def change(rig: LinkRig, unit_id: int) -> Walk:
    """Start the dialog "Reconfigure" of a unit."""
    return await change_device(rig.hass, rig.entry, rig.subentry(unit_id).subentry_id)


async def test_a_device_gets_another_unit_id_and_keeps_its_entities(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({8: "aim-r100", 9: "aim-r100"})
    rig = await link_to(cabinet, {8: "aim-r100"})
    before = {entity.entity_id for entity in rig.entities()}

    device = await change(rig, 8)
    assert device.entered == {"unit_id": 8, "model": "aim-r100", "name": "aim-r100 8"}
    await device.answer(unit_id=9, model="aim-r100", name="Sockets")
    await device.answer(allow_changes=False)
    await hass.async_block_till_done()

    assert device.reason == "reconfigure_successful"
    assert rig.subentry(9).title == "Sockets"
    assert rig.subentry(9).unique_id == "9"
    assert {entity.entity_id for entity in rig.entities()} == before
    assert float(rig.state("sensor", 9, "Lg").state) == cabinet.units[9].truth()["1"]["Lg"]


async def test_a_change_that_does_not_answer_changes_nothing(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    rig = await link_to(await cabinet_of({8: "aim-r100", 9: "aim-m10"}), {8: "aim-r100", 9: "aim-m10"})
    before = devices(rig)
    device = await change(rig, 8)
    await device.answer(unit_id=30, model="aim-r100", name="Sockets")
    assert device.errors == {"base": "no_answer"}
    await device.answer(unit_id=9, model="aim-r100", name="Sockets")
    assert device.errors == {"unit_id": "unit_taken"}
    await device.answer(unit_id=8, model="adw300", name="Sockets")
    assert device.errors == {"base": "wrong_device"}
    assert devices(rig) == before
    assert rig.entry.state is ConfigEntryState.LOADED
    assert "unavailable" not in await entity_values(rig)


async def test_settings_can_be_changed_while_the_device_is_off(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({8: "aim-r100"})
    rig = await link_to(cabinet, {8: "aim-r100"}, intervals={"fast": 7.0, "normal": 10.0, "slow": 60.0})
    cabinet.set_scenario("silent", 8)
    device = await change(rig, 8)
    await device.answer(unit_id=8, model="aim-r100", name="Sockets")
    assert device.entered == {"allow_changes": False}
    await device.answer(allow_changes=True, intervals={"fast": 1, "normal": 10, "slow": 60})
    await hass.async_block_till_done()

    assert device.reason == "reconfigure_successful"
    assert devices(rig) == {
        "Sockets": {
            "unit_id": 8,
            "model": "aim-r100",
            **SETTABLE,
            "intervals": {"fast": 1.0, "normal": 10.0, "slow": 60.0},
        }
    }
