"""What tells, of each circuit that can be opened from here, that it is closed."""

from collections.abc import Mapping, Sequence

from ..points import Effect, Model
from .evidence import Contact, Disputed, Evidence
from .named import evidence_of
from .policy import Drive, Policy
from .position import positions_of

_CLOSED_WHILE = {Drive.CONTACTOR: True, Drive.BREAKING_CONTACTOR: False}
"""What an output shows while its circuit is closed; that of a shunt trip tells nothing."""


def signs_of(model: Model, policy: Policy) -> Mapping[str, Sequence[Evidence]]:
    """Return it by circuit: the device's own word, and what the owner names; of outputs only without that."""
    circuits = (key.circuit for key, one in model.operations.items() if policy.effect(one) is Effect.OPEN)
    return {circuit: [*_signs(model, policy, circuit)] for circuit in dict.fromkeys(circuits)}


def _signs(model: Model, policy: Policy, circuit: str) -> list[Evidence]:
    found: list[Evidence] = [Contact(key=key) for key in positions_of(model, circuit)]
    named = evidence_of(policy, model, circuit)
    if named is not None and not isinstance(named, Disputed):
        found.append(named)
    elif not found:
        outputs = ((key, policy.drives[key]) for key in policy.movers(circuit))
        found += [Contact(key=key, closed=_CLOSED_WHILE[drive]) for key, drive in outputs if drive in _CLOSED_WHILE]
    return [sign for sign in found if sign.key in model.readable]
