"""The address that the IoT EMS platform sends to while its entry is not there, and who may send: nothing gets lost."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from http import HTTPStatus

import pytest
from aiohttp.web import Request
from homeassistant.components import webhook
from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
    ConfigEntryDisabler,
    ConfigEntryState,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.acrel_safety.aioacrel.alarms.reported import REPORTED
from custom_components.acrel_safety.const import DOMAIN
from custom_components.acrel_safety.desk import desk_of
from custom_components.acrel_safety.diagnostics import async_get_config_entry_diagnostics
from custom_components.acrel_safety.hubs import cloud_push_door, cloud_push_outside
from custom_components.acrel_safety.hubs.cloud_push import PushEntryHub
from tests.integration.rigs import is_now, until_state
from tests.integration.test_cloud_push import (
    ALARM,
    PATH,
    SECRET,
    Client,
    client_of,
    entity_id,
    entry_of,
    handled,
    loaded,
    send,
    values,
)
from tests.integration.test_cloud_repairs import ignore

pytestmark = pytest.mark.usefixtures("socket_enabled")
OUTSIDE = {"X-Forwarded-For": "203.0.113.7"}
ADDRESS = f"/api/{DOMAIN}/push/{SECRET}"
OTHER = "fedcba9876543210" * 4
BROKEN = {"clock": "nowhere"}
LATER = {"code": "PFLOW1", "alarmNo": "A-2", "title": {"en_US": "Phase lost"}}


def reported(hass: HomeAssistant) -> list[str]:
    """Return what is said of the devices of which somebody else reported something."""
    return [str(one.detail) for one in desk_of(hass).alarms.standing() if one.alarm.cause.key.rule == REPORTED]


def alarm(number: str) -> dict[str, object]:
    return {**ALARM, "list": [{"code": "PFLOW1", "alarmNo": number, "title": {"en_US": number}}]}


def told(hub: PushEntryHub) -> list[str]:
    return [one.number for _, one in hub.alarms]


async def is_ours(client: Client, path: str = PATH) -> bool:
    """Whether an address is answered by us: of one that it does not know Home Assistant says that all is well."""
    return (await client.get(path)).status == HTTPStatus.METHOD_NOT_ALLOWED


async def details(hass: HomeAssistant, entry: MockConfigEntry) -> Mapping[str, object]:
    """Return the diagnostics of the only device."""
    found = await async_get_config_entry_diagnostics(hass, entry)
    device: Mapping[str, object]
    [device] = found["devices"]
    return device


def is_told(hass: HomeAssistant) -> bool:
    """Whether a repair says that somebody sends from outside."""
    found = [one for one in ir.async_get(hass).issues.values() if one.translation_key == "push_from_outside"]
    return any(one.active and one.dismissed_version is None for one in found)


def secrets_logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return lines with the secret, of all that Home Assistant logs at most unless somebody looks for faults."""
    # It has that of its web server off: "aiohttp.access" is of the test's.
    records = [one for one in caplog.records if one.levelno >= logging.INFO and one.name != "aiohttp.access"]
    return [one.getMessage() for one in records if SECRET in one.getMessage()]


@asynccontextmanager
async def behind_a_proxy(hass: HomeAssistant, made: ClientSessionGenerator) -> AsyncGenerator[Client]:
    """Return somebody who can say from where he comes, and is believed."""
    proxy = {"use_x_forwarded_for": True, "trusted_proxies": ["127.0.0.1"]}
    assert await async_setup_component(hass, "http", {"http": proxy})
    yield await client_of(hass, made)


# -- not loaded --------------------------------------------------------------------------------------------------------


async def test_no_alarm_is_lost_by_a_reload_whenever_it_comes(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However long this machine takes.
    for bound in ("AT_ONCE", "MOST_KEPT", "MOST_WAITING"):
        monkeypatch.setattr(cloud_push_door, bound, 100_000)
    entry = entry_of()
    client = await client_of(hass, hass_client_no_auth)
    async with loaded(hass, entry) as hub:
        everybody: list[str] = []
        answers: list[HTTPStatus] = []
        hub.on_alarm(lambda _, one: everybody.append(one.number))
        reload = hass.async_create_task(hass.config_entries.async_reload(entry.entry_id))
        while not reload.done():
            answers.append(await send(client, alarm(f"A-{len(answers)}")))
        await reload
        answers.append(await send(client, alarm(f"A-{len(answers)}")))
        after = entry.runtime_data.hub
        assert after is not hub
        # Whichever of both was said, none that was sent is lost.
        assert set(answers) <= {HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE}
        sent = [f"A-{number}" for number in range(len(answers))]
        async with asyncio.timeout(60):
            while len(everybody) + len(told(after)) < len(sent):  # noqa: ASYNC110 - by whom is what is asked here
                await asyncio.sleep(0.01)
        assert sorted([*everybody, *told(after)]) == sorted(sent)


async def test_what_comes_before_an_entry_can_be_loaded_is_refused_for_now_and_kept(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> None:
    entry = entry_of(**BROKEN)
    entry.add_to_hass(hass)
    client = await client_of(hass, hass_client_no_auth)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert await is_ours(client)
    answer = await client.post(PATH, json=ALARM)
    assert (answer.status, await answer.read()) == (HTTPStatus.SERVICE_UNAVAILABLE, b"")
    assert int(answer.headers["Retry-After"]) > 0
    # As a platform does that was told to come again, and one that has more to tell.
    for found in (ALARM, [values()], {**ALARM, "list": [LATER]}):
        assert await send(client, found) is HTTPStatus.SERVICE_UNAVAILABLE
    await hass.config_entries.async_unload(entry.entry_id)
    hass.config_entries.async_update_entry(entry, data={**entry.data, "clock": "vendor"})
    async with loaded(hass, entry) as hub:
        await handled(hass, hub, 3)
        await until_state(hass, entity_id(hass, entry, "sensor", "1_Ua"), is_now("228.4"))
        assert told(hub) == ["A-1", "A-2"]
        assert len(reported(hass)) == 1
        assert await send(client, ALARM) is HTTPStatus.OK
        await handled(hass, hub, 4)
        assert told(hub) == ["A-1", "A-2"]
        assert (await details(hass, entry))["requests_while_not_loaded"] == 4


async def test_an_address_is_answered_before_its_entry_begins_to_be_loaded(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> None:
    entry = entry_of()
    entry.add_to_hass(hass)
    answered: list[bool] = []

    @callback
    def changed(_: ConfigEntryChange, one: ConfigEntry) -> None:
        if one is entry:
            try:
                webhook.async_register(hass, DOMAIN, "Nobody", SECRET, _nobody)
            except ValueError:
                answered.append(True)
            else:
                webhook.async_unregister(hass, SECRET)
                answered.append(False)

    # Before the integration looks at what changes.
    leave = async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, changed)
    client = await client_of(hass, hass_client_no_auth)
    leave()
    assert entry.state is ConfigEntryState.LOADED
    assert await is_ours(client)
    assert answered[0] is True
    await hass.config_entries.async_unload(entry.entry_id)


async def _nobody(_: HomeAssistant, __: str, ___: Request) -> None:
    """Take nothing."""


async def test_where_there_is_no_room_for_all_alarms_are_kept_rather_than_values(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cloud_push_door, "MOST_KEPT", 3)
    monkeypatch.setattr(cloud_push_door, "MOST_KEPT_BYTES", 2000)
    entry = entry_of()
    client = await client_of(hass, hass_client_no_auth)
    async with loaded(hass, entry):
        pass
    for found in (alarm("A-1"), *([values(60 - second)] for second in range(9)), alarm("A-2"), b" " * 1900):
        assert await send(client, found) is HTTPStatus.SERVICE_UNAVAILABLE
    async with loaded(hass, entry) as hub:
        await handled(hass, hub, 2)
        assert told(hub) == ["A-1", "A-2"]
        assert await send(client, [values(Ua=231.0)]) is HTTPStatus.OK
        await until_state(hass, entity_id(hass, entry, "sensor", "1_Ua"), is_now("231.0"))
        await handled(hass, hub, 3)
        assert hub._hub.figures.requests == 3


async def test_an_address_is_answered_as_long_as_its_entry_is_there_and_not_disabled(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> None:
    entry = entry_of()
    client = await client_of(hass, hass_client_no_auth)
    assert not await is_ours(client)
    async with loaded(hass, entry):
        assert await is_ours(client)
        await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
        assert not await is_ours(client)
        await hass.config_entries.async_set_disabled_by(entry.entry_id, None)
        assert await is_ours(client)
        hass.config_entries.async_update_entry(entry, data={**entry.data, "webhook_id": OTHER})
        assert not await is_ours(client)
        assert await is_ours(client, f"/api/webhook/{OTHER}")
        await hass.async_block_till_done()
        answer = await client.post(f"/api/webhook/{OTHER}", json=ALARM)
        assert answer.status == HTTPStatus.OK
        await handled(hass, entry.runtime_data.hub, 1)
        assert told(entry.runtime_data.hub) == ["A-1"]
    assert await is_ours(client, f"/api/webhook/{OTHER}")
    # Also one that could not be loaded ends with its entry.
    hass.config_entries.async_update_entry(entry, data={**entry.data, **BROKEN})
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert await is_ours(client, f"/api/webhook/{OTHER}")
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    assert not await is_ours(client, f"/api/webhook/{OTHER}")
    await hass.config_entries.async_set_disabled_by(entry.entry_id, None)
    assert await is_ours(client, f"/api/webhook/{OTHER}")
    await hass.config_entries.async_remove(entry.entry_id)
    assert not await is_ours(client, f"/api/webhook/{OTHER}")


async def test_an_address_is_none_of_home_assistants_webhooks_and_nobody_answers_there_without_its_entry(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, caplog: pytest.LogCaptureFixture
) -> None:
    entry = entry_of()
    client = await client_of(hass, hass_client_no_auth)

    async def answer(path: str = ADDRESS, headers: Mapping[str, str] | None = None) -> int:
        return (await client.post(path, json=ALARM, headers=headers)).status

    assert await answer() == HTTPStatus.NOT_FOUND
    async with loaded(hass, entry) as hub:
        assert await answer() == HTTPStatus.OK
        await handled(hass, hub, 1)
        assert told(hub) == ["A-1"]
        assert await answer(f"/api/{DOMAIN}/push/{OTHER}") == HTTPStatus.NOT_FOUND
        assert (await client.get(ADDRESS)).status == HTTPStatus.METHOD_NOT_ALLOWED
    refused = await client.post(ADDRESS, json=ALARM)
    assert (refused.status, "Retry-After" in refused.headers) == (HTTPStatus.SERVICE_UNAVAILABLE, True)
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    assert await answer() == HTTPStatus.NOT_FOUND
    await hass.config_entries.async_set_disabled_by(entry.entry_id, None)
    hass.config_entries.async_update_entry(entry, data={**entry.data, "webhook_id": OTHER})
    assert await answer() == HTTPStatus.NOT_FOUND
    await hass.async_block_till_done()
    assert await answer(f"/api/{DOMAIN}/push/{OTHER}") == HTTPStatus.OK
    await hass.config_entries.async_remove(entry.entry_id)
    assert await answer(f"/api/{DOMAIN}/push/{OTHER}") == HTTPStatus.NOT_FOUND
    assert secrets_logged(caplog) == []


async def test_two_entries_of_one_address_do_not_keep_others_from_being_loaded(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, caplog: pytest.LogCaptureFixture
) -> None:
    entry, copy = entry_of(), entry_of()
    for one in (entry, copy):
        one.add_to_hass(hass)
    client = await client_of(hass, hass_client_no_auth)
    assert (entry.state, copy.state) == (ConfigEntryState.LOADED, ConfigEntryState.SETUP_ERROR)
    assert await send(client, ALARM) is HTTPStatus.OK
    await handled(hass, entry.runtime_data.hub, 1)
    await hass.config_entries.async_remove(copy.entry_id)
    assert await is_ours(client)
    assert secrets_logged(caplog) == []
    await hass.config_entries.async_unload(entry.entry_id)


# -- from outside ------------------------------------------------------------------------------------------------------


async def test_what_comes_from_outside_is_refused_counted_and_told_and_leaves_no_secret_in_the_log(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, caplog: pytest.LogCaptureFixture
) -> None:
    entry = entry_of()
    async with behind_a_proxy(hass, hass_client_no_auth) as client, loaded(hass, entry) as hub:
        assert await send(client, ALARM) is HTTPStatus.OK
        await handled(hass, hub, 1)
        assert not is_told(hass)
        for method in (client.post, client.get, client.put, client.head):
            answer = await method(PATH, headers=OUTSIDE)
            assert answer.status in (HTTPStatus.FORBIDDEN, HTTPStatus.METHOD_NOT_ALLOWED)
        for path in (PATH, ADDRESS):
            answer = await client.post(path, json=alarm("A-2"), headers=OUTSIDE)
            assert (answer.status, await answer.read()) == (HTTPStatus.FORBIDDEN, b"")
        figures = await details(hass, entry)
        assert (figures["requests_from_outside"], figures["requests_refused"]) == (3, 6)
        assert (figures["requests"], told(hub)) == (1, ["A-1"])
        [issue] = [one for one in ir.async_get(hass).issues.values() if one.translation_key == "push_from_outside"]
        assert issue.translation_placeholders == {"link": "Platform", "senders": "203.0.113.7"}
        assert SECRET not in str(issue)
        assert secrets_logged(caplog) == []

        # As soon as it is allowed it is taken, and nothing is left to tell.
        hass.config_entries.async_update_entry(entry, data={**entry.data, "local_only": False})
        assert not is_told(hass)
        await hass.async_block_till_done()
        answer = await client.post(PATH, json=alarm("A-2"), headers=OUTSIDE)
        assert answer.status == HTTPStatus.OK
        await handled(hass, entry.runtime_data.hub, 1)
        assert told(entry.runtime_data.hub) == ["A-2"]


async def test_that_somebody_sends_from_outside_is_told_until_it_is_over_and_not_to_who_ignores_it(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cloud_push_outside, "QUIET_SECONDS", 30.0)
    entry = entry_of()
    entry.add_to_hass(hass)
    async with behind_a_proxy(hass, hass_client_no_auth) as client:

        async def send_from_outside() -> None:
            assert (await client.post(PATH, json=ALARM, headers=OUTSIDE)).status == HTTPStatus.FORBIDDEN

        def pass_time() -> None:
            async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=31))

        await send_from_outside()
        # While it is not loaded nobody learns more, and nothing is kept.
        await hass.config_entries.async_unload(entry.entry_id)
        await send_from_outside()
        await hass.config_entries.async_setup(entry.entry_id)
        assert is_told(hass)
        assert told(entry.runtime_data.hub) == []
        pass_time()
        assert not is_told(hass)
        await send_from_outside()
        assert is_told(hass)
        ignore(hass, "push_from_outside")
        await hass.config_entries.async_reload(entry.entry_id)
        pass_time()
        await send_from_outside()
        assert not is_told(hass)
        await hass.config_entries.async_remove(entry.entry_id)
        assert "push_from_outside" not in {one.translation_key for one in ir.async_get(hass).issues.values()}
