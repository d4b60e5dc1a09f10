"""How well the link does, for people and for programs."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..modbus.figures import UnitFigures
from ..texts import phrase
from .language import Counted, Listed
from .output import Json
from .pollclock import PollClock


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkState:
    """The state of the link after a poll; times in milliseconds, None before the first answer."""

    poll: int
    answer_ms: float | None
    slow_ms: float | None
    counts: Mapping[str, int]
    duty_percent: float

    @classmethod
    def of(cls, statistics: UnitFigures, clock: PollClock, now: float) -> LinkState:
        """Take what was counted."""
        return cls(
            poll=clock.done + 1,
            answer_ms=_milliseconds(statistics.answer_time),
            slow_ms=_milliseconds(statistics.slow_answer_time),
            counts={
                "requests": statistics.requests,
                "timeouts": statistics.timeouts,
                "discarded": statistics.discarded,
                "refusals": statistics.refusals,
                "overruns": clock.overruns,
            },
            duty_percent=round(100 * clock.duty(statistics.line_seconds, now), 1),
        )

    def as_json(self) -> dict[str, Json]:
        """Return the state for programs."""
        return {
            "answer_time_ms": self.answer_ms,
            "slow_answer_time_ms": self.slow_ms,
            **self.counts,
            "duty_percent": self.duty_percent,
        }

    def lines(self, language: str) -> list[str]:
        """Return the state for people."""
        times = (
            phrase("link_times", answer=f"{self.answer_ms:.0f}", slow=f"{self.slow_ms:.0f}")
            if self.answer_ms is not None and self.slow_ms is not None
            else phrase("link_unanswered")
        )
        counted = (
            Counted(self.counts["timeouts"], "timeout"),
            Counted(self.counts["discarded"], "discarded frame"),
            Counted(self.counts["overruns"], "overrun"),
            phrase("link_duty", percent=f"{self.duty_percent:.0f}"),
        )
        return [phrase("link_poll", poll=self.poll, times=times).text(language), Listed(counted).text(language)]


def _milliseconds(seconds: float | None) -> float | None:
    return round(1000 * seconds, 1) if seconds is not None else None
