"""How the one writer comes to its database: nobody else has it, it is sound and ours, and what befell it is said."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from .chain import NOTHING, Head
from .database import code_of, damage, is_damage, is_sound_header, open_for_writing
from .entry import Entry, Kind, text_of
from .errors import JournalInUseError
from .places import Places
from .store import Line, Store, newest

MISSING, DAMAGED, HEAD_MISSING = "missing", "damaged", "head_missing"
"""Why a file was begun anew; what is noted when only the database is there."""


class WriterLock:
    """What keeps a second writer out; the system lets go of it when the process ends, however it ends."""

    def __init__(self, places: Places) -> None:
        """Take the lock.

        Raises JournalInUseError, or sqlite3.Error when the lock's file cannot be made.
        """
        # A lock of its own: that of the database comes and goes with each transaction.
        self._connection = sqlite3.connect(places.lock, timeout=0, isolation_level=None)
        try:
            self._connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            self._connection.close()
            if code_of(error) == sqlite3.SQLITE_BUSY:
                raise JournalInUseError(path=places.database) from None
            raise

    def release(self) -> None:
        """Let others write."""
        self._connection.close()


def open_store(places: Places, known: Head | None, *, is_damaged: bool = False) -> Store:
    """Open the database, set a damaged one aside, and put down what is not as it was known to be.

    Raises sqlite3.Error or OSError when that may be tried again, JournalTooNewError or NotAJournalError when the file
    is to be left alone.
    """
    aside, standing = None, dict[str, str | None]()
    try:
        if is_damaged or not is_sound_header(places.database):
            raise damage("")
        connection = open_for_writing(places.database)
        found = newest_or_close(connection)
    except (sqlite3.Error, UnicodeError) as error:
        # SQLite's own words about a damaged file may be no text.
        if isinstance(error, sqlite3.Error) and not is_damage(error):
            raise
        standing = _salvaged(places)
        aside = places.set_aside().name
        connection = open_for_writing(places.database)
        found = NOTHING
    store = Store(connection, known or found)
    with closed_on_error(store):
        if found == NOTHING:
            if aside is not None or store.head != NOTHING:
                store.begin_anew(MISSING if aside is None else DAMAGED, aside, standing)
        elif known is None:
            store.write([Line(text_of(Entry(Kind.NOTE, {"cause": HEAD_MISSING})))])
        elif found.sequence < known.sequence or not _holds(connection, known):
            store.settle()
        else:
            store.head = found
    return store


def newest_or_close(connection: sqlite3.Connection) -> Head:
    """Return the newest entry, or close what cannot tell it."""
    try:
        return newest(connection)
    except BaseException:
        connection.close()
        raise


@contextmanager
def closed_on_error(store: Store) -> Iterator[None]:
    """Let go of the database if the block does not succeed."""
    try:
        yield
    except BaseException:
        store.close()
        raise


def _holds(connection: sqlite3.Connection, known: Head) -> bool:
    """Whether the entry of a head is still the one it was; one that was pruned since is taken as it."""
    found = connection.execute("SELECT hash FROM journal WHERE sequence = ?", (known.sequence,)).fetchone()
    if found is not None:
        return bool(found[0] == known.hash)
    first = connection.execute("SELECT min(sequence) FROM journal").fetchone()[0]
    return bool(known.sequence < first)


def _salvaged(places: Places) -> dict[str, str | None]:
    """Return what can still be read of what stood in a damaged database."""
    standing: dict[str, str | None] = {}
    try:
        with closing(sqlite3.connect(f"{places.database.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            for key, value in connection.execute("SELECT key, value FROM standing"):
                standing[key] = value  # noqa: PERF403 - what was read before the damage is kept
    except sqlite3.Error, UnicodeError:
        pass
    return standing
