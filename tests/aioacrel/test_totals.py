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


def test_what_flowed_while_nobody_read_is_believed_when_it_was_said_twice() -> None:
    """A feeder of 400 kW, read every ten minutes, after a day without Home Assistant."""
    total = Total(value=1_000_000.0, time=0.0)
    seen = [total.believe(1_009_600.0 + 400 / 6 * lap, 600.0 * lap) for lap in range(3)]
    assert seen[0] == 1_000_000.0
    assert seen[1:] == [1_009_600.0 + 400 / 6 * lap for lap in (1, 2)]


def test_a_feeder_of_many_megawatts_does_not_stand_still() -> None:
    """8 MW behind transformers: more than is believed at once, but it goes on and on at the same pace."""
    total = Total(value=1_000_000.0, time=0.0)
    truth = [1_000_000.0 + 8000 / 60 * lap for lap in range(1, 60)]
    seen = [total.believe(value, 60.0 * lap) for lap, value in enumerate(truth, start=1)]
    assert seen[:2] == [1_000_000.0, 1_000_000.0]
    assert seen[3:] == truth[3:]


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
