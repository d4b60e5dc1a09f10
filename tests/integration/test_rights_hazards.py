"""Who changes a hazard, and with what: nobody in another's name, and nothing that the record does not take."""

from datetime import timedelta
from typing import Any, cast

import pytest
from homeassistant.auth.const import GROUP_ID_READ_ONLY

# Listed as exported from 2026.11 on.
from homeassistant.components.todo import TodoItem, TodoItemStatus  # type: ignore[attr-defined, unused-ignore]
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.storage import Store
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.acrel_safety.const import DOMAIN
from tests.integration.alarm_rigs import SAFETY, act, context_of, leak, leaky, recorded
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.rigs import LinkRig, is_now

LIST = "todo.cabinet_hazards"


@pytest.fixture
async def rig(cabinet_of: CabinetMaker, link_to: LinkMaker) -> LinkRig:
    """Return a link with a hazard in its list."""
    rig = await leaky(cabinet_of, link_to)
    await leak(rig)
    await rig.until(LIST, is_now("1"))
    return rig


@pytest.fixture
def person(hass: HomeAssistant) -> Context:
    """Return the context of a person who is no administrator."""
    return context_of(hass, "Wang Li")


async def hazard(rig: LinkRig, context: Context | None = None) -> dict[str, Any]:
    call = rig.hass.services.async_call
    answer = await call("todo", "get_items", {"entity_id": LIST}, blocking=True, return_response=True, context=context)
    assert answer is not None
    (item,) = cast("dict[str, Any]", answer[LIST])["items"]
    return cast("dict[str, Any]", item)


async def change(rig: LinkRig, context: Context, **data: object) -> None:
    item = await hazard(rig)
    call = rig.hass.services.async_call
    await call("todo", "update_item", {"entity_id": LIST, "item": item["uid"], **data}, blocking=True, context=context)


async def test_a_voice_assistant_ticks_nothing_in_the_name_of_whoever_used_the_list_last(
    rig: LinkRig, person: Context, hass_client: ClientSessionGenerator
) -> None:
    for component in ("homeassistant", "http", "conversation", "intent"):
        assert await async_setup_component(rig.hass, component, {})
    user = await rig.hass.auth.async_get_user(context_of(rig.hass, "Guest", GROUP_ID_READ_ONLY).user_id or "")
    assert user is not None
    refresh = await rig.hass.auth.async_create_refresh_token(user, "https://example.com/app")
    client = await hass_client(rig.hass.auth.async_create_access_token(refresh))
    item = await hazard(rig, person)
    said = {"name": "HassListCompleteItem", "data": {"item": item["uid"], "name": "Cabinet Hazards"}}
    await client.post("/api/intent/handle", json=said)
    await rig.hass.async_block_till_done()
    assert recorded(rig, "acknowledge") == []
    assert (await hazard(rig))["status"] == "needs_action"
    await change(rig, person, status="completed")
    assert [entry["by"] for entry in recorded(rig, "acknowledge")] == ["Wang Li"]


@pytest.mark.parametrize("years", [-2, 11, 7900])
async def test_a_due_date_that_nobody_can_mean_is_refused(rig: LinkRig, person: Context, years: int) -> None:
    day = dt_util.now().date()
    due = day.replace(year=min(9999, day.year + years), month=12, day=31)
    with pytest.raises(ServiceValidationError, match="due date"):
        await change(rig, person, due_date=due.isoformat())
    assert "due" not in await hazard(rig)
    assert recorded(rig, "note") == []


@pytest.mark.parametrize("due", ["9999-12-31", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00", "never"])
async def test_a_hazard_outlives_a_due_date_that_no_clock_reckons(rig: LinkRig, due: str) -> None:
    await rig.hass.config_entries.async_unload(rig.entry.entry_id)
    store = Store[dict[str, Any]](rig.hass, 1, f"{DOMAIN}.{rig.entry.entry_id}.hazards")
    kept = await store.async_load()
    assert kept is not None
    kept["hazards"][0]["due"] = due
    await store.async_save(kept)
    assert await rig.hass.config_entries.async_setup(rig.entry.entry_id)
    await rig.until(LIST, is_now("1"))
    assert "due" not in await hazard(rig)


@pytest.mark.parametrize("text", ["检" * 2700, "\U0001f600" * 2100, "\x01" * 1400], ids=["Chinese", "emoji", "control"])
async def test_no_comment_is_kept_that_the_record_does_not_take(rig: LinkRig, person: Context, text: str) -> None:
    before = await hazard(rig)
    with pytest.raises(ServiceValidationError, match="too long"):
        await change(rig, person, description=text, status="completed")
    assert await hazard(rig) == before
    assert recorded(rig, "acknowledge") == recorded(rig, "note") == []
    await change(rig, person, description="检" * 2000)
    assert [entry["comment"] for entry in recorded(rig, "note")] == ["检" * 2000]


@pytest.mark.parametrize(
    "text", ["\x01" * 1000, "\x00" * 1000, '"' * 1000, "\U0001f600" * 1000], ids=["control", "nul", "quotes", "emoji"]
)
async def test_an_acknowledgement_is_recorded_whatever_its_comment_is_made_of(
    rig: LinkRig, person: Context, text: str
) -> None:
    name = "N" * 4000
    user = await rig.hass.auth.async_get_user(person.user_id or "")
    assert user is not None
    await rig.hass.auth.async_update_user(user, name=name)
    await act(rig, "acknowledge", person, entity_id=SAFETY, comment=text)
    (entry,) = recorded(rig, "acknowledge")
    assert entry["comment"].removesuffix("…") == text[: len(entry["comment"].removesuffix("…"))]
    assert entry["by"].startswith("NNN")
    assert len(entry["comment"]) >= 100


async def test_who_may_not_act_on_the_alarm_changes_no_comment_and_no_due_date(rig: LinkRig, person: Context) -> None:
    due = (dt_util.now().date() - timedelta(days=3)).isoformat()
    await change(rig, person, description="Wet cellar: do not switch on", due_date=due)
    before = await hazard(rig)
    with pytest.raises(ServiceValidationError, match="are for persons"):
        await change(rig, Context(), description="All is well")
    with pytest.raises(ServiceValidationError, match="are for persons"):
        await change(rig, Context(), due_date=None)
    with pytest.raises(HomeAssistantError):
        await change(rig, context_of(rig.hass, "Guest", GROUP_ID_READ_ONLY), due_date=None)
    assert await hazard(rig) == before
    assert [entry["by"] for entry in recorded(rig, "note")] == ["Wang Li"]


async def test_the_list_itself_does_nothing_for_a_call_without_anybody(rig: LinkRig, person: Context) -> None:
    item = await hazard(rig, person)
    entity = rig.hass.data["entity_components"]["todo"].get_entity(LIST)
    assert entity is not None
    asked = TodoItem(uid=item["uid"], summary=item["summary"], status=TodoItemStatus.COMPLETED)
    with pytest.raises(ServiceValidationError, match="cannot be told"):
        await cast("Any", entity).async_update_todo_item(asked)
    assert recorded(rig, "acknowledge") == []
