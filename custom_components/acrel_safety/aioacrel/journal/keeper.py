"""All the files of a record in one hand: the database, the head beside it, the reserve and the lock."""

import sqlite3
import time
from collections.abc import Sequence
from math import inf

from .chain import Head
from .database import is_damage
from .errors import JournalFullError, JournalTroubleError
from .headfile import read_head, write_head
from .opening import WriterLock, open_store
from .places import Places
from .pruning import Bounds, Pruner
from .reserve import Reserve
from .store import Line, Store
from .troubles import is_full, is_locked, trouble_of

HEAD_SECONDS = 1.0
"""So old the head outside may be: after a crash it is a little behind, and the chain goes on from it."""
RESTORE_SECONDS = 30.0
"""How often it is looked whether there is space for the reserve again."""
SIZE_EVERY = 200
"""Entries after which the size is looked at."""


class Keeper:
    """Writes, and looks after what has been written; used by one thread, and blocks it."""

    def __init__(self, places: Places, *, bounds: Bounds, known: Sequence[Head], reserve: Reserve) -> None:
        """Take where the record lies, and heads of it that were kept elsewhere."""
        self._places, self._reserve = places, reserve
        self._elsewhere = tuple(known)
        self._pruner = Pruner(bounds)
        self._lock: WriterLock | None = None
        self._store: Store | None = None
        self._known: Head | None = None
        self._is_damaged = False
        self._kept: Head | None = None
        self._kept_at = self._restored_at = -inf
        self._unlooked = SIZE_EVERY

    @property
    def head(self) -> Head | None:
        """The newest entry that is known to be on the disk; None before that is known."""
        return self._known

    def write(self, lines: Sequence[Line]) -> Head:
        """Put down entries, all or none; return the head before the first of them.

        Raises JournalTroubleError when it may be tried again, another JournalError when the record is to be left alone.
        """
        try:
            return self._write(lines)
        except (sqlite3.Error, OSError) as error:
            if not (is_full(error) and self._reserve.release()):
                raise self._noted(error) from error
        try:
            return self._write(lines)
        except (sqlite3.Error, OSError) as error:
            raise self._noted(error) from error

    def look_after(self) -> JournalTroubleError | None:
        """Do what is due besides; return what is not as it should be."""
        trouble: JournalTroubleError | None = None
        try:
            self._prune()
        except (sqlite3.Error, OSError) as error:
            trouble = self._noted(error)
        if self._known is not None and self._head_due() <= 0:
            self._kept_at = time.monotonic()
            try:
                write_head(self._places.head, self._known)
                self._kept = self._known
            except OSError as error:
                trouble = trouble_of(self._places.head, error)
        if self._restore_due() <= 0:
            self._restored_at = time.monotonic()
            self._reserve.restore()
        if trouble is None and not self._reserve.is_whole:
            trouble = JournalFullError(path=self._places.database)
        return trouble

    def seconds_to_look(self) -> float:
        """Return for how long nothing is due."""
        return max(0.0, min(self._pruner.seconds_to_look(), self._head_due(), self._restore_due()))

    def close(self) -> None:
        """Let go of everything; the head outside is then that of the database."""
        self._kept_at = -inf
        if self._known is not None:
            self.look_after()
        self._let_go()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _write(self, lines: Sequence[Line]) -> Head:
        store = self._opened()
        before = store.write(lines) if lines else store.head
        self._known = store.head
        self._unlooked += len(lines)
        return before

    def _opened(self) -> Store:
        if self._lock is None:
            self._lock = WriterLock(self._places)
        if self._store is None:
            known = self._known
            if known is None:
                heads = (read_head(self._places.head), *self._elsewhere)
                known = max((head for head in heads if head is not None), default=None)
            self._store = open_store(self._places, known, is_damaged=self._is_damaged)
            self._is_damaged = False
            self._known = self._store.head
        return self._store

    def _noted(self, error: sqlite3.Error | OSError) -> JournalTroubleError:
        """Return an error as one of ours; after one that nobody can judge the database is opened anew."""
        if not (is_full(error) or is_locked(error)):
            self._is_damaged = isinstance(error, sqlite3.Error) and is_damage(error)
            self._let_go()
        return trouble_of(self._places.database, error)

    def _let_go(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None

    def _prune(self) -> None:
        store = self._store
        if store is None:
            return
        if self._unlooked >= SIZE_EVERY:
            self._unlooked = 0
            self._pruner.by_size(store)
        if self._pruner.seconds_to_look() <= 0:
            self._pruner.by_age(store)
        self._known = store.head

    def _head_due(self) -> float:
        """Return the seconds until the head outside is to be written."""
        return inf if self._kept == self._known else self._kept_at + HEAD_SECONDS - time.monotonic()

    def _restore_due(self) -> float:
        return inf if self._reserve.is_whole else self._restored_at + RESTORE_SECONDS - time.monotonic()
