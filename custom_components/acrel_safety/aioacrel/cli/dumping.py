"""`acrel dump`: raw registers of a device, saved so that tests can replay them."""

import asyncio
from collections.abc import Mapping, Sequence

from ..errors import ILLEGAL_ADDRESS, AcrelError, LinkError, RefusedError, WrongDeviceError
from ..modbus.guard import GuardedUnit
from ..modbus.probe import probe_model
from ..modbus.unit import PolledUnit
from ..models.reader import DEFAULT_MOST_REGISTERS
from ..points import Evidence, Model
from ..registers import Read, RegisterMap, plan_reads
from ..registers.blocks import spans_of
from ..registers.dump import RegisterDump
from . import selecting
from .arguments import Options
from .output import Console, Progress
from .scan import Fitting, fitting_models
from .session import open_unit

type Taken = tuple[RegisterDump, LinkError | None]
"""What was read, and why not all of it was."""

UNKNOWN = Model(
    id="unknown",
    name="unknown device",
    titles={"en": "Device of an unknown model"},
    evidence=Evidence.UNKNOWN,
    source="",
    circuits={},
    points={},
)
FIRST_REGISTERS = (0x0000, 0x00FF)
"""What is read of a device that fits no model: every Acrel map seen but one begins here."""
_FUNCTION = 3


class NothingToDumpError(AcrelError):
    """Every read was refused."""

    key = "nothing_dumped"
    text = "Unit {unit} has none of the registers asked for"


class ForbiddenRegistersError(AcrelError):
    """A range was asked for that holds what must not be read."""

    key = "forbidden_registers"
    text = "{model}: registers {first}h to {last}h hold passwords or numbers of people, they are not read"


def dump(options: Options, console: Console) -> int:
    """Read registers without asking what they mean; those the device does not have are listed as refused."""
    model = selecting.find_model(options, options.model) if options.model is not None else None
    if model is not None and not options.ranges:
        selecting.find_keys(model, None)
    for first, last in options.ranges or ():
        if model is not None and model.registers.forbids(first, last - first + 1):
            raise ForbiddenRegistersError(model=model.name, first=f"{first:04X}", last=f"{last:04X}")
    taken, trouble = asyncio.run(_dump(options, console, model))
    if trouble is not None:
        console.note(f"The dump ends early: {trouble}")
    if not any(taken.registers.values()):
        raise NothingToDumpError(unit=options.unit)
    text = taken.as_json()
    if options.output is None:
        console.lines([text])
        return 1 if trouble is not None else 0
    options.output.write_text(f"{text}\n", encoding="utf-8")
    number = sum(map(len, taken.registers.values()))
    if console.as_json:
        console.json({"file": str(options.output), "model": taken.model, "registers": number})
    else:
        console.lines([f"{options.output}: {number} registers of unit {options.unit} as {taken.model}"])
    return 1 if trouble is not None else 0


async def _dump(options: Options, console: Console, model: Model | None) -> Taken:
    """Return the registers of the ranges, else of the model, else of every model that fits.

    Raises LinkError.
    """
    address = options.link if model is None else selecting.on_line_of(options.link, model)
    async with open_unit(options, address) as unit:
        fits: list[Fitting] = []
        if model is not None:
            fits = [(model, await _map_of(unit, model))]
        elif not options.ranges:
            fits = await _fitting(unit, options, console)
        device = PolledUnit(unit, fits[0][0] if fits else UNKNOWN)
        reads = _reads([registers for _, registers in fits], options.ranges, unit)
        progress = Progress(console.err, sum(read.count for read in reads))
        try:
            return await _read_all(device, reads, progress)
        finally:
            progress.clear()


async def _map_of(unit: GuardedUnit, model: Model) -> RegisterMap:
    """Return which of a model's register maps the unit has; the preferred one if that cannot be said.

    Raises LinkError.
    """
    if not model.fallbacks:
        return model.registers
    try:
        return (await probe_model(unit, model, doubts_allowed=True)).registers
    except WrongDeviceError, RefusedError:
        return model.registers


async def _fitting(unit: GuardedUnit, options: Options, console: Console) -> list[Fitting]:
    """Return the models the unit answers like, and say so.

    Raises LinkError when it does not answer at all.
    """
    # Asked first, because a silent unit would cost a time-out per model.
    await PolledUnit(unit, UNKNOWN).dump([Read(_FUNCTION, FIRST_REGISTERS[0], 1)])
    known = [model for model in selecting.library(options).usable() if not model.needs_table]
    fitting = await fitting_models(unit, known)
    names = ", ".join(model.id for model, _ in fitting)
    first, last = FIRST_REGISTERS
    console.note(
        f"Unit {options.unit} answers like {names}"
        if fitting
        else f"Unit {options.unit} answers like no known model: registers {first:04X}h to {last:04X}h are tried"
    )
    return fitting


def _reads(maps: Sequence[RegisterMap], ranges: Sequence[tuple[int, int]] | None, unit: GuardedUnit) -> list[Read]:
    """Return the reads for the ranges, else for all points of the maps, else for the first registers."""
    most = min((registers.max_registers for registers in maps), default=DEFAULT_MOST_REGISTERS)
    if ranges or not maps:
        return [
            Read(_FUNCTION, first, min(most, last - first + 1))
            for low, last in ranges or (FIRST_REGISTERS,)
            for first in range(low, last + 1, most)
        ]
    reads: dict[Read, None] = {}
    for registers in maps:
        spans = spans_of(registers.places.values())
        planned = plan_reads(spans, unit.cost, max_registers=most, ranges=registers.ranges)
        reads.update(dict.fromkeys(planned))
    return list(reads)


async def _read_all(device: PolledUnit, reads: Sequence[Read], progress: Progress) -> Taken:
    """Read everything; a read that holds a register the device does not have is halved until that is alone.

    Raises LinkError when there is nothing to keep yet.
    """
    todo = list(reversed(reads))
    whole = await device.dump([])
    trouble: LinkError | None = None
    refused: dict[Read, int] = {}
    done = 0
    while todo and trouble is None:
        read = todo.pop()
        progress.show(done, f"register {read.address:04X}h")
        try:
            part = await device.dump([read])
        except LinkError as error:
            if not whole.registers:
                raise
            trouble = error
            continue
        code = part.refused.get(read)
        if code == ILLEGAL_ADDRESS and read.count > 1:
            half = read.count // 2
            todo.append(Read(read.function, read.address + half, read.count - half))
            todo.append(Read(read.function, read.address, half))
            continue
        done += read.count
        if code is not None:
            refused[read] = code
        elif (words := part.words(read)) is not None:
            whole.add(read, words)
    whole.refused.update(_joined(refused))
    return whole, trouble


def _joined(refused: Mapping[Read, int]) -> dict[Read, int]:
    """Join refused reads that follow each other."""
    joined: list[tuple[Read, int]] = []
    for read, code in sorted(refused.items()):
        if joined:
            before, its_code = joined[-1]
            if (before.function, before.end, its_code) == (read.function, read.address, code):
                joined[-1] = Read(read.function, before.address, before.count + read.count), code
                continue
        joined.append((read, code))
    return dict(joined)
