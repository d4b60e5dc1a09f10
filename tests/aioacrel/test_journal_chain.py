"""Whatever is done to a record behind its back is found."""

import asyncio
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.journal import (
    NOTHING,
    BadHeadError,
    Entry,
    Fault,
    Head,
    Journal,
    JournalError,
    Kind,
    verify,
)
from custom_components.acrel_safety.aioacrel.journal.chain import linked
from custom_components.acrel_safety.aioacrel.journal.reading import pages
from tests.aioacrel.journal_rigs import alarm, content, fill, intruder, values

COUNT = 12
numbers = st.integers(1, COUNT)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a record that is closed, with its head beside it."""
    path = tmp_path_factory.mktemp("good") / "record.db"
    asyncio.run(fill(path, COUNT))
    return path


@contextmanager
def copy_of(good: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        for name in ("record.db", "record.head"):
            shutil.copy(good.with_name(name), folder)
        yield Path(folder) / "record.db"


def faults(path: Path) -> set[Fault]:
    return {finding.fault for finding in verify(path).findings}


def forge(connection: sqlite3.Connection, first: int) -> None:
    """Make all hashes from an entry on fit again."""
    row = connection.execute("SELECT sequence, hash FROM journal WHERE sequence = ?", (first - 1,)).fetchone()
    head = Head(*row) if row else NOTHING
    rows = connection.execute("SELECT text FROM journal WHERE sequence >= ? ORDER BY sequence", (first,)).fetchall()
    for (text,) in rows:
        head = linked(head, text.encode())
        connection.execute("UPDATE journal SET hash = ? WHERE sequence = ?", (head.hash, head.sequence))


def test_what_nobody_touched_is_whole(good: Path) -> None:
    found = verify(good)
    assert (found.is_whole, found.first, found.count, found.head.sequence) == (True, 1, COUNT, COUNT)
    assert found.confirmed == [found.head]


@given(number=numbers, column=st.sampled_from(["text", "hash"]), spoilt=st.text(max_size=20) | st.binary(max_size=33))
@settings(max_examples=60, deadline=None)
def test_an_edited_entry_is_found(good: Path, number: int, column: str, spoilt: str | bytes) -> None:
    with copy_of(good) as path:
        with intruder(path) as other:
            other.execute(f"UPDATE journal SET {column} = ? WHERE sequence = ?", (spoilt, number))  # noqa: S608 - ours
        finding = verify(path).findings[0]
        assert (finding.fault, finding.first) == (Fault.CHANGED, number)


@given(number=numbers, value=st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_an_edited_value_with_a_hash_that_fits_is_found(good: Path, number: int, value: int) -> None:
    with copy_of(good) as path:
        with intruder(path) as other:
            other.execute(
                "UPDATE journal SET text = json_set(text, '$.data.value', ?) WHERE sequence = ?", (value, number)
            )
            is_other = other.execute("SELECT text FROM journal WHERE sequence = ?", (number,)).fetchone()
            forge(other, number)
        with intruder(good) as untouched:
            was = untouched.execute("SELECT text FROM journal WHERE sequence = ?", (number,)).fetchone()
        # The whole chain is sound; only the head elsewhere tells.
        assert faults(path) == (set() if is_other == was else {Fault.REPLACED})


@given(removed=st.sets(numbers, min_size=1))
@settings(max_examples=60, deadline=None)
def test_removed_entries_are_found(good: Path, removed: set[int]) -> None:
    with copy_of(good) as path:
        with intruder(path) as other:
            other.executemany("DELETE FROM journal WHERE sequence = ?", [(number,) for number in removed])
        found = verify(path)
        last = max({*range(1, COUNT + 1)} - removed, default=0)
        missing = {
            number
            for finding in found.findings
            for number in range(finding.first + (finding.fault is Fault.SHORTENED), finding.last + 1)
        }
        assert missing == removed
        assert {finding.fault for finding in found.findings} <= {Fault.MISSING, Fault.SHORTENED}
        is_end_alone = removed == {*range(last + 1, COUNT + 1)}
        assert found.rolled_back_to == (last if is_end_alone else None)


@given(order=st.permutations(range(1, COUNT + 1)), is_forged=st.booleans())
@settings(max_examples=40, deadline=None)
def test_reordered_entries_are_found(good: Path, order: list[int], is_forged: bool) -> None:
    with copy_of(good) as path:
        with intruder(path) as other:
            other.execute("UPDATE journal SET sequence = -sequence")
            other.executemany(
                "UPDATE journal SET sequence = ? WHERE sequence = ?",
                [(new, -old) for new, old in enumerate(order, start=1)],
            )
            if is_forged:
                forge(other, 1)
        is_same = order == sorted(order)
        found = faults(path)
        assert (not found) is is_same
        assert found <= ({Fault.REPLACED} if is_forged else {Fault.CHANGED, Fault.REPLACED})


@given(at=numbers, is_forged=st.booleans())
@settings(max_examples=20, deadline=None)
def test_an_entry_put_in_is_found(good: Path, at: int, is_forged: bool) -> None:
    with copy_of(good) as path:
        with intruder(path) as other:
            other.execute("UPDATE journal SET sequence = -sequence - 1 WHERE sequence >= ?", (at,))
            other.execute("UPDATE journal SET sequence = -sequence WHERE sequence < 0")
            text = '{"boot":"","data":{},"kind":"reset","steady":1,"time":"2026-01-01T00:00:00.000000Z"}'
            other.execute("INSERT INTO journal (sequence, text, hash) VALUES (?, ?, zeroblob(32))", (at, text))
            if is_forged:
                forge(other, at)
        assert not verify(path).is_whole


@given(position=st.integers(0), bit=st.integers(0, 7))
@settings(max_examples=150, deadline=None)
def test_a_flipped_bit_is_found_or_changes_nothing(good: Path, position: int, bit: int) -> None:
    with copy_of(good) as path:
        data = bytearray(path.read_bytes())
        data[position % len(data)] ^= 1 << bit
        path.write_bytes(data)
        try:
            is_whole = verify(path).is_whole
        except JournalError:
            return
        if is_whole:
            assert list(pages(path)) == list(pages(good))


def test_a_trigger_is_found(good: Path) -> None:
    with copy_of(good) as path:
        with intruder(path) as other:
            other.execute("CREATE TRIGGER quiet AFTER INSERT ON journal BEGIN DELETE FROM standing; END")
        assert faults(path) == {Fault.FORM}


def test_without_a_head_elsewhere_a_cut_end_is_not_seen_and_that_is_said(good: Path) -> None:
    with copy_of(good) as path:
        with intruder(path) as other:
            other.execute("DELETE FROM journal WHERE sequence > 8")
        path.with_suffix(".head").unlink()
        found = verify(path)
        assert (found.is_whole, found.confirmed) == (True, [])
        known = verify(good).head
        assert verify(path, [known]).rolled_back_to == 8


async def test_a_record_that_was_rolled_back_says_so_itself(good: Path) -> None:
    known = verify(good).head
    with copy_of(good) as path:
        with intruder(path) as other:
            other.execute("DELETE FROM journal WHERE sequence > 8")
        async with await Journal.open(path) as journal:
            assert await journal.append(alarm(99)) == 10
            said = (await journal.newest(2))[1]
            assert (said.kind, said.data) == (Kind.ROLLED_BACK, {"to": 8, "from": 12, "hash": known.hash.hex()})
        found = verify(path)
        assert (found.is_whole, found.rollbacks) == (True, [9])
        # Whoever kept the head of before is told, though another entry has its number now or later.
        assert verify(path, [known]).rolled_back_to == 8
        async with await Journal.open(path) as journal:
            for value in range(5):
                await journal.append(alarm(value))
        assert verify(path, [known]).rolled_back_to == 8


async def test_what_is_done_while_it_is_written_is_put_down_or_found(good: Path) -> None:
    with copy_of(good) as path:
        async with await Journal.open(path) as journal:
            with intruder(path) as other:
                other.execute("DELETE FROM journal WHERE sequence > 10")
            await journal.append(alarm(1))
            assert [record.kind for record in await journal.newest(2)] == [Kind.ALARM, Kind.ROLLED_BACK]
            with intruder(path) as other:
                other.execute("DELETE FROM journal")
            await journal.append(alarm(2))
            assert not (await journal.verify()).is_whole


async def test_a_head_that_is_missing_is_noted(good: Path) -> None:
    with copy_of(good) as path:
        path.with_suffix(".head").unlink()
        async with await Journal.open(path) as journal:
            assert (await journal.newest(1))[0].data == {"cause": "head_missing"}


async def test_a_head_kept_elsewhere_is_compared_when_the_record_is_opened(good: Path) -> None:
    with copy_of(good) as path:
        async with await Journal.open(path, known=[Head(20, bytes(32))]) as journal:
            assert (await journal.newest(1))[0].kind == Kind.ROLLED_BACK


def test_heads_are_read_as_they_are_written(good: Path) -> None:
    head = verify(good).head
    assert Head.parse(str(head)) == head
    assert Head.parse(content(good.with_suffix(".head")).decode()) == head
    for text in ("", "12", "12:ab", f"-1:{head.hash.hex()}", f"{head}0"):
        with pytest.raises(BadHeadError):
            Head.parse(text)


async def test_spoilt_entries_hide_no_others(good: Path) -> None:
    with copy_of(good) as path:
        with intruder(path) as other:
            other.execute("UPDATE journal SET text = '{}' WHERE sequence = 3")
            other.execute("UPDATE journal SET text = x'ff00' WHERE sequence = 4")
            other.execute("UPDATE journal SET text = '[' WHERE sequence = 5")
        async with await Journal.open(path) as journal:
            page = await journal.read(COUNT)
        assert [record.is_readable for record in page] == [number not in (3, 4, 5) for number in range(1, COUNT + 1)]
        assert values(page) == [0, 1, *range(5, COUNT)]


def test_entries_are_values() -> None:
    assert Entry(Kind.NOTE).data == {}
    assert Entry("note").kind == Kind.NOTE
