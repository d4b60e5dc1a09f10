"""A link gets other settings: they are tried with its devices first, and a doubt is said before anything is saved."""

import asyncio
from collections.abc import Mapping

import pytest
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.core import HomeAssistant

from custom_components.acrel_safety.flow import trial
from simulator import Cabinet
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.flows import QUICK_LINE, Walk, add_device, change_device, change_link
from tests.integration.rigs import HOST, LinkRig, is_now
from tests.integration.test_config_flow import closed_port

FORM: Mapping[str, object] = {"host": HOST, "name": "Cabinet", "line": QUICK_LINE}


async def change(rig: LinkRig, port: int | None, *, kind: str = "tcp", **values: object) -> Walk:
    """Reconfigure a link up to its first answer."""
    walk = await change_link(rig.hass, rig.entry, kind)
    return await walk.answer(**{**FORM, "port": port, **values})


async def is_read(rig: LinkRig) -> bool:
    await rig.hass.async_block_till_done()
    return rig.state("sensor", 8, "Lg").state not in ("unavailable", "unknown")


async def test_a_wrong_framing_is_found_out_and_not_saved(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    """A serial server that passes RTU frames on says nothing to Modbus TCP: the link opens, and no device answers."""
    cabinet = await cabinet_of({8: "aim-r100"})
    rig = await link_to(cabinet, framing="rtu_tcp")
    before = dict(rig.entry.data)

    walk = await change(rig, cabinet.rtu_port)
    assert walk.errors == {"base": "wrong_peer"}
    assert rig.entry.data == before
    assert rig.entry.state is ConfigEntryState.LOADED
    assert await is_read(rig)
    await walk.answer(**FORM, port=closed_port(), anyway=True)
    assert walk.errors == {"port": "connection_refused"}
    assert rig.entry.data == before


async def test_a_gateway_with_other_devices_is_doubted_by_name_and_reason(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    rig = await link_to(await cabinet_of({7: "asj10l", 8: "aim-r100", 9: "aim-m10"}))
    other = await cabinet_of({7: "asj10l", 8: "asj10l"})
    walk = await change(rig, other.tcp_port)
    assert walk.errors == {"base": "devices_in_doubt"}
    wrong, silent = walk.placeholders["listing"].splitlines()
    assert "aim-r100 8" in wrong
    assert "not as the model AIM-R100" in wrong
    assert "aim-m10 9" in silent
    assert "did not answer" in silent
    assert await is_read(rig)


async def test_the_doubt_is_in_chinese_where_home_assistant_is(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    hass.config.language = "zh-Hans"
    rig = await link_to(await cabinet_of({8: "aim-r100"}))
    walk = await change(rig, (await cabinet_of({8: "asj10l"})).tcp_port)
    assert "不像" in walk.placeholders["listing"]


async def test_a_gateway_that_is_off_is_changed_only_when_that_is_confirmed(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    rig = await link_to(await cabinet_of({8: "aim-r100"}))
    port = closed_port()
    walk = await change(rig, port)
    assert walk.errors == {"port": "connection_refused"}
    assert walk.fields[-1] == "anyway"
    assert rig.entry.data["port"] == rig.cabinet.tcp_port

    await walk.answer(**FORM, port=port, anyway=True)
    assert walk.reason == "reconfigure_successful"
    assert rig.entry.data["port"] == port


async def test_a_name_is_changed_while_the_gateway_is_off(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({8: "aim-r100"})
    rig = await link_to(cabinet)
    port = cabinet.tcp_port
    await cabinet.stop()
    walk = await change(rig, port, name="Cellar")
    assert (walk.reason, rig.entry.title) == ("reconfigure_successful", "Cellar")


async def test_a_device_in_alarm_is_no_doubt(hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker) -> None:
    rig = await link_to(await cabinet_of({8: "aim-r100"}))
    other = await cabinet_of({8: "aim-r100"})
    other.set_scenario("leak", 8)
    walk = await change(rig, other.tcp_port)
    assert walk.reason == "reconfigure_successful"


async def test_many_silent_devices_do_not_hold_the_dialog_for_minutes(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "TRIAL_SECONDS", 0.1)
    rig = await link_to(await cabinet_of(dict.fromkeys(range(1, 9), "aim-r100")))
    walk = await change(rig, (await cabinet_of({})).tcp_port)
    lines = walk.placeholders["listing"].splitlines()
    assert len(lines) == 8
    assert "did not answer" in lines[0]
    assert "was not asked" in lines[-1]


@pytest.mark.parametrize("unit_id", [7, 9])
async def test_where_no_device_answers_the_link_is_blamed_and_where_one_does_the_unit(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, unit_id: int
) -> None:
    cabinet = await cabinet_of({8: "aim-r100"})
    rig = await link_to(cabinet)
    walk = await add_device(hass, rig.entry)
    await walk.answer(unit_id=unit_id, model="asj10l")
    assert walk.errors == {"base": "no_answer"}
    walk.abandon()

    cabinet.set_scenario("silent", 8)
    await rig.reload()
    walk = await add_device(hass, rig.entry)
    await walk.answer(unit_id=unit_id, model="asj10l")
    assert walk.errors == {"base": "no_answer_link"}


async def test_a_device_moved_to_a_unit_that_is_something_else_is_not_saved(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    rig = await link_to(await cabinet_of({7: "asj10l", 8: "aim-r100"}), {8: "aim-r100"})
    walk = await change_device(hass, rig.entry, rig.subentry(8).subentry_id)
    await walk.answer(unit_id=7, model="aim-r100", name="x")
    assert walk.errors == {"base": "wrong_device"}
    assert rig.subentry(8).title == "aim-r100 8"


# -- two at once ------------------------------------------------------------------------------------------------------


async def two_changes(rig: LinkRig, first: Cabinet, second: Cabinet) -> list[Walk]:
    dialogs = [await change_link(rig.hass, rig.entry, "tcp") for _ in range(2)]
    await asyncio.gather(
        *(
            dialog.answer(**FORM, port=cabinet.tcp_port)
            for dialog, cabinet in zip(dialogs, (first, second), strict=True)
        )
    )
    return dialogs


async def test_of_two_dialogs_that_change_one_link_the_second_is_told(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    rig = await link_to(await cabinet_of({8: "aim-r100"}))
    places = [await cabinet_of({8: "aim-r100"}) for _ in range(2)]
    dialogs = await two_changes(rig, *places)
    assert [dialog.reason for dialog in dialogs] == ["reconfigure_successful", "changed_meanwhile"]
    assert rig.entry.data["port"] == places[0].tcp_port
    assert await is_read(rig)


async def test_two_dialogs_that_move_two_links_to_one_place_leave_them_apart(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    rigs = [await link_to(await cabinet_of({8: "aim-r100"})) for _ in range(2)]
    place = await cabinet_of({8: "aim-r100"})
    dialogs = [await change_link(hass, rig.entry, "tcp") for rig in rigs]
    await asyncio.gather(*(dialog.answer(**FORM, port=place.tcp_port) for dialog in dialogs))
    assert sorted(str(dialog.reason) for dialog in dialogs) == ["already_configured", "reconfigure_successful"]
    assert [rig.entry.data["port"] for rig in rigs].count(place.tcp_port) == 1


async def test_a_link_that_is_removed_while_its_change_is_tried_ends_in_one_sentence(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({8: "aim-r100"})
    rig = await link_to(cabinet, framing="rtu_tcp")
    dialog, shown = await change_link(hass, rig.entry, "tcp"), rig.state("sensor", 8, "Lg")
    # The link is taken off its line for the trial, on which nobody answers.
    trying = hass.async_create_task(dialog.answer(**FORM, port=cabinet.rtu_port))
    await rig.until(shown.entity_id, is_now("unavailable"))
    await hass.config_entries.async_remove(rig.entry.entry_id)
    await trying
    assert dialog.errors or dialog.reason == "link_gone"
    if dialog.errors:
        await dialog.answer(**FORM, port=cabinet.rtu_port, anyway=True)
    assert dialog.reason == "link_gone"


async def test_a_link_that_is_disabled_while_its_change_is_tried_stays_so(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({8: "aim-r100"})
    rig = await link_to(cabinet, framing="rtu_tcp")
    dialog, shown = await change_link(hass, rig.entry, "tcp"), rig.state("sensor", 8, "Lg")
    trying = hass.async_create_task(dialog.answer(**FORM, port=cabinet.rtu_port))
    await rig.until(shown.entity_id, is_now("unavailable"))
    await hass.config_entries.async_set_disabled_by(rig.entry.entry_id, ConfigEntryDisabler.USER)
    await trying
    assert dialog.errors == {"base": "wrong_peer"}
    assert rig.entry.state is ConfigEntryState.NOT_LOADED


async def test_a_dialog_that_is_closed_while_it_tries_saves_nothing(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    rig = await link_to(await cabinet_of({8: "aim-r100"}))
    other = await cabinet_of({8: "aim-r100"})
    dialog = await change_link(hass, rig.entry, "tcp")
    trying = hass.async_create_task(dialog.answer(**FORM, port=other.tcp_port))
    dialog.abandon()
    await trying
    assert dialog.reason == "closed"
    assert rig.entry.data["port"] == rig.cabinet.tcp_port
