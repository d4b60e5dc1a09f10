"""Requests and line time of one full poll of each model, by planner.

Computed, not timed: every planner gets the same points and is priced with the same formula (`LineCost`).
"""

from collections.abc import Callable, Sequence

from modbus_connection.model._planning import _plan_blocks

from benchmarks.report import Table
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.points import Model
from custom_components.acrel_safety.aioacrel.registers import LineCost, LineSettings, Read, Span, plan_reads
from custom_components.acrel_safety.aioacrel.registers.blocks import spans_of
from custom_components.acrel_safety.aioacrel.registers.plan import line_time

TURNAROUND = 0.02
LINES = {
    f"{baudrate} 8N1": LineCost(line=LineSettings(baudrate=baudrate), turnaround=TURNAROUND)
    for baudrate in (9600, 19200, 115200)
}
BLOCK = 100

type Planner = Callable[[Model, Sequence[Span], LineCost], list[Read]]


def ours(model: Model, spans: Sequence[Span], cost: LineCost) -> list[Read]:
    """This project."""
    return plan_reads(spans, cost, max_registers=model.registers.max_registers, ranges=model.registers.ranges)


def one_per_entity(_model: Model, spans: Sequence[Span], _cost: LineCost) -> list[Read]:
    """Home Assistant's YAML `modbus`: a request per entity; bits of one word are entities, too."""
    return [Read(span.function, span.address, span.count) for span in spans]


def modbus_connection(_model: Model, spans: Sequence[Span], _cost: LineCost) -> list[Read]:
    """modbus-connection's planner with its defaults: holes up to 16 are bridged, 125 registers at most."""
    blocks = _plan_blocks([(span.address, span.count) for span in spans])
    return [Read(3, address, count) for address, count in blocks]


def blocks_of_100(_model: Model, spans: Sequence[Span], _cost: LineCost) -> list[Read]:
    """Blocks of 100 registers counted from the first wanted one."""
    reads: list[Read] = []
    for span in sorted(set(spans)):
        if not reads or span.address + span.count > reads[-1].address + BLOCK:
            reads.append(Read(span.function, span.address, BLOCK))
    return reads


def unreadable(model: Model, reads: Sequence[Read]) -> int:
    """Return how many reads touch a register the manual does not print: a real device may refuse them."""
    ranges = model.registers.ranges
    return sum(not any(low <= read.address and read.end - 1 <= high for low, high in ranges) for read in reads)


def measure() -> Table:
    """Return requests, line time and refused reads for all models with public registers."""
    table = Table(
        "line_time",
        "Requests and line time of one full poll",
        "All points of the model once, turnaround 20 ms. *refused* counts reads that touch registers the manual "
        "does not print; each costs a second round of reads on a device that answers exception 02.",
        ["model", "line", "planner", "requests", "line ms", "against ours", "refused"],
    )
    planners: dict[str, Planner] = {
        "this project": ours,
        "YAML modbus": one_per_entity,
        "modbus-connection": modbus_connection,
        "blocks of 100": blocks_of_100,
    }
    for model in ModelLibrary().usable():
        if model.needs_table:
            continue
        spans = spans_of(model.registers.places.values())
        for line, cost in LINES.items():
            best = line_time(ours(model, spans, cost), cost)
            for name, planner in planners.items():
                reads = planner(model, spans, cost)
                seconds = line_time(reads, cost)
                table.add(
                    model=model.id,
                    line=line,
                    planner=name,
                    requests=len(reads),
                    line_ms=seconds * 1000,
                    against_ours=seconds / best,
                    refused=unreadable(model, reads),
                )
    return table
