"""Arc fault detector of two outgoing circuits, as an owner has it who imported its register table.

No register of an AAFD is public. Where its values lie here is the simulator's own choice and says nothing of a real
one: `TABLE` is what an owner would import, in the 12 columns of the gateway. What its codes mean is the vocabulary's.
"""

from collections.abc import Iterable, Mapping
from typing import ClassVar

from simulator.devices.base import Device
from simulator.physics import Disturbance, FeederSetup
from simulator.points import Bits, Point, item, number
from simulator.registers import Kind
from simulator.scenarios import Scenario

CIRCUITS = 2
_LEAKAGE, _CELSIUS = 0x0100, 0x0101
_SETTINGS = 0x0104
_ARCS, _STRIDE = 0x0110, 4
_HALF_CYCLES = 14
"""Within a second; 9 must not alarm (GB 31252, 4.3)."""
_PROTECTION_CURRENT = 2.5
_SENSITIVITY = 5
_TEST_SECONDS = 3.0
_U16, _S16, _U32, _BIT = 6, 7, 8, 1
_IN_ORDER = 1


def _rows() -> Iterable[tuple[int, str, str, int, int, int, str]]:
    """Group, name, unit, register, type, order or bit, factor."""
    yield 1, "Lg", "mA", _LEAKAGE, _U16, _IN_ORDER, "1"
    yield 1, "Temp", "°C", _CELSIUS, _S16, _IN_ORDER, "0.1"
    for offset, (name, unit, factor) in enumerate((("Pi", "A", "0.1"), ("Hf", "", "1"), ("Sst", "", "1"))):
        yield 1, name, unit, _SETTINGS + offset, _U16, _IN_ORDER, factor
    for circuit in range(1, CIRCUITS + 1):
        start = _ARCS + _STRIDE * (circuit - 1)
        yield circuit, "ArcSta", "", start, _BIT, 0, "1"
        yield circuit, "Arc", "", start + 1, _U16, _IN_ORDER, "1"
        yield circuit, "ArcNum", "", start + 2, _U32, 0, "1"


TABLE = "\n".join(
    (
        "id,group,data_name,unit,reg_add,reg_type,endian,dcm,k,fun_num,calc,style",
        *(
            f"{line},{group},{name},{unit},{address},{kind},{order},0,{factor},3,,0"
            for line, (group, name, unit, address, kind, order, factor) in enumerate(_rows(), start=1)
        ),
        "",
    )
)
"""What its owner imports."""


class Aafd(Device):
    """Leakage and temperature of the main circuit, arcs of the outgoing ones.

    It alarms when there were as many arcs within a second as its setting says; fewer are counted. How a real one
    counts is not printed.
    """

    model: ClassVar[str] = "aafd"
    setup: ClassVar[FeederSetup] = FeederSetup(leakage_ma=(41.0,))

    def prepare(self) -> None:
        """Begin without an arc."""
        self.arcing = [0.0] * CIRCUITS
        self.counted = [0.0] * CIRCUITS
        self._tests_s = 0.0

    def arm(self) -> None:
        """Make a timer for each circuit."""
        self._alarms = [self.timer() for _ in range(CIRCUITS)]

    def layout(self) -> None:
        """Make the registers of the table."""
        self.registers.define(_LEAKAGE, 2)
        for offset, value in enumerate((round(_PROTECTION_CURRENT * 10), _HALF_CYCLES, _SENSITIVITY)):
            self.registers.define(_SETTINGS + offset, value=value)
        self.registers.define(_ARCS, _STRIDE * CIRCUITS)

    def catalogue(self) -> Iterable[Point]:
        """List what the table names."""
        yield number("Lg", _LEAKAGE, source=lambda: self.feeder.leakage[0])
        yield number("Temp", _CELSIUS, "0.1", lambda: self.feeder.temperature[0], Kind.S16)
        yield number("Pi", _SETTINGS, "0.1")
        yield number("Hf", _SETTINGS + 1)
        yield number("Sst", _SETTINGS + 2)
        for index in range(CIRCUITS):
            circuit, start = str(index + 1), _ARCS + _STRIDE * index
            yield Bits(code="ArcSta", address=start, shift=0, circuit=circuit)
            yield number("Arc", start + 1, source=item(self.arcing, index), circuit=circuit)
            yield number("ArcNum", start + 2, source=item(self.counted, index), kind=Kind.U32, circuit=circuit)

    def disturb(self, scenario: Scenario) -> Disturbance:
        """Have arcs on one of the circuits."""
        if scenario.name != "arc":
            return super().disturb(scenario)
        circuit = scenario.whole("circuit", 1, 1, CIRCUITS) - 1
        return Disturbance(arcs_per_s={circuit: scenario.number("per_second", 2.0 * _HALF_CYCLES)})

    def obey(self, method: str, payload: Mapping[str, object]) -> bool:
        """Know its three keys: mute, reset, and the self-test, which simulates an arc."""
        del payload
        match method:
            case "RESET":
                self.reset()
            case "SELCHK":
                self._tests_s = _TEST_SECONDS
                self.settle()
            case "SILENCE":
                pass
            case _:
                return False
        return True

    def watch(self, seconds: float) -> None:
        """Count arcs, and alarm where they are too many."""
        simulated = 2.0 * _HALF_CYCLES if self._tests_s > 0 else 0.0
        self._tests_s = max(self._tests_s - seconds, 0.0)
        for index, timer in enumerate(self._alarms):
            self.arcing[index] = max(self.feeder.arcs_per_s(index), simulated)
            self.counted[index] += self.arcing[index] * seconds
            is_fault = self.arcing[index] >= self.registers[_SETTINGS + 1]
            active = timer.step(exceeded=is_fault, delay_s=1.0, seconds=seconds)
            self.registers.put_bits(_ARCS + _STRIDE * index, 0, 1, active)
