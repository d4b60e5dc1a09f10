"""A poll and a look that overlap: of each list the newer answer holds, whoever asked for it and whoever ends last."""

import asyncio
import random

import pytest

from simulator.cloud import ARCM310, Cloud

from .cloud_hub_rigs import Office, Seen, cloud_at_noon, office

pytestmark = pytest.mark.virtual_time
CALLS = ("selectByStationId", "leakageMonitor", "CommunicationStatus", "selectOne")


def board(cloud: Cloud, it: Office, count: int = 1) -> list[Seen]:
    """Watch some devices of one site, all of them in alarm: their details are asked for one after the other."""
    site = cloud.site()
    seen = []
    for number in range(count):
        meter = site.add(ARCM310, f"Breaker {number}")
        meter.figures.active["iLeakage"] = {"iLeakage": "漏电报警"}
        seen.append(it.watch(meter))
    return seen


async def test_who_was_lost_since_the_list_of_a_poll_is_lost_when_that_poll_ends() -> None:
    cloud = cloud_at_noon()
    async with office(cloud) as it:
        seen = board(cloud, it, 8)
        await it.hub.start()
        await asyncio.sleep(31)
        cloud.fail("slow", at="selectOne", seconds=5.0, times=1)
        poll = asyncio.ensure_future(it.hub.poll())
        await asyncio.sleep(1)
        site = next(iter(cloud.sites.values()))
        for meter in site.meters.values():
            meter.lose()
        await it.hub.look(site.id)
        await poll
        assert [one.source.is_here for one in seen] == [False] * 8
        assert [one.value("SwitchSta") for one in seen] == [None] * 8


async def test_a_look_does_not_wait_for_the_list_that_a_poll_is_reading() -> None:
    cloud = cloud_at_noon()
    async with office(cloud) as it:
        (seen,) = board(cloud, it)
        await it.hub.start()
        await asyncio.sleep(31)
        site = next(iter(cloud.sites.values()))
        # The first of its two lists of devices comes late; the look goes before the second one.
        cloud.fail("slow", at="selectByStationId", seconds=5.0, times=1)
        cloud.forget()
        poll = asyncio.ensure_future(it.hub.poll())
        await asyncio.sleep(1)
        await it.hub.look(site.id)
        assert not poll.done()
        assert seen.source.is_here
        await poll


@pytest.mark.parametrize("seed", range(12))
async def test_however_they_overlap_what_is_shown_last_is_what_was_so_last(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same each time
    cloud = cloud_at_noon()
    async with office(cloud) as it:
        seen = board(cloud, it, 8)
        site = next(iter(cloud.sites.values()))
        await it.hub.start()
        for _ in range(6):
            cloud.faults.clear()
            for _ in range(chance.randrange(4)):
                cloud.fail(
                    "slow", at=chance.choice(CALLS), seconds=chance.uniform(0.1, 8), times=chance.randrange(1, 3)
                )
            asked = []
            for _ in range(chance.randrange(1, 5)):
                is_poll = chance.random() < 0.5
                asked.append(asyncio.ensure_future(it.hub.poll() if is_poll else it.hub.look(site.id)))
                await asyncio.sleep(chance.uniform(0, 6))
                for meter in site.meters.values():
                    if chance.random() < 0.4:
                        meter.figures.closed = not meter.figures.closed
                    if chance.random() < 0.2 and meter.is_lost:
                        meter.find()
                    elif chance.random() < 0.2:
                        meter.lose()
            # Whoever asks now asks after all that; those before may end after it.
            meters = [site.meters[one.source.code] for one in seen]
            wanted = [None if meter.is_lost else meter.figures.closed for meter in meters]
            await it.hub.look(site.id)
            await asyncio.gather(*asked)
            assert [one.value("SwitchSta") for one in seen] == wanted
            for meter in meters:
                meter.find()
            await asyncio.sleep(90)
