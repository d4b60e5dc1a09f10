"""Load, leakage, heat and energy of one feeder, driven by an explicit clock.

Everything is a function of the seed and the elapsed time, so the same seed and the same steps give
the same values. The numbers are chosen to look like a small commercial building; no device document
prints them.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

PHASES = 3
NEUTRAL = 3
HARMONICS = range(2, 32)

# Load by hour of the day as a share of the evening peak.
_LOAD_CURVE = (
    *(0.35, 0.32, 0.30, 0.30, 0.31, 0.36, 0.48, 0.62, 0.78, 0.86, 0.88, 0.87),
    *(0.82, 0.84, 0.87, 0.88, 0.90, 0.94, 1.00, 0.97, 0.86, 0.70, 0.54, 0.42),
)
# Tariff by hour: sharp, peak, flat, valley. A plausible plan; every meter has its own.
SHARP, PEAK, FLAT, VALLEY = range(4)
_TARIFF_PLAN = (
    (VALLEY,) * 7 + (FLAT,) + (PEAK,) * 3 + (FLAT,) * 7 + (PEAK,) + (SHARP,) * 2 + (PEAK,) + (FLAT,) + (VALLEY,)
)

_CALM_VOLTAGE = 0.3
"""Voltage flickers less than current does."""
_THERMAL_TAU_S = 300.0
_HOT_JOINT_TAU_S = 60.0
_DEMAND_TAU_S = 900.0
_HUMID_FROM_PERCENT = 50.0
_SECONDS_PER_HOUR = 3600.0


class Ripple:
    """Smooth pseudo noise between -1 and 1: three sines with seeded periods and phases."""

    def __init__(self, rng: random.Random, shortest_s: float = 40.0, longest_s: float = 600.0) -> None:
        """Draw periods and phases."""
        self._waves = [(math.tau / rng.uniform(shortest_s, longest_s), rng.uniform(0, math.tau)) for _ in range(3)]

    def at(self, seconds: float) -> float:
        """Return the noise at a moment."""
        return sum(math.sin(omega * seconds + phase) for omega, phase in self._waves) / len(self._waves)


class Environment:
    """Clock and weather shared by all units of a cabinet."""

    def __init__(self, seed: int, start: datetime) -> None:
        """Start the clock."""
        self.start = start
        self.elapsed = 0.0
        self.flicker = 0.0
        """Standard deviation of what an instrument reads, as a part of the value: none, so that truth stands still."""
        self._damp = Ripple(random.Random(f"{seed}:humidity"), 1800.0, 14400.0)

    @property
    def now(self) -> datetime:
        """Simulated wall clock."""
        return self.start + timedelta(seconds=self.elapsed)

    @property
    def hour(self) -> float:
        """Hour of the day with fraction."""
        now = self.now
        return now.hour + now.minute / 60 + (now.second + now.microsecond / 1e6) / 3600

    @property
    def ambient(self) -> float:
        """Air temperature in the cabinet in °C."""
        return 26.0 + 4.0 * math.sin((self.hour - 9.0) / 24.0 * math.tau)

    @property
    def humidity(self) -> float:
        """Relative humidity in %: damp nights, drier afternoons."""
        daily = 62.0 - 14.0 * math.sin((self.hour - 9.0) / 24.0 * math.tau)
        return min(max(daily + 6.0 * self._damp.at(self.elapsed), 20.0), 98.0)


@dataclass(slots=True, kw_only=True)
class Disturbance:
    """What a scenario changes in a feeder. The default is normal operation."""

    voltage: float = 1.0
    load: float = 1.0
    leakage_ma: dict[int, float] = field(default_factory=dict)
    insulation_kohm: float | None = None
    hot_celsius: dict[int, float] = field(default_factory=dict)
    arcs_per_s: dict[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeederSetup:
    """Rating of a feeder; one entry per phase A, B, C."""

    peak_a: tuple[float, float, float] = (28.0, 25.5, 23.0)
    rated_a: float = 40.0
    factor: tuple[float, float, float] = (0.95, 0.93, 0.96)
    # A capacitive phase has negative reactive power and meters it as reverse.
    capacitive: tuple[bool, bool, bool] = (False, False, False)
    # Peak of a photovoltaic inverter on the phase in kW; more than the load means export.
    generation_kw: tuple[float, float, float] = (0.0, 0.0, 0.0)
    leakage_ma: tuple[float, ...] = (64.0,)
    insulation_kohm: float = 480.0


@dataclass(slots=True)
class Register:
    """One energy register with its four tariffs, in kWh or kvarh."""

    tariffs: list[float]

    @property
    def total(self) -> float:
        """Sum of the tariffs."""
        return sum(self.tariffs)

    def add(self, amount: float, tariff: int) -> None:
        """Count energy in a tariff."""
        self.tariffs[tariff] += amount


class Energy:
    """Energy of one phase: imported, exported (kWh), forward and reverse reactive (kvarh)."""

    def __init__(self, rng: random.Random) -> None:
        """Start with a history, so that no register is zero and no two are equal."""
        self.imported = Register([rng.uniform(900, 1400), *(rng.uniform(1500, 4000) for _ in range(3))])
        self.exported = Register([rng.uniform(3, 90) for _ in range(4)])
        self.forward = Register([rng.uniform(100, 600) for _ in range(4)])
        self.reverse = Register([rng.uniform(5, 120) for _ in range(4)])

    def add(self, power_kw: float, reactive_kvar: float, hours: float, tariff: int) -> None:
        """Integrate power over time, each direction in its own register."""
        (self.imported if power_kw >= 0 else self.exported).add(abs(power_kw) * hours, tariff)
        (self.forward if reactive_kvar >= 0 else self.reverse).add(abs(reactive_kvar) * hours, tariff)


class Feeder:
    """One three-phase feeder with its breaker, as the instruments on it see it.

    Lists are per phase A, B, C; temperatures per conductor A, B, C, N. Units: V, A, kW, kvar, kVA,
    mA, °C, kΩ, %.
    """

    def __init__(self, environment: Environment, seed: str, setup: FeederSetup) -> None:
        """Draw the noise of this feeder and settle at the state of the first moment."""
        rng = random.Random(seed)
        self.environment = environment
        self.setup = setup
        self.closed = True
        self.disturbance = Disturbance()
        self._nominal = [230.0 + rng.uniform(-2.5, 2.5) for _ in range(PHASES)]
        self._voltage_ripple = [Ripple(rng) for _ in range(PHASES)]
        self._flicker = random.Random(f"{seed}:flicker")
        self._load_ripple = [Ripple(rng) for _ in range(PHASES)]
        self._leak_ripple = [Ripple(rng) for _ in setup.leakage_ma]
        self._frequency_ripple = Ripple(rng)
        self._voltage_harmonics = [[rng.uniform(0.2, 3.0) / n for n in HARMONICS] for _ in range(PHASES)]
        self._current_harmonics = [[rng.uniform(1.0, 12.0) / n for n in HARMONICS] for _ in range(PHASES)]
        self._voltage_thd = [math.hypot(*orders) for orders in self._voltage_harmonics]
        self._current_thd = [math.hypot(*orders) for orders in self._current_harmonics]
        self._rise = [rng.uniform(22.0, 30.0) for _ in range(PHASES + 1)]
        self.energy = [Energy(rng) for _ in range(PHASES)]
        self.voltage = [0.0] * PHASES
        self.current = [0.0] * PHASES
        self.power = [0.0] * PHASES
        self.reactive = [0.0] * PHASES
        self.apparent = [0.0] * PHASES
        self.leakage = [0.0] * len(setup.leakage_ma)
        self.refresh()
        self.temperature = [self._settled(conductor) for conductor in range(PHASES + 1)]
        self.demand = self._demand_now()
        self.demand_maximum = [value * 1.2 + rng.uniform(0.1, 3.0) for value in self.demand]

    def step(self, seconds: float) -> None:
        """Let time pass; the environment's clock stands at the end of the step already."""
        self.refresh()
        hours = seconds / _SECONDS_PER_HOUR
        tariff = _TARIFF_PLAN[self.environment.now.hour]
        for phase, energy in enumerate(self.energy):
            energy.add(self.power[phase], self.reactive[phase], hours, tariff)
        for conductor, celsius in enumerate(self.temperature):
            hot = conductor in self.disturbance.hot_celsius
            share = 1.0 - math.exp(-seconds / (_HOT_JOINT_TAU_S if hot else _THERMAL_TAU_S))
            self.temperature[conductor] = celsius + (self._settled(conductor) - celsius) * share
        share = 1.0 - math.exp(-seconds / _DEMAND_TAU_S)
        for index, value in enumerate(self._demand_now()):
            self.demand[index] += (value - self.demand[index]) * share
            self.demand_maximum[index] = max(self.demand_maximum[index], self.demand[index])

    def refresh(self) -> None:
        """Recompute everything that has no memory."""
        for phase in range(PHASES):
            self._refresh_phase(phase)
        damp = 1.0 + 0.02 * max(0.0, self.environment.humidity - _HUMID_FROM_PERCENT)
        for loop, base in enumerate(self.setup.leakage_ma):
            normal = base * damp * (1.0 + 0.05 * self._leak_ripple[loop].at(self.environment.elapsed))
            normal *= self._flickering()
            self.leakage[loop] = self.disturbance.leakage_ma.get(loop, normal) if self.closed else 0.0

    def _refresh_phase(self, phase: int) -> None:
        moment = self.environment.elapsed
        volts = self._nominal[phase] * (1.0 + 0.008 * self._voltage_ripple[phase].at(moment))
        volts *= self.disturbance.voltage * self._flickering(_CALM_VOLTAGE)
        self.voltage[phase] = volts
        if not self.closed:
            self.current[phase] = self.power[phase] = self.reactive[phase] = self.apparent[phase] = 0.0
            return
        amps = self.setup.peak_a[phase] * self._load_share() * self.disturbance.load
        amps *= 1.0 + 0.03 * self._load_ripple[phase].at(moment)
        amps *= self._flickering()
        apparent = volts * amps / 1000
        sign = -1.0 if self.setup.capacitive[phase] else 1.0
        reactive = sign * apparent * math.sqrt(1.0 - self.setup.factor[phase] ** 2)
        power = apparent * self.setup.factor[phase] - self._generated(phase)
        self.power[phase] = power
        self.reactive[phase] = reactive
        self.apparent[phase] = math.hypot(power, reactive)
        self.current[phase] = self.apparent[phase] * 1000 / volts if volts else 0.0

    def _flickering(self, share: float = 1.0) -> float:
        flicker = self.environment.flicker
        return 1.0 + flicker * share * self._flicker.gauss() if flicker else 1.0

    def _load_share(self) -> float:
        hour = self.environment.hour
        before = int(hour) % 24
        after = (before + 1) % 24
        part = hour - int(hour)
        return _LOAD_CURVE[before] * (1 - part) + _LOAD_CURVE[after] * part

    def _generated(self, phase: int) -> float:
        daylight = max(0.0, math.sin((self.environment.hour - 6.0) / 12.0 * math.pi))
        return self.setup.generation_kw[phase] * daylight

    def _settled(self, conductor: int) -> float:
        amps = self.neutral_current() if conductor == NEUTRAL else self.current[conductor]
        celsius = self.environment.ambient + self._rise[conductor] * (amps / self.setup.rated_a) ** 2
        return max(celsius, self.disturbance.hot_celsius.get(conductor, celsius))

    def _demand_now(self) -> list[float]:
        """Return the demands P forward, P reverse, Q forward, Q reverse, apparent."""
        power, reactive = sum(self.power), sum(self.reactive)
        return [
            max(power, 0.0),
            max(-power, 0.0),
            max(reactive, 0.0),
            max(-reactive, 0.0),
            sum(self.apparent),
        ]

    def frequency(self) -> float:
        """Mains frequency in Hz."""
        return 50.0 + 0.03 * self._frequency_ripple.at(self.environment.elapsed)

    def line_voltage(self, pair: int) -> float:
        """Return Uab (0), Ubc (1) or Uca (2) in V, the phases being 120° apart."""
        one, other = self.voltage[pair], self.voltage[(pair + 1) % PHASES]
        return math.sqrt(one * one + other * other + one * other)

    def power_factor(self, phase: int | None = None) -> float:
        """Return the power factor of a phase or of the total, 1 without load."""
        power = sum(self.power) if phase is None else self.power[phase]
        apparent = sum(self.apparent) if phase is None else self.apparent[phase]
        return min(abs(power) / apparent, 1.0) if apparent else 1.0

    def voltage_angle(self, phase: int) -> float:
        """Angle of a phase voltage in °, A being 0."""
        return 120.0 * phase

    def current_angle(self, phase: int) -> float:
        """Angle of a phase current in ° from 0 to 360."""
        if not self.current[phase]:
            return 0.0
        shift = math.degrees(math.atan2(self.reactive[phase], self.power[phase]))
        return (self.voltage_angle(phase) + shift) % 360.0

    def neutral_current(self) -> float:
        """Vector sum of the phase currents in A."""
        angles = [math.radians(self.current_angle(phase)) for phase in range(PHASES)]
        real = sum(amps * math.cos(angle) for amps, angle in zip(self.current, angles, strict=True))
        imaginary = sum(amps * math.sin(angle) for amps, angle in zip(self.current, angles, strict=True))
        return math.hypot(real, imaginary)

    def voltage_harmonic(self, phase: int, order: int) -> float:
        """Voltage harmonic in % of the fundamental."""
        return self._voltage_harmonics[phase][order - HARMONICS.start] if self.voltage[phase] else 0.0

    def current_harmonic(self, phase: int, order: int) -> float:
        """Current harmonic in % of the fundamental."""
        return self._current_harmonics[phase][order - HARMONICS.start] if self.current[phase] else 0.0

    def voltage_thd(self, phase: int) -> float:
        """Total harmonic distortion of a voltage in %."""
        return self._voltage_thd[phase] if self.voltage[phase] else 0.0

    def current_thd(self, phase: int) -> float:
        """Total harmonic distortion of a current in %."""
        return self._current_thd[phase] if self.current[phase] else 0.0

    def voltage_unbalance(self) -> float:
        """Largest distance from the mean in % of the mean."""
        return _unbalance(self.voltage)

    def current_unbalance(self) -> float:
        """Largest distance from the mean in % of the mean."""
        return _unbalance(self.current)

    def insulation(self) -> float:
        """Insulation resistance to earth in kΩ; damp air lowers it."""
        if self.disturbance.insulation_kohm is not None:
            return self.disturbance.insulation_kohm
        damp = 1.0 + 0.02 * max(0.0, self.environment.humidity - _HUMID_FROM_PERCENT)
        return self.setup.insulation_kohm / damp

    def arcs_per_s(self, circuit: int) -> float:
        """Arcs on an outgoing circuit, as half cycles in a second: none where no current flows."""
        return self.disturbance.arcs_per_s.get(circuit, 0.0) if self.closed else 0.0

    def energy_sum(self, name: str, tariff: int | None = None) -> float:
        """Sum of an energy over the phases, in one tariff or in all; names as in `phase_energy`."""
        return sum(phase_energy(energy, name, tariff) for energy in self.energy)


def phase_energy(energy: Energy, name: str, tariff: int | None = None) -> float:
    """Energy of one phase, in one tariff or in all.

    `name` is imported, exported, forward, reverse, active (imported + exported) or reactive (forward
    + reverse).
    """
    registers = {
        "imported": (energy.imported,),
        "exported": (energy.exported,),
        "forward": (energy.forward,),
        "reverse": (energy.reverse,),
        "active": (energy.imported, energy.exported),
        "reactive": (energy.forward, energy.reverse),
    }[name]
    return sum(one.total if tariff is None else one.tariffs[tariff] for one in registers)


def _unbalance(values: Sequence[float]) -> float:
    mean = sum(values) / len(values)
    return max(abs(value - mean) for value in values) / mean * 100 if mean else 0.0
