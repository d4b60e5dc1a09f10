"""Dumps of simulated devices, and models that were typed wrong on purpose."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from fractions import Fraction

from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.plausibility import odd_values
from custom_components.acrel_safety.aioacrel.points import Model
from custom_components.acrel_safety.aioacrel.readings import PointKey, Value
from custom_components.acrel_safety.aioacrel.registers import Order, Place
from custom_components.acrel_safety.aioacrel.registers.decode import decode_dump
from custom_components.acrel_safety.aioacrel.registers.dump import RegisterDump
from simulator import Cabinet

LIBRARY = ModelLibrary()
TAKEN = datetime(2026, 3, 2, 11, tzinfo=UTC)
HOUR = 3600
CAUGHT = {
    "adl400": 0.96,
    "adl3000": 0.92,
    "dtsd1352": 0.92,
    "ddsy1352": 0.63,
    "dtsy1352": 0.63,
    "arcm300": 0.60,
    "adl100": 0.51,
    "aim-m10": 0.50,
    "adw300": 0.49,
    "aim-r100": 0.45,
    "ard2f": 0.37,
    "asj10l": 0.14,
}
"""Measured: which share of slips is caught. Where three phases stand beside their totals nearly all; a lone residual
current or limit fits anything. So no oddity is no proof, and docs/community-dumps.md says these numbers."""


class Slip(StrEnum):
    """What goes wrong most often when a table is typed."""

    ORDER = "wrong order"
    SCALE = "wrong scale"
    SHIFT = "shifted address"


def dump_of(registers: Mapping[int, int], model_id: str) -> RegisterDump:
    return RegisterDump(model=model_id, unit_id=1, taken=TAKEN, registers={3: dict(registers)})


def simulated_dumps() -> dict[str, RegisterDump]:
    """Return a dump of every simulated device after an hour of load."""
    cabinet = Cabinet.standard(frozen=True)
    cabinet.advance(HOUR)
    return {unit.model: dump_of(unit.registers, unit.model) for unit in cabinet.units.values()}


def oddities(model: Model, dump: RegisterDump) -> set[tuple[str, str]]:
    return {(oddity.rule, str(oddity.key)) for oddity in odd_values(model, dump)}


def slipped(model: Model, slip: Slip) -> Iterator[Model]:
    """Yield the model with one kind of quantity typed wrong, then with all of them.

    One family at a time, because that is how tables are typed: all voltages alike, all energies alike.
    """
    families: dict[tuple[str, str], list[PointKey]] = defaultdict(list)
    for key in model.readable:
        point = model.points[key]
        if not point.is_binary and point.words is None:
            families[point.quantity.family, point.quantity.kind].append(key)
    for keys in (*families.values(), [key for family in families.values() for key in family]):
        places = {key: list(_slips(model.registers.places[key], slip)) for key in keys}
        for turn in range(max(map(len, places.values()))):
            wrong = {key: found[min(turn, len(found) - 1)] for key, found in places.items() if found}
            yield replace(model, registers=replace(model.registers, places={**model.registers.places, **wrong}))


def _slips(place: Place, slip: Slip) -> Iterator[Place]:
    match slip:
        case Slip.ORDER:
            orders = [order for order in Order.allowed(place.layout.type) if order is not place.layout.order]
            yield from (replace(place, layout=replace(place.layout, order=order)) for order in orders)
        case Slip.SCALE:
            yield from (replace(place, scale=place.scale * factor) for factor in (10, Fraction(1, 10)))
        case Slip.SHIFT:
            yield from (replace(place, address=place.address + by) for by in (-1, 1) if place.address + by >= 0)


def share_caught(model: Model, dump: RegisterDump, slips: Sequence[Slip] = tuple(Slip)) -> tuple[int, int]:
    """Return how many slips are caught, and how many change any value at all."""
    usual, right = oddities(model, dump), _values(model, dump)
    caught = total = 0
    for slip in slips:
        for wrong in slipped(model, slip):
            if _values(wrong, dump) == right:
                continue
            total += 1
            caught += bool(oddities(wrong, dump) - usual)
    return caught, total


def _values(model: Model, dump: RegisterDump) -> Mapping[PointKey, Value | None]:
    ratios = dict.fromkeys(model.registers.asks_ratios, 1.0)
    return {key: reading.value for key, reading in decode_dump(model, dump, ratios).items()}
