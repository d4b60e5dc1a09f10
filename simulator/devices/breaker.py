"""ASCB1 smart miniature circuit breaker: trips by itself, closes by itself or not, obeys from afar or not.

Written from the names of its data model. That a held alarm, maintenance and the local lock each forbid to close from
afar, that a forced close goes past a held alarm only, and that its self-test opens it as a test key does, are the
simulator's choices: the safe ones.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import ClassVar

from simulator.devices.breaker_guards import Guard, causes, conductors, guards_of
from simulator.devices.coded import Coded, flag, value
from simulator.devices.prepaid import STUCK_SECONDS
from simulator.devices.prepaid_relay import CLOSE, FORCE, OPEN, Relay
from simulator.physics import PHASES, FeederSetup
from simulator.points import Bits, Number, item
from simulator.scenarios import Option, Scenario

_LIFE = 10_000
"""Operations in a breaker's life, of which the wear is a part."""


class Ascb1(Coded):
    """One breaker of one circuit.

    Options: `poles` 1 or 3; `rated_a`; `travel_s` and `falls_back_s` as of a prepaid meter's relay; `recloses` how
    often it closes again by itself after a trip, `reclose_s` how long after.
    """

    model: ClassVar[str] = "ascb1"
    setup: ClassVar[FeederSetup] = FeederSetup(peak_a=(11.0, 9.0, 12.0), rated_a=25.0, leakage_ma=(4.0,))
    choices: ClassVar[Mapping[str, Option]] = {
        "poles": 1,
        "rated_a": 25.0,
        "travel_s": 0.0,
        "falls_back_s": 0.0,
        "recloses": 0,
        "reclose_s": 10.0,
    }

    def prepare(self) -> None:
        """Begin closed, with a past."""
        self.relay = Relay(transition_s=0.0, travel_s=self._amount("travel_s"))
        self.relay.falls_back_s = self._amount("falls_back_s")
        self.relay.rest(closed=True)
        self.maintenance = self.locked = self.buzzing = False
        self.opened, self.closings = self.rng.randrange(20, 90), self.rng.randrange(20, 90)
        self.reclosed = 0
        self.control_level = 1
        self._recloses_in_s: float | None = None
        self._was_closed = True
        self.guards = guards_of(self.feeder, self._poles, self._amount("rated_a"), self._leakage)
        self._by_alarm = {guard.alarm: guard for guard in self.guards}

    def _amount(self, name: str) -> float:
        number = self.options[name]
        if isinstance(number, str | bool) or number < 0:
            raise ValueError(f"{name} must be a number that is not negative, not {number!r}")
        return float(number)

    @property
    def _poles(self) -> range:
        return range(PHASES if self.options["poles"] == PHASES else 1)

    def _leakage(self) -> float:
        """Return what its transformer sees: nothing when it is off."""
        return 0.0 if self._is_blind else self.feeder.leakage[0]

    @property
    def _is_blind(self) -> bool:
        return self.scenario.name == "sensor_break"

    @property
    def _is_stuck(self) -> bool:
        is_there = self.relay.wants(own=self.relay.closed) is self.relay.closed
        return self.relay.travel_s >= STUCK_SECONDS and not is_there

    @property
    def closed(self) -> bool:
        """Its position."""
        return self.relay.closed

    def quantities(self) -> Iterable[Number | Bits]:
        """Position and who may change it, alarms, measured values, settings."""
        yield flag("RlySta", lambda: self.relay.closed)
        yield flag("LockSta", lambda: self.locked)
        yield flag("RlyRepSta", lambda: self.maintenance)
        yield flag("RlyFauSta", lambda: self._is_stuck)
        yield flag("LgFauSta", lambda: self._is_blind)
        for number, _ in enumerate(conductors(self._poles), start=1):
            yield flag(f"T{number}FauSta", lambda: False)
        yield flag("AlmSta", lambda: self.buzzing)
        yield value("AlrRcrCnt", lambda: self.reclosed)
        yield value("closeCnt", lambda: self.closings)
        yield value("openCnt", lambda: self.opened)
        yield value("useRate", lambda: 100 * (self.opened + self.closings) / _LIFE, "0.1")
        yield value("CtrLevel", lambda: self.control_level)
        yield value("RcrCnt", lambda: self._amount("recloses"))
        yield value("RcrDly", lambda: self._amount("reclose_s"))
        for guard in self.guards:
            if guard.warning:
                yield flag(guard.warning, partial(getattr, guard, "is_warning"))
            yield flag(guard.alarm, partial(getattr, guard, "held"))
            if guard.prefix:
                for code, setting in guard.settings().items():
                    read = partial(_setting, guard, code)
                    yield flag(code, read) if isinstance(setting, bool) else value(code, read, "0.1")
        yield from self._measured()

    def _measured(self) -> Iterable[Number]:
        feeder, poles = self.feeder, self._poles
        yield value("Lg", self._leakage)
        for number, conductor in enumerate(conductors(poles), start=1):
            yield value(f"Temp{number}", item(feeder.temperature, conductor), "0.1")
        for pole in poles:
            phase = "abc"[pole]
            yield value(f"U{phase}", item(feeder.voltage, pole), "0.1")
            yield value(f"I{phase}", item(feeder.current, pole), "0.01")
            yield value(f"P{phase}", item(feeder.power, pole), "0.001")
        yield value("P", lambda: sum(feeder.power[pole] for pole in poles), "0.001")
        yield value("Q", lambda: sum(feeder.reactive[pole] for pole in poles), "0.001")
        yield value("S", lambda: sum(feeder.apparent[pole] for pole in poles), "0.001")
        yield value("Fr", feeder.frequency, "0.01")
        yield value("EPI", lambda: sum(feeder.energy[pole].imported.total for pole in poles), "0.01")

    def leak_ma(self, loop: int) -> float:
        """Enough to open it."""
        del loop
        return 45.0

    # How it moves.

    def watch(self, seconds: float) -> None:
        """Move what was commanded, trip where a limit is passed, close again where it is set to."""
        self.relay.step(seconds, own=self.relay.closed)
        self._count()
        self._reclose(seconds)
        for guard in self.guards:
            if guard.step(seconds):
                self.buzzing = True
            if guard.timer.active and guard.opens and self.relay.closed:
                self._trip(guard)
        self._switch()

    def _trip(self, guard: Guard) -> None:
        """Open at once: neither a command under way nor a lock holds a trip up."""
        guard.held = True
        self.maintenance = self.maintenance or guard.maintains
        self.relay.move_by_hand(closed=False)
        self._count()
        if self.reclosed < self._amount("recloses") and not self.maintenance:
            self._recloses_in_s = self._amount("reclose_s")

    def _reclose(self, seconds: float) -> None:
        if self._recloses_in_s is None:
            return
        self._recloses_in_s -= seconds
        if self._recloses_in_s > 0:
            return
        self._recloses_in_s = None
        if self.maintenance or self.locked or self.relay.closed:
            return
        self.reclosed += 1
        self._let_go()
        self.relay.move_by_hand(closed=True)
        self._count()

    def _count(self) -> None:
        if self.relay.closed is not self._was_closed:
            self._was_closed = self.relay.closed
            self.closings += self.relay.closed
            self.opened += not self.relay.closed

    def _switch(self) -> None:
        self.feeder.closed = self.relay.closed
        self.feeder.refresh()

    def _let_go(self) -> None:
        for guard in self.guards:
            guard.reset()
        self.buzzing = False

    # Who commands it.

    def move_by_hand(self, *, closed: bool) -> None:
        """Move its lever."""
        self._recloses_in_s = None
        self.relay.move_by_hand(closed=closed)
        if closed:
            self._let_go()
        self._count()
        self._switch()
        self.stale = True

    def by_hand(
        self, *, closed: bool | None = None, locked: bool | None = None, maintenance: bool | None = None
    ) -> None:
        """Move its lever, lock it on site, put it into maintenance."""
        self.locked = self.locked if locked is None else locked
        self.maintenance = self.maintenance if maintenance is None else maintenance
        if closed is not None:
            self.move_by_hand(closed=closed)
        self.stale = True

    def obey(self, method: str, payload: Mapping[str, object]) -> bool:
        """Take a command; what it leads to shows in its values."""
        match method, str(payload.get("Switch", payload.get("RlyRep", ""))):
            case ("RLYOFF" | "FORRLYOFF", _) | ("SWITCH", "0"):
                self._recloses_in_s = None
                self.relay.command(FORCE, OPEN)
            case ("RLYON", _) | ("SWITCH", "1"):
                self._close(past_alarms=False)
            case "FORRLYON", _:
                self._close(past_alarms=True)
            case ("RLYREPON", _) | ("RLYREP", "1"):
                self.maintenance = True
            case ("RLYREPOFF", _) | ("RLYREP", "0"):
                self.maintenance = False
            case "SILENCE", _:
                self.buzzing = False
            case "RESET", _:
                self.reset()
            case "SELCHK", _:
                self._trip(self._by_alarm["LgHigh"])
            case _:
                return False
        self.settle()
        return True

    def _close(self, *, past_alarms: bool) -> None:
        if self.maintenance or self.locked or (causes(self.guards) and not past_alarms):
            return
        if past_alarms:
            self._let_go()
        self.reclosed = 0
        self.relay.command(FORCE, CLOSE)

    def reset(self) -> None:
        """Let go of held alarms; a limit that is still passed brings its own back."""
        self._let_go()
        self.reclosed = 0
        self.settle()

    def apply(self, scenario: Scenario) -> None:
        """Stay as it is when all is well again: somebody has to reset and close it."""
        self.relay.travel_s, self.relay.falls_back_s = self._amount("travel_s"), self._amount("falls_back_s")
        if scenario.name == "relay":
            usual = self.relay.travel_s if "falls_back_s" in scenario.options else STUCK_SECONDS
            self.relay.travel_s = scenario.number("travel_s", usual)
            self.relay.falls_back_s = scenario.number("falls_back_s", 0.0)
        if scenario.name == "trip":
            self.move_by_hand(closed=False)
        self.feeder.disturbance = self.disturb(scenario)
        self.scenario = scenario
        self._switch()
        self.settle()


def _setting(guard: Guard, code: str) -> float:
    return float(guard.settings()[code])
