"""A shared link that its owner closes while it is in use: another one is asked for, and what was read is read on."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from modbus_connection.mock import MockModbusConnection, MockModbusUnit
from modbus_connection.tmodbus import ModbusConnection

from custom_components.acrel_safety.aioacrel.errors import LinkClosedError, LinkError, NotSentError
from custom_components.acrel_safety.aioacrel.modbus import GuardedUnit, LinkAddress, LinkPulse
from custom_components.acrel_safety.aioacrel.modbus.lent import LASTS_SECONDS, LONGEST_PAUSE, LentLink
from custom_components.acrel_safety.aioacrel.modbus.shared import ClosedError, SharedUnit
from custom_components.acrel_safety.aioacrel.vocabulary import Pace
from simulator import Cabinet
from tests.aioacrel.bus_rigs import Rig
from tests.aioacrel.rigs import address_of

pytestmark = pytest.mark.virtual_time

FRAMINGS = ("tcp", "rtu+tcp")
INTERVALS = {Pace.FAST: 2.001, Pace.NORMAL: 10.0, Pace.SLOW: 60.0}
UNITS = (1, 2, 3)
MODEL = "aim-r100"
REGISTER = 0x0B
METER, RELAY, OPENED = "ddsy1352", 0x57, [1, 1]
HOUR = 3600.0


class Owner:
    """Whoever shares a link out, as Home Assistant does: closed for good, or opened for who asks first."""

    def __init__(self, cabinet: Cabinet, pulse: LinkPulse, framing: str = "tcp") -> None:
        self.cabinet = cabinet
        self.opened = 0
        self.is_refusing = False
        self._address = address_of(cabinet, framing)
        self._connection: ModbusConnection | None = None
        self._pulse = pulse
        self._lent = LentLink(str(self._address), pulse, self._lend)

    def unit(self, unit_id: int) -> SharedUnit:
        """Return a unit that is lent anew whenever the link was closed."""
        return self._lent.unit(unit_id, self._lend(unit_id))

    def guarded(self, unit_id: int) -> GuardedUnit:
        """Return the same guarded."""
        return self._address.guarded(self.unit(unit_id), unit_id, pulse=self._pulse)

    def _lend(self, unit_id: int) -> SharedUnit:
        if self.is_refusing:
            raise ClosedError
        if self._connection is None:
            self._connection = ModbusConnection(self._address.params)
            self.opened += 1
        return self._connection.for_unit(unit_id)

    def asked(self, unit_id: int) -> int:
        """Return how often a unit was asked."""
        return len(self.cabinet.units[unit_id].requests)

    async def close(self) -> None:
        """Close the link for all who use it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()


@asynccontextmanager
async def polled(framing: str = "tcp") -> AsyncIterator[tuple[Rig, Owner]]:
    """Yield some units that are read, and who owns their link."""
    async with Cabinet.of(dict.fromkeys(UNITS, MODEL), frozen=True) as cabinet, Rig(cabinet, framing) as rig:
        owner = Owner(cabinet, rig.bus.pulse, framing)
        rig.push_async_callback(owner.close)
        rig.reports.patience = HOUR
        await rig.add(*UNITS, link=owner, timeout=None, intervals=INTERVALS)
        rig.bus.start()
        await asyncio.sleep(70)
        yield rig, owner


@asynccontextmanager
async def one_unit() -> AsyncIterator[tuple[Cabinet, Owner, GuardedUnit]]:
    async with Cabinet.of({1: METER}, frozen=True) as cabinet, AsyncExitStack() as stack:
        owner = Owner(cabinet, LinkPulse())
        stack.push_async_callback(owner.close)
        unit = owner.guarded(1)
        await unit.read(3, REGISTER, 1)
        yield cabinet, owner, unit
        await unit.settle()


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("waits", [0.0, 0.7, 1.3])
async def test_polls_go_on_over_another_connection_and_no_value_is_lost(framing: str, waits: float) -> None:
    async with polled(framing) as (rig, owner):
        await asyncio.sleep(waits)
        before = len(rig.reports.all)
        await owner.close()
        await asyncio.sleep(120)
        later = rig.reports.all[before:]
        assert [report.error for report in later if report.error is not None] == []
        assert {report.unit.unit_id for report in later} == set(UNITS)
        assert not any(device.is_silent for device in rig.devices)
        assert owner.opened == 2
        assert rig.bus.pulse.trouble is None


async def test_what_is_on_the_wire_when_the_link_is_closed_is_an_answer_that_is_lost() -> None:
    async with polled() as (rig, owner):
        owner.cabinet.set_scenario("silent", 1)
        before = owner.asked(1)
        await rig.reports.until(lambda _: owner.asked(1) > before)
        await owner.close()
        owner.cabinet.set_scenario("normal", 1)
        before = len(rig.reports.all)
        await asyncio.sleep(30)
        last = {report.unit.unit_id: report.error for report in rig.reports.all[before:]}
        assert last == dict.fromkeys(UNITS)
        assert owner.opened == 2


async def test_a_write_to_a_link_that_was_closed_is_known_not_to_have_left() -> None:
    async with one_unit() as (cabinet, owner, unit):
        owner.is_refusing = True
        await owner.close()
        for _ in range(3):
            with pytest.raises(NotSentError) as caught:
                await unit.write(RELAY, OPENED)
            assert isinstance(caught.value.reason, LinkClosedError)
        assert cabinet.units[1].writes == []
        owner.is_refusing = False
        await asyncio.sleep(LONGEST_PAUSE)
        await unit.read(3, REGISTER, 1)


async def test_a_write_whose_answer_went_with_the_link_is_not_made_again_over_the_next_one() -> None:
    async with one_unit() as (cabinet, owner, unit):
        cabinet.set_scenario("silent", 1)
        writing = asyncio.create_task(unit.write(RELAY, OPENED))
        await asyncio.sleep(0.1)
        await owner.close()
        # It may have been carried out: nobody says that it was not.
        with pytest.raises(LinkError) as caught:
            await writing
        assert not isinstance(caught.value, NotSentError)
        cabinet.set_scenario("normal", 1)
        with pytest.raises(LinkClosedError):
            await unit.read(3, REGISTER, 1)
        await unit.read(3, REGISTER, 1)
        assert len(cabinet.units[1].writes) == 1


async def test_a_link_that_is_closed_again_and_again_is_asked_for_more_and_more_seldom() -> None:
    async with polled() as (rig, owner):

        async def keep_closing() -> None:
            while True:
                await owner.close()
                await asyncio.sleep(0.5)

        closing = asyncio.create_task(keep_closing())
        await asyncio.sleep(HOUR)
        opened = owner.opened
        assert HOUR / LONGEST_PAUSE / 2 < opened < HOUR / LONGEST_PAUSE + 10
        assert all(device.is_silent for device in rig.devices)
        closing.cancel()
        await asyncio.sleep(2 * LONGEST_PAUSE)
        assert not any(device.is_silent for device in rig.devices)
        assert owner.opened <= opened + 2


async def test_a_link_that_lasted_is_asked_for_at_once() -> None:
    async with polled() as (rig, owner):
        for number in range(5):
            await owner.close()
            await asyncio.sleep(LASTS_SECONDS + 10)
            assert not any(device.is_silent for device in rig.devices)
            assert owner.opened == number + 2


async def test_units_are_silent_as_long_as_the_link_cannot_be_had_and_back_when_it_can() -> None:
    async with polled() as (rig, owner):
        owner.is_refusing = True
        await owner.close()
        await asyncio.sleep(HOUR)
        assert all(device.is_silent for device in rig.devices)
        reasons = [report.error for report in rig.reports.all[-3:]]
        assert all(isinstance(reason, LinkClosedError) for reason in reasons)
        assert owner.opened == 1
        owner.is_refusing = False
        await asyncio.sleep(2 * LONGEST_PAUSE)
        assert not any(device.is_silent for device in rig.devices)


async def test_the_next_connection_knows_how_long_is_waited_and_tells_when_it_is_lost() -> None:
    async with Cabinet.of({1: MODEL}, frozen=True) as cabinet:
        owner, lost = Owner(cabinet, LinkPulse()), []
        unit = owner.unit(1)
        unit.require_timeout(30.0)
        unit.on_connection_lost(lambda: lost.append(owner.opened))
        await unit.read_holding_registers(REGISTER, 1)
        await owner.close()
        with pytest.raises(ClosedError):
            await unit.read_holding_registers(REGISTER, 1)
        assert (unit.connected, lost) == (False, [1])
        cabinet.set_scenario("slow", 1, delay_s=20)
        assert await unit.read_holding_registers(REGISTER, 1) == [cabinet.units[1].registers[REGISTER]]
        assert unit.connected
        await cabinet.stop()
        await asyncio.sleep(1)
        assert (unit.connected, lost) == (False, [1, 2])
        await owner.close()


class Listened(MockModbusUnit):
    """Counts who listens to it."""

    listening = 0

    def on_connection_lost(self, callback: Callable[[], None]) -> Callable[[], None]:
        leave = super().on_connection_lost(callback)
        self.listening += 1

        def end() -> None:
            leave()
            self.listening -= 1

        return end


async def test_a_link_that_others_keep_forgets_a_unit_that_is_left_alone() -> None:
    first = Listened(MockModbusConnection(), 1)
    address = LinkAddress.parse("tcp://gateway:502")
    for _ in range(3):
        unit = LentLink("gateway", LinkPulse(), lambda _: first).unit(1, first)
        guarded = address.guarded(unit, 1)
        assert first.listening == 1
        guarded.close()
        assert first.listening == 0
