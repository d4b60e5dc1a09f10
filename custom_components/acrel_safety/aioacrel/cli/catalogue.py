"""`acrel models` and `acrel plan`: what is known without a device."""

from collections.abc import Iterable

from ..points import Model
from ..registers import LineCost, Read, Span, plan_reads
from ..registers.blocks import blocks_of_points
from ..registers.plan import line_time
from . import selecting
from .arguments import Options
from .output import Console, Json, number_of, table


def models(options: Options, console: Console) -> int:
    """List every model; a user's file that cannot be used is named and hides no other."""
    library = selecting.library(options)
    found = list(library.usable())
    broken = list(library.broken())
    for error in broken:
        console.note(str(error))
    if console.as_json:
        console.json({"models": [_as_json(model, options.language) for model in found]})
    else:
        headings = ("MODEL", "WHAT IT IS", "CIRCUITS", "POINTS", "EVIDENCE", "NEEDS", "PRINTED ON IT")
        rows = [_row(model, options.language) for model in found]
        console.lines(table(headings, rows, right="CIRCUITS, POINTS"))
    return 1 if broken else 0


def _as_json(model: Model, language: str) -> Json:
    return {
        "id": model.id,
        "name": model.name,
        "title": model.title(language),
        "covers": list(model.covers),
        "evidence": model.evidence,
        "source": model.source,
        "circuits": list(model.circuits),
        "points": len(model.readable),
        "waiting": len(model.waiting),
        "needs_table": model.needs_table,
        "asks_ratios": sorted(model.registers.asks_ratios),
    }


def _row(model: Model, language: str) -> tuple[str, ...]:
    needs = ["register table"] if model.waiting else []
    needs += [f"--{ratio}" for ratio in sorted(model.registers.asks_ratios)]
    measured = [number for number in model.circuits if number != "0"]
    return (
        model.id,
        model.title(language),
        str(len(measured) or 1),
        str(len(model.readable)),
        model.evidence,
        ", ".join(needs),
        ", ".join(model.covers or [model.name]),
    )


def plan(options: Options, console: Console) -> int:
    """Show the reads that fetch the wanted points in the least line time, and that time.

    They are those of the model's preferred registers.
    """
    model = selecting.find_model(options, options.model or "")
    keys = selecting.with_companions(model, selecting.find_keys(model, options.codes))
    cost = LineCost(line=selecting.line_of(options, model), turnaround=options.turnaround_ms / 1000)
    registers = model.registers

    def reads_of(spans: Iterable[Span]) -> list[Read]:
        return plan_reads(spans, cost, max_registers=registers.max_registers, ranges=registers.ranges)

    reads = [block.read for blocks in blocks_of_points(registers, keys, reads_of) for block in blocks]
    milliseconds = round(line_time(reads, cost) * 1000, 3)
    if console.as_json:
        console.json({"reads": [_read_json(read) for read in reads], "line_time_ms": milliseconds})
        return 0
    rows = [
        (
            str(number),
            f"{read.function:02d}",
            f"{read.address:04X}h",
            f"{read.end - 1:04X}h",
            str(read.count),
            f"{cost.seconds(read.count) * 1000:.1f}",
        )
        for number, read in enumerate(reads, start=1)
    ]
    headings = ("READ", "FUNCTION", "FIRST", "LAST", "REGISTERS", "MS")
    console.lines(table(headings, rows, right="READ, REGISTERS, MS"))
    line = cost.line
    speed = f"{line.baudrate} {line.bytesize}{line.parity}{line.stopbits}"
    console.lines(
        [
            f"{len(keys)} of {model.name}'s values in {number_of(len(reads), 'read')}: {milliseconds:.1f} ms",
            f"({speed}, turnaround {options.turnaround_ms:g} ms)",
        ]
    )
    return 0


def _read_json(read: Read) -> Json:
    """The function code is told only where it is not 03."""
    document: dict[str, Json] = {"address": read.address, "count": read.count}
    if read.function != _READ_HOLDING:
        document["function"] = read.function
    return document


_READ_HOLDING = 3
