"""Circuits that never were: hourly residual currents of years, in mA, with or without a fault that creeps in.

What they have of real ones: a level of their own, appliances whose filters leak while they run, workdays and weekends,
holidays, seasons and rain, new appliances that stay, a sensor whose zero drifts, noise and peaks. The facts behind them
are few (product standards for the leakage of appliances, 0.5–3.5 mA each; no published figure for humidity), so there
are two models, of which the harsh one is meant to be worse than life.
"""

import math
import random
from dataclasses import dataclass

HOURS = 24
_WEEK, _WORKDAYS = 7, 5
_RAINY = 0.25
_YEAR = 365.25
_WORK = range(7, 19)


@dataclass(frozen=True, slots=True, kw_only=True)
class Climate:
    """How much there is to be mistaken for a fault."""

    name: str
    season: float
    """Share of the level by which a summer is above the mean."""
    rain: float
    """Share of the level that a day of rain adds; it dries over days."""
    appliances: float
    """Changes a year …"""
    appliance_mean: float
    appliance_spread: float
    """… by such a share of the level; some are taken away."""
    drift: float
    """mA by which the zero wanders in a year."""
    noise: float
    peaks: float
    """Hours a year in which the value is several times what it should be."""


EASY = Climate(
    name="easy",
    season=0.12,
    rain=0.10,
    appliances=0.5,
    appliance_mean=0.2,
    appliance_spread=0.2,
    drift=1.0,
    noise=0.04,
    peaks=20,
)
HARSH = Climate(
    name="harsh",
    season=0.35,
    rain=0.35,
    appliances=3.0,
    appliance_mean=0.3,
    appliance_spread=0.5,
    drift=5.0,
    noise=0.08,
    peaks=100,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """An insulation that gets worse."""

    begins: int
    days: int
    is_exponential: bool
    is_under_load: bool

    def height(self, day: float) -> float:
        """Return how far it is, 1 at its end."""
        part = (day - self.begins) / self.days
        if part <= 0:
            return 0.0
        return math.expm1(4 * part) / math.expm1(4) if self.is_exponential else part


class Circuit:
    """One circuit."""

    def __init__(self, climate: Climate, chance: random.Random, limit: float, fault: Fault | None = None) -> None:
        """Draw what stays the same."""
        self._climate, self._chance, self._fault = climate, chance, fault
        self.level = chance.lognormvariate(math.log(15), 0.7)
        """About the highest that is normal, in spring."""
        # A limit is to be at least twice what is normal at the most: beyond a third of it, no appliance is added.
        self._most = limit / 3
        self.level = min(self.level, self._most)
        loaded = chance.uniform(0.2, 0.7)
        self._loaded = self.level * loaded
        self._base = self.level - self._loaded
        self._hottest = chance.gauss(200, 20)
        self._moist = self._drift = self._added = 0.0
        self._holiday = 0
        self._slope = chance.uniform(-1, 1) * climate.drift / _YEAR
        self._missing = limit - self.level
        """What a fault adds at its end."""
        self.changes: list[int] = []
        """The days on which appliances came or went."""

    def hours(self, day: int) -> list[float]:
        """Return the 24 values of the next day."""
        climate, chance, fault = self._climate, self._chance, self._fault
        if chance.random() < climate.appliances / _YEAR:
            change = self.level * chance.gauss(climate.appliance_mean, climate.appliance_spread)
            self._added = min(max(self._added + change, -0.5 * self.level), self._most - self.level)
            self.changes.append(day)
        self._moist = 0.7 * self._moist + (climate.rain * chance.uniform(0.3, 1) if chance.random() < _RAINY else 0)
        self._drift += self._slope + chance.gauss(0, climate.drift / 4) / math.sqrt(_YEAR)
        self._holiday = max(self._holiday - 1, 0) or (chance.randint(5, 16) if chance.random() < 2 / _YEAR else 0)
        season = 1 + climate.season * math.cos(2 * math.pi * (day - self._hottest) / _YEAR)
        weather = max(season * (1 + self._moist), 0.1)
        is_workday = day % _WEEK < _WORKDAYS and not self._holiday
        height = self._missing * fault.height(day) if fault else 0.0
        values = []
        for hour in range(HOURS):
            likely = 0.8 if is_workday and hour in _WORK else 0.15 if not self._holiday else 0.03
            is_on = chance.random() < likely
            value = (self._base + self._added + (self._loaded if is_on else 0.0)) * weather
            if fault and (is_on or not fault.is_under_load):
                value += height * (1 + 0.3 * (weather - 1))
            value = value * (1 + chance.gauss(0, climate.noise)) + self._drift
            if chance.random() < climate.peaks / (_YEAR * HOURS):
                value *= chance.uniform(3, 10)
            values.append(max(value, 0.0))
        return values
