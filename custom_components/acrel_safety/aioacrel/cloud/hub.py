"""All devices of one account: the server is asked for its lists in its own time, and each device gets its part.

A poll asks, for each site that has a device which is watched, once for each page of each list, one request after the
other. What a site refuses keeps no other from being asked.
"""

import asyncio
import logging
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from datetime import datetime, timedelta
from math import inf

from ..errors import AcrelError
from ..foreign import python_says
from ..points import Model
from ..readings import PointKey
from .account import Account, utcnow
from .asking import Asking
from .errors import CloudBusyError, CloudError, UnfitAnswerError
from .feeding import Feeding
from .instant import Instant
from .judging import Known
from .lag import Lag
from .lists import Lists, is_of_all
from .ordering import Ordering
from .profile import Profile
from .records import Meter, MeterKey, Site
from .source import CloudSource

_LOGGER = logging.getLogger(__name__)

LEAST_SECONDS = 60.0
"""Between two polls: the server's values are minutes old."""
POLLS_HELD = 3
"""So many polls may fail before what a server said holds no more."""
LONGEST_WAIT = 900.0
_JITTER = 0.1
_HURRY_SECONDS = 10.0
"""Between two polls that somebody hurries."""
_LOOK_SECONDS = 30.0
"""Between two looks whether the clock jumped."""

type Hook = Callable[[Account], Awaitable[None]]


class CloudHub:
    """One account at work."""

    def __init__(
        self,
        account: Account,
        *,
        every: float = LEAST_SECONDS,
        stale_after: float | None = None,
        has_feed: bool = False,
        now: Callable[[], datetime] = utcnow,
    ) -> None:
        """Take the account, seconds between two polls, and after how many a value is stale (None: the profile's).

        With `has_feed` devices have what only a feed tells, too; whoever subscribes to it begins with `feeding`.
        """
        self.account = account
        self.profile: Profile = account.profile
        self.every = max(every, LEAST_SECONDS)
        self.stale_after = stale_after or account.profile.stale_after
        self.has_feed = has_feed
        self._lags = defaultdict[str, Lag](lambda: Lag(timedelta(seconds=self.stale_after)))
        """By site: each may have a zone of its own."""
        self.now = now
        self.orders = Ordering(self)
        self.hooks: list[Hook] = []
        """What else has to be asked after each poll, unless all would fail; what fails there fails alone."""
        self.trouble: AcrelError | None = None
        self.last_success: datetime | None = None
        self.polls = 0
        self._lists = Lists(account, now)
        self._sources: dict[MeterKey, CloudSource] = {}
        self._listeners: list[Callable[[], None]] = []
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._polling = asyncio.Lock()
        self.feeding = Feeding(self._sources.values, now, self._wake.set)
        self._asking = Asking(account, self._lists, self._sources, self.feeding.wants_values, now)
        self._hurried = 0.0
        self._looked = Instant(now(), 0.0)
        """When it was looked last whether the clock jumped."""
        self._failures = 0
        self._took = 0.0
        """Seconds from the beginning to the end of the latest poll that was answered, the log of alarms with it."""

    @property
    def sites(self) -> Mapping[str, Site]:
        """The sites of the account."""
        return self._asking.sites

    @property
    def meters(self) -> Mapping[MeterKey, Meter]:
        """All devices of the account, as far as their sites were looked through."""
        return self._asking.meters

    @property
    def site_troubles(self) -> Mapping[str, CloudError]:
        """Why sites were not answered when they were asked last."""
        return self._asking.troubles

    @property
    def host(self) -> str:
        """What the server is called."""
        return self.account.address.place

    # -- for whoever runs it ------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Log in, find the sites, ask once, and go on by itself. Raises AcrelError."""
        self._looked = Instant.now(self.now)
        await self.account.login()
        try:
            await self._asking.list_sites()
        except CloudError as error:
            # The sites of those that are watched are known without it.
            if is_of_all(error) or not self._sources:
                raise
        await self.poll()
        if self.trouble is not None and not self._asking.heard:
            raise self.trouble
        self._task = asyncio.get_running_loop().create_task(self._run(), name=f"acrel cloud {self.host}")

    async def stop(self) -> None:
        """Ask no more."""
        self.feeding.end()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        for source in self._sources.values():
            source.end()

    def source(
        self, site: str, code: str, model: Model, kind: str = "", *, proved: AbstractSet[PointKey] = frozenset()
    ) -> CloudSource:
        """Return a device as a source; `kind` is the server's number of its type, where it is not known yet.

        `proved` are operations that differ between servers and that its owner saw to work. Raises ValueError for a
        device that is known.
        """
        key = MeterKey(site, code)
        if key in self._sources:
            raise ValueError("the device is known already")
        listed = self.meters.get(key)
        source = CloudSource(self, site, code, model, kind or ("" if listed is None else listed.kind), proved=proved)
        self._sources[key] = source
        if (known := self._lists.known(key)) is not None:
            source.take(known, is_full=False)
        return source

    def drop(self, source: CloudSource) -> None:
        """Leave a device alone."""
        source.end()
        if self._sources.get(source.key) is source:
            del self._sources[source.key]
            # Whoever is watched by this code next may be another device.
            self._lists.forget(source.key)

    def disown(self, source: CloudSource) -> None:
        """Show nothing more of what is listed under the code of a device: it is another one."""
        self._lists.forget(source.key)
        source.is_other = True
        source.take(Known(), is_full=False)

    @property
    def sources(self) -> Sequence[CloudSource]:
        """All devices that are watched."""
        return list(self._sources.values())

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Be told after each poll; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def hurry(self) -> None:
        """Ask soon, unless that was a moment ago."""
        now = asyncio.get_running_loop().time()
        if now - self._hurried >= _HURRY_SECONDS:
            self._hurried = now
            self._wake.set()

    def hears(self, site: str) -> bool:
        """Whether what the server said of a site holds still."""
        return self.hears_for(site) >= 0

    def hears_for(self, site: str) -> float:
        """Return for how many seconds more it does, unless the server is heard again; below 0 it does not."""
        heard = self._asking.heard.get(site, -inf)
        # Of a server that takes minutes for a poll a site may be the first in one and the last in the next.
        span = POLLS_HELD * (1 + _JITTER) * self.every + LEAST_SECONDS + min(2 * self._took, LONGEST_WAIT)
        return heard + span - asyncio.get_running_loop().time()

    def unwatched(self) -> Mapping[MeterKey, Meter]:
        """Return the devices of the account that nobody watches."""
        return {key: meter for key, meter in self.meters.items() if key not in self._sources}

    @property
    def is_looked_through(self) -> bool:
        """Whether all sites were looked through once."""
        return self._asking.looked_through is not None

    def figures(self) -> Mapping[str, float | None]:
        """Return how well it does."""
        since = None if self.last_success is None else round((self.now() - self.last_success).total_seconds())
        return {**self.account.figures, "polls": self.polls, "seconds_since_success": since}

    def details(self) -> Mapping[str, object]:
        """Return what helps to find a fault; nothing that tells this account from others."""
        return {
            "profile": self.profile.id,
            "version": None if self.account.login_known is None else self.account.login_known.version,
            "sites": len(self.sites),
            "devices": len(self.meters),
            "watched": len(self._sources),
            "every": self.every,
            "trouble": None if self.trouble is None else self.trouble.key,
            "site_troubles": sorted(error.key for error in self.site_troubles.values()),
            "last_success": None if self.last_success is None else self.last_success.isoformat(),
            **self.figures(),
        }

    # -- asking -------------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            await self._rest(asyncio.get_running_loop().time() + self._wait())
            # Whoever wakes it during a poll may want what that one has left out.
            self._wake.clear()
            await self._poll_quietly()

    async def _rest(self, until: float) -> None:
        """Wait for the next poll; what is known is looked at anew where the clock jumped, and the server asked."""
        loop = asyncio.get_running_loop()
        while (left := until - loop.time()) > 0 and not self._wake.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left, _LOOK_SECONDS)):
                    await self._wake.wait()
            before, self._looked = self._looked, Instant.now(self.now)
            if before.has_jumped(self._looked):
                for source in self.sources:
                    source.look_again()
                # A server that wants to be left alone is left alone.
                until = until if self._retry_after is not None else loop.time()

    async def _poll_quietly(self) -> None:
        try:
            await self.poll()
        except Exception:
            # A slip of whoever listens must not end the polling.
            _LOGGER.exception("What the account said could not be told")

    def _wait(self) -> float:
        """Return for how many seconds to wait; longer each time nothing came of it, and as long as the server says."""
        wait = self.every * min(2.0**self._failures, LONGEST_WAIT / LEAST_SECONDS)
        wait = max(self.every, min(wait, LONGEST_WAIT))
        wait = max(wait, self._retry_after or 0.0)
        return wait * (1.0 + random.uniform(-_JITTER, _JITTER))  # noqa: S311 - so that not all ask at once

    @property
    def _retry_after(self) -> float | None:
        """For how many seconds the server wants to be left alone, as far as it said that."""
        return self.trouble.retry_after if isinstance(self.trouble, CloudBusyError) else None

    async def poll(self) -> None:
        """Ask for everything once. Never raises what the server is to blame for."""
        async with self._polling:
            begun = asyncio.get_running_loop().time()
            self.polls += 1
            trouble: AcrelError | None = None
            try:
                await self._asking.all(is_first=self.polls == 1, turn=self.polls)
            except CloudError as error:
                trouble = error
            except Exception as error:
                # A slip of ours must not end the polling, nor keep from anybody that nothing was heard.
                _LOGGER.exception("The account could not be asked")
                trouble = UnfitAnswerError(host=self.host, detail=python_says(error))
            self._failures = self._failures + 1 if trouble is not None else 0
            if trouble is None:
                self.last_success = self.now()
                self._look_at_times(self.last_success)
            self.trouble = trouble
            for source in self.sources:
                if (wrong := trouble or self.site_troubles.get(source.site)) is not None:
                    source.lose(wrong)
        # The lists may be what the server stumbles over: then its log is all that can tell of an alarm.
        if trouble is None or (isinstance(trouble, CloudError) and not is_of_all(trouble)):
            await self._run_hooks()
            self._took = asyncio.get_running_loop().time() - begun
        for listener in list(self._listeners):
            listener()

    def _look_at_times(self, now: datetime) -> None:
        by_site = defaultdict[str, list[datetime | None]](list)
        for one in self.sources:
            if not one.known.is_away:
                by_site[one.site].append(one.known.heard)
        for site, times in by_site.items():
            self._lags[site].look(times, now)
        for site in self._lags.keys() - by_site.keys():
            del self._lags[site]

    @property
    def behind(self) -> timedelta | None:
        """By how much all that is new is of before, at the first site of which nothing is of now for that reason."""
        return next((behind for _, lag in sorted(self._lags.items()) if (behind := lag.behind) is not None), None)

    async def look(self, site: str) -> None:
        """Ask for the devices of one site now, once for all who wait for it. Raises CloudError."""
        await self._asking.look(site)

    async def look_around(self) -> None:
        """Ask for the devices of the sites that no poll asks: somebody wants to choose. Raises CloudError.

        A site that refuses keeps what is known of it.
        """
        async with self._polling:
            await self._asking.look_around()

    async def _run_hooks(self) -> None:
        for hook in list(self.hooks):
            try:
                await hook(self.account)
            except CloudError as error:
                _LOGGER.debug("What else the account was asked for was not to be had: %s", error.key)
            except Exception:
                # A slip of ours there must not end what is shown of devices.
                _LOGGER.exception("What else the account is asked for could not be taken")
