"""An opening while something else is on its way through an account: it goes as soon as the device takes it."""

import asyncio
from dataclasses import replace

import pytest

from custom_components.acrel_safety.aioacrel.control.caller import Caller, CallerKind
from custom_components.acrel_safety.aioacrel.control.inturn import in_turn
from custom_components.acrel_safety.aioacrel.control.outcome import Outcome, Reason, Result
from custom_components.acrel_safety.aioacrel.readings import PointKey

from .cloud_hub_rigs import SECOND, Office, cloud_at_noon, office
from .cloud_order_rigs import ME, OFF, ON, RESET, Switched, breaker, until

pytestmark = pytest.mark.virtual_time

LOCK_OUT = 30.0
NEVER = 1e6


class Pressed(Switched):
    """A breaker that is operated in turn, as whoever presses something in Home Assistant does."""

    async def press(self, key: PointKey, by: Caller = ME) -> Outcome:
        return await in_turn(self.control, key, by, lambda: self.control.operate(key, by, is_confirmed=True))


async def pressed(it: Office, *, closed: bool = True) -> Pressed:
    """Return one whose server takes all that is sent, and does not pass it on for now."""
    meter = breaker(it.cloud)
    meter.figures.closed = closed
    box = Pressed(it, meter)
    await it.hub.start()
    box.orders.stored_password = lambda: SECOND
    it.cloud.behaviour.command_s = NEVER
    return box


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_a_second_opening_goes_out_when_the_lock_out_is_over_and_waits_for_nothing_else() -> None:
    async with office(cloud_at_noon()) as it:
        box = await pressed(it)
        began = now()
        first = asyncio.create_task(box.press(OFF))
        await until(lambda: box.sent)
        await asyncio.sleep(5)
        it.cloud.behaviour.command_s = 3.0
        second = asyncio.create_task(box.press(OFF))
        await until(lambda: box.sent > 1)
        assert LOCK_OUT <= now() - began < LOCK_OUT + 12
        one, other = await first, await second
        assert (one.result, one.reason, one.position) == (Result.UNKNOWN, Reason.OVERTAKEN, True)
        assert "an opening was asked for before it moved" in one.text()
        assert (other.result, other.position, other.writes, box.meter.closed) == (Result.CONFIRMED, False, 1, False)
        assert [(one.value, one.was_early) for one in it.cloud.commands.sent] == [("0", False), ("0", False)]
        await asyncio.sleep(600)
        assert box.sent == 2


async def test_what_moves_meanwhile_needs_no_second_request() -> None:
    async with office(cloud_at_noon()) as it:
        box = await pressed(it)
        it.cloud.behaviour.command_s = 12.0
        first = asyncio.create_task(box.press(OFF))
        await until(lambda: box.sent)
        second = asyncio.create_task(box.press(OFF))
        assert (await first).is_confirmed
        outcome = await second
        # Whoever waited is told that it is open, and not that he came too soon.
        assert (outcome.result, outcome.reason, outcome.writes) == (Result.CONFIRMED, Reason.ALREADY_THERE, 0)
        assert box.sent == 1


async def test_an_opening_goes_out_although_a_closing_that_is_on_its_way_has_not_moved_it_yet() -> None:
    async with office(cloud_at_noon()) as it:
        box = await pressed(it, closed=False)
        began = now()
        closing = asyncio.create_task(box.press(ON))
        await until(lambda: box.sent)
        await asyncio.sleep(5)
        opening = asyncio.create_task(box.press(OFF))
        await until(lambda: box.sent > 1)
        assert LOCK_OUT <= now() - began < LOCK_OUT + 12
        assert (await closing).reason is Reason.OVERTAKEN
        # Both come late, the closing first: it is told of a time after both.
        await it.cloud.commands.hurry()
        assert (await opening).is_confirmed
        assert [(one.value, one.was_early) for one in it.cloud.commands.sent] == [("1", False), ("0", False)]
        assert (box.meter.closed, box.meter.figures.obeyed) == (False, ["RLYON", "RLYOFF"])


async def test_an_opening_after_a_closing_of_which_nobody_knows_is_sent_although_it_shows_open() -> None:
    async with office(cloud_at_noon()) as it:
        box = await pressed(it, closed=False)
        assert (await box.press(ON)).result is Result.UNKNOWN
        assert (await box.press(OFF)).writes == 1
        assert box.sent == 2


async def test_neither_a_closing_nor_who_may_not_ends_looking_for_an_opening() -> None:
    async with office(cloud_at_noon()) as it:
        box = await pressed(it)
        nobody = Caller(kind=CallerKind.PERSON, id="nobody", name="Nobody")
        first = asyncio.create_task(box.press(OFF))
        await until(lambda: box.sent)
        late = [asyncio.create_task(box.press(ON)), asyncio.create_task(box.press(OFF, nobody))]
        assert (await late[0]).reason is Reason.WAITED_TOO_LONG
        outcome = await first
        assert (outcome.result, outcome.reason) == (Result.UNKNOWN, Reason.NOT_WATCHED)
        assert (await late[1]).reason is Reason.NO_RIGHT
        assert box.sent == 1


async def test_of_a_device_that_was_not_heard_since_no_second_opening_is_sent_blindly() -> None:
    async with office(cloud_at_noon()) as it:
        box = await pressed(it)
        first = asyncio.create_task(box.press(OFF))
        await until(lambda: box.sent)
        box.meter.lose()
        second = asyncio.create_task(box.press(OFF))
        assert ((await first).reason, (await second).reason) == (Reason.NO_ANSWER, Reason.NOT_SENT)
        assert box.sent == 1


async def test_one_that_is_withdrawn_while_it_waits_is_not_sent() -> None:
    async with office(cloud_at_noon()) as it:
        box = await pressed(it)
        first = asyncio.create_task(box.press(OFF))
        await until(lambda: box.sent)
        second = asyncio.create_task(box.press(OFF))
        await asyncio.sleep(20)
        box.policy = replace(box.policy, is_enabled=False)
        assert (await second).reason is Reason.CONTROL_OFF
        assert (await first).result is Result.UNKNOWN
        assert box.sent == 1


async def test_an_opening_waits_for_the_log_of_a_reset_no_longer_than_the_lock_out() -> None:
    async with office(cloud_at_noon()) as it:
        box = await pressed(it)
        reset = asyncio.create_task(box.press(RESET))
        await until(lambda: box.sent)
        it.cloud.behaviour.command_s = 3.0
        began = now()
        assert (await box.press(OFF)).is_confirmed
        assert now() - began < LOCK_OUT + 25
        assert (await reset).result is Result.UNVERIFIED
        assert not any(command.was_early for command in it.cloud.commands.sent)
