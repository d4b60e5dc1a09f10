"""`acrel plan`: which reads fetch the wanted quantities of a model."""

from collections.abc import Iterable

from ...registers import READ_HOLDING, LineCost, Read, Span, plan_reads
from ...registers.blocks import blocks_of_points
from ...registers.plan import line_time
from ...texts import phrase
from .. import selecting
from ..exits import Exit
from ..language import Counted
from ..options import Options
from ..output import Column, Console, Json, table

_COLUMNS = (
    Column("READ", is_right=True),
    Column("FUNCTION"),
    Column("FIRST"),
    Column("LAST"),
    Column("REGISTERS", is_right=True),
    Column("MS", is_right=True),
)


def command(options: Options, console: Console) -> int:
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
        return Exit.DONE
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
    console.show(table(_COLUMNS, rows, language=options.language))
    line = cost.line
    speed = f"{line.baudrate} {line.bytesize}{line.parity}{line.stopbits}"
    told = (
        phrase(
            "plan_reads",
            count=len(keys),
            model=model.name,
            reads=Counted(len(reads), "read"),
            milliseconds=f"{milliseconds:.1f}",
        ),
        phrase("plan_line", speed=speed, turnaround=f"{options.turnaround_ms:g}"),
    )
    console.lines(each.text(options.language) for each in told)
    return Exit.DONE


def _read_json(read: Read) -> Json:
    """The function code is told only where it is not 03."""
    document: dict[str, Json] = {"address": read.address, "count": read.count}
    if read.function != READ_HOLDING:
        document["function"] = read.function
    return document
