"""What all simulated instruments share: memory, points, scenarios, writes."""

import random
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from simulator.alarms import AlarmTimer
from simulator.physics import Disturbance, Environment, Feeder, FeederSetup
from simulator.points import Point, Value
from simulator.registers import WORD, Registers
from simulator.scenarios import Option, Scenario

READ_HOLDING = 0x03
READ_INPUT = 0x04
WRITE_MULTIPLE = 0x10

CONDUCTORS: tuple[Option, ...] = ("A", "B", "C", "N")

_BYTE = 0xFF


class Device(ABC):
    """One instrument on one feeder.

    A model lists its registers in `layout`, its quantities in `catalogue` and its alarms in
    `watch`; `prepare` and `arm` make what these need, before and after the memory is there.
    """

    model: ClassVar[str]
    functions: ClassVar[frozenset[int]] = frozenset({READ_HOLDING, WRITE_MULTIPLE})
    setup: ClassVar[FeederSetup] = FeederSetup()
    # Constructor options and what they are when nobody says: how the unit is wired, not what can be
    # written to it.
    choices: ClassVar[Mapping[str, Option]] = {}
    # Addresses that must never be touched, not even to be refused: they hold passwords and numbers of
    # people. They are not simulated; a unit records who reaches for them.
    forbidden: ClassVar[tuple[range, ...]] = ()
    # Conductor temperature of the overheat scenario when none is asked for, in °C.
    hot_celsius: ClassVar[float] = 95.0

    def __init__(
        self,
        environment: Environment,
        seed: str,
        *,
        latched: bool = False,
        options: Mapping[str, Option] | None = None,
    ) -> None:
        """Build the memory and take the first measurement."""
        unknown = sorted(set(options or {}) - set(self.choices))
        if unknown:
            allowed = ", ".join(self.choices) or "none"
            raise ValueError(f"{self.model} has no option {', '.join(unknown)}; allowed: {allowed}")
        self.options = {**self.choices, **(options or {})}
        self.environment = environment
        self.latched = latched
        self.feeder = Feeder(environment, seed, self.setup)
        self.rng = random.Random(f"{seed}:{self.model}")
        self.scenario = Scenario()
        self.registers = Registers()
        self.held: dict[tuple[str, str], float] = {}
        self.timers: list[AlarmTimer] = []
        self.prepare()
        self.layout()
        self.points: tuple[Point, ...] = tuple(self.catalogue())
        self.by_code = {(point.circuit, point.code): point for point in self.points}
        self.stale = True
        self.arm()
        self.watch(0.0)

    # What a model defines.

    def prepare(self) -> None:
        """Make the state that points refer to."""

    def arm(self) -> None:
        """Make the alarm timers."""

    @abstractmethod
    def layout(self) -> None:
        """Define the documented registers with their rights, ranges and first contents."""

    @abstractmethod
    def catalogue(self) -> Iterable[Point]:
        """List the documented quantities."""

    def watch(self, seconds: float) -> None:
        """Update alarms and outputs after `seconds` passed (0: something changed at once)."""

    def render(self) -> None:
        """Write what no point describes, such as clocks."""

    def written(self, address: int, values: Sequence[int]) -> None:
        """React to a write that was carried out."""

    def obey(self, method: str, payload: Mapping[str, object]) -> bool:
        """Take a command that a gateway passes on by name; False where it knows none of that name."""
        del method, payload
        return False

    def by_hand(
        self, *, closed: bool | None = None, locked: bool | None = None, maintenance: bool | None = None
    ) -> None:
        """Move it on site; None leaves as it is. Raises ValueError for what it does not have."""
        del closed, locked, maintenance
        raise ValueError(f"{self.model} has nothing to move by hand")

    def disturb(self, scenario: Scenario) -> Disturbance:
        """Translate a scenario into what changes in the feeder."""
        match scenario.name:
            case "leak":
                loop = scenario.whole("circuit", 1, 1, len(self.feeder.leakage)) - 1
                return Disturbance(
                    leakage_ma={loop: scenario.number("ma", self.leak_ma(loop))},
                    insulation_kohm=scenario.number("kohm", 30.0),
                )
            case "overheat":
                name = scenario.options.get("conductor", "A")
                if name not in CONDUCTORS:
                    raise ValueError("option conductor of scenario 'overheat' must be A, B, C or N")
                celsius = scenario.number("celsius", self.hot_celsius)
                return Disturbance(hot_celsius={CONDUCTORS.index(name): celsius})
            case "overload":
                return Disturbance(load=scenario.number("factor", 2.0))
            case "undervoltage":
                return Disturbance(voltage=scenario.number("factor", 0.75))
            case _:
                return Disturbance()

    def leak_ma(self, loop: int) -> float:
        """Residual current of the leak scenario when none is asked for, in mA."""
        del loop
        return 600.0

    # What users of the simulator call.

    def apply(self, scenario: Scenario) -> None:
        """Switch the scenario: values change at once, alarms follow after their delay."""
        self.feeder.disturbance = self.disturb(scenario)
        self.feeder.closed = scenario.name != "trip"
        self.scenario = scenario
        self.settle()

    def settle(self) -> None:
        """Recompute after a change without letting time pass."""
        self.feeder.refresh()
        self.watch(0.0)
        self.stale = True

    def advance(self, seconds: float) -> None:
        """Let time pass; the environment's clock stands at the end of the step already."""
        self.feeder.step(seconds)
        self.watch(seconds)
        self.stale = True

    def refresh(self) -> None:
        """Bring the registers up to date. Done when somebody looks, not on every tick."""
        if not self.stale:
            return
        self.stale = False
        for point in self.points:
            point.refresh(self.registers)
        self.render()
        for key, value in self.held.items():
            self.by_code[key].store(self.registers, value)

    def write(self, address: int, values: Sequence[int]) -> None:
        """Carry out a write request or refuse it."""
        self.refresh()
        self.registers.write(address, values)
        self.written(address, values)
        self.settle()

    def hold(self, code: str, value: float, circuit: str = "1") -> None:
        """Pin a point to a value, whatever the physics say, until `release`."""
        if (circuit, code) not in self.by_code:
            raise KeyError(f"{self.model} has no point {code!r} in circuit {circuit!r}")
        self.held[circuit, code] = value
        self.stale = True

    def release(self) -> None:
        """Let all pinned points live again; a pinned setting keeps its value."""
        self.held.clear()
        self.stale = True

    def truth(self) -> dict[str, dict[str, Value]]:
        """Return every documented point: circuit -> code -> value in the vocabulary's unit."""
        self.refresh()
        circuits: dict[str, dict[str, Value]] = {}
        for point in self.points:
            circuits.setdefault(point.circuit, {})[point.code] = point.truth(self.registers)
        return circuits

    def reset(self) -> None:
        """Press the reset key: held alarms go."""
        for timer in self.timers:
            timer.reset()
        self.settle()

    def forbids(self, address: int, count: int) -> bool:
        """Tell whether a span meets a register that must never be touched."""
        last = address + max(count, 1) - 1
        return any(address < span.stop and last >= span.start for span in self.forbidden)

    def ratio(self, name: str) -> int:
        """Return a PT or CT option."""
        value = self.options[name]
        if not isinstance(value, int) or not 1 <= value <= WORD:
            raise ValueError(f"{name} must be a whole number 1-{WORD}, not {value!r}")
        return value

    def timer(self) -> AlarmTimer:
        """Make an alarm timer that `reset` knows."""
        timer = AlarmTimer(latched=self.latched)
        self.timers.append(timer)
        return timer

    # Clock words.

    def put_clock(self, address: int, pairs: Iterable[tuple[int, int]]) -> None:
        """Write words of two bytes each."""
        for offset, (high, low) in enumerate(pairs):
            self.registers.put_bits(address + offset, 0, 16, (high & _BYTE) << 8 | low & _BYTE)

    def opaque(self, start: int, count: int) -> None:
        """Fill registers of unknown meaning with fixed, arbitrary words that mean nothing."""
        for address in range(start, start + count):
            self.registers.put_bits(address, 0, 16, self.rng.randrange(1, 1000) & WORD)
