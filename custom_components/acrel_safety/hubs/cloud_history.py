"""The history of a cloud account as long-term statistics: fetched slowly, stored, read back, and only then noted.

What was noted is held against the database: one that was put back to an older state, replaced by an empty one, or
whose statistics somebody deleted, has fetched anew what it lacks.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import probatio
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_HOST
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.recorder import get_instance
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from ..aioacrel.cloud.address import CloudAddress
from ..aioacrel.cloud.backfill import EVERY, Account, Answer, Backfill
from ..aioacrel.cloud.errors import NotStoredError
from ..aioacrel.cloud.history import MONTHS, MOST_MONTHS, USUAL, Calendar, Piece, Progress, Subject, Theme
from ..aioacrel.cloud.records import CircuitOfMeter, MeterKey
from ..aioacrel.cloud.zones import Zones
from ..checked import flag, number
from ..const import CONF_HISTORY_ELECTRIC, CONF_HISTORY_MONTHS, DOMAIN, LOGGER
from .cloud_rows import HistoryRows
from .cloud_seats import Seat, subjects_of
from .history_statistics import has_recorder, newest_of

HISTORY: Mapping[probatio.Marker, object] = {
    probatio.Optional(CONF_HISTORY_MONTHS): number("bad_history_months", 0, MOST_MONTHS, is_whole=True),
    probatio.Optional(CONF_HISTORY_ELECTRIC): flag,
}
"""What is stored of it, in the data of an account."""
_VERSION = 1
_ONE_DAY = timedelta(days=1)


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
        host: str = "",
    ) -> None:
        """Take the account, which days count, and which server's past it is; nothing is asked yet."""
        self._hass = hass
        self._entry = entry
        self._account = account
        self._calendar = calendar
        self._wanted = wanted
        self._every = every
        self._host = host
        self.is_doubted: Callable[[str], bool] = lambda subentry_id: False
        """Whether what the server has under the code of a device may be another's: nothing of that is its past."""
        self._store: Store[dict[str, object]] = history_store(hass, entry)
        self._rows = HistoryRows(hass, calendar.zone_of)
        self._filled: dict[str, float] = {}
        """The newest hour of each statistic that was filled: where it is not there, what lacks is fetched anew."""
        self._is_looked_at = False
        """Whether all of them were held against the database since the start."""
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
        if has_recorder(self._hass):
            try:
                await self._look(self._filled)
                self._is_looked_at = True
            except Exception as error:  # noqa: BLE001 - whatever a database may have: it is looked at again with what comes
                LOGGER.debug("The statistics of %s cannot be read now: %s", self._entry.title, type(error).__name__)
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
        is_of_here = found.get("host", self._host) == self._host
        # What another server had of the past is none of what this one has.
        progress = Progress.restored(found.get("progress")) if is_of_here else Progress()
        self._filled = _filled_in(found.get("filled"))
        seats = found.get("seats")
        former = seats if isinstance(seats, Mapping) else {}
        for seat in self._seats.values():
            # A former version kept the code alone.
            known = former.get(f"{seat.site}/{seat.code}", former.get(seat.code, seat.subentry_id))
            if known != seat.subentry_id:
                # It was removed and is back: its statistics are others.
                progress.forget(seat.site, seat.code, Theme)
        return progress

    async def _look(self, names: Collection[str]) -> None:
        """Have fetched anew what the database lacks of some statistics. Raises whatever may be wrong with it."""
        known = {name: hour for name, hour in self._filled.items() if name in names}
        if not known:
            return
        there = await get_instance(self._hass).async_add_executor_job(newest_of, self._hass, set(known))
        lost = {name for name, hour in known.items() if there.get(name, -1.0) < hour}
        for seat in self._seats.values() if lost else ():
            for name, is_energy in seat.names():
                if name in lost:
                    since = self._day_of(there[name], seat.site) - _ONE_DAY if name in there else None
                    self._progress.forget(seat.site, seat.code, seat.themes(energy=is_energy), since)
        for name in lost:
            self._rows.forget(name)
            if name in there:
                self._filled[name] = there[name]
            else:
                del self._filled[name]

    def _day_of(self, hour: float, site: str) -> date:
        return datetime.fromtimestamp(hour, UTC).astimezone(self._calendar.zone_of(site)).date()

    # -- as the library stores -----------------------------------------------------------------------------------------

    async def take(self, batch: Sequence[tuple[Piece, Answer]]) -> Mapping[Piece, int | None]:
        """Store what came, and read it back. Raises NotStoredError."""
        if not has_recorder(self._hass):
            raise NotStoredError
        found = [
            (piece, answer, seat)
            for piece, answer in batch
            if (seat := self._seats.get(MeterKey(piece.subject.site, piece.subject.meter))) is not None
        ]
        # Nobody knows yet whether it is the past of the device that is meant.
        doubted = {piece for piece, _, seat in found if self.is_doubted(seat.subentry_id)}
        found = [one for one in found if one[0] not in doubted]
        names = {name for _, _, seat in found for name, _ in seat.names()}
        try:
            await self._look(names if self._is_looked_at else self._filled)
            self._is_looked_at = True
            counts, newest = await self._rows.store(found)
        except Exception as error:
            # A database may be locked, full, broken, or changed.
            LOGGER.debug("What was fetched could not be stored: %s", type(error).__name__)
            raise NotStoredError from error
        for name, hour in newest.items():
            self._filled[name] = max(hour, self._filled.get(name, hour))
        return {piece: None if piece in doubted else counts.get(piece, 0) for piece, _ in batch}

    async def keep(self, progress: Progress) -> None:
        """Keep what was done."""
        seats = {f"{key.site}/{key.code}": seat.subentry_id for key, seat in self._seats.items()}
        filled = dict(sorted(self._filled.items()))
        await self._store.async_save(
            {"progress": progress.kept(), "filled": filled, "seats": seats, "host": self._host}
        )


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
    # With or without encryption it is the same server.
    host = CloudAddress.parse(entry.data[CONF_HOST], allow_http=True).place
    return CloudHistory(hass, entry, account, calendar, wanted=wanted, host=host)


def history_store(hass: HomeAssistant, entry: ConfigEntry) -> Store[dict[str, object]]:
    """Return where it is kept what was fetched."""
    return Store(hass, _VERSION, f"{DOMAIN}.{entry.entry_id}.cloud_history")


def _filled_in(kept: object) -> dict[str, float]:
    """Return what was stored of the statistics that were filled; of before their newest hours were, only that."""
    if isinstance(kept, list):
        return {name: 0.0 for name in kept if isinstance(name, str)}
    found = kept if isinstance(kept, Mapping) else {}
    return {str(name): float(hour) for name, hour in found.items() if type(hour) in (int, float)}
