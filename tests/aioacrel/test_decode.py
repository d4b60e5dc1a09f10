"""Registers become readings; a secondary value is worth nothing without its transformer ratio."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from custom_components.acrel_safety.aioacrel.models import read_model
from custom_components.acrel_safety.aioacrel.readings import PointKey, Quality, Value
from custom_components.acrel_safety.aioacrel.registers import Ratio, Read
from custom_components.acrel_safety.aioacrel.registers.blocks import Block, blocks_of
from custom_components.acrel_safety.aioacrel.registers.decode import Decoder, decode_dump
from custom_components.acrel_safety.aioacrel.registers.dump import RegisterDump
from custom_components.acrel_safety.aioacrel.vocabulary import Pace
from simulator import Cabinet
from tests.aioacrel.rigs import RATIOS, model, open_device

METER = read_model(
    """
[model]
id = "meter"
name = "Meter"
title = { en = "Behind transformers" }
evidence = "manual"
source = "test"
[ratios]
pt = "ask"
ct = "CT"
[[circuits]]
numbers = "1"
points.Ia = { at = 0, scale = 0.01, range = [0, 5000], ratios = ["ct"] }
points.P = { at = 1, scale = 0.001, ratios = ["pt", "ct"] }
points.Ua = { at = 2, scale = 0.1, range = [0, 500] }
settings.CT = { at = 3, range = [0, 9999] }
""",
    file="meter.toml",
)
CURRENT, POWER, VOLTAGE, CT = (PointKey("1", code) for code in ("Ia", "P", "Ua", "CT"))
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


def block(*keys: PointKey) -> Block:
    """Return one read of some points, in this order."""
    places = {key: METER.registers.places[key] for key in keys}
    first = min(place.address for place in places.values())
    end = max(place.addresses.stop for place in places.values())
    [planned] = blocks_of([Read(3, first, end - first)], places)
    return planned


def values(decoder: Decoder, keys: Sequence[PointKey], *words: int) -> dict[PointKey, Value | Quality | None]:
    """Return what an answer means: each value, or why there is none."""
    readings = decoder.take(block(*keys), words, NOW)
    assert list(readings) == [*keys]
    return {
        key: reading.value if reading.quality is Quality.GOOD else reading.quality for key, reading in readings.items()
    }


def test_a_value_waits_for_the_ratio_the_device_tells() -> None:
    decoder = Decoder(METER)
    assert values(decoder, [CURRENT], 123) == {CURRENT: Quality.NO_RATIO}
    assert values(decoder, [CT], 40) == {CT: 40}
    assert values(decoder, [CURRENT], 123) == {CURRENT: 49.2}


def test_a_ratio_in_the_same_answer_is_known_to_all_in_it() -> None:
    decoder = Decoder(METER, {Ratio.PT: 100})
    read = values(decoder, [CT, CURRENT, POWER, VOLTAGE], 123, 5, 2301, 40)
    assert read == {CT: 40, CURRENT: 49.2, POWER: 20, VOLTAGE: 230.1}


def test_every_ratio_of_a_value_is_needed() -> None:
    decoder = Decoder(METER)
    assert values(decoder, [CT, POWER], 5, 0, 40) == {CT: 40, POWER: Quality.NO_RATIO}


@pytest.mark.parametrize("word", [0, 10_000], ids=["0 is no ratio", "out of its range"])
def test_a_ratio_that_cannot_be_takes_its_values_away(word: int) -> None:
    decoder = Decoder(METER)
    assert values(decoder, [CT, CURRENT], 123, 0, 0, 40)[CURRENT] == 49.2
    assert values(decoder, [CT, CURRENT], 123, 0, 0, word)[CURRENT] is Quality.NO_RATIO


@pytest.mark.parametrize("quality", [Quality.NO_ANSWER, Quality.REFUSED])
def test_a_ratio_that_was_lost_is_not_used_any_more(quality: Quality) -> None:
    decoder = Decoder(METER, origin="here")
    values(decoder, [CT], 40)
    lost = decoder.lost([CT], quality, NOW)
    assert [(reading.value, reading.quality, reading.origin) for reading in lost.values()] == [(None, quality, "here")]
    assert values(decoder, [CURRENT], 123) == {CURRENT: Quality.NO_RATIO}


def test_to_lose_a_value_leaves_the_ratio_known() -> None:
    decoder = Decoder(METER)
    values(decoder, [CT], 40)
    decoder.lost([CURRENT], Quality.NO_ANSWER, NOW)
    assert values(decoder, [CURRENT], 123) == {CURRENT: 49.2}


def test_the_users_ratio_goes_before_the_devices() -> None:
    decoder = Decoder(METER, {Ratio.CT: 2})
    assert values(decoder, [CT, CURRENT], 123, 0, 0, 40) == {CT: 40, CURRENT: 2.46}


def test_an_impossible_value_says_so() -> None:
    assert values(Decoder(METER), [VOLTAGE], 5001) == {VOLTAGE: Quality.IMPLAUSIBLE}


# -- dumps -----------------------------------------------------------------------------------------------------------


def dumped(**registers: int) -> RegisterDump:
    dump = RegisterDump(model="meter", unit_id=1, taken=NOW)
    for code, word in registers.items():
        dump.add(Read(3, METER.registers.places[PointKey("1", code)].address, 1), [word])
    return dump


def test_a_dump_means_what_its_registers_say_with_the_ratio_among_them() -> None:
    readings = decode_dump(METER, dumped(Ia=123, P=5, Ua=5001, CT=40), {Ratio.PT: 100})
    assert {key: reading.value for key, reading in readings.items()} == {
        CT: 40,
        CURRENT: 49.2,
        POWER: 20,
        VOLTAGE: None,
    }
    assert readings[VOLTAGE].quality is Quality.IMPLAUSIBLE
    assert {(reading.time, reading.origin) for reading in readings.values()} == {(NOW, "dump")}


def test_what_is_not_in_a_dump_has_no_reading_and_a_missing_ratio_gives_no_value() -> None:
    readings = decode_dump(METER, dumped(Ia=123, Ua=2301))
    assert set(readings) == {CURRENT, VOLTAGE}
    assert (readings[CURRENT].value, readings[CURRENT].quality) == (None, Quality.NO_RATIO)
    assert readings[VOLTAGE].value == 230.1


@pytest.mark.parametrize("unit_id", sorted(Cabinet.standard().units))
async def test_a_dump_of_a_device_reads_as_the_device_itself(unit_id: int) -> None:
    async with Cabinet.standard(frozen=True) as cabinet, open_device(cabinet, unit_id) as device:
        device.want_all()
        for group in (Pace.SLOW, Pace.NORMAL, Pace.FAST):
            await device.poll(group)
        dump = await device.dump()
        of = model(cabinet.units[unit_id].model)
    readings = decode_dump(of, RegisterDump.from_json(dump.as_json()), RATIOS)
    assert {key: (reading.value, reading.quality) for key, reading in readings.items()} == {
        key: (reading.value, reading.quality) for key, reading in device.readings.items()
    }


# -- digits ------------------------------------------------------------------------------------------------------------

DIGITS = read_model(
    """
[model]
id = "digits"
name = "Digits"
title = { en = "Floats" }
evidence = "manual"
source = "test"
[ratios]
ct = "ask"
[[circuits]]
numbers = "1"
points.Ua = { at = 0, type = "f32" }
points.P = { at = 2, type = "f32" }
points.EP = { at = 4, type = "f32" }
points.EPI = { at = 6, type = "f64" }
points.Ia = { at = 10, scale = 0.01, ratios = ["ct"] }
points.Ub = { at = 11, scale = 0.1 }
points.TempA = { at = 12, type = "s16", scale = -0.1 }
points."DOC_Pressure" = { at = 13, type = "f32" }
settings.LgHighVal02 = { at = 15, type = "f32" }
""",
    file="digits.toml",
)


@pytest.mark.parametrize(
    ("code", "raw", "spelled"),
    [
        ("Ua", 229.39665, "229.4"),
        ("Ua", 229.44665, "229.45"),
        ("Ua", -0.0, "0.0"),
        ("Ua", 0.0, "0.0"),
        ("P", -0.00001, "0.0"),
        ("P", 1.2345678, "1.2346"),
        ("EP", 18838.461, "18838.46"),
        ("EPI", 1234.567800000012, "1234.5678"),
        ("EPI", 123456789.123, "123456789.123"),
        ("Ia", 123, "1.517"),
        ("Ub", 2301, "230.1"),
        ("TempA", 0, "0.0"),
        ("DOC_Pressure", 1.2345678, "1.2345678"),
        ("LgHighVal02", 0.1234567, "0.1234567"),
    ],
)
def test_a_value_is_said_with_the_digits_it_has(code: str, raw: float, spelled: str) -> None:
    """One more than is worth showing, no minus before zero; a counter and a setting stay as they are."""
    key = PointKey("1", code)
    place = DIGITS.registers.places[key]
    reading = Decoder(DIGITS, {Ratio.CT: 1.2333}).take(
        Block(read=Read(3, place.address, place.count), cells=((key, place, 0),)), place.layout.encode(raw), NOW
    )[key]
    assert str(reading.value) == spelled
