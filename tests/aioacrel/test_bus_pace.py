"""How often alarms are read on a line that has time, in virtual time on paced lines; and what else keeps its rhythm."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Mapping
from itertools import pairwise
from typing import Any

import pytest

from custom_components.acrel_safety.aioacrel.modbus import Bus
from custom_components.acrel_safety.aioacrel.modbus.bus import DEFAULT_INTERVALS
from custom_components.acrel_safety.aioacrel.modbus.headroom import DUTY_TARGET, Headroom, cheap_alarms
from custom_components.acrel_safety.aioacrel.readings import PointKey
from custom_components.acrel_safety.aioacrel.vocabulary import Pace
from simulator import Cabinet, LineSettings
from simulator.faults.virtual import run
from tests.aioacrel.bus_rigs import Rig

LINE = LineSettings(baudrate=9600, turnaround_ms=20)
LEAKAGE = PointKey("1", "Lg")
MINUTE = 60.0
ROUNDS = 60


def now() -> float:
    return asyncio.get_running_loop().time()


def on_a_line(
    models: Mapping[int, str],
    test: Callable[[Cabinet, Rig], Coroutine[Any, Any, None]],
    *,
    line: LineSettings = LINE,
    duty_target: float = DUTY_TARGET,
    intervals: Mapping[Pace, float] = DEFAULT_INTERVALS,
) -> None:
    """Run a test in virtual time on units that are polled since a minute."""

    async def main() -> None:
        async with Cabinet.of(models, frozen=True, line=line) as cabinet, Rig(cabinet) as rig:
            rig.bus = Bus("test", duty_target=duty_target)
            await rig.add(*models, timeout=None, intervals=intervals)
            rig.bus.start()
            await asyncio.sleep(MINUTE)
            await test(cabinet, rig)

    run(main())


def sweep(rig: Rig) -> float:
    """Return the line time of all fast reads of all units."""
    return sum(d.unit.cost.seconds(read.count) for d in rig.devices for read in d.planned(Pace.FAST))


def times(rig: Rig, unit_id: int, group: Pace, since: float) -> list[float]:
    return [
        at for at, r in rig.reports.timed if r.unit.unit_id == unit_id and r.group is group and at >= since and r.keys
    ]


async def latencies(cabinet: Cabinet, rig: Rig) -> list[float]:
    """Return, sorted, how long it takes from a change of a residual current until it is reported."""
    chance, late = random.Random(1), list[float]()  # noqa: S311 - no secret
    for turn in range(ROUNDS):
        await asyncio.sleep(chance.uniform(0, 3))
        for device in rig.devices:
            cabinet.units[device.unit_id].hold("Lg", 100 + turn, "1")
        changed, waiting = now(), {device.unit_id for device in rig.devices}
        while waiting:
            report = await rig.reports.until(
                lambda r: r.unit.unit_id in waiting and r.unit.readings[LEAKAGE].value == 100 + turn  # noqa: B023 - awaited at once
            )
            late.append(now() - changed)
            waiting.remove(report.unit.unit_id)
    return sorted(late)


@pytest.mark.parametrize("units", [1, 10, 30])
def test_a_change_is_seen_as_soon_as_the_line_allows(units: int) -> None:
    async def test(cabinet: Cabinet, rig: Rig) -> None:
        ordered = await latencies(cabinet, rig)
        assert ordered[len(ordered) * 95 // 100] <= 1.25 * sweep(rig) / DUTY_TARGET + 0.05
        if sweep(rig) / DEFAULT_INTERVALS[Pace.FAST] < DUTY_TARGET:
            assert rig.bus.duty == pytest.approx(DUTY_TARGET, abs=0.03)

    on_a_line(dict.fromkeys(range(1, units + 1), "aim-r100"), test)


@pytest.mark.parametrize("duty_target", [0.1, 0.3, 0.6])
def test_the_line_is_used_as_much_as_is_wanted(duty_target: float) -> None:
    async def test(_: Cabinet, rig: Rig) -> None:
        await asyncio.sleep(2 * MINUTE)
        assert rig.bus.duty == pytest.approx(duty_target, abs=0.04)

    on_a_line({1: "aim-r100", 2: "asj10l"}, test, duty_target=duty_target)


def test_a_quick_line_is_left_the_pauses_its_gateway_needs() -> None:
    async def test(cabinet: Cabinet, rig: Rig) -> None:
        before = len(cabinet.units[1].requests)
        await asyncio.sleep(MINUTE)
        polls = len(cabinet.units[1].requests) - before
        assert MINUTE / 0.2 < polls / len(rig.devices[0].planned(Pace.FAST)) <= MINUTE / 0.05 + 1

    on_a_line({1: "aim-r100"}, test, line=LineSettings(baudrate=115200, turnaround_ms=1))


def test_an_interval_of_ones_own_is_kept() -> None:
    async def test(_: Cabinet, rig: Rig) -> None:
        started = now()
        await asyncio.sleep(MINUTE)
        gaps = [later - earlier for earlier, later in pairwise(times(rig, 1, Pace.FAST, started))]
        assert gaps == pytest.approx([3.0] * len(gaps), abs=0.2)

    on_a_line({1: "aim-r100"}, test, intervals={**DEFAULT_INTERVALS, Pace.FAST: 3.0})


def test_slower_groups_keep_their_rhythm_and_a_silent_unit_costs_the_others_nothing_between() -> None:
    models = {1: "adw300", 2: "adl400", 3: "ard2f", 4: "aim-r100", 5: "dtsy1352"}

    async def test(cabinet: Cabinet, rig: Rig) -> None:
        cabinet.set_scenario("silent", unit=4)
        started = now()
        await asyncio.sleep(10 * MINUTE)
        for unit_id in (1, 2, 3, 5):
            for group in set(rig.devices[unit_id - 1].groups()) - {Pace.FAST}:
                polls = len(times(rig, unit_id, group, started))
                assert polls >= 0.97 * 10 * MINUTE / DEFAULT_INTERVALS[group] - 1
        gaps = sorted(b - a for a, b in pairwise(times(rig, 5, Pace.FAST, started)))
        assert gaps[len(gaps) * 99 // 100] < 2.2
        assert rig.bus.overruns < 20, "while the silent one is listened to for long"

    on_a_line(models, test)


def test_cheap_alarms_are_read_twice_as_often_and_count_for_no_more_than_they_are() -> None:
    async def test(cabinet: Cabinet, rig: Rig) -> None:
        (device,) = rig.devices
        blocks = device.blocks(Pace.FAST)
        alarms = {block.read.address for block in cheap_alarms(device, blocks)}
        others = {block.read.address for block in blocks} - alarms
        assert alarms
        before = len(cabinet.units[1].requests)
        await asyncio.sleep(MINUTE)
        asked = [request.address for request in cabinet.units[1].requests[before:]]
        for alarm in alarms:
            for other in others:
                assert asked.count(alarm) == pytest.approx(2 * asked.count(other), rel=0.05)

    on_a_line({1: "adw300"}, test)


def test_what_answered_late_or_took_long_to_work_out_pushes_the_next_read_off() -> None:
    headroom = Headroom(0.5)
    headroom.spend(10.0, 10.1, spacing=0.02)
    assert headroom.free_at == pytest.approx(10.2)
    headroom.spend(10.1, 10.11, spacing=0.2)
    assert headroom.free_at == pytest.approx(10.31)
    headroom.compute(10.3, 0.01)
    assert headroom.free_at == pytest.approx(10.5)
