"""One device, several ways to it: the nearest that is heard is believed, and a change goes by the nearest that can."""

from collections.abc import Collection
from collections.abc import Set as AbstractSet
from dataclasses import replace

import pytest

from custom_components.acrel_safety.aioacrel.device import Device
from custom_components.acrel_safety.aioacrel.errors import (
    NoAnswerError,
    NotSentError,
    RefusedError,
    SettingOutOfRangeError,
    SettingRefusedError,
    SettingUnconfirmedError,
    WrongDeviceError,
)
from custom_components.acrel_safety.aioacrel.readings import PointKey, Quality
from custom_components.acrel_safety.aioacrel.source import FAR, NEAR
from custom_components.acrel_safety.aioacrel.totals import Remembered
from tests.aioacrel.rigs import model
from tests.aioacrel.spoken import SpokenSource

METER = model("adw300")
LEAK, VOLTAGE, ENERGY, LIMIT = (PointKey("1", code) for code in ("Lg", "Ua", "EPI", "LgHighVal02"))
ALL = (LEAK, VOLTAGE, ENERGY, LIMIT)
SILENCE = NoAnswerError(unit=1, seconds=1)
WRONG = WrongDeviceError(unit=1, model="ADW300", detail="another one")


class Plan:
    """A device with a near way and a far one, all of it wanted; what its listeners are told is kept."""

    def __init__(self, *, near: Collection[PointKey] = ALL, far: Collection[PointKey] = ALL) -> None:
        self.now = 0.0
        self.may_change = True
        self.device = Device("meter", METER, may_change=lambda: self.may_change, steady=lambda: self.now)
        self.near = SpokenSource(METER, NEAR, "line", near, orders=[LIMIT] if LIMIT in near else ())
        self.far = SpokenSource(METER, FAR, "cloud", far, orders=[LIMIT] if LIMIT in far else ())
        self.told: list[AbstractSet[PointKey]] = []
        self.device.listen(self.told.append)
        self.leave_far = self.device.attach(self.far)
        self.leave_near = self.device.attach(self.near)
        self.unwant = self.device.want(ALL)

    def shown(self, key: PointKey = LEAK) -> tuple[object, str]:
        """Return the value that holds and the way it came; of a missing one why it is missing."""
        reading = self.device.readings[key]
        return reading.quality if reading.value is None else reading.value, reading.origin


# -- whose reading holds ---------------------------------------------------------------------------------------------


def test_the_nearest_way_is_believed_whoever_spoke_last() -> None:
    plan = Plan()
    assert plan.device.sources == [plan.near, plan.far]
    plan.near.say({LEAK: 30})
    plan.far.say({LEAK: 31})
    assert plan.shown() == (30, "line")


def test_a_gap_of_the_nearer_way_is_filled_by_the_farther_one_which_gives_way_again() -> None:
    plan = Plan()
    plan.near.say({LEAK: 30, VOLTAGE: 230})
    plan.far.say({LEAK: 31, VOLTAGE: 231})
    plan.near.say({LEAK: Quality.NO_ANSWER})
    assert plan.shown() == (31, "cloud")
    assert plan.shown(VOLTAGE) == (230, "line")
    plan.far.say({LEAK: 32})
    assert plan.shown() == (32, "cloud")
    plan.near.say({LEAK: 33})
    assert plan.shown() == (33, "line")


def test_what_only_the_farther_way_shows_comes_from_there() -> None:
    plan = Plan(near=[LEAK], far=[LEAK, VOLTAGE])
    plan.near.say({LEAK: 30})
    plan.far.say({LEAK: 31, VOLTAGE: 231})
    assert (plan.shown(), plan.shown(VOLTAGE)) == ((30, "line"), (231, "cloud"))


def test_what_no_way_hears_is_lost() -> None:
    plan = Plan()
    plan.far.say({LEAK: 31})
    assert plan.device.is_heard
    plan.near.say({LEAK: Quality.NO_ANSWER})
    plan.far.say({LEAK: Quality.STALE})
    assert plan.shown() == (Quality.NO_ANSWER, "line")
    assert plan.device.readings[LEAK].quality.is_lost
    assert not plan.device.is_heard


@pytest.mark.parametrize("quality", [Quality.IMPLAUSIBLE, Quality.REFUSED, Quality.NO_RATIO])
def test_a_way_that_is_heard_but_has_no_value_is_not_painted_over(quality: Quality) -> None:
    """That the instrument itself says nothing sensible is not to be hidden by what a server remembers."""
    plan = Plan()
    plan.far.say({LEAK: 31})
    plan.near.say({LEAK: quality})
    assert plan.shown() == (quality, "line")


def test_all_ways_together_make_the_points_and_the_nearer_says_what_they_are() -> None:
    plan = Plan(near=[VOLTAGE, LEAK], far=[LIMIT, VOLTAGE])
    finer = replace(METER.points[VOLTAGE], precision=3)
    plan.near.points = {**plan.near.points, VOLTAGE: finer}
    assert list(plan.device.points) == [key for key in METER.points if key in (VOLTAGE, LEAK, LIMIT)]
    assert plan.device.points[VOLTAGE] is finer
    assert plan.device.orders == {LIMIT}


def test_the_trouble_of_the_nearest_way_is_told_without_any_new_value() -> None:
    plan = Plan()
    plan.far.say({}, SILENCE)
    troubles = [plan.device.trouble]
    for trouble in (WRONG, WRONG, None):
        plan.near.say({}, trouble)
        troubles.append(plan.device.trouble)
    assert troubles == [SILENCE, WRONG, WRONG, SILENCE]
    assert plan.told == [frozenset()] * 3, "once for each that is new"


# -- wishes ----------------------------------------------------------------------------------------------------------


def test_wishes_are_counted_and_every_way_is_told_of_each_once() -> None:
    plan = Plan()
    again = plan.device.want([LEAK])
    plan.unwant()
    plan.unwant()
    assert plan.near.wanted == plan.far.wanted == {LEAK}
    assert plan.device.is_wanted
    again()
    assert plan.near.wanted == plan.far.wanted == frozenset()
    assert not plan.device.is_wanted


def test_what_nobody_wants_is_neither_shown_nor_told() -> None:
    plan = Plan()
    plan.near.say({LEAK: 30})
    plan.unwant()
    plan.near.say({LEAK: 31})
    assert plan.device.readings == {}
    assert plan.told == [{LEAK}]


def test_a_value_from_before_a_wish_was_taken_back_does_not_return_with_the_next_wish() -> None:
    plan = Plan()
    plan.near.say({LEAK: 30})
    plan.unwant()
    plan.device.want([LEAK])
    plan.far.say({LEAK: 400})
    assert plan.shown() == (400, "cloud"), "the nearer way has said nothing since it is asked again"


def test_a_way_that_joins_later_is_told_what_is_wanted() -> None:
    plan = Plan()
    other = SpokenSource(METER, FAR, "gateway", [LEAK])
    plan.device.attach(other)
    assert other.wanted == set(ALL)
    plan.device.hurry()
    assert (plan.near.hurries, plan.far.hurries, other.hurries) == (1, 1, 1)


# -- listeners -------------------------------------------------------------------------------------------------------


def test_a_listener_that_raises_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    plan = Plan()

    def fail(keys: AbstractSet[PointKey]) -> None:
        raise RuntimeError(len(keys))

    plan.device.listen(fail)
    last: list[AbstractSet[PointKey]] = []
    unlisten = plan.device.listen(last.append)
    plan.near.say({LEAK: 30})
    assert plan.told == last == [{LEAK}]
    assert plan.shown() == (30, "line")
    unlisten()
    plan.near.say({LEAK: 31})
    assert (len(plan.told), len(last)) == (2, 1)
    assert caplog.text.count("A listener of meter failed") == 2


# -- ways that go away -----------------------------------------------------------------------------------------------


def test_when_a_way_is_taken_away_the_next_one_stands_in() -> None:
    plan = Plan()
    plan.near.say({LEAK: 30, VOLTAGE: 230}, WRONG)
    plan.far.say({LEAK: 31})
    plan.told.clear()
    plan.leave_near()
    plan.leave_near()
    assert plan.shown() == (31, "cloud")
    assert VOLTAGE not in plan.device.readings
    assert plan.told == [{LEAK, VOLTAGE}]
    assert plan.near.wanted == frozenset()
    assert plan.device.trouble is None
    plan.near.say({LEAK: 99})
    assert plan.shown() == (31, "cloud")


def test_without_any_way_left_nothing_is_known() -> None:
    plan = Plan()
    plan.near.say({LEAK: 30})
    plan.leave_near()
    plan.leave_far()
    assert (plan.device.sources, plan.device.points, plan.device.orders) == ([], {}, set())
    assert plan.device.readings == {}
    assert not plan.device.is_heard


# -- totals ----------------------------------------------------------------------------------------------------------


def test_a_counter_is_judged_across_a_change_of_the_way() -> None:
    plan = Plan()
    plan.near.say({ENERGY: 500.0})
    plan.near.say({ENERGY: 500.0})
    plan.near.say({ENERGY: Quality.NO_ANSWER})
    plan.now = 60
    plan.far.say({ENERGY: 12.0})
    assert plan.shown(ENERGY) == (500.0, "cloud")
    assert plan.device.readings[ENERGY].quality is Quality.HELD
    plan.now = 120
    plan.near.say({ENERGY: 500.5})
    assert plan.shown(ENERGY) == (500.5, "line")
    assert plan.device.remembered_totals() == {ENERGY: Remembered(count=500.5, age=0)}


def test_a_reading_counts_once_against_a_counter_however_often_others_speak() -> None:
    plan = Plan()
    plan.near.say({ENERGY: 500.0})
    plan.near.say({ENERGY: 500.0})
    plan.near.say({ENERGY: 12.0})
    for lap in range(60):
        plan.now = 60.0 * lap
        plan.far.say({ENERGY: 500.0})
    assert plan.shown(ENERGY) == (500.0, "line")
    assert plan.device.readings[ENERGY].quality is Quality.HELD


def test_a_restored_total_is_not_undercut() -> None:
    plan = Plan()
    plan.device.restore_total(ENERGY, Remembered(count=9000.0, age=60))
    plan.near.say({ENERGY: 12.0})
    assert (plan.shown(ENERGY)[0], plan.device.readings[ENERGY].quality) == (9000.0, Quality.HELD)
    plan.device.restore_total(ENERGY, Remembered(count=1.0, age=60))
    plan.near.say({ENERGY: 9000.5})
    assert (plan.shown(ENERGY)[0], plan.device.readings[ENERGY].quality) == (9000.5, Quality.GOOD)


def test_a_total_that_is_restored_too_late_has_the_reading_judged_anew() -> None:
    plan = Plan()
    plan.near.say({ENERGY: 12.0})
    plan.near.say({ENERGY: 12.0})
    assert plan.shown(ENERGY)[0] == 12.0
    plan.device.restore_total(ENERGY, Remembered(count=9000.0, age=60))
    assert (plan.shown(ENERGY)[0], plan.device.readings[ENERGY].quality) == (9000.0, Quality.HELD)


# -- changes ---------------------------------------------------------------------------------------------------------


async def test_a_change_goes_by_the_nearest_way_that_can_and_shows_at_once() -> None:
    plan = Plan()
    reading = await plan.device.change(LIMIT, 300)
    assert (reading.value, reading.origin) == (300, "line")
    assert plan.shown(LIMIT) == (300, "line")
    assert plan.told == [{LIMIT}]
    assert [(order.key, order.value) for order in plan.near.sent] == [(LIMIT, 300)]
    assert plan.far.sent == []


async def test_a_change_goes_by_the_farther_way_where_the_nearer_only_reads() -> None:
    plan = Plan()
    plan.near.orders = frozenset()
    plan.near.say({LIMIT: 200})
    assert (await plan.device.change(LIMIT, 300)).origin == "cloud"
    assert [len(source.sent) for source in (plan.near, plan.far)] == [0, 1]


async def test_whether_changes_are_allowed_is_asked_when_one_is_made() -> None:
    plan = Plan()
    await plan.device.change(LIMIT, 300)
    plan.may_change = False
    with pytest.raises(SettingRefusedError, match="changes are not allowed"):
        await plan.device.change(LIMIT, 400)
    assert (len(plan.near.sent), len(plan.far.sent)) == (1, 0)


async def test_a_device_may_not_be_changed_unless_somebody_says_so() -> None:
    device, source = Device("meter", METER), SpokenSource(METER, NEAR, "line", ALL, orders=[LIMIT])
    device.attach(source)
    with pytest.raises(SettingRefusedError, match="changes are not allowed"):
        await device.change(LIMIT, 300)
    assert source.sent == []


async def test_what_no_way_can_set_is_refused() -> None:
    plan = Plan()
    for key in (LEAK, PointKey("9", "Lg")):
        with pytest.raises(SettingRefusedError, match="does not allow this setting"):
            await plan.device.change(key, 1)
    assert (plan.near.sent, plan.far.sent) == ([], [])


async def test_a_value_beyond_the_limits_is_not_even_sent() -> None:
    plan = Plan()
    with pytest.raises(SettingOutOfRangeError):
        await plan.device.change(LIMIT, 1001)
    assert plan.near.sent == []


@pytest.mark.parametrize("error", [SILENCE, RefusedError(unit=1, address=0, count=1, code=4)])
async def test_an_order_is_sent_once_whatever_becomes_of_it(error: NoAnswerError | RefusedError) -> None:
    plan = Plan()
    plan.near.refusal, plan.near.held[LIMIT] = error, 200
    with pytest.raises(RefusedError if isinstance(error, RefusedError) else SettingUnconfirmedError):
        await plan.device.change(LIMIT, 300)
    assert (len(plan.near.sent), len(plan.far.sent)) == (1, 0), "neither again nor by the other way"


async def test_an_order_whose_answer_was_lost_is_done_when_it_is_read_back() -> None:
    plan = Plan()
    plan.near.refusal, plan.near.held[LIMIT] = SILENCE, 300
    assert (await plan.device.change(LIMIT, 300)).value == 300
    assert len(plan.near.sent) == 1


async def test_an_order_that_never_left_fails_for_the_reason_it_never_left() -> None:
    plan = Plan()
    plan.near.refusal, plan.near.held[LIMIT] = NotSentError(unit=1, reason=SILENCE), 300
    with pytest.raises(NoAnswerError) as caught:
        await plan.device.change(LIMIT, 300)
    assert caught.value is SILENCE, "what is read back proves nothing: it was not sent"


async def test_what_was_changed_unasked_for_is_not_kept_as_a_reading() -> None:
    plan = Plan()
    plan.unwant()
    await plan.device.change(LIMIT, 300)
    plan.device.want([LIMIT])
    plan.far.say({LIMIT: 400})
    assert plan.shown(LIMIT) == (400, "cloud")


def test_a_counter_that_leaps_has_it_looked_who_answers_once() -> None:
    plan = Plan()
    plan.near.say({ENERGY: 500.0})
    plan.near.say({ENERGY: 500.0})
    assert (plan.near.questions, plan.far.questions) == (0, 0)
    for lap in range(5):
        plan.now = 60.0 * lap
        plan.near.say({ENERGY: 0.0})
    assert (plan.near.questions, plan.far.questions) == (1, 1)
    plan.near.say({ENERGY: 500.5})
    plan.near.say({ENERGY: 40_000.0})
    assert plan.near.questions == 2


# -- what is older -----------------------------------------------------------------------------------------------------


def test_what_the_farther_way_said_before_does_not_take_the_place_of_what_was_known_since() -> None:
    plan = Plan()
    plan.far.say({LEAK: 31})
    plan.near.say({LEAK: 30})
    plan.near.say({LEAK: Quality.NO_ANSWER})
    assert plan.shown() == (Quality.NO_ANSWER, "line")
    assert plan.device.is_heard, "the farther way hears it"
    plan.far.say({LEAK: 32})
    assert plan.shown() == (32, "cloud")


def test_that_one_way_is_lost_or_back_is_told_though_the_other_stands_in() -> None:
    plan = Plan()
    plan.near.say({LEAK: 30})
    plan.far.say({LEAK: 31})
    heard: list[tuple[bool, bool, bool]] = []
    plan.device.listen(
        lambda _: heard.append((plan.device.hears(plan.near), plan.device.hears(plan.far), plan.device.is_seen))
    )
    plan.far.say({LEAK: Quality.NO_ANSWER})
    plan.far.say({LEAK: 31})
    plan.near.say({}, WRONG)
    plan.near.say({LEAK: Quality.NO_ANSWER}, WRONG)
    plan.far.say({LEAK: Quality.STALE})
    assert [*dict.fromkeys(heard)] == [
        (True, False, True),
        (True, True, True),
        (False, True, True),
        (False, False, False),
    ]
    assert (plan.device.trouble_of(plan.near), plan.device.trouble_of(plan.far)) == (WRONG, None)


async def test_a_change_goes_by_a_way_that_is_heard() -> None:
    plan = Plan()
    plan.far.say({LEAK: 31})
    assert (await plan.device.change(LIMIT, 300)).origin == "cloud"
    assert [len(source.sent) for source in (plan.near, plan.far)] == [0, 1]
