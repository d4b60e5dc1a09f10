"""A record stays within its bounds, says what it let go, and can be verified all the same."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from custom_components.acrel_safety.aioacrel.journal import Bounds, Entry, Fault, Journal, Kind, Wanted, pruning, verify
from tests.aioacrel.journal_rigs import alarm, intruder, values

SIZE = 300_000
CHECKPOINTS = Wanted(kinds=[Kind.CHECKPOINT])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "record.db"


async def test_a_record_that_is_too_large_loses_its_beginning_and_says_so(path: Path) -> None:
    heads = []
    async with await Journal.open(path, bounds=Bounds(size=SIZE)) as journal:
        for value in range(3000):
            number = journal.append(alarm(value))
            if value % 500 == 0:
                await number
                heads.append(journal.head)
        await number
        kept = [record.data["value"] for record in await journal.newest(1000) if record.kind == Kind.ALARM]
        assert kept == list(range(2999, 2999 - len(kept), -1))
    found = verify(path, [head for head in heads if head is not None])
    assert found.is_whole
    assert found.first > 500
    assert found.pruned == found.first - 1
    assert len(found.unchecked) + len(found.confirmed) == len(heads) + 1
    assert found.unchecked
    async with await Journal.open(path, bounds=Bounds(size=SIZE)) as journal:
        with intruder(path) as other:
            pages, free = (other.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count"))
        assert (pages - free) * 4096 < 1.5 * SIZE
        said = (await journal.newest(1, wanted=CHECKPOINTS))[0].data
        assert (said["cause"], said["first"]) == ("size", found.first)
        assert said["removed"] != 0


async def test_old_entries_go_after_their_time(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "LOOK_SECONDS", 0.0)
    now = datetime.now(UTC)
    async with await Journal.open(path) as journal:
        for days in (30, 20, 10, 0):
            await journal.append(Entry(Kind.ALARM, {"value": days}, now - timedelta(days=days)))
    async with await Journal.open(path, bounds=Bounds(age=timedelta(days=15))) as journal:
        await journal.append(alarm("new"))
        said = (await journal.newest(1, wanted=CHECKPOINTS))[0].data
        assert (said["removed"], said["first"], said["cause"]) == (2, 3, "age")
        assert values(await journal.read(10)) == [10, 0, "new"]
        assert (await journal.verify()).is_whole


async def test_a_clock_that_leaps_takes_nothing_away(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "LOOK_SECONDS", 0.0)
    async with await Journal.open(path) as journal:
        await journal.append(alarm("kept"))
        leapt = SimpleNamespace(monotonic=time.monotonic, time=lambda: time.time() + 1e9)
        monkeypatch.setattr(pruning, "time", leapt)
        await journal.append(alarm("too"))
        assert values(await journal.read(10)) == ["kept", "too"]


@pytest.mark.parametrize("spoil", ["DELETE FROM journal WHERE sequence < 2500", "UPDATE journal SET hash = text"])
async def test_a_pruned_record_hides_nothing(path: Path, spoil: str) -> None:
    async with await Journal.open(path, bounds=Bounds(size=SIZE)) as journal:
        for value in range(3000):
            number = journal.append(alarm(value))
        await number
    with intruder(path) as other:
        other.execute(f"{spoil} {'AND' if 'WHERE' in spoil else 'WHERE'} kind = 'alarm'")
    assert {finding.fault for finding in verify(path).findings} & {Fault.MISSING, Fault.CHANGED}


async def test_a_beginning_removed_without_a_checkpoint_is_found(path: Path) -> None:
    async with await Journal.open(path) as journal:
        for value in range(10):
            await journal.append(alarm(value))
    with intruder(path) as other:
        other.execute("DELETE FROM journal WHERE sequence < 4")
    finding = verify(path).findings[0]
    assert (finding.fault, finding.first, finding.last) == (Fault.MISSING, 1, 3)
