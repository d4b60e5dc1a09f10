"""A device that measures a leak and has neither alarm nor limit: its owner is told, and one click watches it."""

from pathlib import Path
from typing import Any

import pytest
from homeassistant.auth.const import GROUP_ID_ADMIN
from homeassistant.components.repairs import repairs_flow_manager
from homeassistant.components.repairs.issue_handler import RepairsFlowManager
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component

from custom_components.acrel_safety.const import DOMAIN, MODEL_FOLDER
from custom_components.acrel_safety.issues import Issue, issue_id
from tests.integration.alarm_rigs import act, context_of, recorded, safety_of
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.rigs import QUICK, LinkRig, is_now, until_issue

LINK_SAFETY = "sensor.cabinet_safety"


def issue_of(rig: LinkRig, unit_id: int) -> str:
    return issue_id(rig.entry, rig.subentry(unit_id), Issue.UNWATCHED)


async def fix(rig: LinkRig, unit_id: int) -> tuple[RepairsFlowManager, Any]:
    """Open the repair of a unit."""
    assert await async_setup_component(rig.hass, "repairs", {})
    manager = repairs_flow_manager(rig.hass)
    assert manager is not None
    return manager, await manager.async_init(DOMAIN, data={"issue_id": issue_of(rig, unit_id)})


async def test_one_click_sets_the_usual_limits_and_a_leak_is_an_alarm_from_then_on(
    cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({1: "adw300", 10: "ard2f"})
    rig = await link_to(cabinet, intervals=QUICK)
    issues = ir.async_get(rig.hass)
    assert issues.async_get_issue(DOMAIN, issue_of(rig, 10)) is not None
    assert issues.async_get_issue(DOMAIN, issue_of(rig, 1)) is None, "it has alarms of its own"
    await rig.until(LINK_SAFETY, is_now("not_seen"))
    manager, shown = await fix(rig, 10)
    limits = shown["description_placeholders"]["limits"].replace("\\", "")
    assert limits.splitlines() == ["- Pre-alarm: Residual current: 150 mA", "- Alarm: Residual current: 300 mA"]
    assert (await manager.async_configure(shown["flow_id"], {}))["type"] == "create_entry"
    await rig.hass.async_block_till_done()
    assert issues.async_get_issue(DOMAIN, issue_of(rig, 10)) is None
    assert [(one.get("level"), one["limit"]) for one in recorded(rig, "limit")] == [("pre_alarm", 150), (None, 300)]
    await rig.until(LINK_SAFETY, is_now("safe"))
    cabinet.units[10].hold("Lg", 600)
    state = await rig.until(safety_of(rig, 10), is_now("alarm"))
    assert (state.attributes["value"], state.attributes["limit"]) == (600, 300)


MODEL = """\
[model]
id = "mine"
name = "Mine"
title = { en = "My meter" }
evidence = "manual"
source = "my manual"

[[circuits]]
numbers = "1"

[circuits.points]
Ia = { at = 0x001A, scale = 0.01 }
Lg = { at = 0x01C1, range = [0, 60000] }
TempA = { at = 0x0164, type = "s16", scale = 0.1 }
"""


@pytest.mark.parametrize(("given", "watched"), [({}, set()), ({"rated_current": 630}, {90.0, 110.0})])
async def test_with_the_rated_current_the_load_is_watched_too(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, given: dict[str, float], watched: set[float]
) -> None:
    hass.config.language = "zh-Hans"
    keep_model(Path(hass.config.path(MODEL_FOLDER)))
    rig = await link_to(await cabinet_of({1: "adw300"}), {1: "mine"}, intervals=QUICK)
    manager, shown = await fix(rig, 1)
    assert shown["description_placeholders"]["limits"].splitlines() == [
        "- 预警：剩余电流：150 mA", "- 报警：剩余电流：300 mA", "- 预警：温度：70 °C", "- 报警：温度：80 °C"
    ]  # fmt: skip
    await manager.async_configure(shown["flow_id"], given)
    await hass.async_block_till_done()
    limits = rig.subentry(1).data["limits"].values()
    assert {one["limit"] for one in limits if one.get("of") == "rating"} == watched
    assert {one["family"] for one in limits} >= {"residual_current", "temperature"}
    await rig.until(safety_of(rig, 1), is_now("safe"))


def keep_model(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text(MODEL, "utf-8")


async def test_where_nothing_can_be_read_the_owner_is_told_what_is_missing(
    cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    rig = await link_to(await cabinet_of({11: "arcm300"}), intervals=QUICK)
    issue = ir.async_get(rig.hass).async_get_issue(DOMAIN, issue_of(rig, 11))
    assert issue is not None
    assert (issue.translation_key, issue.is_fixable) == ("unwatched_unreadable", False)
    await rig.until(LINK_SAFETY, is_now("not_seen"))


async def test_it_is_asked_again_when_the_limit_is_taken_away(cabinet_of: CabinetMaker, link_to: LinkMaker) -> None:
    rig = await link_to(await cabinet_of({10: "ard2f"}), intervals=QUICK)
    chief, limit = context_of(rig.hass, "Chief", GROUP_ID_ADMIN), {"quantity": "residual_current"}
    await act(rig, "set_limit", chief, entity_id=LINK_SAFETY, **limit, limit=300)
    await until_issue(rig.hass, issue_of(rig, 10), is_there=False)
    await rig.hass.async_block_till_done()
    await act(rig, "set_limit", chief, entity_id=LINK_SAFETY, **limit)
    await until_issue(rig.hass, issue_of(rig, 10))
