"""ARCM300-Z / ARCM300T, experimental: five blocks of unknown inner order, five thresholds.

What stands where inside the blocks is not known, so their words mean nothing here either: they are
fixed arbitrary numbers, except that the u32 of the energy block (1300-1301) counts up. They do not
follow scenarios.
"""

from collections.abc import Iterable
from typing import ClassVar

from simulator.devices.base import Device
from simulator.points import Point, number
from simulator.registers import Access, Kind, between

RW = Access.READ_WRITE

ENERGY_BLOCK = 0x1300
# First register and count of each block.
BLOCKS = ((0x1000, 42), (0x1204, 26), (0x121E, 19), (ENERGY_BLOCK, 2), (0x1995, 10))
_RESIDUAL_LIMIT = 0x1033


class Arcm300(Device):
    """ARCM300 with the thresholds of the captured example: 600 mA and 80, 90, 100, 120 °C."""

    model: ClassVar[str] = "arcm300"

    def layout(self) -> None:
        """Blocks and thresholds; only the residual-current threshold has a printed range."""
        for start, count in BLOCKS:
            self.registers.define(start, count)
            self.opaque(start, count)
        self.registers.define(_RESIDUAL_LIMIT, 1, RW, value=600, check=between(300, 1000))
        for offset, celsius in enumerate((80, 90, 100, 120), start=1):
            self.registers.define(_RESIDUAL_LIMIT + offset, 1, RW, value=celsius)

    def catalogue(self) -> Iterable[Point]:
        """Thresholds by code, blocks as raw words."""
        yield number("LgHighVal02", _RESIDUAL_LIMIT)
        for n in range(1, 5):
            yield number(f"T{n}HighVal02", _RESIDUAL_LIMIT + n)
        for start, count in BLOCKS:
            for address in range(start, start + count):
                yield number(f"DOC_Raw {address:04X}", address)

    def render(self) -> None:
        """Count the energy; the scale is that of the siblings and not known for this model."""
        self.registers.put(Kind.U32, ENERGY_BLOCK, self.feeder.energy_sum("imported") * 100)
