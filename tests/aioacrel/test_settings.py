"""A change of a setting is written once and done when it was read back."""

import math

import pytest
from modbus_connection import ModbusTimeoutError
from modbus_connection.mock import MockModbusConnection

from custom_components.acrel_safety.aioacrel.device import Device
from custom_components.acrel_safety.aioacrel.errors import (
    NoAnswerError,
    NotSentError,
    RefusedError,
    SettingOutOfRangeError,
    SettingRefusedError,
    SettingUnconfirmedError,
)
from custom_components.acrel_safety.aioacrel.modbus import LinkAddress
from custom_components.acrel_safety.aioacrel.models import read_model
from custom_components.acrel_safety.aioacrel.readings import PointKey, Quality
from custom_components.acrel_safety.aioacrel.registers import Ratio
from custom_components.acrel_safety.aioacrel.source import Setting
from simulator import Cabinet
from tests.aioacrel.rigs import changeable, open_changeable

pytestmark = pytest.mark.virtual_time

LIMIT = PointKey("3", "LgHighVal02")
BITS = """
[model]
id = "bits"
name = "Bits"
title = { en = "Settings of every shape" }
evidence = "manual"
source = "test"
[[circuits]]
numbers = "1"
settings.LgHighSw = { at = 1, type = "bit", bit = 3, limits = [0, 1], source = "p. 1" }
settings."DOC_Mode" = { at = 1, type = "bit2", words = { 0 = "off", 2 = "trip" }, limits = [0, 2], source = "1" }
settings."DOC_Level" = { at = 2, type = "u8", byte = "high", limits = [0, 9], source = "p. 1" }
settings.UHighTim = { at = 3, scale = 0.01, limits = [0, 60], source = "p. 1" }
settings.UHighVal02 = { at = 4 }
"""


async def test_a_limit_is_written_once_and_read_back() -> None:
    async with Cabinet.standard(frozen=True) as cabinet, open_changeable(cabinet, 8) as device:
        device.want([LIMIT])
        reading = await device.change(LIMIT, 150)
        assert (reading.value, reading.quality, reading.origin) == (150, Quality.GOOD, "modbus")
        assert [(w.function, w.address, w.values) for w in cabinet.units[8].writes] == [(16, 0x58, (150,))]
        assert cabinet.units[8].truth()["3"]["LgHighVal02"] == 150
        assert device.readings[LIMIT] == reading


@pytest.mark.parametrize("value", [5, 1001, -1, math.nan, math.inf])
async def test_a_value_outside_the_printed_limits_is_never_sent(value: float) -> None:
    async with Cabinet.standard(frozen=True) as cabinet, open_changeable(cabinet, 8) as device:
        with pytest.raises(SettingOutOfRangeError, match=r"outside 6\.0 to 1000\.0"):
            await device.change(LIMIT, value)
        assert not cabinet.units[8].requests
        assert not cabinet.units[8].writes


@pytest.mark.parametrize(
    ("key", "value"), [(LIMIT, 7.5), (LIMIT, "much"), (PointKey("3", "Lg"), 7), (PointKey("9", "X"), 1)]
)
async def test_what_cannot_be_set_is_never_sent(key: PointKey, value: float | str) -> None:
    async with Cabinet.standard(frozen=True) as cabinet, open_changeable(cabinet, 8) as device:
        with pytest.raises(SettingRefusedError):
            await device.change(key, value)
        assert not cabinet.units[8].requests
        assert not cabinet.units[8].writes


async def test_a_device_that_declines_is_asked_once() -> None:
    async with Cabinet.standard(frozen=True) as cabinet, open_changeable(cabinet, 8) as device:
        cabinet.units[8].set_scenario("exception", code=4)
        with pytest.raises(RefusedError, match="device failure"):
            await device.change(LIMIT, 150)
        assert len(cabinet.units[8].writes) <= 1


async def test_nothing_is_sent_to_a_device_that_has_fallen_silent() -> None:
    async with Cabinet.standard(frozen=True) as cabinet, open_changeable(cabinet, 8, timeout=0.05) as device:
        await device.change(LIMIT, 120)
        cabinet.set_scenario("silent", unit=8)
        cabinet.units[8].requests.clear()
        with pytest.raises(NoAnswerError):
            await device.change(LIMIT, 150)
        assert [r for r in cabinet.units[8].requests if r.function == 16] == []


async def test_nothing_is_written_to_a_device_that_did_not_show_what_it_is() -> None:
    async with Cabinet.standard(frozen=True) as cabinet, open_changeable(cabinet, 8, timeout=0.05) as device:
        cabinet.set_scenario("silent", unit=8)
        with pytest.raises(NoAnswerError):
            await device.change(LIMIT, 150)
        assert cabinet.units[8].writes == []


def mocked() -> tuple[Device, MockModbusConnection]:
    """Return a device on registers in memory: framing plays no part here."""
    connection = MockModbusConnection()
    address = LinkAddress.parse("tcp://127.0.0.1:502")
    unit = connection.for_unit(1)
    unit.holding.update({1: 0b1111_0000, 2: 0x05AA, 3: 500, 4: 230})
    return changeable(address.guarded(unit, 1), read_model(BITS, file="bits.toml")), connection


async def test_the_other_bits_of_a_register_stay_as_they_are() -> None:
    device, connection = mocked()
    assert (await device.change(PointKey("1", "LgHighSw"), True)).value is True
    assert (await device.change(PointKey("1", "DOC_Mode"), "trip")).value == "trip"
    assert (await device.change(PointKey("1", "DOC_Level"), 7)).value == 7
    assert connection.for_unit(1).holding == {1: 0b1111_1010, 2: 0x07AA, 3: 500, 4: 230}


async def test_a_bit_is_not_written_when_its_neighbours_cannot_be_read() -> None:
    device, connection = mocked()
    unit = connection.for_unit(1)
    before = dict(unit.holding)
    unit.fail_read(1, ModbusTimeoutError("lost"))
    with pytest.raises(NoAnswerError):
        await device.change(PointKey("1", "LgHighSw"), True)
    [source] = device.sources
    with pytest.raises(NotSentError, match="Nothing was sent to unit 1"):
        await source.send(Setting(key=PointKey("1", "LgHighSw"), value=True))
    assert unit.holding == before


async def test_a_value_is_scaled_exactly() -> None:
    device, connection = mocked()
    assert (await device.change(PointKey("1", "UHighTim"), 0.29)).value == 0.29
    assert connection.for_unit(1).holding[3] == 29


async def test_a_word_that_does_not_exist_is_refused() -> None:
    device, _ = mocked()
    with pytest.raises(SettingRefusedError, match="is none of: off, trip"):
        await device.change(PointKey("1", "DOC_Mode"), "explode")


async def test_a_setting_without_printed_limits_is_read_only() -> None:
    device, _ = mocked()
    with pytest.raises(SettingRefusedError, match="does not allow"):
        await device.change(PointKey("1", "UHighVal02"), 240)


NOT_PLAIN = """
[model]
id = "not-plain"
name = "Not plain"
title = { en = "Settings whose raw number is not the value" }
evidence = "manual"
source = "test"
[ratios]
pt = "ask"
[[circuits]]
numbers = "1"
settings.UHighSet = { at = 3, scale = 0.1, ratios = ["pt"], limits = [0, 12000], source = "p. 1" }
settings.UHighSw = { at = 4, equals = 230, limits = [0, 1], source = "p. 1" }
settings.ULowSet = { at = 3, function = 4, limits = [0, 1000], source = "p. 1" }
"""


@pytest.mark.parametrize(("code", "value"), [("UHighSet", 10_000), ("UHighSw", True), ("ULowSet", 200)])
async def test_a_setting_is_read_only_where_the_register_to_write_is_not_plain(code: str, value: float) -> None:
    """A secondary value, one meaning of several, an input register: a plain write would set something else."""
    connection = MockModbusConnection()
    address = LinkAddress.parse("tcp://127.0.0.1:502")
    unit = connection.for_unit(1)
    unit.holding.update({3: 500, 4: 230})
    model = read_model(NOT_PLAIN, file="not-plain.toml")
    device = changeable(address.guarded(unit, 1), model, ratios={Ratio.PT: 100})
    with pytest.raises(SettingRefusedError, match="does not allow"):
        await device.change(PointKey("1", code), value)
    assert unit.holding == {3: 500, 4: 230}


async def test_a_float_is_set_to_any_value_within_its_limits() -> None:
    text = BITS + 'settings.ULowVal02 = { at = 6, type = "f32", limits = [0, 300], source = "p. 1" }\n'
    connection = MockModbusConnection()
    unit = connection.for_unit(1)
    unit.holding.update({6: 0, 7: 0})
    address = LinkAddress.parse("tcp://127.0.0.1:502")
    device = changeable(address.guarded(unit, 1), read_model(text, file="bits.toml"))
    assert (await device.change(PointKey("1", "ULowVal02"), 187.5)).value == 187.5
    assert unit.holding == {6: 0x433B, 7: 0x8000}


async def test_a_device_that_keeps_its_old_value_is_not_believed() -> None:
    device, connection = mocked()
    unit = connection.for_unit(1)
    unit.on_write(lambda _event: unit.holding.update({3: 500}))
    with pytest.raises(SettingUnconfirmedError, match=r"0\.29 was sent, but 5\.0 was read back"):
        await device.change(PointKey("1", "UHighTim"), 0.29)


async def test_a_write_whose_answer_was_lost_is_done_when_it_was_read_back() -> None:
    device, connection = mocked()
    unit = connection.for_unit(1)

    def lose_the_answer(_event: object) -> None:
        raise TimeoutError

    unit.on_write(lose_the_answer)
    try:
        reading = await device.change(PointKey("1", "UHighTim"), 3)
    except SettingUnconfirmedError, NoAnswerError:
        assert unit.holding[3] == 500
    else:
        assert reading.value == 3
        assert unit.holding[3] == 300
