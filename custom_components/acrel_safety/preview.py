"""Show what a device says now, decoded by a model file that nothing else can check.

The registers are read once, raw; each way to understand them is then a column of its own, so that the columns differ in
nothing but the interpretation.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import prod

from .aioacrel.modbus.device import AcrelDevice
from .aioacrel.modbus.guard import GuardedUnit
from .aioacrel.models import Model, Point, Ratio
from .aioacrel.readings import DEVICE_CIRCUIT, PointKey, Quality, Value
from .aioacrel.registers import WORD, Layout, RegisterType
from .aioacrel.vocabulary import Kind, PollGroup, Range, extra_quantity
from .flow.selector_texts import FlowTexts
from .markdown import plain

MOST_ROWS = 60
"""Rows a person can compare with a display; reading them takes a few seconds on a slow line."""

_RAW_TYPES = {1: RegisterType.U16, 2: RegisterType.U32, 4: RegisterType.U64}
_RANKS = {
    Kind.MEASUREMENT: 0,
    Kind.STATE: 1,
    Kind.ALARM: 1,
    Kind.FAULT: 1,
    Kind.ENERGY: 2,
    Kind.SETTING: 3,
}
_LAST_RANK = 4

type Words = Mapping[PointKey, Sequence[int]]
"""Registers by point; what the device refused is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One way to understand the registers."""

    heading: str
    model: Model


def rows_of(model: Model, first: Collection[PointKey] = (), most: int = MOST_ROWS) -> list[PointKey]:
    """Return the points worth comparing: those in `first`, then by what a display shows; in the model's order."""
    ranked = sorted(
        model.readable,
        key=lambda key: (key not in first, _RANKS.get(model.points[key].quantity.kind, _LAST_RANK)),
    )
    chosen = set(ranked[:most])
    return [key for key in model.readable if key in chosen]


async def read_words(unit: GuardedUnit, model: Model, rows: Collection[PointKey]) -> Words:
    """Read the registers of some points, and those of the ratios they need.

    Raises LinkError if the unit did not answer.
    """
    wanted = {*rows, *model.read_ratios.values()} & model.readable.keys()
    raw = {key: _as_raw(model.points[key]) for key in wanted}
    device = AcrelDevice(unit, replace(model, points=raw, read_ratios={}))
    device.want_all()
    report = await device.poll(PollGroup.NORMAL)
    if report.error is not None:
        raise report.error
    return {
        key: _split(int(reading.value), raw[key].count)
        for key, reading in device.readings.items()
        if isinstance(reading.value, int | float)
    }


def render(
    columns: Sequence[Column],
    rows: Sequence[PointKey],
    words: Words,
    ratios: Mapping[Ratio, float],
    texts: FlowTexts,
) -> str:
    """Return a Markdown table with one line per point and one value per column.

    A further column stays empty where it means the same as the first.
    """
    heads = [texts("preview", head) for head in ("circuit", "quantity", "code", "register")]
    lines = [
        _line([*heads, *(column.heading for column in columns)]),
        _line(["---"] * (len(heads) + len(columns))),
    ]
    first = columns[0].model
    for key in rows:
        point = first.points[key]
        values = [_shown(column.model, key, words, ratios, texts) for column in columns]
        others = [
            "" if column.model.points[key] == point else value
            for column, value in zip(columns[1:], values[1:], strict=True)
        ]
        lines.append(
            _line(
                [
                    plain(_circuit(first, key, texts)),
                    plain(point.quantity.name(texts.language)),
                    plain(key.code),
                    f"{point.address:04X}h",
                    values[0],
                    *others,
                ]
            )
        )
    left_out = len(first.readable) - len(rows)
    if left_out:
        lines += ["", texts("preview", "left_out", count=left_out)]
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _circuit(model: Model, key: PointKey, texts: FlowTexts) -> str:
    if key.circuit == DEVICE_CIRCUIT:
        return texts("preview", "device")
    names = model.circuits[key.circuit].names
    return names.get(texts.language) or names.get("en") or key.circuit


def _shown(model: Model, key: PointKey, words: Words, ratios: Mapping[Ratio, float], texts: FlowTexts) -> str:
    point = model.points[key]
    if key not in words:
        return texts("quality", Quality.REFUSED)
    factors = [_ratio(model, ratio, words, ratios) for ratio in point.ratios]
    known = [factor for factor in factors if factor is not None]
    if len(known) < len(factors):
        return texts("quality", Quality.NO_RATIO)
    value = _value(point, words[key], prod(known))
    if value is None:
        return texts("quality", Quality.IMPLAUSIBLE)
    return _in_words(point, value, texts)


def _value(point: Point, words: Sequence[int], factor: float = 1) -> Value | None:
    raw = point.layout.decode(words)
    return None if raw is None else point.value_of(raw, factor)


def _ratio(model: Model, ratio: Ratio, words: Words, given: Mapping[Ratio, float]) -> float | None:
    """Return the user's ratio, else the one the device tells; None while it is unknown."""
    if ratio in given:
        return given[ratio]
    key = model.read_ratios.get(ratio)
    if key is None or key not in words:
        return None
    value = _value(model.points[key], words[key])
    return None if isinstance(value, str) else value or None


def _in_words(point: Point, value: Value, texts: FlowTexts) -> str:
    match value:
        case bool():
            return texts("preview", "yes" if value else "no")
        case str():
            return plain(value)
    number = f"{value:g}" if point.precision is None else f"{value:.{point.precision}f}"
    return f"{number} {plain(point.quantity.unit or '')}".rstrip()


def _as_raw(point: Point) -> Point:
    """Return a point that reads the same registers in one piece and leaves them as they came."""
    return replace(
        point,
        quantity=extra_quantity(point.key.code),
        poll=PollGroup.NORMAL,
        layout=Layout(type=_RAW_TYPES[point.count]),
        scale=Fraction(1),
        ratios=(),
        equals=None,
        words=None,
        range=Range(),
    )


def _split(number: int, count: int) -> list[int]:
    """Return the registers of a number, first one first."""
    return [number >> 16 * place & WORD for place in reversed(range(count))]
