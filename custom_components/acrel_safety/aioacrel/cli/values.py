"""A device's readings as the commands show them: by circuit and code in JSON, as rows in a table."""

from collections.abc import Collection, Mapping, Sequence

from ..points import Model, Point
from ..readings import PointKey, Quality, Reading, Value
from .output import Json, table

HEADINGS = ("CIRCUIT", "CODE", "NAME", "VALUE", "UNIT", "NOTE")
WHY_NOT: Mapping[Quality, str] = {
    Quality.GOOD: "",
    Quality.HELD: "counter moved impossibly",
    Quality.STALE: "not heard for too long",
    Quality.NO_ANSWER: "no answer",
    Quality.REFUSED: "not in this device",
    Quality.IMPLAUSIBLE: "implausible, thrown away",
    Quality.NO_RATIO: "transformer ratio unknown",
    Quality.INCOMPLETE: "its decimal point or sign is unknown",
    Quality.INVALID: "does not hold, says the device",
}
"""What stands in place of a value."""


def as_document(model: Model, keys: Sequence[PointKey], readings: Mapping[PointKey, Reading]) -> dict[str, Json]:
    """Return `{"model": …, "circuits": {"1": {"Ua": 220.5}}}`; what could not be had is null."""
    circuits: dict[str, dict[str, Json]] = {}
    for circuit, code in in_order(model, keys):
        reading = readings.get(PointKey(circuit, code))
        circuits.setdefault(circuit, {})[code] = reading.value if reading is not None else None
    return {"model": model.id, "circuits": circuits}


def as_table(
    model: Model,
    keys: Sequence[PointKey],
    readings: Mapping[PointKey, Reading],
    language: str,
) -> list[str]:
    """Return the readings as the lines of a table."""
    rows = [_row(model.points[key], readings.get(key), language) for key in in_order(model, keys)]
    return table(HEADINGS, rows, right="CIRCUIT, VALUE")


def in_order(model: Model, keys: Collection[PointKey]) -> list[PointKey]:
    """Return keys circuit by circuit, each the way the model lists them."""
    order = {number: place for place, number in enumerate(model.circuits)}
    return sorted(keys, key=lambda key: order[key.circuit])


def _row(point: Point, reading: Reading | None, language: str) -> tuple[str, ...]:
    value = reading.value if reading is not None else None
    return (
        point.key.circuit,
        point.key.code,
        point.quantity.name(language),
        shown(point, value),
        (point.quantity.unit or "") if value is not None else "",
        WHY_NOT[reading.quality] if reading is not None else "",
    )


def shown(point: Point, value: Value | None) -> str:
    """Return a value as people read it."""
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case str():
            return value
    return f"{value:.{point.precision}f}" if point.precision is not None else f"{value:g}"
