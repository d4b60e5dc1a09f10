"""What creeps is found weeks before its limit; what stands, is noisy, or peaks is not; what leaps is asked about."""

import itertools
import math
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.growth import Correction, Day, Finding, FindingKind, Growth, GrowthState
from custom_components.acrel_safety.aioacrel.growth.growth import LEARNING_DAYS, MOST_DAYS, QUIET_DAYS
from custom_components.acrel_safety.aioacrel.growth.trend import slope, trend_score

FIRST = date(2026, 1, 1)
LIMIT = 300.0
WHOLE = 86400.0


def day_of(number: int, value: float, seconds: float = WHOLE) -> Day:
    return Day(day=FIRST + timedelta(days=number), value=value, seconds=seconds)


def watched(growth: Growth, heights: Iterable[float], limit: float = LIMIT, start: int = 0) -> list[Finding]:
    found = (growth.take(day_of(number, value), limit) for number, value in enumerate(heights, start))
    return [finding for finding in found if finding is not None]


def ramp(level: float, per_day: float, flat: int = 90, days: int = 200) -> list[float]:
    return [level] * flat + [level + per_day * day for day in range(1, days)]


def noisy(level: float, share: float, days: int, seed: int = 1) -> list[float]:
    chance = Random(seed)  # noqa: S311 - no secret
    return [level * max(chance.gauss(1, share), 0) for _ in range(days)]


@settings(max_examples=30, deadline=None)
@given(st.floats(min_value=0, max_value=250), st.floats(min_value=0, max_value=0.1), st.integers(0, 2**32))
def test_what_stands_is_never_found_however_noisy(level: float, noise: float, seed: int) -> None:
    growth = Growth()
    assert watched(growth, noisy(level, noise, 250, seed)) == []
    assert growth.state is GrowthState.WATCHING


@settings(max_examples=30, deadline=None)
@given(st.floats(min_value=0, max_value=250), st.integers(60, 200), st.integers(1, 3))
def test_a_few_wild_days_are_never_found(level: float, at: int, days: int) -> None:
    heights = [level] * 250
    heights[at : at + days] = [10_000.0] * days
    assert watched(Growth(), heights) == []


@settings(max_examples=50, deadline=None)
@given(
    level=st.floats(min_value=1, max_value=100),
    days=st.integers(min_value=45, max_value=300),
    noise=st.floats(min_value=0, max_value=0.05),
    seed=st.integers(0, 2**32),
)
@example(level=100.0, days=45, noise=0.0, seed=0)
@example(level=1.0, days=300, noise=0.0, seed=0)
def test_a_clean_ramp_is_always_found_a_fortnight_before_its_limit(
    level: float, days: int, noise: float, seed: int
) -> None:
    chance = Random(seed)  # noqa: S311 - no secret
    heights = [height * max(chance.gauss(1, noise), 0) for height in ramp(level, (LIMIT - level) / days, days=days)]
    found = watched(Growth(), heights)
    growth = next(finding for finding in found if finding.kind is FindingKind.GROWTH)
    assert (growth.found - FIRST).days <= 90 + days - 14
    assert all(finding.found > FIRST + timedelta(days=90) for finding in found)
    assert noise or found == [growth]


@settings(max_examples=10, deadline=None)
@given(st.floats(min_value=1e-3, max_value=1e3))
def test_another_unit_finds_the_same_on_the_same_day(factor: float) -> None:
    # A power of two, so that rounding plays no part.
    factor = 2.0 ** round(math.log2(factor))
    heights = [value * weather for value, weather in zip(ramp(20, 1.5), noisy(1, 0.05, 290), strict=False)]
    (plain,) = watched(Growth(), heights)
    (scaled,) = watched(Growth(), [height * factor for height in heights], LIMIT * factor)
    assert scaled.found == plain.found
    assert scaled.days_to_limit == pytest.approx(plain.days_to_limit)
    assert scaled.value == pytest.approx(plain.value * factor)


def test_a_finding_says_all_a_sentence_needs() -> None:
    (found,) = watched(Growth(), ramp(20.0, 2.0))
    assert found.before == pytest.approx(20, abs=1)
    assert found.value == pytest.approx(20 + 2 * ((found.found - FIRST).days - 89 - 3), abs=1)
    assert 0.5 <= found.per_day <= 2.0
    assert found.days_to_limit == pytest.approx((LIMIT - found.value) / found.per_day)
    assert abs((found.since - FIRST).days - 91) <= 10
    assert found.limit == LIMIT
    assert found.correction is Correction.NONE
    assert found.figures.rise == pytest.approx(found.value - found.before)
    assert found.figures.of_limit == pytest.approx(found.figures.rise / LIMIT)
    assert found.figures.score >= 4.5
    assert found.figures.at_once < 0.5
    assert 40 <= found.figures.days <= found.window <= MOST_DAYS


@pytest.mark.parametrize(("per_day", "limit"), [(0.05, 300.0), (2.0, math.inf), (2.0, 1e5), (2.0, math.nan), (2, 0.0)])
def test_what_is_small_against_its_limit_or_has_none_may_grow(per_day: float, limit: float) -> None:
    assert watched(Growth(), ramp(20.0, per_day), limit) == []


def test_a_limit_that_was_lowered_makes_a_hazard_of_what_was_none() -> None:
    growth, heights = Growth(), ramp(20.0, 0.3)
    assert watched(growth, heights[:180], 3000.0) == []
    (found,) = watched(growth, heights[180:190], 90.0, start=180)
    assert found.limit == 90.0


def test_a_step_is_a_question_and_no_growth() -> None:
    growth = Growth()
    (found,) = watched(growth, [*noisy(20, 0.05, 90), *noisy(60, 0.05, 60, seed=2)])
    assert found.kind is FindingKind.LEVEL_CHANGED
    assert abs((found.since - FIRST).days - 90) <= 1
    assert found.days_to_limit is None
    assert found.figures.step == pytest.approx(40, abs=6)
    assert growth.state is GrowthState.FOUND


def test_a_new_appliance_is_normal_from_then_on() -> None:
    growth = Growth()
    watched(growth, [*noisy(20, 0.05, 90), *noisy(60, 0.05, 20, seed=2)])
    growth.answer(is_new_appliance=True)
    assert growth.state is GrowthState.WATCHING
    assert watched(growth, noisy(60, 0.05, 200, seed=3), start=110) == []


def test_what_is_no_new_appliance_is_not_taken_for_normal_and_not_asked_again_at_once() -> None:
    growth = Growth()
    days = iter(enumerate([*noisy(20, 0.02, 90), *noisy(90, 0.02, 60, seed=2)]))
    assert any(growth.take(day_of(number, height), LIMIT) for number, height in days)
    before = growth.kept()["days"]
    growth.answer(is_new_appliance=False)
    assert growth.kept()["days"] == before
    month = itertools.islice(days, QUIET_DAYS - 1)
    assert not any(growth.take(day_of(number, height), LIMIT) for number, height in month)


@pytest.mark.parametrize("is_answered", [True, False])
def test_what_grows_after_a_step_is_found_whether_or_not_anybody_answered(is_answered: bool) -> None:
    growth = Growth()
    (asked,) = watched(growth, [*noisy(20, 0.03, 90), *noisy(60, 0.03, 25, seed=2)])
    assert asked.kind is FindingKind.LEVEL_CHANGED
    if is_answered:
        growth.answer(is_new_appliance=True)
    (found,) = watched(growth, [60.0 + 3 * day for day in range(66)], start=115)
    assert found.kind is FindingKind.GROWTH
    assert growth.finding is found


def test_one_finding_until_it_is_acknowledged_and_then_a_month_of_quiet() -> None:
    growth = Growth()
    heights = ramp(20.0, 1.0, days=260)
    days = iter(enumerate(heights))
    first = next(found for number, height in days if (found := growth.take(day_of(number, height), LIMIT)))
    assert [growth.take(day_of(number, height), LIMIT) for number, height in itertools.islice(days, 40)] == [None] * 40
    assert growth.finding is first
    growth.acknowledge()
    assert growth.state is GrowthState.QUIET
    again = next(found for number, height in days if (found := growth.take(day_of(number, height), LIMIT)))
    assert (again.found - first.found).days == 40 + QUIET_DAYS


def test_nothing_is_said_while_it_learns() -> None:
    growth = Growth()
    assert watched(growth, [10.0 + 4 * day for day in range(LEARNING_DAYS - 1)]) == []
    assert growth.state is GrowthState.LEARNING
    assert growth.days_to_learn == 1
    assert watched(growth, [10.0 + 4 * day for day in range(LEARNING_DAYS - 1, LEARNING_DAYS + 5)], start=59)
    assert growth.days_to_learn == 0


def test_days_of_which_too_little_is_known_do_not_count() -> None:
    growth = Growth()
    for number in range(200):
        assert growth.take(day_of(number, 10.0 + 4 * number, 17.9 * 3600), LIMIT) is None
    assert growth.days_to_learn == LEARNING_DAYS


def test_the_same_day_twice_is_one_day() -> None:
    growth = Growth()
    for _ in range(3 * LEARNING_DAYS):
        growth.take(day_of(1, 10.0), LIMIT)
    assert growth.days_to_learn == LEARNING_DAYS - 1


def _forget(growth: Growth) -> None:
    growth.restart()


def _correct(growth: Growth) -> None:
    growth.take(Day(day=FIRST, value=1.0, seconds=WHOLE, correction=Correction.AMBIENT), LIMIT)


@pytest.mark.parametrize("change", [_forget, _correct])
def test_another_sensor_or_correction_begins_anew(change: Callable[[Growth], None]) -> None:
    growth = Growth()
    watched(growth, ramp(20.0, 2.0))
    change(growth)
    assert growth.state is GrowthState.LEARNING
    assert growth.finding is None
    assert watched(growth, [400.0] * 100, start=300) == []


@pytest.mark.parametrize("jump", [365, -20_000])
def test_days_of_a_wrong_clock_neither_find_nor_hide_anything(jump: int) -> None:
    growth, heights = Growth(), ramp(20.0, 2.0)
    assert watched(growth, heights[:95]) == []
    assert watched(growth, [500.0] * 6, start=95 + jump) == []
    (found,) = watched(growth, heights[101:], start=101)
    (undisturbed,) = watched(Growth(), heights)
    assert abs((found.found - undisturbed.found).days) <= 6


def test_days_that_are_missing_are_no_slope() -> None:
    """Two weeks without data, and the load of before comes back."""
    growth = Growth()
    heights = noisy(50, 0.05, 200)
    found = [growth.take(day_of(number, heights[number]), LIMIT) for number in range(200) if not 100 <= number < 114]
    assert set(found) == {None}


def test_a_limit_below_what_was_taken_off_says_nothing() -> None:
    growth = Growth()
    for number, height in enumerate(ramp(20.0, 2.0)):
        day = Day(day=FIRST + timedelta(days=number), value=height, seconds=WHOLE, reference=30.0)
        assert growth.take(day, 25.0) is None


def test_the_limit_is_lowered_by_what_was_taken_off() -> None:
    growth, found = Growth(), None
    for number, height in enumerate(ramp(10.0, 0.5)):
        day = Day(day=FIRST + timedelta(days=number), value=height, seconds=WHOLE, reference=25.0)
        found = found or growth.take(day, 80.0)
    assert found is not None
    assert found.limit == pytest.approx(55.0)


@given(st.lists(st.integers(0, 5), min_size=2, max_size=60))
def test_the_score_is_that_of_every_pair(values: list[int]) -> None:
    score = sum((b > a) - (b < a) for a, b in itertools.combinations(values, 2))
    result = trend_score([float(value) for value in values])
    assert math.copysign(1, result) == math.copysign(1, score) or abs(score) <= 1
    assert (abs(result) > 0) == (abs(score) > 1)


def test_scores_and_slopes_of_known_series() -> None:
    # Kendall: 10 values in order have S = 45 and a variance of 125.
    assert trend_score([float(value) for value in range(10)]) == pytest.approx(44 / math.sqrt(125))
    assert trend_score([1.0] * 10) == 0
    assert slope([0, 1, 2, 3, 10], [0.0, 2.0, 4.0, 600.0, 20.0]) == pytest.approx(2.0, abs=0.01)
