"""Takes raw registers of a unit, without asking what they mean."""

from collections.abc import Iterable
from datetime import datetime

from .. import __version__
from ..errors import RefusedError
from ..points import Model
from ..registers import Read
from ..registers.dump import RegisterDump
from ..registers.privacy import around
from .guard import GuardedUnit
from .probe import Turn, patient_read


async def take_dump(
    unit: GuardedUnit, model: Model, reads: Iterable[Read], taken: datetime, turn: Turn
) -> RegisterDump:
    """Return what the reads hold; those that are refused are noted, and what is private is not read.

    Raises LinkError when the unit cannot be asked.
    """
    dump = RegisterDump(
        model=model.id,
        unit_id=unit.unit_id,
        taken=taken,
        library=__version__,
        evidence=model.evidence,
        framing=unit.framing,
        baudrate=unit.cost.line.baudrate,
    )
    for read in around(reads, model.private_registers):
        try:
            dump.add(read, await patient_read(unit, read.function, read.address, read.count, turn))
        except RefusedError as error:
            dump.refused[read] = error.code
    return dump
