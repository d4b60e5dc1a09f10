"""The log of events of a simulated cloud becomes reports of devices, each once, confirmed in both directions."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.alarms.reported import SOLE, Report
from custom_components.acrel_safety.aioacrel.alarms.settled import MOST_SETTLED
from custom_components.acrel_safety.aioacrel.cloud.account import Account
from custom_components.acrel_safety.aioacrel.cloud.address import CloudAddress
from custom_components.acrel_safety.aioacrel.cloud.alarmfeed import AlarmFeed
from custom_components.acrel_safety.aioacrel.cloud.errors import CloudError
from custom_components.acrel_safety.aioacrel.cloud.fields import CHINA
from custom_components.acrel_safety.aioacrel.cloud.profile_reader import profile
from custom_components.acrel_safety.aioacrel.cloud.records import MeterKey
from custom_components.acrel_safety.aioacrel.cloud.zones import Zones
from simulator.cloud import ARCM300T, Cloud, Meter
from simulator.cloud.events import GENERAL, MAJOR, RECOVERED, Event

from .alarm_rigs import Plant

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
USER, PASSWORD = "owner", "pass-Word-1"


def key_of(meter: Meter) -> MeterKey:
    return MeterKey(meter.site, meter.code)


@asynccontextmanager
async def account_of(cloud: Cloud) -> AsyncIterator[Account]:
    cloud.account(USER, PASSWORD)
    async with cloud, aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        address = CloudAddress.parse(cloud.url, allow_http=True)
        yield Account(session, address, profile("acrelcloud-1000"), user=USER, password=PASSWORD, now=lambda: NOW)


async def test_each_device_gets_its_part_once_whatever_the_order() -> None:
    cloud = Cloud(now=lambda: NOW)
    cloud.behaviour.duplicates = cloud.behaviour.disorder = True
    site = cloud.site()
    box, other = site.add(ARCM300T, "Box"), site.add(ARCM300T, "Other")
    cloud.tell(box, description="漏电流 412 mA", level=MAJOR)
    cloud.tell(box, description="电流过大", level=GENERAL, time=NOW - timedelta(hours=1))
    cloud.tell(box, type=RECOVERED, level=GENERAL)
    cloud.tell(other, description="漏电流 500 mA")
    feed, came = AlarmFeed(now=lambda: NOW), list[Report]()
    leave = feed.on(key_of(box), came.extend)
    async with account_of(cloud) as account:
        await feed.look(account)
        assert cloud.count("getAlarmEventLogList") == 1
        assert feed.of_others == 1
        by_text = {report.text: report for report in came}
        assert len(came) == 2
        assert by_text["重大 · 高限报警 · 漏电流 412 mA"].is_warning is False
        assert by_text["重大 · 高限报警 · 漏电流 412 mA"].time == NOW
        assert by_text["一般 · 高限报警 · 电流过大"].is_warning is True
        leave()
        await feed.look(account)
        assert cloud.count("getAlarmEventLogList") == 1
    assert cloud.effects == []


async def test_levels_that_a_log_only_numbers_are_the_servers_own_and_an_unknown_one_is_an_alarm() -> None:
    cloud = Cloud(now=lambda: NOW)
    box = cloud.site().add(ARCM300T, "Box")
    cloud.log.levels = {"7": "一般", "9": "紧急"}
    for level in ("7", "9", "8"):
        cloud.tell(box, description=f"level {level}", level=level)

    def numbered(answer: Any) -> Any:  # noqa: ANN401 - JSON
        for row in answer["data"]["alarmEventLogList"]["list"]:
            row["fMessInfoTypeExplain"], row["fMessinfotypeid"] = "", int(row["fAlarmdesc"][-1])
        return answer

    cloud.fail("alter", at="getAlarmEventLogList", times=None, change=numbered)
    feed, came = AlarmFeed(now=lambda: NOW), list[Report]()
    feed.on(key_of(box), came.extend)
    async with account_of(cloud) as account:
        for _ in range(3):
            await feed.look(account)
        told = {report.text: report.is_warning for report in came}
        assert told == {
            "一般 · 高限报警 · level 7": True,
            "紧急 · 高限报警 · level 9": False,
            "高限报警 · level 8": False,
        }
        # One that the server does not name is asked about once an hour, not with each poll.
        assert cloud.count("getMessInfoType") == 1
    assert cloud.effects == []


async def test_acknowledged_here_is_confirmed_there_once_and_confirmed_there_is_acknowledged_here() -> None:
    cloud = Cloud(now=lambda: NOW)
    box = cloud.site().add(ARCM300T, "Box")
    first = cloud.tell(box, description="漏电流 412 mA")
    plant = Plant()
    plant.times.wall = NOW
    board = plant.add("Box", "my_aafd", reported=True)
    board.quiet()
    feed = AlarmFeed(now=lambda: NOW)
    feed.on(
        key_of(box),
        lambda reports: board.watch.note_reports(reports, by="cloud"),
        lambda: board.watch.logs.oldest(SOLE),
    )
    async with account_of(cloud) as account:
        await feed.look(account)
        (found,) = plant.alarms.standing()
        numbers = board.watch.logs.reports(found.alarm.cause.key)
        plant.alarms.acknowledge(found.alarm_id, by="Wang Li")
        await feed.confirm(account, numbers)
        assert first.confirmed
        assert cloud.count("confirmAlarmEvents") == 1
        await feed.look(account)
        assert plant.standing() == {}
        second = cloud.tell(box, description="A相温度 81 °C")
        await feed.look(account)
        assert plant.standing() == {"reported": "unacknowledged"}
        second.confirmed = True
        await feed.look(account)
        assert plant.standing() == {}
    assert cloud.count("confirmAlarmEvents") == 1


async def test_what_nobody_acknowledged_is_followed_for_longer_than_a_day() -> None:
    cloud = Cloud(now=lambda: NOW)
    box = cloud.site().add(ARCM300T, "Box")
    event = cloud.tell(box, time=NOW - timedelta(days=3))
    feed, came = AlarmFeed(now=lambda: NOW), list[Report]()
    oldest: datetime | None = None
    feed.on(key_of(box), came.extend, lambda: oldest)
    async with account_of(cloud) as account:
        await feed.look(account)
        assert came == []
        oldest = NOW - timedelta(days=3)
        event.confirmed = True
        await feed.look(account)
    assert [(report.id, report.is_confirmed) for report in came] == [(event.id, True)]


async def test_another_zone_makes_no_event_news_that_was_known_and_loses_none() -> None:
    cloud = Cloud(now=lambda: NOW)
    box = cloud.site().add(ARCM300T, "Box")
    known, standing = (cloud.tell(box, time=NOW - timedelta(hours=hours)) for hours in (20, 2))
    plant = Plant()
    plant.times.wall = NOW
    board = plant.add("Box", "my_aafd", reported=True)
    board.quiet()
    feed = AlarmFeed(now=lambda: NOW)
    feed.on(key_of(box), board.watch.note_reports, lambda: board.watch.logs.oldest(SOLE))
    async with account_of(cloud) as account:
        # Acknowledged here, and the server could not be told.
        cloud.log.events.remove(standing)
        await feed.look(account)
        (found,) = plant.alarms.standing()
        plant.alarms.acknowledge(found.alarm_id, by="Wang Li")
        cloud.log.events.append(standing)
        await feed.look(account)
        (found,) = plant.alarms.standing()
        told = len(plant.happened)
        for zone in (timezone(timedelta(hours=-11)), UTC, timezone(timedelta(hours=14)), CHINA):
            account.zones = Zones(zone)
            feed = AlarmFeed(now=lambda: NOW)
            feed.on(key_of(box), board.watch.note_reports, lambda: board.watch.logs.oldest(SOLE))
            await feed.look(account)
            assert [one.occurrence for one in plant.alarms.standing()] == [found.occurrence]
            assert board.watch.logs.reports(found.alarm.cause.key) == [standing.id]
        assert plant.happened[told:] == []
        assert not known.confirmed
        standing.confirmed = True
        feed = AlarmFeed(now=lambda: NOW)
        feed.on(key_of(box), board.watch.note_reports, lambda: board.watch.logs.oldest(SOLE))
        await feed.look(account)
        assert plant.standing() == {}


@pytest.mark.parametrize("days", [2, 10])
async def test_what_happened_while_the_server_was_out_of_reach_or_this_machine_asleep_is_read(days: int) -> None:
    now = NOW
    cloud = Cloud(now=lambda: now)
    box = cloud.site().add(ARCM300T, "Box")
    feed, came = AlarmFeed(now=lambda: now), list[Report]()
    feed.on(key_of(box), came.extend)
    async with account_of(cloud) as account:
        await feed.look(account)
        now += timedelta(hours=3)
        early = cloud.tell(box)
        now += timedelta(days=days)
        await feed.look(account)
        assert [report.id for report in came] == [early.id]
        # Read once: from now on it is no question any more.
        came.clear()
        await feed.look(account)
        assert came == []


@pytest.mark.parametrize("hours", [-30, -8, -1, 1, 8, 30, 300])
async def test_a_clock_that_is_wrong_for_a_while_loses_no_event(hours: int) -> None:
    now, wrong = NOW, timedelta()
    cloud = Cloud(now=lambda: now)
    box = cloud.site().add(ARCM300T, "Box")
    feed, came = AlarmFeed(now=lambda: now + wrong), list[Report]()
    feed.on(key_of(box), came.extend)
    async with account_of(cloud) as account:
        await feed.look(account)
        wrong = timedelta(hours=hours)
        events = []
        for _ in range(3):
            events.append(cloud.tell(box))
            now += timedelta(hours=13)
            await feed.look(account)
        wrong = timedelta()
        await feed.look(account)
        assert {event.id for event in events} <= {report.id for report in came}


def begun_anew(feed: AlarmFeed, now: Callable[[], datetime]) -> AlarmFeed:
    """Return who reads the log after a restart."""
    again = AlarmFeed(now=now)
    again.restore(json.loads(json.dumps(feed.kept())))
    return again


@pytest.mark.parametrize(("days", "finds"), [(0.1, True), (3, True), (30, True), (40, False)])
async def test_what_happened_while_this_program_was_off_is_read_for_a_month_at_most(days: float, finds: bool) -> None:
    now = NOW
    cloud = Cloud(now=lambda: now)
    box = cloud.site().add(ARCM300T, "Box")
    feed, came = AlarmFeed(now=lambda: now), list[Report]()
    feed.on(key_of(box), came.extend)
    async with account_of(cloud) as account:
        await feed.look(account)
        event = cloud.tell(box)
        now += timedelta(days=days)
        feed = begun_anew(feed, lambda: now)
        feed.on(key_of(box), came.extend)
        # What could not be read is no look.
        cloud.fail("trace", at="getAlarmEventLogList")
        with pytest.raises(CloudError):
            await feed.look(account)
        feed = begun_anew(feed, lambda: now)
        feed.on(key_of(box), came.extend)
        await feed.look(account)
        assert [report.id for report in came] == ([event.id] if finds else [])


async def test_of_a_device_that_nobody_asked_about_for_days_all_since_then_is_read() -> None:
    now = NOW
    cloud = Cloud(now=lambda: now)
    site = cloud.site()
    box, other = site.add(ARCM300T, "Box"), site.add(ARCM300T, "Other")
    feed, came = AlarmFeed(now=lambda: now), list[Report]()
    feed.on(key_of(other), lambda _: None)
    leave = feed.on(key_of(box), came.extend)
    async with account_of(cloud) as account:
        await feed.look(account)
        leave()
        event = cloud.tell(box)
        for _ in range(3):
            now += timedelta(days=1)
            await feed.look(account)
        feed = begun_anew(feed, lambda: now)
        feed.on(key_of(other), lambda _: None)
        feed.on(key_of(box), came.extend)
        await feed.look(account)
        assert [report.id for report in came] == [event.id]


@pytest.mark.parametrize("hours", [-300, -30, 80, 300])
async def test_a_clock_that_was_wrong_before_a_restart_loses_no_event(hours: int) -> None:
    now, wrong = NOW, timedelta(hours=hours)
    cloud = Cloud(now=lambda: now)
    box = cloud.site().add(ARCM300T, "Box")
    feed, came = AlarmFeed(now=lambda: now + wrong), list[Report]()
    feed.on(key_of(box), came.extend)
    async with account_of(cloud) as account:
        await feed.look(account)
        event = cloud.tell(box)
        now += timedelta(days=3)
        wrong = timedelta()
        feed = begun_anew(feed, lambda: now)
        feed.on(key_of(box), came.extend)
        await feed.look(account)
        assert [report.id for report in came] == [event.id]


async def test_what_was_read_and_not_told_is_read_again() -> None:
    now = NOW
    cloud = Cloud(now=lambda: now)
    box = cloud.site().add(ARCM300T, "Box")
    feed, came = AlarmFeed(now=lambda: now), list[Report]()
    feed.on(key_of(box), came.extend)
    async with account_of(cloud) as account:
        await feed.look(account)
        event = cloud.tell(box)
        now += timedelta(hours=30)
        # It ends while it asks for the words of levels.
        cloud.fail("alter", at="getAlarmEventLogList", times=None, change=unnamed)
        looking = asyncio.create_task(feed.look(account))
        cloud.fail("alter", at="getMessInfoType", change=lambda answer: looking.cancel() and answer)
        await asyncio.gather(looking, return_exceptions=True)
        assert looking.cancelled()
        assert came == []
        feed = begun_anew(feed, lambda: now)
        feed.on(key_of(box), came.extend)
        await feed.look(account)
        assert [report.id for report in came] == [event.id]


def unnamed(answer: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a log that only numbers its levels."""
    # Unless it is a new token.
    for row in answer["data"].get("alarmEventLogList", {}).get("list", ()):
        row["fMessInfoTypeExplain"], row["fMessinfotypeid"] = "", 2
    return answer


async def test_words_of_levels_are_kept_so_that_no_warning_becomes_an_alarm_after_a_restart() -> None:
    cloud = Cloud(now=lambda: NOW)
    box = cloud.site().add(ARCM300T, "Box")
    cloud.tell(box, level=GENERAL)
    cloud.fail("alter", at="getAlarmEventLogList", times=None, change=unnamed)
    feed, came = AlarmFeed(now=lambda: NOW), list[Report]()
    feed.on(key_of(box), came.extend)
    async with account_of(cloud) as account:
        await feed.look(account)
        cloud.fail("trace", at="getMessInfoType", times=None)
        feed = begun_anew(feed, lambda: NOW)
        feed.on(key_of(box), came.extend)
        await feed.look(account)
        assert [report.is_warning for report in came] == [True, True]


async def test_an_event_whose_level_could_not_be_asked_for_at_first_is_one_alarm() -> None:
    now = NOW
    cloud = Cloud(now=lambda: now)
    box = cloud.site().add(ARCM300T, "Box")
    event = cloud.tell(box, level=GENERAL)
    cloud.fail("alter", at="getAlarmEventLogList", times=None, change=unnamed)
    cloud.fail("trace", at="getMessInfoType")
    plant = Plant()
    board = plant.add("Box", "my_aafd", reported=True)
    board.quiet()
    feed = AlarmFeed(now=lambda: now)
    feed.on(key_of(box), board.watch.note_reports)
    async with account_of(cloud) as account:
        for _ in range(2):
            await feed.look(account)
            assert plant.standing() == {"reported": "unacknowledged"}
            now += timedelta(hours=1, minutes=1)
        assert cloud.count("getMessInfoType") == 2
        event.confirmed = True
        await feed.look(account)
        assert plant.standing() == {}


@given(
    st.recursive(
        st.none() | st.text(max_size=40) | st.integers() | st.just(NOW.isoformat()),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["read", "levels", "1"]), inner),
        max_leaves=12,
    )
)
def test_a_kept_state_that_somebody_edited_is_taken_as_far_as_it_is_sound(kept: object) -> None:
    feed = AlarmFeed(now=lambda: NOW)
    feed.restore(kept)
    again = AlarmFeed(now=lambda: NOW)
    again.restore(json.loads(json.dumps(feed.kept())))
    assert again.kept() == feed.kept()


async def test_what_is_followed_for_weeks_is_looked_for_a_few_times_an_hour() -> None:
    now = NOW
    cloud = Cloud(now=lambda: now)
    box = cloud.site().add(ARCM300T, "Box")
    first = NOW - timedelta(days=20)
    events = [cloud.tell(box, time=first + timedelta(minutes=10 * number)) for number in range(2000)]
    feed, came = AlarmFeed(now=lambda: now), list[Report]()
    feed.on(key_of(box), came.extend, lambda: first)
    async with account_of(cloud) as account:
        for _ in range(60):
            await feed.look(account)
            now += timedelta(minutes=1)
        assert cloud.count("getAlarmEventLogList") <= 4 * 21 + 56 * 2
        came.clear()
        events[0].confirmed = True
        new = cloud.tell(box)
        await feed.look(account)
        assert new.id in {report.id for report in came}
        now += timedelta(minutes=15)
        await feed.look(account)
        assert {report.id for report in came if report.is_confirmed} == {events[0].id}


@pytest.mark.parametrize("years", [0.0001, 0.01, 12, 73])
async def test_an_event_of_later_than_now_keeps_none_of_those_that_follow_from_being_told(years: float) -> None:
    now = NOW
    cloud = Cloud(now=lambda: now)
    box = cloud.site().add(ARCM300T, "Box")
    wrong = cloud.tell(box, time=NOW + timedelta(days=365 * years))
    plant = Plant()
    board = plant.add("Box", "my_aafd", reported=True)
    board.quiet()
    feed = AlarmFeed(now=lambda: now)
    feed.on(key_of(box), board.watch.note_reports, lambda: board.watch.logs.oldest(SOLE))
    async with account_of(cloud) as account:
        if wrong.time > NOW + timedelta(hours=23):
            # A server may answer with more than it was asked for.
            cloud.fail(
                "alter", at="getAlarmEventLogList", times=None, change=lambda tree: tree | {"data": every(wrong)}
            )
        await feed.look(account)
        (found,) = plant.alarms.standing()
        assert "reported_at" not in found.figures
        plant.alarms.acknowledge(found.alarm_id, by="Wang Li")
        cloud.faults.clear()
        for _ in range(MOST_SETTLED + 2):
            now += timedelta(seconds=20)
            cloud.tell(box)
            await feed.look(account)
            (found,) = plant.alarms.standing()
            plant.alarms.acknowledge(found.alarm_id, by="Wang Li")
        await feed.look(account)
        assert plant.standing() == {}
        cloud.tell(box, description="漏电流 412 mA")
        await feed.look(account)
        assert plant.standing() == {"reported": "unacknowledged"}


def every(event: Event) -> object:
    """Return a log of one event as a server answers."""
    time = event.time.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")
    row = {"fAlarmeventlogid": event.id, "fDevicecode": event.meter, "fAlarmtime": time, "fAlarmtype": "高限报警"}
    return {"alarmEventLogList": {"list": [row]}}


async def test_a_log_that_cannot_be_read_changes_nothing() -> None:
    cloud = Cloud(now=lambda: NOW)
    box = cloud.site().add(ARCM300T, "Box")
    cloud.tell(box)
    plant = Plant()
    board = plant.add("Box", "my_aafd", reported=True)
    board.quiet()
    feed = AlarmFeed(now=lambda: NOW)
    feed.on(key_of(box), board.watch.note_reports)
    async with account_of(cloud) as account:
        await feed.look(account)
        assert plant.standing() == {"reported": "unacknowledged"}
        cloud.fail("trace", at="getAlarmEventLogList")
        with pytest.raises(CloudError):
            await feed.look(account)
        assert plant.standing() == {"reported": "unacknowledged"}
