"""The gateway's 12-column register table: CSV bytes to a model, and a model to CSV text.

The format was never published by the vendor. It is known from public code that writes and reads it
(`tyrival/Hummingbird`: `register_csv.rs`, `register_map.rs`, `prompt.rs` and their test data).
"""

from .addresses import AddressMode
from .choices import Choice, ChoiceKind
from .exporter import export_table, left_out
from .factor import KMode
from .importer import TableImport, import_table
from .row import TableRow

__all__ = [
    "AddressMode",
    "Choice",
    "ChoiceKind",
    "KMode",
    "TableImport",
    "TableRow",
    "export_table",
    "import_table",
    "left_out",
]
