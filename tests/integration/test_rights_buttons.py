"""Buttons that somebody else made: whoever presses one in good faith has done nothing."""

from collections.abc import AsyncGenerator
from typing import Any, cast

import pytest
from homeassistant.auth.const import GROUP_ID_ADMIN
from homeassistant.core import Context, Event, HomeAssistant
from homeassistant.setup import async_setup_component

from custom_components.acrel_safety.const import DOMAIN
from tests.integration.alarm_rigs import Fired, context_of, leak, leaky, recorded
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.rigs import LinkRig

APP_EVENT = "mobile_app_notification_action"


@pytest.fixture
async def rig(hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker) -> LinkRig:
    """Return a link with an ADW300 that has a limit of 300 mA, where something can be said."""
    assert await async_setup_component(hass, "persistent_notification", {})
    return await leaky(cabinet_of, link_to)


@pytest.fixture
async def fired(hass: HomeAssistant) -> AsyncGenerator[Fired]:
    """Return automations; they end with the test."""
    found = Fired(hass)
    yield found
    await found.end()


async def press(rig: LinkRig, action: str, context: Context) -> None:
    rig.hass.bus.async_fire(APP_EVENT, {"action": action}, context=context)
    await rig.hass.async_block_till_done()


async def test_what_is_reckoned_from_the_list_of_alarms_is_no_button(rig: LinkRig) -> None:
    said: list[Event[Any]] = []
    rig.hass.bus.async_listen("call_service", said.append)
    anna = context_of(rig.hass, "Anna", GROUP_ID_ADMIN)
    await leak(rig)
    call = rig.hass.services.async_call
    listed = cast("Any", await call(DOMAIN, "list_alarms", {}, blocking=True, return_response=True))
    occurrence = listed["alarms"][0]["occurrence"]
    identity = rig.subentry(1).subentry_id
    seal = "0" * 32
    forged = (occurrence, f"{seal}_{occurrence}", f"_{occurrence}", f"é_{occurrence}", "")
    for action in forged:
        await press(rig, f"ACREL_ACK_{action}", anna)
    for action in (f"PASSED_{identity}_self_test", f"{seal}_PASSED_{identity}_self_test"):
        await press(rig, f"ACREL_TEST_{action}", anna)
    assert recorded(rig, "acknowledge") == recorded(rig, "test") == []
    texts = [event.data["service_data"]["message"] for event in said if event.data["service"] == "create"]
    assert ["not made here" in text for text in texts] == [True] * 7


async def test_the_seal_of_one_alarm_is_none_of_another_nor_of_a_test(rig: LinkRig, fired: Fired) -> None:
    anna = context_of(rig.hass, "Anna", GROUP_ID_ADMIN)
    await fired.automate({"trigger": "acrel_safety.reminder_due"})
    await leak(rig)
    action = (await fired.next())["app"]["actions"][0]["action"]
    seal, _, occurrence = action.removeprefix("ACREL_ACK_").partition("_")
    await press(rig, f"ACREL_TEST_{seal}_PASSED_{rig.subentry(1).subentry_id}_self_test", anna)
    await press(rig, f"ACREL_ACK_{seal}_{occurrence}_{occurrence}", anna)
    assert recorded(rig, "acknowledge") == recorded(rig, "test") == []
    await press(rig, action, anna)
    assert [entry["by"] for entry in recorded(rig, "acknowledge")] == ["Anna"]


async def test_a_button_that_was_sent_before_a_restart_still_works_after_it(
    rig: LinkRig, fired: Fired, hass_storage: dict[str, Any]
) -> None:
    await fired.automate({"trigger": "acrel_safety.reminder_due"})
    await leak(rig)
    action = (await fired.next())["app"]["actions"][0]["action"]
    key = hass_storage["acrel_safety.buttons"]["data"]["key"]
    assert len(bytes.fromhex(key)) == 32
    assert key not in action
    # What a start of Home Assistant does: the integration as such is set up anew, from what was kept.
    rig.hass.data.pop("acrel_safety.button_key")
    rig.hass.config.components.remove(DOMAIN)
    assert await async_setup_component(rig.hass, DOMAIN, {})
    await press(rig, action, context_of(rig.hass, "Anna", GROUP_ID_ADMIN))
    assert {entry["by"] for entry in recorded(rig, "acknowledge")} == {"Anna"}
