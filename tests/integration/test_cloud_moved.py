"""An account that is changed to another server or user: only devices go along that are shown to be the same."""

from collections.abc import AsyncIterator, Mapping
from types import MappingProxyType
from typing import Any

import pytest
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.acrel_safety import lockoutmemory
from custom_components.acrel_safety.aioacrel.cloud import source as cloud_source
from custom_components.acrel_safety.const import DOMAIN
from custom_components.acrel_safety.desk import desk_of
from custom_components.acrel_safety.hubs.cloud import CloudEntryHub
from custom_components.acrel_safety.hubs.cloud_identity import identity_store
from simulator.cloud import ARCM300T, ARCM310, Cloud, Meter
from tests.integration.cloud_rigs import (
    OTHER,
    PASSWORD,
    SECOND,
    USER,
    account_entry,
    cloud_with_owner,
    entity_of,
    loaded,
    polled,
    repairs,
    shown,
    stored_meter,
)
from tests.integration.control_rigs import USUAL, administrator
from tests.integration.flows import Walk, change_device, change_link

pytestmark = pytest.mark.usefixtures("socket_enabled")


NEW = "new-Word-4"
FORM: Mapping[str, object] = MappingProxyType(
    {
        "username": USER,
        "password": PASSWORD,
        "profile": "acrelcloud-1000",
        "clock": "vendor",
        "poll_every": 60,
        "history_months": 0,
        "history_electric": False,
    }
)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloud_source, "LOOK_EVERY", 0.2)
    # What a process before this one sent is long over.
    monkeypatch.setattr(lockoutmemory, "PROCESS_BEGAN", lockoutmemory.PROCESS_BEGAN - 3600)


@pytest.fixture
async def cloud() -> AsyncIterator[Cloud]:
    async with cloud_with_owner() as running:
        running.behaviour.command_s = 0.2
        yield running


@pytest.fixture
async def other() -> AsyncIterator[Cloud]:
    """Another server, on which codes begin with the same number."""
    async with cloud_with_owner() as running:
        running.behaviour.command_s = 0.2
        yield running


def moved_to(cloud: Cloud, former: Cloud) -> None:
    """Let a server have all that another one has, as after a move."""
    cloud.sites.update(former.sites)


def breaker_of(cloud: Cloud, site: str = "Home", name: str = "Kitchen breaker", **more: str) -> Meter:
    return cloud.site(site).add(ARCM310, name, **more)


async def change(hass: HomeAssistant, entry: MockConfigEntry, **form: object) -> Walk:
    """Change an account to another server or user."""
    walk = await change_link(hass, entry, None)
    await walk.answer(**{**FORM, **form})
    if walk.step == "cloud_http":
        await walk.answer(sure=True)
    await hass.async_block_till_done()
    return walk


async def opened(hass: HomeAssistant, entry: MockConfigEntry) -> Mapping[str, Any]:
    """Open the breaker by its switch, and return what became of it."""
    switch = entity_of(hass, entry, "switch", "control_1_remote_breaker")
    ada = await administrator(hass)
    answer = await hass.services.async_call(
        DOMAIN,
        "operate",
        {"entity_id": switch, "operation": "RLYOFF", "confirm": True, "second_password": SECOND},
        blocking=True,
        return_response=True,
        context=Context(user_id=ada.id),
    )
    assert answer is not None
    return answer


def hub_of(entry: MockConfigEntry) -> CloudEntryHub:
    hub = entry.runtime_data.hub
    assert isinstance(hub, CloudEntryHub)
    return hub


async def test_another_server_with_the_same_codes_is_refused_and_nothing_of_it_is_saved(
    hass: HomeAssistant, cloud: Cloud, other: Cloud
) -> None:
    kitchen, server = breaker_of(cloud), breaker_of(other, "Factory", "Server room")
    assert kitchen.code == server.code
    entry = account_entry(cloud, stored_meter(kitchen, control=USUAL), second_password=SECOND)
    async with loaded(hass, entry):
        before = dict(entry.data), entry.unique_id, {key: dict(one.data) for key, one in entry.subentries.items()}
        walk = await change(hass, entry, host=other.url)
        assert (walk.step, walk.errors) == ("cloud", {"base": "cloud_other_server"})
        assert "Kitchen breaker: there the code is “Server room”" in walk.placeholders["devices"]
        after = dict(entry.data), entry.unique_id, {key: dict(one.data) for key, one in entry.subentries.items()}
        assert after == before
        assert (await opened(hass, entry))["outcome"] == "confirmed"
    assert [one.meter.name for one in cloud.commands.sent] == ["Kitchen breaker"]
    assert other.commands.sent == []


@pytest.mark.parametrize(
    ("make", "said"),
    [
        ({"serial": "9"}, "another serial number"),
        ({"kind": ARCM300T}, "another type"),
        ({"code": "77"}, "not listed"),
        ({}, ""),
    ],
)
async def test_what_differs_is_said_and_a_server_that_moved_is_taken(
    hass: HomeAssistant, cloud: Cloud, other: Cloud, make: dict[str, str], said: str
) -> None:
    cloud.behaviour.tells_serials = other.behaviour.tells_serials = True
    kitchen = breaker_of(cloud)
    make = dict(make)
    kind = make.pop("kind", ARCM310)
    other.site("Home").add(kind, "Kitchen breaker", **make)
    entry = account_entry(cloud, kitchen)
    async with loaded(hass, entry):
        [subentry_id] = entry.subentries
        kitchen.figures.active = {"temp": {"tempA": "81"}}
        await polled(hass, hub_of(entry))
        assert hub_of(entry).identities.known()[subentry_id].serial == kitchen.serial
        walk = await change(hass, entry, host=other.url)
        if said:
            assert walk.errors == {"base": "cloud_other_server"}
            assert said in walk.placeholders["devices"]
            assert entry.data["host"] == cloud.url
        else:
            assert walk.reason == "reconfigure_successful", walk.errors
            assert (entry.state, entry.data["host"]) == (ConfigEntryState.LOADED, other.url)


async def test_a_server_that_moved_keeps_devices_and_rights_and_neither_proofs_nor_the_second_password(
    hass: HomeAssistant, cloud: Cloud, other: Cloud
) -> None:
    kitchen = breaker_of(cloud)
    box = cloud.sites[kitchen.site].add(ARCM300T, "Box")
    moved_to(other, cloud)
    entry = account_entry(
        cloud,
        stored_meter(kitchen, control=USUAL),
        stored_meter(box, proved=["RLYOFF"], control=USUAL),
        second_password=SECOND,
    )
    async with loaded(hass, entry):
        walk = await change(hass, entry, host=other.url)
        assert walk.reason == "cloud_moved", walk.errors
        assert (entry.data["host"], entry.unique_id) == (other.url, f"{other.url} 1001")
        assert "second_password" not in entry.data
        assert [one.title for one in entry.subentries.values()] == ["Kitchen breaker", "Box"]
        assert ["proved" in one.data for one in entry.subentries.values()] == [False, False]
        assert all(one.data["control"] == USUAL for one in entry.subentries.values())
        assert shown(hass, entity_of(hass, entry, "binary_sensor", "1_LgHigh", 1)) == "off"
        assert (await opened(hass, entry))["outcome"] == "confirmed"
        assert cloud.commands.sent == []


async def test_a_server_that_moved_while_the_former_one_is_gone_is_known_by_what_was_kept(
    hass: HomeAssistant, cloud: Cloud, other: Cloud
) -> None:
    kitchen = breaker_of(cloud)
    far = breaker_of(other, name="Other thing")
    entry = account_entry(cloud, kitchen)
    async with loaded(hass, entry):
        # Its owner calls it otherwise: that says nothing of what the server calls it.
        [subentry] = entry.subentries.values()
        hass.config_entries.async_update_subentry(entry, subentry, title="Other thing")
        await hass.async_block_till_done()
    await cloud.stop()
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    walk = await change(hass, entry, host=other.url)
    assert walk.errors == {"base": "cloud_other_server"}
    far.name = "Kitchen breaker"
    walk = await change(hass, entry, host=other.url)
    assert walk.reason == "reconfigure_successful", walk.errors
    await hass.async_block_till_done()
    assert hub_of(entry).hub.trouble is None
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_device_that_is_in_another_site_of_the_server_that_moved_is_found_there(
    hass: HomeAssistant, cloud: Cloud, other: Cloud
) -> None:
    kitchen = breaker_of(cloud)
    other.site("Before")
    there = other.site("Home").add(ARCM310, "Kitchen breaker", code=kitchen.code)
    entry = account_entry(cloud, kitchen)
    async with loaded(hass, entry):
        walk = await change(hass, entry, host=other.url)
        assert walk.reason == "reconfigure_successful", walk.errors
        [subentry] = entry.subentries.values()
        assert subentry.data["site"] == there.site != kitchen.site
        assert shown(hass, entity_of(hass, entry, "binary_sensor", "1_LgHigh")) == "off"


async def test_another_user_has_to_see_all_devices_and_takes_over_no_password(
    hass: HomeAssistant, cloud: Cloud
) -> None:
    kitchen, box = breaker_of(cloud), cloud.site("Shed").add(ARCM300T, "Box")
    colleague = cloud.account("colleague", OTHER)
    entry = account_entry(cloud, kitchen, stored_meter(box, proved=["RLYOFF"]), second_password=SECOND)
    async with loaded(hass, entry):
        walk = await change(hass, entry, host=cloud.url, username="colleague", password="")
        assert walk.errors == {"password": "password_needed"}
        colleague.sites = {kitchen.site}
        walk = await change(hass, entry, host=cloud.url, username="colleague", password=OTHER)
        assert walk.errors == {"base": "cloud_other_server"}
        assert walk.placeholders["devices"] == "Box: not listed"
        colleague.sites = None
        walk = await change(hass, entry, host=cloud.url, username="colleague", password=OTHER)
        assert walk.reason == "cloud_second_left", walk.errors
        assert (entry.data["username"], entry.unique_id) == ("colleague", f"{cloud.url} 1002")
        assert "second_password" not in entry.data
        # It is the same server: what was seen there holds.
        assert [*entry.subentries.values()][1].data["proved"] == ["RLYOFF"]


async def test_behind_the_same_host_another_device_is_not_shown_and_not_operated(
    hass: HomeAssistant, cloud: Cloud
) -> None:
    cloud.behaviour.tells_serials = True
    kitchen = breaker_of(cloud)
    entry = account_entry(cloud, stored_meter(kitchen, control=USUAL))
    async with loaded(hass, entry) as hub:
        assert (await opened(hass, entry))["outcome"] == "confirmed"
    async with loaded(hass, entry) as hub:
        # The log of commands told its serial number.
        assert [one.serial for one in hub.identities.known().values()] == [kitchen.serial]
    kitchen.name, kitchen.serial = "Server room", "another"
    async with loaded(hass, entry) as hub:
        for _ in range(2):
            await polled(hass, hub)
        assert shown(hass, entity_of(hass, entry, "binary_sensor", "1_SwitchSta")) == "unavailable"
        assert desk_of(hass).safety() == "not_seen"
        assert repairs(hass)["cloud_other_devices"] == "Kitchen breaker"
        assert "cloud_gone_devices" not in repairs(hass)
        with pytest.raises(ServiceValidationError, match="nothing was sent"):
            await opened(hass, entry)
        assert len(cloud.commands.sent) == 1
        kitchen.name, kitchen.serial = "Kitchen breaker", f"2026{kitchen.code}"
        await polled(hass, hub)
        assert "cloud_other_devices" not in repairs(hass)
        assert shown(hass, entity_of(hass, entry, "binary_sensor", "1_SwitchSta")) == "off"


async def test_one_that_has_another_name_is_shown_and_not_operated_until_its_owner_saved_it(
    hass: HomeAssistant, cloud: Cloud
) -> None:
    kitchen = breaker_of(cloud)
    entry = account_entry(cloud, stored_meter(kitchen, control=USUAL))
    async with loaded(hass, entry) as hub:
        [subentry_id] = entry.subentries
        kitchen.name = "Server room"
        for _ in range(2):
            await polled(hass, hub)
        assert shown(hass, entity_of(hass, entry, "binary_sensor", "1_SwitchSta")) == "on"
        assert repairs(hass)["cloud_other_devices"] == "Kitchen breaker"
        with pytest.raises(ServiceValidationError, match="calls the device “Server room” now"):
            await opened(hass, entry)
        assert cloud.commands.sent == []
        walk = await change_device(hass, entry, subentry_id)
        assert any("Server room" in label for label in walk.options("meter_code").values())
        await walk.answer(meter_code=kitchen.code, model="arcm310", name="Kitchen breaker")
        assert "Server room" in walk.placeholders["notes"]
        await walk.answer(detail="normal", allow_automations=False)
        assert walk.reason == "reconfigure_successful"
        await hass.async_block_till_done()
        assert "control" not in entry.subentries[subentry_id].data
        await polled(hass, hub_of(entry))
        assert hub_of(entry).identities.known()[subentry_id].name == "Server room"
        assert set(repairs(hass)) == {"cloud_http"}


async def test_one_that_is_called_otherwise_with_the_same_serial_number_is_operated(
    hass: HomeAssistant, cloud: Cloud
) -> None:
    cloud.behaviour.tells_serials = True
    kitchen = breaker_of(cloud)
    entry = account_entry(cloud, stored_meter(kitchen, control=USUAL))
    async with loaded(hass, entry) as hub:
        assert (await opened(hass, entry))["outcome"] == "confirmed"
    # The log of commands tells its serial number.
    async with loaded(hass, entry) as hub:
        [subentry_id] = entry.subentries
        assert hub.identities.known()[subentry_id].serial == kitchen.serial
        kitchen.name = "Kitchen, main breaker"
        await polled(hass, hub)
        assert "cloud_other_devices" not in repairs(hass)
        assert hub.identities.known()[subentry_id].name == "Kitchen, main breaker"


async def test_who_devices_were_goes_with_the_account(
    hass: HomeAssistant, cloud: Cloud, hass_storage: dict[str, Any]
) -> None:
    entry = account_entry(cloud, breaker_of(cloud))
    async with loaded(hass, entry):
        pass
    key = identity_store(hass, entry).key
    assert "Kitchen breaker" in str(hass_storage[key])
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert key not in hass_storage


async def test_a_dialog_that_was_closed_leaves_the_account_that_it_was(hass: HomeAssistant, cloud: Cloud) -> None:
    entry = account_entry(cloud, breaker_of(cloud))
    cloud.account("tenant", OTHER)
    async with loaded(hass, entry):
        before = dict(entry.data), entry.unique_id
        walk = await change_link(hass, entry, None)

        def closed(answer: object) -> object:
            # While the login is on its way.
            walk.abandon()
            return answer

        cloud.fail("alter", at="login", change=closed)
        await walk.answer(**{**FORM, "host": cloud.url, "username": "tenant", "password": OTHER})
        assert walk.reason == "closed"
        await hass.async_block_till_done()
        assert (dict(entry.data), entry.unique_id) == before
        walk = await asked_to_log_in(hass, cloud, entry)
        await walk.answer(username=USER, password=NEW)
        assert walk.reason == "reauth_successful"
        await hass.async_block_till_done()
        assert entry.state is ConfigEntryState.LOADED


async def asked_to_log_in(hass: HomeAssistant, cloud: Cloud, entry: MockConfigEntry) -> Walk:
    """Change the password at the server, and return the dialog that asks for it."""
    cloud.accounts[USER].password = NEW
    cloud.behaviour.renews = False
    cloud.kick_out()
    await polled(hass, hub_of(entry))
    [flow] = [one for one in hass.config_entries.flow.async_progress() if one["context"]["source"] == SOURCE_REAUTH]
    return Walk(hass.config_entries.flow, await hass.config_entries.flow.async_configure(flow["flow_id"]))


async def test_an_account_whose_id_a_former_version_spoiled_can_be_logged_in_to(
    hass: HomeAssistant, cloud: Cloud
) -> None:
    entry = account_entry(cloud, breaker_of(cloud), user_id="1001")
    cloud.account("tenant", OTHER)
    async with loaded(hass, entry):
        hass.config_entries.async_update_entry(entry, unique_id=f"{cloud.url} 1002")
        await hass.async_block_till_done()
        walk = await asked_to_log_in(hass, cloud, entry)
        await walk.answer(username=USER, password=NEW)
        assert walk.reason == "reauth_successful"
        assert entry.unique_id == f"{cloud.url} 1001"


async def test_a_login_dialog_that_was_closed_changes_nothing(hass: HomeAssistant, cloud: Cloud) -> None:
    entry = account_entry(cloud, breaker_of(cloud))
    async with loaded(hass, entry):
        walk = await asked_to_log_in(hass, cloud, entry)

        def closed(answer: object) -> object:
            walk.abandon()
            return answer

        cloud.fail("alter", at="login", change=closed)
        await walk.answer(username=USER, password=NEW)
        assert walk.reason == "closed"
        assert entry.data["password"] == PASSWORD
