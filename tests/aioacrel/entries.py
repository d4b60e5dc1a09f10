"""Models with one entry changed, for tests of what becomes of them."""

from dataclasses import replace

from custom_components.acrel_safety.aioacrel.models.entry import Entry, places_of, points_of
from custom_components.acrel_safety.aioacrel.points import Model


def with_entry(model: Model, entry: Entry) -> Model:
    """Return the model with this entry in place of the one of the same key."""
    registers = replace(model.registers, places={**model.registers.places, **places_of([entry])})
    return replace(model, points={**model.points, **points_of([entry])}, registers=registers)
