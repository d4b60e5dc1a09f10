"""A night with an account at a cloud: a leak, who knows of it, a host that is away for a while; nothing is ordered."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import Context, HomeAssistant
from pytest_homeassistant_custom_component.common import MockUser, async_fire_time_changed

from custom_components.acrel_safety.const import DOMAIN
from custom_components.acrel_safety.desk import desk_of
from custom_components.acrel_safety.wording import sentence_of
from simulator.cloud import ARCM300T, ARCM310, Cloud
from tests.integration.cloud_rigs import account_entry, cloud_with_owner, entity_of, loaded, polled, shown

pytestmark = pytest.mark.usefixtures("socket_enabled")
AWAY = timedelta(minutes=20)
CONFIRMING = {"confirmAlarmEvents"}


@pytest.fixture
async def cloud() -> AsyncIterator[Cloud]:
    async with cloud_with_owner() as running:
        yield running


async def test_a_leak_is_known_and_over_and_a_host_that_is_away_is_neither_quiet_nor_an_alarm(
    hass: HomeAssistant, cloud: Cloud, hass_admin_user: MockUser, freezer: FrozenDateTimeFactory
) -> None:
    site = cloud.site("Mill Lane")
    cellar, breaker = site.add(ARCM300T, "Cellar"), site.add(ARCM310, "Kitchen breaker")
    entry = account_entry(cloud, cellar, breaker)
    person = Context(user_id=hass_admin_user.id)
    async with loaded(hass, entry) as hub:
        desk = desk_of(hass)
        leak, current = entity_of(hass, entry, "binary_sensor", "1_LgHigh"), entity_of(hass, entry, "sensor", "1_Lg")
        position = entity_of(hass, entry, "binary_sensor", "1_SwitchSta", 1)
        assert (desk.safety(), shown(hass, leak), desk.alarms.standing()) == ("safe", "off", [])

        cellar.figures.set["Lg"] = 412.0
        cellar.figures.active = {"iLeakage": {"iLeakage": "漏电报警"}}
        event = cloud.tell(cellar, description="地下室漏电报警 412 mA")
        await polled(hass, hub)
        assert (shown(hass, leak), shown(hass, current)) == ("on", "412.0")
        standing = desk.alarms.standing()
        assert desk.safety() == "alarm"
        assert len([one for one in standing if event.description in one.detail]) == 1
        assert {one.board.name for one in standing} == {"Cellar"}
        assert cloud.effects == []

        for one in standing:
            named = {"alarm_id": one.alarm_id, "occurrence": one.occurrence}
            await hass.services.async_call(DOMAIN, "acknowledge", named, blocking=True, context=person)
        await hass.async_block_till_done(wait_background_tasks=True)
        assert event.confirmed
        assert cloud.count("confirmAlarmEvents") == 1
        # That somebody knows of it ends nothing: it leaks still.
        await polled(hass, hub)
        assert (desk.safety(), shown(hass, leak)) == ("alarm", "on")

        cellar.figures.set["Lg"] = 31.0
        cellar.figures.active.clear()
        await polled(hass, hub)
        assert (shown(hass, leak), shown(hass, current)) == ("off", "31.0")
        assert (desk.safety(), desk.alarms.standing()) == ("safe", [])

        await cloud.stop()
        freezer.tick(AWAY)
        async_fire_time_changed(hass)
        await polled(hass, hub)
        for entity_id in (leak, current, position):
            assert shown(hass, entity_id) == "unavailable"
        assert desk.safety() == "not_seen"
        told = {one.alarm.cause.key.rule for one in desk.alarms.standing()}
        assert told <= {"unreachable", "link_down"}, told

        await cloud.start()
        freezer.tick(timedelta(minutes=2))
        async_fire_time_changed(hass)
        await polled(hass, hub)
        assert (shown(hass, leak), shown(hass, current), shown(hass, position)) == ("off", "31.0", "on")
        assert desk.safety() == "safe"
        assert not [one for one in desk.alarms.standing() if one.alarm.facts.stands]
    # All that ever had an effect at the server is what the person did, once.
    assert {heard.name for heard in cloud.effects} == CONFIRMING
    assert len(cloud.effects) == 1
    assert cellar.figures.obeyed == breaker.figures.obeyed == []


async def test_what_is_measured_after_a_trip_is_nowhere_told_as_what_it_tripped_for(
    hass: HomeAssistant, cloud: Cloud, hass_admin_user: MockUser
) -> None:
    breaker = cloud.site("Mill Lane").add(ARCM310, "Kitchen breaker")
    entry = account_entry(cloud, breaker)
    async with loaded(hass, entry) as hub:
        desk, told = desk_of(hass), list[str]()
        desk.listen(lambda _, standing: told.append(str(standing.plain())))
        breaker.figures.set["Lg"] = 0.0
        breaker.figures.active = {"iLeakage": {"iLeakage": "漏电报警"}}
        breaker.figures.closed = False
        cloud.tell(breaker, description="漏电报警 412 mA")
        await polled(hass, hub)
        standing = desk.alarms.standing()
        assert {one.code for one in standing} >= {"LgHigh", "SwitchSta"}
        assert shown(hass, entity_of(hass, entry, "sensor", "1_Lg")) == "0.0"
        for over in (False, True):
            if over:
                breaker.figures.active.clear()
                await polled(hass, hub)
            for one in desk.alarms.standing():
                assert (one.value, one.first_value, one.worst_value) == (None, None, None)
                for language in ("en", "zh-Hans"):
                    assert not re.search(r"(?<![0-9])0 mA", sentence_of(one, language)), sentence_of(one, language)
        assert any("412 mA" in one.detail for one in standing), "in the words of the log"
        places = [state for state in hass.states.async_all("sensor") if "worst_value" in state.attributes]
        assert places
        for state in places:
            alarms = [state.attributes, *(state.attributes.get("others") or ())]
            assert [(one["value"], one["worst_value"]) for one in alarms] == [(None, None)] * len(alarms)
        lists = hass.states.async_entity_ids("todo")
        items = await hass.services.async_call(
            "todo", "get_items", {"entity_id": lists}, blocking=True, return_response=True
        )
        assert "LgHigh" in str(told)
        assert not re.search(r"(?<![0-9])0 mA", str(items))
        assert "'value': 0" not in str(told)
