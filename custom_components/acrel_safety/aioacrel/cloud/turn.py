"""One at a time towards one server: what is ordered goes first, and what was goes after what is.

A read that is on its way when somebody more urgent comes is broken off, and made again afterwards: a server may take
half a minute for a list, and nobody who opens a circuit should wait for that.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from enum import IntEnum


class Urgency(IntEnum):
    """Who goes before whom."""

    ORDER = 0
    """An order, from its second step to its request."""
    PERSON = 1
    """What somebody waits for."""
    USUAL = 2
    PATIENT = 3
    """About what was."""

    def breaks(self, other: Urgency) -> bool:
        """Whether a read of another urgency is broken off for it."""
        if self is Urgency.ORDER:
            return other in (Urgency.USUAL, Urgency.PATIENT)
        return self is Urgency.PERSON and other is Urgency.PATIENT


class Turns:
    """Whose turn it is; a waiting one that is cancelled leaves, and nobody's turn is lost with it."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._is_taken = False
        self._waiting: dict[Urgency, deque[asyncio.Future[None]]] = {urgency: deque() for urgency in Urgency}
        self._broken_off: tuple[Urgency, asyncio.Timeout] | None = None
        """What ends the read that is on its way, and how urgent that is."""

    @asynccontextmanager
    async def turn(self, urgency: Urgency = Urgency.USUAL) -> AsyncIterator[None]:
        """Wait for one's turn, and have it for as long as the block runs."""
        await self._take(urgency)
        try:
            yield
        finally:
            self._pass_on()

    async def read[T](self, urgency: Urgency, reading: Callable[[], Awaitable[T]]) -> T:
        """Return what a read brings, within one's turn. Raises BrokenOffError: it has to be made again."""
        if any(queue and other.breaks(urgency) for other, queue in self._waiting.items()):
            raise BrokenOffError
        try:
            async with asyncio.timeout(None) as scope:
                self._broken_off = urgency, scope
                return await reading()
        except TimeoutError:
            if scope.expired():
                raise BrokenOffError from None
            raise
        finally:
            self._broken_off = None

    async def _take(self, urgency: Urgency) -> None:
        if not self._is_taken:
            self._is_taken = True
            return
        mine = asyncio.get_running_loop().create_future()
        queue = self._waiting[urgency]
        queue.append(mine)
        if self._broken_off is not None and urgency.breaks(self._broken_off[0]):
            self._broken_off[1].reschedule(asyncio.get_running_loop().time())
            self._broken_off = None
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self._pass_on()
            elif mine in queue:
                queue.remove(mine)
            raise

    def _pass_on(self) -> None:
        for queue in self._waiting.values():
            while queue:
                following = queue.popleft()
                if not following.done():
                    following.set_result(None)
                    return
        self._is_taken = False


class BrokenOffError(Exception):
    """A read was broken off for somebody more urgent."""
