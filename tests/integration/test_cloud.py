"""An account at a simulated cloud in Home Assistant: from the dialog to entities, and through all that ends a login."""

import logging
import threading
from collections.abc import AsyncIterator
from datetime import UTC
from pathlib import Path

import pytest
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockUser

from custom_components.acrel_safety.aioacrel.cloud import profile_reader
from custom_components.acrel_safety.const import DOMAIN
from custom_components.acrel_safety.desk import desk_of
from custom_components.acrel_safety.diagnostics import async_get_config_entry_diagnostics
from simulator.cloud import ADW300, ARCM300T, ARCM310, Cloud, OtherHost
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
    shown,
)
from tests.integration.flows import Walk, add_devices, add_link, change_device, change_link

pytestmark = pytest.mark.usefixtures("socket_enabled")


@pytest.fixture
async def cloud() -> AsyncIterator[Cloud]:
    async with cloud_with_owner() as running:
        yield running


async def at_the_devices(hass: HomeAssistant, cloud: Cloud, **form: object) -> Walk:
    """Fill in the dialog until the devices are shown."""
    walk = await add_link(hass, "cloud")
    await walk.answer(
        **{"host": cloud.url, "username": USER, "password": PASSWORD, "profile": "acrelcloud-1000", **form}
    )
    if walk.step == "cloud_http":
        assert cloud.url.removeprefix("http://") in walk.placeholders["host"].replace("\\", "")
        await walk.answer(sure=True)
    return walk


async def test_an_account_is_set_up_with_the_devices_that_were_chosen(hass: HomeAssistant, cloud: Cloud) -> None:
    site = cloud.site("Mill Lane")
    box, breaker = site.add(ARCM300T, "Box"), site.add(ARCM310, "Kitchen breaker")
    site.add(ADW300, "Meter")
    box.figures.set["Lg"] = 43.5
    walk = await at_the_devices(hass, cloud, name="Office")
    assert walk.step == "cloud_devices", walk.errors
    assert walk.placeholders["count"] == "3"
    assert walk.entered["devices"] == [*walk.options("devices")]
    await walk.answer(devices=[box.code, breaker.code])
    assert walk.is_saved
    entry = walk.result["result"]
    await hass.async_block_till_done()
    assert (entry.state, entry.title) == (ConfigEntryState.LOADED, "Office")
    assert [one.title for one in entry.subentries.values()] == ["Box", "Kitchen breaker"]
    assert shown(hass, entity_of(hass, entry, "sensor", "1_Lg")) == "43.5"
    assert shown(hass, entity_of(hass, entry, "binary_sensor", "1_LgHigh")) == "off"
    assert shown(hass, entity_of(hass, entry, "binary_sensor", "1_SwitchSta", 1)) == "on"
    assert cloud.effects == []
    again = await at_the_devices(hass, cloud)
    assert again.reason == "already_configured"
    more = await add_devices(hass, entry)
    assert len(more.options("meter_code")) == 1
    await more.answer(meter_code=next(iter(more.options("meter_code"))))
    assert more.step == "cloud_meter_settings", more.errors
    await more.answer(detail="normal", allow_automations=False)
    await hass.async_block_till_done()
    assert [one.title for one in entry.subentries.values()] == ["Box", "Kitchen breaker", "Meter"]
    assert (await add_devices(hass, entry)).reason == "no_more_meters"
    await hass.config_entries.async_unload(entry.entry_id)
    assert cloud.effects == []


async def test_devices_of_another_site_can_be_added_at_once_and_a_host_that_is_away_does_not_end_the_dialog(
    hass: HomeAssistant, cloud: Cloud
) -> None:
    box, far = cloud.site("Mill Lane").add(ARCM300T, "Box"), cloud.site("Harbour").add(ADW300, "Far")
    entry = account_entry(cloud, box)
    async with loaded(hass, entry):
        walk = await add_devices(hass, entry)
        assert [*walk.options("meter_code")] == [far.code]
        await cloud.stop()
        walk = await add_devices(hass, entry)
        assert [*walk.options("meter_code")] == [far.code]


@pytest.mark.parametrize(
    ("form", "field", "error"),
    [
        ({"host": "ftp://cloud.example"}, "host", "bad_cloud_address"),
        ({"username": "  "}, "username", "user_needed"),
        ({"password": f"not {PASSWORD}"}, "base", "cloud_login_refused"),
        ({"username": "somebody"}, "base", "cloud_login_refused"),
    ],
)
async def test_what_cannot_be_is_said_at_its_field_and_nothing_is_saved(
    hass: HomeAssistant, cloud: Cloud, form: dict[str, str], field: str, error: str
) -> None:
    walk = await at_the_devices(hass, cloud, **form)
    assert (walk.step, walk.errors) == ("cloud", {field: error})
    assert "password" not in walk.entered
    assert hass.config_entries.async_entries(DOMAIN) == []


@pytest.mark.parametrize(
    ("cause", "error"),
    [
        ("disabled", "cloud_account_disabled"),
        ("unhosted", "cloud_licence_over"),
        ("unlicensed", "cloud_licence_over"),
        ("unreachable", "cloud_unreachable"),
    ],
)
async def test_why_a_server_lets_nobody_in_is_said_by_its_cause_and_can_be_tried_again(
    hass: HomeAssistant, cloud: Cloud, cause: str, error: str
) -> None:
    cloud.site().add(ARCM300T, "Box")
    account = cloud.accounts[USER]
    fault = cloud.fail("close", times=None) if cause == "unreachable" else None
    account.is_disabled, account.is_unhosted = cause == "disabled", cause == "unhosted"
    cloud.licensed = cause != "unlicensed"
    walk = await at_the_devices(hass, cloud)
    assert (walk.step, walk.errors) == ("cloud", {"base": error})
    assert hass.config_entries.async_entries(DOMAIN) == []
    account.is_disabled = account.is_unhosted = False
    cloud.licensed = True
    if fault is not None:
        cloud.faults.on.remove(fault)
    await walk.answer(host=cloud.url, username=USER, password=PASSWORD, profile="acrelcloud-1000")
    if walk.step == "cloud_http":
        await walk.answer(sure=True)
    assert walk.step == "cloud_devices", walk.errors
    assert cloud.effects == []


async def test_where_nothing_listens_the_reason_is_about_a_server_and_no_gateway(
    hass: HomeAssistant, cloud: Cloud
) -> None:
    walk = await add_link(hass, "cloud")
    await cloud.stop()
    await walk.answer(host=cloud.url, username=USER, password=PASSWORD, profile="acrelcloud-1000")
    await walk.answer(sure=True)
    assert "refused" in walk.placeholders["detail"]
    assert "Modbus" not in walk.placeholders["detail"]


@pytest.mark.parametrize("kind", ["iot", "asp", "page"])
async def test_a_host_of_another_kind_is_told_and_never_sees_the_password(hass: HomeAssistant, kind: str) -> None:
    async with OtherHost(kind) as other:
        walk = await add_link(hass, "cloud")
        await walk.answer(host=other.url, username=USER, password=PASSWORD, profile="acrelcloud-1000")
        await walk.answer(sure=True)
        assert walk.errors == {"base": "cloud_foreign"}
        assert walk.placeholders["detail"]
        assert PASSWORD not in str(other.heard)


async def test_plain_http_is_asked_about_and_without_a_yes_nothing_is_sent(hass: HomeAssistant, cloud: Cloud) -> None:
    walk = await add_link(hass, "cloud")
    await walk.answer(host=cloud.url, username=USER, password=PASSWORD, profile="acrelcloud-1000")
    assert walk.step == "cloud_http"
    await walk.answer(sure=False)
    assert walk.errors == {"host": "http_not_sure"}
    assert cloud.heard == []


async def test_a_password_that_was_changed_is_asked_for_and_put_right(
    hass: HomeAssistant, cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    box = cloud.site().add(ARCM300T, "Box")
    entry = account_entry(cloud, box)
    async with loaded(hass, entry) as hub:
        cloud.accounts[USER].password = OTHER
        cloud.behaviour.renews = False
        cloud.kick_out()
        await polled(hass, hub)
        [flow] = [one for one in hass.config_entries.flow.async_progress() if one["context"]["source"] == SOURCE_REAUTH]
        walk = Walk(hass.config_entries.flow, await hass.config_entries.flow.async_configure(flow["flow_id"]))
        await walk.answer(username=USER, password=f"not {PASSWORD}")
        assert walk.errors == {"base": "cloud_login_refused"}
        await walk.answer(username=USER, password=OTHER)
        assert walk.reason == "reauth_successful"
        await hass.async_block_till_done()
        assert (entry.state, entry.data["password"]) == (ConfigEntryState.LOADED, OTHER)
        assert shown(hass, entity_of(hass, entry, "binary_sensor", "1_LgHigh")) == "off"
        assert "update listener" not in caplog.text


async def test_a_login_that_a_phone_ends_at_once_asks_for_no_password(hass: HomeAssistant, cloud: Cloud) -> None:
    box = cloud.site().add(ARCM300T, "Box")
    entry = account_entry(cloud, box)
    async with loaded(hass, entry) as hub:
        cloud.fail("unauthorised", at="selectByStationId", times=None)
        await polled(hass, hub)
        assert hub.hub.details()["trouble"] is not None
        assert hass.config_entries.flow.async_progress() == []
        cloud.faults.clear()
        await polled(hass, hub)
        assert hub.hub.details()["trouble"] is None
        assert shown(hass, entity_of(hass, entry, "binary_sensor", "1_LgHigh")) == "off"


async def test_an_account_that_was_disabled_and_is_enabled_again_needs_no_other_password(
    hass: HomeAssistant, cloud: Cloud
) -> None:
    box = cloud.site().add(ARCM300T, "Box")
    entry = account_entry(cloud, box)
    async with loaded(hass, entry) as hub:
        cloud.fail("code", at="login", code=335, times=None)
        cloud.behaviour.renews = False
        cloud.kick_out()
        await polled(hass, hub)
        [flow] = [one for one in hass.config_entries.flow.async_progress() if one["context"]["source"] == SOURCE_REAUTH]
        cloud.faults.clear()
        walk = Walk(hass.config_entries.flow, await hass.config_entries.flow.async_configure(flow["flow_id"]))
        await walk.answer(username=USER, password=PASSWORD)
        assert walk.reason == "reauth_successful"
        await hass.async_block_till_done()
        assert entry.state is ConfigEntryState.LOADED
        assert entry.runtime_data.hub is not hub
        assert shown(hass, entity_of(hass, entry, "binary_sensor", "1_LgHigh")) == "off"


async def test_a_wrong_password_at_the_start_is_not_tried_again_and_again(hass: HomeAssistant, cloud: Cloud) -> None:
    box = cloud.site().add(ARCM300T, "Box")
    entry = account_entry(cloud, box, password=f"not {PASSWORD}")
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert cloud.count("login") == 1
    assert [one["context"]["source"] for one in hass.config_entries.flow.async_progress()] == [SOURCE_REAUTH]


async def test_reconfigured_it_keeps_its_password_for_its_own_host_only(hass: HomeAssistant, cloud: Cloud) -> None:
    box = cloud.site().add(ARCM300T, "Box")
    entry = account_entry(cloud, box)
    async with loaded(hass, entry):
        walk = await change_link(hass, entry, None)
        assert walk.step == "cloud"
        assert "password" not in walk.entered
        form = {"username": USER, "profile": "acrelcloud-1000", "history_months": 0, "history_electric": False}
        await walk.answer(host="https://127.0.0.1:1", poll_every=60, **form)
        assert walk.errors == {"password": "password_needed"}
        await walk.answer(host=cloud.url, poll_every=10, **form)
        assert walk.errors == {"poll_every": "bad_poll_every"}
        await walk.answer(host=cloud.url, poll_every=120, **form)
        assert walk.reason == "reconfigure_successful"
        await hass.async_block_till_done()
        assert (entry.data["poll_every"], entry.data["password"]) == (120, PASSWORD)


async def test_a_stored_second_password_stays_until_it_is_forgotten_and_goes_to_no_other_host(
    hass: HomeAssistant, cloud: Cloud
) -> None:
    box = cloud.site().add(ARCM300T, "Box")
    entry = account_entry(cloud, box, second_password=SECOND)
    form = {"username": USER, "profile": "acrelcloud-1000", "history_months": 0, "history_electric": False}
    async with loaded(hass, entry):
        walk = await change_link(hass, entry, None)
        assert "second_password" not in walk.entered
        await walk.answer(host=cloud.url, poll_every=90, clock="vendor", forget_second_password=False, **form)
        await hass.async_block_till_done()
        assert entry.data["second_password"] == SECOND
        walk = await change_link(hass, entry, None)
        await walk.answer(host=cloud.url, poll_every=90, clock="vendor", forget_second_password=True, **form)
        await hass.async_block_till_done()
        assert "second_password" not in entry.data


async def test_values_of_a_server_in_another_zone_are_believed_when_that_is_said(
    hass: HomeAssistant, cloud: Cloud
) -> None:
    cloud.clock.zone = UTC
    box = cloud.site().add(ARCM300T, "Box")
    entry = account_entry(cloud, box)
    async with loaded(hass, entry):
        assert shown(hass, entity_of(hass, entry, "binary_sensor", "1_LgHigh")) == "unavailable"
    hass.config_entries.async_update_entry(entry, data={**entry.data, "clock": "utc"})
    async with loaded(hass, entry):
        assert shown(hass, entity_of(hass, entry, "binary_sensor", "1_LgHigh")) == "off"


async def test_alarms_of_the_log_stand_here_and_are_confirmed_there_by_a_persons_act(
    hass: HomeAssistant, cloud: Cloud, hass_admin_user: MockUser
) -> None:
    box = cloud.site().add(ARCM300T, "Box")
    entry = account_entry(cloud, box)
    async with loaded(hass, entry) as hub:
        event = cloud.tell(box, description="漏电流 412 mA")
        await polled(hass, hub)
        [standing] = [one for one in desk_of(hass).alarms.standing() if one.alarm.cause.key.rule == "reported"]
        assert "漏电流 412 mA" in standing.detail
        assert cloud.effects == []
        person = Context(user_id=hass_admin_user.id)
        named = {"alarm_id": standing.alarm_id, "occurrence": standing.occurrence}
        await hass.services.async_call(DOMAIN, "acknowledge", named, blocking=True, context=person)
        await hass.async_block_till_done(wait_background_tasks=True)
        assert event.confirmed
        assert cloud.count("confirmAlarmEvents") == 1
        other = cloud.tell(box, description="A相温度 81 °C")
        await polled(hass, hub)
        other.confirmed = True
        await polled(hass, hub)
        assert [one for one in desk_of(hass).alarms.standing() if one.alarm.cause.key.rule == "reported"] == []
        assert cloud.count("confirmAlarmEvents") == 1


async def test_a_device_is_changed_and_what_was_not_proved_is_not_offered(hass: HomeAssistant, cloud: Cloud) -> None:
    box = cloud.site().add(ARCM300T, "Box")
    entry = account_entry(cloud, box)
    async with loaded(hass, entry) as hub:
        [subentry_id] = entry.subentries
        walk = await change_device(hass, entry, subentry_id)
        if walk.step == "cloud_meter":
            await walk.answer(meter_code=box.code, model="arcm300", name="Main box")
        assert walk.step == "cloud_meter_settings", walk.errors
        await walk.answer(detail="exact", allow_automations=True)
        assert walk.reason == "reconfigure_successful"
        await hass.async_block_till_done()
        subentry = entry.subentries[subentry_id]
        assert (subentry.title, subentry.data["detail"]) == ("Main box", "exact")
        assert subentry.data["meter_code"] == box.code
        del hub


async def test_nothing_that_names_the_account_is_in_logs_or_diagnostics(
    hass: HomeAssistant, cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    site = cloud.site("Mill Lane")
    breaker = site.add(ARCM310, "Kitchen breaker")
    entry = account_entry(cloud, breaker, second_password=SECOND)
    async with loaded(hass, entry) as hub:
        tokens = [token for account in cloud.accounts.values() for token in account.tokens]
        for fault in ("trace", "unauthorised", "renew", "html", "cut", "close"):
            cloud.fail(fault)
            await polled(hass, hub)
        found = [await async_get_config_entry_diagnostics(hass, entry)]
        # A device that is lost, and a server that is: what is wrong with them names no host.
        breaker.is_lost = True
        await polled(hass, hub)
        found.append(await async_get_config_entry_diagnostics(hass, entry))
        cloud.fail("close", times=len(cloud.sites) * 4)
        await polled(hass, hub)
        found.append(await async_get_config_entry_diagnostics(hass, entry))
        cloud.faults.clear()
        # A repair of each kind that a device or a site can bring: it may name the device, and nothing else.
        site.add(ARCM310, "Brand new")
        del site.meters[breaker.code]
        for _ in range(2):
            await polled(hass, hub)
        shown_repairs = [one for one in ir.async_get(hass).issues.values() if one.domain == DOMAIN and one.active]
        told = [str(one.translation_placeholders) for one in shown_repairs]
        assert {"cloud_gone_devices", "cloud_new_devices"} <= {one.translation_key for one in shown_repairs}
    for secret in (USER, PASSWORD, SECOND, *tokens):
        assert secret not in str(found)
        assert secret not in caplog.text
        assert secret not in str(told)
    for name in (breaker.code, "Mill Lane", cloud.organisation, cloud.url.removeprefix("http://")):
        assert name not in str(found)
        assert name not in str(told)
    assert cloud.effects == []


async def test_two_accounts_of_one_server_are_two_and_none_becomes_the_other(hass: HomeAssistant, cloud: Cloud) -> None:
    box = cloud.site().add(ARCM300T, "Box")
    cloud.account("tenant", OTHER)
    entry = account_entry(cloud, box)
    async with loaded(hass, entry) as hub:
        walk = await at_the_devices(hass, cloud, username="tenant", password=OTHER)
        assert walk.step == "cloud_devices", walk.reason
        walk.abandon()
        cloud.accounts[USER].password = f"not {PASSWORD}"
        cloud.behaviour.renews = False
        cloud.kick_out()
        await polled(hass, hub)
        [flow] = [one for one in hass.config_entries.flow.async_progress() if one["context"]["source"] == SOURCE_REAUTH]
        again = Walk(hass.config_entries.flow, await hass.config_entries.flow.async_configure(flow["flow_id"]))
        await again.answer(username="tenant", password=OTHER)
        assert again.reason == "other_account"
        assert entry.data["username"] == USER


async def test_which_kind_of_cloud_it_is_is_found_out(hass: HomeAssistant, cloud: Cloud) -> None:
    cloud.site().add(ARCM300T, "Box")
    walk = await at_the_devices(hass, cloud, profile="probed")
    await walk.answer(devices=[])
    assert walk.is_saved
    assert walk.result["result"].data["profile"] == "acrelcloud-1000"
    async with OtherHost("asp") as other:
        walk = await add_link(hass, "cloud")
        assert walk.options("profile")
        await walk.answer(host=other.url, username=USER, password=PASSWORD, profile="probed")
        await walk.answer(sure=True)
        assert walk.errors == {"base": "cloud_foreign"}
        # Nobody chose one of them.
        assert walk.placeholders["profile"] == "any kind of cloud that is known"
        assert PASSWORD not in str(other.heard)


async def test_the_first_dialog_of_all_reads_no_file_in_the_event_loop(
    hass: HomeAssistant, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile_reader._builtin.cache_clear()
    read, threads = Path.read_text, list[int]()

    def reading(path: Path, encoding: str | None = None, errors: str | None = None) -> str:
        if path.parent.name == "profiles":
            threads.append(threading.get_ident())
        return read(path, encoding, errors)

    monkeypatch.setattr(Path, "read_text", reading)
    walk = await add_link(hass, "cloud")
    assert walk.step == "cloud"
    assert threads
    assert threading.get_ident() not in threads
