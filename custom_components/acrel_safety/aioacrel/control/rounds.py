"""Where the reclosing of a circuit stands, why it is locked, and what is told of it."""

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum

from ..texts import Phrase, phrase
from .outcome import Outcome
from .supply import Supply

DELAYS = (10.0, 60.0, 300.0)
"""Seconds for which the supply has to be sound before each try; as many tries there are until a person acknowledges."""
BEFORE_SECONDS, AFTER_SECONDS = 30.0, 3.0
"""So long before it opened, and after it was seen open, the device has to have begun to say why."""
SEEN_SECONDS = 10.0
"""So long before it was seen open it has to have been seen closed: what nobody watched has no known cause."""
FRESH_SECONDS = 30.0
"""A voltage that was read longer ago proves nothing."""
LONGEST_WAIT = 3600.0
"""What is not over by then is for a person: somebody may work on what has been dead for so long."""


class Phase(StrEnum):
    """Where the reclosing of a circuit stands."""

    READY = "ready"
    JUDGING = "judging"
    """It opened; what it was is being found out."""
    WAITING = "waiting"
    """For a supply that is sound for long enough."""
    TRYING = "trying"
    RECLOSED = "reclosed"
    """It was closed again, and nobody has acknowledged that it tripped."""
    LOCKED = "locked"
    """Nothing is closed by itself until a person acknowledges."""


class Why(StrEnum):
    """Why it is locked. The words stay: programs know them."""

    CAUSE_UNKNOWN = "cause_unknown"
    OTHER_CAUSE = "other_cause"
    TRIES_USED_UP = "tries_used_up"
    REFUSED = "refused"
    NOT_CONFIRMED = "not_confirmed"
    TAKEN_OVER = "taken_over"
    """Somebody or something else operated the circuit, closed it by hand, acknowledged, or cancelled the reclosing."""
    WITHDRAWN = "withdrawn"
    """The owner's consent."""
    LASTED_TOO_LONG = "lasted_too_long"
    RESTARTED = "restarted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What became of the reclosing of a circuit: what the record is told."""

    circuit: str
    phase: Phase
    tries: int
    why: Why | None = None
    detail: str = ""
    """More about it, in codes."""
    outcome: Outcome | None = None
    by: str = ""
    """Who acknowledged, or cancelled it."""


@dataclass(slots=True)
class Round:
    """One circuit, since a person acknowledged last."""

    supply: Supply
    phase: Phase = Phase.READY
    tries: int = 0
    why: Why | None = None
    since: float = 0.0
    """When it opened, by the steady clock."""
    looked_at: float = 0.0
    """When anything was seen of it last."""
    sound_since: float | None = None
    trips: set[str] = field(default_factory=set)
    """The occurrences of the trips it is about."""
    task: asyncio.Task[None] | None = None
    is_open_again: bool = False
    """Whether it opened while a try was under way."""

    @property
    def is_pending(self) -> bool:
        """Whether something may follow by itself."""
        return self.phase in (Phase.JUDGING, Phase.WAITING, Phase.TRYING)


def saying(phase: Phase, why: Why | None, tries: int) -> Phrase:
    """Return in words where the reclosing stands."""
    if phase is Phase.LOCKED and why is not None:
        return phrase("reclosing_locked", why=phrase(f"reclosing_why_{why}"))
    if phase is Phase.TRYING:
        return phrase("reclosing_trying", count=tries)
    if phase is Phase.RECLOSED:
        return phrase("reclosing_reclosed", count=tries)
    return phrase(f"reclosing_at_{phase}")
