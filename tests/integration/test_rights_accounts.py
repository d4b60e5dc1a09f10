"""An account that was switched off: nobody logs in with it, but the phone that was registered with it still sends."""

from typing import Any

import pytest
from homeassistant.auth.const import GROUP_ID_ADMIN
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import Unauthorized
from homeassistant.setup import async_setup_component

from tests.integration.alarm_rigs import SAFETY, Fired, act, context_of, leak, leaky, recorded
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.rigs import is_now

APP_EVENT = "mobile_app_notification_action"


async def former(hass: HomeAssistant) -> Context:
    """Return the context of an administrator whose account is off."""
    context = context_of(hass, "Frank", GROUP_ID_ADMIN)
    user = await hass.auth.async_get_user(context.user_id or "")
    assert user is not None
    await hass.auth.async_update_user(user, is_active=False)
    return context


async def test_it_acknowledges_ticks_and_records_nothing(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    assert await async_setup_component(hass, "persistent_notification", {})
    fired = Fired(hass)
    rig = await leaky(cabinet_of, link_to)
    await fired.automate({"trigger": "acrel_safety.reminder_due"})
    await leak(rig)
    await rig.until("todo.cabinet_hazards", is_now("1"))
    frank = await former(hass)
    tried: dict[str, dict[str, Any]] = {
        "acknowledge": {},
        "silence": {},
        "reset": {},
        "shelve": {"duration": {"minutes": 1}},
        "unshelve": {},
        "take_out_of_service": {},
        "put_back_in_service": {},
        "record_test": {"kind": "self_test", "passed": True},
        "set_test_interval": {"kind": "self_test", "months": 1},
        "set_limit": {"quantity": "current", "limit": 20},
    }
    for action, data in tried.items():
        with pytest.raises(Unauthorized):
            await act(rig, action, frank, entity_id=SAFETY, **data)
    call = hass.services.async_call
    listed: Any = await call(
        "todo", "get_items", {"entity_id": "todo.cabinet_hazards"}, blocking=True, return_response=True
    )
    (item,) = listed["todo.cabinet_hazards"]["items"]
    data = {"entity_id": "todo.cabinet_hazards", "item": item["uid"], "status": "completed"}
    with pytest.raises(Unauthorized):
        await call("todo", "update_item", data, blocking=True, context=frank)
    button = (await fired.next())["app"]["actions"][0]["action"]
    hass.bus.async_fire(APP_EVENT, {"action": button}, context=frank)
    await hass.async_block_till_done()
    assert [recorded(rig, kind) for kind in ("acknowledge", "silence", "test", "note", "setting", "limit")] == [[]] * 6
    hass.bus.async_fire(APP_EVENT, {"action": button}, context=context_of(hass, "Anna", GROUP_ID_ADMIN))
    await hass.async_block_till_done()
    assert [entry["by"] for entry in recorded(rig, "acknowledge")] == ["Anna"]
    await fired.end()
