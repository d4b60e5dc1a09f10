"""Minutes against servers that others wrote: no wrong value, and no value older than the bus cycle and a second.

The registers are those of a simulated cabinet that stands still, so that every value is known in advance. All servers
are asked at the same time, each on a link of its own, as the integration asks.
"""

import asyncio

from benchmarks.report import Cell, Table
from benchmarks.servers.peers import SERVERS, NotThereError
from benchmarks.servers.watching import truth_of, watch
from simulator import Cabinet

MINUTES = 10.0
MODELS = {1: "adw300", 2: "aim-r100", 3: "adl400"}
ALLOWED_SECONDS = 1.0
_COLUMNS = ["server", "units", "values", "wrong", "without value", "never read", "late s", "allowed s", "note"]


async def _measure_one(name: str, minutes: float) -> dict[str, Cell]:
    async with Cabinet.of(MODELS, frozen=True) as cabinet:
        try:
            async with SERVERS[name](cabinet) as served:
                truths = {unit_id: truth_of(cabinet, unit_id) for unit_id in served.units}
                models = {unit_id: MODELS[unit_id] for unit_id in served.units}
                seen, _ = await watch(served.address, models, truths, 60 * minutes, served.absent)
        except NotThereError as error:
            return {"server": name, "note": f"not measured, needs: {error}"}
    return {
        "server": name,
        "units": len(served.units),
        "values": seen.values,
        "wrong": seen.wrong,
        "without value": seen.lost,
        "never read": seen.never,
        "late s": seen.late,
        "allowed s": ALLOWED_SECONDS + served.allowance,
        "note": seen.first_wrong or ("one unit more is absent" if served.absent else ""),
    }


async def measure(minutes: float | None = None) -> Table:
    """Return what was seen at each server."""
    minutes = MINUTES if minutes is None else minutes
    table = Table(
        "servers",
        "Servers of others",
        f"{minutes:g} minutes at each, all at the same time. The registers of a simulated cabinet that stands still "
        f"({', '.join(MODELS.values())}; jsmodbus, which has one image for all units, the first): each value is known. "
        "Late is the longest time between two values of a point, less the interval it is read at; allowed is a "
        "second, and at the gateway the time it spends on the unit that is absent. Without value is the first "
        "reading of each counter, which waits for a second one.",
        _COLUMNS,
    )
    rows = await asyncio.gather(*(_measure_one(name, minutes) for name in SERVERS))
    table.rows.extend({column: row.get(column) for column in _COLUMNS} for row in rows)
    return table
