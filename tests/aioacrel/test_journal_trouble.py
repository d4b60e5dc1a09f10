"""A disk that is full, a file that is damaged, gone or out of reach: nothing is lost unsaid."""

import asyncio
import json
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from custom_components.acrel_safety.aioacrel.journal import (
    Fault,
    Journal,
    JournalTroubleError,
    JournalUnreadableError,
    Kind,
    keeper,
    verify,
    writer,
)
from tests.aioacrel.journal_full_disk import MOST_WAITING, RESERVE
from tests.aioacrel.journal_rigs import alarm, content, damaged_beside, fill, intruder, program, values

SMALL_DISK = ("unshare", "-Urm", "sh", "-c", 'mount -t tmpfs -o size=6m tmpfs "$0" && exec "$@"')
"""A disk that only the program sees that runs on it, and that is gone with it."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "record.db"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once."""
    monkeypatch.setattr(writer, "LONGEST_PAUSE", 0.05)
    monkeypatch.setattr(keeper, "RESTORE_SECONDS", 0.05)


@pytest.fixture
def small_disk(tmp_path: Path) -> tuple[str, ...]:
    command = (*SMALL_DISK, str(tmp_path))
    if shutil.which("unshare") is None or subprocess.run([*command, "true"], check=False).returncode:
        pytest.skip("this system lets nobody make a disk of their own (unshare -Urm)")
    return command


async def test_a_full_disk_is_told_recorded_and_outlived(tmp_path: Path, small_disk: tuple[str, ...]) -> None:
    writing = await program("journal_full_disk", tmp_path, before=small_disk)
    out, said = await writing.communicate()
    assert said == b""
    found = json.loads(out)
    assert found["trouble"] == "journal_full"
    assert found["missing"] == []
    assert found["readable"] == 10
    # Memory holds what began and what was last; between them so many were lost, and that is in its place.
    assert found["held"] <= MOST_WAITING + 1
    assert len(found["lost"]) == found["lost as recorded"] >= MOST_WAITING
    assert found["lost"] == list(range(found["lost"][0], found["lost"][-1] + 1))
    assert found["lost"][0] - found["begun"] >= MOST_WAITING / 2
    assert found["last"] - found["lost"][-1] == MOST_WAITING / 2
    assert found["kept"]
    assert found["standing"] == {"value": found["last"]}
    assert found["whole"]
    assert found["reserve"] == RESERVE


@pytest.fixture
def limit() -> Iterator[Callable[[int | None], None]]:
    """Limit how large a file of this process may become, as a quota does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def set_limit(size: int | None) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft if size is None else size, hard))

    yield set_limit
    set_limit(None)


async def test_what_cannot_be_written_waits_and_is_written_later(
    path: Path, limit: Callable[[int | None], None]
) -> None:
    troubles: asyncio.Queue[JournalTroubleError | None] = asyncio.Queue()
    async with await Journal.open(path, on_trouble=troubles.put_nowait, reserve=1) as journal:
        await journal.append(alarm(0))
        limit(1024)
        numbers = [journal.append(alarm(value)) for value in range(1, 100)]
        trouble = await troubles.get()
        assert trouble is not None
        assert trouble.key == "journal_unwritable"
        assert not any(number.done() for number in numbers)
        limit(None)
        assert await asyncio.gather(*numbers) == list(range(2, 101))
        assert await troubles.get() is None
    assert verify(path).is_whole


async def test_a_record_that_cannot_be_opened_yet_keeps_what_happens(tmp_path: Path) -> None:
    folder = tmp_path / "not mounted yet"
    troubles: asyncio.Queue[JournalTroubleError | None] = asyncio.Queue()
    async with await Journal.open(folder / "record.db", on_trouble=troubles.put_nowait) as journal:
        assert await troubles.get() is journal.trouble is not None
        assert journal.head is None
        number = journal.append(alarm(1))
        folder.mkdir()
        assert await number == 1


async def test_a_record_that_somebody_else_turns_out_to_have_is_waited_for(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "late", tmp_path / "elsewhere"
    await asyncio.to_thread(elsewhere.mkdir)
    troubles: asyncio.Queue[JournalTroubleError | None] = asyncio.Queue()
    async with await Journal.open(folder / "record.db", on_trouble=troubles.put_nowait) as journal:
        assert await troubles.get() is not None
        number = journal.append(alarm(1))
        with intruder(elsewhere / "record.lock") as other:
            other.execute("BEGIN EXCLUSIVE")
            await asyncio.to_thread(elsewhere.rename, folder)
            assert "only one may write" in str(await troubles.get())
        assert await number == 1


async def test_a_head_that_cannot_be_kept_is_told_and_holds_nothing_up(path: Path) -> None:
    troubles: asyncio.Queue[JournalTroubleError | None] = asyncio.Queue()
    in_the_way = path.with_suffix(".head")
    await asyncio.to_thread(in_the_way.mkdir)
    async with await Journal.open(path, on_trouble=troubles.put_nowait) as journal:
        trouble = await troubles.get()
        assert "record.head cannot be written" in str(trouble)
        assert await journal.append(alarm(1)) == 1
        await asyncio.to_thread(in_the_way.rmdir)
        assert await troubles.get() is None


async def test_what_could_not_be_written_until_the_end_is_told(tmp_path: Path) -> None:
    journal = await Journal.open(tmp_path / "none" / "record.db")
    number = journal.append(alarm(1))
    await journal.close()
    with pytest.raises(Exception, match="was lost"):
        await number


def overwrite(path: Path, position: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(position)
        file.write(data)


def spoil_beginning(path: Path) -> None:
    overwrite(path, 0, b"\0" * 200)


def spoil_middle(path: Path) -> None:
    overwrite(path, 4096, b"\xa5" * 4096 * 3)


def cut(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(4096 * 2 + 77)


@pytest.mark.parametrize("spoil", [spoil_beginning, spoil_middle, cut])
async def test_a_damaged_file_is_kept_and_a_new_one_goes_on(path: Path, spoil: Callable[[Path], None]) -> None:
    await fill(path, 500)
    known = verify(path).head
    spoil(path)
    spoilt = content(path)
    async with await Journal.open(path) as journal:
        assert await journal.append(alarm("after")) == 502
        first = (await journal.read(1))[0]
        assert (first.sequence, first.kind, first.data["cause"]) == (501, Kind.BEGUN_ANEW, "damaged")
        aside = path.with_name(str(first.data["name"]))
        assert content(aside) == spoilt
        found = await journal.verify([known])
        assert (found.is_whole, found.beginnings, found.pruned) == (True, [501], 500)
        assert known in found.confirmed
    # It is the last one that this happens to.
    async with await Journal.open(path) as journal:
        assert await journal.append(alarm("later")) == 503
    assert damaged_beside(path) == [aside]


async def test_damage_while_it_is_written(path: Path) -> None:
    await fill(path, 3000)
    async with await Journal.open(path) as journal:
        await journal.append(alarm(1), {"stands": 1})
        spoil_middle(path)
        # What SQLite has in memory still serves for a while.
        for value in range(3000):
            number = journal.append(alarm(value), {"stands": value})
        await number
    assert verify(path).is_whole or verify(path).findings[0].fault is Fault.DAMAGED
    async with await Journal.open(path) as journal:
        assert values(await journal.newest(1))[-1:] in ([2999], [])
        assert (await journal.verify()).is_whole


async def test_what_stood_is_saved_from_a_damaged_file(path: Path) -> None:
    async with await Journal.open(path, reserve=1) as journal:
        await journal.append(alarm(1), {"board": {"state": "unacknowledged"}})
        await asyncio.gather(*(journal.append(alarm(value)) for value in range(500)))
    with intruder(path) as other:
        root = other.execute("SELECT rootpage FROM sqlite_master WHERE name = 'journal_kind'").fetchone()[0]
    overwrite(path, 4096 * (root - 1), b"\xa5" * 100)
    async with await Journal.open(path) as journal:
        assert (await journal.read(1))[0].kind == Kind.BEGUN_ANEW
        assert await journal.standing() == {"board": {"state": "unacknowledged"}}


async def test_a_file_that_is_gone_is_said(path: Path) -> None:
    await fill(path, 5)
    await asyncio.to_thread(path.unlink)
    async with await Journal.open(path) as journal:
        first = (await journal.read(1))[0]
        assert (first.sequence, first.kind, first.data["cause"]) == (6, Kind.BEGUN_ANEW, "missing")
        assert (await journal.verify()).is_whole


def test_a_damaged_file_is_verified_as_far_as_it_can_be(path: Path) -> None:
    asyncio.run(fill(path, 500))
    spoil_middle(path)
    assert Fault.DAMAGED in {finding.fault for finding in verify(path).findings}
    spoil_beginning(path)
    with pytest.raises(JournalUnreadableError):
        verify(path)
