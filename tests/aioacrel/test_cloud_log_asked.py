"""When an account's log of events is asked for: with each poll, also where the lists fail that it stands beside."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from custom_components.acrel_safety.aioacrel.alarms.reported import Report
from custom_components.acrel_safety.aioacrel.cloud.alarmfeed import AlarmFeed
from custom_components.acrel_safety.aioacrel.cloud.records import MeterKey
from simulator.cloud import ARCM300T, Cloud, Meter

from .cloud_hub_rigs import Office, clock, cloud_at_noon, office

pytestmark = pytest.mark.virtual_time
LOG = "getAlarmEventLogList"


@asynccontextmanager
async def followed(cloud: Cloud, box: Meter) -> AsyncIterator[tuple[Office, list[Report]]]:
    """Have a device and the log watched; the lists were read once."""
    async with office(cloud) as it:
        it.watch(box)
        feed, came = AlarmFeed(now=clock), list[Report]()
        feed.on(MeterKey(box.site, box.code), came.extend)
        it.hub.hooks.append(feed.look)
        await it.hub.start()
        cloud.forget()
        yield it, came


async def test_where_the_list_of_devices_fails_the_log_tells_of_an_alarm_all_the_same() -> None:
    cloud = cloud_at_noon()
    box = cloud.site().add(ARCM300T, "Box")
    async with followed(cloud, box) as (it, came):
        event = cloud.tell(box)
        cloud.fail("trace", at="selectByStationId", times=None)
        for turn in range(1, 4):
            await it.hub.poll()
            assert it.hub.trouble is not None
            assert cloud.count(LOG) == turn
        assert {report.id for report in came} == {event.id}


@pytest.mark.parametrize(
    "fail",
    [
        lambda cloud: cloud.fail("http", status=429, headers={"Retry-After": "120"}, times=None),
        lambda cloud: cloud.fail("close", times=None),
        lambda cloud: cloud.fail("code", code=600, times=None),
        lambda cloud: cloud.fail("code", code=335, times=None),
    ],
    ids=["Retry-After", "no connection", "licence", "disabled"],
)
async def test_what_is_so_for_all_is_not_asked_for_again_by_way_of_the_log(fail: Callable[[Cloud], object]) -> None:
    cloud = cloud_at_noon()
    box = cloud.site().add(ARCM300T, "Box")
    async with followed(cloud, box) as (it, came):
        cloud.tell(box)
        fail(cloud)
        await it.hub.poll()
        assert it.hub.trouble is not None
        assert cloud.count(LOG) == 0
        assert came == []
