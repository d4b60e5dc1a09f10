"""What stands in the way: each interlock, for each operation and caller, with the writes the cabinet saw."""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import product
from typing import override

import pytest

from custom_components.acrel_safety.aioacrel.control.caller import Caller
from custom_components.acrel_safety.aioacrel.control.control import Control
from custom_components.acrel_safety.aioacrel.control.outcome import Outcome, Reason, Result
from custom_components.acrel_safety.aioacrel.control.policy import Policy
from custom_components.acrel_safety.aioacrel.control.rights import (
    ADMINISTRATORS,
    AUTOMATIONS,
    REQUESTS,
    Right,
    Rights,
    user,
)
from custom_components.acrel_safety.aioacrel.control.surroundings import Unwatched
from custom_components.acrel_safety.aioacrel.control.tags import Tag
from custom_components.acrel_safety.aioacrel.control.tokens import Selection
from custom_components.acrel_safety.aioacrel.device import Device
from custom_components.acrel_safety.aioacrel.errors import AcrelError, NoAnswerError, NotSentError, WrongDeviceError
from custom_components.acrel_safety.aioacrel.models import read_model
from custom_components.acrel_safety.aioacrel.points import Effect
from custom_components.acrel_safety.aioacrel.readings import PointKey, Value
from tests.aioacrel.control_rigs import ADMIN, ALLOWED, CALLERS, OFF, ON, RELEASE, REQUEST, USER, Board, board
from tests.aioacrel.spoken import SpokenSource

pytestmark = pytest.mark.virtual_time

OPERATIONS = {"off": OFF, "on": ON, "release": RELEASE}
EVERYBODY = frozenset(Right)
ALL_MAY = Rights({ADMINISTRATORS: EVERYBODY, AUTOMATIONS: EVERYBODY, REQUESTS: EVERYBODY, user("user"): EVERYBODY})
FREE = replace(ALLOWED, rights=ALL_MAY)
CLOSING = ("on", "release")
NOT_A_PERSON = ("automation", "request")


class Around(Unwatched):
    """Alarms as a test says they are."""

    def __init__(self, trip: str = "", fault: str = "") -> None:
        self._trip, self._fault = trip, fault
        self.expected: list[float | None] = []

    @override
    def trip(self, circuit: str, excused: AbstractSet[str] = frozenset()) -> str:
        return self._trip

    @override
    def sensor_fault(self, circuit: str) -> str:
        return self._fault

    @override
    def expect_open(self, circuit: str, seconds: float) -> None:
        self.expected.append(seconds)

    @override
    def expect_nothing(self, circuit: str) -> None:
        self.expected.append(None)


def locked(policy: Policy = FREE, around: Around | None = None, tag: str = "") -> Callable[[Board], None]:
    def prepare(rig: Board) -> None:
        rig.policy = policy
        if around is not None:
            rig.control.surroundings = around
        if tag:
            assert isinstance(rig.control.tags.hang(tag, ADMIN, ALL_MAY, "work on it"), Tag)

    return prepare


type Blocked = Callable[[str, str], bool]
INTERLOCKS: dict[str, tuple[Callable[[Board], None], Reason, Blocked]] = {
    "nothing": (locked(), Reason.SLIP, lambda operation, caller: False),
    "control off": (locked(replace(FREE, is_enabled=False)), Reason.CONTROL_OFF, lambda operation, caller: True),
    "ON not allowed": (
        locked(replace(FREE, may_close=False)),
        Reason.ON_NOT_ALLOWED,
        lambda operation, caller: operation in CLOSING,
    ),
    "no rights at all": (locked(replace(FREE, rights=Rights())), Reason.NO_RIGHT, lambda operation, caller: True),
    "usual rights": (
        locked(ALLOWED),
        Reason.NO_RIGHT,
        lambda operation, caller: caller in ("user", "request") or (caller == "automation" and operation in CLOSING),
    ),
    "critical load": (
        locked(replace(FREE, critical=frozenset({"1"}))),
        Reason.CRITICAL_LOAD,
        lambda operation, caller: operation != "on" and caller in NOT_A_PERSON,
    ),
    "tagged": (locked(tag="1"), Reason.TAGGED, lambda operation, caller: operation in CLOSING),
    "whole device tagged": (locked(tag="0"), Reason.TAGGED, lambda operation, caller: operation in CLOSING),
    "another circuit tagged": (locked(tag="2"), Reason.TAGGED, lambda operation, caller: False),
    "tripped": (
        locked(around=Around(trip="RlySta@1/opened")),
        Reason.TRIPPED,
        lambda operation, caller: operation in CLOSING,
    ),
    "sensor fault": (
        locked(around=Around(fault="LgFauSta@1")),
        Reason.SENSOR_FAULT,
        lambda operation, caller: operation in CLOSING,
    ),
}


@pytest.mark.parametrize(("interlock", "operation"), list(product(INTERLOCKS, OPERATIONS)))
async def test_interlocks_that_need_no_reading(interlock: str, operation: str) -> None:
    prepare, reason, blocks = INTERLOCKS[interlock]
    async with board() as rig:
        for name, caller in CALLERS.items():
            rig.policy = FREE
            rig.control.surroundings = Around()
            # Not there yet, so that something would be sent.
            device = rig.cabinet.units[1].device
            device.write(0x57, [1, 0] if operation == "off" else [1, 1])
            before = len(rig.cabinet.units[1].writes)
            prepare(rig)
            outcome = await rig.device.operate(OPERATIONS[operation], caller, is_confirmed=True)
            sent = len(rig.cabinet.units[1].writes) - before
            if blocks(operation, name):
                assert (outcome.result, outcome.reason, sent) == (Result.REFUSED, reason, 0), name
            else:
                assert (outcome.result, sent) == (Result.CONFIRMED, 1), name


async def test_without_a_control_nothing_is_operated() -> None:
    device = Device("test", BREAKER)
    outcome = await device.operate(PointKey("1", "RLYOFF"), ADMIN, is_confirmed=True)
    assert (outcome.result, outcome.reason) == (Result.REFUSED, Reason.CONTROL_OFF)


# -- what the device itself says: a breaker that has it all, on a way of which only the device is known ---------------

BREAKER = read_model(
    """
[model]
id = "breaker"
name = "Breaker"
title = { en = "A breaker that says all there is to say" }
evidence = "manual"
source = "test"
[[circuits]]
numbers = "1"
[circuits.points]
RlySta = { at = 1 }
RlyRepSta = { at = 2 }
LockSta = { at = 3 }
[circuits.settings]
CtrLevel = { at = 4, words = { 0 = "local_and_remote", 1 = "local", 2 = "remote" } }
[[commands]]
code = "RLYOFF"
circuit = "1"
at = 16
registers = [1]
read_back = { code = "RlySta", value = 0 }
lockout = 30
source = "test"
[[commands]]
code = "RLYON"
circuit = "1"
at = 17
registers = [1]
read_back = { code = "RlySta", value = 1 }
source = "test"
[[commands]]
code = "RLYREPON"
circuit = "1"
at = 18
registers = [1]
read_back = { code = "RlyRepSta", value = 1 }
source = "test"
[[commands]]
code = "SELCHK"
circuit = "1"
at = 19
registers = [1]
source = "test"
""",
    file="breaker.toml",
)
B_OFF, B_ON, B_SERVICE, B_TEST = (PointKey("1", code) for code in ("RLYOFF", "RLYON", "RLYREPON", "SELCHK"))
QUIET: Mapping[str, Value | None] = {
    "RlySta": False,
    "RlyRepSta": False,
    "LockSta": False,
    "CtrLevel": "local_and_remote",
}


def spoken(values: Mapping[str, Value | None], rank: int = 0, origin: str = "near") -> SpokenSource:
    source = SpokenSource(BREAKER, rank, origin, BREAKER.points, orders=BREAKER.operations)
    said: dict[str, Value | None] = {**QUIET, **values}
    source.held = {PointKey("1", code): value for code, value in said.items() if value is not None}
    return source


async def ask(key: PointKey, *sources: SpokenSource, by: Caller = ADMIN) -> Outcome:
    device = Device("test", BREAKER)
    for source in sources:
        device.attach(source)
    control = Control(device, lambda: FREE)
    device.want([PointKey("1", "RlySta")])
    for source in sources:
        source.say({PointKey("1", "RlySta"): source.held.get(PointKey("1", "RlySta"), False)})
    outcome = await control.operate(key, by, is_confirmed=True)
    assert outcome.writes == sum(len(source.commands) for source in sources)
    return outcome


@pytest.mark.parametrize(
    ("values", "off", "on"),
    [
        ({}, None, None),
        ({"RlyRepSta": True}, None, Reason.MAINTENANCE),
        ({"LockSta": True}, None, Reason.LOCAL_LOCK),
        ({"CtrLevel": "local"}, Reason.LOCAL_ONLY, Reason.LOCAL_ONLY),
        ({"CtrLevel": "remote"}, None, None),
        ({"CtrLevel": "whatever"}, None, Reason.LOCK_UNKNOWN),
        ({"CtrLevel": None}, None, Reason.LOCK_UNKNOWN),
        ({"RlyRepSta": None}, None, Reason.LOCK_UNKNOWN),
        ({"LockSta": None}, None, Reason.LOCK_UNKNOWN),
        ({"RlySta": None}, None, Reason.POSITION_UNKNOWN),
    ],
)
async def test_an_opening_is_prevented_by_what_is_known_and_a_closing_by_what_is_not(
    values: dict[str, Value | None], off: Reason | None, on: Reason | None
) -> None:
    for key, position, reason in ((B_OFF, True, off), (B_ON, False, on)):
        outcome = await ask(key, spoken({"RlySta": position, **values}))
        expected = Result.CONFIRMED if reason is None else Result.REFUSED
        assert (outcome.result, outcome.reason) == (expected, reason), key


async def test_where_another_way_sees_another_position_nothing_is_closed() -> None:
    near = spoken({"RlySta": False})
    outcome = await ask(B_ON, near, spoken({"RlySta": True}, rank=2, origin="far"))
    assert (outcome.result, outcome.reason) == (Result.REFUSED, Reason.SOURCES_DIFFER)
    outcome = await ask(B_OFF, spoken({"RlySta": True}), spoken({"RlySta": False}, rank=2, origin="far"))
    assert outcome.result is Result.CONFIRMED


async def test_what_another_way_said_before_a_switch_moved_is_no_contradiction() -> None:
    key = PointKey("1", "RlySta")
    near, far = spoken({"RlySta": False}), spoken({"RlySta": False}, rank=2, origin="far")
    device = Device("test", BREAKER)
    for source in (near, far):
        device.attach(source)
    control = Control(device, lambda: FREE)
    device.want([key])
    near.say({key: True})
    far.say({key: True})
    near.say({key: False})
    assert (await control.operate(B_ON, ADMIN, is_confirmed=True)).is_confirmed
    near.say({key: True})
    far.say({key: False})
    # By the next report it says so still: then one of the two is wrong.
    near.held[key] = False
    near.say({key: False})
    far.say({key: True})
    assert (await control.operate(B_ON, ADMIN, is_confirmed=True)).reason is Reason.SOURCES_DIFFER
    assert (len(near.commands), len(far.commands)) == (1, 0)


NO_ANSWER = NoAnswerError(unit=1)


@pytest.mark.parametrize(
    ("silence", "refusal", "sent", "result"),
    [
        (None, None, (1, 0), Result.CONFIRMED),
        (NO_ANSWER, None, (0, 1), Result.CONFIRMED),
        (WrongDeviceError(unit=1, model="ASCB1", detail="another one"), None, (0, 0), Result.REFUSED),
        (None, NotSentError(unit=1, reason=NO_ANSWER), (1, 0), Result.REFUSED),
        (None, NO_ANSWER, (1, 0), Result.UNKNOWN),
    ],
    ids=["both are there", "the near one is lost", "near, another device answers", "it never left", "nobody knows"],
)
async def test_a_command_goes_once_over_one_way(
    silence: AcrelError | None, refusal: AcrelError | None, sent: tuple[int, int], result: Result
) -> None:
    near, far = spoken({"RlySta": True}), spoken({"RlySta": True}, rank=2, origin="far")
    near.silence, near.refusal = silence, refusal
    device = Device("test", BREAKER)
    for source in (far, near):
        device.attach(source)
    outcome = await Control(device, lambda: FREE).operate(B_OFF, ADMIN, is_confirmed=True)
    assert (outcome.result, (len(near.commands), len(far.commands))) == (result, sent)


async def test_the_time_a_device_takes_no_other_command_is_kept() -> None:
    device, now = Device("test", BREAKER), [0.0]
    source = spoken({"RlySta": True})
    device.attach(source)
    control = Control(device, lambda: FREE, steady=lambda: now[0])
    assert (await control.operate(B_OFF, ADMIN, is_confirmed=True)).result is Result.CONFIRMED
    for seconds, result in ((29.9, Result.REFUSED), (30.1, Result.CONFIRMED)):
        now[0] = seconds
        outcome = await control.operate(B_ON, ADMIN, is_confirmed=True)
        assert outcome.result is result
    assert len(source.commands) == 2


async def test_where_nothing_tells_the_outcome_is_unverified() -> None:
    outcome = await ask(B_TEST, spoken({}))
    assert (outcome.result, outcome.reason, outcome.writes) == (Result.UNVERIFIED, Reason.NO_EVIDENCE, 1)


@pytest.mark.parametrize(
    ("key", "right"), [(B_OFF, Right.OFF), (B_ON, Right.ON), (B_SERVICE, Right.SETTINGS), (B_TEST, Right.TESTS)]
)
async def test_each_operation_takes_its_own_right(key: PointKey, right: Right) -> None:
    for given in Right:
        device = Device("test", BREAKER)
        device.attach(spoken({"RlySta": key == B_OFF}))
        policy = replace(FREE, rights=Rights({user("user"): frozenset({given})}))
        outcome = await Control(device, lambda policy=policy: policy).operate(key, USER, is_confirmed=True)  # type: ignore[misc]  # mypy does not infer lambdas with defaults
        assert (outcome.result is Result.REFUSED) is (given is not right)


# -- select before operate --------------------------------------------------------------------------------------------


async def test_it_takes_a_token_or_a_confirmation() -> None:
    async with board() as rig:
        outcome = await rig.device.operate(OFF, ADMIN)
        assert (outcome.result, outcome.reason, rig.writes) == (Result.REFUSED, Reason.NOT_CONFIRMED, 0)


async def test_a_token_is_good_once_for_one_operation_of_one_caller() -> None:
    async with board(policy=FREE) as rig:
        selection = await rig.control.select(OFF, ADMIN)
        assert isinstance(selection, Selection)
        for key, caller in ((ON, ADMIN), (OFF, REQUEST)):
            other = await rig.control.select(OFF, ADMIN)
            assert isinstance(other, Selection)
            assert (await rig.device.operate(key, caller, other.token)).reason is Reason.TOKEN_UNKNOWN
        selection = await rig.control.select(OFF, ADMIN)
        assert isinstance(selection, Selection)
        assert (await rig.device.operate(OFF, ADMIN, selection.token)).result is Result.CONFIRMED
        assert (await rig.device.operate(OFF, ADMIN, selection.token)).reason is Reason.TOKEN_UNKNOWN
        assert rig.writes == 1


async def test_what_moved_since_it_was_selected_is_selected_again() -> None:
    async with board(policy=FREE) as rig:
        selection = await rig.control.select(OFF, ADMIN)
        assert isinstance(selection, Selection)
        rig.cabinet.units[1].device.write(0x57, [1, 1])
        outcome = await rig.device.operate(OFF, ADMIN, selection.token)
        assert (outcome.result, outcome.reason) == (Result.REFUSED, Reason.MOVED_SINCE_SELECTED)
        assert rig.writes == 0


async def test_what_is_refused_cannot_be_selected_either() -> None:
    async with board(policy=Policy()) as rig:
        outcome = await rig.control.select(OFF, ADMIN)
        assert isinstance(outcome, Outcome)
        assert outcome.reason is Reason.CONTROL_OFF
        assert rig.control.preview(OFF, ADMIN) == outcome


# -- our own opening is no trip ---------------------------------------------------------------------------------------


async def test_the_alarms_are_told_before_anything_is_sent_and_when_nothing_was() -> None:
    async with board() as rig:
        around = Around()
        rig.control.surroundings = around
        await rig.device.operate(OFF, ADMIN, is_confirmed=True)
        assert around.expected == [70.0]
        around.expected.clear()
        await rig.device.operate(ON, ADMIN, is_confirmed=True)
        assert around.expected == []
        rig.control.listen(lambda _: setattr(rig, "policy", Policy()))
        await rig.device.operate(RELEASE, ADMIN, is_confirmed=True)
        assert around.expected == [70.0, None]


async def test_every_command_and_refusal_is_told_with_who_and_why() -> None:
    async with board() as rig:
        await rig.device.operate(OFF, ADMIN, is_confirmed=True)
        await rig.device.operate(ON, USER, is_confirmed=True)
        begun, done, refused = rig.acts
        assert (begun.outcome, begun.key, begun.effect) == (None, OFF, Effect.OPEN)
        assert done.outcome is not None
        assert refused.outcome is not None
        assert (done.outcome.result, refused.outcome.reason, refused.caller.name) == (
            *(Result.CONFIRMED, Reason.NO_RIGHT, "Uwe"),
        )
