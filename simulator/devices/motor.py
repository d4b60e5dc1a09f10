"""ARD2F motor protector, as far as its manual (page 50) is known."""

from collections.abc import Iterable
from functools import partial
from typing import ClassVar

from simulator.devices.base import Device
from simulator.physics import FeederSetup, phase_energy
from simulator.points import Bits, Point, item, number
from simulator.registers import Access, Kind

_IO_WORD = 0x0013
_INPUTS = 10
# Output -> bit: DO6 sits below DO1..DO5.
_OUTPUTS = {1: 11, 2: 12, 3: 13, 4: 14, 5: 15, 6: 10}


class Ard2f(Device):
    """Motor feeder. Currents of L1 and L2, set-points and trip records have no known address.

    The scales of 02, 07-0C are not printed. They hold the numbers of their siblings (0.01 A, 0.001
    kVA, 0.001 kW, 0.01 kWh) and appear in the truth as raw words only, under `DOC_Raw`. Input DI1
    is the contactor's auxiliary contact; the outputs drive nothing.
    """

    model: ClassVar[str] = "ard2f"
    setup: ClassVar[FeederSetup] = FeederSetup(
        peak_a=(18.5, 18.3, 18.7), rated_a=22.0, factor=(0.86, 0.86, 0.86), leakage_ma=(46.0,)
    )

    def prepare(self) -> None:
        """Start with the motor running."""
        self.inputs = [True] + [False] * (_INPUTS - 1)

    def layout(self) -> None:
        """Only what the page names; 0E, 0F, 11 and 12 are not named."""
        self.registers.define(0x0002, 0x000E - 0x0002)
        self.registers.define(0x0010)
        self.registers.define(_IO_WORD, 1, Access.READ_WRITE)

    def catalogue(self) -> Iterable[Point]:
        """List points with a printed unit, then the raw words."""
        feeder = self.feeder
        yield number("Lg", 0x0003, source=lambda: min(feeder.leakage[0], 3000.0))
        for index, code in enumerate(("Uab", "Ubc", "Uca")):
            yield number(code, 0x0004 + index, source=partial(feeder.line_voltage, index))
        yield number("PF", 0x000D, "0.001", feeder.power_factor)
        yield number("DOC_Temperature sensor resistance", 0x0010, source=self._resistance)
        yield number("DOC_Raw 0002", 0x0002, source=lambda: feeder.current[2] * 100)
        yield number("DOC_Raw 0007", 0x0007, source=lambda: sum(feeder.apparent) * 1000, kind=Kind.S32)
        yield number("DOC_Raw 0009", 0x0009, source=lambda: sum(feeder.power) * 1000, kind=Kind.S32)
        yield number("DOC_Raw 000B", 0x000B, source=self._energy, kind=Kind.U32)
        for index in range(_INPUTS):
            yield Bits(
                code=f"DI{index + 1}",
                address=_IO_WORD,
                shift=index,
                source=item(self.inputs, index),
            )
        for output, bit in sorted(_OUTPUTS.items()):
            yield Bits(code=f"DO{output}", address=_IO_WORD, shift=bit)

    def _resistance(self) -> float:
        """Winding sensor: a probe of positive temperature coefficient below its knee."""
        return 250.0 + 4.0 * (self.feeder.temperature[0] - 25.0)

    def _energy(self) -> float:
        return sum(phase_energy(energy, "imported") for energy in self.feeder.energy) * 100

    def watch(self, seconds: float) -> None:
        """Follow the contactor."""
        del seconds
        self.inputs[0] = self.feeder.closed
