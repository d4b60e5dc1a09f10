"""The SQLite file: its form, and how it is opened for writing and for reading."""

import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ..foreign import python_says, system_says
from ..texts import phrase
from .chain import FORMAT
from .errors import JournalTooNewError, JournalUnreadableError, NotAJournalError

APPLICATION = int.from_bytes(b"ACRL")
"""Marks the file as a record (`PRAGMA application_id`)."""
SCHEMA = (
    # `kind` and `time` are taken from the text whenever they are asked for: they can say nothing else than it does.
    """CREATE TABLE journal (
  sequence INTEGER PRIMARY KEY,
  text TEXT NOT NULL,
  hash BLOB NOT NULL,
  kind TEXT AS (CASE WHEN json_valid(text) THEN json_extract(text, '$.kind') END) VIRTUAL,
  time TEXT AS (CASE WHEN json_valid(text) THEN json_extract(text, '$.time') END) VIRTUAL
)""",
    "CREATE INDEX journal_kind ON journal (kind)",
    "CREATE INDEX journal_time ON journal (time)",
    "CREATE TABLE standing (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
)
BUSY_SECONDS = 5.0
"""So long another program may hold the file before it is told."""
_PAGES_IN_WAL = 256
_LARGEST_WAL = 4 * 1024 * 1024
_MAGIC = b"SQLite format 3\0"
_HEADER = 100
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def code_of(error: sqlite3.Error) -> int:
    """Return SQLite's plain code of an error."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF


def is_damage(error: sqlite3.Error) -> bool:
    """Whether an error says that the file is no sound database."""
    return code_of(error) in _DAMAGED


def damage(found: str) -> sqlite3.DatabaseError:
    """Return the error that says so of a file SQLite itself did not complain about."""
    error = sqlite3.DatabaseError(found)
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error


def is_sound_header(path: Path) -> bool:
    """Look at a file before SQLite does; whether it begins as a record does, or is not there yet.

    Raises JournalTooNewError or NotAJournalError when it is to be left alone, OSError when it cannot be read. Only
    while nobody in this process has it open: to open and close a file lets go of the locks SQLite has on it.
    """
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER)
    except FileNotFoundError:
        return True
    if not header:
        return True
    if len(header) < _HEADER or not header.startswith(_MAGIC):
        return False
    _refuse(path, int.from_bytes(header[68:72]), int.from_bytes(header[60:64]), may_be_unmarked=True)
    return True


def open_for_writing(path: Path) -> sqlite3.Connection:
    """Open a record, and make it if it is not there.

    Raises sqlite3.Error, JournalTooNewError or NotAJournalError.
    """
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        is_new = not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        _refuse(path, *_marks(connection), may_be_unmarked=is_new)
        connection.execute("PRAGMA journal_mode = WAL")
        # What is acknowledged stands on the disk, on a Mac too.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA fullfsync = ON")
        connection.execute("PRAGMA checkpoint_fullfsync = ON")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_PAGES_IN_WAL}")
        connection.execute(f"PRAGMA journal_size_limit = {_LARGEST_WAL}")
        if is_new:
            _make(connection)
        else:
            _check(connection)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def open_for_reading(path: Path, *, as_bytes: bool = False) -> Iterator[sqlite3.Connection]:
    """Hold a record that others may be writing; nothing of it can be changed.

    Raises JournalUnreadableError, JournalTooNewError or NotAJournalError, also for what happens while it is held.
    """
    try:
        # SQLite does not say why. The file itself is not opened: to close it would let go of its writer's locks.
        if not stat.S_ISREG(path.stat().st_mode):
            raise JournalUnreadableError(path=path, detail=phrase("not_a_file"))
    except OSError as error:
        raise JournalUnreadableError(path=path, detail=system_says(error)) from None
    try:
        with closing(_connect_for_reading(path)) as connection:
            _refuse(path, *_marks(connection))
            if as_bytes:
                connection.text_factory = bytes
            yield connection
    except UnicodeError as error:  # SQLite's own words about a damaged file may be no text
        raise JournalUnreadableError(path=path, detail=phrase("journal_damaged")) from error
    except sqlite3.Error as error:
        detail = phrase("journal_damaged") if is_damage(error) else python_says(error)
        raise JournalUnreadableError(path=path, detail=detail) from error


@contextmanager
def transaction(connection: sqlite3.Connection, begin: str = "BEGIN IMMEDIATE") -> Iterator[None]:
    """Do all of it or nothing."""
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _connect_for_reading(path: Path) -> sqlite3.Connection:
    address = path.resolve().as_uri()
    connection = sqlite3.connect(f"{address}?mode=ro", uri=True, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError as error:
        connection.close()
        # In a folder where nothing may be made, such as a backup on a disc: then nobody writes there either.
        if code_of(error) != sqlite3.SQLITE_CANTOPEN or path.with_name(f"{path.name}-wal").exists():
            raise
        connection = sqlite3.connect(f"{address}?mode=ro&immutable=1", uri=True, isolation_level=None)
    except sqlite3.Error, UnicodeError:
        connection.close()
        raise
    return connection


def _marks(connection: sqlite3.Connection) -> tuple[int, int]:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    return application, version


def _refuse(path: Path, application: int, version: int, *, may_be_unmarked: bool = False) -> None:
    """Refuse what is not ours, or newer than we are. A file that is just being made has no mark yet."""
    if application != APPLICATION and not (may_be_unmarked and application == version == 0):
        raise NotAJournalError(path=path)
    if version > FORMAT:
        raise JournalTooNewError(path=path, found=version, known=FORMAT)


def _make(connection: sqlite3.Connection) -> None:
    with transaction(connection):
        for statement in SCHEMA:
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {FORMAT}")
    # So that the marks can be read without SQLite.
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _check(connection: sqlite3.Connection) -> None:
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise damage(found)
