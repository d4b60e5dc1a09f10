"""What the dialog "Remote control" lets choose from, and which of what is stored can be chosen still."""

from collections.abc import Callable, Mapping
from typing import Any

import probatio
from homeassistant.helpers.selector import SelectOptionDict, SelectSelector

from ..aioacrel.alarms.board import Board
from ..aioacrel.points import Model, Point
from ..aioacrel.readings import DEVICE_CIRCUIT
from ..aioacrel.texts import phrase
from .link_forms import FormData

type Place = Callable[[str], str]
"""Says how a circuit is called."""


def places_of(model: Model | None, board: Board, language: str) -> Place:
    """Return what says how a circuit is called; a device of one circuit is that circuit to its owner."""
    circuits = {key.circuit for key in model.points} - {DEVICE_CIRCUIT} if model is not None else set()

    def place(circuit: str) -> str:
        if circuit == DEVICE_CIRCUIT:
            return phrase("whole_device").text(language)
        name = board.circuit_name(circuit)
        if name != circuit:
            return name
        return board.name if circuits == {circuit} else phrase("circuit_numbered", number=circuit).text(language)

    return place


def circuit_options(model: Model, place: Place) -> list[SelectOptionDict]:
    """Return the circuits that can be operated, by the names their owner knows."""
    circuits = dict.fromkeys(key.circuit for key in model.operations)
    return [SelectOptionDict(value=circuit, label=place(circuit)) for circuit in circuits]


def label_of(point: Point, language: str, place: Place) -> str:
    """Return what a point is called, and where it is."""
    return f"{point.quantity.name(language)} ({point.key.code}, {place(point.key.circuit)})"


def offered(schema: probatio.Schema, values: Mapping[str, Any]) -> FormData:
    """Return what of these values a form lets choose: a user who is gone, or a right nothing takes, cannot be."""
    kept: FormData = {}
    for marker, kind in schema.schema.items():
        name = str(marker)
        if name not in values:
            continue
        value = values[name]
        if isinstance(kind, SelectSelector):
            known = {one if isinstance(one, str) else one["value"] for one in kind.config["options"]}
            value = [one for one in value if one in known] if isinstance(value, list) else value
            if not isinstance(value, list) and value not in known:
                continue
        kept[name] = value
    return kept
