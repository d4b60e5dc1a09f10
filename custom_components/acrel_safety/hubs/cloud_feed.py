"""The feed of an account: connects to the broker that its owner named, as long as the account is loaded.

Nothing depends on it: where it fails, polling goes on as if there were none.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..aioacrel.cloud.account import Account
from ..aioacrel.cloud.errors import CloudError, FeedOffError, FeedRefusedError, PlainFeedError
from ..aioacrel.cloud.feed import Feed
from ..aioacrel.cloud.feedaddress import FeedAddress
from ..aioacrel.cloud.feedlink import FeedLink
from ..aioacrel.cloud.hub import CloudHub
from ..aioacrel.errors import AcrelError
from ..const import CONF_FEED, CONF_FEED_PASSWORD, CONF_FEED_PLAIN, CONF_FEED_USER, LOGGER

UNITS_AGAIN = 900.0
"""Without the server's table of units most of what is told means nothing: it is asked for anew."""


def has_feed(data: Mapping[str, Any]) -> bool:
    """Whether an account's data name the broker of a feed."""
    return CONF_FEED in data


def link_of(data: Mapping[str, Any], feed: Feed) -> FeedLink:
    """Return the connection that an account's data name; nothing is sent yet. Raises PlainFeedError."""
    return FeedLink(
        FeedAddress.parse(data[CONF_FEED], allow_plain=data.get(CONF_FEED_PLAIN) is True),
        feed,
        user=data.get(CONF_FEED_USER, ""),
        password=data.get(CONF_FEED_PASSWORD, ""),
    )


async def async_probe(data: Mapping[str, Any], account: Account) -> None:
    """Look whether a feed can be heard: whether the server has one, and the broker takes the account.

    Raises AcrelError.
    """
    try:
        is_there = await account.has_feed()
    except CloudError as error:
        if error.needs_login:
            raise
        # Whoever does not say so may have one all the same.
        is_there = None
    if is_there is False:
        raise FeedOffError(host=account.address.place)
    sites = [site.id for site in await account.sites()]
    await link_of(data, Feed(sites, {}, zone_of=account.zone_of, now=dt_util.utcnow)).probe()


class CloudFeed:
    """The feed of one account."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, hub: CloudHub) -> None:
        """Take the account; nothing is sent yet."""
        self._hass = hass
        self._entry = entry
        self._hub = hub
        self._link: FeedLink | None = None
        self._knows_units = False
        self._task: asyncio.Task[None] | None = None

    @property
    def refusal(self) -> FeedRefusedError | None:
        """That the broker does not accept the account: only its owner can mend that."""
        trouble = None if self._link is None else self._link.trouble
        return trouble if isinstance(trouble, FeedRefusedError) else None

    @property
    def is_untried(self) -> bool:
        """Whether the broker said nothing of the account yet."""
        return self._link is None or not (self._link.is_connected or self.refusal)

    def start(self) -> None:
        """Listen from now on, whenever the broker is there."""
        self._task = self._entry.async_create_background_task(self._hass, self._run(), f"{self._entry.title} feed")

    async def async_stop(self) -> None:
        """Listen no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        self._hub.feeding.end()

    def details(self) -> Mapping[str, object]:
        """Return what helps to find a fault; neither an address nor an account is in it."""
        link, feed = self._link, self._hub.feeding.feed
        if link is None or feed is None:
            return {"is_begun": False}
        return {
            "is_connected": link.is_connected,
            "is_healthy": feed.is_healthy,
            "attempts": link.attempts,
            "trouble": None if link.trouble is None else link.trouble.key,
            "sites": len(feed.subscriptions()),
            "sites_not_granted": link.not_granted,
            "knows_units": self._knows_units,
            "messages": feed.messages,
            "messages_unread": feed.unread + link.too_large,
            "messages_of_other_times": feed.others,
            "devices_of_others": self._hub.feeding.foreign,
        }

    async def _run(self) -> None:
        feed = self._hub.feeding.begin(await self._units(), self._hub.account.zone_of)
        try:
            self._link = link = link_of(self._entry.data, feed)
        except PlainFeedError:
            # Somebody wrote that into the store: nobody said yes to it.
            LOGGER.warning("The feed of %s would not be encrypted: it is left alone", self._entry.title)
            return
        async with asyncio.TaskGroup() as group:
            group.create_task(link.run())
            group.create_task(self._learn_units(feed))

    async def _learn_units(self, feed: Feed) -> None:
        """Ask for the units until they are known; the connection stays meanwhile."""
        while not self._knows_units:
            await asyncio.sleep(UNITS_AGAIN)
            feed.know(await self._units())

    async def _units(self) -> Mapping[str, str]:
        try:
            units = await self._hub.account.units()
        except AcrelError:
            return {}
        self._knows_units = bool(units)
        return units
