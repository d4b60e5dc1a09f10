"""A breaker is closed again by itself only after a voltage cause that is known and over: cause by state, and writes."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from custom_components.acrel_safety.aioacrel.alarms.levels import Level
from custom_components.acrel_safety.aioacrel.control.caller import AUTOMATION, CallerKind, cutting, reclosing
from custom_components.acrel_safety.aioacrel.control.control import Act
from custom_components.acrel_safety.aioacrel.control.outcome import Reason, Result
from custom_components.acrel_safety.aioacrel.control.policy import Policy
from custom_components.acrel_safety.aioacrel.control.rights import ADMINISTRATORS, Rights
from custom_components.acrel_safety.aioacrel.control.rounds import Phase, Why
from custom_components.acrel_safety.aioacrel.control.tags import Tag
from custom_components.acrel_safety.aioacrel.errors import NoAnswerError, NotSentError
from custom_components.acrel_safety.aioacrel.readings import PointKey, Quality
from tests.aioacrel.control_rigs import ADMIN
from tests.aioacrel.reclose_rigs import EVERY_RIGHT, OPTED_IN, Breaker

pytestmark = pytest.mark.virtual_time

ON, OFF = PointKey("1", "RLYON"), PointKey("1", "RLYOFF")


async def test_after_over_voltage_it_is_closed_once_when_the_supply_was_sound_for_ten_seconds() -> None:
    rig = Breaker()
    await rig.over_voltage()
    await rig.pass_(9)
    assert (rig.writes, rig.round.phase) == ([], Phase.WAITING)
    await rig.pass_(2)
    assert (rig.writes, rig.round.phase, rig.values["RlySta"]) == (["RLYON"], Phase.RECLOSED, True)
    await rig.pass_(2000)
    assert rig.writes == ["RLYON"]
    phases = [step.phase for step in rig.steps]
    assert phases == [Phase.JUDGING, Phase.WAITING, Phase.TRYING, Phase.RECLOSED]


async def test_it_is_a_caller_of_its_own_kind() -> None:
    rig = Breaker()
    kinds: list[CallerKind] = []
    rig.control.listen(lambda act: kinds.append(act.caller.kind))
    await rig.over_voltage()
    await rig.pass_(20)
    assert kinds == [CallerKind.RECLOSING, CallerKind.RECLOSING]


async def test_three_tries_at_ten_sixty_and_three_hundred_seconds_then_none_until_a_person_acknowledges() -> None:
    rig = Breaker()
    for seconds, tries in ((10, 1), (60, 2), (300, 3)):
        await rig.over_voltage()
        await rig.pass_(seconds - 1)
        assert len(rig.writes) == tries - 1
        await rig.pass_(2)
        assert len(rig.writes) == tries
    await rig.over_voltage()
    await rig.pass_(4000)
    assert (rig.writes, rig.round.phase, rig.round.why) == (["RLYON"] * 3, Phase.LOCKED, Why.TRIES_USED_UP)
    rig.acknowledge()
    await rig.pass_(400)
    # What tripped before is a person's now.
    assert (len(rig.writes), rig.round.phase, rig.round.tries) == (3, Phase.READY, 0)
    await rig.say(RlySta=True)
    await rig.pass_(5)
    await rig.over_voltage()
    await rig.pass_(12)
    assert len(rig.writes) == 4


type Play = Callable[[Breaker], Awaitable[None]]


def tripped_by(cause: str) -> Play:
    async def play(rig: Breaker) -> None:
        await rig.trip(cause)
        await rig.pass_(4)
        if cause:
            await rig.say(**{cause: False})

    return play


def together(*causes: str) -> Play:
    async def play(rig: Breaker) -> None:
        await rig.say(**dict.fromkeys(causes, True))
        await rig.pass_(1)
        await rig.say(RlySta=False)
        await rig.pass_(1)
        await rig.say(**dict.fromkeys(causes, False))

    return play


async def under_voltage(rig: Breaker) -> None:
    await rig.trip("ULow", U=170.0)
    await rig.pass_(30)
    await rig.say(ULow=False, U=228.0)


async def supply_failed(rig: Breaker) -> None:
    await rig.say(U=0.0, I=0.0, ULow=True)
    await rig.pass_(2)
    await rig.say(RlySta=False)
    await rig.pass_(600)
    await rig.say(ULow=False, U=229.0)


async def cause_told_a_moment_later(rig: Breaker) -> None:
    await rig.say(RlySta=False)
    await rig.pass_(1)
    await rig.say(UHigh=True, U=266.0)
    await rig.pass_(4)
    await rig.say(UHigh=False, U=230.0)


async def cause_told_too_late(rig: Breaker) -> None:
    await rig.say(RlySta=False)
    await rig.pass_(4)
    await rig.say(UHigh=True)
    await rig.pass_(1)
    await rig.say(UHigh=False)


async def cause_stood_for_minutes(rig: Breaker) -> None:
    """Somebody opened it by hand, for all anybody knows."""
    await rig.say(UHigh=True)
    await rig.pass_(45)
    await rig.trip("")
    await rig.pass_(4)
    await rig.say(UHigh=False)


async def not_over(rig: Breaker) -> None:
    await rig.trip("UHigh", U=265.0)


async def bit_over_and_voltage_not(rig: Breaker) -> None:
    await rig.trip("UHigh", U=265.0)
    await rig.pass_(4)
    await rig.say(UHigh=False)


async def voltage_over_and_bit_not(rig: Breaker) -> None:
    await rig.trip("UHigh", U=265.0)
    await rig.pass_(4)
    await rig.say(U=230.0)


async def voltage_not_read(rig: Breaker) -> None:
    await rig.over_voltage()
    await rig.say(U=Quality.NO_ANSWER)


async def voltage_measured_behind_the_breaker(rig: Breaker) -> None:
    await rig.trip("UHigh", U=265.0)
    await rig.say(U=0.0)
    await rig.pass_(4)
    await rig.say(UHigh=False, ULow=True)


async def taken_out_of_service(rig: Breaker) -> None:
    """Somebody works there."""
    rig.plant.alarms.take_out(rig.alarm_id("RlySta", "opened"), by="Ada")
    await rig.over_voltage()


async def shelved_while_it_waits(rig: Breaker) -> None:
    await rig.over_voltage()
    rig.plant.alarms.shelve(rig.alarm_id("RlySta", "opened"), 60, by="Ada")
    await rig.pass_(1)


async def sensor_breaks(rig: Breaker) -> None:
    await rig.over_voltage()
    await rig.say(LgFauSta=True)


async def leaks_while_it_waits(rig: Breaker) -> None:
    await rig.over_voltage()
    await rig.say(LgHigh=True)
    await rig.say(LgHigh=False)


async def leak_was_never_acknowledged(rig: Breaker) -> None:
    await rig.say(LgHigh=True)
    await rig.say(LgHigh=False)
    await rig.pass_(500)
    await rig.over_voltage()


async def leak_cannot_be_read(rig: Breaker) -> None:
    await rig.say(LgHigh=Quality.REFUSED)
    await rig.over_voltage()


async def tag_hangs(rig: Breaker) -> None:
    assert isinstance(rig.control.hang_tag("1", ADMIN, "work"), Tag)
    await rig.over_voltage()


async def tag_is_hung_and_taken_off_while_it_waits(rig: Breaker) -> None:
    await rig.over_voltage()
    await rig.pass_(5)
    tag = rig.control.hang_tag("1", ADMIN, "work")
    assert isinstance(tag, Tag)
    await rig.pass_(1)
    rig.control.remove_tag(tag.id, ADMIN)


async def under_maintenance(rig: Breaker) -> None:
    await rig.over_voltage()
    await rig.say(RlyRepSta=True)


async def locked_at_the_device(rig: Breaker) -> None:
    await rig.over_voltage()
    await rig.say(LockSta=True)


async def closed_by_hand_and_opened_again(rig: Breaker) -> None:
    await rig.over_voltage()
    await rig.say(RlySta=True)
    await rig.pass_(5)
    await rig.say(RlySta=False)


async def acknowledged_while_it_waits(rig: Breaker) -> None:
    await rig.over_voltage()
    rig.acknowledge()


async def acknowledged_by_an_automation(rig: Breaker) -> None:
    await rig.over_voltage()
    rig.acknowledge(AUTOMATION.name)


async def cancelled(rig: Breaker) -> None:
    await rig.over_voltage()
    assert rig.recloser.cancel("1", "Ada")
    assert not rig.recloser.cancel("1", "Ada")


async def restarted_while_it_waits(rig: Breaker) -> None:
    await rig.over_voltage()
    await rig.pass_(5)
    await rig.restart(20)


async def restarted_and_tripped_meanwhile(rig: Breaker) -> None:
    rig.values |= {"RlySta": False, "UHigh": True, "U": 265.0}
    await rig.restart(20)
    await rig.pass_(4)
    await rig.say(UHigh=False, U=230.0)


async def tripped_while_nobody_heard(rig: Breaker) -> None:
    rig.board.silent()
    rig.plant.pass_(60)
    rig.values |= {"RlySta": False, "UHigh": True, "U": 265.0}
    rig.poll()
    await rig.pass_(4)
    await rig.say(UHigh=False, U=230.0)


async def consent_withdrawn(rig: Breaker) -> None:
    await rig.over_voltage()
    rig.consent(reclosing=None)


async def control_disabled(rig: Breaker) -> None:
    await rig.over_voltage()
    rig.consent(is_enabled=False)


async def on_not_allowed(rig: Breaker) -> None:
    await rig.over_voltage()
    rig.consent(may_close=False)


async def opened_by_an_automation(rig: Breaker) -> None:
    assert (await rig.control.operate(OFF, AUTOMATION, is_confirmed=True)).is_confirmed
    await rig.say(RlySta=False, UHigh=True)
    rig.source.commands.clear()
    await rig.pass_(4)
    await rig.say(UHigh=False)


async def opened_by_a_person_during_over_voltage(rig: Breaker) -> None:
    await rig.say(UHigh=True, U=265.0)
    assert (await rig.control.operate(OFF, ADMIN, is_confirmed=True)).is_confirmed
    await rig.say(RlySta=False)
    rig.source.commands.clear()
    await rig.pass_(4)
    await rig.say(UHigh=False, U=230.0)


async def over_after_an_hour(rig: Breaker) -> None:
    await rig.trip("ULow", U=100.0)
    await rig.pass_(3700)
    await rig.say(ULow=False, U=230.0)


async def nothing_seen_for_two_hours(rig: Breaker) -> None:
    """Not even that nothing is heard: the program was held up."""
    await rig.over_voltage()
    await rig.pass_(2)
    rig.plant.times.pass_(7200)
    await rig.pass_(1)


async def does_not_trip_by_it(rig: Breaker) -> None:
    """As the device itself says: somebody opened it."""
    await rig.say(UHighRlyOff=False)
    await rig.over_voltage()


async def does_not_say_whether_it_trips_by_it(rig: Breaker) -> None:
    await rig.say(UHighRlyOff=Quality.REFUSED)
    await rig.over_voltage()


async def device_is_too_hot(rig: Breaker) -> None:
    await rig.over_voltage()
    rig.around[PointKey("0", "DOC_Hot")] = True


async def another_circuit_leaks_and_trips(rig: Breaker) -> None:
    rig.around[PointKey("2", "LgHigh")] = True
    await rig.pass_(1)
    rig.around[PointKey("2", "RlySta")] = False
    await rig.over_voltage()


async def clock_on_the_wall_is_set(rig: Breaker) -> None:
    """It changes nothing about the delay: nothing yet after nine seconds."""
    await rig.over_voltage()
    rig.plant.times.wall = rig.plant.times.wall.replace(year=2031)


YES: dict[str, Play] = {
    "under-voltage": under_voltage,
    "supply failed": supply_failed,
    "told a moment later": cause_told_a_moment_later,
    "clock set": clock_on_the_wall_is_set,
    "another circuit": another_circuit_leaks_and_trips,
}
NO: dict[str, tuple[Play, Phase, Why | None]] = {
    **{
        name: (tripped_by(cause), Phase.LOCKED, why)
        for name, cause, why in (
            ("unknown cause", "", Why.CAUSE_UNKNOWN),
            ("residual current", "LgHigh", Why.OTHER_CAUSE),
            ("over-current", "IHigh", Why.OTHER_CAUSE),
            ("over-temperature", "THigh", Why.OTHER_CAUSE),
            ("arc", "ArcSta", Why.OTHER_CAUSE),
        )
    },
    "voltage and leak": (together("UHigh", "LgHigh"), Phase.LOCKED, Why.OTHER_CAUSE),
    "told too late": (cause_told_too_late, Phase.LOCKED, Why.CAUSE_UNKNOWN),
    "stood for minutes": (cause_stood_for_minutes, Phase.LOCKED, Why.CAUSE_UNKNOWN),
    "not over": (not_over, Phase.WAITING, None),
    "bit over, voltage not": (bit_over_and_voltage_not, Phase.WAITING, None),
    "voltage over, bit not": (voltage_over_and_bit_not, Phase.WAITING, None),
    "voltage not read": (voltage_not_read, Phase.WAITING, None),
    "measured behind": (voltage_measured_behind_the_breaker, Phase.WAITING, None),
    "trips nothing": (does_not_trip_by_it, Phase.LOCKED, Why.CAUSE_UNKNOWN),
    "unknown whether it trips": (does_not_say_whether_it_trips_by_it, Phase.LOCKED, Why.CAUSE_UNKNOWN),
    "device too hot": (device_is_too_hot, Phase.LOCKED, Why.OTHER_CAUSE),
    "out of service": (taken_out_of_service, Phase.LOCKED, Why.OTHER_CAUSE),
    "shelved": (shelved_while_it_waits, Phase.LOCKED, Why.OTHER_CAUSE),
    "sensor breaks": (sensor_breaks, Phase.LOCKED, Why.OTHER_CAUSE),
    "leaks while waiting": (leaks_while_it_waits, Phase.LOCKED, Why.OTHER_CAUSE),
    "leak not acknowledged": (leak_was_never_acknowledged, Phase.LOCKED, Why.OTHER_CAUSE),
    "leak unread": (leak_cannot_be_read, Phase.LOCKED, Why.CAUSE_UNKNOWN),
    "tag": (tag_hangs, Phase.LOCKED, Why.REFUSED),
    "tag for a moment": (tag_is_hung_and_taken_off_while_it_waits, Phase.LOCKED, Why.REFUSED),
    "maintenance": (under_maintenance, Phase.LOCKED, Why.REFUSED),
    "local lock": (locked_at_the_device, Phase.LOCKED, Why.REFUSED),
    "by hand": (closed_by_hand_and_opened_again, Phase.LOCKED, Why.TAKEN_OVER),
    "acknowledged": (acknowledged_while_it_waits, Phase.READY, None),
    "acknowledged by automation": (acknowledged_by_an_automation, Phase.LOCKED, Why.TAKEN_OVER),
    "cancelled": (cancelled, Phase.LOCKED, Why.TAKEN_OVER),
    "restarted": (restarted_while_it_waits, Phase.LOCKED, Why.RESTARTED),
    "tripped during a restart": (restarted_and_tripped_meanwhile, Phase.LOCKED, Why.CAUSE_UNKNOWN),
    "tripped unheard": (tripped_while_nobody_heard, Phase.LOCKED, Why.CAUSE_UNKNOWN),
    "consent withdrawn": (consent_withdrawn, Phase.LOCKED, Why.WITHDRAWN),
    "control disabled": (control_disabled, Phase.LOCKED, Why.WITHDRAWN),
    "ON not allowed": (on_not_allowed, Phase.LOCKED, Why.WITHDRAWN),
    "opened by automation": (opened_by_an_automation, Phase.READY, None),
    "opened by person": (opened_by_a_person_during_over_voltage, Phase.READY, None),
    "nothing seen": (nothing_seen_for_two_hours, Phase.LOCKED, Why.LASTED_TOO_LONG),
    "after an hour": (over_after_an_hour, Phase.LOCKED, Why.LASTED_TOO_LONG),
}


@pytest.mark.parametrize("case", YES)
async def test_it_is_closed_once(case: str) -> None:
    rig = Breaker()
    await YES[case](rig)
    await rig.pass_(9)
    assert rig.writes == []
    await rig.pass_(600)
    assert (rig.writes, rig.round.phase) == (["RLYON"], Phase.RECLOSED)


@pytest.mark.parametrize("case", NO)
async def test_it_stays_open(case: str) -> None:
    play, phase, why = NO[case]
    rig = Breaker()
    await play(rig)
    await rig.pass_(1000)
    assert (rig.writes, rig.round.phase, rig.round.why) == ([], phase, why)


@pytest.mark.parametrize(
    "policy", [Policy(), replace(OPTED_IN, reclosing=None), replace(OPTED_IN, may_close=False)], ids=["off", "no", "ON"]
)
async def test_without_the_opt_in_nothing_happens_and_nothing_is_told(policy: Policy) -> None:
    rig = Breaker(policy)
    await rig.over_voltage()
    await rig.pass_(400)
    assert (rig.writes, rig.steps) == ([], [])


async def test_an_opt_in_that_comes_when_it_has_tripped_already_closes_nothing() -> None:
    rig = Breaker(replace(OPTED_IN, reclosing=None))
    await rig.over_voltage()
    rig.consent(reclosing=OPTED_IN.reclosing)
    await rig.pass_(400)
    assert rig.writes == []


async def test_a_lock_outlives_a_restart_until_a_person_knows() -> None:
    rig = Breaker()
    await rig.trip("LgHigh")
    await rig.pass_(5)
    await rig.restart()
    assert (rig.round.phase, rig.round.why) == (Phase.LOCKED, Why.RESTARTED)
    await rig.say(LgHigh=False, RlySta=True)
    await rig.pass_(5)
    await rig.over_voltage()
    await rig.pass_(400)
    assert rig.writes == []
    rig.acknowledge()
    assert rig.round.phase is Phase.READY


async def test_what_no_answer_came_to_is_not_tried_again() -> None:
    rig = Breaker()
    rig.source.is_deaf = True
    await rig.over_voltage()
    await rig.pass_(400)
    assert (rig.writes, rig.round.phase, rig.round.why) == (["RLYON"], Phase.LOCKED, Why.NOT_CONFIRMED)


async def test_what_was_not_sent_uses_up_a_try() -> None:
    rig = Breaker()
    rig.source.refusal = NotSentError(unit=1, reason=NoAnswerError(unit=1))
    await rig.over_voltage()
    await rig.pass_(390)
    assert (rig.round.phase, rig.round.why) == (Phase.LOCKED, Why.TRIES_USED_UP)
    assert [step.tries for step in rig.steps if step.phase is Phase.TRYING] == [1, 2, 3]
    assert rig.values["RlySta"] is False


async def test_a_voltage_that_is_not_sound_any_more_when_it_would_be_sent_has_nothing_sent() -> None:
    rig = Breaker()
    await rig.over_voltage()
    await rig.pass_(9)
    rig.values |= {"U": 262.0}
    # Read for the try, and not by a poll yet.
    rig.source.held[PointKey("1", "U")] = 262.0
    rig.plant.pass_(1.5)
    rig.board.say(I=0.0)
    await rig.recloser.settle()
    assert (rig.writes, rig.round.tries, rig.round.phase) == ([], 1, Phase.WAITING)
    await rig.pass_(400)
    assert rig.writes == []


@pytest.mark.parametrize("what", ["voltage", "cancelled", "leak", "restart"])
async def test_what_comes_while_it_waits_for_its_turn_has_nothing_sent(what: str) -> None:
    rig = Breaker()

    def come(act: Act) -> None:
        if act.outcome is not None:
            return
        if what == "cancelled":
            rig.recloser.cancel("1", "Ada")
        elif what == "restart":
            rig.recloser.end()
        else:
            rig.values |= {"U": 262.0} if what == "voltage" else {"LgHigh": True}
            rig.poll()

    rig.control.listen(come)
    await rig.over_voltage()
    await rig.pass_(12)
    assert (rig.writes, rig.values["RlySta"]) == ([], False)
    assert rig.round.phase is (Phase.WAITING if what == "voltage" else Phase.LOCKED)


async def test_what_was_not_seen_for_a_minute_proves_nothing() -> None:
    rig = Breaker()
    await rig.over_voltage()
    await rig.pass_(5)
    rig.plant.times.pass_(60)
    await rig.pass_(9)
    assert rig.writes == []
    await rig.pass_(3)
    assert rig.writes == ["RLYON"]


async def test_one_that_opens_again_at_once_is_not_closed_again() -> None:
    """Nothing says that the voltage did it this time."""
    rig = Breaker()
    await rig.over_voltage()
    await rig.pass_(11)
    assert rig.round.phase is Phase.RECLOSED
    await rig.say(RlySta=False)
    await rig.pass_(400)
    assert (rig.writes, rig.round.phase, rig.round.why) == (["RLYON"], Phase.LOCKED, Why.CAUSE_UNKNOWN)


async def test_only_the_reclosing_is_excused_and_only_from_its_own_trips() -> None:
    rig = Breaker()
    await rig.over_voltage()
    trips = frozenset(one.occurrence for one in rig.plant.alarms.standing() if one.level is Level.TRIP)
    assert trips
    for caller in (replace(ADMIN, excused=trips), reclosing(frozenset({"another"}), lambda: True)):
        outcome = await rig.control.operate(ON, caller, is_confirmed=True)
        assert (outcome.result, outcome.reason) == (Result.REFUSED, Reason.TRIPPED)
    assert rig.writes == []
    assert (await rig.control.operate(ON, reclosing(trips, lambda: True), is_confirmed=True)).is_confirmed


@pytest.mark.parametrize("key", [OFF, ON])
@pytest.mark.parametrize("is_allowed", [True, False])
async def test_what_acts_by_itself_has_the_right_of_its_own_consent_and_no_other(
    key: PointKey, *, is_allowed: bool
) -> None:
    rights = Rights({ADMINISTRATORS: EVERY_RIGHT})
    policy = replace(OPTED_IN, rights=rights, may_cut_alone=True)
    rig = Breaker(policy if is_allowed else replace(policy, reclosing=None, may_cut_alone=False))
    for caller, may in ((reclosing(frozenset(), lambda: True), ON), (cutting(lambda: True), OFF)):
        rig.values["RlySta"] = key == OFF
        rig.poll()
        rig.acknowledge()
        outcome = await rig.control.operate(key, caller, is_confirmed=True)
        if is_allowed and key == may:
            assert outcome.is_confirmed
        else:
            assert (outcome.result, outcome.reason) == (Result.REFUSED, Reason.NO_RIGHT)


async def test_a_forced_close_is_never_used() -> None:
    rig = Breaker()
    rig.source.orders = frozenset({OFF, PointKey("1", "FORRLYON")})
    await rig.over_voltage()
    await rig.pass_(400)
    assert (rig.writes, rig.round.phase, rig.round.why) == ([], Phase.LOCKED, Why.REFUSED)


# -- whose turn it is -------------------------------------------------------------------------------------------------


def tagged(rig: Breaker) -> None:
    assert isinstance(rig.control.hang_tag("1", ADMIN, "work"), Tag)


def dipped(rig: Breaker) -> None:
    """Have the voltage be unsound for a moment only: it has to be sound for ten seconds anew."""
    for volts in (150.0, 230.0):
        rig.values["U"] = volts
        rig.poll()


def other_cause(rig: Breaker) -> None:
    rig.values["LgHigh"] = True
    rig.poll()


def withdrawn(rig: Breaker) -> None:
    rig.consent(reclosing=None)


@pytest.mark.parametrize(
    ("then", "writes"),
    [(lambda _: None, 1), (tagged, 0), (dipped, 0), (other_cause, 0), (withdrawn, 0)],
    ids=["nothing", "tag", "dip", "other cause", "withdrawn"],
)
async def test_it_waits_for_its_turn_and_goes_by_what_is_so_then(then: Callable[[Breaker], None], writes: int) -> None:
    rig = Breaker()
    await rig.over_voltage()
    await rig.pass_(9)
    async with rig.control.lockouts.turns.turn("somebody", 1.0):
        trying = asyncio.create_task(rig.pass_(2))
        await asyncio.sleep(5.0)
        assert (rig.writes, rig.round.phase) == ([], Phase.TRYING)
        then(rig)
    await trying
    assert len(rig.writes) == writes


async def test_a_turn_that_does_not_come_uses_up_a_try() -> None:
    rig = Breaker()
    await rig.over_voltage()
    async with rig.control.lockouts.turns.turn("somebody", 1.0):
        await rig.pass_(11)
    outcomes = [step.outcome for step in rig.steps if step.outcome is not None]
    assert [outcome.reason for outcome in outcomes] == [Reason.WAITED_TOO_LONG]
    assert (rig.writes, rig.round.phase, rig.round.tries) == ([], Phase.WAITING, 1)
