"""Each column by its rule: what is read, repaired, warned about and rejected."""

import pytest

from custom_components.acrel_safety.aioacrel.registers import Layout, Order, RegisterType
from custom_components.acrel_safety.aioacrel.table import TableRow
from custom_components.acrel_safety.aioacrel.vocabulary import Kind, Pace
from tests.aioacrel.tables import decoded, findings, imported, key, row, values_of

SOUND = row(data_name="Uc", reg_add=40000)
"""A table needs one usable row."""


def only(text: str) -> TableRow:
    return next(usable for usable in imported(text, SOUND).rows if usable.line == 2)


def rejected(text: str) -> tuple[str, str]:
    """Return column and message of a row that is rejected for one reason."""
    table = imported(text, SOUND)
    (problem,) = table.problems
    assert (problem.line, table.rejected, len(table.rows)) == (2, 1, 1)
    return problem.column, problem.sentence()


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("0", 0),
        ("256", 256),
        ("0256", 256),
        ("0x0100", 256),
        ("0X1fF", 511),
        ("0100H", 256),
        ("FFFFh", 65535),
        ("65535", 65535),
        (" 12 ", 12),
    ],
)
def test_addresses_are_decimal_or_hexadecimal(text: str, address: int) -> None:
    assert only(row(reg_add=text)).address == address


@pytest.mark.parametrize(
    "text", ["", "65536", "0x10000", "10000H", "-1", "1.5", "FF", "H", "0x", "4 0", "\uff11\uff12", "9" * 99]
)
def test_other_addresses_are_rejected(text: str) -> None:
    column, sentence = rejected(row(reg_add=text))

    assert column == "reg_add"
    assert sentence.endswith("is not a register address; allowed: 0-65535, 0x0000-0xFFFF, 0000H-FFFFH")


def test_a_value_must_end_within_the_address_space() -> None:
    assert only(row(reg_add=65534, reg_type=8, endian=0)).last == 65535
    assert rejected(row(reg_add=65535, reg_type=8, endian=0)) == (
        "reg_add",
        "65535 (u32) would end past register 65535 (FFFFh); check address, type and stride",
    )


@pytest.mark.parametrize("code", ["", "0", "13", "6.0", "x", "-1"])
def test_types_outside_the_list_are_rejected(code: str) -> None:
    assert rejected(row(reg_type=code)) == ("reg_type", f"'{code}' is not a data type; allowed: 1-12")


def test_type_codes() -> None:
    rows = imported(*(row(data_name=f"DOC_{code}", reg_add=code * 8, reg_type=code, endian=0) for code in range(1, 13)))

    assert [usable.type for usable in rows.rows] == [kind for kind in RegisterType if kind is not RegisterType.F64]
    assert [usable.type for usable in rows.rows][:3] == [RegisterType.BIT, RegisterType.BIT2, RegisterType.BIT4]


@pytest.mark.parametrize(
    ("kind", "codes"),
    [
        (1, range(16)),
        (2, range(8)),
        (3, range(4)),
        (4, range(2)),
        (5, range(2)),
        (6, range(2)),
        (7, range(2)),
        (8, range(4)),
        (9, range(4)),
        (10, range(2)),
        (11, range(2)),
        (12, range(4)),
    ],
)
def test_order_codes_allowed_for_each_type(kind: int, codes: range) -> None:
    for code in codes:
        assert only(row(reg_type=kind, endian=code)).endian == code
    for wrong in ("", "x", len(codes), -1):
        column, sentence = rejected(row(reg_type=kind, endian=wrong))
        assert column == "endian"
        assert sentence.endswith(f"allowed: 0-{len(codes) - 1}")


WORDS_32 = [0x1122, 0x3344]
WORDS_64 = [0x0102, 0x0304, 0x0506, 0x0708]


@pytest.mark.parametrize(
    ("kind", "code", "words", "raw"),
    [
        (8, 0, WORDS_32, 0x11223344),
        (8, 1, WORDS_32, 0x44332211),
        (8, 2, WORDS_32, 0x33441122),
        (8, 3, WORDS_32, 0x22114433),
        (6, 1, [0x1234], 0x1234),
        (6, 0, [0x1234], 0x3412),
        (10, 1, WORDS_64, 0x0102030405060708),
        (10, 0, WORDS_64, 0x0807060504030201),
        (4, 0, [0x1234], 0x12),
        (4, 1, [0x1234], 0x34),
        (5, 0, [0xFF34], -1),
        (1, 0, [0x0001], 1),
        (1, 15, [0x8000], 1),
        (1, 14, [0x8000], 0),
        (2, 0, [0xFFF2], 2),
        (2, 7, [0x4000], 1),
        (3, 1, [0x12A4], 10),
        (3, 3, [0x9000], 9),
        (12, 0, [0x3FC0, 0x0000], 1.5),
    ],
)
def test_orders_take_the_documented_bytes(kind: int, code: int, words: list[int], raw: float) -> None:
    assert only(row(reg_type=kind, endian=code)).layout.decode(words) == raw


@pytest.mark.parametrize(
    ("kind", "code", "warning"),
    [
        (8, 1, "order_by_default"),
        (9, 1, "order_by_default"),
        (12, 1, "order_by_default"),
        (6, 0, "order_swapped"),
        (7, 0, "order_swapped"),
        (10, 0, "order_swapped"),
        (11, 0, "order_swapped"),
        (8, 0, None),
        (8, 2, None),
        (8, 3, None),
        (6, 1, None),
        (10, 1, None),
        (4, 0, None),
        (1, 0, None),
        (1, 1, None),
    ],
)
def test_orders_that_no_manual_uses_are_questioned(kind: int, code: int, warning: str | None) -> None:
    table = imported(row(reg_type=kind, endian=code))

    assert [problem.key for problem in table.problems] == ([warning] if warning else [])
    assert [choice.chosen for choice in table.choices] == ([f"endian {code}"] if warning else [])
    for choice in table.choices:
        assert set(choice.alternatives) == {"endian 0", "endian 1"}


def test_a_third_order_can_be_chosen_too() -> None:
    table = imported(row(reg_type=8, endian=1)).with_choices(orders={key("Ua@1"): Order.LOW_WORD_FIRST})

    (choice,) = table.choices
    assert choice.chosen == "endian 2"
    assert [*values_of(choice, [1, 2])] == ["endian 0", "endian 1", "endian 2"]
    assert table.model.registers.places[key("Ua@1")].layout == Layout(type=RegisterType.U32, order=Order.LOW_WORD_FIRST)


@pytest.mark.parametrize("text", ["3", "4"])
def test_both_read_functions_are_understood(text: str) -> None:
    assert only(row(fun_num=text)).function == int(text)


@pytest.mark.parametrize("text", ["", "1", "6", "16", "x"])
def test_other_functions_are_rejected(text: str) -> None:
    assert rejected(row(fun_num=text)) == ("fun_num", f"read function '{text}'; allowed: 3, 4")


def test_every_fault_of_a_row_is_told() -> None:
    table = imported(row(reg_add="?", reg_type=13, endian=9, fun_num=5, dcm="?", calc="x"), SOUND)

    assert findings(table.problems) == [
        (2, "reg_type", "bad_reg_type"),
        (2, "reg_add", "bad_address"),
        (2, "fun_num", "bad_function"),
    ]
    assert table.rejected == 1


@pytest.mark.parametrize("text", ["", "x", "-1", "1.0", "10", "99999999999"])
def test_decimals_that_make_no_sense_count_as_none(text: str) -> None:
    table = imported(row(dcm=text))

    assert findings(table.problems) == [(2, "dcm", "bad_decimals")]
    assert table.rows[0].dcm == 0


def test_bit_fields_have_no_decimals() -> None:
    table = imported(
        row(data_name="DOC_a", reg_type=2, endian=0, dcm=1), row(data_name="DOC_b", reg_type=2, endian=1, dcm="")
    )

    assert findings(table.problems) == [(2, "dcm", "bit_decimals")]
    assert decoded(table.model, 256, [0b1110]) == {"DOC_a@1": 2, "DOC_b@1": 3}


def test_floats_are_scaled_too() -> None:
    table = imported(row(reg_type=12, endian=0, dcm=1))

    assert decoded(table.model, 256, [0x43FA, 0x0000]) == {"Ua@1": 50.0}


def test_a_formula_in_a_name_is_a_name() -> None:
    table = imported(row(data_name="=cmd|' /C calc'!A0"), row(data_name="@SUM(1)", reg_add=257))

    assert set(table.model.points) == {key("DOC_=cmd|' /C calc'!A0@1"), key("DOC_@SUM(1)@1")}


@pytest.mark.parametrize("text", ["=1+1", "+V", "@x", "x" * 25])
def test_what_is_no_unit_is_dropped(text: str) -> None:
    table = imported(row(unit=text))

    assert findings(table.problems) == [(2, "unit", "bad_unit")]
    assert table.model.points[key("Ua@1")].quantity.unit == "V"


def test_calc_is_not_applied_and_id_and_style_do_not_matter() -> None:
    table = imported(row(id="x", style="y"), row(data_name="Ub", reg_add=257, calc="a*2"))

    assert findings(table.problems) == [(3, "calc", "calc_not_empty")]


def test_rows_that_are_equal_but_for_their_number_are_one() -> None:
    table = imported(row(id=1), row(id=2), row(id=3, style=""))

    assert (len(table.rows), table.problems, table.rejected) == (1, (), 0)


def test_a_code_twice_in_one_circuit_is_an_error_of_the_later_row() -> None:
    table = imported(row(), row(group=2, reg_add=257), row(reg_add=300), row(data_name="ua", reg_add=301))

    assert findings(table.problems) == [(4, "data_name", "duplicate_code"), (5, "data_name", "duplicate_code")]
    assert table.errors[0].sentence() == "Ua@1 appears again in this circuit (first in line 2); the first one is kept"
    assert table.model.registers.places[key("Ua@1")].address == 256
    assert table.rejected == 2


@pytest.mark.parametrize("cells", [11, 5, 1])
def test_rows_with_too_few_columns_are_rejected(cells: int) -> None:
    text = ",".join(row(unit="V").split(",")[:cells])

    assert rejected(text) == ("", f"the row has {cells} columns; allowed: 12")


def test_a_row_that_lacks_only_its_unit_is_repaired() -> None:
    table = imported("1,2,Ua,256,6,1,1,1,3,,0")

    assert findings(table.problems) == [(2, "unit", "repaired_unit")]
    assert decoded(table.model, 256, [2300]) == {"Ua@2": 230.0}


@pytest.mark.parametrize(
    "text",
    [
        "1,0,Ua,256,6,1,1,1,3,,0",
        "1,x,Ua,256,6,1,1,1,3,,0",
        "1,1,Ua,xyz,6,1,1,1,3,,0",
        "1,1,Ua,256,13,1,1,1,3,,0",
        "1,1,Ua,256,6,x,1,1,3,,0",
        "1,1,Ua,256,6,1,x,1,3,,0",
        "1,1,Ua,256,6,1,1,x,3,,0",
        "1,1,Ua,256,6,1,1,1,4,,0",
    ],
)
def test_an_eleven_column_row_with_another_fault_is_not_repaired(text: str) -> None:
    assert rejected(text) == ("", "the row has 11 columns; allowed: 12")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (row(reg_type=8, endian=0), row(data_name="Ub", reg_add=257)),
        (row(reg_add=257), row(data_name="Ub", reg_type=8, endian=0)),
        (row(), row(data_name="Ub")),
        (row(), row(data_name="DOC_b", reg_type=1)),
        (row(data_name="DOC_b", reg_type=1), row()),
        (row(reg_type=10), row(data_name="DOC_b", reg_add=259, reg_type=4)),
        (row(reg_type=8, endian=0), row(data_name="Ub", reg_add=257, group=2)),
    ],
)
def test_values_that_share_registers_are_warned_about(first: str, second: str) -> None:
    table = imported(first, second)

    assert findings(table.problems) == [(3, "reg_add", "overlap")]
    assert "shares registers with line 2" in table.problems[0].sentence()
    assert len(table.rows) == 2


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (row(reg_type=4), row(data_name="Ub", reg_type=4, endian=0)),
        (row(reg_type=5), row(data_name="DOC_b", reg_type=1)),
        (row(data_name="DOC_a", reg_type=2), row(data_name="DOC_b", reg_type=3)),
        (row(), row(data_name="Ub", reg_add=257)),
        (row(), row(data_name="Ub", fun_num=4)),
        (row(reg_type=8, endian=0), row(data_name="Ub", reg_add=258)),
    ],
)
def test_fields_of_one_register_and_neighbours_are_no_overlap(first: str, second: str) -> None:
    assert imported(first, second).problems == ()


def test_each_value_under_a_long_one_is_named() -> None:
    bits = [row(data_name=f"DOC_{bit}", reg_add=256 + bit % 2, reg_type=1, endian=bit) for bit in range(4)]

    table = imported(*bits, row(reg_type=8, endian=0))

    assert [(problem.line, problem.details["first"]) for problem in table.problems] == [(6, "4"), (6, "3"), (6, "5")]


def test_an_unknown_bit_is_a_state_and_an_unknown_number_a_measurement() -> None:
    model = imported(row(data_name="DOC_b", reg_type=1), row(data_name="DOC_n", reg_add=257, unit="bar")).model

    bit, number = model.points[key("DOC_b@1")], model.points[key("DOC_n@1")]
    assert (bit.quantity.kind, bit.is_binary, bit.pace) == (Kind.STATE, True, Pace.FAST)
    assert (number.quantity.kind, number.quantity.unit, number.is_binary) == (Kind.MEASUREMENT, "bar", False)
