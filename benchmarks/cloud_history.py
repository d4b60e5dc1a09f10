"""A year of a hundred devices, fetched by a Home Assistant that is ended by SIGKILL again and again.

Beside it another fetches the same and is left alone; then all rows of both databases are compared, value for value.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.report import Table
from tests.integration.history_rigs import Rows, interrupted, uninterrupted

DEVICES, MONTHS, KILLS = 100, 12, 20
_STEPS_OF_PIECE = 1.15
"""Of each piece its answer, and of each batch of them three more."""


async def _timed(what: str, folder: Path, devices: int, months: int, kills: int) -> tuple[Rows, int, float]:
    folder.mkdir()  # noqa: ASYNC240 - nothing else runs yet
    since = time.monotonic()
    if not kills:
        rows, steps = await uninterrupted(folder, devices, months)
    else:
        steps = int(2 * devices * months * 30.4 * _STEPS_OF_PIECE)
        rows, steps = await interrupted(
            folder, devices, months, kills=kills, steps=steps, told=lambda text: print(text, file=sys.stderr)
        )
    print(f"{what}: {len(rows)} rows", file=sys.stderr)
    return rows, steps, time.monotonic() - since


async def measure(devices: int = DEVICES, months: int = MONTHS, kills: int = KILLS) -> Table:
    """Return what is in both databases."""
    with tempfile.TemporaryDirectory() as folder:
        left, ended = await asyncio.gather(
            _timed("left alone", Path(folder) / "left", devices, months, 0),
            _timed("ended", Path(folder) / "ended", devices, months, kills),
        )
    different = sum(left[0].get(key) != values for key, values in ended[0].items()) + len(left[0].keys() - ended[0])
    table = Table(
        "cloud_history",
        "The history of a cloud account",
        f"{months} months of {devices} devices (residual current and a temperature every half hour, and the readings "
        "of a counter each day, some of them wrong, twice or missing; clocks are changed twice), imported as "
        "external statistics by a real Home Assistant with its recorder (SQLite). The pause between two requests is "
        "left out. One is left alone; the other is ended by SIGKILL at any moment and started again. Different are "
        "rows that are not the same in both databases, or in one of them only.",
        ["run", "ended", "rows", "steps", "minutes", "different rows"],
    )
    for name, (rows, steps, seconds), count in (("left alone", left, 0), ("ended", ended, kills)):
        table.rows.append(
            {
                "run": name,
                "ended": count,
                "rows": len(rows),
                "steps": steps,
                "minutes": seconds / 60,
                "different rows": different,
            }
        )
    return table


if __name__ == "__main__":
    found = asyncio.run(measure(*map(int, sys.argv[1:])))
    found.save()
    print(found.markdown())
