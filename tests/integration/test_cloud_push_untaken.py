"""Alarms that the IoT EMS platform sends of devices that nobody can be told of yet: they wait for somebody."""

import json

import pytest
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.acrel_safety.const import DOMAIN, SUBENTRY_DEVICE
from tests.integration.test_cloud_push import ALARM, SECRET, SERIAL, client_of, entry_of, handled, loaded, send
from tests.integration.test_cloud_push_door import LATER, OTHER, reported, told

pytestmark = pytest.mark.usefixtures("socket_enabled")


def further_way(owner: MockConfigEntry) -> MockConfigEntry:
    """Return an entry whose only device another entry shows."""
    [of_owner] = owner.subentries
    device = ConfigSubentryData(
        data={"serial_number": SERIAL, "model": "adw300", "same_as": of_owner, "same_as_place": SERIAL},
        subentry_type=SUBENTRY_DEVICE,
        title="Shop",
        unique_id=SERIAL,
    )
    data = {"type": "push", "webhook_id": SECRET, "local_only": True, "clock": "vendor"}
    return MockConfigEntry(domain=DOMAIN, title="Further", data=data, subentries_data=[device])


@pytest.mark.parametrize("is_sent_again", [False, True])
async def test_an_alarm_of_a_device_that_is_not_loaded_is_told_when_it_is(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, *, is_sent_again: bool
) -> None:
    owner = entry_of(webhook_id=OTHER)
    client = await client_of(hass, hass_client_no_auth)
    async with loaded(hass, owner):
        pass
    entry = further_way(owner)
    async with loaded(hass, entry) as hub:
        assert (await send(client, ALARM)).is_success
        await handled(hass, hub, 1)
        assert reported(hass) == []
    async with loaded(hass, entry) as hub:
        if is_sent_again:
            assert (await send(client, ALARM)).is_success
            await handled(hass, hub, 1)
        assert reported(hass) == []
        async with loaded(hass, owner):
            assert reported(hass) == ["Power factor low"]
            assert told(hub) == ["A-1"]
            assert (await send(client, ALARM)).is_success
            await handled(hass, hub, 2 if is_sent_again else 1)
            assert told(hub) == ["A-1"]
            assert reported(hass) == ["Power factor low"]
    # It was told: whoever comes later is told no more.
    async with loaded(hass, entry) as hub, loaded(hass, owner):
        assert told(hub) == []
        assert reported(hass) == ["Power factor low"]


async def test_an_alarm_of_a_device_whose_model_file_is_missing_waits_for_it(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> None:
    entry = entry_of()
    client = await client_of(hass, hass_client_no_auth)
    entry.add_to_hass(hass)
    [subentry] = entry.subentries.values()
    sound = dict(subentry.data)
    hass.config_entries.async_update_subentry(entry, subentry, data={**sound, "model": "gone"})
    async with loaded(hass, entry) as hub:
        assert (await send(client, ALARM)).is_success
        await handled(hass, hub, 1)
        assert hub.strangers() == {}
    hass.config_entries.async_update_subentry(entry, subentry, data=sound)
    async with loaded(hass, entry):
        assert reported(hass) == ["Power factor low"]


async def test_what_was_kept_by_a_former_version_or_edited_does_no_harm(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, hass_storage: dict[str, object]
) -> None:
    entry = entry_of()
    key = f"{DOMAIN}.{entry.entry_id}.push"
    name = f"{SERIAL}/A-1/PFLOW1"
    hass_storage[key] = {"version": 1, "key": key, "data": {"alarms": [name], "untaken": json.loads('[5, {"a": []}]')}}
    client = await client_of(hass, hass_client_no_auth)
    async with loaded(hass, entry) as hub:
        assert (await send(client, {**ALARM, "list": [*ALARM["list"], LATER]})).is_success
        await handled(hass, hub, 1)
        assert told(hub) == ["A-2"]
