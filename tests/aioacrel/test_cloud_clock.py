"""This machine sleeps, or its clock jumps, while an account is polled: nothing old is new, and nothing is lost."""

import asyncio
from datetime import datetime, timedelta

import pytest

from custom_components.acrel_safety.aioacrel.cloud.errors import CloudClockError
from custom_components.acrel_safety.aioacrel.cloud.lists import MOST_DETAILS
from simulator.cloud import ARCM310, Cloud

from .cloud_hub_rigs import PASSWORD, SECOND, START, USER, Office, Seen, office

pytestmark = pytest.mark.virtual_time
POLL = 70.0
HOURS = [-30, -8, -1, -0.2, 0.2, 1, 8, 30, 24 * 400]


class Times:
    """What time it is, and what this machine takes it for."""

    def __init__(self) -> None:
        self.slept = self.wrong = timedelta()

    def real(self) -> datetime:
        """Return what all the world has: it goes on while this machine sleeps, whose steady clock does not."""
        return START + timedelta(seconds=asyncio.get_running_loop().time()) + self.slept

    def wall(self) -> datetime:
        """Return what this machine says."""
        return self.real() + self.wrong


def shown(seen: Seen, it: Office) -> set[str]:
    """Return what is shown as being of now, and is too old for it."""
    oldest = it.hub.now() - timedelta(seconds=it.hub.stale_after)
    return {key.code for key, one in seen.readings.items() if one.value is not None and one.time < oldest}


def with_owner(times: Times) -> Cloud:
    cloud = Cloud(now=times.real)
    cloud.account(USER, PASSWORD, second=SECOND)
    return cloud


@pytest.mark.parametrize("is_away", [False, True])
@pytest.mark.parametrize("failed", [0, 6])
async def test_after_sleeping_for_hours_nothing_of_before_is_shown_as_being_of_now(is_away: bool, failed: int) -> None:
    times = Times()
    cloud = with_owner(times)
    box = cloud.site().add(ARCM310, "Box")
    async with office(cloud, now=times.wall) as it:
        seen = it.watch(box)
        await it.hub.start()
        assert seen.is_well
        if failed:
            # By then it is asked more and more seldom.
            cloud.fail("trace", times=None)
            await asyncio.sleep(failed * POLL)
        polls = it.hub.polls
        times.slept += timedelta(hours=8)
        if is_away:
            await cloud.stop()
        else:
            cloud.faults.clear()
        await asyncio.sleep(40)
        assert shown(seen, it) == set()
        assert it.hub.polls > polls
        if is_away:
            assert seen.value("LgHigh") is None
            await cloud.start()
            cloud.faults.clear()
            await asyncio.sleep(20 * POLL)
        assert seen.is_well
        assert it.hub.behind is None


@pytest.mark.parametrize("hours", HOURS)
async def test_while_the_clock_is_wrong_no_alarm_is_invented_or_ended_and_afterwards_all_is_well(hours: float) -> None:
    times = Times()
    cloud = with_owner(times)
    site = cloud.site()
    well, ill = site.add(ARCM310, "Well"), site.add(ARCM310, "Ill")
    ill.figures.active["iLeakage"] = {"iLeakage": "漏电报警"}
    async with office(cloud, now=times.wall) as it:
        here, there = it.watch(well), it.watch(ill)
        await it.hub.start()
        assert (here.value("LgHigh"), there.value("LgHigh")) == (False, True)
        for wrong in (timedelta(hours=hours), timedelta()):
            times.wrong = wrong
            for _ in range(12):
                await asyncio.sleep(POLL / 2)
                assert here.value("LgHigh") is not True
                assert there.value("LgHigh") is not False
                assert shown(here, it) | shown(there, it) == set()
            if wrong < -timedelta(minutes=6):
                assert isinstance(here.source.trouble, CloudClockError)
        assert (here.value("LgHigh"), there.value("LgHigh")) == (False, True)
        assert here.is_well
        assert it.hub.polls >= 12


@pytest.mark.parametrize("hours", HOURS)
async def test_none_of_many_in_alarm_is_left_unread_after_the_clock_was_set(hours: float) -> None:
    times = Times()
    cloud = with_owner(times)
    site = cloud.site()
    meters = [site.add(ARCM310, f"Box {number}") for number in range(3 * MOST_DETAILS)]
    times.wrong = timedelta(hours=-hours)
    async with office(cloud, now=times.wall) as it:
        seen = [it.watch(meter) for meter in meters]
        for meter in meters:
            meter.figures.active["iLeakage"] = {"iLeakage": "漏电报警"}
        await it.hub.start()
        await asyncio.sleep(3 * POLL)
        # Now the clock is put right.
        times.wrong = timedelta()
        for meter in meters:
            meter.figures.active = {"temp": {"tempA": "A相温度报警"}}
        told = set[int]()
        for _ in range(5):
            await asyncio.sleep(POLL)
            told |= {number for number, one in enumerate(seen) if one.value("LgHigh") is False}
            # What was read of details before says nothing of now.
            assert {one.value("LgHigh") for one in seen} <= {None, False, True}
        assert len(told) == len(meters)


@pytest.mark.parametrize("hours", HOURS)
async def test_a_login_that_ends_while_the_clock_is_wrong_is_made_anew(hours: float) -> None:
    times = Times()
    cloud = with_owner(times)
    box = cloud.site().add(ARCM310, "Box")
    async with office(cloud, now=times.wall) as it:
        seen = it.watch(box)
        await it.hub.start()
        times.wrong = timedelta(hours=hours)
        cloud.kick_out()
        await asyncio.sleep(2 * POLL)
        times.wrong = timedelta()
        await asyncio.sleep(2 * POLL)
        assert seen.is_well
        assert it.hub.account.figures["logins"] == 2


async def test_a_clock_that_only_drifts_has_nothing_asked_more_often() -> None:
    times = Times()
    cloud = with_owner(times)
    box = cloud.site().add(ARCM310, "Box")
    async with office(cloud, now=times.wall) as it:
        it.watch(box)
        await it.hub.start()
        for _ in range(200):
            await asyncio.sleep(18)
            times.wrong += timedelta(seconds=1)
        assert 3600 / 67 <= it.hub.polls <= 3600 / 53
