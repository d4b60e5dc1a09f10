"""What a cut-off by limit asks of a person, and what is told of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ..alarms.alarm import Alarm
from ..readings import PointKey
from .outcome import Outcome


class Cut(StrEnum):
    """What happened to a cut-off. The words stay: programs know them."""

    ASKED = "asked"
    """A person is to confirm."""
    CUT = "cut"
    """It was tried without asking, as the owner wants it."""
    CONFIRMED = "confirmed"
    """A person confirmed, and it was tried."""
    DISMISSED = "dismissed"
    LAPSED = "lapsed"
    """The alarm ended, or the circuit is open: nothing is asked any more."""
    WITHDRAWN = "withdrawn"
    """What raised the alarm was over, or not seen any more, before it could be sent."""
    DROPPED = "dropped"
    """By a restart: it is not caught up with."""


@dataclass(slots=True, kw_only=True)
class Waiting:
    """An alarm that has to last."""

    alarm: Alarm
    since: float
    """By the steady clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """That a person is to confirm a cut-off; it stands until that, its dismissal, or the end of the alarm."""

    id: str
    alarm: Alarm
    occurrence: str
    operation: PointKey
    time: datetime
    why: Outcome | None = None
    """Why it was not cut without asking, where it was to be."""

    @property
    def circuit(self) -> str:
        """What would be cut off."""
        return self.operation.circuit


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What became of a cut-off: what the record is told."""

    what: Cut
    alarm: Alarm
    occurrence: str
    request: Request | None = None
    outcome: Outcome | None = None
    by: str = ""
    """The person who confirmed or dismissed it."""
