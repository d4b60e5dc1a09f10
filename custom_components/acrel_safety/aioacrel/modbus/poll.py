"""One poll of a polling group, request by request, and its report.

A fault costs its own read: it is tried again, then in parts, and what cannot be had is missing in this poll, nothing
else. The poll ends early only when the unit (or the link) is not heard at all.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import LinkError, LinkUnreachableError, RefusedError
from ..readings import PointKey
from ..registers.blocks import Block, smaller, without
from ..vocabulary import Pace
from .guard import PauseDueError

if TYPE_CHECKING:
    from .unit import PolledUnit

UNHEARD_ALLOWED = 3
"""Requests in a row without any answer after which a unit is not asked further in a poll."""
UNHEARD_IN_DOUBT = 1
"""The same of a unit whose poll before was missed: its time-outs are the others' time."""
_TRIES = 2
"""Of a read in one poll, before it is read in parts."""
_RECONNECTS = 2
"""Connections that may be lost in one poll."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PollReport:
    """How one poll of a group went. `error` is set when the group got no answer as a whole."""

    unit: PolledUnit
    group: Pace
    keys: frozenset[PointKey] = frozenset()
    """The points whose readings are new: read, refused or lost."""
    only: frozenset[PointKey] | None = None
    """What alone was to be read, where it was not the whole group."""
    error: LinkError | None = None
    requests: int = 0
    seconds: float = 0.0


@dataclass(slots=True, eq=False)
class _Split:
    """A read that is made in parts, because it got no answer or was declined."""

    block: Block
    parent: _Split | None
    code: int | None
    """The exception code it was declined with, None when it got no answer."""
    is_tried: bool
    """Whether it was sent at all: it may have been too long from the beginning."""
    left: int
    is_whole: bool = True
    """Whether all of its parts were answered so far."""


@dataclass(slots=True, eq=False)
class _Part:
    """A read that is still to be made."""

    block: Block
    split: _Split | None = None
    tries: int = 0


def _root(part: _Part) -> _Split | None:
    """Return the read that a part was made of at first."""
    split = part.split
    while split is not None and split.parent is not None:
        split = split.parent
    return split


def pause_before_any(unit: PolledUnit, blocks: Sequence[Block]) -> float:
    """Return the seconds until one of some planned reads can be sent (see `sequence.py`); 0 if there is none."""
    return _soonest(unit, blocks)[1] if blocks else 0.0


def _soonest(unit: PolledUnit, blocks: Sequence[Block]) -> tuple[int, float]:
    """Return which read can be sent first, in the order of the plan if several can, and in how many seconds.

    What others cannot be understood without (ratios, decimal points, signs) comes before all else: they follow.
    """
    best = 0, unit.pause_before(blocks[0])
    if not unit.holds_companion(blocks[0]):
        for index in range(1, len(blocks)):
            if best[1] <= 0:
                break
            if (pause := unit.pause_before(blocks[index])) < best[1]:
                best = index, pause
    return best


class GroupPoll:
    """One poll of a group, request by request, so that others can go between."""

    def __init__(self, unit: PolledUnit, group: Pace, *, only: Sequence[Block] = ()) -> None:
        """Begin with the planned reads, or `only` some of them: then an answer says nothing of the group as a whole."""
        self._unit = unit
        self._group = group
        self._is_whole = not only
        self._only = frozenset[PointKey]().union(*(block.keys for block in only)) if only else None
        self._registers = unit.registers
        blocks = tuple(only) or unit.blocks(group)
        # As long as it declines whatever it is asked, one short question is enough.
        is_asked_first = unit.learnt.declines_all and blocks
        self._todo = [_Part(unit.alone(blocks[0]))] if is_asked_first else [_Part(block) for block in blocks]
        self._held_back = blocks if is_asked_first else ()
        self._keys: set[PointKey] = set()
        self._missed: set[PointKey] = set()
        self._error: LinkError | None = None
        self._trouble: LinkError | None = None
        self._is_answered = False
        self._is_heard = False
        self._unheard = 0
        self._reconnects = 0
        self._requests = 0
        self._started = time.monotonic()
        self._timeout = unit.unit.timeout

    @property
    def is_done(self) -> bool:
        """Whether no request is left."""
        return not self._todo

    @property
    def is_failing(self) -> bool:
        """Whether its latest request got no answer."""
        return self._error is not None or self._unheard > 0

    @property
    def pause(self) -> float:
        """Seconds until the next request can be sent; the line is free for others until then."""
        return pause_before_any(self._unit, [part.block for part in self._todo])

    async def step(self) -> None:
        """Send the next request."""
        if self._unit.registers is not self._registers:
            # It turned out to be a device with other registers: what is left of the plan means nothing there.
            self._todo.clear()
            return
        part = self._next()
        if part is None:
            return
        self._requests += 1
        unit, heard, losses = self._unit, self._unit.heard, self._unit.unit.figures.losses
        try:
            words = await unit.ask(part.block)
        except PauseDueError:
            self._note_heard(is_heard=True)
            self._todo.insert(0, part)
        except RefusedError as error:
            # A gateway that cannot reach the unit says nothing of it, and a busy unit is as good as none.
            says_nothing = error.is_gateway or error.is_busy
            self._note_heard(is_heard=unit.heard - heard > says_nothing)
            if says_nothing:
                self._failed(part, error, may_help=False)
            else:
                self._declined(part, error)
        except LinkUnreachableError as error:
            self._disconnected(part, error, was_connected=unit.unit.figures.losses > losses)
        except LinkError as error:
            self._note_heard(is_heard=unit.heard > heard)
            self._failed(part, error)
        else:
            self._note_heard(is_heard=True)
            self._answered(part, words)

    def _next(self) -> _Part | None:
        """Take the next read; one that has become too long since it was planned is taken apart first."""
        while self._todo:
            index, _ = _soonest(self._unit, [part.block for part in self._todo])
            part = self._todo.pop(index)
            part.block = self._understandable(part.block)
            if not part.block.cells:
                self._settle(part, is_answered=False)
            elif part.block.read.count > self._unit.plan.most and len(parts := self._unit.again(part.block)) > 1:
                self._take_apart(part, parts, None, is_tried=False)
            else:
                return part
        return None

    def _understandable(self, block: Block) -> Block:
        """Leave out what was to be understood by something that is missing: its own time has passed since."""
        if not self._missed:
            return block
        mute = [key for key, place, _ in block.cells if not self._missed.isdisjoint(place.qualifiers.keys)]
        self._missed.update(mute)
        return without(block, mute) if mute else block

    def _note_heard(self, *, is_heard: bool) -> None:
        self._unheard = 0 if is_heard else self._unheard + 1
        self._is_heard = self._is_heard or is_heard

    # -- what came of a read ------------------------------------------------------------------------------------------

    def _answered(self, part: _Part, words: list[int]) -> None:
        self._is_answered = True
        self._keys |= self._unit.take(part.block, words)
        self._todo += [_Part(block) for block in self._held_back]
        self._held_back = ()
        self._settle(part, is_answered=True)
        if self._unit.unit.timeout > self._timeout:
            self._timeout = self._unit.unit.timeout
            self._make_whole()

    def _make_whole(self) -> None:
        """Read in one again what was taken apart because no answer came: it was not too long, the unit is slow."""
        roots = {part: root for part in self._todo if (root := _root(part)) is not None and root.code is None}
        self._todo = [part for part in self._todo if part not in roots]
        whole = {id(root): _Part(root.block) for root in roots.values()}
        self._todo[:0] = whole.values()

    def _declined(self, part: _Part, error: RefusedError) -> None:
        self._trouble = error
        self._unit.note_declined(part.block, error.code)
        if parts := smaller(part.block):
            self._take_apart(part, parts, error.code)
        elif error.is_illegal_address or self._is_answered or self._unit.learnt.has_answered:
            self._keys |= self._unit.decline(part.block, error.code)
            self._settle(part, is_answered=False)
        else:
            # Whatever it is asked, it declines: that says nothing of any register.
            self._unit.learnt.declines_all = True
            for block in (part.block, *(left.block for left in self._todo), *self._held_back):
                self._keys |= self._unit.drop(block)
            self._todo.clear()
            self._held_back = ()

    def _failed(self, part: _Part, error: LinkError, *, may_help: bool = True) -> None:
        """Try a read again that got no answer, then in parts if that may help.

        A unit that is not heard is not asked further.
        """
        self._trouble = error
        part.tries += 1
        unit = self._unit
        if self._unheard >= (UNHEARD_IN_DOUBT if unit.is_doubtful else UNHEARD_ALLOWED):
            self._todo.append(part)
            self.give_up(error)
            return
        parts = smaller(part.block) if may_help else []
        if part.tries < (1 if part.split is not None and parts else _TRIES):
            # Others go first, because what failed may fail for a while; but not those that are understood by it.
            self._todo.insert(0 if unit.holds_companion(part.block) else len(self._todo), part)
        elif parts:
            self._take_apart(part, parts, None)
        else:
            self._missed.update(part.block.keys)
            if self._is_answered and may_help:
                unit.decline(part.block, None)
            self._settle(part, is_answered=False)

    def _disconnected(self, part: _Part, error: LinkError, *, was_connected: bool) -> None:
        """Go on after a connection was lost, but not without one."""
        self._trouble = error
        self._reconnects += 1
        if was_connected and self._reconnects <= _RECONNECTS and not self._unit.is_doubtful:
            self._todo.insert(0, part)
        else:
            self._todo.append(part)
            self.give_up(error)

    def _take_apart(self, part: _Part, parts: Sequence[Block], code: int | None, *, is_tried: bool = True) -> None:
        split = _Split(part.block, part.split, code, is_tried, len(parts))
        ordered = sorted(parts, key=lambda block: not self._unit.holds_companion(block))
        self._todo[:0] = [_Part(block, split) for block in ordered]

    def _settle(self, part: _Part, *, is_answered: bool) -> None:
        """Note how a read ended; when it was the last part of another one, that may teach something."""
        split = part.split
        while split is not None:
            split.left -= 1
            split.is_whole = split.is_whole and is_answered
            if split.left:
                return
            is_answered = split.is_whole
            if split.is_tried and is_answered:
                self._unit.note_recovered(split.block, split.code)
            split = split.parent

    def give_up(self, error: LinkError) -> None:
        """End the poll: what is left of it gets no answer."""
        if not self._is_answered or isinstance(error, LinkUnreachableError):
            self._error = error
        self._missed.update(key for part in self._todo for key in part.block.keys)
        self._todo.clear()

    def finish(self) -> PollReport:
        """Return the report and tell the unit how the poll went."""
        self._missed.update(key for block in self._held_back for key in block.keys)
        unit, missed = self._unit, self._missed - self._keys
        if not self._is_heard and self._error is None:
            self._error = self._trouble
        self._keys |= unit.note_missing(missed, self._keys, is_there=self._error is None)
        if self._error is not None:
            self._keys |= unit.note_missed(self._group, self._error, but=frozenset(self._keys))
        elif self._is_whole:
            self._keys |= unit.note_answered(self._group)
        return PollReport(
            unit=unit,
            group=self._group,
            keys=frozenset(self._keys),
            only=self._only,
            error=self._error,
            requests=self._requests,
            seconds=time.monotonic() - self._started,
        )
