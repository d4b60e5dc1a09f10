"""What a dump shows, as the rules look at it, and what they say about it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import prod

from ..points import Model, Point
from ..readings import PointKey, Reading, Value
from ..registers import Place, Ratio, Read
from ..registers.decode import decode_dump, map_in
from ..registers.dump import RegisterDump
from ..texts import Phrase, Said, phrase
from .amount import Amount

type Finding = tuple[PointKey, Value | None, Said]
"""A point, its value, and what was expected instead."""
type Rule = Callable[[Seen], Iterator[Finding]]

_TO_BASE: Mapping[str | None, float] = {
    None: 1,
    "": 1,
    "%": 1,
    "°": 1,
    "°C": 1,
    "Hz": 1,
    "V": 1,
    "kV": 1000,
    "A": 1,
    "mA": 0.001,
    "kW": 1,
    "kvar": 1,
    "kVA": 1,
    "W": 0.001,
    "var": 0.001,
    "VA": 0.001,
    "kWh": 1,
    "kvarh": 1,
    "kVAh": 1,
    "Wh": 0.001,
    "varh": 0.001,
    "VAh": 0.001,
    "MWh": 1000,
}
"""What one of a unit is in the unit the rules compute with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Oddity:
    """A value that a rule finds hard to believe."""

    rule: str
    key: PointKey
    value: Value | None
    expected: Said

    def as_dict(self) -> dict[str, object]:
        """Return a structure of plain types."""
        return {"rule": self.rule, "point": str(self.key), "value": self.value, "expected": str(self.expected)}

    def said(self) -> Phrase:
        """Return it as a sentence."""
        shown = f"{self.value:.6g}" if isinstance(self.value, float) else self.value
        return phrase("odd_value", point=self.key, value=shown, expected=self.expected, rule=self.rule)

    def __str__(self) -> str:
        """Return it in English."""
        return self.said().text()


class Seen:
    """The readings of one dump, with the registers behind them."""

    def __init__(self, model: Model, dump: RegisterDump, ratios: Mapping[Ratio, float] | None = None) -> None:
        """Decode a dump by a model; ratios that only the user knows are 1 unless given."""
        self.model = model
        self._dump = dump
        self._ratios = {**dict.fromkeys(model.registers.asks_ratios, 1.0), **(ratios or {})}
        self._places = map_in(model, dump).places
        self.readings: Mapping[PointKey, Reading] = decode_dump(model, dump, self._ratios)

    @property
    def circuits(self) -> list[str]:
        """The circuits something is known of."""
        return list(dict.fromkeys(key.circuit for key in self.readings))

    def points(self) -> Iterator[tuple[Point, Value | None]]:
        """Yield every point that is in the dump with its value."""
        for key, reading in self.readings.items():
            yield self.model.points[key], reading.value

    def words(self, key: PointKey) -> list[int]:
        """Return the registers of a point."""
        place = self.place(key)
        return self._dump.words(Read(place.function, place.address, place.count)) or []

    def place(self, key: PointKey) -> Place:
        """Return where a point lies."""
        return self._places[key]

    def value(self, circuit: str, code: str) -> Value | None:
        """Return a value, None where there is none."""
        reading = self.readings.get(PointKey(circuit, code))
        return reading.value if reading is not None else None

    def amount(self, circuit: str, code: str) -> Amount | None:
        """Return a number in the rules' unit: V, A, kW, kvar, kVA, kWh …; None where there is none."""
        key = PointKey(circuit, code)
        value = self.value(*key)
        if value is None or isinstance(value, bool | str):
            return None
        point = self.model.points[key]
        factor = _TO_BASE.get(point.quantity.unit)
        return Amount(value, point.step * self._coarseness(circuit, key)).times(factor) if factor else None

    def amounts(self, circuit: str, *codes: str) -> list[Amount] | None:
        """Return several numbers; None unless all are there."""
        found = [amount for code in codes if (amount := self.amount(circuit, code)) is not None]
        return found if len(found) == len(codes) else None

    def ratio(self, circuit: str, *ratios: Ratio) -> float:
        """Return the product of transformer ratios that can be read from the device; 1 where none is shown."""
        shown = [self.value(circuit, ratio.upper()) for ratio in ratios]
        return prod(value for value in shown if isinstance(value, float | int) and value > 1)

    def _coarseness(self, circuit: str, key: PointKey) -> float:
        """Return what the steps of a value are multiplied with: the ratios that it was, here or in the device."""
        place = self.place(key)
        if place.layout.type.is_float:
            return self.ratio(circuit, *Ratio)
        return prod(self._ratios.get(ratio) or self.ratio(circuit, ratio) for ratio in place.ratios)
