"""What is done to a device that can be operated, as automations, the logbook and diagnostics are told of it."""

import json
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.acrel_safety.aioacrel.journal.entry import Kind
from tests.integration.alarm_rigs import Fired
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.control_rigs import ALL, USUAL, ControlRig, administrator, meter, reader, user
from tests.integration.test_logbook import Said

SAFETY = "sensor.ddsy1352_5_safety"


@pytest.fixture
async def rig(cabinet_of: CabinetMaker, link_to: LinkMaker) -> AsyncGenerator[ControlRig]:
    async with meter(cabinet_of, link_to) as rig:
        await rig.shows("on")
        yield rig


@pytest.fixture
async def fired(hass: HomeAssistant) -> AsyncGenerator[Fired]:
    found = Fired(hass)
    yield found
    await found.end()


def part(given: Mapping[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(given[name] for name in names)


async def test_automations_are_told_of_each_outcome_they_asked_for_with_who_and_why(
    hass: HomeAssistant, rig: ControlRig, fired: Fired
) -> None:
    await fired.automate({"trigger": "acrel_safety.operation_ended", "target": {"entity_id": rig.switch}})
    await rig.turn("off", await administrator(hass))
    told = await fired.next()
    assert part(told, "outcome", "reason", "operation", "effect", "by", "caller", "writes") == (
        "confirmed", None, "FORRLYOFF", "open", "Ada", "person", 1
    )  # fmt: skip
    assert part(told, "title", "message", "entity_id") == (
        "ddsy1352 5", "switch off (Forced open): Done: the position was read back", SAFETY
    )  # fmt: skip
    await fired.load(
        [
            {
                "alias": "Refused",
                "triggers": {"trigger": "acrel_safety.operation_ended", "options": {"outcome": "refused"}},
                "actions": {"event": "test_fired", "event_data": {"given": "{{ dict(trigger) }}"}},
            }
        ]
    )
    await rig.turn("on", await administrator(hass))
    with pytest.raises(ServiceValidationError):
        await rig.turn("off", await user(hass))
    told = await fired.next()
    assert part(told, "outcome", "reason", "by", "writes") == ("refused", "no_right", "Uwe", 0)
    assert fired.waiting() == 0


async def test_automations_are_told_of_tags_and_can_ask_for_them(
    hass: HomeAssistant, rig: ControlRig, fired: Fired
) -> None:
    ada = await administrator(hass)
    asked = await fired.ask(
        {
            "here": {"condition": "acrel_safety.is_tagged", "target": {"entity_id": rig.switch}},
            "anywhere": {"condition": "acrel_safety.is_tagged"},
            "elsewhere": {"condition": "acrel_safety.is_tagged", "target": {"entity_id": "sensor.no_such"}},
        }
    )
    await fired.automate({"trigger": "acrel_safety.tag_changed"})
    assert asked() == set()
    (tag,) = (await rig.act("hang_tag", ada, entity_id=rig.switch, reason="Work on the line"))["tags"]
    told = await fired.next()
    assert part(told, "change", "name", "reason", "by") == ("hung", "Ada", "Work on the line", "Ada")
    assert told["message"] == "lock-out tag hung: Ada – Work on the line"
    assert asked() == {"here", "anywhere"}
    await rig.act("remove_tag", ada, tag_id=tag["tag_id"])
    assert part(await fired.next(), "change", "tag_id") == ("removed", tag["tag_id"])
    assert asked() == set()


async def test_what_moves_by_hand_is_told_and_what_we_moved_is_not(
    hass: HomeAssistant, rig: ControlRig, fired: Fired
) -> None:
    meter_itself: Any = rig.link.cabinet.units[5]
    asked = await fired.ask(
        {
            "closed": {"condition": "acrel_safety.is_closed", "target": {"entity_id": rig.switch}},
            "open": {"condition": "acrel_safety.is_open", "target": {"entity_id": rig.switch}},
        }
    )
    await fired.automate({"trigger": "acrel_safety.moved_unasked"})
    assert asked() == {"closed"}
    await rig.turn("off", await administrator(hass))
    await rig.shows("off")
    assert asked() == {"open"}
    meter_itself.device.move_by_hand(closed=True)
    told = await fired.next()
    assert part(told, "position", "by", "message") == ("closed", "", "closed, and by no command from here")
    moved = [entry for entry in await rig.recorded(Kind.POSITION) if "position" in entry]
    assert [part(entry, "what", "position", "circuit") for entry in moved] == [("moved", True, "1")]
    meter_itself.set_scenario("silent")
    await rig.shows("unavailable")
    assert asked() == set()
    assert fired.waiting() == 0


async def test_the_logbook_says_who_did_what_and_why_not(hass: HomeAssistant, rig: ControlRig) -> None:
    said = Said(hass)
    ada = await administrator(hass)
    await rig.turn("off", ada)
    place = "ddsy1352 5"
    assert await said.next() == (place, "switch off (Forced open): begun · Ada", SAFETY)
    assert await said.next() == (place, "switch off (Forced open): Done: the position was read back · Ada", SAFETY)
    await rig.act("hang_tag", ada, entity_id=rig.switch, reason="Work", name="Wang Li")
    assert await said.next() == (place, "lock-out tag hung: Ada (Wang Li) – Work · Ada", SAFETY)
    for action, data in (("operate", {"confirm": True}), ("select", {})):
        with pytest.raises(ServiceValidationError):
            await rig.act(action, ada, entity_id=rig.switch, operation="close", **data)
    why = "a lock-out tag hangs on it (Ada (Wang Li): Work)"
    refused = f"switch on (Forced close): Refused, nothing was sent: {why} · Ada"
    assert [await said.next(), await said.next()] == [(place, refused, SAFETY)] * 2
    with pytest.raises(Unauthorized):
        await rig.act("operate", await reader(hass), entity_id=rig.switch, operation="close", confirm=True)
    assert await said.next() == (place, "refused: somebody who may not operate it tried to", SAFETY)
    with pytest.raises(HomeAssistantError):
        await rig.act("hang_tag", await user(hass), entity_id=rig.switch, reason="x")
    assert (await said.next())[1].startswith("lock-out tag: Refused, nothing was sent: whoever asks has no right")


async def test_diagnostics_show_how_it_is_operated_and_nobody_s_name(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    uwe = await user(hass)
    rights = {"administrators": ALL, "automations": ["off"], f"user:{uwe.id}": ["off"]}
    async with meter(cabinet_of, link_to, {**USUAL, "rights": rights}) as rig:
        assert await async_setup_component(hass, "diagnostics", {})
        ada = await administrator(hass)
        await rig.shows("on")
        await rig.turn("off", uwe)
        await rig.act("hang_tag", ada, entity_id=rig.switch, reason="Secret reason")
        with pytest.raises(ServiceValidationError):
            await rig.turn("on", ada)
        found: Any = await get_diagnostics_for_config_entry(hass, hass_client, rig.link.entry)
        text = json.dumps(found)
        assert all(name not in text for name in (uwe.id, ada.id, "Uwe", "Ada", "Secret reason"))
        (device,) = found["devices"]
        shown = device["control"]
        assert part(shown, "enabled", "may_close", "tags", "under_way") == (True, True, 1, None)
        assert shown["rights"] == {"administrators": sorted(ALL), "automations": ["off"], "users": [["off"]]}
        assert [part(one, "operation", "caller", "result", "reason", "writes") for one in shown["last"]] == [
            ("1/FORRLYOFF", "person", "confirmed", None, 1),
            ("1/FORRLYON", "person", "refused", "tagged", 0),
        ]
        assert shown["positions"] == {"1": "open"}
