"""The timer that an ARCM310 keeps itself: shown, set once by who may, and warned of where it may close what is off."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import nullcontext
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from homeassistant.const import EVENT_CALL_SERVICE, EntityCategory
from homeassistant.core import Context, Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockUser

from custom_components.acrel_safety.aioacrel.cloud import source as cloud_source
from custom_components.acrel_safety.aioacrel.journal.entry import Kind
from custom_components.acrel_safety.const import DOMAIN
from custom_components.acrel_safety.desk import desk_of
from custom_components.acrel_safety.diagnostics import async_get_config_entry_diagnostics
from custom_components.acrel_safety.logged import RECORDED
from custom_components.acrel_safety.timerwarning import MAY_CLOSE_ALONE
from simulator.cloud import ARCM300T, Cloud
from simulator.cloud.meters import Timer
from tests.integration.alarm_rigs import recorded
from tests.integration.cloud_rigs import (
    SECOND,
    USER,
    account_entry,
    answered,
    entity_of,
    loaded,
    operated_cloud,
    polled,
    shown,
    stored_meter,
)
from tests.integration.control_rigs import USUAL, administrator, reader, user
from tests.integration.test_cloud_operate import WRONG, Rig, operated

pytestmark = pytest.mark.usefixtures("socket_enabled")
COMMAND = "send310ControlDemandHTTP"
DAILY: Mapping[str, Any] = {"daily": True, "opens": "22:00", "closes": "6:30", "confirm_closing": True}
ELSEWHERE = Timer(daily=True, open="22:00:00", close="06:30:00")
SHOWN = "binary_sensor", "0_DOC_CloudTimer"


@pytest.fixture
async def cloud(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Cloud]:
    async with operated_cloud(monkeypatch) as running:
        yield running


async def act(rig: Rig, action: str, who: MockUser | None, **data: object) -> Mapping[str, Any]:
    """Call one of the two actions; for nobody it is an automation that calls."""
    answer = await rig.hass.services.async_call(
        DOMAIN,
        f"{action}_device_timer",
        {"entity_id": rig.switch, **data},
        blocking=True,
        return_response=True,
        context=Context(user_id=None if who is None else who.id),
    )
    assert answer is not None
    return answer


async def put_down(rig: Rig, kind: Kind = Kind.COMMAND) -> list[Mapping[str, Any]]:
    """Return what stands in the record."""
    await desk_of(rig.hass).record.async_written()
    return await rig.hass.async_add_executor_job(recorded, cast("Any", rig), kind)


def is_warned(rig: Rig) -> bool:
    """Whether a repair says that it may close by itself."""
    known = ir.async_get(rig.hass).issues
    return any(domain == DOMAIN and name.endswith(MAY_CLOSE_ALONE) for domain, name in known)


async def test_a_timer_is_shown_whoever_set_it(hass: HomeAssistant, cloud: Cloud) -> None:
    async with operated(hass, cloud) as rig:
        shows = entity_of(hass, rig.entry, *SHOWN)
        state = hass.states.get(shows)
        assert state is not None
        assert (state.state, state.name) == ("off", "Kitchen breaker Own timer shown by the cloud")
        entity = er.async_get(hass).async_get(shows)
        assert entity is not None
        assert entity.entity_category is EntityCategory.DIAGNOSTIC
        rig.breaker.timer = ELSEWHERE
        await polled(hass, rig.hub)
        assert shown(hass, shows) == "on"
        # It is closed, and nobody takes it to be off.
        assert not is_warned(rig)
        rig.breaker.lose()
        await polled(hass, rig.hub)
        assert shown(hass, shows) == "unavailable"
    assert cloud.effects == []


async def test_it_is_set_once_with_who_did_it_and_what_came_of_it_put_down(hass: HomeAssistant, cloud: Cloud) -> None:
    events: list[Event] = []
    async with operated(hass, cloud) as rig:
        hass.bus.async_listen(EVENT_CALL_SERVICE, events.append)
        hass.bus.async_listen(RECORDED, events.append)
        answer = await act(rig, "set", rig.ada, **DAILY, second_password=SECOND)
        await hass.async_block_till_done()
        assert dict(answer) == {
            "outcome": "confirmed",
            "reason": "timer_shown",
            "text": "Done: the server shows the timer",
            "writes": 1,
            "has_timer": True,
            "zone": "UTC+08:00",
        }
        assert (rig.sent, cloud.count("verifySePassword")) == (1, 1)
        assert rig.breaker.timer == ELSEWHERE
        assert (rig.breaker.closed, shown(hass, entity_of(hass, rig.entry, *SHOWN))) == (True, "on")
        begun, ended = await put_down(rig)
        timer = {"kind": "daily", "opens": "22:00:00", "closes": "06:30:00", "zone": "UTC+08:00"}
        assert (begun["what"], begun["code"], begun["by"], begun["timer"]) == ("begun", "TIMER", "Ada", timer)
        assert (ended["what"], ended["result"], ended["writes"], ended["timer"]) == ("ended", "confirmed", 1, timer)
        said = [one.data["message"] for one in events if one.event_type == RECORDED]
        assert said[-1] == (
            "its own timer, each day (opens: 22:00:00, closes: 06:30:00, times of UTC+08:00): "
            "Done: the server shows the timer · Ada"
        )
        assert SECOND not in str([one.data for one in events])
        shown_of = await async_get_config_entry_diagnostics(hass, rig.entry)
        assert "'has_timer': True" in str(shown_of)
        assert SECOND not in str(shown_of)


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"opens": "2099-12-01 22:00"}, Timer(daily=False, open="2099-12-01 22:00:00")),
        ({"opens": "2099-12-01 22:00-05:00"}, Timer(daily=False, open="2099-12-02 11:00:00")),
        # Hours that New York has not, or twice; where the server is they are like any other.
        ({"opens": "2099-03-08 02:30"}, Timer(daily=False, open="2099-03-08 02:30:00")),
        ({"opens": "2099-11-01 01:30"}, Timer(daily=False, open="2099-11-01 01:30:00")),
        ({"opens": "22:00", "daily": True}, Timer(daily=True, open="22:00:00")),
    ],
)
async def test_times_are_of_the_accounts_zone_once_as_daily_and_that_is_said(
    hass: HomeAssistant, cloud: Cloud, given: dict[str, object], sent: Timer
) -> None:
    await hass.config.async_set_time_zone("America/New_York")
    async with operated(hass, cloud) as rig:
        answer = await act(rig, "set", rig.ada, **given, second_password=SECOND)
        assert (answer["outcome"], answer["zone"]) == ("confirmed", "UTC+08:00")
        assert rig.breaker.timer == sent
        begun, _ = await put_down(rig)
        assert begun["timer"]["zone"] == "UTC+08:00"
        assert sent.daily or begun["timer"]["opens"] == f"{sent.open}+08:00"


async def test_in_an_account_whose_server_has_home_assistants_zone_times_are_of_that(
    hass: HomeAssistant, cloud: Cloud
) -> None:
    await hass.config.async_set_time_zone("Europe/Berlin")
    cloud.clock.zone = ZoneInfo("Europe/Berlin")
    async with operated(hass, cloud, clock="local") as rig:
        for hour in ("2099-03-29 02:30", "2099-10-25 02:30"):
            with pytest.raises(ServiceValidationError, match="comes twice or never in the zone of the server"):
                await act(rig, "set", rig.ada, opens=hour, second_password=SECOND)
        assert (rig.sent, rig.proofs) == (0, 0)
        answer = await act(rig, "set", rig.ada, opens="2099-07-01 22:00", second_password=SECOND)
        assert (answer["outcome"], answer["zone"]) == ("confirmed", "Europe/Berlin")
        assert rig.breaker.timer == Timer(daily=False, open="2099-07-01 22:00:00")


async def test_one_that_was_set_elsewhere_is_cancelled(hass: HomeAssistant, cloud: Cloud) -> None:
    async with operated(hass, cloud) as rig:
        rig.breaker.timer = ELSEWHERE
        await polled(hass, rig.hub)
        answer = await act(rig, "cancel", rig.ada, second_password=SECOND)
        await hass.async_block_till_done()
        assert (answer["outcome"], answer["has_timer"], rig.sent) == ("confirmed", False, 1)
        assert [rig.breaker.timer, shown(hass, entity_of(hass, rig.entry, *SHOWN))] == [None, "off"]
        assert [one["timer"] for one in await put_down(rig)] == [{"kind": "none"}] * 2


async def test_one_in_the_place_of_another_is_not_called_confirmed(hass: HomeAssistant, cloud: Cloud) -> None:
    async with operated(hass, cloud) as rig:
        rig.breaker.timer = Timer(daily=True, open="01:00:00")
        await polled(hass, rig.hub)
        answer = await act(rig, "set", rig.ada, **DAILY, second_password=SECOND)
        assert (answer["outcome"], answer["reason"], answer["has_timer"]) == ("unverified", "no_evidence", True)
        assert "there was one before" in answer["text"]


async def test_who_may_not_reaches_no_server(hass: HomeAssistant, cloud: Cloud) -> None:
    uwe, rita = await user(hass), await reader(hass)
    opening, closing = {"opens": "2099-12-01 22:00"}, {"closes": "2099-12-01 22:00", "confirm_closing": True}
    async with operated(hass, cloud) as rig:
        for who, times, error in (
            (uwe, opening, ServiceValidationError),
            (uwe, closing, ServiceValidationError),
            (rita, opening, Unauthorized),
            # Automations may open here, and not close.
            (None, closing, ServiceValidationError),
            (None, DAILY, ServiceValidationError),
        ):
            with pytest.raises(error):
                await act(rig, "set", who, **times, second_password=SECOND)
        for who, error in ((uwe, ServiceValidationError), (rita, Unauthorized)):
            with pytest.raises(error):
                await act(rig, "cancel", who, second_password=SECOND)
        assert (rig.sent, rig.proofs) == (0, 0)
        tried = [(one["what"], one.get("reason")) for one in await put_down(rig)]
        assert tried.count(("ended", "no_right")) == 5
        assert tried.count(("unauthorized", None)) == 2
        # What they gave is nobody else's.
        with pytest.raises(ServiceValidationError, match="second password"):
            await act(rig, "set", rig.ada, **opening)
        assert (await act(rig, "set", None, **opening, second_password=SECOND))["outcome"] == "confirmed"


async def test_a_closing_has_to_be_confirmed(hass: HomeAssistant, cloud: Cloud) -> None:
    async with operated(hass, cloud) as rig:
        for times in ({"closes": "2099-12-01 22:00"}, {**DAILY, "confirm_closing": False}):
            with pytest.raises(ServiceValidationError, match="asks no interlock"):
                await act(rig, "set", rig.ada, **times, second_password=SECOND)
        assert (rig.sent, rig.proofs) == (0, 0)


async def test_what_refuses_a_closing_by_hand_refuses_one_by_its_timer(hass: HomeAssistant, cloud: Cloud) -> None:
    closing = {"closes": "2099-12-01 22:00", "confirm_closing": True, "second_password": SECOND}
    async with operated(hass, cloud) as rig:
        ada = Context(user_id=rig.ada.id)
        tag = {"entity_id": rig.switch, "reason": "Somebody works there"}
        hung = await hass.services.async_call(DOMAIN, "hang_tag", tag, blocking=True, return_response=True, context=ada)
        with pytest.raises(ServiceValidationError, match="Somebody works there"):
            await act(rig, "set", rig.ada, **closing)
        named = {"tag_id": cast("Any", hung)["tags"][0]["tag_id"]}
        await hass.services.async_call(DOMAIN, "remove_tag", named, blocking=True, context=ada)
        # It trips, and nobody acknowledged that.
        rig.breaker.figures.closed = False
        await polled(hass, rig.hub)
        with pytest.raises(ServiceValidationError, match="trip"):
            await act(rig, "set", rig.ada, **closing)
        assert (rig.sent, rig.proofs) == (0, 0)
        opening = {"opens": "2099-12-01 22:00", "second_password": SECOND}
        assert (await act(rig, "set", rig.ada, **opening))["outcome"] == "confirmed"


async def test_a_wrong_second_password_is_tried_once_and_without_one_it_is_said_where_to_give_it(
    hass: HomeAssistant, cloud: Cloud
) -> None:
    async with operated(hass, cloud) as rig:
        with pytest.raises(ServiceValidationError, match="is wrong: nothing was sent"):
            await act(rig, "set", rig.ada, **DAILY, second_password=WRONG)
        for _ in range(2):
            with pytest.raises(ServiceValidationError, match="Set a timer of the device"):
                await act(rig, "set", rig.ada, **DAILY)
        assert (rig.sent, cloud.count("verifySePassword")) == (0, 1)


async def test_a_code_from_the_phone_is_good_for_it_once(hass: HomeAssistant, cloud: Cloud) -> None:
    cloud.accounts[USER].sms = True
    async with operated(hass, cloud) as rig:
        await rig.request_code(rig.ada)
        code = cloud.accounts[USER].code
        assert (await act(rig, "set", rig.ada, **DAILY, second_password=code))["outcome"] == "confirmed"
        assert (rig.sent, cloud.count("checkSMSValid")) == (1, 1)


async def test_what_names_no_device_or_all_of_them_sets_nothing(hass: HomeAssistant, cloud: Cloud) -> None:
    async with operated(hass, cloud) as rig:
        unnamed: tuple[object, ...] = ("all", "switch.nothing", [])
        for one in unnamed:
            with pytest.raises(ServiceValidationError):
                await act(rig, "set", rig.ada, **DAILY, entity_id=one, second_password=SECOND)
        assert (rig.sent, rig.proofs) == (0, 0)


@pytest.mark.parametrize("acts", [False, True])
async def test_when_the_answer_is_lost_it_is_never_sent_again(
    hass: HomeAssistant, cloud: Cloud, monkeypatch: pytest.MonkeyPatch, *, acts: bool
) -> None:
    async with operated(hass, cloud) as rig:
        monkeypatch.setattr(rig.hub.hub, "every", 0.0)
        monkeypatch.setattr(cloud_source, "_LEAST_PATIENCE", 3.0)
        cloud.fail("cut" if acts else "trace", at=COMMAND, acts=acts)
        with nullcontext() if acts else pytest.raises(HomeAssistantError, match="not sent again"):
            await hass.services.async_call(
                DOMAIN,
                "set_device_timer",
                {"entity_id": rig.switch, **DAILY, "second_password": SECOND},
                blocking=True,
                context=Context(user_id=rig.ada.id),
            )
        _, ended = await put_down(rig)
        assert (ended["result"], ended["writes"]) == ("confirmed" if acts else "unknown", 1)
        await polled(hass, rig.hub)
        assert (rig.sent, rig.breaker.timer is not None) == (1, acts)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "one time at least"),
        ({"daily": True}, "one time at least"),
        ({"opens": "22:00"}, "`opens` is no date and time"),
        ({"closes": "soon"}, "`closes` is no date and time"),
        ({"closes": "2025-02-30 10:00"}, "`closes` is no date and time"),
        ({"closes": "2099-12-01"}, "`closes` is no date and time"),
        ({"opens": "", "closes": "2099-12-01 10:00"}, "`opens` is no date and time"),
        ({"daily": True, "opens": "6:00", "closes": ""}, "`closes` is no time of day"),
        ({"opens": "2020-01-01 10:00"}, "minutes ahead"),
        ({"opens": "2099-12-01 10:00", "closes": "2099-12-01 10:00:00"}, "not the same for both"),
        # 17:00 where the server is, and the same moment in words of another zone.
        ({"opens": "2099-12-01 17:00", "closes": "2099-12-01 10:00+01:00"}, "not the same for both"),
        # What YAML makes of 22:00, of a date, and of nothing; templates give anything.
        ({"daily": True, "opens": 1320}, "`opens` is no time of day"),
        ({"opens": 1320}, "`opens` is no date and time"),
        ({"opens": date(2099, 12, 1)}, "`opens` is no date and time"),
        ({"daily": True, "opens": "6:00", "closes": None}, "`closes` is no time of day"),
        ({"opens": ["2099-12-01 10:00"]}, "`opens` is no date and time"),
        ({"opens": 4099680000.0}, "`opens` is no date and time"),
        ({"opens": "2099-12-01 24:00"}, "`opens` is no date and time"),
        ({"opens": "2099-12-01 22:5"}, "`opens` is no date and time"),
        ({"opens": "9999-12-31 23:59"}, "too far ahead"),
        ({"daily": True, "opens": "24:00"}, "`opens` is no time of day"),
        ({"daily": True, "opens": "25:00"}, "`opens` is no time of day"),
        ({"daily": True, "closes": "22"}, "`closes` is no time of day"),
        ({"daily": True, "closes": "2099-12-01 22:00"}, "`closes` is no time of day"),
        ({"daily": True, "opens": "6:00", "closes": "06:00:00"}, "not the same for both"),
    ],
)
async def test_times_that_cannot_be_are_refused_with_what_is_wrong(
    hass: HomeAssistant, cloud: Cloud, given: dict[str, object], said: str
) -> None:
    await hass.config.async_set_time_zone("Europe/Berlin")
    async with operated(hass, cloud) as rig:
        with pytest.raises(ServiceValidationError, match=said):
            await act(rig, "set", rig.ada, **given, confirm_closing=True, second_password=SECOND)
        assert (rig.sent, rig.proofs) == (0, 0)


async def test_of_a_device_without_one_it_is_said_that_there_is_none(hass: HomeAssistant, cloud: Cloud) -> None:
    ada = await administrator(hass)
    box = cloud.site().add(ARCM300T, "Box")
    entry = account_entry(cloud, stored_meter(box, control=USUAL, proved=["RLYOFF"]))
    async with loaded(hass, entry):
        registry = er.async_get(hass)
        (subentry_id,) = entry.subentries
        assert registry.async_get_entity_id("binary_sensor", DOMAIN, f"{subentry_id}_{SHOWN[1]}") is None
        named = {"entity_id": entity_of(hass, entry, "sensor", "1_Lg")}
        for action, times in (("set_device_timer", DAILY), ("cancel_device_timer", {})):
            with pytest.raises(ServiceValidationError, match="no account reaches it"):
                await hass.services.async_call(
                    DOMAIN,
                    action,
                    {**named, **times, "second_password": SECOND},
                    blocking=True,
                    context=Context(user_id=ada.id),
                )
        assert cloud.effects == []


async def test_whoever_opens_it_is_told_that_it_may_close_and_so_is_the_owner_until_that_is_over(
    hass: HomeAssistant, cloud: Cloud
) -> None:
    async with operated(hass, cloud) as rig:
        rig.breaker.timer = ELSEWHERE
        await polled(hass, rig.hub)
        answer = await rig.operate("open", second_password=SECOND)
        await hass.async_block_till_done()
        assert answer["outcome"] == "confirmed"
        assert "it may close by itself, and asks no interlock then" in answer["text"]
        assert "it may close by itself" in (await put_down(rig))[-1]["sentence"]
        assert is_warned(rig)
        # That the server is not heard ends nothing.
        cloud.fail("trace", times=1)
        await polled(hass, rig.hub)
        assert is_warned(rig)
        await hass.config_entries.async_reload(rig.entry.entry_id)
        await hass.async_block_till_done()
        await polled(hass, rig.entry.runtime_data.hub)
        assert is_warned(rig)
        rig.breaker.timer = None
        await polled(hass, rig.entry.runtime_data.hub)
        assert (is_warned(rig), rig.sent) == (False, 1)


async def test_of_what_tripped_or_has_a_tag_the_owner_is_told_too(hass: HomeAssistant, cloud: Cloud) -> None:
    async with operated(hass, cloud) as rig:
        rig.breaker.figures.closed = False
        await polled(hass, rig.hub)
        assert not is_warned(rig)
        rig.breaker.timer = ELSEWHERE
        await polled(hass, rig.hub)
        assert is_warned(rig)
        rig.breaker.figures.closed = True
        await polled(hass, rig.hub)
        assert not is_warned(rig)
        for standing in desk_of(hass).alarms.standing():
            named = {"alarm_id": standing.alarm_id, "occurrence": standing.occurrence}
            await hass.services.async_call(
                DOMAIN, "acknowledge", named, blocking=True, context=Context(user_id=rig.ada.id)
            )
        assert cloud.effects == []


async def test_of_what_trips_with_a_timer_set_the_owner_is_told_at_once(hass: HomeAssistant, cloud: Cloud) -> None:
    closing = {"closes": "2099-12-01 22:00", "confirm_closing": True, "second_password": SECOND}
    async with operated(hass, cloud) as rig:
        assert (await act(rig, "set", rig.ada, **closing))["outcome"] == "confirmed"
        assert not is_warned(rig)
        rig.breaker.figures.closed = False
        await polled(hass, rig.hub)
        assert is_warned(rig)
        # What is acknowledged is no trip any more that somebody could think of.
        for standing in desk_of(hass).alarms.standing():
            named = {"alarm_id": standing.alarm_id, "occurrence": standing.occurrence}
            await hass.services.async_call(
                DOMAIN, "acknowledge", named, blocking=True, context=Context(user_id=rig.ada.id)
            )
        await hass.async_block_till_done()
        assert not is_warned(rig)


async def test_of_a_tag_on_what_is_open_the_owner_is_told(hass: HomeAssistant, cloud: Cloud) -> None:
    async with operated(hass, cloud, closed=False) as rig:
        rig.breaker.timer = ELSEWHERE
        await polled(hass, rig.hub)
        assert not is_warned(rig)
        tag = {"entity_id": rig.switch, "reason": "Somebody works there"}
        await hass.services.async_call(DOMAIN, "hang_tag", tag, blocking=True, context=Context(user_id=rig.ada.id))
        await polled(hass, rig.hub)
        assert is_warned(rig)
    assert cloud.effects == []


async def test_what_its_timer_closes_after_an_opening_from_here_is_an_alarm_and_nothing_acts(
    hass: HomeAssistant, cloud: Cloud
) -> None:
    # Whatever may act by itself is allowed to.
    control = {**USUAL, "rights": {**USUAL["rights"], "automations": ["off", "on"]}}
    async with operated(hass, cloud, control=control, second_password=SECOND) as rig:
        assert (await rig.operate("open"))["outcome"] == "confirmed"
        await polled(hass, rig.hub)
        rig.breaker.timer = Timer(daily=False, close=cloud.clock.text(dt_util.utcnow() + timedelta(seconds=2)))
        async with asyncio.timeout(60):
            while shown(hass, rig.switch) != "on":
                await polled(hass, rig.hub)
        rules = {one.alarm.cause.key.rule for one in desk_of(hass).alarms.standing()}
        assert "closed_again" in rules
        assert shown(hass, rig.switch) == "on"
        await polled(hass, rig.hub)
        await hass.async_block_till_done(wait_background_tasks=True)
        assert rig.sent == 1


async def test_a_restart_in_the_middle_sends_nothing_again_and_says_so(
    hass: HomeAssistant, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with operated(hass, cloud) as rig:
        cloud.behaviour.command_s = 1.0
        sent = answered(monkeypatch, rig.hub)
        setting = asyncio.create_task(act(rig, "set", rig.ada, **DAILY, second_password=SECOND))
        async with asyncio.timeout(60):
            await sent.wait()
        folder = Path(hass.config.path(DOMAIN))
        # It was put down before it left.
        left = await hass.async_add_executor_job(shutil.copytree, folder, folder.with_name("left"))
        await setting
        await hass.config_entries.async_unload(rig.entry.entry_id)
        await hass.async_add_executor_job(shutil.rmtree, folder)
        await hass.async_add_executor_job(left.rename, folder)
        for name in ("desk", "tags", "trips", "lockouts", "deeds"):
            hass.data.pop(f"{DOMAIN}.{name}", None)
        over = asyncio.Event()

        @callback
        def look(one: Event) -> None:
            if "ended in the middle" in one.data["message"]:
                over.set()

        hass.bus.async_listen(RECORDED, look)
        # What the server heard before says nothing of it: told of a time after the start it does.
        rig.breaker.age_s = 0.0
        assert await hass.config_entries.async_setup(rig.entry.entry_id)
        async with asyncio.timeout(60):
            while not over.is_set():
                await polled(hass, rig.entry.runtime_data.hub)
        begun, ended = await put_down(rig)
        assert (begun["what"], ended["what"], ended["by"]) == ("begun", "ended", "Ada")
        assert (ended["result"], ended["reason"], ended["timer"]) == ("unknown", "interrupted", begun["timer"])
        await polled(hass, rig.entry.runtime_data.hub)
        assert rig.sent == 1
        assert ended["effect"] == "nothing"


async def test_what_is_opened_while_a_timer_is_looked_for_ends_apart_from_it(
    hass: HomeAssistant, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with operated(hass, cloud, second_password=SECOND) as rig:
        hub = rig.hub.hub
        # The maker's app is quiet for longer; nobody waits for that here.
        at_once = {kind: replace(known, lockout=0.0) for kind, known in hub.profile.timers.items()}
        monkeypatch.setattr(hub, "profile", replace(hub.profile, timers=at_once))
        monkeypatch.setattr(cloud_source, "_MOST_PATIENCE", 8.0)
        cloud.behaviour.command_s, rig.breaker.age_s = 3600.0, 0.0
        sent = answered(monkeypatch, rig.hub)
        setting = asyncio.create_task(act(rig, "set", rig.ada, **DAILY))
        async with asyncio.timeout(60):
            await sent.wait()
        cloud.behaviour.command_s = 0.3
        assert (await rig.operate("open"))["outcome"] == "confirmed"
        assert not setting.done()
        journal = desk_of(hass).record.journal
        assert journal is not None
        stands = await journal.standing()
        assert [key.endswith("TIMER") for key in stands if key.startswith("operation/")] == [True]
        assert (await setting)["outcome"] == "unknown"
        done = [(one["what"], one["code"]) for one in await put_down(rig)]
        assert done == [("begun", "TIMER"), ("begun", "RLYOFF"), ("ended", "RLYOFF"), ("ended", "TIMER")]
        assert (rig.sent, rig.breaker.closed) == (2, False)
