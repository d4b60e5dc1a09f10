"""Does a unit answer as its model does, and with which of the model's registers?

A few short reads tell, as far as the documents allow.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from math import inf

from ..errors import LinkError, LinkUnreachableError, MissingTableError, RefusedError, UnheardError, WrongDeviceError
from ..points import Model
from ..registers import ProbeCheck, RegisterMap
from ..registers.layout import WORD
from ..texts import Phrase, phrase
from .guard import GuardedUnit

type Turn = Callable[[], AbstractAsyncContextManager[None]]
"""What holds the line for one request: others have it between two of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """The register map a unit answers by, and what speaks against it all the same."""

    registers: RegisterMap
    doubt: Phrase | None = None


async def probe_model(
    unit: GuardedUnit,
    model: Model,
    *,
    doubts_allowed: bool = False,
    is_known: bool = False,
    turn: Turn = nullcontext,
) -> Fit:
    """Check that the unit is there and answers as the model does; return the first of its register maps that fits.

    With `doubts_allowed` one passed check is enough where no map fits, and what speaks against it is returned. A device
    that `is_known` is not judged by what it measures: it may be in just the state it is to report. Raises
    WrongDeviceError, MissingTableError, or the LinkError of a unit that cannot be asked.
    """
    if model.needs_table:
        raise MissingTableError(model=model.name, needs=len(model.waiting))
    doubtful: list[Fit] = []
    reasons: list[Phrase] = []
    heard: list[int] = []
    for registers in model.maps:
        checks = [check for check in registers.probes if not (check.measured and is_known)]
        doubt: Phrase | None = None
        is_supported = False
        for check in checks or [_existence_check(registers)]:
            found = await _contradiction(unit, check, turn, heard)
            doubt = doubt or found
            # What is missing here may be missing in any other device too.
            is_supported = is_supported or (found is None and not check.refused)
            if found is not None and not doubts_allowed:
                break
        if doubt is None:
            return Fit(registers=registers)
        reasons.append(doubt)
        if doubts_allowed and is_supported:
            doubtful.append(Fit(registers=registers, doubt=doubt))
    if doubtful:
        return doubtful[0]
    error = WrongDeviceError(unit=unit.unit_id, model=model.name, detail=reasons[0])
    error.is_blank = set(heard) in ({0}, {WORD}) or (len(heard) > 1 and len(set(heard)) == 1)
    raise error


async def _contradiction(unit: GuardedUnit, check: ProbeCheck, turn: Turn, heard: list[int]) -> Phrase | None:
    """Return what is not as the check wants it, None when it is; what was answered is added to `heard`."""
    place = f"{check.address:04X}"
    try:
        words = await patient_read(unit, check.function, check.address, check.count, turn)
    except RefusedError as error:
        if error.is_gateway:
            raise UnheardError(error) from error
        if not (error.is_illegal_address or error.is_illegal_function):
            raise
        return None if check.refused else _missing(error, check)
    heard += words
    if check.refused:
        return phrase("register_unexpected", address=place)
    masked = words[0] & check.mask
    if check.is_unit_id and masked != unit.unit_id & check.mask:
        return phrase("register_no_unit_id", address=place, found=masked)
    if check.allowed and not any(low <= masked <= high for low, high in check.allowed):
        return phrase("register_holds", address=place, found=f"{words[0]:04X}")
    return None


def _missing(error: RefusedError, check: ProbeCheck) -> Phrase:
    """Return what is missing where a check was refused."""
    place = f"{check.address:04X}"
    if error.is_illegal_function:
        return phrase("function_unknown", function=f"{check.function:02d}", address=place)
    return phrase("register_missing", address=place)


async def patient_read(
    unit: GuardedUnit, function: int, address: int, count: int, turn: Turn = nullcontext
) -> list[int]:
    """Read with the one retry that reads have; a link that is down is not asked twice.

    Who does not share the line (takes no `turn`) listens for longer to a unit that was never heard: it may be slow.
    """
    try:
        async with turn():
            return await unit.read(function, address, count)
    except LinkUnreachableError:
        raise
    except RefusedError as error:
        if not error.is_busy:
            raise
    except LinkError:
        pass
    is_patient = turn is nullcontext and not unit.figures.answers
    async with turn():
        return await unit.read(function, address, count, rest=inf if is_patient else None)


def _existence_check(registers: RegisterMap) -> ProbeCheck:
    """Return the check for a map without probes: its first register must exist."""
    first = min(registers.places.values(), key=lambda place: place.address)
    return ProbeCheck(address=first.address, count=first.count, function=first.function)
