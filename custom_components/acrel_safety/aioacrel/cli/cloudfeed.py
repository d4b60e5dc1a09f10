"""What `acrel cloud --feed` hears: a line for each device of each message, until Ctrl-C. It publishes nothing."""

import asyncio
import os
import ssl
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from getpass import getpass

from ..cloud.account import Account
from ..cloud.address import CloudAddress
from ..cloud.errors import CloudError, FeedError, FeedOffError, FeedRefusedError, SiteGoneError
from ..cloud.feed import Feed
from ..cloud.feedaddress import FeedAddress
from ..cloud.feedlink import FeedLink
from ..cloud.records import Values
from ..texts import Sayable, phrase
from .exits import Exit
from .options import Options
from .output import Console, Json
from .rows import in_line

PASSWORD = "ACREL_FEED_PASSWORD"  # noqa: S105 - where it is taken from


def password(options: Options) -> str:
    """Return the password of the broker's account: that of the environment, or asked for; empty where none is set."""
    known = os.environ.get(PASSWORD)
    if known is None and options.feed_user and sys.stdin is not None and sys.stdin.isatty():
        known = getpass(phrase("ask_feed_password").text(options.language))
    return known or ""


def address_of(options: Options, cloud: CloudAddress) -> FeedAddress:
    """Return where the broker is, or where the vendor's pages look. Raises FeedAddressError, PlainFeedError."""
    return FeedAddress.parse(options.feed or str(FeedAddress.beside(cloud)), allow_plain=options.allow_http)


class Listening:
    """What one command hears, and tells."""

    def __init__(self, options: Options, console: Console, address: FeedAddress, secret: str) -> None:
        """Take where the broker is, and the password of its account."""
        self._options = options
        self._console = console
        self._address = address
        self._secret = secret
        self._is_over = asyncio.Event()
        self._was_connected = False
        self._error: FeedError | None = None
        self._link: FeedLink | None = None

    async def ask(self, account: Account) -> Feed:
        """Ask the server which sites it publishes, and in which units. Raises CloudError."""
        try:
            has_feed = await account.has_feed()
        except CloudError as error:
            if error.needs_login:
                raise
            has_feed = None
        if has_feed is False:
            raise FeedOffError(host=account.address.place)
        if has_feed is None:
            self._note(phrase("cloud_feed_unsure", host=account.address.place))
        units: Mapping[str, str] = {}
        try:
            units = await account.units()
        except CloudError as error:
            self._note(error)
        only = self._options.site
        sites = [site.id for site in await account.sites() if only in (None, site.id)]
        if only is not None and not sites:
            raise SiteGoneError(host=account.address.place, code=only)
        return Feed(sites, units, zone_of=account.zone_of, now=lambda: datetime.now(UTC), on_values=self._tell)

    async def run(self, feed: Feed) -> Exit:
        """Listen until Ctrl-C, or for so many seconds. Raises FeedError where there never was a connection."""
        options = self._options
        link = self._link = FeedLink(
            self._address,
            feed,
            user=options.feed_user or "",
            password=self._secret,
            on_change=self._changed,
            tls=partial(ssl.create_default_context, cafile=options.ca_file),
        )
        listening = asyncio.create_task(link.run(), name="acrel cloud --feed")
        try:
            async with asyncio.timeout(options.feed_seconds):
                await self._is_over.wait()
        except TimeoutError:
            pass
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        if self._error is not None:
            raise self._error
        if feed.unread or feed.others or link.too_large:
            self._note(phrase("cloud_feed_left", unread=feed.unread + link.too_large, others=feed.others))
        return Exit.DONE

    def _changed(self) -> None:
        link = self._link
        if link is None or self._is_over.is_set():
            return
        if link.trouble is None:
            self._was_connected = True
            self._say("connected", phrase("cloud_feed_connected", place=self._address.place))
        elif isinstance(link.trouble, FeedRefusedError) or not self._was_connected:
            self._error = link.trouble
            self._is_over.set()
        else:
            self._say("disconnected", phrase("cloud_feed_disconnected", place=self._address.place))

    def _say(self, event: str, said: Sayable) -> None:
        if self._console.as_json:
            self._console.json({"event": event, "broker": self._address.place})
        else:
            self._note(said)

    def _note(self, said: Sayable) -> None:
        self._console.note(said.text(self._options.language))

    def _tell(self, site: str, told: Sequence[Values]) -> None:
        for one in told:
            time = "" if one.measured is None else one.measured.isoformat()
            if self._console.as_json:
                values: dict[str, Json] = {key.code: value for key, value in one.values.items()}
                self._console.json({"event": "values", "site": site, "code": one.code, "time": time, "values": values})
            else:
                language = self._options.language
                values_of = one.values.items()
                shown = ", ".join(f"{key.code} {in_line(key.code, value, language)}" for key, value in values_of)
                self._console.lines([f"{time} {site} {one.code}: {shown}"])
        if not self._console.has_reader:
            self._is_over.set()
