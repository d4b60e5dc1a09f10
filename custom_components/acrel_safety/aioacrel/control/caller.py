"""Who asks for an operation."""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from enum import StrEnum


class CallerKind(StrEnum):
    """What kind of caller it is: rights are given by it."""

    PERSON = "person"
    AUTOMATION = "automation"
    """Whatever arrives without a person: automations, scripts, schedules, scenes they call."""
    REQUEST = "request"
    """A signed request of another system."""
    RECLOSING = "reclosing"
    """The automatic reclosing of this library: it may close, where the owner's opt-in says so, and nothing else."""
    CUT_OFF = "cut_off"
    """The cut-off by limit of this library: it may open, where the owner says so, and nothing else."""


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, as known at the moment of the act."""

    kind: CallerKind
    id: str = ""
    """Of a person: the same for as long as the account is there."""
    name: str = ""
    """For the record."""
    is_administrator: bool = False
    excused: AbstractSet[str] = frozenset()
    """Of the reclosing alone: the occurrences of the trips that it is about. No other trip is excused."""
    still: Callable[[], bool] = field(default=_always, compare=False, repr=False)
    """Of what acts by itself: whether its reason is still there. It is asked until the very last moment."""

    live: Callable[[], Caller | None] | None = field(default=None, compare=False, repr=False)
    """Of a person: who that is by now, None for one who may ask for nothing any more. It is asked with each right."""

    def now(self) -> Caller:
        """Return who asks at this moment: whoever may ask for nothing any more is nobody whom anything was given."""
        if self.live is None:
            return self
        return self.live() or replace(self, id="", is_administrator=False, live=None)

    @property
    def is_person(self) -> bool:
        """Whether a human being asks."""
        return self.kind is CallerKind.PERSON


AUTOMATION = Caller(kind=CallerKind.AUTOMATION, name="automation")


def reclosing(excused: AbstractSet[str], still: Callable[[], bool]) -> Caller:
    """Return the reclosing after these trips."""
    return Caller(kind=CallerKind.RECLOSING, name="automatic reclosing", excused=excused, still=still)


def cutting(still: Callable[[], bool]) -> Caller:
    """Return the cut-off by limit, without a person."""
    return Caller(kind=CallerKind.CUT_OFF, name="cut-off by limit", still=still)
