"""Value and limit of what a device's bit raises: those of the same moment or later, never those of before."""

import pytest

from custom_components.acrel_safety.aioacrel.alarms.happening import What
from custom_components.acrel_safety.aioacrel.readings import Quality
from tests.aioacrel.alarm_rigs import Plant


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
