"""Sites in several zones: all times of a site are read in its own, whatever tells them and whatever asks for them."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.alarms.reported import Report
from custom_components.acrel_safety.aioacrel.cloud.alarmfeed import AlarmFeed
from custom_components.acrel_safety.aioacrel.cloud.errors import CloudClockError
from custom_components.acrel_safety.aioacrel.cloud.feed import topic_of
from custom_components.acrel_safety.aioacrel.cloud.fields import CHINA
from custom_components.acrel_safety.aioacrel.cloud.history import Calendar
from custom_components.acrel_safety.aioacrel.cloud.zones import Zones
from simulator.cloud import ARCM310, Cloud, Meter

from .cloud_hub_rigs import clock, cloud_at_noon, office

pytestmark = pytest.mark.virtual_time
POLL = 70.0
BERLIN, LIMA = ZoneInfo("Europe/Berlin"), ZoneInfo("America/Lima")


def three(cloud: Cloud) -> Iterator[Meter]:
    """Yield a device in each of three countries."""
    for name, zone in (("Suzhou", None), ("Berlin", BERLIN), ("Lima", LIMA)):
        yield cloud.site(name, zone=zone).add(ARCM310, f"Breaker {name}")


def zones(meters: tuple[Meter, ...]) -> Zones:
    return Zones(CHINA, {meters[1].site: BERLIN, meters[2].site: LIMA})


async def test_each_site_shows_values_of_now_and_without_its_zone_none_is_believed() -> None:
    cloud = cloud_at_noon()
    meters = tuple(three(cloud))
    async with office(cloud) as it:
        it.hub.account.zones = zones(meters)
        seen = [it.watch(meter) for meter in meters]
        await it.hub.start()
        for one in seen:
            assert one.is_well
            assert all(clock() - reading.time < timedelta(minutes=2) for reading in one.readings.values())
        assert [str(one.source.zone) for one in seen] == ["China", "Europe/Berlin", "America/Lima"]
        it.hub.account.zones = Zones(BERLIN, {meters[2].site: LIMA})
        await it.hub.poll()
        assert isinstance(seen[0].source.trouble, CloudClockError)
        assert (seen[0].value("LgHigh"), seen[1].value("LgHigh"), seen[2].value("LgHigh")) == (None, False, False)


async def test_a_site_of_another_zone_is_noticed_beside_one_that_is_right() -> None:
    cloud = cloud_at_noon()
    meters = tuple(three(cloud))
    async with office(cloud) as it:
        it.hub.account.zones = Zones(CHINA, {meters[2].site: LIMA})
        for meter in meters:
            it.watch(meter)
        await it.hub.start()
        await asyncio.sleep(6 * POLL)
        behind = it.hub.behind
        assert behind is not None
        assert timedelta(hours=6) < behind < timedelta(hours=8)
        it.hub.account.zones = zones(meters)
        await asyncio.sleep(6 * POLL)
        assert it.hub.behind is None


async def test_events_of_all_sites_are_read_and_each_is_of_the_time_at_which_it_was() -> None:
    cloud = cloud_at_noon()
    meters = tuple(three(cloud))
    async with office(cloud) as it:
        it.hub.account.zones = zones(meters)
        feed, came = AlarmFeed(now=clock), list[list[Report]]()
        for meter in meters:
            came.append([])
            feed.on(it.watch(meter).source.key, came[-1].extend)
        await it.hub.start()
        times = [clock().replace(microsecond=0) - timedelta(hours=hours) for hours in (0, 10, 23)]
        for time in times:
            for meter in meters:
                cloud.tell(meter, time=time)
        await feed.look(it.hub.account)
        for reports in came:
            assert sorted(report.time for report in reports if report.time is not None) == sorted(times)
        for meter in meters:
            found = await it.hub.account.alarms(
                since=clock() - timedelta(hours=11), until=clock() + timedelta(minutes=1), site=meter.site
            )
            assert {event.time for event in found} == set(times[:2])


async def test_a_feed_tells_each_site_in_its_own_zone() -> None:
    cloud = cloud_at_noon()
    meters = tuple(three(cloud))
    async with office(cloud, has_feed=True) as it:
        it.hub.account.zones = zones(meters)
        seen = [it.watch(meter) for meter in meters]
        await it.hub.start()
        feed = it.hub.feeding.begin({}, it.hub.account.zone_of)
        for meter, zone in zip(meters, (CHINA, BERLIN, LIMA), strict=True):
            time = clock().astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
            told = f'{{"time": "{time}", "meter": [{{"id": "{meter.code}", "values": {{"Switch": 0}}}}]}}'
            feed.take(topic_of(meter.site), told.encode())
        assert (feed.messages, feed.others) == (3, 0)
        assert all(one.source.is_here for one in seen)


async def test_a_day_of_the_past_is_that_of_the_site() -> None:
    cloud = cloud_at_noon()
    meters = tuple(three(cloud))
    async with office(cloud) as it:
        account = it.hub.account
        account.zones = zones(meters)
        await account.login()
        day = date(2026, 11, 20)
        for meter, zone in zip(meters, (CHINA, BERLIN, LIMA), strict=True):
            samples = await account.leakage_of_day(meter.site, meter.code, day)
            assert samples
            assert {sample.time.astimezone(zone).date() for sample in samples} == {day}


@given(
    st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001 - it gets one
    st.lists(st.sampled_from([CHINA, BERLIN, LIMA, UTC, ZoneInfo("Pacific/Kiritimati")]), max_size=4),
)
def test_a_day_is_asked_for_when_it_is_over_at_all_sites(moment: datetime, others: list[tzinfo]) -> None:
    now = moment.replace(tzinfo=UTC)
    calendar = Calendar(zone=CHINA, site_zones=dict(zip("abcd", others, strict=False)), now=lambda: now)
    _, last = calendar.window()
    for zone in (CHINA, *others):
        end = datetime(last.year, last.month, last.day, tzinfo=zone) + timedelta(days=1)
        assert end.astimezone(UTC) <= now
