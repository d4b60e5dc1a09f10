"""The history of a simulated cloud, asked for by a real account, in a real recorder: what its owner finds there."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from statistics import fmean
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from homeassistant.components.recorder.core import Recorder
from homeassistant.components.recorder.db_schema import Statistics
from homeassistant.components.recorder.statistics import (
    async_list_statistic_ids,
    list_statistic_ids,
    statistics_during_period,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.recorder import get_instance, session_scope
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done
from sqlalchemy import delete
from sqlalchemy.exc import OperationalError

from custom_components.acrel_safety.aioacrel.cloud.account import Account
from custom_components.acrel_safety.aioacrel.cloud.address import CloudAddress
from custom_components.acrel_safety.aioacrel.cloud.backfill import Backfill
from custom_components.acrel_safety.aioacrel.cloud.history import Calendar, bounds
from custom_components.acrel_safety.aioacrel.cloud.profile_reader import profile
from custom_components.acrel_safety.aioacrel.cloud.zones import Zones
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.readings import PointKey
from custom_components.acrel_safety.const import DOMAIN
from custom_components.acrel_safety.hubs import cloud as hubs_cloud
from custom_components.acrel_safety.hubs import cloud_history, cloud_rows
from custom_components.acrel_safety.hubs.cloud_history import CloudHistory
from custom_components.acrel_safety.hubs.cloud_seats import Seat
from custom_components.acrel_safety.hubs.history_statistics import read_rows, statistic_id
from simulator.cloud import ADW300, Cloud, Meter
from tests.integration.cloud_rigs import account_entry, cloud_with_owner, loaded, shown

pytestmark = pytest.mark.usefixtures("socket_enabled")
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)
FIRST = date(2026, 10, 10)
USER, PASSWORD = "owner", "pass-Word-1"
DAYS = 31
MODEL = "adw300"
SUBENTRY = "01JABCDEFGHJKMNPQRSTVWXYZ0"


@dataclass
class Rig:
    """A cloud with one meter, and who fetches its history."""

    cloud: Cloud
    meter: Meter
    account: Account
    history: CloudHistory
    hass: HomeAssistant
    now: list[datetime]

    async def prepared(self, subentry_id: str = SUBENTRY, *, tells_circuits: bool = True) -> Backfill:
        """Return who fetches what lacks."""
        circuits = await self.account.circuits(self.meter.site) if tells_circuits else []
        seat = Seat(
            site=self.meter.site,
            code=self.meter.code,
            subentry_id=subentry_id,
            title="Shop",
            model=ModelLibrary().get(MODEL),
        )
        return await self.history.async_prepare([seat], circuits)

    async def lose(self, since: datetime) -> None:
        """Take rows of a time out of the database, and tell the recorder nothing of it."""

        def work() -> None:
            with session_scope(hass=self.hass) as session:
                session.execute(delete(Statistics).where(Statistics.start_ts >= since.timestamp()))

        await get_instance(self.hass).async_add_executor_job(work)

    async def fetch(self, subentry_id: str = SUBENTRY) -> float | None:
        """Fetch all that lacks; return how much of it is there then."""
        backfill = await self.prepared(subentry_id)
        async with asyncio.timeout(60):
            await backfill.round()
        await async_wait_recording_done(self.hass)
        return self.history.figures()["history_fetched"]

    async def rows(self, code: str, subentry_id: str = SUBENTRY) -> Mapping[datetime, Mapping[str, float]]:
        """Return the statistics of a quantity, by the beginning of their hour."""
        name = statistic_id(subentry_id, ModelLibrary().get(MODEL).points[PointKey("1", code)])
        found = await get_instance(self.hass).async_add_executor_job(
            statistics_during_period,
            self.hass,
            datetime(2026, 1, 1, tzinfo=UTC),
            None,
            {name},
            "hour",
            None,
            {"mean", "min", "max", "state", "sum"},
        )
        return {datetime.fromtimestamp(row["start"], UTC): row for row in found.get(name, [])}  # type: ignore[misc]


@asynccontextmanager
async def fetching(hass: HomeAssistant) -> AsyncGenerator[Rig]:
    """Have one."""
    entry = MockConfigEntry(domain=DOMAIN, title="Account")
    entry.add_to_hass(hass)
    now = [NOW]
    cloud = Cloud(zone=BERLIN, now=lambda: now[0])
    cloud.history.step_s = 1800
    cloud.history.holes = False
    cloud.account(USER, PASSWORD)
    meter = cloud.site("Demo site").add(ADW300)
    async with cloud, aiohttp.ClientSession() as session:
        address = CloudAddress.parse(cloud.url, allow_http=True)
        account = Account(
            session,
            address,
            profile("acrelcloud-1000"),
            user=USER,
            password=PASSWORD,
            zones=Zones(BERLIN),
            now=lambda: now[0],
        )
        calendar = Calendar(zone=BERLIN, now=lambda: now[0], months=1)
        yield Rig(cloud, meter, account, CloudHistory(hass, entry, account, calendar, every=0.0), hass, now)


async def test_a_month_becomes_statistics_that_the_dashboard_takes(
    recorder_mock: Recorder, hass: HomeAssistant
) -> None:
    async with fetching(hass) as rig:
        assert await rig.fetch() == 100
        past, code = rig.cloud.history, rig.meter.code
        energy = await rig.rows("EPI")
        begin, _ = bounds(FIRST, BERLIN)
        assert len(energy) == DAYS
        for number, (hour, row) in enumerate(energy.items()):
            _, end = bounds(FIRST + timedelta(days=number), BERLIN)
            assert hour == end - timedelta(hours=1)
            used = past.energy(code, end) - past.energy(code, begin)
            assert row["sum"] == pytest.approx(used, abs=0.05)
            assert row["state"] == pytest.approx(past.energy(code, end), abs=0.05)
        leakage = await rig.rows("Lg")
        # The clocks were put back once: two of the hours of that night were shown alike.
        assert len(leakage) == 24 * DAYS + 1 - 2
        for hour, row in leakage.items():
            values = [past.leakage(code, hour + timedelta(minutes=30 * half)) for half in range(2)]
            assert row["mean"] == pytest.approx(fmean(values))
            assert (row["min"], row["max"]) == (min(values), max(values))
        about = {one["statistic_id"]: one for one in await async_list_statistic_ids(hass)}
        found = about[statistic_id(SUBENTRY, ModelLibrary().get(MODEL).points[PointKey("1", "EPI")])]
        assert (found["unit_class"], found["statistics_unit_of_measurement"], found["has_sum"]) == (
            "energy",
            "kWh",
            True,
        )
        assert found["name"].startswith("Shop ")

        # Nothing is asked for twice, but the last pieces after a start.
        asked = sum(rig.cloud.counts.values())
        assert await rig.fetch() == 100
        assert sum(rig.cloud.counts.values()) - asked < 70
        assert await rig.rows("EPI") == energy


async def test_a_broken_server_costs_time_and_no_row(
    recorder_mock: Recorder, hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("custom_components.acrel_safety.aioacrel.cloud.backfill._FIRST_WAIT", 0.01)
    monkeypatch.setattr("custom_components.acrel_safety.aioacrel.cloud.backfill._MOST_WAIT", 0.02)
    async with fetching(hass) as whole:
        await whole.fetch()
        wanted = {code: await whole.rows(code) for code in ("EPI", "Lg", "TempA")}
    get_instance(hass).async_clear_statistics([one["statistic_id"] for one in await async_list_statistic_ids(hass)])
    await async_wait_recording_done(hass)
    async with fetching(hass) as rig:
        for kind in ("trace", "html", "deep", "cut"):
            rig.cloud.fail(kind, at="leakageCurrentAndTemp", times=3)
        rig.cloud.fail("unauthorised", at="ConsumeEnergyReport", times=1)
        await rig.fetch()
        assert await rig.fetch() == 100
        assert {code: await rig.rows(code) for code in wanted} == wanted


async def test_the_sum_goes_on_where_a_meter_was_replaced(recorder_mock: Recorder, hass: HomeAssistant) -> None:
    async with fetching(hass) as rig:
        code, day = rig.meter.code, date(2026, 10, 20)
        begin, _ = bounds(day, BERLIN)
        rig.cloud.history.replaced[code] = begin + timedelta(hours=9)
        await rig.fetch()
        assert await rig.fetch() == 100
        rows = [*(await rig.rows("EPI")).items()]
        # Of the day itself nobody knows what was used: it began with one counter and ended with another.
        assert len(rows) == DAYS - 1
        used = {hour: later["sum"] - row["sum"] for (_, row), (hour, later) in pairwise(rows)}
        assert all(0 < one < 250 for one in used.values())
        first, _ = bounds(day + timedelta(days=1), BERLIN)
        past = rig.cloud.history
        for hour, one in used.items():
            start, end = bounds(hour.astimezone(BERLIN).date(), BERLIN)
            assert one == pytest.approx(past.energy(code, end) - past.energy(code, start), abs=0.05)
        assert min(row["state"] for hour, row in rows if hour > first) < rows[0][1]["state"]


async def test_statistics_that_were_deleted_are_fetched_anew(recorder_mock: Recorder, hass: HomeAssistant) -> None:
    async with fetching(hass) as rig:
        await rig.fetch()
        wanted = await rig.rows("Lg")
        names = [
            one["statistic_id"] for one in await get_instance(hass).async_add_executor_job(list_statistic_ids, hass)
        ]
        get_instance(hass).async_clear_statistics(names)
        await async_wait_recording_done(hass)
        assert await rig.rows("Lg") == {}
        await rig.fetch()
        assert await rig.rows("Lg") == wanted
        assert len(await rig.rows("EPI")) == DAYS


async def test_a_database_that_was_put_back_to_an_older_state_gets_what_it_lacks_and_no_more(
    recorder_mock: Recorder, hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> object:
        raise OperationalError("SELECT", {}, Exception("database is locked"))

    async with fetching(hass) as rig:
        rig.now[0] = NOW - timedelta(days=1)
        await rig.fetch()
        past, (begin, _) = rig.cloud.history, bounds(FIRST - timedelta(days=1), BERLIN)
        oldest = next(iter(await rig.rows("EPI")))
        # Nobody tells the recorder, nor us; and when it is looked for first, nothing can be read.
        await rig.lose(bounds(date(2026, 10, 30), BERLIN)[0])
        assert len(await rig.rows("EPI")) == 21
        rig.now[0], asked = NOW, sum(rig.cloud.counts.values())
        with monkeypatch.context() as patch:
            patch.setattr(cloud_history, "newest_of", broken)
            backfill = await rig.prepared()
        for _ in range(2):
            # With what comes first it is found out.
            await backfill.round()
        await async_wait_recording_done(hass)
        energy = await rig.rows("EPI")
        assert len(energy) == DAYS + 1
        assert next(iter(energy)) == oldest
        for hour, row in energy.items():
            used = past.energy(rig.meter.code, hour + timedelta(hours=1)) - past.energy(rig.meter.code, begin)
            assert row["sum"] == pytest.approx(used, abs=0.05)
        assert len(await rig.rows("Lg")) == 24 * (DAYS + 1) + 1 - 2
        # Older days are left alone, but for those that are fetched again after every start.
        assert sum(rig.cloud.counts.values()) - asked < 60 + 2 * 13 + 4


async def test_without_a_recorder_nothing_is_asked(hass: HomeAssistant) -> None:
    async with fetching(hass) as rig:
        await rig.history.async_start([], [])
        assert rig.history.figures() == {}
        await rig.history.async_stop()


async def test_a_device_that_was_removed_and_is_back_has_its_history(
    recorder_mock: Recorder, hass: HomeAssistant
) -> None:
    async with fetching(hass) as rig:
        await rig.fetch()
        wanted = await rig.rows("Lg")
        again = "01JABCDEFGHJKMNPQRSTVWXYZ1"
        # Its site does not tell its circuits now, and nothing knows later that it was another one.
        await (await rig.prepared(again, tells_circuits=False)).round()
        assert await rig.rows("EPI", again) == {}
        assert await rig.fetch(again) == 100
        assert await rig.rows("Lg", again) == wanted
        assert len(await rig.rows("EPI", again)) == DAYS


async def test_statistics_that_are_deleted_while_it_runs_are_fetched_anew(
    recorder_mock: Recorder, hass: HomeAssistant
) -> None:
    async with fetching(hass) as rig:
        rig.now[0] = NOW - timedelta(days=2)
        backfill = await rig.prepared()
        await backfill.round()
        get_instance(hass).async_clear_statistics([one["statistic_id"] for one in await async_list_statistic_ids(hass)])
        await async_wait_recording_done(hass)
        rig.now[0] = NOW
        for _ in range(2):
            # Two more days are over; what is gone is found out with them.
            await backfill.round()
        await async_wait_recording_done(hass)
        energy = await rig.rows("EPI")
        assert len(energy) == DAYS
        past, (begin, _) = rig.cloud.history, bounds(FIRST, BERLIN)
        for hour, row in energy.items():
            used = past.energy(rig.meter.code, hour + timedelta(hours=1)) - past.energy(rig.meter.code, begin)
            assert row["sum"] == pytest.approx(used, abs=0.05)
        assert len(await rig.rows("Lg")) == 24 * DAYS + 1 - 2


async def test_a_database_that_cannot_be_read_for_a_while_costs_time_and_no_row(
    recorder_mock: Recorder, hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("custom_components.acrel_safety.aioacrel.cloud.backfill._FIRST_WAIT", 0.01)
    broken = [OperationalError("SELECT", {}, Exception("database disk image is malformed"))] * 3
    real = read_rows

    def read(*about: object) -> object:
        if broken:
            raise broken.pop()
        return real(*about)  # type: ignore[arg-type]

    monkeypatch.setattr(cloud_rows, "read_rows", read)
    async with fetching(hass) as rig:
        assert await rig.fetch() == 100
        assert len(await rig.rows("EPI")) == DAYS
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR]


async def test_an_owner_sees_how_far_it_is(recorder_mock: Recorder, hass: HomeAssistant) -> None:
    async with cloud_with_owner() as cloud:
        cloud.fail("slow", at="getCircuitInfo", seconds=0.5)
        entry = account_entry(cloud, cloud.site("Demo site").add(ADW300), history_months=1)
        async with loaded(hass, entry):
            name = f"{entry.entry_id}_statistics_history_fetched"
            entity = er.async_get(hass).async_get_entity_id("sensor", DOMAIN, name)
            # It is there before anything was fetched: what comes later would never be made an entity of.
            assert entity is not None
            assert shown(hass, entity) in ("unknown", "0.0")


async def test_energy_is_fetched_of_a_site_that_tells_its_circuits_later(
    recorder_mock: Recorder, hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubs_cloud, "CIRCUITS_EVERY", 0.05)
    async with cloud_with_owner() as cloud:
        cloud.fail("trace", at="getCircuitInfo", times=2)
        entry = account_entry(cloud, cloud.site("Demo site").add(ADW300), history_months=1)
        async with loaded(hass, entry) as hub, asyncio.timeout(60):
            assert hub._history is not None
            # The days of residual currents, and those of energy.
            while hub._history.details().get("pieces") != 2 * DAYS:  # noqa: ASYNC110 - nobody is told of a plan
                await asyncio.sleep(0.05)
            assert cloud.count("getCircuitInfo") == 3
