"""What the forms of a search ask: which units, which of those found, and what each of them is."""

import re
import unicodedata
from collections.abc import Collection, Sequence

import probatio
from homeassistant.const import CONF_MODEL, CONF_NAME
from homeassistant.helpers.selector import (
    AreaSelector,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
)

from ..aioacrel.modbus.found import Found
from ..aioacrel.points import Model
from ..aioacrel.problems import shorten
from .device_forms import Catalogue, check_unit_id
from .explain import FormError
from .link_forms import FormData, choice
from .selector_texts import FlowTexts

CONF_AREA = "area"
CONF_INSTRUMENTS = "instruments"
CONF_TABLE = "table"
CONF_UNITS = "units"

USUAL_UNITS = "1-32"
"""As many as one RS-485 line carries without a repeater; a silent one costs half a second."""
LEAVE_OUT = "leave_out"
_RANGE = re.compile(r"(\d{1,4})(?:\s*(?:-|–|—|~|\.\.|至|到)\s*(\d{1,4}))?", re.ASCII)
_BETWEEN = re.compile(r"[,;、\n]+")


def search_schema() -> probatio.Schema:
    """Ask which units are to be asked."""
    return probatio.Schema({probatio.Required(CONF_UNITS, default=USUAL_UNITS): TextSelector()})


def read_units(text: str, kind: str) -> list[int]:
    """Return the units named by a text such as `1-16, 20`, in order. Raises FormError."""
    units: dict[int, None] = {}
    for part in _BETWEEN.split(unicodedata.normalize("NFKC", text)):
        if not part.strip():
            continue
        found = _RANGE.fullmatch(part.strip())
        first = int(found[1]) if found else 0
        last = int(found[2] or found[1]) if found else 0
        if found is None or last < first:
            raise FormError("bad_units", at=CONF_UNITS, found=shorten(part))
        for unit_id in range(first, last + 1):
            try:
                check_unit_id(unit_id, kind)
            except FormError as wrong:
                raise FormError(wrong.error.key, at=CONF_UNITS, **wrong.error.placeholders) from wrong
            units[unit_id] = None
    if not units:
        raise FormError("bad_units", at=CONF_UNITS, found=shorten(text))
    return [*units]


def found_schema(found: Sequence[Found], texts: FlowTexts) -> probatio.Schema:
    """Ask which of the units that answer are to be added; those are chosen of which something is known."""
    options = [SelectOptionDict(value=str(unit.unit_id), label=_label(unit, texts)) for unit in found]
    known = [str(unit.unit_id) for unit in found if unit.models]
    selector = SelectSelector(SelectSelectorConfig(options=options, multiple=True, mode=SelectSelectorMode.LIST))
    return probatio.Schema({probatio.Required(CONF_INSTRUMENTS, default=known): selector})


def _label(unit: Found, texts: FlowTexts) -> str:
    models = unit.models
    names = ", ".join(model.name for model in models or probable(unit))
    kind = "one" if len(models) == 1 else "several" if models else "perhaps" if names else "none"
    return texts("found", kind, unit=unit.unit_id, models=names)


def probable(unit: Found) -> list[Model]:
    """Return the models for which something speaks, though not all of it."""
    return [candidate.model for candidate in unit.candidates if candidate.is_supported]


def instrument_schema(unit: Found, catalogue: Catalogue, texts: FlowTexts) -> probatio.Schema:
    """Ask what a unit is, what it is called and where it stands. Those it may be come first."""
    likely = {model.id: model for model in (*unit.models, *probable(unit))}
    others = {key: model for key, model in catalogue.models.items() if key not in likely and not model.needs_table}
    options = [
        *(SelectOptionDict(value=key, label=texts.model(model)) for key, model in {**likely, **others}.items()),
        SelectOptionDict(value=LEAVE_OUT, label=texts("found", LEAVE_OUT)),
    ]
    return probatio.Schema(
        {
            # Needed, but Home Assistant's frontend takes the first option of a required choice by itself.
            probatio.Optional(CONF_MODEL): choice(options),
            probatio.Optional(CONF_NAME): TextSelector(),
            probatio.Optional(CONF_AREA): AreaSelector(),
        }
    )


def table_of_circuits_schema() -> probatio.Schema:
    """Ask for the table of circuits."""
    return probatio.Schema({probatio.Optional(CONF_TABLE): TextSelector(TextSelectorConfig(multiline=True))})


def left(units: Sequence[int], taken: Collection[int]) -> list[int]:
    """Return the units that are not set up already. Raises FormError if that leaves none."""
    if not (rest := [unit_id for unit_id in units if unit_id not in taken]):
        raise FormError("all_taken", at=CONF_UNITS)
    return rest


def first_model(unit: Found) -> FormData:
    """Return the model to begin the form with: only where one alone fits, nothing is chosen silently."""
    return {CONF_MODEL: unit.models[0].id} if len(unit.models) == 1 else {}
