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
    is_sound,
    is_window,
    tie_of,
    written_tie,
)
from .explain import FormError
from .link_forms import FormData

SECTION_BY_ITSELF: Final = "by_itself"
CONF_RECLOSE, CONF_RECLOSE_LOW, CONF_RECLOSE_HIGH = "reclose", "reclose_low", "reclose_high"
_TIE = "tie"
"""Names the texts of one line of the list."""


def by_itself_schema(model: Model | None) -> dict[probatio.Marker, object]:
    """Return the fields for a model; nothing where nothing of it can act by itself."""
    if model is None or not model.operations:
        return {}
    circuits = [*dict.fromkeys(key.circuit for key in model.operations)]
    fields: dict[probatio.Marker, object] = {}
    if any(plain_closing(model.operations, circuit) is not None for circuit in circuits):
        usual = Reclosing()
        fields |= {
            probatio.Required(CONF_RECLOSE, default=False): BooleanSelector(),
            probatio.Required(CONF_RECLOSE_LOW, default=usual.low): _number(LOWEST_VOLTS, HIGHEST_VOLTS, "V"),
            probatio.Required(CONF_RECLOSE_HIGH, default=usual.high): _number(LOWEST_VOLTS, HIGHEST_VOLTS, "V"),
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
            raise FormError("bad_voltages")
        if not policy.may_close:
            raise FormError("reclose_needs_on")
        reclosing = Reclosing(low=low, high=high)
    lines = said.get(TIES) or []
    if not is_sound(TIES, lines):
        raise FormError("bad_ties")
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


def _ties(circuits: Sequence[str]) -> ObjectSelector:
    return ObjectSelector(
        ObjectSelectorConfig(
            fields={
                LEVEL: {"selector": _choice([str(level) for level in CUTTING_LEVELS], "level"), "required": True},
                FAMILY: {"selector": _choice(CUTTING_FAMILIES, "cut_quantity")},
                CIRCUIT: {"selector": _choice(circuits)},
                DELAY: {"selector": _number(0, LONGEST_DELAY, "s")},
                ALONE: {"selector": BooleanSelector()},
            },
            multiple=True,
            label_field=LEVEL,
            description_field=FAMILY,
            translation_key=_TIE,
        )
    )


def _choice(options: Sequence[str], texts: str | None = None) -> SelectSelector:
    config = SelectSelectorConfig(options=[*options], mode=SelectSelectorMode.DROPDOWN)
    if texts is not None:
        config["translation_key"] = texts
    return SelectSelector(config)


def _number(low: float, high: float, unit: str) -> NumberSelector:
    return NumberSelector(
        NumberSelectorConfig(min=low, max=high, step="any", unit_of_measurement=unit, mode=NumberSelectorMode.BOX)
    )
