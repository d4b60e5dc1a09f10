"""The part of the dialog "Remote control" that asks what else tells a position: a contact, or a value downstream."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import probatio
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from ..aioacrel.control.evidence import Contact, Evidence, Threshold
from ..aioacrel.control.policy import Policy
from ..aioacrel.points import Effect, Model
from ..aioacrel.readings import PointKey
from ..aioacrel.vocabulary import Kind
from ..controlevidence import LARGEST, is_limit
from ..controlsettings import key_of, name_of
from .choosing import Place, label_of
from .explain import FormError
from .link_forms import FormData

CONF_CLOSED, CONF_OPEN = "contact_closed", "contact_open"
CONF_DOWNSTREAM, CONF_ABOVE, CONF_BELOW = "downstream", "downstream_above", "downstream_below"
_INPUT: Final = "digital_input"
_OWN = frozenset({Effect.OPEN, Effect.CLOSE})
"""Effects of a breaker or relay of the device's own."""
_MEASURED = frozenset({"V", "A"})


def evidence_fields(model: Model | None, language: str, place: Place) -> Mapping[probatio.Marker, object]:
    """Return the fields, none of a model that has neither an input nor a value to go by."""
    if model is None:
        return {}
    inputs = [key for key, point in model.readable.items() if point.is_binary and point.quantity.family == _INPUT]
    values = [
        key
        for key, point in model.readable.items()
        if point.quantity.unit in _MEASURED and point.quantity.kind is Kind.MEASUREMENT
    ]
    fields: dict[probatio.Marker, object] = {}
    if inputs:
        fields |= {
            probatio.Optional(name): _chosen(model, inputs, language, place, several=True)
            for name in (CONF_CLOSED, CONF_OPEN)
        }
    if values:
        # What is out of range is said in our words, at the field.
        number = NumberSelector(NumberSelectorConfig(step="any", mode=NumberSelectorMode.BOX))
        fields[probatio.Optional(CONF_DOWNSTREAM)] = _chosen(model, values, language, place, several=False)
        fields |= {probatio.Optional(name): number for name in (CONF_ABOVE, CONF_BELOW)}
    return fields


def evidence_in(form: FormData, model: Model | None) -> Mapping[str, Evidence]:
    """Return what a form says, by circuit. Raises FormError."""
    found: dict[str, Evidence] = {}
    for at, circuit, one in _named(form, model):
        if circuit in found:
            raise FormError("evidence_named_twice", at=at)
        found[circuit] = one
    return found


def disputed_in(form: FormData, policy: Policy, model: Model | None) -> str | None:
    """Return the field whose evidence may be that of more than one thing that opens or closes; None if none is."""
    own = {key.circuit for key, one in model.operations.items() if one.effect in _OWN} if model is not None else set()
    for at, circuit, _ in _named(form, model):
        if len(policy.movers(circuit)) + (circuit in own) > 1:
            return at
    return None


def evidence_form(evidence: Mapping[str, Evidence]) -> FormData:
    """Return the form that would say so."""
    contacts = [one for one in evidence.values() if isinstance(one, Contact)]
    form: FormData = {
        CONF_CLOSED: [name_of(one.key) for one in contacts if one.closed],
        CONF_OPEN: [name_of(one.key) for one in contacts if not one.closed],
    }
    for one in evidence.values():
        if isinstance(one, Threshold):
            form |= {CONF_DOWNSTREAM: name_of(one.key), CONF_ABOVE: one.above, CONF_BELOW: one.below}
    return form


def _named(form: FormData, model: Model | None) -> Iterator[tuple[str, str, Evidence]]:
    for at, closed in ((CONF_CLOSED, True), (CONF_OPEN, False)):
        for name in form.get(at, ()):
            key = key_of(name)
            yield at, _circuit(key, model), Contact(key=key, closed=closed)
    above, below = form.get(CONF_ABOVE), form.get(CONF_BELOW)
    if (name := form.get(CONF_DOWNSTREAM)) is None:
        if above is not None or below is not None:
            raise FormError("evidence_no_value", at=CONF_DOWNSTREAM)
        return
    for at, limit in ((CONF_ABOVE, above), (CONF_BELOW, below)):
        if limit is None:
            raise FormError("evidence_limits", at=at)
        if not is_limit(limit):
            raise FormError("evidence_range", at=at, value=f"{limit:g}", high=f"{LARGEST:g}")
    if above is None or below is None or not below < above:
        raise FormError("evidence_limits", at=CONF_BELOW)
    key = key_of(name)
    yield CONF_DOWNSTREAM, _circuit(key, model), Threshold(key=key, above=above, below=below)


def _circuit(key: PointKey, model: Model | None) -> str:
    """Return whose position a point tells: its own circuit's, or that of the only one that can be operated."""
    circuits = {one.circuit for one in model.operations} if model is not None else set()
    return next(iter(circuits)) if len(circuits) == 1 else key.circuit


def _chosen(model: Model, keys: Sequence[PointKey], language: str, place: Place, *, several: bool) -> SelectSelector:
    options = [SelectOptionDict(value=name_of(key), label=label_of(model.points[key], language, place)) for key in keys]
    return SelectSelector(SelectSelectorConfig(options=options, multiple=several, mode=SelectSelectorMode.DROPDOWN))
