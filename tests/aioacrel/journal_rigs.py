"""Records for tests: filled, opened as somebody else would, and the programs that are run against them."""

import asyncio
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from custom_components.acrel_safety.aioacrel.journal import Entry, Journal, Json, Kind, Record

ROOT = Path(__file__).parents[2]


def alarm(value: Json, **more: Json) -> Entry:
    """Return an entry as the alarm engine makes them."""
    return Entry(Kind.ALARM, {"board": "Feeder 1", "circuit": "3", "code": "Lg", "value": value, **more})


async def fill(path: Path, count: int) -> None:
    """Make a record of so many entries, the values counted from 0."""
    async with await Journal.open(path, reserve=1) as journal:
        await asyncio.gather(*(journal.append(alarm(value)) for value in range(count)))


def values(records: Sequence[Record]) -> list[Json]:
    """Return the values of the alarms among entries."""
    return [record.data["value"] for record in records if record.kind == Kind.ALARM]


def damaged_beside(path: Path) -> list[Path]:
    """Return the databases that were set aside."""
    return sorted(path.parent.glob("*.damaged-*.db"))


def content(path: Path) -> bytes:
    """Return a file's bytes."""
    return path.read_bytes()


@contextmanager
def intruder(path: Path) -> Iterator[sqlite3.Connection]:
    """Hold a database as somebody who changes it would."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        yield connection


async def program(
    name: str, *arguments: str | Path, before: Sequence[str] = (), sends: bool = False
) -> asyncio.subprocess.Process:
    """Start a module of the tests as a process of its own, which knows nothing but the library."""
    command = [*before, sys.executable, str(Path(__file__).with_name(f"{name}.py")), *map(str, arguments)]
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        *command, stdin=pipe if sends else asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe
    )
