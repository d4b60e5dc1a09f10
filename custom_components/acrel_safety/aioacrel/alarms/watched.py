"""Which values, bits and settings of a circuit belong together: data, in `watched.toml`."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from ..points import Model
from ..readings import PointKey
from .levels import Level
from .rules import present

_NUMBER = "{n}"
_SIDES = ("pre_alarm", "alarm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What a circuit has of one quantity and one level. Keys are of points that the model has."""

    level: Level
    is_low: bool
    """Whether it is bad to be below the limit."""
    values: Sequence[PointKey]
    bits: Sequence[PointKey]
    graver_bits: Sequence[PointKey]
    """The bits of the level above, for the same quantity."""
    limit: PointKey | None
    delay: PointKey | None
    switch: PointKey | None


def watched_in(model: Model, circuit: str) -> Iterator[Watched]:
    """Yield what a circuit has; of a family with numbers each number for itself."""
    for row in _table():
        for number in _numbers(row, model, circuit) if _has_number(row) else ("",):
            values = _values(row, model, circuit, number)
            for side in _SIDES:
                yield Watched(
                    level=Level(side),
                    is_low=row.get("side") == "low",
                    values=values,
                    bits=present(model, circuit, _codes(row[side].get("bits", ()), number)),
                    graver_bits=present(model, circuit, _codes(row["alarm"].get("bits", ()), number))
                    if side == Level.PRE_ALARM
                    else (),
                    limit=_limit(model, circuit, _limits(row[side]), number, values),
                    delay=_one(model, circuit, row.get("delay"), number),
                    switch=_one(model, circuit, row.get("switch"), number),
                )


def _values(row: Mapping[str, Any], model: Model, circuit: str, number: str) -> list[PointKey]:
    """Return the measured points of a row: those of phases all, of other spellings the first."""
    found = present(model, circuit, _codes(row["values"], number))
    return found[:1] if _has_number(row) else found


def _has_number(row: Mapping[str, Any]) -> bool:
    return any(_NUMBER in code for code in row["values"])


def _numbers(row: Mapping[str, Any], model: Model, circuit: str) -> list[str]:
    patterns = [code for side in _SIDES for code in (*row[side].get("bits", ()), *_limits(row[side]))]
    forms = [re.compile(re.escape(code).replace(re.escape(_NUMBER), r"(\d+)")) for code in patterns if _NUMBER in code]
    codes = [key.code for key in model.points if key.circuit == circuit]
    return list(dict.fromkeys(match[1] for code in codes for form in forms if (match := form.fullmatch(code))))


def _limits(side: Mapping[str, Any]) -> Sequence[str]:
    """Return the codes a limit may have."""
    limit = side.get("limit", ())
    return (limit,) if isinstance(limit, str) else limit


def _limit(
    model: Model, circuit: str, codes: Sequence[str], number: str, values: Sequence[PointKey]
) -> PointKey | None:
    """Return the limit, if it is in the unit of what it limits."""
    key = next(iter(present(model, circuit, _codes(codes, number))), None)
    if key is None or not values:
        return None
    units = {model.points[known].quantity.unit for known in (key, *values)}
    return key if len(units) == 1 else None


def _one(model: Model, circuit: str, code: str | None, number: str) -> PointKey | None:
    return next(iter(present(model, circuit, _codes([code], number))), None) if code else None


def _codes(codes: Sequence[str], number: str) -> list[str]:
    return [code.replace(_NUMBER, number) for code in codes]


def read_watched() -> None:
    """Read the file now; blocks."""
    _table()


@cache
def _table() -> Sequence[Mapping[str, Any]]:
    """Read the file; blocks, once."""
    table: Sequence[Mapping[str, Any]] = tomllib.loads((files(__package__) / "watched.toml").read_text("utf-8"))[
        "watched"
    ]
    return table
