"""What cuts a circuit off by itself: ties by alarm, delay, confirmation and rights, and the writes the device saw."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from custom_components.acrel_safety.aioacrel.alarms.levels import Level
from custom_components.acrel_safety.aioacrel.alarms.ownerlimits import OwnerLimit
from custom_components.acrel_safety.aioacrel.control.caller import AUTOMATION, CallerKind
from custom_components.acrel_safety.aioacrel.control.control import Act
from custom_components.acrel_safety.aioacrel.control.outcome import Outcome, Reason, Result
from custom_components.acrel_safety.aioacrel.control.policy import Policy
from custom_components.acrel_safety.aioacrel.control.requests import Cut, Request
from custom_components.acrel_safety.aioacrel.control.rights import ADMINISTRATORS, Rights
from custom_components.acrel_safety.aioacrel.control.ties import Tie
from custom_components.acrel_safety.aioacrel.errors import NoAnswerError
from custom_components.acrel_safety.aioacrel.readings import Quality, Value
from tests.aioacrel.control_rigs import ADMIN, REQUEST, USER
from tests.aioacrel.reclose_rigs import EVERY_RIGHT, OPTED_IN, Breaker

pytestmark = pytest.mark.virtual_time

ASKS = Tie()
ALONE = Tie(asks=False)
PERSONS_ONLY = Rights({ADMINISTRATORS: EVERY_RIGHT})
LIMITS = {
    "power": OwnerLimit(family="power", code="P", limit=3.0, hysteresis=0.2),
    "current": OwnerLimit(family="current", code="I", limit=10.0, level=Level.PRE_ALARM, on_delay=5.0),
}


def tied(*ties: Tie, policy: Policy = OPTED_IN) -> Policy:
    return replace(policy, ties=ties)


def asked(rig: Breaker) -> Request:
    (request,) = rig.cut_off.requests.values()
    return request


type Values = dict[str, Value | Quality]
LEAK: Values = {"LgHigh": True, "Lg": 400.0}
TABLE: dict[str, tuple[Policy, Sequence[Values | float], int, int]] = {
    # policy, what is read or for how long, writes, requests that stand
    "no tie": (OPTED_IN, [LEAK, 100.0], 0, 0),
    "control disabled": (tied(ALONE, policy=replace(OPTED_IN, is_enabled=False)), [LEAK, 100.0], 0, 0),
    "asks": (tied(ASKS), [LEAK, 100.0], 0, 1),
    "alone": (tied(ALONE), [LEAK, 100.0], 1, 0),
    "alone without a right": (tied(ALONE, policy=replace(OPTED_IN, rights=PERSONS_ONLY)), [LEAK, 9.0], 0, 1),
    "alone by its own consent": (
        tied(ALONE, policy=replace(OPTED_IN, rights=PERSONS_ONLY, may_cut_alone=True)),
        [LEAK, 9.0],
        1,
        0,
    ),
    "ON is not implied": (tied(ALONE, policy=replace(OPTED_IN, may_close=False)), [LEAK, 9.0], 1, 0),
    "critical": (tied(ALONE, policy=replace(OPTED_IN, critical=frozenset({"1"}))), [LEAK, 9.0], 0, 1),
    "another circuit": (tied(replace(ALONE, circuit="2")), [LEAK, 9.0], 0, 0),
    "this circuit": (tied(replace(ALONE, circuit="1")), [LEAK, 9.0], 1, 0),
    "another quantity": (tied(replace(ALONE, family="temperature")), [LEAK, 9.0], 0, 0),
    "this quantity": (tied(replace(ALONE, family="residual_current")), [LEAK, 9.0], 1, 0),
    "a milder level": (tied(replace(ALONE, level=Level.PRE_ALARM)), [LEAK, 9.0], 1, 0),
    "a graver level": (tied(replace(ALONE, level=Level.TRIP)), [LEAK, 9.0], 0, 0),
    "a fault": (tied(replace(ALONE, level=Level.PRE_ALARM)), [{"LgFauSta": True}, 9.0], 0, 0),
    "nothing is heard": (
        tied(replace(ALONE, level=Level.PRE_ALARM)),
        [dict.fromkeys(("Lg", "LgHigh", "U", "RlySta"), Quality.NO_ANSWER), 100.0],
        0,
        0,
    ),
    "not long enough": (tied(replace(ALONE, delay=10)), [LEAK, 9.0, {"LgHigh": False}, 20.0], 0, 0),
    "for as long": (tied(replace(ALONE, delay=10)), [LEAK, 11.0], 1, 0),
    "it came back before": (
        tied(replace(ALONE, delay=10)),
        [LEAK, 6.0, {"LgHigh": False}, 1.0, {"LgHigh": True}, 6.0],
        0,
        0,
    ),
    "lost when its time has come": (
        tied(replace(ALONE, delay=10)),
        [LEAK, 5.0, {"LgHigh": Quality.NO_ANSWER}, 60.0],
        0,
        0,
    ),
    "lost when it would be asked": (
        tied(replace(ASKS, delay=10)),
        [LEAK, 5.0, {"LgHigh": Quality.NO_ANSWER}, 60.0],
        0,
        0,
    ),
    "lost for a moment": (
        tied(replace(ALONE, delay=10)),
        [LEAK, 5.0, {"LgHigh": Quality.NO_ANSWER}, 2.0, {"LgHigh": True}, 6.0],
        1,
        0,
    ),
    "open already": (tied(ALONE, ASKS), [{"RlySta": False}, 2.0, LEAK, 9.0], 0, 0),
    "once in an occurrence": (
        tied(ALONE),
        [LEAK, 5.0, {"LgHigh": False}, 5.0, {"RlySta": True}, 2.0, LEAK, 5.0],
        1,
        0,
    ),
    "ask at once, cut later": (tied(ASKS, replace(ALONE, delay=30)), [LEAK, 20.0], 0, 1),
    "nobody answered": (tied(ASKS, replace(ALONE, delay=30)), [LEAK, 40.0], 1, 0),
    "power limit": (tied(replace(ALONE, family="power")), [{"P": 3.5}, 9.0], 1, 0),
    "below the power limit": (tied(replace(ALONE, family="power")), [{"P": 2.9}, 9.0], 0, 0),
    "power is not read": (tied(replace(ALONE, family="power")), [{"P": Quality.NO_ANSWER}, 99.0], 0, 0),
    "current limit, alarm level": (tied(ALONE), [{"I": 12.0}, 20.0], 0, 0),
    "current limit, its own level": (
        tied(replace(ALONE, level=Level.PRE_ALARM, family="current", delay=5)),
        [{"I": 12.0}, 9.0],
        0,
        0,
    ),
    "current limit, both delays": (
        tied(replace(ALONE, level=Level.PRE_ALARM, family="current", delay=5)),
        [{"I": 12.0}, 12.0],
        1,
        0,
    ),
}


@pytest.mark.parametrize("case", TABLE)
async def test_what_is_sent_and_what_is_asked(case: str) -> None:
    policy, story, writes, requests = TABLE[case]
    rig = Breaker(policy, LIMITS)
    for part in story:
        if isinstance(part, float):
            await rig.pass_(part)
        else:
            await rig.say(**part)
    assert (rig.writes, len(rig.cut_off.requests)) == (["RLYOFF"] * writes, requests)


async def test_a_cut_off_is_no_trip_and_is_never_closed_again_by_itself() -> None:
    rig = Breaker(tied(ALONE))
    kinds: list[CallerKind] = []
    rig.control.listen(lambda act: kinds.append(act.caller.kind))
    await rig.say(**LEAK)
    await rig.say(LgHigh=False, Lg=0.0, UHigh=True)
    await rig.pass_(5)
    await rig.say(UHigh=False)
    await rig.pass_(500)
    assert (rig.writes, set(kinds), rig.steps) == (["RLYOFF"], {CallerKind.CUT_OFF}, [])
    assert "RlySta" not in rig.plant.standing()


async def test_a_person_confirms_once_with_his_own_rights() -> None:
    rig = Breaker(tied(ASKS))
    await rig.say(**LEAK)
    request = asked(rig)
    for caller in (AUTOMATION, REQUEST, USER):
        outcome = await rig.cut_off.confirm(request.id, caller)
        assert isinstance(outcome, Outcome)
        assert (outcome.reason, rig.writes) == (Reason.NO_RIGHT, [])
    assert asked(rig) == request
    outcome = await rig.cut_off.confirm(request.id, ADMIN)
    assert isinstance(outcome, Outcome)
    assert (outcome.result, rig.writes, dict(rig.cut_off.requests)) == (Result.CONFIRMED, ["RLYOFF"], {})
    assert await rig.cut_off.confirm(request.id, ADMIN) is None
    confirmed = [step for step in rig.cuts if step.what is Cut.CONFIRMED]
    assert [(step.by, step.outcome is not None and step.outcome.is_confirmed) for step in confirmed] == [
        *(("Uwe", False), ("Ada", True))
    ]


async def test_a_person_may_cut_a_critical_load() -> None:
    rig = Breaker(tied(ASKS, policy=replace(OPTED_IN, critical=frozenset({"1"}))))
    await rig.say(**LEAK)
    outcome = await rig.cut_off.confirm(asked(rig).id, ADMIN)
    assert outcome is not None
    assert outcome.is_confirmed


async def test_what_was_dismissed_is_not_cut_later() -> None:
    rig = Breaker(tied(ASKS, replace(ALONE, delay=30)))
    await rig.say(**LEAK)
    request = asked(rig)
    assert rig.cut_off.dismiss(request.id, AUTOMATION) is Reason.NO_RIGHT
    assert rig.cut_off.dismiss(request.id, ADMIN) is True
    assert rig.cut_off.dismiss(request.id, ADMIN) is False
    await rig.pass_(100)
    assert rig.writes == []


async def test_what_is_out_of_service_or_set_aside_cuts_nothing_meanwhile() -> None:
    rig = Breaker(tied(ALONE))
    alarm_id = rig.alarm_id("LgHigh", "bit")
    rig.plant.alarms.take_out(alarm_id, by="Ada")
    await rig.say(**LEAK)
    await rig.pass_(30)
    rig.plant.alarms.shelve(alarm_id, 60, by="Ada")
    rig.plant.alarms.put_back(alarm_id, by="Ada")
    await rig.pass_(30)
    assert rig.writes == []
    await rig.pass_(60)
    # It is taken up again, and still so.
    assert rig.writes == ["RLYOFF"]


async def test_a_request_ends_with_its_alarm() -> None:
    rig = Breaker(tied(ASKS))
    await rig.say(**LEAK)
    request = asked(rig)
    await rig.say(LgHigh=False)
    # The alarm is held, and so is what it asks.
    assert asked(rig) == request
    rig.acknowledge()
    assert dict(rig.cut_off.requests) == {}
    assert [step.what for step in rig.cuts] == [Cut.ASKED, Cut.LAPSED]
    assert await rig.cut_off.confirm(request.id, ADMIN) is None
    assert rig.writes == []


async def test_a_request_ends_when_the_circuit_is_open() -> None:
    rig = Breaker(tied(ASKS))
    await rig.say(**LEAK)
    await rig.say(RlySta=False)
    assert dict(rig.cut_off.requests) == {}


async def test_after_unknown_nothing_is_sent_again() -> None:
    rig = Breaker(tied(ALONE))
    rig.source.refusal = NoAnswerError(unit=1)
    await rig.say(**LEAK)
    await rig.pass_(30)
    for _ in range(3):
        await rig.say(LgHigh=False)
        await rig.say(LgHigh=True)
        await rig.pass_(10)
    assert rig.writes == ["RLYOFF"]
    assert dict(rig.cut_off.requests) == {}


async def test_over_before_it_was_sent_nothing_is_sent() -> None:
    rig = Breaker(tied(ALONE))

    def end(act: Act) -> None:
        # While the breaker is being read for the command.
        if act.outcome is None:
            rig.values["LgHigh"] = False
            rig.poll()

    leave = rig.control.listen(end)
    await rig.say(**LEAK)
    await rig.pass_(10)
    assert rig.writes == []
    assert [step.what for step in rig.cuts] == [Cut.WITHDRAWN]
    # When it comes again it is cut off all the same.
    leave()
    await rig.say(**LEAK)
    await rig.pass_(2)
    assert rig.writes == ["RLYOFF"]


@pytest.mark.parametrize("ties", [(ASKS,), (replace(ALONE, delay=30),), (ALONE,)], ids=["asks", "waits", "cuts"])
async def test_after_a_restart_nothing_is_made_up(ties: tuple[Tie, ...]) -> None:
    rig = Breaker(tied(*ties))
    if ties == (ALONE,):
        # It began while nobody looked, and stands; then the consent comes.
        rig.policy = OPTED_IN
    await rig.say(**LEAK)
    await rig.pass_(10)
    await rig.restart(100)
    rig.policy = tied(*ties)
    assert (rig.writes, dict(rig.cut_off.requests)) == ([], {})
    await rig.pass_(100)
    await rig.say(LgHigh=False)
    await rig.say(**LEAK)
    await rig.pass_(100)
    assert (rig.writes, dict(rig.cut_off.requests)) == ([], {})
    if ties != (ALONE,):
        assert Cut.DROPPED in {step.what for step in rig.cuts}
    # The next time is another one.
    await rig.say(LgHigh=False)
    rig.acknowledge()
    await rig.say(**LEAK)
    await rig.pass_(31)
    assert len(rig.writes) + len(rig.cut_off.requests) == 1


# -- whose turn it is -------------------------------------------------------------------------------------------------


async def waited(rig: Breaker, seconds: float, then: Callable[[], object] = lambda: None) -> None:
    """Have a leakage while somebody else has his turn, and something happen before that ends."""
    async with rig.control.lockouts.turns.turn("somebody", 1.0):
        leaking = asyncio.create_task(rig.say(**LEAK))
        await asyncio.sleep(seconds)
        assert (rig.writes, len(rig.cut_off.requests)) == ([], 0)
        then()
        await asyncio.sleep(0)
    await leaking


async def test_a_cut_off_waits_for_its_turn_before_anybody_is_asked() -> None:
    rig = Breaker(tied(ALONE))
    await waited(rig, 20.0)
    assert (rig.writes, len(rig.cut_off.requests)) == (["RLYOFF"], 0)


async def test_a_cut_off_whose_turn_does_not_come_is_asked_for() -> None:
    rig = Breaker(tied(ALONE))
    async with rig.control.lockouts.turns.turn("somebody", 1.0):
        await rig.say(**LEAK)
        request = asked(rig)
    assert request.why is not None
    assert (request.why.reason, rig.writes) == (Reason.WAITED_TOO_LONG, [])


def over(rig: Breaker) -> None:
    rig.values["LgHigh"] = False
    rig.poll()


def untied(rig: Breaker) -> None:
    rig.policy = OPTED_IN


def disabled(rig: Breaker) -> None:
    rig.consent(is_enabled=False)


@pytest.mark.parametrize("then", [over, untied, disabled])
async def test_what_is_over_or_withdrawn_while_it_waits_cuts_nothing(then: Callable[[Breaker], None]) -> None:
    rig = Breaker(tied(ALONE))
    await waited(rig, 5.0, lambda: then(rig))
    await rig.pass_(5)
    assert rig.writes == []


async def test_two_persons_who_confirm_at_once_cut_once() -> None:
    rig = Breaker(tied(ASKS))
    await rig.say(**LEAK)
    request = asked(rig)
    first, second = await asyncio.gather(*(rig.cut_off.confirm(request.id, ADMIN) for _ in range(2)))
    assert first is not None
    assert (first.is_confirmed, second, rig.writes) == (True, None, ["RLYOFF"])
