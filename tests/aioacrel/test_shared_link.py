"""Others on the shared link: to wait for one's turn is not to wait for an answer, and teaches nothing."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pytest
from modbus_connection import ModbusError, ModbusUnit
from modbus_connection.mock import MockModbusConnection, MockModbusUnit

from custom_components.acrel_safety.aioacrel.errors import LinkTakenError, NotSentError
from custom_components.acrel_safety.aioacrel.modbus import GuardedUnit, Link, LinkAddress
from custom_components.acrel_safety.aioacrel.modbus.bus import DEFAULT_INTERVALS
from custom_components.acrel_safety.aioacrel.texts import LANGUAGES
from simulator import Cabinet
from simulator.faults.virtual import run
from tests.aioacrel.bus_rigs import Rig
from tests.aioacrel.rigs import address_of

FRAMINGS = ("tcp", "rtu+tcp")
OURS, THEIRS = 1, 2
MINUTE = 60.0


def now() -> float:
    return asyncio.get_running_loop().time()


@dataclass(frozen=True)
class Shared:
    """A link on which somebody else asks a slow unit."""

    cabinet: Cabinet
    ours: GuardedUnit
    theirs: ModbusUnit

    def truth(self, count: int) -> list[int]:
        """Return what our unit has in the registers that are read."""
        return [self.cabinet.units[OURS].registers[0x0B + index] for index in range(count)]

    async def keep_asking(self) -> None:
        """Ask the other unit again and again, as another integration does."""
        while True:
            with suppress(ModbusError):
                await self.theirs.read_holding_registers(0x0B, 1)
            await asyncio.sleep(0.01)


@asynccontextmanager
async def shared_link(framing: str, delay_s: float) -> AsyncIterator[Shared]:
    async with Cabinet.of({OURS: "aim-r100", THEIRS: "aim-r100"}, frozen=True) as cabinet:
        cabinet.set_scenario("slow", THEIRS, delay_s=delay_s)
        address = address_of(cabinet, framing)
        async with Link.open(address) as link:
            theirs = link.unit(THEIRS)
            theirs.require_timeout(2 * delay_s)
            ours = address.guarded(link.unit(OURS), OURS, pulse=link.pulse)
            yield Shared(cabinet, ours, theirs)
            await ours.settle()


def on_a_line(test: Coroutine[Any, Any, None]) -> None:
    run(test)


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("delay_s", [2.0, 4.0])
def test_a_request_behind_somebody_elses_slow_one_is_neither_cut_off_nor_taken_for_slow(
    framing: str, delay_s: float
) -> None:
    async def main() -> None:
        async with shared_link(framing, delay_s) as shared:
            ours = shared.ours
            await ours.read(3, 0x0B, 1)
            timeout = ours.timeout
            asking = asyncio.create_task(shared.keep_asking())
            end, answers = now() + 5 * MINUTE, 0
            while now() < end:
                words = await ours.read(3, 0x0B, 2, within=(0x0B, 0x10))
                assert words == shared.truth(2)
                answers += 1
                await asyncio.sleep(0.3)
            asking.cancel()
            assert answers >= 5 * MINUTE / (delay_s + 1) - 2, "each waits for one of theirs at most"
            assert ours.figures.timeouts == ours.figures.discarded == ours.figures.disconnects == 0
            assert ours.figures.slowest_answer_time < 0.5, "the time for which others were waited for is not its own"
            assert ours.timeout <= timeout

    on_a_line(main())


@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_silent_unit_is_waited_for_no_longer_because_of_others(framing: str) -> None:
    async def main() -> None:
        async with shared_link(framing, 2.0) as shared:
            await shared.ours.read(3, 0x0B, 1)
            asking = asyncio.create_task(shared.keep_asking())
            shared.cabinet.set_scenario("silent", OURS)
            with pytest.raises(Exception, match=r"did not answer within 1\.2 s"):
                await shared.ours.read(3, 0x0B, 2, within=(0x0B, 0x10))
            asking.cancel()

    on_a_line(main())


@pytest.mark.parametrize("framing", FRAMINGS)
def test_who_keeps_the_link_for_long_is_told_from_a_silent_unit(framing: str) -> None:
    async def main() -> None:
        async with shared_link(framing, 25.0) as shared:
            ours = shared.ours
            await ours.read(3, 0x0B, 1)
            asking = asyncio.create_task(shared.keep_asking())
            await asyncio.sleep(1)
            began = now()
            with pytest.raises(LinkTakenError) as caught:
                await ours.read(3, 0x0B, 2, within=(0x0B, 0x10))
            assert now() - began < 10.5
            assert ours.quiet_seconds == 0, "nothing was sent"
            assert ours.figures.timeouts == ours.figures.disconnects == 0
            assert [language for language in LANGUAGES if "10" not in caught.value.text(language)] == []
            with pytest.raises(NotSentError):
                await ours.write(0x0B, [1])
            asking.cancel()
            await asyncio.sleep(30)
            assert await ours.read(3, 0x0B, 1) == shared.truth(1)

    on_a_line(main())


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("held", [12.0, 18.0, 25.0])
def test_what_is_not_read_while_others_keep_the_link_is_lost_when_it_is_old_and_back_at_once(
    framing: str, held: float
) -> None:
    async def main() -> None:
        units = (1, 3, 4, 5)
        models = dict.fromkeys((*units, THEIRS), "aim-r100")
        async with Cabinet.of(models, frozen=True) as cabinet, Rig(cabinet, framing) as rig:
            link = await rig.enter_link()
            theirs = link.unit(THEIRS)
            theirs.require_timeout(2 * held)
            devices = await rig.add(*units, link=link, timeout=None, intervals=DEFAULT_INTERVALS)
            rig.bus.start()
            await asyncio.sleep(30)
            cabinet.set_scenario("slow", THEIRS, delay_s=held)
            await theirs.read_holding_registers(0x0B, 1)
            # To find it taken takes ten seconds; by the second time what was read is too old to be shown.
            assert any(device.is_silent for device in devices) == (held > 20)
            since = now()
            await asyncio.sleep(2)
            assert not any(device.is_silent for device in devices)
            read = {report.unit for at, report in rig.reports.timed if at >= since and report.error is None}
            assert read == set(devices)

    on_a_line(main())


async def test_a_link_that_does_not_refuse_a_read_of_nothing_by_itself_is_asked_for_that_once() -> None:
    asked: list[int] = []

    class Sends(MockModbusUnit):
        async def read_holding_registers(self, address: int, count: int) -> list[int]:
            asked.append(count)
            return await super().read_holding_registers(address, count)

    unit = Sends(MockModbusConnection(), 1)
    unit.holding.update({0: 5, 1: 6, 2: 7})
    guarded = LinkAddress.parse("tcp://127.0.0.1:502").guarded(unit, 1, timeout=0.3)
    assert [await guarded.read(3, register, 1) for register in range(3)] == [[5], [6], [7]]
    assert asked.count(0) == 1
