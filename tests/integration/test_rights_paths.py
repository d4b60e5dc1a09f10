"""Whoever has no right tries the real interfaces of Home Assistant: to allow, tag, acknowledge, export or reload."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator, WebSocketGenerator

from custom_components.acrel_safety.aioacrel.journal.entry import Kind
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.control_callers import ADA, OTTO, RITA, Callers, gather_callers
from tests.integration.control_rigs import ALL, USUAL, meter
from tests.integration.rigs import is_now

FLOWS = "/api/config/config_entries"
NO_RIGHT = "whoever asks has no right to it"


@pytest.fixture
async def callers(
    cabinet_of: CabinetMaker,
    link_to: LinkMaker,
    caplog: pytest.LogCaptureFixture,
    hass_client: ClientSessionGenerator,
    hass_ws_client: WebSocketGenerator,
) -> AsyncGenerator[Callers]:
    """Return everybody, with a meter that only administrators may operate, and on which a tag hangs."""
    async with meter(cabinet_of, link_to, {**USUAL, "rights": {"administrators": ALL}}) as rig:
        for component in ("config", "diagnostics", "repairs", "todo"):
            assert await async_setup_component(rig.hass, component, {})
        await rig.shows("on")
        found = await gather_callers(rig, caplog, hass_client, hass_ws_client)
        await rig.act("hang_tag", found.users[ADA], entity_id=rig.switch, reason="work")
        yield found
        await found.end()


def tags(callers: Callers) -> list[str]:
    return [tag.id for tag in callers.rig.operator.control.tags.all]


async def test_they_hang_and_remove_no_tags_whatever_their_path(callers: Callers) -> None:
    before, rig = tags(callers), callers.rig
    hang = {"entity_id": rig.switch, "reason": "mine"}
    for name, words in ((OTTO, NO_RIGHT), (RITA, "401")):
        for answer in ("", "?return_response"):
            assert words in await callers.post(name, f"acrel_safety/hang_tag{answer}", **hang)
        assert words in await callers.post(name, "acrel_safety/remove_tag", tag_id=before[0])
        said = await callers.send(name, domain="acrel_safety", service="remove_tag", service_data={"tag_id": before[0]})
        assert NO_RIGHT in said or "nauthorized" in said
        assert await callers.post(name, "script/act", do="acrel_safety.remove_tag", at=rig.switch) != ""
    for do, data in (("hang_tag", hang), ("remove_tag", {"tag_id": before[0]})):
        assert NO_RIGHT in await callers.automate([{"do": f"acrel_safety.{do}", "data": data}])
    assert tags(callers) == before
    assert {entry["what"] for entry in await rig.recorded(Kind.TAG)} == {"tag_hung"}
    refused = [entry["by"] for entry in await rig.recorded() if entry["what"] == "tag_refused"]
    assert set(refused) == {OTTO, "automation"}


async def test_they_give_themselves_no_right_and_take_nothing_away(callers: Callers) -> None:
    rig = callers.rig
    entry, subentry = rig.link.entry, rig.link.subentry(rig.unit_id)
    before = dict(subentry.data)
    handler = [entry.entry_id, "device"]
    begun = await callers.rest[ADA].post(
        f"{FLOWS}/subentries/flow", json={"handler": handler, "subentry_id": subentry.subentry_id}
    )
    flow = (await begun.json())["flow_id"]
    switch = {"entity_id": rig.switch, "disabled_by": "user"}
    exposing = {"assistants": ["conversation"], "entity_ids": [rig.switch], "should_expose": True}
    for name in (OTTO, RITA):
        rest = callers.rest[name]
        for path, body in (
            ("subentries/flow", {"handler": handler, "subentry_id": subentry.subentry_id}),
            (f"subentries/flow/{flow}", {"next_step_id": "control"}),
            ("flow", {"handler": "acrel_safety"}),
            ("options/flow", {"handler": entry.entry_id}),
            (f"entry/{entry.entry_id}/reload", {}),
        ):
            assert (await rest.post(f"{FLOWS}/{path}", json=body)).status in (401, 403), path
        assert (await rest.delete(f"{FLOWS}/entry/{entry.entry_id}")).status in (401, 403)
        for kind, data in (
            ("config_entries/disable", {"entry_id": entry.entry_id, "disabled_by": "user"}),
            ("config_entries/subentries/delete", {"entry_id": entry.entry_id, "subentry_id": subentry.subentry_id}),
            ("config/entity_registry/update", switch),
            ("config/entity_registry/remove", {"entity_id": rig.switch}),
            ("homeassistant/expose_entity", exposing),
        ):
            assert "nauthorized" in await callers.send(name, kind, **data), kind
        reload = {"entry_id": entry.entry_id}
        assert "401" in await callers.post(name, "homeassistant/reload_config_entry", **reload)
    assert dict(rig.link.subentry(rig.unit_id).data) == before
    assert rig.writes == 0


async def test_they_fire_write_and_run_nothing_in_the_name_of_others(callers: Callers) -> None:
    """What an automation follows, a state that is made up, a script of one's own."""
    rig = callers.rig
    do = {"action": "switch.turn_off", "target": {"entity_id": rig.switch}}
    for name in (OTTO, RITA):
        rest = callers.rest[name]
        body = {"actions": [{"do": "switch.turn_off", "at": rig.switch}]}
        assert (await rest.post("/api/events/go", json=body)).status in (401, 403)
        assert (await rest.post("/api/events/mobile_app_notification_action", json={"action": "x"})).status in (
            401,
            403,
        )
        assert (await rest.post(f"/api/states/{rig.switch}", json={"state": "off"})).status in (401, 403)
        assert (await rest.post("/api/template", json={"template": "{{ 1 }}"})).status in (200, 401, 403)
        for kind, data in (
            ("fire_event", {"event_type": "go", "event_data": body}),
            ("execute_script", {"sequence": [do]}),
        ):
            assert "nauthorized" in await callers.send(name, kind, **data), kind
        await callers.ran()
    assert (rig.writes, rig.is_closed) == (0, True)
    assert rig.state().state == "on"


async def test_they_export_nothing(callers: Callers) -> None:
    for name, statuses in ((ADA, (200,)), (OTTO, (401, 403)), (RITA, (401, 403))):
        path = f"/api/diagnostics/config_entry/{callers.rig.link.entry.entry_id}"
        assert (await callers.rest[name].get(path)).status in statuses


async def test_who_may_only_read_sees_to_no_alarm_whatever_the_path(hass: HomeAssistant, callers: Callers) -> None:
    """Persons may by default, automations only where the owner said so."""
    rig = callers.rig
    rig.move_by_hand(closed=False)
    await rig.shows("off")
    await rig.link.until("todo.cabinet_hazards", is_now("1"))
    (safety,) = [one.entity_id for one in rig.link.entities(5) if one.unique_id.endswith("_alarms_all_safety")]
    for action in ("acknowledge", "silence", "reset"):
        assert "401" in await callers.post(RITA, f"acrel_safety/{action}", entity_id=safety), action
        said = await callers.call(RITA, f"acrel_safety.{action}", {"entity_id": safety})
        assert "nauthorized" in said, action
        assert await callers.post(RITA, "script/act", do=f"acrel_safety.{action}", at=safety) != "", action
        assert "for persons" in await callers.automate([{"do": f"acrel_safety.{action}", "at": safety}]), action
    listed: Any = await hass.services.async_call(
        "todo", "get_items", {"entity_id": "todo.cabinet_hazards"}, blocking=True, return_response=True
    )
    item = listed["todo.cabinet_hazards"]["items"][0]["uid"]
    tick = {"entity_id": "todo.cabinet_hazards", "item": item, "status": "completed"}
    assert "401" in await callers.post(RITA, "todo/update_item", **tick)
    assert "for persons" in await callers.automate([{"do": "todo.update_item", "data": tick}])
    assert await rig.recorded(Kind.ACKNOWLEDGE) == []
    assert await callers.post(OTTO, "acrel_safety/acknowledge", entity_id=safety) == ""
    assert [entry["by"] for entry in await rig.recorded(Kind.ACKNOWLEDGE)] == [OTTO]
