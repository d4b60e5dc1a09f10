"""What a breaker watches: limits, delays, and whether passing one opens it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from simulator.alarms import AlarmTimer

SHORT_CIRCUIT = "ASSC"
SHORT_TIMES = 10.0
"""Times the rated current at which a breaker of type C opens without a delay."""


@dataclass(slots=True, kw_only=True)
class Guard:
    """One protection with the settings that the vocabulary has for its kind."""

    prefix: str
    """Of the codes of its settings."""
    warning: str
    """Code of its pre-alarm, "" if it has none."""
    alarm: str
    measured: Callable[[], float]
    warns_at: float
    trips_at: float
    low: bool = False
    delay_s: float
    enabled: bool = True
    opens: bool = True
    maintains: bool = False
    """Whether it sets maintenance as well: nobody closes remotely then."""
    is_warning: bool = False
    held: bool = False
    """The alarm that it tells: until it is reset, also when the breaker is open."""
    timer: AlarmTimer = field(default_factory=AlarmTimer)

    def step(self, seconds: float) -> bool:
        """Let time pass; return whether the alarm has just come."""
        if not self.enabled:
            self.is_warning = False
            self.timer.reset()
            return False
        self.is_warning = self._is_beyond(self.warns_at)
        before = self.timer.active
        self.timer.step(exceeded=self.is_beyond, delay_s=self.delay_s, seconds=seconds)
        has_come = self.timer.active and not before
        self.held = self.held or self.timer.active
        return has_come

    @property
    def is_beyond(self) -> bool:
        """Whether the limit is passed at the moment."""
        return self._is_beyond(self.trips_at)

    def reset(self) -> None:
        """Let go of the alarm; it comes back after its delay."""
        self.held = False
        self.timer.reset()

    def settings(self) -> Mapping[str, float]:
        """Return its settings by code."""
        return {
            f"{self.prefix}Sw": self.enabled,
            f"{self.prefix}Tim": self.delay_s,
            **({f"{self.prefix}Val01": self.warns_at} if self.warning else {}),
            f"{self.prefix}Val02": self.trips_at,
            f"{self.prefix}RlyOff": self.opens,
            f"{self.prefix}RlyRep": self.maintains,
        }

    def _is_beyond(self, limit: float) -> bool:
        return self.measured() < limit if self.low else self.measured() > limit


def causes(guards: Iterable[Guard]) -> list[str]:
    """Return the codes of the alarms that are held."""
    return [guard.alarm for guard in guards if guard.held]
