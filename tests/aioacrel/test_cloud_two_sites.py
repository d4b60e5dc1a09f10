"""A device is known by its site and its code: the same code in another site of the account is another device."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from custom_components.acrel_safety.aioacrel.alarms.reported import Report
from custom_components.acrel_safety.aioacrel.cloud.alarmfeed import AlarmFeed
from custom_components.acrel_safety.aioacrel.readings import Quality
from simulator.cloud import ARCM300T, ARCM310, Cloud, Meter

from .cloud_hub_rigs import Office, Seen, clock, cloud_at_noon, office
from .rigs import model

pytestmark = pytest.mark.virtual_time
CODE = "100101"


@asynccontextmanager
async def two(kind: str) -> AsyncIterator[tuple[Cloud, Office, tuple[Meter, Meter], tuple[Seen, Seen]]]:
    """Have two devices of one code, one in each of two sites, and both watched."""
    cloud = cloud_at_noon()
    mill, farm = (cloud.site(name).add(kind, f"Box {name}", code=CODE) for name in ("Mill", "Farm"))
    async with office(cloud) as it:
        yield cloud, it, (mill, farm), (it.watch(mill), it.watch(farm))


async def test_each_has_its_own_values_position_and_connection() -> None:
    async with two(ARCM310) as (_, it, (mill, farm), (here, there)):
        mill.figures.set["Lg"], farm.figures.set["Lg"] = 12.0, 77.0
        farm.figures.closed = False
        await it.hub.start()
        assert (here.value("Lg"), there.value("Lg")) == (12.0, 77.0)
        assert (here.value("SwitchSta"), there.value("SwitchSta")) == (True, False)
        farm.lose()
        await it.hub.poll()
        assert (here.source.is_here, there.source.is_here) == (True, False)
        assert here.value("Lg") == 12.0
        assert len(it.hub.meters) == 2
        assert it.hub.unwatched() == {}


async def test_an_alarm_is_that_of_the_device_that_has_it_and_of_the_other_nothing_is_said() -> None:
    async with two(ARCM300T) as (_, it, (mill, farm), (here, there)):
        await it.hub.start()
        assert (here.value("LgHigh"), there.value("LgHigh")) == (False, False)
        mill.figures.active["iLeakage"] = {"iLeakage": "漏电报警"}
        await it.hub.poll()
        assert (here.value("LgHigh"), there.value("LgHigh")) == (True, False)
        # The server answers with the details of the device of the first site, whoever is meant.
        mill.figures.active.clear()
        farm.figures.active["temp"] = {"tempA": "A相温度报警"}
        await it.hub.poll()
        assert (here.value("LgHigh"), there.value("LgHigh")) == (False, None)
        assert there.quality("LgHigh") is Quality.INCOMPLETE
        assert there.value("DOC_CloudAlarm", "0") is True


async def test_an_event_is_told_of_the_device_of_its_site_and_one_without_a_site_of_both() -> None:
    async with two(ARCM300T) as (cloud, it, (mill, farm), (here, there)):
        feed, came = AlarmFeed(now=clock), {"mill": list[Report](), "farm": list[Report]()}
        leave = [
            feed.on(here.source.key, came["mill"].extend),
            feed.on(there.source.key, came["farm"].extend),
        ]
        await it.hub.start()
        event = cloud.tell(mill, description="漏电流 412 mA")
        await feed.look(it.hub.account)
        assert ([one.id for one in came["mill"]], came["farm"], feed.of_others) == ([event.id], [], 0)
        leave[0]()
        cloud.tell(farm, time=clock() - timedelta(hours=1))
        await feed.look(it.hub.account)
        assert (len(came["mill"]), len(came["farm"]), feed.of_others) == (1, 1, 1)
        feed.on(here.source.key, came["mill"].extend)

        def nowhere(answer: object) -> object:
            assert isinstance(answer, dict)
            for row in answer["data"]["alarmEventLogList"]["list"]:
                del row["fSubid"]
            return answer

        cloud.fail("alter", at="getAlarmEventLogList", times=1, change=nowhere)
        for reports in came.values():
            reports.clear()
        await feed.look(it.hub.account)
        assert (len(came["mill"]), len(came["farm"]), feed.of_others) == (2, 2, 0)


async def test_one_of_them_can_be_left_alone_and_be_watched_again() -> None:
    async with two(ARCM300T) as (_, it, (mill, farm), (here, there)):
        farm.figures.set["Lg"] = 77.0
        await it.hub.start()
        it.hub.drop(here.source)
        assert [meter.site for meter in it.hub.unwatched().values()] == [mill.site]
        await it.hub.poll()
        assert there.value("Lg") == 77.0
        with pytest.raises(ValueError, match="known already"):
            it.hub.source(farm.site, CODE, model("arcm300"))
        again = it.watch(mill)
        await it.hub.poll()
        assert again.value("Lg") != 77.0
        assert len(it.hub.sources) == 2


async def test_each_has_its_own_circuits_and_its_own_day() -> None:
    async with two(ARCM300T) as (_, it, (mill, farm), _):
        await it.hub.start()
        for meter in (mill, farm):
            circuits = await it.hub.account.circuits(meter.site)
            assert {(one.site, one.meter) for one in circuits} == {(meter.site, CODE)}
