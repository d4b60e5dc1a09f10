"""When the next command may be sent to a device: one operation at a time, and after some commands none for a while."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from ..readings import DEVICE_CIRCUIT
from .turns import Turns


class Expected(NamedTuple):
    """A movement that may still be the effect of what was sent."""

    circuit: str
    seconds: float
    may_open: bool
    may_close: bool


class Lockouts:
    """What one device is busy with, and the time that has to pass; to be kept when its control is made anew."""

    def __init__(self, steady: Callable[[], float]) -> None:
        """Take a clock that only goes on."""
        self.turns = Turns()
        """Who waits to operate it."""
        self.selections = Turns()
        """Who waits to have something checked before it is operated."""
        self._idle = asyncio.Event()
        self._idle.set()
        self._openings = 0
        self._opening_waits = asyncio.Event()
        self._steady = steady
        self._until: float | None = None
        self._expected: dict[str, tuple[Expected, float]] = {}
        """By circuit, and since when."""

    @property
    def is_busy(self) -> bool:
        """Whether an operation is under way: until it has ended none begins."""
        return not self._idle.is_set()

    @is_busy.setter
    def is_busy(self, is_busy: bool) -> None:
        if is_busy:
            self._idle.clear()
        else:
            self._idle.set()

    async def idle(self) -> None:
        """Wait until no operation is under way."""
        while self.is_busy:
            await self._idle.wait()

    def begin(self, seconds: float) -> None:
        """Note that a command was sent just now, after which none is taken for so long: what came early would be lost.

        Where that was some time ago, `seconds` is what is left of it.
        """
        self._until = max(self._until or 0.0, self._steady() + seconds) if seconds > 0 else self._until

    @property
    def seconds_left(self) -> float:
        """How long nothing may be sent yet."""
        return 0.0 if self._until is None else max(0.0, self._until - self._steady())

    # -- openings that wait --------------------------------------------------------------------------------------------

    @contextmanager
    def opening(self) -> Iterator[None]:
        """Take it that an opening waits for what is under way, as long as the block runs."""
        self._openings += 1
        self._opening_waits.set()
        try:
            yield
        finally:
            self._openings -= 1
            if not self._openings:
                self._opening_waits.clear()

    async def overtaken(self) -> None:
        """Return when an opening waits, and the device takes another command."""
        await self._opening_waits.wait()
        while self.seconds_left > 0:
            await asyncio.sleep(self.seconds_left)
            await self._opening_waits.wait()

    def may_close(self, circuit: str) -> bool:
        """Whether a closing that was sent may still come: what shows open now may not stay so."""
        return any(one.may_close and one.circuit in (circuit, DEVICE_CIRCUIT) for one in self.expected)

    # -- what is on its way -------------------------------------------------------------------------------------------

    def expect(self, expected: Expected) -> None:
        """Note what may move because of what is sent now: a control that is made anew has to know it."""
        self._expected[expected.circuit] = expected, self._steady()

    def expect_nothing(self, circuit: str) -> None:
        """Take it that what was sent moved what it should, or never will."""
        self._expected.pop(circuit, None)

    @property
    def expected(self) -> Sequence[Expected]:
        """What may still move, with the seconds that are left of it."""
        now = self._steady()
        left = [one._replace(seconds=one.seconds - (now - since)) for one, since in self._expected.values()]
        return [one for one in left if one.seconds > 0]
