"""Whoever asks, by whatever path: what is in the way holds, and the cabinet sees no write request."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import timedelta

import pytest
from homeassistant.core import HomeAssistant, State
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed, mock_restore_cache
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator, WebSocketGenerator

from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.control_rigs import ALL, USUAL, ControlRig, administrator, meter, user
from tests.integration.rigs import is_now

type Path = Callable[[ControlRig, str], Awaitable[None]]
"""Tries to switch the relay on or off; says nothing of what came of it."""


async def by_script(rig: ControlRig, way: str) -> None:
    action = {"action": f"switch.turn_{way}", "target": {"entity_id": rig.switch}}
    assert await async_setup_component(rig.hass, "script", {"script": {f"try_{way}": {"sequence": [action]}}})
    with pytest.raises(ServiceValidationError):
        await rig.hass.services.async_call("script", f"try_{way}", blocking=True)


async def by_automation(rig: ControlRig, way: str) -> None:
    action = {"action": f"homeassistant.turn_{way}", "target": {"entity_id": rig.switch}}
    config = {"id": way, "alias": way, "triggers": {"trigger": "event", "event_type": "go"}, "actions": [action]}
    assert await async_setup_component(rig.hass, "automation", {"automation": [config]})
    rig.hass.bus.async_fire("go")
    await rig.hass.async_block_till_done()


async def by_scene(rig: ControlRig, way: str) -> None:
    assert await async_setup_component(rig.hass, "scene", {})
    with pytest.raises(ServiceValidationError):
        await rig.hass.services.async_call("scene", "apply", {"entities": {rig.switch: way}}, blocking=True)


async def by_group(rig: ControlRig, way: str) -> None:
    config = {"group": {"all_breakers": {"entities": [rig.switch]}}}
    assert await async_setup_component(rig.hass, "group", config)
    with pytest.raises(ServiceValidationError):
        await rig.turn(way, None, "homeassistant", entity_id="group.all_breakers")


async def by_area(rig: ControlRig, way: str) -> None:
    area = ar.async_get(rig.hass).async_get_or_create("Kitchen")
    er.async_get(rig.hass).async_update_entity(rig.switch, area_id=area.id)
    await rig.turn(way, await administrator(rig.hass), area_id=area.id)


async def by_another_user(rig: ControlRig, way: str) -> None:
    with pytest.raises(ServiceValidationError):
        await rig.turn(way, await user(rig.hass))


async def by_action(rig: ControlRig, way: str) -> None:
    operation = {"on": "close", "off": "open"}[way]
    with pytest.raises(ServiceValidationError):
        await rig.act("operate", await user(rig.hass), entity_id=rig.switch, operation=operation, confirm=True)


PATHS: list[Path] = [by_script, by_automation, by_scene, by_group, by_area, by_another_user, by_action]


@pytest.fixture
async def rig(cabinet_of: CabinetMaker, link_to: LinkMaker) -> AsyncGenerator[ControlRig]:
    """Return a meter that only administrators may operate."""
    async with meter(cabinet_of, link_to, {**USUAL, "rights": {"administrators": ALL}}) as rig:
        await rig.shows("on")
        yield rig


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.__name__)
async def test_without_the_right_nothing_is_switched_by_whatever_path(rig: ControlRig, path: Path) -> None:
    assert await async_setup_component(rig.hass, "homeassistant", {})
    await path(rig, "off")
    assert (rig.writes, rig.is_closed) == (0, True)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.__name__)
async def test_a_tag_keeps_everybody_from_closing(cabinet_of: CabinetMaker, link_to: LinkMaker, path: Path) -> None:
    rights = {"administrators": ALL, "automations": ALL}
    async with meter(cabinet_of, link_to, {**USUAL, "rights": rights}) as rig:
        assert await async_setup_component(rig.hass, "homeassistant", {})
        ada = await administrator(rig.hass)
        await rig.shows("on")
        await rig.turn("off", ada)
        await rig.shows("off")
        await rig.act("hang_tag", ada, entity_id=rig.switch, reason="work on the line")
        await path(rig, "on")
        with pytest.raises(ServiceValidationError, match="a lock-out tag hangs on it"):
            await rig.turn("on", ada)
        assert (rig.writes, rig.is_closed) == (1, False)


@pytest.mark.parametrize("is_tagged", [False, True])
async def test_an_administrator_by_rest_and_websocket(
    rig: ControlRig, is_tagged: bool, hass_client: ClientSessionGenerator, hass_ws_client: WebSocketGenerator
) -> None:
    assert await async_setup_component(rig.hass, "api", {})
    rest, websocket = await hass_client(), await hass_ws_client(rig.hass)
    answer = await rest.post("/api/services/switch/turn_off", json={"entity_id": rig.switch})
    assert answer.status == 200
    assert rig.writes == 1
    await rig.shows("off")
    if is_tagged:
        await rig.act("hang_tag", await administrator(rig.hass), entity_id=rig.switch, reason="work")
        assert (await rest.post("/api/services/switch/turn_on", json={"entity_id": rig.switch})).status == 400
    await websocket.send_json_auto_id(
        {
            "type": "call_service",
            "domain": "switch",
            "service": "turn_on",
            "target": {"entity_id": rig.switch},
        }
    )
    said = await websocket.receive_json()
    assert said["success"] is not is_tagged
    assert (rig.writes, rig.is_closed) == ((1, False) if is_tagged else (2, True))
    if is_tagged:
        assert said["error"]["translation_key"] == "operation_refused"


async def test_who_may_only_read_cannot_by_rest(rig: ControlRig, hass_client: ClientSessionGenerator) -> None:
    assert await async_setup_component(rig.hass, "api", {})
    rest = await hass_client()
    for owner in await rig.hass.auth.async_get_users():
        await rig.hass.auth.async_update_user(owner, group_ids=["system-read-only"])
    for path in ("switch/turn_off", "acrel_safety/operate"):
        data = {"entity_id": rig.switch, **({"operation": "open", "confirm": True} if "operate" in path else {})}
        assert (await rest.post(f"/api/services/{path}", json=data)).status in (401, 403, 500)
    assert rig.writes == 0


async def test_nothing_is_switched_at_start_reload_reconnect_restore_or_when_time_jumps(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    mock_restore_cache(hass, [State("switch.ddsy1352_5_remote_control", "off")])
    async with meter(cabinet_of, link_to) as rig:
        await rig.shows("on")
        await rig.link.reload()
        await rig.shows("on")
        rig.link.cabinet.units[5].set_scenario("silent")
        await rig.shows("unavailable")
        rig.link.cabinet.units[5].set_scenario("normal")
        await rig.link.until(rig.switch, is_now("on"))
        for days in (1, -2, 200):
            async_fire_time_changed(hass, dt_util.utcnow() + timedelta(days=days))
            await hass.async_block_till_done()
        assert (rig.writes, rig.is_closed) == (0, True)
