"""Automations that wait for alarms, in a real Home Assistant: what fires, what it says, and what a button does."""

from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from homeassistant.auth.const import GROUP_ID_READ_ONLY
from homeassistant.core import Context, Event, HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockUser, async_fire_time_changed

from custom_components.acrel_safety.buttonseal import sealed
from tests.integration.alarm_rigs import SAFETY, Fired, act, context_of, leak, leaky, recorded, safety_of
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.rigs import QUICK, LinkRig, is_now


@pytest.fixture
async def rig(cabinet_of: CabinetMaker, link_to: LinkMaker) -> LinkRig:
    """Return a link with an ADW300 that has a limit of 300 mA."""
    return await leaky(cabinet_of, link_to)


@pytest.fixture
async def owner(hass_admin_user: MockUser) -> Context:
    """Return the context of an administrator."""
    return Context(user_id=hass_admin_user.id)


@pytest.fixture
async def fired(hass: HomeAssistant) -> AsyncGenerator[Fired]:
    """Return what automations of a test were given."""
    found = Fired(hass)
    yield found
    await found.end()


async def test_an_alarm_that_comes_is_told_with_board_value_and_limit(rig: LinkRig, fired: Fired) -> None:
    await fired.automate({"trigger": "acrel_safety.alarm_raised", "options": {"level": ["alarm"]}})
    await leak(rig)
    told = await fired.next()
    assert (told["board"], told["level"], told["value"], told["limit"], told["already_active"]) == (
        "adw300 1", "alarm", 600, 300, False
    )  # fmt: skip
    assert told["title"] == "Alarm: adw300 1"
    assert told["message"].startswith("Residual current above the limit: 600 mA, limit 300 mA (since 20")
    assert told["entity_id"] == SAFETY
    rig.cabinet.units[1].hold("Lg", 900)
    await rig.until(SAFETY, lambda state: state.attributes["value"] == 900)
    assert fired.waiting() == 0


async def test_an_alarm_that_is_on_already_is_told_when_an_automation_is_loaded(rig: LinkRig, fired: Fired) -> None:
    await leak(rig)
    await fired.automate({"trigger": "acrel_safety.alarm_raised"})
    told = await fired.next()
    assert (told["board"], told["already_active"]) == ("adw300 1", True)
    await rig.reload()
    await rig.until(SAFETY, is_now("alarm"))
    assert fired.waiting() == 0


async def test_what_is_on_already_is_left_out_where_that_was_asked_for(rig: LinkRig, fired: Fired) -> None:
    await leak(rig)
    await fired.automate({"trigger": "acrel_safety.alarm_raised", "options": {"include_active": False}})
    assert fired.waiting() == 0


async def test_an_alarm_of_before_is_told_when_its_device_comes_after_the_automation(
    rig: LinkRig, fired: Fired
) -> None:
    await leak(rig)
    await rig.hass.config_entries.async_unload(rig.entry.entry_id)
    await fired.automate({"trigger": "acrel_safety.alarm_raised"})
    assert fired.waiting() == 0
    await rig.hass.config_entries.async_setup(rig.entry.entry_id)
    assert (await fired.next())["already_active"] is True


async def test_only_the_levels_and_places_that_were_asked_for_are_told(
    cabinet_of: CabinetMaker, link_to: LinkMaker, fired: Fired
) -> None:
    cabinet = await cabinet_of({8: "aim-r100"})
    rig = await link_to(cabinet, intervals=QUICK)
    second, third = (safety_of(rig, 8, circuit) for circuit in "23")
    await rig.until(third, is_now("safe"))
    await fired.automate({"trigger": "acrel_safety.alarm_raised", "target": {"entity_id": third}})
    await fired.automate(
        {"trigger": "acrel_safety.alarm_raised", "target": {"entity_id": second}, "options": {"level": ["alarm"]}}
    )
    cabinet.set_scenario("leak", 8, circuit="2")
    cabinet.advance(60)
    told = await fired.next()
    assert (told["title"], told["circuit_name"]) == ("Alarm: aim-r100 8 · Circuit 2", "Circuit 2")
    await rig.until(second, is_now("alarm"))
    assert fired.waiting() == 0


async def test_a_reminder_says_all_of_the_board_and_is_taken_back_when_somebody_acknowledged(
    rig: LinkRig, fired: Fired
) -> None:
    await fired.automate({"trigger": "acrel_safety.reminder_due"})
    await leak(rig)
    told = await fired.next()
    assert (told["reason"], told["count"], told["title"]) == ("raised", 1, "Alarm: adw300 1")
    assert told["app"]["url"] == f"/history?entity_id={SAFETY}"
    await act(rig, "acknowledge", context_of(rig.hass, "Wang Li"), entity_id=SAFETY)
    over = await fired.next()
    assert (over["reason"], over["app"]["tag"]) == ("over", told["app"]["tag"])


async def test_what_nobody_took_waits_for_an_automation(rig: LinkRig, fired: Fired) -> None:
    await leak(rig)
    await rig.hass.async_block_till_done()
    async_fire_time_changed(rig.hass, dt_util.utcnow() + timedelta(seconds=2))
    await fired.automate({"trigger": "acrel_safety.reminder_due"})
    told = await fired.next()
    assert (told["board"], told["message"].partition(",")[0]) == (
        "adw300 1",
        "Residual current above the limit: 600 mA",
    )


async def press(rig: LinkRig, action: str, context: Context) -> None:
    rig.hass.bus.async_fire("mobile_app_notification_action", {"action": action}, context=context)
    await rig.hass.async_block_till_done()


async def test_the_button_acknowledges_for_the_person_who_pressed_it(rig: LinkRig, fired: Fired) -> None:
    await fired.automate({"trigger": "acrel_safety.reminder_due"})
    await leak(rig)
    button = (await fired.next())["app"]["actions"][0]["action"]
    await press(rig, button, context_of(rig.hass, "Wang Li"))
    await rig.until(SAFETY, lambda state: state.attributes["state"] == "acknowledged")
    assert [entry["by"] for entry in recorded(rig, "acknowledge")] == ["Wang Li"]


async def test_a_button_of_nobody_of_a_guest_or_of_yesterday_acknowledges_nothing_and_says_so(
    rig: LinkRig, fired: Fired
) -> None:
    assert await async_setup_component(rig.hass, "persistent_notification", {})
    said: list[Event[Mapping[str, Any]]] = []
    rig.hass.bus.async_listen("call_service", said.append)
    await fired.automate({"trigger": "acrel_safety.reminder_due"})
    await leak(rig)
    button = (await fired.next())["app"]["actions"][0]["action"]
    await press(rig, button, Context())
    await press(rig, button, context_of(rig.hass, "Guest", GROUP_ID_READ_ONLY))
    await press(rig, sealed(rig.hass, "ACREL_ACK_", "0123456789ab"), context_of(rig.hass, "Wang Li"))
    assert recorded(rig, "acknowledge") == []
    texts = [event.data["service_data"]["message"] for event in said if event.data["service"] == "create"]
    assert ["persons" in texts[0], "not allowed" in texts[1], "is over" in texts[2]] == [True, True, True]
    assert len(texts) == 3


@pytest.mark.parametrize("level", ["alarm", "pre_alarm"])
async def test_in_quiet_hours_only_a_pre_alarm_waits_until_they_end(
    rig: LinkRig, fired: Fired, owner: Context, level: str
) -> None:
    now = dt_util.now()
    begin, end = now - timedelta(hours=1), now + timedelta(hours=1)
    quiet = {"quiet_from": begin.strftime("%H:%M:%S"), "quiet_to": end.strftime("%H:%M:%S")}
    await fired.automate({"trigger": "acrel_safety.reminder_due", "options": quiet})
    await rig.until(SAFETY, is_now("safe"))
    rig.cabinet.units[1].hold("Lg", 100)
    await act(rig, "set_limit", owner, entity_id=SAFETY, quantity="residual_current", level=level, limit=50)
    await rig.hass.async_block_till_done()
    await rig.until(SAFETY, is_now(level))
    if level == "pre_alarm":
        async_fire_time_changed(rig.hass, dt_util.utcnow() + timedelta(seconds=2))
        await rig.hass.async_block_till_done()
        assert fired.waiting() == 0
        async_fire_time_changed(rig.hass, end.astimezone(dt_util.UTC) + timedelta(seconds=1))
    assert (await fired.next())["level"] == level


async def test_conditions_ask_whether_an_alarm_stands_and_whether_all_is_safe(rig: LinkRig, fired: Fired) -> None:
    conditions: Mapping[str, Mapping[str, Any]] = {
        "stands": {"condition": "acrel_safety.alarm_stands", "options": {"level": ["alarm"]}},
        "graver": {"condition": "acrel_safety.alarm_stands", "options": {"level": ["trip"]}},
        "unknown": {
            "condition": "acrel_safety.alarm_stands",
            "target": {"entity_id": SAFETY},
            "options": {"unacknowledged": True},
        },
        "unsafe": {"condition": "acrel_safety.is_not_safe", "target": {"entity_id": SAFETY}},
        "nowhere": {"condition": "acrel_safety.is_not_safe", "target": {"entity_id": "sensor.not_ours"}},
        "anything": {"condition": "acrel_safety.is_not_safe"},
    }
    asked: Callable[[], Any] = await fired.ask(conditions)
    await rig.until(SAFETY, is_now("safe"))
    assert asked() == {"nowhere"}
    await leak(rig)
    assert asked() == {"stands", "unknown", "unsafe", "nowhere", "anything"}
    await act(rig, "acknowledge", context_of(rig.hass, "Wang Li"), entity_id=SAFETY)
    assert asked() == {"stands", "unsafe", "nowhere", "anything"}
    rig.cabinet.units[1].hold("Lg", 10)
    await rig.until(SAFETY, is_now("safe"))
    assert asked() == {"nowhere"}
    rig.cabinet.set_scenario("silent", 1)
    await rig.until(SAFETY, is_now("not_seen"))
    assert asked() >= {"unsafe", "anything"}


async def test_a_level_that_does_not_exist_is_refused(hass: HomeAssistant, fired: Fired) -> None:
    assert await async_setup_component(hass, "acrel_safety", {})
    await fired.automate({"trigger": "acrel_safety.alarm_raised", "options": {"level": ["catastrophe"]}})
    (state,) = hass.states.async_all("automation")
    assert state.state == "unavailable"
