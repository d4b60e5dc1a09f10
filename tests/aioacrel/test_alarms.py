"""Alarms as a person meets them: what raises them, what ends them, and what is never taken for quiet."""

from datetime import timedelta
from math import inf

import pytest

from custom_components.acrel_safety.aioacrel.alarms.board import Board
from custom_components.acrel_safety.aioacrel.alarms.happening import What
from custom_components.acrel_safety.aioacrel.alarms.ownerlimits import OwnerLimit
from custom_components.acrel_safety.aioacrel.errors import AlarmRefusedError, UnknownAlarmError, WrongDeviceError
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.readings import Quality
from tests.aioacrel.alarm_rigs import Plant, inputs_of

WRONG = WrongDeviceError(unit=1, model="ADW300", detail="another one")


# -- safe is said only when all is known ------------------------------------------------------------------------------


def test_a_board_of_which_nothing_was_read_is_not_safe() -> None:
    plant = Plant()
    board = plant.add()
    assert board.safety() == "not_seen"
    board.quiet()
    assert board.safety() == "safe"
    assert str(plant.alarms.safety()) == "safe"


@pytest.mark.parametrize("model_id", [model.id for model in ModelLibrary().usable() if inputs_of(model)])
def test_no_board_is_safe_while_any_input_is_unknown(model_id: str) -> None:
    plant = Plant()
    board = plant.add(model_id=model_id)
    board.quiet()
    assert board.safety() == "safe"
    for key in inputs_of(board.model):
        board.say(key.circuit, **{key.code: Quality.NO_ANSWER})
        assert board.safety() == "not_seen", key
        assert board.safety(key.circuit) == "not_seen", key
        board.quiet()
        assert board.safety() == "safe", key


def test_what_this_device_does_not_have_keeps_no_board_from_being_safe() -> None:
    plant = Plant()
    board = plant.add()
    board.quiet()
    key = next(key for key in inputs_of(board.model) if key.code == "UHigh")
    board.source.lacking = {key}
    board.say(UHigh=Quality.REFUSED)
    plant.pass_(60)
    assert board.safety() == "safe"
    assert plant.standing() == {}


def test_a_device_nothing_of_which_can_be_an_alarm_is_never_said_to_be_safe() -> None:
    plant = Plant()
    board = plant.add(model_id="aafd")
    assert board.watch.is_blind
    assert board.safety() == "not_seen"
    assert str(plant.alarms.safety()) == "not_seen"


def test_a_link_is_not_safe_while_what_leaks_on_it_has_neither_alarm_nor_limit() -> None:
    plant = Plant()
    board, pump = plant.add(link="gateway"), plant.add("Water pump", "ard2f", link="gateway")
    board.quiet()
    pump.quiet(Lg=600)
    assert (board.safety(), pump.safety()) == ("safe", "not_seen")
    assert (str(plant.alarms.safety("gateway")), str(plant.alarms.safety())) == ("not_seen", "not_seen")


def test_a_link_is_safe_again_when_the_owner_set_a_limit_for_what_leaks() -> None:
    plant = Plant()
    limits = {"leak": OwnerLimit(family="residual_current", limit=300.0)}
    board, pump = plant.add(link="gateway"), plant.add("Water pump", "ard2f", link="gateway", limits=limits)
    board.quiet()
    pump.quiet(Lg=20)
    assert str(plant.alarms.safety("gateway")) == "safe"
    pump.say(Lg=600)
    assert (pump.safety(), str(plant.alarms.safety("gateway"))) == ("alarm", "alarm")


# -- where an alarm comes from ----------------------------------------------------------------------------------------


def test_a_bit_of_the_device_raises_an_alarm_with_its_value_and_limit() -> None:
    plant = Plant()
    board = plant.add(model_id="aim-r100")
    board.quiet()
    board.say("3", Lg=420, LgHigh=True)
    assert (board.safety("3"), board.safety("4"), board.safety()) == ("alarm", "safe", "alarm")
    alarm = plant.one("LgHigh")
    assert (alarm.value, alarm.limit, alarm.unit, alarm.is_derived) == (420, 300, "mA", False)
    assert (alarm.board.name, alarm.circuit_name, alarm.text("en")) == (
        "Kitchen board",
        "Circuit 3",
        "Residual current high",
    )


def test_leakage_above_the_devices_limit_is_an_alarm_also_where_no_bit_says_so() -> None:
    plant = Plant()
    board = plant.add()
    board.quiet()
    board.say(Lg=600)
    assert board.safety() == "alarm"
    alarm = plant.one("Lg")
    assert (alarm.value, alarm.limit, alarm.is_derived, str(alarm.level)) == (600, 300, True, "alarm")
    assert alarm.text("zh") == "剩余电流超过限值"


def test_the_devices_delay_runs_on_measuring_times_whatever_the_clock_on_the_wall_says() -> None:
    plant = Plant()
    board = plant.add()
    board.quiet()
    board.say(LgHighTim=5.0)
    board.say(Lg=600)
    plant.times.wall = plant.times.wall.replace(year=2030)
    board.say(Lg=600)
    assert board.safety() == "safe"
    plant.times.pass_(4.9)
    board.say(Lg=600)
    assert board.safety() == "safe"
    plant.times.pass_(0.2)
    board.say(Lg=600)
    assert board.safety() == "alarm"


def test_a_peak_shorter_than_the_delay_is_no_alarm() -> None:
    plant = Plant()
    board = plant.add()
    board.quiet()
    board.say(LgHighTim=5.0)
    for _ in range(4):
        board.say(Lg=600)
        plant.times.pass_(4)
        board.say(Lg=20)
        plant.times.pass_(4)
    assert plant.happened == []


def test_a_broken_transformer_is_a_fault_and_its_quiet_is_not_believed() -> None:
    plant = Plant()
    board = plant.add(model_id="aim-r100")
    board.quiet()
    board.say("2", LgFauSta=True, Lg=Quality.INVALID, LgHigh=Quality.INVALID)
    plant.pass_(60)
    assert board.safety("2") == "fault"
    assert plant.standing() == {"LgFauSta": "unacknowledged"}


def test_a_breaker_that_opened_by_itself_has_tripped() -> None:
    plant = Plant()
    board = plant.add(model_id="ddsy1352")
    board.quiet()
    board.say(RlySta=False)
    assert board.safety() == "tripped"
    assert plant.happened == [(What.RAISED, "RlySta")]


def test_an_opening_that_was_commanded_here_is_no_trip() -> None:
    plant = Plant()
    board = plant.add(model_id="ddsy1352")
    board.quiet()
    for rule in board.watch.position_rules():
        rule.expect_open(inf)
    board.say(RlySta=False, U=0.0, I=0.0)
    board.say(RlySta=True, U=230.0)
    assert plant.happened == []
    board.say(RlySta=False)
    assert board.safety() == "tripped"


@pytest.mark.parametrize("is_withdrawn", [False, True])
def test_an_opening_long_after_a_command_or_after_one_that_was_not_sent_is_a_trip(*, is_withdrawn: bool) -> None:
    plant = Plant()
    board = plant.add(model_id="ddsy1352")
    board.quiet()
    for rule in board.watch.position_rules():
        rule.expect_open(inf if is_withdrawn else -inf)
        if is_withdrawn:
            rule.expect_nothing()
    board.say(RlySta=False)
    assert board.safety() == "tripped"


def test_a_breaker_that_opened_while_nobody_looked_has_tripped_too() -> None:
    plant = Plant()
    board = plant.add(model_id="ddsy1352")
    board.quiet()
    board.say(RlySta=Quality.NO_ANSWER)
    board.say(RlySta=False)
    assert board.safety() == "tripped"


def test_a_breaker_that_was_open_from_the_beginning_has_not_tripped() -> None:
    plant = Plant()
    board = plant.add(model_id="ddsy1352")
    board.say(RlySta=False)
    assert plant.happened == []


def test_each_position_is_told_to_be_kept_once() -> None:
    plant = Plant()
    board = plant.add(model_id="ddsy1352")
    for is_closed in (True, True, False, False, True):
        board.say(RlySta=is_closed)
    assert plant.moved == [("RlySta", f"was_closed {is_closed}") for is_closed in (True, False, True)]


def test_a_circuit_that_went_dead_has_tripped_where_no_bit_says_so() -> None:
    plant = Plant()
    board = plant.add()
    board.quiet()
    board.say(Ua=0.3, Ub=0.1, Uc=0.2, Ia=0.0, Ib=0.0, Ic=0.0)
    assert board.safety() == "tripped"
    assert plant.one("Ua").text("en") == "Circuit is dead"


def test_one_phase_alone_that_is_missing_is_no_dead_circuit() -> None:
    plant = Plant()
    board = plant.add()
    board.quiet()
    board.say(Ua=0.3)
    assert plant.happened == []


def test_a_circuit_that_never_had_voltage_is_not_dead() -> None:
    plant = Plant()
    board = plant.add()
    board.quiet()
    other = plant.add("Spare board")
    other.say(Ua=0.3, Ub=0.1, Uc=0.2)
    assert plant.happened == []


# -- what cannot be seen ----------------------------------------------------------------------------------------------


def test_a_silent_device_is_unknown_at_once_and_an_alarm_of_its_own_soon() -> None:
    plant = Plant()
    board = plant.add()
    board.quiet()
    board.silent()
    assert board.safety() == "not_seen"
    assert plant.happened == []
    plant.pass_(30)
    assert plant.standing() == {"unseen": "unacknowledged"}
    board.quiet()
    assert plant.standing() == {}
    assert [what for what, _ in plant.happened] == [What.RAISED, What.RETURNED, What.ENDED]


def test_another_device_in_its_place_is_not_seen_whatever_it_says() -> None:
    plant = Plant()
    board = plant.add()
    board.quiet()
    board.silent(WRONG)
    plant.pass_(30)
    assert plant.standing() == {"unseen": "unacknowledged"}
    (alarm,) = plant.alarms.standing()
    assert alarm.detail == "wrong_device"


def test_single_alarms_that_cannot_be_read_are_an_alarm_of_their_own() -> None:
    plant = Plant()
    board = plant.add()
    board.quiet()
    board.say(UHigh=Quality.REFUSED)
    plant.pass_(29)
    assert plant.happened == []
    plant.pass_(1)
    assert board.safety() == "not_seen"
    (alarm,) = plant.alarms.standing()
    assert (str(alarm.level), alarm.detail) == ("not_seen", "UHigh")


def test_an_alarm_that_cannot_be_read_any_more_goes_on() -> None:
    plant = Plant()
    board = plant.add()
    board.quiet()
    board.say(UHigh=True)
    board.silent()
    plant.pass_(3600)
    assert board.safety() == "alarm"
    assert plant.standing()["UHigh"] == "unacknowledged"
    assert not plant.one("UHigh").is_seen


def test_a_link_speaks_for_its_devices_when_none_of_them_is_heard() -> None:
    plant = Plant()
    boards = [plant.add(name, link="gateway") for name in ("Kitchen", "Cellar", "Roof")]
    for board in boards:
        board.quiet()
    for board in boards:
        board.silent()
    plant.pass_(30)
    plant.pass_(1)
    assert plant.sent == [("raised", ["gateway: link"])]
    assert str(plant.alarms.safety("gateway")) == "not_seen"
    for board in boards:
        board.quiet()
    assert plant.standing() == {}
    assert str(plant.alarms.safety("gateway")) == "safe"


def test_what_is_not_seen_for_long_is_not_looked_at_again_and_again() -> None:
    plant = Plant()
    boards = [plant.add(name, link="gateway") for name in ("Kitchen board", "Cellar board")]
    for board in boards:
        board.quiet()
        board.silent()
    due = plant.alarms.next_time()
    assert due is not None
    assert due <= plant.times.steady + 30
    for _ in range(3):
        plant.pass_(30)
    due = plant.alarms.next_time()
    assert due is None or due > plant.times.steady + 60


def gateway_alarm(plant: Plant) -> tuple[str, str]:
    (found,) = [standing for standing in plant.alarms.standing() if standing.code == "link"]
    return str(found.word), found.occurrence


def test_the_alarm_of_a_link_outlives_a_restart_and_ends_when_it_is_heard() -> None:
    plant = Plant()
    for name in ("Kitchen", "Cellar"):
        plant.add(name, link="gateway").quiet()
    for board in plant.boards.values():
        board.silent()
    plant.pass_(31)
    stood = gateway_alarm(plant)
    plant.alarms.acknowledge("gateway/link@/unseen", by="Wang Li")
    plant.restart()
    assert gateway_alarm(plant) == ("acknowledged", stood[1])
    for board in plant.boards.values():
        board.silent()
    plant.pass_(31)
    assert gateway_alarm(plant) == ("acknowledged", stood[1])
    assert plant.happened.count((What.RAISED, "link")) == 1
    plant.boards["Cellar"].quiet()
    assert not [one for one in plant.alarms.standing() if one.code == "link"]


def test_a_reload_of_a_link_that_is_down_raises_no_second_alarm() -> None:
    plant = Plant()
    for name in ("Kitchen", "Cellar"):
        plant.add(name, link="gateway").quiet()
    for board in plant.boards.values():
        board.silent()
    plant.pass_(31)
    stood = gateway_alarm(plant)
    for board in plant.boards.values():
        board.end()
    for name in ("Kitchen", "Cellar"):
        plant.add(name, link="gateway").silent()
    plant.pass_(31)
    assert gateway_alarm(plant) == stood


def test_a_link_that_cannot_be_reached_at_the_start_is_one_alarm_whoever_tries_again() -> None:
    plant = Plant()
    gateway = Board(identity="gateway", name="gateway")
    for _ in range(4):
        board = plant.add("Kitchen", link="gateway")
        plant.alarms.miss(gateway)
        board.end()
        plant.pass_(10)
        assert str(plant.alarms.safety("gateway")) == "not_seen"
    assert plant.happened == [(What.RAISED, "link")]
    plant.pass_(10)
    assert plant.sent == [("raised", ["gateway: link"])]
    board = plant.add("Kitchen", link="gateway")
    assert len(plant.alarms.standing()) == 1
    board.quiet()
    assert plant.alarms.standing() == []
    assert plant.happened == [(What.RAISED, "link"), (What.RETURNED, "link"), (What.ENDED, "link")]


def test_a_link_that_is_not_to_be_read_any_more_is_missed_by_nobody() -> None:
    plant = Plant()
    plant.alarms.miss(Board(identity="gateway", name="gateway"))
    plant.pass_(31)
    assert len(plant.alarms.standing()) == 1
    plant.alarms.forget_missed("gateway")
    assert plant.alarms.standing() == []
    plant.pass_(3600)
    assert plant.alarms.standing() == []


def test_one_silent_device_of_a_link_speaks_for_itself() -> None:
    plant = Plant()
    boards = [plant.add(name, link="gateway") for name in ("Kitchen", "Cellar")]
    for board in boards:
        board.quiet()
    boards[1].silent()
    plant.pass_(30)
    plant.pass_(1)
    assert plant.sent == [("raised", ["Cellar: "])]


# -- what persons do --------------------------------------------------------------------------------------------------


def test_an_alarm_is_held_until_a_person_knows_of_it() -> None:
    plant = Plant()
    board = plant.add()
    board.quiet()
    board.say(UHigh=True)
    board.say(UHigh=False)
    assert plant.standing() == {"UHigh": "returned_unacknowledged"}
    assert board.safety() == "alarm"
    plant.alarms.acknowledge(plant.one("UHigh").alarm_id, by="anna")
    assert plant.standing() == {}
    assert board.safety() == "safe"
    assert [what for what, _ in plant.happened] == [What.RAISED, What.RETURNED, What.ACKNOWLEDGED, What.ENDED]


def test_acknowledging_ends_nothing_that_is_still_so() -> None:
    plant = Plant()
    board = plant.add()
    board.quiet()
    board.say(UHigh=True)
    plant.alarms.acknowledge(plant.one("UHigh").alarm_id, by="anna")
    assert plant.standing() == {"UHigh": "acknowledged"}
    assert board.safety() == "alarm"
    board.say(UHigh=False)
    assert plant.standing() == {}


def test_a_trip_is_over_when_it_was_reset_which_is_not_acknowledging() -> None:
    plant = Plant()
    board = plant.add(model_id="ddsy1352")
    board.quiet()
    board.say(RlySta=False)
    trip = plant.one("RlySta").alarm_id
    with pytest.raises(AlarmRefusedError, match="acknowledge it first"):
        plant.alarms.reset(trip, by="anna")
    plant.alarms.acknowledge(trip, by="anna")
    with pytest.raises(AlarmRefusedError, match="still so"):
        plant.alarms.reset(trip, by="anna")
    board.say(RlySta=Quality.NO_ANSWER)
    with pytest.raises(AlarmRefusedError, match="cannot be read"):
        plant.alarms.reset(trip, by="anna")
    board.say(RlySta=True)
    assert board.safety() == "tripped"
    plant.alarms.reset(trip, by="anna")
    assert board.safety() == "safe"


def test_a_button_of_yesterdays_notification_acknowledges_no_alarm_of_today() -> None:
    plant = Plant()
    board = plant.add()
    board.quiet()
    board.say(UHigh=True)
    first = plant.one("UHigh")
    plant.alarms.acknowledge(first.alarm_id, by="anna")
    board.say(UHigh=False)
    board.say(UHigh=True)
    with pytest.raises(UnknownAlarmError):
        plant.alarms.acknowledge(first.alarm_id, by="anna", occurrence=first.occurrence)
    assert plant.standing() == {"UHigh": "unacknowledged"}


def test_a_shelved_alarm_is_judged_and_counts_but_is_not_told_until_its_time_is_over() -> None:
    plant = Plant()
    board = plant.add()
    board.quiet()
    board.say(UHigh=True)
    alarm = plant.one("UHigh").alarm_id
    plant.alarms.shelve(alarm, 3600, by="anna")
    plant.pass_(1)
    assert plant.sent == []
    assert (plant.standing(), board.safety()) == ({"UHigh": "shelved"}, "alarm")
    plant.pass_(3600)
    plant.pass_(1)
    assert plant.standing() == {"UHigh": "unacknowledged"}
    assert plant.sent == [("raised", ["Kitchen board: UHigh"])]


def test_nothing_is_shelved_for_ever() -> None:
    plant = Plant()
    board = plant.add()
    board.quiet()
    board.say(UHigh=True)
    with pytest.raises(AlarmRefusedError, match="up to 8 h"):
        plant.alarms.shelve(plant.one("UHigh").alarm_id, 9 * 3600, by="anna")
    with pytest.raises(AlarmRefusedError):
        plant.alarms.shelve(plant.one("UHigh").alarm_id, float("nan"), by="anna")


def test_an_occurrence_is_shelved_for_no_longer_in_parts_than_at_once() -> None:
    plant = Plant()
    board = plant.add()
    board.quiet()
    board.say(UHigh=True)
    alarm = plant.one("UHigh").alarm_id
    plant.alarms.shelve(alarm, 5 * 3600, by="anna")
    plant.pass_(4 * 3600)
    with pytest.raises(AlarmRefusedError, match=r"8 h in all: 240 min are left"):
        plant.alarms.shelve(alarm, 5 * 3600, by="anna")
    # Neither taking it up nor a restart begins that time anew.
    plant.alarms.unshelve(alarm, by="anna")
    plant.restart()
    board = plant.boards["Kitchen board"]
    board.say(UHigh=True)
    plant.alarms.shelve(alarm, 4 * 3600, by="anna")
    plant.pass_(4 * 3600)
    with pytest.raises(AlarmRefusedError, match="0 min are left"):
        plant.alarms.shelve(alarm, 60, by="anna")
    plant.alarms.acknowledge(alarm, by="anna")
    board.say(UHigh=False)
    board.say(UHigh=True)
    plant.alarms.shelve(alarm, 8 * 3600, by="anna")


def test_only_what_stands_is_shelved() -> None:
    plant = Plant()
    board = plant.add()
    board.quiet()
    with pytest.raises(AlarmRefusedError, match="does not stand now"):
        plant.alarms.shelve("Kitchen board/UHigh@1/bit", 3600, by="anna")
    board.say(UHigh=True)
    assert plant.standing() == {"UHigh": "unacknowledged"}


def test_what_is_out_of_service_is_never_safe() -> None:
    plant = Plant()
    board = plant.add()
    board.quiet()
    board.say(UHigh=True)
    alarm = plant.one("UHigh").alarm_id
    plant.alarms.acknowledge(alarm, by="anna")
    board.say(UHigh=False)
    plant.alarms.take_out(alarm, by="anna", comment="wiring")
    assert (plant.standing(), board.safety()) == ({"UHigh": "out_of_service"}, "not_seen")
    plant.alarms.put_back(alarm, by="anna")
    assert (plant.standing(), board.safety()) == ({}, "safe")


# -- what is sent to people -------------------------------------------------------------------------------------------


def test_an_alarm_is_sent_once_and_again_until_somebody_acknowledges() -> None:
    plant = Plant()
    board = plant.add()
    board.quiet()
    board.say(UHigh=True)
    for _ in range(3):
        plant.pass_(1)
        board.say(UHigh=True)
    assert plant.sent == [("raised", ["Kitchen board: UHigh"])]
    plant.pass_(600)
    assert plant.sent[1:] == [("reminder", ["Kitchen board: UHigh"])]
    assert plant.notices[-1].count == 2
    plant.alarms.acknowledge(plant.one("UHigh").alarm_id, by="anna")
    assert plant.sent[2:] == [("over", ["Kitchen board: UHigh"])]
    plant.pass_(6000)
    assert len(plant.sent) == 3


def test_what_comes_of_one_cause_is_one_notice_the_gravest_first() -> None:
    plant = Plant()
    board = plant.add()
    board.quiet()
    board.say(ULow=True, **{"DOC_Voltage loss A": True})
    board.say(Ua=0.0, Ub=0.0, Uc=0.0, Ia=0.0, Ib=0.0, Ic=0.0)
    plant.pass_(1)
    ((why, alarms),) = plant.sent
    assert why == "raised"
    assert alarms[0] == "Kitchen board: Ua"


def test_a_pre_alarm_gives_way_to_the_alarm_of_the_same_value() -> None:
    plant = Plant()
    board = plant.add(model_id="asj10l")
    board.quiet()
    board.say(Lg=60, Lg1HIGH1=True)
    plant.pass_(1)
    board.say(Lg=120, Lg1HIGH1=True, Lg1HIGH2=True)
    plant.pass_(1)
    assert plant.standing() == {"Lg1HIGH2": "unacknowledged", "Lg1HIGH1": "suppressed"}
    assert plant.sent == [("raised", ["Kitchen board: Lg1HIGH1"]), ("raised", ["Kitchen board: Lg1HIGH2"])]


def test_a_thousand_alarms_in_a_second_are_all_recorded_and_grouped_by_board() -> None:
    plant = Plant()
    boards = [plant.add(f"Board {number}", "aim-r100") for number in range(84)]
    for board in boards:
        board.quiet()
    for board in boards:
        for circuit in range(1, 13):
            board.say(str(circuit), Lg=420, LgHigh=True)
    assert len(plant.happened) == 1008
    plant.pass_(1)
    assert len(plant.notices) == 84
    assert all(len(notice.alarms) == 12 for notice in plant.notices)


def test_chatter_is_counted_and_is_one_notice() -> None:
    plant = Plant()
    board = plant.add()
    board.quiet()
    for _ in range(20):
        board.say(UHigh=True)
        plant.pass_(1)
        board.say(UHigh=False)
        plant.pass_(1)
    assert plant.sent == [("raised", ["Kitchen board: UHigh"])]
    alarm = plant.one("UHigh")
    assert (alarm.changes, alarm.chatters) == (40, True)


# -- restarts and clocks ----------------------------------------------------------------------------------------------


def test_what_stood_before_a_restart_stands_after_it_and_is_sent_again_but_recorded_once() -> None:
    plant = Plant()
    board = plant.add()
    board.quiet()
    board.say(UHigh=True, Ua=265, Ub=230, Uc=230)
    plant.pass_(1)
    before = plant.one("UHigh")
    plant.restart()
    assert plant.boards["Kitchen board"].safety() == "alarm"
    plant.boards["Kitchen board"].quiet()
    plant.boards["Kitchen board"].say(UHigh=True, Ua=265, Ub=230, Uc=230)
    plant.pass_(1)
    after = plant.one("UHigh")
    assert (after.occurrence, after.since) == (before.occurrence, before.since)
    assert [what for what, _ in plant.happened].count(What.RAISED) == 1
    assert plant.sent == [("raised", ["Kitchen board: UHigh"]), ("restarted", ["Kitchen board: UHigh"])]


def test_what_was_acknowledged_before_a_restart_is_not_sent_again() -> None:
    plant = Plant()
    board = plant.add()
    board.quiet()
    board.say(UHigh=True)
    plant.alarms.acknowledge(plant.one("UHigh").alarm_id, by="anna")
    plant.restart()
    plant.boards["Kitchen board"].say(UHigh=True)
    plant.pass_(1)
    assert plant.sent == []
    assert plant.standing()["UHigh"] == "acknowledged"


def test_a_breaker_that_opened_during_a_restart_has_tripped() -> None:
    plant = Plant()
    board = plant.add(model_id="ddsy1352")
    board.quiet()
    plant.restart()
    plant.boards["Kitchen board"].say(RlySta=False)
    assert plant.boards["Kitchen board"].safety() == "tripped"


@pytest.mark.parametrize(
    ("hours", "is_shelved"),
    [
        pytest.param(1, True, id="as it was"),
        pytest.param(3, False, id="its time is over"),
        pytest.param(-48, True, id="the clock was set back: no longer than was left"),
    ],
)
def test_a_shelving_outlives_a_restart_but_not_its_time(*, hours: float, is_shelved: bool) -> None:
    plant = Plant()
    board = plant.add()
    board.quiet()
    board.say(UHigh=True)
    plant.alarms.shelve(plant.one("UHigh").alarm_id, 2 * 3600, by="anna")
    plant.times.pass_(hours * 3600 if hours > 0 else 0)
    if hours < 0:
        plant.times.wall += timedelta(hours=hours)
    plant.restart()
    assert (plant.standing()["UHigh"] == "shelved") is is_shelved
    plant.pass_(2 * 3600)
    assert plant.standing()["UHigh"] == "unacknowledged"
