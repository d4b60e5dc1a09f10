"""A contact that gets worse warms more at the same current; summer and a busy week are no such thing."""

import json
import math
from collections.abc import Callable
from datetime import date, timedelta

import pytest

from custom_components.acrel_safety.aioacrel.growth import (
    Correction,
    Day,
    Finding,
    FindingKind,
    Growth,
    TemperatureCollector,
)

FIRST = date(2026, 1, 1)
RATING = 63.0
LIMIT = 80.0
AT_RATED = 40.0
"""K at the rated current."""
STEP = 900
QUARTERS = 96


def current_of(day: int, quarter: int) -> float:
    """A1: office hours, idle at the weekend; every other month is a busy one."""
    load = 0.9 if day // 30 % 2 else 0.5
    return RATING * (load if day % 7 < 5 and 32 <= quarter < 72 else 0.1)


def summer(day: int) -> float:
    return 22 + 10 * math.sin((day - 100) / 58)


def days_of(
    collector: TemperatureCollector,
    days: int,
    worse: Callable[[int], float] = lambda _: 1.0,
    current: Callable[[int, int], float] = current_of,
) -> list[Day]:
    ended, rise = [], 0.0
    for day in range(days):
        for quarter in range(QUARTERS):
            amperes = current(day, quarter)
            rise += (AT_RATED * worse(day) * (amperes / RATING) ** 2 - rise) * (1 - math.exp(-1))
            found = collector.take(
                summer(day) + rise,
                (day * QUARTERS + quarter) * STEP,
                FIRST + timedelta(days=day),
                around=summer(day),
                current=amperes,
            )
            if found is not None:
                ended.append(found)
    return ended


def watched(days: list[Day]) -> list[Finding]:
    growth = Growth()
    return [found for day in days if (found := growth.take(day, LIMIT)) is not None]


def test_corrected_by_load_a_day_is_the_rise_at_the_rated_current() -> None:
    days = days_of(TemperatureCollector(Correction.AMBIENT_AND_LOAD, RATING), 120)
    assert len(days) == pytest.approx(120 * 5 / 7, abs=3)  # at the weekend nothing can be said
    assert all(day.value == pytest.approx(AT_RATED, rel=0.06) for day in days)
    assert all(day.correction is Correction.AMBIENT_AND_LOAD for day in days)
    assert days[0].reference == pytest.approx(summer(0), rel=0.02)


def test_neither_summer_nor_busy_months_are_found() -> None:
    assert watched(days_of(TemperatureCollector(Correction.COLDEST_AND_LOAD, RATING), 300)) == []


def test_a_contact_that_gets_worse_is_found() -> None:
    days = days_of(
        TemperatureCollector(Correction.AMBIENT_AND_LOAD, RATING), 250, lambda day: 1 + max(0, day - 100) / 200
    )
    found = next(found for found in watched(days) if found.kind is FindingKind.GROWTH)
    assert found.correction is Correction.AMBIENT_AND_LOAD
    assert found.before == pytest.approx(AT_RATED, rel=0.15)
    assert found.limit < LIMIT - 10


def test_without_the_current_only_the_surroundings_are_taken_off() -> None:
    collector = TemperatureCollector(Correction.COLDEST)
    day = days_of(collector, 3)[0]
    assert day.value == pytest.approx(AT_RATED * 0.25, rel=0.05)
    assert day.correction is Correction.COLDEST


def test_without_a_correction_it_is_what_was_read() -> None:
    day = days_of(TemperatureCollector(Correction.NONE), 3)[0]
    assert day.value == pytest.approx(summer(0) + AT_RATED * 0.25, rel=0.05)
    assert day.reference == 0


def test_a_circuit_that_is_hardly_loaded_says_nothing() -> None:
    idle = days_of(TemperatureCollector(Correction.AMBIENT_AND_LOAD, RATING), 5, current=lambda _, __: 5.0)
    assert idle == []


@pytest.mark.parametrize("missing", [{"around": None}, {"current": None}, {"around": math.nan}])
def test_a_reading_without_what_its_correction_needs_is_left_out(missing: dict[str, float | None]) -> None:
    collector = TemperatureCollector(Correction.AMBIENT_AND_LOAD, RATING)
    given: dict[str, float | None] = {"around": 20.0, "current": 50.0, **missing}
    for hour in range(30):
        ended = collector.take(
            40.0,
            hour * 3600.0,
            FIRST + timedelta(days=hour // 24),
            around=given["around"],
            current=given["current"],
        )
        assert ended is None or not ended.counts


@pytest.mark.parametrize("rating", [None, 0.0, -5.0, math.nan, math.inf])
def test_a_correction_by_load_needs_a_rated_current(rating: float | None) -> None:
    with pytest.raises(ValueError, match="rated current"):
        TemperatureCollector(Correction.AMBIENT_AND_LOAD, rating)


def half_a_day(collector: TemperatureCollector, start: float, hours: range, day: date) -> None:
    for hour in hours:
        collector.take(40.0, start + hour * 3600.0, day, around=20.0, current=RATING)


def test_a_restart_in_the_middle_of_a_day_goes_on() -> None:
    former, collector = (TemperatureCollector(Correction.AMBIENT_AND_LOAD, RATING) for _ in range(2))
    half_a_day(former, 0.0, range(13), FIRST)
    collector.restore(json.loads(json.dumps(former.kept())))
    half_a_day(collector, 500.0, range(12, 24), FIRST)
    collector.take(40.0, 500.0 + 24 * 3600, FIRST + timedelta(days=1), around=20.0, current=RATING)
    ended = collector.take(40.0, 500.0 + 25 * 3600, FIRST + timedelta(days=1), around=20.0, current=RATING)
    assert ended is not None
    assert ended.counts
    assert ended.value == pytest.approx(20.0, rel=0.03)


@pytest.mark.parametrize(
    "other", [TemperatureCollector(Correction.AMBIENT_AND_LOAD, 100.0), TemperatureCollector(Correction.AMBIENT)]
)
def test_a_day_that_was_corrected_otherwise_is_not_gone_on_with(other: TemperatureCollector) -> None:
    half_a_day(other, 0.0, range(13), FIRST)
    collector = TemperatureCollector(Correction.AMBIENT_AND_LOAD, RATING)
    collector.restore(other.kept())
    assert collector.kept() == TemperatureCollector(Correction.AMBIENT_AND_LOAD, RATING).kept()


@pytest.mark.parametrize("stored", [None, [], "x", {"rise": 1}, {"correction": "ambient_and_load", "rating": 63.0}])
def test_whatever_is_stored_of_a_temperature_is_read(stored: object) -> None:
    collector = TemperatureCollector(Correction.AMBIENT_AND_LOAD, RATING)
    collector.restore(stored)
    assert days_of(collector, 3)
