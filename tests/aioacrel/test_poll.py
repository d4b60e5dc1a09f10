"""A poll on a bad day: a fault costs its own read, a refused length costs no value, a silent unit is given up."""

from collections.abc import Iterator

import pytest
from modbus_connection import ModbusExceptionError, ModbusTimeoutError
from modbus_connection.mock import MockModbusConnection, MockModbusUnit

from custom_components.acrel_safety.aioacrel.errors import NoAnswerError
from custom_components.acrel_safety.aioacrel.modbus import LinkAddress, PolledUnit
from custom_components.acrel_safety.aioacrel.models import read_model
from custom_components.acrel_safety.aioacrel.readings import PointKey, Quality
from custom_components.acrel_safety.aioacrel.vocabulary import Pace
from simulator import Cabinet
from simulator.faults import Fault, Framing
from simulator.faults.virtual import run
from tests.aioacrel.fault_rigs import fault_rig
from tests.aioacrel.rigs import model, open_device

pytestmark = pytest.mark.virtual_time

PACES = (Pace.SLOW, Pace.NORMAL, Pace.FAST)
FAR_APART = """
[model]
id = "far-apart"
name = "Alarms that lie far apart"
title = { en = "Typed from the manual" }
evidence = "imported"
source = "test"
[[circuits]]
numbers = "1-4"
points.Lg = { at = 0x0000, stride = 0x1000 }
[[circuits]]
numbers = "5"
points.Lg = { at = 0x5000 }
points.Lg2 = { at = 0x5001 }
"""
ALONE = [PointKey(str(number), "Lg") for number in range(1, 5)]


def far_apart() -> tuple[MockModbusUnit, PolledUnit]:
    """Return a device whose points each need a read of their own, and what it is read by."""
    unit = MockModbusConnection().for_unit(1)
    unit.holding.update({0x0000: 1, 0x1000: 2, 0x2000: 3, 0x3000: 4, 0x5000: 5, 0x5001: 6})
    address = LinkAddress.parse("tcp://127.0.0.1:502")
    device = PolledUnit(address.guarded(unit, 1), read_model(FAR_APART, file="far.toml"))
    device.want_all()
    return unit, device


def values(device: PolledUnit) -> dict[PointKey, object]:
    """Return what has a value."""
    return {key: reading.value for key, reading in device.readings.items() if reading.value is not None}


# -- a fault costs its own read ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("framing", list(Framing))
@pytest.mark.parametrize(
    "fault", [Fault.DROP, Fault.LATE, Fault.CUT, Fault.EXCEPTION, Fault.BUSY, Fault.WRONG_LENGTH, Fault.RESET]
)
@pytest.mark.parametrize("at", range(4))
def test_one_fault_in_a_poll_costs_no_value(framing: Framing, fault: Fault, at: int) -> None:
    async def main() -> None:
        async with fault_rig(framing, [Fault.NONE] * at + [fault]) as rig:
            device = PolledUnit(rig.units[1], model("adw300"))
            device.want_all()
            report = await device.poll(Pace.FAST)
            assert report.error is None
            assert rig.proxy.counts.faulted == 1
            lost = {key for key in report.keys if device.readings[key].quality in (Quality.NO_ANSWER, Quality.REFUSED)}
            assert lost == set()
            wanted = {key for block in device.blocks(Pace.FAST) for key in block.keys}
            assert report.keys == wanted == {key for key in device.model.readable if key in wanted}

    run(main())


async def test_what_is_not_answered_costs_nothing_but_itself() -> None:
    unit, device = far_apart()
    await device.poll(Pace.FAST)
    unit.fail_read(0x1000, ModbusTimeoutError("lost"))
    first = await device.poll(Pace.FAST)
    assert first.error is None
    assert ALONE[1] not in first.keys  # one miss is forgiven
    assert len(values(device)) == 6
    await device.poll(Pace.FAST)
    assert not device.is_silent
    assert {key for key in device.model.readable if key not in values(device)} <= {ALONE[1]}


async def test_a_unit_that_falls_silent_is_given_up_after_few_time_outs() -> None:
    unit, device = far_apart()
    await device.poll(Pace.FAST)
    unit.fail_requests(ModbusTimeoutError("lost"))
    missed = await device.poll(Pace.FAST)
    assert isinstance(missed.error, NoAnswerError)
    assert missed.requests == 3
    assert (missed.keys, len(values(device))) == (frozenset(), 6)
    gone = await device.poll(Pace.FAST)
    assert gone.requests == 1
    assert device.is_silent
    assert gone.keys == frozenset(device.readings)
    assert not values(device)


async def test_what_is_answered_is_kept_whatever_becomes_of_the_rest() -> None:
    unit, device = far_apart()
    for number in range(3):
        unit.fail_read(0x5000, ModbusTimeoutError("lost") if number else None)
        report = await device.poll(Pace.FAST)
        assert {device.readings[key].value for key in ALONE} == {1, 2, 3, 4}
        assert report.error is None


async def test_a_unit_that_declines_whatever_it_is_asked_is_soon_asked_one_question_only() -> None:
    unit, device = far_apart()
    unit.fail_requests(ModbusExceptionError(4))
    first = await device.poll(Pace.FAST)
    assert {device.readings[key].quality for key in first.keys} == {Quality.REFUSED}
    assert first.keys == device.model.readable.keys()
    assert (await device.poll(Pace.FAST)).requests == 1
    unit.fail_requests(None)
    await device.poll(Pace.FAST)
    assert len(values(device)) == 6  # it was not taken for a device without registers


# -- lengths ---------------------------------------------------------------------------------------------------------


def limits() -> Iterator[tuple[str, int | str]]:
    """Yield every way to decline a read for its length, in both framings."""
    for framing in ("tcp", "rtu+tcp"):
        for how in (2, 3, 4, "silent", "short"):
            yield framing, how


@pytest.mark.parametrize(("framing", "how"), limits())
def test_a_device_with_a_short_longest_answer_gives_all_its_values(framing: str, how: int | str) -> None:
    async def main() -> None:
        async with (
            Cabinet.of({1: "adw300"}, frozen=True) as cabinet,
            open_device(cabinet, 1, framing=framing) as device,
        ):
            cabinet.units[1].set_scenario("limited", most=20, how=how)
            device.want_all()
            for group in PACES:
                assert (await device.poll(group)).error is None
            assert len(values(device)) == len(device.model.readable) == 335
            cabinet.units[1].requests.clear()
            for group in PACES:
                await device.poll(group)
            # It was learnt: from now on nothing is asked in vain.
            assert max(request.count for request in cabinet.units[1].requests) <= 20
            assert len(cabinet.units[1].requests) == sum(len(device.planned(group)) for group in PACES)

    run(main())


def test_a_silent_unit_is_not_taken_for_one_with_a_short_longest_answer() -> None:
    async def main() -> None:
        async with Cabinet.of({1: "adw300"}, frozen=True) as cabinet, open_device(cabinet, 1) as device:
            device.want_all()
            await device.poll(Pace.FAST)
            planned = device.planned(Pace.NORMAL)
            cabinet.set_scenario("silent", unit=1)
            for _ in range(2):
                await device.poll(Pace.NORMAL)
            assert device.planned(Pace.NORMAL) == planned
            assert device.is_silent

    run(main())
