"""The record as a program uses it: what is told to be durable is, what stands goes with it, others may look."""

import asyncio
import sqlite3
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from custom_components.acrel_safety.aioacrel.journal import (
    Entry,
    Journal,
    JournalClosedError,
    JournalInUseError,
    JournalTooNewError,
    JournalTroubleError,
    JournalUnreadableError,
    Kind,
    NotAJournalError,
    UnfitEntryError,
    Wanted,
    database,
    verify,
)
from tests.aioacrel.journal_rigs import alarm, content, fill, intruder, program, values


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "record.db"


async def test_an_entry_is_there_when_its_number_is_told(path: Path) -> None:
    async with await Journal.open(path) as journal:
        when = datetime(2026, 3, 29, 3, 0, tzinfo=timezone(timedelta(hours=8)))
        entry = Entry(Kind.ACKNOWLEDGE, {"board": "配电箱 1", "by": "Li", "value": 0.1}, when)
        assert await journal.append(entry) == 1
        assert await journal.append(alarm(2)) == 2
        # Another process sees it at once.
        with intruder(path) as other:
            assert other.execute("SELECT count(*) FROM journal").fetchone() == (2,)
        found = (await journal.newest(5))[1]
        assert (found.sequence, found.kind, found.time, found.data) == (1, "acknowledge", when, entry.data)
        assert abs(time.monotonic() - found.steady) < 60
        assert journal.head is not None
        assert journal.head.hash.hex() == (await journal.newest(1))[0].hash


async def test_what_stands_changes_with_its_entry_and_is_there_again(path: Path) -> None:
    async with await Journal.open(path) as journal:
        await journal.append(alarm(1), {"a": {"state": "unacknowledged", "since": [1, 2.5]}, "b": True})
        await journal.append(alarm(2), {"b": None, "c": "漏电", "never": None})
    async with await Journal.open(path) as journal:
        assert await journal.standing() == {"a": {"state": "unacknowledged", "since": [1, 2.5]}, "c": "漏电"}


async def test_a_flood_is_a_few_commits_and_keeps_its_order(path: Path) -> None:
    async with await Journal.open(path) as journal:
        numbers = [journal.append(alarm(value)) for value in range(1000)]
        assert await asyncio.gather(*numbers) == list(range(1, 1001))
        assert journal.commits <= 10
        assert values(await journal.read(1000)) == list(range(1000))


async def test_nobody_has_to_wait_and_closing_writes_what_waits(path: Path) -> None:
    async with await Journal.open(path) as journal:
        for value in range(50):
            journal.append(alarm(value))
        journal.append(alarm("whoever waits for it goes away")).cancel()
    with pytest.raises(JournalClosedError):
        journal.append(alarm(0))
    assert verify(path).count == 51


async def test_appending_never_waits_for_the_disk(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.1)
    troubles: asyncio.Queue[JournalTroubleError | None] = asyncio.Queue()
    async with await Journal.open(path, on_trouble=troubles.put_nowait) as journal:
        with intruder(path) as other:
            other.execute("BEGIN IMMEDIATE")
            # Whoever waited for the disk here would find what the other holds, and raise it.
            number = journal.append(alarm(1))
            trouble = await troubles.get()
            assert "another program holds the file" in str(trouble)
            assert not number.done()
            other.execute("ROLLBACK")
        assert await number == 1
        assert await troubles.get() is None
        assert journal.trouble is None


@pytest.mark.parametrize(
    "entry",
    [
        Entry("alarm", {"value": float("nan")}),
        Entry("alarm", {"value": b"bytes"}),
        Entry("alarm", {"comment": "x" * 9000}),
        Entry("No kind"),
        Entry(Kind.CHECKPOINT, {"first": 9}),
        Entry("alarm", {}, datetime(2026, 1, 1)),  # noqa: DTZ001 - that is what is refused
    ],
    ids=["nan", "bytes", "long", "kind", "own", "zone"],
)
async def test_what_cannot_be_kept_is_refused_at_once(path: Path, entry: Entry) -> None:
    async with await Journal.open(path) as journal:
        with pytest.raises(UnfitEntryError):
            journal.append(entry)
        with pytest.raises(UnfitEntryError):
            journal.append(alarm(1), {"x" * 300: 1})
        with pytest.raises(UnfitEntryError):
            journal.append(alarm(1), {"\ud800": 1})
        assert await journal.append(alarm(1)) == 1


async def test_odd_texts_come_back(path: Path) -> None:
    said: dict[str, Any] = {"a": "\ud800 half", "b": "nul \0", "c": "'); DROP TABLE journal;--", '"': ["\u2028"]}
    async with await Journal.open(path) as journal:
        await journal.append(Entry(Kind.NOTE, said))
        assert (await journal.newest(1))[0].data == said
    assert verify(path).is_whole


async def test_the_order_is_that_of_the_numbers_whatever_the_clock_does(path: Path) -> None:
    now = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    times = [now, now + timedelta(hours=1), now - timedelta(days=400), now + timedelta(seconds=1)]
    async with await Journal.open(path) as journal:
        for number, moment in enumerate(times):
            await journal.append(Entry(Kind.ALARM, {"value": number}, moment))
        assert values(await journal.newest(10)) == [3, 2, 1, 0]
        late = Wanted(since=now, until=now + timedelta(hours=1))
        assert values(await journal.read(10, wanted=late)) == [0, 3]


async def test_pages_and_what_is_wanted(path: Path) -> None:
    async with await Journal.open(path) as journal:
        for value in range(30):
            journal.append(alarm(value, board=f"Board {value % 3}"))
            await journal.append(Entry(Kind.RESET, {"value": value}))
        resets = Wanted(kinds=[Kind.RESET])
        page = await journal.newest(10, wanted=resets)
        assert [record.data["value"] for record in page] == list(range(29, 19, -1))
        page = await journal.newest(10, before=page[-1].sequence, wanted=resets)
        assert [record.data["value"] for record in page] == list(range(19, 9, -1))
        board = Wanted(data={"board": "Board 1"}, kinds=[Kind.ALARM, Kind.LOSS])
        assert values(await journal.read(100, wanted=board)) == list(range(1, 30, 3))
        page = await journal.read(3, after=20, wanted=board)
        assert [record.sequence for record in page] == [21, 27, 33]


async def test_a_second_writer_is_refused_and_the_first_goes_on(path: Path) -> None:
    async with await Journal.open(path) as journal:
        with pytest.raises(JournalInUseError, match="another program"):
            await Journal.open(path)
        writer = await program("journal_writer", path, "1")
        out, said = await writer.communicate()
        assert (out, b"JournalInUseError" in said) == (b"", True)
        assert await journal.append(alarm(1)) == 1
    async with await Journal.open(path) as journal:
        assert await journal.append(alarm(2)) == 2


async def test_a_second_process_reads_while_it_is_written(path: Path) -> None:
    async with await Journal.open(path) as journal:
        await journal.append(alarm(0))
        ended = asyncio.Event()

        async def write() -> int:
            value = 0
            while not ended.is_set():
                value += 1
                await journal.append(alarm(value))
            return value

        writing = asyncio.create_task(write())
        for _ in range(3):
            reader = await program("journal_reader", path)
            out, said = await reader.communicate()
            assert said == b""
            assert out.startswith(b"whole ")
        ended.set()
        assert await writing > 10
        assert (await journal.verify()).is_whole


async def test_a_newer_record_is_refused_untouched(path: Path) -> None:
    await fill(path, 3)
    with intruder(path) as other:
        other.execute("PRAGMA user_version = 2")
    before = content(path)
    with pytest.raises(JournalTooNewError, match="format 2"):
        await Journal.open(path)
    with pytest.raises(JournalTooNewError):
        verify(path)
    assert content(path) == before


@pytest.mark.parametrize("mark", [0, 77])
async def test_another_programs_database_is_refused_untouched(path: Path, mark: int) -> None:
    with intruder(path) as other:
        other.execute("CREATE TABLE states (x)")
        other.execute(f"PRAGMA application_id = {mark}")
    before = content(path)
    with pytest.raises(NotAJournalError):
        await Journal.open(path)
    with pytest.raises(NotAJournalError):
        verify(path)
    assert content(path) == before


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(JournalUnreadableError, match="No such file"):
        verify(tmp_path / "none.db")
    with pytest.raises(JournalUnreadableError, match="not a file"):
        verify(tmp_path)


async def test_readers_can_change_nothing(path: Path) -> None:
    await fill(path, 1)
    with pytest.raises(JournalUnreadableError), database.open_for_reading(path) as connection:
        connection.execute("DELETE FROM journal")
    assert sqlite3.connect(path).execute("SELECT count(*) FROM journal").fetchone() == (1,)
