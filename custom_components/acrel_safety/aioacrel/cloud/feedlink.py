"""The connection to the broker of a cloud's feed: MQTT by WebSocket. It subscribes, and never publishes anything.

A connection that is lost is made anew, less and less often; one that the broker refuses only once an hour, because a
wrong account gets no better by being tried. Certificates are always checked, and redirections never followed: the
account goes to the address that was typed and nowhere else. Nothing of it is written to a log: the address and the
account are not ours to tell.
"""

import asyncio
import logging
import random
import secrets
import ssl
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from socket import gaierror

import aiohttp
from yarl import URL

from ..foreign import innermost
from ..texts import Said, phrase
from .errors import FeedError, FeedRefusedError, FeedUnreachableError
from .feed import Feed
from .feedaddress import FeedAddress
from .feedpackets import Connected, PacketError, Published, Subscribed, connect, subscribe
from .feedtalk import CONNECT_SECONDS, GOODBYE_SECONDS, KEEP_ALIVE, LARGEST_FRAME, FrameError, Talk

FIRST_WAIT = 3.0
LONGEST_WAIT = 300.0
REFUSED_WAIT = 3600.0
"""Before a broker is asked again that refused the account."""
_SETTLED_SECONDS = 60.0
"""A connection that held so long is no failure when it ends."""
_JITTER = 0.25
_REFUSALS = frozenset({4, 5})
"""Wrong user or password, not authorized."""
_LEAST_FAILURE = 128
"""From this number on a subscription was not granted."""

_LOGGER = logging.getLogger(__name__)


class _RedirectedError(Exception):
    """Somebody says that what was asked for is elsewhere."""


_REASONS: Sequence[tuple[tuple[type[Exception], ...], Said]] = (
    ((ConnectionRefusedError,), phrase("cloud_refused")),
    # A certificate that does not fit is a ValueError, too.
    ((aiohttp.ClientSSLError, ssl.SSLError), phrase("cloud_certificate")),
    ((gaierror, aiohttp.ClientConnectorDNSError), phrase("cloud_host_unknown")),
    ((FrameError,), phrase("feed_too_large")),
    ((aiohttp.ClientResponseError, _RedirectedError, PacketError, ValueError), phrase("feed_no_websocket")),
    ((ConnectionError, aiohttp.ClientConnectionError), phrase("feed_ended")),
)


async def _refuse_to_follow(*_: object) -> None:
    raise _RedirectedError


class FeedLink:
    """The connection to one broker, for one feed."""

    def __init__(
        self,
        address: FeedAddress,
        feed: Feed,
        *,
        user: str = "",
        password: str = "",
        on_change: Callable[[], None] = lambda: None,
        tls: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    ) -> None:
        """Take where the broker is, who takes its messages, and whose account it is; nothing is sent yet.

        `on_change` is told when the connection is there, is lost, or is refused. `tls` may block: it runs in a thread.
        """
        self.address = address
        self.feed = feed
        self.trouble: FeedError | None = None
        """Why there is no connection now."""
        self.is_connected = False
        self.attempts = 0
        self.too_large = 0
        """Messages that were larger than any message of a feed."""
        self.not_granted = 0
        """Sites that the broker does not let it hear."""
        self._user = user
        self._password = password
        self._on_change = on_change
        self._make_tls = tls
        self._tls: ssl.SSLContext | None = None

    def __repr__(self) -> str:
        """Name nobody."""
        return "FeedLink()"

    async def probe(self) -> None:
        """Connect and subscribe once, and end that. Raises FeedError."""
        async with self._connected():
            pass

    async def run(self) -> None:
        """Hand over what comes, until cancelled."""
        failures = 0
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                await self._listen()
            except FeedError as error:
                trouble = error
            except Exception as error:
                # A slip of ours must not end the feed.
                _LOGGER.exception("A feed could not be heard")
                trouble = self._unreachable(error)
            finally:
                self.is_connected = False
            self._change(trouble)
            failures = 0 if loop.time() - began >= _SETTLED_SECONDS else failures + 1
            await asyncio.sleep(wait_after(trouble, failures))

    async def _listen(self) -> None:
        """Hand over what comes. Raises FeedError when the connection is lost, and there is no other end."""
        try:
            async with self._connected() as talk:
                self.is_connected = True
                self._change(None)
                try:
                    async with aclosing(talk.messages()) as messages:
                        async for message in messages:
                            self._take(message)
                except (aiohttp.ClientError, ConnectionError, PacketError, FrameError) as error:
                    raise self._unreachable(error) from None
        finally:
            if self.is_connected:
                self.is_connected = False
                self.feed.lost()
        raise self._unreachable(ConnectionResetError())

    def _take(self, message: Published) -> None:
        try:
            self.feed.take(message.topic, message.payload, retained=message.is_retained)
        except Exception:
            # A slip of ours must not end the feed.
            _LOGGER.exception("A message of a feed could not be taken")

    def _is_too_large(self) -> None:
        self.too_large += 1

    @asynccontextmanager
    async def _connected(self) -> AsyncGenerator[Talk]:
        """Have a connection on which all sites are subscribed. Raises FeedError."""
        self.attempts += 1
        if self.address.is_secure and self._tls is None:
            try:
                # It reads certificates from a disk.
                self._tls = await asyncio.get_running_loop().run_in_executor(None, self._make_tls)
            except OSError as error:
                raise self._unreachable(error) from None
        trace: aiohttp.TraceConfig = aiohttp.TraceConfig()
        trace.on_request_redirect.append(_refuse_to_follow)
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), trace_configs=[trace]) as session:
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    talk = await self._enter(session)
            except FeedError:
                raise
            except Exception as error:  # noqa: BLE001 - hosts answer with something else in more ways than are known
                raise self._unreachable(error) from None
            try:
                await self._subscribe(talk)
                yield talk
            finally:
                await talk.leave()

    async def _enter(self, session: aiohttp.ClientSession) -> Talk:
        """Connect. Raises FeedRefusedError, or whatever may go wrong below."""
        socket = await session.ws_connect(
            URL(str(self.address)),
            protocols=("mqtt",),
            max_msg_size=LARGEST_FRAME,
            ssl=self._tls or True,
            timeout=aiohttp.ClientWSTimeout(ws_close=GOODBYE_SECONDS),
        )
        talk = Talk(socket, self._is_too_large)
        is_in = False
        try:
            name = f"acrel{secrets.token_hex(8)}"
            answer = await talk.ask(connect(name, self._user, self._password, KEEP_ALIVE * 3 // 2), Connected)
            if answer.code in _REFUSALS:
                raise FeedRefusedError(host=self.address.place)
            if answer.code:
                raise ConnectionResetError
            is_in = True
        finally:
            if not is_in:
                await talk.leave()
        return talk

    async def _subscribe(self, talk: Talk) -> None:
        """Subscribe all sites; one that the broker does not grant takes none from the others."""
        topics = self.feed.subscriptions()
        self.not_granted = 0
        for number, topic in enumerate(topics, 1):
            try:
                granted = await talk.ask(subscribe(number, topic), Subscribed)
            except (aiohttp.ClientError, OSError, PacketError, FrameError) as error:
                raise self._unreachable(error) from None
            self.not_granted += granted.code >= _LEAST_FAILURE
        if self.not_granted and self.not_granted == len(topics):
            raise FeedRefusedError(host=self.address.place)

    def _unreachable(self, error: Exception) -> FeedUnreachableError:
        return FeedUnreachableError(host=self.address.place, detail=_reason_of(error))

    def _change(self, trouble: FeedError | None) -> None:
        self.trouble = trouble
        self._on_change()


def _reason_of(error: Exception) -> Said:
    """Return why there is no connection. Its words are not quoted: they may repeat what was sent."""
    if isinstance(error, TimeoutError):
        return phrase("cloud_late", seconds=f"{CONNECT_SECONDS:.0f}")
    found = (error, innermost(error))
    return next(
        (said for kinds, said in _REASONS if any(isinstance(one, kinds) for one in found)), phrase("cloud_unsaid")
    )


def wait_after(error: FeedError, failures: int) -> float:
    """Return for how many seconds to wait after so many failures in a row."""
    is_refused = isinstance(error, FeedRefusedError)
    wait = REFUSED_WAIT if is_refused else min(FIRST_WAIT * 2.0 ** min(failures, 16), LONGEST_WAIT)
    return wait * (1.0 + random.uniform(-_JITTER, _JITTER))  # noqa: S311 - so that not all come at once
