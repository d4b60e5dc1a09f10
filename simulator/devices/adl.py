"""ADL family and DTSD1352: energy meters without alarms.

ADL400 has its ratios in registers and a float block with primary values. ADL3000, ADL300 and
DTSD1352 report secondary values and no ratio register is printed for them: the ratio is known only
to who wired the meter. ADL100 was seen in one unreviewed source and its scales are those of the
siblings.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import ClassVar

from simulator.devices.base import READ_HOLDING, Device
from simulator.physics import FLAT, PEAK, SHARP, VALLEY, FeederSetup
from simulator.points import Bits, Number, Point, Source, item, number
from simulator.registers import Kind
from simulator.scenarios import Option

# Registers of one energy: total, then the tariffs in this order.
_TARIFFS = (("J", SHARP), ("F", PEAK), ("P", FLAT), ("G", VALLEY))

# Solar panels on phase C: negative power and exported energy. Small enough for s16 x 0.001 kW,
# overload included.
_WITH_SOLAR = FeederSetup(peak_a=(22.0, 20.0, 18.0), generation_kw=(0.0, 0.0, 7.5))

_LOW_CURRENT_A = 0.05


class _Ratios(Device):
    """Meter behind transformers: PT and CT are chosen when the cabinet is built."""

    choices: ClassVar[Mapping[str, Option]] = {"pt": 1, "ct": 1}

    def prepare(self) -> None:
        """Take the ratios."""
        self.pt, self.ct = self.ratio("pt"), self.ratio("ct")

    def energy(
        self,
        code: str,
        address: int,
        name: str,
        scale: str,
        *,
        tariffs: bool = True,
        ratio: int = 1,
    ) -> Iterable[Point]:
        """List an energy with its tariffs, one after the other in steps of two registers."""
        places = [
            (code, None),
            *((code + letter, tariff) for letter, tariff in _TARIFFS if tariffs),
        ]
        for index, (full, tariff) in enumerate(places):
            yield Number(
                code=full,
                address=address + 2 * index,
                kind=Kind.U32,
                scale=scale,
                ratio=ratio,
                source=partial(self.feeder.energy_sum, name, tariff),
            )


class Adl400(_Ratios):
    """ADL400; no register is printed as writable, and only FC 03 is."""

    model: ClassVar[str] = "adl400"
    functions: ClassVar[frozenset[int]] = frozenset({READ_HOLDING})
    setup: ClassVar[FeederSetup] = _WITH_SOLAR

    def layout(self) -> None:
        """Printed registers; history blocks hold zeros because no history is simulated."""
        define = self.registers.define
        define(0x0000, 2)
        define(0x000A, 2)
        define(0x0061, 6)
        define(0x008D, 1, value=self.pt)
        define(0x008E, 1, value=self.ct)
        define(0x0164, 8)
        for block in (0x0800, 0x080C):
            define(block, 6)
        define(0x0814, 8)
        for block in (0x0822, 0x082A, 0x0832, 0x0834):
            define(block, 2)
        define(0x0842, 0x0860 - 0x0842)
        for start, blocks in ((0x6000, 90), (0x7000, 48)):
            for block in range(blocks):
                define(start + 0x22 * block, 0x0E)

    def catalogue(self) -> Iterable[Point]:
        """Primary float values under the plain codes, the secondary words beside them."""
        feeder = self.feeder
        both = self.pt * self.ct
        for index, phase in enumerate("abc"):
            volts, amps, power = (item(values, index) for values in (feeder.voltage, feeder.current, feeder.power))
            yield number(f"U{phase}", 0x0800 + 2 * index, source=volts, kind=Kind.F32)
            yield number(f"I{phase}", 0x080C + 2 * index, source=amps, kind=Kind.F32)
            yield number(f"P{phase}", 0x0814 + 2 * index, source=power, kind=Kind.F32)
            yield number(f"DOC_Secondary U{phase}", 0x0061 + index, "0.1", _divided(volts, self.pt))
            yield number(f"DOC_Secondary I{phase}", 0x0064 + index, "0.01", _divided(amps, self.ct))
            secondary = _divided(power, both)
            yield number(f"DOC_Secondary P{phase}", 0x0164 + 2 * index, "0.001", secondary, Kind.S32)
        total = partial(sum, feeder.power)
        yield number("P", 0x081A, source=total, kind=Kind.F32)
        yield number("DOC_Secondary P", 0x016A, "0.001", _divided(total, both), Kind.S32)
        yield number("Q", 0x0822, source=partial(sum, feeder.reactive), kind=Kind.F32)
        yield number("S", 0x082A, source=partial(sum, feeder.apparent), kind=Kind.F32)
        yield number("PF", 0x0832, source=feeder.power_factor, kind=Kind.F32)
        yield number("Fr", 0x0834, source=feeder.frequency, kind=Kind.F32)
        yield number("PT", 0x008D)
        yield number("CT", 0x008E)
        yield from self.energy("EP", 0x0842, "active", "0.1")
        yield from self.energy("EPI", 0x084C, "imported", "0.1")
        yield from self.energy("EPE", 0x0856, "exported", "0.1")
        for code, address, name in (("EP", 0x0000, "active"), ("EPI", 0x000A, "imported")):
            secondary = _divided(partial(feeder.energy_sum, name), both)
            yield number(f"DOC_Secondary {code}", address, "0.01", secondary, Kind.U32)


class Adl3000(_Ratios):
    """ADL3000-E and ADL300: secondary values; U x PT, I x CT, P and energy x PT x CT."""

    model: ClassVar[str] = "adl3000"
    setup: ClassVar[FeederSetup] = _WITH_SOLAR

    def layout(self) -> None:
        """Printed registers; with the clock they fill 0000 count 3F, in the field one read."""
        self.registers.define(0x0000, 0x3F)
        self.registers.define(0x0061, 0x0078 - 0x0061)

    def catalogue(self) -> Iterable[Point]:
        """Six energies with tariffs, then the electrical quantities.

        The formats of Q, S and PF are not printed; they stay positive here, where s16 and u16
        agree.
        """
        feeder = self.feeder
        both = self.pt * self.ct
        energies = (
            *(("EP", 0x0000, "active"), ("EPI", 0x000A, "imported"), ("EPE", 0x0014, "exported")),
            *(("EQ", 0x001E, "reactive"), ("EQL", 0x0028, "forward"), ("EQC", 0x0032, "reverse")),
        )
        for code, address, name in energies:
            yield from self.energy(code, address, name, "0.01", ratio=both)
        for index, phase in enumerate("abc"):
            yield _scaled(f"U{phase}", 0x0061 + index, "0.1", item(feeder.voltage, index), self.pt)
            yield _scaled(f"I{phase}", 0x0064 + index, "0.01", item(feeder.current, index), self.ct)
            yield _scaled(f"P{phase}", 0x0067 + index, "0.001", item(feeder.power, index), both, Kind.S16)
            yield _scaled(f"Q{phase}", 0x006B + index, "0.001", item(feeder.reactive, index), both)
            yield _scaled(f"S{phase}", 0x006F + index, "0.001", item(feeder.apparent, index), both)
            yield number(f"PF{phase}", 0x0073 + index, "0.001", partial(feeder.power_factor, index))
        yield _scaled("P", 0x006A, "0.001", partial(sum, feeder.power), both, Kind.S16)
        yield _scaled("Q", 0x006E, "0.001", partial(sum, feeder.reactive), both)
        yield _scaled("S", 0x0072, "0.001", partial(sum, feeder.apparent), both)
        yield number("PF", 0x0076, "0.001", feeder.power_factor)
        yield number("Fr", 0x0077, "0.01", feeder.frequency)

    def render(self) -> None:
        """Clock at 003C; the order of its bytes is not printed."""
        now = self.environment.now
        self.put_clock(0x003C, [(now.second, now.minute), (now.hour, now.day), (now.month, now.year % 100)])


class Dtsd1352(Adl3000):
    """DTSD1352: the same map and a record of the last event from 3001.

    The type codes are not printed, so an event here has type 0 and says what happened in its detail
    bits.
    """

    model: ClassVar[str] = "dtsd1352"

    def prepare(self) -> None:
        """Start with current on all phases."""
        super().prepare()
        self._low_current = (False, False)

    def layout(self) -> None:
        """Add y/mo, d/h, min/s, type, detail bits, reserved."""
        super().layout()
        self.registers.define(0x3001, 6)

    def catalogue(self) -> Iterable[Point]:
        """Add the last event."""
        yield from super().catalogue()
        yield number("DOC_Last event type", 0x3004)
        yield Bits(code="DOC_Low current B", address=0x3005, shift=13)
        yield Bits(code="DOC_Low current C", address=0x3005, shift=14)

    def watch(self, seconds: float) -> None:
        """Record an event when the current of phase B or C vanishes."""
        del seconds
        low = (self.feeder.current[1] < _LOW_CURRENT_A, self.feeder.current[2] < _LOW_CURRENT_A)
        if low != self._low_current and any(low):
            now = self.environment.now
            stamp = [(now.year % 100, now.month), (now.day, now.hour), (now.minute, now.second)]
            self.put_clock(0x3001, stamp)
            self.registers.put_bits(0x3005, 13, 1, low[0])
            self.registers.put_bits(0x3005, 14, 1, low[1])
        self._low_current = low


class Adl100(Device):
    """ADL100 single-phase meter. 000E and 0010 are in no source seen and do not exist here."""

    model: ClassVar[str] = "adl100"
    functions: ClassVar[frozenset[int]] = frozenset({READ_HOLDING})
    setup: ClassVar[FeederSetup] = FeederSetup(generation_kw=(2.0, 0.0, 0.0))

    def prepare(self) -> None:
        """Remember where the month began and how the two before ended."""
        self._month_start = self.feeder.energy[0].imported.total
        self._months = [self.rng.uniform(200, 400), self.rng.uniform(200, 400)]

    def layout(self) -> None:
        """Registers of the unreviewed preview map."""
        self.registers.define(0x0000, 0x000E)
        self.registers.define(0x000F)
        self.registers.define(0x0011)
        self.registers.define(0x0022, 6)

    def catalogue(self) -> Iterable[Point]:
        """List one phase with the scales of the siblings."""
        feeder = self.feeder
        energy = feeder.energy[0]
        yield number("EP", 0x0000, "0.01", lambda: energy.imported.total + energy.exported.total, Kind.U32)
        for code, address, tariff in (
            ("EPF", 0x0002, PEAK),
            ("EPP", 0x0004, FLAT),
            ("EPG", 0x0006, VALLEY),
        ):
            yield number(code, address, "0.01", item(energy.imported.tariffs, tariff), Kind.U32)
        yield number("EPE", 0x0008, "0.01", lambda: energy.exported.total, Kind.U32)
        yield number("EQ", 0x000A, "0.01", lambda: energy.forward.total + energy.reverse.total, Kind.U32)
        yield number("U", 0x000C, "0.1", item(feeder.voltage, 0))
        yield number("I", 0x000D, "0.01", item(feeder.current, 0))
        yield number("Q", 0x000F, "0.001", item(feeder.reactive, 0))
        yield number("Fr", 0x0011, "0.01", feeder.frequency)
        yield number("DOC_Month energy 1", 0x0022, "0.01", self._this_month, Kind.U32)
        yield number("DOC_Month energy 2", 0x0024, "0.01", item(self._months, 0), Kind.U32)
        yield number("DOC_Month energy 3", 0x0026, "0.01", item(self._months, 1), Kind.U32)

    def _this_month(self) -> float:
        return 123.0 + self.feeder.energy[0].imported.total - self._month_start


def _divided(source: Source, ratio: int) -> Source:
    return lambda: source() / ratio


def _scaled(code: str, address: int, scale: str, source: Source, ratio: int, kind: Kind = Kind.U16) -> Number:
    return Number(code=code, address=address, kind=kind, scale=scale, ratio=ratio, source=source)
