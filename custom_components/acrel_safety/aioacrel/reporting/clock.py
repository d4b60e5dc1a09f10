"""What a device's own times are worth: how far its clock is off, and whether something is of now or of before.

A gateway's clock may be wrong by a day and what it says true all the same, and a record that it kept while it had no
network looks just like that. They are told apart by what is certainly sent when it is made (a login, a question for the
time, an answer), by the time of sending where a message has one, and by how two records follow each other.
"""

from dataclasses import dataclass
from enum import Enum, auto

NEAR = 120.0
"""So many seconds, or a period of reports, a record may be older than its arrival and still be of now."""
_PACE = 0.1
"""Part by which the time between two records may differ from that between their arrivals."""
_LEAST = 5.0


class Age(Enum):
    """Of when something is."""

    NOW = auto()
    BEFORE = auto()
    OPEN = auto()
    """Of now by a wrong clock, or of before: what follows will tell."""


@dataclass(frozen=True, slots=True)
class Judged:
    """When something was, by our own clock."""

    age: Age
    time: float


class DeviceClock:
    """The clock of one gateway, as it is seen from here."""

    def __init__(self) -> None:
        """Begin with a clock of which nothing is known."""
        self.offset: float | None = None
        """Seconds to be added to its times; None as long as nobody knows."""
        self._open: tuple[float, float] | None = None

    def sent(self, stamp: float | None, now: float) -> None:
        """Take the time of a message that is sent when it is made."""
        if stamp is not None:
            self.offset = now - stamp

    def judge(self, stamp: float | None, sent: float | None, now: float, near: float = NEAR) -> Judged:
        """Return of when a record is that came just now."""
        if stamp is None:
            return Judged(Age.NOW, now)
        if abs(now - stamp) <= near:
            if self.offset is None or abs(self.offset) > near:
                # Nobody told it yet, or it was set meanwhile.
                self.offset = 0.0
            return self._of_now(stamp, self.offset, now)
        if self.offset is None and sent is not None:
            self.sent(sent, now)
        if self.offset is not None:
            late = now - stamp - self.offset
            if late > near and not self._keeps_pace(stamp, now):
                return Judged(Age.BEFORE, stamp + self.offset)
            if abs(late) > near:
                # One of the two clocks was set meanwhile: nothing is of later than now, and nothing of before comes in
                # step with the time.
                self.offset = now - stamp
            return self._of_now(stamp, self.offset, now)
        return self._unknown(stamp, now)

    def _of_now(self, stamp: float, offset: float, now: float) -> Judged:
        """Take it that a record is of now, and of no later time: that would hide whatever comes next.

        What told the clock may have been longer on its way than a record, or the clock was put forward since.
        """
        self._open = None
        self.offset = min(offset, now - stamp)
        return Judged(Age.NOW, stamp + self.offset)

    def _unknown(self, stamp: float, now: float) -> Judged:
        if stamp > now:
            self.offset = now - stamp
            return Judged(Age.NOW, now)
        if self._keeps_pace(stamp, now):
            self.offset = now - stamp
            return Judged(Age.NOW, now)
        return Judged(Age.OPEN, stamp)

    def _keeps_pace(self, stamp: float, now: float) -> bool:
        """Whether a record is as much later than the one before it as it came later."""
        former, self._open = self._open, (stamp, now)
        if former is None:
            return False
        records, arrivals = stamp - former[0], now - former[1]
        return arrivals >= _LEAST and abs(records - arrivals) <= max(_LEAST, _PACE * arrivals)
