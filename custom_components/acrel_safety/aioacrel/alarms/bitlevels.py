"""Which level the devices' own bits have: data, in `levels.toml`."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from ..points import Point
from ..vocabulary import Kind
from .levels import Level

type _Levels = Mapping[str, Level | None]


def level_of(point: Point) -> Level | None:
    """Return the level of an alarm or fault; None for what is no matter of safety, or no alarm at all."""
    match point.quantity.kind:
        case Kind.FAULT:
            return Level.FAULT
        case Kind.ALARM:
            return _level_of_alarm(point.key.code, point.quantity.family)
        case _:
            return None


def _level_of_alarm(code: str, family: str) -> Level | None:
    families, endings, codes = _levels()
    if code in codes:
        return codes[code]
    for ending, level in endings.items():
        if code.endswith(ending):
            return level
    return families.get(family, Level.ALARM)


@cache
def _levels() -> tuple[_Levels, _Levels, _Levels]:
    """Read the file; blocks, once."""
    table = tomllib.loads((files(__package__) / "levels.toml").read_text("utf-8"))

    def section(name: str) -> _Levels:
        return {key: None if level == "none" else Level(level) for key, level in table[name].items()}

    return section("families"), section("endings"), section("codes")
