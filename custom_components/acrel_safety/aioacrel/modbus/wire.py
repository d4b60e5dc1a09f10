"""One request on the link that is shared with others: its turn, its connection and its deadline.

The shared link serves one request at a time, whoever asks. To wait for one's turn there is not to wait for an answer:
the deadline begins when the turn has come. It is known from a read of no registers that goes directly before: it queues
like any other, and is refused by the link itself as soon as its turn has come, before anything is sent.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from math import inf

from modbus_connection import ModbusError, ModbusExceptionError

from ..foreign import is_port_taken
from .examine_line import TRY_AGAIN_SECONDS
from .figures import UnitFigures
from .plain import PlainUnit
from .pulse import LinkPulse
from .shared import ClosedError, SharedUnit
from .timing import Timing
from .unasked import asking

CONNECT_SECONDS = 10.0
"""After this tmodbus gives up connecting."""
TURN_SECONDS = 10.0
"""So long somebody else's requests on the shared link are waited for; values would grow old meanwhile."""

RELEASE_SECONDS = 1.0
"""So long a serial port that is taken is tried again: this link itself may still be giving it back, on a reconnect."""

type AnyUnit = SharedUnit | PlainUnit


class Wire:
    """The way of one unit's requests to the wire."""

    def __init__(
        self, shared: SharedUnit, unit_id: int, figures: UnitFigures, timing: Timing, pulse: LinkPulse
    ) -> None:
        """Take the unit on the shared link."""
        self.asked_at = 0.0
        """When the latest request was sent."""
        self.waited = 0.0
        """How many seconds its answer is waited for."""
        self.is_my_turn = True
        """Whether it was sent at all, or waits for what others ask on the shared link."""
        self._shared = shared
        self._unit_id = unit_id
        self._figures = figures
        self._timing = timing
        self._pulse = pulse
        self._habits = pulse.habits
        self._way = pulse.way
        # The time-outs are kept here; each change of the link's own would cost everybody a connection. A lower wish
        # works only from the next connect on, so it is told before the first request.
        self._wish = timing.longest
        shared.require_timeout(self._wish)
        self._limit: asyncio.Timeout | None = None
        """The deadline of the request under way."""

    @property
    def unit(self) -> AnyUnit:
        """The unit on the shared link, or on our own where the shared one would hear nothing."""
        plain = self._way.plain
        return self._shared if plain is None else plain.unit(self._unit_id, self._timing.longest)

    @property
    def connected(self) -> bool:
        """Whether the connection stands."""
        return self.unit.connected

    def withdraw(self) -> None:
        """Take back what was asked of the shared link."""
        self._shared.require_timeout(None)

    def tell_wish(self) -> None:
        """Tell the shared link how long answers are waited for now."""
        if self._timing.longest != self._wish:
            self._wish = self._timing.longest
            self._shared.require_timeout(self._wish)

    def time_to_wait(self, patience: float | None, *, has_numbers: bool) -> float:
        """Return how long an answer is waited for now, once the request is sent.

        `patience` is for how long a silent unit is listened to.
        """
        wait = self._timing.timeout if patience is None else patience
        if patience is not None or not self._figures.answers:
            wait = max(wait, self._pulse.pace(self._unit_id))
        if has_numbers:
            wait = max(wait, self._pulse.patience(self._unit_id, _now()))
        return min(wait, self._timing.longest)

    def wait_no_longer(self, least: float) -> None:
        """Wait for the answer to the request under way until so many seconds after it was sent, no longer."""
        limit = self._limit
        if limit is None or not self.is_my_turn or not self.unit.connected or limit.expired():
            return
        self.waited = min(self.waited, max(least, _now() - self.asked_at))
        limit.reschedule(min(limit.when() or inf, self.asked_at + self.waited))

    # -- the connection ---------------------------------------------------------------------------------------------

    async def drop(self) -> None:
        """End the connection in use; the next request opens another."""
        with suppress(ModbusError):
            await self.unit.disconnect()

    async def drop_shared(self) -> None:
        """End the shared connection."""
        await self._shared.disconnect()

    async def hang_up_first(self) -> None:
        """Where the gateway hangs up after each answer, do so before it does: what is sent then is heard."""
        if self._habits.is_curt(_now()) and self._habits.is_idle and self.connected:
            self._habits.note_dropped()
            await self.drop()

    # -- one request ------------------------------------------------------------------------------------------------

    async def ask[T](self, request: Callable[[AnyUnit], Awaitable[T]], seconds: float) -> T:
        """Send one request and wait so many seconds for its answer.

        Raises what the shared link does, or TimeoutError; then `is_my_turn` tells whether anything was sent.
        """
        release = _now() + RELEASE_SECONDS
        while True:
            try:
                return await self._once(request, seconds)
            except ModbusError as error:
                if self.connected or not is_port_taken(error) or _now() >= release:
                    raise
            await asyncio.sleep(TRY_AGAIN_SECONDS)

    async def _once[T](self, request: Callable[[AnyUnit], Awaitable[T]], seconds: float) -> T:
        unit = self.unit
        if not unit.connected:
            self._habits.note_connecting()
        self.asked_at, self.waited = _now(), seconds
        # What the link would repeat for a minute when a unit says "busy" ends at the deadline.
        with self._on_this_link():
            async with self._in_time(unit):
                return await request(unit)

    @contextmanager
    def _on_this_link(self) -> Iterator[None]:
        """Count a request, and answer for the connection it may open."""
        with self._habits.asking(), asking(self._way.unasked):
            yield

    @asynccontextmanager
    async def _in_time(self, unit: AnyUnit) -> AsyncIterator[None]:
        """End a request at its deadline, which begins with its turn; before that it waits for others, or to connect."""
        turn = self._queue(unit)
        connecting = 0.0 if unit.connected else CONNECT_SECONDS
        self.is_my_turn = turn is None
        async with asyncio.timeout(connecting + (self.waited if turn is None else TURN_SECONDS)) as limit:
            is_over = False

            def begin(turn: asyncio.Task[list[int]]) -> None:
                # It may be called a moment after all is over: that was on its way already.
                if self._is_turn(turn) and not is_over:
                    self.is_my_turn, self.asked_at = True, _now()
                    limit.reschedule(self.asked_at + self.waited + (0.0 if unit.connected else CONNECT_SECONDS))

            if turn is not None:
                turn.add_done_callback(begin)
            self._limit = limit
            try:
                yield
            finally:
                is_over, self._limit = True, None
                if turn is not None:
                    turn.remove_done_callback(begin)
                    if not turn.cancel():
                        self._is_turn(turn)

    def _queue(self, unit: AnyUnit) -> asyncio.Task[list[int]] | None:
        """Queue on the shared link, directly before what is asked next; None where the turn has come already."""
        if not self._pulse.queues_for_nothing:
            return None
        turn = asyncio.create_task(_nothing(unit), name=f"acrel turn of unit {self._unit_id}", eager_start=True)
        if not turn.done():
            return turn
        if not turn.cancelled() and isinstance(closed := turn.exception(), ClosedError):
            # The next request may find another connection; this one was to go over the one that is closed.
            raise closed
        return None if self._is_turn(turn) else turn

    def _is_turn(self, turn: asyncio.Task[list[int]]) -> bool:
        """Whether a read of nothing has ended because its turn had come."""
        if turn.cancelled():
            return False
        error = turn.exception()
        if error is None or isinstance(error, ModbusExceptionError):
            # This link sends it, or answers it itself: that is of no use, and nobody asked for it.
            self._pulse.queues_for_nothing = False
        return True


async def _nothing(unit: AnyUnit) -> list[int]:
    return await unit.read_holding_registers(0, 0)


def _now() -> float:
    return asyncio.get_running_loop().time()
