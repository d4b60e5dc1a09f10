"""What somebody else's log tells of a device: an alarm until a person knows of it, here or there, and once."""

import json
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.alarms.happening import What
from custom_components.acrel_safety.aioacrel.alarms.notices import Why
from custom_components.acrel_safety.aioacrel.alarms.reported import (
    MOST_STANDING,
    REPORTED,
    Report,
    ReportedRule,
)
from custom_components.acrel_safety.aioacrel.alarms.settled import MOST_SETTLED
from tests.aioacrel.alarm_rigs import NOON, Plant, PlayedBoard


def board_of(plant: Plant) -> PlayedBoard:
    board = plant.add("Box", "my_aafd", reported=True)
    board.quiet()
    return board


def leak(number: str = "900001", *, minutes: float = 0, confirmed: bool | None = False) -> Report:
    return Report(
        id=number, text="Residual current too high", time=NOON + timedelta(minutes=minutes), is_confirmed=confirmed
    )


def test_a_report_stands_until_a_person_knows_of_it_and_comes_no_second_time() -> None:
    plant = Plant()
    board = board_of(plant)
    assert (board.safety(), plant.standing()) == ("safe", {})
    board.watch.note_reports([leak()])
    (found,) = plant.alarms.standing()
    assert (found.name, found.detail, found.level) == (
        "The server tells of an alarm: Residual current too high",
        "Residual current too high",
        "alarm",
    )
    assert found.figures == {"reports": 1, "reported_at": NOON.isoformat()}
    assert board.safety() == "alarm"
    assert board.watch.logs.reports(found.alarm.cause.key) == ["900001"]
    plant.alarms.acknowledge(found.alarm_id, by="Wang Li")
    for _ in range(3):
        board.watch.note_reports([leak()])
    assert (board.safety(), plant.standing()) == ("safe", {})


def test_acknowledged_there_is_acknowledged_here() -> None:
    plant = Plant()
    board = board_of(plant)
    board.watch.note_reports([leak("1"), leak("2", minutes=1)])
    board.watch.note_reports([leak("1", confirmed=True)])
    assert plant.standing() == {"reported": "unacknowledged"}
    board.watch.note_reports([leak("2", minutes=1, confirmed=True)], by="AcrelCloud")
    assert (board.safety(), plant.standing()) == ("safe", {})
    assert (What.ACKNOWLEDGED, "") in plant.happened


def test_a_warning_of_the_log_is_no_alarm() -> None:
    plant = Plant()
    board = board_of(plant)
    board.watch.note_reports([Report(id="7", text="Load is high", is_warning=True)])
    (found,) = plant.alarms.standing()
    assert (found.level, board.safety()) == ("pre_alarm", "pre_alarm")
    board.watch.note_reports([Report(id="7", text="Load is high", is_warning=True, is_confirmed=True)])
    assert plant.standing() == {}


def test_another_report_is_told_to_people_again() -> None:
    plant = Plant()
    board = board_of(plant)
    board.watch.note_reports([leak("1")])
    plant.pass_(60)
    assert [why for why, _ in plant.sent] == [Why.RAISED]
    board.watch.note_reports([leak("1"), leak("2", minutes=1)])
    plant.pass_(60)
    assert [why for why, _ in plant.sent] == [Why.RAISED, Why.RAISED]
    assert (What.CAME_AGAIN, "") in plant.happened
    (found,) = plant.alarms.standing()
    assert found.detail == "Residual current too high, and 1 more"


def test_a_restart_forgets_neither_what_stands_nor_what_is_settled() -> None:
    plant = Plant()
    board = board_of(plant)
    board.watch.note_reports([leak("1")])
    (found,) = plant.alarms.standing()
    plant.alarms.acknowledge(found.alarm_id, by="Wang Li")
    board.watch.note_reports([leak("2", minutes=1)])
    plant.kept = json.loads(json.dumps(plant.alarms.kept()))
    plant.begin()
    plant.alarms.restore(plant.kept)
    again = board_of(plant)
    again.watch.note_reports([leak("1"), leak("2", minutes=1)])
    (found,) = plant.alarms.standing()
    assert again.watch.logs.reports(found.alarm.cause.key) == ["2"]
    assert (str(found.word), found.detail) == ("unacknowledged", "Residual current too high")


def test_a_flood_is_one_alarm_and_none_of_it_comes_anew() -> None:
    plant = Plant()
    board = board_of(plant)
    many = [leak(str(number), minutes=number / 60) for number in range(MOST_SETTLED * 3)]
    board.watch.note_reports(many)
    (found,) = plant.alarms.standing()
    assert len(board.watch.logs.reports(found.alarm.cause.key)) == MOST_STANDING
    assert found.figures["reports"] == len(many)
    assert found.detail == f"Residual current too high, and {len(many) - 1} more"
    plant.alarms.acknowledge(found.alarm_id, by="Wang Li")
    board.watch.note_reports(many)
    assert plant.standing() == {}
    board.watch.note_reports([leak("new", minutes=60)])
    assert plant.standing() == {"reported": "unacknowledged"}


def test_a_number_that_comes_again_for_something_later_is_news_and_an_earlier_one_is_not() -> None:
    rule = ReportedRule(is_warning=False)
    assert rule.note([leak("1")])
    rule.acknowledge()
    for _ in range(3):
        assert not rule.note([leak("1"), leak("1", minutes=-5)])
    assert rule.note([leak("1"), leak("1", minutes=90)])
    assert rule.standing == ["1"]
    # The one of before was acknowledged there: that says nothing of this one.
    assert not rule.note([leak("1", confirmed=True)])
    assert rule.standing == ["1"]
    rule.acknowledge()
    for _ in range(3):
        assert not rule.note([leak("1"), leak("1", minutes=90)])
    assert rule.note([leak("1", minutes=91)])
    rule.note([leak("1", minutes=91, confirmed=True)])
    assert rule.standing == []


def test_of_a_device_without_such_a_log_nothing_is_told() -> None:
    board = Plant().add("Box", "my_aafd")
    board.watch.note_reports([leak()])
    assert all(not key.rule.startswith(REPORTED) for key in board.watch.alarms)


@given(
    memory=st.dictionaries(
        st.sampled_from(["standing", "settled", "before", "formerly", "logs", "owed", "more"]),
        st.recursive(
            st.none() | st.text(max_size=80) | st.integers() | st.booleans(),
            lambda inner: st.lists(inner, max_size=4),
            max_leaves=20,
        ),
    ),
    is_on=st.booleans(),
)
def test_a_kept_memory_that_somebody_edited_never_ends_an_alarm(memory: dict[str, object], is_on: bool) -> None:
    rule = ReportedRule(is_warning=False)
    rule.restore(is_on=is_on, memory=memory)
    verdict = rule.judge({}, 0.0)
    assert verdict.is_on or not is_on
    json.dumps(dict(rule.memory()))


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(-12, 14) | st.none(), st.sampled_from("rac")), max_size=60),
)
def test_in_whatever_zone_a_log_is_read_an_event_is_news_once(steps: list[tuple[int, int | None, str]]) -> None:
    rule, news = ReportedRule(is_warning=False), list[int]()
    told = {number: datetime(2026, 11, 22, 9) + timedelta(hours=number) for number in range(10)}  # noqa: DTZ001
    for number, hours, act in steps:
        zone = UTC if hours is None else timezone(timedelta(hours=hours))
        # Where it would be of later than now nobody knows when it was.
        time = None if hours is None else told[number].replace(tzinfo=zone).astimezone(UTC)
        spelled = None if time is None else told[number]
        if rule.note([Report(id=str(number), text="x", time=time, spelled=spelled, is_confirmed=act == "c")]):
            news.append(number)
        if act == "a":
            rule.acknowledge()
        if act == "r":
            kept, is_on = json.loads(json.dumps(dict(rule.memory()))), bool(rule.standing)
            rule = ReportedRule(is_warning=False)
            rule.restore(is_on=is_on, memory=kept)
    assert sorted(news) == sorted(set(news))
    unconfirmed = {number for number, _, act in steps if act != "c"}
    confirmed = {number for number, _, act in steps if act == "c"}
    assert unconfirmed - confirmed <= set(news)


def test_what_a_former_version_kept_of_reports_is_no_news_in_any_zone() -> None:
    rule = ReportedRule(is_warning=False)
    kept = {
        "standing": [["2", "Residual current too high", "2026-11-22T02:00:00+00:00"]],
        "settled": [["1", "2026-11-22T01:00:00+00:00"]],
        "before": "2026-11-21T01:00:00+00:00",
    }
    rule.restore(is_on=True, memory=kept)
    rule.restore(is_on=True, memory=json.loads(json.dumps(dict(rule.memory()))))
    for hours in (8, 0, -5):
        told = {number: datetime(2026, 11, 22, 8 + number) for number in (1, 2)}  # noqa: DTZ001
        zone = timezone(timedelta(hours=hours))
        reports = [
            Report(id=str(number), text="x", time=time.replace(tzinfo=zone), spelled=time)
            for number, time in told.items()
        ]
        assert not rule.note(reports)
    old = datetime(2026, 11, 20, 9)  # noqa: DTZ001
    assert not rule.note([Report(id="0", text="x", time=old.replace(tzinfo=UTC), spelled=old)])
    assert rule.note([Report(id="3", text="x", time=datetime(2026, 11, 22, 5, tzinfo=UTC))])
