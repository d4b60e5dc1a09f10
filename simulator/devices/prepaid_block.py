"""Live block of the prepaid family: registers 0200-022F, read with function 03.

The same for the single-phase and three-phase meters and for each circuit of a multi-circuit box; the
first register says what it is.
"""

from collections.abc import Iterable, Iterator
from functools import partial

from simulator.physics import PHASES, Feeder
from simulator.points import AnyBit, Bits, Number, Point, Source, item, number
from simulator.registers import Kind

START = 0x0200
COUNT = 0x30

VOLTAGE, CURRENT, POWER, REACTIVE, FACTOR = 0x0201, 0x0204, 0x0207, 0x020B, 0x020F
PT, CT = 0x0213, 0x0214
ENERGY = 0x0215
REMAINING, PURCHASES, LIMIT_TRIPS, ALLOWED_TRIPS = 0x021F, 0x0221, 0x0222, 0x0223
STATUS_1, STATUS_2 = 0x0224, 0x0225
BASE_ENERGY = 0x0226
CLOCK = 0x0228

# First status word.
RELAY_BITS = {"L3": 15, "L2": 14, "L1": 13}
BIT_8 = 8
LOW_CREDIT_2, LOW_CREDIT_1, ARREARS, OVER_LIMIT, FORCED = 7, 6, 5, 4, 3
# Second status word: bit that says a control is active; its three wishes lie below.
LOAD_CONTROL, TIME_CONTROL, COST_CONTROL = 11, 7, 3
LINES = 3


def electrical(feeder: Feeder) -> Iterator[Point]:
    """Voltages, currents, powers and power factors of three phases, and of all."""
    for phase in range(PHASES):
        name = "abc"[phase]
        yield number(f"U{name}", VOLTAGE + phase, "0.1", item(feeder.voltage, phase))
        yield number(f"I{name}", CURRENT + phase, "0.01", item(feeder.current, phase))
        yield number(f"P{name}", POWER + phase, "0.001", item(feeder.power, phase), Kind.S16)
        yield number(f"Q{name}", REACTIVE + phase, "0.001", item(feeder.reactive, phase), Kind.S16)
        yield number(f"PF{name}", FACTOR + phase, "0.001", partial(feeder.power_factor, phase), Kind.S16)


def totals(power: Source, reactive: Source, factor: Source) -> Iterator[Number]:
    """Power, reactive power and power factor of all phases."""
    yield number("P", POWER + PHASES, "0.001", power, Kind.S16)
    yield number("Q", REACTIVE + PHASES, "0.001", reactive, Kind.S16)
    yield number("PF", FACTOR + PHASES, "0.001", factor, Kind.S16)


def energies(sources: Iterable[tuple[str, Source]]) -> Iterator[Number]:
    """Total, sharp, peak, flat and valley energy."""
    for index, (code, source) in enumerate(sources):
        yield number(code, ENERGY + 2 * index, "0.01", source, Kind.U32)


def prepayment(remaining: Source, limit_trips: Source) -> Iterator[Point]:
    """Remaining amount and the counters beside it."""
    yield number("DOC_Remaining amount", REMAINING, "0.01", remaining, Kind.U32)
    yield number("DOC_Purchases", PURCHASES)
    yield number("DOC_Load-limit trips", LIMIT_TRIPS, source=limit_trips)
    yield number("DOC_Allowed trips", ALLOWED_TRIPS)
    yield number("DOC_Base energy", BASE_ENERGY, "0.01", kind=Kind.U32)


def states() -> Iterator[Point]:
    """Relay position, controls and warnings of the two status words; `render` of the meter sets them."""
    yield AnyBit(code="RlySta", address=STATUS_1, shift=RELAY_BITS["L1"], width=LINES)
    for line, bit in RELAY_BITS.items():
        yield Bits(code=f"DOC_Relay {line}", address=STATUS_1, shift=bit)
    yield Bits(code="ForceCtrl", address=STATUS_1, shift=FORCED)
    yield AnyBit(code="DOC_Forced control wants closed", address=STATUS_1, shift=0, width=LINES)
    yield Bits(code="DOC_Over limit", address=STATUS_1, shift=OVER_LIMIT)
    yield Bits(code="DOC_Arrears", address=STATUS_1, shift=ARREARS)
    yield Bits(code="DOC_Low credit 1", address=STATUS_1, shift=LOW_CREDIT_1)
    yield Bits(code="DOC_Low credit 2", address=STATUS_1, shift=LOW_CREDIT_2)
    for name, bit in (("Load", LOAD_CONTROL), ("Time", TIME_CONTROL), ("Cost", COST_CONTROL)):
        yield Bits(code=f"DOC_{name} control", address=STATUS_2, shift=bit)
        yield AnyBit(code=f"DOC_{name} control wants closed", address=STATUS_2, shift=bit - LINES, width=LINES)
