"""What is shown first, what is shown at all: alarms and safety before electrical quantities, energy last."""

from collections.abc import Collection, Sequence
from enum import IntEnum, auto

from ..points import Model, Point
from ..readings import PointKey
from ..vocabulary import Kind


class Rank(IntEnum):
    """The places of a list, from the top."""

    ALARM = auto()
    RESIDUAL_CURRENT = auto()
    TEMPERATURE = auto()
    INSULATION = auto()
    POSITION = auto()
    STATE = auto()
    VOLTAGE = auto()
    CURRENT = auto()
    POWER = auto()
    MEASUREMENT = auto()
    ENERGY = auto()
    OTHER = auto()


_OF_KIND = {
    Kind.ALARM: Rank.ALARM,
    Kind.FAULT: Rank.ALARM,
    Kind.MEASUREMENT: Rank.MEASUREMENT,
    Kind.STATE: Rank.STATE,
    Kind.ENERGY: Rank.ENERGY,
}
_OF_FAMILY = {
    "residual_current": Rank.RESIDUAL_CURRENT,
    "temperature": Rank.TEMPERATURE,
    "insulation": Rank.INSULATION,
    "arc": Rank.INSULATION,
    "breaker": Rank.POSITION,
    "switch": Rank.POSITION,
    "voltage": Rank.VOLTAGE,
    "current": Rank.CURRENT,
    "power": Rank.POWER,
    "power_factor": Rank.POWER,
}
_EVERYDAY = (Kind.MEASUREMENT, Kind.STATE, Kind.ENERGY)


def rank_of(point: Point) -> Rank:
    """Return where a point belongs."""
    quantity = point.quantity
    rank = _OF_KIND.get(quantity.kind, Rank.OTHER)
    if quantity.kind in (Kind.MEASUREMENT, Kind.STATE):
        return _OF_FAMILY.get(quantity.family, rank)
    return rank


def in_rank(model: Model, keys: Collection[PointKey]) -> list[PointKey]:
    """Return keys the most important first; those of one rank circuit by circuit, each the way the model lists them."""
    circuits = {number: place for place, number in enumerate(model.circuits)}
    return sorted(keys, key=lambda key: (rank_of(model.points[key]), circuits[key.circuit]))


def everyday(model: Model, keys: Sequence[PointKey]) -> list[PointKey]:
    """Return what is shown unless everything is asked for: alarms, and what is no detail or setting."""
    chosen = [key for key in keys if _is_everyday(model.points[key])]
    return chosen or list(keys)


def is_alarm(point: Point) -> bool:
    """Whether a point says that something is wrong."""
    return point.quantity.kind in (Kind.ALARM, Kind.FAULT)


def _is_everyday(point: Point) -> bool:
    return is_alarm(point) or (point.quantity.kind in _EVERYDAY and not point.quantity.detail)
