"""Nothing that was learnt of a device is believed for ever: it is tried again at idle time, and what pays is kept."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.modbus import PolledUnit
from custom_components.acrel_safety.aioacrel.modbus.bus import DEFAULT_INTERVALS
from custom_components.acrel_safety.aioacrel.modbus.learnt import Learnt
from custom_components.acrel_safety.aioacrel.modbus.planning import UnitPlan
from custom_components.acrel_safety.aioacrel.modbus.trials import Trials
from custom_components.acrel_safety.aioacrel.modbus.trying import try_out
from custom_components.acrel_safety.aioacrel.models import read_model
from custom_components.acrel_safety.aioacrel.readings import PointKey, Quality
from custom_components.acrel_safety.aioacrel.registers import LineCost
from custom_components.acrel_safety.aioacrel.registers.borders import Border, borders_of
from custom_components.acrel_safety.aioacrel.registers.plan import line_time
from custom_components.acrel_safety.aioacrel.registers.privacy import private_registers
from custom_components.acrel_safety.aioacrel.vocabulary import Pace
from simulator import Cabinet
from simulator import LineSettings as SlowLine
from simulator.faults.virtual import run
from tests.aioacrel.bus_rigs import Rig
from tests.aioacrel.rigs import open_device

MINUTE = 60.0
DAY = 86_400.0
UNIT = 1
KEPT = ["crossed", "closed", "longest", "too_long", "again_in"]
WITH_GAPS = ["adl100", "adl400", "adw300", "aim-r100", "arcm300", "ard2f", "asj10l"]
SLOW_ONLY = dict.fromkeys(Pace, 3600.0)
"""So seldom that days pass quickly; what is tried does not wait for polls."""


def on_a_bus(
    name: str, test: Callable[[Cabinet, PolledUnit, Rig], Coroutine[Any, Any, None]], *, framing: str = "tcp"
) -> None:
    """Run a test in virtual time, on a device that is polled."""

    async def main() -> None:
        async with Cabinet.of({UNIT: name}, frozen=True) as cabinet, Rig(cabinet, framing) as rig:
            (device,) = await rig.add(UNIT, intervals=SLOW_ONLY)
            rig.bus.start()
            await asyncio.sleep(1)
            await test(cabinet, device, rig)

    run(main())


def unprinted(device: PolledUnit, cabinet: Cabinet) -> Counter[tuple[int, int]]:
    """Count the reads that held a register that is printed nowhere, by address and length."""
    ranges = device.registers.ranges
    printed = {register for low, high in ranges for register in range(low, high + 1)}
    return Counter(
        (request.address, request.count)
        for request in cabinet.units[UNIT].requests
        if not printed.issuperset(range(request.address, request.address + request.count))
    )


def touched(cabinet: Cabinet) -> set[int]:
    """Return all registers that were asked for."""
    return {
        register
        for request in cabinet.units[UNIT].requests
        for register in range(request.address, request.address + request.count)
    }


def cost(device: PolledUnit) -> float:
    """Return the line time of one poll of each group."""
    return sum(line_time(device.planned(group), device.unit.cost) for group in Pace)


# -- gaps ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WITH_GAPS)
def test_gaps_that_are_answered_are_read_through_and_never_shown(name: str) -> None:
    async def test(cabinet: Cabinet, device: PolledUnit, rig: Rig) -> None:
        before, seen = cost(device), len(device.readings)
        cabinet.set_scenario("filled")
        await asyncio.sleep(2 * MINUTE)
        # What was refused before the scenario began is tried again the next day.
        await asyncio.sleep(DAY)
        assert device.learnt.crossed
        assert cost(device) < before
        for group in Pace:
            await device.poll(group)
        truth = cabinet.units[UNIT].truth()
        assert len(device.readings) == seen == len(device.model.readable)
        assert {reading.quality for reading in device.readings.values()} == {Quality.GOOD}
        assert device.readings.keys() == {PointKey(at, code) for at, codes in truth.items() for code in codes}
        secret = private_registers([device.model]) - {
            register for place in device.registers.places.values() for register in place.addresses
        }
        assert not touched(cabinet) & secret
        assert cabinet.units[UNIT].trespasses == []
        dump = await device.dump()
        inside = {register for low, high in device.registers.ranges for register in range(low, high + 1)}
        assert inside.issuperset(register for words in dump.registers.values() for register in words)

    on_a_bus(name, test)


@pytest.mark.parametrize("framing", ["tcp", "rtu+tcp"])
@pytest.mark.parametrize("name", WITH_GAPS)
def test_where_gaps_are_refused_the_price_is_one_request_a_day_for_each(name: str, framing: str) -> None:
    days = 5

    async def test(cabinet: Cabinet, device: PolledUnit, rig: Rig) -> None:
        await asyncio.sleep(days * DAY)
        tried = unprinted(device, cabinet)
        borders = borders_of(device.registers.ranges, private_registers([device.model]))
        assert 0 < len(tried) <= len(borders)
        # On RTU framing a refusal is believed when it was said twice.
        assert max(tried.values()) <= (days + 1) * (1 if framing == "tcp" else 2)
        cabinet.units[UNIT].requests.clear()
        for group in Pace:
            await device.poll(group)
        assert not unprinted(device, cabinet)
        assert {reading.quality for reading in device.readings.values()} == {Quality.GOOD}
        assert [report for report in rig.reports.all if report.error is not None] == []

    on_a_bus(name, test, framing=framing)


def test_a_gap_that_is_answered_no_more_costs_no_value() -> None:
    async def test(cabinet: Cabinet, device: PolledUnit, _: Rig) -> None:
        cabinet.set_scenario("filled")
        await asyncio.sleep(DAY + MINUTE)
        assert device.learnt.crossed
        cabinet.set_scenario("normal")
        for group in Pace:
            report = await device.poll(group)
            assert report.error is None
        assert {reading.quality for reading in device.readings.values()} == {Quality.GOOD}
        assert not device.learnt.crossed

    on_a_bus("asj10l", test)


def test_nothing_is_tried_while_somebody_is_due() -> None:
    async def main() -> None:
        async with Cabinet.of({UNIT: "adw300"}, frozen=True) as cabinet, Rig(cabinet) as rig:
            (device,) = await rig.add(UNIT, intervals=DEFAULT_INTERVALS)
            rig.bus.start()
            await rig.reports.until(lambda report: report.group is Pace.SLOW)
            printed = sum(len(device.planned(group)) for group in Pace)
            assert len(cabinet.units[UNIT].requests) == printed

    run(main())


# -- lengths -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [2, 3, "silent", "short"])
def test_the_longest_answer_is_found_to_the_register_and_looked_for_again(how: int | str) -> None:
    async def test(cabinet: Cabinet, device: PolledUnit, _: Rig) -> None:
        cabinet.set_scenario("limited", most=20, how=how)
        for group in Pace:
            await device.poll(group)
        await asyncio.sleep(30 * MINUTE)
        assert (device.learnt.lengths.answered, device.learnt.lengths.too_many) == (20, 21)
        cabinet.set_scenario("normal")
        await asyncio.sleep(8 * DAY)
        assert device.learnt.lengths.too_many is None
        assert device.plan.most >= device.registers.max_registers

    on_a_bus("adw300", test)


# -- points ------------------------------------------------------------------------------------------------------------

ABSENT = PointKey("1", "ULow")
MODEL = """
[model]
id = "typed"
name = "AIM-R100 as somebody typed it"
title = { en = "Typed from the manual" }
evidence = "imported"
source = "test"
[[circuits]]
numbers = "1"
points.Lg = { at = 0x004A }
points.ULow = { at = 0x0049, type = "bit", bit = 0 }
"""


def on_a_typed_device(test: Callable[[Cabinet, PolledUnit], Coroutine[Any, Any, None]]) -> None:
    """Run a test in virtual time on a device that lacks an alarm of its model."""

    async def main() -> None:
        typed = read_model(MODEL, file="typed.toml")
        async with Cabinet.of({UNIT: "aim-r100"}, frozen=True) as cabinet, open_device(cabinet, UNIT, typed) as device:
            device.want_all()
            await device.poll(Pace.FAST)
            assert device.readings[ABSENT].quality is Quality.REFUSED
            await test(cabinet, device)

    run(main())


async def idle(device: PolledUnit, seconds: float) -> None:
    """Let a line have nothing to do for a time."""
    end = asyncio.get_running_loop().time() + seconds
    while (due := device.next_try()) < end:
        await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
        await try_out(device)
    await asyncio.sleep(end - asyncio.get_running_loop().time())


def test_a_point_that_was_refused_is_tried_less_and_less_often_and_for_ever() -> None:
    async def test(cabinet: Cabinet, device: PolledUnit) -> None:
        cabinet.units[UNIT].requests.clear()
        await idle(device, 2 * DAY)
        asked = [request for request in cabinet.units[UNIT].requests if request.address == 0x49]
        assert 6 <= len(asked) <= 8
        await device.poll(Pace.FAST)
        assert cabinet.units[UNIT].requests[-1].address != 0x49

    on_a_typed_device(test)


@pytest.mark.parametrize("refusals", [0, 1, 3])
def test_a_point_that_can_be_read_again_is_read_without_a_restart(refusals: int) -> None:
    async def test(cabinet: Cabinet, device: PolledUnit) -> None:
        for _ in range(refusals):
            await idle(device, device.next_try() - asyncio.get_running_loop().time() + 0.1)
        cabinet.units[UNIT].device.registers.define(0x49)
        await idle(device, 3 * 3600)
        await device.poll(Pace.FAST)
        assert device.readings[ABSENT].value is False

    on_a_typed_device(test)


def test_a_point_that_was_given_before_is_asked_for_with_the_others_after_one_refusal() -> None:
    async def test(cabinet: Cabinet, device: PolledUnit) -> None:
        registers = cabinet.units[UNIT].device.registers
        registers.define(0x49)
        device.doubt()
        await device.poll(Pace.FAST)
        for _ in range(3):
            registers.refuse(0x49)
            await device.poll(Pace.FAST)
            assert device.readings[ABSENT].quality is Quality.REFUSED
            registers.define(0x49)
            await device.poll(Pace.FAST)
            assert device.readings[ABSENT].value is False

    on_a_typed_device(test)


@pytest.mark.parametrize("refusals", [1, 2, 3])
def test_a_point_that_was_given_before_is_asked_for_again_within_seconds(refusals: int) -> None:
    async def test(cabinet: Cabinet, device: PolledUnit) -> None:
        registers = cabinet.units[UNIT].device.registers
        registers.define(0x49)
        device.doubt()
        await device.poll(Pace.FAST)
        registers.refuse(0x49)
        for _ in range(2):
            # With the first refusal its value is gone; only with the second is it left out.
            await device.poll(Pace.FAST)
            assert device.readings[ABSENT].quality is Quality.REFUSED
        for _ in range(refusals - 1):
            await idle(device, device.next_try() - asyncio.get_running_loop().time() + 0.1)
        registers.define(0x49)
        await idle(device, 16)
        await device.poll(Pace.FAST)
        assert device.readings[ABSENT].value is False

    on_a_typed_device(test)


def test_an_alarm_that_was_refused_in_passing_is_back_soon_on_a_line_without_a_pause() -> None:
    word = 0x01EB

    async def main() -> None:
        line = SlowLine(baudrate=1200, turnaround_ms=20)
        async with Cabinet.of({1: "adw300", 2: "adw300"}, frozen=True, line=line) as cabinet, Rig(cabinet) as rig:
            device, _ = await rig.add(1, 2, timeout=5.0, intervals={**DEFAULT_INTERVALS, Pace.SLOW: 10})
            alarms = {key for key, place in device.registers.places.items() if word in place.addresses}
            registers = cabinet.units[1].device.registers
            value = registers[word]
            rig.bus.start()
            await asyncio.sleep(2 * MINUTE)
            registers.refuse(word)
            rig.reports.patience = MINUTE
            await rig.reports.until(lambda _: all(device.readings[key].quality is not Quality.GOOD for key in alarms))
            registers.define(word, value=value)
            rig.reports.patience = MINUTE / 2
            await rig.reports.until(lambda _: all(device.readings[key].quality is Quality.GOOD for key in alarms))

    run(main())


def test_what_a_device_is_short_of_is_asked_for_anew_when_it_may_be_another_one() -> None:
    async def test(cabinet: Cabinet, device: PolledUnit) -> None:
        cabinet.units[UNIT].device.registers.define(0x49)
        device.doubt()
        await device.poll(Pace.FAST)
        assert device.readings[ABSENT].value is False

    on_a_typed_device(test)


# -- what is kept ----------------------------------------------------------------------------------------------------


def test_what_is_kept_over_a_restart_saves_the_trials() -> None:
    kept: dict[str, object] = {}

    async def before(cabinet: Cabinet, device: PolledUnit, _: Rig) -> None:
        cabinet.set_scenario("filled")
        await asyncio.sleep(DAY + MINUTE)
        kept.update(json.loads(json.dumps(device.learnt.kept(asyncio.get_running_loop().time()))))
        kept["cost"] = cost(device)

    async def after() -> None:
        async with Cabinet.of({UNIT: "ard2f"}, frozen=True) as cabinet, open_device(cabinet, UNIT) as device:
            device.want_all()
            device.restore(kept, age=10.0)
            assert cost(device) == kept["cost"]
            await idle(device, MINUTE)
            assert not cabinet.units[UNIT].requests

    on_a_bus("ard2f", before)
    run(after())


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEPT), inner, max_size=5),
    )
)
def test_whatever_was_stored_is_taken_or_left(stored: object) -> None:
    learnt, border = Learnt(), Border(0x0D, 0x10)
    learnt.restore({"crossed": stored}, [border], 0.0, 0.0)
    learnt.restore({"closed": stored, "longest": stored, "too_long": stored, "again_in": stored}, [border], 0.0, 0.0)
    learnt.restore(stored if isinstance(stored, dict) else {}, [border], 0.0, 0.0)
    assert learnt.crossed <= {border}
    assert learnt.closed.keys() <= {border}
    assert 0 <= learnt.lengths.answered <= 125
    assert learnt.lengths.too_many is None or learnt.lengths.answered < learnt.lengths.too_many <= 125
    json.dumps(learnt.kept(0.0), allow_nan=False)


def test_of_another_model_nothing_is_kept() -> None:
    async def test(_: Cabinet, device: PolledUnit, __: Rig) -> None:
        device.restore({"crossed": [[1, 2], [0x0D, 0x20]], "closed": [[5, 9, 1e9]]}, age=0)
        assert not device.learnt.crossed
        assert not {Border(5, 9)} & device.learnt.closed.keys()

    on_a_bus("ard2f", test)


# -- and what else was known -----------------------------------------------------------------------------------------

MULTIPLIED = """
[model]
id = "multiplied"
name = "A ratio in another group"
title = { en = "Typed from the manual" }
evidence = "imported"
source = "test"
[ratios]
ct = "CT"
[[circuits]]
numbers = "1"
points.Lg = { at = 0x004A, ratios = ["ct"] }
settings.CT = { at = 0x0055, poll = "slow" }
"""


async def test_with_a_doubt_about_the_device_its_ratios_are_known_no_more() -> None:
    typed, value = read_model(MULTIPLIED, file="typed.toml"), PointKey("1", "Lg")
    async with (
        Cabinet.of({UNIT: "aim-r100"}, frozen=True) as cabinet,
        open_device(cabinet, UNIT, typed, ratios={}) as device,
    ):
        device.want_all()
        cabinet.units[UNIT].hold("Lg", 7.0, "12")
        for group in (Pace.SLOW, Pace.FAST):
            await device.poll(group)
        assert device.readings[value].quality is Quality.GOOD
        device.doubt()
        await device.poll(Pace.FAST)
        assert (device.readings[value].value, device.readings[value].quality) == (None, Quality.NO_RATIO)


def test_a_thousand_points_that_are_refused_are_tried_without_planning_anew() -> None:
    """Each plan of a long table takes a moment in which nothing else runs."""
    points = "".join(f'points."DOC_P{number}" = {{ at = {number * 7} }}\n' for number in range(1000))
    of = read_model(MODEL.partition("points.Lg")[0] + points, file="long.toml")
    learnt = Learnt()
    plan = UnitPlan(of, LineCost(), learnt)
    plan.want(of.readable)
    trials = Trials(plan, learnt)
    learnt.decline(of.readable, 2, 0.0)
    trials.due()
    version, now, tried = learnt.version, 0.0, Counter[PointKey]()
    for _ in range(3000):
        now = max(now, trials.due())
        trial = trials.next(now)
        assert trial is not None
        trials.note(trial, now, is_answered=False, code=2)
        tried.update(trial.keys)
    assert learnt.version == version
    assert set(tried.values()) == {3}  # everyone in turn
