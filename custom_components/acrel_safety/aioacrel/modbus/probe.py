"""Does a unit answer as its model does? A few short reads tell, as far as the documents allow."""

from ..errors import LinkError, LinkUnreachableError, MissingTableError, NoAnswerError, RefusedError, WrongDeviceError
from ..models.schema import Model, ProbeCheck
from .guard import GuardedUnit


async def probe_model(unit: GuardedUnit, model: Model) -> None:
    """Check that the unit is there and answers as the model does.

    Raises WrongDeviceError, MissingTableError, or the LinkError of a unit that cannot be asked.
    """
    if model.needs_table:
        raise MissingTableError(model=model.name, needs=len(model.waiting))
    for check in model.probes or (_existence_check(model),):
        if (found := await _contradiction(unit, check)) is not None:
            raise WrongDeviceError(unit=unit.unit_id, model=model.name, detail=found)


async def _contradiction(unit: GuardedUnit, check: ProbeCheck) -> str | None:
    """Return what is not as the check wants it, None when it is."""
    place = f"register {check.address:04X}h"
    try:
        words = await patient_read(unit, check.function, check.address, check.count)
    except RefusedError as error:
        if error.is_gateway:
            raise NoAnswerError(unit=unit.unit_id, seconds=f"{unit.timeout:g}") from error
        if not (error.is_illegal_address or error.is_illegal_function):
            raise
        return None if check.refused else f"{place} does not exist"
    if check.refused:
        return f"{place} exists, which this model does not have"
    masked = words[0] & check.mask
    if check.is_unit_id and masked != unit.unit_id & check.mask:
        return f"{place} should hold the unit id, it holds {masked}"
    if check.allowed is not None and not check.allowed[0] <= masked <= check.allowed[1]:
        return f"{place} holds {words[0]:04X}h"
    return None


async def patient_read(unit: GuardedUnit, function: int, address: int, count: int) -> list[int]:
    """Read with the one retry that reads have; a link that is down is not asked twice."""
    try:
        return await unit.read(function, address, count)
    except LinkUnreachableError:
        raise
    except RefusedError as error:
        if not error.is_busy:
            raise
    except LinkError:
        pass
    return await unit.read(function, address, count)


def _existence_check(model: Model) -> ProbeCheck:
    """Return the check for a model without probes: its first register must exist."""
    first = min(model.readable.values(), key=lambda point: point.address or 0)
    return ProbeCheck(address=first.address or 0, count=first.count, function=first.function)
