"""`acrel dump`: raw registers of a device, saved so that tests can replay them."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence

from ...errors import (
    DEVICE_FAILURE,
    ILLEGAL_ADDRESS,
    ILLEGAL_FUNCTION,
    ILLEGAL_VALUE,
    AcrelError,
    LinkError,
    LinkUnreachableError,
    RefusedError,
    WrongDeviceError,
)
from ...modbus.fitting import Fitting, fitting_models
from ...modbus.guard import GuardedUnit
from ...modbus.probe import probe_model
from ...modbus.unit import PolledUnit
from ...models.reader import DEFAULT_MOST_REGISTERS
from ...plausibility import odd_values
from ...points import Evidence, Model
from ...registers import READ_HOLDING, Read, RegisterMap, plan_reads
from ...registers.blocks import spans_of
from ...registers.dump import RegisterDump
from ...registers.privacy import around, private_registers
from ...texts import phrase
from .. import selecting
from ..exits import Exit
from ..language import Counted
from ..options import Options
from ..output import Console
from ..progress import progress
from ..saving import save
from ..session import open_unit

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
_OF_REGISTERS = frozenset({ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE, DEVICE_FAILURE})
"""Exceptions that a device may answer to a read for one of its registers, or for their number."""
MOST_ODD = 10
"""A model that does not fit at all makes every value odd."""


class NothingToDumpError(AcrelError):
    """Every read was refused."""

    key = "nothing_dumped"


def command(options: Options, console: Console) -> int:
    """Read registers without asking what they mean; those the device does not have are listed as refused."""
    model = selecting.find_model(options, options.model) if options.model is not None else None
    if model is not None and not options.ranges:
        selecting.find_keys(model, None)
    taken, trouble = asyncio.run(_dump(options, console, model))
    if trouble is not None:
        console.note(phrase("dump_ends_early", trouble=trouble).text(options.language))
    if not any(taken.registers.values()):
        raise NothingToDumpError(unit=options.unit)
    _tell_odd(taken, model or _model_of(taken, options), options, console)
    text = taken.as_json()
    if options.output is None:
        console.text(text)
        return Exit.INCOMPLETE if trouble is not None else Exit.DONE
    save(options.output, f"{text}\n")
    number = sum(map(len, taken.registers.values()))
    if console.as_json:
        console.json({"file": str(options.output), "model": taken.model, "registers": number})
    else:
        told = phrase("dump_saved", file=options.output, count=number, unit=options.unit, model=taken.model)
        console.lines([told.text(options.language)])
    return Exit.INCOMPLETE if trouble is not None else Exit.DONE


def _model_of(taken: RegisterDump, options: Options) -> Model | None:
    return None if taken.model == UNKNOWN.id else selecting.library(options).get(taken.model)


def _tell_odd(taken: RegisterDump, model: Model | None, options: Options, console: Console) -> None:
    """Say at once what can hardly be true: now somebody stands before the display."""
    odd = odd_values(model, taken) if model is not None else []
    for oddity in odd[:MOST_ODD]:
        console.note(phrase("dump_odd", oddity=oddity.said()).text(options.language))
    if len(odd) > MOST_ODD:
        console.note(phrase("dump_more_odd", count=len(odd) - MOST_ODD).text(options.language))


async def _dump(options: Options, console: Console, model: Model | None) -> Taken:
    """Return the registers of the ranges, else of the model, else of every model that fits.

    Raises LinkError.
    """
    address = options.link if model is None else selecting.on_line_of(options.link, model)
    async with open_unit(options, address) as unit:
        fits: list[Fitting] = []
        if model is not None:
            fits = [(model, registers) for registers in await _maps_of(unit, model)]
        elif not options.ranges:
            fits = await _fitting(unit, options, console)
        models = [fitting for fitting, _ in fits]
        device = PolledUnit(unit, models[0] if models else UNKNOWN)
        # Of an unknown device nobody knows where its secrets are: perhaps where those of a known one are.
        private = private_registers(models or selecting.library(options).usable())
        asked = _reads(fits, options.ranges, unit, private)
        reads = list(around(asked, private))
        number = _registers(asked) - _registers(reads)
        if number and (options.ranges or not models):
            console.note(phrase("dump_private", registers=Counted(number, "register")).text(options.language))

        def under_way(address: int) -> str:
            return phrase("dump_under_way", address=f"{address:04X}").text(options.language)

        with progress(console, _registers(reads)) as show:
            return await _read_all(device, reads, lambda done, address: show(done, under_way(address)))


async def _maps_of(unit: GuardedUnit, model: Model) -> Sequence[RegisterMap]:
    """Return which of a model's register maps the unit has; all of them if that cannot be said.

    Raises LinkError.
    """
    if not model.fallbacks:
        return model.maps
    try:
        return [(await probe_model(unit, model, doubts_allowed=True)).registers]
    except WrongDeviceError, RefusedError:
        return model.maps


async def _fitting(unit: GuardedUnit, options: Options, console: Console) -> list[Fitting]:
    """Return the models the unit answers like, and say so.

    Raises LinkError when it does not answer at all.
    """
    # Asked first, because a silent unit would cost a time-out per model.
    await PolledUnit(unit, UNKNOWN).dump([Read(READ_HOLDING, FIRST_REGISTERS[0], 1)])
    known = [model for model in selecting.library(options).usable() if not model.needs_table]
    fitting = await fitting_models(unit, known)
    names = ", ".join(model.id for model, _ in fitting)
    first, last = FIRST_REGISTERS
    told = (
        phrase("dump_fits", unit=options.unit, models=names)
        if fitting
        else phrase("dump_fits_none", unit=options.unit, first=f"{first:04X}", last=f"{last:04X}")
    )
    console.note(told.text(options.language))
    return fitting


def _reads(
    fits: Sequence[Fitting], ranges: Sequence[tuple[int, int]] | None, unit: GuardedUnit, private: Collection[int]
) -> list[Read]:
    """Return the reads for the ranges, else for all points of the models, else for the first registers."""
    most = min((registers.max_registers for _, registers in fits), default=DEFAULT_MOST_REGISTERS)
    if ranges or not fits:
        return [
            Read(READ_HOLDING, first, min(most, last - first + 1))
            for low, last in ranges or (FIRST_REGISTERS,)
            for first in range(low, last + 1, most)
        ]
    reads: dict[Read, None] = {}
    for model, registers in fits:
        spans = spans_of(place for key, place in registers.places.items() if key not in model.private)
        planned = plan_reads(spans, unit.cost, max_registers=most, ranges=registers.ranges, holes=private)
        reads.update(dict.fromkeys(planned))
    return list(reads)


def _registers(reads: Sequence[Read]) -> int:
    return sum(read.count for read in reads)


def _halves(read: Read) -> list[Read]:
    """Return the halves of a read, the second one first."""
    half = read.count // 2
    return [
        Read(read.function, read.address + half, read.count - half),
        Read(read.function, read.address, half),
    ]


async def _read_all(device: PolledUnit, reads: Sequence[Read], show: Callable[[int, int], None]) -> Taken:
    """Read everything; a read that is refused, or not answered by a unit that is heard, is halved until it is short.

    Raises LinkError when there is nothing to keep yet.
    """
    todo = list(reversed(reads))
    whole = await device.dump([])
    trouble: LinkError | None = None
    refused: dict[Read, int] = {}
    declines_all = False
    done = 0
    while todo and trouble is None:
        read, heard = todo.pop(), device.heard
        show(done, read.address)
        try:
            part = await device.dump([read])
        except LinkError as error:
            if read.count > 1 and device.heard > heard and not isinstance(error, LinkUnreachableError):
                # It is there: so many registers may be more than it gives in one answer.
                todo += _halves(read)
                continue
            if not whole.registers:
                raise
            trouble = error
            continue
        code = part.refused.get(read)
        # What is refused for no address, down to the last register, is refused whatever is asked.
        declines_all = declines_all or (read.count == 1 and code not in (None, ILLEGAL_ADDRESS) and not whole.registers)
        if code in _OF_REGISTERS and read.count > 1 and not (declines_all and code != ILLEGAL_ADDRESS):
            todo += _halves(read)
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
