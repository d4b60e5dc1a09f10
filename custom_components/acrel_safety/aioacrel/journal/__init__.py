"""The record of what happened: append-only, each entry chained to the one before, kept in one SQLite file.

An entry is on the disk when its number is told, and what stands (`standing`) is changed in the same transaction. Order
is that of the numbers; clocks may be set. See docs/architecture.md.
"""

from .chain import NOTHING, Head
from .entry import Entry, Json, Kind, kind_name
from .errors import (
    BadHeadError,
    EntryLostError,
    JournalClosedError,
    JournalError,
    JournalFullError,
    JournalInUseError,
    JournalTooNewError,
    JournalTroubleError,
    JournalUnreadableError,
    JournalUnwritableError,
    NotAJournalError,
    UnfitEntryError,
)
from .exporting import Form, export
from .journal import Journal
from .pruning import Bounds
from .reading import ALL, Record, Wanted
from .verification import Fault, Finding, Verification, verify

__all__ = [
    "ALL",
    "NOTHING",
    "BadHeadError",
    "Bounds",
    "Entry",
    "EntryLostError",
    "Fault",
    "Finding",
    "Form",
    "Head",
    "Journal",
    "JournalClosedError",
    "JournalError",
    "JournalFullError",
    "JournalInUseError",
    "JournalTooNewError",
    "JournalTroubleError",
    "JournalUnreadableError",
    "JournalUnwritableError",
    "Json",
    "Kind",
    "NotAJournalError",
    "Record",
    "UnfitEntryError",
    "Verification",
    "Wanted",
    "export",
    "kind_name",
    "verify",
]
