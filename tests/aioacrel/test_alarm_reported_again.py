"""Events of several logs of one device, told again and again, in any order, over restarts: each is an alarm once."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from custom_components.acrel_safety.aioacrel.alarms.owed import MOST_TRIES
from custom_components.acrel_safety.aioacrel.alarms.reported import MOST_STANDING, Report, ReportedRule
from custom_components.acrel_safety.aioacrel.alarms.reportedlogs import ReportedLogs
from custom_components.acrel_safety.aioacrel.alarms.settled import MOST_SETTLED
from custom_components.acrel_safety.aioacrel.journal.entry import standing_texts
from tests.aioacrel.alarm_rigs import NOON, Plant

FIRST, SECOND = "account-one", "account-two"
WAYS = (FIRST, SECOND)


def leak(
    number: str, *, minutes: float = 0, seconds: float = 0, warning: bool = False, confirmed: bool = False
) -> Report:
    time = NOON + timedelta(minutes=minutes, seconds=seconds)
    return Report(id=number, text=f"Leak {number}", time=time, is_warning=warning, is_confirmed=confirmed)


@dataclass
class Desk:
    """Both alarms of a device, and what is known of them over restarts."""

    logs: ReportedLogs = field(default_factory=lambda: ReportedLogs(is_reported=True, note=lambda: None))

    def tell(self, way: str, *reports: Report) -> int:
        """Tell what a log says; returns how many of both alarms that was news for."""
        return sum(alarm.note(reports, way) for alarm in self.logs.rules)

    def stands(self) -> list[str]:
        return [number for alarm in self.logs.rules for number in alarm.standing]

    def acknowledge(self, *, is_person: bool = True) -> None:
        for alarm in self.logs.rules:
            alarm.acknowledge(is_person=is_person)

    def restart(self) -> None:
        kept = [(json.loads(json.dumps(dict(alarm.memory()))), bool(alarm.standing)) for alarm in self.logs.rules]
        self.restore(*kept)

    def restore(self, *kept: tuple[Mapping[str, object], bool]) -> None:
        self.logs = ReportedLogs(is_reported=True, note=lambda: None)
        for alarm, (memory, is_on) in zip(self.logs.rules, kept, strict=True):
            alarm.restore(is_on=is_on, memory=memory)


class OverRestarts(RuleBasedStateMachine):
    """Each event stands once from when its log lists it until somebody acknowledged it, here or there."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk()
        self.confirmed = set[tuple[str, str]]()
        """In their logs."""
        self.told = set[tuple[str, str]]()
        self.standing = set[tuple[str, str]]()
        self.owed = set[tuple[str, str]]()
        self.listed = set[tuple[str, str]]()
        """What is owed and known to mean the same still."""

    @rule(way=st.sampled_from(WAYS), listed=st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=12))
    def tell(self, way: str, listed: list[tuple[int, bool]]) -> None:
        """In whatever order, repeated, late, and each time with the word of a level or with another one."""
        there = {number for of, number in self.confirmed if of == way}
        reports = [
            # The same numbers mean other things in the other log.
            leak(
                f"{number}", minutes=number if way == FIRST else 5 - number, warning=low, confirmed=f"{number}" in there
            )
            for number, low in listed
        ]
        found = {(way, report.id) for report in reports}
        fresh = found - self.told - self.confirmed
        assert bool(self.desk.tell(way, *reports)) == bool(fresh)
        self.told |= found
        self.standing = (self.standing | fresh) - (found & self.confirmed)
        self.owed -= found & self.confirmed
        self.listed = (self.listed | found) & self.owed

    @rule(way=st.sampled_from(WAYS), number=st.integers(0, 9))
    def confirm_there(self, way: str, number: int) -> None:
        self.confirmed.add((way, f"{number}"))

    @rule(is_person=st.booleans())
    def acknowledge(self, is_person: bool) -> None:
        self.desk.acknowledge(is_person=is_person)
        if is_person:
            self.owed |= self.standing
            self.listed |= self.standing
        self.standing.clear()

    @rule(way=st.sampled_from(WAYS))
    def confirm(self, way: str) -> None:
        numbers = self.desk.logs.owed(way)
        assert sorted(numbers) == sorted(number for of, number in self.listed if of == way)
        self.desk.logs.note_told(way, numbers)
        done = {(way, number) for number in numbers}
        self.confirmed |= done
        self.owed -= done
        self.listed -= done

    @rule()
    def restart(self) -> None:
        self.desk.restart()
        self.listed.clear()

    @invariant()
    def each_stands_once(self) -> None:
        assert sorted(self.desk.stands()) == sorted(number for _, number in self.standing)
        assert [self.desk.logs.owes(way) for way in WAYS] == [any(of == way for of, _ in self.owed) for way in WAYS]


TestOverRestarts = OverRestarts.TestCase


def test_the_same_number_of_two_logs_is_two_things_and_each_log_is_told_of_its_own() -> None:
    desk = Desk()
    desk.tell(FIRST, leak("900001"))
    desk.tell(SECOND, leak("900002"))
    desk.acknowledge()
    assert [desk.logs.owed(way) for way in WAYS] == [["900001"], ["900002"]]
    # It was confirmed in the first one: of the second that says nothing.
    assert desk.tell(SECOND, leak("900001", minutes=-1))
    assert desk.stands() == ["900001"]
    desk.tell(FIRST, leak("900001", confirmed=True))
    assert desk.stands() == ["900001"]
    desk.acknowledge()
    assert desk.logs.owed(SECOND) == ["900002", "900001"]


def test_an_event_whose_level_is_known_later_stays_the_alarm_that_it_was() -> None:
    for first, later in ((False, True), (True, False)):
        desk = Desk()
        assert desk.tell(FIRST, leak("1", warning=first)) == 1
        desk.restart()
        assert desk.tell(FIRST, leak("1", warning=later)) == 0
        assert desk.stands() == ["1"]
        desk.tell(FIRST, leak("1", warning=later, confirmed=True))
        assert desk.stands() == []
        assert desk.tell(FIRST, leak("1", warning=first)) == desk.tell(FIRST, leak("1", warning=later)) == 0
        # One of later with that number is another, of its own level.
        assert desk.tell(FIRST, leak("1", minutes=90, warning=later)) == 1


def test_two_alarms_that_a_former_version_made_of_one_event_both_end_when_it_is_confirmed() -> None:
    desk = Desk()
    kept = {"standing": [["1", "Leak", NOON.isoformat()]]}
    desk.restore((kept, True), (kept, True))
    assert desk.tell(FIRST, leak("1", warning=True)) == 0
    desk.tell(FIRST, leak("1", warning=True, confirmed=True))
    assert desk.stands() == []


@given(
    st.lists(st.integers(0, 400), unique=True, min_size=1),
    st.integers(1, 4),
    st.booleans(),
)
def test_what_many_confirmed_events_make_forgotten_hides_no_later_one(
    numbers: list[int], looks: int, restarts: bool
) -> None:
    desk = Desk()
    many = [leak(str(number), minutes=number, confirmed=True) for number in numbers]
    for _ in range(looks):
        assert desk.tell(FIRST, *many) == 0
        if restarts:
            desk.restart()
    newest = sorted(numbers)[-MOST_SETTLED:]
    if len(numbers) > MOST_SETTLED:
        # What came into the log late, and is of later than all that was forgotten, is news.
        assert desk.tell(FIRST, *many, leak("late", minutes=newest[0], seconds=1)) == 1
    else:
        assert desk.tell(FIRST, *many, leak("late", minutes=-1)) == 1
    assert desk.stands() == ["late"]


def test_of_a_flood_all_are_counted_and_as_many_as_are_known_are_owed_also_after_a_restart() -> None:
    desk = Desk()
    many = [leak(str(number), minutes=number) for number in range(MOST_STANDING + 60)]
    assert desk.tell(FIRST, *many) == 1
    desk.restart()
    [alarms, _] = desk.logs.rules
    assert alarms.judge({}, 0.0).figures["reports"] == len(many)
    assert desk.tell(FIRST, *many) == 0
    desk.acknowledge()
    assert desk.logs.owed(FIRST) == [report.id for report in many[60:]]
    assert desk.tell(FIRST, *many) == 0
    desk.tell(FIRST, leak("one"))
    assert desk.stands() == []
    assert desk.tell(FIRST, leak("new", minutes=999))
    assert alarms.judge({}, 0.0).figures["reports"] == 1


def test_all_that_is_known_of_two_floods_can_be_kept_by_the_record() -> None:
    plant = Plant()
    board = plant.add("Box", "my_aafd", reported=True)
    for way in WAYS:
        for number in range(MOST_SETTLED + MOST_STANDING):
            report = leak(f"{number:032x}", minutes=number)
            board.watch.note_reports([report], way=way)
            if number == MOST_SETTLED:
                [found] = plant.alarms.standing()
                plant.alarms.acknowledge(found.alarm_id, by="Wang Li", is_person=True)
    assert standing_texts({key: json.loads(json.dumps(dict(value))) for key, value in plant.alarms.kept().items()})
    plant.restart()
    again = plant.boards["Box"]
    told = len(plant.happened)
    for way in WAYS:
        every = [leak(f"{number:032x}", minutes=number) for number in range(MOST_SETTLED + MOST_STANDING)]
        again.watch.note_reports(every, way=way)
    assert plant.happened[told:] == []


def test_only_what_a_person_acknowledged_is_to_be_confirmed() -> None:
    plant = Plant()
    board = plant.add("Box", "my_aafd", reported=True)
    board.quiet()
    for number, is_person, owed in (("1", False, []), ("2", True, ["2"])):
        board.watch.note_reports([leak(number, minutes=int(number))], way=FIRST)
        [found] = plant.alarms.standing()
        plant.alarms.acknowledge(found.alarm_id, by="Wang Li", is_person=is_person)
        assert plant.standing() == {}
        assert board.watch.logs.owed(FIRST) == owed
        assert board.watch.logs.owed(SECOND) == []


def test_after_a_restart_only_what_its_log_lists_still_is_confirmed() -> None:
    desk = Desk()
    desk.tell(FIRST, *(leak(number, minutes=int(number)) for number in ("1", "2", "3", "4")))
    desk.acknowledge()
    desk.restart()
    assert desk.logs.owes(FIRST)
    assert desk.logs.owed(FIRST) == []
    # Of the four one was confirmed there meanwhile, one number is another thing's, and one is not listed.
    desk.tell(FIRST, leak("1", minutes=1), leak("2", minutes=2, confirmed=True), leak("3", minutes=7))
    assert desk.logs.owed(FIRST) == ["1"]
    assert desk.stands() == ["3"]
    [alarms, _] = desk.logs.rules
    assert alarms.oldest(FIRST) == NOON + timedelta(minutes=1)
    desk.logs.note_told(FIRST, ["1"])
    for _ in range(100):
        desk.tell(FIRST)
    assert not desk.logs.owes(FIRST)


def test_a_log_that_cannot_be_reached_is_told_a_few_times_and_each_time_when_it_lists_the_event() -> None:
    desk = Desk()
    desk.tell(FIRST, leak("1"))
    desk.acknowledge()
    for tries in range(1, MOST_TRIES + 1):
        assert desk.logs.owed(FIRST) == ["1"]
        given_up = desk.logs.note_untold(FIRST, ["1"])
        assert desk.logs.owed(FIRST) == []
        assert given_up == (["1"] if tries == MOST_TRIES else [])
        desk.tell(FIRST, leak("1"))
    assert not desk.logs.owes(FIRST)


@pytest.mark.parametrize("hours", [0, 8, -13])
def test_what_a_former_version_kept_is_neither_lost_nor_told_twice_whichever_log_it_was_of(hours: int) -> None:
    def former(number: str, minutes: float, **more: bool) -> Report:
        return leak(number, minutes=minutes + 60 * hours, **more)

    desk = Desk()
    kept = {
        "standing": [["5", "Leak", (NOON + timedelta(minutes=5)).isoformat()]],
        "settled": [[str(n), (NOON + timedelta(minutes=n)).isoformat()] for n in range(5)],
        "before": (NOON - timedelta(days=2)).isoformat(),
    }
    desk.restore((kept, True), ({}, False))
    # The other log has the same numbers for other things, of which nobody was told.
    others = [leak(str(n), minutes=n, seconds=-100 - n) for n in range(6)]
    assert desk.tell(SECOND, *others) == 1
    assert sorted(desk.stands()) == ["0", "1", "2", "3", "4", "5", "5"]
    desk.restart()
    assert desk.tell(FIRST, *(former(str(n), n) for n in range(6))) == 0
    desk.tell(FIRST, former("5", 5, confirmed=True))
    assert sorted(desk.stands()) == ["0", "1", "2", "3", "4", "5"]
    desk.acknowledge()
    assert desk.logs.owed(FIRST) == []
    assert sorted(desk.logs.owed(SECOND)) == ["0", "1", "2", "3", "4", "5"]
    desk.restart()
    assert desk.tell(FIRST, *(former(str(n), n) for n in range(6))) == desk.tell(SECOND, *others) == 0


def test_what_a_former_version_kept_and_a_person_acknowledged_before_its_log_was_read_is_confirmed_there() -> None:
    desk = Desk()
    desk.restore(({"standing": [["5", "Leak", NOON.isoformat()]]}, True), ({}, False))
    desk.acknowledge()
    assert desk.logs.owed(FIRST) == []
    desk.restart()
    assert desk.tell(SECOND, leak("5", seconds=7)) == 1
    assert desk.tell(FIRST, leak("5")) == 0
    assert [desk.logs.owed(way) for way in WAYS] == [["5"], []]


def test_a_rule_alone_takes_what_is_of_its_level() -> None:
    warnings = ReportedRule(is_warning=True)
    assert not warnings.note([leak("1")])
    assert warnings.note([leak("1", warning=True)])
