"""One exchange with a unit: a request that is sent once, and what came of it.

Whatever is raised below becomes one of the errors of `errors.py`, and everybody who learns from it is told: the unit's
step, its times, and what the units of the link know together.
"""

import asyncio

from modbus_connection import ModbusConnectionError, ModbusError, ModbusExceptionError

from ..errors import (
    BadAnswerError,
    DeviceAwayError,
    LinkClosedError,
    LinkError,
    LinkTakenError,
    LinkUnreachableError,
    NoAnswerError,
    RefusedError,
)
from ..foreign import reason_of
from ..registers import READ_HOLDING, LineCost, Read
from ..texts import phrase
from .figures import UnitFigures
from .once import only_once
from .pulse import LinkPulse
from .shared import AwayError, ClosedError
from .step import Step
from .timing import Timing
from .wire import TURN_SECONDS, AnyUnit, Wire

_WRITE_PATIENCE = 2
"""To keep a value takes some devices longer than to tell one."""


class Exchange:
    """Sends one unit's requests."""

    def __init__(
        self,
        unit_id: int,
        link: str,
        cost: LineCost,
        *,
        step: Step,
        wire: Wire,
        timing: Timing,
        pulse: LinkPulse,
        figures: UnitFigures,
    ) -> None:
        """Take what is known of the unit and its link."""
        self.patience: float | None = None
        """For how long a silent unit is listened to."""
        self._unit_id = unit_id
        self._link = link
        self._cost = cost
        self._step = step
        self._wire = wire
        self._timing = timing
        self._pulse = pulse
        self._figures = figures

    async def read(self, read: Read) -> list[int]:
        """Return the registers of a read. Raises LinkError."""
        await self._wire.hang_up_first()
        is_connecting = not self._wire.connected
        is_stalled = self._step.has_numbers and self._pulse.is_stalled_for(self._unit_id)

        async def ask(unit: AnyUnit) -> list[int]:
            if read.function == READ_HOLDING:
                return await unit.read_holding_registers(read.address, read.count)
            return await unit.read_input_registers(read.address, read.count)

        try:
            words = await self._wire.ask(ask, self._time_to_wait())
        except asyncio.CancelledError:
            self._step.note_lost(read)
            raise
        except Exception as error:  # nothing raw from below leaks out, whatever it is
            raise self._understood(error, read) from error
        if len(words) != read.count:
            self._step.note_mismatch(read)
            detail = phrase("other_length", count=len(words), wanted=read.count)
            raise BadAnswerError(unit=self._unit_id, detail=detail)
        self._step.note_answered(read)
        self._figures.answers += 1
        self._figures.listened = 0.0
        seconds = _now() - self._wire.asked_at
        self._note_time(seconds, read.count, is_stalled=is_stalled, is_sure=not is_connecting and not is_stalled)
        self._pulse.beat(_now())
        return words

    async def write(self, address: int, values: list[int]) -> None:
        """Write with function 16, as long as that takes. Raises LinkError."""
        try:
            await self._wire.ask(
                lambda unit: only_once(unit.write_registers(address, values)), _WRITE_PATIENCE * self._time_to_wait()
            )
        except asyncio.CancelledError:
            self._step.note_write_given_up()
            raise
        except Exception as error:  # nothing raw from below leaks out, whatever it is
            raise self._understood(error, Read(READ_HOLDING, address, len(values))) from error
        self._step.note_written()

    def _time_to_wait(self) -> float:
        return self._wire.time_to_wait(self.patience, has_numbers=self._step.has_numbers)

    def _note_time(self, seconds: float, count: int, *, is_stalled: bool, is_sure: bool) -> None:
        """Learn from the time an answer took, of the unit or of its gateway."""
        if is_stalled:
            usual = max(self._figures.answer_time or 0.0, 2 * self._cost.seconds(count))
            self._pulse.note_stall(self._unit_id, seconds - usual, _now())
            return
        self._pulse.note_answer_time(seconds)
        if self._timing.note_answer(seconds, is_sure=is_sure):
            self._wire.tell_wish()

    def _understood(self, error: Exception, read: Read) -> LinkError:
        """Return what an exception from below means, and note what it does to the link."""
        match error:
            case TimeoutError() if (
                self._wire.connected and not self._wire.is_my_turn and not isinstance(error, ModbusError)
            ):
                # Nothing was sent, so there is nothing that could still arrive; what the link itself waited for was.
                return LinkTakenError(link=self._link, detail=phrase("taken", seconds=f"{TURN_SECONDS:g}"))
            case TimeoutError() if self._wire.connected:
                self._figures.timeouts += 1
                self._figures.listened = max(self._figures.listened, self._wire.waited)
                self._pulse.give_up(self._unit_id, self._wire.asked_at)
                self._step.note_unanswered(read)
                return NoAnswerError(unit=self._unit_id, seconds=f"{self._wire.waited:.2g}")
            case AwayError() | ClosedError():  # nothing was sent
                return self._gone(error)
            case ModbusConnectionError() | OSError():  # a time-out while connecting is one of these
                self._step.note_lost(read)
                return LinkUnreachableError(
                    link=self._link, detail=self._pulse.habits.unless_kicked(reason_of(error), _now())
                )
            case ModbusExceptionError():
                self._figures.refusals += 1
                self._step.note_refused(read)
                refusal = RefusedError(
                    unit=self._unit_id, address=read.address, count=read.count, code=int(error.exception_code or 0)
                )
                if refusal.is_gateway:
                    self._pulse.note_tries(_now() - self._wire.asked_at, _now())
                self._pulse.beat(_now())
                return refusal
        self._step.note_mismatch(read)
        return BadAnswerError(unit=self._unit_id, detail=reason_of(error))

    def _gone(self, error: AwayError | ClosedError) -> LinkUnreachableError:
        if isinstance(error, AwayError):
            return DeviceAwayError(link=self._link, detail=phrase("device_away"))
        return LinkClosedError(link=self._link, detail=phrase("link_closed"))


def _now() -> float:
    return asyncio.get_running_loop().time()
