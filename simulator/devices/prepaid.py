"""DDSY1352 and DTSY1352 prepaid meters with a load relay.

One table is printed for both; they differ in where the date and tariff plans sit. The three-phase
meter is given the same table here, which no source shows for it: treat it as a sibling.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import ClassVar

from simulator.devices.base import Device
from simulator.physics import FLAT, PEAK, SHARP, VALLEY, FeederSetup
from simulator.points import Point, item, number
from simulator.registers import ILLEGAL_VALUE, Access, Kind, RefusedError
from simulator.scenarios import Scenario

RELAY = 0x0057
_FORCE = 1
_OPEN = 1
_CLOSE = 0


class Ddsy1352(Device):
    """Single-phase prepaid meter. The relay is written only: reading 0057 gives exception 02.

    What else may be written to the relay is not documented (releasing force mode with 0000 is a
    guess), so every other payload is refused with exception 03.
    """

    model: ClassVar[str] = "ddsy1352"
    setup: ClassVar[FeederSetup] = FeederSetup(peak_a=(21.0, 18.0, 24.0))
    phases: ClassVar[tuple[int, ...]] = (0,)
    # Start and count of date plan and tariff plans.
    plans: ClassVar[tuple[tuple[int, int], ...]] = ((0x2000, 6), (0x2006, 21), (0x201B, 21))

    def prepare(self) -> None:
        """Start with the relay closed."""
        self.relay_closed = True
        self._deep_valley = [self.rng.uniform(20, 60)]

    def layout(self) -> None:
        """Printed registers."""
        define = self.registers.define
        define(0x0000, 10)
        define(0x000A, 1, Access.READ_WRITE, value=1)
        define(0x000B, 7)
        define(0x0038, 1, Access.READ_WRITE, value=1)
        define(RELAY, 2, Access.WRITE)
        define(0x5030, 2)
        for start, count in self.plans:
            define(start, count, Access.READ_WRITE)

    def catalogue(self) -> Iterable[Point]:
        """Energies, then the electrical quantities of the (first) phase and the power of all."""
        feeder = self.feeder
        energies = (("EP", None), ("EPJ", SHARP), ("EPF", PEAK), ("EPP", FLAT), ("EPG", VALLEY))
        for index, (code, tariff) in enumerate(energies):
            yield number(code, 2 * index, "0.01", partial(self._energy, tariff), Kind.U32)
        yield number("U", 0x000B, "0.1", item(feeder.voltage, 0))
        yield number("I", 0x000C, "0.01", item(feeder.current, 0))
        yield number("P", 0x000D, "0.001", partial(self._sum, feeder.power), Kind.S16)
        yield number("Q", 0x000E, "0.001", partial(self._sum, feeder.reactive))
        yield number("S", 0x000F, "0.001", partial(self._sum, feeder.apparent))
        yield number("PF", 0x0010, "0.001", self._factor)
        yield number("Fr", 0x0011, "0.01", feeder.frequency)
        yield number("CT", 0x0038)
        yield number("DOC_Deep valley energy", 0x5030, "0.01", item(self._deep_valley, 0), Kind.U32)

    def _sum(self, values: Sequence[float]) -> float:
        return sum(values[phase] for phase in self.phases)

    def _factor(self) -> float:
        apparent = self._sum(self.feeder.apparent)
        return self._sum(self.feeder.power) / apparent if apparent else 1.0

    def _energy(self, tariff: int | None) -> float:
        registers = [self.feeder.energy[phase].imported for phase in self.phases]
        return sum(register.total if tariff is None else register.tariffs[tariff] for register in registers)

    def write(self, address: int, values: Sequence[int]) -> None:
        """Refuse relay payloads that no source shows, before anything changes."""
        self.registers.check_write(address, values)
        relay = {RELAY, RELAY + 1}.intersection(range(address, address + len(values)))
        if relay and (address != RELAY or tuple(values) not in {(_FORCE, _OPEN), (_FORCE, _CLOSE)}):
            raise RefusedError(ILLEGAL_VALUE)
        super().write(address, values)

    def written(self, address: int, values: Sequence[int]) -> None:
        """Move the relay: 0001 opens, 0000 closes."""
        if address == RELAY:
            self.relay_closed = values[1] == _CLOSE
            self.feeder.closed = self.relay_closed and self.scenario.name != "trip"

    def apply(self, scenario: Scenario) -> None:
        """Keep an open relay open in every scenario; "normal" closes it, as a technician would."""
        if scenario.name == "normal":
            self.relay_closed = True
        super().apply(scenario)
        self.feeder.closed = self.feeder.closed and self.relay_closed
        self.settle()


class Dtsy1352(Ddsy1352):
    """Three-phase form: U and I are those of phase A, powers and energies of all three."""

    model: ClassVar[str] = "dtsy1352"
    setup: ClassVar[FeederSetup] = FeederSetup(peak_a=(17.0, 14.0, 12.5))
    phases: ClassVar[tuple[int, ...]] = (0, 1, 2)
    plans: ClassVar[tuple[tuple[int, int], ...]] = ((0x0028, 6), (0x2000, 21), (0x2015, 21))
