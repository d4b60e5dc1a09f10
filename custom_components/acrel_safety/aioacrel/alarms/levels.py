"""How grave an alarm is, what that means for how it ends, and the one word for all of a place."""

from collections.abc import Iterable
from enum import StrEnum


class Level(StrEnum):
    """The priority of an alarm."""

    PRE_ALARM = "pre_alarm"
    ALARM = "alarm"
    TRIP = "trip"
    """A circuit is dead, or was opened, without our command."""
    FAULT = "fault"
    """A sensor, or the instrument itself, does not do its work."""
    NOT_SEEN = "not_seen"
    """Something that is watched cannot be read: whether all is quiet there is not known."""

    @property
    def is_held(self) -> bool:
        """Whether it stays until a person acknowledged it, also when what raised it is over (GB 14287, GB 31252)."""
        return self not in (Level.PRE_ALARM, Level.NOT_SEEN)

    @property
    def is_latched(self) -> bool:
        """Whether it stays until it is reset, which is another act than acknowledging (OPC UA part 9, 4.8)."""
        return self is Level.TRIP

    @property
    def longest_shelving(self) -> float:
        """Seconds for which it may be shelved at most; nothing is shelved for ever."""
        return _LONGEST_SHELVING[self]


class Safety(StrEnum):
    """The one word for a circuit, a device, a link or a site."""

    SAFE = "safe"
    PRE_ALARM = "pre_alarm"
    NOT_SEEN = "not_seen"
    FAULT = "fault"
    ALARM = "alarm"
    TRIPPED = "tripped"


_HOUR = 3600.0
_LONGEST_SHELVING = {
    Level.PRE_ALARM: 7 * 24 * _HOUR,
    Level.ALARM: 8 * _HOUR,
    Level.FAULT: 8 * _HOUR,
    Level.TRIP: _HOUR,
    Level.NOT_SEEN: _HOUR,
}
"""No public text gives figures: an alarm for a shift, a pre-alarm for a week, the gravest for an hour."""
_SAFETY_OF = {
    Level.PRE_ALARM: Safety.PRE_ALARM,
    Level.NOT_SEEN: Safety.NOT_SEEN,
    Level.FAULT: Safety.FAULT,
    Level.ALARM: Safety.ALARM,
    Level.TRIP: Safety.TRIPPED,
}
_RANKS = {safety: rank for rank, safety in enumerate(Safety)}
GRAVEST_FIRST = sorted(Level, key=lambda level: _RANKS[_SAFETY_OF[level]], reverse=True)


def worst(words: Iterable[Safety]) -> Safety:
    """Return the gravest of some words; without any all is safe."""
    return max(words, key=_RANKS.__getitem__, default=Safety.SAFE)


def safety_of(level: Level) -> Safety:
    """Return the word for a place where an alarm of this level stands."""
    return _SAFETY_OF[level]
