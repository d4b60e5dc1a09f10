"""What a simulated cloud says of before: the same whenever it is asked, in local time, with gaps."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from simulator.cloud import ARCM300T, Cloud, Meter
from tests.simulator.cloud_rigs import App, Json, called

NOW = datetime(2026, 11, 22, 1, 2, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def at_nine() -> datetime:
    return NOW


async def day_of(app: App, meter: Meter, day: str) -> tuple[list[Json], list[Json]]:
    name = "/energySecurity/leakageCurrentAndTemp"
    found = await app.get(name, fSubid=meter.site, fMetercode=meter.code, time=day)
    (values,) = found["leakageCurrentAndTempValues"]
    return values["origCurrentValues"], values["origEnvironmentValues"]


async def test_a_day_is_the_same_whoever_makes_it_and_ends_now() -> None:
    answers = []
    for _ in range(2):
        cloud = Cloud(now=at_nine)
        cloud.history.holes = False
        meter = cloud.site().add(ARCM300T)
        async with called(cloud) as app:
            answers.append(await day_of(app, meter, "2025-10-01"))
            currents, _ = await day_of(app, meter, "2026-11-22")
            assert currents[-1]["fCollecttime"] == "2026-11-22 09:00:00"
    assert answers[0] == answers[1]
    currents, surroundings = answers[0]
    assert len(currents) == len(surroundings) == 96
    assert currents[0].keys() == {"fCollecttime", "fIl"}
    assert surroundings[0].keys() == {"fCollecttime", "fTempa", "fTempb", "fTempc"}
    assert currents[0]["fCollecttime"] == "2025-10-01 00:00:00"


async def test_gaps_are_gaps() -> None:
    cloud = Cloud(now=at_nine)
    meter = cloud.site().add(ARCM300T)
    begin = datetime(2026, 3, 1, 4, tzinfo=UTC)
    cloud.history.gaps.append((meter.code, begin, begin + timedelta(hours=2)))
    async with called(cloud) as app:
        times = [row["fCollecttime"] for row in (await day_of(app, meter, "2026-03-01"))[0]]
        assert "2026-03-01 11:45:00" in times
        assert not any(time.startswith(("2026-03-01 12", "2026-03-01 13")) for time in times)
        counts = [len((await day_of(app, meter, f"2026-02-{day:02}"))[0]) for day in range(1, 29)]
        assert 96 in counts
        assert min(counts) < 96


@pytest.mark.parametrize(("day", "count", "twice"), [("2026-03-29", 92, 0), ("2026-10-25", 100, 4)])
async def test_a_day_on_which_clocks_are_set_has_other_hours(day: str, count: int, twice: int) -> None:
    cloud = Cloud(zone=BERLIN, now=at_nine)
    cloud.history.holes = False
    meter = cloud.site().add(ARCM300T)
    async with called(cloud) as app:
        times = [row["fCollecttime"] for row in (await day_of(app, meter, day))[0]]
        assert len(times) == count
        assert len(times) - len(set(times)) == twice


async def test_energy_is_what_the_power_makes_of_it_and_begins_anew_with_another_meter() -> None:
    cloud = Cloud(now=at_nine)
    site = cloud.site()
    meter, other = site.add(ARCM300T), site.add(ARCM300T)
    cloud.history.holes = False
    async with called(cloud) as app:
        circuits = (await app.get("sys/getCircuitInfo", fSubId=site.id))["res"]
        assert circuits[0] == {"fCircuitid": meter.circuit, "fMetercode": meter.code}
        asked = {"fSubid": site.id, "startTime": "2026-03-01 00:00:00", "endTime": "2026-03-02 00:00:00"}
        report = "/powerAnalysis/ConsumeEnergyReport"
        one, two = (await app.get(report, fCircuitids=f"{meter.circuit},{other.circuit}", **asked))["list"]
        assert [one["fCircuitname"], two["fCircuitname"]] == [meter.name, other.name]
        assert one["fEndvalue"] - one["fStartvalue"] == pytest.approx(one["fConsumevalue"])
        rows = (
            await app.get(
                "/powerMonitoring/ElectricData",
                fSubid=site.id,
                fCircuitid=meter.circuit,
                time="2026-03-01",
                fPhase="fP",
                EnergyKind="P",
            )
        )["CircuitValueByDate"]
        assert sum(row["fParamvalue"] for row in rows) / 4 == pytest.approx(one["fConsumevalue"], rel=0.01)
        cloud.history.replaced[meter.code] = datetime(2026, 3, 1, 4, tzinfo=UTC)
        (one,) = (await app.get(report, fCircuitids=meter.circuit, **asked))["list"]
        assert one["fEndvalue"] < one["fStartvalue"]


async def test_what_is_no_day_or_no_circuit_is_refused() -> None:
    cloud = Cloud()
    site = cloud.site()
    meter = site.add(ARCM300T)
    async with called(cloud) as app:
        ask = {"fSubid": site.id, "fMetercode": meter.code, "time": "2026-13-01"}
        assert (await app.whole("GET", "/energySecurity/leakageCurrentAndTemp", params=ask))["code"] == 393
        ask = {"fSubid": site.id, "fCircuitids": "C1", "startTime": "2026-03-01", "endTime": "2026-03-02"}
        assert (await app.whole("GET", "/powerAnalysis/ConsumeEnergyReport", params=ask))["code"] == 393
