"""AIM-M10 insulation monitor of a medical IT supply (manual V2.5 of the set, table 7.3)."""

from collections.abc import Iterable
from typing import ClassVar

from simulator.devices.base import READ_HOLDING, READ_INPUT, WRITE_MULTIPLE, Device
from simulator.physics import FeederSetup
from simulator.points import Bits, Point, item, number
from simulator.registers import Access, Kind, between, halves

RW = Access.READ_WRITE

_BYTE = (0, 0xFF)
# Alarm set-points have no register here (the manual's page was not seen); these are values that the
# display of the set allows. How long a limit must be exceeded is not printed either: the bits
# follow at once.
_INSULATION_LIMIT_KOHM = 50
_LOAD_LIMIT_A = 18.0
_TEMPERATURE_LIMIT_C = 70

_LOAD, _CELSIUS, _KOHM = range(3)
_FAULTS = 0x000B


class AimM10(Device):
    """Insulation resistance, load current and temperature of the isolating transformer.

    With a broken temperature sensor the last temperature stays in the register: no document says
    what a real unit shows then.
    """

    model: ClassVar[str] = "aim-m10"
    functions: ClassVar[frozenset[int]] = frozenset({READ_HOLDING, READ_INPUT, WRITE_MULTIPLE})
    setup: ClassVar[FeederSetup] = FeederSetup(peak_a=(13.0, 1.0, 1.0), rated_a=18.0)

    def prepare(self) -> None:
        """Make room for the measurements."""
        self.measured = [0.0, 0.0, 0.0]

    def arm(self) -> None:
        """Make a timer for each limit."""
        self._timers = [self.timer() for _ in range(3)]

    def layout(self) -> None:
        """Registers 0000-000B; what follows was not seen."""
        define = self.registers.define
        define(0x0000, 1, RW, value=1, check=between(1, 9999))
        define(0x0001, 1, RW, value=0x0102, check=halves((1, 247), (1, 3)))
        define(0x0002, 2)
        define(0x0004, 1, RW, check=halves((1, 99), (1, 12)))
        define(0x0005, 1, RW, check=halves((1, 31), (1, 7)))
        define(0x0006, 2, RW, check=halves(_BYTE, _BYTE))
        define(0x0008, 4)

    def catalogue(self) -> Iterable[Point]:
        """List three measurements and five bits."""
        yield number("IsnRShow", 0x0008, source=item(self.measured, _KOHM))
        yield number("I", 0x0009, "0.1", item(self.measured, _LOAD))
        yield number("Temp", 0x000A, "1", item(self.measured, _CELSIUS), Kind.S16)
        codes = (
            *(("DOC_Insulation fault", 0), ("DOC_Overload", 1), ("THigh", 2)),
            *(("DOC_FE/KE wire break", 4), ("DOC_Temperature sensor break", 5)),
        )
        for code, bit in codes:
            yield Bits(code=code, address=_FAULTS, shift=bit)

    def watch(self, seconds: float) -> None:
        """Measure within the printed ranges and set the fault bits."""
        broken = self.scenario.name == "sensor_break"
        wire = broken and self.scenario.flag("wire")
        probe = broken and not wire
        self.measured[_KOHM] = min(max(self.feeder.insulation(), 10.0), 999.0)
        self.measured[_LOAD] = min(self.feeder.current[0], 50.0)
        if not probe:
            self.measured[_CELSIUS] = min(max(self.feeder.temperature[0], -50.0), 200.0)
        exceeded = (
            round(self.measured[_KOHM]) < _INSULATION_LIMIT_KOHM,
            round(self.measured[_LOAD], 1) > _LOAD_LIMIT_A,
            round(self.measured[_CELSIUS]) > _TEMPERATURE_LIMIT_C,
        )
        for bit, (timer, over) in enumerate(zip(self._timers, exceeded, strict=True)):
            active = timer.step(exceeded=over, delay_s=0.0, seconds=seconds)
            self.registers.put_bits(_FAULTS, bit, 1, active)
        self.registers.put_bits(_FAULTS, 4, 1, wire)
        self.registers.put_bits(_FAULTS, 5, 1, probe)

    def render(self) -> None:
        """Clock bytes; which day is weekday 1 is not printed."""
        now = self.environment.now
        pairs = [
            (now.year % 100, now.month),
            (now.day, now.isoweekday()),
            (now.hour, now.minute),
            (now.second, 0),
        ]
        self.put_clock(0x0004, pairs)
