"""Registers become numbers and numbers registers, for every type and byte order of the gateway's table."""

import math
import struct
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.registers import (
    WORD,
    WORD_BITS,
    Layout,
    Order,
    RegisterType,
    scaled,
    unscaled,
)

WHOLE_TYPES = [kind for kind in RegisterType if not (kind.is_bit_field or kind.is_byte)]
PART_TYPES = [kind for kind in RegisterType if kind.is_bit_field or kind.is_byte]
WORDS = st.integers(0, WORD)


def whole_layouts() -> st.SearchStrategy[Layout]:
    return st.one_of(
        [st.builds(Layout, type=st.just(kind), order=st.sampled_from(Order.allowed(kind))) for kind in WHOLE_TYPES]
    )


def part_layouts() -> st.SearchStrategy[Layout]:
    return st.one_of(
        [
            st.builds(
                Layout,
                type=st.just(kind),
                bit=st.sampled_from((0, 8)) if kind.is_byte else st.integers(0, WORD_BITS - kind.bits),
            )
            for kind in PART_TYPES
        ]
    )


@given(whole_layouts(), st.data())
def test_what_is_encoded_decodes_to_the_same_number(layout: Layout, data: st.DataObject) -> None:
    raw = (
        data.draw(
            st.floats(
                width=32 if layout.type is RegisterType.F32 else 64,
                allow_nan=False,
                allow_infinity=False,
            )
        )
        if layout.type.is_float
        else data.draw(st.integers(*layout.type.raw_range))
    )
    decoded = layout.decode(layout.encode(raw))
    assert decoded is not None
    if layout.type.is_float:
        spelling = ">f" if layout.type is RegisterType.F32 else ">d"
        assert struct.pack(spelling, decoded) == struct.pack(spelling, raw)
    else:
        assert decoded == raw


@given(whole_layouts(), st.data())
def test_what_is_decoded_encodes_to_the_same_registers(layout: Layout, data: st.DataObject) -> None:
    words = data.draw(st.lists(WORDS, min_size=layout.type.registers, max_size=layout.type.registers))
    raw = layout.decode(words)
    if raw is None:
        assert layout.type.is_float
    else:
        assert layout.encode(raw) == words


@given(part_layouts(), WORDS, st.data())
def test_a_part_of_a_register_is_changed_without_touching_the_rest(
    layout: Layout, current: int, data: st.DataObject
) -> None:
    raw = data.draw(st.integers(*layout.type.raw_range))
    [word] = layout.encode(raw, [current])
    mask = ((1 << layout.type.bits) - 1) << layout.bit
    assert layout.decode([word]) == raw
    assert word & ~mask == current & ~mask


@pytest.mark.parametrize(
    ("kind", "order", "number"),
    [
        (RegisterType.U32, Order.NORMAL, 0x11223344),
        (RegisterType.U32, Order.REVERSED, 0x44332211),
        (RegisterType.U32, Order.LOW_WORD_FIRST, 0x33441122),
        (RegisterType.U32, Order.BYTES_SWAPPED, 0x22114433),
        (RegisterType.S32, Order.REVERSED, 0x44332211),
    ],
)
def test_the_four_orders_of_two_registers(kind: RegisterType, order: Order, number: int) -> None:
    assert Layout(type=kind, order=order).decode([0x1122, 0x3344]) == number


@pytest.mark.parametrize(
    ("order", "number"),
    [
        (Order.NORMAL, 0x1122334455667788),
        (Order.REVERSED, -0x7788_99AA_BBCC_DDEF),  # 8877665544332211
        (Order.LOW_WORD_FIRST, 0x7788556633441122),
        (Order.BYTES_SWAPPED, 0x2211443366558877),
    ],
)
def test_the_four_orders_of_four_registers(order: Order, number: int) -> None:
    assert Layout(type=RegisterType.S64, order=order).decode([0x1122, 0x3344, 0x5566, 0x7788]) == number


@pytest.mark.parametrize(("order", "number"), [(Order.NORMAL, 0x1234), (Order.BYTES_SWAPPED, 0x3412)])
def test_the_two_orders_of_one_register(order: Order, number: int) -> None:
    assert Layout(type=RegisterType.U16, order=order).decode([0x1234]) == number


def test_parts_of_one_register() -> None:
    word = [0b1010_0000_1100_0010]
    assert Layout(type=RegisterType.BIT, bit=1).decode(word) == 1
    assert Layout(type=RegisterType.BIT, bit=2).decode(word) == 0
    assert Layout(type=RegisterType.BIT2, bit=6).decode(word) == 0b11
    assert Layout(type=RegisterType.BIT4, bit=12).decode(word) == 0b1010
    assert Layout(type=RegisterType.U8, bit=8).decode(word) == 0b1010_0000
    assert Layout(type=RegisterType.S8, bit=8).decode(word) == -96
    assert Layout(type=RegisterType.S8, bit=0).decode(word) == -62


def test_negative_numbers() -> None:
    assert Layout(type=RegisterType.S16).decode([0xFFCE]) == -50
    assert Layout(type=RegisterType.S32).decode([0xFFFF, 0xFFFE]) == -2
    assert Layout(type=RegisterType.U32).decode([0xFFFF, 0xFFFE]) == 4294967294


def test_a_float_reads_as_the_device_meant_it() -> None:
    [high, low] = Layout(type=RegisterType.F32).encode(230.1)
    assert Layout(type=RegisterType.F32).decode([high, low]) == 230.1


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_float_keeps_its_32_bits(value: float) -> None:
    layout = Layout(type=RegisterType.F32)
    words = layout.encode(value)
    decoded = layout.decode(words)
    assert decoded is not None
    assert layout.encode(decoded) == words


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (Order.NORMAL, [0x4093, 0x4A45, 0x6D5C, 0xFAAD]),
        (Order.LOW_WORD_FIRST, [0xFAAD, 0x6D5C, 0x4A45, 0x4093]),
        (Order.BYTES_SWAPPED, [0x9340, 0x454A, 0x5C6D, 0xADFA]),
        (Order.REVERSED, [0xADFA, 0x5C6D, 0x454A, 0x9340]),
    ],
)
def test_a_64_bit_float_in_every_order(order: Order, words: list[int]) -> None:
    assert Layout(type=RegisterType.F64, order=order).decode(words) == 1234.5678


@pytest.mark.parametrize("words", [[0x7FF8, 0, 0, 0], [0x7FF0, 0, 0, 0], [0xFFF0, 0, 0, 0]])
def test_a_64_bit_float_that_is_no_number_has_no_value(words: list[int]) -> None:
    assert Layout(type=RegisterType.F64).decode(words) is None


@pytest.mark.parametrize("words", [[0x7FC0, 0], [0x7F80, 0], [0xFF80, 0], [0x7F80, 1]])
def test_a_float_that_is_no_number_has_no_value(words: list[int]) -> None:
    assert Layout(type=RegisterType.F32).decode(words) is None


@pytest.mark.parametrize("raw", [1e39, -1e39, math.inf, math.nan])
def test_a_float_that_does_not_fit_is_not_encoded(raw: float) -> None:
    with pytest.raises(ValueError, match=r"is (larger|no number)"):
        Layout(type=RegisterType.F32).encode(raw)


def test_the_largest_float_fits() -> None:
    assert Layout(type=RegisterType.F32).encode(3.4028234663852886e38) == [0x7F7F, 0xFFFF]


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        (RegisterType.U16, -1),
        (RegisterType.U16, 65536),
        (RegisterType.U16, 1.5),
        (RegisterType.S16, 32768),
        (RegisterType.S16, -32769),
        (RegisterType.BIT, 2),
        (RegisterType.U16, math.inf),
        (RegisterType.U16, math.nan),
    ],
)
def test_a_number_that_does_not_fit_is_not_encoded(kind: RegisterType, raw: float) -> None:
    with pytest.raises(ValueError, match=r"is (not a whole|no) number"):
        Layout(type=kind).encode(raw, [0])


def test_a_bit_cannot_be_written_blindly() -> None:
    with pytest.raises(ValueError, match="present register"):
        Layout(type=RegisterType.BIT, bit=3).encode(1)


@pytest.mark.parametrize("words", [[], [1], [1, 2, 3]])
def test_half_a_value_is_never_decoded(words: list[int]) -> None:
    with pytest.raises(ValueError, match=r"needs 2 register\(s\)"):
        Layout(type=RegisterType.U32).decode(words)


@pytest.mark.parametrize("kind", list(RegisterType))
def test_allowed_orders_differ_from_each_other(kind: RegisterType) -> None:
    words = [0x1122, 0x3344, 0x5566, 0x7788][: kind.registers]
    numbers = {Layout(type=kind, order=order).decode(words) for order in Order.allowed(kind)}
    assert len(numbers) == len(Order.allowed(kind))


@given(st.integers(-(2**31), 2**31), st.sampled_from([0, 1, 2, 3]))
def test_scaling_gives_the_number_a_person_would_write(raw: int, decimals: int) -> None:
    scale = Fraction(1, 10**decimals)
    value = scaled(raw, scale)
    assert value == float(f"{raw}e-{decimals}")
    assert unscaled(value, scale) == raw


def test_scaling_of_floats_and_odd_factors() -> None:
    assert scaled(2.5, Fraction(1)) == 2.5
    assert scaled(2.5, Fraction(1, 10)) == 0.25
    assert scaled(3, Fraction(20)) == 60
    assert scaled(7, Fraction(3, 4)) == 5.25
    assert unscaled(0.3, Fraction(1, 1000)) == 300
