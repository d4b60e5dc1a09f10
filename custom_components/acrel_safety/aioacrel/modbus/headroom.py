"""How much of a line is free for reading alarms and what may call for a cut-off more often than it has to be.

Every request pushes the next such read off until the line was used for its target part of the time; and nothing is read
so often that the gateway has no pause, or that this computer does little else.
"""

from collections.abc import Sequence
from math import inf
from typing import TYPE_CHECKING

from ..registers.blocks import Block
from ..vocabulary import Kind

if TYPE_CHECKING:
    from .unit import PolledUnit

DUTY_TARGET = 0.6
"""Part of the time for which a line is used, where nothing else is wanted."""
LEAST_PERIOD = 0.05
"""Seconds between two polls of one device: nobody sees more."""
COMPUTING_SHARE = 0.05
"""Of the time of one processor: what the answers of a line may take up."""
CHEAP_SHARE = 1 / 3
"""Of a poll: alarms that take no more of it are read twice as often as the rest."""
_ALARMS = frozenset({Kind.ALARM, Kind.FAULT})


class Headroom:
    """The time from which on a line is free again; times are the event loop's."""

    def __init__(self, target: float = DUTY_TARGET) -> None:
        """Take the part of the time, 0 to 1, for which the line may be in use."""
        self.target = target
        self.free_at = -inf

    def spend(self, started: float, ended: float, *, spacing: float) -> None:
        """Note an answered request; `spacing` seconds the gateway needs before the next one."""
        earned = max(self.free_at, started) + (ended - started) / self.target
        self.free_at = max(earned, ended + spacing)

    def compute(self, now: float, seconds: float) -> None:
        """Note for how long the answer kept the processor busy."""
        self.free_at = max(self.free_at, now + seconds / COMPUTING_SHARE)


def cheap_alarms(unit: PolledUnit, blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Return the reads of a poll that hold alarms, if these are worth to be read more often than the others."""
    points, places, cost = unit.model.points, unit.registers.places, unit.unit.cost
    alarms = tuple(block for block in blocks if any(points[key].quantity.kind in _ALARMS for key in block.keys))
    known = {key for block in alarms for key in block.keys}
    if any(not known.issuperset(places[key].qualifiers.keys) for key in known):
        # They are not understood without the others.
        return ()
    seconds = [sum(cost.seconds(block.read.count) for block in some) for some in (alarms, blocks)]
    return alarms if seconds[0] <= CHEAP_SHARE * seconds[1] else ()
