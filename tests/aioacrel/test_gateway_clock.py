"""What the times of a gateway are worth, and that a doubtful one hides nothing."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.reporting.clock import NEAR, Age, DeviceClock

DAY = 86_400.0
NOON = datetime(2026, 11, 27, 4, tzinfo=UTC).timestamp()


@given(
    st.sampled_from([-DAY, 0.0, DAY]),
    st.lists(st.tuples(st.floats(0, 30), st.floats(5, 900)), min_size=1, max_size=6),
)
def test_of_records_that_come_one_after_the_other_none_is_of_later_than_now(
    wrong: float, steps: list[tuple[float, float]]
) -> None:
    clock, now = DeviceClock(), NOON
    for on_its_way, pause in steps:
        clock.sent(float(int(now + wrong)), now + on_its_way)
        now += on_its_way + pause
        judged = clock.judge(float(int(now + wrong)), None, now)
        assert judged.age is Age.NOW
        assert now - NEAR <= judged.time <= now


def test_what_a_slow_greeting_told_of_the_clock_does_not_date_a_report_ahead_of_the_next_one() -> None:
    clock = DeviceClock()
    # Half a minute on its way: the clock seems to be slower than it is.
    clock.sent(NOON - DAY, NOON + 30)
    first = clock.judge(NOON - DAY + 31, None, NOON + 31)
    clock.sent(NOON - DAY + 35, NOON + 35)
    second = clock.judge(NOON - DAY + 36, None, NOON + 36)
    assert first.time < second.time == NOON + 36


def test_of_a_clock_that_is_ahead_what_was_stored_is_older_than_what_is_so_now() -> None:
    clock = DeviceClock()
    current = clock.judge(NOON + 60, None, NOON)
    stored = clock.judge(NOON + 30, None, NOON + 1)
    assert (current.age, current.time, stored.time) == (Age.NOW, NOON, NOON - 30)
