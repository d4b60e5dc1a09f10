"""Asks one unit after the other whether it is there, and those that are what they are."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from modbus_connection import ModbusError

from ..errors import BadAnswerError, LinkError, LinkUnreachableError, NoAnswerError, RefusedError
from ..modbus.framing import Framing
from ..modbus.guard import GuardedUnit
from ..modbus.link import Link, LinkAddress
from ..points import Model
from .arguments import BROADCAST_UNIT
from .fitting import FIRST_REGISTER, FUNCTION, Candidate, Verdict, candidates
from .options import Options
from .output import Console
from .progress import progress
from .session import open_link

SHORT_TIMEOUT = 0.5
"""Seconds a unit gets to answer one register: ten times what a device at 9600 baud needs."""
PATIENT_TIMEOUT = 4.0
"""Seconds the first silent unit gets: gateways try a unit that is not there for a while, and serve nobody meanwhile."""
_MARGIN = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A unit that answers, and what each model's checks came to; `remark` says what is wrong with its answers."""

    unit_id: int
    candidates: Sequence[Candidate] = ()
    remark: str = ""
    is_sound: bool = True
    """Whether it gave an answer that fits the question."""

    @property
    def models(self) -> list[Model]:
        """The models it answers like in every check, the most telling first."""
        return [found.model for found in self.candidates if found.verdict is Verdict.FITS]


@dataclass(slots=True, kw_only=True)
class Search:
    """What a scan found."""

    address: LinkAddress
    asked: Sequence[int]
    found: list[Found] = field(default_factory=list)
    trouble: LinkError | None = None
    """What ended it early."""
    gateway_says: str = ""
    """What the gateway itself said of a unit that is not there: then its framing is the right one."""

    @property
    def answering(self) -> list[Found]:
        """The units that gave an answer that fits."""
        return [unit for unit in self.found if unit.is_sound]


async def search(options: Options, address: LinkAddress, models: Sequence[Model], console: Console) -> Search:
    """Ask all units.

    Raises LinkUnreachableError as long as nothing was found: without the link there is nothing to find.
    """
    done = Search(address=address, asked=options.units)
    async with open_link(address) as link:
        asker = _Asker(link, done, options, models)
        with progress(console, len(options.units)) as show:
            for number, unit_id in enumerate(options.units):
                show(number, f"unit {unit_id}, {len(done.found)} found")
                try:
                    await asker.ask(unit_id)
                except LinkUnreachableError as error:
                    if not done.found:
                        raise
                    done.trouble = error
                    break
    return done


class _Asker:
    """Asks the units of a link, for as long as this gateway needs."""

    def __init__(self, link: Link, done: Search, options: Options, models: Sequence[Model]) -> None:
        self._link = link
        self._done = done
        self._models = models
        self._options = options
        self._timeout = options.timeout or SHORT_TIMEOUT
        # On RTU framing nobody answers for others, and a second request could be taken for the first.
        self._is_patience_due = options.timeout is None and done.address.framing is Framing.MBAP

    async def ask(self, unit_id: int) -> None:
        """Note the unit if it is there. Raises LinkUnreachableError."""
        if unit_id == BROADCAST_UNIT and self._done.address.framing is Framing.RTU:
            return
        unit = self._unit(unit_id, self._timeout)
        try:
            found = await self._look_at(unit)
        finally:
            unit.close()
        if found is None and self._is_patience_due:
            self._is_patience_due = False
            found = await self._ask_patiently(unit_id)
        if found is not None:
            self._done.found.append(found)

    def _unit(self, unit_id: int, timeout: float) -> GuardedUnit:
        return self._done.address.guarded(self._link.unit(unit_id), unit_id, timeout=timeout, pulse=self._link.pulse)

    async def _ask_patiently(self, unit_id: int) -> Found | None:
        """Ask a silent unit once more and see how long this gateway takes to say that nobody is there.

        Whoever asked the next unit before that would hear nothing of it. Raises LinkUnreachableError.
        """
        # Only a new connection waits longer, or less long again.
        await self._hang_up(unit_id)
        unit = self._unit(unit_id, PATIENT_TIMEOUT)
        try:
            found = await self._look_at(unit)
        finally:
            unit.close()
        await self._hang_up(unit_id)
        return found

    async def _hang_up(self, unit_id: int) -> None:
        with suppress(ModbusError):
            await self._link.unit(unit_id).disconnect()

    async def _look_at(self, unit: GuardedUnit) -> Found | None:
        """Return what a unit is, None for a silent one. Raises LinkUnreachableError."""
        asked = time.monotonic()
        try:
            remark = await _first_answer(unit)
        except NoAnswerError:
            return None
        except RefusedError as error:  # by the gateway, which is heard in time from now on
            self._done.gateway_says = error.placeholders["meaning"]
            self._note_wait(time.monotonic() - asked)
            self._is_patience_due = False
            return None
        except LinkUnreachableError:
            raise
        except LinkError as error:
            return Found(unit_id=unit.unit_id, remark=f"answers badly: {error}", is_sound=False)
        self._note_wait(time.monotonic() - asked)
        try:
            found = await candidates(unit, self._models, thorough=self._options.everything)
        except LinkUnreachableError:
            raise
        except LinkError as error:
            return Found(unit_id=unit.unit_id, remark=f"falls silent: {error}")
        return Found(unit_id=unit.unit_id, candidates=found, remark=remark)

    def _note_wait(self, seconds: float) -> None:
        """Give the next units the time that this answer took, unless the user stated one."""
        if self._options.timeout is None:
            self._timeout = max(self._timeout, _MARGIN * seconds)


async def _first_answer(unit: GuardedUnit) -> str:
    """Ask for one register and return a remark; a refusal by the unit is an answer.

    Raises the LinkError of a unit that gives none.
    """
    try:
        try:
            await unit.read(FUNCTION, FIRST_REGISTER, 1)
        except LinkUnreachableError, BadAnswerError:
            # Some gateways hang up instead of saying that nobody is there; one odd answer is none.
            await unit.read(FUNCTION, FIRST_REGISTER, 1)
    except RefusedError as error:
        if error.is_gateway:
            raise
        if error.is_illegal_function:
            return f"does not know function {FUNCTION:02d}: its registers may be read with function 04"
    return ""
