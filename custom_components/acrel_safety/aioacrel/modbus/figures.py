"""What happened between one unit and us, and how a line was used: counted, and measured for the time-outs."""

from collections import deque
from dataclasses import dataclass, field

HISTORY = 64
"""Answer times that are kept; old ones say nothing about today's line."""
DUTY_WINDOW = 60.0
"""Seconds over which it is counted how busy a line is."""


@dataclass(slots=True)
class UnitFigures:
    """Counters since the start; times in seconds."""

    requests: int = 0
    answers: int = 0
    timeouts: int = 0
    discarded: int = 0
    """Answers that did not fit their request and were thrown away."""
    refusals: int = 0
    writes: int = 0
    probes: int = 0
    """Short reads after a fault, whose values nobody sees (they are among the requests)."""
    losses: int = 0
    """How often the connection was lost under a request or between two."""
    disconnects: int = 0
    """How often the connection was dropped on purpose, to get rid of what was left in it."""
    padding: int = 0
    """Registers read for nothing but their number: see `sequence.py`."""
    padding_seconds: float = 0.0
    listened: float = 0.0
    """The longest it was listened to in vain since its latest answer."""
    line_seconds: float = 0.0
    """Computed line time of all reads, padding included."""
    paused_seconds: float = 0.0
    """Time waited because no other length was to be had; the line was free for others."""
    answer_times: deque[float] = field(default_factory=lambda: deque(maxlen=HISTORY))

    @property
    def heard(self) -> int:
        """How often anything at all was heard: answers, refusals, answers to short reads after a fault."""
        return self.answers + self.refusals

    @property
    def answer_time(self) -> float | None:
        """The mean of the latest answer times, None before the first."""
        return sum(self.answer_times) / len(self.answer_times) if self.answer_times else None

    @property
    def slow_answer_time(self) -> float | None:
        """A high percentile of the latest answer times: all but the slowest twentieth are below."""
        if not self.answer_times:
            return None
        ordered = sorted(self.answer_times)
        return ordered[min(len(ordered) - 1, len(ordered) * 19 // 20)]

    @property
    def slowest_answer_time(self) -> float:
        """The slowest of the latest answers; 0 before the first."""
        return max(self.answer_times, default=0.0)


@dataclass(slots=True)
class LineFigures:
    """How the line was used."""

    overruns: int = 0
    duty: float = 0.0
    """Part of the time the line was busy, in the last full window."""
    window_start: float = 0.0
    busy: float = field(default=0.0)

    def add(self, started: float, ended: float) -> None:
        """Count one request's time; the first ones may come before the line is polled."""
        self.window_start = self.window_start or started
        self.busy += ended - started
        if (elapsed := ended - self.window_start) >= DUTY_WINDOW:
            self.duty, self.busy, self.window_start = min(1.0, self.busy / elapsed), 0.0, ended
