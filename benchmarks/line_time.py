"""Requests and line time of one full poll of each model, by planner.

Computed, not timed: every planner gets the same points and is priced with the same formula (`LineCost`).
"""

from collections.abc import Callable, Sequence
from math import inf

from modbus_connection.model._planning import _plan_blocks

from benchmarks.report import Table
from custom_components.acrel_safety.aioacrel.modbus.learnt import Learnt
from custom_components.acrel_safety.aioacrel.modbus.planning import UnitPlan
from custom_components.acrel_safety.aioacrel.modbus.trials import Trials
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.points import Model
from custom_components.acrel_safety.aioacrel.registers import LineCost, LineSettings, Read, Span
from custom_components.acrel_safety.aioacrel.registers.blocks import spans_of
from custom_components.acrel_safety.aioacrel.registers.plan import line_time
from custom_components.acrel_safety.aioacrel.registers.privacy import private_registers
from custom_components.acrel_safety.aioacrel.vocabulary import Pace

TURNAROUND = 0.02
LINES = {
    f"{baudrate} 8N1": LineCost(line=LineSettings(baudrate=baudrate), turnaround=TURNAROUND)
    for baudrate in (9600, 19200, 115200)
}
BLOCK = 100

type Planner = Callable[[Model, Pace, Sequence[Span], LineCost], list[Read]]


def before_learning(model: Model, group: Pace, _spans: Sequence[Span], cost: LineCost) -> list[Read]:
    """This project with a device it meets for the first time."""
    return [block.read for block in _plan(model, cost, Learnt()).blocks(group)]


def after_learning(model: Model, group: Pace, _spans: Sequence[Span], cost: LineCost) -> list[Read]:
    """This project when a device that answers whatever it is asked was tried at idle time."""
    learnt = Learnt()
    plan = _plan(model, cost, learnt)
    trials = Trials(plan, learnt)
    now = 0.0
    while (due := trials.due()) < inf:
        now = max(now, due)
        if (trial := trials.next(now)) is not None:
            trials.note(trial, now, is_answered=True)
    return [block.read for block in plan.blocks(group)]


def _plan(model: Model, cost: LineCost, learnt: Learnt) -> UnitPlan:
    plan = UnitPlan(model, cost, learnt)
    plan.want(model.readable)
    return plan


def one_per_entity(_model: Model, _group: Pace, spans: Sequence[Span], _cost: LineCost) -> list[Read]:
    """Home Assistant's YAML `modbus`: a request per entity; bits of one word are entities, too."""
    return [Read(span.function, span.address, span.count) for span in spans]


def modbus_connection(_model: Model, _group: Pace, spans: Sequence[Span], _cost: LineCost) -> list[Read]:
    """modbus-connection's planner with its defaults: holes up to 16 are bridged, 125 registers at most."""
    blocks = _plan_blocks([(span.address, span.count) for span in spans])
    return [Read(3, address, count) for address, count in blocks]


def blocks_of_100(_model: Model, _group: Pace, spans: Sequence[Span], _cost: LineCost) -> list[Read]:
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


def secrets(model: Model, reads: Sequence[Read]) -> int:
    """Return how many registers are read that hold secrets: passwords, numbers of people."""
    wanted = {register for place in model.registers.places.values() for register in place.addresses}
    private = private_registers([model]) - wanted
    return len(private.intersection(register for read in reads for register in range(read.address, read.end)))


def measure() -> Table:
    """Return requests, line time and refused reads for all models with public registers."""
    table = Table(
        "line_time",
        "Requests and line time of one poll of each group",
        "All points of the model once, planned group by group (fast, normal, slow), turnaround 20 ms. *Before* and"
        " *after learning*: this project with a device it does not know yet, and when gaps and longer reads were tried"
        " at idle time on a device that answers. *Unprinted* counts reads that touch registers the manual does not"
        " print; of the other planners each costs a second round of reads on a device that refuses them, this project"
        " reads through those alone that were answered. *Secret* are registers that hold passwords or numbers of"
        " people.",
        ["model", "line", "planner", "requests", "line ms", "against ours", "unprinted", "secret"],
    )
    planners: dict[str, Planner] = {
        "before learning": before_learning,
        "after learning": after_learning,
        "YAML modbus": one_per_entity,
        "modbus-connection": modbus_connection,
        "blocks of 100": blocks_of_100,
    }
    for model in ModelLibrary().usable():
        if model.needs_table:
            continue
        places = model.registers.places
        spans = {
            group: spans_of(place for key, place in places.items() if model.points[key].pace is group) for group in Pace
        }
        for line, cost in LINES.items():
            polls = {
                name: [read for group in Pace for read in planner(model, group, spans[group], cost)]
                for name, planner in planners.items()
            }
            best = line_time(polls["after learning"], cost)
            for name, reads in polls.items():
                seconds = line_time(reads, cost)
                table.add(
                    model=model.id,
                    line=line,
                    planner=name,
                    requests=len(reads),
                    line_ms=seconds * 1000,
                    against_ours=seconds / best,
                    unprinted=unreadable(model, reads),
                    secret=secrets(model, reads),
                )
    return table
