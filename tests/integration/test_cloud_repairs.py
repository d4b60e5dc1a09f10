"""What only its owner can mend of an account is told in a repair, goes by itself, and is never taken for quiet."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    get_system_health_info,
)

from custom_components.acrel_safety.const import DOMAIN
from custom_components.acrel_safety.desk import desk_of
from custom_components.acrel_safety.diagnostics import async_get_config_entry_diagnostics
from simulator.cloud import ARCM300T, ARCM310, Cloud
from tests.integration.cloud_rigs import (
    OTHER,
    SECOND,
    USER,
    account_entry,
    cloud_with_owner,
    entity_of,
    loaded,
    polled,
    repairs,
    shown,
)
from tests.integration.flows import add_devices, change_device

pytestmark = pytest.mark.usefixtures("socket_enabled")

LIST = "selectByStationId"
"""The call that lists the devices of a site: two lists of each."""


@pytest.fixture
async def cloud() -> AsyncIterator[Cloud]:
    async with cloud_with_owner() as running:
        yield running


async def test_asking_without_encryption_is_told_for_as_long_as_it_is_done(hass: HomeAssistant, cloud: Cloud) -> None:
    entry = account_entry(cloud, cloud.site().add(ARCM300T, "Box"))
    async with loaded(hass, entry):
        assert set(repairs(hass)) == {"cloud_http"}
    assert repairs(hass) == {}


async def test_a_licence_that_is_over_is_told_after_two_polls_and_at_the_start(
    hass: HomeAssistant, cloud: Cloud
) -> None:
    entry = account_entry(cloud, cloud.site().add(ARCM300T, "Box"))
    async with loaded(hass, entry) as hub:
        cloud.licensed = False
        await polled(hass, hub)
        assert "cloud_licence" not in repairs(hass)
        await polled(hass, hub)
        assert "cloud_licence" in repairs(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert "cloud_licence" in repairs(hass)
    cloud.licensed = True
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert set(repairs(hass)) == {"cloud_http"}
    await hass.config_entries.async_unload(entry.entry_id)


async def test_disabled_while_it_is_tried_again_its_licence_is_no_repair_any_more(
    hass: HomeAssistant, cloud: Cloud
) -> None:
    entry = account_entry(cloud, cloud.site().add(ARCM300T, "Box"))
    entry.add_to_hass(hass)
    cloud.licensed = False
    await hass.config_entries.async_setup(entry.entry_id)
    assert set(repairs(hass)) == {"cloud_licence"}
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    await hass.async_block_till_done()
    assert repairs(hass) == {}


async def test_a_clock_that_is_wrong_is_told_and_nothing_of_it_believed(hass: HomeAssistant, cloud: Cloud) -> None:
    box = cloud.site().add(ARCM300T, "Box")
    entry = account_entry(cloud, box)
    async with loaded(hass, entry) as hub:
        box.age_s = -7200.0
        for _ in range(2):
            await polled(hass, hub)
        assert "cloud_clock_off" in repairs(hass)
        told = async_capture_events(hass, ir.EVENT_REPAIRS_ISSUE_REGISTRY_UPDATED)
        box.age_s = -9000.0
        await polled(hass, hub)
        assert told == []
        assert shown(hass, entity_of(hass, entry, "binary_sensor", "1_LgHigh")) == "unknown"
        box.age_s = 20.0
        await polled(hass, hub)
        assert "cloud_clock_off" not in repairs(hass)


async def test_a_zone_in_which_all_looks_hours_old_is_told_too(hass: HomeAssistant, cloud: Cloud) -> None:
    box = cloud.site().add(ARCM300T, "Box")
    box.age_s = 7 * 3600
    entry = account_entry(cloud, box)
    async with loaded(hass, entry) as hub:
        lights = entity_of(hass, entry, "binary_sensor", "1_LgHigh")
        assert shown(hass, lights) in ("unknown", "unavailable")
        for _ in range(5):
            # Each poll brings something newer.
            box.age_s -= 10
            await polled(hass, hub)
        [told] = [one for one in ir.async_get(hass).issues.values() if one.translation_key == "cloud_clock_off"]
        assert "always 7.0 h old" in str(told.translation_placeholders)
        box.age_s = 20.0
        for _ in range(2):
            box.age_s -= 5
            await polled(hass, hub)
        assert "cloud_clock_off" not in repairs(hass)
        assert shown(hass, lights) == "off"


async def test_a_site_that_may_not_be_seen_any_more_is_told_with_its_devices(hass: HomeAssistant, cloud: Cloud) -> None:
    box, other = cloud.site("A").add(ARCM300T, "Box"), cloud.site("B").add(ARCM300T, "Other")
    entry = account_entry(cloud, box, other)
    async with loaded(hass, entry) as hub:
        cloud.accounts[USER].sites = {other.site}
        for _ in range(2):
            await polled(hass, hub)
        assert repairs(hass)["cloud_sites"] == "Box"
        assert shown(hass, entity_of(hass, entry, "binary_sensor", "1_LgHigh", 1)) == "off"


async def test_new_devices_are_told_and_those_that_were_left_out_are_not(hass: HomeAssistant, cloud: Cloud) -> None:
    site = cloud.site()
    box = site.add(ARCM300T, "Box")
    site.add(ARCM300T, "Left out")
    entry = account_entry(cloud, box)
    async with loaded(hass, entry) as hub:
        await polled(hass, hub)
        assert "cloud_new_devices" not in repairs(hass)
        site.add(ARCM310, "Brand new")
        await polled(hass, hub)
        assert repairs(hass)["cloud_new_devices"] == "Brand new"
    async with loaded(hass, entry) as hub:
        await polled(hass, hub)
        assert repairs(hass)["cloud_new_devices"] == "Brand new"
    await hass.config_entries.async_remove(entry.entry_id)
    assert repairs(hass) == {}


def ignore(hass: HomeAssistant, key: str) -> None:
    """Ignore a repair, as a person does."""
    [issue_id] = [
        one.issue_id for one in ir.async_get(hass).issues.values() if one.active and one.translation_key == key
    ]
    ir.async_ignore_issue(hass, DOMAIN, issue_id, ignore=True)


def open_repairs(hass: HomeAssistant) -> dict[str, str]:
    """Return those that are shown and that nobody ignored."""
    ignored = [
        str(one.translation_key) for one in ir.async_get(hass).issues.values() if one.active and one.dismissed_version
    ]
    return {key: devices for key, devices in repairs(hass).items() if key not in ignored}


async def test_what_was_ignored_stays_ignored_when_the_account_is_loaded_anew(
    hass: HomeAssistant, cloud: Cloud
) -> None:
    site = cloud.site()
    entry = account_entry(cloud, site.add(ARCM300T, "Box"))
    async with loaded(hass, entry) as hub:
        await polled(hass, hub)
        site.add(ARCM310, "Brand new")
        await polled(hass, hub)
        assert set(open_repairs(hass)) == {"cloud_http", "cloud_new_devices"}
        ignore(hass, "cloud_http")
        ignore(hass, "cloud_new_devices")
    async with loaded(hass, entry) as hub:
        for _ in range(2):
            await polled(hass, hub)
        assert open_repairs(hass) == {}
        site.add(ARCM310, "Another")
        await polled(hass, hub)
        assert open_repairs(hass) == {"cloud_new_devices": "Another"}
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    await hass.async_block_till_done()
    await hass.config_entries.async_remove(entry.entry_id)
    assert repairs(hass) == {}


async def test_whatever_was_ignored_stays_so_when_it_is_loaded_anew_and_goes_when_it_is_over(
    hass: HomeAssistant, cloud: Cloud
) -> None:
    site = cloud.site()
    box, gone, other = site.add(ARCM300T, "Box"), site.add(ARCM300T, "Gone"), cloud.site("B").add(ARCM300T, "Far")
    entry = account_entry(cloud, box, gone, other)
    told = {"cloud_log_unread", "cloud_gone_devices", "cloud_sites", "cloud_clock_off"}
    async with loaded(hass, entry) as hub:
        cloud.accounts[USER].refused = {"getAlarmEventLogList"}
        cloud.accounts[USER].sites = {site.id}
        del site.meters[gone.code]
        box.age_s = -7200.0
        for _ in range(2):
            await polled(hass, hub)
        assert set(open_repairs(hass)) == {*told, "cloud_http"}
        for key in (*told, "cloud_http"):
            ignore(hass, key)
    for _ in range(2):
        async with loaded(hass, entry) as hub:
            assert open_repairs(hass) == {}
            for _ in range(2):
                await polled(hass, hub)
            assert open_repairs(hass) == {}
            assert set(repairs(hass)) == {*told, "cloud_http"}
    async with loaded(hass, entry) as hub:
        # One poll that fails says of none that it is over; a sound one does.
        fault = cloud.fail("close", times=None)
        await polled(hass, hub)
        assert set(repairs(hass)) == {*told, "cloud_http"}
        cloud.faults.on.remove(fault)
        cloud.accounts[USER].refused, cloud.accounts[USER].sites = set(), None
        site.meters[gone.code] = gone
        box.age_s = 20.0
        await polled(hass, hub)
        assert set(repairs(hass)) == {"cloud_http"}
        # What comes again is told again.
        box.age_s = -7200.0
        for _ in range(2):
            await polled(hass, hub)
        assert set(open_repairs(hass)) == {"cloud_clock_off"}


async def test_what_was_over_when_it_is_loaded_anew_goes_though_it_was_ignored(
    hass: HomeAssistant, cloud: Cloud
) -> None:
    box = cloud.site().add(ARCM300T, "Box")
    entry = account_entry(cloud, box)
    async with loaded(hass, entry) as hub:
        box.age_s = -7200.0
        for _ in range(2):
            await polled(hass, hub)
        ignore(hass, "cloud_clock_off")
    box.age_s = 20.0
    async with loaded(hass, entry):
        assert set(repairs(hass)) == {"cloud_http"}


async def test_a_second_password_that_was_wrong_stays_ignored_until_another_one_is_stored(
    hass: HomeAssistant, cloud: Cloud
) -> None:
    entry = account_entry(cloud, cloud.site().add(ARCM300T, "Box"), second_password=OTHER)
    async with loaded(hass, entry) as hub:
        hub.hub.orders.is_stored_wrong = True
        await polled(hass, hub)
        ignore(hass, "cloud_second_wrong")
    async with loaded(hass, entry) as hub:
        await polled(hass, hub)
        # Nobody tried it since.
        assert "cloud_second_wrong" in repairs(hass)
        assert "cloud_second_wrong" not in open_repairs(hass)
        hass.config_entries.async_update_entry(entry, data={**entry.data, "second_password": SECOND})
        await hass.async_block_till_done()
        await polled(hass, entry.runtime_data.hub)
        assert "cloud_second_wrong" not in repairs(hass)


async def test_disabled_it_says_nothing_more(hass: HomeAssistant, cloud: Cloud) -> None:
    entry = account_entry(cloud, cloud.site().add(ARCM300T, "Box"))
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    ignore(hass, "cloud_http")
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    await hass.async_block_till_done()
    assert repairs(hass) == {}


async def test_who_adds_one_of_the_new_devices_has_seen_the_others(hass: HomeAssistant, cloud: Cloud) -> None:
    site = cloud.site()
    entry = account_entry(cloud, site.add(ARCM300T, "Box"))
    async with loaded(hass, entry) as hub:
        await polled(hass, hub)
        chosen = site.add(ARCM310, "Chosen")
        site.add(ARCM310, "Not wanted")
        await polled(hass, hub)
        assert repairs(hass)["cloud_new_devices"] == "Chosen, Not wanted"
        more = await add_devices(hass, entry)
        await more.answer(meter_code=chosen.code)
        await more.answer(detail="normal", allow_automations=False)
        await hass.async_block_till_done()
        for _ in range(2):
            await polled(hass, entry.runtime_data.hub)
        assert "cloud_new_devices" not in repairs(hass)
        site.add(ARCM310, "Later")
        await polled(hass, entry.runtime_data.hub)
        assert repairs(hass)["cloud_new_devices"] == "Later"


async def test_devices_of_a_site_that_refused_at_first_are_not_new_when_it_does_not_any_more(
    hass: HomeAssistant, cloud: Cloud, freezer: FrozenDateTimeFactory
) -> None:
    box = cloud.site("A").add(ARCM300T, "Box")
    other = cloud.site("B")
    other.add(ARCM300T, "Long there")
    entry = account_entry(cloud, box)
    async with loaded(hass, entry) as hub:
        cloud.fail("code", at=LIST, code=348, after=2)
        await polled(hass, hub)
        assert [*hub.hub.site_troubles] == [other.id]
        freezer.tick(7200.0)
        await polled(hass, hub)
        assert hub.hub.site_troubles == {}
        assert set(repairs(hass)) == {"cloud_http"}
        other.add(ARCM310, "Brand new")
        freezer.tick(7200.0)
        await polled(hass, hub)
        assert repairs(hass)["cloud_new_devices"] == "Brand new"


async def test_a_server_that_is_not_reached_says_of_nothing_that_it_is_over(hass: HomeAssistant, cloud: Cloud) -> None:
    box = cloud.site().add(ARCM300T, "Box")
    entry = account_entry(cloud, box)
    async with loaded(hass, entry) as hub:
        box.age_s = -7200.0
        for _ in range(2):
            await polled(hass, hub)
        assert "cloud_clock_off" in repairs(hass)
        fault = cloud.fail("close", times=None)
        await polled(hass, hub)
        assert hub.hub.trouble is not None
        assert "cloud_clock_off" in repairs(hass)
        cloud.faults.on.remove(fault)
        box.age_s = 20.0
        await polled(hass, hub)
        assert "cloud_clock_off" not in repairs(hass)


async def test_a_clock_that_was_put_back_does_not_end_the_look_for_new_devices(
    hass: HomeAssistant, cloud: Cloud, freezer: FrozenDateTimeFactory
) -> None:
    box = cloud.site("A").add(ARCM300T, "Box")
    other = cloud.site("B")
    entry = account_entry(cloud, box)
    async with loaded(hass, entry) as hub:
        await polled(hass, hub)
        freezer.tick(-30 * 86400.0)
        other.add(ARCM310, "Brand new")
        await polled(hass, hub)
        assert repairs(hass)["cloud_new_devices"] == "Brand new"


async def test_one_failed_poll_between_sound_ones_is_no_repair(hass: HomeAssistant, cloud: Cloud) -> None:
    entry = account_entry(cloud, cloud.site().add(ARCM300T, "Box"))
    async with loaded(hass, entry) as hub:
        for _ in range(3):
            cloud.licensed = False
            await polled(hass, hub)
            cloud.licensed = True
            await polled(hass, hub)
            assert set(repairs(hass)) == {"cloud_http"}


async def test_a_device_that_is_gone_at_the_server_is_told_and_never_quiet(hass: HomeAssistant, cloud: Cloud) -> None:
    site = cloud.site()
    box, other = site.add(ARCM300T, "Box"), site.add(ARCM300T, "Other")
    entry = account_entry(cloud, box, other)
    async with loaded(hass, entry) as hub:
        assert desk_of(hass).safety() == "safe"
        del site.meters[box.code]
        for _ in range(2):
            await polled(hass, hub)
        assert repairs(hass)["cloud_gone_devices"] == "Box"
        assert shown(hass, entity_of(hass, entry, "binary_sensor", "1_LgHigh")) == "unavailable"
        assert desk_of(hass).safety() == "not_seen"
        assert len(entry.subentries) == 2
        site.meters[box.code] = box
        await polled(hass, hub)
        assert "cloud_gone_devices" not in repairs(hass)


async def test_a_device_that_was_moved_to_another_site_is_found_there_when_it_is_saved(
    hass: HomeAssistant, cloud: Cloud, freezer: FrozenDateTimeFactory
) -> None:
    former, other = cloud.site("A"), cloud.site("B")
    box = former.add(ARCM300T, "Box")
    entry = account_entry(cloud, box, former.add(ARCM300T, "Stays"))
    async with loaded(hass, entry) as hub:
        other.meters[box.code] = former.meters.pop(box.code)
        box.site = other.id
        for _ in range(2):
            await polled(hass, hub)
        assert repairs(hass)["cloud_gone_devices"] == "Box"
        assert desk_of(hass).safety() == "not_seen"
        freezer.tick(7200.0)
        await polled(hass, hub)
        assert set(repairs(hass)) == {"cloud_http", "cloud_gone_devices"}
        walk = await change_device(hass, entry, next(iter(entry.subentries)))
        await walk.answer(meter_code=box.code, model="arcm300", name="Box")
        await walk.answer(detail="normal", allow_automations=False)
        assert walk.reason == "reconfigure_successful"
        await hass.async_block_till_done()
        await polled(hass, entry.runtime_data.hub)
        assert set(repairs(hass)) == {"cloud_http"}
        assert shown(hass, entity_of(hass, entry, "binary_sensor", "1_LgHigh")) == "off"


async def test_nobody_calls_in_the_name_of_a_device_of_an_account(hass: HomeAssistant, cloud: Cloud) -> None:
    entry: MockConfigEntry = account_entry(cloud, cloud.site().add(ARCM300T, "Box"))
    async with loaded(hass, entry):
        [coordinator] = entry.runtime_data.coordinators.values()
        assert "second_login" not in {key.rule for key in coordinator.watch.alarms}


async def test_system_health_says_whether_the_server_is_reached_and_nothing_secret(
    hass: HomeAssistant, cloud: Cloud
) -> None:
    assert await async_setup_component(hass, "system_health", {})
    entry = account_entry(cloud, cloud.site().add(ARCM300T, "Box"))
    async with loaded(hass, entry):
        info = await get_system_health_info(hass, DOMAIN)
        async with asyncio.timeout(60):
            assert await info["cloud_servers"] == "ok"
        assert isinstance(info["cloud_last_answer"], datetime)
        assert USER not in str(info)
        assert "127.0.0.1" not in str(info)
        assert "127.0.0.1" not in str(await async_get_config_entry_diagnostics(hass, entry))


async def test_a_log_that_may_not_be_read_is_told_and_goes_when_it_is_read(hass: HomeAssistant, cloud: Cloud) -> None:
    box = cloud.site().add(ARCM300T, "Box")
    entry = account_entry(cloud, box)
    async with loaded(hass, entry) as hub:
        cloud.accounts[USER].refused = {"getAlarmEventLogList"}
        for _ in range(2):
            await polled(hass, hub)
        assert "cloud_log_unread" in repairs(hass)
        assert shown(hass, entity_of(hass, entry, "binary_sensor", "1_LgHigh")) == "off"
        cloud.accounts[USER].refused = set()
        await polled(hass, hub)
        assert "cloud_log_unread" not in repairs(hass)


async def test_where_the_lists_fail_a_log_that_may_not_be_read_is_told_and_one_that_fails_as_they_do_is_not(
    hass: HomeAssistant, cloud: Cloud
) -> None:
    entry = account_entry(cloud, cloud.site().add(ARCM300T, "Box"))
    async with loaded(hass, entry) as hub:
        cloud.fail("trace", times=None)
        for _ in range(3):
            await polled(hass, hub)
        assert "cloud_log_unread" not in repairs(hass)
        cloud.faults.clear()
        cloud.fail("trace", at="selectByStationId", times=None)
        cloud.accounts[USER].refused = {"getAlarmEventLogList"}
        for _ in range(2):
            await polled(hass, hub)
        assert "cloud_log_unread" in repairs(hass)
