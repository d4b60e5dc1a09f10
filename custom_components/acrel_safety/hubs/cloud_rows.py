"""What came of an account's past, as rows of statistics: written, and read back before it counts as stored."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, tzinfo
from math import isclose
from typing import cast

from homeassistant.components.recorder.models import StatisticData
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance

from ..aioacrel.cloud.backfill import Answer
from ..aioacrel.cloud.history import Piece, Theme
from ..aioacrel.cloud.historyrows import Counter, MeanRow, SumRow, means
from ..aioacrel.cloud.records import Counted, Sample
from ..aioacrel.points import Point
from ..aioacrel.readings import DEVICE_CIRCUIT, PointKey
from .cloud_seats import ENERGIES, Seat
from .history_statistics import add_rows, is_imported, read_rows, statistic_id

_LOOK_SECONDS = 0.05
PATIENCE_SECONDS = 120.0
"""So long what was given to the recorder may take until it is read back."""
_FIRST, _LAST = 0.0, 4e9

type Found = Sequence[tuple[Piece, Answer, Seat]]


@dataclass(slots=True)
class _Series:
    """Rows of one statistic that are to be stored, by the beginning of their hour."""

    seat: Seat
    point: Point
    rows: dict[float, StatisticData] = field(default_factory=dict)


class HistoryRows:
    """Writes what came of one account."""

    def __init__(self, hass: HomeAssistant, zone_of: Callable[[str], tzinfo]) -> None:
        """Take who knows in which zone the days of a site are."""
        self._hass = hass
        self._zone_of = zone_of
        self._counters: dict[str, Counter] = {}

    def forget(self, name: str | None = None) -> None:
        """Read a counter anew when it is needed next, or all: its statistics are not what they were."""
        if name is None:
            self._counters.clear()
        else:
            self._counters.pop(name, None)

    async def store(self, found: Found) -> tuple[Mapping[Piece, int | None], Mapping[str, float]]:
        """Store what came, and wait until it can be read back.

        Returns how many rows there are of each piece, None if nobody knows yet, and by statistic its newest hour of
        these. Raises whatever may be wrong with a database.
        """
        series: dict[str, _Series] = {}
        try:
            counts = {piece: await self._gather(piece, answer, seat, series) for piece, answer, seat in found}
            for one in series.values():
                add_rows(self._hass, one.seat.subentry_id, one.point, one.seat.title, list(one.rows.values()))
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._read_back({name: one.rows for name, one in series.items()})
        except BaseException:
            # What the counters took is not stored: they are read anew.
            self._counters.clear()
            raise
        return counts, {name: max(one.rows) for name, one in series.items()}

    async def _gather(self, piece: Piece, answer: Answer, seat: Seat, series: dict[str, _Series]) -> int | None:
        """Add the rows of a piece; return how many there are, None if nobody knows yet."""
        found: Mapping[PointKey, Sequence[MeanRow | SumRow]] | None
        if piece.subject.theme is Theme.ENERGY:
            found = await self._counted(seat, piece.day, cast("Sequence[Counted]", answer))
        else:
            found = means(cast("Sequence[Sample]", answer), piece.day, self._zone_of(seat.site))
        if found is None:
            return None
        count = 0
        for key, rows in found.items():
            point = seat.point(key)
            if rows and point is not None and is_imported(point):
                one = series.setdefault(statistic_id(seat.subentry_id, point), _Series(seat, point))
                one.rows |= {row.start.timestamp(): _data(row) for row in rows}
                count += len(rows)
        return count

    async def _counted(
        self, seat: Seat, day: date, answer: Sequence[Counted]
    ) -> Mapping[PointKey, Sequence[SumRow]] | None:
        keys = (PointKey(DEVICE_CIRCUIT, code) for code in ENERGIES)
        point = next((found for key in keys if (found := seat.point(key)) is not None), None)
        if point is None or len(answer) != 1:
            return {}
        counter = await self._counter(statistic_id(seat.subentry_id, point))
        rows = counter.take(answer[0], day, self._zone_of(seat.site))
        return None if rows is None else {point.key: rows}

    async def _counter(self, name: str) -> Counter:
        if name not in self._counters:
            found = await get_instance(self._hass).async_add_executor_job(read_rows, self._hass, {name}, _FIRST, _LAST)
            self._counters[name] = Counter.of_rows(
                (int(hour), state, total)
                for hour, row in found.get(name, {}).items()
                if (state := row["state"]) is not None and (total := row["sum"]) is not None
            )
        return self._counters[name]

    async def _read_back(self, wanted: Mapping[str, Mapping[float, StatisticData]]) -> None:
        """Wait until all rows are in the statistics, as they were given."""
        recorder = get_instance(self._hass)
        hours = [hour for rows in wanted.values() for hour in rows]
        while hours:
            await recorder.async_block_till_done()
            found = await recorder.async_add_executor_job(read_rows, self._hass, set(wanted), min(hours), max(hours))
            if all(
                _is_same(row, found.get(name, {}).get(hour))
                for name, rows in wanted.items()
                for hour, row in rows.items()
            ):
                return
            # Nobody tells when what is under way has been written.
            await asyncio.sleep(_LOOK_SECONDS)


def _data(row: MeanRow | SumRow) -> StatisticData:
    if isinstance(row, SumRow):
        return StatisticData(start=row.start, state=row.state, sum=row.sum)
    return StatisticData(start=row.start, mean=row.mean, min=row.min, max=row.max)


def _is_same(wanted: StatisticData, found: Mapping[str, float | None] | None) -> bool:
    if found is None:
        return False
    given = cast("Mapping[str, float]", wanted)
    return all(
        kind == "start" or ((value := found.get(kind)) is not None and isclose(value, given[kind], abs_tol=1e-6))
        for kind in given
    )
