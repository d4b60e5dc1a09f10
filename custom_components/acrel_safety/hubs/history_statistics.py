"""Values of before as external statistics (`acrel_safety:…`).

What Home Assistant made of its own states stays as it is.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256

from homeassistant.components.recorder import statistics
from homeassistant.components.recorder.models import StatisticData, StatisticMeanType, StatisticMetaData
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..aioacrel.points import Point
from ..aioacrel.problems import flat
from ..aioacrel.texts import library_language
from ..aioacrel.vocabulary import Kind
from ..const import DOMAIN

_RECORDER = "recorder"


def has_recorder(hass: HomeAssistant) -> bool:
    """Whether there is anybody who keeps statistics."""
    return _RECORDER in hass.config.components


def is_imported(point: Point) -> bool:
    """Whether a point's values of before become statistics: numbers that are measured or counted."""
    return point.quantity.kind in (Kind.ENERGY, Kind.MEASUREMENT) and point.words is None and not point.is_binary


def statistic_id(subentry_id: str, point: Point) -> str:
    """Return what the recorder knows a series by: codes differ in capitals, its names may not."""
    key = point.key
    tail = sha256(str(key).encode()).hexdigest()[:6]
    plain = "".join(letter for letter in f"{key.code}{key.circuit}".lower() if letter.isascii() and letter.isalnum())
    return f"{DOMAIN}:{subentry_id.lower()}_{plain}_{tail}"


@callback
def add_rows(hass: HomeAssistant, subentry_id: str, point: Point, title: str, rows: Sequence[StatisticData]) -> None:
    """Have rows of a point written: each replaces the one of its hour."""
    name = statistic_id(subentry_id, point)
    quantity = point.quantity.name(library_language(hass.config.language))
    statistics.async_add_external_statistics(hass, _metadata(name, point, flat(f"{title} {quantity}")), rows)


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


def read_rows(
    hass: HomeAssistant, names: set[str], first: float, last: float
) -> Mapping[str, Mapping[float, Mapping[str, float | None]]]:
    """Return what is kept of series between two hours, both included, by the hour; waits, so not for the event loop."""
    found = statistics.statistics_during_period(
        hass,
        dt_util.utc_from_timestamp(first),
        dt_util.utc_from_timestamp(last + 1),
        names,
        "hour",
        None,
        {"mean", "min", "max", "state", "sum"},
    )
    return {name: {row["start"]: row for row in rows} for name, rows in found.items()}  # type: ignore[misc]


def newest_of(hass: HomeAssistant, names: set[str]) -> Mapping[str, float]:
    """Return the newest hour of those of some series that have any; waits, so not for the event loop.

    It is read of the rows: what a database was said to hold may be remembered of one that was there before.
    """
    found: dict[str, float] = {}
    for name in names:
        rows = statistics.get_last_statistics(hass, 1, name, False, {"mean", "sum"}).get(name)  # noqa: FBT003
        if rows:
            found[name] = rows[0]["start"]
    return found
