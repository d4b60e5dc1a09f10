"""One cell: a number as people and spreadsheets write it, a unit id, the name of a circuit."""

import re
import unicodedata
from collections.abc import Container

from ..problems import Problem, flat, shorten
from ..texts import phrase
from .columns import UNITS, Column

LARGEST_CURRENT = 10_000.0
"""A; more than any busbar that one of these devices watches."""
LARGEST_RESIDUAL_CURRENT = 30_000.0
"""mA; more than any of these devices measures."""
LARGEST_TEMPERATURE = 200.0
"""°C; likewise."""
LONGEST_NAME = 100

_LARGEST = {
    Column.RATED_CURRENT: LARGEST_CURRENT,
    Column.RESIDUAL_CURRENT: LARGEST_RESIDUAL_CURRENT,
    Column.TEMPERATURE: LARGEST_TEMPERATURE,
    Column.CURRENT: LARGEST_CURRENT,
}
_NUMBER = re.compile(r"(\d{1,12}(?:[.,]\d{1,12})?)\s*(\D*)", re.ASCII)
_THOUSAND_OR_NOT = re.compile(r"[1-9]\d{0,2}[.,]\d{3}", re.ASCII)
_WHOLE = re.compile(r"\d{1,6}(?:\.0+)?", re.ASCII)
_QUOTES = "\u201c\u201d\u201e\"'\u2018\u2019\u300c\u300d"


class CellError(Exception):
    """What is wrong with a cell; it has no place yet."""

    def __init__(self, problem: Problem) -> None:
        """Keep the finding."""
        super().__init__(problem.key)
        self.problem = problem


def _narrow(cell: str) -> str:
    """Return a cell without what typing in Chinese makes of digits, letters and signs."""
    return unicodedata.normalize("NFKC", cell).strip().strip(_QUOTES).strip()


def read_number(cell: str, column: Column) -> float | None:
    """Return the number in a cell, None for an empty one. Raises CellError.

    A comma is a decimal one unless it may as well part thousands: then nobody can tell, and it is asked for.
    """
    text = _narrow(cell)
    if text in ("", "-", "—", "–", "/"):
        return None
    found = _NUMBER.fullmatch(text)
    unit = UNITS[column]
    if found is None:
        raise CellError(Problem(key="sheet_no_number", found=shorten(cell), allowed=_allowed(column)))
    number, given = found.groups()
    # Narrowing writes ℃ as °C; a unit is a matter of letters, not of their size, but m is no M.
    if given.strip() not in ("", unit, *({"a"} if unit == "A" else ()), *({"C", "°c"} if unit == "°C" else ())):
        raise CellError(Problem(key="sheet_other_unit", found=shorten(cell), allowed=unit))
    if _THOUSAND_OR_NOT.fullmatch(number):
        digits = number.replace(",", "").replace(".", "")
        one = f"{float(number.replace(',', '.')):g}"
        raise CellError(Problem(key="sheet_ambiguous", found=shorten(cell), allowed=phrase("or", one=one, two=digits)))
    value = float(number.replace(",", "."))
    if not 0 < value <= _LARGEST[column]:
        raise CellError(Problem(key="out_of_range", found=shorten(cell), allowed=_allowed(column)))
    return value


def _allowed(column: Column) -> str:
    return f"0 < … ≤ {_LARGEST[column]:g} {UNITS[column]}"


def read_name(cell: str) -> str:
    """Return a name on one line. Raises CellError."""
    name = flat(cell)
    if len(name) > LONGEST_NAME:
        details = {"length": str(len(name))}
        raise CellError(Problem(key="name_too_long", found=shorten(name), allowed=str(LONGEST_NAME), details=details))
    return name


def read_label(cell: str, known: Container[str]) -> str:
    """Return what a unit or circuit is called, also where a spreadsheet made `1.0` or `01` of its number."""
    text = flat(_narrow(cell))
    if text not in known and _WHOLE.fullmatch(text):
        return str(int(text.partition(".")[0]))
    return text
