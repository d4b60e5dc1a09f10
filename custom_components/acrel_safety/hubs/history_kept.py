"""What a device or its platform kept while nobody heard it, and told later: each hour becomes statistics once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from statistics import fmean
from typing import Protocol

from homeassistant.components.recorder.models import StatisticData
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from ..aioacrel.points import Point
from ..aioacrel.readings import PointKey, Value
from ..aioacrel.vocabulary import Kind
from ..const import DOMAIN, LOGGER
from .history_hours import Series
from .history_statistics import add_rows, has_recorder, is_imported, statistic_id

_VERSION = 1
GATHER_SECONDS = 10.0
"""So long what comes is gathered: after an outage it is hundreds of records at once."""
_MOST_SERIES = 2000


class Before(Protocol):
    """A value of before."""

    @property
    def key(self) -> PointKey:
        """Which."""

    @property
    def time(self) -> datetime:
        """When it was so."""

    @property
    def value(self) -> Value:
        """What it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose values they are."""

    subentry_id: str
    title: str
    points: Mapping[PointKey, Point]
    period: float
    """Seconds between two reports: an hour in which one lacks is not complete."""


class KeptHistory:
    """Imports what came of before, of the devices of one entry."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Take the entry; nothing is read yet."""
        self._hass = hass
        self._entry = entry
        self._store = store_of(hass, entry)
        self._series: dict[str, Series] = {}
        self._about: dict[str, tuple[Owner, Point]] = {}
        """By series: whose it is, and what it is."""
        self._gathering: CALLBACK_TYPE | None = None

    async def async_load(self) -> None:
        """Read what was imported already, and what waits for more."""
        try:
            stored: object = await self._store.async_load()
        except Exception:  # noqa: BLE001 - nothing that is alive may depend on a file about what was
            LOGGER.warning("What was imported of %s cannot be read", self._entry.title, exc_info=True)
            stored = None
        found = stored if isinstance(stored, Mapping) else {}
        self._series = {str(name): Series.restored(kept) for name, kept in found.items()}

    async def async_stop(self) -> None:
        """Import what is complete, and write down what is not."""
        if self._gathering is not None:
            self._gathering()
            await self._import(None)

    @callback
    def take(self, value: Before, owner: Owner) -> None:
        """Take a value of before."""
        point = owner.points.get(value.key)
        if not has_recorder(self._hass) or point is None or not is_imported(point):
            return
        if isinstance(value.value, bool | str):
            return
        name = statistic_id(owner.subentry_id, point)
        if name not in self._series and len(self._series) >= _MOST_SERIES:
            return
        self._about[name] = owner, point
        self._series.setdefault(name, Series()).take(value.time.timestamp(), value.value)
        if self._gathering is None:
            gather = HassJob(self._import, cancel_on_shutdown=True)
            self._gathering = async_call_later(self._hass, GATHER_SECONDS, gather)

    async def _import(self, _: object) -> None:
        self._gathering = None
        for name, (owner, point) in self._about.items():
            series = self._series[name]
            rows = list(_rows(series, point, owner.period))
            if rows and has_recorder(self._hass):
                add_rows(self._hass, owner.subentry_id, point, owner.title, rows)
        await self._store.async_save({name: series.kept() for name, series in self._series.items()})


def store_of(hass: HomeAssistant, entry: ConfigEntry) -> Store[dict[str, Mapping[str, object]]]:
    """Return where it is kept what was imported."""
    return Store(hass, _VERSION, f"{DOMAIN}.{entry.entry_id}.history")


def _rows(series: Series, point: Point, period: float) -> Iterator[StatisticData]:
    for hour, values in series.complete(period):
        start = dt_util.utc_from_timestamp(hour)
        if point.quantity.kind is not Kind.ENERGY:
            yield StatisticData(start=start, mean=fmean(values), min=min(values), max=max(values))
        elif _is_rising(values) and (total := series.total(hour, values[-1])) is not None:
            yield StatisticData(start=start, state=values[-1], sum=total)


def _is_rising(values: Sequence[float]) -> bool:
    """Whether a counter counted: of one that fell nobody knows how much has flowed."""
    return all(earlier <= later for earlier, later in pairwise(values))
