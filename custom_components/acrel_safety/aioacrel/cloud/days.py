"""Values of a day, out of answers."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo

from ..readings import PointKey
from .fields import Json, first, identifier, moment, nested, number, text
from .reading import value_of
from .records import Counted, Sample

_TIME = "fCollecttime"
_SERIES = ("origCurrentValues", "origEnvironmentValues")


def leakage(found: Sequence[Json], names: Mapping[str, PointKey], zone: tzinfo) -> list[Sample]:
    """Return residual currents and temperatures of a day, by time; of two at one time the first."""
    read = (sample for series in _SERIES for row in nested(found, series) for sample in _samples(row, names, zone))
    return _sorted(read)


def electric(found: Sequence[Json], codes: Mapping[str, PointKey], zone: tzinfo) -> list[Sample]:
    """Return electric values of a day, by time; codes that are not known are left out."""
    read = (
        sample
        for row in found
        if (code := text(row.get("fParamcode"), 32)) in codes
        for sample in _samples({_TIME: row.get(_TIME), code: row.get("fParamvalue")}, {code: codes[code]}, zone)
    )
    return _sorted(read)


def energy(found: Sequence[Json], circuits: Sequence[str]) -> list[Counted]:
    """Return what circuits used; one that was asked for alone is the one that is told."""
    only = circuits[0] if len(circuits) == 1 and len(found) == 1 else ""
    return [
        Counted(
            circuit=identifier(row.get("fCircuitid")) or only,
            start=number(row.get("fStartvalue")),
            end=number(row.get("fEndvalue")),
            consumed=number(row.get("fConsumevalue")),
        )
        for row in found
    ]


def _samples(row: Json, names: Mapping[str, PointKey], zone: tzinfo) -> Iterator[Sample]:
    time = moment(row.get(_TIME), zone)
    if time is None:
        return
    for name, key in names.items():
        value = value_of(key, row.get(name))
        if isinstance(value, float):
            yield Sample(key=key, time=time, value=value)


def _sorted(samples: Iterator[Sample]) -> list[Sample]:
    unique = first((f"{sample.key}/{sample.time.isoformat()}", sample) for sample in samples)
    return sorted(unique, key=lambda sample: (sample.time, sample.key))
