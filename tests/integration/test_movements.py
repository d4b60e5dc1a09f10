"""Whether a breaker that moved did so by our command, behind a gateway that sleeps for minutes."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from custom_components.acrel_safety.aioacrel.control.policy import Policy
from custom_components.acrel_safety.aioacrel.control.rights import Rights
from custom_components.acrel_safety.movements import Movements
from tests.aioacrel.gateway_rigs import Broker
from tests.aioacrel.test_gateway_orders import CLOSED, OFF, OPEN, Meter, control_of, operated

pytestmark = pytest.mark.virtual_time


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    broker = Broker()
    yield broker
    await broker.end()


async def test_what_a_command_does_behind_a_gateway_that_sleeps_is_not_told_as_unasked(broker: Broker) -> None:
    meter, control = Meter(broker), control_of(broker.source())
    meter.wakes_after = 110.0
    device, told = control.device, list[tuple[str, bool]]()
    device.want(device.model.readable)
    policy = Policy(is_enabled=True, may_close=True, rights=Rights.usual())
    movements = Movements(control, lambda: policy, asyncio.get_running_loop().time, lambda *moved: told.append(moved))
    leave = device.listen(lambda _: movements.look())
    await broker.settled()
    begun = asyncio.get_running_loop().time()
    assert (await operated(control, OFF)).is_confirmed
    assert (told, asyncio.get_running_loop().time() - begun > 120) == ([], True)
    # What nobody commanded is told all the same, as soon as the command has been seen to be done.
    for word, is_closed in ((CLOSED, True), (OPEN, False)):
        broker.meter({"AdfState1": word})
        assert told[-1] == ("1", is_closed)
    leave()
    movements.end()
