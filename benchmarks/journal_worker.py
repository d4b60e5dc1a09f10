"""A program that writes a record until it is killed, and says of each entry when it is durable: number and value."""

import asyncio
import sys
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from custom_components.acrel_safety.aioacrel.journal import Entry, Journal, Kind
else:  # as it is installed, without Home Assistant
    from aioacrel.journal import Entry, Journal, Kind

_BURST = 20


async def _write(path: Path, first: int) -> None:
    journal = await Journal.open(path)
    for value in count(first, _BURST):
        burst = range(value, value + _BURST)
        numbers = [journal.append(Entry(Kind.ALARM, {"value": each}), {"value": each}) for each in burst]
        lines = [f"{await number} {each}\n" for each, number in zip(burst, numbers, strict=True)]
        sys.stdout.write("".join(lines))
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_write(Path(sys.argv[1]), int(sys.argv[2])))
