"""Which blocks a device uploads: chosen by an explicit act alone (command 31), never by a program by itself.

Read off one frame that was seen, so for unit 1 alone. What the device answers is not known, nor how to read the former
choice back: what came of it is `UNVERIFIED`, unless what is uploaded next differs from what came before and is what was
chosen.
"""

import asyncio
from collections.abc import Sequence
from enum import StrEnum

from ..points import Model
from ..texts import Phrase, phrase
from .messages import DataUpload, SelectBlocks
from .sections import MOST_SECTIONS
from .station import Station

UNIT = 1
MOST_SINGLES = 8


class Chosen(StrEnum):
    """What came of a choice."""

    REFUSED = "refused"
    """Nothing was sent."""
    UNVERIFIED = "unverified"
    """It was sent, once. Nothing that was uploaded since shows what came of it."""
    CONFIRMED = "confirmed"
    """It was sent, and the next upload is another one than before and what was chosen."""


def selection_of(model: Model, singles: Sequence[int] = ()) -> SelectBlocks | Phrase:
    """Return the choice of the blocks that a model's file lists, and registers whose change is to be told at once.

    What is not known to be safe cannot be chosen: then the reason.
    """
    registers = model.registers
    blocks = [(first, last - first + 1) for first, last in registers.uploads]
    touched = {address for first, count in blocks for address in range(first, first + count)}.union(singles)
    if not blocks:
        return phrase("blocks_none", model=model.name)
    if registers.unit_id != UNIT:
        return phrase("blocks_unit", unit=registers.unit_id)
    if len(blocks) > MOST_SECTIONS or len(singles) > MOST_SINGLES:
        return phrase("blocks_too_many", blocks=MOST_SECTIONS, singles=MOST_SINGLES)
    if not model.private_registers.isdisjoint(touched):
        return phrase("blocks_private")
    return SelectBlocks(UNIT, tuple(blocks), tuple(singles))


async def choose_blocks(station: Station, selection: SelectBlocks, *, is_confirmed: bool, seconds: float) -> Chosen:
    """Send a choice, once, and wait so many seconds for an upload; only if whoever asks confirms it."""
    if not is_confirmed or station.session is None:
        return Chosen.REFUSED
    before = station.uploaded
    wanted = tuple(count for _, count in selection.blocks)
    came: asyncio.Future[tuple[int, ...]] = asyncio.get_running_loop().create_future()

    def take(upload: DataUpload) -> None:
        if not came.done():
            came.set_result(upload.sizes)

    leave = station.join(take, lambda: None)
    try:
        if not station.session.send(selection):
            return Chosen.REFUSED
        async with asyncio.timeout(seconds):
            sizes = await came
    except TimeoutError:
        return Chosen.UNVERIFIED
    finally:
        leave()
    return Chosen.CONFIRMED if before is not None and before != wanted == sizes else Chosen.UNVERIFIED
