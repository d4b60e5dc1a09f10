"""What became of an alarm, told to whoever keeps the record, shows it or sends it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .alarm import Alarm


class What(StrEnum):
    """What happened."""

    RAISED = "raised"
    CAME_AGAIN = "came_again"
    """What raised it is so again, before anybody acknowledged."""
    RETURNED = "returned"
    """What raised it is over; it stands if it is held or latched."""
    ENDED = "ended"
    ACKNOWLEDGED = "acknowledged"
    SILENCED = "silenced"
    RESET = "reset"
    SHELVED = "shelved"
    UNSHELVED = "unshelved"
    SUPPRESSED = "suppressed"
    UNSUPPRESSED = "unsuppressed"
    TAKEN_OUT = "taken_out_of_service"
    PUT_BACK = "put_back_in_service"
    MEASURED = "measured"
    """Value and limit of what was raised without them are there now."""
    MOVED = "moved"
    """What its rule goes by from now on changed, such as the position of a breaker: no alarm, but to be kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One thing that happened to one alarm."""

    what: What
    alarm: Alarm
    occurrence: str
    """Which of its occurrences, empty where none stood."""
    time: datetime
    by: str | None = None
    """Who did it, None for what happened by itself."""
    comment: str = ""
    is_news: bool = False
    """Whether people are to be told of it though they were told of this occurrence: something else happened."""
