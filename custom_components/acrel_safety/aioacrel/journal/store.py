"""The database as its one writer holds it: entries, each chained to the one before, and what stands."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .chain import NOTHING, Head, linked
from .database import transaction
from .entry import Entry, Json, Kind, text_of


@dataclass(frozen=True, slots=True)
class Line:
    """The text of an entry, and what is changed with it of what stands (None takes it away)."""

    text: str
    standing: Mapping[str, str | None] = field(default_factory=dict)


class Store:
    """Writes whole transactions; every method raises sqlite3.Error, and then nothing of it was done."""

    def __init__(self, connection: sqlite3.Connection, head: Head) -> None:
        """Take the database and what is known to be its newest entry."""
        self._connection = connection
        self.head = head

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()

    def write(self, lines: Sequence[Line]) -> Head:
        """Put down entries in one transaction; return the head before the first of them."""
        with transaction(self._connection):
            before = self._settled()
            head = self._put(before, lines)
        self.head = head
        return before

    def begin_anew(self, cause: str, aside: str | None, standing: Mapping[str, str | None]) -> None:
        """Put down the first entry of a file that is new, though there was one; numbers and chain go on."""
        data: dict[str, Json] = {**_anchor(self.head), "cause": cause}
        if aside is not None:
            data["name"] = aside
        with transaction(self._connection):
            head = self._put(self.head, [Line(text_of(Entry(Kind.BEGUN_ANEW, data)), standing)])
        self.head = head

    def settle(self) -> None:
        """Say in the record if it is not what it was known to be."""
        if newest(self._connection) != self.head:
            self.write(())

    @property
    def size(self) -> int:
        """Bytes that are used."""
        pages, free, size = (
            self._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)

    @property
    def first(self) -> int:
        """The number of the oldest entry, 0 without one."""
        found = self._connection.execute("SELECT min(sequence) FROM journal").fetchone()[0]
        return int(found or 0)

    def first_since(self, time: str) -> int:
        """Return the number of the first entry of that time or later; before it stand only older ones."""
        found = self._connection.execute(
            "SELECT sequence FROM journal WHERE time >= ? ORDER BY sequence LIMIT 1", (time,)
        ).fetchone()
        return int(found[0]) if found else self.head.sequence + 1

    def prune(self, first: int, cause: str) -> None:
        """Remove all entries before one, after a checkpoint in the chain that says so; the newest always stays."""
        first = min(first, self.head.sequence)
        older = (first,)
        with transaction(self._connection):
            before = self._settled()
            count, since, until = self._connection.execute(
                "SELECT count(*), min(time), max(time) FROM journal WHERE sequence < ?", older
            ).fetchone()
            last = self._connection.execute(
                "SELECT sequence, hash FROM journal WHERE sequence < ? ORDER BY sequence DESC LIMIT 1", older
            ).fetchone()
            if last is None:
                return
            data: dict[str, Json] = {
                **_anchor(Head(*last)),
                "removed": count,
                "since": since,
                "until": until,
                "cause": cause,
            }
            head = self._put(before, [Line(text_of(Entry(Kind.CHECKPOINT, data)))])
            self._connection.execute("DELETE FROM journal WHERE sequence < ?", older)
        self.head = head

    def _settled(self) -> Head:
        """Return the newest entry; if it is not the one that is known, that is put down first."""
        found = newest(self._connection)
        if found == self.head:
            return found
        if found == NOTHING:
            # No anchor is made of it: what was taken out of a file in use has to be found missing.
            found = self.head
        data: dict[str, Json] = {"to": found.sequence, "from": self.head.sequence, "hash": self.head.hash.hex()}
        return self._put(found, [Line(text_of(Entry(Kind.ROLLED_BACK, data)))])

    def _put(self, head: Head, lines: Iterable[Line]) -> Head:
        execute = self._connection.execute
        for line in lines:
            head = linked(head, line.text.encode())
            execute(
                "INSERT INTO journal (sequence, text, hash) VALUES (?, ?, ?)", (head.sequence, line.text, head.hash)
            )
            for key, value in line.standing.items():
                if value is None:
                    execute("DELETE FROM standing WHERE key = ?", (key,))
                else:
                    execute("INSERT OR REPLACE INTO standing (key, value) VALUES (?, ?)", (key, value))
        return head


def newest(connection: sqlite3.Connection) -> Head:
    """Return the newest entry of a database."""
    found = connection.execute("SELECT sequence, hash FROM journal ORDER BY sequence DESC LIMIT 1").fetchone()
    return Head(*found) if found else NOTHING


def _anchor(before: Head) -> dict[str, Json]:
    return {"first": before.sequence + 1, "before": before.hash.hex()}
