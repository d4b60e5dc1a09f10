"""Asks one unit after the other whether it is there, and those that are what they are."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from ..errors import BadAnswerError, LinkError, LinkUnreachableError, NoAnswerError, RefusedError, WrongPeerError
from ..foreign import innermost
from ..points import Model
from ..texts import Said, phrase
from .examine import OF_OTHER_FRAMING, Speech
from .fitting import FIRST_REGISTER, FUNCTION, candidates, said_of
from .found import Found, Search
from .framing import BROADCAST_UNIT, Framing
from .guard import GuardedUnit
from .searched import SearchedLink

type Show = Callable[[int, int, int], None]
"""Takes how many units were asked, which one is asked now, and how many were found."""

SHORT_TIMEOUT = 0.5
"""Seconds a unit gets to answer one register: ten times what a device at 9600 baud needs."""
PATIENT_TIMEOUT = 10.0
"""Seconds the first silent unit gets: gateways try a unit that is not there for a while, and serve nobody meanwhile.

It has asked for that unit once already, and may be trying still.
"""
GROWING_TIMEOUTS = (2.0, 5.0)
"""Seconds all units get when nobody answered, round by round."""
MOST_ROUND_SECONDS = 90.0
"""A round that would take longer is left to the user to ask for."""
UNHEARD_UNITS = 16
"""Silent units after which it is looked what speaks there, if there are so many."""
_MARGIN = 1.5
_STALL = 0.1
"""Seconds by which an answer is later than on a free line: the gateway was still trying another unit."""


async def search(
    link: SearchedLink,
    units: Sequence[int],
    models: Sequence[Model],
    *,
    unit_timeout: float | None = None,
    thorough: bool = False,
    show: Show = lambda done, unit_id, found: None,
) -> Search:
    """Ask all of these units on a link, each by the checks of these models; `show` is told of each before.

    Units get the seconds of `unit_timeout` where that was stated, else as long as this gateway needs; on a shared link
    as long as those who read there found fit. All checks of all models are asked for if `thorough`. Raises
    LinkUnreachableError as long as nothing was found: without the link there is nothing to find.
    """
    done = Search(address=link.address, asked=units)
    asker = _Asker(link, done, models, timeout=unit_timeout, thorough=thorough)
    way = link.pulse.way
    looked = way.looks_by_itself
    # A gateway that tries an absent unit for seconds would be held up by a look at what speaks there.
    way.looks_by_itself = link.is_shared and looked
    try:
        round_of = units
        while round_of:
            for number, unit_id in enumerate(round_of, len(units) - len(round_of)):
                show(number, unit_id, len(done.found))
                await asker.ask(unit_id)
                if asker.is_look_due(unit_id, round_of) and (again := await asker.look(unit_id)) is not None:
                    round_of = again
                    break
            else:
                round_of = asker.to_ask_again()
    except LinkUnreachableError as error:
        if not done.found:
            if (explained := await asker.explained(error)) is error:
                raise
            raise explained from error
        done.trouble = error
    finally:
        way.looks_by_itself = looked
    done.found.sort(key=lambda unit: units.index(unit.unit_id))
    return done


class _Asker:
    """Asks the units of a link, for as long as this gateway needs."""

    def __init__(
        self, link: SearchedLink, done: Search, models: Sequence[Model], *, timeout: float | None, thorough: bool
    ) -> None:
        self._link = link
        self._done = done
        self._models = models
        self._stated = timeout
        self._is_thorough = thorough
        self._timeout = timeout or SHORT_TIMEOUT
        # On RTU framing nobody answers for others, and a second request could be taken for the first.
        # Where others read, it is known already for how long a gateway tries, and they are not to wait for it.
        self._is_patience_due = timeout is None and done.address.framing is Framing.MBAP and not link.is_shared
        self._is_stall_looked_for = self._is_patience_due
        self._growing = [] if timeout is not None or link.is_shared else list(GROWING_TIMEOUTS)
        self._rest = 0.0 if link.is_shared else None
        self._given: dict[int, float] = {}
        """The seconds that each unit was given which did not answer."""

    async def ask(self, unit_id: int) -> None:
        """Note the unit if it is there. Raises LinkUnreachableError."""
        if unit_id == BROADCAST_UNIT and self._done.address.framing is Framing.RTU:
            return
        self._given[unit_id] = self._timeout
        async with self._link.lend(unit_id, self._timeout) as unit:
            found = await self._look_at(unit)
        if found is None and self._is_patience_due:
            self._is_patience_due = False
            found = await self._ask_patiently(unit_id)
        elif found is None and self._is_stall_looked_for and not self._done.gateway_says:
            await self._look_for_stall()
        if found is not None:
            del self._given[unit_id]
            self._done.found.append(found)

    def is_look_due(self, unit_id: int, round_of: Sequence[int]) -> bool:
        """Whether to look, once, what speaks there: so many units were asked, or all, and nothing at all was heard."""
        is_long_enough = len(self._given) == UNHEARD_UNITS or (
            len(self._given) < UNHEARD_UNITS and unit_id == round_of[-1]
        )
        pulse = self._link.pulse
        is_heard = self._done.gateway_says or pulse.was_felt_since(float("-inf"))
        return is_long_enough and not self._link.is_shared and pulse.way.speech is None and not is_heard

    async def look(self, unit_id: int) -> Sequence[int] | None:
        """Look what speaks there; return the units to ask from here on, None to go on as before.

        Raises WrongPeerError when it is not Modbus at all.
        """
        way = self._link.pulse.way
        detail = await way.look(unit_id, FIRST_REGISTER, partial(self._link.hang_up, unit_id))
        if way.speech in OF_OTHER_FRAMING:
            return ()  # the other framing is searched next
        if detail is not None:
            raise WrongPeerError(link=str(self._done.address), detail=detail)
        self._note_what_was_heard(unit_id)
        return self._done.asked if way.plain is not None else None

    def _note_what_was_heard(self, unit_id: int) -> None:
        """Keep what the latest look heard of a unit, where that is no silence."""
        way = self._link.pulse.way
        code = way.busy_code(unit_id, asyncio.get_running_loop().time())
        if code is not None:
            refusal = RefusedError(unit=unit_id, address=FIRST_REGISTER, count=1, code=code)
            self._done.heard = refusal
        elif way.speech is Speech.OTHER:
            self._done.heard = BadAnswerError(unit=unit_id, detail=phrase("other_answer"))

    async def explained(self, error: LinkUnreachableError) -> LinkUnreachableError:
        """Return why nothing can be found; where connections end without an answer it is looked what speaks there."""
        way = self._link.pulse.way
        is_known = isinstance(error, WrongPeerError) or isinstance(innermost(error), OSError) or way.speech is not None
        if is_known or self._link.is_shared:
            return error
        unit_id = self._done.asked[0]
        detail = await way.look(unit_id, FIRST_REGISTER, partial(self._link.hang_up, unit_id))
        return error if detail is None else WrongPeerError(link=str(self._done.address), detail=detail)

    def to_ask_again(self) -> list[int]:
        """Return the units for another round: those that were given less time than is known to be needed.

        When nobody answered everybody is given more, unless that would take too long.
        """
        self._done.longest = min(self._given.values(), default=0.0)
        if self._link.is_shared:
            return []
        short = [unit_id for unit_id, seconds in self._given.items() if seconds < self._timeout]
        if self._done.gateway_says or self._done.answering or not self._growing:
            return short
        longer = self._growing.pop(0)
        if longer * len(self._given) > MOST_ROUND_SECONDS:
            self._growing.clear()
            return short
        self._timeout = max(self._timeout, longer)
        return [*self._given]

    async def _ask_patiently(self, unit_id: int) -> Found | None:
        """Ask a silent unit once more and see how long this gateway takes to say that nobody is there.

        Whoever asked the next unit before that would hear nothing of it. Raises LinkUnreachableError.
        """
        # Only a new connection waits longer, or less long again.
        await self._link.hang_up(unit_id)
        self._given[unit_id] = PATIENT_TIMEOUT
        async with self._link.lend(unit_id, PATIENT_TIMEOUT) as unit:
            found = await self._look_at(unit)
        await self._link.hang_up(unit_id)
        return found

    async def _look_for_stall(self) -> None:
        """Ask a unit that is there how long the gateway keeps trying the silent one without saying so.

        Raises LinkUnreachableError.
        """
        known = next((found for found in self._done.found if found.is_sound), None)
        if known is None:
            return
        self._is_stall_looked_for = False
        try:
            async with self._link.lend(known.unit_id, PATIENT_TIMEOUT) as unit:
                waits = [await _time_of_answer(unit) for _ in range(2)]
        except LinkUnreachableError:
            raise
        except LinkError:
            return
        finally:
            await self._link.hang_up(known.unit_id)
        if (stall := waits[0] - waits[1]) > _STALL:
            self._done.tries_for = self._timeout + stall
            self._timeout = _MARGIN * self._done.tries_for

    async def _look_at(self, unit: GuardedUnit) -> Found | None:
        """Return what a unit is, None for a silent one. Raises LinkUnreachableError."""
        asked, had_plain = time.monotonic(), self._link.pulse.way.plain is not None
        try:
            remark = await self._first_answer(unit)
        except NoAnswerError:
            return None
        except RefusedError as error:  # by the gateway, which is heard in time from now on
            self._done.gateway_says = said_of(error, "meaning")
            self._done.tries_for = time.monotonic() - asked
            self._note_wait(self._done.tries_for)
            self._is_patience_due = False
            return None
        except LinkUnreachableError:
            raise
        except LinkError as error:
            return Found(unit_id=unit.unit_id, remark=phrase("answers_badly", error=error), is_sound=False)
        self._note_wait(time.monotonic() - asked)
        try:
            found = await candidates(unit, self._models, thorough=self._is_thorough, turn=self._link.turn)
        except LinkUnreachableError:
            raise
        except LinkError as error:
            why = await self._why_no_more(unit, error)
            if not had_plain and self._link.pulse.way.plain is not None:
                return await self._look_at(unit)
            return Found(unit_id=unit.unit_id, remark=why)
        return Found(unit_id=unit.unit_id, candidates=found, remark=remark)

    async def _why_no_more(self, unit: GuardedUnit, error: LinkError) -> Said:
        """Return what became of a unit that answered at first. Raises WrongPeerError."""
        if not isinstance(error, NoAnswerError):
            return phrase("answers_badly", error=error)
        if not self._link.is_shared:
            await self.look(unit.unit_id)
        return phrase("answers_no_more", error=self._done.heard or error)

    async def _first_answer(self, unit: GuardedUnit) -> Said:
        """Ask for one register and return a remark; a refusal by the unit is an answer.

        Raises the LinkError of a unit that gives none.
        """
        try:
            try:
                await self._read(unit)
            except LinkUnreachableError, BadAnswerError:
                # Some gateways hang up instead of saying that nobody is there; one odd answer is none.
                await self._read(unit)
        except RefusedError as error:
            if error.is_gateway:
                raise
            if error.is_illegal_function:
                return phrase("reads_otherwise", function=f"{FUNCTION:02d}")
        return ""

    async def _read(self, unit: GuardedUnit) -> None:
        async with self._link.turn():
            await unit.read(FUNCTION, FIRST_REGISTER, 1, rest=self._rest)

    def _note_wait(self, seconds: float) -> None:
        """Give the next units the time that this answer took, unless the user stated one."""
        if self._stated is None:
            self._timeout = max(self._timeout, _MARGIN * seconds)


async def _time_of_answer(unit: GuardedUnit) -> float:
    asked = time.monotonic()
    with suppress(RefusedError):
        await unit.read(FUNCTION, FIRST_REGISTER, 1)
    return time.monotonic() - asked
