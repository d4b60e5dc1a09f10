"""AESP100, which measures several outgoing circuits of a terminal box, and AISD, which feeds one safely."""

from collections.abc import Iterable
from functools import partial
from typing import ClassVar

from simulator.devices.coded import Coded, flag, value
from simulator.physics import PHASES, FeederSetup
from simulator.points import Bits, Number, item


class Aesp100(Coded):
    """Voltage, current, power, energy and temperature of three single-phase circuits; it tells no alarm."""

    model: ClassVar[str] = "aesp100"
    setup: ClassVar[FeederSetup] = FeederSetup(peak_a=(14.0, 6.5, 9.0), rated_a=20.0)

    def quantities(self) -> Iterable[Number | Bits]:
        """List the same for each circuit."""
        feeder = self.feeder
        for index in range(PHASES):
            circuit = str(index + 1)
            yield value("U", item(feeder.voltage, index), "0.1", circuit)
            yield value("I", item(feeder.current, index), "0.01", circuit)
            yield value("P", item(feeder.power, index), "0.001", circuit)
            yield value("EPI", partial(self._imported, index), "0.01", circuit)
            yield value("Temp", item(feeder.temperature, index), "0.1", circuit)

    def _imported(self, index: int) -> float:
        return self.feeder.energy[index].imported.total


_OVERLOAD = 1.2
_LOW, _HIGH = 0.85, 1.15
_NOMINAL_V = 230.0
_DELAY_S = 10.0


class Aisd(Coded):
    """A single-phase safe-distribution unit of 8 kVA with its insulation monitor.

    Its limits lie within the printed ranges. Which code tells that the insulation is bad is not known: only the
    resistance is told.
    """

    model: ClassVar[str] = "aisd"
    setup: ClassVar[FeederSetup] = FeederSetup(peak_a=(24.0, 1.0, 1.0), rated_a=35.0)

    def arm(self) -> None:
        """Make its alarm timers."""
        self._timers = [self.timer() for _ in range(3)]

    def quantities(self) -> Iterable[Number | Bits]:
        """List output, insulation and alarms."""
        feeder = self.feeder
        yield value("U", item(feeder.voltage, 0), "0.1")
        yield value("I", item(feeder.current, 0), "0.01")
        yield value("P", item(feeder.power, 0), "0.001")
        yield value("EPI", lambda: feeder.energy[0].imported.total, "0.01")
        yield value("IsnRShow", feeder.insulation)
        yield value("Temp", item(feeder.temperature, 0), "0.1")
        for index, code in enumerate(("PHigh", "UHigh", "ULow")):
            yield flag(code, partial(self._is_active, index))

    def _is_active(self, index: int) -> bool:
        return self._timers[index].active

    def watch(self, seconds: float) -> None:
        """Compare with its limits."""
        feeder, volts = self.feeder, self.feeder.voltage[0]
        beyond = (
            feeder.current[0] > _OVERLOAD * feeder.setup.rated_a,
            volts > _HIGH * _NOMINAL_V,
            volts < _LOW * _NOMINAL_V,
        )
        for timer, is_beyond in zip(self._timers, beyond, strict=True):
            timer.step(exceeded=is_beyond, delay_s=_DELAY_S, seconds=seconds)
