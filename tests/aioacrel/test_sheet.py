"""Names, ratings and limits of circuits, pasted from a spreadsheet: read as they were meant, or said what is wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.problems import flat
from custom_components.acrel_safety.aioacrel.sheet import (
    LARGEST_CURRENT,
    LARGEST_SHEET,
    LIMITS,
    Column,
    Sheet,
    SheetRow,
    read_sheet,
    write_sheet,
)

ALL = frozenset(LIMITS)
PLACES = {
    "3": {"1": ALL},
    "8": {str(number): frozenset({Column.RESIDUAL_CURRENT}) for number in range(1, 13)},
}
HEADER = "Unit\tCircuit\tName\tRated current\tResidual current limit"


def findings(sheet: Sheet, language: str = "en") -> list[str]:
    assert not sheet.rows or not sheet.problems
    return [problem.text(language) for problem in sheet.problems]


def test_what_a_spreadsheet_pastes() -> None:
    sheet = read_sheet(f"{HEADER}\r\n3\t1\tMain\t63\t300\r\n8\t12\tKitchen\t\t30\r\n", PLACES)
    assert findings(sheet) == []
    assert sheet.rows == (
        SheetRow(line=2, unit="3", circuit="1", name="Main", rated_current=63, limits={Column.RESIDUAL_CURRENT: 300}),
        SheetRow(line=3, unit="8", circuit="12", name="Kitchen", limits={Column.RESIDUAL_CURRENT: 30}),
    )


@pytest.mark.parametrize(
    "text",
    [
        "unit,circuit,name,rated current (A)\n3,1,Main,63.5",
        'unit,circuit,name,rated current (A)\n3,1,Main,"63,5"',
        "unit;circuit;name;rating\n3;1;Main;63,5",
        "\ufeff从站地址\t回路\t名称\t额定电流\n3\t1\tMain\t63.5",
        "从站，回路号，名称，额定电流（A）\n\uff13，\uff11，Main，\uff16\uff13\uff0e\uff15",
        "UNIT_ID | Circuit | Name | Rated Current [A]\n3 | 1 | Main | 63.5 A",
        "\n\nunit\tcircuit\tname\trated\r3.0\t01\tMain\t63,5",
        'unit\tdevice\tcircuit\tname\tIn\n3\t"any ""thing""\n"\t1\t Main \t63.5\n\n\t\t\t\n',
        "circuit\tunit\trated current\tname\n1\t3\t63.5A\tMain\t\t\t",
    ],
)
def test_the_same_table_however_it_is_written(text: str) -> None:
    sheet = read_sheet(text, PLACES)
    assert findings(sheet) == []
    assert [(row.unit, row.circuit, row.name, row.rated_current) for row in sheet.rows] == [("3", "1", "Main", 63.5)]


def test_of_one_device_with_one_circuit_neither_has_to_be_named() -> None:
    (row,) = read_sheet("circuit\tname\n\tMain\n", {"3": PLACES["3"]}).rows
    assert (row.unit, row.circuit, row.name) == ("3", "1", "Main")


def test_an_empty_table_says_nothing() -> None:
    assert read_sheet(" \r\n\t\n", PLACES) == Sheet()


def cell(text: str, column: str = "Rated current") -> list[str]:
    return findings(read_sheet(f"unit\tcircuit\t{column}\n3\t1\t{text}", PLACES))


@pytest.mark.parametrize("text", ["many", "-5", "1e3", "63.5.1", "1.000,5", "=A1*2", "NaN", "∞", "0x10"])
def test_what_is_no_number_is_said_with_its_row_and_column(text: str) -> None:
    (finding,) = cell(text)
    assert finding.startswith(f"2: rated_current: '{flat(text)}' is no number; allowed: 0 < … ≤ 10000 A")


@pytest.mark.parametrize(("text", "said"), [("1,000", "1 or 1000"), ("63.500", "63.5 or 63500")])
def test_a_comma_that_may_part_thousands_is_not_guessed(text: str, said: str) -> None:
    assert cell(text) == [f"2: rated_current: '{text}' may be two numbers; write {said}"]


def test_a_value_in_another_unit_is_not_converted() -> None:
    assert cell("0.3 A", "Residual current limit") == [
        "2: residual_current: '0.3 A' is in another unit; write the value in mA"
    ]
    assert cell("300 mA", "Residual current limit") == cell("70℃", "温度限值") == cell("-") == []


@pytest.mark.parametrize("text", ["0", "10001"])
def test_a_value_that_cannot_be_is_out_of_range(text: str) -> None:
    assert cell(text) == [f"2: rated_current: {text} is out of range; allowed: 0 < … ≤ 10000 A"]


def test_every_bad_cell_is_said_and_none_of_the_table_is_used() -> None:
    text = "\n".join(
        (
            "unit\tcircuit\tname\trated\tleakage\ttemperature",
            "3\t1\tMain\tx\ty\t",
            "4\t1\t\t\t\t",
            "8\t13\t\t\t\t",
            f"8\t1\t{'n' * 101}\t\t\t",
            "8\t2\t\t\t\t70",
            "8\t3\tA\t\t\t",
            "8\t3\tB\t\t\t",
            "8\t4\tC\t\t\t\tmore",
            "8\t5\tGood\t16\t30\t",
        )
    )
    assert [finding.partition(";")[0] for finding in findings(read_sheet(text, PLACES))] == [
        "2: rated_current: 'x' is no number",
        "2: residual_current: 'y' is no number",
        "3: unit: '4' is the unit id of none of these devices",
        "4: circuit: unit 8 has no circuit '13'",
        "5: name: the name has 101 characters",
        "6: temperature: circuit 2 has no such value to be compared with the limit",
        "8: unit and circuit 8 / 3 stand here again (first in row 7)",
        "9: the row has 7 cells, the header 6",
    ]


def test_a_comma_in_an_unquoted_number_is_no_new_column() -> None:
    (finding,) = findings(read_sheet("unit,circuit,rated current\n3,1,63,5", PLACES))
    assert finding == "2: the row has 4 cells, the header 3; put a value with a comma into quotes"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("3\t1\tMain", "1: this is no header: '3 1 Main'. The first row names the columns"),
        ("unit\tname\n3\tMain", "1: this is no header: 'unit name'"),
        ("circuit\tcolour\n1\tred", "1: no column is called 'colour'"),
        ("circuit\t回路号\n1\t1", "1: there are two columns '回路号'"),
        ('circuit\tname\n1\t"Main', "2: the quoting of the row is broken"),
    ],
)
def test_what_is_no_such_table_is_said(text: str, said: str) -> None:
    found = findings(read_sheet(text, {"3": PLACES["3"]}))
    assert any(finding.startswith(said) for finding in found), found


def test_a_table_that_is_too_large_is_not_read() -> None:
    for text in ("circuit\n" + "x" * LARGEST_SHEET, "circuit\n" + "1\n" * 2001):
        assert findings(read_sheet(text, PLACES))[-1].startswith(" the table is too large: ")


def test_findings_in_chinese() -> None:
    (finding,) = findings(read_sheet("从站\t回路\t额定电流\n3\t1\t多\n", PLACES), "zh")
    assert finding == "2: rated_current: “多”不是数字；允许：0 < … ≤ 10000 A"


NUMBERS = st.floats(min_value=0.001, max_value=200, allow_nan=False).map(lambda number: round(number, 4)) | st.integers(
    1, 200
).map(float)
NAMES = st.text(max_size=40).map(flat)


@given(
    rows=st.dictionaries(
        st.integers(1, 12),
        st.tuples(NAMES, st.none() | NUMBERS, st.none() | NUMBERS),
        min_size=1,
    ),
    device=st.text(max_size=20),
    language=st.sampled_from(["en", "zh"]),
)
def test_what_is_written_reads_back_as_the_same(
    rows: dict[int, tuple[str, float | None, float | None]], device: str, language: str
) -> None:
    wanted = [
        SheetRow(
            line=0,
            unit="8",
            circuit=str(circuit),
            name=name,
            rated_current=rated,
            limits={} if limit is None else {Column.RESIDUAL_CURRENT: limit},
        )
        for circuit, (name, rated, limit) in rows.items()
    ]
    sheet = read_sheet(write_sheet(((row, device) for row in wanted), language), PLACES)
    assert findings(sheet) == []
    assert [(row.unit, row.circuit, row.name, row.rated_current, row.limits) for row in sheet.rows] == [
        (row.unit, row.circuit, row.name, row.rated_current, row.limits) for row in wanted
    ]


CELLS = st.text(max_size=12) | st.sampled_from(["3", "8", "1", "12", "63", "63,5", "1,000", '"', "mA", "300 mA"])
HEADINGS = st.sampled_from([*(str(column.label) for column in Column), "回路", "额定电流", "x", ""])


@given(
    header=st.lists(HEADINGS, max_size=8),
    rows=st.lists(st.lists(CELLS, max_size=9), max_size=8),
    separator=st.sampled_from("\t,;|，"),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_any_text_gives_sound_rows_or_findings_never_both(
    header: list[str], rows: list[list[str]], separator: str, end: str
) -> None:
    text = end.join(separator.join(row) for row in [header, *rows])
    sheet = read_sheet(text, PLACES)
    for finding in findings(sheet) + findings(sheet, "zh"):
        assert finding
        assert "\n" not in finding
    places = [(row.unit, row.circuit) for row in sheet.rows]
    assert len(set(places)) == len(places)
    for row in sheet.rows:
        assert row.limits.keys() <= set(PLACES[row.unit][row.circuit])
        assert row.rated_current is None or 0 < row.rated_current <= LARGEST_CURRENT


@given(st.text(max_size=300))
def test_any_text_at_all(text: str) -> None:
    sheet = read_sheet(text, PLACES)
    findings(sheet)
    findings(read_sheet(f"{HEADER}\n{text}", PLACES))
