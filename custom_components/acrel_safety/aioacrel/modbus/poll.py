"""One poll of a polling group, request by request, and its report."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import LinkError, LinkUnreachableError, RefusedError
from ..readings import PointKey
from ..registers.blocks import Block, smaller
from ..vocabulary import Pace

if TYPE_CHECKING:
    from .unit import PolledUnit


@dataclass(frozen=True, slots=True, kw_only=True)
class PollReport:
    """How one poll of a group went. `error` is set when the group got no answer as a whole."""

    unit: PolledUnit
    group: Pace
    keys: frozenset[PointKey] = frozenset()
    """The points whose readings are new: read, refused or lost."""
    error: LinkError | None = None
    requests: int = 0
    seconds: float = 0.0


def pause_before_any(unit: PolledUnit, blocks: Sequence[Block]) -> float:
    """Return the seconds until one of some planned reads can be sent (see `sequence.py`); 0 if there is none."""
    return _soonest(unit, blocks)[1] if blocks else 0.0


def _soonest(unit: PolledUnit, blocks: Sequence[Block]) -> tuple[Block, float]:
    """Return the read that can be sent first, in the order of the plan if several can, and in how many seconds.

    What others cannot be understood without (ratios, decimal points, signs) comes before all else: they follow.
    """
    best = blocks[0], unit.pause_before(blocks[0])
    if not unit.holds_companion(best[0]):
        for block in blocks[1:]:
            if best[1] <= 0:
                break
            if (pause := unit.pause_before(block)) < best[1]:
                best = block, pause
    return best


class GroupPoll:
    """One poll of a group, request by request, so that others can go between."""

    def __init__(self, unit: PolledUnit, group: Pace, *, only: Sequence[Block] = ()) -> None:
        """Begin with the planned reads, or `only` some of them: then an answer says nothing of the group as a whole."""
        self._unit = unit
        self._group = group
        self._is_whole = not only
        self._todo = list(only or unit.blocks(group))
        self._registers = unit.registers
        self._keys: set[PointKey] = set()
        self._error: LinkError | None = None
        self._has_retried = False
        self._requests = 0
        self._started = time.monotonic()

    @property
    def is_done(self) -> bool:
        """Whether no request is left."""
        return not self._todo

    @property
    def is_failing(self) -> bool:
        """Whether its latest request got no answer."""
        return self._error is not None or self._has_retried

    @property
    def pause(self) -> float:
        """Seconds until the next request can be sent; the line is free for others until then."""
        return pause_before_any(self._unit, self._todo)

    async def step(self) -> None:
        """Send the next request; a failed one is retried once in this poll, then the poll ends."""
        if self._unit.registers is not self._registers:
            # It turned out to be a device with other registers: what is left of the plan means nothing there.
            self._todo.clear()
            return
        block, _ = _soonest(self._unit, self._todo)
        self._todo.remove(block)
        self._requests += 1
        try:
            read = block.read
            words = await self._unit.unit.read(read.function, read.address, read.count, within=self._unit.within(read))
        except RefusedError as error:
            self._refused(block, error)
        except LinkUnreachableError as error:
            self.give_up(error)
        except LinkError as error:
            self._again(block, error)
        else:
            self._keys |= self._unit.take(block, words)

    def _refused(self, block: Block, error: RefusedError) -> None:
        if error.is_gateway or (error.is_busy and not self._has_retried):
            self._again(block, error)
        elif error.is_illegal_address:
            self._unit.note_refused(block)
            parts = sorted(smaller(block), key=lambda part: not self._unit.holds_companion(part))
            self._todo[:0] = parts
            self._keys |= set() if parts else set(block.keys)
        else:
            self._keys |= self._unit.drop(block)

    def _again(self, block: Block, error: LinkError) -> None:
        if self._has_retried or self._unit.is_doubtful:
            self.give_up(error)
        else:
            self._has_retried = True
            self._todo.insert(0, block)

    def give_up(self, error: LinkError) -> None:
        """End the poll: the group got no answer as a whole."""
        self._error = error
        self._todo.clear()

    def finish(self) -> PollReport:
        """Return the report and tell the unit how the poll went."""
        if self._error is None and self._is_whole:
            self._keys |= self._unit.note_answered(self._group)
        elif self._error is not None:
            self._keys |= self._unit.note_missed(self._group, self._error)
        return PollReport(
            unit=self._unit,
            group=self._group,
            keys=frozenset(self._keys),
            error=self._error,
            requests=self._requests,
            seconds=time.monotonic() - self._started,
        )
