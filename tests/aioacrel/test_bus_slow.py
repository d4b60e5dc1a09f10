"""Slow answers, and gateways that try absent units for long, on a bus in virtual time: no setting is needed."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from itertools import pairwise
from typing import Any

import pytest

from custom_components.acrel_safety.aioacrel.modbus import PolledUnit
from custom_components.acrel_safety.aioacrel.modbus.bus import DEFAULT_INTERVALS
from custom_components.acrel_safety.aioacrel.modbus.timing import MOST_PATIENCE
from custom_components.acrel_safety.aioacrel.vocabulary import Pace
from simulator import Cabinet, LineSettings
from simulator.faults.virtual import run
from tests.aioacrel.bus_rigs import Rig
from tests.aioacrel.rigs import address_of, model

LINE = LineSettings(baudrate=9600, turnaround_ms=20)
UNITS = range(1, 6)
MINUTE = 60.0
FRAMINGS = ("tcp", "rtu+tcp")


def now() -> float:
    return asyncio.get_running_loop().time()


def on_a_line(
    test: Callable[[Cabinet, Rig], Coroutine[Any, Any, None]],
    framing: str = "tcp",
    *,
    absent: int = 0,
    absent_s: float = 0.0,
    absent_exception: int | None = None,
) -> None:
    """Run a test in virtual time; of five units that are polled the first may not be there."""

    async def main() -> None:
        there = [unit_id for unit_id in UNITS if unit_id != absent]
        models: Mapping[int, str] = dict.fromkeys(there, "aim-r100")
        cabinet = Cabinet.of(models, frozen=True, line=LINE, absent_s=absent_s, absent_exception=absent_exception)
        async with cabinet, Rig(cabinet, framing) as rig:
            await rig.add(*UNITS, timeout=None, intervals=DEFAULT_INTERVALS, of="aim-r100")
            rig.reports.patience = 5 * MINUTE
            await test(cabinet, rig)

    run(main())


async def first_answers(rig: Rig, *, units: int = len(UNITS)) -> dict[int, float]:
    """Return when each of so many units was answered first, in seconds from now."""
    started, at = now(), dict[int, float]()
    while len(at) < units:
        report = await rig.reports.until(lambda r: r.error is None and r.unit.unit_id not in at)
        at[report.unit.unit_id] = now() - started
    return at


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("delay_s", [1.5, 3.0])
def test_a_link_whose_answers_are_all_slow_gives_values(framing: str, delay_s: float) -> None:
    async def test(cabinet: Cabinet, rig: Rig) -> None:
        for unit_id in UNITS:
            cabinet.set_scenario("slow", unit_id, delay_s=delay_s)
        rig.bus.start()
        assert max((await first_answers(rig)).values()) < 12 * delay_s, "each of ten reads is waited for once"
        await asyncio.sleep(MINUTE)
        since = len(rig.reports.all)
        await asyncio.sleep(10 * MINUTE)
        assert all(report.error is None for report in rig.reports.all[since:])

    on_a_line(test, framing)


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("delay_s", [1.5, 3.0])
def test_a_slow_link_is_found_out_though_the_first_unit_is_absent(framing: str, delay_s: float) -> None:
    async def test(cabinet: Cabinet, rig: Rig) -> None:
        for unit_id in UNITS[1:]:
            cabinet.set_scenario("slow", unit_id, delay_s=delay_s)
        rig.bus.start()
        answers = await first_answers(rig, units=len(UNITS) - 1)
        assert max(answers.values()) < 20 + 8 * delay_s, "eight reads, and what the first unit costs"

    on_a_line(test, framing, absent=1)


@pytest.mark.parametrize("delay_s", [1.5, 3.0])
def test_slow_units_behind_three_absent_ones_are_read_before_those_are_asked_again(delay_s: float) -> None:
    async def main() -> None:
        slow = range(4, 7)
        models: Mapping[int, str] = dict.fromkeys(slow, "aim-r100")
        async with Cabinet.of(models, frozen=True, line=LINE) as cabinet, Rig(cabinet, "rtu+tcp") as rig:
            await rig.add(*range(1, 7), timeout=None, intervals=DEFAULT_INTERVALS, of="aim-r100")
            rig.reports.patience = 5 * MINUTE
            for unit_id in slow:
                cabinet.set_scenario("slow", unit_id, delay_s=delay_s)
            rig.bus.start()
            assert max((await first_answers(rig, units=len(slow))).values()) < 80

    run(main())


def test_a_link_that_turns_very_slow_while_it_is_used_is_found_out() -> None:
    """What was asked in vain piles up in the gateway, and makes later answers later still."""

    async def test(cabinet: Cabinet, rig: Rig) -> None:
        rig.bus.start()
        await asyncio.sleep(2 * MINUTE)
        for unit_id in UNITS:
            cabinet.set_scenario("slow", unit_id, delay_s=4.0)
        await asyncio.sleep(5)
        rig.reports.patience = 6 * MINUTE
        assert max((await first_answers(rig)).values()) < 5.5 * MINUTE

    on_a_line(test, "rtu+tcp")


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("delay_s", [1.5, 4.0])
def test_one_slow_unit_among_quick_ones_is_found_out_and_not_for_ever(framing: str, delay_s: float) -> None:
    async def test(cabinet: Cabinet, rig: Rig) -> None:
        rig.bus.start()
        await first_answers(rig)
        cabinet.set_scenario("slow", 1, delay_s=delay_s)
        since = now()
        while rig.devices[0].unit.timeout < delay_s:
            # With numbered requests the neighbours' answers tell, and it is never lost.
            await rig.reports.until(lambda r: r.unit.unit_id == 1)
        await rig.reports.until(lambda r: r.unit.unit_id == 1 and r.error is None)
        assert now() - since < 3.5 * MINUTE
        slow = rig.devices[0].unit
        assert slow.timeout > delay_s
        cabinet.set_scenario("normal", 1)
        await asyncio.sleep(5 * MINUTE)
        assert slow.timeout < 2

    on_a_line(test, framing)


@pytest.mark.parametrize("absent_exception", [0x0B, None])
@pytest.mark.parametrize("absent_s", [0.5, 1.1, 2.0, 3.5])
def test_a_gateway_that_tries_for_long_does_not_take_the_neighbours_with_it(
    absent_s: float, absent_exception: int | None
) -> None:
    """One request at a time, whoever asks: an absent unit costs its neighbours one such wait per back-off."""

    async def test(cabinet: Cabinet, rig: Rig) -> None:
        rig.bus.start()
        for unit_id in UNITS[1:]:
            await rig.reports.until(lambda r, u=unit_id: r.unit.unit_id == u and r.error is None)  # type: ignore[misc]  # the default binds the loop's value
        await asyncio.sleep(10 * MINUTE)
        neighbours = [(at, r) for at, r in rig.reports.timed if r.unit.unit_id != 1]
        assert all(report.error is None for _, report in neighbours)
        for unit_id in UNITS[1:]:
            fast = [at for at, r in neighbours if r.unit.unit_id == unit_id and r.group is Pace.FAST and at > MINUTE]
            *waits, longest = sorted(later - earlier for earlier, later in pairwise(fast))
            assert waits[-1] < 2 + 1.6 * absent_s + 0.8
            assert longest < 2 + MOST_PATIENCE + 0.5, "once it is listened to as if it were slow"
            assert sum(wait > 2.5 for wait in waits) <= 10 * MINUTE / 20

    on_a_line(test, absent=1, absent_s=absent_s, absent_exception=absent_exception)


@pytest.mark.parametrize("framing", FRAMINGS)
def test_who_adds_a_slow_device_waits_and_gets_it(framing: str) -> None:
    async def test(cabinet: Cabinet, rig: Rig) -> None:
        link = await rig.enter_link()
        address = address_of(cabinet, framing)
        quick, slow = (PolledUnit(address.guarded(link.unit(u), u), model("aim-r100")) for u in (2, 1))
        await quick.probe()
        cabinet.set_scenario("slow", 1, delay_s=2.5)
        assert await slow.probe() is None
        slow.want_all()
        assert (await slow.poll(Pace.FAST)).error is None

    on_a_line(test, framing)
