"""Which device answers at a unit id: the one it is taken for, another one, or none behind a gateway that answers."""

import asyncio
from collections.abc import Callable

from ..errors import AcrelError, DeadMeterError, LinkError, WrongDeviceError
from .probe import Turn
from .unit import PolledUnit


async def identify(
    unit: PolledUnit, turn: Turn, *, doubts: Callable[[], int], is_dead: bool = False
) -> AcrelError | None:
    """Look which device answers; return why it is not the right one, or why that cannot be said: None if it is.

    `turn` holds the line for one question. `doubts` counts how often the unit was doubted: what answered before it was
    in doubt proves nothing of what answers now. `is_dead` is whether it was taken for a dead meter: then it has to show
    more than its probes.
    """
    try:
        looked = None
        while looked != doubts():
            looked = doubts()
            # Which model it is was found out before it was saved.
            await unit.probe(is_known=True, turn=turn)
            await _look_for_life(unit, turn, is_dead=is_dead)
    except (DeadMeterError, LinkError) as error:
        return error
    except WrongDeviceError as error:
        return await _wrong_or_dead(unit, turn, error)
    return None


async def _look_for_life(unit: PolledUnit, turn: Turn, *, is_dead: bool) -> None:
    """Raise DeadMeterError if a unit that passed its probes shows no other sign of a living meter."""
    vital = unit.vital
    # What a meter was known to say over and over a dead one says, too: each look asks for something else (`is_mute`).
    is_in_doubt = is_dead or vital.is_dead or vital.is_suspicious or vital.is_mute
    if is_in_doubt and not vital.proves and await unit.is_blank(turn=turn):
        raise DeadMeterError(unit=unit.unit_id)
    vital.vouch(asyncio.get_running_loop().time())


async def _wrong_or_dead(unit: PolledUnit, turn: Turn, error: WrongDeviceError) -> AcrelError:
    """Return what is wrong: no meter at all, if nothing but the same word can be read, else another device."""
    try:
        is_nobody = error.is_blank and await unit.is_blank(turn=turn)
    except LinkError as silence:
        return silence
    return DeadMeterError(unit=unit.unit_id) if is_nobody else error
