"""Months through the alarms: what grows is a pre-alarm until a person acknowledges it, what leaps is a question."""

import math
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import pytest

from custom_components.acrel_safety.aioacrel.alarms.growths import Question
from custom_components.acrel_safety.aioacrel.alarms.happening import What
from custom_components.acrel_safety.aioacrel.alarms.ownerlimits import OwnerLimit
from custom_components.acrel_safety.aioacrel.readings import PointKey, Quality, Value
from tests.aioacrel.alarm_rigs import NOON, Plant, PlayedBoard, quiet

HOUR = 3600.0
type Course = Callable[[int], Mapping[str, Value | Quality]]
"""What circuit 1 shows on each day."""


@pytest.fixture
def plant() -> Plant:
    """Return a plant that watches slow growth."""
    return Plant(grows=True)


def live(plant: Plant, days: range, course: Course, name: str = "Kitchen board") -> None:
    """Let days pass with a reading an hour; all else is well from the first one on."""
    board = plant.boards[name]
    board.source.say(quiet(board.model))
    for day in days:
        shown = {PointKey("1", code): value for code, value in course(day).items()}
        for _ in range(24):
            plant.times.pass_(HOUR)
            board.source.say(shown)


def creeping(level: float, per_day: float, begins: int) -> Course:
    return lambda day: {"Lg": level + per_day * max(day - begins, 0)}


def grown(plant: Plant) -> list[str]:
    return [f"{one.board.name}/{one.circuit}/{one.code}" for one in plant.alarms.standing() if one.figures]


def asked(plant: Plant) -> list[Question]:
    return [question for _, question in plant.alarms.questions()]


def test_a_residual_current_that_creeps_is_a_pre_alarm_with_the_figures_that_led_to_it(plant: Plant) -> None:
    board = plant.add()
    live(plant, range(90), creeping(20, 1, 90))
    assert board.safety("1") == "safe"
    live(plant, range(90, 140), creeping(20, 1, 90))
    assert grown(plant) == ["Kitchen board/1/Lg"]
    found = plant.one("Lg")
    assert (found.name, found.level, found.word, found.unit) == (
        "Residual current grows slowly", "pre_alarm", "unacknowledged", "mA"
    )  # fmt: skip
    figures: dict[str, Any] = found.plain()["figures"]
    assert figures["before"] == pytest.approx(20, rel=0.02)
    assert figures["limit"] == found.limit == 300
    assert figures["now"] == pytest.approx(found.value, rel=0.01)
    assert figures["per_day"] == pytest.approx(1, rel=0.5)
    assert figures["days_to_limit"] == pytest.approx((300 - figures["now"]) / figures["per_day"], rel=0.05)
    begun = (NOON + timedelta(days=90)).date()
    assert abs((date.fromisoformat(figures["since"]) - begun).days) < 14
    assert found.detail == (
        f"from {figures['before']:.15g} to {figures['now']:.15g} mA since {figures['since']}, "
        f"{figures['per_day']:.15g} mA more each day: 300 mA in about {figures['days_to_limit']} days"
    )
    assert found.text("zh") == "剩余电流缓慢增长"
    assert f"约 {figures['days_to_limit']} 天后达到 300 mA" in found.more("zh")
    assert board.safety("1") == "pre_alarm"


def test_it_stands_until_a_person_acknowledges_also_when_it_grows_no_more(plant: Plant) -> None:
    board = plant.add()
    live(plant, range(140), creeping(20, 1, 90))
    found = plant.one("Lg")
    live(plant, range(140, 150), lambda _: {"Lg": 20})
    assert plant.one("Lg").occurrence == found.occurrence
    plant.alarms.acknowledge(found.alarm_id, by="Wang Li")
    assert grown(plant) == []
    assert board.safety("1") == "safe"
    assert [what for what, code in plant.happened if code == "Lg"] == [
        What.RAISED, What.ACKNOWLEDGED, What.RETURNED, What.ENDED
    ]  # fmt: skip
    live(plant, range(150, 170), lambda _: {"Lg": 20})
    assert grown(plant) == []


def test_what_is_not_read_neither_grows_nor_makes_a_place_unseen_by_itself(plant: Plant) -> None:
    board = plant.add()
    live(plant, range(140), lambda day: {"Lg": Quality.NO_ANSWER if day % 2 else 20.0 + day})
    # Half of the days are known: too few to say anything, and nothing is said.
    assert grown(plant) == []
    live(plant, range(140, 141), lambda _: {"Lg": 20})
    plant.pass_(1)
    assert board.safety("1") == "safe"


def test_a_restart_in_the_middle_costs_nothing_that_was_learnt(plant: Plant) -> None:
    plant.add()
    live(plant, range(100), creeping(20, 1, 90))
    plant.restart()
    live(plant, range(100, 140), creeping(20, 1, 90))
    assert grown(plant) == ["Kitchen board/1/Lg"]
    before = plant.one("Lg")
    plant.restart()
    live(plant, range(140, 141), creeping(20, 1, 90))
    after = plant.one("Lg")
    assert (after.occurrence, after.figures, after.detail) == (before.occurrence, before.figures, before.detail)
    assert [what for what, code in plant.happened if code == "Lg"] == [What.RAISED]
    plant.alarms.acknowledge(after.alarm_id, by="Wang Li")
    plant.restart()
    live(plant, range(141, 142), creeping(20, 1, 90))
    assert grown(plant) == []


def test_nobody_acknowledged_it_because_its_days_were_lost(plant: Plant) -> None:
    board = plant.add()
    live(plant, range(140), creeping(20, 1, 90))
    found = plant.one("Lg")
    plant.restart()
    plant.kept, plant.days = plant.alarms.kept(), {}
    plant.begin()
    board = plant.add(board.name)
    live(plant, range(140, 143), lambda _: {"Lg": 20})
    assert plant.one("Lg").occurrence == found.occurrence
    assert board.safety("1") == "pre_alarm"
    plant.alarms.acknowledge(found.alarm_id, by="Wang Li")
    assert board.safety("1") == "safe"


def test_what_was_learnt_of_one_model_says_nothing_of_another(plant: Plant) -> None:
    plant.add()
    live(plant, range(100), creeping(20, 1, 90))
    plant.restart()
    plant.boards.clear()
    (days,) = plant.days.values()
    plant.alarms.restore_growth({"Other board": {**days, "model": "arcm300"}})  # type: ignore[dict-item] # plain JSON
    plant.add("Other board")
    live(plant, range(100, 150), creeping(20, 1, 90), "Other board")
    assert grown(plant) == []


def test_a_level_that_rose_at_once_is_a_question_and_no_hazard(plant: Plant) -> None:
    told: list[int] = []
    board = plant.add()
    board.watch.listen(lambda: told.append(len(asked(plant))))
    live(plant, range(120), lambda day: {"Lg": 20 if day < 90 else 120})
    (question,) = asked(plant)
    assert told[-1] == 1
    assert (str(question.name), question.key.circuit) == ("Residual current", "1")
    assert question.text() == f"from 20.1 to 119 mA since {question.finding.since}"  # a day is known to 1 %
    assert grown(plant) == []
    assert board.safety("1") == "safe"
    plant.restart()
    board = plant.boards[board.name]
    live(plant, range(120, 121), lambda _: {"Lg": 120})
    ((place, question),) = plant.alarms.questions()
    assert plant.alarms.answer(place, question, is_new_appliance=True)
    assert asked(plant) == []
    assert not plant.alarms.answer(place, question, is_new_appliance=True)
    live(plant, range(121, 160), lambda _: {"Lg": 120})
    assert asked(plant) == []
    assert grown(plant) == []


def warm(day: int, **more: float) -> Mapping[str, Value | Quality]:
    """Return the temperatures of a summer that comes: 0.2 K a day."""
    season = 15 + 0.2 * day
    return {"TempA": season + 12, "TempB": season + 11, "TempC": season + 13, "TempN": season, **more}


def test_a_terminal_that_gets_loose_is_found_in_spite_of_summer_and_summer_is_not_found(plant: Plant) -> None:
    plant.add()
    live(plant, range(150), warm)
    assert grown(plant) == []
    live(plant, range(150, 200), lambda day: {**warm(day), "TempB": 26 + 0.2 * day + 0.5 * (day - 150)})
    assert grown(plant) == ["Kitchen board/1/TempB"]
    found = plant.one("TempB")
    assert found.unit == "K"
    assert found.detail.endswith("(above the coldest of the other probes)")


def test_the_lowest_limit_that_owner_or_device_set_is_the_one_it_leads_to(plant: Plant) -> None:
    owner = {"all": OwnerLimit(family="residual_current", limit=200.0)}
    plant.add(limits=owner)
    live(plant, range(140), creeping(20, 1, 90))
    assert plant.one("Lg").limit == 200


def test_a_device_of_which_growth_alone_is_known_is_still_blind(plant: Plant) -> None:
    board = plant.add(model_id="asj10l")
    watched = {key for key in board.watch.alarms if key.rule == "growth"}
    assert watched
    others = board.watch.alarms.keys() - watched
    assert board.watch.is_blind is (not any(key.rule not in ("unseen", "unseen_inputs") for key in others))


def test_growth_of_nobody_who_keeps_days_is_not_watched() -> None:
    plant = Plant()
    board: PlayedBoard = plant.add()
    assert not [key for key in board.watch.alarms if key.rule == "growth"]


def heated(day: int, *, worse: float = 0.0) -> Mapping[str, Value]:
    """A lone probe in a cabinet: the weather of months, and a contact that gets worse from day 90 on."""
    return {"Temp": 25 + 12 * math.sin(day / 58) + 8 + worse * max(day - 90, 0)}


def in_a_room(plant: Plant, days: range, worse: float) -> None:
    """Let days pass for a transformer that has one probe alone, and a board beside it."""
    for day in days:
        for _ in range(24):
            plant.times.pass_(HOUR)
            weather = 25 + 12 * math.sin(day / 58)
            plant.boards["Board"].say(TempA=weather, TempB=weather + 2, TempC=weather + 3, TempN=weather + 1)
            plant.boards["Transformer"].say(**heated(day, worse=worse))


@pytest.mark.parametrize("worse", [0.0, 0.5])
def test_a_probe_that_is_alone_is_told_from_the_season_by_the_boards_around_it(plant: Plant, worse: float) -> None:
    plant.add("Board").quiet()
    plant.add("Transformer", "aim-m10").quiet(Temp=33.0)
    in_a_room(plant, range(150), worse)
    assert grown(plant) == (["Transformer/1/Temp"] if worse else [])
    if worse:
        assert plant.one("Temp").detail.endswith("(above the coldest probe of the other boards)")


def test_a_probe_that_is_alone_in_its_site_says_nothing(plant: Plant) -> None:
    plant.add("Transformer", "aim-m10").quiet(Temp=33.0)
    live(plant, range(150), lambda day: heated(day, worse=0.5), "Transformer")
    assert grown(plant) == []


def test_another_transformer_ratio_of_the_device_begins_to_learn_anew(plant: Plant) -> None:
    plant.add()
    live(plant, range(100), lambda day: {**creeping(20, 1, 60)(day), "CT": 20.0})
    assert grown(plant) == ["Kitchen board/1/Lg"]
    stood = plant.one("Lg")
    live(plant, range(100, 101), lambda _: {"Lg": 60, "CT": 20.0})
    plant.alarms.acknowledge(stood.alarm_id, by="Wang Li")
    live(plant, range(101, 150), lambda _: {"Lg": 140, "CT": 40.0})
    assert asked(plant) == []


def test_one_reading_of_another_ratio_alone_forgets_nothing(plant: Plant) -> None:
    board = plant.add()
    live(plant, range(90), lambda day: {**creeping(20, 1, 90)(day), "CT": 20.0})
    board.say(CT=40.0)
    plant.times.pass_(20)
    live(plant, range(90, 140), lambda day: {**creeping(20, 1, 90)(day), "CT": 20.0})
    assert grown(plant) == ["Kitchen board/1/Lg"]


def test_other_ratios_of_the_owner_begin_to_learn_anew(plant: Plant) -> None:
    plant.add(ratios={"ct": 20.0})
    live(plant, range(100), creeping(20, 1, 90))
    plant.boards["Kitchen board"].ratios = {"ct": 40.0}
    plant.restart()
    live(plant, range(100, 140), creeping(20, 1, 90))
    assert grown(plant) == []
