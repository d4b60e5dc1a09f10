"""What a breaker watches: limits, delays, and whether passing one opens it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from simulator.alarms import AlarmTimer
from simulator.physics import NEUTRAL, Feeder

SHORT_CIRCUIT = "ASSC"
SHORT_TIMES = 10.0
"""Times the rated current at which a breaker of type C opens without a delay."""
_NOMINAL_V = 230.0


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
    tells_links: bool = True
    """Whether the vocabulary has codes for what it does to the breaker."""
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
            **(
                {f"{self.prefix}RlyOff": self.opens, f"{self.prefix}RlyRep": self.maintains} if self.tells_links else {}
            ),
        }

    def _is_beyond(self, limit: float) -> bool:
        return self.measured() < limit if self.low else self.measured() > limit


def causes(guards: Iterable[Guard]) -> list[str]:
    """Return the codes of the alarms that are held."""
    return [guard.alarm for guard in guards if guard.held]


def conductors(poles: Iterable[int]) -> list[int]:
    """Return the conductors whose temperature a breaker measures."""
    return [*poles, NEUTRAL]


def guards_of(feeder: Feeder, poles: range, rated: float, leakage: Callable[[], float]) -> list[Guard]:
    """Return the protections of a breaker; limits are in mA, % of the rated value, and °C."""
    return [
        Guard(
            prefix="LgHigh",
            warning="Lg1HIGH1",
            alarm="LgHigh",
            measured=leakage,
            warns_at=20.0,
            trips_at=30.0,
            delay_s=0.0,
        ),
        Guard(
            prefix="UHigh",
            warning="UHIGH1",
            alarm="UHigh",
            measured=lambda: 100 / _NOMINAL_V * max(feeder.voltage[pole] for pole in poles),
            warns_at=112.0,
            trips_at=120.0,
            delay_s=1.0,
        ),
        Guard(
            prefix="ULow",
            warning="ULOW1",
            alarm="ULow",
            measured=lambda: 100 / _NOMINAL_V * min(feeder.voltage[pole] for pole in poles),
            warns_at=88.0,
            trips_at=80.0,
            low=True,
            delay_s=3.0,
        ),
        Guard(
            prefix="IHigh",
            warning="IHIGH1",
            alarm="IHigh",
            measured=lambda: 100 / rated * max(feeder.current[pole] for pole in poles),
            warns_at=100.0,
            trips_at=140.0,
            delay_s=3.0,
        ),
        Guard(
            prefix="PHigh",
            warning="",
            alarm="PHigh",
            measured=lambda: 100_000 / (rated * _NOMINAL_V) * max(feeder.power[pole] for pole in poles),
            warns_at=95.0,
            trips_at=105.0,
            delay_s=30.0,
        ),
        Guard(
            prefix="",
            warning="",
            alarm=SHORT_CIRCUIT,
            measured=lambda: max(feeder.current[pole] for pole in poles) / rated,
            warns_at=SHORT_TIMES,
            trips_at=SHORT_TIMES,
            delay_s=0.0,
        ),
        Guard(
            prefix="THigh",
            tells_links=False,
            warning="",
            alarm="THigh",
            measured=lambda: max(feeder.temperature[conductor] for conductor in conductors(poles)),
            warns_at=70.0,
            trips_at=90.0,
            delay_s=5.0,
        ),
    ]
