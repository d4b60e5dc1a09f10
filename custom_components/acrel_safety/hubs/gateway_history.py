"""What a gateway kept while nobody heard it becomes long-term statistics, beside those of the entities: each hour once.

They are statistics of their own (`acrel_safety:…`): what Home Assistant made of its own states stays as it is.
"""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import pairwise
from statistics import fmean

from homeassistant.components.recorder import statistics
from homeassistant.components.recorder.models import StatisticData, StatisticMeanType, StatisticMetaData
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from ..aioacrel.gateway.events import HistoryValue
from ..aioacrel.gateway.source import GatewaySource
from ..aioacrel.points import Point
from ..aioacrel.problems import flat
from ..aioacrel.texts import library_language
from ..aioacrel.vocabulary import Kind
from ..const import DOMAIN, LOGGER
from .gateway_hours import Series

_VERSION = 1
GATHER_SECONDS = 10.0
"""So long what comes is gathered: after an outage it is hundreds of records at once."""
_RECORDER = "recorder"
_MOST_SERIES = 2000


class GatewayHistory:
    """Imports what came of before, of the meters of one gateway."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Take the gateway; nothing is read yet."""
        self._hass = hass
        self._entry = entry
        self._store = store_of(hass, entry)
        self._series: dict[str, Series] = {}
        self._about: dict[str, tuple[GatewaySource, Point, str]] = {}
        """By series: whose it is, what it is, and what that is called."""
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
    def take(self, value: HistoryValue, source: GatewaySource, subentry_id: str, title: str) -> None:
        """Take a value of before."""
        point = source.points.get(value.key)
        if _RECORDER not in self._hass.config.components or point is None or not _is_imported(point):
            return
        if isinstance(value.value, bool | str):
            return
        name = statistic_id(subentry_id, point)
        if name not in self._series and len(self._series) >= _MOST_SERIES:
            return
        self._about[name] = source, point, title
        self._series.setdefault(name, Series()).take(value.time.timestamp(), value.value)
        if self._gathering is None:
            gather = HassJob(self._import, cancel_on_shutdown=True)
            self._gathering = async_call_later(self._hass, GATHER_SECONDS, gather)

    async def _import(self, _: object) -> None:
        self._gathering = None
        for name, (source, point, title) in self._about.items():
            series = self._series[name]
            rows = list(_rows(series, point, source.gateway.period))
            if rows and _RECORDER in self._hass.config.components:
                about = _metadata(name, point, flat(f"{title} {self._name(point)}"))
                statistics.async_add_external_statistics(self._hass, about, rows)
        await self._store.async_save({name: series.kept() for name, series in self._series.items()})

    def _name(self, point: Point) -> str:
        return point.quantity.name(library_language(self._hass.config.language))


def store_of(hass: HomeAssistant, entry: ConfigEntry) -> Store[dict[str, Mapping[str, object]]]:
    """Return where it is kept what was imported."""
    return Store(hass, _VERSION, f"{DOMAIN}.{entry.entry_id}.history")


def statistic_id(subentry_id: str, point: Point) -> str:
    """Return what the recorder knows a series by: codes differ in capitals, its names may not."""
    key = point.key
    tail = sha256(str(key).encode()).hexdigest()[:6]
    plain = "".join(letter for letter in f"{key.code}{key.circuit}".lower() if letter.isascii() and letter.isalnum())
    return f"{DOMAIN}:{subentry_id.lower()}_{plain}_{tail}"


def _is_imported(point: Point) -> bool:
    return point.quantity.kind in (Kind.ENERGY, Kind.MEASUREMENT) and point.words is None and not point.is_binary


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


def _metadata(name: str, point: Point, title: str) -> StatisticMetaData:
    is_energy = point.quantity.kind is Kind.ENERGY
    unit = point.quantity.unit
    converter = statistics.STATISTIC_UNIT_TO_UNIT_CONVERTER.get(unit)
    return StatisticMetaData(
        source=DOMAIN,
        statistic_id=name,
        name=title,
        unit_of_measurement=unit,
        unit_class=None if converter is None else converter.UNIT_CLASS,
        mean_type=StatisticMeanType.NONE if is_energy else StatisticMeanType.ARITHMETIC,
        has_sum=is_energy,
    )
