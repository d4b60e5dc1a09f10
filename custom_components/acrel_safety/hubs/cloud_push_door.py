"""The address that a platform sends to: a secret path that takes a body, answers at once, and works later, in slices.

Whatever comes is answered alike, whether it can be used or not: who guesses learns nothing. How large a body is, how
long it may take, how often one sender may come and how much may wait are bounded.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp.web import Request, Response
from homeassistant.components import webhook
from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from ..aioacrel.bucket import Bucket
from ..aioacrel.cloud.push import LARGEST
from ..const import DOMAIN

BODY_SECONDS = 10.0
"""So long a body may take."""
AT_ONCE, PER_SECOND = 60.0, 5.0
"""Requests of one sender."""
MOST_SENDERS = 256
MOST_WAITING = 32
"""Bodies that wait for their turn; one more is refused, and a platform sends it again."""
SLICE_SECONDS = 0.004
"""So long at most all others wait for what is made of a body, but for its parsing and its longest record …"""
PAUSE_SECONDS = 0.004
"""… and so long they have until the next slice: a request takes several turns of the event loop."""
_CHUNK = 1 << 16
_METHOD = "POST"
_LEFT: HassKey[dict[str, list[_Waiting]]] = HassKey(f"{DOMAIN}.push_left")
"""What was answered and not worked off when its address was closed, by its secret."""

type Take = Callable[[bytes, int], Iterator[None]]
"""Takes a body step by step, without so many steps at its beginning that were made before."""


@dataclass(slots=True)
class _Waiting:
    """A body, and how many steps of it were made."""

    body: bytes
    done: int = 0


def forget_left(hass: HomeAssistant, secret: str) -> None:
    """Forget what was left of an address that is gone."""
    hass.data.get(_LEFT, {}).pop(secret, None)


class Door:
    """One such address."""

    def __init__(self, hass: HomeAssistant, secret: str, *, local_only: bool, take: Take) -> None:
        """Take its secret part, and who takes the bodies."""
        self.refused = 0
        """Requests that were too large, too slow, too many."""
        self._hass = hass
        self._secret = secret
        self._local_only = local_only
        self._take = take
        self._waiting: deque[_Waiting] = deque()
        """The first of them is in work."""
        self._steps: Iterator[None] | None = None
        self._turn: asyncio.Handle | None = None
        self._senders: dict[str, Bucket] = {}
        self._is_open = False

    @callback
    def open(self, name: str) -> None:
        """Take requests from now on."""
        webhook.async_register(
            self._hass,
            DOMAIN,
            name,
            self._secret,
            self._answer,
            local_only=self._local_only,
            # Home Assistant would log the secret of one that is used otherwise.
            allowed_methods=["GET", "HEAD", "PUT", _METHOD],
        )
        self._is_open = True
        # What was answered before the entry was loaded anew, and not worked off.
        self._waiting.extend(self._hass.data.get(_LEFT, {}).pop(self._secret, ()))
        self._next()

    @callback
    def close(self) -> None:
        """Take none any more; what waits was answered, and is left to whoever opens this address again."""
        if self._is_open:
            webhook.async_unregister(self._hass, self._secret)
        self._is_open = False
        self._rest()
        self._steps = None
        if self._waiting:
            self._hass.data.setdefault(_LEFT, {})[self._secret] = list(self._waiting)
            self._waiting.clear()

    async def _answer(self, _: HomeAssistant, __: str, request: Request) -> Response:
        """Take a body, and say so before anything is made of it."""
        status = await self._status(request)
        self.refused += status is not HTTPStatus.OK
        return Response(status=status)

    async def _status(self, request: Request) -> HTTPStatus:
        if request.method != _METHOD:
            return HTTPStatus.METHOD_NOT_ALLOWED
        if not self._may_come(request.remote or ""):
            return HTTPStatus.TOO_MANY_REQUESTS
        if len(self._waiting) >= MOST_WAITING:
            return HTTPStatus.SERVICE_UNAVAILABLE
        body = await _read(request)
        if isinstance(body, HTTPStatus):
            return body
        if not self._is_open or len(self._waiting) >= MOST_WAITING:
            # While it was read the address was closed, or others came: the platform has to send it again.
            return HTTPStatus.SERVICE_UNAVAILABLE
        self._waiting.append(_Waiting(body))
        self._next()
        return HTTPStatus.OK

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
        if self._turn is None and self._waiting:
            # The answer goes out first.
            self._turn = self._hass.loop.call_later(PAUSE_SECONDS, self._work)

    @callback
    def _work(self) -> None:
        self._turn = None
        try:
            self._work_slice()
        finally:
            self._next()

    def _work_slice(self) -> None:
        """Go on with the first body that waits, but not for long."""
        now = self._hass.loop.time
        until = now() + SLICE_SECONDS
        while self._waiting and now() < until:
            first = self._waiting[0]
            if self._steps is None:
                self._steps = self._take(first.body, first.done)
            try:
                next(self._steps)
            except StopIteration:
                self._waiting.popleft()
                self._steps = None
            else:
                first.done += 1

    async def async_finish(self) -> None:
        """Take none any more, and work off what was answered: where Home Assistant ends nobody else will."""
        if self._is_open:
            webhook.async_unregister(self._hass, self._secret)
        self._is_open = False
        self._rest()
        while self._waiting:
            self._work_slice()
            await asyncio.sleep(0)

    def _rest(self) -> None:
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None


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
