"""Cut-off by alarms in Home Assistant: a person confirms, unless the owner says otherwise, and nothing is made up."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from homeassistant.core import Context, Event, HomeAssistant
from homeassistant.exceptions import ServiceValidationError, Unauthorized
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockUser

from custom_components.acrel_safety.aioacrel.alarms.notices import Notice, Why
from custom_components.acrel_safety.buttons import APP_EVENT, app_data
from custom_components.acrel_safety.desk import desk_of
from tests.integration.byitself_rigs import ASKS, CUTS, LEAKS, BreakerRig, breaker
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.control_rigs import USUAL, administrator, reader, user
from tests.integration.rigs import is_now


async def press(rig: BreakerRig, who: MockUser | None) -> None:
    """Press the button of the notification that would be sent now."""
    data = app_data(rig.hass, rig.operator.board, [one.occurrence for one in rig.requests], "/page")
    (button,) = [one for one in data["actions"] if one["action"].startswith("ACREL_CUT_")]
    assert (button["title"], button["authenticationRequired"]) == ("Cut off", True)
    context = Context(user_id=None if who is None else who.id)
    rig.hass.bus.async_fire(APP_EVENT, {"action": button["action"]}, context=context)
    await rig.hass.async_block_till_done()


async def test_nothing_is_tied_unless_the_owner_says_so(
    hass: HomeAssistant, tmp_path: Path, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    async with breaker(hass, tmp_path, cabinet_of, link_to, USUAL) as rig:
        await rig.leak()
        await rig.link.polled(5, 3)
        assert (rig.writes, rig.find("binary_sensor", "0_cut_off_asked")) == (0, None)


async def test_a_person_confirms_and_nobody_else_can(
    hass: HomeAssistant, tmp_path: Path, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    assert await async_setup_component(hass, "persistent_notification", {})
    said: list[Event[Any]] = []
    hass.bus.async_listen("call_service", said.append)
    async with breaker(hass, tmp_path, cabinet_of, link_to, ASKS) as rig:
        await rig.leak()
        state = await rig.link.until(rig.asked, is_now("on"))
        (request,) = state.attributes["requests"]
        assert (request["circuit"], request["operation"], request["cause"]) == ("1", "RLYOFF", "Residual current high")
        assert (await rig.act("list_cut_offs", None))["requests"] == [{"board": "my-breaker 5", **request}]
        asked = {"request_id": request["request_id"]}
        rita, uwe, ada = await reader(hass), await user(hass), await administrator(hass)
        for action in ("confirm_cut_off", "dismiss_cut_off"):
            with pytest.raises(Unauthorized):
                await rig.act(action, rita, **asked)
            with pytest.raises(ServiceValidationError, match="no right"):
                await rig.act(action, None, **asked)
        for action in ("confirm_cut_off", "dismiss_cut_off"):
            with pytest.raises(ServiceValidationError, match="no right"):
                await rig.act(action, uwe, **asked)
        for who in (rita, None, uwe):
            await press(rig, who)
        assert (rig.writes, len(rig.requests)) == (0, 1)
        texts = [event.data["service_data"]["message"] for event in said if event.data["service"] == "create"]
        assert ["that was not done" in text for text in texts] == [True] * 3
        answer = await rig.act("confirm_cut_off", ada, **asked)
        assert (answer["outcome"], answer["writes"]) == ("confirmed", 1)
        await rig.link.until(rig.asked, is_now("off"))
        await rig.shows("off")
        with pytest.raises(ServiceValidationError, match="Nothing of that asks"):
            await rig.act("confirm_cut_off", ada, **asked)
        assert (rig.writes, rig.is_closed) == (1, False)
        told = [(step["step"], step["by"]) for step in await rig.steps("cut_off")]
        assert told == [("asked", ""), ("confirmed", "Uwe"), ("confirmed", "Uwe"), ("confirmed", "Ada")]


async def test_a_button_of_the_notification_confirms(
    hass: HomeAssistant, tmp_path: Path, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    async with breaker(hass, tmp_path, cabinet_of, link_to, ASKS) as rig:
        await rig.leak()
        await rig.link.until(rig.asked, is_now("on"))
        await press(rig, await administrator(hass))
        await rig.shows("off")
        assert (rig.writes, rig.is_closed, rig.requests) == (1, False, [])


async def test_what_is_asked_later_is_sent_again_with_the_button(
    hass: HomeAssistant, tmp_path: Path, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    control = {**USUAL, "cut_off": [{"level": "alarm", "delay": 1}]}
    async with breaker(hass, tmp_path, cabinet_of, link_to, control) as rig:
        notices: asyncio.Queue[Notice] = asyncio.Queue()
        leave = desk_of(hass).listen_to_notices(notices.put_nowait)
        await rig.leak()
        async with asyncio.timeout(60):
            assert (await notices.get()).why is Why.RAISED
            while not rig.requests:
                assert (await notices.get()).why is Why.REMINDER
        leave()
        await press(rig, await administrator(hass))
        await rig.shows("off")
        assert rig.writes == 1


async def test_what_is_dismissed_or_over_is_not_asked_any_more(
    hass: HomeAssistant, tmp_path: Path, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    async with breaker(hass, tmp_path, cabinet_of, link_to, ASKS) as rig:
        ada = await administrator(hass)
        await rig.leak()
        await rig.link.until(rig.asked, is_now("on"))
        await rig.act("dismiss_cut_off", ada, request_id=rig.requests[0].id)
        await rig.link.until(rig.asked, is_now("off"))
        # The next time is another one.
        rig.set(LEAKS, is_on=False)
        (alarm,) = [one for one in desk_of(hass).alarms.standing() if one.code == "LgHigh"]
        await rig.act("acknowledge", ada, alarm_id=alarm.alarm_id)
        await rig.link.reported(5, lambda: not desk_of(hass).alarms.standing())
        await rig.leak()
        await rig.link.until(rig.asked, is_now("on"))
        rig.set(LEAKS, is_on=False)
        await rig.act("acknowledge", ada, alarm_id=alarm.alarm_id)
        await rig.link.until(rig.asked, is_now("off"))
        assert rig.writes == 0
        assert [step["step"] for step in await rig.steps("cut_off")] == ["asked", "dismissed", "asked", "lapsed"]


@pytest.mark.parametrize(
    ("control", "writes"),
    [
        (CUTS, 1),
        ({**CUTS, "rights": {"administrators": ["off"]}}, 0),
        ({**CUTS, "rights": {"administrators": ["off"]}, "may_cut_alone": True}, 1),
        ({**CUTS, "critical": ["1"]}, 0),
        ({**CUTS, "enabled": False}, 0),
    ],
    ids=["right", "no right", "own consent", "critical", "control off"],
)
async def test_without_asking_only_where_it_may(
    hass: HomeAssistant,
    tmp_path: Path,
    cabinet_of: CabinetMaker,
    link_to: LinkMaker,
    control: Mapping[str, Any],
    writes: int,
) -> None:
    async with breaker(hass, tmp_path, cabinet_of, link_to, control) as rig:
        entity_id = rig.link.entity_id("binary_sensor", 5, "LgHigh")
        position = rig.link.entity_id("binary_sensor", 5, "RlySta")
        assert entity_id is not None
        assert position is not None
        await rig.link.until(position, is_now("on"))
        rig.set(LEAKS, is_on=True)
        await rig.link.until(entity_id, is_now("on"))
        if writes:
            await rig.link.until(position, is_now("off"))
            await rig.settle()
            (ended,) = await rig.steps("ended")
            assert (ended["caller"], ended["result"]) == ("cut_off", "confirmed")
        elif control["enabled"]:
            # A person is asked instead, and told why.
            state = await rig.link.until(rig.asked, is_now("on"))
            assert state.attributes["requests"][0]["why"].startswith("Refused, nothing was sent")
        else:
            await rig.link.polled(5, 3)
        assert rig.writes == writes


async def test_a_restart_drops_what_is_asked_and_says_so(
    hass: HomeAssistant, tmp_path: Path, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    async with breaker(hass, tmp_path, cabinet_of, link_to, ASKS) as rig:
        await rig.leak()
        await rig.link.until(rig.asked, is_now("on"))
        await rig.link.reload()
        await rig.link.polled(5, 3)
        assert rig.requests == []
        assert rig.writes == 0
        assert [step["step"] for step in await rig.steps("cut_off")] == ["asked", "dropped", "dropped"]


@pytest.mark.parametrize(("quantity", "code", "value"), [("power", "P", 9.0)])
async def test_a_power_limit_of_a_circuit_cuts_it_off(
    hass: HomeAssistant,
    tmp_path: Path,
    cabinet_of: CabinetMaker,
    link_to: LinkMaker,
    quantity: str,
    code: str,
    value: float,
) -> None:
    control = {**USUAL, "cut_off": [{"level": "alarm", "quantity": quantity, "circuit": "1", "without_asking": True}]}
    async with breaker(hass, tmp_path, cabinet_of, link_to, control) as rig:
        await rig.shows("on")
        limit = {"quantity": quantity, "code": code, "limit": 8.0}
        await rig.act("set_limit", await administrator(hass), entity_id=rig.switch, **limit)
        await hass.async_block_till_done()
        await rig.shows("on")
        await rig.link.polled(5, 2)
        assert rig.writes == 0
        rig.unit.hold(code, value)
        await rig.shows("off")
        await rig.settle()
        assert (rig.writes, rig.is_closed) == (1, False)
        (step,) = await rig.steps("cut_off")
        assert (step["value"], step["limit"], step["result"]) == (value, 8.0, "confirmed")
