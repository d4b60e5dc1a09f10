"""Brings what a feed tells to the devices of an account, and says which lists may be asked for more seldom meanwhile.

Only what the feed tells is asked more seldom: values. Who is in alarm, who is heard and the log of alarms are in no
feed, and are asked as often as without one. Whatever ends the feed, everything is asked at once.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

from .feed import SILENT_SECONDS, Feed, Units
from .records import Values

if TYPE_CHECKING:
    from .source import CloudSource

SLOW_FACTOR = 5
"""In every so manieth poll values are asked for although the feed tells them, too."""


class Feeding:
    """The feed of one account, while there is one."""

    def __init__(
        self, sources: Callable[[], Iterable[CloudSource]], now: Callable[[], datetime], wake: Callable[[], None]
    ) -> None:
        """Take who is watched, the wall clock, and what has the server asked now."""
        self.feed: Feed | None = None
        self.foreign = 0
        """What was told of devices that are none here, or of another site."""
        self._sources = sources
        self._now = now
        self._wake = wake
        self._left_out: dict[str, int] = {}
        """How many polls in a row left the values of a site out."""
        self._silence: dict[str, asyncio.TimerHandle] = {}

    def begin(self, units: Units, zone_of: Callable[[str], tzinfo]) -> Feed:
        """Return the feed of the sites that are watched now; whoever subscribes hands its messages over."""
        self.end()
        sites = sorted({source.site for source in self._sources()})
        self.feed = Feed(sites, units, zone_of=zone_of, now=self._now, on_values=self._take, on_lost=self._lost)
        return self.feed

    def end(self) -> None:
        """Have no feed any more."""
        had, self.feed = self.feed, None
        if had is not None:
            self._lost()

    def wants_values(self, site: str) -> bool:
        """Whether a poll has to ask for the values of a site."""
        left_out = self._left_out.get(site, 0)
        if left_out + 1 < SLOW_FACTOR and self._is_told(site):
            self._left_out[site] = left_out + 1
            return False
        self._left_out.pop(site, None)
        return True

    def _is_told(self, site: str) -> bool:
        """Whether all that the lists say of a site's devices was told by the feed, just now."""
        feed, now = self.feed, self._now()
        if feed is None or not feed.tells(site):
            return False
        return all(source.is_fed(now) for source in self._sources() if source.site == site)

    def _take(self, site: str, told: Sequence[Values]) -> None:
        if self.feed is None:
            return
        if (timer := self._silence.pop(site, None)) is not None:
            timer.cancel()
        loop = asyncio.get_running_loop()
        self._silence[site] = loop.call_later(SILENT_SECONDS + 1.0, self._ask_again, site)
        sources = {source.code: source for source in self._sources() if source.site == site}
        for one in told:
            if (source := sources.get(one.code)) is None:
                self.foreign += 1
            else:
                source.take_fed(one)

    def _lost(self) -> None:
        for timer in self._silence.values():
            timer.cancel()
        self._silence.clear()
        for site in list(self._left_out):
            self._ask_again(site)

    def _ask_again(self, site: str) -> None:
        """Have what was left out asked for now."""
        self._silence.pop(site, None)
        if self._left_out.pop(site, 0):
            self._wake()
