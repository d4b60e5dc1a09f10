"""Timers that a device keeps itself: it opens or closes by them though nobody is there, and asks nothing then.

So they are no operation of a model: who sets one has to know that no interlock is looked at when it is due. Home
Assistant does not offer them.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, time
from typing import TYPE_CHECKING

from ..errors import CommandRefusedError
from ..readings import DEVICE_CIRCUIT, PointKey
from ..source import Command
from ..texts import Phrase, phrase
from .fields import spelled
from .ordering import Asking

if TYPE_CHECKING:
    from .source import CloudSource

TIMER = PointKey(DEVICE_CIRCUIT, "TIMER")
"""What leave is given for: no operation of the vocabulary."""
_LOOK_SECONDS = 10.0

type Hindrance = Callable[[], Phrase | None]
"""Says, at the last moment, why it may not be set any more."""


def _free() -> None:
    return None


async def set_once(
    source: CloudSource,
    *,
    opens: datetime | None = None,
    closes: datetime | None = None,
    proof: str | None = None,
    hindrance: Hindrance = _free,
) -> bool | None:
    """Have a device open or close once, at times with a zone; returns whether it says that it has a timer now.

    None: nobody knows. `proof` is what the server wants of a person. Raises as `Source.send` does.
    """
    zone = source.hub.account.zone
    texts = [None if moment is None else spelled(moment, zone) for moment in (opens, closes)]
    now = source.hub.now()
    if any(moment is not None and moment <= now for moment in (opens, closes)):
        raise CommandRefusedError(name=TIMER, detail=phrase("timer_past"))
    return await _set(source, texts, proof, hindrance, is_daily=False)


async def set_daily(
    source: CloudSource,
    *,
    opens: time | None = None,
    closes: time | None = None,
    proof: str | None = None,
    hindrance: Hindrance = _free,
) -> bool | None:
    """Have a device open or close each day, at times of the **server's** zone; otherwise as `set_once`."""
    texts = [None if moment is None else moment.strftime("%H:%M:%S") for moment in (opens, closes)]
    return await _set(source, texts, proof, hindrance, is_daily=True)


async def cancel(source: CloudSource, *, proof: str | None = None, hindrance: Hindrance = _free) -> bool | None:
    """Have a device forget its timer; returns whether it says that it has one still. Raises as `Source.send` does."""
    timers = source.hub.profile.timers.get(source.kind)
    if timers is None:
        raise CommandRefusedError(name=TIMER, detail=phrase("read_only", model=source.model.name))
    return await _ask(source, Asking(timers.call, timers.type, timers.cancel, timers.lockout), proof, hindrance)


async def _set(
    source: CloudSource, texts: list[str | None], proof: str | None, hindrance: Hindrance, *, is_daily: bool
) -> bool | None:
    timers = source.hub.profile.timers.get(source.kind)
    opens, closes = (text or "" for text in texts)
    if timers is None:
        raise CommandRefusedError(name=TIMER, detail=phrase("read_only", model=source.model.name))
    if opens == closes:
        # Neither, or both at once.
        raise CommandRefusedError(name=TIMER, detail=phrase("timer_times"))
    value = timers.daily if is_daily else timers.once
    return await _ask(source, Asking(timers.call, timers.type, value, timers.lockout, opens, closes), proof, hindrance)


async def _ask(source: CloudSource, asked: Asking, proof: str | None, hindrance: Hindrance) -> bool | None:
    hub = source.hub
    await hub.look(source.site)
    await hub.orders.pass_on(source, asked, Command(key=TIMER, hindrance=hindrance), proof)
    with suppress(TimeoutError):
        async with asyncio.timeout(source.report_seconds):
            while not source.is_told_since_order:
                await asyncio.sleep(_LOOK_SECONDS)
                await hub.look(source.site)
            return None if source.known.meter is None else source.known.meter.has_timer
    return None
