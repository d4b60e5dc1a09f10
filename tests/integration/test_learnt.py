"""What devices taught: kept over a restart, shown in diagnostics, and told when it is an alarm that cannot be read."""

import json
from pathlib import Path
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from custom_components.acrel_safety.aioacrel import unread
from custom_components.acrel_safety.const import DOMAIN
from custom_components.acrel_safety.issues import Issue, issue_id
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.rigs import LinkRig

UNIT, MODEL = 8, "aim-r100"
MINE = """\
[model]
id = "mine"
name = "Mine"
title = { en = "Mine" }
evidence = "imported"
source = "typed by hand"

[[circuits]]
numbers = "1"

[circuits.points]
"DOC_Trip time" = { at = 0x0008 }
Lg = { at = 0x004A }
ULow = { at = 0x0049, type = "bit", bit = 0 }
UHigh = { at = 0x0061, type = "bit", bit = 0 }
"""


def key_of(rig: LinkRig) -> str:
    return f"{DOMAIN}.{rig.entry.entry_id}.learnt"


def unread_issue(hass: HomeAssistant, rig: LinkRig) -> ir.IssueEntry | None:
    """Return the repair about alarms that cannot be read."""
    identifier = issue_id(rig.entry, rig.subentry(UNIT), Issue.ALARMS_UNREAD)
    return ir.async_get(hass).async_get_issue(DOMAIN, identifier)


def learnt(rig: LinkRig) -> dict[str, Any]:
    """Return what diagnostics show of it."""
    source = rig.entry.runtime_data.coordinators[rig.subentry(UNIT).subentry_id].source
    details: dict[str, Any] = dict(source.details())
    found: dict[str, Any] = details["learnt"]
    return found


@pytest.mark.parametrize("model", [MODEL, "another"])
async def test_what_a_device_taught_is_kept_over_a_restart_for_its_model(
    hass: HomeAssistant, hass_storage: dict[str, Any], cabinet_of: CabinetMaker, link_to: LinkMaker, model: str
) -> None:
    cabinet = await cabinet_of({UNIT: MODEL})
    rig = await link_to(cabinet)
    await hass.config_entries.async_unload(rig.entry.entry_id)
    device = hass_storage[key_of(rig)]["data"][rig.subentry(UNIT).subentry_id]
    assert (device["model"], device["learnt"]["crossed"]) == (MODEL, [])
    device["model"] = model
    device["learnt"] = {"crossed": [[0x08, 0x0B]], "closed": [[0x48, 0x4A, 5000.0]], "longest": 48}
    cabinet.set_scenario("filled", UNIT)
    await hass.config_entries.async_setup(rig.entry.entry_id)
    await hass.async_block_till_done()
    is_kept = model == MODEL
    assert ("0009-000A" in learnt(rig)["read_through"]) == is_kept
    assert (3000 < learnt(rig)["not_read_through"].get("0049-0049", 0) <= 5000) == is_kept


@pytest.mark.parametrize("stored", [None, [], {"SUB": 1}, {"SUB": {"model": MODEL, "at": "x", "learnt": {}}}, "x"])
async def test_a_damaged_file_is_no_reason_not_to_start(
    hass: HomeAssistant, hass_storage: dict[str, Any], cabinet_of: CabinetMaker, link_to: LinkMaker, stored: object
) -> None:
    cabinet = await cabinet_of({UNIT: MODEL})
    rig = await link_to(cabinet)
    await hass.config_entries.async_unload(rig.entry.entry_id)
    text = json.dumps(stored).replace("SUB", rig.subentry(UNIT).subentry_id)
    hass_storage[key_of(rig)] = {**hass_storage[key_of(rig)], "data": json.loads(text)}
    await hass.config_entries.async_setup(rig.entry.entry_id)
    await hass.async_block_till_done()
    assert rig.state("sensor", UNIT, "Lg").state != "unavailable"
    await hass.config_entries.async_remove(rig.entry.entry_id)
    assert key_of(rig) not in hass_storage


async def test_an_alarm_that_cannot_be_read_is_told_by_name_until_it_is_read(
    hass: HomeAssistant,
    cabinet_of: CabinetMaker,
    link_to: LinkMaker,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unread, "LASTING_SECONDS", 0.0)
    hass.config.config_dir = str(tmp_path)
    folder = tmp_path / "acrel_safety" / "models"
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text(MINE, "utf-8")
    cabinet = await cabinet_of({UNIT: MODEL})
    rig = await link_to(cabinet, {UNIT: "mine"})
    issue = unread_issue(hass, rig)
    assert issue is not None
    assert (issue.translation_placeholders or {})["alarms"] == "- Under-voltage"
    assert rig.state("binary_sensor", UNIT, "ULow").state == "unknown"
    assert rig.state("binary_sensor", UNIT, "UHigh").state in ("on", "off")
    assert learnt(rig)["declined"]["ULow@1"]["code"] == 2

    cabinet.units[UNIT].device.registers.define(0x49)
    await hass.config_entries.async_reload(rig.entry.entry_id)
    await hass.async_block_till_done()
    assert rig.state("binary_sensor", UNIT, "ULow").state == "off"
    assert unread_issue(hass, rig) is None
