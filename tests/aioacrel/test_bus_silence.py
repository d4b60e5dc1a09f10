"""Units that fall silent and come back, in virtual time: how soon they are heard, and what it costs others."""

import asyncio
from collections.abc import Callable, Collection, Coroutine
from itertools import pairwise
from typing import Any

import pytest

from custom_components.acrel_safety.aioacrel.errors import AcrelError
from custom_components.acrel_safety.aioacrel.modbus import PolledUnit
from custom_components.acrel_safety.aioacrel.modbus.bus import DEFAULT_INTERVALS
from custom_components.acrel_safety.aioacrel.modbus.schedule import LONGEST_BACK_OFF
from custom_components.acrel_safety.aioacrel.vocabulary import Pace
from simulator import Cabinet, LineSettings
from simulator.faults.virtual import run
from tests.aioacrel.bus_rigs import Rig
from tests.aioacrel.rigs import address_of, model

LINE = LineSettings(baudrate=9600, turnaround_ms=20)
UNITS = range(1, 6)
TIMEOUT = 1.0
MINUTE = 60.0


def now() -> float:
    return asyncio.get_running_loop().time()


def on_a_line(test: Callable[[Cabinet, Rig], Coroutine[Any, Any, None]], *, framing: str = "tcp") -> None:
    """Run a test in virtual time, on five units that are polled."""

    async def main() -> None:
        cabinet = Cabinet.of(dict.fromkeys(UNITS, "aim-r100"), frozen=True, line=LINE)
        async with cabinet, Rig(cabinet, framing) as rig:
            await rig.add(*UNITS, timeout=TIMEOUT, intervals=DEFAULT_INTERVALS)
            rig.reports.patience = 5 * MINUTE
            rig.bus.start()
            await asyncio.sleep(MINUTE)
            await test(cabinet, rig)

    run(main())


def silence(cabinet: Cabinet, units: Collection[int] = UNITS) -> None:
    for unit_id in units:
        cabinet.set_scenario("silent", unit=unit_id)


def end_silence(cabinet: Cabinet, units: Collection[int] = UNITS) -> None:
    for unit_id in units:
        cabinet.set_scenario("normal", unit=unit_id)


async def until_all_answer(rig: Rig, units: Collection[int] = UNITS) -> float:
    """Return how long it takes until a poll of each unit was answered."""
    started, missing = now(), set(units)
    while missing:
        report = await rig.reports.until(lambda r: r.error is None and r.unit.unit_id in missing)
        missing.remove(report.unit.unit_id)
    return now() - started


def gaps(cabinet: Cabinet, rig: Rig, unit_id: int, since: int) -> list[float]:
    """Return the seconds between answered fast polls of a unit."""
    times = [at for at, r in rig.reports.timed[since:] if r.unit.unit_id == unit_id and r.group is Pace.FAST]
    return [later - earlier for earlier, later in pairwise(times)]


@pytest.mark.parametrize("framing", ["tcp", "rtu+tcp"])
def test_who_wants_the_line_does_not_wait_for_a_unit_that_is_silent(framing: str) -> None:
    waits: list[float] = []

    async def main() -> None:
        cabinet = Cabinet.of(dict.fromkeys(UNITS, "aim-r100"), frozen=True, line=LINE)
        async with cabinet, Rig(cabinet, framing) as rig:
            devices = await rig.add(*UNITS, timeout=None, intervals=DEFAULT_INTERVALS)
            silence(cabinet, [1, 2])
            rig.bus.start()
            await asyncio.sleep(MINUTE)
            for _ in range(150):
                await asyncio.sleep(1.9)
                asked = now()
                async with rig.bus.turn(devices[-1].unit):
                    waits.append(now() - asked)
            assert all(device.is_silent is (device.unit_id in (1, 2)) for device in devices)

    run(main())
    assert max(waits) < 0.4


@pytest.mark.parametrize("framing", ["tcp", "rtu+tcp"])
@pytest.mark.parametrize("outage", [20.0, 60.0, 600.0])
def test_after_an_outage_of_the_line_all_values_are_back_within_seconds(framing: str, outage: float) -> None:
    async def test(cabinet: Cabinet, rig: Rig) -> None:
        silence(cabinet)
        await asyncio.sleep(outage)
        end_silence(cabinet)
        assert await until_all_answer(rig) < 12

    on_a_line(test, framing=framing)


def test_a_gateway_that_is_down_is_found_again_within_seconds() -> None:
    async def test(cabinet: Cabinet, rig: Rig) -> None:
        port = cabinet.tcp_port
        await cabinet.stop()
        await asyncio.sleep(MINUTE)
        await cabinet.start(tcp_port=port)
        assert await until_all_answer(rig) < 6

    on_a_line(test)


def test_one_unit_that_answers_again_wakes_the_others() -> None:
    """A part of a board was off; on their own some would be asked again half a minute later."""
    lost = list(UNITS)[1:]

    async def test(cabinet: Cabinet, rig: Rig) -> None:
        silence(cabinet, lost)
        await asyncio.sleep(MINUTE)
        since = len(rig.reports.timed)
        end_silence(cabinet, lost)
        await rig.reports.until(lambda r: r.error is None and r.unit.unit_id in lost)
        assert await until_all_answer(rig, lost) < 4
        for _ in range(2):
            await rig.reports.until(lambda r: r.unit.unit_id == UNITS[0] and r.group is Pace.FAST)
        assert max(gaps(cabinet, rig, UNITS[0], since)) < 2 + 2 * TIMEOUT

    on_a_line(test)


def test_a_unit_that_comes_and_goes_does_not_have_an_absent_one_asked_all_the_time() -> None:
    absent, loose = 1, 2

    async def test(cabinet: Cabinet, rig: Rig) -> None:
        silence(cabinet, [absent])
        await asyncio.sleep(5 * MINUTE)
        before, started = len(cabinet.units[absent].requests), now()
        for _ in range(20):
            silence(cabinet, [loose])
            await rig.reports.until(lambda r: r.unit.unit_id == loose and r.error is not None and r.unit.is_silent)
            end_silence(cabinet, [loose])
            await until_all_answer(rig, [loose])
        asked = len(cabinet.units[absent].requests) - before
        assert asked <= 5 * (1 + (now() - started) / LONGEST_BACK_OFF)

    on_a_line(test)


def test_the_wait_for_a_quiet_unit_leaves_the_line_to_the_others() -> None:
    """What answers oddly has to be left quiet for seconds before it is asked anything again."""
    quiet = 1

    async def test(cabinet: Cabinet, rig: Rig) -> None:
        since = len(rig.reports.timed)
        for _ in range(20):
            silence(cabinet, [quiet])
            await rig.reports.until(lambda r: r.unit.unit_id == quiet and r.error is not None)
            await asyncio.sleep(1)
            end_silence(cabinet, [quiet])
            await until_all_answer(rig, [quiet])
        assert max(gaps(cabinet, rig, 2, since)) < 2 + TIMEOUT + 0.5

    on_a_line(test, framing="rtu+tcp")


def test_a_dump_and_probes_hold_the_line_for_one_request_at_a_time() -> None:
    async def test(cabinet: Cabinet, rig: Rig) -> None:
        link = await rig.enter_link()
        unit = address_of(cabinet, "rtu+tcp").guarded(link.unit(1), 1, timeout=TIMEOUT)
        stranger = PolledUnit(unit, model("adw300"))
        silence(cabinet, [1])
        await asyncio.sleep(MINUTE)
        since = len(rig.reports.timed)
        for ask in (stranger.probe, stranger.dump) * 3:
            with pytest.raises(AcrelError):
                await ask(turn=lambda: rig.bus.turn(unit))
        assert max(gaps(cabinet, rig, 2, since)) < 2 + 2 * TIMEOUT + 0.5

    on_a_line(test, framing="rtu+tcp")
