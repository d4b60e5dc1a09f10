"""The guarded link: between device code and any `ModbusUnit`, so that no answer is taken for another's.

On RTU framing an answer names unit, function and length, but not the registers asked for. An answer that comes after
its request was given up would be believed by the next request of the same shape. Three things stand against it
(docs/link.md says which fault each of them excludes):

* After a time-out, a cancelled request, a lost connection or an answer that does not fit, the unit is *out of step*
  (`step.py`): nothing is sent to it for longer than its worst answer can still take, and it is taken up again with one
  short probe whose value is thrown away. Bytes that arrive while nothing is asked are discarded below.
* The length of a read is its sequence number (`sequence.py`), so that even an answer repeated or delivered late without
  any sign of it does not fit.
* A refusal says nothing but a code, so an illegal address is believed when it was said twice.

With MBAP framing the transaction number protects once the connection has shown that it echoes it (`habits.py`); until
then all of this holds there as well. It starts anew with every connection: a lost connection and an answer that does
not fit put a unit out of step there too; after a time-out the probe is sent at once.

A complete answer counts, whatever becomes of the connection afterwards: one that ends while nothing is under way puts
nothing out of step, and where the gateway hangs up after each answer each request gets a connection of its own.

Reads are never cancelled on the wire, only their waiter. Writes are sent once, whatever happens; their echo is not
believed.
"""

import asyncio
from collections.abc import Callable
from math import inf

from ..errors import (
    BadAnswerError,
    DeviceAwayError,
    LinkClosedError,
    LinkError,
    LinkTakenError,
    LinkUnreachableError,
    NoAnswerError,
    NotSentError,
    RefusedError,
)
from ..registers import READ_HOLDING, LineCost, LineSettings, Read
from ..texts import phrase
from .cause import Cause
from .exchange import Exchange
from .figures import UnitFigures
from .framing import Framing
from .pulse import LinkPulse
from .sequence import Choice
from .shared import SharedUnit
from .step import Registers, Step
from .timing import Timing
from .unasked import watch_unasked
from .wire import Wire

__all__ = ["GuardedUnit", "UnitFigures"]

MOST_LOSSES = 4
"""Connections that may be lost while a unit is taken up again; it takes two to learn that a gateway hangs up."""


class PauseDueError(Exception):
    """What had to go before a read was sent; before the read itself there is a pause, in which others may ask."""


class GuardedUnit:
    """One unit on a link. Every request of this library goes through here, one at a time per unit."""

    def __init__(
        self,
        unit: SharedUnit,
        unit_id: int,
        *,
        framing: Framing,
        line: LineSettings,
        link: str,
        turnaround: float = 0.02,
        timeout: float | None = None,
        pulse: LinkPulse | None = None,
    ) -> None:
        """Wrap a unit; `link` is what errors call the way to it.

        `turnaround` is the time device and gateway need for themselves, `timeout` overrides the computed one; seconds.
        `pulse` is shared by the units of one link: as long as others are heard, it is not dropped.
        """
        self.unit_id = unit_id
        self.framing = framing
        self._link = link
        self.cost = LineCost(line=line, turnaround=turnaround)
        self.figures = UnitFigures()
        self._pulse = pulse or LinkPulse()
        self._timing = Timing(self.cost, self.figures, timeout)
        self._step = Step(framing, self.cost, self.figures, self._timing, self._pulse)
        self._wire = Wire(unit, unit_id, self.figures, self._timing, self._pulse)
        self._exchange = Exchange(
            unit_id,
            link,
            self.cost,
            step=self._step,
            wire=self._wire,
            timing=self._timing,
            pulse=self._pulse,
            figures=self.figures,
        )
        self._cause = Cause(
            unit_id, link, framing, step=self._step, wire=self._wire, pulse=self._pulse, figures=self.figures
        )
        self._lock = asyncio.Lock()
        self._running: asyncio.Task[list[int]] | None = None
        self._waits_from = inf
        """With so many requests sent nothing is waited for any more: others may ask meanwhile."""
        self._forget_link = (
            unit.on_connection_lost(self._connection_lost),
            self._pulse.way.on_lost(self._connection_lost),
            watch_unasked(),
        )

    def detach(self) -> None:
        """Stop listening to the shared link; what was asked of it stays, for others who use this unit."""
        for forget in self._forget_link:
            forget()

    def close(self) -> None:
        """Withdraw all that was asked of the shared link."""
        self.detach()
        self._wire.withdraw()

    async def settle(self) -> None:
        """Wait until a read that nobody waits for any more has ended on the wire."""
        if self._running is not None:
            await asyncio.wait([self._running])

    @property
    def timeout(self) -> float:
        """Seconds an answer is waited for."""
        return self._timing.timeout

    @property
    def quiet_seconds(self) -> float:
        """How long nothing may be sent to the unit yet; 0 when it may be asked."""
        return self._step.quiet_seconds

    def listen_no_longer(self) -> None:
        """Give up listening to a silent unit, as soon as it had the time that any of them gets: the line is wanted."""
        if self._exchange.patience is not None:
            self._wire.wait_no_longer(self._timing.least)

    def pause_before(self, function: int, address: int, count: int, *, within: Registers | None = None) -> float:
        """Return how many seconds this read would wait before it is sent; the line is free for others until then."""
        if self._step.is_lost:
            return self.quiet_seconds
        return self._step.choose(Read(function, address, count), within).pause

    async def read(
        self,
        function: int,
        address: int,
        count: int,
        *,
        within: Registers | None = None,
        rest: float | None = None,
        waits: bool = True,
    ) -> list[int]:
        """Return `count` registers from `address` on, as they were after this was called.

        `within` are the first and last register that may be read as well, to tell the answer by its length; `rest` is
        how many seconds a silent unit was left alone, which decides for how long it is listened to. Waits out the quiet
        time first. Raises LinkUnreachableError, NoAnswerError, BadAnswerError or RefusedError; PauseDueError when
        something was sent before, a pause is left, and the caller rather not `waits`.
        """
        wanted = Read(function, address, count)
        async with self._lock:
            await self.settle()
            self._exchange.patience = None if rest is None else self._timing.patience(rest)
            losses = self.figures.losses
            self._waits_from = inf if waits else self.figures.requests
            while True:
                try:
                    return await self._read_once(wanted, within, losses)
                except (LinkUnreachableError, NoAnswerError, BadAnswerError) as error:
                    # The gateway had hung up after its answer before it heard this: it has to be asked anew.
                    was_curt = self._pulse.habits.was_lost_after_answer(_now())
                    if was_curt and self.figures.losses - losses < MOST_LOSSES:
                        continue
                    try:
                        is_worth_it = await self._cause.finds_another_way(error, address)
                    finally:
                        self._pulse.review(_now())
                    if not is_worth_it:
                        raise

    async def _read_once(self, wanted: Read, within: Registers | None, losses: int) -> list[int]:
        choice = await self._turn(wanted, within, losses)
        try:
            words = await self._read(choice.read, wanted)
        except RefusedError as error:
            if not error.is_illegal_address or (self._step.is_numbered and choice.read == wanted):
                raise
            words = await self._ask_again(choice, wanted)
        return choice.slice_of(words, wanted) if len(words) != wanted.count else words

    async def write(
        self,
        address: int,
        values: list[int],
        *,
        within: Registers | None = None,
        ask_last: Callable[[], None] = lambda: None,
    ) -> None:
        """Send one Write Multiple Registers (function 16) request, never a second one.

        That it returns says only that an answer came: read the registers back. Raises NotSentError when nothing left;
        after any other error, which are those of `read`, the write may have been carried out or not. What `ask_last`
        raises, directly before anything is sent, is raised.
        """
        async with self._lock:
            await self.settle()
            self._exchange.patience = None
            wanted = Read(READ_HOLDING, address, len(values))
            try:
                await self._get_in_step(wanted, within, self.figures.losses)
            except LinkError as error:
                raise NotSentError(unit=self.unit_id, reason=error) from error
            await self._wire.hang_up_first()
            ask_last()
            self.figures.writes += 1
            self.figures.requests += 1
            try:
                await self._exchange.write(address, values)
            except (DeviceAwayError, LinkTakenError, LinkClosedError) as error:
                raise NotSentError(unit=self.unit_id, reason=error) from error

    # -- in step ----------------------------------------------------------------------------------------------------

    async def _turn(self, wanted: Read, within: Registers | None, losses: int) -> Choice:
        """Wait until the unit is in step and a length is free; return what to send."""
        while True:
            await self._get_in_step(wanted, within, losses)
            choice = self._step.choose(wanted, within)
            if choice.pause > 0:
                if self.figures.requests > self._waits_from:
                    raise PauseDueError
                await self._pause(choice.pause)
            elif choice.needs_check:
                await self._throw_one_away(choice.read)
            else:
                return choice

    async def _throw_one_away(self, read: Read) -> None:
        """Let a read of its own length meet an old answer that no other length can be told from."""
        self.figures.probes += 1
        try:
            await self._read(read, read)
        except RefusedError as error:
            if error.is_gateway or error.is_busy:
                raise
        self._step.sequence.note_checked(read)

    async def _pause(self, seconds: float) -> None:
        self.figures.paused_seconds += seconds
        await asyncio.sleep(seconds)

    async def _get_in_step(self, wanted: Read, within: Registers | None, losses: int) -> None:
        """After a fault: stay quiet, then ask for a register or two, and believe nothing of it.

        `losses` is how many connections had been lost when this began.
        """
        low, high = within or (wanted.address, wanted.end - 1)
        while self._step.is_lost:
            if self.figures.losses - losses >= MOST_LOSSES:
                raise LinkUnreachableError(
                    link=self._link, detail=self._pulse.habits.unless_kicked(phrase("hung_up"), _now())
                )
            await asyncio.sleep(self.quiet_seconds)
            probe = Read(wanted.function, wanted.address, 1)
            choice = self._step.choose(probe, (min(low, wanted.address), max(high, wanted.end - 1)))
            if choice.pause > 0:
                await self._pause(choice.pause)
                continue
            if self._step.should_drop:
                self._step.note_dropped()
                await self._wire.drop()
            self.figures.probes += 1
            self._step.is_lost = False
            try:
                await self._read(choice.read, probe)
            except RefusedError as error:  # an exception answers the probe as well: late answers are data
                if error.is_gateway or error.is_busy:
                    self._step.lose()
                    raise
            except LinkTakenError, LinkClosedError:
                self._step.lose(0.0)
                raise

    def _connection_lost(self) -> None:
        self._step.note_connection_lost(self._link)

    # -- one request ------------------------------------------------------------------------------------------------

    async def _ask_again(self, choice: Choice, wanted: Read) -> list[int]:
        """Ask for exactly what is wanted: the refusal was an old one, or for what was added, or is said again."""
        await self._pause(self._timing.repeat)
        words = await self._read(wanted, wanted)
        if choice.read != wanted:
            self._step.sequence.note_unreadable(choice.read, wanted, _now())
        return words

    async def _read(self, read: Read, wanted: Read) -> list[int]:
        """Send one read; the waiter may be cancelled, the read on the wire is not."""
        self.figures.requests += 1
        self.figures.padding += read.count - wanted.count
        self.figures.padding_seconds += self._step.sequence.paid(read, wanted)
        self.figures.line_seconds += self.cost.seconds(read.count)
        self._running = asyncio.create_task(self._exchange.read(read), name=f"acrel read unit {self.unit_id}")
        self._running.add_done_callback(_consume)
        # When the waiter goes away the answer may still come; whoever asks next waits for it (`settle`).
        await asyncio.wait([self._running])
        return self._running.result()


def _now() -> float:
    return asyncio.get_running_loop().time()


def _consume(task: asyncio.Task[list[int]]) -> None:
    """Look at the outcome of a read whose waiter went away, so that it is not reported as lost."""
    if not task.cancelled():
        task.exception()
