"""Who asks for an operation."""

from dataclasses import dataclass
from enum import StrEnum


class CallerKind(StrEnum):
    """What kind of caller it is: rights are given by it."""

    PERSON = "person"
    AUTOMATION = "automation"
    """Whatever arrives without a person: automations, scripts, schedules, scenes they call."""
    REQUEST = "request"
    """A signed request of another system."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, as known at the moment of the act."""

    kind: CallerKind
    id: str = ""
    """Of a person: the same for as long as the account is there."""
    name: str = ""
    """For the record."""
    is_administrator: bool = False

    @property
    def is_person(self) -> bool:
        """Whether a human being asks."""
        return self.kind is CallerKind.PERSON


AUTOMATION = Caller(kind=CallerKind.AUTOMATION, name="automation")
