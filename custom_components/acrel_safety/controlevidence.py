"""What tells a position besides the device's own word, as its owner says it and as that is stored."""

from collections.abc import Mapping
from math import isfinite
from typing import Any, Final

from .aioacrel.control.evidence import Contact, Evidence, Threshold
from .aioacrel.readings import PointKey

EVIDENCE: Final = "evidence"
CONTACT, CLOSED = "contact", "closed"
VALUE, ABOVE, BELOW = "value", "above", "below"
LARGEST: Final = 1_000_000.0
"""V or A; more than any of these devices measures."""


def evidence_of(stored: Mapping[str, Any]) -> Mapping[str, Evidence]:
    """Return what was found sound, by circuit."""
    return {circuit: _evidence(one) for circuit, one in stored.items()}


def written_evidence(evidence: Mapping[str, Evidence]) -> Mapping[str, Any]:
    """Return it as it is stored."""
    return {circuit: _written(one) for circuit, one in evidence.items()}


def is_sound_evidence(part: object) -> bool:
    """Whether it is what `written_evidence` says."""
    return isinstance(part, Mapping) and all(
        isinstance(circuit, str) and isinstance(one, Mapping) and _is_sound(one) for circuit, one in part.items()
    )


def _evidence(one: Mapping[str, Any]) -> Evidence:
    if CONTACT in one:
        return Contact(key=_key(one[CONTACT]), closed=one[CLOSED])
    return Threshold(key=_key(one[VALUE]), above=one[ABOVE], below=one[BELOW])


def _written(one: Evidence) -> Mapping[str, Any]:
    if isinstance(one, Contact):
        return {CONTACT: _name(one.key), CLOSED: one.closed}
    return {VALUE: _name(one.key), ABOVE: one.above, BELOW: one.below}


def _is_sound(one: Mapping[Any, Any]) -> bool:
    if {*one} == {CONTACT, CLOSED}:
        return _is_name(one[CONTACT]) and isinstance(one[CLOSED], bool)
    if {*one} != {VALUE, ABOVE, BELOW}:
        return False
    above, below = one[ABOVE], one[BELOW]
    return _is_name(one[VALUE]) and is_limit(above) and is_limit(below) and below < above


def is_limit(value: object) -> bool:
    """Whether a breaker can be called closed from so many volts or amperes on, or open up to so many."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isfinite(value) and 0 <= value <= LARGEST


def _is_name(name: object) -> bool:
    return isinstance(name, str) and "/" in name


def _name(key: PointKey) -> str:
    return f"{key.circuit}/{key.code}"


def _key(name: str) -> PointKey:
    circuit, _, code = name.partition("/")
    return PointKey(circuit, code)
