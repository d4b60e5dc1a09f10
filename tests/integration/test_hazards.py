"""The hazard list, as a person works with it in a real Home Assistant."""

import asyncio
from datetime import timedelta
from typing import Any, cast

import pytest
from homeassistant.auth.const import GROUP_ID_ADMIN, GROUP_ID_READ_ONLY
from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.acrel_safety.const import DOMAIN
from custom_components.acrel_safety.desk import desk_of
from custom_components.acrel_safety.logged import RECORDED
from tests.integration.alarm_rigs import SAFETY, act, context_of, leak, leaky, recorded
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.rigs import QUICK, LinkRig, is_now, until_issue

LIST = "todo.cabinet_hazards"
_MONTHLY = {"entity_id": SAFETY, "kind": "inspection", "months": 1}


@pytest.fixture
async def rig(cabinet_of: CabinetMaker, link_to: LinkMaker) -> LinkRig:
    """Return a link with an ADW300 that has a limit of 300 mA."""
    return await leaky(cabinet_of, link_to)


@pytest.fixture
def person(hass: HomeAssistant) -> Context:
    """Return the context of a person who is no administrator."""
    return context_of(hass, "Wang Li")


async def hazards(rig: LinkRig) -> list[dict[str, Any]]:
    call = rig.hass.services.async_call
    answer = await call("todo", "get_items", {"entity_id": LIST}, blocking=True, return_response=True)
    assert answer is not None
    return cast("list[dict[str, Any]]", cast("dict[str, Any]", answer[LIST])["items"])


async def change(rig: LinkRig, context: Context, item: dict[str, Any], **data: object) -> None:
    call = rig.hass.services.async_call
    await call("todo", "update_item", {"entity_id": LIST, "item": item["uid"], **data}, blocking=True, context=context)


async def test_a_held_alarm_opens_a_hazard_and_ticking_it_acknowledges(rig: LinkRig, person: Context) -> None:
    await rig.until(LIST, is_now("0"))
    await leak(rig)
    await rig.until(LIST, is_now("1"))
    (item,) = await hazards(rig)
    assert (item["summary"], item["status"]) == ("adw300 1 · Residual current above the limit · #1", "needs_action")
    assert item["description"].startswith("Residual current above the limit: 600 mA, limit 300 mA (since ")
    await change(rig, person, item, status="completed")
    await rig.until(LIST, is_now("0"))
    assert [entry["by"] for entry in recorded(rig, "acknowledge")] == ["Wang Li"]
    (done,) = await hazards(rig)
    assert (done["status"], bool(done["completed"])) == ("completed", True)
    with pytest.raises(ServiceValidationError, match="stays so"):
        await change(rig, person, item, status="needs_action")
    # Whoever ticks it a moment later finds it done.
    await change(rig, person, item, status="completed")
    assert len(recorded(rig, "acknowledge")) == 1


async def test_what_was_acknowledged_elsewhere_is_done_here(rig: LinkRig, person: Context) -> None:
    await leak(rig)
    await rig.until(LIST, is_now("1"))
    await act(rig, "acknowledge", person, entity_id=SAFETY)
    await rig.until(LIST, is_now("0"))
    rig.cabinet.units[1].hold("Lg", 10)
    await rig.until(SAFETY, is_now("safe"))
    rig.cabinet.units[1].hold("Lg", 500)
    await rig.until(LIST, is_now("1"))
    assert [item["summary"].rpartition(" ")[2] for item in await hazards(rig)] == ["#2", "#1"]


async def test_nobody_without_the_right_ticks_and_no_automation(rig: LinkRig) -> None:
    await leak(rig)
    await rig.until(LIST, is_now("1"))
    (item,) = await hazards(rig)
    with pytest.raises(ServiceValidationError, match="are for persons"):
        await change(rig, Context(), item, status="completed", description="All is well")
    assert (await hazards(rig))[0]["description"] == item["description"]
    with pytest.raises(HomeAssistantError):
        await change(rig, context_of(rig.hass, "Guest", GROUP_ID_READ_ONLY), item, status="completed")
    assert [item["status"] for item in await hazards(rig)] == ["needs_action"]
    assert recorded(rig, "acknowledge") == []


async def test_no_automation_ticks_what_is_not_watched_any_more(
    hass: HomeAssistant, rig: LinkRig, person: Context
) -> None:
    await leak(rig)
    await rig.until(LIST, is_now("1"))
    (item,) = await hazards(rig)
    (device,) = [one for one in rig.devices() if (DOMAIN, rig.subentry(1).subentry_id) in one.identifiers]
    dr.async_get(hass).async_update_device(device.id, disabled_by=dr.DeviceEntryDisabler.USER)
    await rig.reload()
    with pytest.raises(ServiceValidationError, match="are for persons"):
        await change(rig, Context(), item, status="completed")
    assert [one["status"] for one in await hazards(rig)] == ["needs_action"]
    await change(rig, person, item, status="completed")
    assert [one["status"] for one in await hazards(rig)] == ["completed"]


async def test_a_test_that_failed_is_a_hazard_until_one_passes(rig: LinkRig, person: Context) -> None:
    test = {"entity_id": SAFETY, "kind": "self_test"}
    await act(rig, "record_test", person, **test, passed=False, comment="Did not trip")
    (item,) = await hazards(rig)
    assert (item["summary"], item["status"]) == ("adw300 1 · Self-test failed · #1", "needs_action")
    assert item["description"].splitlines()[1] == "Wang Li · Did not trip"
    await rig.reload()
    assert [one["status"] for one in await hazards(rig)] == ["needs_action"]
    await act(rig, "record_test", person, **test, passed=True)
    assert [one["status"] for one in await hazards(rig)] == ["completed"]


async def test_an_overdue_inspection_is_a_hazard_and_ticking_says_that_it_passed(rig: LinkRig, person: Context) -> None:
    await act(rig, "set_test_interval", context_of(rig.hass, "Owner", GROUP_ID_ADMIN), **_MONTHLY)
    morning = (dt_util.now() + timedelta(days=1)).replace(hour=10, minute=0, second=0, microsecond=500000)
    async_fire_time_changed(rig.hass, morning)
    await rig.hass.async_block_till_done()
    assert await hazards(rig) == []
    async_fire_time_changed(rig.hass, morning + timedelta(days=32))
    await rig.hass.async_block_till_done()
    (item,) = await hazards(rig)
    assert (item["summary"], item["status"]) == ("adw300 1 · Inspection overdue · #1", "needs_action")
    with pytest.raises(ServiceValidationError, match="are for persons"):
        await change(rig, Context(), item, status="completed")
    await change(rig, person, item, status="completed")
    assert [one["status"] for one in await hazards(rig)] == ["completed"]
    (test,) = recorded(rig, "test")
    assert (test["what"], test["passed"], test["by"]) == ("inspection", True, "Wang Li")


async def test_comments_and_due_dates_outlive_a_reload_and_are_recorded(rig: LinkRig, person: Context) -> None:
    await leak(rig)
    await rig.until(LIST, is_now("1"))
    (item,) = await hazards(rig)
    due = (dt_util.now().date() + timedelta(days=40)).isoformat()
    await change(rig, person, item, description="Electrician comes on Monday", due_date=due)
    with pytest.raises(ServiceValidationError, match="keeps its name"):
        await change(rig, person, item, rename="Kettle")
    with pytest.raises(ServiceValidationError, match="too long"):
        await change(rig, person, item, description="x" * 4001)
    await rig.reload()
    await rig.until(LIST, is_now("1"))
    (after,) = await hazards(rig)
    told, _, comment = after["description"].partition("\n")
    assert (after["uid"], comment, after["due"]) == (item["uid"], "Electrician comes on Monday", due)
    (note,) = recorded(rig, "note")
    assert (note["by"], note["comment"], note["due"]) == ("Wang Li", "Electrician comes on Monday", due)
    # What was told stays, whether a person sends it back or not.
    assert told == item["description"]
    await change(rig, person, item, description=f"{told}\nHe came")
    assert (await hazards(rig))[0]["description"] == f"{told}\nHe came"


async def test_an_overdue_hazard_raises_a_repair_until_somebody_saw_to_it(rig: LinkRig, person: Context) -> None:
    identifier = f"{rig.entry.entry_id}_hazards_overdue"
    await leak(rig)
    await rig.until(LIST, is_now("1"))
    (item,) = await hazards(rig)
    due = dt_util.now() + timedelta(hours=1)
    await change(rig, person, item, due_datetime=due.isoformat())
    issues = ir.async_get(rig.hass)
    assert issues.async_get_issue(DOMAIN, identifier) is None
    await change(rig, person, item, due_datetime=(due - timedelta(hours=2)).isoformat())
    issue = issues.async_get_issue(DOMAIN, identifier)
    assert issue is not None
    assert issue.translation_placeholders is not None
    assert "adw300 1 · Residual current above the limit" in issue.translation_placeholders["hazards"]
    await rig.reload()
    assert issues.async_get_issue(DOMAIN, identifier) is not None
    await rig.until(SAFETY, is_now("alarm"))
    await change(rig, person, item, status="completed")
    assert issues.async_get_issue(DOMAIN, identifier) is None


async def test_a_hazard_becomes_overdue_by_itself(rig: LinkRig, person: Context) -> None:
    identifier = f"{rig.entry.entry_id}_hazards_overdue"
    await leak(rig)
    await rig.until(LIST, is_now("1"))
    (item,) = await hazards(rig)
    due = dt_util.now() + timedelta(seconds=3)
    await change(rig, person, item, due_datetime=due.isoformat())
    if dt_util.now() < due:
        assert ir.async_get(rig.hass).async_get_issue(DOMAIN, identifier) is None
    await until_issue(rig.hass, identifier)
    assert dt_util.now() >= due


@pytest.mark.parametrize(
    "stored",
    [
        [],
        {"hazards": 7, "number": "x"},
        {"hazards": [None, {"occurrence": 1}, {"number": 1, "occurrence": "a", "alarm_id": "b"}], "number": 5},
        {
            "hazards": [
                {"number": 9, "occurrence": "a", "alarm_id": "b", "summary": "c", "description": "", "done": "?"}
            ]
        },
    ],
)
async def test_a_file_that_somebody_edited_keeps_no_alarm_from_the_list(
    rig: LinkRig, hass_storage: dict[str, Any], stored: object
) -> None:
    key = f"{DOMAIN}.{rig.entry.entry_id}.hazards"
    await rig.hass.config_entries.async_unload(rig.entry.entry_id)
    hass_storage[key] = {"version": 1, "minor_version": 1, "key": key, "data": stored}
    await rig.hass.config_entries.async_setup(rig.entry.entry_id)
    await leak(rig)
    await rig.until(LIST, is_now("1"))
    assert len(await hazards(rig)) == 1


async def test_what_is_measured_later_is_put_in_its_line_and_told_to_the_logbook(
    cabinet_of: CabinetMaker, link_to: LinkMaker, person: Context
) -> None:
    cabinet = await cabinet_of({8: "aim-r100"})
    unit = cabinet.units[8]
    # No current is as large as that: until it can be read the alarm has no value.
    unit.hold("Lg", 0xFFFF, "3")
    rig = await link_to(cabinet, intervals=QUICK)
    said = asyncio.Queue[str]()
    rig.hass.bus.async_listen(RECORDED, callback(lambda event: said.put_nowait(event.data["message"])))
    cabinet.set_scenario("leak", 8, circuit=3, ma=600)
    cabinet.advance(60)
    await rig.until(LIST, is_now("1"))
    (item,) = await hazards(rig)
    assert "mA" not in item["description"]
    await change(rig, person, item, description="Electrician comes on Monday")
    unit.release()
    async with asyncio.timeout(60):
        while not (line := await said.get()).startswith("measured"):
            assert "mA" not in line
    (item,) = await hazards(rig)
    told, _, comment = item["description"].partition("\n")
    assert comment == "Electrician comes on Monday"
    assert told.startswith(f"{line.removeprefix('measured: ')} (since ")
    assert line.endswith("600 mA, limit 300 mA")
    await desk_of(rig.hass).record.async_written()
    assert [one["value"] for one in recorded(rig, "alarm") if one["what"] == "measured"] == [600]
