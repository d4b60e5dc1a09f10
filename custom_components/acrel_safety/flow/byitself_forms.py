"""The part of the dialog "Remote control" about what acts by itself: closing again, and cutting off by alarms."""

from collections.abc import Sequence
from typing import Any, Final

import probatio
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    ObjectSelector,
    ObjectSelectorConfig,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from ..aioacrel.control.choice import plain_closing
from ..aioacrel.control.policy import Policy, Reclosing
from ..aioacrel.control.ties import CUTTING_LEVELS, LONGEST_DELAY
from ..aioacrel.points import Model
from ..byitself import (
    ALONE,
    CIRCUIT,
    CUT_ALONE,
    CUTTING_FAMILIES,
    DELAY,
    FAMILY,
    HIGHEST_VOLTS,
    LEVEL,
    LOWEST_VOLTS,
    TIES,
    is_delay,
    is_sound,
    is_window,
    tie_of,
    written_tie,
)
from .choosing import Place, circuit_options
from .explain import FormError
from .link_forms import FormData

SECTION_BY_ITSELF: Final = "by_itself"
CONF_RECLOSE, CONF_RECLOSE_LOW, CONF_RECLOSE_HIGH = "reclose", "reclose_low", "reclose_high"
_TIE = "tie"
"""Names the texts of one line of the list."""


def by_itself_schema(model: Model | None, place: Place) -> dict[probatio.Marker, object]:
    """Return the fields for a model; nothing where nothing of it can act by itself."""
    if model is None or not model.operations:
        return {}
    circuits = circuit_options(model, place)
    fields: dict[probatio.Marker, object] = {}
    if any(plain_closing(model.operations, one["value"]) is not None for one in circuits):
        usual = Reclosing()
        fields |= {
            probatio.Required(CONF_RECLOSE, default=False): BooleanSelector(),
            probatio.Required(CONF_RECLOSE_LOW, default=usual.low): _number("V"),
            probatio.Required(CONF_RECLOSE_HIGH, default=usual.high): _number("V"),
        }
    fields |= {
        probatio.Optional(TIES): _ties(circuits),
        probatio.Required(CUT_ALONE, default=False): BooleanSelector(),
    }
    return {probatio.Optional(SECTION_BY_ITSELF): section(probatio.Schema(fields), {"collapsed": True})}


def with_what_acts(policy: Policy, form: FormData) -> dict[str, Any]:
    """Return what a form says of it, as parts of the owner's word. Raises FormError."""
    said = form.get(SECTION_BY_ITSELF) or {}
    reclosing = None
    if said.get(CONF_RECLOSE):
        low, high = said[CONF_RECLOSE_LOW], said[CONF_RECLOSE_HIGH]
        if not is_window(low, high):
            raise FormError(
                "bad_voltages", at=SECTION_BY_ITSELF, lowest=f"{LOWEST_VOLTS:g}", highest=f"{HIGHEST_VOLTS:g}"
            )
        if not policy.may_close:
            raise FormError("reclose_needs_on", at=SECTION_BY_ITSELF)
        reclosing = Reclosing(low=low, high=high)
    lines = said.get(TIES) or []
    for number, line in enumerate(lines, 1):
        delay = line.get(DELAY, 0)
        if not is_delay(delay):
            raise FormError("bad_delay", at=SECTION_BY_ITSELF, line=number, value=delay, longest=f"{LONGEST_DELAY:g}")
    if not is_sound(TIES, lines):
        raise FormError("bad_ties", at=SECTION_BY_ITSELF)
    return {
        "reclosing": reclosing,
        "ties": tuple(dict.fromkeys(map(tie_of, lines))),
        "may_cut_alone": bool(said.get(CUT_ALONE)),
    }


def by_itself_form(policy: Policy) -> FormData:
    """Return the part of the form that would say so."""
    within = policy.reclosing or Reclosing()
    return {
        SECTION_BY_ITSELF: {
            CONF_RECLOSE: policy.reclosing is not None,
            CONF_RECLOSE_LOW: within.low,
            CONF_RECLOSE_HIGH: within.high,
            TIES: [{**written_tie(tie)} for tie in policy.ties],
            CUT_ALONE: policy.may_cut_alone,
        }
    }


def _ties(circuits: Sequence[SelectOptionDict]) -> ObjectSelector:
    return ObjectSelector(
        ObjectSelectorConfig(
            fields={
                LEVEL: {"selector": _choice([str(level) for level in CUTTING_LEVELS], "level"), "required": True},
                FAMILY: {"selector": _choice(CUTTING_FAMILIES, "cut_quantity")},
                CIRCUIT: {"selector": _choice(circuits)},
                DELAY: {"selector": _number("s")},
                ALONE: {"selector": BooleanSelector()},
            },
            multiple=True,
            label_field=LEVEL,
            description_field=FAMILY,
            translation_key=_TIE,
        )
    )


def _choice(options: Sequence[str] | Sequence[SelectOptionDict], texts: str | None = None) -> SelectSelector:
    config = SelectSelectorConfig(options=[*options], mode=SelectSelectorMode.DROPDOWN)
    if texts is not None:
        config["translation_key"] = texts
    return SelectSelector(config)


def _number(unit: str) -> NumberSelector:
    # What is out of range is said in our words, beside the part it is in.
    return NumberSelector(NumberSelectorConfig(step="any", unit_of_measurement=unit, mode=NumberSelectorMode.BOX))
