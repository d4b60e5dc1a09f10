"""Whose turn it is on one device: openings first, and nobody's many before another one's first."""

import asyncio
from collections.abc import AsyncGenerator, Hashable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

MOST_WAITING = 16
"""Acts of one caller that wait for their turn, openings and others each; more are refused: it is busy."""


class TooManyError(Exception):
    """One caller has as many acts waiting as may wait."""


@dataclass(slots=True, eq=False)
class _Waiter:
    who: Hashable
    order: tuple[bool, int, int]
    called: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Turns:
    """One act at a time; to be kept when the control of the device is made anew."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._is_taken = False
        self._waiting: list[_Waiter] = []
        self._count = 0

    @property
    def is_taken(self) -> bool:
        """Whether somebody has the turn."""
        return self._is_taken

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @asynccontextmanager
    async def turn(self, who: Hashable, patience: float, *, is_first: bool = False) -> AsyncGenerator[None]:
        """Wait for a turn, and have it. Raises TooManyError at once, TimeoutError when patience is over.

        `is_first` goes before all that is not; otherwise what a caller asked for first goes before what another one
        asked for next.
        """
        await self._take(who, patience, is_first=is_first)
        try:
            yield
        finally:
            self._pass_on()

    async def _take(self, who: Hashable, patience: float, *, is_first: bool) -> None:
        if not self._is_taken:
            self._is_taken = True
            return
        # Whoever has many closings waiting may open all the same.
        own = sum((one.who, one.order[0]) == (who, not is_first) for one in self._waiting)
        if own >= MOST_WAITING:
            raise TooManyError
        self._count += 1
        waiter = _Waiter(who, (not is_first, own, self._count))
        self._waiting.append(waiter)
        try:
            async with asyncio.timeout(patience):
                await waiter.called
        except BaseException:
            with suppress(ValueError):
                self._waiting.remove(waiter)
            if waiter.called.done() and not waiter.called.cancelled():
                # It was called at the very moment at which it gave up.
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        waiting = [one for one in self._waiting if not one.called.done()]
        if not waiting:
            self._is_taken = False
            return
        following = min(waiting, key=lambda one: one.order)
        self._waiting.remove(following)
        following.called.set_result(None)
