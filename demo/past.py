"""Let the cabinet live through the day before, so that graphs and the energy dashboard have something to show.

What is put into Home Assistant's long-term statistics is what the simulated instruments would have
measured; their meters go on from there when the demo starts.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from demo.api import Json, Socket
from demo.inventory import Inventory, Place
from simulator import Cabinet

HOUR = timedelta(hours=1)
LENGTH = 24 * HOUR
_SAMPLE = timedelta(minutes=5)
_STEP_S = 60.0
_ARITHMETIC_MEAN = 1
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Hour:
    """What the instruments said during one hour; of each value the samples in order of time."""

    start: datetime
    samples: Mapping[Place, Sequence[float]]


@dataclass(frozen=True, slots=True)
class Past:
    """The hours before the demo, and what the instruments said before the first one and say now."""

    beginning: Mapping[Place, float]
    hours: Sequence[Hour]
    present: Mapping[Place, float]


def first_moment() -> datetime:
    """Return when a cabinet has to begin so that it has a past of full hours, in this machine's wall clock."""
    return (datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - LENGTH).astimezone()


def live_through(cabinet: Cabinet) -> Past:
    """Let a cabinet's clock run from its beginning to now, and note what its instruments say."""
    beginning = dict(numbers(cabinet))
    hours: list[Hour] = []
    moment = cabinet.environment.now
    now = datetime.now(UTC)
    while moment + HOUR <= now:
        samples: defaultdict[Place, list[float]] = defaultdict(list)
        for _ in range(HOUR // _SAMPLE):
            _advance(cabinet, _SAMPLE.total_seconds())
            for place, value in numbers(cabinet):
                samples[place].append(value)
        hours.append(Hour(moment, samples))
        moment += HOUR
    _advance(cabinet, (now - moment).total_seconds())
    return Past(beginning, hours, dict(numbers(cabinet)))


def numbers(cabinet: Cabinet) -> Iterable[tuple[Place, float]]:
    """Return all numbers the instruments say now."""
    for unit, circuits in cabinet.whole_truth().items():
        for circuit, codes in circuits.items():
            for code, value in codes.items():
                if not isinstance(value, bool):
                    yield Place(unit, circuit, code), float(value)


def _advance(cabinet: Cabinet, seconds: float) -> None:
    """Let time pass in steps that are coarse, but short against the time in which a cable warms up."""
    while seconds > 0:
        step = min(_STEP_S, seconds)
        cabinet.environment.elapsed += step
        for unit in (*cabinet.units.values(), *cabinet.outside.values()):
            unit.advance(step)
        seconds -= step


async def import_past(socket: Socket, inventory: Inventory, past: Past) -> int:
    """Put the past into the long-term statistics of our entities; return of how many. Raises DemoError."""
    metadata: Json = {}
    count = 0
    for about in await socket.ask("recorder/list_statistic_ids"):
        place = inventory.place_of(about["statistic_id"])
        if place is None or not (stats := _statistics(about, place, past)):
            continue
        metadata = {
            "statistic_id": about["statistic_id"],
            "source": "recorder",
            "name": None,
            "unit_of_measurement": about["statistics_unit_of_measurement"],
            "unit_class": about["unit_class"],
            "has_sum": about["has_sum"],
            "mean_type": about["mean_type"],
        }
        await socket.ask("recorder/import_statistics", metadata=metadata, stats=stats)
        count += 1
    if metadata:
        # Imports are queued and not confirmed. This one is: it changes nothing, and its turn comes after them.
        same = {key: metadata[key] for key in ("statistic_id", "unit_class", "unit_of_measurement")}
        await socket.ask("recorder/update_statistics_metadata", **same)
    return count


def _statistics(about: Json, place: Place, past: Past) -> list[Json]:
    if place not in past.beginning:
        return []
    samples = [(hour.start, hour.samples[place]) for hour in past.hours]
    if about["has_sum"]:
        # Home Assistant's own sum begins with 0 at the first value it sees, so the past's has to end there.
        # It also takes the very first sum for a consumption, so that one is put where nobody looks.
        rows = [(_LONG_AGO, past.beginning[place]), *((start, values[-1]) for start, values in samples)]
        present = past.present[place]
        return [{"start": start.isoformat(), "state": value, "sum": value - present} for start, value in rows]
    if about["mean_type"] != _ARITHMETIC_MEAN:
        return []
    return [
        {"start": start.isoformat(), "mean": sum(values) / len(values), "min": min(values), "max": max(values)}
        for start, values in samples
    ]
