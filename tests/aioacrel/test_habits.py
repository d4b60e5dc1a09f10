"""What a gateway does with numbers and connections: renumbered answers, and a connection closed after each answer."""

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

import pytest

from custom_components.acrel_safety.aioacrel.errors import LinkError, NoAnswerError
from custom_components.acrel_safety.aioacrel.modbus import Link, LinkPulse
from simulator.faults import Fault, Framing, Schedule, Times, TruthServer
from simulator.faults.frames import Frame
from simulator.faults.truth import FIRST_SETTING
from simulator.faults.virtual import run
from tests.aioacrel.fault_rigs import TIMEOUT, address_at, fault_rig

RTU, MBAP = Framing.RTU, Framing.MBAP


def on_a_line(test: Coroutine[Any, Any, None]) -> None:
    run(test)


@pytest.mark.parametrize("late", [0.55, 0.6, 0.9, 1.4, 3.0])
def test_of_a_gateway_that_numbers_its_answers_itself_no_answer_is_taken_for_the_next_requests(
    late: float, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        schedule = Schedule(1, (Fault.RENUMBER,), 1.0, times=Times(late=(late, late)))
        async with fault_rig(MBAP, schedule, service=0.05) as rig:
            read = 0
            for turn in range(48):
                try:
                    assert await rig.read_truly(1, (0, 20, 40)[turn % 3], 10)
                    read += 1
                except LinkError:
                    continue
            assert read > 30 or late > 1.5, "such a gateway works"
            assert rig.pulse.details(0.0)["numbers_itself"]
            if read:
                await rig.units[1].write(FIRST_SETTING, [7])
                assert await rig.units[1].read(3, FIRST_SETTING, 1) == [7]

    caplog.set_level(logging.WARNING)
    on_a_line(main())
    assert caplog.text.count("numbers its answers itself") == 1


def test_a_gateway_that_echoes_numbers_after_all_is_read_through_the_shared_connection_again() -> None:
    async def main() -> None:
        schedule = Schedule(1, (Fault.RENUMBER,), 1.0)
        async with fault_rig(MBAP, schedule) as rig:

            async def read_on(seconds: float) -> int:
                end, read = asyncio.get_running_loop().time() + seconds, 0
                while asyncio.get_running_loop().time() < end:
                    with suppress(LinkError):
                        assert await rig.read_truly(1, 0, 10)
                        read += 1
                    await asyncio.sleep(5)
                return read

            async def exchange() -> None:
                """Put another gateway in its place: its connections end."""
                former = schedule.faults, schedule.rate
                schedule.faults, schedule.rate = (Fault.RESET,), 1.0
                with suppress(LinkError):
                    await rig.read_truly(1, 0, 10)
                schedule.faults, schedule.rate = former

            def numbers_itself() -> bool:
                return bool(rig.pulse.details(0.0)["numbers_itself"])

            for least, most in ((500, 800), (1100, 1400)):
                schedule.faults, schedule.rate = (Fault.RENUMBER,), 1.0
                await exchange()
                await read_on(150)
                assert numbers_itself()
                schedule.rate = 0.0
                await exchange()
                assert await read_on(least - 150) > 0.15 * (least - 150)
                assert numbers_itself(), "it is not believed at once"
                assert await read_on(most - least) > 0.15 * (most - least)
                assert not numbers_itself()
                assert rig.link.unit(1).connected

    on_a_line(main())


def test_a_first_answer_given_up_does_not_make_the_number_of_the_next_believed() -> None:
    async def main() -> None:
        async with fault_rig(MBAP, [Fault.DROP]) as rig:
            with pytest.raises(NoAnswerError):
                await rig.read(1, 3, 0, 10)
            assert rig.units[1].quiet_seconds > 0, "nothing has shown yet that numbers are echoed"
            assert await rig.read_truly(1, 0, 10)
            lengths = [asked.count for asked in rig.truth.asked]
            assert lengths[-1] != 10, "told by its length"

    on_a_line(main())


class CurtServer(TruthServer):
    """Closes the connection after each answer."""

    after = 0.001

    def serve(self, request: Frame, transport: asyncio.Transport) -> None:
        super().serve(request, transport)
        asyncio.get_running_loop().call_later(self.service + self.after, transport.close)


@pytest.mark.parametrize("framing", list(Framing))
@pytest.mark.parametrize("after", [0.00001, 0.001, 0.008])
def test_a_gateway_that_hangs_up_after_each_answer_is_served_with_a_connection_each(
    framing: Framing, after: float, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        async with CurtServer(framing, frozenset({1, 2})) as server:
            server.after = after
            address = address_at(server.port, framing)
            async with Link.open(address) as link:
                pulse = LinkPulse()
                units = {unit: address.guarded(link.unit(unit), unit, timeout=TIMEOUT, pulse=pulse) for unit in (1, 2)}

                async def read(unit: int, register: int) -> None:
                    before = server.number
                    words = await units[unit].read(3, register, 10, within=(0, 60))
                    assert server.is_true(unit, 3, register, words, before)

                for turn in range(6):
                    await read(1, 20 * (turn % 2))
                loop = asyncio.get_running_loop()
                began, paused = loop.time(), sum(unit.figures.paused_seconds for unit in units.values())
                probes = sum(unit.figures.probes for unit in units.values())
                for turn in range(50):
                    await read(1 + turn % 2, 20 * (turn % 3))
                paused = sum(unit.figures.paused_seconds for unit in units.values()) - paused
                assert loop.time() - began - paused < 50 * (server.service + 0.01), "only lengths are waited for"
                assert sum(unit.figures.probes for unit in units.values()) == probes
                await units[1].write(FIRST_SETTING, [7])
                assert await units[1].read(3, FIRST_SETTING, 1) == [7]
                assert pulse.habits.details(loop.time())["closes_after_each_answer"]

    caplog.set_level(logging.INFO)
    on_a_line(main())
    assert caplog.text.count("closes the connection after each answer") == 1


@pytest.mark.parametrize("framing", list(Framing))
def test_a_connection_closed_while_nothing_is_asked_costs_no_pause(framing: Framing) -> None:
    async def main() -> None:
        async with fault_rig(framing, [Fault.NONE, Fault.CLOSE, Fault.NONE]) as rig:
            loop = asyncio.get_running_loop()
            for register in (0, 20, 40):
                assert await rig.read_truly(1, register, 10)
                await asyncio.sleep(3)
            assert rig.proxy.counts.connections == 2
            assert rig.units[1].quiet_seconds == 0
            assert loop.time() < 9.2

    on_a_line(main())


def test_a_gateway_that_keeps_connections_again_is_found_out() -> None:
    async def main() -> None:
        async with CurtServer(MBAP, frozenset({1})) as server:
            address = address_at(server.port, MBAP)
            async with Link.open(address) as link:
                unit = address.guarded(link.unit(1), 1, timeout=TIMEOUT)
                for register in range(6):
                    await unit.read(3, register, 10)
                server.after = 1e6
                await asyncio.sleep(700)
                for register in range(6):
                    await unit.read(3, register, 10)
                assert len(server.connections) == 1
                await asyncio.sleep(0)
                assert link.unit(1).connected

    on_a_line(main())


@pytest.mark.parametrize("framing", list(Framing))
@pytest.mark.parametrize("fault", [Fault.UNASKED, Fault.ECHO, Fault.CLOSE])
def test_bytes_that_nobody_asked_for_are_no_values(framing: Framing, fault: Fault) -> None:
    async def main() -> None:
        schedule = Schedule(7, (fault,), 0.3)
        async with fault_rig(framing, schedule) as rig:
            read = 0
            for turn in range(60):
                try:
                    assert await rig.read_truly(1, (0, 20, 40)[turn % 3], 10)
                    read += 1
                except LinkError:
                    continue
            assert read > 20

    on_a_line(main())
