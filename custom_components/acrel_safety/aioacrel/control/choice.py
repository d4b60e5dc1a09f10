"""Which of a device's operations opens or closes a circuit, where somebody names no code."""

from collections.abc import Mapping

from ..points import Effect, Operation
from ..readings import PointKey, Value
from .policy import Policy

_FORCED = "FOR"
"""Begins the codes of forced operations: where a device has both, the usual one is taken."""


def usual(operations: Mapping[PointKey, Operation], policy: Policy, circuit: str, effect: Effect) -> PointKey | None:
    """Return what opens or closes a circuit, the plain command before the forced one."""
    found = [key for key, one in operations.items() if key.circuit == circuit and policy.effect(one) is effect]
    return min(found, key=lambda key: key.code.startswith(_FORCED), default=None)


def falls_back_when(operations: Mapping[PointKey, Operation], operation: Operation) -> Mapping[PointKey, Value]:
    """Return when the output that an operation switches falls back by itself, as whatever switches it on says."""
    others = (one for one in operations.values() if one.shows.keys() == operation.shows.keys())
    return next((one.falls_back_when for one in others if one.falls_back_when), {})


def plain_closing(operations: Mapping[PointKey, Operation], circuit: str) -> PointKey | None:
    """Return the command of a breaker's own that closes it, and leaves its own protection in force.

    A forced one sets the device's control aside, and what an output drives no device watches: neither is for
    anything that closes by itself.
    """
    return next(
        (
            key
            for key, one in operations.items()
            if key.circuit == circuit and one.effect is Effect.CLOSE and not key.code.startswith(_FORCED)
        ),
        None,
    )
