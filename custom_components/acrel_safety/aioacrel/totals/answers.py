"""What the owner says of a counter that is held, and what follows from that."""

from dataclasses import dataclass, field
from enum import StrEnum

from .doubt import Doubt

_SHRUNK = 0.9
"""Statistics take what falls below so much of the last value for a counter that began anew."""


class Answer(StrEnum):
    """What the owner says of a counter that moved as counters do not."""

    REPLACED = "replaced"
    """The meter was replaced, reset, or its counter rolled over: go on without counting the difference."""
    RIGHT = "right"
    """The meter is right: show what it says."""
    FAULT = "fault"
    """It is a fault: hold on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A counter that is held, for the owner to decide: what is shown, and what would be by what the meter says."""

    shown: float
    said: float
    time: float = field(default=0.0, compare=False)
    """When this was so."""


def offset_by(answer: Answer, doubt: Doubt, value: float, offset: float) -> float:
    """Return the offset of a counter from now on, of which `value` is shown by an `offset` until now."""
    if doubt.may_fall:
        # Statistics count each rise and each fall of such a one.
        if answer is Answer.RIGHT:
            return offset
        return value - doubt.count + _counted(doubt)
    is_fall, is_shrunk = doubt.count + offset < value, doubt.count < _SHRUNK * value
    if answer is Answer.RIGHT:
        if not is_fall or doubt.count + offset >= _SHRUNK * value:
            return offset
        # Statistics take it for a counter that began anew, and nothing else that would be no energy.
        return 0.0 if is_shrunk else value - doubt.count
    # What began anew is shown as it is: statistics count it from 0, and so much can have flowed since.
    return 0.0 if is_shrunk and doubt.is_new else value - doubt.count + _counted(doubt)


def _counted(doubt: Doubt) -> float:
    """Return what another meter has counted since it was there."""
    return doubt.count if doubt.is_new else doubt.counted
