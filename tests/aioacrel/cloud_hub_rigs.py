"""An account at a simulated cloud, at work: one clock for both, that goes with the loop of the test."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta, tzinfo

import aiohttp

from custom_components.acrel_safety.aioacrel.cloud.account import Account
from custom_components.acrel_safety.aioacrel.cloud.address import CloudAddress
from custom_components.acrel_safety.aioacrel.cloud.fields import CHINA
from custom_components.acrel_safety.aioacrel.cloud.hub import CloudHub
from custom_components.acrel_safety.aioacrel.cloud.profile_reader import profile
from custom_components.acrel_safety.aioacrel.cloud.source import CloudSource
from custom_components.acrel_safety.aioacrel.cloud.zones import Zones
from custom_components.acrel_safety.aioacrel.readings import PointKey, Quality, Reading, Value
from custom_components.acrel_safety.aioacrel.source import Update
from simulator.cloud import Cloud, Meter

from .rigs import model

USER, PASSWORD, SECOND = "owner", "pass-Word-1", "second-Word-2"
START = datetime(2026, 11, 22, 4, tzinfo=UTC)


def clock() -> datetime:
    """Return the time of the test's loop."""
    return START + timedelta(seconds=asyncio.get_running_loop().time())


class Office:
    """A cloud with one site, and whoever asks it."""

    def __init__(self, cloud: Cloud, hub: CloudHub) -> None:
        self.cloud = cloud
        self.hub = hub

    def watch(self, meter: Meter, **options: frozenset[PointKey]) -> Seen:
        """Watch a device with all its points."""
        model_id = self.hub.profile.model_of(meter.kind)
        assert model_id is not None
        return Seen(self.hub.source(meter.site, meter.code, model(model_id), meter.kind, **options))


class Seen:
    """A source, and what it told."""

    def __init__(self, source: CloudSource) -> None:
        self.source = source
        self.readings: dict[PointKey, Reading] = {}
        self.updates: list[Update] = []
        source.join(self._take)
        source.want(frozenset(source.points))

    def _take(self, update: Update) -> None:
        self.updates.append(update)
        self.readings.update(update.readings)

    def value(self, code: str, circuit: str = "1") -> Value | None:
        return self.readings[PointKey(circuit, code)].value

    @property
    def is_well(self) -> bool:
        """Whether its residual current is no alarm, and nothing is in the way."""
        return self.value("LgHigh") is False and self.source.trouble is None and self.source.hub.trouble is None

    def quality(self, code: str, circuit: str = "1") -> Quality:
        return self.readings[PointKey(circuit, code)].quality


def cloud_at_noon() -> Cloud:
    """Return a cloud with an account, that goes by the loop's clock."""
    cloud = Cloud(now=clock)
    cloud.account(USER, PASSWORD, second=SECOND)
    return cloud


@asynccontextmanager
async def office(
    cloud: Cloud,
    *,
    has_feed: bool = False,
    zone: tzinfo = CHINA,
    now: Callable[[], datetime] = clock,
    **options: float,
) -> AsyncIterator[Office]:
    """Have the cloud run, and somebody who will ask it; nothing is asked before `hub.start`."""
    async with cloud:
        address = CloudAddress.parse(cloud.url, allow_http=True)
        connector = aiohttp.UnixConnector(path=cloud.url.rpartition(":")[2])
        session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        account = Account(
            session, address, profile("acrelcloud-1000"), user=USER, password=PASSWORD, zones=Zones(zone), now=now
        )
        hub = CloudHub(account, now=now, has_feed=has_feed, **options)
        try:
            yield Office(cloud, hub)
        finally:
            await hub.stop()
            await session.close()
