"""Energy never runs backwards, and never leaps without insisting."""

from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.totals import LAPS_TO_BELIEVE_LESS, Total


def test_a_growing_counter_is_believed_at_once() -> None:
    total = Total()
    assert [total.believe(value, 60.0 * lap) for lap, value in enumerate([100.0, 100.5, 101.25])] == [
        100.0,
        100.5,
        101.25,
    ]


def test_a_dip_is_held_back() -> None:
    total = Total(value=500.0)
    assert total.believe(499.9, 60) == 500.0
    assert total.believe(500.1, 120) == 500.1


def test_zeros_while_a_meter_starts_are_never_published() -> None:
    total = Total(value=3737.0)
    assert [total.believe(value, 60.0 * lap) for lap, value in enumerate([0.0, 0.0, 3746.0])] == [
        3737.0,
        3737.0,
        3746.0,
    ]


def test_a_first_zero_waits_and_is_then_a_new_meter() -> None:
    total = Total()
    assert [total.believe(0.0, 60.0 * lap) for lap in range(LAPS_TO_BELIEVE_LESS)] == [None, None, 0.0]


def test_a_replaced_meter_is_believed_when_it_insists() -> None:
    total = Total(value=9000.0)
    seen = [total.believe(value, 60.0 * lap) for lap, value in enumerate([12.0, 12.1, 12.2, 12.3])]
    assert seen == [9000.0, 9000.0, 12.2, 12.3]


def test_a_leap_no_circuit_can_make_needs_a_second_reading() -> None:
    total = Total(value=100.0, time=0.0)
    assert total.believe(4_000_000.0, 60) == 100.0
    assert total.believe(101.0, 120) == 101.0
    assert total.believe(5000.0, 180) == 101.0
    assert total.believe(5000.5, 240) == 5000.5


@given(st.lists(st.floats(0, 1e7), max_size=40))
def test_a_single_wrong_reading_never_moves_the_total(noise: list[float]) -> None:
    """Any single wrong reading may come between true ones: the total never falls and never passes the truth."""
    total, truth, now, published = Total(value=1000.0), 1000.0, 0.0, 1000.0
    for wrong in noise:
        for reading in (truth, wrong if wrong < truth or wrong > truth + 100 else truth):
            now += 60
            value = total.believe(reading, now)
            assert value is not None
            assert published <= value <= truth
            published = value
        truth += 1
        now += 60
        assert total.believe(truth, now) == truth
        published = truth
