"""Pages of a record, newest or oldest first; read in short looks of their own, so that its writer never waits."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from ..texts import phrase
from .chain import Head
from .database import open_for_reading
from .entry import Json, time_text
from .errors import JournalUnreadableError
from .store import newest as newest_of

LARGEST_PAGE = 1000
UNREADABLE = "unreadable"
"""The kind of an entry whose text was spoilt; `verify` says more."""
_NAME = re.compile(r"\w{1,64}")


@dataclass(frozen=True, slots=True)
class Record:
    """An entry as it is kept."""

    sequence: int
    kind: str
    time: datetime
    data: Mapping[str, Json]
    steady: float
    """Seconds since the machine started."""
    boot: str
    """Which start of the machine it was."""
    hash: str
    text: str
    """What was hashed, to the letter."""

    @property
    def is_readable(self) -> bool:
        """Whether its text says what it should."""
        return self.kind != UNREADABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which entries are wanted; what is left open lets all through."""

    kinds: Collection[str] = ()
    since: datetime | None = None
    """Wall times: where the clock was set back, entries of both passes are there."""
    until: datetime | None = None
    """That time itself is not."""
    data: Mapping[str, str | float] = field(default_factory=dict)
    """Names in an entry's data and their values: site, board, circuit, code, …"""

    def conditions(self) -> tuple[list[str], list[str | float]]:
        """Return what SQLite is asked, and what is filled in."""
        asked: list[str] = []
        values: list[str | float] = []
        if self.kinds:
            asked.append(f"kind IN ({', '.join('?' * len(self.kinds))})")
            values += self.kinds
        if self.since is not None:
            asked.append("time >= ?")
            values.append(time_text(self.since))
        if self.until is not None:
            asked.append("time < ?")
            values.append(time_text(self.until))
        for name, value in self.data.items():
            if not _NAME.fullmatch(name):
                raise ValueError(name)
            asked.append("json_valid(text) AND json_extract(text, ?) = ?")
            values += [f'$.data."{name}"', value]
        return asked, values


ALL = Wanted()


def newest(path: Path, count: int, before: int | None = None, wanted: Wanted = ALL) -> list[Record]:
    """Return the newest entries, newest first; `before` a number for the next page.

    Raises JournalError.
    """
    asked, values = wanted.conditions()
    if before is not None:
        asked.append("sequence < ?")
        values.append(before)
    return _page(path, asked, values, "DESC", count)


def read(path: Path, count: int, after: int = 0, wanted: Wanted = ALL, upto: int | None = None) -> list[Record]:
    """Return the entries after a number in their order.

    Raises JournalError.
    """
    asked, values = wanted.conditions()
    asked.append("sequence > ?")
    values.append(after)
    if upto is not None:
        asked.append("sequence <= ?")
        values.append(upto)
    return _page(path, asked, values, "ASC", count)


def pages(path: Path, wanted: Wanted = ALL, upto: int | None = None) -> Iterator[list[Record]]:
    """Yield all entries in their order, in pages.

    Raises JournalError.
    """
    after = 0
    while page := read(path, LARGEST_PAGE, after, wanted, upto):
        yield page
        after = page[-1].sequence


def head_of(path: Path) -> Head:
    """Return the newest entry's head.

    Raises JournalError.
    """
    with open_for_reading(path) as connection:
        return newest_of(connection)


def standing_of(path: Path) -> dict[str, Json]:
    """Return what stands.

    Raises JournalError.
    """
    with open_for_reading(path) as connection:
        rows = connection.execute("SELECT key, value FROM standing").fetchall()
    try:
        return {key: json.loads(value) for key, value in rows}
    except ValueError, TypeError, RecursionError:
        raise JournalUnreadableError(path=path, detail=phrase("journal_damaged")) from None


def _page(path: Path, asked: list[str], values: list[str | float], order: str, count: int) -> list[Record]:
    where = f"WHERE {' AND '.join(asked)}" if asked else ""
    values.append(max(0, min(count, LARGEST_PAGE)))
    # All parts are written here; what comes from elsewhere is filled in.
    query = f"SELECT sequence, CAST(text AS BLOB), hash FROM journal {where} ORDER BY sequence {order} LIMIT ?"  # noqa: S608 - see above
    with open_for_reading(path) as connection:
        return [_record(*row) for row in connection.execute(query, values)]


def _record(sequence: int, text: bytes, hashed: object) -> Record:
    said = text.decode("utf-8", "replace")
    shown = hashed.hex() if isinstance(hashed, bytes) else ""
    try:
        entry = json.loads(said)
        time = datetime.fromisoformat(entry["time"])
        kind, data, steady, boot = str(entry["kind"]), dict(entry["data"]), float(entry["steady"]), str(entry["boot"])
        time = time.astimezone(UTC)
    except ValueError, TypeError, KeyError, OverflowError, RecursionError:
        kind, time, data, steady, boot = UNREADABLE, datetime.fromtimestamp(0, UTC), {}, 0.0, ""
    return Record(sequence, kind, time, data, steady, boot, shown, said)
