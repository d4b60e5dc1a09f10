"""What is no value: the ends of a number format, what a broken sensor does not measure, what no quantity can be."""

import struct
from datetime import UTC, datetime

import pytest

from custom_components.acrel_safety.aioacrel.points import Model
from custom_components.acrel_safety.aioacrel.readings import PointKey, Quality, Reading
from custom_components.acrel_safety.aioacrel.registers import RegisterMap
from custom_components.acrel_safety.aioacrel.registers.blocks import Block
from custom_components.acrel_safety.aioacrel.registers.decode import Decoder, decoded
from custom_components.acrel_safety.aioacrel.registers.plan import Read
from custom_components.acrel_safety.aioacrel.vocabulary import Kind, vocabulary
from tests.aioacrel.rigs import LIBRARY, RATIOS, model

NOW = datetime(2026, 1, 1, tzinfo=UTC)
READABLE = sorted(of for of in LIBRARY.ids() if not LIBRARY.get(of).needs_table)
SENSOR_WORDS = ("break", "broken", "disconnect", "short", "open circuit", "sensor fault")


def read_of(of: Model, words: dict[int, int], registers: RegisterMap | None = None) -> dict[PointKey, Reading]:
    """Return what a model makes of some registers; all others are 0."""
    registers = registers or of.registers
    decoder = Decoder(of, RATIOS, registers=registers)
    readings: dict[PointKey, Reading] = {}
    for key in sorted(registers.places, key=lambda key: key not in registers.companions):
        place = registers.places[key]
        block = Block(read=Read(place.function, place.address, place.count), cells=((key, place, 0),))
        readings |= decoder.take(block, [words.get(register, 0) for register in place.addresses], NOW)
    return readings


def is_of_a_sensor(of: Model, key: PointKey) -> bool:
    point = of.points[key]
    names = " ".join([key.code, *point.quantity.names.values()]).lower()
    return point.quantity.kind is Kind.FAULT and any(word in names for word in SENSOR_WORDS)


@pytest.mark.parametrize("model_id", READABLE)
def test_no_number_at_the_end_of_its_type_is_a_value_of_any_model(model_id: str) -> None:
    of = model(model_id)
    for registers in of.maps:
        for key, place in registers.places.items():
            point, kind = of.points[key], place.layout.type
            if kind.is_float or kind.is_bit_field or point.is_binary or point.words is not None or place.is_question:
                continue
            for end in (kind.raw_range[1], *(kind.raw_range[:1] if kind.is_signed else ())):
                value = decoded(point, place, place.layout.encode(end, [0]))
                may_be = point.limits is not None and value is not None
                assert value is None or may_be, (key, end)


@pytest.mark.parametrize("garbage", [2.3e23, -2.3e23, float("nan"), float("inf")])
@pytest.mark.parametrize("model_id", READABLE)
def test_no_float_that_cannot_be_is_shown(model_id: str, garbage: float) -> None:
    of = model(model_id)
    for key, place in of.registers.places.items():
        if place.layout.type.value == "f32" and vocabulary().find(key.code) is not None:
            high, low = struct.unpack(">HH", struct.pack(">f", garbage))
            words = [high, low]
            if place.layout.order.value == "low word first":
                words.reverse()
            assert decoded(of.points[key], place, words) is None, key


@pytest.mark.parametrize("model_id", READABLE)
def test_every_fault_of_a_sensor_takes_something_away(model_id: str) -> None:
    of = model(model_id)
    for registers in of.maps:
        qualifying = {key for place in registers.places.values() for key in place.qualifiers.invalid_while}
        assert {key for key in registers.places if is_of_a_sensor(of, key)} <= qualifying


@pytest.mark.parametrize(
    ("model_id", "address", "word", "lost"),
    [
        ("aim-r100", 0x000B, 0x1000 | 2 << 6, [("1", "Lg"), ("1", "LgHigh")]),
        ("aim-r100", 0x000B, 0x1000 | 1 << 4, [("2", "Lg"), ("2", "LgHigh")]),
        ("aim-r100", 0x000C, 2 << 14, [("5", "Lg"), ("5", "LgHigh")]),
        ("asj10l", 0x001B, 0b100, [("1", "Lg"), ("1", "Lg1HIGH1"), ("1", "Lg1HIGH2")]),
        ("aim-m10", 0x000B, 1 << 4, [("1", "IsnRShow"), ("1", "DOC_Insulation fault")]),
        ("aim-m10", 0x000B, 1 << 5, [("1", "Temp"), ("1", "THigh")]),
    ],
)
def test_a_broken_sensor_shows_no_value_and_no_quiet(
    model_id: str, address: int, word: int, lost: list[tuple[str, str]]
) -> None:
    whole = {0x0008: 100, 0x000B: 0}
    keys = [PointKey(*key) for key in lost]
    well = read_of(model(model_id), whole | {address: 0})
    assert {well[key].quality for key in keys} == {Quality.GOOD}
    broken = read_of(model(model_id), whole | {address: word})
    assert {(broken[key].value, broken[key].quality) for key in keys} == {(None, Quality.INVALID)}


def test_an_alarm_that_is_on_all_the_same_stays_on() -> None:
    readings = read_of(model("asj10l"), {0x001B: 0b110})
    assert readings[PointKey("1", "Lg1HIGH2")].value is True
    assert readings[PointKey("1", "Lg1HIGH1")].quality is Quality.INVALID


def bits_of(registers: RegisterMap, of: Model) -> dict[int, list[PointKey]]:
    """Return the points that take bits of a word, by word."""
    words: dict[int, list[PointKey]] = {}
    for key, place in registers.places.items():
        if (place.layout.type.is_bit_field or place.is_question) and of.points[key].quantity.kind is not Kind.SETTING:
            words.setdefault(place.address, []).append(key)
    return words


FULL = {("ard2f", 0x0013)}
"""Sixteen inputs and outputs, all of them printed: they can all be on."""


@pytest.mark.parametrize("model_id", READABLE)
def test_a_word_of_bits_that_is_all_ones_raises_no_alarm_and_shows_no_quiet(model_id: str) -> None:
    of = model(model_id)
    for registers in of.maps:
        for address, keys in bits_of(registers, of).items():
            readings = read_of(of, {address: 0xFFFF}, registers)
            values = {readings[key].value for key in keys}
            assert values == ({True} if (model_id, address) in FULL else {None}), (hex(address), keys)
            qualities = {readings[key].quality for key in keys}
            assert qualities <= {Quality.IMPLAUSIBLE, Quality.INCOMPLETE, Quality.INVALID, Quality.GOOD}
            single = read_of(of, {address: 0x0001}, registers)
            assert any(single[key].value is not None for key in keys), "one bit is a value"
