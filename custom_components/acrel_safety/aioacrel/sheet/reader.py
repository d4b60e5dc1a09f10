"""From the text that was pasted to rows; what is wrong with it is said cell by cell, and then none of it is used."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from ..csvrows import read_rows
from ..problems import Problem, shorten
from ..texts import phrase
from .cells import CellError, read_label, read_name, read_number
from .columns import LIMITS, Column, column_of

LARGEST_SHEET = 200_000
"""Characters; a thousand circuits have less than half of that."""
MOST_ROWS = 2_000
_MOST_CELLS = 50
_SEPARATORS = ("\t", ";", "；", "|", ",", "，")
"""The first that stands in the header: a comma may stand in a number as well."""

type Places = Mapping[str, Mapping[str, Collection[Column]]]
"""By unit and circuit, which limits there is something to compare with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetRow:
    """What an owner says of one circuit; what is left empty is not said."""

    line: int
    unit: str
    circuit: str
    name: str = ""
    rated_current: float | None = None
    limits: Mapping[Column, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The rows, if nothing is wrong with any of them."""

    rows: tuple[SheetRow, ...] = ()
    problems: tuple[Problem, ...] = ()


def read_sheet(text: str, places: Places) -> Sheet:
    """Return what a pasted table says of the circuits of some devices; an empty one says nothing."""
    if len(text) > LARGEST_SHEET:
        size, most = phrase("characters", count=len(text)), phrase("characters", count=LARGEST_SHEET)
        return Sheet(problems=(Problem(key="sheet_too_large", found=size, allowed=most),))
    problems: list[Problem] = []
    lines = _lines(text.removeprefix("\ufeff"), problems)
    if (header := next(lines, None)) is None:
        return Sheet(problems=tuple(problems))
    columns = _columns(*header, problems)
    if problems:
        return Sheet(problems=tuple(problems))
    rows: dict[tuple[str, str], SheetRow] = {}
    for number, (line, cells) in enumerate(lines):
        if number == MOST_ROWS:
            more, most = phrase("more_rows", count=MOST_ROWS), phrase("rows", count=MOST_ROWS)
            problems.append(Problem(key="sheet_too_large", found=more, allowed=most))
            break
        if (row := _row(line, cells, columns, places, problems)) is None:
            continue
        if (first := rows.setdefault((row.unit, row.circuit), row)) is not row:
            found = f"{row.unit} / {row.circuit}"
            problems.append(Problem(key="sheet_twice", line=line, found=found, details={"first": str(first.line)}))
    return Sheet(problems=tuple(problems)) if problems else Sheet(rows=tuple(rows.values()))


def _lines(text: str, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines that are not empty, with their numbers."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = next((one for one in _SEPARATORS if one in first), "\t")
    for line, cells in read_rows(text, problems, separator):
        if cells is None:
            # What follows an open quote is anybody's guess.
            return
        yield line, cells


def _columns(line: int, header: list[str], problems: list[Problem]) -> list[Column | None]:
    """Return what stands in which column; without a header it could only be guessed."""
    known = phrase("sheet_header")
    columns = [column_of(heading) for heading in header[:_MOST_CELLS]]
    if Column.CIRCUIT not in columns:
        allowed = Column.CIRCUIT.label
        problems.append(Problem(key="sheet_no_header", line=line, found=shorten(" ".join(header)), allowed=allowed))
        return columns
    for place, (column, heading) in enumerate(zip(columns, header, strict=False)):
        if column is None and heading.strip():
            problems.append(Problem(key="sheet_unknown_column", line=line, found=shorten(heading), allowed=known))
        elif column is not None and column in columns[:place]:
            problems.append(Problem(key="sheet_column_twice", line=line, found=shorten(heading)))
    return columns


def _row(
    line: int, cells: list[str], columns: list[Column | None], places: Places, problems: list[Problem]
) -> SheetRow | None:
    """Return what a row says, None if anything is wrong with it."""
    if any(cell.strip() for cell in cells[len(columns) :]):
        details = {"columns": str(len(columns))}
        problems.append(Problem(key="sheet_too_many_cells", line=line, found=str(len(cells)), details=details))
        return None
    by_column = {column: cell for column, cell in zip(columns, cells, strict=False) if column is not None}
    wrong: list[Problem] = []
    unit, circuit = _place(line, by_column, places, wrong)
    name, numbers = "", dict[Column, float]()
    for column, cell in by_column.items():
        try:
            if column is Column.NAME:
                name = read_name(cell)
            elif column in (Column.RATED_CURRENT, *LIMITS) and (number := read_number(cell, column)) is not None:
                numbers[column] = number
        except CellError as error:
            wrong.append(_placed(error.problem, line, column))
    if not wrong:
        measured = places[unit][circuit]
        unfit = Problem(key="sheet_not_measured", found=circuit)
        wrong = [_placed(unfit, line, column) for column in LIMITS if column in numbers and column not in measured]
    if wrong:
        problems.extend(wrong)
        return None
    rated = numbers.pop(Column.RATED_CURRENT, None)
    return SheetRow(line=line, unit=unit, circuit=circuit, name=name, rated_current=rated, limits=numbers)


def _place(line: int, cells: Mapping[Column, str], places: Places, wrong: list[Problem]) -> tuple[str, str]:
    """Return the unit and circuit of a row."""
    unit = read_label(cells.get(Column.UNIT, ""), places)
    if not unit and len(places) == 1:
        unit = next(iter(places))
    circuit = read_label(cells.get(Column.CIRCUIT, ""), places.get(unit, ()))
    if unit not in places:
        allowed = ", ".join(places)
        wrong.append(_placed(Problem(key="sheet_no_unit", found=shorten(unit), allowed=allowed), line, Column.UNIT))
        return unit, circuit
    known = places[unit]
    if not circuit and len(known) == 1:
        circuit = next(iter(known))
    if circuit not in known:
        allowed = ", ".join(known)
        details = {"unit": unit}
        found = Problem(key="sheet_no_circuit", found=shorten(circuit), allowed=shorten(allowed), details=details)
        wrong.append(_placed(found, line, Column.CIRCUIT))
    return unit, circuit


def _placed(problem: Problem, line: int, column: Column) -> Problem:
    """Return a finding with its row and column."""
    return Problem(
        key=problem.key,
        line=line,
        column=column.value,
        found=problem.found,
        allowed=problem.allowed,
        details=problem.details,
    )
