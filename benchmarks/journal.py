"""The record: what an entry costs, how soon it is read, and what survives a writer that is killed.

    python -m benchmarks journal

runs on the disk of the system's temporary folder (TMPDIR): the figures are that disk's.
"""

import asyncio
import random
import resource
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import quantiles

from benchmarks.report import Table
from custom_components.acrel_safety.aioacrel.journal import Entry, Journal, Kind, Wanted, verify
from custom_components.acrel_safety.aioacrel.journal.reading import pages

ENTRIES = 100_000
SINGLE = 5000
LOOKS = 50
DAY = 86_400
KILLS = 20
_WORKER = Path(__file__).with_name("journal_worker.py")
_PAGE = resource.getpagesize()


def _entry(value: int) -> Entry:
    where = {"site": "Works", "board": f"Board {value % 50}", "circuit": str(value % 12 + 1)}
    return Entry(
        Kind.RESET if value % 1000 == 0 else Kind.ALARM,
        {**where, "code": "Lg", "level": "alarm", "state": "unacknowledged", "value": value, "limit": 300},
    )


def _memory() -> float:
    """Return the resident memory in MB."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * _PAGE / 1e6


async def _timed(call: Callable[[], Awaitable[object]]) -> tuple[float, float]:
    """Return the median and the worst ms of a look."""
    took = []
    for _ in range(LOOKS):
        begun = time.perf_counter()
        await call()
        took.append((time.perf_counter() - begun) * 1000)
    return quantiles(took, n=2)[0], max(took)


async def _full(table: Table, folder: Path) -> None:
    path = folder / "full.db"
    async with await Journal.open(path) as journal:
        took = []
        for value in range(SINGLE):
            begun = time.perf_counter()
            await journal.append(_entry(value), {f"alarm {value % 500}": {"state": "unacknowledged", "since": value}})
            took.append((time.perf_counter() - begun) * 1000)
        table.add(
            what=f"append one, until it is on the disk ({SINGLE})",
            median_ms=quantiles(took, n=2)[0],
            p99_ms=quantiles(took, n=100)[98],
            worst_ms=max(took),
        )

        before, begun = journal.commits, time.perf_counter()
        await asyncio.gather(*(journal.append(_entry(value)) for value in range(1000)))
        seconds = time.perf_counter() - begun
        table.add(what="1,000 at once", seconds=seconds, figure=f"{journal.commits - before} commits")

        begun = time.perf_counter()
        for first in range(SINGLE + 1000, ENTRIES, 1000):
            await asyncio.gather(*(journal.append(_entry(value)) for value in range(first, first + 1000)))
        figure = f"{path.stat().st_size / 1e6:.1f} MB"
        table.add(what=f"{ENTRIES:,} in all, the rest by thousands", seconds=time.perf_counter() - begun, figure=figure)

        for what, call in (
            ("newest 100", lambda: journal.newest(100)),
            ("newest 100 of a rare kind", lambda: journal.newest(100, wanted=Wanted(kinds=[Kind.RESET]))),
            ("newest 100 of one board", lambda: journal.newest(100, wanted=Wanted(data={"board": "Board 7"}))),
        ):
            middle, worst = await _timed(call)
            table.add(what=f"{what}, of {ENTRIES:,}", median_ms=middle, worst_ms=worst)
        begun = time.perf_counter()
        found = await journal.verify()
        figure = f"{found.count:,} entries, {'whole' if found.is_whole else 'NOT WHOLE'}"
        table.add(what="verify all", seconds=time.perf_counter() - begun, figure=figure)


async def _day(table: Table, folder: Path) -> None:
    """Write as many entries as a day has seconds, each by itself; look at the memory."""
    async with await Journal.open(folder / "day.db") as journal:
        begun, memory = time.perf_counter(), 0.0
        for second in range(DAY):
            await journal.append(_entry(second), {f"alarm {second % 500}": second})
            if second == DAY // 24:
                memory = _memory()
        figure = f"{_memory() - memory:+.1f} MB of memory after the first hour"
        table.add(what="a day at one alarm a second, compressed", seconds=time.perf_counter() - begun, figure=figure)


async def _kills(table: Table, folder: Path) -> None:
    """Kill a writer at random moments until there are so many entries."""
    chance = random.Random(7)
    path, told, begun = folder / "killed.db", dict[int, int](), time.perf_counter()
    for number in range(1, KILLS + 1):
        first = max(told.values(), default=-1) + 1
        worker = await asyncio.create_subprocess_exec(
            sys.executable, _WORKER, path, str(first), stdout=asyncio.subprocess.PIPE
        )
        if worker.stdout is None:
            raise RuntimeError("the worker says nothing")
        until = number * ENTRIES // KILLS - chance.randrange(ENTRIES // KILLS // 2) if number < KILLS else ENTRIES
        while len(told) < until:
            sequence, value = (await worker.stdout.readline()).split()
            told[int(sequence)] = int(value)
        worker.kill()
        rest, _ = await worker.communicate()
        for line in rest.splitlines(keepends=True):
            if line.endswith(b"\n"):
                sequence, value = line.split()
                told[int(sequence)] = int(value)
    found = verify(path)
    kept = {record.sequence: record.data.get("value") for page in pages(path) for record in page}
    lost = sum(kept.get(sequence) != value for sequence, value in told.items())
    figure = f"{len(told):,} acknowledged, {lost} lost, {'whole' if found.is_whole else 'NOT WHOLE'}"
    table.add(what=f"{KILLS} SIGKILLs at random moments", seconds=time.perf_counter() - begun, figure=figure)


async def measure() -> Table:
    """Return what the record costs and bears."""
    table = Table(
        "journal",
        "The record",
        "The safety record (`aioacrel/journal`): SQLite in WAL mode, every commit synchronised (FULL), one writer "
        "thread. An entry is one alarm with site, board, circuit, code, level, state, value and limit. Appended one by "
        "one each entry is a commit and is waited for; what is put down at once shares commits. Reading goes through a "
        "connection of its own, opened for each look. The disk is that of the machine's temporary folder.",
        ["what", "median ms", "p99 ms", "worst ms", "seconds", "figure"],
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        await _full(table, folder)
        await _day(table, folder)
        await _kills(table, folder)
    return table
