"""What the IoT EMS platform sends to Home Assistant, by real HTTP: shown, bounded, answered at once, told once."""

import asyncio
import gzip
import json
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from http import HTTPStatus

import pytest
from aiohttp.test_utils import TestClient
from aiohttp.web import Application, Request
from homeassistant.components.recorder.core import Recorder
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigEntryState, ConfigFlowContext, ConfigSubentryData
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import Context, CoreState, HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.recorder import get_instance
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.acrel_safety.aioacrel.alarms.reported import REPORTED
from custom_components.acrel_safety.aioacrel.alarms.standing import Standing
from custom_components.acrel_safety.aioacrel.cloud.push import LARGEST
from custom_components.acrel_safety.aioacrel.cloud.records import PushedAlarm
from custom_components.acrel_safety.const import DOMAIN, SUBENTRY_DEVICE
from custom_components.acrel_safety.desk import desk_of
from custom_components.acrel_safety.diagnostics import async_get_config_entry_diagnostics
from custom_components.acrel_safety.hubs import cloud_push_door
from custom_components.acrel_safety.hubs.cloud_push import PushEntryHub
from custom_components.acrel_safety.hubs.cloud_push_door import AT_ONCE
from simulator.cloud import Platform
from tests.integration.flows import Walk, add_devices, add_link
from tests.integration.rigs import is_now, until_state

pytestmark = pytest.mark.usefixtures("socket_enabled")
SECRET = "0123456789abcdef" * 4
PATH = f"/api/webhook/{SECRET}"
SERIAL = "MT0001"
ALARM = {
    "gatewaySn": "GW0001",
    "meterSn": SERIAL,
    "list": [{"code": "PFLOW1", "level": "1", "alarmNo": "A-1", "title": {"en_US": "Power factor low"}}],
}


def values(seconds: float = 0, **more: object) -> dict[str, object]:
    """Return what is sent of the device, made so many seconds ago."""
    stamp = int(time.time() - seconds)
    return {"gatewaySn": "GW0001", "meterSn": SERIAL, "timestamp": stamp, "state": "ONLINE", "Ua": 228.4, **more}


def many_values() -> list[dict[str, object]]:
    """Return what is sent of a whole factory, and of the device last."""
    others = [values(meterSn=f"M{number}", **{f"X{code}": 1.5 for code in range(60)}) for number in range(500)]
    return [*others, values()]


def entry_of(**data: object) -> MockConfigEntry:
    device = ConfigSubentryData(
        data={"serial_number": SERIAL, "model": "adw300"},
        subentry_type=SUBENTRY_DEVICE,
        title="Shop",
        unique_id=SERIAL,
    )
    stored = {"type": "push", "webhook_id": SECRET, "local_only": True, "clock": "vendor", **data}
    return MockConfigEntry(domain=DOMAIN, title="Platform", data=stored, subentries_data=[device])


@asynccontextmanager
async def loaded(hass: HomeAssistant, entry: MockConfigEntry) -> AsyncGenerator[PushEntryHub]:
    if hass.config_entries.async_get_entry(entry.entry_id) is None:
        entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    hub = entry.runtime_data.hub
    assert isinstance(hub, PushEntryHub)
    try:
        yield hub
    finally:
        await hass.config_entries.async_unload(entry.entry_id)
        await hass.async_block_till_done()


def entity_id(hass: HomeAssistant, entry: MockConfigEntry, platform: str, rest: str) -> str:
    [subentry_id] = entry.subentries
    found = er.async_get(hass).async_get_entity_id(platform, DOMAIN, f"{subentry_id}_{rest}")
    assert found is not None, rest
    return found


type Client = TestClient[Request, Application]


async def client_of(hass: HomeAssistant, made: ClientSessionGenerator) -> Client:
    """Return somebody who can reach Home Assistant by HTTP."""
    assert await async_setup_component(hass, DOMAIN, {})
    return await made()


async def send(client: Client, found: object) -> HTTPStatus:
    """Send a body."""
    body = found if isinstance(found, bytes) else json.dumps(found).encode()
    answer = await client.post(PATH, data=body)
    assert await answer.read() == b""
    return HTTPStatus(answer.status)


async def handled(hass: HomeAssistant, hub: PushEntryHub, requests: int) -> None:
    """Wait until so many were worked off."""
    async with asyncio.timeout(60):
        while hub._hub.figures.requests < requests:  # noqa: ASYNC110 - nobody is told of what comes to nothing
            await asyncio.sleep(0.01)
    await hass.async_block_till_done()


async def test_an_address_is_made_shown_and_renewed_and_devices_are_found(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> None:
    walk = await add_link(hass, "push")
    address = walk.placeholders["address"]
    assert "http://" in address
    assert "not encrypted" in walk.placeholders["note"]
    await walk.answer(local_only=True, clock="vendor", reports_every=5)
    assert walk.errors == {"reports_every": "bad_reports_every"}
    assert walk.placeholders["address"] == address
    await walk.answer(local_only=True, clock="vendor", reports_every=60, name="Platform")
    assert walk.is_saved, walk.errors
    entry = walk.result["result"]
    await hass.async_block_till_done()
    secret = entry.data["webhook_id"]
    assert address.endswith(f"/api/{DOMAIN}/push/{secret}")
    client = await hass_client_no_auth()
    try:
        device = await add_devices(hass, entry)
        await device.pick("push_heard")
        assert device.reason == "nothing_pushed"
        await client.post(f"/api/webhook/{secret}", json=[values()])
        await handled(hass, entry.runtime_data.hub, 1)
        device = await add_devices(hass, entry)
        await device.pick("push_heard")
        assert SERIAL in device.options("serial_number")
        await device.answer(serial_number=SERIAL)
        await device.answer(serial_number=SERIAL, model="adw300", name="Shop")
        assert device.step == "pushed_settings", device.errors
        await device.answer(detail="normal", allow_automations=False)
        assert device.is_saved, device.errors
        await hass.async_block_till_done()
        await client.post(f"/api/webhook/{secret}", json=[values()])
        await until_state(hass, entity_id(hass, entry, "sensor", "1_Ua"), is_now("228.4"))

        context = ConfigFlowContext(source=SOURCE_RECONFIGURE, entry_id=entry.entry_id)
        flow = hass.config_entries.flow
        change = Walk(flow, await flow.async_init(DOMAIN, context=context))
        assert change.placeholders["address"] == address
        form = {"local_only": False, "clock": "vendor", "renew": True, "name": "Platform"}
        await change.answer(**form)
        assert change.errors == {"base": "address_renewed"}
        renewed = change.placeholders["address"]
        assert renewed != address
        assert entry.data["webhook_id"] == secret
        await change.answer(**form)
        await hass.async_block_till_done()
        assert change.reason == "reconfigure_successful"
        assert renewed.endswith(entry.data["webhook_id"])
        assert entry.state is ConfigEntryState.LOADED
    finally:
        await hass.config_entries.async_unload(entry.entry_id)
        await hass.async_block_till_done()


async def test_values_are_shown_and_nothing_secret_is_told(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, caplog: pytest.LogCaptureFixture
) -> None:
    entry = entry_of(reports_every=60)
    client = await client_of(hass, hass_client_no_auth)
    async with loaded(hass, entry) as hub:
        voltage = entity_id(hass, entry, "sensor", "1_Ua")
        online = entity_id(hass, entry, "binary_sensor", "calling_online")
        assert hass.states.is_state(voltage, "unavailable")
        assert hass.states.is_state(online, "off")
        assert await send(client, [values()]) is HTTPStatus.OK
        await until_state(hass, voltage, is_now("228.4"))
        assert hass.states.is_state(online, "on")
        # Older, of later, of a stranger, of nobody: all of it answered alike, and none of it shown.
        for found in ([values(50, Ua=1.0)], [values(-4000, Ua=2.0)], [values(Ua=3.0, meterSn="X")], b"<html>", 5):
            assert await send(client, found) is HTTPStatus.OK
        await handled(hass, hub, 6)
        assert hass.states.is_state(voltage, "228.4")
        assert list(hub.strangers()) == ["X"]
        diagnostics = str(await async_get_config_entry_diagnostics(hass, entry))
        for secret in (SECRET, SERIAL, "GW0001"):
            assert secret not in diagnostics
        assert await send(client, [values(state="OFFLINE", timestamp=int(time.time()) + 5)]) is HTTPStatus.OK
        await until_state(hass, voltage, is_now("unavailable"))
        assert (await client.get(PATH)).status == HTTPStatus.METHOD_NOT_ALLOWED
        assert (await client.put(PATH, data=b"[]")).status == HTTPStatus.METHOD_NOT_ALLOWED
    # Nothing is taken there now, and the platform is told so.
    assert await send(client, [values()]) is HTTPStatus.SERVICE_UNAVAILABLE
    # What Home Assistant itself tells while it looks for faults, its owner asked for.
    told = [one for one in caplog.records if one.levelno >= logging.WARNING or DOMAIN in one.name]
    assert not [one for one in told if SECRET in one.getMessage()]


async def test_a_body_is_answered_before_anything_is_made_of_it(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = entry_of()
    client = await client_of(hass, hass_client_no_auth)
    async with loaded(hass, entry) as hub:
        voltage = entity_id(hass, entry, "sensor", "1_Ua")
        # Nothing would be made of any of it within this test.
        monkeypatch.setattr(cloud_push_door, "PAUSE_SECONDS", 3600.0)
        for found in ([values()], ALARM, b"<html>", many_values()):
            assert await send(client, found) is HTTPStatus.OK
        assert hub._hub.figures.requests == 0
        assert hass.states.is_state(voltage, "unavailable")
        # When Home Assistant ends, what was answered is worked off: nobody sends it again.
        hass.set_state(CoreState.stopping)
        hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
        await handled(hass, hub, 4)
        assert [alarm.number for _, alarm in hub.alarms] == ["A-1"]
        # What comes from now on is not taken, and a platform is told so.
        assert await send(client, [values()]) is HTTPStatus.SERVICE_UNAVAILABLE
        assert hub._hub.figures.requests == 4


async def test_others_have_their_turn_while_a_large_body_is_worked_off(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> None:
    entry = entry_of()
    client = await client_of(hass, hass_client_no_auth)
    async with loaded(hass, entry) as hub:
        assert await send(client, many_values()) is HTTPStatus.OK
        answered = 0
        while hub._hub.figures.requests == 0:
            # A page of somebody who looks at Home Assistant meanwhile.
            assert (await client.get("/manifest.json")).status in (HTTPStatus.OK, HTTPStatus.NOT_FOUND)
            answered += 1
        assert answered > 5


async def test_a_body_that_was_answered_is_worked_off_when_the_address_is_loaded_anew(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> None:
    entry = entry_of()
    client = await client_of(hass, hass_client_no_auth)
    alarms = [{**ALARM, "list": [{"code": "PFLOW1", "alarmNo": f"B-{number}"}]} for number in range(200)]
    told: list[str] = []
    async with loaded(hass, entry) as hub:
        half = asyncio.Event()

        def takes(_: str, alarm: PushedAlarm) -> None:
            told.append(alarm.number)
            half.set()

        hub.on_alarm(takes)
        assert await send(client, alarms) is HTTPStatus.OK
        async with asyncio.timeout(60):
            await half.wait()
        assert len(told) < len(alarms)
        await hass.config_entries.async_unload(entry.entry_id)
    # Each of them once, and none later: who was told of them is there no more.
    assert told == [f"B-{number}" for number in range(200)]
    async with loaded(hass, entry) as hub:
        hub.on_alarm(takes)
        assert await send(client, alarms[-1]) is HTTPStatus.OK
        await handled(hass, hub, 1)
    assert len(told) == len(alarms)


async def test_an_alarm_is_told_once_also_after_a_restart(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> None:
    entry = entry_of()
    client = await client_of(hass, hass_client_no_auth)
    told: list[PushedAlarm] = []
    for _ in range(2):
        async with loaded(hass, entry) as hub:
            hub.on_alarm(lambda _, alarm: told.append(alarm))
            for _ in range(3):
                assert await send(client, ALARM) is HTTPStatus.OK
            await handled(hass, hub, 3)
    assert [(alarm.number, alarm.titles) for alarm in told] == [("A-1", {"en": "Power factor low"})]


async def test_an_alarm_that_was_answered_is_not_lost_by_a_reload(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> None:
    entry = entry_of()
    client = await client_of(hass, hass_client_no_auth)
    async with loaded(hass, entry):
        assert await send(client, ALARM) is HTTPStatus.OK
        await hass.config_entries.async_reload(entry.entry_id)
        assert {one.alarm.cause.key.circuit for one in desk_of(hass).alarms.standing()} == {"0"}


async def test_an_alarm_stands_until_a_person_knows_of_it(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> None:
    entry = entry_of()
    client = await client_of(hass, hass_client_no_auth)
    async with loaded(hass, entry) as hub:
        alarms = desk_of(hass).alarms

        def reported() -> list[Standing]:
            return [one for one in alarms.standing() if one.alarm.cause.key.rule == REPORTED]

        assert reported() == []
        await send(client, ALARM)
        await handled(hass, hub, 1)
        [found] = reported()
        assert found.detail == "Power factor low"
        alarms.acknowledge(found.alarm_id, by="Olga")
        await send(client, ALARM)
        await handled(hass, hub, 2)
        assert reported() == []
        await send(client, {**ALARM, "list": [{"code": "PFLOW1", "alarmNo": "A-2"}]})
        await handled(hass, hub, 3)
    # It stands after a restart, and the first one comes no more.
    async with loaded(hass, entry) as hub:
        await send(client, ALARM)
        await handled(hass, hub, 1)
        [found] = [one for one in desk_of(hass).alarms.standing() if one.alarm.cause.key.rule == REPORTED]
        assert found.detail == "PFLOW1"


async def test_who_sends_too_much_is_refused_and_nobody_waits(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> None:
    entry = entry_of()
    client = await client_of(hass, hass_client_no_auth)
    async with loaded(hass, entry) as hub:
        assert await send(client, b" " * (LARGEST + 1)) is HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        assert await send(client, many_values()) is HTTPStatus.OK
        await handled(hass, hub, 1)
        found = [await send(client, [values()]) for _ in range(int(AT_ONCE) + 20)]
        assert found[0] is HTTPStatus.OK
        assert found[-1] is HTTPStatus.TOO_MANY_REQUESTS
        assert len(hub.strangers()) == 64


@pytest.mark.parametrize("coding", ["gzip", "deflate", "zstd"])
async def test_what_cannot_be_unpacked_is_refused_and_leaves_no_secret_in_the_log(
    hass: HomeAssistant,
    hass_client_no_auth: ClientSessionGenerator,
    caplog: pytest.LogCaptureFixture,
    coding: str,
) -> None:
    entry = entry_of()
    client = await client_of(hass, hass_client_no_auth)
    async with loaded(hass, entry) as hub:
        headers = {"Content-Encoding": coding, "Connection": "close"}
        answer = await client.post(PATH, data=json.dumps([values()]).encode(), headers=headers)
        assert answer.status == HTTPStatus.BAD_REQUEST
        answer = await client.post(PATH, data=gzip.compress(b" " * 50_000_000), headers={"Content-Encoding": "gzip"})
        assert answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        packed = gzip.compress(json.dumps([values()]).encode())
        answer = await client.post(PATH, data=packed, headers={"Content-Encoding": "gzip"})
        assert answer.status == HTTPStatus.OK
        await handled(hass, hub, 1)
        assert hass.states.is_state(entity_id(hass, entry, "sensor", "1_Ua"), "228.4")
    assert not [one for one in caplog.records if one.levelno >= logging.WARNING and SECRET in one.getMessage()]


async def test_what_came_late_becomes_statistics(
    recorder_mock: Recorder, hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> None:
    entry = entry_of(reports_every=900)
    client = await client_of(hass, hass_client_no_auth)
    hour = dt_util.utcnow().replace(minute=0, second=0, microsecond=0).timestamp() - 3 * 3600
    async with loaded(hass, entry) as hub:
        assert await send(client, [values()]) is HTTPStatus.OK
        late = [
            values(source="HISTORY", timestamp=int(hour + 60 * minute), Ua=230 + minute / 10)
            for minute in (5, 20, 35, 50)
        ]
        assert await send(client, late) is HTTPStatus.OK
        assert await send(client, late) is HTTPStatus.OK
        await handled(hass, hub, 3)
        assert hass.states.is_state(entity_id(hass, entry, "sensor", "1_Ua"), "228.4")
    await async_wait_recording_done(hass)
    found = await get_instance(hass).async_add_executor_job(
        statistics_during_period,
        hass,
        dt_util.utc_from_timestamp(hour - 3600),
        None,
        None,
        "hour",
        None,
        {"mean"},
    )
    [(name, [row])] = found.items()
    assert name.startswith(f"{DOMAIN}:")
    assert (row["start"], round(row["mean"] or 0.0, 3)) == (hour, 232.75)


async def test_a_simulated_platform_is_understood_whatever_it_does(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> None:
    entry = entry_of()
    client = await client_of(hass, hass_client_no_auth)
    async with loaded(hass, entry) as hub, Platform(str(client.make_url(PATH)), as_text=True) as platform:
        platform.add(SERIAL)
        await platform.push()
        record = platform.record(SERIAL)
        leakage = entity_id(hass, entry, "sensor", "1_Lg")
        await until_state(hass, leakage, lambda state: state.state not in ("unknown", "unavailable"))
        shown = hass.states.get(leakage)
        assert shown is not None
        assert float(shown.state) == pytest.approx(float(str(record["Lg"])), abs=5)
        answers = await platform.push_garbage()
        now = dt_util.utcnow()
        await platform.push_out_of_order(platform.kept(SERIAL, now - timedelta(hours=5), now - timedelta(hours=2)))
        await platform.push_twice([platform.alarm(SERIAL)])
        await handled(hass, hub, len(platform.answers))
        assert {answer.status for answer in platform.answers} == {HTTPStatus.OK}
        assert len(answers) > 5
        assert [alarm.number for _, alarm in hub.alarms] == ["1"]
        assert hass.states.is_state(leakage, shown.state)


async def test_a_sent_alarm_stands_until_somebody_knows_of_it_and_comes_no_second_time(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, hass_admin_user: MockUser
) -> None:
    client = await client_of(hass, hass_client_no_auth)
    entry = entry_of()
    async with loaded(hass, entry) as hub:
        await send(client, [values()])
        await send(client, ALARM)
        await handled(hass, hub, 2)
        reported = [one for one in desk_of(hass).alarms.standing() if one.alarm.cause.key.rule == "reported"]
        assert [one.detail for one in reported] == ["Power factor low"]
        named = {"alarm_id": reported[0].alarm_id, "occurrence": reported[0].occurrence}
        person = Context(user_id=hass_admin_user.id)
        await hass.services.async_call(DOMAIN, "acknowledge", named, blocking=True, context=person)
        await send(client, ALARM)
        await handled(hass, hub, 3)
        assert "reported" not in {one.alarm.cause.key.rule for one in desk_of(hass).alarms.standing()}
    async with loaded(hass, entry) as hub:
        await send(client, ALARM)
        await handled(hass, hub, 1)
        assert "reported" not in {one.alarm.cause.key.rule for one in desk_of(hass).alarms.standing()}
