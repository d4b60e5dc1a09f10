"""The blueprints, as they are printed, in a real Home Assistant with a phone."""

import asyncio
import shutil
from collections.abc import AsyncGenerator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from homeassistant.auth.const import GROUP_ID_ADMIN, GROUP_ID_READ_ONLY
from homeassistant.core import Context, Event, HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError, Unauthorized
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.acrel_safety.checkups import Checkup, checkup_clock_of
from tests.integration.alarm_rigs import SAFETY, Fired, act, context_of, leak, leaky, recorded
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.phone import Phone
from tests.integration.rigs import LinkRig, is_now

ROOT = Path(__file__).parents[2]
BLUEPRINTS = ROOT / "blueprints" / "automation" / "acrel_safety"
README = (ROOT / "README.md").read_text("utf-8")


@pytest.fixture
async def rig(cabinet_of: CabinetMaker, link_to: LinkMaker) -> LinkRig:
    """Return a link with an ADW300 that has a limit of 300 mA."""
    return await leaky(cabinet_of, link_to)


@pytest.fixture
async def blueprints(hass: HomeAssistant) -> AsyncGenerator[Fired]:
    """Have the blueprints imported."""
    folder = Path(hass.config.path("blueprints")) / "automation" / "acrel_safety"
    await hass.async_add_executor_job(shutil.copytree, BLUEPRINTS, folder)
    found = Fired(hass)
    yield found
    await found.end()


@pytest.fixture
async def phone(
    hass: HomeAssistant, rig: LinkRig, hass_client_no_auth: ClientSessionGenerator
) -> AsyncGenerator[Phone]:
    """Return a phone that is not registered yet; routes of the integration have to be there before its client."""
    assert await async_setup_component(hass, "notify", {})
    assert await async_setup_component(hass, "mobile_app", {})
    found = Phone(hass, await hass_client_no_auth())
    yield found
    await found.async_end()


def of(blueprint: str, **inputs: object) -> Mapping[str, Any]:
    """Return an automation made from a blueprint."""
    return {"alias": blueprint, "use_blueprint": {"path": f"acrel_safety/{blueprint}.yaml", "input": inputs}}


@pytest.mark.parametrize("path", sorted(BLUEPRINTS.glob("*.yaml")), ids=lambda path: path.stem)
def test_each_blueprint_has_an_import_link_in_the_readme(path: Path) -> None:
    address = quote(f"https://github.com/acrel-safety/acrel_safety/blob/main/{path.relative_to(ROOT)}", safe="")
    assert f"https://my.home-assistant.io/redirect/blueprint_import/?blueprint_url={address}" in README
    assert f"/blob/main/{path.relative_to(ROOT)}\n" in path.read_text("utf-8")


async def test_an_alarm_is_sent_to_the_phone_and_acknowledged_by_its_button(
    phone: Phone, rig: LinkRig, blueprints: Fired
) -> None:
    user_id = context_of(rig.hass, "Anna").user_id
    assert user_id is not None
    also = [{"event": "siren", "event_data": {"level": "{{ level }}", "reason": "{{ reason }}"}}]
    sounded: list[Event[Mapping[str, Any]]] = []
    rig.hass.bus.async_listen("siren", sounded.append)
    await blueprints.load([of("notify", phone=await phone.async_register(user_id), also=also)])
    await leak(rig)
    sent = await phone.next()
    assert sent["title"] == "Alarm: adw300 1"
    assert sent["message"].startswith("Residual current above the limit: 600 mA, limit 300 mA (since ")
    data = sent["data"]
    assert [button["title"] for button in data["actions"]] == ["Acknowledge", "Show"]
    assert (data["actions"][1]["uri"], data["push"]["interruption-level"]) == (
        f"/history?entity_id={SAFETY}", "critical"
    )  # fmt: skip
    assert "image" not in data, "nothing is recorded here: a phone would show a broken picture"
    await phone.press(data["actions"][0]["action"])
    await rig.until(SAFETY, lambda state: state.attributes["state"] == "acknowledged")
    assert [entry["by"] for entry in recorded(rig, "acknowledge")] == ["Anna"]
    cleared = await phone.next()
    assert (cleared["message"], cleared["data"]["tag"]) == ("clear_notification", data["tag"])
    assert [event.data for event in sounded] == [
        {"level": "alarm", "reason": "raised"},
        {"level": "alarm", "reason": "over"},
    ]


async def test_a_phone_that_cannot_be_reached_keeps_nothing_else_from_being_done(
    phone: Phone, rig: LinkRig, blueprints: Fired
) -> None:
    user_id = context_of(rig.hass, "Anna").user_id
    assert user_id is not None
    sounded = asyncio.Event()

    @callback
    def note(_: Event[Mapping[str, Any]]) -> None:
        sounded.set()

    rig.hass.bus.async_listen("siren", note)
    await blueprints.load([of("notify", phone=await phone.async_register(user_id), also=[{"event": "siren"}])])
    await phone.server.close()
    await leak(rig)
    async with asyncio.timeout(60):
        await sounded.wait()


async def test_what_was_raised_before_and_what_cannot_be_seen_is_sent_with_one_button_for_all_of_it(
    phone: Phone, rig: LinkRig, blueprints: Fired
) -> None:
    user_id = context_of(rig.hass, "Anna").user_id
    assert user_id is not None
    await leak(rig)
    # Loaded after it was raised, as after a restart: automations are armed when devices are there already.
    await blueprints.load([of("notify", phone=await phone.async_register(user_id))])
    first = await phone.next()
    assert first["title"] == "Alarm: adw300 1"
    rig.cabinet.set_scenario("silent", 1)
    both = await phone.next(60)
    assert (both["title"], both["data"]["tag"]) == ("Alarm: adw300 1", first["data"]["tag"])
    assert ["600 mA" in both["message"], "Device cannot be seen" in both["message"]] == [True, True]
    await phone.press(both["data"]["actions"][0]["action"])
    assert len(recorded(rig, "acknowledge")) == 2


@pytest.mark.parametrize("wanted", [True, False])
async def test_the_daily_summary_says_what_stands_or_that_all_is_safe(
    phone: Phone, rig: LinkRig, blueprints: Fired, wanted: bool
) -> None:
    user_id = context_of(rig.hass, "Anna").user_id
    assert user_id is not None
    await phone.async_register(user_id)
    await blueprints.load([of("daily_summary", notify="notify.anna_s_phone", time="08:00:00", when_safe=wanted)])
    await rig.until(SAFETY, is_now("safe"))
    morning = dt_util.now().replace(hour=8, minute=0, second=0, microsecond=0) + timedelta(days=1)
    async_fire_time_changed(rig.hass, morning)
    await rig.hass.async_block_till_done()
    if wanted:
        assert (await phone.next())["title"] == "All that is watched is safe"
    assert phone.waiting() == 0
    await leak(rig)
    async_fire_time_changed(rig.hass, morning + timedelta(days=1))
    sent = await phone.next()
    assert sent["title"] == "Alarms that stand: 1, unacknowledged: 1"
    assert sent["message"].startswith("Alarm: adw300 1: Residual current above the limit: 600 mA")


@pytest.mark.parametrize(("button", "passed"), [("Passed", True), ("Failed", False)])
async def test_a_self_test_is_asked_for_and_its_result_recorded_by_a_button(
    phone: Phone, rig: LinkRig, blueprints: Fired, button: str, passed: bool
) -> None:
    user_id = context_of(rig.hass, "Anna").user_id
    assert user_id is not None
    await blueprints.load([of("test_reminder", phone=await phone.async_register(user_id))])
    admin = context_of(rig.hass, "Owner", GROUP_ID_ADMIN)
    await act(rig, "set_test_interval", admin, entity_id=SAFETY, kind="inspection", months=0)
    await morning(rig, days=1)
    await morning(rig, days=170)
    assert phone.waiting() == 0
    await morning(rig, days=190)
    asked = await phone.next()
    assert asked["title"] == "Self-test due: adw300 1"
    await morning(rig, days=191)
    assert phone.waiting() == 0
    await morning(rig, days=197)
    again = await phone.next()
    assert again["title"] == asked["title"]
    await phone.press(next(one["action"] for one in again["data"]["actions"] if one["title"] == button))
    (entry,) = recorded(rig, "test")
    assert (entry["by"], entry["board"], entry["what"], entry["passed"]) == ("Anna", "adw300 1", "self_test", passed)
    # What failed is due until it passes, however seldom it is to be tested.
    await act(rig, "set_test_interval", admin, entity_id=SAFETY, kind="self_test", months=24)
    await morning(rig, days=204)
    if not passed:
        assert (await phone.next())["title"] == asked["title"]
    assert phone.waiting() == 0


async def test_who_may_not_act_records_no_test_and_sets_no_interval(rig: LinkRig) -> None:
    test = {"entity_id": SAFETY, "kind": "self_test", "passed": True}
    with pytest.raises(Unauthorized):
        await act(rig, "record_test", context_of(rig.hass, "Guest", GROUP_ID_READ_ONLY), **test)
    with pytest.raises(ServiceValidationError, match="are for persons"):
        await act(rig, "record_test", Context(), **test)
    with pytest.raises(Unauthorized):
        await act(rig, "set_test_interval", context_of(rig.hass, "Anna"), entity_id=SAFETY, kind="self_test", months=1)
    assert recorded(rig, "test") == []


async def test_of_a_device_that_is_gone_nothing_is_kept(rig: LinkRig) -> None:
    admin, identity = context_of(rig.hass, "Owner", GROUP_ID_ADMIN), rig.subentry(1).subentry_id
    await act(rig, "set_test_interval", admin, entity_id=SAFETY, kind="self_test", months=1)

    def days_left() -> float:
        due = checkup_clock_of(rig.hass).due(identity, Checkup.SELF_TEST)
        assert due is not None
        return (due - dt_util.utcnow()) / timedelta(days=1)

    await morning(rig, days=1)
    assert days_left() < 31
    rig.hass.config_entries.async_remove_subentry(rig.entry, identity)
    await rig.hass.async_block_till_done()
    await morning(rig, days=2)
    assert days_left() > 180


async def morning(rig: LinkRig, *, days: int) -> None:
    """Let it be ten in the morning, so many days from now."""
    then = (dt_util.now() + timedelta(days=days)).replace(hour=10, minute=0, second=0, microsecond=500000)
    async_fire_time_changed(rig.hass, then)
    await rig.hass.async_block_till_done()
