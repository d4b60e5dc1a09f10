"""The history of a cloud account as long-term statistics: fetched slowly, stored, read back, and only then noted."""

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from math import isclose
from typing import cast

import probatio
from homeassistant.components.recorder.models import StatisticData
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.recorder import get_instance
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from ..aioacrel.cloud.backfill import EVERY, Account, Answer, Backfill, themes
from ..aioacrel.cloud.errors import NotStoredError
from ..aioacrel.cloud.history import MONTHS, MOST_MONTHS, USUAL, Calendar, Piece, Progress, Subject, Theme
from ..aioacrel.cloud.historyrows import Counter, MeanRow, SumRow, means
from ..aioacrel.cloud.records import CircuitOfMeter, Counted, MeterKey, Sample
from ..aioacrel.cloud.zones import Zones
from ..aioacrel.points import Model, Point
from ..aioacrel.readings import DEVICE_CIRCUIT, PointKey
from ..checked import flag, number
from ..const import CONF_HISTORY_ELECTRIC, CONF_HISTORY_MONTHS, DOMAIN, LOGGER
from .history_statistics import add_rows, has_recorder, is_imported, known_of, read_rows, statistic_id

HISTORY: Mapping[probatio.Marker, object] = {
    probatio.Optional(CONF_HISTORY_MONTHS): number("bad_history_months", 0, MOST_MONTHS, is_whole=True),
    probatio.Optional(CONF_HISTORY_ELECTRIC): flag,
}
"""What is stored of it, in the data of an account."""
_VERSION = 1
_ENERGIES = ("EPI", "EP")
"""What a platform's energy report is of, the first that a model has."""
_LOOK_SECONDS = 0.05
PATIENCE_SECONDS = 120.0
"""So long what was given to the recorder may take until it is read back."""
_FIRST, _LAST = 0.0, 4e9


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A device of the account that is set up here."""

    site: str
    code: str
    """What the server knows it by."""
    subentry_id: str
    title: str
    model: Model


@dataclass(slots=True)
class _Series:
    """Rows of one statistic that are to be stored, by the beginning of their hour."""

    seat: Seat
    point: Point
    rows: dict[float, StatisticData] = field(default_factory=dict)


class CloudHistory:
    """Fetches what lacks, of the devices of one account, as long as it runs."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        account: Account,
        calendar: Calendar,
        *,
        wanted: Collection[Theme] = USUAL,
        every: float = EVERY,
    ) -> None:
        """Take the account, and which days count; nothing is asked yet."""
        self._hass = hass
        self._entry = entry
        self._account = account
        self._calendar = calendar
        self._wanted = wanted
        self._every = every
        self._store: Store[dict[str, object]] = history_store(hass, entry)
        self._filled: set[str] = set()
        """Statistics that were filled: where one is not there any more, it is fetched anew."""
        self._counters: dict[str, Counter] = {}
        self._seats: dict[MeterKey, Seat] = {}
        self._subjects: Sequence[Subject] = ()
        self._progress = Progress()
        self._backfill: Backfill | None = None
        self._task: asyncio.Task[None] | None = None

    async def async_start(self, seats: Sequence[Seat], circuits: Sequence[CircuitOfMeter]) -> None:
        """Fetch in the background from now on; without a recorder nothing is."""
        if not has_recorder(self._hass):
            return
        backfill = await self.async_prepare(seats, circuits)
        self._task = self._entry.async_create_background_task(self._hass, backfill.run(), f"{DOMAIN} cloud history")

    async def async_prepare(self, seats: Sequence[Seat], circuits: Sequence[CircuitOfMeter]) -> Backfill:
        """Read what was fetched already, and return who fetches the rest."""
        self._seats = {MeterKey(seat.site, seat.code): seat for seat in seats}
        self._subjects = list(subjects_of(seats, circuits, self._wanted))
        self._progress = await self._async_load()
        self._backfill = Backfill(self._account, self, self._progress, calendar=self._calendar, every=self._every)
        self._backfill.expect(self._subjects)
        return self._backfill

    @callback
    def expect(self, circuits: Sequence[CircuitOfMeter]) -> None:
        """Fetch what belongs to these circuits of the server as well."""
        if self._backfill is not None:
            self._subjects = list(subjects_of([*self._seats.values()], circuits, self._wanted))
            self._backfill.expect(self._subjects)

    async def async_stop(self) -> None:
        """Fetch no more; what was not noted by now is fetched again."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    def figures(self) -> Mapping[str, float | None]:
        """Return how far it is; known by name from the beginning, because entities are made of that."""
        if not has_recorder(self._hass):
            return {}
        percent = None if self._backfill is None else self._backfill.figures.percent
        # What is all but done is not done.
        return {"history_fetched": None if percent is None else int(10 * percent) / 10}

    def details(self) -> Mapping[str, object]:
        """Return what helps to find a fault; nothing secret."""
        if self._backfill is None:
            return {}
        figures = self._backfill.figures
        return {
            "pieces": figures.total,
            "pieces_done": figures.done,
            "pieces_unread": figures.unread,
            "rows": figures.rows,
            "is_waiting": figures.is_waiting,
            "trouble": None if figures.trouble is None else figures.trouble.key,
        }

    async def _async_load(self) -> Progress:
        try:
            stored: object = await self._store.async_load()
        except Exception:  # noqa: BLE001 - nothing that is alive may depend on a file about what was
            LOGGER.warning("What was fetched for %s cannot be read: it is fetched anew", self._entry.title)
            stored = None
        found = stored if isinstance(stored, Mapping) else {}
        progress = Progress.restored(found.get("progress"))
        filled, seats = found.get("filled"), found.get("seats")
        self._filled = {name for name in (filled if isinstance(filled, list) else ()) if isinstance(name, str)}
        former = seats if isinstance(seats, Mapping) else {}
        for subject in self._subjects:
            subentry_id = self._seats[_key(subject)].subentry_id
            # A former version kept the code alone.
            known = former.get(f"{subject.site}/{subject.meter}", former.get(subject.meter, subentry_id))
            if known != subentry_id:
                # It was removed and is back: its statistics are others.
                progress.begin_anew(subject)
        if has_recorder(self._hass):
            await self._forget_what_is_gone(progress)
        return progress

    async def _forget_what_is_gone(self, progress: Progress) -> None:
        """Have statistics fetched anew that somebody deleted, also with their whole database."""
        if not self._filled:
            return
        there = await get_instance(self._hass).async_add_executor_job(known_of, self._hass, self._filled)
        if not (gone := self._filled - there):
            return
        for subject in self._subjects:
            if any(name in gone for name in self._names(subject)):
                progress.begin_anew(subject)
        for name in gone:
            self._counters.pop(name, None)
        self._filled -= gone

    def _names(self, subject: Subject) -> Iterator[str]:
        seat = self._seats[_key(subject)]
        for point in seat.model.points.values():
            is_energy = point.key.code in _ENERGIES
            if is_imported(point) and is_energy == (subject.theme is Theme.ENERGY):
                yield statistic_id(seat.subentry_id, point)

    # -- as the library stores -----------------------------------------------------------------------------------------

    async def take(self, batch: Sequence[tuple[Piece, Answer]]) -> Mapping[Piece, int | None]:
        """Store what came, and read it back. Raises NotStoredError."""
        if not has_recorder(self._hass):
            raise NotStoredError
        series: dict[str, _Series] = {}
        counts: dict[Piece, int | None] = {}
        try:
            await self._forget_what_is_gone(self._progress)
            for piece, answer in batch:
                counts[piece] = await self._gather(piece, answer, series)
            for one in series.values():
                add_rows(self._hass, one.seat.subentry_id, one.point, one.seat.title, list(one.rows.values()))
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._read_back({name: one.rows for name, one in series.items()})
        except Exception as error:
            # What the counters took is not stored: they are read anew. A database may be locked, broken, or changed.
            self._counters.clear()
            LOGGER.debug("What was fetched could not be stored: %s", type(error).__name__)
            raise NotStoredError from error
        except asyncio.CancelledError:
            self._counters.clear()
            raise
        self._filled |= series.keys()
        return counts

    async def keep(self, progress: Progress) -> None:
        """Keep what was done."""
        seats = {f"{key.site}/{key.code}": seat.subentry_id for key, seat in self._seats.items()}
        await self._store.async_save({"progress": progress.kept(), "filled": sorted(self._filled), "seats": seats})

    async def _gather(self, piece: Piece, answer: Answer, series: dict[str, _Series]) -> int | None:
        """Add the rows of a piece; return how many there are, None if nobody knows yet."""
        seat = self._seats.get(_key(piece.subject))
        if seat is None:
            return 0
        found: Mapping[PointKey, Sequence[MeanRow | SumRow]] | None
        if piece.subject.theme is Theme.ENERGY:
            found = await self._counted(seat, piece.day, cast("Sequence[Counted]", answer))
        else:
            found = means(cast("Sequence[Sample]", answer), piece.day, self._calendar.zone_of(seat.site))
        if found is None:
            return None
        count = 0
        for key, rows in found.items():
            point = point_of(seat.model, key)
            if rows and point is not None and is_imported(point):
                one = series.setdefault(statistic_id(seat.subentry_id, point), _Series(seat, point))
                one.rows |= {row.start.timestamp(): _data(row) for row in rows}
                count += len(rows)
        return count

    async def _counted(
        self, seat: Seat, day: date, answer: Sequence[Counted]
    ) -> Mapping[PointKey, Sequence[SumRow]] | None:
        keys = (PointKey(DEVICE_CIRCUIT, code) for code in _ENERGIES)
        point = next((found for key in keys if (found := point_of(seat.model, key)) is not None), None)
        if point is None or len(answer) != 1:
            return {}
        counter = await self._counter(statistic_id(seat.subentry_id, point))
        rows = counter.take(answer[0], day, self._calendar.zone_of(seat.site))
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


def history_of(
    hass: HomeAssistant,
    entry: ConfigEntry,
    account: Account,
    zones: Zones,
) -> CloudHistory | None:
    """Return who fetches the history of an account as its owner wants it; None where nothing is to be fetched."""
    months = entry.data.get(CONF_HISTORY_MONTHS, MONTHS)
    if not months:
        return None
    wanted = frozenset(Theme) if entry.data.get(CONF_HISTORY_ELECTRIC) is True else USUAL
    calendar = Calendar(zone=zones.usual, site_zones=zones.by_site, now=dt_util.utcnow, months=months)
    return CloudHistory(hass, entry, account, calendar, wanted=wanted)


def history_store(hass: HomeAssistant, entry: ConfigEntry) -> Store[dict[str, object]]:
    """Return where it is kept what was fetched."""
    return Store(hass, _VERSION, f"{DOMAIN}.{entry.entry_id}.cloud_history")


def subjects_of(
    seats: Sequence[Seat], circuits: Sequence[CircuitOfMeter], wanted: Collection[Theme] = USUAL
) -> Iterator[Subject]:
    """Yield what is fetched; of a device with several circuits nobody says which of the server's is which."""
    for seat in seats:
        own = {one.circuit for one in circuits if (one.site, one.meter) == (seat.site, seat.code)}
        for theme in themes(seat.model):
            if theme not in wanted:
                continue
            if not theme.is_of_circuit:
                yield Subject(site=seat.site, meter=seat.code, theme=theme)
            elif len(own) == 1:
                yield Subject(site=seat.site, meter=seat.code, theme=theme, circuit=next(iter(own)))


def _key(subject: Subject) -> MeterKey:
    return MeterKey(subject.site, subject.meter)


def point_of(model: Model, key: PointKey) -> Point | None:
    """Return the point of a key; one of the device as a whole may be that of its only circuit that has it."""
    if key in model.points:
        return model.points[key]
    alike = [point for point in model.points.values() if point.key.code == key.code]
    return alike[0] if len(alike) == 1 else None


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
