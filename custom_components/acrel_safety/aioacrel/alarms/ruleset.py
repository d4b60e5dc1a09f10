"""Which rules watch a device: all that its model, its owner and its positions give."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from ..points import Model
from ..readings import PointKey
from .bits import bit_rules
from .closedagain import Sign, closed_again_rules
from .counts import count_rules
from .limits import device_limit_rules, owner_limit_rules
from .ownerlimits import OwnerLimit
from .positions import position_rules
from .rules import Rule

_NOTHING: Mapping[str, Sequence[Sign]] = {}


def rules_of(
    model: Model,
    limits: Mapping[str, OwnerLimit],
    ratings: Mapping[str, float],
    points: AbstractSet[PointKey] | None = None,
    signs: Mapping[str, Sequence[Sign]] = _NOTHING,
) -> Iterator[Rule]:
    """Yield all rules for what a model shows, or for these of its points.

    `limits` and `ratings` are as `owner_limit_rules` takes them; `signs` tell where stands what can be switched off.
    """
    readable = model.readable.keys() if points is None else points
    for rule in (
        *bit_rules(model),
        *device_limit_rules(model),
        *owner_limit_rules(model, limits, ratings),
        *position_rules(model),
        *count_rules(model),
        *closed_again_rules(signs),
    ):
        # What waits for its register table can be watched when it has come.
        if rule.inputs <= readable:
            yield rule


def inputs_by_circuit(rules: Sequence[Rule]) -> Mapping[str, AbstractSet[PointKey]]:
    """Return what the alarms of each circuit go by."""
    inputs = defaultdict[str, set[PointKey]](set)
    for rule in rules:
        for key in rule.inputs:
            inputs[key.circuit].add(key)
    return dict(inputs)
