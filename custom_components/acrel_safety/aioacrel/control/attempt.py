"""One try to close a breaker again: what has to be proven right before it, and what follows from its outcome."""

import asyncio
from typing import TYPE_CHECKING

from ..errors import AcrelError
from .outcome import Outcome, Reason, Result
from .rounds import DELAYS, Phase, Why

if TYPE_CHECKING:
    from ..device import Device
    from .policy import Reclosing
    from .supply import Supply

_READ_SECONDS = 10.0
AGAIN = frozenset(
    {
        *(Reason.BUSY, Reason.LOCKED_OUT, Reason.NOT_SENT, Reason.WAITED_TOO_LONG),
        *(Reason.POSITION_STALE, Reason.POSITION_UNKNOWN, Reason.WITHDRAWN),
    }
)
"""Refusals that say nothing about the circuit: the try is used up, and another one may follow."""


async def is_proven(device: Device, supply: Supply, consent: Reclosing) -> bool:
    """Read the voltages once more: whether they are sound at this very moment."""
    source = next((source for source in device.sources if supply.voltages <= source.points.keys()), None)
    if source is None:
        return False
    try:
        async with asyncio.timeout(_READ_SECONDS):
            return supply.is_sound(consent, await source.read(supply.voltages))
    except AcrelError, TimeoutError:
        return False


def not_proven() -> Outcome:
    """Return what became of a try before which the voltages were not proven to be sound."""
    return Outcome(result=Result.REFUSED, reason=Reason.NOT_SENT, detail="voltage")


def following(outcome: Outcome, tries: int) -> tuple[Phase, Why | None]:
    """Return where the reclosing stands after a try."""
    if outcome.is_confirmed:
        return Phase.RECLOSED, None
    if outcome.result is not Result.REFUSED:
        return Phase.LOCKED, Why.NOT_CONFIRMED
    if outcome.reason not in AGAIN:
        return Phase.LOCKED, Why.REFUSED
    return (Phase.LOCKED, Why.TRIES_USED_UP) if tries >= len(DELAYS) else (Phase.WAITING, None)
