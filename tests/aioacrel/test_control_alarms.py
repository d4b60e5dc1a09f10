"""Control and alarms of a device: our own opening is no trip, and what tripped is not closed before somebody knows."""

import json
from collections.abc import Iterator, Mapping, Sequence

import pytest

from custom_components.acrel_safety.aioacrel.control.surroundings import Watched
from custom_components.acrel_safety.aioacrel.models import read_model
from custom_components.acrel_safety.aioacrel.readings import Quality
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
    assert str(watched.trip("1")) == "Opened without a command from here"
    assert str(watched.trip("0")) == str(watched.trip("1"))
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


BREAKER = read_model(
    """
[model]
id = "breaker"
name = "Breaker"
title = { en = "A breaker that measures what may trip it" }
evidence = "manual"
source = "test"
[[circuits]]
numbers = "1"
[circuits.points]
RlySta = { at = 1 }
Lg = { at = 2 }
LgHigh = { at = 3 }
LgFauSta = { at = 4 }
TempA = { at = 5 }
""",
    file="breaker.toml",
)


class Kept:
    """What was kept of trips."""

    def __init__(self) -> None:
        self.last: object = None

    def __call__(self, tripped_by: Mapping[str, Sequence[str]]) -> None:
        self.last = json.loads(json.dumps(tripped_by))


def tripped_by_leakage(plant: Plant) -> tuple[PlayedBoard, Kept]:
    """Trip a breaker by leakage, and let all of it be over and acknowledged."""
    board, kept = PlayedBoard(plant, "Kitchen", BREAKER, {}, {}, "", {}), Kept()
    plant.boards[board.name] = board
    board.device.want(board.model.readable)
    board.quiet(LgHigh=False, LgFauSta=False)
    watched = Watched(board.watch, lambda: plant.times.steady, keep=kept)
    board.say(LgHigh=True)
    board.say(RlySta=False)
    for code in ("LgHigh", "RlySta"):
        plant.alarms.acknowledge(plant.one(code).alarm_id, by="Ada")
    board.say(LgHigh=False)
    watched.end()
    return board, kept


def test_what_tripped_a_circuit_is_known_after_a_restart(plant: Plant) -> None:
    board, kept = tripped_by_leakage(plant)
    again = Watched(board.watch, lambda: plant.times.steady, kept=kept.last)
    assert again.sensor_fault("1") == ""
    board.say(TempA=Quality.INVALID)
    assert again.sensor_fault("1") == ""
    board.say(LgFauSta=True)
    assert "LgFauSta@1" in again.sensor_fault("1")
    # Who knows nothing of the trip would let it be closed.
    assert Watched(board.watch, lambda: plant.times.steady).sensor_fault("1") == ""


def test_when_it_was_closed_what_tripped_it_before_is_over_also_after_a_restart(plant: Plant) -> None:
    board, kept = tripped_by_leakage(plant)
    watched = Watched(board.watch, lambda: plant.times.steady, kept=kept.last, keep=kept)
    board.say(RlySta=True)
    watched.closed("1")
    board.say(LgFauSta=True)
    assert (watched.sensor_fault("1"), kept.last) == ("", {})
    watched.end()


@pytest.mark.parametrize("kept", ["?", [None], {"1": "residual"}, {"1": [1]}, 7])
def test_of_what_cannot_be_read_any_broken_sensor_stands_in_the_way(plant: Plant, kept: object) -> None:
    board, _ = tripped_by_leakage(plant)
    watched = Watched(board.watch, lambda: plant.times.steady, kept=kept)
    assert watched.sensor_fault("1") == ""
    board.say(TempA=Quality.INVALID)
    assert "TempA@1" in watched.sensor_fault("1")
