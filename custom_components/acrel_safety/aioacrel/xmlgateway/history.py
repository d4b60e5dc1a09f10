"""What a gateway kept while it could not send: records with a time of their own, each told once."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ..readings import PointKey, Reading, Value

MOST_TIMES = 1024
"""Times of one meter that are remembered, so that nothing of them is told twice."""


@dataclass(frozen=True, slots=True)
class Record:
    """A value of the past."""

    key: PointKey
    value: Value
    time: datetime


class Told:
    """Remembers what was told of one meter."""

    def __init__(self) -> None:
        """Begin with nothing told."""
        self._told: OrderedDict[datetime, set[PointKey]] = OrderedDict()

    def news(self, readings: Mapping[PointKey, Reading]) -> list[Record]:
        """Return the records among some readings that were not told yet, and take them for told."""
        records = []
        for key, reading in readings.items():
            if reading.value is None:
                continue
            keys = self._told.setdefault(reading.time, set())
            if key not in keys:
                keys.add(key)
                records.append(Record(key, reading.value, reading.time))
        while len(self._told) > MOST_TIMES:
            self._told.popitem(last=False)
        return records
