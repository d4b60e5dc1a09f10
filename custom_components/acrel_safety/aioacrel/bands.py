"""Which change of a value is worth telling: the deadband of every quantity, and the settings that are its limits.

The table `deadbands.toml` beside this file holds them; `deadband.py` keeps values back by them.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from .points import Point
from .readings import DEVICE_CIRCUIT, PointKey
from .vocabulary import MEASURED, Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """How far a value may move from the one told last without being told."""

    least: float
    share: float
    """Of the value told last."""
    seconds: float
    """Between two values of what grows."""

    def width(self, value: float) -> float:
        """Return how far from this value, when it was told, another one need not be told."""
        return max(self.least, abs(value) * self.share)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    units: frozenset[str] | None
    families: frozenset[str] | None
    keys: frozenset[str] | None
    least: float
    percent: float
    digits: float
    seconds: float

    def fits(self, quantity: Quantity) -> bool:
        asked = ((self.units, quantity.unit), (self.families, quantity.family), (self.keys, quantity.key))
        return all(allowed is None or found in allowed for allowed, found in asked)


@dataclass(frozen=True, slots=True)
class _Table:
    rules: Sequence[_Rule]
    limits: Mapping[str, Sequence[str]]


def read_bands() -> None:
    """Read the table from its file, once, and so before anybody needs it who may not wait for a disk."""
    _table()


def band_of(point: Point) -> Band | None:
    """Return the deadband of a point; None for what is told at every change."""
    quantity = point.quantity
    if point.is_binary or point.words is not None or quantity.kind not in MEASURED:
        return None
    rule = next((rule for rule in _table().rules if rule.fits(quantity)), None)
    if rule is None:
        return None
    digit = point.step if point.precision is None else 10.0**-point.precision
    return Band(least=max(rule.least, rule.digits * digit), share=rule.percent / 100, seconds=rule.seconds)


def limits_of(point: Point, points: Mapping[PointKey, Point]) -> tuple[PointKey, ...]:
    """Return the settings among these points that are limits of a point."""
    quantity = point.quantity
    codes = [_filled(code, quantity.placeholders) for code in _table().limits.get(quantity.pattern, ())]
    circuits = dict.fromkeys((point.key.circuit, DEVICE_CIRCUIT))
    keys = [PointKey(circuit, code) for circuit in circuits for code in codes]
    return tuple(key for key in keys if key in points and points[key].quantity.unit == quantity.unit)


def _filled(code: str, placeholders: Mapping[str, str]) -> str:
    for name, text in placeholders.items():
        code = code.replace(f"{{{name}}}", text)
    return code


@cache
def _table() -> _Table:
    table = tomllib.loads(files(__package__).joinpath("deadbands.toml").read_text("utf-8"))
    rules = [
        _Rule(
            units=_given(row, "units"),
            families=_given(row, "families"),
            keys=_given(row, "keys"),
            least=float(row.get("least", 0)),
            percent=float(row.get("percent", 0)),
            digits=float(row.get("digits", 1)),
            seconds=float(row.get("seconds", 0)),
        )
        for row in table["bands"]
    ]
    return _Table(rules, {code: tuple(limits) for code, limits in table["limits"].items()})


def _given(row: Mapping[str, Sequence[str]], name: str) -> frozenset[str] | None:
    return frozenset(row[name]) if name in row else None
