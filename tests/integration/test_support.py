"""What helps when something is wrong: diagnostics, repairs, system health."""

import asyncio
import json
import re
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

import pytest
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.const import __version__ as HOME_ASSISTANT  # noqa: N812 - the version of what
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import get_system_health_info
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
    get_diagnostics_for_device,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.acrel_safety.aioacrel.registers import Read
from custom_components.acrel_safety.aioacrel.registers.dump import RegisterDump
from custom_components.acrel_safety.const import DOMAIN
from custom_components.acrel_safety.issues import Issue, issue_id
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.rigs import HOST, QUICK, LinkRig, device, enable_all, is_not, link_entry, until_issue
from tests.integration.test_lifecycle import open_sockets

BROKEN = """\
[model]
id = "mine"
name = "Mine"
title = { en = "Mine" }
evidence = "imported"
source = "typed by hand"

[[circuits]]
numbers = "1"

[circuits.points]
Ua = { at = 70000, scale = 0.1 }
"""
MENDED = BROKEN.replace("70000", "0x004A")


# -- diagnostics ---------------------------------------------------------------------------------------------------


async def test_diagnostics_hold_registers_that_can_be_replayed_and_no_address(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({7: "asj10l", 8: "aim-r100"})
    rig = await link_to(cabinet)
    assert await async_setup_component(hass, "diagnostics", {})
    found: dict[str, Any] = await get_diagnostics_for_config_entry(hass, hass_client, rig.entry)
    assert (found["link"]["host"], found["link"]["port"]) == ("**REDACTED**", "**REDACTED**")
    assert found["link"]["is_usual_port"] is False
    for secret in (HOST, str(cabinet.tcp_port)):
        assert re.search(rf"\b{re.escape(secret)}\b", json.dumps(found)) is None
    state = found["devices"][1]["state"]
    assert (state["is_heard"], state["trouble"]) == (True, None)
    assert state["qualities"]["good"] > 0
    assert [entry["model"]["id"] for entry in found["devices"]] == ["asj10l", "aim-r100"]
    assert found["devices"][1]["plan"]["fast"]
    assert found["devices"][1]["readings"]["Lg@4"]["quality"] == "good"

    [relay, dump] = RegisterDump.all_in(json.dumps(found))
    assert dump == RegisterDump.from_json(json.dumps(found["devices"][1]["dump"]))
    assert (dump.library, dump.evidence, dump.framing) == (found["library"], "manual", "mbap")
    assert (dump.baudrate, dump.home_assistant) == (found["link"]["baudrate"], HOME_ASSISTANT)
    assert 0x001D not in relay.registers[3]  # its password
    assert [entry["odd"] for entry in found["devices"]] == [[], []]
    registers = cabinet.units[8].registers
    assert dump.words(Read(3, 0x004A, 12)) == [registers[address] for address in range(0x004A, 0x0056)]


NUMBERED = """\
[model]
id = "numbered"
name = "Numbered"
title = { en = "Numbered" }
evidence = "manual"
source = "typed by hand"

[dump]
leave_out = [[0x0009, 0x0009]]

[[circuits]]
numbers = "1"

[circuits.points]
"DOC_Pre-warning" = { at = 0x0008 }
"DOC_Password" = { at = 0x0009 }
"DOC_Serial number" = { at = 0x0018, kind = "identity" }
Fr = { at = 0x0010 }
"""


async def test_diagnostics_say_what_is_odd_and_hold_no_secret_of_a_users_model(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    cabinet_of: CabinetMaker,
    link_to: LinkMaker,
    tmp_path: Path,
) -> None:
    hass.config.config_dir = str(tmp_path)
    folder = tmp_path / "acrel_safety" / "models"
    folder.mkdir(parents=True)
    (folder / "numbered.toml").write_text(NUMBERED, "utf-8")
    rig = await link_to(await cabinet_of({7: "asj10l"}), {7: "numbered"})
    enable_all(rig)
    await rig.reload()
    assert await async_setup_component(hass, "diagnostics", {})
    found: dict[str, Any] = await get_diagnostics_for_config_entry(hass, hass_client, rig.entry)
    [device] = found["devices"]
    assert set(device["readings"]) == {"DOC_Pre-warning@1", "Fr@1"}
    assert set(RegisterDump.from_json(json.dumps(device["dump"])).registers[3]) == {0x0008, 0x0010}
    # The relay's non-driving time, taken for a frequency.
    assert [(odd["rule"], odd["point"]) for odd in device["odd"]] == [("has_a_meaning", "Fr@1")]


@pytest.mark.parametrize("name", ["aim-r100 8", "Circuit 4"])
async def test_diagnostics_of_a_device_or_circuit_are_of_that_device(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, cabinet_of: CabinetMaker, link_to: LinkMaker, name: str
) -> None:
    cabinet = await cabinet_of({7: "asj10l", 8: "aim-r100"})
    rig = await link_to(cabinet)
    assert await async_setup_component(hass, "diagnostics", {})
    # Home Assistant's test package annotates devices only, but serves circuits as well.
    wanted = cast("dr.DeviceEntry", next(found for found in rig.devices() if found.name == name))
    found: dict[str, Any] = await get_diagnostics_for_device(hass, hass_client, rig.entry, wanted)
    assert found["device"]["model"]["id"] == "aim-r100"


async def test_of_a_device_that_is_another_one_diagnostics_hold_no_register(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({8: "aim-r100"})
    cabinet.set_scenario("wrong_model", 8)
    rig = await link_to(cabinet)
    assert await async_setup_component(hass, "diagnostics", {})
    found: dict[str, Any] = await get_diagnostics_for_config_entry(hass, hass_client, rig.entry)
    assert (found["devices"][0]["dump"], found["devices"][0]["error"]) == (None, "wrong_device")
    assert max(request.count for request in cabinet.units[8].requests) <= 2  # it was asked what it is, nothing else


async def test_diagnostics_of_a_silent_device_and_of_the_link_say_what_is_known(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({7: "asj10l"})
    cabinet.set_scenario("silent")
    rig = await link_to(cabinet, {7: "asj10l", 9: "ascb1"})
    assert await async_setup_component(hass, "diagnostics", {})
    found: dict[str, Any] = await get_diagnostics_for_config_entry(hass, hass_client, rig.entry)
    assert (found["devices"][0]["dump"], found["devices"][0]["error"]) == (None, "no_answer")
    assert found["devices"][0]["state"]["is_heard"] is False
    assert found["devices_without_registers"][0]["model"] == "ascb1"
    link = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, rig.entry.entry_id), rig.entry.entry_id)
    assert link is not None
    assert (await get_diagnostics_for_device(hass, hass_client, rig.entry, link))["device"] is None


async def test_diagnostics_of_a_link_that_is_down_open_no_connection(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    """The link's units were given back: nobody would close what is opened with them."""
    cabinet = await cabinet_of({8: "aim-r100"})
    rig = await link_to(cabinet)
    await hass.config_entries.async_unload(rig.entry.entry_id)
    asked = len(cabinet.units[8].requests)
    assert await async_setup_component(hass, "diagnostics", {})
    found: dict[str, Any] = await get_diagnostics_for_config_entry(hass, hass_client, rig.entry)
    assert found["state"] == "not_loaded"
    assert found["link"]["host"] == "**REDACTED**"
    assert "devices" not in found
    assert len(cabinet.units[8].requests) == asked
    assert open_sockets(cabinet.tcp_port) == 0


# -- repairs -------------------------------------------------------------------------------------------------------


def the_issue(rig: LinkRig, unit_id: int, issue: Issue) -> ir.IssueEntry | None:
    return ir.async_get(rig.hass).async_get_issue(DOMAIN, issue_id(rig.entry, rig.subentry(unit_id), issue))


async def submit(hass: HomeAssistant, hass_client: ClientSessionGenerator, issue: ir.IssueEntry) -> dict[str, Any]:
    """Open the fix flow of an issue and submit its form, as the frontend does."""
    assert await async_setup_component(hass, "repairs", {})
    client = await hass_client()
    answer = await client.post("/api/repairs/issues/fix", json={"handler": issue.domain, "issue_id": issue.issue_id})
    assert answer.status == HTTPStatus.OK
    form = await answer.json()
    assert (form["type"], form["step_id"]) == ("form", "confirm")
    assert form["description_placeholders"] == issue.translation_placeholders
    answer = await client.post(f"/api/repairs/issues/fix/{form['flow_id']}", json={})
    result: dict[str, Any] = await answer.json()
    await hass.async_block_till_done()
    return result


async def test_a_model_without_table_is_shown_with_its_issue_and_no_entities(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({7: "asj10l"})
    rig = await link_to(cabinet, {7: "asj10l", 20: "ascb1"})
    issue = the_issue(rig, 20, Issue.TABLE_MISSING)
    assert issue is not None
    assert (issue.translation_placeholders or {})["device"] == "ascb1 20"
    assert rig.entities(20) == []
    found = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, rig.subentry(20).subentry_id), rig.entry.entry_id
    )
    assert found is not None
    assert found.model == "ASCB1"
    assert rig.state("sensor", 7, "Lg").state != "unavailable"

    hass.config_entries.async_remove_subentry(rig.entry, rig.subentry(20).subentry_id)
    await hass.async_block_till_done()
    assert not [entry for domain, entry in ir.async_get(hass).issues if domain == DOMAIN]


async def test_a_wrong_device_is_mended_by_looking_again(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({8: "aim-r100"})
    cabinet.set_scenario("wrong_model", 8)
    rig = await link_to(cabinet)
    issue = the_issue(rig, 8, Issue.WRONG_DEVICE)
    assert issue is not None
    assert (await submit(hass, hass_client, issue))["reason"] == "still_there"
    assert the_issue(rig, 8, Issue.WRONG_DEVICE) is not None

    cabinet.set_scenario("normal", 8)
    assert (await submit(hass, hass_client, issue))["type"] == "create_entry"
    assert the_issue(rig, 8, Issue.WRONG_DEVICE) is None
    assert rig.state("sensor", 8, "Lg").state != "unavailable"


async def test_a_dead_meter_behind_its_gateway_is_no_wrong_device(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({8: "aim-r100"})
    cabinet.set_scenario("dead", 8)
    rig = await link_to(cabinet)
    issue = the_issue(rig, 8, Issue.DEAD_METER)
    assert issue is not None
    assert the_issue(rig, 8, Issue.WRONG_DEVICE) is None
    assert rig.state("sensor", 8, "Lg").state == "unavailable"
    assert (await submit(hass, hass_client, issue))["reason"] == "still_there"
    assert the_issue(rig, 8, Issue.DEAD_METER) is not None

    cabinet.set_scenario("normal", 8)
    await until_issue(hass, issue.issue_id, is_there=False)
    await rig.until(rig.state("sensor", 8, "Lg").entity_id, is_not("unavailable"))


async def test_a_broken_model_file_is_named_and_mended(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    cabinet_of: CabinetMaker,
    link_to: LinkMaker,
    tmp_path: Path,
) -> None:
    hass.config.config_dir = str(tmp_path)
    folder = tmp_path / "acrel_safety" / "models"
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text(BROKEN, "utf-8")
    cabinet = await cabinet_of({7: "asj10l", 5: "ddsy1352"})
    rig = await link_to(cabinet, {7: "asj10l", 5: "mine"})
    issue = the_issue(rig, 5, Issue.MODEL_FILE_BROKEN)
    assert issue is not None
    placeholders = issue.translation_placeholders or {}
    assert placeholders["file"] == "mine.toml"
    assert "12: " in placeholders["problems"]
    assert rig.state("sensor", 7, "Lg").state != "unavailable"

    (folder / "mine.toml").write_text(MENDED, "utf-8")
    await submit(hass, hass_client, issue)
    assert the_issue(rig, 5, Issue.MODEL_FILE_BROKEN) is None
    assert rig.entity_id("sensor", 5, "Ua") is not None

    # Entities outlive a file that is broken or gone: they come back with it, with their history.
    (folder / "mine.toml").unlink()
    await rig.reload()
    assert the_issue(rig, 5, Issue.MODEL_FILE_MISSING) is not None
    assert rig.entity_id("sensor", 5, "Ua") is not None


async def test_removing_a_link_withdraws_its_issues(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({7: "asj10l"})
    entry = link_entry(cabinet, [device(20, "ascb1")])
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    assert [domain for domain, _ in ir.async_get(hass).issues if domain == DOMAIN]
    await hass.config_entries.async_remove(entry.entry_id)
    assert not [domain for domain, _ in ir.async_get(hass).issues if domain == DOMAIN]


async def test_disabling_a_link_withdraws_its_issues_until_it_is_enabled(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    rig = await link_to(await cabinet_of({7: "asj10l"}), {7: "asj10l", 20: "ascb1"})
    assert the_issue(rig, 20, Issue.TABLE_MISSING) is not None
    await hass.config_entries.async_set_disabled_by(rig.entry.entry_id, ConfigEntryDisabler.USER)
    assert the_issue(rig, 20, Issue.TABLE_MISSING) is None
    await hass.config_entries.async_set_disabled_by(rig.entry.entry_id, None)
    assert the_issue(rig, 20, Issue.TABLE_MISSING) is not None


async def test_a_mended_file_is_no_issue_even_while_the_device_is_silent(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    cabinet_of: CabinetMaker,
    link_to: LinkMaker,
    tmp_path: Path,
) -> None:
    hass.config.config_dir = str(tmp_path)
    folder = tmp_path / "acrel_safety" / "models"
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text(BROKEN, "utf-8")
    cabinet = await cabinet_of({5: "ddsy1352"})
    cabinet.set_scenario("silent", 5)
    rig = await link_to(cabinet, {5: "mine"})
    issue = the_issue(rig, 5, Issue.MODEL_FILE_BROKEN)
    assert issue is not None
    (folder / "mine.toml").write_text(MENDED, "utf-8")
    assert (await submit(hass, hass_client, issue))["type"] == "create_entry"
    assert the_issue(rig, 5, Issue.MODEL_FILE_BROKEN) is None


# -- system health -------------------------------------------------------------------------------------------------


async def test_system_health_counts_links_and_devices(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({7: "asj10l", 8: "aim-r100", 9: "aim-m10"})
    cabinet.set_scenario("silent", 9)
    rig = await link_to(cabinet, intervals=QUICK)
    registry, identifier = dr.async_get(hass), (DOMAIN, rig.subentry(8).subentry_id)
    disabled = registry.async_get_device_by_identifier(identifier, rig.entry.entry_id)
    assert disabled is not None
    registry.async_update_device(disabled.id, disabled_by=dr.DeviceEntryDisabler.USER)
    await rig.reload()
    await rig.until("sensor.asj10l_7_residual_current", is_not("unavailable"))
    assert await async_setup_component(hass, "system_health", {})
    await hass.async_block_till_done()
    info = await get_system_health_info(hass, DOMAIN)
    found = {key: await value if asyncio.iscoroutine(value) else value for key, value in info.items()}
    assert found["links"] == "1/1"
    assert found["devices_answering"] == "1/2"
    assert found["library_version"] == "0.1.0"
    assert set(found) == {"busiest_line", "devices_answering", "library_version", "links", "polls_left_out"}
