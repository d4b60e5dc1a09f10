"""A program that writes a record on a disk of its own until that is full, and then makes space again.

The disk is the folder it is told; it says what came of it as one JSON document.
"""

import asyncio
import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from custom_components.acrel_safety.aioacrel.journal import (
        Entry,
        EntryLostError,
        Journal,
        JournalTroubleError,
        Kind,
        keeper,
        verify,
        writer,
    )
    from custom_components.acrel_safety.aioacrel.journal.reading import pages
else:  # as it is installed, without Home Assistant
    from aioacrel.journal import Entry, EntryLostError, Journal, JournalTroubleError, Kind, keeper, verify, writer
    from aioacrel.journal.reading import pages


RESERVE = 1024 * 1024
MOST_WAITING = 100
_WORDS = "x" * 4000


def _alarm(value: int) -> Entry:
    return Entry(Kind.ALARM, {"value": value, "words": _WORDS})


def _fill(ballast: Path) -> None:
    """Take all the space there is."""
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            os.fsync(file.fileno())


async def _write(folder: Path) -> dict[str, object]:
    path = folder / "record.db"
    ballast = folder / "ballast"
    troubles: asyncio.Queue[JournalTroubleError | None] = asyncio.Queue()
    journal = await Journal.open(path, on_trouble=troubles.put_nowait, most_waiting=MOST_WAITING, reserve=RESERVE)
    await journal.append(_alarm(0), {"value": 0})
    _fill(ballast)

    value, durable, waiting = 0, [0], list[asyncio.Future[int]]()
    while troubles.empty():
        value += 1
        await journal.append(_alarm(value), {"value": value})
        durable.append(value)
    first = troubles.get_nowait()
    # The alarm about it is recorded, because there was a reserve.
    await journal.append(Entry(Kind.NOTE, {"key": first.key if first else ""}))

    while True:  # until that is full too
        value += 1
        number = journal.append(_alarm(value), {"value": value})
        if not (await asyncio.wait([number], timeout=1))[0]:
            break
        durable.append(value)
    waiting.append(number)
    begun = value
    for value in range(begun + 1, begun + 3 * MOST_WAITING):
        waiting.append(journal.append(_alarm(value), {"value": value}))
    held = journal.waiting
    readable = len(await journal.newest(10))

    ballast.unlink()
    while await troubles.get() is not None:
        pass
    said = await asyncio.gather(*waiting, return_exceptions=True)
    lost = [begun + index for index, number in enumerate(said) if isinstance(number, EntryLostError)]
    standing = await journal.standing()
    await journal.close()
    found = verify(path)
    kept = [record.data["value"] for page in pages(path) for record in page if record.kind == Kind.ALARM]
    return {
        "trouble": first.key if first else None,
        "missing": [each for each in durable if each not in kept],
        "held": held,
        "readable": readable,
        "lost": lost,
        "kept": kept == [each for each in range(value + 1) if each not in lost],
        "begun": begun,
        "last": value,
        "standing": standing,
        "whole": found.is_whole,
        "lost as recorded": found.lost,
        "reserve": (folder / "record.reserve").stat().st_size,
        "free": shutil.disk_usage(folder).free,
    }


if __name__ == "__main__":
    keeper.RESTORE_SECONDS = writer.LONGEST_PAUSE = 0.2
    print(json.dumps(asyncio.run(_write(Path(sys.argv[1])))))  # noqa: T201 - that is what it is for
