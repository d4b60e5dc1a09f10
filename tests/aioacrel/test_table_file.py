"""The file as a whole: size, encoding, quoting, header; every refusal says why."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.errors import FileProblemsError
from custom_components.acrel_safety.aioacrel.table import TableImport, import_table
from tests.aioacrel.tables import COLUMNS, HEADER, findings, imported, key, row, table

CHINESE = table(row(data_name="漏电流", unit="mA"), row(data_name="DOC_自检结果", reg_add=257)).decode()


def read(data: bytes) -> TableImport:
    return import_table(data, file="my.csv", model_id="mine")


def outcome(data: bytes) -> TableImport | FileProblemsError:
    try:
        return read(data)
    except FileProblemsError as error:
        return error


def refusal(data: bytes) -> str:
    with pytest.raises(FileProblemsError) as error:
        read(data)
    return str(error.value)


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_byte_order_mark_and_line_ends_do_not_matter(mark: str, end: str) -> None:
    data = (mark + CHINESE).replace("\n", end).encode()

    result = read(data)

    assert result.problems == ()
    assert set(result.model.points) == {key("Lg@1"), key("DOC_自检结果@1")}


def test_a_chinese_windows_file_is_understood_and_said_so() -> None:
    result = read(CHINESE.encode("gb18030"))

    assert set(result.model.points) == {key("Lg@1"), key("DOC_自检结果@1")}
    assert findings(result.problems) == [(2, "", "read_as_gb18030")]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_two_byte_unicode_is_refused(encoding: str) -> None:
    assert "is not UTF-8" in refusal(CHINESE.encode(encoding))


@pytest.mark.parametrize(
    "data",
    [
        table(row(unit="@")).replace(b"@", b"\xb0C"),
        table(row(data_name="Température")).decode().encode("latin-1"),
        table(row(data_name="@")).replace(b"@", b"\xff\xfe"),
    ],
    ids=["western degree sign", "western letters", "no text"],
)
def test_other_encodings_are_refused_rather_than_shown_as_broken_names(data: bytes) -> None:
    assert refusal(data).startswith("my.csv:2: the file is not UTF-8 text (byte ")


def test_a_zero_byte_means_that_this_is_no_text() -> None:
    assert (
        refusal(table(row()) + b"\0")
        == "my.csv:3: the file is not UTF-8 text (byte 00); save it as UTF-8 and try again"
    )


@pytest.mark.parametrize(
    "data",
    [b"x" * 100_000_000, table(*(row(reg_add=number) for number in range(20_001)))],
    ids=["bytes", "rows"],
)
def test_too_large_files_are_refused(data: bytes) -> None:
    assert "Split it or remove what is not a register table" in refusal(data)


def test_twenty_thousand_broken_rows_are_too_many_too() -> None:
    assert "allowed: 20000 rows" in refusal(table(*['"a"b'] * 20_003))


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"\n\n,,,\n"])
def test_an_empty_file_has_no_header(data: bytes) -> None:
    assert "column 1 of the header is ''; allowed: id" in refusal(data)


@pytest.mark.parametrize("position", range(12))
def test_the_first_wrong_column_of_the_header_is_named(position: int) -> None:
    names = [*COLUMNS]
    names[position] = "nonsense"

    text = refusal(",".join(names).encode() + b"\n" + row().encode())

    assert text == f"my.csv:1: column {position + 1} of the header is 'nonsense'; allowed: {COLUMNS[position]}"


def test_a_header_that_is_too_short_is_refused() -> None:
    text = refusal(",".join(COLUMNS[:10]).encode())

    assert text == "my.csv:1: column 11 of the header is ''; allowed: calc"


@pytest.mark.parametrize(("separator", "name"), [(";", ";"), ("\t", "tab"), ("|", "|")])
def test_another_separator_is_named(separator: str, name: str) -> None:
    text = refusal(table(row()).replace(b",", separator.encode()))

    assert text == f"my.csv:1: the columns are separated by '{name}'; save the file as CSV with commas"


def test_columns_behind_the_twelfth_and_spaces_around_names_are_ignored() -> None:
    data = (HEADER.replace(",", " , ") + ",style,note\n" + row() + ",,what a note\n").encode()

    assert read(data).problems == ()


def test_empty_rows_are_skipped() -> None:
    result = imported("", row(), ",,,,,,,,,,,", "  ,", row(data_name="Ub", reg_add=257))

    assert [usable.line for usable in result.rows] == [3, 6]


def test_quoted_fields_may_hold_commas_quotes_and_line_breaks() -> None:
    result = imported(row(data_name='"DOC_a, ""b""\n  c"'), row(data_name="Ub", reg_add=257, dcm="x"))

    assert set(result.model.points) == {key('DOC_a, "b" c@1'), key("Ub@1")}
    assert findings(result.problems) == [(4, "dcm", "bad_decimals")]


def test_broken_quoting_costs_its_row_only() -> None:
    result = imported(row(data_name='"Ua"x'), row(data_name="Ub", reg_add=257))

    assert set(result.model.points) == {key("Ub@1")}
    assert findings(result.problems) == [(2, "", "broken_quoting")]
    assert result.rejected == 1


def test_a_quotation_mark_that_is_never_closed_is_found_where_it_opens() -> None:
    result = imported(row(), row(data_name='"Ub', reg_add=257), row(data_name="Uc", reg_add=258))

    assert set(result.model.points) == {key("Ua@1")}
    assert findings(result.problems) == [(3, "", "broken_quoting")]


def test_broken_quoting_before_the_header_is_told_with_the_missing_header() -> None:
    text = refusal(b'"a"b\n' + table(row()).replace(b"id,", b"no,"))

    assert "my.csv:1: the quoting" in text
    assert "my.csv:2: column 1" in text


def test_a_huge_field_costs_its_row_only() -> None:
    result = imported(row(data_name="x" * 200_000), row(data_name="x" * 201, reg_add=257), row(reg_add=258))

    assert len(result.rows) == 1
    assert findings(result.problems) == [(2, "", "broken_quoting"), (3, "data_name", "name_too_long")]


def test_the_caption_row_is_skipped_only_below_the_header() -> None:
    captions = "流水号,组号,参数名,单位,寄存器地址,数据类型,端序,采集小数位,转发小数位,功能码,计算,样式"

    assert imported(captions, row()).problems == ()
    assert imported(row(), captions).rejected == 1


def test_a_table_without_a_usable_row_is_refused_with_every_reason() -> None:
    text = refusal(table(row(reg_type=0), row(reg_add="x")))

    assert text.splitlines() == [
        "my.csv: no usable row or point is left; a table needs at least one",
        "my.csv:2: reg_type: '0' is not a data type; allowed: 1-12",
        "my.csv:3: reg_add: 'x' is not a register address; allowed: 0-65535, 0x0000-0xFFFF, 0000H-FFFFH",
    ]


@given(st.binary(max_size=400))
def test_any_bytes_are_refused_or_imported(data: bytes) -> None:
    with pytest.raises(FileProblemsError):
        read(data)


CELL = st.one_of(
    st.sampled_from(["", "0", "1", "2", "12", "16", "3", "256", "65535", "65536", "0xFFFF", "0.1", "-1", "1e9", "nan"]),
    st.sampled_from(["Ua", "lg", "DOC_", "DOC_x", "CH3", "CH2Ua", "第三回路漏电流", "℃", "V", "=1+1", '"', "{n}", "²"]),
    st.text(max_size=8),
)


@settings(max_examples=300)
@given(st.lists(st.lists(CELL, min_size=9, max_size=14), min_size=1, max_size=4), st.sampled_from(["utf-8", "gb18030"]))
def test_any_cells_are_refused_or_imported(rows: list[list[str]], encoding: str) -> None:
    data = (HEADER + "\n" + "\n".join(",".join(cells) for cells in rows)).encode(encoding, "ignore")
    result = outcome(data)

    problems = result.problems
    assert isinstance(result, FileProblemsError) or result.rows
    assert problems or not isinstance(result, FileProblemsError)
    for problem in problems:
        assert problem.text("en")
        assert problem.text("zh")
