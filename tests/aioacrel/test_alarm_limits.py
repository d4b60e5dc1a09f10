"""The owner's limits: on anything that is measured, two levels, delays and hysteresis on measuring times."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.alarms.levels import Level
from custom_components.acrel_safety.aioacrel.alarms.ownerlimits import Of, OwnerLimit
from custom_components.acrel_safety.aioacrel.alarms.proposals import proposals, residual_limit
from custom_components.acrel_safety.aioacrel.errors import LimitFormError
from custom_components.acrel_safety.aioacrel.readings import Quality
from tests.aioacrel.alarm_rigs import Plant, PlayedBoard
from tests.aioacrel.rigs import model

LEAK = OwnerLimit(family="residual_current", limit=300, hysteresis=30)
WARN = OwnerLimit(family="residual_current", level=Level.PRE_ALARM, limit=150, hysteresis=15)


def a_board(
    *limits: OwnerLimit, model_id: str = "aim-r100", ratings: Mapping[str, float] | None = None
) -> tuple[Plant, PlayedBoard]:
    plant = Plant()
    named = {str(number): limit for number, limit in enumerate(limits)}
    board = plant.add(model_id=model_id, limits=named, ratings=ratings)
    board.quiet()
    return plant, board


def test_two_levels_are_two_alarms_and_the_graver_one_speaks() -> None:
    plant, board = a_board(WARN, LEAK)
    board.say("5", Lg=200)
    assert board.safety("5") == "pre_alarm"
    assert board.safety("4") == "safe"
    board.say("5", Lg=400)
    assert board.safety("5") == "alarm"
    assert sorted(str(standing.word) for standing in plant.alarms.standing()) == ["suppressed", "unacknowledged"]
    (alarm,) = [standing for standing in plant.alarms.standing() if standing.level is Level.ALARM]
    assert (alarm.value, alarm.limit, alarm.text()) == (400, 300, "Residual current above the limit")


def test_hysteresis_keeps_an_alarm_from_ending_at_its_limit() -> None:
    plant, board = a_board(LEAK)
    for value in (301, 299, 271):
        board.say("5", Lg=value)
        assert plant.one("Lg").is_on
    board.say("5", Lg=270)
    assert not plant.one("Lg").is_on


def test_the_worst_and_the_first_value_are_kept() -> None:
    plant, board = a_board(LEAK)
    for value in (310, 900, 400):
        board.say("5", Lg=value)
    alarm = plant.one("Lg")
    assert (alarm.first_value, alarm.worst_value, alarm.value) == (310, 900, 400)


def test_an_off_delay_lets_an_alarm_end_only_when_all_readings_of_it_were_clear() -> None:
    plant, board = a_board(OwnerLimit(family="residual_current", limit=300, off_delay=10))
    board.say("5", Lg=301)
    board.say("5", Lg=20)
    plant.times.pass_(9)
    board.say("5", Lg=20)
    assert plant.one("Lg").is_on
    board.say("5", Lg=Quality.NO_ANSWER)
    plant.times.pass_(100)
    assert plant.one("Lg").is_on
    board.say("5", Lg=20)
    assert not plant.one("Lg").is_on


def test_a_limit_for_one_circuit_goes_before_the_one_for_all() -> None:
    plant, board = a_board(LEAK, OwnerLimit(family="residual_current", circuit="7", limit=900))
    board.say("7", Lg=600)
    assert plant.standing() == {}
    board.say("6", Lg=600)
    assert plant.one("Lg").circuit == "6"


def test_a_low_limit() -> None:
    plant, board = a_board(OwnerLimit(family="voltage", code="Ua", is_low=True, limit=200), model_id="adw300")
    board.say(Ua=190)
    assert plant.one("Ua").text() == "Phase A voltage below the limit"


def test_current_against_the_rating_of_its_circuit() -> None:
    limit = OwnerLimit(family="current", of=Of.RATING, limit=110)
    plant, board = a_board(limit, model_id="adw300", ratings={"1": 16.0})
    board.say(Ia=17.5)
    assert plant.standing() == {}
    board.say(Ib=18.0)
    alarm = plant.one("Ib")
    assert (alarm.value, alarm.limit, alarm.unit) == (112.5, 110, "%")


def test_without_a_rating_nothing_is_said_to_be_within_it() -> None:
    _, board = a_board(OwnerLimit(family="current", of=Of.RATING, limit=110), model_id="adw300")
    assert board.safety() == "not_seen"


def test_phases_against_each_other() -> None:
    limit = OwnerLimit(family="temperature", of=Of.SPREAD, limit=15)
    plant, board = a_board(limit, model_id="adw300")
    board.say(TempA=50, TempB=36, TempC=36, TempN=20)
    assert plant.standing() == {}
    board.say(TempA=52)
    assert plant.one("TempA").value == 16
    board.say(TempB=Quality.NO_ANSWER)
    assert board.safety() == "alarm"
    assert not plant.one("TempA").is_seen


@pytest.mark.parametrize("model_id", ["adw300", "aim-r100", "asj10l", "adl400"])
def test_what_is_proposed_is_quiet_on_a_board_where_all_is_well(model_id: str) -> None:
    limits = list(proposals(model(model_id)))
    assert all(OwnerLimit.read(limit.written()) == limit for limit in limits)
    _, board = a_board(*limits, model_id=model_id, ratings=dict.fromkeys(model(model_id).circuits, 63.0))
    assert board.safety() == "safe"


def test_the_proposed_leakage_limit_is_twice_what_leaks_normally_and_never_above_an_ampere() -> None:
    assert [residual_limit(normal) for normal in (None, 20, 150, 163, 700)] == [300, 300, 300, 330, 1000]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"limit": "300"}, "'limit' has to be a number"),
        ({"limit": float("nan")}, "'limit' has to be a number"),
        ({"limit": True}, "'limit' has to be a number"),
        ({"level": "trip"}, "'level' has to be one of pre_alarm, alarm"),
        ({"on_delay": -1}, "'on_delay' is out of its range"),
        ({"on_delay": 1e8}, "'on_delay' is out of its range"),
        ({"colour": "red"}, "'colour' is no field of a limit"),
        ({"family": ""}, "'family' has to be a text"),
        ({"of": "rating"}, "only currents can be compared with the rated current"),
        ({"is_low": "no"}, "'is_low' has to be true or false"),
    ],
)
def test_a_limit_that_is_none_is_refused_with_one_sentence(change: dict[str, object], says: str) -> None:
    with pytest.raises(LimitFormError, match=says):
        OwnerLimit.read({"family": "residual_current", "limit": 300.0, **change})


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(_ANYTHING)
def test_anything_else_is_refused_too(data: object) -> None:
    with pytest.raises(LimitFormError):
        OwnerLimit.read(data)


_FIELDS = st.sampled_from(
    ["occurrence", "since", "condition", "acknowledged", "latched", "silenced", "changes", "value", "first", "worst",
     "limit", "shelved", "out_of_service", "memory", "shelving_left"]
)  # fmt: skip


@given(data=st.dictionaries(_FIELDS, _ANYTHING | st.sampled_from(["2026-03-02T12:00:00+00:00"])) | _ANYTHING)
def test_whatever_a_store_holds_nothing_fails_and_nothing_on_is_taken_for_known(data: object) -> None:
    plant = Plant()
    plant.kept = {"Kitchen board/UHigh@1/bit": data, "Kitchen board/Ua@1/dead": data}
    plant.begin()
    board = plant.add()
    board.quiet(UHigh=True)
    alarm = plant.one("UHigh")
    told_so = isinstance(data, dict) and (
        (data.get("acknowledged") is True and data.get("occurrence"))
        or data.get("out_of_service") is True
        or data.get("shelved")
    )
    assert told_so or str(alarm.word) == "unacknowledged"
    assert board.safety() != "safe"
