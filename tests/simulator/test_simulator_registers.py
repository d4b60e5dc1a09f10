"""The memory of a unit: formats, rights, ranges."""

import pytest

from simulator.registers import Access, Kind, RefusedError, Registers, between, decode, encode, halves


@pytest.mark.parametrize(
    ("kind", "raw", "words"),
    [
        (Kind.U16, 2205, (0x089D,)),
        (Kind.S16, -50, (0xFFCE,)),
        (Kind.U32, 123456, (0x0001, 0xE240)),
        (Kind.S32, -1, (0xFFFF, 0xFFFF)),
        (Kind.S32, -70000, (0xFFFE, 0xEE90)),
        (Kind.F32, 230.0, (0x4366, 0x0000)),
        (Kind.F32, -1.5, (0xBFC0, 0x0000)),
    ],
)
def test_numbers_go_high_word_first_and_come_back(kind: Kind, raw: float, words: tuple[int, ...]) -> None:
    assert encode(kind, raw) == words
    assert decode(kind, words) == raw


@pytest.mark.parametrize(
    ("kind", "raw", "seen"),
    [
        (Kind.U16, 70000, 65535),
        (Kind.U16, -1, 0),
        (Kind.S16, 40000, 32767),
        (Kind.S16, -40000, -32768),
        (Kind.U32, 5e9, 4294967295),
        (Kind.S32, -3e9, -2147483648),
    ],
)
def test_a_sensor_saturates_instead_of_wrapping(kind: Kind, raw: float, seen: int) -> None:
    assert decode(kind, encode(kind, raw)) == seen


@pytest.fixture
def memory() -> Registers:
    registers = Registers()
    registers.define(0x10, 2, value=7)
    registers.define(0x12, 1, Access.READ_WRITE, value=1, check=between(1, 247))
    registers.define(0x13, 1, Access.READ_WRITE, check=halves((1, 12), (0, 3)))
    registers.define(0x20, 2, Access.WRITE)
    return registers


def code_of(error: pytest.ExceptionInfo[RefusedError]) -> int:
    return error.value.code


@pytest.mark.parametrize(("address", "count"), [(0x0F, 2), (0x13, 2), (0x30, 1), (0x20, 2)])
def test_one_unknown_or_write_only_register_refuses_the_whole_read(memory: Registers, address: int, count: int) -> None:
    with pytest.raises(RefusedError) as error:
        memory.read(address, count)
    assert code_of(error) == 2


@pytest.mark.parametrize("count", [0, 126])
def test_a_read_has_1_to_125_registers(memory: Registers, count: int) -> None:
    with pytest.raises(RefusedError) as error:
        memory.read(0x10, count)
    assert code_of(error) == 3


@pytest.mark.parametrize(
    ("address", "values", "code"),
    [
        (0x10, [1], 2),
        (0x11, [1, 1], 2),
        (0x14, [1], 2),
        (0x12, [0], 3),
        (0x12, [248], 3),
        (0x13, [0x0D00], 3),
        (0x13, [0x0104], 3),
        (0x12, [5, 0], 3),
        (0x12, [], 3),
    ],
)
def test_a_refused_write_changes_nothing(memory: Registers, address: int, values: list[int], code: int) -> None:
    before = dict(memory)
    with pytest.raises(RefusedError) as error:
        memory.write(address, values)
    assert code_of(error) == code
    assert dict(memory) == before


def test_a_write_within_the_ranges_is_kept(memory: Registers) -> None:
    memory.write(0x12, [247, 0x0C03])
    assert memory.read(0x10, 4) == [7, 7, 247, 0x0C03]


def test_a_bit_field_leaves_its_neighbours_alone(memory: Registers) -> None:
    memory.put(Kind.U16, 0x10, 0xFFFF)
    memory.put_bits(0x10, 4, 2, 0b01)
    assert memory[0x10] == 0b1111_1111_1101_1111
    assert memory.get_bits(0x10, 4, 2) == 0b01


def test_nothing_can_be_stored_where_nothing_is_defined(memory: Registers) -> None:
    with pytest.raises(KeyError, match="0099 is not defined"):
        memory.put(Kind.U16, 0x99, 1)
