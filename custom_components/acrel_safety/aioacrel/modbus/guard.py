"""The guarded link: between device code and any `ModbusUnit`, so that no answer is taken for another's.

On RTU framing an answer names unit, function and length, but not the registers asked for. An answer that comes after
its request was given up would be believed by the next request of the same shape. So after a time-out, a cancelled
request or an answer that does not fit, the unit is *out of step*: nothing is sent to it for longer than its worst
answer can still take, and it is taken up again with one short probe whose value is thrown away. Bytes that arrive while
nothing is asked are discarded below. With MBAP framing the transaction number protects, and no pause is needed.

Reads are never cancelled on the wire, only their waiter. Writes are sent once, whatever happens; their echo is not
believed.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from modbus_connection import (
    ModbusConnectionError,
    ModbusError,
    ModbusExceptionError,
    ModbusUnit,
)

from ..errors import BadAnswerError, LinkError, LinkUnreachableError, NoAnswerError, RefusedError
from ..plan import LineCost, Read
from .link import Framing, LinkAddress

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

MIN_TIMEOUT = 0.5
"""Seconds; below this a gateway's own scheduling looks like silence."""
MAX_TIMEOUT = 10.0
SAFETY_FACTOR = 4
"""An answer gets this many times its computed line time (performance: 4 × (T(N) + D))."""
MIN_QUIET = 1.0
"""Seconds of quiet before the first measured answer; an answer is at most that late in a healthy system."""
READ_FUNCTION_HOLDING = 3
LONGEST_ANSWER = 125
_HISTORY = 64
_CONNECT_FACTOR = 2


@dataclass(slots=True)
class UnitStatistics:
    """What happened between one unit and us since the start; times in seconds."""

    requests: int = 0
    answers: int = 0
    timeouts: int = 0
    discarded: int = 0
    """Answers that did not fit their request and were thrown away."""
    refusals: int = 0
    writes: int = 0
    answer_times: deque[float] = field(default_factory=lambda: deque(maxlen=_HISTORY))

    @property
    def answer_time(self) -> float | None:
        """The mean of the latest answer times, None before the first."""
        return sum(self.answer_times) / len(self.answer_times) if self.answer_times else None

    @property
    def slow_answer_time(self) -> float | None:
        """A high percentile of the latest answer times: all but the slowest twentieth are below."""
        if not self.answer_times:
            return None
        ordered = sorted(self.answer_times)
        return ordered[min(len(ordered) - 1, len(ordered) * 19 // 20)]


class GuardedUnit:
    """One unit on a link. Every request of this library goes through here, one at a time per unit."""

    def __init__(
        self,
        unit: ModbusUnit,
        unit_id: int,
        *,
        address: LinkAddress,
        turnaround: float = 0.02,
        timeout: float | None = None,
    ) -> None:
        """Wrap a unit.

        `turnaround` is the time device and gateway need for themselves, `timeout` overrides the computed one; seconds.
        """
        self.unit_id = unit_id
        self.address = address
        self.cost = LineCost(line=address.line, turnaround=turnaround)
        self.statistics = UnitStatistics()
        computed = SAFETY_FACTOR * self.cost.seconds(LONGEST_ANSWER)
        self.timeout = timeout if timeout is not None else min(max(computed, MIN_TIMEOUT), MAX_TIMEOUT)
        self._unit = unit
        self._lock = asyncio.Lock()
        self._running: asyncio.Task[list[int]] | None = None
        self._out_of_step = False
        self._quiet_until = 0.0
        # A lower wish works only from the next connect on, so it is told before the first request.
        unit.require_timeout(self.timeout)

    def close(self) -> None:
        """Withdraw what was asked of the shared link."""
        self._unit.require_timeout(None)

    async def settle(self) -> None:
        """Wait until a read that nobody waits for any more has ended on the wire."""
        if self._running is not None:
            await asyncio.wait([self._running])

    @property
    def quiet_seconds(self) -> float:
        """How long nothing may be sent to the unit yet; 0 when it may be asked."""
        if not self._out_of_step:
            return 0.0
        return max(0.0, self._quiet_until - _loop().time())

    async def read(self, function: int, address: int, count: int) -> list[int]:
        """Return `count` registers from `address` on.

        Waits out the quiet time first. Raises LinkUnreachableError, NoAnswerError, BadAnswerError or RefusedError.
        """
        async with self._lock:
            await self.settle()
            await self._get_in_step(function, address, count)
            return await self._read(Read(function, address, count))

    async def write(self, address: int, values: list[int]) -> None:
        """Send one Write Multiple Registers (function 16) request, never a second one.

        That it returns says only that an answer came: read the registers back. Raises as `read` does; after
        NoAnswerError or BadAnswerError the write may have been carried out or not.
        """
        async with self._lock:
            await self.settle()
            await self._get_in_step(READ_FUNCTION_HOLDING, address, len(values))
            self.statistics.writes += 1
            self.statistics.requests += 1
            try:
                async with asyncio.timeout(self._deadline):
                    await self._unit.write_registers(address, values)
            except asyncio.CancelledError:
                self._lose_step()
                raise
            except (ModbusError, OSError) as error:
                raise self._understood(error, address, len(values)) from error

    async def _get_in_step(self, function: int, address: int, count: int) -> None:
        """After a fault: stay quiet, then ask for one register (or two, if one is wanted) and believe nothing of it."""
        if not self._out_of_step:
            return
        await asyncio.sleep(self.quiet_seconds)
        probe = Read(function, address, 1)
        if count == 1:
            # Of the wanted read's length, a late answer could not be told from the probe's.
            probe = Read(function, max(0, address - 1), 2) if address else Read(function, address, 2)
        with suppress(RefusedError):  # an exception answers the probe as well: late answers are data
            await self._read(probe)
        self._out_of_step = False

    async def _read(self, read: Read) -> list[int]:
        """Send one read; the waiter may be cancelled, the read on the wire is not."""
        self.statistics.requests += 1
        self._running = asyncio.create_task(self._on_the_wire(read), name=f"acrel read unit {self.unit_id}")
        self._running.add_done_callback(_consume)
        # When the waiter goes away the answer may still come; whoever asks next waits for it (`settle`).
        return await asyncio.shield(self._running)

    async def _on_the_wire(self, read: Read) -> list[int]:
        ask: Callable[[int, int], Awaitable[list[int]]] = (
            self._unit.read_holding_registers
            if read.function == READ_FUNCTION_HOLDING
            else self._unit.read_input_registers
        )
        started = _loop().time()
        try:
            # Ends what the link would repeat for a minute when a unit says "busy", and with it the hold on the line.
            async with asyncio.timeout(self._deadline):
                words = await ask(read.address, read.count)
        except asyncio.CancelledError:
            self._lose_step()
            raise
        except (ModbusError, OSError) as error:
            raise self._understood(error, read.address, read.count) from error
        if len(words) != read.count:
            raise self._mismatch(f"{len(words)} registers instead of {read.count}")
        self.statistics.answers += 1
        self.statistics.answer_times.append(_loop().time() - started)
        return words

    @property
    def _deadline(self) -> float:
        """The longest a request may hold the line: connecting and answering, each with the link's time-out."""
        return _CONNECT_FACTOR * self.timeout + MIN_TIMEOUT

    def _understood(self, error: ModbusError | OSError, address: int, count: int) -> LinkError:
        """Return what an exception from below means, and note what it does to the link."""
        match error:
            case TimeoutError() if self._unit.connected:
                self.statistics.timeouts += 1
                self._lose_step()
                return NoAnswerError(unit=self.unit_id, seconds=f"{self.timeout:g}")
            case ModbusConnectionError() | OSError():  # a time-out while connecting is one of these
                return LinkUnreachableError(link=self.address, detail=_innermost(error))
            case ModbusExceptionError():
                self.statistics.refusals += 1
                return RefusedError(
                    unit=self.unit_id,
                    address=address,
                    count=count,
                    code=int(error.exception_code or 0),
                )
        return self._mismatch(_innermost(error))

    def _mismatch(self, detail: str) -> LinkError:
        self.statistics.discarded += 1
        self._lose_step()
        return BadAnswerError(unit=self.unit_id, detail=detail)

    def _lose_step(self) -> None:
        if self.address.framing is Framing.MBAP:
            return
        self._out_of_step = True
        worst = max(self.statistics.answer_times, default=0.0)
        self._quiet_until = _loop().time() + max(MIN_QUIET, 2 * worst, self.timeout)


def _loop() -> AbstractEventLoop:
    return asyncio.get_running_loop()


def _innermost(error: BaseException) -> str:
    reason = str(error)
    while (cause := error.__cause__) is not None:
        error = cause
        reason = getattr(error, "strerror", None) or str(error) or reason
    return reason or type(error).__name__


def _consume(task: asyncio.Task[list[int]]) -> None:
    """Look at the outcome of a read whose waiter went away, so that it is not reported as lost."""
    if not task.cancelled():
        task.exception()
