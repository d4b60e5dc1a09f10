"""One value a day: whatever rhythm, order, clock and restart, it is the height that a tenth of the day exceeds."""

import json
import math
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.growth import Day, DayCollector
from custom_components.acrel_safety.aioacrel.growth.spread import CELLS, Spread

TODAY = date(2026, 3, 28)
HOUR = 3600.0
WITHIN = 0.0101
"""The error of a percentile, relative."""

values = st.floats(min_value=0.01, max_value=10.0)


def fed(collector: DayCollector, samples: Iterable[tuple[float, float | None]], day: date = TODAY) -> list[Day]:
    """Give (steady, value) pairs of one day; return the days that ended."""
    ended = (collector.take(value, steady, day) for steady, value in samples)
    return [day for day in ended if day is not None]


def end(collector: DayCollector, steady: float, day: date = TODAY + timedelta(days=1)) -> Day:
    """Let the next day go on until the one before ends."""
    (ended,) = fed(collector, [(steady, 1.0), (steady + HOUR, 1.0)], day)
    return ended


def minutely(heights: Iterable[float], start: float = 0.0, step: float = 60.0) -> Iterator[tuple[float, float]]:
    for number, height in enumerate(heights):
        yield start + number * step, height


def percentile(heights: list[float]) -> float:
    return sorted(heights)[math.ceil(0.9 * len(heights)) - 1]


@given(st.lists(values, min_size=30, max_size=300))
def test_a_day_is_the_height_a_tenth_of_it_exceeds(heights: list[float]) -> None:
    collector = DayCollector()
    fed(collector, minutely(heights))
    assert end(collector, len(heights) * 60).value == pytest.approx(percentile(heights), rel=WITHIN)


@given(st.lists(values, min_size=30, max_size=100), st.floats(min_value=1e-3, max_value=1e6))
def test_another_unit_is_the_same_day(heights: list[float], factor: float) -> None:
    plain, scaled = DayCollector(), DayCollector()
    fed(plain, minutely(heights))
    fed(scaled, minutely(height * factor for height in heights))
    later = len(heights) * 60
    assert end(scaled, later).value == pytest.approx(end(plain, later).value * factor, rel=2 * WITHIN)


@given(st.lists(values, min_size=20, max_size=100), st.randoms())
def test_the_order_within_a_day_does_not_matter(heights: list[float], chance: Random) -> None:
    shuffled = chance.sample(heights, len(heights))
    days = []
    for order in (heights, shuffled):
        collector = DayCollector()
        fed(collector, minutely(order))
        days.append(end(collector, len(order) * 60))
    assert days[0].value == pytest.approx(days[1].value)
    assert days[0].seconds == pytest.approx(days[1].seconds)


@given(st.lists(values, min_size=40, max_size=200), st.integers(min_value=1, max_value=39))
def test_a_restart_in_the_middle_changes_nothing_but_what_was_not_seen(heights: list[float], at: int) -> None:
    through, before, after = DayCollector(), DayCollector(), DayCollector()
    fed(through, minutely(heights))
    fed(before, minutely(heights[: at + 1]))
    after.restore(json.loads(json.dumps(before.kept())))
    # The steady clock begins anew with the computer.
    fed(after, minutely(heights[at:], start=5.0))
    whole, joined = end(through, len(heights) * 60), end(after, 5.0 + (len(heights) - at) * 60)
    assert joined.value == pytest.approx(whole.value, rel=2 * WITHIN)
    assert joined.seconds == pytest.approx(whole.seconds, abs=1)


def test_time_counts_and_not_the_number_of_readings() -> None:
    collector = DayCollector()
    fed(collector, minutely([5.0] * 1000, step=60.0))
    fed(collector, minutely([50.0] * 30_000, start=60_000.0, step=0.1))
    assert end(collector, 63_000.0).value == pytest.approx(5.0, rel=WITHIN)


def test_a_peak_is_not_the_day() -> None:
    collector = DayCollector()
    fed(collector, minutely([12.0] * 700 + [1e9] * 60 + [12.0] * 680))
    day = end(collector, 1440 * 60.0)
    assert day.value == pytest.approx(12.0, rel=WITHIN)
    assert day.counts
    assert day.share == pytest.approx(1.0)


def test_hourly_values_make_a_whole_day() -> None:
    collector = DayCollector()
    fed(collector, [(hour * HOUR, 8.0) for hour in range(24)])
    assert end(collector, 24 * HOUR).share == pytest.approx(1.0)


def test_what_is_not_known_is_not_counted() -> None:
    collector = DayCollector()
    fed(collector, [(0.0, 8.0), (600.0, None), (12 * HOUR, 8.0), (23 * HOUR, 8.0), (24 * HOUR - 60, math.nan)])
    day = end(collector, 24 * HOUR)
    # Ten minutes, then a value that stands for 75 minutes at the most, then 59 minutes.
    assert day.seconds == pytest.approx(600 + 4500 + HOUR - 60)
    assert not day.counts


@pytest.mark.parametrize(("hours", "counts"), [(17.9, False), (18.1, True), (23.0, True), (25.0, True)])
def test_eighteen_hours_make_a_day_and_so_do_those_of_summer_time(hours: float, counts: bool) -> None:
    collector = DayCollector()
    fed(collector, minutely([8.0] * round(hours * 60)))
    collector.take(None, hours * HOUR, TODAY)
    day = end(collector, 26 * HOUR)
    assert day.seconds == pytest.approx(hours * HOUR, abs=60)
    assert day.counts is counts
    assert day.share <= 1


@pytest.mark.parametrize("jump", [timedelta(days=30), timedelta(days=-1), timedelta(days=-20_000)])
def test_a_clock_that_is_set_for_a_moment_takes_nothing_from_the_day(jump: timedelta) -> None:
    collector = DayCollector()
    fed(collector, minutely([8.0] * 600))
    assert fed(collector, minutely([8.0] * 20, start=36_000.0), TODAY + jump) == []
    # The wrong day ends, too, and counts for nothing.
    assert not any(ended.counts for ended in fed(collector, minutely([8.0] * 820, start=37_200.0)))
    day = end(collector, 1440 * 60.0)
    assert day.day == TODAY
    assert day.seconds == pytest.approx(1420 * 60, abs=120)


def test_a_clock_that_runs_through_many_days_leaves_nothing_behind() -> None:
    collector = DayCollector()
    for number in range(500):
        collector.take(8.0, number * 60.0, TODAY + timedelta(days=number * 7 % 40))
    assert len(json.dumps(collector.kept())) < 500


def test_readings_that_come_twice_or_late_are_counted_once() -> None:
    collector = DayCollector()
    fed(collector, [(0.0, 8.0), (600.0, 8.0), (600.0, 8.0), (300.0, 800.0), (1200.0, 8.0), (1200.0, None)])
    day = end(collector, 2000.0)
    assert day.seconds == pytest.approx(1200.0)
    assert day.value == pytest.approx(8.0, rel=WITHIN)


def test_a_steady_clock_that_began_anew_is_followed() -> None:
    collector = DayCollector()
    fed(collector, minutely([8.0] * 61, start=1e6))
    fed(collector, minutely([8.0] * 61, start=0.0))
    assert end(collector, 3600.0).seconds == pytest.approx(2 * HOUR)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=600))
def test_a_spread_never_needs_more_than_its_cells(heights: list[float]) -> None:
    spread = Spread()
    for height in heights:
        spread.add(height, 1.0)
    joined, cells = json.loads(json.dumps(spread.kept()))
    assert len(cells) <= CELLS
    assert joined <= 5
    assert spread.seconds == pytest.approx(len(heights))
    assert 0 <= spread.percentile(0.5) <= spread.percentile(0.9) <= 1e16


def test_values_over_many_scales_cost_precision_and_nothing_else() -> None:
    chance = Random(4)  # noqa: S311 - no secret
    heights = [10 ** chance.uniform(-3, 3) for _ in range(3000)]
    spread = Spread()
    for height in heights:
        spread.add(height, 1.0)
    assert spread.percentile(0.9) == pytest.approx(percentile(heights), rel=0.09)


hostile = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@given(hostile, hostile)
def test_whatever_is_stored_of_a_day_is_read(anything: object, spread: object) -> None:
    collector = DayCollector()
    for stored in (anything, {"days": anything}, {"days": {TODAY.isoformat(): spread}}):
        collector.restore(stored)
        fed(collector, minutely([8.0] * 1440))
        assert math.isfinite(end(collector, 1440 * 60.0).value)


@pytest.mark.parametrize(
    "spread",
    [
        [0, [[10, -5.0]]],
        [0, [[10, math.inf]]],
        [0, [[10**9, 5.0]]],
        [99, []],
        [5, [[1700, 5.0]]],
        [0, [[cell, 1.0] for cell in range(CELLS + 1)]],
        [0, [["10", 5.0]]],
        [0, [[10, True]]],
    ],
)
def test_a_day_that_was_edited_into_nonsense_is_left_out(spread: object) -> None:
    collector = DayCollector()
    collector.restore({"days": {TODAY.isoformat(): spread}})
    assert collector.kept() == {"days": {}}


def test_a_day_of_before_a_long_stop_ends_with_what_is_known_of_it() -> None:
    former, collector = DayCollector(), DayCollector()
    fed(former, minutely([8.0] * 1200))
    collector.restore(former.kept())
    (ended,) = fed(collector, minutely([9.0] * 90), TODAY + timedelta(days=9))
    assert ended.day == TODAY
    assert ended.seconds == pytest.approx(1199 * 60, abs=1)
