"""The table as it is shown before anything was filled in, or as it was; it reads back as the same."""

import csv
import io
from collections.abc import Iterable

from .columns import LIMITS, Column
from .reader import SheetRow


def write_sheet(rows: Iterable[tuple[SheetRow, str]], language: str) -> str:
    """Return rows with the names of their devices, headed in a language and parted by tabs, as spreadsheets want it."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t", lineterminator="\n")
    writer.writerow([column.label.text(language) for column in Column])
    for row, device in rows:
        numbers = [row.rated_current, *(row.limits.get(column) for column in LIMITS)]
        shown = ["" if number is None else _shown(number) for number in numbers]
        writer.writerow([row.unit, device, row.circuit, row.name, *shown])
    return text.getvalue()


def _shown(number: float) -> str:
    """Return a number with as few digits as say the same, and never three of them behind a point.

    That might part thousands.
    """
    text = f"{number:.12f}".rstrip("0").rstrip(".")
    whole, _, digits = text.partition(".")
    return f"{whole}.{digits}0" if len(digits) == 3 else text  # noqa: PLR2004 - the digits of a thousand
