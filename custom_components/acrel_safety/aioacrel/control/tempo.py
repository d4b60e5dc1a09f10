"""The time limits of one operation: those of a local line, and longer ones where every answer takes long by its way.

They follow what was measured, as far as `MOST_ANSWER_SECONDS`: what needs longer has to do with the limits of that.
What they never change: one fresh reading, all checks, one request, and the position read back.
"""

from dataclasses import dataclass

from ..source import Reporting, Slow, Source, Spared

PATIENCE = 10.0
"""Seconds from the act until it has to be on its way: what goes out later nobody expects any more."""
STALE_SECONDS = 4.0
"""Twice the usual time between two fast reads: what was read longer ago allows no closing."""
READ_SECONDS = 2.0
"""A read that was begun in time is waited for so long."""
LOST_SECONDS = 2.5
"""After so long without an answer that tells, the position is not known."""
MOST_REPORT_SECONDS = 1800.0
"""A gateway that wakes up more seldom is not operated."""
MOST_ANSWER_SECONDS = 6.0
"""What a modem and its network may take for one answer."""
_ANSWERS_BEFORE = 4
"""Answers there may be before the request leaves: which device it is, where it stands, and one that is under way."""
_ANSWERS = 2
"""The answer itself, and one that was under way before it."""
_LOOKS = 2
"""One that shows where it is, and one that shows that it stays there."""


@dataclass(frozen=True, slots=True)
class Tempo:
    """The limits over one way."""

    answer: float = 0.0
    """Seconds that an answer takes more than on a local line."""
    report: float = 0.0
    """Seconds until a device reports that cannot be asked at will; 0 of one that can."""
    pause: float = 0.0
    """Seconds between two questions where nothing has changed; 0 where the line is one's own."""

    @classmethod
    def of(cls, source: Source) -> Tempo:
        """Return the limits over a way as it is now."""
        if isinstance(source, Reporting):
            pause = source.look_seconds if isinstance(source, Spared) else 0.0
            return cls(report=min(source.report_seconds, MOST_REPORT_SECONDS), pause=pause)
        return cls(min(source.answer_seconds, MOST_ANSWER_SECONDS)) if isinstance(source, Slow) else cls()

    @property
    def patience(self) -> float:
        """Seconds from the act until it has to be on its way."""
        return PATIENCE + _ANSWERS_BEFORE * self.answer + self.report

    @property
    def stale(self) -> float:
        """The age from which on a reading allows no closing, counted from when it was asked for."""
        return STALE_SECONDS + _ANSWERS * self.answer + self.report

    @property
    def read(self) -> float:
        """Seconds for which a read of the position is waited for."""
        return READ_SECONDS + _ANSWERS * self.answer

    @property
    def lost(self) -> float:
        """Seconds without an answer that tells after which the position is not known."""
        return LOST_SECONDS + _ANSWERS * self.answer

    @property
    def seeing(self) -> float:
        """Seconds it takes until something that is so is seen to be so, and to stay."""
        return _LOOKS * _ANSWERS * self.answer + self.report

    @property
    def longer(self) -> float:
        """Seconds that a whole operation may take more than over a local line."""
        return self.patience - PATIENCE + self.seeing

    @property
    def believes_one(self) -> bool:
        """Whether one reading shows that it stays: the next may be minutes away, and no contact bounces so long."""
        return self.report > 0
