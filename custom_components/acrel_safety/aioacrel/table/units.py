"""Spellings of units, and bringing a value into the unit its quantity has everywhere else."""

import unicodedata
from fractions import Fraction
from typing import NamedTuple

from ..vocabulary import Quantity

LONGEST_UNIT = 24
_NONE = frozenset({"", "-", "--", "—", "/", "\\", "无", "none", "n/a"})
_FORMULA_STARTS = ("=", "+", "-", "@", "\N{MINUS SIGN}")
"""What a spreadsheet would compute; some take the wide and small forms of East Asian text for the same."""
_SIZES: dict[str, tuple[str, Fraction]] = {
    unit: (dimension, Fraction(size))
    for dimension, sizes in {
        "voltage": {"V": "1", "mV": "0.001", "kV": "1000"},
        "current": {"A": "1", "mA": "0.001", "kA": "1000", "µA": "0.000001"},
        "active power": {"W": "1", "kW": "1000", "MW": "1000000"},
        "reactive power": {"var": "1", "kvar": "1000", "Mvar": "1000000"},
        "apparent power": {"VA": "1", "kVA": "1000", "MVA": "1000000"},
        "active energy": {"Wh": "1", "kWh": "1000", "MWh": "1000000"},
        "reactive energy": {"varh": "1", "kvarh": "1000", "Mvarh": "1000000"},
        "apparent energy": {"VAh": "1", "kVAh": "1000", "MVAh": "1000000"},
        "resistance": {"Ω": "1", "mΩ": "0.001", "kΩ": "1000", "MΩ": "1000000"},
        "time": {"s": "1", "ms": "0.001"},
        "frequency": {"Hz": "1", "kHz": "1000"},
        "temperature": {"°C": "1"},
        "part": {"%": "1"},
        "angle": {"°": "1"},
    }.items()
    for unit, size in sizes.items()
}
_OTHER_SPELLINGS = {
    "℃": "°C",
    "C": "°C",
    "degC": "°C",
    "摄氏度": "°C",
    "ohm": "Ω",
    "kohm": "kΩ",
    "\uff05": "%",
}


def _folded(unit: str) -> str:
    """Forgive capitals (and the ohm and micro signs), but keep milli and mega apart."""
    plain = unit.translate(_JOINERS)
    return plain[:1] + plain[1:].casefold() if plain[:1] in ("m", "M") else plain.casefold()


_JOINERS = str.maketrans("", "", "·.*⋅")
_KNOWN = {_folded(unit): unit for unit in _SIZES} | {
    _folded(spelling): unit for spelling, unit in _OTHER_SPELLINGS.items()
}


def canonical(text: str) -> str | None:
    """Return a unit in its usual spelling, "" for none, None for what is no unit at all."""
    unit = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    if unit.casefold() in _NONE:
        return ""
    if unicodedata.normalize("NFKC", unit).lstrip().startswith(_FORMULA_STARTS) or len(unit) > LONGEST_UNIT:
        return None
    return _KNOWN.get(_folded(unit), unit)


class Fit(NamedTuple):
    """The unit a value gets, what takes its scale there, and whether that unit is not the usual one."""

    unit: str | None
    factor: Fraction = Fraction(1)
    is_foreign: bool = False


def fit(quantity: Quantity, unit: str) -> Fit:
    """Bring a value given in `unit` (canonical) into the quantity's unit, where that is possible exactly.

    Where it is not, the given unit stays.
    """
    if not unit or unit == quantity.unit:
        return Fit(quantity.unit)
    if quantity.unit is None:
        if unit == "%" and quantity.family == "power_factor":
            return Fit(None, Fraction(1, 100))
        return Fit(unit)
    given, wanted = _SIZES.get(unit), _SIZES.get(quantity.unit)
    if given is None or wanted is None or given[0] != wanted[0]:
        return Fit(unit, is_foreign=True)
    return Fit(quantity.unit, given[1] / wanted[1])
