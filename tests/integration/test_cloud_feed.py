"""The feed of an account in Home Assistant, at a real broker: what it adds, and that nothing depends on it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable

import pytest
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.acrel_safety.aioacrel.cloud import feedlink
from custom_components.acrel_safety.const import DOMAIN
from custom_components.acrel_safety.diagnostics import async_get_config_entry_diagnostics
from custom_components.acrel_safety.hubs.cloud import CloudEntryHub
from simulator.broker import Broker
from simulator.cloud import ADW300, ARCM300T, ARCM310, Cloud, Feed, Meter
from tests.integration.cloud_rigs import (
    USER,
    account_entry,
    cloud_with_owner,
    entity_of,
    loaded,
    polled,
    shown,
)
from tests.integration.flows import Walk, change_link

pytestmark = pytest.mark.usefixtures("socket_enabled")

FEEDER, FEED_PASSWORD = "feeder-of-all", "feed-Word-1"
WITHIN = 20.0
FORM = {"username": USER, "profile": "acrelcloud-1000", "history_months": 0, "history_electric": False}


class Fed:
    """A cloud with a broker of its own; what it publishes, it publishes when a test says so."""

    def __init__(self, cloud: Cloud, broker: Broker, feed: Feed) -> None:
        self.cloud = cloud
        self.broker = broker
        self.feed = feed
        self.address = f"ws://127.0.0.1:{broker.websocket_port}/mqtt"

    def entry(self, *meters: Meter, **data: object) -> MockConfigEntry:
        stored: dict[str, object] = {
            "feed": self.address,
            "feed_user": FEEDER,
            "feed_password": FEED_PASSWORD,
            "feed_plain": True,
        }
        return account_entry(self.cloud, *meters, **{**stored, **data})


@pytest.fixture
async def fed() -> AsyncIterator[Fed]:
    account = FEEDER, FEED_PASSWORD
    async with cloud_with_owner() as cloud, Broker(websockets=True, account=account) as broker:
        feed = Feed(cloud, seconds=3600)
        feed.start("127.0.0.1", broker.websocket_port, websockets=True, account=account)
        await feed.is_up.wait()
        yield Fed(cloud, broker, feed)
        await feed.stop()


async def until(hass: HomeAssistant, is_so: Callable[[], bool]) -> None:
    """Wait until something is so that shows in a state."""
    changed = asyncio.Event()

    @callback
    def look(_: object) -> None:
        changed.set()

    leave = hass.bus.async_listen("state_changed", look)
    try:
        async with asyncio.timeout(WITHIN):
            while not is_so():
                await changed.wait()
                changed.clear()
    finally:
        leave()


async def eventually(is_so: Callable[[], bool]) -> None:
    """Wait until something is so that shows nowhere else."""
    async with asyncio.timeout(WITHIN):
        while not is_so():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.02)


async def subscribed(hub: CloudEntryHub) -> None:
    """Wait until the broker is heard."""
    await eventually(lambda: hub.feed_details().get("is_connected") is True)


async def test_what_only_the_feed_tells_is_shown_and_values_are_asked_more_seldom(
    hass: HomeAssistant, fed: Fed
) -> None:
    site = fed.cloud.site("Mill Lane")
    box, meter, breaker = site.add(ARCM300T, "Box"), site.add(ADW300, "Meter"), site.add(ARCM310, "Kitchen breaker")
    box.figures.set["Ua"] = 231.5
    meter.figures.set |= {"P": 2.5, "EPI": 1000.0}
    entry = fed.entry(box, meter, breaker)
    async with loaded(hass, entry) as hub:
        volts = entity_of(hass, entry, "sensor", "1_Ua")
        power = entity_of(hass, entry, "sensor", "1_P", 1)
        position = entity_of(hass, entry, "binary_sensor", "1_SwitchSta", 2)
        assert shown(hass, volts) == "unavailable"
        assert shown(hass, position) == "on"
        await subscribed(hub)
        await fed.feed.publish()
        await until(hass, lambda: shown(hass, volts) == "231.5")
        await until(hass, lambda: shown(hass, power) == "2.5")
        # It is alive: what it tells changes.
        for one in (box, meter, breaker):
            one.figures.set["Lg"] = 31.5
        await asyncio.sleep(1.1)
        await fed.feed.publish()
        await eventually(lambda: hub.feed_details().get("messages") == 2)
        fed.cloud.forget()
        for _ in range(3):
            await polled(hass, hub)
        counts = [fed.cloud.count(name) for name in ("leakageMonitor", "CommunicationStatus", "getAlarmEventLogList")]
        assert counts == [0, 3, 3]
        breaker.figures.closed = False
        await asyncio.sleep(1.1)  # a message of the same second is no news
        await fed.feed.publish()
        await until(hass, lambda: shown(hass, position) == "off")
        # The feed ends: everything is asked again, and what it told stands as long as it is not too old.
        await fed.broker.stop()
        await eventually(lambda: fed.cloud.count("leakageMonitor") > 0)
        await polled(hass, hub)
        assert shown(hass, volts) == "231.5"
    assert fed.cloud.effects == []


async def test_without_a_feed_nothing_of_it_is_there(hass: HomeAssistant, fed: Fed) -> None:
    box = fed.cloud.site().add(ARCM300T, "Box")
    entry = account_entry(fed.cloud, box)
    async with loaded(hass, entry) as hub:
        with pytest.raises(AssertionError):
            entity_of(hass, entry, "sensor", "1_Ua")
        assert "feed" not in (await hub.async_details(hub.hub.sources[0]))


async def at_the_form(hass: HomeAssistant, fed: Fed, entry: MockConfigEntry, **form: object) -> Walk:
    walk = await change_link(hass, entry, None)
    return await walk.answer(host=fed.cloud.url, poll_every=60, **FORM, **form)


async def test_a_feed_is_entered_tried_and_stored_and_left_out_again(hass: HomeAssistant, fed: Fed) -> None:
    box = fed.cloud.site("Mill Lane").add(ARCM300T, "Box")
    entry = account_entry(fed.cloud, box)
    async with loaded(hass, entry):
        walk = await at_the_form(hass, fed, entry, feed="mqtt://broker.example")
        assert walk.errors == {"feed": "bad_feed_address"}
        walk = await at_the_form(
            hass, fed, entry, feed=fed.address, feed_user=FEEDER, feed_password=f"not {FEED_PASSWORD}"
        )
        assert walk.step == "cloud_feed_plain"
        await walk.answer(sure=False)
        assert walk.errors == {"feed": "feed_not_sure"}
        assert "feed_password" not in walk.entered
        form = {"host": fed.cloud.url, "poll_every": 60, **FORM, "feed": fed.address, "feed_user": FEEDER}
        await walk.answer(**form, feed_password=f"not {FEED_PASSWORD}")
        await walk.answer(sure=True)
        assert walk.errors == {"feed": "cloud_feed_refused"}
        assert "feed" not in entry.data
        fed.cloud.behaviour.feed = False
        await walk.answer(**form, feed_password=FEED_PASSWORD)
        await walk.answer(sure=True)
        assert walk.errors == {"feed": "cloud_feed_off"}
        fed.cloud.behaviour.feed = True
        await walk.answer(**{**form, "feed": "ws://127.0.0.1:1"}, feed_password=FEED_PASSWORD)
        await walk.answer(sure=True)
        assert walk.errors == {"feed": "cloud_feed_unreachable"}
        await walk.answer(**form, feed_password=FEED_PASSWORD)
        await walk.answer(sure=True)
        assert walk.reason == "reconfigure_successful"
        await hass.async_block_till_done()
        assert (entry.data["feed"], entry.data["feed_password"]) == (fed.address, FEED_PASSWORD)
        assert entity_of(hass, entry, "sensor", "1_Ua")
        # As it was, it is not asked about and not tried again: the broker may be away meanwhile.
        await fed.broker.stop()
        walk = await change_link(hass, entry, None)
        assert (walk.entered["feed"], walk.entered["feed_user"]) == (fed.address, FEEDER)
        assert "feed_password" not in walk.entered
        await walk.answer(**{**form, "poll_every": 90})
        assert walk.reason == "reconfigure_successful"
        await hass.async_block_till_done()
        assert entry.data["feed_password"] == FEED_PASSWORD
        # Another broker is never given that password.
        walk = await at_the_form(hass, fed, entry, feed="wss://127.0.0.1:1/mqtt", feed_user=FEEDER)
        assert walk.errors == {"feed": "cloud_feed_unreachable"}
        await walk.answer(host=fed.cloud.url, poll_every=60, **FORM)
        assert walk.reason == "reconfigure_successful"
        await hass.async_block_till_done()
        assert not any(key.startswith("feed") for key in entry.data)


async def test_a_broker_that_refuses_the_account_is_a_repair_and_hurts_nothing(
    hass: HomeAssistant, fed: Fed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feedlink, "REFUSED_WAIT", 0.2)
    box = fed.cloud.site().add(ARCM300T, "Box")
    box.figures.set["Lg"] = 43.5
    entry = fed.entry(box, feed_password=f"not {FEED_PASSWORD}")
    async with loaded(hass, entry) as hub:
        await eventually(lambda: hub.feed_details().get("trouble") == "cloud_feed_refused")
        for _ in range(2):
            await polled(hass, hub)
        issue = ir.async_get(hass).async_get_issue(DOMAIN, f"{entry.entry_id}_cloud_feed_refused")
        assert issue is not None
        assert FEED_PASSWORD not in str(issue.translation_placeholders)
        assert shown(hass, entity_of(hass, entry, "sensor", "1_Lg")) == "43.5"
        assert shown(hass, entity_of(hass, entry, "binary_sensor", "1_LgHigh")) == "off"
    assert ir.async_get(hass).async_get_issue(DOMAIN, f"{entry.entry_id}_cloud_feed_refused") is None


async def test_nothing_that_names_the_broker_or_its_account_is_in_logs_or_diagnostics(
    hass: HomeAssistant, fed: Fed, caplog: pytest.LogCaptureFixture
) -> None:
    box = fed.cloud.site("Mill Lane", "10100077").add(ARCM300T, "Box")
    entry = fed.entry(box)
    caplog.set_level(logging.DEBUG, logger="custom_components.acrel_safety")
    async with loaded(hass, entry) as hub:
        await subscribed(hub)
        await fed.feed.publish()
        await fed.feed.publish(payload=b"nonsense")
        await eventually(lambda: hub.feed_details()["messages_unread"] == 1)
        found = await async_get_config_entry_diagnostics(hass, entry)
        assert "'is_healthy': True" in str(found)
    ours = "".join(one.getMessage() for one in caplog.records if one.name.startswith("custom_components"))
    for secret in (FEEDER, FEED_PASSWORD, str(fed.broker.websocket_port), "10100077", box.code):
        assert secret not in str(found), secret
        if secret != box.code:
            assert secret not in ours, secret


async def test_an_address_without_encryption_that_nobody_allowed_is_left_alone(hass: HomeAssistant, fed: Fed) -> None:
    box = fed.cloud.site().add(ARCM300T, "Box")
    entry = fed.entry(box, feed_plain=False)
    async with loaded(hass, entry) as hub:
        await polled(hass, hub)
        assert hub.feed_details() == {"is_begun": False}
        assert shown(hass, entity_of(hass, entry, "binary_sensor", "1_LgHigh")) == "off"


async def test_who_stores_something_wrong_is_told(hass: HomeAssistant, fed: Fed) -> None:
    entry = fed.entry(fed.cloud.site().add(ARCM300T, "Box"), feed="ftp://broker.example")
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    issues = [one for one in ir.async_get(hass).issues.values() if one.domain == DOMAIN and one.active]
    assert "link_broken" in {one.translation_key for one in issues}
