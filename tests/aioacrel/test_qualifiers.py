"""A decimal point, a sign or a validity in another register: a value is worth nothing without them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.errors import FileProblemsError
from custom_components.acrel_safety.aioacrel.models import read_model
from custom_components.acrel_safety.aioacrel.points import Model
from custom_components.acrel_safety.aioacrel.readings import PointKey, Quality, Value
from custom_components.acrel_safety.aioacrel.registers import Read
from custom_components.acrel_safety.aioacrel.registers.decode import decode_dump
from custom_components.acrel_safety.aioacrel.registers.dump import RegisterDump
from custom_components.acrel_safety.aioacrel.vocabulary import Pace
from simulator import Cabinet
from tests.aioacrel.rigs import open_device

HEAD = """
[model]
id = "meter"
name = "Meter"
title = { en = "Decimal points in registers" }
evidence = "manual"
source = "test"
"""
# As panel meters have it that print "U = (register) x 10^(DPT-4)": DPT, DCT and DPQ say how large a value is, the other
# half of the last one holds the signs.
PANEL_METER = f"""{HEAD}
[read]
ranges = [[0x0023, 0x004A]]
[[circuits]]
numbers = "1"
[circuits.points]
"DOC_DPT" = {{ at = 0x0023, type = "u8", byte = "high", poll = "slow", detail = true }}
"DOC_DCT" = {{ at = 0x0023, type = "u8", poll = "slow", detail = true }}
"DOC_DPQ" = {{ at = 0x0024, type = "u8", byte = "high", poll = "slow", detail = true }}
"DOC_P negative" = {{ at = 0x0024, type = "bit", bit = 3, detail = true }}
Ua = {{ at = 0x0025, scale = 0.0001, exponent = "DOC_DPT" }}
Ia = {{ at = 0x002B, scale = 0.0001, exponent = "DOC_DCT" }}
P = {{ at = 0x0031, scale = 0.0000001, exponent = "DOC_DPQ", sign = "DOC_P negative" }}
"""
VOLTAGE, CURRENT, POWER = (PointKey("1", code) for code in ("Ua", "Ia", "P"))
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


def meter(text: str) -> Model:
    return read_model(text, file="meter.toml")


def said(model: Model, words: Mapping[int, int]) -> dict[PointKey, Value | Quality | None]:
    """Return what registers mean: each value, or why there is none."""
    dump = RegisterDump(model=model.id, unit_id=1, taken=NOW)
    for address, word in words.items():
        dump.add(Read(3, address, 1), [word])
    return {
        key: reading.value if reading.quality is Quality.GOOD else reading.quality
        for key, reading in decode_dump(model, dump).items()
    }


# -- values ------------------------------------------------------------------------------------------------------------


def test_the_decimal_point_and_the_sign_come_from_other_registers() -> None:
    values = said(meter(PANEL_METER), {0x23: 0x0503, 0x24: 0x0708, 0x25: 1001, 0x2B: 2124, 0x31: 3680})
    assert (values[VOLTAGE], values[CURRENT], values[POWER]) == (10010, 212.4, -3680)


def test_zero_has_no_sign() -> None:
    power = said(meter(PANEL_METER), {0x23: 0x0503, 0x24: 0x0708, 0x31: 0})[POWER]
    assert str(power) in ("0", "0.0")


@pytest.mark.parametrize("missing", [{0x24: 0x0708}, {0x23: 0x0503}])
def test_without_them_there_is_no_value(missing: Mapping[int, int]) -> None:
    values = said(meter(PANEL_METER), {0x25: 1001, 0x31: 3680, **missing})
    assert values[POWER if 0x23 in missing else VOLTAGE] is Quality.INCOMPLETE


def test_a_decimal_point_that_cannot_be_gives_no_value() -> None:
    values = said(meter(PANEL_METER), {0x23: 0xFF03, 0x25: 1001, 0x2B: 2124})
    assert (values[VOLTAGE], values[CURRENT]) == (Quality.INCOMPLETE, 212.4)


@given(
    raw=st.integers(-(2**31) + 1, 2**31 - 2),  # the ends of the type are no values
    number=st.integers(-12, 12),
    scale=st.sampled_from(["1", "0.0001", "0.01", "5"]),
    word=st.sampled_from(["exponent", "decimals"]),
)
def test_a_value_is_the_float_nearest_to_the_exact_one(raw: int, number: int, scale: str, word: str) -> None:
    model = meter(f"""{HEAD}
[[circuits]]
numbers = "1"
[circuits.points]
"DOC_Value" = {{ at = 0, type = "s32", scale = {scale}, {word} = "DOC_Digits" }}
"DOC_Digits" = {{ at = 2, type = "s16" }}
""")
    words = raw.to_bytes(4, signed=True)
    value = said(
        model,
        {0: int.from_bytes(words[:2]), 1: int.from_bytes(words[2:]), 2: number % 0x10000},
    )[PointKey("1", "DOC_Value")]
    power = number if word == "exponent" else -number
    assert isinstance(value, int | float)
    assert float(value) == float(raw * Fraction(scale) * Fraction(10) ** power)


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ({0: 500, 1: 0, 2: 0}, 500),
        ({0: 500, 1: 3, 2: 0}, Quality.INVALID),
        ({0: 500, 1: 0, 2: 1}, Quality.INVALID),
        ({0: 0, 1: 3, 2: 1}, Quality.INVALID),
        ({0: 500, 1: 0}, Quality.INCOMPLETE),
    ],
)
def test_a_value_does_not_hold_while_another_point_says_so(words: Mapping[int, int], value: Value | Quality) -> None:
    model = meter(f"""{HEAD}
[[circuits]]
numbers = "0"
[circuits.points]
"DOC_Self-test" = {{ at = 2, type = "bit" }}
[[circuits]]
numbers = "1"
[circuits.points]
Lg = {{ at = 0, invalid_while = ["DOC_Loop open", "DOC_Self-test@0"] }}
"DOC_Loop open" = {{ at = 1, equals = 3 }}
""")
    assert said(model, words)[PointKey("1", "Lg")] == value


def test_each_repetition_and_each_circuit_has_its_own() -> None:
    model = meter(f"""{HEAD}
[[circuits]]
numbers = "1-2"
stride = 10
[circuits.points]
"DOC_Value {{n}}" = {{ at = 0, repeat = 2, sign = "DOC_Sign {{n}}" }}
"DOC_Sign {{n}}" = {{ at = 4, repeat = 2, type = "bit" }}
""")
    values = said(model, {0: 1, 1: 2, 4: 0, 5: 1, 10: 3, 11: 4, 14: 1, 15: 0})
    found = [values[PointKey(circuit, f"DOC_Value {number}")] for circuit in "12" for number in "12"]
    assert found == [1, -2, -3, 4]


# -- the file ----------------------------------------------------------------------------------------------------------

POINTS = f'{HEAD}[[circuits]]\nnumbers = "1"\n[circuits.points]\nLg = {{ at = 0 }}\nLgHigh = {{ at = 1 }}\n'


@pytest.mark.parametrize(
    ("column", "line"),
    [
        ("exponent", 'Ua = { at = 2, exponent = "DOC_None" }'),
        ("exponent", 'Ua = { at = 2, exponent = "LgHigh" }'),
        ("exponent", 'Ua = { at = 2, exponent = "Lg@2" }'),
        ("sign", 'Ua = { at = 2, sign = "Lg" }'),
        ("invalid_while", 'Ua = { at = 2, invalid_while = ["LgHigh", "Lg"] }'),
        ("decimals", 'Ua = { at = 2, exponent = "Lg", decimals = "Lg" }'),
        ("exponent", 'Ua = { at = 2, exponent = "Ub" }\nUb = { at = 3, exponent = "Lg" }'),
        ("exponent", 'Ua = { at = 2, exponent = "Ua" }'),
        ("sign", 'RlySta = { at = 2, sign = "LgHigh" }'),
        ("exponent", 'ULow = { at = 2, exponent = "Lg" }'),
    ],
)
def test_a_reference_that_says_nothing_is_a_mistake(column: str, line: str) -> None:
    with pytest.raises(FileProblemsError) as caught:
        meter(f"{POINTS}{line}\n")
    assert {problem.column for problem in caught.value.problems} == {column}


# -- on the line -------------------------------------------------------------------------------------------------------


async def test_a_value_and_what_it_needs_come_in_one_answer() -> None:
    """Also where the decimal point is of a group that is polled seldom."""
    cabinet = Cabinet.of({8: "aim-r100"}, frozen=True)
    async with cabinet, open_device(cabinet, 8, of=meter(PANEL_METER)) as device:
        device.want([VOLTAGE, POWER])
        assert device.planned(Pace.NORMAL) == [Read(3, 0x23, 0x31 - 0x23 + 1)]
        assert [read.address for read in device.planned(Pace.SLOW)] == [0x23]


MEMORY = 0x0056
"""Twelve registers of this device keep what is written to them, from 6 to 1000."""


def limits_as_meter(sign_at: int) -> Model:
    """Return a meter made of settings of an AIM-R100; its decimal point is what the device cannot answer with."""
    return meter(f"""{HEAD}
[read]
ranges = [[0x0056, 0x005C], [0x005D, 0x0061]]
[[circuits]]
numbers = "1"
[circuits.points]
P = {{ at = 0x0056, sign = "DOC_Sign", exponent = "DOC_Decimals" }}
"DOC_Sign" = {{ at = 0x{sign_at:04X}, type = "bit", bit = 3, poll = "slow" }}
"DOC_Decimals" = {{ at = 0x0058, type = "bit2", poll = "slow" }}
""")


@pytest.mark.parametrize("sign_at", [0x005A, 0x0060])
async def test_they_are_read_with_every_poll_of_the_value(sign_at: int) -> None:
    """In one request where they lie in one stretch, else before it."""
    async with Cabinet.of({8: "aim-r100"}, frozen=True) as cabinet:
        unit = cabinet.units[8]
        async with open_device(cabinet, 8, of=limits_as_meter(sign_at)) as device:
            device.want([POWER])
            for sign, decimals, value in ((16, 16, 123), (8, 16, -123), (8, 17, -1230), (16, 18, 12300)):
                for address, word in ((MEMORY, 123), (sign_at, sign), (0x58, decimals)):
                    unit.write(0x10, address, [word])
                unit.requests.clear()
                await device.poll(Pace.NORMAL)
                assert device.readings[POWER].value == value
                asked = [request.address for request in unit.requests]
                assert asked == ([MEMORY] if sign_at < 0x5D else [0x60, MEMORY])
            unit.write(0x10, sign_at, [8])
            read = await device.read([POWER])
            assert (list(read), read[POWER].value) == ([POWER], -12300)


async def test_what_the_device_does_not_have_leaves_the_value_unknown() -> None:
    model = meter(f"""{HEAD}
[[circuits]]
numbers = "1"
[circuits.points]
P = {{ at = 0x0056, sign = "DOC_Sign" }}
Q = {{ at = 0x0057 }}
"DOC_Sign" = {{ at = 0x0070, type = "bit" }}
""")
    reactive, sign = PointKey("1", "Q"), PointKey("1", "DOC_Sign")
    async with Cabinet.of({8: "aim-r100"}, frozen=True) as cabinet, open_device(cabinet, 8, of=model) as device:
        device.want([POWER, reactive])
        for _ in range(3):
            await device.poll(Pace.NORMAL)
            assert device.readings[POWER].quality is Quality.INCOMPLETE
            assert device.readings[reactive].quality is Quality.GOOD
        assert device.readings[sign].quality is Quality.REFUSED
        # What was refused is not asked for again and again.
        cabinet.units[8].requests.clear()
        await device.poll(Pace.NORMAL)
        assert [(one.address, one.count) for one in cabinet.units[8].requests] == [(0x56, 2)]
