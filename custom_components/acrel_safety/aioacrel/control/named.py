"""What the owner named to tell a position, held against the model: what is in doubt tells nothing."""

from enum import StrEnum

from ..points import Model
from .evidence import Contact, Disputed, Evidence
from .policy import Policy


class Doubt(StrEnum):
    """Why what was named tells nothing."""

    SHARED = "evidence_shared"
    """It may be about another output, or another circuit."""
    LOST = "evidence_lost"
    """The model has no such point any more, or it is of another kind."""


def doubt_about(policy: Policy, model: Model, circuit: str) -> Doubt | None:
    """Return why what is named for a circuit tells nothing; None where nothing is named, or it does tell."""
    named = policy.evidence_at(circuit)
    if isinstance(named, Disputed):
        return Doubt.SHARED
    return None if named is None or _fits(named, model) else Doubt.LOST


def evidence_of(policy: Policy, model: Model, circuit: str) -> Evidence | Disputed | None:
    """Return what else tells the position of a circuit, as far as it is beyond doubt."""
    named = policy.evidence_at(circuit)
    if named is not None and doubt_about(policy, model, circuit) is not None:
        return Disputed(key=named.key)
    return named


def _fits(named: Evidence, model: Model) -> bool:
    if (point := model.readable.get(named.key)) is None:
        return False
    return point.is_binary if isinstance(named, Contact) else not (point.is_binary or point.words)
