"""Energy never runs backwards, and what a dead meter says is no energy, however often it says so."""

from dataclasses import dataclass, field, replace
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.totals import (
    DOUBT_SECONDS,
    POWER_FACTOR,
    POWER_FLOOR,
    ZERO_SECONDS,
    Answer,
    Held,
    Remembered,
    Total,
    may_fall,
)
from tests.aioacrel.rigs import model

POLL = 60.0
LAPS_OF_AN_HOUR = 60


@dataclass
class Meter:
    """A counter that is read once a minute."""

    total: Total = field(default_factory=Total)
    now: float = 0.0
    power: float | None = None

    def say(self, *counts: float) -> list[float | None]:
        """Read the counter some times; return what is shown."""
        shown = []
        for count in counts:
            self.now += POLL
            shown.append(self.total.believe(count, self.now, power=self.power))
        return shown

    def held(self) -> Held | None:
        return self.total.held(self.now)

    def settle(self, answer: Answer) -> float | None:
        self.total.settle(answer, self.now)
        return self.total.value


def known(count: float, power: float | None = None) -> Meter:
    meter = Meter(power=power)
    assert meter.say(count, count) == [None, count]
    return meter


def test_a_growing_counter_is_believed_at_once() -> None:
    assert known(100.0).say(100.5, 101.25) == [100.5, 101.25]


def test_a_dip_is_held_back() -> None:
    assert known(500.0).say(499.9, 500.1) == [500.0, 500.1]


@pytest.mark.parametrize("dead", [0.0, 429_496_729.5, 29_360.12, 12.0])
@pytest.mark.parametrize("power", [None, 0.0, 3.0])
def test_however_long_a_dead_meter_repeats_itself_it_is_not_believed(dead: float, power: float | None) -> None:
    meter = known(29_062.7, power)
    assert set(meter.say(*[dead] * 24 * LAPS_OF_AN_HOUR)) == {29_062.7}
    assert meter.say(29_063.5) == [29_063.5]


def test_a_first_zero_waits_and_is_then_a_new_meter() -> None:
    meter = Meter()
    shown = meter.say(0.0, 0.0, 0.25)
    assert shown == [None, 0.0, 0.25]
    assert ZERO_SECONDS <= POLL


def test_what_follows_a_first_zero_is_no_energy() -> None:
    meter = Meter()
    assert meter.say(0.0, 0.0, 29_062.7, 29_062.8) == [None, 0.0, 0.0, 0.0]


def test_the_owner_is_asked_after_a_while_and_not_of_what_passes() -> None:
    meter = known(9000.0)
    meter.say(12.0, 12.1)
    assert meter.held() is None
    meter.say(9000.5)
    meter.say(*[12.0] * int(DOUBT_SECONDS / POLL + 1))
    assert meter.held() == Held(shown=9000.5, said=12.0)
    meter.say(9001.0)
    assert meter.held() is None


def test_a_replaced_meter_that_began_at_nothing_is_shown_as_it_is() -> None:
    meter = known(9000.0)
    meter.say(*[0.1 * lap for lap in range(30)])
    assert meter.settle(Answer.REPLACED) == pytest.approx(2.9)
    assert meter.say(3.0) == [3.0]
    assert meter.total.offset == 0


@pytest.mark.parametrize("former", [9000.0, 100.0])
def test_a_used_meter_goes_on_from_the_last_value(former: float) -> None:
    meter = known(former)
    meter.say(*[5000.0 + 0.1 * lap for lap in range(30)])
    held = meter.held()
    assert held is not None
    assert held.shown == former
    assert held.said == pytest.approx(5002.9)
    # What it has counted since it was there is energy.
    assert meter.settle(Answer.REPLACED) == pytest.approx(former + 2.9)
    assert meter.held() is None
    assert meter.say(5003.9) == [pytest.approx(former + 3.9)]


def test_a_counter_that_rolled_over_goes_on_when_the_owner_says_so() -> None:
    meter = known(999_999.5)
    meter.say(*[0.5 + 0.1 * lap for lap in range(20)])
    meter.settle(Answer.REPLACED)
    assert meter.say(3.0) == [pytest.approx(3.0)]


def test_a_meter_that_is_right_is_shown() -> None:
    meter = known(100.0)
    meter.say(*[5000.0] * 30)
    assert meter.settle(Answer.RIGHT) == 5000.0
    assert meter.say(5000.5) == [5000.5]


def test_a_fault_is_not_asked_about_again() -> None:
    meter = known(100.0)
    meter.say(*[5000.0] * 30)
    assert meter.settle(Answer.FAULT) == 100.0
    meter.say(*[5001.0] * 30)
    assert meter.held() is None
    assert meter.say(100.5) == [100.5]


def test_another_way_that_is_behind_is_held_without_a_question() -> None:
    total = Total()
    total.believe(500.0, 0, origin="line")
    assert total.believe(500.0, 1, origin="line") == 500.0
    for lap in range(100):
        assert total.believe(490.0, 60.0 * lap, origin="cloud") == 500.0
    assert total.held(6000) is None
    assert total.believe(500.5, 6060, origin="cloud") == 500.5


def test_little_more_than_the_power_explains_is_a_leap() -> None:
    """A low word that reads all ones: 30 kWh on a circuit of 2 kW."""
    meter = known(6524.32, power=2.0)
    assert meter.say(6553.6, 6524.36) == [6524.32, 6524.36]


def test_what_flowed_while_nobody_read_is_believed() -> None:
    """A feeder of 400 kW after a day without Home Assistant."""
    meter = Meter(power=400.0)
    meter.total.restore(Remembered(count=1_000_000.0, age=86_400.0), meter.now)
    assert meter.say(1_009_600.0, 1_009_606.6) == [1_000_000.0, 1_009_606.6]


def test_what_cannot_have_flowed_since_is_not() -> None:
    meter = Meter()
    meter.total.restore(Remembered(count=100.0, age=3600.0), meter.now)
    assert meter.say(29_062.7) == [100.0]


def test_after_a_change_of_settings_the_owner_is_asked_at_once() -> None:
    meter = Meter()
    meter.total.restore(Remembered(count=9000.0, age=60.0, is_other=True), meter.now)
    assert meter.say(12.0) == [9000.0]
    assert meter.held() == Held(shown=9000.0, said=12.0)


def test_an_offset_is_remembered() -> None:
    meter = Meter()
    meter.total.restore(Remembered(count=5000.0, offset=4000.0, age=60.0), meter.now)
    assert meter.say(5000.5) == [9000.5]


def test_a_feeder_of_many_megawatts_does_not_stand_still() -> None:
    """8 MW behind transformers, no power read: more than is believed at once, but it goes on and on at one pace."""
    meter = known(1_000_000.0)
    truth = [1_000_000.0 + 8000 / 60 * lap for lap in range(1, 60)]
    shown = meter.say(*truth)
    until = int(DOUBT_SECONDS / POLL)
    assert set(shown[:until]) == {1_000_000.0}
    assert shown[until + 1 :] == truth[until + 1 :]


def test_a_counter_of_coarse_steps_does_not_stand_still() -> None:
    """One step of the counter is 200 kWh (CT 100, PT 200), of which 5 MW make one in 2.4 minutes."""
    meter = known(1_000_000.0)
    truth = [1_000_000.0 + 200 * int(5000 / 60 * lap / 200) for lap in range(1, 60)]
    shown = meter.say(*truth)
    assert shown[20:] == truth[20:]


def pattern(random: Random, truth: float) -> float:
    """Return what a dead or torn meter says, in hundredths of 32 bits."""
    raw = int(truth * 100)
    return (
        random.choice(
            [
                0,
                0xFFFF_FFFF,
                0x7FFF_FFFF,
                0x8000_0000,
                raw & 0xFFFF_0000,
                raw | 0xFFFF,
                raw & 0xFFFF,
                raw | 0xFFFF_0000,
                (raw & 0xFFFF) << 16 | raw >> 16,
                random.getrandbits(16) * 0x1_0001,
                random.getrandbits(32),
                raw - random.randrange(1, 10_000),
                raw + random.randrange(100_000, 10_000_000),
            ]
        )
        / 100
    )


def episode(seed: int) -> None:
    """A day of a meter that dies for a while, one way or another."""
    random = Random(seed)  # noqa: S311 - no secret
    meter, truth = Meter(power=random.choice([0.0, 2.0, 40.0])), random.uniform(0, 300_000)
    assert meter.power is not None
    per_poll = meter.power / 60
    shown = meter.say(truth, truth)[1:]
    begins, lasts = random.randrange(10), random.choice([1, 2, 3, 4, 10, 60, 600])
    is_constant, dead = random.random() < 0.5, pattern(random, truth)
    for lap in range(begins + lasts + 20):
        truth += per_poll
        is_dead = begins <= lap < begins + lasts
        reading = (dead if is_constant else pattern(random, truth)) if is_dead else truth
        (value,) = meter.say(reading)
        shown.append(value)
        assert value is not None
        # What is little enough to be true may be shown for a while: then the truth has soon caught up.
        assert value <= truth + POWER_FLOOR + POWER_FACTOR * per_poll, f"phantom energy: {value} for {truth}"
    assert all(before is not None and after is not None and before <= after for before, after in pairwise(shown))
    assert shown[-1] == truth


@pytest.mark.parametrize("seeds", [range(start, start + 100) for start in range(0, 1000, 100)], ids=str)
def test_a_thousand_dead_meters_make_no_energy(seeds: range) -> None:
    for seed in seeds:
        episode(seed)


@given(st.lists(st.floats(0, 1e7), max_size=40))
def test_a_single_wrong_reading_never_moves_the_total(noise: list[float]) -> None:
    """Any single wrong reading may come between true ones: the total never falls and never passes the truth."""
    meter, truth, published = known(1000.0), 1000.0, 1000.0
    for wrong in noise:
        for reading in (truth, wrong if wrong < truth or wrong > truth + 100 else truth):
            (value,) = meter.say(reading)
            assert value is not None
            assert published <= value <= truth
            published = value
        truth += 1
        assert meter.say(truth) == [truth]
        published = truth


def restarted(meter: Meter, away: float = 5.0) -> Meter:
    """Return what goes on after a restart."""
    again = Meter(power=meter.power, now=1_000.0)
    former = meter.total.remembered(meter.now)
    doubt = former.doubt and replace(former.doubt, age=former.doubt.age + away, silence=former.doubt.silence + away)
    again.total.restore(replace(former, age=former.age + away, doubt=doubt), again.now)
    return again


@pytest.mark.parametrize("power", [None, 6.0])
@pytest.mark.parametrize("is_answered", [True, False])
def test_a_held_leap_is_held_over_a_restart(power: float | None, *, is_answered: bool) -> None:
    meter = known(1000.0, power)
    meter.say(*[5000.0] * 180)
    if is_answered:
        meter.settle(Answer.FAULT)
    again = restarted(meter)
    assert again.say(*[5000.0] * 180) == [1000.0] * 180
    assert again.held() == (None if is_answered else Held(shown=1000.0, said=5000.0))


def test_right_after_a_former_replacement_counts_the_rise_alone() -> None:
    meter = known(1000.0)
    meter.say(*[50_000.0] * 20)
    assert meter.settle(Answer.REPLACED) == 1000.0
    meter.say(50_000.1, *[50_060.0] * 20)
    held = meter.held()
    assert held is not None
    assert held.shown == pytest.approx(1000.1)
    assert held.said == pytest.approx(1060.0)
    assert meter.settle(Answer.RIGHT) == pytest.approx(1060.0)


@pytest.mark.parametrize(("former", "used", "fallen", "shown"), [(9000, 5000, 4800, 8800), (100, 5000, 3000, 100)])
def test_right_of_a_fall_after_a_replacement_is_no_energy(
    former: float, used: float, fallen: float, shown: float
) -> None:
    meter = known(former)
    meter.say(*[used] * 20)
    meter.settle(Answer.REPLACED)
    meter.say(*[fallen] * 20)
    assert meter.settle(Answer.RIGHT) == shown


@pytest.mark.parametrize("power", [None, 10.0])
def test_a_used_meter_answered_days_later_counts_since_it_was_there(power: float | None) -> None:
    meter = known(5000.0, power)
    meter.say(*[1500.0 + 0.05 * lap for lap in range(2 * 24 * LAPS_OF_AN_HOUR)])
    assert restarted(meter).settle(Answer.REPLACED) == pytest.approx(5143.95)
    assert meter.settle(Answer.REPLACED) == pytest.approx(5143.95)


def test_a_new_meter_answered_days_later_is_counted_from_nothing() -> None:
    meter = known(5000.0, 6.0)
    meter.say(*[0.05 * lap for lap in range(2 * 24 * LAPS_OF_AN_HOUR)])
    assert restarted(meter).settle(Answer.REPLACED) == pytest.approx(143.95)


@pytest.mark.parametrize("answer", [Answer.RIGHT, Answer.REPLACED])
def test_an_answer_is_no_answer_to_what_the_meter_says_since(answer: Answer) -> None:
    meter = known(1000.0)
    meter.say(*[3.0] * 20)
    asked = meter.held()
    meter.say(250_000.0)
    assert not meter.total.settle(answer, meter.now, asked)
    assert meter.total.value == 1000.0


def test_an_answer_holds_for_what_went_on_since() -> None:
    meter = known(1000.0)
    meter.say(*[3.0] * 20)
    asked = meter.held()
    meter.say(3.1, 3.2)
    assert meter.total.settle(Answer.RIGHT, meter.now, asked)
    assert meter.total.value == 3.2


def test_a_wrong_first_reading_is_not_believed() -> None:
    assert Meter().say(655.35, 29_062.7, 29_062.8) == [None, None, 29_062.8]


def test_after_a_silence_what_is_far_takes_two_readings() -> None:
    meter = known(1000.0, 6.0)
    meter.now += 3600
    assert meter.say(1012.0, 900.0, 1012.2, 1012.3, 1012.4) == [1000.0, 1000.0, 1000.0, 1012.3, 1012.4]


def test_while_it_is_held_below_one_reading_above_is_not_believed() -> None:
    meter = known(1000.0, 6.0)
    meter.say(*[12.0] * 600)
    assert meter.say(1050.0, 12.0, 12.1) == [1000.0] * 3
    held = meter.held()
    assert held is not None
    assert held.said == 12.1


def test_a_load_between_two_readings_takes_one_more() -> None:
    assert known(1000.0, 0.02).say(1001.25, 1001.26) == [1000.0, 1001.26]


def test_a_small_leap_is_right_when_the_meter_goes_on_and_nobody_is_asked() -> None:
    meter = known(1000.0, 2.0)
    shown = []
    for lap in range(20):
        shown += meter.say(1008.0 + lap / 30)
        assert meter.held() is None
    assert set(shown[:10]) == {1000.0}
    assert shown[-1] == pytest.approx(1008.0 + 19 / 30)


def test_a_small_leap_of_a_dead_meter_is_not() -> None:
    meter = known(1000.0, 2.0)
    assert meter.say(*[1008.0] * 600, 1000.5) == [1000.0] * 600 + [1000.5]


def test_what_the_owner_called_right_is_not_asked_about_again_over_a_restart_too() -> None:
    meter = known(1000.0, 2.0)
    meter.say(*[1030.0] * 20)
    assert meter.held() is not None
    meter.settle(Answer.RIGHT)
    again = restarted(meter)
    assert again.say(*[1065.0] * 10)[-1] == 1065.0
    assert again.held() is None


def test_what_was_right_once_is_forgotten_by_and_by() -> None:
    meter = known(1000.0, 2.0)
    meter.say(*[1030.0] * 20)
    meter.settle(Answer.RIGHT)
    meter.say(*[1030.0] * 90 * 24 * LAPS_OF_AN_HOUR)
    meter.say(*[1060.0] * 20)
    assert meter.held() is not None


def test_the_power_that_was_seen_is_forgotten_by_and_by() -> None:
    meter = known(1000.0, 300.0)
    meter.say(1005.0, 1010.0)
    meter.power = 0.0
    meter.say(*[1010.0] * 180 * 24 * LAPS_OF_AN_HOUR)
    meter.now += 3600
    assert meter.say(*[1210.0] * 20) == [1010.0] * 20


@pytest.mark.parametrize(("said", "is_asking"), [(9012.0, True), (8990.0, True), (9000.02, False)])
def test_what_may_be_another_meter_is_asked_about_unless_it_says_the_same(said: float, *, is_asking: bool) -> None:
    meter = Meter(power=6.0)
    meter.total.restore(Remembered(count=9000.0, age=3600.0, is_other=True), meter.now)
    meter.say(said)
    assert (meter.held() is not None) is is_asking
    meter.say(*[said + lap / 10 for lap in range(60)])
    assert (meter.held() is not None) is is_asking


def test_a_meter_called_faulty_that_comes_to_life_is_asked_about_again() -> None:
    meter = known(9000.0)
    meter.say(*[0.0] * 20)
    meter.settle(Answer.FAULT)
    meter.say(*[0.0] * 600)
    assert meter.held() is None
    meter.say(*[0.1 * lap for lap in range(20)])
    assert meter.held() is not None
    assert meter.settle(Answer.REPLACED) == pytest.approx(1.9)


@pytest.mark.parametrize(
    ("name", "falling"),
    [
        ("adw300", {"EP", "EPA", "EPB", "EPC"}),
        ("adl400", {"EP", "EPJ", "EPF", "EPP", "EPG"}),
        ("adl100", {"EP", "EPF", "EPP", "EPG", "EQ"}),
        ("ddsy1352", set()),
    ],
)
def test_only_what_can_be_less_what_was_exported_may_fall(name: str, falling: set[str]) -> None:
    points = model(name).points
    assert {key.code for key, point in points.items() if may_fall(point, points)} == falling


def net(count: float, power: float) -> Meter:
    meter = Meter(Total(may_fall=True), power=power)
    meter.say(count, count)
    return meter


def test_a_net_energy_falls_as_fast_as_it_rises() -> None:
    meter = net(100.0, 5.0)
    truth = [100.0 - lap / 12 for lap in range(24 * LAPS_OF_AN_HOUR)]
    assert meter.say(*truth) == truth
    assert truth[-1] < 0


@pytest.mark.parametrize("dead", [0.0, 21_474_836.0, 8900.0])
def test_a_net_energy_of_a_dead_meter_is_held_all_the_same(dead: float) -> None:
    meter = net(9000.0, 5.0)
    assert set(meter.say(*[dead] * 600)) == {9000.0}
    assert meter.held() is not None
    assert meter.say(8999.5) == [8999.5]


def test_another_net_meter_goes_on_from_the_last_value() -> None:
    meter = net(9000.0, 5.0)
    meter.say(*[0.1 * lap for lap in range(20)])
    assert meter.settle(Answer.REPLACED) == pytest.approx(9001.9)
    assert meter.say(1.8) == [pytest.approx(9001.8)]
