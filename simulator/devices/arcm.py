"""ARCM300T and ARCM310, monitors that a cloud tells of and operates.

What they measure and obey is what the maker's app shows of them; no manual was seen. That an alarm holds until it is
reset, that a held alarm keeps the ARCM310 from closing, that a residual current opens it, and that a self-test raises
the alarm of a residual current without opening, are the simulator's choices.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import ClassVar

from simulator.devices.breaker_guards import Guard
from simulator.devices.coded import Coded, flag, value
from simulator.devices.prepaid import STUCK_SECONDS
from simulator.devices.prepaid_relay import CLOSE, FORCE, OPEN, Relay
from simulator.physics import FeederSetup
from simulator.points import Bits, Number, Source, item
from simulator.scenarios import Option, Scenario

_CONDUCTORS = "ABCN"
_HIGH_V, _LOW_V = 264.5, 195.5
_DELAY_S = 1.0
TRIPPED = "DOC_tripped"
"""It opened by itself, and was not closed since."""
PHASE_ALARMS = {
    f"{quantity}{phase}{side}": f"{quantity}{side}"
    for quantity, side in (("U", "High"), ("U", "Low"), ("I", "High"))
    for phase in "abc"
}
"""Alarms of one phase, and what they are together."""


class Arcm(Coded):
    """What both have in common.

    Options: `limit_ma` and `limit_c` of residual current and cables; `travel_s` and `falls_back_s` as of a relay.
    """

    opens: ClassVar[bool]
    """Whether a residual current opens it."""
    choices: ClassVar[Mapping[str, Option]] = {"limit_ma": 300.0, "limit_c": 80.0, "travel_s": 0.0, "falls_back_s": 0.0}

    def prepare(self) -> None:
        """Begin closed and quiet."""
        self.relay = Relay(transition_s=0.0, travel_s=self._amount("travel_s"))
        self.relay.falls_back_s = self._amount("falls_back_s")
        self.relay.rest(closed=True)
        self.buzzing = self.tripped = False
        self._phase_guards = {name: self._phase_guard(name) for name in PHASE_ALARMS}
        self._leak = self._guard("LgHigh", self._leakage, self._amount("limit_ma"), opens=self.opens)
        self._heat = [
            self._guard(f"T{index + 1}High", item(self.feeder.temperature, index), self._amount("limit_c"))
            for index in range(len(_CONDUCTORS))
        ]
        self.guards: Sequence[Guard] = [self._leak, *self._heat, *self._phase_guards.values()]

    def _amount(self, name: str) -> float:
        number = self.options[name]
        if isinstance(number, str | bool) or number < 0:
            raise ValueError(f"{name} must be a number that is not negative, not {number!r}")
        return float(number)

    def _guard(self, alarm: str, measured: Source, limit: float, *, opens: bool = False) -> Guard:
        return Guard(
            prefix="",
            warning="",
            alarm=alarm,
            measured=measured,
            warns_at=limit,
            trips_at=limit,
            delay_s=_DELAY_S,
            opens=opens,
        )

    def _phase_guard(self, name: str) -> Guard:
        code = PHASE_ALARMS[name]
        index = "abc".index(name[1])
        if code == "IHigh":
            return self._guard(name, item(self.feeder.current, index), self.feeder.setup.rated_a)
        guard = self._guard(name, item(self.feeder.voltage, index), _HIGH_V)
        if code == "ULow":
            guard.low, guard.trips_at, guard.warns_at = True, _LOW_V, _LOW_V
        return guard

    def _leakage(self) -> float:
        return 0.0 if self.scenario.name == "sensor_break" else self.feeder.leakage[0]

    @property
    def closed(self) -> bool:
        """Its position."""
        return self.relay.closed

    def quantities(self) -> Iterable[Number | Bits]:
        """Measured values and alarms."""
        feeder = self.feeder
        yield value("Lg", self._leakage, "0.1")
        for index, conductor in enumerate(_CONDUCTORS):
            yield value(f"Temp{conductor}", item(feeder.temperature, index), "0.1")
        for index, phase in enumerate("abc"):
            yield value(f"U{phase}", item(feeder.voltage, index), "0.1")
            yield value(f"I{phase}", item(feeder.current, index), "0.01")
        yield value("P", lambda: sum(feeder.power), "0.001")
        yield value("Q", lambda: sum(feeder.reactive), "0.001")
        yield value("S", lambda: sum(feeder.apparent), "0.001")
        yield value("PF", feeder.power_factor, "0.001")
        yield value("Fr", feeder.frequency, "0.01")
        yield value("EPI", lambda: feeder.energy_sum("imported"), "0.01")
        for guard in self.guards:
            yield flag(guard.alarm, partial(getattr, guard, "held"))
        for code in ("UHigh", "ULow", "IHigh"):
            yield flag(code, partial(self._any, code))
        yield flag(TRIPPED, lambda: self.tripped)

    def _any(self, code: str) -> bool:
        return any(guard.held for name, guard in self._phase_guards.items() if PHASE_ALARMS[name] == code)

    def watch(self, seconds: float) -> None:
        """Move what was commanded; alarm, and open where it is set to."""
        self.relay.step(seconds, own=self.relay.closed)
        for guard in self.guards:
            self.buzzing = guard.step(seconds) or self.buzzing
            if guard.timer.active and guard.opens and self.relay.closed:
                self.tripped = True
                self.relay.move_by_hand(closed=False)
        self._switch()

    def _switch(self) -> None:
        self.feeder.closed = self.relay.closed
        self.feeder.refresh()

    def obey(self, method: str, payload: Mapping[str, object]) -> bool:
        """Take a command; what it leads to shows in its values."""
        del payload
        match method:
            case "RLYOFF":
                self.relay.command(FORCE, OPEN)
            case "RLYON":
                if not (self.opens and self._leak.held):
                    self.tripped = False
                    self.relay.command(FORCE, CLOSE)
            case "SILENCE":
                self.buzzing = False
            case "RESET":
                self.reset()
            case "SELCHK":
                self._leak.held = self.buzzing = True
            case _:
                return False
        self.settle()
        return True

    def by_hand(
        self, *, closed: bool | None = None, locked: bool | None = None, maintenance: bool | None = None
    ) -> None:
        """Move its breaker on site. Raises ValueError for what it does not have."""
        if locked is not None or maintenance is not None:
            raise ValueError(f"{self.model} has no lock and no maintenance")
        if closed is not None:
            self.relay.move_by_hand(closed=closed)
            self.tripped = self.tripped and not closed
            self._switch()
        self.stale = True

    def reset(self) -> None:
        """Let go of held alarms; a limit that is still passed brings its own back."""
        for guard in self.guards:
            guard.reset()
        self.buzzing = False
        self.settle()

    def apply(self, scenario: Scenario) -> None:
        """Stay as it is when all is well again: somebody has to reset and close it."""
        self.relay.travel_s, self.relay.falls_back_s = self._amount("travel_s"), self._amount("falls_back_s")
        if scenario.name == "relay":
            usual = self.relay.travel_s if "falls_back_s" in scenario.options else STUCK_SECONDS
            self.relay.travel_s = scenario.number("travel_s", usual)
            self.relay.falls_back_s = scenario.number("falls_back_s", 0.0)
        if scenario.name == "trip":
            self.relay.move_by_hand(closed=False)
        self.feeder.disturbance = self.disturb(scenario)
        self.scenario = scenario
        self._switch()
        self.settle()


class Arcm300t(Arcm):
    """A monitor that alarms; it opens only where it is told to."""

    model: ClassVar[str] = "arcm300t"
    opens: ClassVar[bool] = False
    setup: ClassVar[FeederSetup] = FeederSetup(peak_a=(22.0, 19.0, 25.0), rated_a=63.0, leakage_ma=(48.0,))


class Arcm310(Arcm):
    """A monitor with a switch, whose position it tells."""

    model: ClassVar[str] = "arcm310"
    opens: ClassVar[bool] = True
    setup: ClassVar[FeederSetup] = FeederSetup(peak_a=(9.0, 8.0, 11.0), rated_a=32.0, leakage_ma=(12.0,))

    def quantities(self) -> Iterable[Number | Bits]:
        """Show the position, too."""
        yield flag("SwitchSta", lambda: self.relay.closed)
        yield from super().quantities()
