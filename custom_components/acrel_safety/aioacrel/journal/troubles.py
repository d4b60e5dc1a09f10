"""Why a record cannot be written, in our own words."""

import errno
import sqlite3
from pathlib import Path

from ..foreign import python_says, system_says
from ..texts import Phrase, phrase
from .database import code_of
from .errors import JournalFullError, JournalTroubleError, JournalUnwritableError


def is_full(error: Exception) -> bool:
    """Whether an error says that there is no space left."""
    if isinstance(error, sqlite3.Error):
        return code_of(error) == sqlite3.SQLITE_FULL
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def is_locked(error: Exception) -> bool:
    """Whether another program holds the file."""
    return isinstance(error, sqlite3.Error) and code_of(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def trouble_of(path: Path, error: Exception) -> JournalTroubleError:
    """Return an error of the system or of SQLite as one of ours."""
    if is_full(error):
        return JournalFullError(path=path)
    return JournalUnwritableError(path=path, detail=_detail(error))


def _detail(error: Exception) -> Phrase:
    if is_locked(error):
        return phrase("journal_locked")
    if isinstance(error, OSError):
        return system_says(error)
    if isinstance(error, sqlite3.Error) and code_of(error) == sqlite3.SQLITE_IOERR:
        return phrase("input_output")
    return python_says(error)
