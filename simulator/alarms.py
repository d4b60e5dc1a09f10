"""Alarms that come when a limit was exceeded longer than the delay (ARCM300-T16 product page)."""

from dataclasses import dataclass

# Sums of many small steps end a hair below the exact delay.
TOLERANCE_S = 1e-9


@dataclass(slots=True, kw_only=True)
class AlarmTimer:
    """One alarm. No hysteresis: none of the documents found describes one.

    Latching is not documented for any simulated model either; `latched` holds the alarm until
    `reset` so that users of the simulator can see both behaviours.
    """

    latched: bool = False
    active: bool = False
    exceeded_s: float = 0.0

    def step(self, *, exceeded: bool, delay_s: float, seconds: float) -> bool:
        """Let time pass with the limit exceeded or not; return whether the alarm is active."""
        if not exceeded:
            self.exceeded_s = 0.0
            self.active = self.active and self.latched
            return self.active
        self.exceeded_s += seconds
        if self.exceeded_s >= delay_s - TOLERANCE_S:
            self.active = True
        return self.active

    def reset(self) -> None:
        """Drop a held alarm; it comes back after its delay if the limit is still exceeded."""
        self.active = False
        self.exceeded_s = 0.0
