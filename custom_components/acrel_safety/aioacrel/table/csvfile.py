"""Bytes of a register table to rows of text: size, encoding, quoting, header and caption row."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..csvrows import read_rows
from ..errors import FileProblemsError
from ..problems import Problem, Severity
from ..texts import Said, phrase

HEADER = (
    "id",
    "group",
    "data_name",
    "unit",
    "reg_add",
    "reg_type",
    "endian",
    "dcm",
    "k",
    "fun_num",
    "calc",
    "style",
)
CAPTIONS = (
    "流水号",
    "组号",
    "参数名",
    "单位",
    "寄存器地址",
    "数据类型",
    "端序",
    "采集小数位",
    "转发小数位",
    "功能码",
    "计算",
    "样式",
)
"""A second header row that some files carry; it is skipped."""
_CAPTIONS_ENOUGH = 3

LARGEST_TABLE = 2_000_000
"""Bytes. A table of 10,000 rows has less than half of that."""
MOST_ROWS = 20_000
_MOST_LINES = MOST_ROWS + 2
"""Rows, header and caption row."""
_SEPARATORS: Mapping[str, Said] = {";": ";", "\t": phrase("tab"), "|": "|"}


class CsvRow(NamedTuple):
    """The cells of one row and the line it begins in."""

    line: int
    cells: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What stands below the header, and what is wrong with the file so far."""

    rows: Sequence[CsvRow]
    problems: Sequence[Problem]


def read_sheet(data: bytes, *, file: str) -> Sheet:
    """Return the rows of a table.

    Raises FileProblemsError when the file as a whole is no register table.
    """
    text, problems = _decoded(data, file)
    rows: list[CsvRow] = []
    cells = _cells(text, problems, file)
    _check_header(next(cells, CsvRow(1, ())), problems, file)
    for row in cells:
        if rows or not _is_caption(row.cells):
            rows.append(row)
    if len(rows) > MOST_ROWS:
        raise _too_many_rows(file)
    return Sheet(rows=rows, problems=problems)


def _refusal(
    file: str,
    key: str,
    *,
    line: int | None = None,
    found: Said = "",
    allowed: Said = "",
    column: str = "",
) -> FileProblemsError:
    problem = Problem(
        key=key,
        line=line,
        found=found,
        allowed=allowed,
        details={"column": column} if column else {},
    )
    return FileProblemsError(file=file, problems=[problem])


def _decoded(data: bytes, file: str) -> tuple[str, list[Problem]]:
    if len(data) > LARGEST_TABLE:
        raise _refusal(
            file, "too_large", found=phrase("bytes", count=len(data)), allowed=phrase("bytes", count=LARGEST_TABLE)
        )
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _refusal(file, "not_utf8", found="UTF-16")
    if (zero := data.find(b"\0")) >= 0:
        raise _refusal(file, "not_utf8", line=data.count(b"\n", 0, zero) + 1, found=phrase("byte", byte="00"))
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        if (text := _gb18030(data)) is not None:
            return text, [Problem(key="read_as_gb18030", line=line, severity=Severity.WARNING)]
        raise _refusal(file, "not_utf8", line=line, found=phrase("byte", byte=f"{data[error.start]:02X}")) from None


def _gb18030(data: bytes) -> str | None:
    """Return the text of a Chinese Windows program's file, or None.

    GB18030 gives nearly every pair of bytes a meaning. Only the characters of GB 2312, the common ones, are believed:
    Western 8-bit text falls outside them.
    """
    try:
        text = data.decode("gb18030")
        text.encode("gb2312")
    except UnicodeError:
        return None
    return text


def _cells(text: str, problems: list[Problem], file: str) -> Iterator[CsvRow]:
    """Yield the rows that are not empty; a row with broken quoting becomes a problem."""
    for count, (line, cells) in enumerate(read_rows(text, problems), start=1):
        if cells is not None:
            yield CsvRow(line, cells)
        if count > _MOST_LINES:
            raise _too_many_rows(file)


def _too_many_rows(file: str) -> FileProblemsError:
    return _refusal(
        file, "too_large", found=phrase("more_rows", count=MOST_ROWS), allowed=phrase("rows", count=MOST_ROWS)
    )


def _check_header(header: CsvRow, problems: Sequence[Problem], file: str) -> None:
    line, cells = header
    names = [cell.strip() for cell in cells[: len(HEADER)]]
    if len(cells) == 1:
        for separator, name in _SEPARATORS.items():
            if names[0].startswith(HEADER[0] + separator):
                raise _refusal(file, "wrong_separator", line=line, found=name)
    names += [""] * (len(HEADER) - len(names))
    for number, (found, wanted) in enumerate(zip(names, HEADER, strict=True), start=1):
        if found != wanted:
            error = _refusal(file, "bad_header", line=line, found=found, allowed=wanted, column=str(number))
            broken = [
                problem for problem in problems if problem.key == "broken_quoting" and (problem.line or 0) <= line
            ]
            raise FileProblemsError(file=file, problems=[*broken, *error.problems])


def _is_caption(cells: Sequence[str]) -> bool:
    return (
        sum(cell.strip() == caption for cell, caption in zip(cells[: len(CAPTIONS)], CAPTIONS, strict=False))
        >= _CAPTIONS_ENOUGH
    )
