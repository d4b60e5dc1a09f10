"""Counters of arcs and trips: what came between two looks is told with how many, and nothing else is."""

from collections.abc import Mapping

import pytest

from custom_components.acrel_safety.aioacrel.alarms.happening import What
from custom_components.acrel_safety.aioacrel.readings import Quality
from tests.aioacrel.alarm_rigs import Plant, PlayedBoard


@pytest.fixture
def plant() -> Plant:
    """Return a plant with an arc detector that has counted 40 arcs so far."""
    plant = Plant()
    plant.add("Arcs", "my_aafd").quiet(ArcNum=40, ArcSta=False)
    return plant


def counted(plant: Plant, code: str = "ArcNum") -> tuple[object, str]:
    found = plant.one(code)
    return found.value, found.detail


def board_of(plant: Plant) -> PlayedBoard:
    return plant.boards["Arcs"]


def test_arcs_that_were_counted_between_two_looks_are_a_pre_alarm_with_how_many_since_when(plant: Plant) -> None:
    board = board_of(plant)
    assert board.safety("1") == "safe"
    plant.times.pass_(10)
    board.say(ArcNum=43)
    found = plant.one("ArcNum")
    assert (found.name, found.level, found.value, found.since) == (
        "Arc count has risen", "pre_alarm", 3, plant.times.wall
    )  # fmt: skip
    assert (found.detail, found.more("zh"), found.figures) == (
        "3 more, 43 in all", "新增 3，共 43", {"more": 3, "count": 43}
    )  # fmt: skip
    assert (board.safety("1"), board.safety("2")) == ("pre_alarm", "safe")


def test_it_stands_with_all_that_came_until_a_person_acknowledges_and_the_next_one_is_news_again(plant: Plant) -> None:
    board = board_of(plant)
    board.say(ArcNum=43)
    first = plant.one("ArcNum")
    plant.pass_(3600)
    board.say(ArcNum=50)
    assert counted(plant) == (10, "10 more, 50 in all")
    plant.alarms.acknowledge(first.alarm_id, by="Wang Li")
    assert board.safety("1") == "safe"
    board.say(ArcNum=50)
    assert plant.standing() == {}
    board.say(ArcNum=51)
    assert counted(plant) == (1, "1 more, 51 in all")
    assert plant.one("ArcNum").occurrence != first.occurrence


def test_a_count_that_went_on_while_home_assistant_was_off_is_found_by_its_mark(plant: Plant) -> None:
    plant.restart()
    board_of(plant).quiet(ArcNum=45, ArcSta=False)
    assert counted(plant) == (5, "5 more, some perhaps while it could not be read; 45 in all")


@pytest.mark.parametrize("more", range(1, 40))
def test_a_restart_in_the_middle_loses_no_count_and_makes_none(plant: Plant, more: int) -> None:
    board = board_of(plant)
    for count in range(more + 1):
        board.say(ArcNum=40 + count)
    stood = plant.one("ArcNum")
    plant.restart()
    board_of(plant).quiet(ArcNum=40 + more, ArcSta=False)
    assert plant.one("ArcNum").value == more
    assert plant.one("ArcNum").occurrence == stood.occurrence
    plant.alarms.acknowledge(stood.alarm_id, by="Wang Li")
    plant.restart()
    board_of(plant).quiet(ArcNum=40 + more, ArcSta=False)
    assert plant.standing() == {}


def test_what_is_kept_of_a_storm_is_told_ever_more_rarely(plant: Plant) -> None:
    board = board_of(plant)
    plant.moved.clear()
    for count in range(1000):
        board.say(ArcNum=40 + count)
    assert counted(plant) == (999, "999 more, 1039 in all")
    assert len(plant.moved) == 10
    assert [what for what, _ in plant.happened] == [What.RAISED]


@pytest.mark.parametrize("counts", [(3, 3, 4), (0, 0, 1), (3_000_000, 3_000_000, 3_000_001)])
def test_a_count_that_fell_or_leapt_is_another_one_from_then_on(plant: Plant, counts: tuple[int, int, int]) -> None:
    board = board_of(plant)
    other, again, one_more = counts
    board.say(ArcNum=other)
    board.say(ArcNum=again)
    assert board.safety("1") == "safe"
    board.say(ArcNum=one_more)
    assert plant.one("ArcNum").value == 1


@pytest.mark.parametrize("wrong", [0, 7, 4_000_000])
def test_one_reading_alone_takes_nothing_from_the_count(plant: Plant, wrong: int) -> None:
    board = board_of(plant)
    board.say(ArcNum=42)
    for count in (wrong, 42, wrong, 43):
        board.say(ArcNum=count)
    assert counted(plant) == (3, "3 more, 43 in all")


def test_arcs_that_stood_are_not_forgotten_because_the_count_began_anew(plant: Plant) -> None:
    board = board_of(plant)
    board.say(ArcNum=45)
    for count in (0, 0, 2):
        board.say(ArcNum=count)
    assert plant.one("ArcNum").value == 7
    stood = plant.one("ArcNum")
    plant.restart()
    board_of(plant).quiet(ArcNum=2, ArcSta=False)
    assert (plant.one("ArcNum").value, plant.one("ArcNum").occurrence) == (7, stood.occurrence)


def test_the_count_of_another_model_says_nothing(plant: Plant) -> None:
    plant.restart()
    kept: Mapping[str, object] = {
        key: {"memory": {"count": 40, "known": 40, "model": "another"}} for key in plant.kept if "ArcNum" in key
    }
    assert kept
    plant.kept = kept
    plant.begin()
    plant.add("Arcs", "my_aafd").quiet(ArcNum=45, ArcSta=False)
    assert plant.standing() == {}


@pytest.mark.parametrize(
    "memory",
    [
        {"count": "40", "known": 40, "model": "my_aafd"}, {"count": 40, "known": 41, "model": "my_aafd"},
        {"count": float("nan"), "known": 0, "model": "my_aafd"}, {"count": True, "known": 0, "model": "my_aafd"}, {},
        {"count": 1e300, "known": 0, "model": "my_aafd"},
    ],
)  # fmt: skip
def test_a_mark_that_is_no_mark_is_not_believed(plant: Plant, memory: Mapping[str, object]) -> None:
    plant.restart()
    plant.kept = {key: {"memory": memory} for key in plant.kept if "ArcNum" in key}
    plant.begin()
    plant.add("Arcs", "my_aafd").quiet(ArcNum=45, ArcSta=False)
    assert plant.standing() == {}


def test_nobody_acknowledged_arcs_because_their_mark_was_lost(plant: Plant) -> None:
    board_of(plant).say(ArcNum=45)
    stood = plant.one("ArcNum")
    plant.restart()
    plant.kept = {
        key: {name: part for name, part in data.items() if name != "memory"}
        for key, data in plant.kept.items()
        if isinstance(data, Mapping)
    }
    plant.begin()
    plant.add("Arcs", "my_aafd").quiet(ArcNum=45, ArcSta=False)
    assert plant.one("ArcNum").occurrence == stood.occurrence
    plant.alarms.acknowledge(stood.alarm_id, by="Wang Li")
    assert board_of(plant).safety() == "safe"


def test_a_count_that_cannot_be_read_ends_nothing_and_is_not_safe(plant: Plant) -> None:
    board = board_of(plant)
    board.say(ArcNum=Quality.NO_ANSWER)
    assert board.safety("1") == "not_seen"
    board.say(ArcNum=41)
    stood = plant.one("ArcNum")
    assert stood.detail == "1 more, some perhaps while it could not be read; 41 in all"
    board.say(ArcNum=Quality.NO_ANSWER)
    assert plant.one("ArcNum").occurrence == stood.occurrence


def test_the_detectors_own_alarm_speaks_for_the_count(plant: Plant) -> None:
    board = board_of(plant)
    board.say(ArcSta=True, ArcNum=80)
    assert plant.standing() == {"ArcSta": "unacknowledged", "ArcNum": "suppressed"}
    plant.pass_(1)
    assert [codes for _, codes in plant.sent] == [["Arcs: ArcSta"]]


@pytest.mark.parametrize("is_count_first", [True, False])
def test_a_trip_that_was_seen_is_not_told_a_second_time_by_its_count(plant: Plant, is_count_first: bool) -> None:
    board = plant.add("Flat", "ddsy1352")
    board.quiet(**{"DOC_Load-limit trips": 4})
    if is_count_first:
        board.say(**{"DOC_Load-limit trips": 5})
        board.say(RlySta=False)
    else:
        board.say(RlySta=False)
        plant.times.pass_(20)
        board.say(**{"DOC_Load-limit trips": 5})
    assert plant.standing() == {"RlySta": "unacknowledged"}


def test_a_trip_that_nobody_saw_is_told_by_its_count(plant: Plant) -> None:
    board = plant.add("Flat", "ddsy1352")
    board.quiet(**{"DOC_Load-limit trips": 4})
    board.say(RlySta=False)
    board.say(RlySta=True, **{"DOC_Load-limit trips": 6})
    assert plant.one("DOC_Load-limit trips").value == 1
    plant.alarms.acknowledge(plant.one("DOC_Load-limit trips").alarm_id, by="Wang Li")
    board.say(RlySta=False)
    board.say(RlySta=True)
    plant.times.pass_(600)
    # That one was no trip by load limit: long after it, a count is none of it.
    board.say(**{"DOC_Load-limit trips": 7})
    assert plant.one("DOC_Load-limit trips").value == 1
