"""The address that a platform sends to: a secret path that takes a body, answers at once, and works later, in slices.

It is answered as long as its entry exists and is not disabled. While the entry is not loaded the answer is to come
again later, because nobody knows whether it will be; what came is kept all the same, for a platform that does not come
again. How large a body is, how long it may take, how often one sender may come and how much may
wait are bounded.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from http import HTTPStatus
from ipaddress import ip_address

from aiohttp.web import Request, Response
from homeassistant.components import webhook
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.network import is_cloud_connection
from homeassistant.util.network import is_local

from ..aioacrel.bucket import Bucket
from ..aioacrel.cloud.push import LARGEST
from ..const import CONF_LOCAL_ONLY, DOMAIN
from .cloud_push_outside import FromOutside

BODY_SECONDS = 10.0
"""So long a body may take."""
AT_ONCE, PER_SECOND = 60.0, 5.0
"""Requests of one sender."""
MOST_SENDERS = 256
MOST_WAITING = 32
"""Bodies that wait for their turn; one more is refused, and a platform sends it again."""
MOST_KEPT, MOST_KEPT_BYTES = 128, 4 * LARGEST
"""What came while the entry was not loaded, as long as that takes."""
LATER_SECONDS = 10
"""When whoever is refused for now may come again."""
SLICE_SECONDS = 0.004
"""So long at most all others wait for what is made of a body, but for its parsing and its longest record …"""
PAUSE_SECONDS = 0.004
"""… and so long they have until the next slice: a request takes several turns of the event loop."""
_CHUNK = 1 << 16
_METHOD = "POST"
_LATER = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_OF_ALARMS = b'"alarmNo"'

type Take = Callable[[bytes], Iterator[None]]
"""Takes a body step by step."""


class Door:
    """One such address."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, secret: str) -> None:
        """Take its entry, and its secret part."""
        self.secret = secret
        self.refused = 0
        """Requests that were too large, too slow, too many, or not allowed."""
        self.kept = 0
        """Requests that came while the entry was not loaded."""
        self.outside = FromOutside(hass, entry)
        self.is_answered = False
        self._hass = hass
        self._entry = entry
        self._take: Take | None = None
        """Who takes the bodies, while the entry is loaded."""
        self._kept: deque[bytes] = deque()
        self._waiting: deque[bytes] = deque()
        """What was answered as taken."""
        self._steps: Iterator[None] | None = None
        """Those of the body that is in work."""
        self._turn: asyncio.Handle | None = None
        self._closing = asyncio.Lock()
        self._senders: dict[str, Bucket] = {}

    @callback
    def answer(self) -> None:
        """Answer requests from now on, also those to a webhook of the same secret, as addresses once were.

        Raises ValueError where another entry has the same secret.
        """
        if self.is_answered:
            return
        webhook.async_register(
            self._hass,
            DOMAIN,
            self._entry.title,
            self.secret,
            self._answer,
            # Home Assistant would log the secret with what it refuses, and answer as if it had taken it.
            local_only=False,
            allowed_methods=["GET", "HEAD", "PUT", _METHOD],
        )
        self.is_answered = True

    @callback
    def end(self) -> None:
        """Answer no more: the entry is gone, or disabled, or has another address."""
        if self.is_answered:
            webhook.async_unregister(self._hass, self.secret)
        self.is_answered = False
        self._kept.clear()
        self.outside.withdraw()

    @callback
    def open(self, take: Take) -> None:
        """Have bodies taken from now on, at first those that were kept. Raises ValueError as `answer` does."""
        self.answer()
        self._take = take
        self._next()

    async def async_close(self, take: Take) -> None:
        """Have what waits worked off by who took it until now; what comes from now on is kept."""
        async with self._closing:
            if self._take != take:
                # Closed already, or opened by who came after.
                return
            self._take = None
            if self._turn is not None:
                self._turn.cancel()
                self._turn = None
            left = deque([*self._kept, *self._waiting])
            self._kept.clear()
            self._waiting.clear()
            while left or self._steps is not None:
                self._work_slice(take, left)
                await asyncio.sleep(0)

    @callback
    def look(self) -> None:
        """Look at the settings of the entry anew."""
        if not self._is_local_only:
            self.outside.withdraw()

    @property
    def _is_local_only(self) -> bool:
        return self._entry.data.get(CONF_LOCAL_ONLY) is not False

    async def _answer(self, _: HomeAssistant, __: str, request: Request) -> Response:
        return await self.respond(request)

    async def respond(self, request: Request) -> Response:
        """Take a body, and say so before anything is made of it."""
        kept = self.kept
        status = await self._status(request)
        self.refused += status is not HTTPStatus.OK and self.kept == kept
        return Response(status=status, headers={"Retry-After": str(LATER_SECONDS)} if status in _LATER else None)

    async def _status(self, request: Request) -> HTTPStatus:
        if (refusal := self._refusal(request)) is not None:
            return refusal
        body = await _read(request)
        if isinstance(body, HTTPStatus):
            return body
        if self._take is None:
            self._keep(body)
            return HTTPStatus.SERVICE_UNAVAILABLE
        if self._has_no_room:
            # While it was read others came.
            return HTTPStatus.SERVICE_UNAVAILABLE
        self._waiting.append(body)
        self._next()
        return HTTPStatus.OK

    def _refusal(self, request: Request) -> HTTPStatus | None:
        """Return why the body of a request is not even read."""
        if self._entry.disabled_by is not None:
            # It was not loaded when it was disabled: nobody is told of that.
            return HTTPStatus.NOT_FOUND
        if request.method != _METHOD:
            return HTTPStatus.METHOD_NOT_ALLOWED
        if self._is_local_only and not _is_from_here(self._hass, request):
            self.outside.note(request.remote)
            return HTTPStatus.FORBIDDEN
        if not self._may_come(request.remote or ""):
            return HTTPStatus.TOO_MANY_REQUESTS
        return HTTPStatus.SERVICE_UNAVAILABLE if self._has_no_room else None

    @property
    def _has_no_room(self) -> bool:
        return self._take is not None and len(self._waiting) >= MOST_WAITING

    def _keep(self, body: bytes) -> None:
        """Keep a body until the entry is loaded; where there is no room for all, alarms rather than values."""
        self.kept += 1
        if not self.is_answered or body in self._kept:
            # The address ended while it was read; or it was sent again, as it was asked for.
            return
        self._kept.append(body)
        while len(self._kept) > MOST_KEPT or sum(map(len, self._kept)) > MOST_KEPT_BYTES:
            oldest = next((place for place, one in enumerate(self._kept) if _OF_ALARMS not in one), 0)
            del self._kept[oldest]

    def _may_come(self, sender: str) -> bool:
        now = self._hass.loop.time()
        if (bucket := self._senders.pop(sender, None)) is None:
            while len(self._senders) >= MOST_SENDERS:
                # Who came longest ago has all of his again in any case.
                del self._senders[next(iter(self._senders))]
            bucket = Bucket(AT_ONCE, PER_SECOND, now)
        self._senders[sender] = bucket
        return bucket.take(now)

    def _next(self) -> None:
        if self._turn is None and (self._steps is not None or self._kept or self._waiting):
            # The answer goes out first.
            self._turn = self._hass.loop.call_later(PAUSE_SECONDS, self._work)

    @callback
    def _work(self) -> None:
        self._turn = None
        if self._take is None:
            return
        try:
            self._work_slice(self._take, self._kept, self._waiting)
        finally:
            self._next()

    def _work_slice(self, take: Take, *queues: deque[bytes]) -> None:
        """Go on with the first body that waits, but not for long."""
        now = self._hass.loop.time
        until = now() + SLICE_SECONDS
        while now() < until:
            if self._steps is None:
                if (queue := next(filter(None, queues), None)) is None:
                    return
                self._steps = take(queue.popleft())
            try:
                next(self._steps)
            except StopIteration:
                self._steps = None


def _is_from_here(hass: HomeAssistant, request: Request) -> bool:
    """Whether a request comes from this network, as Home Assistant sees it: its own cloud is outside."""
    if is_cloud_connection(hass):
        return False
    try:
        # A proxy that Home Assistant was not told to trust is taken for the sender, as everywhere in it.
        address = ip_address(request.remote or "")
    except ValueError:
        return False
    return is_local(address)


async def _read(request: Request) -> bytes | HTTPStatus:
    """Return the body of a request, or why there is none."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await _body(request)
    except TimeoutError:
        return HTTPStatus.REQUEST_TIMEOUT
    except Exception:  # noqa: BLE001 - such as packed and cannot be unpacked: Home Assistant would log the secret
        return HTTPStatus.BAD_REQUEST
    return HTTPStatus.REQUEST_ENTITY_TOO_LARGE if body is None else body


async def _body(request: Request) -> bytes | None:
    """Return the body of a request; None for one that is too large."""
    length = getattr(request, "content_length", None)
    if isinstance(length, int) and length > LARGEST:
        return None
    body = bytearray()
    while chunk := await request.content.read(_CHUNK):
        body += chunk
        if len(body) > LARGEST:
            return None
    return bytes(body)
