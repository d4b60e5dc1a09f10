"""Devices behind a slow SIM card are operated by limits that follow what it takes, and no less safely for that."""

import asyncio
from collections.abc import Callable, Sequence

import pytest

from custom_components.acrel_safety.aioacrel.control.caller import Caller as Person
from custom_components.acrel_safety.aioacrel.control.caller import CallerKind
from custom_components.acrel_safety.aioacrel.control.control import Control
from custom_components.acrel_safety.aioacrel.control.outcome import Outcome, Reason, Result
from custom_components.acrel_safety.aioacrel.control.policy import Policy
from custom_components.acrel_safety.aioacrel.control.rights import Rights
from custom_components.acrel_safety.aioacrel.device import Device
from custom_components.acrel_safety.aioacrel.readings import PointKey
from custom_components.acrel_safety.aioacrel.uplink.events import EventKind
from custom_components.acrel_safety.aioacrel.uplink.hub import Polling
from simulator.uplink import QUIRKS, Caller, Quirks
from tests.aioacrel.control_rigs import time_passing
from tests.aioacrel.uplink_rigs import device_on

pytestmark = pytest.mark.virtual_time

OPEN, CLOSE = PointKey("1", "FORRLYOFF"), PointKey("1", "FORRLYON")
PERSON = Person(kind=CallerKind.PERSON, name="test", is_administrator=True)
LEAVE = Policy(is_enabled=True, may_close=True, rights=Rights.usual())
WRITE = 16


async def operate(device: Device, caller: Caller, key: PointKey) -> Outcome:
    control = Control(device, lambda: LEAVE, settle_seconds=1.5)
    async with time_passing(caller.unit.advance):
        return await control.operate(key, PERSON, is_confirmed=True)


def functions(caller: Caller, since: int = 0) -> Sequence[int]:
    """Return the functions of what the device was asked."""
    return [request[1] for request in caller.asked[since:]]


@pytest.mark.parametrize("is_polled", [False, True], ids=("uploads", "polled"))
@pytest.mark.parametrize("latency", [0.2, 3.0, 6.0])
async def test_a_meter_is_opened_and_closed_with_its_position_confirmed(latency: float, *, is_polled: bool) -> None:
    polling = Polling(is_on=is_polled)
    async with device_on("dtsy1352", Quirks(latency_s=latency), polling=polling) as (device, caller, _):
        await asyncio.sleep(240 * is_polled)
        for key, is_closed in ((OPEN, False), (CLOSE, True), (OPEN, False)):
            since = len(caller.asked)
            outcome = await operate(device, caller, key)
            assert (outcome.result, outcome.reason, outcome.position) == (Result.CONFIRMED, None, is_closed)
            assert outcome.writes == functions(caller, since).count(WRITE) == 1
        assert len(caller.unit.writes) == 3


async def test_which_device_it_is_is_asked_once_for_each_connection() -> None:
    async with device_on("dtsy1352", Quirks(latency_s=3.0, redial_s=1.0)) as (device, caller, log):
        asked: list[int] = []
        for key in (OPEN, CLOSE, OPEN):
            if key is OPEN and asked:
                caller.hang_up()
                await log.until(EventKind.LOGIN, 2)
            since = len(caller.asked)
            assert (await operate(device, caller, key)).is_confirmed
            asked.append(functions(caller, since).index(WRITE))
        # Before the write of a device that has proved which one it is, nothing is asked but where it stands.
        assert asked == [3, 1, 3]


async def test_a_device_that_answers_nothing_is_not_operated_at_all() -> None:
    async with device_on("dtsy1352", QUIRKS["sleeps"]) as (device, caller, _):
        await asyncio.sleep(90)
        outcome = await operate(device, caller, CLOSE)
        assert (outcome.result, outcome.writes) == (Result.REFUSED, 0)
        assert caller.unit.writes == []


async def test_a_device_that_is_slower_than_any_card_is_not_operated_either() -> None:
    async with device_on("dtsy1352", Quirks(latency_s=10.5)) as (device, caller, _):
        for key in (OPEN, CLOSE):
            outcome = await operate(device, caller, key)
            assert (outcome.result, outcome.writes) == (Result.REFUSED, 0)
        assert caller.unit.writes == []


def leaving(caller: Caller, is_it: Callable[[bytes], bool], after: float) -> asyncio.Task[None]:
    """Have a device hang up so many seconds after it was asked something."""

    async def leave() -> None:
        await caller.was_asked(is_it)
        await asyncio.sleep(after)
        caller.hang_up()

    return asyncio.create_task(leave())


@pytest.mark.parametrize("key", [OPEN, CLOSE])
async def test_of_a_device_that_leaves_before_the_write_nothing_is_sent_and_in_a_new_call_it_is_asked_anew(
    key: PointKey,
) -> None:
    async with device_on("dtsy1352", Quirks(latency_s=3.0, redial_s=60.0)) as (device, caller, log):
        if key == CLOSE:
            caller.unit.device.write(0x0057, [1, 1])
        left = leaving(caller, lambda request: request[2:4] == b"\x02\x24", 2.0)
        outcome = await operate(device, caller, key)
        await left
        assert (outcome.result, outcome.reason, outcome.writes) == (Result.REFUSED, Reason.NOT_SENT, 0)
        assert WRITE not in functions(caller)
        await log.until(EventKind.LOGIN, 2)
        await asyncio.sleep(60)
        assert WRITE not in functions(caller)


async def test_of_a_device_that_leaves_with_the_write_the_outcome_is_unknown_and_nothing_is_sent_again() -> None:
    async with device_on("dtsy1352", Quirks(latency_s=3.0, redial_s=120.0)) as (device, caller, log):
        left = leaving(caller, lambda request: request[1] == WRITE, 1.0)
        outcome = await operate(device, caller, OPEN)
        await left
        assert (outcome.result, outcome.writes, outcome.position) == (Result.UNKNOWN, 1, None)
        await log.until(EventKind.LOGIN, 2)
        await asyncio.sleep(120)
        assert functions(caller).count(WRITE) == 1


async def test_a_relay_that_sticks_behind_a_slow_card_is_not_said_to_have_moved() -> None:
    async with device_on("dtsy1352", Quirks(latency_s=3.0)) as (device, caller, _):
        caller.unit.device.write = lambda address, values: None  # type: ignore[method-assign]  # it takes all and does nothing
        outcome = await operate(device, caller, OPEN)
        # Between two looks it may have been there: nobody saw.
        assert (outcome.result, outcome.reason, outcome.position) == (Result.UNKNOWN, Reason.NOT_WATCHED, True)
        assert functions(caller).count(WRITE) == 1
