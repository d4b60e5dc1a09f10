"""One at a time towards one server: commands go before reads that wait, and what was goes after what is."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """Whose turn it is; a waiting one that is cancelled leaves, and nobody's turn is lost with it."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._is_taken = False
        self._urgent: deque[asyncio.Future[None]] = deque()
        self._others: deque[asyncio.Future[None]] = deque()
        self._patient: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def turn(self, *, urgent: bool = False, patient: bool = False) -> AsyncIterator[None]:
        """Wait for one's turn, and have it for as long as the block runs; a patient one lets all others go first."""
        await self._take(self._urgent if urgent else self._patient if patient else self._others)
        try:
            yield
        finally:
            self._pass_on()

    async def _take(self, queue: deque[asyncio.Future[None]]) -> None:
        if not self._is_taken:
            self._is_taken = True
            return
        mine = asyncio.get_running_loop().create_future()
        queue.append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self._pass_on()
            elif mine in queue:
                queue.remove(mine)
            raise

    def _pass_on(self) -> None:
        for queue in (self._urgent, self._others, self._patient):
            while queue:
                following = queue.popleft()
                if not following.done():
                    following.set_result(None)
                    return
        self._is_taken = False
