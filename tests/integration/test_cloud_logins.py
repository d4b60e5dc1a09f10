"""Logins at a server: each ends when nobody uses it any more, none that is used, and nothing waits for a logout."""

import gc
from collections.abc import AsyncIterator

import aiohttp
import pytest
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_CLOSE
from homeassistant.core import CoreState, HomeAssistant

from custom_components.acrel_safety.hubs import cloud_logins
from simulator.cloud import ARCM300T, Cloud
from tests.integration.cloud_rigs import (
    PASSWORD,
    USER,
    account_entry,
    cloud_with_owner,
    entity_of,
    loaded,
    polled,
    shown,
)
from tests.integration.flows import Walk, add_link, change_link

pytestmark = pytest.mark.usefixtures("socket_enabled")


@pytest.fixture
async def cloud() -> AsyncIterator[Cloud]:
    async with cloud_with_owner() as running:
        running.site().add(ARCM300T, "Box")
        yield running


def tokens(cloud: Cloud) -> int:
    """Return how many logins of the owner are alive at the server."""
    return len(cloud.accounts[USER].tokens)


def left(hass: HomeAssistant) -> tuple[int, int]:
    """Return how many sessions are open, and how many wait for the end of Home Assistant."""
    gc.collect()
    sessions = [one for one in gc.get_objects() if isinstance(one, aiohttp.ClientSession) and not one.closed]
    return len(sessions), hass.bus.async_listeners().get(EVENT_HOMEASSISTANT_CLOSE, 0)


async def tried(hass: HomeAssistant, cloud: Cloud, password: str = PASSWORD) -> Walk:
    """Log in by the dialog that adds an account."""
    walk = await add_link(hass, "cloud")
    await walk.answer(host=cloud.url, username=USER, password=password, profile="probed")
    return await walk.answer(sure=True)


async def test_a_dialog_leaves_neither_a_session_nor_a_login(hass: HomeAssistant, cloud: Cloud) -> None:
    (await tried(hass, cloud)).abandon()
    await hass.async_block_till_done(wait_background_tasks=True)
    before = left(hass)
    for password in (PASSWORD, f"not {PASSWORD}") * 3:
        walk = await tried(hass, cloud, password)
        walk.abandon()
    await hass.async_block_till_done(wait_background_tasks=True)
    assert left(hass) == before
    assert tokens(cloud) == 0
    assert cloud_logins._LOGINS not in hass.data or not hass.data[cloud_logins._LOGINS]


async def test_an_account_that_is_loaded_anew_removed_or_disabled_is_logged_out(
    hass: HomeAssistant, cloud: Cloud
) -> None:
    [site] = cloud.sites.values()
    entry = account_entry(cloud, *site.meters.values())
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    assert tokens(cloud) == 1
    for _ in range(3):
        await hass.config_entries.async_reload(entry.entry_id)
        assert tokens(cloud) == 1
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert tokens(cloud) == 0
    await hass.config_entries.async_set_disabled_by(entry.entry_id, None)
    await hass.async_block_till_done()
    assert tokens(cloud) == 1
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert tokens(cloud) == 0


async def test_when_home_assistant_stops_it_is_logged_out(hass: HomeAssistant, cloud: Cloud) -> None:
    [site] = cloud.sites.values()
    entry = account_entry(cloud, *site.meters.values())
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    assert tokens(cloud) == 1
    hass.set_state(CoreState.stopping)
    hass.bus.async_fire("homeassistant_stop")
    await hass.async_block_till_done(wait_background_tasks=True)
    assert tokens(cloud) == 0


async def test_where_a_logout_ends_all_logins_of_a_user_none_that_is_used_is_ended(
    hass: HomeAssistant, cloud: Cloud
) -> None:
    cloud.behaviour.logout_ends_all = True
    [site] = cloud.sites.values()
    entry = account_entry(cloud, *site.meters.values())
    form = {"username": USER, "profile": "acrelcloud-1000", "history_months": 0, "history_electric": False}
    async with loaded(hass, entry) as hub:
        # Dialogs of the same user come and go; none of them takes the login from the account that is loaded.
        for _ in range(2):
            assert (await tried(hass, cloud)).reason == "already_configured"
        await hass.async_block_till_done(wait_background_tasks=True)
        assert cloud.count("logout") == 0
        logins = cloud.count("login")
        await polled(hass, hub)
        assert cloud.count("login") == logins
        # Loaded anew it logs in when the logouts were answered: nothing of it is ended.
        walk = await change_link(hass, entry, None)
        await walk.answer(host=cloud.url, poll_every=90, clock="vendor", **form)
        assert walk.reason == "reconfigure_successful"
        await hass.async_block_till_done(wait_background_tasks=True)
        assert cloud.count("logout") > 0
        assert tokens(cloud) == 1
        logins = cloud.count("login")
        await polled(hass, entry.runtime_data.hub)
        assert cloud.count("login") == logins
        assert shown(hass, entity_of(hass, entry, "binary_sensor", "1_LgHigh")) == "off"


async def test_nothing_waits_for_a_server_that_does_not_answer_a_logout(
    hass: HomeAssistant, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    [site] = cloud.sites.values()
    entry = account_entry(cloud, *site.meters.values())
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    cloud.fail("hang", at="logout", times=None)
    monkeypatch.setattr(cloud_logins, "LOGOUT_SECONDS", 3600.0)
    await hass.config_entries.async_unload(entry.entry_id)
    # It is unloaded, and the logout still waits for its answer.
    assert entry.state is ConfigEntryState.NOT_LOADED
    [logins] = hass.data[cloud_logins._LOGINS].values()
    [ending] = logins.ending
    monkeypatch.setattr(cloud_logins, "LOGOUT_SECONDS", 0.01)
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.runtime_data.hub.hub.trouble is None
    assert not ending.done()
    ending.cancel()
    await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert hass.data[cloud_logins._LOGINS] == {}
