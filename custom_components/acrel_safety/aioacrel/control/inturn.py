"""Operating a device when it is one's turn, whoever asks: a person, an automation, or what acts by itself."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from ..points import Effect
from ..readings import PointKey
from .outcome import Outcome, Reason, refused
from .tempo import PATIENCE, Tempo
from .turns import TooManyError

if TYPE_CHECKING:
    from .caller import Caller
    from .control import Control
    from .tokens import Selection

OPENING_PATIENCE = 30.0
"""Seconds for which an opening waits for what is under way: it is better late than not at all.

Behind what answers slowly or sleeps it waits for as long as one operation takes there.
"""


async def in_turn[Become](
    control: Control, key: PointKey, by: Caller, act: Callable[[], Awaitable[Become]]
) -> Become | Outcome:
    """Wait for a turn, then act: whatever was known before it waited has to be asked again there.

    The turn is over when the act returns, be it that something is left to look for.

    Openings go first, and wait by a slow way for no position longer than the device takes no other command: nothing
    that was sent is taken back, but what becomes of it is looked for no more. A wait that is too long, or one too many
    of the same caller, is refused and told as a refusal.
    """
    lockouts, is_opening = control.lockouts, control.effect(key) is Effect.OPEN
    longer = max((Tempo.of(source).longer for source in control.device.sources), default=0.0)
    patience = OPENING_PATIENCE + longer if is_opening else PATIENCE
    with ExitStack() as waiting:
        if is_opening and control.forbidden(key, by) is None:
            waiting.enter_context(lockouts.opening())
        return await _acted(control, key, by, act, patience, waiting)


async def _acted[Become](
    control: Control,
    key: PointKey,
    by: Caller,
    act: Callable[[], Awaitable[Become]],
    patience: float,
    waiting: ExitStack,
) -> Become | Outcome:
    """Act when it is one's turn; `waiting` ends when nothing has to be waited for any more."""
    lockouts, is_opening = control.lockouts, control.effect(key) is Effect.OPEN
    until, has_waited = asyncio.get_running_loop().time() + patience, lockouts.turns.is_taken or lockouts.is_busy
    try:
        async with lockouts.turns.turn((by.kind, by.id), patience, is_first=is_opening):
            async with asyncio.timeout_at(until):
                # What was asked for before the control was made anew is under way.
                await lockouts.idle()
                if is_opening and has_waited:
                    # Whoever waited anyway is not sent away for the seconds that are left.
                    await asyncio.sleep(lockouts.seconds_left)
            waiting.close()
            return await act()
    except TooManyError:
        outcome = refused(Reason.BUSY)
    except TimeoutError:
        outcome = refused(Reason.WAITED_TOO_LONG)
    control.tell_refusal(key, by, outcome)
    return outcome


async def select_in_turn(control: Control, key: PointKey, by: Caller, seconds: float) -> Selection | Outcome:
    """Check an operation when it is one's turn: one reading at a time, so that no operation waits for many."""
    try:
        async with control.lockouts.selections.turn((by.kind, by.id), PATIENCE):
            return await control.select(key, by, seconds)
    except TooManyError:
        return refused(Reason.BUSY)
    except TimeoutError:
        return refused(Reason.WAITED_TOO_LONG)
