"""Control and alarms of a device: our own opening is no trip, and what tripped is not closed before somebody knows."""

from collections.abc import Iterator

import pytest

from custom_components.acrel_safety.aioacrel.control.surroundings import Watched
from tests.aioacrel.alarm_rigs import Plant, PlayedBoard


@pytest.fixture
def plant() -> Plant:
    return Plant()


@pytest.fixture
def board(plant: Plant) -> PlayedBoard:
    board = plant.add(model_id="ddsy1352")
    board.quiet()
    return board


@pytest.fixture
def watched(plant: Plant, board: PlayedBoard) -> Iterator[Watched]:
    watched = Watched(board.watch, lambda: plant.times.steady)
    yield watched
    watched.end()


def test_a_trip_stands_in_the_way_until_somebody_acknowledged_it(
    plant: Plant, board: PlayedBoard, watched: Watched
) -> None:
    assert watched.trip("1") == ""
    board.say(RlySta=False)
    assert "RlySta@1" in watched.trip("1")
    assert "RlySta@1" in watched.trip("0")
    assert watched.trip("2") == ""
    plant.alarms.acknowledge(plant.one("RlySta").alarm_id, by="Ada")
    assert watched.trip("1") == ""


def test_an_opening_of_ours_is_no_trip_also_where_the_voltage_goes_and_after_a_restart(
    plant: Plant, board: PlayedBoard, watched: Watched
) -> None:
    watched.expect_open("1", 60.0)
    board.say(RlySta=False, U=0.0, I=0.0)
    assert (watched.trip("1"), plant.happened) == ("", [])
    plant.restart()
    again = plant.boards[board.name]
    again.quiet(RlySta=False, U=0.0, I=0.0)
    assert plant.happened == []


@pytest.mark.parametrize("seconds", [61.0, None])
def test_an_opening_that_comes_too_late_or_after_nothing_was_sent_is_a_trip(
    plant: Plant, board: PlayedBoard, watched: Watched, seconds: float | None
) -> None:
    watched.expect_open("1", 60.0)
    if seconds is None:
        watched.expect_nothing("1")
    else:
        plant.pass_(seconds)
    board.say(RlySta=False)
    assert watched.trip("1") != ""


def test_the_sensor_of_what_tripped_it_has_to_be_sound(plant: Plant) -> None:
    board = plant.add(model_id="aim-r100")
    board.quiet()
    watched = Watched(board.watch, lambda: plant.times.steady)
    board.say("2", LgFauSta=True)
    assert watched.sensor_fault("2") == ""
    # This instrument has no breaker that could trip.
    watched._tripped_by["2"] = {"residual_current"}
    assert "LgFauSta@2" in watched.sensor_fault("2")
    assert watched.sensor_fault("3") == ""
    board.say("2", LgFauSta=False)
    assert watched.sensor_fault("2") == ""
