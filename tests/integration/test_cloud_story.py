"""A night with an account at a cloud: a leak, who knows of it, a host that is away for a while; nothing is ordered."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import Context, HomeAssistant
from pytest_homeassistant_custom_component.common import MockUser, async_fire_time_changed

from custom_components.acrel_safety.const import DOMAIN
from custom_components.acrel_safety.desk import desk_of
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
