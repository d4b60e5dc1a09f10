"""Whether a report is of now: gateways say the time without a zone, may have a wrong clock, and may send late.

What is said a while after its time may be old, or its clock may be slow. It is believed to be of now when the clock is
seen to go on like that: two reports, a while apart, that are late by the same. A time that lies ahead cannot be old.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

TOLERANCE = 300.0
"""Seconds by which a report may be late against what is known of the gateway's clock."""
SAME = 60.0
"""Seconds by which a slow clock may waver, and after which it is seen to go on like that."""


def zoned(stamp: datetime, zone: tzinfo, now: datetime) -> datetime:
    """Return a time on the clock of a zone; of an hour that comes twice, the one nearer to now."""
    both = [stamp.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    return min(both, key=lambda time: abs(now - time))


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found of a report's time."""

    is_current: bool
    time: datetime
    """When it was so, by the gateway's clock."""
    era: int
    """Times of different eras cannot be compared: the clock was set in between."""


class GatewayClock:
    """The clock of one gateway, as far as its reports show it."""

    def __init__(self, zone: tzinfo) -> None:
        """Take the zone of its clock."""
        self.zone = zone
        self.offset = 0.0
        """Seconds by which it is known to be slow."""
        self._era = 0
        self._late: tuple[float, datetime] | None = None
        """By how much a report was late, and when the first one came that was late by so much."""

    def judge(self, stamp: datetime | None, now: datetime) -> Judged:
        """Judge the time of a report that has just come."""
        if stamp is None:
            return Judged(is_current=True, time=now, era=self._era)
        time = zoned(stamp, self.zone, now)
        late = (now - time).total_seconds()
        is_current = abs(late - self.offset) <= TOLERANCE
        if is_current:
            self._late = None
        elif late < self.offset or self._goes_on(late, now):
            is_current = True
            self._era += 1
            self.offset, self._late = late, None
        return Judged(is_current=is_current, time=time, era=self._era)

    def _goes_on(self, late: float, now: datetime) -> bool:
        """Whether the clock was this slow a while ago already."""
        if self._late is not None and abs(late - self._late[0]) <= SAME:
            return (now - self._late[1]).total_seconds() >= SAME
        self._late = late, now
        return False
