"""The guarded link fault by fault, in virtual time: what it asks, when, and what it believes."""

import asyncio
from collections.abc import Coroutine
from itertools import pairwise
from typing import Any

import pytest
from modbus_connection.mock import MockModbusConnection, MockModbusUnit

from custom_components.acrel_safety.aioacrel.errors import (
    BadAnswerError,
    LinkError,
    LinkUnreachableError,
    NoAnswerError,
    NotSentError,
    RefusedError,
)
from custom_components.acrel_safety.aioacrel.modbus import LinkAddress
from simulator.faults import Fault, Framing, Schedule, Times
from simulator.faults.truth import FIRST_SETTING
from simulator.faults.virtual import run
from tests.aioacrel.fault_rigs import TIMEOUT, UNITS, FaultRig, fault_rig

RTU, MBAP = Framing.RTU, Framing.MBAP
LATE_WITHIN_QUIET = Times(late=(0.6, 0.6))


def on_a_line(test: Coroutine[Any, Any, None]) -> None:
    run(test)


async def fails(rig: FaultRig, error: type[LinkError], address: int = 0, count: int = 10) -> None:
    with pytest.raises(error):
        await rig.read(1, 3, address, count)


@pytest.mark.parametrize("framing", list(Framing))
@pytest.mark.parametrize("fault", [Fault.LATE, Fault.DROP, Fault.LOST_REQUEST, Fault.CUT, Fault.MERGE, Fault.REORDER])
def test_after_a_lost_answer_the_next_one_is_true(framing: Framing, fault: Fault) -> None:
    async def main() -> None:
        schedule = Schedule(3, (fault,), 1.0, times=LATE_WITHIN_QUIET)
        async with fault_rig(framing, schedule) as rig:
            with pytest.raises((NoAnswerError, LinkUnreachableError)):
                await rig.read(1, 3, 0, 10)
            schedule.rate = 0.0
            for address in (20, 40, 0):
                try:
                    assert await rig.read_truly(1, address, 10)
                except NoAnswerError, BadAnswerError:  # the probe met what was left of the old answer
                    assert fault in (Fault.CUT, Fault.MERGE)
            assert await rig.read_truly(1, 30, 10)

    on_a_line(main())


def test_after_a_time_out_the_unit_is_left_alone_and_taken_up_with_a_short_probe() -> None:
    async def main() -> None:
        async with fault_rig(RTU, [Fault.DROP]) as rig:
            await fails(rig, NoAnswerError)
            loop = asyncio.get_running_loop()
            began, quiet = loop.time(), rig.units[1].quiet_seconds
            assert quiet >= TIMEOUT
            assert await rig.read_truly(1, 0, 10)
            assert loop.time() - began >= quiet
            probe, read = list(rig.truth.asked)[-2:]
            assert probe.count < read.count, "the probe is short"
            assert read.count != 10, "the length of the lost answer is not asked for again"
            assert rig.units[1].figures.probes == 1

    on_a_line(main())


def test_neighbours_are_asked_while_a_unit_is_left_alone() -> None:
    async def main() -> None:
        async with fault_rig(RTU, [Fault.DROP]) as rig:
            await fails(rig, NoAnswerError)
            began = asyncio.get_running_loop().time()
            assert await rig.read_truly(2, 0, 10)
            assert await rig.read_truly(3, 0, 10)
            assert asyncio.get_running_loop().time() - began < 0.1

    on_a_line(main())


def test_mbap_needs_no_quiet_time_after_a_time_out() -> None:
    async def main() -> None:
        async with fault_rig(MBAP, [Fault.NONE, Fault.DROP]) as rig:
            assert await rig.read_truly(2, 0, 10), "the gateway shows that it echoes the numbers"
            await fails(rig, NoAnswerError)
            began = asyncio.get_running_loop().time()
            assert await rig.read_truly(1, 0, 10)
            assert asyncio.get_running_loop().time() - began < 0.1
            assert rig.proxy.counts.connections == 1

    on_a_line(main())


@pytest.mark.parametrize("framing", list(Framing))
def test_a_lost_connection_puts_all_its_units_out_of_step(framing: Framing) -> None:
    async def main() -> None:
        async with fault_rig(framing, [Fault.NONE, Fault.NONE, Fault.OLD_CONNECTION]) as rig:
            assert await rig.read_truly(2, 0, 10)
            assert await rig.read_truly(1, 0, 10)
            await fails(rig, LinkUnreachableError)
            assert rig.units[2].quiet_seconds > 0
            # The old answer is delivered first thing by the new connection.
            for unit in (1, 2, 1):
                try:
                    assert await rig.read_truly(unit, 20, 10)
                except BadAnswerError:
                    continue
            assert await rig.read_truly(1, 20, 10)
            assert rig.proxy.counts.connections == 2

    on_a_line(main())


def test_a_cancelled_read_ends_on_the_wire_and_is_not_mistaken() -> None:
    async def main() -> None:
        async with fault_rig(RTU, service=0.2) as rig:
            assert await rig.read_truly(1, 0, 4)
            waiter = asyncio.create_task(rig.read(1, 3, 0, 10))
            await asyncio.sleep(0.05)
            waiter.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiter
            assert await rig.read_truly(1, 20, 10)
            assert rig.units[1].figures.timeouts == 0
            assert rig.units[1].figures.answers == 3, "the answer nobody waited for came to its own request"

    on_a_line(main())


def test_an_answer_repeated_into_the_next_request_does_not_fit_it() -> None:
    async def main() -> None:
        repeat_at_once = Schedule(1, (Fault.DUPLICATE,), 1.0, times=Times(repeat=(0.0, 0.2)))
        async with fault_rig(RTU, repeat_at_once) as rig:
            believed = 0
            for turn in range(60):
                try:
                    assert await rig.read_truly(1, (0, 20, 40)[turn % 3], 10)
                    believed += 1
                except BadAnswerError:
                    continue
            assert believed > 20
            assert rig.units[1].figures.discarded > 5

    on_a_line(main())


def test_reads_of_one_length_in_a_row_differ_and_cost_little() -> None:
    async def main() -> None:
        async with fault_rig(RTU, service=0.06) as rig:
            unit = rig.units[1]
            for turn in range(200):
                assert await rig.read_truly(1, (0, 12, 24, 36)[turn % 4], 10)
            counts = [asked.count for asked in rig.truth.asked]
            assert all(one != next_one for one, next_one in pairwise(counts))
            assert unit.figures.padding_seconds <= 0.05 * unit.figures.line_seconds
            assert unit.figures.requests == 200, "not one request more than planned"

    on_a_line(main())


def test_where_no_register_may_be_added_the_line_is_left_to_others_for_a_moment() -> None:
    async def main() -> None:
        async with fault_rig(RTU) as rig:
            assert await rig.read_truly(1, 5, 1, within=(5, 5))
            pause = rig.units[1].pause_before(3, 5, 1, within=(5, 5))
            assert 0 < pause <= 0.5
            assert await rig.read_truly(2, 5, 1, within=(5, 5))
            assert await rig.read_truly(1, 5, 1, within=(5, 5))
            assert [asked.count for asked in rig.truth.asked] == [1, 1, 1]
            assert rig.units[1].figures.paused_seconds == pytest.approx(pause, abs=0.02)

    on_a_line(main())


def test_a_register_that_may_not_be_added_costs_one_request_once() -> None:
    async def main() -> None:
        async with fault_rig(RTU) as rig:
            rig.truth.unreadable = frozenset({10, 11, 12})
            for _ in range(4):
                assert await rig.read_truly(1, 0, 10)
                assert await rig.read_truly(1, 20, 10)
            assert rig.units[1].figures.refusals <= 1

    on_a_line(main())


def test_an_illegal_address_is_believed_when_said_twice() -> None:
    async def main() -> None:
        async with fault_rig(RTU) as rig:
            rig.truth.unreadable = frozenset({3})
            with pytest.raises(RefusedError) as refused:
                await rig.read(1, 3, 0, 10)
            assert refused.value.is_illegal_address
            assert rig.units[1].figures.refusals == 2

    on_a_line(main())


@pytest.mark.parametrize("framing", list(Framing))
@pytest.mark.parametrize(
    "fault", [Fault.DROP, Fault.LOST_REQUEST, Fault.LATE, Fault.BUSY, Fault.EXCEPTION, Fault.RESET, Fault.HALF_OPEN]
)
def test_a_write_is_sent_once_whatever_becomes_of_it(framing: Framing, fault: Fault) -> None:
    async def main() -> None:
        # Of the two codes of BUSY one (06) makes the shared link itself repeat; seed 2 draws the other.
        schedule = Schedule(2, (fault,), 1.0, times=LATE_WITHIN_QUIET)
        async with fault_rig(framing, schedule) as rig:
            with pytest.raises(LinkError):
                await rig.units[1].write(FIRST_SETTING, [7])
            await asyncio.sleep(20)
            assert len(rig.truth.writes) <= 1
            assert rig.units[1].figures.writes == 1

    on_a_line(main())


@pytest.mark.parametrize("framing", list(Framing))
def test_of_a_write_that_never_left_it_is_said_so_and_why(framing: Framing) -> None:
    async def main() -> None:
        schedule = Schedule(1, (Fault.LOST_REQUEST,), 1.0)
        async with fault_rig(framing, schedule) as rig:
            unit = rig.units[1]
            await fails(rig, NoAnswerError)
            with pytest.raises(NotSentError, match="Nothing was sent to unit 1: Unit 1 did not answer") as caught:
                await unit.write(FIRST_SETTING, [7])
            assert isinstance(caught.value.reason, NoAnswerError)
            assert (unit.figures.writes, len(rig.truth.writes)) == (0, 0)
            schedule.rate = 0.0
            await unit.write(FIRST_SETTING, [7])
            assert (unit.figures.writes, len(rig.truth.writes)) == (1, 1)

    on_a_line(main())


def test_a_write_that_was_lost_is_not_called_done_by_an_old_echo() -> None:
    async def main() -> None:
        schedule = Schedule(1, (Fault.LATE,), 1.0, times=LATE_WITHIN_QUIET)
        async with fault_rig(RTU, schedule) as rig:
            with pytest.raises(NoAnswerError):
                await rig.units[1].write(FIRST_SETTING, [1])
            schedule.faults, schedule.rate = (Fault.LOST_REQUEST,), 0.0
            turn_off = asyncio.create_task(rig.units[1].write(FIRST_SETTING, [0]))
            await asyncio.sleep(rig.units[1].quiet_seconds + 0.005)  # the probe is under way
            schedule.rate = 1.0
            with pytest.raises(NoAnswerError):
                await turn_off
            schedule.rate = 0.0
            assert await rig.units[1].read(3, FIRST_SETTING, 1, within=(FIRST_SETTING, FIRST_SETTING + 4)) == [1]

    on_a_line(main())


def test_busy_for_ever_ends_at_the_deadline_and_frees_the_line() -> None:
    async def main() -> None:
        schedule = Schedule(5, (Fault.BUSY,), 1.0)
        async with fault_rig(RTU, schedule) as rig:
            loop = asyncio.get_running_loop()
            for _ in range(6):
                began, quiet = loop.time(), rig.units[1].quiet_seconds
                with pytest.raises((NoAnswerError, RefusedError, NotSentError)):
                    await rig.units[1].write(FIRST_SETTING, [1])
                for_probe_and_write = 2 * (2 * TIMEOUT + 0.5)
                assert loop.time() - began <= quiet + for_probe_and_write + 0.01
            schedule.rate = 0.0
            began = loop.time()
            assert await rig.read_truly(2, 0, 10)
            assert loop.time() - began < 0.1

    on_a_line(main())


@pytest.mark.parametrize("framing", list(Framing))
def test_a_half_open_connection_is_replaced(framing: Framing) -> None:
    async def main() -> None:
        async with fault_rig(framing, [Fault.NONE, Fault.NONE, Fault.HALF_OPEN]) as rig:
            assert await rig.read_truly(1, 0, 10)
            assert await rig.read_truly(1, 0, 10)
            await fails(rig, NoAnswerError)
            await fails(rig, NoAnswerError)
            assert await rig.read_truly(1, 0, 10)
            assert rig.proxy.counts.connections == 2

    on_a_line(main())


def test_a_dead_unit_does_not_cost_a_new_connection_each_time() -> None:
    async def main() -> None:
        async with fault_rig(RTU, [Fault.LOST_REQUEST] * 200) as rig:
            for _ in range(100):
                await fails(rig, NoAnswerError)
            assert rig.proxy.counts.connections <= 7 + 4 * 3, "and at most four looks at what speaks there"

    on_a_line(main())


@pytest.mark.parametrize("framing", list(Framing))
def test_a_dead_unit_costs_no_connection_while_others_are_heard(framing: Framing) -> None:
    async def main() -> None:
        async with fault_rig(framing, [Fault.NONE, Fault.LOST_REQUEST] * 50) as rig:
            for _ in range(20):
                assert await rig.read_truly(2, 0, 10)
                await fails(rig, NoAnswerError)
            assert rig.proxy.counts.connections == 1

    on_a_line(main())


@pytest.mark.parametrize("framing", list(Framing))
def test_a_silent_unit_is_listened_to_the_longer_the_longer_it_was_left_alone(framing: Framing) -> None:
    async def main() -> None:
        async with fault_rig(framing, timeout=None) as rig:
            unit, loop = rig.units[1], asyncio.get_running_loop()
            for rest, patience in ((0.0, 0.5), (8.0, 0.5), (20.0, 1.25)):
                rig.truth.service = 0.01
                assert await rig.read_truly(2, 0, 10), "the link lives"
                rig.truth.service = 1.5
                await asyncio.sleep(unit.quiet_seconds)
                began = loop.time()
                with pytest.raises(NoAnswerError):
                    await unit.read(3, 0, 1, rest=rest)
                assert loop.time() - began == pytest.approx(patience, abs=0.01)
                await asyncio.sleep(2)
            assert await unit.read(3, 0, 1, rest=60.0), "slow, but not silent"
            losses = rig.proxy.counts.connections
            for _ in range(10):
                assert await rig.read_truly(1, 0, 10), "it is known to be slow now"
            rig.truth.service = 0.01
            for _ in range(100):
                assert await rig.read_truly(1, 0, 10)
            assert unit.timeout == TIMEOUT, "and not for ever"
            assert rig.proxy.counts.connections == losses, "at the price of no connection"

    on_a_line(main())


@pytest.mark.parametrize("framing", Framing)
def test_a_slow_link_is_slow_for_all_its_units(framing: Framing) -> None:
    async def main() -> None:
        async with fault_rig(framing, service=1.5, timeout=None) as rig:
            for unit in UNITS:
                assert await rig.read_truly(unit, 0, 10)
                assert await rig.read_truly(unit, 20, 10)

    on_a_line(main())


def test_time_outs_follow_what_is_measured() -> None:
    async def main() -> None:
        async with fault_rig(RTU, service=0.01, timeout=None) as rig:
            first = rig.units[1].timeout
            assert 1.0 < first < 2.0, "four times the longest answer at 9600 baud"
            for _ in range(64):
                assert await rig.read_truly(1, 0, 10)
            assert rig.units[1].timeout == TIMEOUT
            rig.truth.service = 0.4
            for _ in range(64):
                try:
                    assert await rig.read_truly(1, 0, 10)
                except NoAnswerError:
                    continue
            assert rig.units[1].timeout > 4 * 0.4

    on_a_line(main())


def test_closing_withdraws_what_was_asked_of_the_shared_link() -> None:
    async def main() -> None:
        async with fault_rig(RTU) as rig:
            assert await rig.read_truly(1, 0, 10)
            for unit in rig.units.values():
                unit.close()
            rig.proxy.break_connection(next(iter(rig.proxy.sessions)), Fault.RESET)
            await asyncio.sleep(1)
            assert rig.units[1].figures.losses == 0

    on_a_line(main())


def test_where_no_other_length_can_be_had_an_old_answer_meets_a_read_that_nobody_believes() -> None:
    async def main() -> None:
        async with fault_rig(RTU, [Fault.NONE, Fault.MERGE, Fault.SPLIT, Fault.NONE]) as rig:
            only = (5, 5)
            assert await rig.read_truly(2, 0, 4)
            with pytest.raises(NoAnswerError):
                await rig.units[1].read(3, 5, 1, within=only)
            assert rig.units[1].pause_before(3, 5, 1, within=only) == rig.units[1].quiet_seconds > 0
            assert await rig.read_truly(1, 5, 1, within=only), "the old answer came with the read before this one"
            assert [asked.count for asked in rig.truth.asked] == [4, 1, 1, 1, 1]
            assert rig.units[1].figures.probes == 2

    on_a_line(main())


def test_a_unit_that_refuses_the_read_before_is_refused_like_any_other() -> None:
    async def main() -> None:
        async with fault_rig(RTU, [Fault.DROP]) as rig:
            only = (5, 5)
            with pytest.raises(NoAnswerError):
                await rig.units[1].read(3, 5, 1, within=only)
            rig.truth.unreadable = frozenset({5})
            with pytest.raises(RefusedError) as refused:
                await rig.units[1].read(3, 5, 1, within=only)
            assert refused.value.is_illegal_address

    on_a_line(main())


@pytest.mark.parametrize("framing", list(Framing))
def test_a_write_whose_caller_gives_up_leaves_the_unit_out_of_step(framing: Framing) -> None:
    async def main() -> None:
        async with fault_rig(framing, service=0.2) as rig:
            writer = asyncio.create_task(rig.units[1].write(FIRST_SETTING, [7]))
            await asyncio.sleep(0.05)
            writer.cancel()
            with pytest.raises(asyncio.CancelledError):
                await writer
            assert rig.units[1].quiet_seconds > 0
            assert await rig.read_truly(1, 0, 10)
            assert len(rig.truth.writes) == 1

    on_a_line(main())


async def test_an_answer_of_another_length_is_thrown_away_whoever_hands_it_over() -> None:
    class Short(MockModbusUnit):
        async def read_holding_registers(self, address: int, count: int) -> list[int]:
            return (await super().read_holding_registers(address, count))[1:]

    address = LinkAddress.parse("rtu+tcp://127.0.0.1:502")
    short = Short(MockModbusConnection(), 1)
    short.holding.update(dict.fromkeys(range(20), 7))
    guard = address.guarded(short, 1)
    with pytest.raises(BadAnswerError, match="9 registers instead of 10"):
        await guard.read(3, 0, 10)


def test_a_read_cut_off_with_the_program_leaves_the_unit_out_of_step() -> None:
    async def main() -> None:
        async with fault_rig(RTU, service=0.2) as rig:
            waiter = asyncio.create_task(rig.read(1, 3, 0, 10))
            await asyncio.sleep(0.05)
            (on_the_wire,) = [task for task in asyncio.all_tasks() if task.get_name() == "acrel read unit 1"]
            on_the_wire.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiter
            assert rig.units[1].quiet_seconds > 0

    on_a_line(main())
