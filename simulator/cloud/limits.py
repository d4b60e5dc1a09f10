"""How many requests a server bears, and what it says to those beyond."""

from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import format_datetime

from aiohttp import web

from simulator.cloud.behaviour import Behaviour
from simulator.cloud.clock import Clock


class Limit:
    """Counts the requests of the last while."""

    def __init__(self, behaviour: Callable[[], Behaviour], clock: Clock) -> None:
        """Take what tells how the server is at the moment."""
        self._behaviour = behaviour
        self._clock = clock
        self._recent: list[datetime] = []

    def refusal(self) -> web.Response | None:
        """Count a request; return the answer where it is one too many."""
        behaviour = self._behaviour()
        if behaviour.rate is None:
            return None
        most, seconds = behaviour.rate
        now = self._clock.now()
        self._recent = [moment for moment in self._recent if moment > now - timedelta(seconds=seconds)]
        if len(self._recent) < most:
            self._recent.append(now)
            return None
        wait = str(max(1, round(seconds)))
        if behaviour.retry_as_date:
            wait = format_datetime(now + timedelta(seconds=seconds), usegmt=True)
        return web.Response(status=429, headers={"Retry-After": wait}, text="Too Many Requests")
