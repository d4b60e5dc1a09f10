"""A server that is overloaded, half broken or being mended: what it says of alarms is seen, and nothing is quiet."""

import asyncio
from typing import Any

import pytest

from custom_components.acrel_safety.aioacrel.cloud.asking import LOOKED_AT_ONCE
from custom_components.acrel_safety.aioacrel.cloud.judging import GENERAL_ALARM
from simulator.cloud import ARCM300T, ARCM310, Cloud, Meter

from .cloud_hub_rigs import Seen, cloud_at_noon, office

pytestmark = pytest.mark.virtual_time
POLL = 70.0
LEAKS = {"iLeakage": {"iLeakage": "漏电报警"}}
NEVER: list[dict[str, Any]] = [{"kind": "hang"}, {"kind": "cut"}, {"kind": "slow", "seconds": 45.0}]


def two_sites(kind: str = ARCM310) -> tuple[Cloud, Meter, Meter]:
    """Return a cloud with a device in each of two sites."""
    cloud = cloud_at_noon()
    return cloud, cloud.site().add(kind, "Near"), cloud.site().add(kind, "Far")


def alarm_of(seen: Seen) -> object:
    """Return what is shown of a device being in alarm."""
    return seen.value(GENERAL_ALARM.code, "0")


@pytest.mark.parametrize("fault", NEVER, ids=lambda fault: str(fault["kind"]))
@pytest.mark.parametrize("call", ["leakageMonitor", "getTempABCResult", "CommunicationStatus", "selectOne"])
async def test_a_call_that_never_comes_whole_hides_no_alarm_of_any_site(call: str, fault: dict[str, Any]) -> None:
    cloud, near, far = two_sites()
    async with office(cloud) as it:
        both = [it.watch(near), it.watch(far)]
        await it.hub.start()
        assert [alarm_of(seen) for seen in both] == [False, False]
        cloud.fail(**fault, at=call, times=None)
        near.figures.active = far.figures.active = LEAKS
        await asyncio.sleep(3 * POLL)
        assert [alarm_of(seen) for seen in both] == [True, True]
        assert [seen.value("LgHigh") for seen in both].count(False) == 0
        assert it.hub.trouble is None
        cloud.faults.clear()
        await asyncio.sleep(3 * POLL)
        assert [seen.value("LgHigh") for seen in both] == [True, True]


async def test_where_many_calls_never_come_each_site_has_its_turn_and_no_poll_waits_for_all_of_them() -> None:
    cloud = cloud_at_noon()
    boxes = [cloud.site().add(ARCM310, f"Box {number}") for number in range(6)]
    async with office(cloud, every=3000.0) as it:
        seen = [it.watch(box) for box in boxes]
        await it.hub.start()
        cloud.fail("hang", at="leakageMonitor", times=None)
        tried = set()
        for _ in boxes:
            cloud.forget()
            before = cloud.clock.now()
            await it.hub.poll()
            assert (cloud.clock.now() - before).total_seconds() < 65
            # The list of devices of each site was read all the same.
            assert cloud.count("selectByStationId") == 2 * len(boxes)
            tried |= {one.query["fSubid"] for one in cloud.heard if one.name == "leakageMonitor"}
        assert tried == {box.site for box in boxes}
        cloud.faults.clear()
        for box in boxes:
            box.figures.set["Lg"] = 77.0
        await it.hub.poll()
        assert [one.value("Lg") for one in seen] == [77.0] * len(boxes)


async def test_the_devices_of_a_server_that_takes_minutes_for_a_poll_stay_seen() -> None:
    cloud = cloud_at_noon()
    boxes = [cloud.site().add(ARCM310, f"Box {number}") for number in range(8)]
    async with office(cloud) as it:
        seen = [it.watch(box) for box in boxes]
        cloud.fail("slow", seconds=9.0, times=None)
        await it.hub.start()
        for one in seen:
            one.updates.clear()
        await asyncio.sleep(3600)
        assert it.hub.polls < 15
        assert it.hub.trouble is None
        lost = [
            one
            for one in seen
            for update in one.updates
            for key, reading in update.readings.items()
            if key == GENERAL_ALARM and reading.value is None
        ]
        assert lost == []
        cloud.faults.clear()
        cloud.fail("hang", times=None)
        await asyncio.sleep(900)
        assert [alarm_of(one) for one in seen] == [None] * len(seen)


@pytest.mark.parametrize(
    "fault",
    [{"kind": "hang"}, {"kind": "cut"}, {"kind": "html"}, {"kind": "trace"}, {"kind": "code", "code": 415}],
    ids=lambda fault: str(fault["kind"]),
)
async def test_a_server_of_which_nothing_can_be_used_is_no_success_and_its_devices_are_soon_not_seen(
    fault: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    cloud, near, far = two_sites()
    async with office(cloud) as it:
        both = [it.watch(near), it.watch(far)]
        await it.hub.start()
        success = it.hub.last_success
        cloud.fail(**fault, times=None)
        await asyncio.sleep(160)
        assert it.hub.details()["trouble"] is not None
        assert it.hub.last_success == success
        # Three polls long what was known holds, however much more seldom is asked meanwhile.
        await asyncio.sleep(120)
        assert [alarm_of(seen) for seen in both] == [None, None]
        asked = len(cloud.heard)
        await asyncio.sleep(3600)
        assert len(cloud.heard) - asked < 40
        cloud.faults.clear()
        await asyncio.sleep(1100)
        assert [alarm_of(seen) for seen in both] == [False, False]
        assert it.hub.details()["trouble"] is None
    assert [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")] == []


@pytest.mark.parametrize("fault", [{"kind": "code", "code": 147}, {"kind": "html"}, {"kind": "code", "code": 99}])
async def test_who_may_not_see_the_list_of_sites_sees_the_devices_that_are_watched(fault: dict[str, Any]) -> None:
    cloud, near, far = two_sites()
    cloud.fail(**fault, at="getSubstationListByUser", times=None)
    async with office(cloud) as it:
        both = [it.watch(near), it.watch(far)]
        await it.hub.start()
        for _ in range(3):
            await asyncio.sleep(3700)
            assert [alarm_of(seen) for seen in both] == [False, False]
            assert it.hub.trouble is None
        assert not it.hub.is_looked_through or it.hub.unwatched() == {}


async def test_of_thousands_of_sites_a_few_at_a_time_are_looked_through_and_nobody_waits_for_them() -> None:
    cloud = cloud_at_noon()
    box = cloud.site().add(ARCM300T, "Box")
    for number in range(5 * LOOKED_AT_ONCE):
        cloud.site(f"Site {number}").add(ARCM300T, "Other")
    cloud.fail("slow", seconds=1.0, times=None)
    async with office(cloud) as it:
        seen = it.watch(box)
        await it.hub.start()
        for _ in range(8):
            box.figures.active = {} if box.figures.active else LEAKS
            before = cloud.clock.now()
            await it.hub.poll()
            assert (cloud.clock.now() - before).total_seconds() < 60
            assert alarm_of(seen) is bool(box.figures.active)
        assert it.hub.is_looked_through
        assert len(it.hub.unwatched()) == 5 * LOOKED_AT_ONCE


async def test_sites_that_are_none_any_more_are_forgotten() -> None:
    cloud = cloud_at_noon()
    box = cloud.site().add(ARCM300T, "Box")
    sizes = []
    async with office(cloud) as it:
        it.watch(box)
        await it.hub.start()
        for turn in range(6):
            cloud.sites = {box.site: cloud.sites[box.site]}
            cloud.site(f"Site {turn}", str(20100000 + turn)).add(ARCM300T, "Other")
            await asyncio.sleep(3700)
            sizes.append((len(it.hub.sites), len(it.hub.meters), len(it.hub.site_troubles)))
    assert sizes == [(2, 2, 0)] * 6
