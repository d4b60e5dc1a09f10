"""What an account's devices show: as old as the server says, no quiet unread, one request for each page of a list."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from custom_components.acrel_safety.aioacrel.cloud.errors import (
    AccountError,
    CloudAwayError,
    CloudClockError,
    CloudUnreachableError,
)
from custom_components.acrel_safety.aioacrel.cloud.judging import GENERAL_ALARM, OWN_TIMER
from custom_components.acrel_safety.aioacrel.cloud.lists import MOST_DETAILS
from custom_components.acrel_safety.aioacrel.cloud.records import Details
from custom_components.acrel_safety.aioacrel.readings import Quality
from simulator.cloud import ARCM300T, ARCM310, Cloud
from simulator.cloud.instruments import Figures
from simulator.cloud.meters import Timer

from .cloud_hub_rigs import PASSWORD, USER, cloud_at_noon, office

pytestmark = pytest.mark.virtual_time
POLL = 70.0
LISTS = ("selectByStationId", "leakageMonitor", "CommunicationStatus")


async def test_values_positions_and_quiet_alarms_are_shown_with_the_servers_times() -> None:
    cloud = cloud_at_noon()
    box = cloud.site().add(ARCM310, "Kitchen breaker")
    box.figures.set["Lg"] = 43.5
    async with office(cloud) as it:
        seen = it.watch(box)
        await it.hub.start()
        assert seen.value("Lg") == 43.5
        assert seen.value("SwitchSta") is True
        assert seen.value("LgHigh") is False
        assert seen.value(GENERAL_ALARM.code, "0") is False
        lag = (it.hub.now() - seen.readings[next(key for key in seen.readings if key.code == "Lg")].time).seconds
        assert 19 <= lag <= 22
        assert seen.source.trouble is None
    assert cloud.effects == []


async def test_news_that_are_always_hours_old_are_of_another_zone_and_those_that_catch_up_are_not() -> None:
    cloud = cloud_at_noon()
    box = cloud.site().add(ARCM310, "Kitchen breaker")
    async with office(cloud) as it:
        it.watch(box)
        box.age_s = 6.5 * 3600
        await it.hub.start()
        await asyncio.sleep(5 * POLL)
        lag = it.hub.behind or timedelta()
        assert timedelta(hours=6.4) < lag < timedelta(hours=6.6)
        # What a gateway kept comes as fast as it can be sent.
        for turn in range(18):
            box.age_s -= 900
            await asyncio.sleep(POLL / 2)
            assert turn < 4 or it.hub.behind is None
        # A device that is silent for long is no clock that is wrong.
        box.age_s = 20.0
        await asyncio.sleep(3 * POLL)
        assert it.hub.behind is None
        for _ in range(200):
            box.age_s += POLL
            await asyncio.sleep(POLL)
            assert it.hub.behind is None


async def test_a_timer_of_the_device_is_shown_whoever_set_it_and_unknown_where_the_server_does_not_say() -> None:
    cloud = cloud_at_noon()
    box, other = cloud.site().add(ARCM310, "Kitchen breaker"), cloud.site().add(ARCM300T, "Box")
    async with office(cloud) as it:
        seen, monitor = it.watch(box), it.watch(other)
        await it.hub.start()
        assert OWN_TIMER not in monitor.source.points
        assert seen.value(OWN_TIMER.code, "0") is False
        box.timer = Timer(daily=True, close="06:00:00")
        await asyncio.sleep(POLL)
        assert seen.value(OWN_TIMER.code, "0") is True
        assert seen.value("SwitchSta") is True
        # Neither 0 nor 1 nor any other number: the position of the same answer is believed all the same.
        meter = seen.source.known.meter
        assert meter is not None
        seen.source.take(replace(seen.source.known, meter=replace(meter, has_timer=None)), is_full=True)
        assert (seen.value(OWN_TIMER.code, "0"), seen.quality(OWN_TIMER.code, "0")) == (None, Quality.INVALID)
        assert seen.value("SwitchSta") is True
        box.lose()
        await asyncio.sleep(POLL)
        assert seen.value(OWN_TIMER.code, "0") is None
    assert cloud.effects == []


async def test_a_poll_asks_once_for_each_list_and_details_only_of_what_is_in_alarm() -> None:
    cloud = cloud_at_noon()
    site = cloud.site()
    box, quiet = site.add(ARCM300T, "Box"), site.add(ARCM300T, "Quiet")
    empty = cloud.site("Nobody watches it")
    empty.add(ARCM300T, "Other")
    async with office(cloud) as it:
        seen, _ = it.watch(box), it.watch(quiet)
        await it.hub.start()
        assert it.hub.unwatched() == {}
        await it.hub.poll()
        assert [key.code for key in it.hub.unwatched()] == [next(iter(empty.meters))]
        box.figures.active["iLeakage"] = {"iLeakage": "漏电报警"}
        for _ in range(2):
            cloud.forget()
            await it.hub.poll()
            assert [cloud.count(name) for name in LISTS] == [2, 1, 1]
        assert cloud.count("selectOne") == 0
        assert seen.value("LgHigh") is True
        assert seen.value("T1High") is False
        assert seen.value(GENERAL_ALARM.code, "0") is True


async def test_an_alarm_whose_details_cannot_be_read_is_no_quiet_one() -> None:
    cloud = cloud_at_noon()
    box = cloud.site().add(ARCM300T, "Box")
    async with office(cloud) as it:
        seen = it.watch(box)
        await it.hub.start()
        box.figures.active["temp"] = {"tempA": "A相温度报警"}
        cloud.fail("trace", at="selectOne", times=None)
        await it.hub.poll()
        assert seen.value(GENERAL_ALARM.code, "0") is True
        assert (seen.value("T1High"), seen.quality("LgHigh")) == (None, Quality.INCOMPLETE)
        cloud.faults.clear()
        await it.hub.poll()
        assert (seen.value("T1High"), seen.value("LgHigh")) == (True, False)
        box.figures.active.clear()
        await it.hub.poll()
        assert (seen.value("T1High"), seen.value(GENERAL_ALARM.code, "0")) == (False, False)


async def test_an_alarm_that_comes_while_another_stands_is_seen_with_the_next_poll() -> None:
    cloud = cloud_at_noon()
    box = cloud.site().add(ARCM300T, "Box")
    async with office(cloud) as it:
        seen = it.watch(box)
        await it.hub.start()
        box.figures.active["temp"] = {"tempA": "A相温度报警"}
        await asyncio.sleep(POLL)
        assert (seen.value("T1High"), seen.value("LgHigh")) == (True, False)
        box.figures.active["iLeakage"] = {"iLeakage": "漏电报警"}
        await asyncio.sleep(POLL)
        assert (seen.value("T1High"), seen.value("LgHigh")) == (True, True)
        cloud.fail("trace", at="selectOne", times=None)
        await asyncio.sleep(POLL)
        assert (seen.value("T1High"), seen.value("LgHigh")) == (None, None)
        assert seen.value(GENERAL_ALARM.code, "0") is True


async def test_of_many_devices_in_alarm_each_has_its_turn_and_none_is_shown_as_quiet() -> None:
    cloud = cloud_at_noon()
    site = cloud.site()
    boxes = [site.add(ARCM300T, f"Box {number}") for number in range(MOST_DETAILS + 5)]
    for box in boxes:
        box.figures.active["iLeakage"] = {"iLeakage": "漏电报警"}
    async with office(cloud) as it:
        seen = [it.watch(box) for box in boxes]
        await it.hub.start()
        assert cloud.count("selectOne") == MOST_DETAILS
        assert all(one.value("LgHigh") is not False for one in seen)
        await asyncio.sleep(POLL)
        assert all(one.value("LgHigh") is True for one in seen)


async def test_what_a_device_never_tells_is_known_when_it_was_heard_a_few_times_and_not_before() -> None:
    cloud = cloud_at_noon()
    box = cloud.site().add(ARCM310, "Box")
    nothing: dict[str, list[object]] = {"leakageCurrentValues": [], "list": []}
    for call in ("leakageMonitor", "getTempABCResult"):
        cloud.fail("alter", at=call, times=None, change=lambda answer: {**answer, "data": nothing})
    async with office(cloud) as it:
        seen = it.watch(box)
        box.lose()
        await it.hub.start()
        for _ in range(4):
            await it.hub.poll()
        assert seen.source.unreported == set()
        box.find()
        for _ in range(3):
            await it.hub.poll()
        assert {key.code for key in seen.source.unreported} == {"Lg", "TempA", "TempB", "TempC", "TempN"}
        seen.source.put_aside(seen.source.unreported)
        assert {key.code for key in seen.source.lacking} == {"Lg", "TempA", "TempB", "TempC", "TempN"}


async def test_a_device_that_the_server_does_not_hear_is_lost_and_quiet_about_nothing() -> None:
    cloud = cloud_at_noon()
    box = cloud.site().add(ARCM310, "Box")
    async with office(cloud) as it:
        seen = it.watch(box)
        await it.hub.start()
        box.lose()
        await it.hub.poll()
        assert {reading.quality for reading in seen.readings.values()} == {Quality.NO_ANSWER}
        assert isinstance(seen.source.trouble, CloudAwayError)
        box.find()
        await it.hub.poll()
        assert seen.is_well


@pytest.mark.parametrize(("age", "quality"), [(1000.0, Quality.STALE), (-3600.0, Quality.INVALID)])
async def test_a_value_of_long_ago_is_stale_and_one_of_later_than_now_is_not_believed(
    age: float, quality: Quality
) -> None:
    cloud = cloud_at_noon()
    box = cloud.site().add(ARCM310, "Box")
    box.age_s = age
    async with office(cloud, stale_after=900.0) as it:
        seen = it.watch(box)
        await it.hub.start()
        assert {reading.quality for reading in seen.readings.values()} == {quality}
        assert isinstance(seen.source.trouble, CloudClockError) is (age < 0)


async def test_values_grow_stale_by_themselves_where_the_server_tells_the_same_for_ever() -> None:
    cloud = cloud_at_noon()
    box = cloud.site().add(ARCM310, "Box")
    async with office(cloud, stale_after=900.0) as it:
        seen = it.watch(box)
        await it.hub.start()
        for _ in range(20):
            box.age_s += POLL
            await asyncio.sleep(POLL)
        assert seen.quality("Lg") is Quality.STALE
        assert seen.quality("LgHigh") is Quality.STALE


async def test_a_server_that_is_away_is_noticed_and_back_without_anybodys_help() -> None:
    cloud = cloud_at_noon()
    box = cloud.site().add(ARCM310, "Box")
    async with office(cloud) as it:
        seen = it.watch(box)
        await it.hub.start()
        cloud.fail("close", times=None)
        await asyncio.sleep(2 * POLL)
        assert isinstance(seen.source.trouble, CloudUnreachableError)
        assert seen.value("LgHigh") is False
        await asyncio.sleep(1800)
        assert {reading.quality for reading in seen.readings.values()} == {Quality.NO_ANSWER}
        cloud.faults.clear()
        await asyncio.sleep(1000)
        assert seen.is_well
    assert cloud.effects == []


async def test_what_one_site_refuses_keeps_no_other_from_being_read() -> None:
    cloud = cloud_at_noon()
    here, there = cloud.site("Here"), cloud.site("There")
    first, second = here.add(ARCM300T, "A"), there.add(ARCM300T, "B")
    async with office(cloud) as it:
        one, other = it.watch(first), it.watch(second)
        await it.hub.start()
        cloud.accounts[USER].sites = {there.id}
        await it.hub.poll()
        assert one.source.trouble is not None
        assert one.source.trouble.key == "cloud_site_gone"
        assert (other.source.trouble, other.value("LgHigh")) == (None, False)


@pytest.mark.parametrize("end", ["expire", "kick_out"])
async def test_a_token_that_ends_in_the_middle_of_a_poll_loses_nothing(end: str) -> None:
    cloud = cloud_at_noon()
    box = cloud.site().add(ARCM300T, "Box")
    async with office(cloud) as it:
        seen = it.watch(box)
        await it.hub.start()
        for _ in range(3):
            box.figures.set["Lg"] = seen.value("Lg") + 1.0  # type: ignore[operator]
            getattr(cloud, end)()
            await it.hub.poll()
            assert it.hub.trouble is None
            assert seen.value("Lg") == box.figures.set["Lg"]


async def test_a_password_that_was_changed_is_said_and_not_tried_for_ever() -> None:
    cloud = cloud_at_noon()
    box = cloud.site().add(ARCM300T, "Box")
    async with office(cloud) as it:
        seen = it.watch(box)
        await it.hub.start()
        cloud.accounts[USER].password = f"not {PASSWORD}"
        cloud.kick_out()
        cloud.behaviour.renews = False
        await it.hub.poll()
        assert isinstance(it.hub.trouble, AccountError)
        assert isinstance(seen.source.trouble, AccountError)
        cloud.forget()
        for _ in range(60):
            seen.source.hurry()
            await asyncio.sleep(60)
        assert cloud.heard == []


async def test_asked_to_leave_alone_it_does() -> None:
    cloud = cloud_at_noon()
    box = cloud.site().add(ARCM300T, "Box")
    async with office(cloud) as it:
        it.watch(box)
        await it.hub.start()
        cloud.fail("http", status=429, headers={"Retry-After": "600"})
        await it.hub.poll()
        cloud.forget()
        it.hub._wake.set()
        await asyncio.sleep(0)
        await asyncio.sleep(500)
        assert len(cloud.heard) <= 4


async def test_asked_too_often_it_asks_no_other_site_in_that_poll_though_nobody_says_for_how_long() -> None:
    cloud = cloud_at_noon()
    boxes = [cloud.site().add(ARCM300T, f"Box {number}") for number in range(20)]
    async with office(cloud) as it:
        for box in boxes:
            it.watch(box)
        await it.hub.start()
        cloud.forget()
        cloud.fail("http", status=429, times=None)
        await it.hub.poll()
        assert len(cloud.heard) == 1
        assert it.hub.trouble is not None


async def test_in_the_hour_that_comes_twice_what_is_told_now_is_shown() -> None:
    zone = ZoneInfo("Europe/Berlin")

    def autumn() -> datetime:
        return datetime(2026, 10, 25, 0, 50, tzinfo=UTC) + timedelta(seconds=asyncio.get_running_loop().time())

    cloud = Cloud(zone=zone, now=autumn)
    cloud.account(USER, PASSWORD)
    box = cloud.site().add(ARCM300T, "Box")
    box.figures.set["Lg"] = 10.0
    async with office(cloud, zone=zone, now=autumn) as it:
        seen = it.watch(box)
        await it.hub.start()
        assert seen.value("Lg") == 10.0
        await asyncio.sleep(20 * 60)  # clocks show 02:10 for the second time
        box.figures.set["Lg"] = 560.0
        await it.hub.poll()
        assert (seen.value("Lg"), seen.quality("Lg")) == (560.0, Quality.GOOD)
        await asyncio.sleep(60 * 60)
        box.figures.set["Lg"] = 20.0
        await it.hub.poll()
        assert seen.value("Lg") == 20.0


async def test_nothing_that_names_the_account_is_in_what_helps_to_find_a_fault() -> None:
    cloud = cloud_at_noon()
    box = cloud.site("Secret site").add(ARCM310, "Secret box")
    async with office(cloud) as it:
        seen = it.watch(box)
        await it.hub.start()
        text = f"{it.hub.details()} {seen.source.details()} {it.hub.figures()} {seen.source.figures()}"
    for secret in (USER, PASSWORD, "Secret", box.code, box.serial):
        assert secret not in text


async def test_a_code_that_was_given_to_a_device_of_another_type_shows_nothing_of_that_one() -> None:
    cloud = cloud_at_noon()
    box = cloud.site().add(ARCM310, "Box")
    async with office(cloud) as it:
        seen = it.watch(box)
        await it.hub.start()
        assert (seen.value("SwitchSta"), seen.value("LgHigh")) == (True, False)
        former, box.instrument = box.instrument, Figures(ARCM300T, box.code, lambda: it.hub.now().timestamp())
        await it.hub.poll()
        assert {reading.quality for reading in seen.readings.values()} == {Quality.NO_ANSWER}
        assert seen.source.is_here is False
        assert "another type" in str(seen.source.trouble)
        box.instrument = former
        await it.hub.poll()
        assert seen.is_well


async def test_of_a_device_that_is_watched_again_nothing_is_known_from_before() -> None:
    cloud = cloud_at_noon()
    box = cloud.site().add(ARCM310, "Box")
    async with office(cloud) as it:
        seen = it.watch(box)
        await it.hub.start()
        it.hub.drop(seen.source)
        again = it.watch(box)
        assert again.readings == {}
        await it.hub.poll()
        assert again.value("SwitchSta") is True


async def test_a_device_that_is_dropped_while_the_server_is_asked_tells_nothing_more() -> None:
    cloud = cloud_at_noon()
    box = cloud.site().add(ARCM310, "Box")
    async with office(cloud) as it:
        seen = it.watch(box)
        await it.hub.start()
        told = len(seen.updates)
        box.figures.set["Lg"] = 77.0
        box.figures.active["iLeakage"] = {"iLeakage": "漏电报警"}
        account = it.hub.account
        read = account.details

        async def dropped_meanwhile(site: str, code: str) -> Details:
            it.hub.drop(seen.source)
            return await read(site, code)

        account.details = dropped_meanwhile  # type: ignore[method-assign]
        await it.hub.poll()
        assert len(seen.updates) == told
        assert it.hub.sources == []


async def test_many_who_want_to_know_at_once_cost_two_looks_at_most() -> None:
    cloud = cloud_at_noon()
    site = cloud.site()
    boxes = [site.add(ARCM310, f"Box {number}") for number in range(8)]
    async with office(cloud) as it:
        seen = [it.watch(box) for box in boxes]
        await it.hub.start()
        cloud.forget()
        found = await asyncio.gather(*(one.source.read(one.source.points) for one in seen))
        assert all(readings for readings in found)
        assert cloud.count("selectByStationId") <= 2 * 2
