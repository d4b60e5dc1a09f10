"""The independent facts of one alarm, and the one word that follows from them (terms of IEC 62682 and OPC UA part 9).

The word is never stored: what a person did, what logic does and what is measured come and go without knowing of each
other, and no table of transitions can be wrong where there is none.
"""

from dataclasses import dataclass
from enum import StrEnum


class Word(StrEnum):
    """What is shown of an alarm."""

    NORMAL = "normal"
    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned_unacknowledged"
    SHELVED = "shelved"
    SUPPRESSED = "suppressed"
    OUT_OF_SERVICE = "out_of_service"
    UNKNOWN = "unknown"
    """Nothing stands, but whether that is right cannot be read: it is not normal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is so at one moment."""

    condition: bool | None = None
    """Whether what raises it was so when it was read last; None if it never was."""
    is_seen: bool = False
    """Whether that can be read now. What cannot be read ends no alarm."""
    is_acknowledged: bool = True
    """Whether a person knows of what stands; so it is too while nothing stands."""
    is_latched: bool = False
    """Whether it stays until it is reset."""
    is_shelved: bool = False
    """Whether a person set it aside, for a time."""
    suppressed_by: str | None = None
    """The graver alarm that says it already."""
    is_out_of_service: bool = False

    @property
    def stands(self) -> bool:
        """Whether there is anything to know, to do or to see to."""
        return bool(self.condition) or self.is_latched or not self.is_acknowledged

    @property
    def is_told(self) -> bool:
        """Whether it may be shown, sent and sounded; it is judged and recorded in any case."""
        return not (self.is_shelved or self.is_out_of_service or self.suppressed_by is not None)

    @property
    def word(self) -> Word:
        """The one word."""
        if self.is_out_of_service:
            return Word.OUT_OF_SERVICE
        if self.is_shelved:
            return Word.SHELVED
        if self.suppressed_by is not None:
            return Word.SUPPRESSED
        if not self.is_acknowledged:
            return Word.UNACKNOWLEDGED if self.condition else Word.RETURNED
        if self.condition or self.is_latched:
            return Word.ACKNOWLEDGED
        return Word.NORMAL if self.is_seen else Word.UNKNOWN
