"""One breaker on a local line and in an account, where both ways contradict each other while it is operated.

The line is that of a simulated cabinet, as an owner's register table describes it; the server is a simulated one that
hears the same breaker in its own time.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, tzinfo
from typing import Self, override

import pytest

from custom_components.acrel_safety.aioacrel.control.control import Control
from custom_components.acrel_safety.aioacrel.control.outcome import Outcome, Reason, Result
from custom_components.acrel_safety.aioacrel.control.policy import Policy
from custom_components.acrel_safety.aioacrel.control.rights import Rights
from custom_components.acrel_safety.aioacrel.device import Device
from custom_components.acrel_safety.aioacrel.modbus import ModbusHub
from custom_components.acrel_safety.aioacrel.modbus import unit as modbus_unit
from custom_components.acrel_safety.aioacrel.models import read_model
from custom_components.acrel_safety.aioacrel.readings import PointKey
from custom_components.acrel_safety.aioacrel.source import FAR
from custom_components.acrel_safety.aioacrel.texts import Phrase, phrase
from custom_components.acrel_safety.aioacrel.vocabulary import Pace
from simulator import Cabinet, Unit
from simulator.cloud import ARCM310, Cloud, Meter
from simulator.cloud.instruments import CLOSE, Alarms, Standing
from simulator.scenarios import Scenario

from .cloud_hub_rigs import SECOND, clock, cloud_at_noon, office
from .cloud_order_rigs import ME, OFF, ON, POSITION, until
from .control_rigs import cabinet_of, time_passing
from .rigs import open_unit
from .spoken import SpokenSource

pytestmark = pytest.mark.virtual_time

COMMAND = "send310ControlDemandHTTP"
NEVER = 1e6
# The registers are those of the unit that plays it.
BREAKER = read_model(
    """
[model]
id = "arcm310"
name = "ARCM310"
title = { en = "A breaker with a register table of its owner's" }
evidence = "manual"
source = "test"
[[circuits]]
numbers = "1"
[circuits.points]
SwitchSta = { at = 0x0224, any_of = 0xE000 }
[[commands]]
code = "RLYOFF"
circuit = "1"
at = 0x0057
registers = [1, 1]
read_back = { code = "SwitchSta", value = 0 }
source = "test"
[[commands]]
code = "RLYON"
circuit = "1"
at = 0x0057
registers = [1, 0]
read_back = { code = "SwitchSta", value = 1 }
source = "test"
""",
    file="arcm310.toml",
)


class ByLoop(datetime):
    """The time of the test's loop, as the server's."""

    @classmethod
    @override
    def now(cls, tz: tzinfo | None = None) -> Self:
        return cls.fromtimestamp(clock().timestamp(), tz)


@pytest.fixture(autouse=True)
def one_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have both ways go by one clock, that of the loop."""
    monkeypatch.setattr(modbus_unit, "datetime", ByLoop)


class Wired(Standing):
    """A unit of the cabinet as the server knows it, over a network of its own."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.kind = ARCM310
        self.says: bool | None = None
        """What the server says all the same, whatever is so."""

    @property
    @override
    def is_silent(self) -> bool:
        return False

    @property
    @override
    def closed(self) -> bool:
        return self.unit.closed if self.says is None else self.says

    @override
    def values(self) -> Mapping[str, float]:
        return {}

    @override
    def alarms(self) -> Alarms:
        return {}

    @override
    def obey(self, method: str) -> None:
        wanted = str(int(method == CLOSE))
        self.unit.device.obey("FORCESWITCH", {"ForceSwitch": wanted, "do1": wanted})


class Both:
    """The breaker, and both ways to it."""

    def __init__(self, cabinet: Cabinet, cloud: Cloud, meter: Meter, device: Device, control: Control) -> None:
        self.unit = cabinet.units[1]
        self.cloud, self.meter, self.device, self.control = cloud, meter, device, control
        assert isinstance(meter.instrument, Wired)
        self.server = meter.instrument

    @property
    def sent(self) -> tuple[int, int]:
        """How many requests went out by the line, and by the account."""
        return len(self.unit.writes), self.cloud.count(COMMAND)

    def cut_line(self) -> None:
        # What the breaker does goes on.
        self.unit.scenario = Scenario(name="silent")

    def mend_line(self) -> None:
        self.unit.scenario = Scenario()

    async def until_heard(self, *, line: bool) -> None:
        await until(lambda: self.device.hears(self.device.sources[0]) is line)

    async def operate(self, key: PointKey = OFF) -> Outcome:
        return await self.control.operate(key, ME, is_confirmed=True)


@asynccontextmanager
async def both(*, travel_s: float = 0.5) -> AsyncIterator[Both]:
    """Set it up, closed, heard by both."""
    cloud = cloud_at_noon()
    cloud.behaviour.command_s = 3.0
    async with AsyncExitStack() as stack:
        cabinet = await stack.enter_async_context(cabinet_of(options={"travel_s": travel_s}))
        it = await stack.enter_async_context(office(cloud))
        polled = await stack.enter_async_context(open_unit(cabinet, 1, timeout=0.2))
        hub = ModbusHub("line")
        near = hub.source(polled, BREAKER, intervals=dict.fromkeys(Pace, 1.0))
        stack.push_async_callback(hub.stop)
        meter = cloud.site().add(Wired(cabinet.units[1]), "Kitchen breaker")
        far = it.hub.source(meter.site, meter.code, BREAKER, meter.kind)
        it.hub.orders.stored_password = lambda: SECOND
        device = Device("box", BREAKER)
        for source in (far, near):
            device.attach(source)
        device.want([POSITION])
        policy = Policy(is_enabled=True, may_close=True, rights=Rights.usual())
        control = Control(device, lambda: policy, steady=asyncio.get_running_loop().time)
        await stack.enter_async_context(time_passing(cabinet.advance))
        await hub.start(20)
        await it.hub.start()
        assert device.sources == [near, far]
        yield Both(cabinet, cloud, meter, device, control)
        await control.settle()


async def test_while_the_line_is_there_it_carries_everything_and_the_account_nothing() -> None:
    async with both() as box:
        for key, is_closed in ((OFF, False), (ON, True)):
            outcome = await box.operate(key)
            assert (outcome.result, outcome.position, box.unit.closed) == (Result.CONFIRMED, is_closed, is_closed)
            await asyncio.sleep(90)
        assert (box.sent, box.cloud.count("verifySePassword")) == ((2, 0), 0)


async def test_a_server_that_is_late_changes_nothing_of_an_opening_and_keeps_a_closing_back() -> None:
    async with both() as box:
        box.server.says = True
        assert (await box.operate()).is_confirmed
        await asyncio.sleep(90)
        # The nearer way is believed, whatever the server says, and says anew.
        assert box.device.readings[POSITION].value is False
        outcome = await box.operate(ON)
        assert (outcome.result, outcome.reason, box.sent) == (Result.REFUSED, Reason.SOURCES_DIFFER, (1, 0))
        box.server.says = None
        await asyncio.sleep(90)
        assert (await box.operate(ON)).is_confirmed
        assert box.sent == (2, 0)


async def test_where_the_line_is_gone_before_it_goes_by_the_account_once() -> None:
    async with both() as box:
        box.cut_line()
        await box.until_heard(line=False)
        outcome = await box.operate()
        assert (outcome.result, outcome.position, box.unit.closed) == (Result.CONFIRMED, False, False)
        assert box.sent == (0, 1)


@pytest.mark.parametrize("is_done", [True, False])
async def test_where_the_line_goes_in_the_middle_it_is_not_sent_by_the_account_and_that_shows_what_is(
    *, is_done: bool
) -> None:
    # It moves, if it does, after the line is gone.
    async with both(travel_s=0.5 if is_done else 3600.0) as box:
        opening = asyncio.create_task(box.operate())
        await until(lambda: box.unit.writes)
        box.cut_line()
        outcome = await opening
        assert box.sent == (1, 0)
        if is_done:
            assert (outcome.result, outcome.reason, outcome.position) == (Result.CONFIRMED, Reason.OTHER_WAY, False)
        else:
            assert (outcome.result, outcome.reason, outcome.writes) == (Result.UNKNOWN, Reason.NO_ANSWER, 1)
        await asyncio.sleep(200)
        assert (box.sent, box.unit.closed) == ((1, 0), not is_done)


async def test_a_server_that_showed_it_open_before_shows_nothing_of_an_opening_whose_line_is_gone() -> None:
    async with both(travel_s=3600.0) as box:
        box.server.says = False
        await asyncio.sleep(90)
        opening = asyncio.create_task(box.operate())
        await until(lambda: box.unit.writes)
        box.cut_line()
        outcome = await opening
        assert (outcome.result, box.unit.closed, box.sent) == (Result.UNKNOWN, True, (1, 0))


async def test_a_server_that_comes_back_in_the_middle_with_what_was_changes_nothing() -> None:
    async with both(travel_s=2.0) as box:
        box.cloud.fail("close", times=None)
        await asyncio.sleep(240)
        box.server.says = True
        opening = asyncio.create_task(box.operate())
        await until(lambda: box.unit.writes)
        box.cloud.faults.clear()
        await asyncio.sleep(1)
        box.device.hurry()
        assert (await opening).is_confirmed
        await asyncio.sleep(200)
        assert (box.sent, box.device.readings[POSITION].value) == ((1, 0), False)


LATE: dict[str, tuple[bool | None, bool, Result, Reason | None, bool | None]] = {
    # What the server says, whether it never passes the command on, and what is to be told.
    "the server is late": (True, False, Result.CONFIRMED, Reason.OTHER_WAY, False),
    "the server is wrong": (False, True, Result.UNKNOWN, Reason.SOURCES_DIFFER, None),
    "neither shows it": (None, True, Result.UNKNOWN, Reason.NOT_WATCHED, True),
    "both show it": (None, False, Result.CONFIRMED, None, False),
}


@pytest.mark.parametrize("name", LATE)
async def test_where_the_line_is_back_while_the_account_carries_it_the_line_is_believed(name: str) -> None:
    says, never, result, reason, position = LATE[name]
    async with both() as box:
        box.cut_line()
        await box.until_heard(line=False)
        if never:
            box.cloud.behaviour.command_s = NEVER
        opening = asyncio.create_task(box.operate())
        await until(lambda: box.cloud.count(COMMAND))
        box.server.says = says
        box.mend_line()
        outcome = await opening
        assert (outcome.result, outcome.reason, outcome.position) == (result, reason, position), outcome.text()
        await asyncio.sleep(200)
        assert box.sent == (0, 1)


class Told(SpokenSource):
    """A further way, by which somebody tells where it stands."""

    doubt: Phrase | None = None


@pytest.mark.parametrize("is_doubted", [False, True])
async def test_what_anybody_may_tell_confirms_nothing_when_the_line_is_gone(*, is_doubted: bool) -> None:
    async with both(travel_s=3600.0) as box:
        told = Told(BREAKER, FAR, "told", [POSITION])
        told.doubt = phrase("push_unproved") if is_doubted else None
        box.device.attach(told)
        told.say({POSITION: True})
        told.held[POSITION] = False
        # The account tells nothing now.
        box.cloud.fail("close", times=None)
        opening = asyncio.create_task(box.operate())
        await until(lambda: box.unit.writes)
        box.cut_line()
        outcome = await opening
        assert outcome.result is (Result.UNKNOWN if is_doubted else Result.CONFIRMED), outcome.text()
        assert box.sent == (1, 0)
