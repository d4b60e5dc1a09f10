"""One poll of a polling group, request by request, and its report."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import LinkError, LinkUnreachableError, RefusedError
from ..readings import PointKey
from ..vocabulary import PollGroup
from .blocks import Block, smaller

if TYPE_CHECKING:
    from .device import AcrelDevice


@dataclass(frozen=True, slots=True, kw_only=True)
class PollReport:
    """How one poll of a group went. `error` is set when the group got no answer as a whole."""

    device: AcrelDevice
    group: PollGroup
    updated: frozenset[PointKey] = frozenset()
    refused: frozenset[PointKey] = frozenset()
    error: LinkError | None = None
    requests: int = 0
    seconds: float = 0.0


class GroupPoll:
    """One poll of a group, request by request, so that others can go between."""

    def __init__(self, device: AcrelDevice, group: PollGroup) -> None:
        """Begin with the planned reads."""
        self._device = device
        self._group = group
        self._todo = list(device.blocks(group))
        self._updated: set[PointKey] = set()
        self._failed: set[PointKey] = set()
        self._error: LinkError | None = None
        self._has_retried = False
        self._requests = 0
        self._started = time.monotonic()

    @property
    def is_done(self) -> bool:
        """Whether no request is left."""
        return not self._todo

    @property
    def next_block(self) -> Block | None:
        """What will be asked for next."""
        return self._todo[0] if self._todo else None

    async def step(self) -> None:
        """Send the next request; a failed one is retried once in this poll, then the poll ends."""
        block = self._todo.pop(0)
        self._requests += 1
        try:
            read = block.read
            words = await self._device.unit.read(
                read.function, read.address, read.count, within=self._device.within(read)
            )
        except RefusedError as error:
            self._refused(block, error)
        except LinkUnreachableError as error:
            self.give_up(error)
        except LinkError as error:
            self._again(block, error)
        else:
            self._updated |= self._device.take(block, words)

    def _refused(self, block: Block, error: RefusedError) -> None:
        if error.is_gateway or (error.is_busy and not self._has_retried):
            self._again(block, error)
        elif error.is_illegal_address:
            self._device.note_refused(block)
            self._todo[:0] = smaller(block)
            self._failed |= set() if smaller(block) else {block.points[0][0].key}
        else:
            self._failed |= self._device.drop(block)

    def _again(self, block: Block, error: LinkError) -> None:
        if self._has_retried or self._device.is_doubtful:
            self.give_up(error)
        else:
            self._has_retried = True
            self._todo.insert(0, block)

    def give_up(self, error: LinkError) -> None:
        """End the poll: the group got no answer as a whole."""
        self._error = error
        self._todo.clear()

    def finish(self) -> PollReport:
        """Return the report and tell the device how the poll went."""
        if self._error is None:
            self._device.note_answered(self._group)
        else:
            self._device.note_missed(self._group, self._error)
        return PollReport(
            device=self._device,
            group=self._group,
            updated=frozenset(self._updated),
            refused=frozenset(self._failed),
            error=self._error,
            requests=self._requests,
            seconds=time.monotonic() - self._started,
        )
