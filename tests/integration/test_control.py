"""A breaker is switched in Home Assistant only by who may, once, and shows what was read of it."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import yaml
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
from homeassistant.helpers.entity_platform import async_get_platforms
from homeassistant.setup import async_setup_component

from custom_components.acrel_safety.aioacrel.journal.entry import Kind
from custom_components.acrel_safety.const import DOMAIN
from custom_components.acrel_safety.remote import RemoteSwitch
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.control_rigs import USUAL, ControlRig, administrator, meter, reader, user


@pytest.fixture
async def rig(cabinet_of: CabinetMaker, link_to: LinkMaker) -> AsyncGenerator[ControlRig]:
    async with meter(cabinet_of, link_to) as rig:
        yield rig


async def test_without_leave_there_is_nothing_to_switch(cabinet_of: CabinetMaker, link_to: LinkMaker) -> None:
    async with meter(cabinet_of, link_to, None) as rig:
        assert {entity.domain for entity in rig.link.entities()} == {"sensor", "binary_sensor", "event", "todo"}
        ada = await administrator(rig.hass)
        device = rig.link.entity_id("binary_sensor", 5, "RlySta")
        with pytest.raises(ServiceValidationError, match="control is not enabled"):
            await rig.act("operate", ada, entity_id=device, operation="open", confirm=True)
        assert rig.writes == 0


async def test_an_administrator_opens_and_closes_a_relay(hass: HomeAssistant, rig: ControlRig) -> None:
    ada = await administrator(hass)
    await rig.shows("on")
    await rig.turn("off", ada)
    assert (rig.is_closed, rig.writes) == (False, 1)
    state = await rig.shows("off")
    assert (state.attributes["last_outcome"], state.attributes["last_by"]) == ("confirmed", "Ada")
    with pytest.raises(ServiceValidationError):
        await rig.turn("off", await user(hass))
    # Whoever was refused did nothing to it.
    attributes = rig.state().attributes
    assert (attributes["last_outcome"], attributes["last_reason"], attributes["last_by"]) == ("confirmed", None, "Ada")
    await rig.turn("on", ada)
    assert (rig.is_closed, rig.writes) == (True, 2)
    await rig.shows("on")
    told = [(entry["what"], entry["code"], entry["by"]) for entry in await rig.recorded() if entry["by"] == "Ada"]
    assert told == [
        *(("begun", "FORRLYOFF", "Ada"), ("ended", "FORRLYOFF", "Ada")),
        *(("begun", "FORRLYON", "Ada"), ("ended", "FORRLYON", "Ada")),
    ]


async def test_an_automation_goes_in_two_steps_or_in_one_call_as_the_documents_say(
    hass: HomeAssistant, rig: ControlRig
) -> None:
    await rig.shows("on")
    text = (Path(__file__).parents[2] / "docs" / "usage.md").read_text("utf-8")
    (example,) = [part for part in text.split("```yaml")[1:] if "acrel_safety.select" in part.partition("```")[0]]
    two_steps = yaml.safe_load(example.partition("```")[0].replace("switch.kitchen_breaker", rig.switch))["actions"]
    one_call = {**two_steps[2], "data": {"operation": "open", "confirm": True}}
    neither = {**two_steps[2], "data": {"operation": "open"}}
    automations = [
        {"alias": name, "triggers": {"trigger": "event", "event_type": name}, "actions": actions}
        for name, actions in (("two", two_steps), ("one", [one_call]), ("neither", [neither]))
    ]
    assert await async_setup_component(hass, "persistent_notification", {})
    assert await async_setup_component(hass, "automation", {"automation": automations})
    writes = 0
    for name in ("neither", "two", "one"):
        hass.bus.async_fire(name)
        await hass.async_block_till_done(wait_background_tasks=True)
        writes += name != "neither"
        assert (rig.writes, rig.is_closed) == (writes, name == "neither")
        rig.relay(closed=True)
        await rig.shows("on")
    told = [
        (entry["what"], entry["caller"]) for entry in await rig.recorded() if entry["what"] in ("selected", "ended")
    ]
    assert told == [("ended", "automation"), ("selected", "automation"), *[("ended", "automation")] * 2]


async def test_the_switch_is_called_what_it_switches(rig: ControlRig) -> None:
    """By any other name an owner turns off the mains, and means the remote control."""
    assert rig.switch.endswith("_breaker")
    assert str(rig.state().name).endswith("Breaker")


async def test_our_own_opening_is_no_trip(hass: HomeAssistant, rig: ControlRig) -> None:
    await rig.shows("on")
    await rig.turn("off", await administrator(hass))
    await rig.shows("off")
    await rig.link.polled(5, 3)
    assert [entry for entry in await rig.recorded(Kind.ALARM) if entry["level"] == "trip"] == []


async def test_the_switch_shows_that_it_moves(hass: HomeAssistant, rig: ControlRig) -> None:
    await rig.shows("on")
    seen: list[str | None] = []
    rig.operator.control.listen(lambda _: seen.append(rig.state().attributes["movement"]))
    await rig.turn("off", await administrator(hass))
    assert seen == ["opening", None]


async def test_toggle_is_refused(hass: HomeAssistant, rig: ControlRig) -> None:
    assert await async_setup_component(hass, "homeassistant", {})
    await rig.shows("on")
    for domain in ("switch", "homeassistant"):
        with pytest.raises(ServiceValidationError) as refused:
            await hass.services.async_call(domain, "toggle", {"entity_id": rig.switch}, blocking=True)
        assert refused.value.translation_key == "no_toggle"
    assert rig.writes == 0


async def test_who_asked_before_asks_for_nothing_else(hass: HomeAssistant, rig: ControlRig) -> None:
    """What calls the entity without saying for whom is refused, whoever was refused or served before."""
    await rig.shows("on")
    ada = await administrator(hass)
    with pytest.raises(ServiceValidationError):
        await hass.services.async_call(
            "switch", "toggle", {"entity_id": rig.switch}, blocking=True, context=Context(user_id=ada.id)
        )
    (entity,) = [
        one
        for platform in async_get_platforms(hass, DOMAIN)
        for one in platform.entities.values()
        if isinstance(one, RemoteSwitch)
    ]
    with pytest.raises(ServiceValidationError, match="whoever asks has no right to it"):
        await entity.async_turn_off()
    assert (rig.writes, rig.is_closed) == (0, True)


async def test_what_is_refused_is_said_and_put_down(hass: HomeAssistant, rig: ControlRig) -> None:
    uwe = await user(hass)
    await rig.shows("on")
    with pytest.raises(ServiceValidationError, match="whoever asks has no right to it"):
        await rig.turn("off", uwe)
    assert (rig.writes, rig.is_closed) == (0, True)
    (entry,) = await rig.recorded()
    assert (entry["what"], entry["by"], entry["by_id"], entry["result"], entry["reason"], entry["writes"]) == (
        *("ended", "Uwe", uwe.id, "refused", "no_right"),
        0,
    )


async def test_who_may_only_read_can_do_nothing(hass: HomeAssistant, rig: ControlRig) -> None:
    rita = await reader(hass)
    await rig.shows("on")
    with pytest.raises(Unauthorized):
        await rig.turn("off", rita)
    for action, data in (
        ("operate", {"operation": "open", "confirm": True}),
        ("select", {"operation": "open"}),
        ("hang_tag", {"reason": "x"}),
    ):
        with pytest.raises(Unauthorized):
            await rig.act(action, rita, entity_id=rig.switch, **data)
    assert rig.writes == 0
    assert rig.operator.control.tags.all == ()
    assert {entry["what"] for entry in await rig.recorded()} == {"unauthorized"}


async def test_who_is_gone_or_not_active_can_do_nothing(hass: HomeAssistant, rig: ControlRig) -> None:
    ada, other = await administrator(hass), await administrator(hass)
    await rig.shows("on")
    await hass.auth.async_update_user(ada, is_active=False)
    await hass.auth.async_remove_user(other)
    for former in (ada, other):
        with pytest.raises(Unauthorized):
            await rig.act("operate", former, entity_id=rig.switch, operation="open", confirm=True)
        with pytest.raises(HomeAssistantError):
            await rig.turn("off", former)
    assert rig.writes == 0


async def test_automations_may_open_and_not_close(hass: HomeAssistant, rig: ControlRig) -> None:
    await rig.shows("on")
    await rig.turn("off", None)
    assert rig.writes == 1
    await rig.shows("off")
    with pytest.raises(ServiceValidationError, match="no right"):
        await rig.turn("on", None)
    assert (rig.writes, rig.is_closed) == (1, False)


async def test_on_takes_a_consent_of_its_own(cabinet_of: CabinetMaker, link_to: LinkMaker) -> None:
    async with meter(cabinet_of, link_to, {**USUAL, "may_close": False}) as rig:
        ada = await administrator(rig.hass)
        await rig.shows("on")
        await rig.turn("off", ada)
        await rig.shows("off")
        with pytest.raises(ServiceValidationError, match="ON is not allowed"):
            await rig.turn("on", ada)
        assert (rig.writes, rig.is_closed) == (1, False)


async def test_what_does_not_answer_is_unavailable_and_not_off(hass: HomeAssistant, rig: ControlRig) -> None:
    await rig.shows("on")
    rig.link.cabinet.units[5].set_scenario("silent")
    await rig.shows("unavailable")
    with pytest.raises(ServiceValidationError):
        await rig.act("operate", await administrator(hass), entity_id=rig.switch, operation="close", confirm=True)
    assert rig.writes == 0


async def test_a_relay_that_sticks_is_no_success(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    async with meter(cabinet_of, link_to) as rig:
        await rig.shows("on")
        rig.link.cabinet.units[5].hold("RlySta", 1.0)
        answer = await rig.act(
            "operate", await administrator(hass), entity_id=rig.switch, operation="open", confirm=True
        )
        # Where it could not be watched all the time, nobody says that it never moved.
        assert answer["outcome"] in ("failed", "unknown")
        assert (answer["writes"], rig.writes) == (1, 1)
        await rig.shows("on")


async def test_forced_control_is_released_by_a_button(hass: HomeAssistant, rig: ControlRig) -> None:
    ada = await administrator(hass)
    await rig.shows("on")
    await rig.turn("off", ada)
    button = rig.handle("button", "1_FORRLYREL_remote_operation")
    state = hass.states.get(button)
    assert state is not None
    assert state.name == "ddsy1352 5 Release forced control"
    with pytest.raises(ServiceValidationError, match="no right"):
        await hass.services.async_call("button", "press", {"entity_id": button}, blocking=True)
    assert rig.writes == 1
    await rig.act("operate", ada, entity_id=rig.switch, operation="FORRLYREL", confirm=True)
    assert (rig.writes, rig.is_closed) == (2, True)
