"""Everybody who may ask for an operation, and every path by which Home Assistant lets him ask."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from homeassistant.auth.const import GROUP_ID_ADMIN, GROUP_ID_READ_ONLY, GROUP_ID_USER
from homeassistant.auth.models import TOKEN_TYPE_LONG_LIVED_ACCESS_TOKEN
from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import floor_registry as fr
from homeassistant.helpers import label_registry as lr
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    MockHAClientWebSocket,
    WebSocketGenerator,
)

from tests.integration.control_rigs import ControlRig, person

ADA, UWE, OTTO, RITA, NOBODY = "Ada", "Uwe", "Otto", "Rita", "automation"
"""An administrator; a user who was given rights; one who was not; one who may only read; whatever comes without any."""
_GROUPS = {ADA: GROUP_ID_ADMIN, UWE: GROUP_ID_USER, OTTO: GROUP_ID_USER, RITA: GROUP_ID_READ_ONLY}
SPOKEN = "main fuse"
"""What a person calls the switch."""
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ALWAYS = [{"from": "00:00:00", "to": "24:00:00"}]


@dataclass(frozen=True)
class Wish:
    """What is asked for: an operation by its code or word, and the entity and action that mean it."""

    operation: str
    entity_id: str
    action: str

    @property
    def way(self) -> str:
        """On or off, of a switch; empty for a button."""
        return self.action.removeprefix("switch.turn_") if self.action.startswith("switch.") else ""


@dataclass
class Callers:
    """The persons, with a client each, and what automates."""

    rig: ControlRig
    log: pytest.LogCaptureFixture
    users: dict[str, MockUser] = field(default_factory=dict)
    rest: dict[str, TestClient[Any, Any]] = field(default_factory=dict)
    sockets: dict[str, MockHAClientWebSocket] = field(default_factory=dict)
    lamp: str = ""
    """A light that Home Assistant's helper made of the switch."""
    group: str = ""
    """A group switch."""
    wrapped: str = "switch.wrapped"
    """A switch that a template made of it."""

    @property
    def hass(self) -> HomeAssistant:
        return self.rig.hass

    async def post(self, name: str, path: str, /, **data: object) -> str:
        """Ask by REST; return the words of a refusal."""
        answer = await self.rest[name].post(f"/api/services/{path}", json=data)
        return "" if answer.status == 200 else f"{answer.status}: {await answer.text()}"

    async def send(self, name: str, kind: str = "call_service", /, **data: object) -> str:
        """Ask by WebSocket; return the words of a refusal."""
        socket = self.sockets[name]
        await socket.send_json_auto_id({"type": kind, **data})
        answer = await socket.receive_json()
        return "" if answer["success"] else f"{answer['error']['code']}: {answer['error']['message']}"

    async def call(self, name: str, action: str, target: Mapping[str, Any], /, **data: object) -> str:
        """Call an action by WebSocket, as the frontend does."""
        domain, _, service = action.partition(".")
        return await self.send(name, domain=domain, service=service, target=target, service_data=data)

    async def automate(self, actions: object) -> str:
        """Have an automation run some actions; return what it logged."""
        self.log.clear()
        self.hass.bus.async_fire("go", {"actions": actions})
        return await self.ran()

    async def end(self) -> None:
        """Have the schedule do nothing any more: its timer would outlive the test."""
        assert await self.send(ADA, "schedule/delete", schedule_id="hours") == ""

    async def ran(self) -> str:
        """Wait until whatever was started is over; return what was logged as wrong."""
        await self.hass.async_block_till_done(wait_background_tasks=True)
        # That something took long is a warning, and says how busy the machine is.
        return "\n".join(record.getMessage() for record in self.log.records if record.levelno >= logging.ERROR)


type Ask = Callable[[Callers, Wish], Awaitable[str]]


@dataclass(frozen=True)
class Path:
    """One way to ask: who acts by it, what it can ask for, and whether it reaches anything at all."""

    name: str
    by: str
    ask: Ask
    is_for_buttons: bool = True
    reaches: bool = True
    """Whether the switch can be meant by it: areas do not mean it."""
    says: bool = True
    """Whether whoever asks is told why not; Home Assistant keeps it to itself on some paths."""

    @property
    def by_action(self) -> bool:
        """Whether it is our own action, which means the device also where there is no switch."""
        return self.name.endswith("operate")


async def by_automation(callers: Callers, wish: Wish) -> str:
    return await callers.automate([{"do": wish.action, "at": wish.entity_id}])


async def by_schedule(callers: Callers, wish: Wish) -> str:
    """A schedule helper begins, or ends, and an automation follows it."""
    callers.log.clear()
    blocks = dict.fromkeys(_DAYS, _ALWAYS if wish.way == "on" else [])
    other = dict.fromkeys(_DAYS, [] if wish.way == "on" else _ALWAYS)
    for block in (other, blocks):
        await callers.hass.services.async_call(
            "automation", f"turn_{'on' if block is blocks else 'off'}", {"entity_id": "automation.timed"}, blocking=True
        )
        assert await callers.send(ADA, "schedule/update", schedule_id="hours", name="Hours", **block) == ""
        await callers.hass.async_block_till_done()
    return await callers.ran()


def by_websocket(name: str) -> Ask:
    return lambda callers, wish: callers.call(name, wish.action, {"entity_id": wish.entity_id})


def by_rest(name: str) -> Ask:
    return lambda callers, wish: callers.post(name, wish.action.replace(".", "/"), entity_id=wish.entity_id)


def by_script(name: str) -> Ask:
    """Start a script that an administrator wrote: it acts for whoever starts it."""
    return lambda callers, wish: callers.post(name, "script/act", do=wish.action, at=wish.entity_id)


async def by_script_of_an_automation(callers: Callers, wish: Wish) -> str:
    return await callers.automate([{"do": "script.act", "data": {"do": wish.action, "at": wish.entity_id}}])


def by_run(name: str) -> Ask:
    """Press *Run actions* of an automation that an administrator wrote."""

    async def ask(callers: Callers, wish: Wish) -> str:
        callers.log.clear()
        variables = {"do": wish.action, "at": wish.entity_id}
        said = await callers.post(name, "automation/trigger", entity_id="automation.by_hand", variables=variables)
        return said or await callers.ran()

    return ask


def by_scene(name: str) -> Ask:
    return lambda callers, wish: callers.post(name, "scene/apply", entities={wish.entity_id: wish.way})


async def by_scene_of_an_automation(callers: Callers, wish: Wish) -> str:
    return await callers.automate([{"do": "scene.apply", "data": {"entities": {wish.entity_id: wish.way}}}])


def by_group(name: str) -> Ask:
    return lambda callers, wish: callers.call(name, f"switch.turn_{wish.way}", {"entity_id": callers.group})


async def by_old_group(callers: Callers, wish: Wish) -> str:
    return await callers.call(ADA, f"homeassistant.turn_{wish.way}", {"entity_id": "group.breakers"})


async def by_group_of_an_automation(callers: Callers, wish: Wish) -> str:
    return await callers.automate([{"do": f"switch.turn_{wish.way}", "at": callers.group}])


def by_lamp(name: str) -> Ask:
    return lambda callers, wish: callers.call(name, f"light.turn_{wish.way}", {"entity_id": callers.lamp})


async def by_lamp_of_an_automation(callers: Callers, wish: Wish) -> str:
    return await callers.automate([{"do": f"light.turn_{wish.way}", "at": callers.lamp}])


def by_template(name: str) -> Ask:
    return lambda callers, wish: callers.call(name, wish.action, {"entity_id": callers.wrapped})


async def by_template_of_an_automation(callers: Callers, wish: Wish) -> str:
    return await callers.automate([{"do": wish.action, "at": callers.wrapped}])


def by_long_lived_token(name: str) -> Ask:
    """Ask as a program does that somebody gave a token for years."""
    return lambda callers, wish: callers.post(
        f"{name}'s program", wish.action.replace(".", "/"), entity_id=wish.entity_id
    )


async def by_general_action(callers: Callers, wish: Wish) -> str:
    return await callers.call(ADA, f"homeassistant.turn_{wish.way}", {"entity_id": wish.entity_id})


def by_place(**target: object) -> Ask:
    return lambda callers, wish: callers.call(ADA, wish.action, target)


def by_label(name: str) -> Ask:
    return lambda callers, wish: callers.call(name, wish.action, {"label_id": "mains"})


def by_voice(name: str) -> Ask:
    """Say it to the assistant of a phone, whose owner is known."""

    async def ask(callers: Callers, wish: Wish) -> str:
        callers.log.clear()
        text = f"turn {wish.way} {SPOKEN}"
        assert await callers.send(name, "conversation/process", text=text, language="en") == ""
        return await callers.ran()

    return ask


async def by_satellite(callers: Callers, wish: Wish) -> str:
    """Say it to a satellite, which knows nobody."""
    callers.log.clear()
    data = {"text": f"turn {wish.way} {SPOKEN}", "language": "en"}
    call = callers.hass.services.async_call
    await call("conversation", "process", data, blocking=True, return_response=True, context=Context())
    return await callers.ran()


def by_intent(name: str) -> Ask:
    """Post an intent: nobody looks there whether the switch is exposed to voice assistants."""

    async def ask(callers: Callers, wish: Wish) -> str:
        callers.log.clear()
        data = {"name": f"HassTurn{wish.way.capitalize()}", "data": {"name": SPOKEN}}
        answer = await callers.rest[name].post("/api/intent/handle", json=data)
        assert answer.status == 200
        return await callers.ran()

    return ask


def by_action(name: str, answer: str = "?return_response") -> Ask:
    return lambda callers, wish: callers.post(
        name, f"acrel_safety/operate{answer}", entity_id=wish.entity_id, operation=wish.operation, confirm=True
    )


async def by_action_of_an_automation(callers: Callers, wish: Wish) -> str:
    data = {"operation": wish.operation, "confirm": True}
    return await callers.automate([{"do": "acrel_safety.operate", "at": wish.entity_id, "data": data}])


def by_toggle(action: str) -> Ask:
    return lambda callers, wish: callers.call(ADA, f"{action}.toggle", {"entity_id": wish.entity_id})


PATHS = (
    Path("dashboard", ADA, by_websocket(ADA)),
    Path("user, WebSocket", UWE, by_websocket(UWE)),
    Path("other user, WebSocket", OTTO, by_websocket(OTTO)),
    Path("reader, WebSocket", RITA, by_websocket(RITA)),
    Path("administrator, REST", ADA, by_rest(ADA)),
    Path("user, REST", UWE, by_rest(UWE)),
    Path("other user, REST", OTTO, by_rest(OTTO)),
    Path("reader, REST", RITA, by_rest(RITA)),
    Path("automation", NOBODY, by_automation),
    Path("schedule", NOBODY, by_schedule, is_for_buttons=False),
    Path("administrator's script", ADA, by_script(ADA)),
    Path("other user's script", OTTO, by_script(OTTO)),
    Path("reader's script", RITA, by_script(RITA)),
    Path("automation's script", NOBODY, by_script_of_an_automation),
    Path("administrator's run of an automation", ADA, by_run(ADA)),
    Path("other user's run of an automation", OTTO, by_run(OTTO)),
    Path("reader's run of an automation", RITA, by_run(RITA)),
    Path("administrator's scene", ADA, by_scene(ADA), is_for_buttons=False),
    Path("other user's scene", OTTO, by_scene(OTTO), is_for_buttons=False),
    Path("reader's scene", RITA, by_scene(RITA), is_for_buttons=False),
    Path("automation's scene", NOBODY, by_scene_of_an_automation, is_for_buttons=False),
    Path("group", ADA, by_group(ADA), is_for_buttons=False),
    Path("other user's group", OTTO, by_group(OTTO), is_for_buttons=False),
    Path("old group", ADA, by_old_group, is_for_buttons=False),
    Path("automation's group", NOBODY, by_group_of_an_automation, is_for_buttons=False),
    Path("light made of it", ADA, by_lamp(ADA), is_for_buttons=False),
    Path("other user, light made of it", OTTO, by_lamp(OTTO), is_for_buttons=False),
    Path("automation, light made of it", NOBODY, by_lamp_of_an_automation, is_for_buttons=False),
    Path("user's template switch", UWE, by_template(UWE), is_for_buttons=False),
    Path("other user's template switch", OTTO, by_template(OTTO), is_for_buttons=False),
    Path("automation's template switch", NOBODY, by_template_of_an_automation, is_for_buttons=False),
    Path("user's program", UWE, by_long_lived_token(UWE)),
    Path("other user's program", OTTO, by_long_lived_token(OTTO)),
    Path("homeassistant.turn", ADA, by_general_action, is_for_buttons=False),
    Path("area", ADA, by_place(area_id="kitchen"), reaches=False),
    Path("floor", ADA, by_place(floor_id="ground"), reaches=False),
    Path("label", ADA, by_label(ADA)),
    Path("other user's label", OTTO, by_label(OTTO)),
    Path("voice", ADA, by_voice(ADA), is_for_buttons=False, says=False),
    Path("other user's voice", OTTO, by_voice(OTTO), is_for_buttons=False, says=False),
    Path("reader's voice", RITA, by_voice(RITA), is_for_buttons=False, says=False),
    Path("satellite", NOBODY, by_satellite, is_for_buttons=False, says=False),
    Path("other user's intent", OTTO, by_intent(OTTO), is_for_buttons=False, says=False),
    Path("reader's intent", RITA, by_intent(RITA), is_for_buttons=False, says=False),
    Path("operate", ADA, by_action(ADA)),
    Path("user, operate", UWE, by_action(UWE, "")),
    Path("other user, operate", OTTO, by_action(OTTO)),
    Path("reader, operate", RITA, by_action(RITA)),
    Path("automation, operate", NOBODY, by_action_of_an_automation),
)
TOGGLES = (
    Path("switch.toggle", ADA, by_toggle("switch"), is_for_buttons=False),
    Path("homeassistant.toggle", ADA, by_toggle("homeassistant"), is_for_buttons=False),
)
_SCRIPT = {"action": "{{ do }}", "target": {"entity_id": "{{ at }}"}}
_RUN = {
    "repeat": {
        "for_each": "{{ trigger.event.data.actions }}",
        "sequence": [
            {
                "if": "{{ repeat.item.at is defined }}",
                "then": [
                    {
                        "action": "{{ repeat.item.do }}",
                        "target": {"entity_id": "{{ repeat.item.at }}"},
                        "data": "{{ repeat.item.data | default({}) }}",
                    }
                ],
                "else": [{"action": "{{ repeat.item.do }}", "data": "{{ repeat.item.data }}"}],
            }
        ],
    }
}


async def gather_callers(
    rig: ControlRig,
    log: pytest.LogCaptureFixture,
    hass_client: ClientSessionGenerator,
    hass_ws_client: WebSocketGenerator,
) -> Callers:
    """Set up everybody and everything."""
    hass, callers = rig.hass, Callers(rig, log)
    for component in ("homeassistant", "api", "scene", "conversation", "intent"):
        assert await async_setup_component(hass, component, {})
    for name, group_id in _GROUPS.items():
        user = callers.users[name] = await person(hass, group_id, name)
        token = hass.auth.async_create_access_token(
            await hass.auth.async_create_refresh_token(user, "https://app.test")
        )
        callers.rest[name] = await hass_client(token)
        callers.sockets[name] = await hass_ws_client(hass, token)
    # One who may come from the local network only, as these clients do.
    callers.users[UWE].local_only = True
    for name in (UWE, OTTO):
        refresh = await hass.auth.async_create_refresh_token(
            callers.users[name],
            client_name="program",
            token_type=TOKEN_TYPE_LONG_LIVED_ACCESS_TOKEN,
            access_token_expiration=timedelta(days=3650),
        )
        callers.rest[f"{name}'s program"] = await hass_client(hass.auth.async_create_access_token(refresh))
    await _automate(callers)
    return callers


async def _automate(callers: Callers) -> None:
    """Write what an owner writes: automations, a script, groups and helpers around the switch."""
    hass, switch = callers.hass, callers.rig.switch
    following = {
        "alias": "Timed",
        "triggers": {"trigger": "state", "entity_id": "schedule.hours", "to": ["on", "off"]},
        "actions": {"action": "switch.turn_{{ trigger.to_state.state }}", "target": {"entity_id": switch}},
    }
    asked = {"alias": "Asked", "triggers": {"trigger": "event", "event_type": "go"}, "actions": _RUN}
    by_hand = {"alias": "By hand", "triggers": {"trigger": "event", "event_type": "never"}, "actions": _SCRIPT}
    assert await async_setup_component(hass, "schedule", {})
    assert await async_setup_component(hass, "automation", {"automation": [following, asked, by_hand]})
    assert await async_setup_component(hass, "script", {"script": {"act": {"sequence": [_SCRIPT]}}})
    assert await async_setup_component(hass, "group", {"group": {"breakers": {"entities": [switch]}}})
    does = {f"turn_{way}": {"action": f"switch.turn_{way}", "target": {"entity_id": switch}} for way in ("on", "off")}
    wrapper = {"switch": {"name": "Wrapped", "state": f"{{{{ is_state('{switch}', 'on') }}}}", **does}}
    assert await async_setup_component(hass, "template", {"template": [wrapper]})
    assert await callers.send(ADA, "schedule/create", name="Hours") == ""
    registry = er.async_get(hass)
    floor = fr.async_get(hass).async_create("Ground")
    area = ar.async_get(hass).async_create("Kitchen", floor_id=floor.floor_id)
    label = lr.async_get(hass).async_create("Mains")
    registry.async_update_entity(switch, area_id=area.id, labels={label.label_id}, aliases=[SPOKEN])
    if (release := callers.rig.find("button", "1_FORRLYREL_remote_operation")) is not None:
        registry.async_update_entity(release, area_id=area.id, labels={label.label_id})
    helpers = {
        "switch_as_x": {"entity_id": switch, "invert": False, "target_domain": "light"},
        "group": {
            "group_type": "switch",
            "entities": [switch],
            "name": "Breakers",
            "hide_members": False,
            "all": False,
        },
    }
    for domain, options in helpers.items():
        entry = MockConfigEntry(domain=domain, options=options, title=domain, version=1, minor_version=3)
        entry.add_to_hass(hass)
        assert await hass.config_entries.async_setup(entry.entry_id)
        (made,) = er.async_entries_for_config_entry(registry, entry.entry_id)
        if domain == "group":
            callers.group = made.entity_id
        else:
            callers.lamp = made.entity_id
    # At the end: whoever makes a light of a switch is taken to speak of the light from then on.
    async_expose_entity(hass, "conversation", switch, True)
    await hass.async_block_till_done()
