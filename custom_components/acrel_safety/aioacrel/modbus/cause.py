"""Why a request was not answered, if more can be said than that: see `way.py` for what is looked at, and when."""

import asyncio

from ..errors import (
    BadAnswerError,
    LinkClosedError,
    LinkError,
    LinkTakenError,
    LinkUnreachableError,
    NoAnswerError,
    RefusedError,
    WrongPeerError,
)
from ..foreign import innermost
from ..texts import phrase
from .figures import UnitFigures
from .framing import Framing
from .pulse import LinkPulse
from .step import Step
from .way import UNHEARD_SECONDS
from .wire import Wire

GOOD_PER_BAD = 4
"""Answers that fit for each that does not; where there are fewer something is wrong with the line itself."""

_LOST = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError)
"""How the system says that a connection that stood was ended."""


class Cause:
    """Finds out why one unit's requests fail."""

    def __init__(
        self,
        unit_id: int,
        link: str,
        framing: Framing,
        *,
        step: Step,
        wire: Wire,
        pulse: LinkPulse,
        figures: UnitFigures,
    ) -> None:
        """Take what is known of the unit and its link."""
        self._unit_id = unit_id
        self._link = link
        self._framing = framing
        self._step = step
        self._wire = wire
        self._pulse = pulse
        self._way = pulse.way
        self._figures = figures

    async def finds_another_way(self, error: LinkError, address: int) -> bool:
        """Return whether it is worth asking again, in another way. Raises WrongPeerError when that is found out."""
        if isinstance(error, (LinkTakenError, LinkClosedError)):
            return False
        if self._way.is_flooded:
            self._way.cause = phrase("chatters")
            raise WrongPeerError(link=self._link, detail=self._way.cause) from error
        if self._is_look_due(error):
            had_own = self._way.plain is not None
            self._pulse.habits.note_dropped()
            detail = await self._way.look(self._unit_id, address, self._wire.drop_shared)
            if detail is not None:
                raise WrongPeerError(link=self._link, detail=detail) from error
            if (seconds := self._way.answered_in) is not None:
                self._pulse.note_answer_time(seconds)
            if had_own is not (self._way.plain is not None):
                return True
        elif self._way.cause is not None and not _was_refused(error):
            raise WrongPeerError(link=self._link, detail=self._way.cause) from error
        if isinstance(error, NoAnswerError) and (code := self._way.busy_code(self._unit_id, _now())) is not None:
            raise RefusedError(unit=self._unit_id, address=address, count=1, code=code) from error
        if isinstance(error, NoAnswerError) and self._way.hears_others(self._unit_id, _now()):
            raise BadAnswerError(unit=self._unit_id, detail=phrase("other_answer")) from error
        return False

    def _is_look_due(self, error: LinkError) -> bool:
        """Whether a failed request is reason to look what speaks there: the link stands, and nothing is heard."""
        now = _now()
        if _was_refused(error):
            return False
        if self._framing is Framing.MBAP:
            # Of a gateway that gives all answers one number the first one of a connection fits.
            is_odd = self._step.failures > 1 and self._pulse.habits.is_new
        else:
            # Of a line that echoes some answers are found behind the echo.
            bad = self._figures.discarded
            is_odd = isinstance(error, BadAnswerError) and bad > 1 and self._figures.answers < GOOD_PER_BAD * bad
        return self._way.is_look_due(now) and (is_odd or not self._pulse.was_felt_since(now - UNHEARD_SECONDS))


def _was_refused(error: LinkError) -> bool:
    """Whether there is no connection at all, as the system says: then nothing speaks there."""
    cause = innermost(error)
    is_of_system = isinstance(cause, (OSError, UnicodeError)) and not isinstance(cause, _LOST)
    return isinstance(error, LinkUnreachableError) and is_of_system


def _now() -> float:
    return asyncio.get_running_loop().time()
