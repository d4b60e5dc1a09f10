"""The guarded link: between device code and any `ModbusUnit`, so that no answer is taken for another's.

On RTU framing an answer names unit, function and length, but not the registers asked for. An answer that comes after
its request was given up would be believed by the next request of the same shape. Three things stand against it
(docs/link.md says which fault each of them excludes):

* After a time-out, a cancelled request, a lost connection or an answer that does not fit, the unit is *out of step*:
  nothing is sent to it for longer than its worst answer can still take, and it is taken up again with one short probe
  whose value is thrown away. Bytes that arrive while nothing is asked are discarded below.
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
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING

from modbus_connection import (
    ModbusConnectionError,
    ModbusError,
    ModbusExceptionError,
    ModbusUnit,
)

from ..errors import (
    BadAnswerError,
    LinkError,
    LinkUnreachableError,
    NoAnswerError,
    NotSentError,
    RefusedError,
    WrongPeerError,
)
from ..foreign import innermost, reason_of
from ..registers import READ_HOLDING, LineCost, LineSettings, Read
from ..texts import Phrase, phrase
from .figures import UnitFigures
from .framing import Framing
from .plain import PlainUnit
from .pulse import LinkPulse
from .sequence import Choice, LengthSequence
from .timing import Timing
from .unasked import asking, watch_unasked
from .way import UNHEARD_SECONDS

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

__all__ = ["GuardedUnit", "UnitFigures"]

CONNECT_SECONDS = 10.0
"""After this tmodbus gives up connecting."""
GOOD_PER_BAD = 4
"""Answers that fit for each that does not; where there are fewer something is wrong with the line itself."""
CONNECT_LOOK_SECONDS = 0.05
"""How often it is looked whether a connection that is being opened stands."""
QUEUE_SECONDS = 0.25
"""For a request of somebody else that the shared link sends first."""
_LOST = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError)
"""How the system says that a connection that stood was ended."""
MOST_LOSSES = 4
"""Connections that may be lost while a unit is taken up again; it takes two to learn that a gateway hangs up."""

type Registers = tuple[int, int]
"""First and last register."""


class GuardedUnit:
    """One unit on a link. Every request of this library goes through here, one at a time per unit."""

    def __init__(
        self,
        unit: ModbusUnit,
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
        self._timing = Timing(self.cost, self.figures, timeout)
        self._sequence = LengthSequence(self.cost)
        self._shared = unit
        self._lock = asyncio.Lock()
        self._running: asyncio.Task[list[int]] | None = None
        self._patience: float | None = None
        self._out_of_step = False
        self._quiet_until = 0.0
        self._pulse = pulse or LinkPulse()
        self._habits = self._pulse.habits
        self._way = self._pulse.way
        self._failures = 0
        self._failed_at = 0.0
        self._was_dropped = False
        # The time-outs are kept here (`_deadline`); each change of the link's own would cost everybody a connection.
        # A lower wish works only from the next connect on, so it is told before the first request.
        self._wish = self._timing.longest
        unit.require_timeout(self._wish)
        self._asked_at = self._waited = 0.0
        self._forget_link = (
            unit.on_connection_lost(self._connection_lost),
            self._way.on_lost(self._connection_lost),
            watch_unasked(),
        )

    def detach(self) -> None:
        """Stop listening to the shared link; what was asked of it stays, for others who use this unit."""
        for forget in self._forget_link:
            forget()

    def close(self) -> None:
        """Withdraw all that was asked of the shared link."""
        self.detach()
        self._shared.require_timeout(None)

    @property
    def _unit(self) -> ModbusUnit | PlainUnit:
        """The unit on the shared link, or on our own where the shared one would hear nothing."""
        plain = self._way.plain
        return self._shared if plain is None else plain.unit(self.unit_id, self._timing.longest)

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
        if not self._out_of_step:
            return 0.0
        return max(0.0, self._quiet_until - _now())

    def pause_before(self, function: int, address: int, count: int, *, within: Registers | None = None) -> float:
        """Return how many seconds this read would wait before it is sent; the line is free for others until then."""
        if self._out_of_step:
            return self.quiet_seconds
        return self._choose(Read(function, address, count), within).pause

    async def read(
        self, function: int, address: int, count: int, *, within: Registers | None = None, rest: float | None = None
    ) -> list[int]:
        """Return `count` registers from `address` on, as they were after this was called.

        `within` are the first and last register that may be read as well, to tell the answer by its length; `rest` is
        how many seconds a silent unit was left alone, which decides for how long it is listened to. Waits out the quiet
        time first. Raises LinkUnreachableError, NoAnswerError, BadAnswerError or RefusedError.
        """
        wanted = Read(function, address, count)
        async with self._lock:
            await self.settle()
            self._patience = None if rest is None else self._timing.patience(rest)
            losses = self.figures.losses
            while True:
                try:
                    return await self._read_once(wanted, within, losses)
                except (LinkUnreachableError, NoAnswerError, BadAnswerError) as error:
                    # The gateway had hung up after its answer before it heard this: it has to be asked anew.
                    if self._habits.was_lost_after_answer(_now()) and self.figures.losses - losses < MOST_LOSSES:
                        continue
                    try:
                        is_worth_it = await self._finds_another_way(error, address)
                    finally:
                        self._pulse.review(_now())
                    if not is_worth_it:
                        raise

    async def _finds_another_way(self, error: LinkError, address: int) -> bool:
        """Return whether it is worth asking again, in another way. Raises WrongPeerError when that is found out."""
        if self._way.is_flooded:
            self._way.cause = phrase("chatters")
            raise WrongPeerError(link=self._link, detail=self._way.cause) from error
        if self._is_look_due(error):
            had_own = self._way.plain is not None
            self._habits.note_dropped()
            detail = await self._way.look(self.unit_id, address, self._shared.disconnect)
            if detail is not None:
                raise WrongPeerError(link=self._link, detail=detail) from error
            if had_own is not (self._way.plain is not None):
                return True
        elif self._way.cause is not None and not _was_refused(error):
            raise WrongPeerError(link=self._link, detail=self._way.cause) from error
        if isinstance(error, NoAnswerError) and (code := self._way.busy_code(self.unit_id, _now())) is not None:
            raise RefusedError(unit=self.unit_id, address=address, count=1, code=code) from error
        if isinstance(error, NoAnswerError) and self._way.hears_others(self.unit_id, _now()):
            raise BadAnswerError(unit=self.unit_id, detail=phrase("other_answer")) from error
        return False

    def _is_look_due(self, error: LinkError) -> bool:
        """Whether a failed request is reason to look what speaks there: the link stands, and nothing is heard."""
        now = _now()
        if _was_refused(error):
            return False
        if self.framing is Framing.MBAP:
            # Of a gateway that gives all answers one number the first one of a connection fits.
            is_odd = self._failures > 1 and self._habits.is_new
        else:
            # Of a line that echoes some answers are found behind the echo.
            bad = self.figures.discarded
            is_odd = isinstance(error, BadAnswerError) and bad > 1 and self.figures.answers < GOOD_PER_BAD * bad
        return self._way.is_look_due(now) and (is_odd or not self._pulse.was_felt_since(now - UNHEARD_SECONDS))

    async def _read_once(self, wanted: Read, within: Registers | None, losses: int) -> list[int]:
        choice = await self._turn(wanted, within, losses)
        try:
            words = await self._read(choice.read, wanted)
        except RefusedError as error:
            if not error.is_illegal_address or (self._is_numbered and choice.read == wanted):
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
            self._patience = None
            wanted = Read(READ_HOLDING, address, len(values))
            try:
                await self._get_in_step(wanted, within, self.figures.losses)
            except LinkError as error:
                raise NotSentError(unit=self.unit_id, reason=error) from error
            await self._hang_up_first()
            ask_last()
            self.figures.writes += 1
            self.figures.requests += 1
            self._note_connection()
            # To keep a value takes some devices longer than to tell one.
            self._asked_at, self._waited = _now(), 2 * self._time_to_wait()
            try:
                with self._on_this_link():
                    async with self._in_time():
                        await self._unit.write_registers(address, values)
            except asyncio.CancelledError:
                self._habits.note_given_up()
                self._lose_step()
                raise
            except Exception as error:  # nothing raw from below leaks out, whatever it is
                raise self._understood(error, wanted) from error
            self._failures = 0
            self._habits.note_answer(_now(), shows=False)

    # -- in step ----------------------------------------------------------------------------------------------------

    async def _turn(self, wanted: Read, within: Registers | None, losses: int) -> Choice:
        """Wait until the unit is in step and a length is free; return what to send."""
        while True:
            await self._get_in_step(wanted, within, losses)
            choice = self._choose(wanted, within)
            if choice.pause > 0:
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
        self._sequence.note_checked(read)

    async def _pause(self, seconds: float) -> None:
        self.figures.paused_seconds += seconds
        await asyncio.sleep(seconds)

    async def _get_in_step(self, wanted: Read, within: Registers | None, losses: int) -> None:
        """After a fault: stay quiet, then ask for a register or two, and believe nothing of it.

        `losses` is how many connections had been lost when this began.
        """
        low, high = within or (wanted.address, wanted.end - 1)
        while self._out_of_step:
            if self.figures.losses - losses >= MOST_LOSSES:
                raise LinkUnreachableError(link=self._link, detail=self._unless_kicked(phrase("hung_up")))
            await asyncio.sleep(self.quiet_seconds)
            probe = Read(wanted.function, wanted.address, 1)
            choice = self._choose(probe, (min(low, wanted.address), max(high, wanted.end - 1)))
            if choice.pause > 0:
                await self._pause(choice.pause)
                continue
            await self._drop_if_that_helps()
            self.figures.probes += 1
            self._out_of_step = False
            try:
                await self._read(choice.read, probe)
            except RefusedError as error:  # an exception answers the probe as well: late answers are data
                if error.is_gateway or error.is_busy:
                    self._lose_step()
                    raise

    @property
    def _should_drop(self) -> bool:
        """Whether a new connection may help: after 2, 4, 8 … failures in a row, if nobody else was heard meanwhile.

        The first is not worth it, and each drop disturbs the units that share the link.
        """
        is_time = self._failures > 1 and self._failures.bit_count() == 1 and not self._was_dropped
        return is_time and not self._pulse.was_felt_since(self._failed_at)

    async def _drop_if_that_helps(self) -> None:
        """Drop a connection that may be dead, or have half an answer left in its buffer."""
        if not self._should_drop:
            return
        self._was_dropped = True
        self.figures.disconnects += 1
        self._sequence.note_connection_lost(_now())
        self._habits.note_dropped()
        with suppress(ModbusError):
            await self._unit.disconnect()

    async def _hang_up_first(self) -> None:
        """Where the gateway hangs up after each answer, do so before it does: what is sent then is heard."""
        if self._habits.is_curt(_now()) and self._habits.is_idle and self._unit.connected:
            self._habits.note_dropped()
            with suppress(ModbusError):
                await self._unit.disconnect()

    def _note_connection(self) -> bool:
        """Return whether the next request opens a connection."""
        if is_connecting := not self._unit.connected:
            self._habits.note_connecting()
        return is_connecting

    def _choose(self, wanted: Read, within: Registers | None) -> Choice:
        now = _now()
        if self._is_numbered and not self._sequence.is_wary(now):
            return Choice(wanted, 0.0)
        return self._sequence.choose(
            wanted, within, now, repeat_after=self._timing.repeat, late_after=self._timing.quiet
        )

    @property
    def _is_numbered(self) -> bool:
        """Whether answers carry the numbers of their requests, as this connection has shown."""
        return self._has_numbers and self._habits.echoes_numbers

    @property
    def _has_numbers(self) -> bool:
        """Whether the shared link looks at numbers, so that what comes for another request is not heard at all."""
        return self.framing is Framing.MBAP and self._way.plain is None

    def _lose_step(self, quiet: float | None = None) -> None:
        self._out_of_step = True
        self._quiet_until = max(self._quiet_until, _now() + (self._timing.quiet if quiet is None else quiet))

    def _connection_lost(self) -> None:
        """What was on its way when the connection went may be delivered by the next one."""
        now = _now()
        is_idle = self._habits.is_idle
        self._habits.note_lost(self._link, now)
        if not self.figures.requests:
            return
        self.figures.losses += 1
        if is_idle and not self._out_of_step and (self._habits.is_curt(now) or not self._sequence.is_wary(now)):
            return
        self._sequence.note_connection_lost(now)
        self._lose_step()

    # -- one request ------------------------------------------------------------------------------------------------

    async def _ask_again(self, choice: Choice, wanted: Read) -> list[int]:
        """Ask for exactly what is wanted: the refusal was an old one, or for what was added, or is said again."""
        await self._pause(self._timing.repeat)
        words = await self._read(wanted, wanted)
        if choice.read != wanted:
            self._sequence.note_unreadable(choice.read, wanted, _now())
        return words

    async def _read(self, read: Read, wanted: Read) -> list[int]:
        """Send one read; the waiter may be cancelled, the read on the wire is not."""
        self.figures.requests += 1
        self.figures.padding += read.count - wanted.count
        self.figures.padding_seconds += self._sequence.paid(read, wanted)
        self.figures.line_seconds += self.cost.seconds(read.count)
        self._running = asyncio.create_task(self._on_the_wire(read), name=f"acrel read unit {self.unit_id}")
        self._running.add_done_callback(_consume)
        # When the waiter goes away the answer may still come; whoever asks next waits for it (`settle`).
        await asyncio.wait([self._running])
        return self._running.result()

    async def _on_the_wire(self, read: Read) -> list[int]:
        ask: Callable[[int, int], Awaitable[list[int]]] = (
            self._unit.read_holding_registers if read.function == READ_HOLDING else self._unit.read_input_registers
        )
        await self._hang_up_first()
        is_connecting = self._note_connection()
        self._asked_at, self._waited = _now(), self._time_to_wait()
        is_stalled = self._has_numbers and self._pulse.is_stalled_for(self.unit_id)
        is_sure = not is_connecting and not is_stalled
        try:
            # Ends what the link would repeat for a minute when a unit says "busy", and with it the hold on the line.
            with self._on_this_link():
                async with self._in_time():
                    words = await ask(read.address, read.count)
        except asyncio.CancelledError:
            self._lost(read)
            raise
        except Exception as error:  # nothing raw from below leaks out, whatever it is
            raise self._understood(error, read) from error
        if len(words) != read.count:
            raise self._mismatch(phrase("other_length", count=len(words), wanted=read.count), read)
        self._habits.note_answer(_now(), shows=self._sequence.is_own(read, _now()))
        self._sequence.note_answered(read, _now())
        self._failures = 0
        self._was_dropped = False
        self.figures.answers += 1
        self._note_time(_now() - self._asked_at, read.count, is_stalled=is_stalled, is_sure=is_sure)
        self._pulse.beat(_now())
        return words

    def _note_time(self, seconds: float, count: int, *, is_stalled: bool, is_sure: bool) -> None:
        """Learn from the time an answer took, of the unit or of its gateway."""
        if is_stalled:
            usual = max(self.figures.answer_time or 0.0, 2 * self.cost.seconds(count))
            self._pulse.note_stall(self.unit_id, seconds - usual, _now())
            return
        self._pulse.note_answer_time(seconds)
        if self._timing.note_answer(seconds, is_sure=is_sure) and self._timing.longest != self._wish:
            self._wish = self._timing.longest
            self._shared.require_timeout(self._wish)

    def _time_to_wait(self) -> float:
        """Return how long an answer is waited for now, once the request is sent."""
        wait = self.timeout if self._patience is None else self._patience
        if self._patience is not None or not self.figures.answers:
            wait = max(wait, self._pulse.pace)
        if self._has_numbers:
            wait = max(wait, self._pulse.patience(self.unit_id, _now()))
        return min(wait, self._timing.longest)

    @contextmanager
    def _on_this_link(self) -> Iterator[None]:
        """Count a request, and answer for the connection it may open."""
        with self._habits.asking(), asking(self._way.unasked) if self._way.is_network else nullcontext():
            yield

    @asynccontextmanager
    async def _in_time(self) -> AsyncIterator[None]:
        """End a request at its deadline; from the moment on in which its connection stands it gets no more than any."""
        loop = _loop()
        watch: asyncio.TimerHandle | None = None
        async with asyncio.timeout(self._deadline) as limit:

            def look() -> None:
                nonlocal watch
                if self._unit.connected:
                    limit.reschedule(loop.time() + self._deadline)
                else:
                    watch = loop.call_later(CONNECT_LOOK_SECONDS, look)

            if not self._unit.connected:
                watch = loop.call_later(CONNECT_LOOK_SECONDS, look)
            try:
                yield
            finally:
                if watch is not None:
                    watch.cancel()

    @property
    def _deadline(self) -> float:
        """The longest a request may hold the line; connecting is not cut off, the link itself ends it in time."""
        # Who else uses the shared link may be before it; for a silent unit nobody waits any longer than it was told.
        queue = QUEUE_SECONDS if self._patience is None else 0.0
        connecting = 0.0 if self._unit.connected else CONNECT_SECONDS
        return connecting + self._waited + queue

    def _understood(self, error: Exception, read: Read) -> LinkError:
        """Return what an exception from below means, and note what it does to the link."""
        match error:
            case TimeoutError() if self._unit.connected:
                self.figures.timeouts += 1
                self._note_failure()
                self._pulse.give_up(self.unit_id, self._asked_at)
                if self._is_numbered:
                    # Its number protects as long as the connection stands; then it counts as lost. Without a checksum
                    # the probe is to take what may be left of it in the stream.
                    self._sequence.note_answered(read, _now())
                    self._lose_step(0.0)
                else:
                    self._lost(read)
                return NoAnswerError(unit=self.unit_id, seconds=f"{self._waited:.2g}")
            case ModbusConnectionError() | OSError():  # a time-out while connecting is one of these
                self._lost(read)
                return LinkUnreachableError(link=self._link, detail=self._unless_kicked(reason_of(error)))
            case ModbusExceptionError():
                self.figures.refusals += 1
                self._habits.note_answer(_now(), shows=False)
                self._failures = 0
                # Should it be an old refusal, then the answer itself is still to come.
                self._sequence.note_answered(read, _now())
                refusal = RefusedError(
                    unit=self.unit_id, address=read.address, count=read.count, code=int(error.exception_code or 0)
                )
                if refusal.is_gateway:
                    self._pulse.note_tries(_now() - self._asked_at, _now())
                self._pulse.beat(_now())
                return refusal
        return self._mismatch(reason_of(error), read)

    def _unless_kicked(self, reason: Phrase) -> Phrase:
        """Return why a connection was lost: once may be chance, again and again somebody else wants it too."""
        return phrase("kicked") if reason.key == "hung_up" and self._habits.is_kicked(_now()) else reason

    def _note_failure(self) -> None:
        self._failures += 1
        self._failed_at = _now()
        self._was_dropped = False

    def _mismatch(self, detail: Phrase, read: Read) -> LinkError:
        self.figures.discarded += 1
        if self._failures:
            self._timing.note_stale()
        self._note_failure()
        self._lost(read)
        return BadAnswerError(unit=self.unit_id, detail=detail)

    def _lost(self, read: Read) -> None:
        self._habits.note_given_up()
        self._sequence.note_lost(read, _now())
        self._lose_step()


def _was_refused(error: LinkError) -> bool:
    """Whether there is no connection at all, as the system says: then nothing speaks there."""
    cause = innermost(error)
    is_of_system = isinstance(cause, (OSError, UnicodeError)) and not isinstance(cause, _LOST)
    return isinstance(error, LinkUnreachableError) and is_of_system


def _now() -> float:
    return _loop().time()


def _loop() -> AbstractEventLoop:
    return asyncio.get_running_loop()


def _consume(task: asyncio.Task[list[int]]) -> None:
    """Look at the outcome of a read whose waiter went away, so that it is not reported as lost."""
    if not task.cancelled():
        task.exception()
