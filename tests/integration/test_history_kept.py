"""What a gateway kept while nobody heard it: hours are complete or wait, and each becomes statistics once."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from homeassistant.components.recorder.core import Recorder
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done

from custom_components.acrel_safety.aioacrel.gateway.hub import GatewayHub
from custom_components.acrel_safety.aioacrel.gateway.source import GatewaySource
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.readings import PointKey
from custom_components.acrel_safety.const import DOMAIN
from custom_components.acrel_safety.hubs.history_hours import HOUR, MOST_DONE, MOST_WAITING, Series
from custom_components.acrel_safety.hubs.history_kept import KeptHistory, Owner
from custom_components.acrel_safety.hubs.history_statistics import statistic_id
from simulator.gateway.site import AWT, PREPAID, PRODUCT

# In the middle of it clocks are put back in half of the world.
START = datetime(2026, 10, 25, 0, tzinfo=UTC)
PERIOD = 300
SUBENTRY = "01JABCDEFGHJKMNPQRSTVWXYZ0"


class Station:
    """A gateway that speaks by hand, its meter, and what imports its past."""

    def __init__(self, hass: HomeAssistant, entry: MockConfigEntry) -> None:
        self.history = KeptHistory(hass, entry)
        self.hub = GatewayHub(
            self._publish,
            on_history=lambda value: self.history.take(value, self._owner()),
            now=lambda: START + timedelta(hours=6),
        )
        self.source: GatewaySource = self.hub.source(AWT, PREPAID, ModelLibrary().get("dtsy1352"))
        self.hub.start()
        self.say("sys/dev", "login", START + timedelta(hours=6), payload={"upInterval": PERIOD})

    def _owner(self) -> Owner:
        period = self.source.gateway.period
        return Owner(subentry_id=SUBENTRY, title="Flat", points=self.source.points, period=period)

    async def _publish(self, topic: str, payload: str, qos: int, /) -> None:
        """Nobody hears it."""

    def say(self, kind: str, method: str, time: datetime, **fields: object) -> None:
        message = {"method": method, "sn": AWT, "timestamp": int(time.timestamp()), **fields}
        self.hub.take(f"{kind}/{PRODUCT}/{AWT}", json.dumps(message))

    def kept(self, *minutes: int) -> None:
        """Tell what was measured at some minutes of that night: the counter runs 1 kWh an hour."""
        for minute in minutes:
            values = {"EP": 100 + minute / 60, "Ua": 230 + minute % 60 / 10}
            reported = {f"0_{PREPAID}": {"state": "ONLINE", **values}}
            self.say("data/up", "update", START + timedelta(minutes=minute), reported=reported)


@asynccontextmanager
async def station(hass: HomeAssistant, entry: MockConfigEntry) -> AsyncIterator[Station]:
    """Have one from a start of Home Assistant to its stop."""
    one = Station(hass, entry)
    await one.history.async_load()
    yield one
    await one.history.async_stop()
    await one.hub.stop()


async def rows(hass: HomeAssistant, source: GatewaySource, code: str, *types: str) -> list[tuple[float, ...]]:
    """Return the statistics of a quantity: the hour of that night, then what is asked for."""
    await async_wait_recording_done(hass)
    name = statistic_id(SUBENTRY, source.points[PointKey("1", code)])
    found = await get_instance(hass).async_add_executor_job(
        statistics_during_period, hass, START - timedelta(days=1), None, {name}, "hour", None, set(types)
    )
    return [
        ((row["start"] - START.timestamp()) / HOUR, *(round(cast("dict[str, float]", row)[kind], 3) for kind in types))
        for row in found.get(name, [])
    ]


async def test_each_hour_is_imported_once_when_it_is_complete_also_over_a_restart(
    recorder_mock: Recorder, hass: HomeAssistant
) -> None:
    entry = MockConfigEntry(domain=DOMAIN, title="Gateway")
    entry.add_to_hass(hass)
    minutes = list(range(0, 240, 5))
    gap = [70, 75, 80]
    async with station(hass, entry) as first:
        first.kept(*(minute for minute in minutes if minute not in gap and minute < 180))
    counted = [(0.0, 100.917, 0.0), (2.0, 102.917, 2.0)]
    assert await rows(hass, first.source, "EP", "state", "sum") == counted
    measured = [(0.0, 232.75, 230.0, 235.5), (2.0, 232.75, 230.0, 235.5)]
    assert await rows(hass, first.source, "Ua", "mean", "min", "max") == measured
    # What lacked comes, all the rest comes again, and one hour more.
    async with station(hass, entry) as second:
        second.kept(*gap, *minutes)
    counted = [(float(hour), 100.917 + hour, float(hour)) for hour in range(4)]
    assert await rows(hass, second.source, "EP", "state", "sum") == counted
    assert [hour for hour, _ in await rows(hass, second.source, "Ua", "mean")] == [0, 1, 2, 3]


async def test_without_a_recorder_nothing_is_kept(hass: HomeAssistant) -> None:
    entry = MockConfigEntry(domain=DOMAIN, title="Gateway")
    entry.add_to_hass(hass)
    async with station(hass, entry) as one:
        one.kept(*range(0, 60, 5))
        assert one.history._series == {}


@pytest.mark.parametrize(
    "kept", [None, [], {"waiting": 5, "done": "x", "base": "y", "ends": [1]}, {"waiting": {"a": {}}}]
)
def test_what_was_stored_may_be_anything(kept: object) -> None:
    assert Series.restored(kept) == Series()


def test_a_series_is_bounded_and_believes_no_counter_that_runs_backwards() -> None:
    series = Series()
    for hour in range(MOST_DONE + 50):
        series.take(hour * HOUR + 1800, float(hour))
        list(series.complete(HOUR))
    assert (len(series.done), series.waiting) == (MOST_DONE, {})
    series.take(1800, 1.0)
    assert series.waiting == {}
    for hour in range(2 * MOST_WAITING):
        series.take((3000 + hour) * HOUR, 1.0)
    assert len(series.waiting) == MOST_WAITING
    assert [series.total(hour, end) for hour, end in ((5, 50.0), (7, 70.0), (6, 80.0), (8, 60.0), (6, 55.0))] == [
        *(0.0, 20.0, None, None, 5.0),
    ]
    assert Series.restored(json.loads(json.dumps(series.kept()))) == series
