"""What a report says of a meter becomes readings, by the codes of the vocabulary.

Function ids are whatever was typed into the gateway. One that is a code is the model's point of that code; where a
model has several, or none, nobody knows which circuit is meant, and it is a value more, which is shown to who wants it.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from ..points import Evidence, Model, Point
from ..readings import DEVICE_CIRCUIT, PointKey, Quality, Reading
from ..reporting.fields import number
from ..reporting.values import value_of
from ..vocabulary import EXTRA_PREFIX, Pace, extra_quantity, vocabulary
from .messages import Function, MeterReport

ORIGIN = "xml_gateway"
"""What readings of this way name as their origin."""
MOST_EXTRAS = 64
"""Values more that one meter may have."""
_MOST_ID = 32
_STEP = 0.01


class ReportDecoder:
    """Understands the reports about one meter."""

    def __init__(self, model: Model) -> None:
        """Take what the meter is."""
        self.extras: dict[PointKey, Point] = {}
        """What the meter reports and its model does not have."""
        self.left_out = 0
        """Ids for which there was no room."""
        self._model = model
        circuits = [circuit for circuit in model.circuits if circuit != DEVICE_CIRCUIT]
        self._circuit = circuits[0] if len(circuits) == 1 else DEVICE_CIRCUIT
        self._points: dict[str, Point | None] = {}
        for key, point in model.points.items():
            self._points[key.code] = None if key.code in self._points else point

    def take(self, report: MeterReport, time: datetime) -> Mapping[PointKey, Reading]:
        """Return the readings in a report."""
        readings: dict[PointKey, Reading] = {}
        for function in report.functions:
            point = self._point(function.id)
            if point is None:
                continue
            reading = _reading(point, function, time)
            former = readings.get(point.key)
            if former is not None and former != reading:
                # Said twice, and not the same.
                reading = Reading(None, Quality.INVALID, time, ORIGIN)
            readings[point.key] = reading
        return readings

    def _point(self, said: str) -> Point | None:
        quantity = vocabulary().match(said)
        code = said if quantity is None else quantity.code
        if (known := self._points.get(code)) is not None:
            return known
        if not said.isprintable() or len(said) > _MOST_ID:
            return None
        name = code if quantity is not None else f"{EXTRA_PREFIX}{said}"
        key = PointKey(self._circuit, name)
        if key in self.extras or key in self._model.points:
            return self.extras.get(key)
        if len(self.extras) >= MOST_EXTRAS:
            self.left_out += 1
            return None
        quantity = extra_quantity(name) if quantity is None else quantity
        point = self.extras[key] = Point(
            key=key,
            quantity=replace(quantity, detail=True),
            pace=Pace.NORMAL,
            is_binary=quantity.binary,
            precision=quantity.precision,
            step=_STEP,
            range=quantity.range,
            evidence=Evidence.EXPERIMENTAL,
        )
        return point


def _reading(point: Point, function: Function, time: datetime) -> Reading:
    if function.error or not function.text:
        return Reading(None, Quality.NO_ANSWER, time, ORIGIN)
    # Which texts a gateway writes where it knows nothing no document says: a text is no value.
    is_number = number(function.text) is not None
    value = value_of(point, function.text, is_exact=True) if is_number else None
    if value is None:
        return Reading(None, Quality.IMPLAUSIBLE, time, ORIGIN)
    return Reading(value, Quality.GOOD, time, ORIGIN)
