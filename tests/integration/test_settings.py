"""Settings are changed only where the user allowed it, within the manual's limits, and verified."""

import asyncio
from pathlib import Path

import pytest
from homeassistant.components.number import DOMAIN as NUMBER
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.translation import async_get_translations

from custom_components.acrel_safety.const import DOMAIN
from simulator import Cabinet
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.flows import change_device
from tests.integration.rigs import QUICK, LinkRig, is_now

FLOATS = """\
[model]
id = "floats"
name = "Floats"
title = { en = "A float where an ADW300 has its residual-current limit" }
evidence = "manual"
source = "my manual"

[[circuits]]
numbers = "1"

[circuits.settings]
"DOC_Gain" = { at = 0x0244, type = "f32", limits = [0, 5], source = "my manual p. 4", name = { en = "Gain" } }
"""
FLOAT_NAN = 0x7FC00000
"""The two registers of a float that is no number."""


@pytest.fixture
async def cabinet(cabinet_of: CabinetMaker) -> Cabinet:
    return await cabinet_of({1: "adw300", 8: "aim-r100"})


async def set_number(rig: LinkRig, value: float, code: str = "LgHighVal02", circuit: str = "3") -> None:
    await rig.hass.services.async_call(
        NUMBER,
        "set_value",
        {"entity_id": rig.entity_id("number", 8, code, circuit), "value": value},
        blocking=True,
    )


async def test_without_leave_settings_are_only_shown(cabinet: Cabinet, link_to: LinkMaker) -> None:
    rig = await link_to(cabinet, intervals=QUICK)
    assert {entity.domain for entity in rig.entities()} == {"sensor", "binary_sensor", "event", "todo"}
    assert float(rig.state("sensor", 8, "LgHighVal02", "3").state) == cabinet.units[8].truth()["3"]["LgHighVal02"]
    assert [unit.writes for unit in cabinet.units.values()] == [[], []]


async def test_with_leave_settings_have_the_manuals_limits(cabinet: Cabinet, link_to: LinkMaker) -> None:
    rig = await link_to(cabinet, allow_changes=True)
    state = rig.state("number", 8, "LgHighVal02", "3")
    assert state.attributes["min"] == 6
    assert state.attributes["max"] == 1000
    assert state.attributes["step"] == 1
    assert state.attributes["mode"] == "box"
    assert state.attributes["unit_of_measurement"] == "mA"
    assert state.attributes["device_class"] == "current"
    assert rig.entity_id("sensor", 8, "LgHighVal02", "3") is None


async def test_a_number_is_written_once_and_shown_when_it_was_read_back(cabinet: Cabinet, link_to: LinkMaker) -> None:
    rig = await link_to(cabinet, allow_changes=True)
    await set_number(rig, 300)
    assert rig.state("number", 8, "LgHighVal02", "3").state == "300"
    assert cabinet.units[8].truth()["3"]["LgHighVal02"] == 300
    assert [(write.values, write.accepted) for write in cabinet.units[8].writes] == [((300,), True)]


async def test_a_number_outside_the_limits_is_refused_and_nothing_is_sent(cabinet: Cabinet, link_to: LinkMaker) -> None:
    rig = await link_to(cabinet, allow_changes=True)
    for value in (5, 1001):
        with pytest.raises(ServiceValidationError):
            await set_number(rig, value)
    assert cabinet.units[8].writes == []


async def test_a_number_between_two_steps_is_refused_in_the_users_words(cabinet: Cabinet, link_to: LinkMaker) -> None:
    rig = await link_to(cabinet, allow_changes=True)
    with pytest.raises(ServiceValidationError) as refused:
        await set_number(rig, 30.5)
    assert refused.value.translation_key == "setting_refused"
    placeholders = refused.value.translation_placeholders or {}
    assert placeholders["name"] == "Residual current alarm value"
    assert cabinet.units[8].writes == []


async def test_a_change_that_the_device_did_not_keep_is_told_and_the_true_value_stays(
    cabinet: Cabinet, link_to: LinkMaker
) -> None:
    rig = await link_to(cabinet, allow_changes=True, intervals=QUICK)
    before = rig.state("number", 8, "LgHighVal02", "3").state
    cabinet.units[8].hold("LgHighVal02", float(before), "3")
    with pytest.raises(HomeAssistantError) as failed:
        await set_number(rig, 700)
    assert failed.value.translation_key == "setting_unconfirmed"
    await rig.polled(8, times=2)
    assert rig.state("number", 8, "LgHighVal02", "3").state == before
    assert len(cabinet.units[8].writes) == 1


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "Gain: 1.25 was sent, but nothing that means anything was read back"),
        ("zh-Hans", "Gain：已发送 1.25，但读回的是 无有效内容"),
    ],
)
async def test_a_read_back_that_is_no_number_is_not_called_zero(
    hass: HomeAssistant, tmp_path: Path, cabinet_of: CabinetMaker, link_to: LinkMaker, language: str, sentence: str
) -> None:
    hass.config.config_dir = str(tmp_path)
    hass.config.language = language
    (tmp_path / "acrel_safety" / "models").mkdir(parents=True)
    (tmp_path / "acrel_safety" / "models" / "floats.toml").write_text(FLOATS, "utf-8")
    cabinet = await cabinet_of({1: "adw300"})
    rig = await link_to(cabinet, {1: "floats"}, allow_changes=True)
    cabinet.units[1].hold("LgHighVal02", FLOAT_NAN)
    with pytest.raises(HomeAssistantError) as failed:
        await hass.services.async_call(
            NUMBER, "set_value", {"entity_id": rig.entity_id("number", 1, "DOC_Gain"), "value": 1.25}, blocking=True
        )
    texts = await async_get_translations(hass, language, "exceptions", [DOMAIN])
    said = texts[f"component.{DOMAIN}.exceptions.{failed.value.translation_key}.message"]
    assert said.format_map(failed.value.translation_placeholders or {}) == sentence
    # Within seconds, though settings are read once a minute.
    await rig.until(rig.state("number", 1, "DOC_Gain").entity_id, is_now("unknown"), seconds=5)
    assert len(cabinet.units[1].writes) == 1


@pytest.mark.parametrize("unit_id", [1, 8])
async def test_no_residual_current_limit_can_be_set_to_zero(cabinet: Cabinet, link_to: LinkMaker, unit_id: int) -> None:
    # Many meters take 0 for "no alarm", and no manual here says what it means.
    rig = await link_to(cabinet, allow_changes=True)
    with pytest.raises(ServiceValidationError):
        await rig.hass.services.async_call(
            NUMBER,
            "set_value",
            {"entity_id": rig.entity_id("number", unit_id, "LgHighVal02"), "value": 0},
            blocking=True,
        )
    assert cabinet.units[unit_id].writes == []


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "Residual current alarm value was not changed: changes are not allowed for this device"),
        ("zh-Hans", "未更改：未允许更改此设备的设置"),
    ],
)
async def test_leave_that_is_taken_back_between_offer_and_change_holds_at_once(
    hass: HomeAssistant, cabinet: Cabinet, link_to: LinkMaker, language: str, sentence: str
) -> None:
    hass.config.language = language
    rig = await link_to(cabinet, {8: "aim-r100"}, allow_changes=True)
    # What was offered stays on the page until the entry was loaded anew, which may have to wait.
    async with rig.entry.setup_lock:
        dialog = await change_device(hass, rig.entry, rig.subentry(8).subentry_id)
        await dialog.answer(unit_id=8, model="aim-r100", name="Sockets")
        await dialog.answer(allow_changes=False)
        assert dialog.reason == "reconfigure_successful"
        with pytest.raises(ServiceValidationError) as refused:
            await set_number(rig, 300)
    texts = await async_get_translations(hass, language, "exceptions", [DOMAIN])
    said = texts[f"component.{DOMAIN}.exceptions.{refused.value.translation_key}.message"]
    assert sentence in said.format_map(refused.value.translation_placeholders or {})
    await hass.async_block_till_done()
    assert rig.entity_id("number", 8, "LgHighVal02", "3") is None
    assert cabinet.units[8].writes == []


async def test_a_change_to_a_silent_device_fails_with_a_reason(cabinet: Cabinet, link_to: LinkMaker) -> None:
    rig = await link_to(cabinet, {8: "aim-r100"}, allow_changes=True, intervals={"fast": 99, "normal": 99, "slow": 99})
    cabinet.set_scenario("silent", 8)
    with pytest.raises(HomeAssistantError) as failed:
        await set_number(rig, 300)
    assert failed.value.translation_key in ("setting_unconfirmed", "no_answer")
    assert not isinstance(failed.value, ServiceValidationError)


async def test_a_switch_changes_one_bit_and_leaves_the_others(
    hass: HomeAssistant, cabinet: Cabinet, link_to: LinkMaker
) -> None:
    rig = await link_to(cabinet, {1: "adw300"}, allow_changes=True)
    before = cabinet.units[1].truth()["1"]
    assert rig.state("switch", 1, "UHighSw").state == ("on" if before["UHighSw"] else "off")
    for service, state in (("turn_on", "on"), ("turn_off", "off")):
        data = {"entity_id": rig.entity_id("switch", 1, "UHighSw")}
        await hass.services.async_call("switch", service, data, blocking=True)
        assert rig.state("switch", 1, "UHighSw").state == state
        after = cabinet.units[1].truth()["1"]
        assert after["UHighSw"] == (state == "on")
        assert {code: after[code] for code in ("ULowSw", "IHighSw", "PHighSw")} == {
            code: before[code] for code in ("ULowSw", "IHighSw", "PHighSw")
        }


async def test_taking_the_leave_back_removes_what_could_be_changed(cabinet: Cabinet, link_to: LinkMaker) -> None:
    rig = await link_to(cabinet, {8: "aim-r100"}, allow_changes=True)
    assert rig.entity_id("number", 8, "LgHighVal02", "3") is not None
    subentry = rig.subentry(8)
    rig.hass.config_entries.async_update_subentry(rig.entry, subentry, data={**subentry.data, "allow_changes": False})
    await rig.hass.async_block_till_done()
    assert rig.entity_id("number", 8, "LgHighVal02", "3") is None
    entity_id = rig.entity_id("sensor", 8, "LgHighVal02", "3")
    assert entity_id is not None
    await rig.until(entity_id, is_now(f"{cabinet.units[8].truth()['3']['LgHighVal02']}"))
    assert cabinet.units[8].writes == []


@pytest.mark.parametrize("how", ["withdrawn", "removed", "unloaded"])
async def test_an_order_that_waits_is_not_sent_when_it_may_not_go_any_more(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, how: str
) -> None:
    cabinet = await cabinet_of({7: "asj10l", 8: "aim-r100"})
    rig = await link_to(cabinet, allow_changes=True)
    entity_id, source, subentry = rig.entity_id("number", 8, "LgHighVal02", "3"), rig.source(8), rig.subentry(8)
    is_over = asyncio.Event()
    busy = hass.async_create_task(source.bus.command(is_over.wait))
    data = {"entity_id": entity_id, "value": 777}
    change = asyncio.create_task(hass.services.async_call("number", "set_value", data, blocking=True))
    for _ in range(5):
        await asyncio.sleep(0)
    match how:
        case "withdrawn":
            left = {**subentry.data, "allow_changes": False}
            hass.config_entries.async_update_subentry(rig.entry, subentry, data=left)
        case "removed":
            hass.config_entries.async_remove_subentry(rig.entry, subentry.subentry_id)
        case _:
            unload = asyncio.create_task(hass.config_entries.async_unload(rig.entry.entry_id))
            await asyncio.sleep(0.1)
    is_over.set()
    await busy
    with pytest.raises(HomeAssistantError, match="was removed or loaded anew") as refused:
        await change
    assert "changes are not allowed" not in str(refused.value)
    if how == "unloaded":
        await unload
    await hass.async_block_till_done()
    assert cabinet.units[8].writes == []
