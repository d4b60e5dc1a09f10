"""Value and limit of what a device's bit raises: those of the same moment or later, never those of before."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.alarms.bits import bit_rules
from custom_components.acrel_safety.aioacrel.alarms.happening import What
from custom_components.acrel_safety.aioacrel.readings import PointKey, Quality, Reading
from tests.aioacrel.alarm_rigs import NOON, Plant
from tests.aioacrel.rigs import model


def _plant() -> tuple[Plant, list[tuple[What, object, object]]]:
    plant = Plant()
    told: list[tuple[What, object, object]] = []
    plant.alarms.listen(lambda happening, standing: told.append((happening.what, standing.value, standing.limit)))
    return plant, told


def test_a_value_that_was_read_before_the_bit_is_not_told_of_its_alarm() -> None:
    plant, told = _plant()
    board = plant.add(model_id="aim-r100")
    board.quiet()
    board.say("3", Lg=89)
    board.say("3", LgHigh=True)
    assert board.safety("3") == "alarm"
    assert plant.one("LgHigh").value is None
    board.say("3", Lg=600)
    alarm = plant.one("LgHigh")
    assert (alarm.value, alarm.first_value, alarm.worst_value, alarm.limit) == (600, 600, 600, 300)
    assert told == [(What.RAISED, None, 300), (What.MEASURED, 600, 300)]


def test_a_notice_waits_for_the_value_it_tells_and_no_longer_than_a_person_would_want() -> None:
    plant, _ = _plant()
    board = plant.add(model_id="aim-r100")
    board.quiet()
    board.say("3", LgHigh=True)
    plant.pass_(0.5)
    assert plant.sent == []
    board.say("3", Lg=600)
    plant.pass_(0.0)
    (notice,) = plant.notices
    assert [(alarm.value, alarm.limit) for alarm in notice.alarms] == [(600, 300)]
    board.say("4", LgHigh=True)
    plant.pass_(0.5)
    plant.pass_(2.0)
    assert [alarm.value for alarm in plant.notices[-1].alarms] == [None]
    assert len(plant.notices) == 2


def test_an_alarm_that_is_on_at_the_start_gets_its_limit_when_that_is_read() -> None:
    plant, told = _plant()
    board = plant.add(model_id="aim-r100")
    board.say("3", LgHigh=True, Lg=600)
    plant.pass_(0.5)
    board.say("3", LgHighVal02=300)
    plant.pass_(0.0)
    assert told == [(What.RAISED, 600, None), (What.MEASURED, 600, 300)]
    assert [(alarm.value, alarm.limit) for alarm in plant.notices[0].alarms] == [(600, 300)]


@pytest.mark.parametrize("later", [550, 700])
def test_the_worst_value_is_one_of_this_time_and_not_of_the_time_before(later: int) -> None:
    plant, _ = _plant()
    board = plant.add(model_id="aim-r100")
    board.quiet()
    board.say("3", Lg=990, LgHigh=True)
    board.say("3", Lg=20, LgHigh=False)
    plant.alarms.acknowledge(plant.one("LgHigh").alarm_id, by=None)
    board.say("3", Lg=1)
    board.say("3", LgHigh=True)
    board.say("3", Lg=500)
    board.say("3", Lg=later)
    assert plant.one("LgHigh").worst_value == later


def test_what_is_over_has_its_worst_value_its_limit_and_what_is_measured_now() -> None:
    plant, _ = _plant()
    board = plant.add(model_id="aim-r100")
    board.quiet()
    board.say("3", Lg=600, LgHigh=True)
    assert not plant.one("LgHigh").is_over
    board.say("3", Lg=0, LgHigh=False)
    for now in (0, 20):
        board.say("3", Lg=now)
        alarm = plant.one("LgHigh")
        assert (alarm.is_over, alarm.worst_value, alarm.value, alarm.limit) == (True, 600, now, 300)
    board.say("3", LgHigh=Quality.NO_ANSWER)
    assert not plant.one("LgHigh").is_over, "nobody can see that it is"


def test_what_is_measured_after_a_breaker_opened_is_not_told_of_what_it_opened_for() -> None:
    plant, told = _plant()
    board = plant.add(model_id="aim-r100")
    board.quiet()
    board.say("3", Lg=600, LgHigh=True)
    board.say("3", Lg=0)
    alarm = plant.one("LgHigh")
    assert (alarm.value, alarm.worst_value, alarm.limit) == (600, 600, 300)
    board.say("3", Lg=290)
    assert plant.one("LgHigh").value == 290, "a bit stays until its value is some way back"
    board.say("4", Lg=3, LgHigh=True)
    (other,) = (one for one in plant.alarms.standing() if one.circuit == "4")
    assert (other.value, other.first_value, other.worst_value, other.limit) == (None, None, None, 300)
    assert told[-1] == (What.RAISED, None, 300)
    board.say("4", Lg=2, LgHigh=False)
    (over,) = (one for one in plant.alarms.standing() if one.circuit == "4")
    assert (over.is_over, over.value, over.worst_value) == (True, None, None)


def test_nothing_is_too_high_that_is_not_there_whether_a_limit_is_known_or_not() -> None:
    plant, _ = _plant()
    board = plant.add(model_id="aim-m10")
    board.quiet()
    board.say("1", I=0.0, DOC_Overload=True)
    assert plant.one("DOC_Overload").value is None
    board.say("1", I=48.0)
    assert plant.one("DOC_Overload").value == 48.0


@pytest.mark.parametrize("limit", [None, 300.0])
def test_of_what_somebody_else_tells_a_value_counts_only_with_the_limit_that_it_is_beyond(limit: float | None) -> None:
    spoken = replace(model("aim-r100"), is_spoken=True)
    bit, value, bound = (PointKey("3", code) for code in ("LgHigh", "Lg", "LgHighVal02"))
    (rule,) = (one for one in bit_rules(spoken) if one.key == bit)

    def judged(measured: float) -> tuple[bool | None, object, bool]:
        said = {bit: True, value: measured, **({} if limit is None else {bound: limit})}
        readings = {key: Reading(one, Quality.GOOD, NOON) for key, one in said.items()}
        verdict = rule.judge(readings, 0.0)
        return verdict.is_on, verdict.value, verdict.is_complete

    assert judged(412.0)[:2] == (True, None if limit is None else 412.0)
    assert judged(0.0)[:2] == (True, None if limit is None else 412.0)


@given(
    st.lists(st.tuples(st.booleans(), st.floats(0, 1000), st.sampled_from([None, 300.0])), min_size=1, max_size=12),
    st.booleans(),
)
def test_no_value_is_told_that_could_not_have_set_the_bit(
    steps: list[tuple[bool, float, float | None]], is_spoken: bool
) -> None:
    spoken = replace(model("aim-r100"), is_spoken=is_spoken)
    bit, value, bound = (PointKey("3", code) for code in ("LgHigh", "Lg", "LgHighVal02"))
    (rule,) = (one for one in bit_rules(spoken) if one.key == bit)
    possible: set[float] = set()
    for number, (is_on, measured, limit) in enumerate(steps):
        time = NOON + timedelta(seconds=number)
        said = {bit: is_on, value: measured, **({} if limit is None else {bound: limit})}
        verdict = rule.judge({key: Reading(one, Quality.GOOD, time) for key, one in said.items()}, number)
        assert verdict.is_on is is_on
        if not is_on:
            possible.clear()
            continue
        if (measured >= 270.0) if limit is not None else (measured > 0 and not is_spoken):
            possible.add(measured)
        assert verdict.value is None or verdict.value in possible
        assert (verdict.value is None) is (not possible)
