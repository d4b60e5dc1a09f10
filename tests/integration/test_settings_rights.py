"""Who changes a setting needs the right to it, by whatever path, until the very moment of the act."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockUser
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator, WebSocketGenerator

from custom_components.acrel_safety.aioacrel.device import Device
from custom_components.acrel_safety.aioacrel.journal.entry import Kind
from custom_components.acrel_safety.desk import desk_of
from tests.integration.alarm_rigs import recorded
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.control_rigs import administrator, reader, user
from tests.integration.flows import change_device
from tests.integration.rigs import LinkRig

UNIT, CODE = 8, "LgHighVal02"
GIVEN: Mapping[str, Any] = {"rights": {"administrators": ["settings"]}}


async def put_down(link: LinkRig) -> list[tuple[str, str, object]]:
    """Return what the record says of settings: what became of it, by whom, the value."""
    await desk_of(link.hass).record.async_written()
    entries = [entry for entry in recorded(link, Kind.SETTING) if entry["what"] != "control"]
    return [(entry["what"], entry.get("by", ""), entry.get("value")) for entry in entries]


def number(link: LinkRig, code: str = CODE, platform: str = "number") -> str:
    entity_id = link.entity_id(platform, UNIT, code)
    assert entity_id is not None
    return entity_id


async def set_by(link: LinkRig, who: MockUser | None, value: float) -> None:
    """Set it by an action, for somebody or for nobody."""
    await link.hass.services.async_call(
        "number",
        "set_value",
        {"entity_id": number(link), "value": value},
        blocking=True,
        context=Context(user_id=None if who is None else who.id),
    )


async def under_way(device: Device) -> None:
    """Return when a change waits for its turn; nothing but the event loop has to go on for that."""
    for _ in range(100_000):
        if device._changing:
            return
        await asyncio.sleep(0)
    pytest.fail("nothing is changed")


async def test_who_has_no_right_changes_nothing_by_whatever_path(
    hass: HomeAssistant,
    cabinet_of: CabinetMaker,
    link_to: LinkMaker,
    hass_client: ClientSessionGenerator,
    hass_ws_client: WebSocketGenerator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    link = await link_to(await cabinet_of({UNIT: "aim-r100"}), allow_changes=True, control=GIVEN)
    writes = link.cabinet.units[UNIT].writes
    ada, uwe, rita = await administrator(hass), await user(hass), await reader(hass)
    for component in ("api", "scene"):
        assert await async_setup_component(hass, component, {})
    changes = {"alias": "change", "triggers": {"trigger": "event", "event_type": "go"}}
    action = {"action": "number.set_value", "target": {"entity_id": number(link)}, "data": {"value": 100}}
    assert await async_setup_component(hass, "automation", {"automation": {**changes, "actions": [action]}})
    with pytest.raises(Unauthorized):
        await set_by(link, rita, 100)
    for who in (uwe, None):
        with pytest.raises(ServiceValidationError) as refused:
            await set_by(link, who, 100)
        assert "has no right to change settings" in str(refused.value)
    hass.bus.async_fire("go")
    await hass.async_block_till_done()
    assert "has no right to change settings" in caplog.text
    # The account of the clients, which is an administrator's, is made an ordinary one's.
    rest, socket = await hass_client(), await hass_ws_client(hass)
    owner = next(one for one in await hass.auth.async_get_users() if one.id not in {ada.id, uwe.id, rita.id})
    await hass.auth.async_update_user(owner, group_ids=["system-users"])
    asked = {"entity_id": number(link), "value": 100}
    assert (await rest.post("/api/services/number/set_value", json=asked)).status == 400
    await socket.send_json_auto_id(
        {"type": "call_service", "domain": "number", "service": "set_value", "service_data": asked}
    )
    answer = await socket.receive_json()
    assert "has no right to change settings" in answer["error"]["message"]
    with pytest.raises(ServiceValidationError):
        await hass.services.async_call(
            "scene", "apply", {"entities": {number(link): "100"}}, blocking=True, context=Context(user_id=uwe.id)
        )
    assert writes == []
    await set_by(link, ada, 300)
    assert [write.values for write in writes] == [(300,)]
    told = await put_down(link)
    assert told[-1] == ("setting_changed", "Ada", 300)
    assert {what for what, _, _ in told[:-1]} == {"setting_refused"}
    assert ("setting_refused", "automation", 100) in told
    assert ("setting_refused", "Uwe", 100) in told


@pytest.mark.parametrize("how", ["account", "right"])
async def test_the_right_is_asked_again_directly_before_it_is_sent(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, how: str
) -> None:
    link = await link_to(await cabinet_of({UNIT: "aim-r100"}), allow_changes=True, control=GIVEN)
    ada, is_over = await administrator(hass), asyncio.Event()
    device = link.coordinator(UNIT).device
    busy = hass.async_create_task(link.source(UNIT).bus.command(is_over.wait))
    async with link.entry.setup_lock:
        change = asyncio.create_task(set_by(link, ada, 300))
        await under_way(device)
        if how == "account":
            ada.is_active = False
        else:
            subentry = link.subentry(UNIT)
            left = {**subentry.data, "control": {"rights": {"administrators": ["off"]}}}
            hass.config_entries.async_update_subentry(link.entry, subentry, data=left)
        is_over.set()
        await busy
        with pytest.raises(HomeAssistantError, match="has no right to change settings"):
            await change
    await hass.async_block_till_done()
    assert link.cabinet.units[UNIT].writes == []


async def test_whoever_allowed_changes_before_there_were_rights_still_may(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    said = {"enabled": True, "rights": {"automations": ["off"]}}
    for control, rights in (
        ({}, {"administrators": ["settings"]}),
        (said, {"administrators": ["settings"], "automations": ["off"]}),
        ({"rights": {"automations": ["settings"]}}, {"automations": ["settings"]}),
    ):
        link = await link_to(await cabinet_of({UNIT: "aim-r100"}), allow_changes=True, control=control)
        assert link.entry.minor_version == 2
        assert link.subentry(UNIT).data["control"]["rights"] == rights
        await hass.config_entries.async_remove(link.entry.entry_id)
    link = await link_to(await cabinet_of({UNIT: "aim-r100"}))
    assert "control" not in link.subentry(UNIT).data
    # Leave that is given now comes with the usual right, which the owner may take away for good.
    subentry_id = link.subentry(UNIT).subentry_id
    for allow, control in ((True, GIVEN["rights"]), (True, {})):
        dialog = await change_device(hass, link.entry, subentry_id)
        await dialog.answer(unit_id=UNIT, model="aim-r100", name="Sockets")
        await dialog.answer(**{**dialog.entered, "allow_changes": allow})
        await hass.async_block_till_done()
        assert link.subentry(UNIT).data.get("control", {}).get("rights", {}) == control
        if control:
            form = await change_device(hass, link.entry, subentry_id, "rights")
            assert form.fields == ["administrators", "automations", "users", "user_rights"]
            assert form.entered["administrators"] == ["settings"]
            await form.answer()
            assert form.reason == "reconfigure_successful"
            await hass.async_block_till_done()
