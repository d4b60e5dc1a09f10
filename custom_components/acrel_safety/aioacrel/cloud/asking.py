"""What a poll asks a server for: the lists of one site after the other, and what becomes of what one of them refuses.

A site, or a call, that comes to nothing keeps no other from being asked. Of an account with thousands of sites those
that nobody watches are looked through a few at a time.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING

from .account import Account
from .errors import CloudError
from .lists import Lists, is_of_all
from .records import Connection, Meter, MeterKey, Site, Values

if TYPE_CHECKING:
    from .source import CloudSource

LIST_EVERY = timedelta(hours=1)
"""So often all sites are looked through for devices that nobody watches."""
LOOKED_AT_ONCE = 10
"""So many sites of those that nobody watches are looked through in one poll."""


class Asking:
    """Asks for the lists of one account, and knows what they said of its sites."""

    def __init__(
        self,
        account: Account,
        lists: Lists,
        sources: Mapping[MeterKey, CloudSource],
        wants_values: Callable[[str], bool],
        now: Callable[[], datetime],
    ) -> None:
        """Take the account, who is watched, whether a poll has to ask for the values of a site, and a clock."""
        self.sites: Mapping[str, Site] = {}
        self.meters: Mapping[MeterKey, Meter] = {}
        self.troubles: dict[str, CloudError] = {}
        self.heard: dict[str, float] = {}
        """When, by the steady clock, the list of a site was read last."""
        self.looked_through: datetime | None = None
        """When all sites had been looked through."""
        self._account = account
        self._lists = lists
        self._sources = sources
        self._wants_values = wants_values
        self._now = now
        self._unlooked: list[str] = []
        """Sites that are still to be looked through."""
        self._listed: dict[str, tuple[int, Mapping[MeterKey, Meter]]] = {}
        """What the newest list of each site has, and when that was asked for: a poll and a look may overlap …"""
        self._connected: dict[str, tuple[int, Mapping[str, Connection]]] = {}
        """… and likewise who is heard."""
        self._turns = count()
        self._looks: dict[str, asyncio.Lock] = {}
        self._looked: dict[str, float] = {}
        """When, by the steady clock, the last look at a site began that somebody asked for."""

    @property
    def _watched(self) -> set[str]:
        """The sites that have a device which is watched."""
        return {source.site for source in self._sources.values()}

    async def list_sites(self) -> None:
        """Ask which sites there are, and forget those that are none any more. Raises CloudError."""
        self.sites = {site.id: site for site in await self._account.sites()}
        known = self.sites.keys() | self._watched
        self.meters = {key: one for key, one in self.meters.items() if key.site in known}
        self.troubles = {site: error for site, error in self.troubles.items() if site in known}
        self._listed = {site: listed for site, listed in self._listed.items() if site in known}
        self._connected = {site: heard for site, heard in self._connected.items() if site in known}

    async def all(self, *, is_first: bool, turn: int) -> None:
        """Ask for everything once; whose site is asked first changes with each turn. Raises what is so for all."""
        watched, now = self._watched, self._now()
        # Also when the clock was put back since.
        is_due = self.looked_through is None or not timedelta() <= now - self.looked_through < LIST_EVERY
        if is_first and watched:
            # What nobody watches can wait: somebody waits for the start.
            is_due = False
        self._lists.begin()
        if is_due and not self._unlooked:
            await self._begin_to_look(watched, is_first=is_first)
        first = turn % max(len(watched), 1)
        ordered = sorted(watched)
        await self._ask([*ordered[first:], *ordered[:first]])
        troubles = [self.troubles.get(site) for site in watched]
        if (one := next(iter(troubles), None)) is not None and not any(map(_was_heard, troubles)):
            # As from a page that says to come back later.
            raise one
        if is_due:
            some, self._unlooked = self._unlooked[:LOOKED_AT_ONCE], self._unlooked[LOOKED_AT_ONCE:]
            await self._ask(site for site in some if site not in watched)
            if not self._unlooked:
                self.looked_through = now

    async def _begin_to_look(self, watched: set[str], *, is_first: bool) -> None:
        """Note which sites are to be looked through. Raises what is so for all of the account."""
        if not is_first:
            try:
                await self.list_sites()
            except CloudError as error:
                if not self._lists.bears(error):
                    raise
        self._unlooked = sorted(self.sites.keys() - watched)

    async def _ask(self, sites: Iterable[str]) -> None:
        watched = self._watched
        for site in sites:
            try:
                await self._ask_site(site, is_full=site in watched)
                self.troubles.pop(site, None)
            except CloudError as error:
                if not self._lists.bears(error):
                    raise
                self.troubles[site] = error

    async def _ask_site(self, site: str, *, is_full: bool) -> None:
        """Ask how a site's devices stand, and with `is_full` what they measure. Raises CloudError.

        What fails after the list of devices takes nothing from what that said of alarms.
        """
        turn = next(self._turns)
        listed = {meter.key: meter for meter in await self._account.meters(site)}
        self.heard[site] = asyncio.get_running_loop().time()
        if turn > self._listed.get(site, (-1, {}))[0]:
            self.meters = {key: one for key, one in self.meters.items() if key.site != site} | listed
            self._listed[site] = turn, listed
        values: Mapping[str, Values] | None = None
        failed: CloudError | None = None
        is_full = is_full and self._wants_values(site)
        try:
            if is_full:
                values = await self._lists.values(site)
            if site in self._watched:
                turn = next(self._turns)
                connections = await self._lists.connections(site)
                if connections is not None and turn > self._connected.get(site, (-1, {}))[0]:
                    self._connected[site] = turn, connections
        except CloudError as error:
            failed = error
        mine = {key: source for key, source in self._sources.items() if key.site == site}
        for key in self._lists.in_turn(mine):
            source = mine[key]
            try:
                details = await self._lists.details(source, self._meter(source), asks=failed is None)
            except CloudError as error:
                failed = error
                details = await self._lists.details(source, self._meter(source), asks=False)
            # Unless it was dropped while the server was asked. A look may have seen something newer meanwhile.
            if self._sources.get(key) is source:
                _, connections = self._connected.get(site, (-1, None))
                known = self._lists.bring_together(source, self._meter(source), values, connections, details)
                source.take(known, is_full=is_full)
        if failed is not None:
            raise failed

    def _meter(self, source: CloudSource) -> Meter | None:
        _, listed = self._listed.get(source.site, (-1, {}))
        return listed.get(source.key)

    async def look(self, site: str) -> None:
        """Ask for the devices of one site now, once for all who wait for it. Raises CloudError."""
        loop = asyncio.get_running_loop()
        asked = loop.time()
        async with self._looks.setdefault(site, asyncio.Lock()):
            if self._looked.get(site, -1.0) < asked:
                began = loop.time()
                with self._account.awaited():
                    await self._ask_site(site, is_full=False)
                self._looked[site] = began

    async def look_around(self) -> None:
        """Ask for the devices of the sites that no poll asks; one that refuses keeps what is known of it."""
        await self.list_sites()
        for site in sorted(self.sites.keys() - self._watched):
            try:
                await self._ask_site(site, is_full=False)
            except CloudError as error:
                if is_of_all(error):
                    raise


def _was_heard(trouble: CloudError | None) -> bool:
    """Whether a server was heard of a site: whoever says no is there."""
    return trouble is None or trouble.is_declined
