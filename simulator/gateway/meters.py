"""An instrument as its gateway knows it: a serial number, one circuit or several, codes and values."""

from collections.abc import Iterator, Mapping, Sequence

from simulator.cabinet import Cabinet
from simulator.devices.prepaid import PrepaidDevice
from simulator.devices.prepaid_block import STATUS_1, STATUS_2
from simulator.points import Value
from simulator.scenarios import Option
from simulator.unit import Unit

ONLINE, OFFLINE = "ONLINE", "OFFLINE"
_OWN = "DOC_"
"""Names that the simulator gave to what the vocabulary has no code for."""

type Told = Value | str


class Meter:
    """One serial number: one unit, or several that are its circuits.

    The gateway's key is a number, an underline and the serial number; which number is not documented. Here it is 0, or
    the circuit where there is more than one.
    """

    def __init__(self, serial: str, units: Sequence[Unit], *, tells_position: bool = True) -> None:
        """Take the units in the order of their circuits."""
        self.serial = serial
        self.units = units
        self._tells_position = tells_position

    @classmethod
    def build(
        cls,
        cabinet: Cabinet,
        serial: str,
        model: str,
        *,
        circuits: int = 1,
        tells_position: bool = True,
        **options: Option,
    ) -> Meter:
        """Build its units in a cabinet's time, named as the gateway names them. Raises ValueError."""
        names = [serial] if circuits == 1 else [f"{circuit}_{serial}" for circuit in range(1, circuits + 1)]
        units = [cabinet.add_outside(name, model, options=options) for name in names]
        return cls(serial, units, tells_position=tells_position)

    @property
    def model(self) -> str:
        """What it is."""
        return self.units[0].model

    def circuits(self) -> Iterator[tuple[int, Unit, Mapping[str, Value]]]:
        """Yield circuit, the unit behind it, and its values by code; circuit 0 where there is only one."""
        several = len(self.units) > 1
        for number, unit in enumerate(self.units, start=1):
            truth = unit.truth()
            for circuit, values in truth.items():
                yield number if several else int(circuit) if len(truth) > 1 else 0, unit, values

    def reported(self) -> dict[str, dict[str, Told]]:
        """Return what it reports, by the gateway's key."""
        return {f"{circuit}_{self.serial}": self._told(unit, values) for circuit, unit, values in self.circuits()}

    def _told(self, unit: Unit, values: Mapping[str, Value]) -> dict[str, Told]:
        if unit.silent:
            return {"state": OFFLINE}
        codes: dict[str, Told] = {"state": ONLINE}
        codes |= {code: value for code, value in values.items() if not code.startswith(_OWN)}
        if isinstance(unit.answering, PrepaidDevice):
            position = codes.pop("RlySta", None)
            if position is not None and self._tells_position:
                codes["SwitchSta"] = position
            registers = unit.registers
            codes |= {"AdfState1": registers[STATUS_1], "AdfState2": registers[STATUS_2]}
        return codes

    def unit_at(self, address: str) -> Unit | None:
        """Return the unit that a command is for: by key, or by serial number where that is enough."""
        if address == self.serial:
            return self.units[0] if len(self.units) == 1 else None
        for circuit, unit, _ in self.circuits():
            if address == f"{circuit}_{self.serial}":
                return unit
        return None
