"""What came to nothing, and how often that is put down: the record is bounded, and new entries push old ones out.

Nothing that was sent is ever left out, and of what is left out it is said how many there were.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .deeds import Deed, What
from .lifetime import at_stop

MOST_A_MINUTE = 20
"""Attempts of one caller that came to nothing."""
_WINDOW = 60.0
_VAIN: HassKey[Vain] = HassKey(f"{DOMAIN}.vain")

type PutDown = Callable[[Deed], None]


@dataclass(slots=True)
class _Minute:
    """The attempts of one caller within a minute."""

    since: float
    count: int = 0
    last: tuple[Deed, PutDown] | None = None
    cancel: CALLBACK_TYPE | None = None
    more: int = 0


class Vain:
    """Counts what came to nothing, by who asked."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Take Home Assistant: when it ends, what was counted is put down."""
        self._hass = hass
        self._minutes: dict[str, _Minute] = {}
        at_stop(hass, self._end_all)

    @callback
    def is_one_more(self, who: str, deed: Deed, put_down: PutDown) -> bool:
        """Whether an attempt is one too many to be put down by itself; then it is counted, and that put down later."""
        now = self._hass.loop.time()
        minute = self._minutes.get(who)
        if minute is None or (now - minute.since >= _WINDOW and minute.cancel is None):
            self._minutes = {name: one for name, one in self._minutes.items() if now - one.since < _WINDOW or one.more}
            minute = self._minutes[who] = _Minute(now)
        minute.count += 1
        if minute.count <= MOST_A_MINUTE:
            return False
        minute.more, minute.last = minute.more + 1, (deed, put_down)
        if minute.cancel is None:

            @callback
            def end(_: datetime) -> None:
                self._end(who)

            left = max(minute.since + _WINDOW - now, 0.0)
            minute.cancel = async_call_later(self._hass, left, HassJob(end, cancel_on_shutdown=True))
        return True

    @callback
    def _end(self, who: str) -> None:
        minute = self._minutes.pop(who)
        if minute.last is not None:
            deed, put_down = minute.last
            nothing = replace(deed, code="", operation=None, effect=None, outcome=None, tag=None, seconds=0.0)
            put_down(replace(nothing, what=What.REFUSED_OFTEN, more=minute.more, time=dt_util.utcnow()))

    @callback
    def _end_all(self, _: HomeAssistant) -> None:
        for who, minute in [*self._minutes.items()]:
            if minute.cancel is not None:
                minute.cancel()
                self._end(who)


@callback
def vain_of(hass: HomeAssistant) -> Vain:
    """Return it; made for who asks first."""
    if (vain := hass.data.get(_VAIN)) is None:
        vain = hass.data[_VAIN] = Vain(hass)
    return vain
