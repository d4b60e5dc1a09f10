"""ADW300 three-phase safe-electricity meter (ADW300 manual V1.3).

The values of this model are primary: only ADL300, ADL3000, DTSD1352 and ACR are said to report
secondary values. The PT and CT registers are therefore shown and change nothing else.

What the document leaves open and how it is filled here: 012E-0159 (fundamentals), 0167-016C,
016D-0196, 0201-0215 (time zones and tariff plans), 0197-01BE (tariff energies), 01F4-01FD, the
history (4800.. 5352) and the extremes (0400.., 0700..) are readable and hold zeros, because the
order inside is not printed. The same goes for the two time registers behind each maximum demand.
The alarm bits for DO1/DO2, current loss, voltage loss, phase sequence and power-on are never set:
their conditions are not printed. There is no bit for the residual-current alarm.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import ClassVar

from simulator.alarms import TOLERANCE_S
from simulator.devices.adw300_alarms import AlarmWords
from simulator.devices.base import Device
from simulator.physics import HARMONICS, NEUTRAL, FeederSetup, phase_energy
from simulator.points import Bits, Point, item, number
from simulator.registers import Access, Kind, between, halves
from simulator.scenarios import Option

RW = Access.READ_WRITE

DO_STATE = (0x01C2, 0x01C3)
DO_MODE = (0x01E5, 0x01E8)
DO_SOURCE = (0x01E6, 0x01E9)
DO_PULSE = (0x01E7, 0x01EA)
WIRINGS = ("shunt_trip", "contactor", "none")
_PULSE_MODE = 1
_REMOTE = 0
_INPUTS = 4

_RESIDUAL_LIMIT = 0x0244

_ENERGY_NAMES = ("active", "imported", "exported", "forward", "reverse")


class Adw300(Device):
    """ADW300 with residual current, four temperatures, two outputs and four inputs.

    `wiring` says what output DO1 drives, which no document can know: `shunt_trip` opens the breaker
    on a rising edge and somebody has to close it by hand, `contactor` interrupts the load while the
    output is on, `none` drives nothing. Input DI1 is the breaker's auxiliary contact (1 = closed).
    `output_s` is how long an output takes to follow a remote command; one that sticks takes for ever.
    """

    model: ClassVar[str] = "adw300"
    setup: ClassVar[FeederSetup] = FeederSetup(capacitive=(False, False, True))

    choices: ClassVar[Mapping[str, Option]] = {"pt": 1, "ct": 1, "wiring": "shunt_trip", "output_s": 0.0}

    def prepare(self) -> None:
        """Wire the unit."""
        self.wiring = self.options["wiring"]
        if self.wiring not in WIRINGS:
            raise ValueError(f"wiring {self.wiring!r} is not one of {', '.join(WIRINGS)}")
        self.inputs = [True, False, False, False]
        self.outputs = [False, False]
        self._remote = [False, False]
        self._pulse_left = [0.0, 0.0]
        delay = self.options["output_s"]
        if isinstance(delay, str | bool) or delay < 0:
            raise ValueError(f"output_s must be a number that is not negative, not {delay!r}")
        self._output_s = float(delay)
        # What was commanded and is not there yet, with the seconds it takes still.
        self._coming: list[tuple[bool, float] | None] = [None, None]

    def arm(self) -> None:
        """Bind the alarm words."""
        self.alarms = AlarmWords(self)

    def layout(self) -> None:
        """Printed registers."""
        define = self.registers.define
        define(0x0000, 1, RW, value=1, check=between(1, 247))
        define(0x0001, 1, RW, value=4, check=between(1, 4))
        define(0x0002, 1, RW, value=7, check=between(6, 12))
        define(0x0003, 1, RW, value=0, check=between(0, 45))
        define(0x0004, 1, RW, value=0, check=halves((0, 2), (0, 1)))
        define(0x0007, 2)
        define(0x000E, 1, RW, value=self.ratio("pt"))
        define(0x000F, 1, RW, value=self.ratio("ct"))
        define(0x0010)
        define(0x0011, 3, RW)
        define(0x0014, 0x0167 - 0x0014)
        define(0x0167, 6, RW)
        define(0x016D, 42, RW)
        define(0x0197, 40)
        define(0x01BF)
        define(0x01C0, 1, RW, value=0x0001)
        define(0x01C1)
        define(0x01C2, 2, RW)
        define(0x01C4, 1, RW, value=1, check=between(1, 4))
        self._layout_alarms()
        define(0x01EC, 3)
        define(0x01F0, 1, RW, check=between(0, 1))
        define(0x01F2, 0x01FE - 0x01F2)
        define(0x01FE, 3)
        define(0x0201, 21, RW)
        for quarter in range(0x04, 0x08):
            define(quarter << 8, 0x4B)
            define(quarter << 8 | 0x4E, 0x4B)
        for month in range(0x48, 0x54):
            define(month << 8, 0x53)

    def _layout_alarms(self) -> None:
        """Limit first, delay (0.01 s) next. Factory values are not printed; these are plausible."""
        define = self.registers.define
        define(0x01D0, 1, RW, value=0b01_0111)
        for address, limit in (
            *((0x01D1, 2640), (0x01D3, 1870), (0x01D5, 4000)),
            *((0x01D7, 100), (0x01D9, 28000), (0x01DB, 500)),
        ):
            define(address, 1, RW, value=limit)
            define(address + 1, 1, RW, value=500)
        for address in range(0x01DD, 0x01E5, 2):
            define(address, 1, RW, check=between(0, 1))
            define(address + 1, 1, RW, check=between(0, 2))
        for output in range(2):
            define(DO_MODE[output], 1, RW, check=between(0, 1))
            define(DO_SOURCE[output], 1, RW, check=between(0, 5))
            define(DO_PULSE[output], 1, RW, check=between(0, 5))
        define(0x01EB)
        define(0x0216, 1, RW, value=0b1111_1111_1111_0000)
        define(0x0217, 1, RW, value=0b1_1111)
        pairs = [
            (0x0218, 4, 500),
            (0x0220, 4, 700),
            (0x0228, 3, 1200),
            (0x022E, 3, 3000),
            (0x0234, 1, 500),
            (0x0236, 1, 6000),
        ]
        for start, count, limit in pairs:
            for address in range(start, start + 2 * count, 2):
                define(address, 1, RW, value=limit)
                define(address + 1, 1, RW, value=1000)
        for address in (0x0238, 0x023B, 0x023E, 0x0241, _RESIDUAL_LIMIT, 0x0247):
            define(address, 3, RW)
            self.registers.put(Kind.U32, address, 300 if address == _RESIDUAL_LIMIT else 60000)
            self.registers.put(Kind.U16, address + 2, 500)
        define(0x0268, 2)

    def catalogue(self) -> Iterable[Point]:
        """Quantities whose meaning is printed."""
        yield from self._live()
        yield from self._energies()
        yield from self._quality()
        yield from self._inputs_and_outputs()
        yield from self._settings()
        yield from AlarmWords.points()

    def _live(self) -> Iterable[Point]:
        feeder = self.feeder
        for index, phase in enumerate("abc"):
            yield number(f"U{phase}", 0x0014 + index, "0.1", item(feeder.voltage, index))
            yield number(f"I{phase}", 0x001A + index, "0.01", item(feeder.current, index))
            yield number(f"P{phase}", 0x001E + 2 * index, "0.001", item(feeder.power, index), Kind.S32)
            yield number(f"Q{phase}", 0x0026 + 2 * index, "0.001", item(feeder.reactive, index), Kind.S32)
            yield number(f"S{phase}", 0x002E + 2 * index, "0.001", item(feeder.apparent, index), Kind.U32)
            yield number(f"PF{phase}", 0x0036 + index, "0.001", partial(feeder.power_factor, index))
        for index, pair in enumerate(("ab", "bc", "ca")):
            yield number(f"U{pair}", 0x0017 + index, "0.1", partial(feeder.line_voltage, index))
        yield number("DOC_Vector sum of phase currents", 0x001D, "0.01", feeder.neutral_current)
        yield number("P", 0x0024, "0.001", partial(sum, feeder.power), Kind.S32)
        yield number("Q", 0x002C, "0.001", partial(sum, feeder.reactive), Kind.S32)
        yield number("S", 0x0034, "0.001", partial(sum, feeder.apparent), Kind.U32)
        yield number("PF", 0x0039, "0.001", feeder.power_factor)
        yield number("Fr", 0x003B, "0.01", feeder.frequency)
        yield number("TempN", 0x0010, "0.1", item(feeder.temperature, NEUTRAL), Kind.S16)
        for index, phase in enumerate("ABC"):
            yield number(f"Temp{phase}", 0x0164 + index, "0.1", item(feeder.temperature, index), Kind.S16)
        yield number("Lg", 0x01C1, "1", item(feeder.leakage, 0))
        yield number("rssi", 0x01BF, "1", self._signal, Kind.S16)

    def _signal(self) -> float:
        """Wireless signal that moves a little every minute."""
        return -71.0 + self.environment.elapsed // 60 % 5

    def _energies(self) -> Iterable[Point]:
        feeder = self.feeder
        for index, (code, name) in enumerate(zip(("EP", "EPI", "EPE", "EQL", "EQC"), _ENERGY_NAMES, strict=True)):
            yield number(code, 0x003C + 2 * index, "0.01", partial(feeder.energy_sum, name), Kind.U32)
        for index, phase in enumerate("ABC"):
            codes = (
                f"EP{phase}",
                f"DOC_Phase {phase} imported energy",
                f"DOC_Phase {phase} exported energy",
                f"DOC_Phase {phase} forward reactive energy",
                f"DOC_Phase {phase} reverse reactive energy",
            )
            for offset, (code, name) in enumerate(zip(codes, _ENERGY_NAMES, strict=True)):
                source = partial(phase_energy, feeder.energy[index], name)
                yield number(code, 0x0046 + 10 * index + 2 * offset, "0.01", source, Kind.U32)
        for index, code in enumerate(("MEPIMD", "MEPEMD", "MEQCMD", "MEQLMD")):
            yield number(code, 0x0064 + 4 * index, "0.001", item(feeder.demand_maximum, index), Kind.U32)
        for index, code in enumerate(("EPID", "EPED", "EQCD", "EQLD")):
            yield number(code, 0x015A + 2 * index, "0.001", item(feeder.demand, index), Kind.U32)
        yield number("ESID", 0x01F2, "0.001", item(feeder.demand, 4), Kind.U32)

    def _quality(self) -> Iterable[Point]:
        feeder = self.feeder
        for index, phase in enumerate("abc"):
            yield number(f"U{phase}THD", 0x0074 + index, "0.01", partial(feeder.voltage_thd, index))
            yield number(f"I{phase}THD", 0x0077 + index, "0.01", partial(feeder.current_thd, index))
            yield number(f"U{phase}Ang", 0x01EC + index, "0.01", partial(feeder.voltage_angle, index))
            yield number(f"I{phase}Ang", 0x01FE + index, "0.01", partial(feeder.current_angle, index))
            for offset, order in enumerate(HARMONICS):
                volts = partial(feeder.voltage_harmonic, index, order)
                amps = partial(feeder.current_harmonic, index, order)
                yield number(f"U{phase}Hr{order:02d}", 0x007A + 30 * index + offset, "0.01", volts)
                yield number(f"I{phase}Hr{order:02d}", 0x00D4 + 30 * index + offset, "0.01", amps)
        yield number("Uub", 0x0162, "0.01", feeder.voltage_unbalance)
        yield number("Iub", 0x0163, "0.01", feeder.current_unbalance)

    def _inputs_and_outputs(self) -> Iterable[Point]:
        for index in range(_INPUTS):
            yield Bits(code=f"DI{index + 1}", address=0x003A, shift=index, source=item(self.inputs, index))
        for index in range(2):
            yield Bits(
                code=f"DO{index + 1}",
                address=DO_STATE[index],
                shift=0,
                source=item(self.outputs, index),
            )
            yield number(f"DOC_DO{index + 1} mode", DO_MODE[index])
            yield number(f"DOC_DO{index + 1} source", DO_SOURCE[index])
            yield number(f"DOC_DO{index + 1} pulse width", DO_PULSE[index])

    def _settings(self) -> Iterable[Point]:
        yield number("PT", 0x000E)
        yield number("CT", 0x000F)
        pairs = (
            ("UHighSet", "UHighTim", 0x01D1, "0.1"),
            ("ULowSet", "ULowTim", 0x01D3, "0.1"),
            ("DOC_Over-current limit", "IHighTim", 0x01D5, "0.01"),
            ("DOC_Under-current limit", "DOC_Under-current delay", 0x01D7, "0.01"),
            ("DOC_Over-power limit", "PHighTim", 0x01D9, "0.001"),
            ("DOC_Under-power limit", "DOC_Under-power delay", 0x01DB, "0.001"),
            *((f"T{n}HighVal02", f"T{n}HighTim", 0x021E + 2 * n, "0.1") for n in range(1, 5)),
        )
        for limit, delay, address, scale in pairs:
            yield number(limit, address, scale)
            yield number(delay, address + 1, "0.01")
        # Printed x0.001 A; the vocabulary counts residual current in mA.
        yield number("LgHighVal02", _RESIDUAL_LIMIT, "1", kind=Kind.U32)
        yield number("LgHighTim", _RESIDUAL_LIMIT + 2, "0.01")

    def leak_ma(self, loop: int) -> float:
        """Twice the threshold."""
        del loop
        return 2.0 * self.registers.number(Kind.U32, _RESIDUAL_LIMIT)

    def watch(self, seconds: float) -> None:
        """Alarm words, then outputs, then what the outputs do to the feeder."""
        self.alarms.step(seconds)
        self.inputs[0] = self.feeder.closed
        was_on = self.outputs[0]
        for output in range(2):
            self._end_pulse(output, seconds)
            self._follow(output, seconds)
            self.outputs[output] = self._output(output)
        if self.wiring == "shunt_trip" and self.outputs[0] and not was_on:
            self._move(closed=False)
        if self.wiring == "contactor" and self.scenario.name != "trip":
            self._move(closed=not self.outputs[0])

    def _move(self, *, closed: bool) -> None:
        if self.feeder.closed != closed:
            self.feeder.closed = closed
            self.feeder.refresh()
            self.inputs[0] = closed

    def _follow(self, output: int, seconds: float) -> None:
        """Let a commanded output come on, or go off, when its time is over."""
        coming = self._coming[output]
        if coming is None:
            return
        on, left = coming[0], coming[1] - seconds
        if left > TOLERANCE_S:
            self._coming[output] = on, left
            return
        self._coming[output] = None
        self._remote[output] = on
        pulse = on and self.registers[DO_MODE[output]] == _PULSE_MODE
        self._pulse_left[output] = float(self.registers[DO_PULSE[output]]) if pulse else 0.0

    def _end_pulse(self, output: int, seconds: float) -> None:
        if self._pulse_left[output] > 0:
            left = self._pulse_left[output] - seconds
            self._pulse_left[output] = left if left > TOLERANCE_S else 0.0
            self._remote[output] = self._pulse_left[output] > 0

    def _output(self, output: int) -> bool:
        """State of an output by its source (01E6 / 01E9)."""
        match self.registers[DO_SOURCE[output]]:
            case 0:  # remote DO
                return self._remote[output]
            case 1:
                return self.alarms.any
            case 2:
                return self.alarms.any or self.inputs[0] or self.inputs[1]
            case 3:
                return self.inputs[0]
            case 4:
                return self.inputs[1]
            case _:
                return self.inputs[0] or self.inputs[1]

    def written(self, address: int, values: Sequence[int]) -> None:
        """Take a remote output command: only bit 0 counts, and a pulse falls back by itself.

        While another source drives the output a command is echoed and does nothing (what a real
        unit does then is not printed; the manual only asks to check that the source is 0 first).
        """
        for output, register in enumerate(DO_STATE):
            if not address <= register < address + len(values):
                continue
            on = bool(values[register - address] & 1)
            # Bits 1-15 are not kept; bit 0 follows the output on the next look.
            self.registers.put(Kind.U16, register, 0)
            if self.registers[DO_SOURCE[output]] != _REMOTE:
                continue
            self._coming[output] = on, self._output_s

    def render(self) -> None:
        """Clock bytes s, min, h, d, mo, y; which byte of a word comes first is not printed."""
        now = self.environment.now
        self.put_clock(0x0011, [(now.second, now.minute), (now.hour, now.day), (now.month, now.year % 100)])
