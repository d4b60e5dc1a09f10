"""Whose turn it is on a device: one operation or change at a time, also when its control is made anew meanwhile."""

import asyncio
from collections.abc import Collection, Mapping

import pytest

from custom_components.acrel_safety.aioacrel.control.control import Control
from custom_components.acrel_safety.aioacrel.control.lockouts import Lockouts
from custom_components.acrel_safety.aioacrel.control.outcome import Outcome, Reason, Result
from custom_components.acrel_safety.aioacrel.control.tokens import Selection
from custom_components.acrel_safety.aioacrel.device import Device
from custom_components.acrel_safety.aioacrel.errors import SettingRefusedError
from custom_components.acrel_safety.aioacrel.models import read_model
from custom_components.acrel_safety.aioacrel.readings import PointKey, Reading, Value
from custom_components.acrel_safety.aioacrel.source import Order, Setting
from tests.aioacrel.control_rigs import ADMIN, ALLOWED
from tests.aioacrel.spoken import SpokenSource

pytestmark = pytest.mark.virtual_time

BREAKER = read_model(
    """
[model]
id = "breaker"
name = "Breaker"
title = { en = "A breaker with a setting" }
evidence = "manual"
source = "test"
[[circuits]]
numbers = "1"
[circuits.points]
RlySta = { at = 1 }
[circuits.settings]
LgHighVal02 = { at = 2, limits = [30, 300], source = "test" }
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
""",
    file="breaker.toml",
)
OFF, ON, POSITION, LIMIT = (PointKey("1", code) for code in ("RLYOFF", "RLYON", "RlySta", "LgHighVal02"))


class SlowSource(SpokenSource):
    """Takes a time for each order, and each read."""

    def __init__(self, *, order_seconds: float = 0.0, read_seconds: float = 0.0) -> None:
        super().__init__(BREAKER, 0, "near", BREAKER.points, orders={*BREAKER.operations, LIMIT})
        self.held: dict[PointKey, Value] = {POSITION: True, LIMIT: 100.0}
        self.order_seconds, self.read_seconds = order_seconds, read_seconds
        self.under_way = self.most = 0
        """How many orders are on their way at once."""

    async def send(self, order: Order) -> None:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            if isinstance(order, Setting):
                await asyncio.sleep(self.order_seconds)
                await super().send(order)
            else:
                await super().send(order)
                await asyncio.sleep(self.order_seconds)
        finally:
            self.under_way -= 1

    async def read(self, keys: Collection[PointKey]) -> Mapping[PointKey, Reading]:
        await asyncio.sleep(self.read_seconds)
        return await super().read(keys)


def rig(source: SlowSource, lockouts: Lockouts | None = None) -> Control:
    device = Device("test", BREAKER, may_change=lambda: True)
    device.attach(source)
    return Control(device, lambda: ALLOWED, lockouts=lockouts, steady=asyncio.get_running_loop().time)


def operating(control: Control, key: PointKey = OFF) -> asyncio.Task[Outcome]:
    return asyncio.create_task(control.operate(key, ADMIN, is_confirmed=True))


async def test_an_operation_waits_for_a_change_that_is_under_way() -> None:
    source = SlowSource(order_seconds=3.0)
    control = rig(source)
    changing = asyncio.create_task(control.device.change(LIMIT, 200.0))
    await asyncio.sleep(0.5)
    outcome = await operating(control)
    assert (await changing).value == 200.0
    assert (outcome.result, len(source.sent), len(source.commands), source.most) == (Result.CONFIRMED, 1, 1, 1)


async def test_a_closing_that_waited_for_a_change_goes_by_what_was_read_afterwards() -> None:
    """The wait is longer than a reading is good for."""
    source = SlowSource(order_seconds=6.0)
    source.held[POSITION] = False
    control = rig(source)
    changing = asyncio.create_task(control.device.change(LIMIT, 200.0))
    await asyncio.sleep(0.5)
    assert (await operating(control, ON)).result is Result.CONFIRMED
    await changing


async def test_an_operation_does_not_wait_for_ever() -> None:
    source = SlowSource(order_seconds=60.0)
    control = rig(source)
    changing = asyncio.create_task(control.device.change(LIMIT, 200.0))
    await asyncio.sleep(0.5)
    outcome = await operating(control)
    assert (outcome.result, outcome.reason) == (Result.REFUSED, Reason.WAITED_TOO_LONG)
    assert source.commands == []
    await changing


async def test_nothing_is_changed_while_the_device_is_operated() -> None:
    source = SlowSource(read_seconds=0.2)
    control = rig(source)
    running = operating(control)
    await asyncio.sleep(0.1)
    with pytest.raises(SettingRefusedError, match="is being operated"):
        await control.device.change(LIMIT, 200.0)
    assert (await running).result is Result.CONFIRMED
    assert source.sent == []
    await control.device.change(LIMIT, 200.0)
    assert len(source.sent) == 1


async def test_a_change_that_was_given_up_keeps_no_operation_waiting() -> None:
    source = SlowSource(order_seconds=60.0)
    control = rig(source)
    changing = asyncio.create_task(control.device.change(LIMIT, 200.0))
    await asyncio.sleep(0.5)
    changing.cancel()
    source.order_seconds = 0.0
    assert (await operating(control)).result is Result.CONFIRMED


async def test_a_control_that_is_made_anew_knows_the_lock_out_and_no_selection() -> None:
    source = SlowSource()
    lockouts = Lockouts(asyncio.get_running_loop().time)
    control = rig(source, lockouts)
    assert (await operating(control)).result is Result.CONFIRMED
    await asyncio.sleep(20.0)
    again = rig(source, lockouts)
    refused = await operating(again, ON)
    assert (refused.reason, "10 s are left" in refused.text()) == (Reason.LOCKED_OUT, True)
    await asyncio.sleep(10.0)
    selection = await again.select(ON, ADMIN)
    assert isinstance(selection, Selection)
    third = rig(source, lockouts)
    outcome = await third.operate(ON, ADMIN, selection.token)
    assert (outcome.result, outcome.reason) == (Result.REFUSED, Reason.TOKEN_UNKNOWN)
    assert len(source.commands) == 1


async def test_an_operation_is_under_way_until_it_ended_also_when_the_control_is_made_anew_meanwhile() -> None:
    source = SlowSource(order_seconds=2.0)
    lockouts = Lockouts(asyncio.get_running_loop().time)
    control = rig(source, lockouts)
    running = operating(control)
    await asyncio.sleep(1.0)
    assert (await operating(rig(source, lockouts))).reason is Reason.BUSY
    assert (await running).writes == 1
    assert len(source.commands) == 1


async def test_a_closing_by_a_reading_that_is_too_old_when_its_turn_comes_is_not_sent() -> None:
    """The link was taken by others between the reading and the request."""

    class Waiting(SlowSource):
        async def send(self, order: Order) -> None:
            await asyncio.sleep(4.5)
            await super().send(order)

    source = Waiting()
    control = rig(source)
    assert (await operating(control, OFF)).result is Result.CONFIRMED
    await asyncio.sleep(30.0)
    outcome = await operating(control, ON)
    assert (outcome.result, outcome.reason, outcome.writes) == (Result.REFUSED, Reason.POSITION_STALE, 0)
    assert len(source.commands) == 1
