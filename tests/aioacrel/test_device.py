"""A device: its readings are those of the cabinet, and nothing is read, believed or kept that should not be."""

import logging

import pytest
from modbus_connection import ModbusTimeoutError
from modbus_connection.mock import MockModbusConnection

from custom_components.acrel_safety.aioacrel.errors import (
    BadAnswerError,
    MissingTableError,
    NoAnswerError,
    RefusedError,
    WrongDeviceError,
)
from custom_components.acrel_safety.aioacrel.modbus import LinkAddress, PolledUnit
from custom_components.acrel_safety.aioacrel.models import ModelLibrary, read_model
from custom_components.acrel_safety.aioacrel.readings import PointKey, Quality
from custom_components.acrel_safety.aioacrel.registers import Ratio, Read
from custom_components.acrel_safety.aioacrel.registers.dump import RegisterDump
from custom_components.acrel_safety.aioacrel.vocabulary import Pace
from simulator import Cabinet
from tests.aioacrel.rigs import model, open_device, rounding

pytestmark = pytest.mark.virtual_time

LOOP_1 = PointKey("1", "Lg")
STATE_1 = PointKey("1", "DOC_Loop state")
HOLES = """
[model]
id = "no-ranges"
name = "AIM-R100 as somebody typed it"
title = { en = "Typed from the manual" }
evidence = "imported"
source = "test"
[[circuits]]
numbers = "1"
points.Lg = { at = 0x004A }
points.Lg2 = { at = 0x004B }
settings."DOC_Trip time" = { at = 0x0008, poll = "fast" }
points."DOC_Never there" = { at = 0x0049, poll = "fast" }
points."DOC_Events" = { at = 0x000D, poll = "fast" }
"""


def refused(device: PolledUnit) -> set[PointKey]:
    """Return the points the device declined."""
    return {key for key, reading in device.readings.items() if reading.quality is Quality.REFUSED}


@pytest.mark.parametrize("framing", ["tcp", "rtu+tcp"])
@pytest.mark.parametrize("unit_id", sorted(Cabinet.standard().units))
async def test_every_documented_point_reads_as_the_cabinet_says(unit_id: int, framing: str) -> None:
    async with Cabinet.standard(frozen=True) as cabinet, open_device(cabinet, unit_id, framing=framing) as device:
        device.want_all()
        reports = [await device.poll(group) for group in (Pace.SLOW, Pace.NORMAL, Pace.FAST)]
        assert [report.error for report in reports] == [None] * 3
        assert frozenset[PointKey]().union(*(report.keys for report in reports)) == device.model.readable.keys()
        truth = cabinet.units[unit_id].truth()
        wrong = {
            key: (reading.value, truth[key.circuit][key.code])
            for key, reading in device.readings.items()
            if device.model.points[key].words is None
            and reading.value
            != pytest.approx(truth[key.circuit][key.code], rel=1e-6, abs=max(1e-6, rounding(device.model, key)))
        }
        assert wrong == {}
        assert {key for key, reading in device.readings.items() if reading.quality is not Quality.GOOD} == set()
        assert len(device.readings) == len(device.model.readable)


async def test_the_requests_of_a_poll_are_the_planned_ones() -> None:
    async with Cabinet.standard(frozen=True) as cabinet, open_device(cabinet, 1) as device:
        device.want_all()
        for group in Pace:
            cabinet.units[1].requests.clear()
            await device.poll(group)
            asked = [Read(r.function, r.address, r.count) for r in cabinet.units[1].requests]
            assert asked == device.planned(group)


async def test_only_what_is_wanted_is_read() -> None:
    async with Cabinet.standard(frozen=True) as cabinet, open_device(cabinet, 8) as device:
        device.want([STATE_1])
        await device.poll(Pace.FAST)
        assert [(r.address, r.count) for r in cabinet.units[8].requests] == [(0x0B, 1)]
        device.want([])
        assert device.groups() == []
        assert device.readings == {}
        assert (await device.poll(Pace.FAST)).requests == 0


async def test_holes_are_learned_once_and_cost_no_value() -> None:
    typed = read_model(HOLES, file="typed.toml")
    async with Cabinet.standard(frozen=True) as cabinet, open_device(cabinet, 8, typed) as device:
        device.want_all()
        first = await device.poll(Pace.FAST)
        truth = cabinet.units[8].truth()
        assert device.readings[LOOP_1].value == truth["1"]["Lg"]
        assert device.readings[PointKey("1", "Lg2")].value == truth["2"]["Lg"]
        assert device.readings[PointKey("1", "DOC_Trip time")].value == truth["0"]["DOC_Trip time"]
        missing = PointKey("1", "DOC_Never there")
        assert missing in first.keys
        assert refused(device) == {missing}
        assert device.readings[missing].quality is Quality.REFUSED
        cabinet.units[8].requests.clear()
        second = await device.poll(Pace.FAST)
        assert (missing in second.keys, second.error) == (False, None)
        assert 0x49 not in {a for r in cabinet.units[8].requests for a in range(r.address, r.address + r.count)}
        assert len(cabinet.units[8].requests) == len(device.planned(Pace.FAST)) < first.requests


async def test_one_missed_poll_is_forgiven_the_second_is_not(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with Cabinet.standard(frozen=True) as cabinet, open_device(cabinet, 8) as device:
        device.want([STATE_1])
        assert STATE_1 not in device.readings
        await device.poll(Pace.FAST)
        value = device.readings[STATE_1].value
        assert device.readings[STATE_1].quality is Quality.GOOD
        cabinet.set_scenario("silent", unit=8)
        missed = await device.poll(Pace.FAST)
        assert isinstance(missed.error, NoAnswerError)
        assert missed.requests == 2  # one retry
        assert missed.keys == frozenset()
        assert (device.readings[STATE_1].value, device.readings[STATE_1].quality) == (value, Quality.GOOD)
        assert (await device.poll(Pace.FAST)).requests == 1  # a doubtful unit is not asked twice
        for _ in range(2):
            lost = await device.poll(Pace.FAST)
        assert lost.keys == {STATE_1}
        assert device.readings[STATE_1].quality.is_lost
        assert device.readings[STATE_1].value is None
        assert device.readings[STATE_1].quality is Quality.NO_ANSWER
        cabinet.set_scenario("normal", unit=8)
        await device.poll(Pace.FAST)
        assert device.readings[STATE_1].value == value
    assert [record.getMessage().split(":")[0] for record in caplog.records if "Unit 8" in record.getMessage()] == [
        "Unit 8 (AIM-R100) was lost",
        "Unit 8 (AIM-R100) answers again",
    ]


async def test_what_does_not_exist_is_called_refused_again_when_the_device_is_back() -> None:
    typed, missing = read_model(HOLES, file="typed.toml"), PointKey("1", "DOC_Never there")
    async with Cabinet.standard(frozen=True) as cabinet, open_device(cabinet, 8, typed) as device:
        device.want_all()
        await device.poll(Pace.FAST)
        cabinet.set_scenario("silent", unit=8)
        for _ in range(2):
            await device.poll(Pace.FAST)
        assert device.readings[missing].quality is Quality.NO_ANSWER
        cabinet.set_scenario("normal", unit=8)
        assert missing in (await device.poll(Pace.FAST)).keys
        assert refused(device) == {missing}


async def test_a_unit_that_never_answered_is_not_available() -> None:
    async with Cabinet.standard(frozen=True) as cabinet, open_device(cabinet, 8) as device:
        cabinet.set_scenario("silent", unit=8)
        device.want([LOOP_1])
        await device.poll(Pace.FAST)
        assert device.readings == {}
        assert device.is_silent  # nothing to be forgiven: the bus leaves it alone from now on


async def test_a_device_that_declines_gives_no_values_but_is_there() -> None:
    async with Cabinet.standard(frozen=True) as cabinet, open_device(cabinet, 8) as device:
        device.want([STATE_1])
        cabinet.set_scenario("exception", unit=8)
        cabinet.units[8].set_scenario("exception", code=4)
        report = await device.poll(Pace.FAST)
        assert report.keys == refused(device) == {STATE_1}
        assert device.readings[STATE_1].value is None
        assert not device.readings[STATE_1].quality.is_lost


async def test_a_busy_device_is_asked_once_more_and_then_missed() -> None:
    async with Cabinet.standard(frozen=True) as cabinet, open_device(cabinet, 8) as device:
        device.want([STATE_1])
        cabinet.units[8].set_scenario("exception", code=5)
        report = await device.poll(Pace.FAST)
        assert report.requests == 2
        assert device.readings.get(STATE_1) is None or device.readings[STATE_1].value is None


async def test_a_gateway_that_cannot_reach_the_unit_is_a_missed_poll() -> None:
    async with Cabinet.standard(frozen=True) as cabinet, open_device(cabinet, 8) as device:
        device.want([LOOP_1])
        cabinet.units[8].set_scenario("exception", code=0x0B)
        report = await device.poll(Pace.FAST)
        assert isinstance(report.error, RefusedError)
        assert report.error.is_gateway


async def test_secondary_values_wait_for_their_ratios() -> None:
    key = PointKey("1", "Ia")
    async with Cabinet.standard(frozen=True) as cabinet:
        truth = cabinet.units[3].truth()["1"]["Ia"]
        async with open_device(cabinet, 3, ratios={Ratio.PT: 1}) as device:
            device.want([key])
            await device.poll(Pace.NORMAL)
            assert device.readings[key].quality is Quality.NO_RATIO
            assert device.readings[key].value is None
        async with open_device(cabinet, 3, ratios={Ratio.PT: 1, Ratio.CT: 40}) as device:
            device.want([key])
            await device.poll(Pace.NORMAL)
            assert device.readings[key].value == pytest.approx(float(truth) * 40)


@pytest.mark.parametrize("ratio_at", [0x004B, 0x0055], ids=["in the same read", "in a later read"])
async def test_a_ratio_is_known_before_what_is_multiplied_with_it(ratio_at: int) -> None:
    text = f"""
[model]
id = "ratio-behind"
name = "A ratio behind its values"
title = {{ en = "Typed from the manual" }}
evidence = "imported"
source = "test"
[read]
ranges = [[0x004A, 0x004B], [0x0055, 0x0055]]
[ratios]
ct = "CT"
[[circuits]]
numbers = "1"
points.Lg = {{ at = 0x004A, ratios = ["ct"] }}
settings.CT = {{ at = {ratio_at:#06x}, poll = "fast" }}
"""
    of = read_model(text, file="t")
    async with Cabinet.standard(frozen=True) as cabinet, open_device(cabinet, 8, of, ratios={}) as device:
        device.want([LOOP_1])
        await device.poll(Pace.FAST)
        truth = cabinet.units[8].truth()
        other = str(1 + ratio_at - 0x004A)
        assert device.readings[LOOP_1].value == float(truth["1"]["Lg"]) * float(truth[other]["Lg"])


async def test_an_impossible_value_is_never_shown() -> None:
    text = HOLES.replace("{ at = 0x004A }", "{ at = 0x004A, range = [5001, 5002] }")
    async with Cabinet.standard(frozen=True) as cabinet, open_device(cabinet, 8, read_model(text, file="t")) as device:
        device.want([LOOP_1])
        await device.poll(Pace.FAST)
        assert device.readings[LOOP_1].value is None
        assert device.readings[LOOP_1].quality is Quality.IMPLAUSIBLE


async def test_the_right_model_is_recognised_and_a_wrong_one_named() -> None:
    async with Cabinet.standard(frozen=True) as cabinet:
        async with open_device(cabinet, 8) as device:
            await device.probe()
        async with open_device(cabinet, 8, "adw300") as device:
            with pytest.raises(WrongDeviceError, match="Unit 8 answers, but not as the model ADW300 does"):
                await device.probe()


async def test_a_silent_unit_cannot_be_probed() -> None:
    async with Cabinet.standard(frozen=True) as cabinet, open_device(cabinet, 8) as device:
        cabinet.set_scenario("silent", unit=8)
        with pytest.raises(NoAnswerError):
            await device.probe()
        cabinet.units[8].set_scenario("exception", code=0x0B)
        with pytest.raises(NoAnswerError):
            await device.probe()
        cabinet.units[8].set_scenario("exception", code=4)
        with pytest.raises(RefusedError, match="device failure"):
            await device.probe()


async def test_a_model_without_addresses_asks_for_its_table() -> None:
    async with Cabinet.standard(frozen=True) as cabinet, open_device(cabinet, 8, "ascb1") as device:
        with pytest.raises(MissingTableError, match="import its register table"):
            await device.probe()


async def test_a_dump_holds_what_the_device_answered() -> None:
    async with Cabinet.standard(frozen=True) as cabinet, open_device(cabinet, 8) as device:
        dump = await device.dump()
        extra = await device.dump([Read(3, 0x49, 1)])
    replayed = RegisterDump.from_json(dump.as_json())
    assert replayed.as_dict() == dump.as_dict()
    for block in device.planned(Pace.FAST):
        assert replayed.words(block) is not None
    for address, word in dump.registers[3].items():
        assert cabinet.units[8].registers[address] == word
    assert extra.refused == {Read(3, 0x49, 1): 2}
    assert extra.words(Read(3, 0x49, 1)) is None


@pytest.mark.parametrize("name", ModelLibrary().ids())
def test_every_planned_read_stays_where_the_manual_says_registers_are(name: str) -> None:
    chosen = model(name)
    assert chosen.needs_table or chosen.registers.places
    for place in chosen.registers.places.values():
        assert any(low <= place.address and place.addresses.stop - 1 <= high for low, high in chosen.registers.ranges)


async def test_a_group_that_fails_alone_takes_only_its_own_values(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    connection = MockModbusConnection()
    unit = connection.for_unit(8)
    unit.holding.update(dict.fromkeys(range(0x62), 1) | {0x0B: 0x1000})
    address = LinkAddress.parse("tcp://127.0.0.1:502")
    device = PolledUnit(address.guarded(unit, 8), model("aim-r100"))
    limit = PointKey("1", "LgHighVal02")
    device.want([STATE_1, limit])
    for group in (Pace.FAST, Pace.SLOW):
        await device.poll(group)
    unit.fail_read(0x56, ModbusTimeoutError("lost"))
    for _ in range(3):
        await device.poll(Pace.SLOW)
        await device.poll(Pace.FAST)
    assert [device.readings[key].quality.is_lost for key in (STATE_1, limit)] == [False, True]
    assert not device.is_silent
    assert (device.readings[STATE_1].value, device.readings[limit].value) == ("normal", None)
    unit.fail_read(0x56, None)
    await device.poll(Pace.SLOW)
    assert device.readings[limit].quality is Quality.GOOD
    assert [record.getMessage().split(":")[0] for record in caplog.records if "Unit 8" in record.getMessage()] == [
        "Unit 8 (AIM-R100) gives no slow values",
        "Unit 8 (AIM-R100) answers again for its slow values",
    ]


async def test_whatever_is_raised_below_is_an_error_of_ours() -> None:
    unit = MockModbusConnection().for_unit(8)
    unit.holding.update(dict.fromkeys(range(0x62), 1) | {0x0B: 0x1000})
    address = LinkAddress.parse("tcp://127.0.0.1:502")
    device = PolledUnit(address.guarded(unit, 8), model("aim-r100"))
    unit.fail_requests(RuntimeError("the transport is closed"))
    with pytest.raises(BadAnswerError, match="does not fit the request"):
        await device.probe()
