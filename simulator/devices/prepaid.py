"""DDSY1352 and DTSY1352 prepaid meters with a load relay; ADF300 and ADF400L multi-circuit boxes.

One table is printed for both meters; they differ in where the date and tariff plans sit. The
three-phase meter is given the same table here, which no source shows for it: treat it as a sibling.
The live block is common to the family. Older meters refuse it: option `live_block`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import ClassVar

from simulator.devices import prepaid_block as block
from simulator.devices.base import Device
from simulator.devices.prepaid_relay import CLOSE, COMMANDS, FORCE, OPEN, Relay
from simulator.physics import FLAT, PEAK, SHARP, VALLEY, FeederSetup
from simulator.points import Bits, Number, Point, Source, Twin, item, number
from simulator.registers import ILLEGAL_VALUE, Access, Kind, RefusedError
from simulator.scenarios import Option, Scenario

RELAY = 0x0057

# No document of the family prints tariff or warning levels outside the registers that must not be
# touched; these only make the warnings come in their order.
_PRICE = 0.6
_LOW_CREDIT_1 = 20.0
_LOW_CREDIT_2 = 10.0
_ALL_LINES = 0b111
STUCK_SECONDS = 1e6
"""What takes so long to move sticks."""
_TARIFFS = (("EP", None), ("EPJ", SHARP), ("EPF", PEAK), ("EPP", FLAT), ("EPG", VALLEY))


class PrepaidDevice(Device):
    """What the family has in common: live block, relay with forced control, prepaid amount.

    Options: `live_block` (false: the block is refused with exception 02), `credit` (remaining
    amount), `transition_s`, `travel_s` and `falls_back_s` (see `Relay`). Without credit the cost control of the meter
    opens the relay; forced control goes before it until it is released.
    """

    type_code: ClassVar[int]
    phases: ClassVar[tuple[int, ...]] = (0, 1, 2)
    # Over this power the unit says "over limit"; it is not simulated that a meter then opens.
    limit_kw: ClassVar[float] = 13.0
    choices: ClassVar[Mapping[str, Option]] = {
        "live_block": True,
        "credit": 5000.0,
        "transition_s": 1.0,
        "travel_s": 0.0,
        "falls_back_s": 0.0,
    }
    # Prepaid values, time and load control, ports, serial number, 2G/4G, SIM, Wi-Fi, MQTT. Where the
    # sources give only a first register, the span goes on to the next known one.
    forbidden: ClassVar[tuple[range, ...]] = (range(0x0360, 0x0366), range(0x03A0, 0x0500), range(0x1000, 0x1A00))

    def prepare(self) -> None:
        """Start with the relay as the credit wants it."""
        self.credit = self._option("credit")
        self.relay = Relay(
            transition_s=self._option("transition_s"),
            travel_s=self._option("travel_s"),
            falls_back_s=self._option("falls_back_s"),
        )
        self.relay.rest(closed=self._pays)
        self.feeder.closed = self.relay.closed
        self.feeder.refresh()

    def _option(self, name: str) -> float:
        value = self.options[name]
        if isinstance(value, str | bool) or value < 0:
            raise ValueError(f"{name} must be a number that is not negative, not {value!r}")
        return float(value)

    @property
    def has_block(self) -> bool:
        """Whether the unit has the live block."""
        return bool(self.options["live_block"])

    @property
    def _pays(self) -> bool:
        return self.credit > 0

    def layout(self) -> None:
        """Define the relay, which is written only, and the live block."""
        self.registers.define(RELAY, 2, Access.WRITE)
        if self.has_block:
            self.registers.define(block.START, block.COUNT)
            self.registers.put(Kind.U16, block.START, self.type_code)
            for address, value in ((block.PT, 1), (block.PURCHASES, 3), (block.ALLOWED_TRIPS, 5)):
                self.registers.put(Kind.U16, address, value)

    def _sum(self, values: Sequence[float]) -> float:
        return sum(values[phase] for phase in self.phases)

    def _power(self) -> float:
        return self._sum(self.feeder.power)

    def _reactive(self) -> float:
        return self._sum(self.feeder.reactive)

    def _factor(self) -> float:
        apparent = self._sum(self.feeder.apparent)
        return self._power() / apparent if apparent else 1.0

    def _energy(self, tariff: int | None) -> float:
        registers = [self.feeder.energy[phase].imported for phase in self.phases]
        return sum(register.total if tariff is None else register.tariffs[tariff] for register in registers)

    def _energies(self) -> list[tuple[str, Source]]:
        return [(code, partial(self._energy, tariff)) for code, tariff in _TARIFFS]

    def _block_totals(self) -> Iterator[Number]:
        """Energies, totals and current ratio of the block."""
        yield from block.energies(self._energies())
        yield from block.totals(self._power, self._reactive, self._factor)
        yield number("CT", block.CT)

    def _block_only(self) -> Iterator[Point]:
        """Points of the block that stand nowhere else in any unit of the family."""
        yield number("PT", block.PT)
        yield from block.prepayment(lambda: self.credit, lambda: 0)
        yield from block.states()

    def render(self) -> None:
        """Write status words and clock."""
        if not self.has_block:
            return
        put, relay, status = self.registers.put_bits, self.relay, block.STATUS_1
        for bit in block.RELAY_BITS.values():
            put(status, bit, 1, int(relay.closed))
        put(status, 0, block.LINES, _ALL_LINES if relay.forced_closed else 0)
        flags = {
            block.BIT_8: relay.bit_8,
            block.LOW_CREDIT_2: self.credit < _LOW_CREDIT_2,
            block.LOW_CREDIT_1: self.credit < _LOW_CREDIT_1,
            block.ARREARS: not self._pays,
            block.OVER_LIMIT: self._power() > self.limit_kw,
            block.FORCED: relay.forced,
        }
        for bit, flag in flags.items():
            put(status, bit, 1, int(flag))
        # Cost control is active while it wants the relay open.
        put(block.STATUS_2, block.COST_CONTROL, 1, int(not self._pays))
        now = self.environment.now
        # How the weekday is counted is not printed: Monday is 1 here.
        pairs = ((now.year % 100, now.month), (now.day, now.isoweekday()), (now.hour, now.minute), (now.second, 0))
        self.put_clock(block.CLOCK, pairs)

    def write(self, address: int, values: Sequence[int]) -> None:
        """Refuse relay payloads that no source shows, before anything changes."""
        self.registers.check_write(address, values)
        relay = {RELAY, RELAY + 1}.intersection(range(address, address + len(values)))
        if relay and (address != RELAY or tuple(values) not in COMMANDS):
            raise RefusedError(ILLEGAL_VALUE)
        super().write(address, values)

    def written(self, address: int, values: Sequence[int]) -> None:
        """Take a command for the relay; `watch` moves it."""
        if address == RELAY:
            self.relay.command(*values)

    def obey(self, method: str, payload: Mapping[str, object]) -> bool:
        """Force its relay open or closed; `ForceSwitch` and `do1` have to say the same: nobody shows another use."""
        wanted = {str(payload.get("ForceSwitch")), str(payload.get("do1"))}
        if method != "FORCESWITCH" or wanted not in ({"0"}, {"1"}):
            return False
        self.relay.command(FORCE, CLOSE if wanted == {"1"} else OPEN)
        self.settle()
        return True

    def watch(self, seconds: float) -> None:
        """Use up the credit and let the relay move."""
        self.credit = max(self.credit - max(self._power(), 0.0) * seconds / 3600 * _PRICE, 0.0)
        self.relay.step(seconds, own=self._pays)
        self._switch()

    def by_hand(
        self, *, closed: bool | None = None, locked: bool | None = None, maintenance: bool | None = None
    ) -> None:
        """Move its relay; it has no lock. Raises ValueError."""
        if closed is None or locked is not None or maintenance is not None:
            raise ValueError(f"{self.model} can be opened and closed by hand, nothing else")
        self.move_by_hand(closed=closed)

    def move_by_hand(self, *, closed: bool) -> None:
        """Move the relay at the meter; it stays there until the next command."""
        self.relay.move_by_hand(closed=closed)
        self._switch()
        self.stale = True

    def _switch(self) -> None:
        self.feeder.closed = self.relay.closed and self.scenario.name != "trip"
        self.feeder.refresh()

    def apply(self, scenario: Scenario) -> None:
        """Keep an open relay open in every scenario; "trip" opens it, "normal" closes it, as a technician would."""
        if scenario.name == "normal":
            self.relay.forced = self.relay.forced_closed = False
            self.relay.rest(closed=self._pays)
        if scenario.name == "trip":
            # Its own relay is its breaker: what opens is told.
            self.relay.move_by_hand(closed=False)
        self._hamper(scenario)
        super().apply(scenario)

    def _hamper(self, scenario: Scenario) -> None:
        """Have the relay move as a scenario wants it, in all others as the meter was made."""
        self.relay.travel_s, self.relay.falls_back_s = self._option("travel_s"), self._option("falls_back_s")
        if scenario.name == "relay":
            usual = self.relay.travel_s if "falls_back_s" in scenario.options else STUCK_SECONDS
            self.relay.travel_s = scenario.number("travel_s", usual)
            self.relay.falls_back_s = scenario.number("falls_back_s", 0.0)


class Ddsy1352(PrepaidDevice):
    """Single-phase prepaid meter. The relay is written only: reading 0057 gives exception 02.

    In the live block the phases B and C read 0. Every payload for the relay that no source shows
    is refused with exception 03.
    """

    model: ClassVar[str] = "ddsy1352"
    type_code: ClassVar[int] = 7
    setup: ClassVar[FeederSetup] = FeederSetup(peak_a=(21.0, 18.0, 24.0))
    phases: ClassVar[tuple[int, ...]] = (0,)
    limit_kw: ClassVar[float] = 6.0
    # Start and count of date plan and tariff plans.
    plans: ClassVar[tuple[tuple[int, int], ...]] = ((0x2000, 6), (0x2006, 21), (0x201B, 21))

    def prepare(self) -> None:
        """Add the energy that only newer tables know."""
        super().prepare()
        self._deep_valley = [self.rng.uniform(20, 60)]

    def layout(self) -> None:
        """Printed registers."""
        super().layout()
        define = self.registers.define
        define(0x0000, 10)
        define(0x000A, 1, Access.READ_WRITE, value=1)
        define(0x000B, 7)
        define(0x0038, 1, Access.READ_WRITE, value=1)
        define(0x5030, 2)
        for start, count in self.plans:
            define(start, count, Access.READ_WRITE)

    def catalogue(self) -> Iterable[Point]:
        """List the printed table, then what the live block has beyond it."""
        if not self.has_block:
            yield from self._printed()
            return
        places: dict[str, list[Number]] = {}
        for place in self._places():
            places.setdefault(place.code, []).append(place)
        for point in self._printed():
            others = tuple(places.get(point.code, ()))
            yield Twin(first=point, others=others) if others else point
        yield from self._block_only()

    def _printed(self) -> Iterator[Number]:
        """Energies, then the electrical quantities of the (first) phase and the power of all."""
        feeder = self.feeder
        for index, (code, source) in enumerate(self._energies()):
            yield number(code, 2 * index, "0.01", source, Kind.U32)
        yield number("U", 0x000B, "0.1", item(feeder.voltage, 0))
        yield number("I", 0x000C, "0.01", item(feeder.current, 0))
        yield number("P", 0x000D, "0.001", self._power, Kind.S16)
        yield number("Q", 0x000E, "0.001", self._reactive)
        yield number("S", 0x000F, "0.001", partial(self._sum, feeder.apparent))
        yield number("PF", 0x0010, "0.001", self._factor)
        yield number("Fr", 0x0011, "0.01", feeder.frequency)
        yield number("CT", 0x0038)
        yield number("DOC_Deep valley energy", 0x5030, "0.01", item(self._deep_valley, 0), Kind.U32)

    def _places(self) -> Iterator[Number]:
        """Where the live block shows again what the printed table has."""
        yield from self._block_totals()
        yield number("U", block.VOLTAGE, "0.1")
        yield number("I", block.CURRENT, "0.01")
        for code, address in (("P", block.POWER), ("Q", block.REACTIVE), ("PF", block.FACTOR)):
            yield number(code, address, "0.001", kind=Kind.S16)


class Dtsy1352(Ddsy1352):
    """Three-phase form: U and I of the table are those of phase A, powers and energies of all three."""

    model: ClassVar[str] = "dtsy1352"
    type_code: ClassVar[int] = 5
    setup: ClassVar[FeederSetup] = FeederSetup(peak_a=(17.0, 14.0, 12.5))
    phases: ClassVar[tuple[int, ...]] = (0, 1, 2)
    limit_kw: ClassVar[float] = 13.0
    plans: ClassVar[tuple[tuple[int, int], ...]] = ((0x0028, 6), (0x2000, 21), (0x2015, 21))

    def _places(self) -> Iterator[Number]:
        """Leave the phases to points of their own."""
        yield from self._block_totals()

    def _block_only(self) -> Iterator[Point]:
        """Add the three phases."""
        yield from block.electrical(self.feeder)
        yield from super()._block_only()


class Adf300(PrepaidDevice):
    """One circuit of an ADF300 box: one unit id per circuit, the live block under each.

    094E shows inputs 1-8, 094F outputs 1-4. A box has 12, 24 or 36 circuits: see `box`.
    """

    model: ClassVar[str] = "adf300"
    type_code: ClassVar[int] = 0x000A
    setup: ClassVar[FeederSetup] = FeederSetup(peak_a=(9.0, 8.0, 7.0))
    limit_kw: ClassVar[float] = 7.0
    # First register and count, input word, output word, count of inputs.
    contacts: ClassVar[tuple[int, int, int, int, int]] = (0x094E, 2, 0x094E, 0x094F, 8)

    def layout(self) -> None:
        """Add inputs and outputs."""
        super().layout()
        self.registers.define(*self.contacts[:2])
        if self.has_block:
            self.registers.put(Kind.U16, block.CT, 1)

    def catalogue(self) -> Iterable[Point]:
        """List the live block, inputs and outputs."""
        if self.has_block:
            yield from self._block_totals()
            yield from block.electrical(self.feeder)
            yield from self._block_only()
        _, _, inputs, outputs, count = self.contacts
        for bit in range(count):
            yield Bits(code=f"DI{bit + 1}", address=inputs, shift=bit)
        for bit in range(4):
            yield Bits(code=f"DO{bit + 1}", address=outputs, shift=bit)


class Adf400l(Adf300):
    """One circuit of an ADF400L box: inputs and outputs lie where a DDSY1352 has its date plan.

    No source says which type code it shows; it is given that of the ADF300: treat it as a sibling.
    """

    model: ClassVar[str] = "adf400l"
    contacts: ClassVar[tuple[int, int, int, int, int]] = (0x2000, 12, 0x200A, 0x200B, 2)


def box(first: int, circuits: int = 12, model: str = Adf400l.model) -> dict[int, str]:
    """Unit id -> model of a multi-circuit box, for `Cabinet.of`."""
    return dict.fromkeys(range(first, first + circuits), model)
