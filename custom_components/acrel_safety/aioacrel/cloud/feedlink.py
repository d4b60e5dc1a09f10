"""The connection to the broker of a cloud's feed: MQTT by WebSocket. It subscribes, and never publishes anything.

A connection that is lost is made anew, less and less often; one that the broker refuses only once an hour, because a
wrong account gets no better by being tried. Certificates are always checked. Nothing of it is written to a log: the
address and the account are not ours to tell.
"""

import asyncio
import logging
import random
import ssl
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from socket import gaierror

from aiomqtt import Client, Message, MqttCodeError, MqttError
from paho.mqtt.client import WebsocketConnectionError
from paho.mqtt.reasoncodes import ReasonCode

from ..foreign import python_says
from ..texts import Said, phrase
from .errors import FeedError, FeedRefusedError, FeedUnreachableError
from .feed import LARGEST, Feed
from .feedaddress import FeedAddress

FIRST_WAIT = 3.0
LONGEST_WAIT = 300.0
REFUSED_WAIT = 3600.0
"""Before a broker is asked again that refused the account."""
MOST_WAITING = 64
"""Messages that wait to be taken; more are dropped, and the next ones tell the same again."""
_SETTLED_SECONDS = 60.0
"""A connection that held so long is no failure when it ends."""
_KEEP_ALIVE = 20
"""Also how long a host may take that answers and says nothing."""
_CONNECT_SECONDS = 30.0
_GOODBYE_SECONDS = 3.0
_JITTER = 0.25
_REFUSALS = frozenset({4, 5, 134, 135, 138, 140})
"""Wrong user or password, not authorized, banned, another method: as MQTT 3.1.1 and 5 number them."""
_LEAST_FAILURE = 128
"""From this number on a subscription was not granted."""

_REASONS: Sequence[tuple[tuple[type[Exception], ...], Said]] = (
    ((ConnectionRefusedError,), phrase("cloud_refused")),
    # A certificate that does not fit is a ValueError, too.
    ((ssl.SSLError,), phrase("cloud_certificate")),
    ((gaierror,), phrase("cloud_host_unknown")),
    ((WebsocketConnectionError, ValueError, LookupError), phrase("feed_no_websocket")),
    ((ConnectionError,), phrase("feed_ended")),
)
_LOGGER = logging.getLogger(__name__)
_QUIET = logging.getLogger(f"{__name__}.silent")
# The client logs topics, which name sites.
_QUIET.disabled = True
_ending: set[asyncio.Task[None]] = set()
"""So that they are not forgotten before they ended."""


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
        self._ending: asyncio.Task[None] | None = None
        """A connection that is being made and nobody waits for any more."""
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
            async with self._connected() as client:
                self.is_connected = True
                self._change(None)
                try:
                    async for message in client.messages:
                        self._take(message)
                except MqttError as error:
                    raise self._unreachable(error) from error
        finally:
            if self.is_connected:
                self.is_connected = False
                self.feed.lost()
        raise self._unreachable(ConnectionResetError())

    def _take(self, message: Message) -> None:
        if len(message.payload) > LARGEST:
            self.too_large += 1
            return
        try:
            self.feed.take(message.topic.value, bytes(message.payload), retained=message.retain)
        except Exception:
            # A slip of ours must not end the feed.
            _LOGGER.exception("A message of a feed could not be taken")

    @asynccontextmanager
    async def _connected(self) -> AsyncGenerator[Client]:
        """Have a connection on which all sites are subscribed. Raises FeedError."""
        if self._ending is not None and not self._ending.done():
            # A thread is at it still, and cannot be interrupted: it is not joined by more and more others.
            raise self._unreachable(TimeoutError())
        self.attempts += 1
        address = self.address
        if address.is_secure and self._tls is None:
            try:
                # It reads certificates from a disk.
                self._tls = await asyncio.get_running_loop().run_in_executor(None, self._make_tls)
            except OSError as error:
                raise self._unreachable(error) from None
        client = Client(
            address.host,
            address.port,
            username=self._user or None,
            password=self._password or None,
            transport="websockets",
            websocket_path=f"/{address.path}",
            tls_context=self._tls if address.is_secure else None,
            keepalive=_KEEP_ALIVE,
            max_queued_incoming_messages=MOST_WAITING,
            logger=_QUIET,
        )
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                await self._enter(client)
        except Exception as error:
            # The client stumbles over hosts that answer with something else in more ways than it says.
            raise self._refusal(error) or self._unreachable(error) from error
        try:
            await self._subscribe(client)
            yield client
        finally:
            await _leave(client)

    async def _enter(self, client: Client) -> None:
        """Connect; who is cancelled meanwhile leaves no connection behind. Raises MqttError."""
        entering = asyncio.ensure_future(client.__aenter__())
        try:
            # Not cancelled with whoever waits: what comes of it later is looked at in `_end`.
            await asyncio.wait([entering])
        except asyncio.CancelledError:
            self._ending = ending = asyncio.ensure_future(_end(entering, client))
            _ending.add(ending)
            ending.add_done_callback(_ending.discard)
            # Mostly that is done at once; only a host that answers nothing holds a thread for longer.
            await asyncio.wait([ending], timeout=_GOODBYE_SECONDS)
            raise
        entering.result()

    async def _subscribe(self, client: Client) -> None:
        """Subscribe all sites; one that the broker does not grant takes none from the others."""
        topics = self.feed.subscriptions()
        self.not_granted = 0
        for topic in topics:
            try:
                granted = await client.subscribe(topic, qos=0)
            except MqttError as error:
                raise self._unreachable(error) from error
            self.not_granted += any(_number(one) >= _LEAST_FAILURE for one in granted)
        if self.not_granted and self.not_granted == len(topics):
            raise FeedRefusedError(host=self.address.place)

    def _refusal(self, error: Exception) -> FeedRefusedError | None:
        is_refused = isinstance(error, MqttCodeError) and _number(error.rc) in _REFUSALS
        return FeedRefusedError(host=self.address.place) if is_refused else None

    def _unreachable(self, error: Exception) -> FeedUnreachableError:
        return FeedUnreachableError(host=self.address.place, detail=_reason_of(error))

    def _change(self, trouble: FeedError | None) -> None:
        self.trouble = trouble
        self._on_change()


def _reason_of(error: Exception) -> Said:
    """Return why there is no connection; the client says so in the words of the system, and hides what they are of."""
    cause = error.__context__ if isinstance(error, MqttError) else error
    if isinstance(cause, TimeoutError):
        return phrase("cloud_late", seconds=f"{_CONNECT_SECONDS:.0f}")
    return next((said for kinds, said in _REASONS if isinstance(cause, kinds)), python_says(error))


def wait_after(error: FeedError, failures: int) -> float:
    """Return for how many seconds to wait after so many failures in a row."""
    is_refused = isinstance(error, FeedRefusedError)
    wait = REFUSED_WAIT if is_refused else min(FIRST_WAIT * 2.0 ** min(failures, 16), LONGEST_WAIT)
    return wait * (1.0 + random.uniform(-_JITTER, _JITTER))  # noqa: S311 - so that not all come at once


def _number(code: int | ReasonCode | None) -> int:
    """Return the number of a reason, whichever of its forms the client chose."""
    return code.value if isinstance(code, ReasonCode) else code or 0


async def _end(entering: asyncio.Future[Client], client: Client) -> None:
    # How it failed nobody waits for.
    with suppress(Exception):
        await entering
        await _leave(client)


async def _leave(client: Client) -> None:
    """Say goodbye, but not for long: whoever is not there any more cannot answer."""
    with suppress(MqttError, TimeoutError):
        async with asyncio.timeout(_GOODBYE_SECONDS):
            await client.__aexit__(None, None, None)
            # How it ended is looked at: what nobody looks at, the event loop reports as missed.
            async for _ in client.messages:
                pass
