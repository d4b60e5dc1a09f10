"""An account with sites in two countries: each site's times are read in the zone that its owner gave it."""

import logging
from collections.abc import AsyncIterator
from zoneinfo import ZoneInfo

import pytest
from homeassistant.core import HomeAssistant

from custom_components.acrel_safety.diagnostics import async_get_config_entry_diagnostics
from simulator.cloud import ARCM300T, ARCM310, Cloud
from tests.integration.cloud_rigs import (
    USER,
    account_entry,
    cloud_with_owner,
    entity_of,
    loaded,
    polled,
    repairs,
    shown,
)
from tests.integration.flows import change_link

pytestmark = pytest.mark.usefixtures("socket_enabled")
FORM = {
    "username": USER,
    "profile": "acrelcloud-1000",
    "poll_every": 60,
    "history_months": 0,
    "history_electric": False,
    "clock": "vendor",
}


@pytest.fixture
async def cloud() -> AsyncIterator[Cloud]:
    async with cloud_with_owner() as running:
        yield running


async def test_sites_are_given_zones_of_their_own_and_lose_them_again(hass: HomeAssistant, cloud: Cloud) -> None:
    home = cloud.site("Suzhou").add(ARCM300T, "Home box")
    berlin = cloud.site("Berlin", zone=ZoneInfo("Europe/Berlin")).add(ARCM310, "Berlin box")
    lima = cloud.site("Lima", zone=ZoneInfo("America/Lima")).add(ARCM310, "Lima box")
    entry = account_entry(cloud, home, berlin, lima)
    async with loaded(hass, entry):
        alarms = [entity_of(hass, entry, "binary_sensor", "1_LgHigh", index) for index in range(3)]
        assert [shown(hass, one) for one in alarms] == ["off", "unavailable", "unavailable"]
        walk = await change_link(hass, entry, None)
        await walk.answer(host=cloud.url, other_zones=True, **FORM)
        assert walk.step == "cloud_zones", walk.errors
        assert walk.options("sites") == {
            berlin.site: "Berlin: as the account",
            lima.site: "Lima: as the account",
            home.site: "Suzhou: as the account",
        }
        assert {"as_account", "Europe/Berlin", "America/Lima", "UTC"} <= set(walk.options("site_zone"))
        await walk.answer(sites=[berlin.site], site_zone="Europe/Berlin", more_zones=True)
        assert walk.options("sites")[berlin.site] == "Berlin: Europe/Berlin"
        assert "site_zones" not in entry.data
        await walk.answer(sites=[lima.site], site_zone="America/Lima", more_zones=False)
        assert walk.reason == "reconfigure_successful"
        await hass.async_block_till_done()
        assert entry.data["site_zones"] == {berlin.site: "Europe/Berlin", lima.site: "America/Lima"}
        assert [shown(hass, one) for one in alarms] == ["off", "off", "off"]
        hub = entry.runtime_data.hub
        await polled(hass, hub)
        await polled(hass, hub)
        assert "cloud_clock_off" not in repairs(hass)
        told = str(await async_get_config_entry_diagnostics(hass, entry))
        assert berlin.site not in told
        # What is changed otherwise leaves them as they are.
        walk = await change_link(hass, entry, None)
        await walk.answer(host=cloud.url, other_zones=False, **{**FORM, "poll_every": 90})
        await hass.async_block_till_done()
        assert (entry.data["poll_every"], len(entry.data["site_zones"])) == (90, 2)
        walk = await change_link(hass, entry, None)
        await walk.answer(host=cloud.url, other_zones=True, **FORM)
        await walk.answer(sites=[berlin.site, lima.site], site_zone="as_account", more_zones=False)
        await hass.async_block_till_done()
        assert "site_zones" not in entry.data
        assert [shown(hass, one) for one in alarms] == ["off", "unavailable", "unavailable"]
        await hass.config_entries.async_unload(entry.entry_id)
    assert cloud.effects == []


async def test_a_zone_that_is_wrong_is_told_of_one_site_beside_another_that_is_right(
    hass: HomeAssistant, cloud: Cloud
) -> None:
    home, berlin = cloud.site("Suzhou").add(ARCM300T, "Home"), cloud.site("Berlin").add(ARCM310, "Berlin")
    entry = account_entry(cloud, home, berlin, site_zones={berlin.site: "America/Lima"})
    async with loaded(hass, entry) as hub:
        await polled(hass, hub)
        await polled(hass, hub)
        assert "cloud_clock_off" in repairs(hass)
        alarms = [entity_of(hass, entry, "binary_sensor", "1_LgHigh", index) for index in range(2)]
        assert [shown(hass, one) for one in alarms] == ["off", "unknown"]


@pytest.mark.parametrize("name", ["Nowhere/Land", "Europe"])
async def test_a_zone_that_this_system_does_not_know_keeps_no_account_from_being_loaded(
    hass: HomeAssistant, cloud: Cloud, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    box = cloud.site("Suzhou").add(ARCM300T, "Box")
    entry = account_entry(cloud, box, site_zones={box.site: name})
    with caplog.at_level(logging.WARNING):
        async with loaded(hass, entry):
            assert shown(hass, entity_of(hass, entry, "binary_sensor", "1_LgHigh")) == "off"
    assert f"There is no zone {name}" in caplog.text


@pytest.mark.parametrize("stored", ["Europe/Berlin", {"../x": "Europe/Berlin"}, {"1": "../etc/passwd"}, {"1": 5}])
async def test_what_is_no_zone_at_all_is_no_account(hass: HomeAssistant, cloud: Cloud, stored: object) -> None:
    box = cloud.site("Suzhou").add(ARCM300T, "Box")
    entry = account_entry(cloud, box, site_zones=stored)
    entry.add_to_hass(hass)
    assert not await hass.config_entries.async_setup(entry.entry_id)
