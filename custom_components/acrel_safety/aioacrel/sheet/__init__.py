"""What an owner knows of circuits, as a table from a spreadsheet: names, rated currents and limits."""

from .cells import LARGEST_CURRENT, LARGEST_RESIDUAL_CURRENT, LARGEST_TEMPERATURE
from .columns import LIMITS, Column
from .reader import LARGEST_SHEET, Sheet, SheetRow, read_sheet
from .writer import write_sheet

__all__ = [
    "LARGEST_CURRENT",
    "LARGEST_RESIDUAL_CURRENT",
    "LARGEST_SHEET",
    "LARGEST_TEMPERATURE",
    "LIMITS",
    "Column",
    "Sheet",
    "SheetRow",
    "read_sheet",
    "write_sheet",
]
