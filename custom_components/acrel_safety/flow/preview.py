"""Show what a device says now, decoded by a model file that nothing else can check.

The registers are read once, raw; each way to understand them is then a column of its own, so that the columns differ in
nothing but the interpretation.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

from ..aioacrel.errors import LinkError, RefusedError
from ..aioacrel.modbus.guard import GuardedUnit
from ..aioacrel.modbus.parts import read_in_parts
from ..aioacrel.modbus.probe import Turn, patient_read
from ..aioacrel.modbus.unit import PolledUnit, utcnow
from ..aioacrel.models.entry import Entry
from ..aioacrel.points import Model, Point
from ..aioacrel.readings import DEVICE_CIRCUIT, PointKey, Quality, Reading, Value
from ..aioacrel.registers import Ratio
from ..aioacrel.registers.blocks import Block
from ..aioacrel.registers.decode import decode_dump
from ..aioacrel.registers.dump import RegisterDump
from ..aioacrel.vocabulary import Kind
from ..markdown import plain
from .selector_texts import FlowTexts

MOST_ROWS = 60
"""Rows a person can compare with a display; reading them takes a few seconds on a slow line."""

_RANKS = {
    Kind.MEASUREMENT: 0,
    Kind.STATE: 1,
    Kind.ALARM: 1,
    Kind.FAULT: 1,
    Kind.ENERGY: 2,
    Kind.SETTING: 3,
}
_LAST_RANK = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One way to understand the registers."""

    heading: str
    model: Model


def rows_of(model: Model, first: Collection[PointKey] = (), most: int = MOST_ROWS) -> list[PointKey]:
    """Return the points worth comparing: those in `first`, then by what a display shows; in the model's order."""
    ranked = sorted(
        model.registers.places,
        key=lambda key: (key not in first, _RANKS.get(model.points[key].quantity.kind, _LAST_RANK)),
    )
    chosen = set(ranked[:most])
    return [key for key in model.points if key in chosen]


async def read_rows(
    unit: GuardedUnit, columns: Sequence[Column], rows: Collection[PointKey], turn: Turn = nullcontext
) -> RegisterDump:
    """Read the registers of some points as each column understands them, and those of the ratios they need; raw.

    `turn` holds the line for one request, so that what else is read there does not time out behind it.
    Raises LinkError if the unit did not answer to the first column; what a further one asks for may lie where a device
    keeps silent.
    """
    first = columns[0]
    dump = RegisterDump(model=first.model.id, unit_id=unit.unit_id, taken=utcnow())
    for column in columns:
        try:
            await _read_column(unit, column.model, rows, dump, turn)
        except LinkError:
            if column is first:
                raise
    return dump


async def _read_column(
    unit: GuardedUnit, model: Model, rows: Collection[PointKey], dump: RegisterDump, turn: Turn
) -> None:
    """Add to a dump what it does not hold yet; what is refused as a whole is asked for in parts."""

    async def ask(block: Block) -> list[int]:
        read = block.read
        return await patient_read(unit, read.function, read.address, read.count, turn)

    blocks = [
        block
        for block in PolledUnit(unit, model).blocks_for(rows)
        if block.read not in dump.refused and dump.words(block.read) is None
    ]
    async for block, words in read_in_parts(unit, blocks, ask):
        if isinstance(words, RefusedError):
            dump.refused[block.read] = words.code
        else:
            dump.add(block.read, words)


def render(
    columns: Sequence[Column],
    rows: Sequence[PointKey],
    dump: RegisterDump,
    ratios: Mapping[Ratio, float],
    texts: FlowTexts,
    *,
    is_table: bool,
) -> str:
    """Return a Markdown table with one line per point and one value per column.

    Code and register are shown to who has a register table to compare them with. A further column stays empty where it
    means the same as the first, and names the register where it is another.
    """
    heads = [texts("preview", head) for head in ("circuit", "quantity", *(("code", "register") if is_table else ()))]
    lines = [
        _line([*heads, *(column.heading for column in columns)]),
        _line(["---"] * (len(heads) + len(columns))),
    ]
    first = columns[0].model
    readings = [decode_dump(column.model, dump, ratios) for column in columns]
    for key in rows:
        point, entry = first.points[key], Entry.of(first, key)
        value, *others = [
            _shown(column, key, found.get(key), texts, beside=None if column is columns[0] else entry)
            for column, found in zip(columns, readings, strict=True)
        ]
        lines.append(
            _line(
                [
                    plain(_circuit(first, key, texts)),
                    plain(point.quantity.name(texts.language)),
                    *((plain(key.code), f"{entry.address:04X}h") if is_table else ()),
                    value,
                    *others,
                ]
            )
        )
    left_out = len(first.registers.places) - len(rows)
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


def _shown(column: Column, key: PointKey, reading: Reading | None, texts: FlowTexts, *, beside: Entry | None) -> str:
    """Return the value of a point in a column; `beside` is the same point of the first one."""
    model = column.model
    if key not in model.points:
        return ""
    entry = Entry.of(model, key)
    if entry == beside:
        return ""
    value = _read(model, key, reading, texts)
    if beside is None or entry.address is None or entry.address == beside.address:
        return value
    return f"{value} ({entry.address:04X}h)"


def _read(model: Model, key: PointKey, reading: Reading | None, texts: FlowTexts) -> str:
    if reading is None:
        return texts("quality", Quality.REFUSED)
    if reading.value is None:
        return texts("quality", reading.quality)
    return _in_words(model.points[key], reading.value, texts)


def _in_words(point: Point, value: Value, texts: FlowTexts) -> str:
    match value:
        case bool():
            return texts("preview", "yes" if value else "no")
        case str():
            return plain(value)
    number = f"{value:g}" if point.precision is None else f"{value:.{point.precision}f}"
    return f"{number} {plain(point.quantity.unit or '')}".rstrip()
