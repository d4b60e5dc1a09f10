"""The codes by which Acrel's own platform names every quantity, and what each one is.

The table `vocabulary.csv` beside this file holds the codes that belong to electrical safety. Its facts come from the
public naming convention of Acrel's gateways (`tyrival/Hummingbird`, `naming-convention.md` and `t_electric_param.csv`).
A code may be a family (`Lg{n}`, `UaHr{nn}`): placeholders stand for numbers or phase letters.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache, cached_property
from importlib.resources import files
from itertools import product


class Kind(StrEnum):
    """What a quantity is, and so what may be done with it."""

    MEASUREMENT = "measurement"
    ENERGY = "energy"
    DEMAND = "demand"
    QUALITY = "quality"
    STATE = "state"
    ALARM = "alarm"
    FAULT = "fault"
    SETTING = "setting"
    COMMAND = "command"
    CLOCK = "clock"
    RATIO = "ratio"
    IDENTITY = "identity"


MEASURED = frozenset({Kind.MEASUREMENT, Kind.ENERGY, Kind.DEMAND, Kind.QUALITY})
"""What an instrument finds out, and may find out wrongly."""


class Pace(StrEnum):
    """How often a quantity is worth reading."""

    FAST = "fast"
    """Alarms, states, residual current, temperature, arcs, insulation: what may call for a cut-off."""
    NORMAL = "normal"
    """Electrical quantities."""
    SLOW = "slow"
    """Energy, demand, power quality, settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Closed interval; `None` is an open end."""

    low: float | None = None
    high: float | None = None

    def __contains__(self, value: float) -> bool:
        """Whether the value lies inside, ends included."""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


_REACHES: Sequence[tuple[Mapping[str, float], float, float]] = (
    ({"mV": 1e-3, "V": 1, "kV": 1e3}, -1e6, 1e6),
    ({"µA": 1e-6, "mA": 1e-3, "A": 1, "kA": 1e3}, -1e5, 1e5),
    ({"W": 1, "kW": 1e3, "MW": 1e6, "var": 1, "kvar": 1e3, "Mvar": 1e6, "VA": 1, "kVA": 1e3, "MVA": 1e6}, -2e9, 2e9),
    ({"Wh": 1, "kWh": 1e3, "MWh": 1e6, "varh": 1, "kvarh": 1e3, "Mvarh": 1e6}, -1e15, 1e15),
    ({"VAh": 1, "kVAh": 1e3, "MVAh": 1e6}, -1e15, 1e15),
    ({"mΩ": 1e-3, "Ω": 1, "kΩ": 1e3, "MΩ": 1e6}, 0, 1e8),
    ({"ms": 1e-3, "s": 1, "min": 60, "h": 3600}, 0, 4e9),
    ({"Hz": 1, "kHz": 1e3}, 0, 100),
    ({"°C": 1}, -50, 200),
    ({"%": 1}, -1000, 1000),
    ({"°": 1}, -360, 360),
)
"""Units with their sizes, and what can be of them in a distribution board; no unit says whether there is a sign.

The ends are those of the vocabulary: what is built in switchgear, and a hundred years.
"""
_UNIT_RANGES: Mapping[str, Range] = {
    unit: Range(low=low / size, high=high / size) for sizes, low, high in _REACHES for unit, size in sizes.items()
}


def unit_range(unit: str | None) -> Range:
    """Return what a measured value in a unit can be, whatever it is of; open where the unit is unknown."""
    return _UNIT_RANGES.get(unit or "", Range())


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """One code of the vocabulary.

    `pattern` is the code of the family the quantity belongs to (equal to `code` for a single one), `key` the family's
    name in translations, `placeholders` what stands in the code at the family's placeholders. `binary` quantities are
    yes or no; `detail` ones interest few.
    """

    code: str
    pattern: str
    key: str
    family: str
    kind: Kind
    unit: str | None
    precision: int | None
    range: Range
    detail: bool
    binary: bool
    names: Mapping[str, str]
    placeholders: Mapping[str, str] = field(default_factory=dict)

    def in_unit(self, unit: str | None) -> Quantity:
        """Return the quantity as something gives it that has another unit: the range of its own says nothing there."""
        if unit == self.unit:
            return self
        return replace(self, unit=unit, range=unit_range(unit) if self.kind in MEASURED else Range())

    @property
    def pace(self) -> Pace:
        """How often this quantity is worth reading unless a model file says otherwise."""
        if self.kind in (Kind.STATE, Kind.ALARM, Kind.FAULT):
            return Pace.FAST
        if self.kind is Kind.MEASUREMENT:
            return Pace.FAST if self.family in _FAST_FAMILIES else Pace.NORMAL
        return Pace.SLOW

    def name(self, language: str = "en") -> str:
        """Return the name in a language (`en`, `zh`), placeholders filled in."""
        text = self.names.get(language) or self.names["en"]
        # Not str.format: a manual's own text may hold braces.
        return _PLACEHOLDER.sub(
            lambda match: self.placeholders[match[1]].upper() if match[1] in self.placeholders else match[0],
            text,
        )


_FAST_FAMILIES = frozenset({"residual_current", "temperature", "arc", "insulation", "breaker"})
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
EXTRA_PREFIX = "DOC_"
"""Marks a point that the vocabulary does not know: the rest is the manual's own text."""


def extra_quantity(
    code: str,
    *,
    kind: Kind = Kind.MEASUREMENT,
    unit: str | None = None,
    names: Mapping[str, str] | None = None,
    precision: int | None = None,
) -> Quantity:
    """Return the quantity of a code outside the vocabulary: shown as it is, never dropped."""
    text = code.removeprefix(EXTRA_PREFIX) or code
    return Quantity(
        code=code,
        pattern=code,
        key="extra",
        family="extra",
        kind=kind,
        unit=unit,
        precision=precision,
        range=unit_range(unit) if kind in MEASURED else Range(),
        detail=False,
        binary=kind in (Kind.ALARM, Kind.FAULT),
        names={"en": text, **(names or {})},
    )


class Vocabulary:
    """All known codes; look one up by its spelling."""

    def __init__(
        self,
        quantities: Iterable[Quantity],
        series: Mapping[str, Mapping[str, frozenset[str]]],
        aliases: Mapping[str, str],
    ) -> None:
        """Index exact codes, families (as patterns) and spellings that differ only in case."""
        self._all = tuple(quantities)
        self._aliases = dict(aliases)
        self._exact = {quantity.code: quantity for quantity in self._all if "{" not in quantity.code}
        self._families = [
            (_family_regex(quantity.code, series[quantity.code]), quantity)
            for quantity in self._all
            if "{" in quantity.code
        ]
        folded: dict[str, set[str]] = {}
        for quantity in self._all:
            for code in _members(quantity.code, series[quantity.code]):
                folded.setdefault(code.casefold(), set()).add(code)
        for alias, code in self._aliases.items():
            folded.setdefault(alias.casefold(), set()).add(code)
        self._series = series
        self._folded = {spelling: next(iter(codes)) for spelling, codes in folded.items() if len(codes) == 1}

    def __iter__(self) -> Iterator[Quantity]:
        """Iterate over single codes and families, as the table lists them."""
        return iter(self._all)

    def find(self, code: str) -> Quantity | None:
        """Return the quantity with exactly this code, or None."""
        if (exact := self._exact.get(code)) is not None:
            return exact
        for regex, quantity in self._families:
            if (match := regex.fullmatch(code)) and (found := _member(quantity, code, match.groupdict())) is not None:
                return found
        return None

    def match(self, spelling: str) -> Quantity | None:
        """Return the quantity a spelling means: exact first, then an alias, then any case if only one code fits."""
        if (exact := self.find(spelling)) is not None:
            return exact
        code = self._aliases.get(spelling) or self._folded.get(spelling.casefold())
        return None if code is None else self.find(code)

    def by_chinese_term(self, term: str) -> Quantity | None:
        """Return the only single code with exactly this Chinese name, or None."""
        hits = [quantity for quantity in self._exact.values() if quantity.names["zh"] == term]
        if (alias := self._aliases.get(term)) is not None:
            return self._exact[alias]
        return hits[0] if len(hits) == 1 else None

    def members(self, quantity: Quantity) -> Iterator[str]:
        """Return every code of a family; a single code is its own only member."""
        return _members(quantity.code, self._series[quantity.code])

    def by_english_name(self, name: str) -> Sequence[Quantity]:
        """Return the quantities with this English name, placeholders filled in; capitals and spaces do not matter."""
        codes = self._english.get(_loose(name), ())
        return [quantity for code in codes if (quantity := self.find(code)) is not None]

    @cached_property
    def _english(self) -> Mapping[str, Sequence[str]]:
        """All codes by English name."""
        names: dict[str, list[str]] = {}
        for quantity in self._all:
            for code in self.members(quantity):
                if (member := self.find(code)) is not None:
                    names.setdefault(_loose(member.name()), []).append(code)
        return names

    def quantity(self, code: str) -> Quantity:
        """Return the quantity of any code; one outside the vocabulary becomes an extra measurement."""
        return self.find(code) or extra_quantity(code)


def _loose(name: str) -> str:
    """Forgive capitals, spaces and what joins words."""
    return " ".join(_JOINERS.sub(" ", name.casefold()).split())


_JOINERS = re.compile(r"[\s_.,:;/()-]+")


def _family_regex(code: str, series: Mapping[str, frozenset[str]]) -> re.Pattern[str]:
    parts = _PLACEHOLDER.split(code)
    pattern = ""
    for index, part in enumerate(parts):
        if index % 2 == 0:
            pattern += re.escape(part)
        else:
            pattern += f"(?P<{part}>{'|'.join(sorted(series[part], key=len, reverse=True))})"
    return re.compile(pattern)


def _members(code: str, series: Mapping[str, frozenset[str]]) -> Iterator[str]:
    """Return every code of a family; a single code is its own only member."""
    for values in product(*series.values()):
        yield code.format_map(dict(zip(series, values, strict=True)))


def _member(quantity: Quantity, code: str, values: Mapping[str, str]) -> Quantity:
    return replace(quantity, code=code, placeholders=dict(values))


def _expand(series: str) -> frozenset[str]:
    """`1..16` and `02..31` count (with the width of the first number), `a,b,c` lists."""
    if ".." in series:
        first, last = series.split("..")
        return frozenset(str(number).zfill(len(first)) for number in range(int(first), int(last) + 1))
    return frozenset(series.split(","))


def parse_range(text: str) -> Range:
    """Read `low..high`, either end may be missing."""
    low, _, high = text.partition("..")
    return Range(low=float(low) if low else None, high=float(high) if high else None)


@cache
def vocabulary() -> Vocabulary:
    """Return the vocabulary of this library, read once."""
    quantities: list[Quantity] = []
    series: dict[str, dict[str, frozenset[str]]] = {}
    aliases: dict[str, str] = {}
    table = files(__package__).joinpath("vocabulary.csv").read_text("utf-8")
    for row in csv.DictReader(table.splitlines()):
        code = row["code"]
        series[code] = {
            name: _expand(values) for name, _, values in (part.partition("=") for part in row["series"].split())
        }
        aliases.update(dict.fromkeys(row["aliases"].split(), code))
        quantities.append(
            Quantity(
                code=code,
                pattern=code,
                key=row["key"],
                family=row["family"],
                kind=Kind(row["kind"]),
                unit=row["unit"] or None,
                precision=int(row["precision"]) if row["precision"] else None,
                range=parse_range(row["range"]),
                detail=row["detail"] == "detail",
                binary=row["binary"] == "binary",
                names={"en": row["en"], "zh": row["zh"]},
            )
        )
    return Vocabulary(quantities, series, aliases)
