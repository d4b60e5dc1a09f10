"""What outlives a restart, and what a person makes of the file."""

import json
import math
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.growth import Correction, Day, FindingKind, Growth, GrowthState
from custom_components.acrel_safety.aioacrel.growth.growth import LEARNING_DAYS, MOST_DAYS, QUIET_DAYS

FIRST = date(2026, 1, 1)
LIMIT = 300.0


def day_of(number: int, value: float) -> Day:
    return Day(day=FIRST + timedelta(days=number), value=value, seconds=86400.0, correction=Correction.COLDEST)


def height(number: int) -> float:
    return 20.0 + max(0, number - 80) * 2 + number % 3


def grown(days: int) -> Growth:
    growth = Growth()
    for number in range(days):
        growth.take(day_of(number, height(number)), LIMIT)
    return growth


def through_a_file(growth: Growth) -> Growth:
    restored = Growth()
    restored.restore(json.loads(json.dumps(growth.kept(), allow_nan=False)))
    return restored


@pytest.mark.parametrize("days", [0, 1, 40, 60, 90, 118, 160])
def test_a_restart_on_any_day_changes_nothing(days: int) -> None:
    growth = grown(days)
    restored = through_a_file(growth)
    assert restored.kept() == growth.kept()
    assert restored.state is growth.state
    assert restored.finding == growth.finding
    for number in range(days, days + 60):
        assert restored.take(day_of(number, height(number)), LIMIT) == growth.take(
            day_of(number, height(number)), LIMIT
        )


def test_a_restart_on_every_day_finds_the_same_on_the_same_day() -> None:
    growth, plain = Growth(), grown(160)
    for number in range(160):
        growth = through_a_file(growth)
        growth.take(day_of(number, height(number)), LIMIT)
    assert growth.finding is not None
    assert growth.finding == plain.finding


def test_quiet_outlives_a_restart() -> None:
    growth = grown(160)
    assert growth.state is GrowthState.FOUND
    growth.acknowledge()
    restored = through_a_file(growth)
    assert restored.state is GrowthState.QUIET
    for number in range(160, 160 + QUIET_DAYS - 1):
        assert restored.take(day_of(number, height(number)), LIMIT) is None
    assert restored.take(day_of(189, height(189)), LIMIT) is not None


def test_what_is_kept_is_bounded_however_long_it_runs() -> None:
    growth = grown(1000)
    kept = growth.kept()
    assert isinstance(kept["days"], list)
    assert len(kept["days"]) == MOST_DAYS
    assert len(json.dumps(kept)) < 6000


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
KEPT = grown(160).kept()


@settings(deadline=None)
@given(st.sampled_from(sorted(KEPT)), anything, anything)
def test_whatever_is_stored_is_read_and_gone_on_from(name: str, instead: object, whole: object) -> None:
    growth = Growth()
    growth.restore(whole)
    growth.restore({**KEPT, name: instead})
    json.dumps(growth.kept(), allow_nan=False)
    for number in range(160, 165):
        growth.take(day_of(number, height(number)), LIMIT)
    assert growth.state in GrowthState
    assert 0 <= growth.days_to_learn <= LEARNING_DAYS


@settings(deadline=None)
@given(st.data(), anything)
def test_a_finding_that_was_edited_is_whole_or_gone(data: st.DataObject, instead: object) -> None:
    growth = Growth()
    finding = KEPT["finding"]
    assert isinstance(finding, dict)
    name = data.draw(st.sampled_from(sorted(finding)))
    growth.restore({**KEPT, "finding": {**finding, name: instead}})
    found = growth.finding
    if found is not None:
        assert found.kind in FindingKind
        assert all(math.isfinite(number) for number in (found.value, found.before, found.limit, found.per_day))


def test_a_broken_row_costs_that_day_and_no_other() -> None:
    rows = list(KEPT["days"]) if isinstance(KEPT["days"], list) else []
    rows[3:5] = [["2026-02-30", 20.0], ["2026-03-01", "many"]]
    growth = Growth()
    growth.restore({**KEPT, "days": rows})
    kept = growth.kept()["days"]
    assert isinstance(kept, list)
    assert len(kept) == MOST_DAYS - 2


def test_nobody_learns_more_days_than_there_are() -> None:
    growth = Growth()
    growth.restore({**KEPT, "days": [["2026-01-01", 5.0]], "finding": None})
    assert growth.state is GrowthState.LEARNING
    assert growth.days_to_learn == LEARNING_DAYS - 1


def test_quiet_is_no_way_to_silence_a_circuit_for_ever() -> None:
    growth = Growth()
    growth.restore({**KEPT, "quiet": {"growth": 999, "level_changed": -3, "other": 5}, "finding": None})
    assert growth.kept()["quiet"] == {"growth": QUIET_DAYS}


def test_a_file_of_millions_of_days_is_not_read_to_its_end() -> None:
    growth = Growth()
    growth.restore({**KEPT, "days": [["1999-01-01", 1.0]] * 2_000_000})
    assert growth.days_to_learn == LEARNING_DAYS - 1
