"""Runs of `history_worker.py` that are ended at any moment, and what is in the database afterwards."""

import asyncio
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random

type Rows = dict[tuple[str, float], tuple[float | None, ...]]


async def worker(folder: Path, devices: int, months: int) -> asyncio.subprocess.Process:
    """Start one."""
    module = "tests.integration.history_worker"
    command = [sys.executable, "-m", module, str(folder), str(devices), str(months)]
    return await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)


async def steps_of(process: asyncio.subprocess.Process, most: int | None = None) -> tuple[int, str]:
    """Let it go on, for so many steps at most; return how many there were, and what it said last."""
    if process.stdout is None:
        raise RuntimeError("nothing can be read of it")
    count, said = 0, ""
    while most is None or count < most:
        line = await process.stdout.readline()
        if not line:
            break
        count, said = count + 1, line.decode().strip()
    return count, said


async def uninterrupted(folder: Path, devices: int, months: int) -> tuple[Rows, int]:
    """Return the rows of a run that nobody ends, and its steps."""
    process = await worker(folder, devices, months)
    count, said = await steps_of(process)
    await process.wait()
    if said != "done":
        raise RuntimeError(f"the worker said last: {said}")
    return rows_of(folder), count


async def interrupted(
    folder: Path, devices: int, months: int, *, kills: int, steps: int, told: Callable[[str], None] = lambda text: None
) -> tuple[Rows, int]:
    """Return the rows of a run that is ended so often by SIGKILL, after more or less steps, and its steps."""
    chance = Random(kills)  # noqa: S311 - of moments to end it
    total = 0
    for number in range(kills):
        process = await worker(folder, devices, months)
        count, said = await steps_of(process, chance.randint(1, max(2, 2 * steps // (kills + 1))))
        # Anything between two steps: a moment later it may be in the middle of a commit.
        await asyncio.sleep(chance.uniform(0, 0.02))
        process.kill()
        await process.communicate()
        total += count
        told(f"ended {number + 1} of {kills} after {count} steps ({said})")
    process = await worker(folder, devices, months)
    count, said = await steps_of(process)
    await process.wait()
    if said != "done":
        raise RuntimeError(f"the worker said last: {said}")
    return rows_of(folder), total + count


def rows_of(folder: Path) -> Rows:
    """Return all long-term statistics of a database, as they are."""
    query = (
        "select statistic_id, start_ts, mean, min, max, state, sum from statistics"
        " join statistics_meta on statistics_meta.id = statistics.metadata_id"
    )
    with closing(sqlite3.connect(folder / "recorder.db")) as connection:
        found = connection.execute(query).fetchall()
    rows: Rows = {(name, start): tuple(values) for name, start, *values in found}
    if len(rows) != len(found):
        raise RuntimeError("an hour is there twice")
    return rows
