"""Events of accounts' logs and what persons do here: each log is told of its own, once, and nothing is left out."""

import json
import logging
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from unittest.mock import patch

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import Context, HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.acrel_safety.aioacrel.alarms.standing import Standing
from custom_components.acrel_safety.const import DOMAIN
from custom_components.acrel_safety.desk import desk_of
from custom_components.acrel_safety.hubs.cloud import CloudEntryHub
from simulator.cloud import ADW300, ARCM300T, Cloud, Meter
from simulator.cloud.events import Event
from tests.integration import test_cloud_push as pushing
from tests.integration.cloud_rigs import account_entry, cloud_with_owner, loaded, polled, stored_meter

pytestmark = pytest.mark.usefixtures("socket_enabled")
CONFIRM = "confirmAlarmEvents"


@pytest.fixture
async def cloud() -> AsyncGenerator[Cloud]:
    async with cloud_with_owner() as running:
        yield running


def reported(hass: HomeAssistant) -> list[Standing]:
    """Return the alarms that logs tell of."""
    return [one for one in desk_of(hass).alarms.standing() if one.alarm.cause.key.rule.startswith("reported")]


async def acknowledge(hass: HomeAssistant, user: MockUser | None, *, waits: bool = True) -> None:
    """Acknowledge what stands, as a person or as an automation."""
    [found] = reported(hass)
    context = Context(user_id=user.id) if user is not None else Context(parent_id="01ABC")
    named = {"alarm_id": found.alarm_id, "occurrence": found.occurrence}
    await hass.services.async_call(DOMAIN, "acknowledge", named, blocking=True, context=context)
    if waits:
        await hass.async_block_till_done(wait_background_tasks=True)
    assert reported(hass) == []


def confirmed(event: Event) -> bool:
    """Whether an event is confirmed in its log."""
    return event.confirmed


@dataclass
class Two:
    """Two servers with one instrument, which has one number at each of them for other things."""

    first: Cloud
    second: Cloud
    at_first: Meter
    at_second: Meter
    other: Meter
    """Another instrument of the second account, that nobody watches."""
    hubs: list[CloudEntryHub]

    async def poll(self, hass: HomeAssistant) -> None:
        for hub in self.hubs:
            await polled(hass, hub)


@asynccontextmanager
async def two(hass: HomeAssistant) -> AsyncGenerator[Two]:
    async with AsyncExitStack() as stack:
        first, second = [await stack.enter_async_context(cloud_with_owner()) for _ in range(2)]
        at_first, site = first.site("A").add(ARCM300T, "Box"), second.site("B")
        at_second, other = site.add(ARCM300T, "Box"), site.add(ARCM300T, "Boiler")
        entry = account_entry(first, at_first)
        hubs = [await stack.enter_async_context(loaded(hass, entry))]
        [device] = entry.subentries
        further = account_entry(second, stored_meter(at_second, same_as=device, same_as_place=at_first.code))
        await stack.enter_async_context(loaded(hass, further))
        await hass.async_block_till_done()
        hubs = [entry.runtime_data.hub, further.runtime_data.hub]
        yield Two(first, second, at_first, at_second, other, hubs)


async def test_an_acknowledgement_confirms_in_each_of_two_accounts_its_own_events_and_no_others(
    hass: HomeAssistant, hass_admin_user: MockUser
) -> None:
    async with two(hass) as rig:
        leak = rig.first.tell(rig.at_first, description="leak at the box")
        unseen = rig.second.tell(rig.other, description="leak at the boiler")
        assert leak.id == unseen.id
        await rig.poll(hass)
        await acknowledge(hass, hass_admin_user)
        assert (leak.confirmed, unseen.confirmed) == (True, False)
        assert rig.second.effects == []
        mine = rig.second.tell(rig.at_second, description="leak at the box")
        await rig.poll(hass)
        await acknowledge(hass, hass_admin_user)
        assert (mine.confirmed, unseen.confirmed) == (True, False)
        assert (rig.first.count(CONFIRM), rig.second.count(CONFIRM)) == (1, 1)


async def test_what_is_confirmed_in_one_account_hides_no_event_of_the_other_with_the_same_number(
    hass: HomeAssistant,
) -> None:
    async with two(hass) as rig:
        time = rig.second.clock.now() - timedelta(minutes=1)
        unseen = rig.second.tell(rig.at_second, description="leak at the box", time=time)
        known = rig.first.tell(rig.at_first, description="another thing")
        assert known.id == unseen.id
        known.confirmed = True
        await rig.poll(hass)
        [found] = reported(hass)
        assert "leak at the box" in found.detail


async def test_what_a_platform_sent_is_confirmed_in_no_account(
    hass: HomeAssistant, cloud: Cloud, hass_admin_user: MockUser, hass_client_no_auth: ClientSessionGenerator
) -> None:
    box = cloud.site().add(ADW300, "Box")
    entry = account_entry(cloud, box)
    async with loaded(hass, entry):
        [device] = entry.subentries
        pushed = pushing.entry_of()
        client = await pushing.client_of(hass, hass_client_no_auth)
        stored = {**next(iter(pushed.subentries.values())).data, "same_as": device, "same_as_place": box.code}
        further = MockConfigEntry(
            domain=DOMAIN,
            title="Platform",
            data={**pushed.data},
            subentries_data=[{**pushing_device(pushed), "data": stored}],
        )
        async with pushing.loaded(hass, further):
            await hass.async_block_till_done()
            await client.post(pushing.PATH, data=json.dumps(pushing.ALARM).encode())
            await hass.async_block_till_done()
            event = cloud.tell(box, description="leak")
            await polled(hass, entry.runtime_data.hub)
            [found] = reported(hass)
            assert found.figures["reports"] == 2
            await acknowledge(hass, hass_admin_user)
            assert confirmed(event)
            assert [heard.query["logidList"] for heard in cloud.effects] == [event.id]


def pushing_device(entry: MockConfigEntry) -> dict[str, object]:
    [device] = entry.subentries.values()
    return {"subentry_type": device.subentry_type, "title": device.title, "unique_id": device.unique_id}


async def test_what_an_automation_acknowledges_is_confirmed_nowhere_and_what_a_person_does_is(
    hass: HomeAssistant, cloud: Cloud, hass_admin_user: MockUser
) -> None:
    box = cloud.site().add(ARCM300T, "Box")
    entry = account_entry(cloud, stored_meter(box, allow_automations=True))
    async with loaded(hass, entry) as hub:
        first = cloud.tell(box, description="first")
        await polled(hass, hub)
        await acknowledge(hass, None)
        await polled(hass, hub)
        assert (reported(hass), first.confirmed, cloud.effects) == ([], False, [])
        second = cloud.tell(box, description="second")
        await polled(hass, hub)
        await acknowledge(hass, hass_admin_user)
        assert (first.confirmed, second.confirmed) == (False, True)


async def test_an_acknowledgement_that_a_reload_cuts_off_is_passed_on_afterwards_once(
    hass: HomeAssistant, cloud: Cloud, hass_admin_user: MockUser
) -> None:
    box = cloud.site().add(ARCM300T, "Box")
    entry = account_entry(cloud, box)
    async with loaded(hass, entry) as hub:
        event = cloud.tell(box, description="leak")
        await polled(hass, hub)
        # It waits for its turn, behind an order.
        async with hub.account.hold():
            await acknowledge(hass, hass_admin_user, waits=False)
            assert await hass.config_entries.async_unload(entry.entry_id)
        assert not confirmed(event)
        assert await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
        assert confirmed(event)
        assert cloud.count(CONFIRM) == 1
        for _ in range(2):
            await polled(hass, entry.runtime_data.hub)
        await hass.async_block_till_done(wait_background_tasks=True)
        assert (reported(hass), cloud.count(CONFIRM)) == ([], 1)


async def test_what_was_acknowledged_while_its_account_was_not_loaded_is_confirmed_when_it_is(
    hass: HomeAssistant, hass_admin_user: MockUser
) -> None:
    async with two(hass) as rig:
        event = rig.second.tell(rig.at_second, description="leak")
        await rig.poll(hass)
        [further] = [one for one in hass.config_entries.async_entries(DOMAIN) if rig.second.url in one.data["host"]]
        await hass.config_entries.async_unload(further.entry_id)
        await acknowledge(hass, hass_admin_user)
        assert not confirmed(event)
        await hass.config_entries.async_setup(further.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
        assert confirmed(event)
        assert rig.second.count(CONFIRM) == 1
        assert rig.first.effects == []


async def test_a_server_that_cannot_be_told_is_told_when_its_log_is_read_and_one_that_says_no_is_not(
    hass: HomeAssistant, cloud: Cloud, hass_admin_user: MockUser, caplog: pytest.LogCaptureFixture
) -> None:
    box = cloud.site().add(ARCM300T, "Box")
    entry = account_entry(cloud, box)
    async with loaded(hass, entry) as hub:
        event = cloud.tell(box, description="leak")
        await polled(hass, hub)
        cloud.fail("close", at=CONFIRM, times=2)
        caplog.set_level(logging.WARNING)
        await acknowledge(hass, hass_admin_user)
        assert not confirmed(event)
        assert "it is tried again when its log is read" in caplog.text
        await polled(hass, hub)
        await hass.async_block_till_done(wait_background_tasks=True)
        assert confirmed(event)
        refused = cloud.tell(box, description="another leak")
        await polled(hass, hub)
        cloud.fail("code", at=CONFIRM, code=147)
        await acknowledge(hass, hass_admin_user)
        assert "it is not tried again" in caplog.text
        before = cloud.count(CONFIRM)
        await polled(hass, hub)
        await hass.async_block_till_done(wait_background_tasks=True)
        assert (refused.confirmed, cloud.count(CONFIRM)) == (False, before)


async def test_what_happened_while_home_assistant_was_off_for_days_is_told_once(
    hass: HomeAssistant, cloud: Cloud, hass_admin_user: MockUser
) -> None:
    box = cloud.site().add(ARCM300T, "Box")
    entry = account_entry(cloud, box)
    off = timedelta(hours=60)
    began = dt_util.utcnow() - off
    old = cloud.tell(box, description="before all of it", time=began - timedelta(hours=30))
    with patch("custom_components.acrel_safety.hubs.cloud_log.dt_util.utcnow", return_value=began):
        async with loaded(hass, entry):
            assert reported(hass) == []
    event = cloud.tell(box, description="leak", time=began + timedelta(hours=10))
    async with loaded(hass, entry) as hub:
        [found] = reported(hass)
        assert "leak" in found.detail
        assert found.figures["reports"] == 1
        await acknowledge(hass, hass_admin_user)
        assert (event.confirmed, old.confirmed) == (True, False)
        await polled(hass, hub)
        assert reported(hass) == []


async def test_an_event_that_the_log_told_while_an_account_could_not_be_set_up_stands_when_it_is(
    hass: HomeAssistant, cloud: Cloud
) -> None:
    box = cloud.site().add(ARCM300T, "Box")
    entry = account_entry(cloud, box)
    cloud.tell(box, description="leak")
    cloud.fail("trace", at="selectByStationId", times=None)
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    cloud.faults.clear()
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    [found] = reported(hass)
    assert "leak" in found.detail
    await hass.config_entries.async_unload(entry.entry_id)
