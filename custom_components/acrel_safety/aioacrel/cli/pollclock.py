"""When the polls of `acrel watch` are due."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class PollClock:
    """When the polls are due: every `interval` seconds from the first one on, without drift."""

    interval: float
    started: float
    done: int = 0
    overruns: int = 0
    """Polls left out because the one before took too long."""
    _due: float = field(init=False)

    def __post_init__(self) -> None:
        self._due = self.started

    def next(self, now: float) -> float:
        """Count a poll that ended now; return the seconds to the next one."""
        self.done += 1
        self._due += self.interval
        if self.interval and now > self._due:
            missed = int((now - self._due) // self.interval)
            self.overruns += missed
            self._due += missed * self.interval
        return max(0.0, self._due - now)

    def duty(self, line_seconds: float, now: float) -> float:
        """Return the part of the time the line was in use, 0 to 1; a begun period counts in full."""
        elapsed = max(now - self.started, (self.done + 1) * self.interval)
        return min(1.0, line_seconds / elapsed) if elapsed > 0 else 0.0
