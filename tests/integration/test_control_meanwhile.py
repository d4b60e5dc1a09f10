"""What happens around an operation while it is asked for or carried out: others who ask, names, switches, clocks."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockUser, async_fire_time_changed
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator, WebSocketGenerator

from custom_components.acrel_safety import starters
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.control_callers import ADA, OTTO, gather_callers
from tests.integration.control_rigs import ALL, UNIT, USUAL, ControlRig, administrator, meter, person

FREE = {**USUAL, "rights": {"administrators": ALL, "automations": ALL}}


@pytest.fixture
async def rig(cabinet_of: CabinetMaker, link_to: LinkMaker) -> AsyncGenerator[ControlRig]:
    async with meter(cabinet_of, link_to, FREE) as rig:
        await rig.shows("on")
        yield rig


@pytest.fixture
async def ada(hass: HomeAssistant) -> MockUser:
    return await administrator(hass)


# -- who started an automation ----------------------------------------------------------------------------------------


async def test_who_is_forgotten_among_many_is_nobody_and_no_automation(
    hass: HomeAssistant,
    rig: ControlRig,
    caplog: pytest.LogCaptureFixture,
    hass_client: ClientSessionGenerator,
    hass_ws_client: WebSocketGenerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A person without a right starts an automation that waits, and then many others."""
    monkeypatch.setattr(starters, "_MOST", 3)
    callers = await gather_callers(rig, caplog, hass_client, hass_ws_client)
    await _add_waiting_automation(hass, rig)
    # Their schedule began by switching off.
    await rig.turn("on", callers.users[ADA])
    await rig.shows("on")
    before, writes = len(await rig.recorded()), rig.writes
    other = {"entity_id": "automation.other"}
    # Whoever asks by the API would wait for its end.
    asker, waits = Context(user_id=callers.users[OTTO].id), {"entity_id": "automation.waits"}
    await hass.services.async_call("automation", "trigger", waits, context=asker)
    for _ in range(4):
        assert await callers.post(OTTO, "automation/trigger", **other) == ""
    caplog.clear()
    hass.bus.async_fire("on_you_go")
    assert "not known any more" in await callers.ran()
    assert (rig.writes, rig.is_closed) == (writes, True)
    assert (await rig.recorded())[-1]["what"] == "unauthorized"
    # What comes by itself, and who is known, go on.
    assert await callers.automate([{"do": "switch.turn_off", "at": rig.switch}]) == ""
    await rig.shows("off")
    assert await callers.post(ADA, "automation/trigger", entity_id="automation.other") == ""
    assert await callers.ran() == ""
    await rig.shows("on")
    done = [entry for entry in (await rig.recorded())[before:] if entry["what"] == "ended" and entry["writes"]]
    assert [entry["by"] for entry in done] == ["automation", "Ada"]
    await callers.end()


async def _add_waiting_automation(hass: HomeAssistant, rig: ControlRig) -> None:
    def does(way: str) -> dict[str, Any]:
        return {"action": f"switch.turn_{way}", "target": {"entity_id": rig.switch}}

    never = {"trigger": "event", "event_type": "never"}
    go = {"trigger": "event", "event_type": "go"}
    waits = {"wait_for_trigger": {"trigger": "event", "event_type": "on_you_go"}}
    run = {
        "repeat": {
            "for_each": "{{ trigger.event.data.actions }}",
            "sequence": [{"action": "{{ repeat.item.do }}", "target": {"entity_id": "{{ repeat.item.at }}"}}],
        }
    }
    hass.config.components.remove("automation")
    automations = [
        {"alias": "Waits", "triggers": never, "actions": [waits, does("off")]},
        {"alias": "Other", "triggers": never, "actions": does("on")},
        {"alias": "Asked anew", "triggers": go, "actions": run},
    ]
    await hass.services.async_call(
        "automation", "turn_off", {"entity_id": hass.states.async_entity_ids("automation")}, blocking=True
    )
    assert await async_setup_component(hass, "automation", {"automation": automations})
    await hass.async_block_till_done()


# -- in the middle of an operation ------------------------------------------------------------------------------------


async def rename(rig: ControlRig) -> None:
    er.async_get(rig.hass).async_update_entity(rig.switch, new_entity_id="switch.main_fuse")


async def disable_entity(rig: ControlRig) -> None:
    er.async_get(rig.hass).async_update_entity(rig.switch, disabled_by=er.RegistryEntryDisabler.USER)


async def disable_device(rig: ControlRig) -> None:
    devices = dr.async_get(rig.hass)
    entity = er.async_get(rig.hass).async_get(rig.switch)
    assert entity is not None
    assert entity.device_id is not None
    devices.async_update_device(entity.device_id, disabled_by=dr.DeviceEntryDisabler.USER)


async def remove_entity(rig: ControlRig) -> None:
    er.async_get(rig.hass).async_remove(rig.switch)


async def leap(rig: ControlRig) -> None:
    for moment in (datetime.now(UTC) + timedelta(days=400), datetime.now(UTC) - timedelta(days=400)):
        async_fire_time_changed(rig.hass, moment)


@pytest.mark.parametrize("happens", [rename, disable_entity, disable_device, remove_entity, leap])
async def test_whatever_becomes_of_the_switch_one_request_left_and_its_end_is_put_down(
    hass: HomeAssistant, rig: ControlRig, ada: MockUser, happens: Callable[[ControlRig], Awaitable[None]]
) -> None:
    rig.link.cabinet.units[UNIT].hold("RlySta", 1)
    running = asyncio.create_task(rig.turn("off", ada))
    await rig.link.reported(UNIT, lambda: rig.writes == 1)
    await happens(rig)
    rig.link.cabinet.units[UNIT].release()
    (failure,) = await asyncio.gather(running, return_exceptions=True)
    assert failure is None
    begun, ended = await rig.recorded()
    assert (begun["what"], ended["what"], ended["result"], ended["by"]) == ("begun", "ended", "confirmed", "Ada")
    assert (rig.writes, rig.is_closed) == (1, False)


async def test_a_token_lives_by_a_clock_that_only_goes_on(
    hass: HomeAssistant, rig: ControlRig, ada: MockUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    offset = timedelta()
    monkeypatch.setattr(dt_util, "utcnow", lambda: datetime.now(UTC) + offset)
    for operation, days in (("open", 400), ("close", -400)):
        selected = await rig.act("select", ada, entity_id=rig.switch, operation=operation)
        offset = timedelta(days=days)
        async_fire_time_changed(hass, dt_util.utcnow())
        answer = await rig.act("operate", ada, entity_id=rig.switch, operation=operation, token=selected["token"])
        assert answer["outcome"] == "confirmed"
    assert rig.writes == 2


async def test_two_persons_at_the_same_moment_send_one_request(
    hass: HomeAssistant, rig: ControlRig, hass_ws_client: WebSocketGenerator
) -> None:
    """Both want it open; then one wants it closed and the other open, which goes first."""
    sockets = []
    for name in ("Ada", "Ben"):
        user = await person(hass, "system-admin", name)
        refresh = await hass.auth.async_create_refresh_token(user, "https://app.test")
        sockets.append(await hass_ws_client(hass, hass.auth.async_create_access_token(refresh)))

    async def ask(number: int, way: str) -> bool:
        socket = sockets[number]
        call = {"domain": "switch", "service": f"turn_{way}", "target": {"entity_id": rig.switch}}
        await socket.send_json_auto_id({"type": "call_service", **call})
        return bool((await socket.receive_json())["success"])

    assert all(await asyncio.gather(ask(0, "off"), ask(1, "off")))
    ended = [entry for entry in await rig.recorded() if entry["what"] == "ended"]
    assert {entry["by"] for entry in ended} == {"Ada", "Ben"}
    assert sorted(str(entry["reason"]) for entry in ended) == ["None", "already_there"]
    assert (rig.writes, rig.is_closed) == (1, False)
    assert all(await asyncio.gather(ask(0, "on"), ask(1, "off")))
    # Either came first; each is carried out once, one after the other.
    last = [entry for entry in await rig.recorded() if entry["what"] == "ended"][-1]
    assert rig.is_closed is (last["code"] == "FORRLYON")
    assert rig.writes <= 3
