"""Instruments without public registers that a gateway knows by their codes.

Where their values lie in memory is nobody's business: it is counted up, and nothing serves it. Codes mean what the
vocabulary says. How such an instrument acts is written from its data model and from what instruments of its kind do; no
manual of one was seen.
"""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import replace

from simulator.devices.base import Device
from simulator.points import Bits, Number, Point, Source
from simulator.registers import Kind


def value(code: str, source: Source, scale: str = "1", circuit: str = "1") -> Number:
    """Return a quantity; `Coded` finds it a place."""
    return Number(code=code, address=0, kind=Kind.S32, scale=scale, source=source, circuit=circuit)


def flag(code: str, source: Source, circuit: str = "1") -> Bits:
    """Return a yes or no."""
    return Bits(code=code, address=0, shift=0, source=source, circuit=circuit)


class Coded(Device):
    """An instrument whose registers nobody knows."""

    @abstractmethod
    def quantities(self) -> Iterable[Number | Bits]:
        """List what it tells."""

    def layout(self) -> None:
        """Give each quantity a place."""
        placed: list[Point] = []
        address = 0
        for quantity in self.quantities():
            words = quantity.kind.words if isinstance(quantity, Number) else 1
            self.registers.define(address, words)
            placed.append(replace(quantity, address=address))
            address += words
        self._placed: Sequence[Point] = placed

    def catalogue(self) -> Iterable[Point]:
        """List them in their places."""
        return self._placed
