"""One request to a cloud and its answer, bounded in time and size; what goes wrong below becomes an error of ours.

Redirections are never followed: a password or token goes to the address that was typed and nowhere else. Certificates
are always checked. Proxies of the environment are not used, and nothing is kept between requests.
"""

import asyncio
import errno
import json
import logging
import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.cookies import Morsel
from socket import gaierror
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from ..foreign import innermost, system_says
from ..texts import Phrase, Said, phrase
from .address import CloudAddress
from .envelope import LARGEST_BODY
from .errors import CloudBusyError, CloudError, CloudUnreachableError, ForeignCloudError, UnfitAnswerError
from .exchange import Answer, Exchange
from .profile import USUAL_FRAME
from .recognise import seems_to_be

_LOGGER = logging.getLogger(__name__)
CONTROL_TIMEOUT, READ_TIMEOUT = 10.0, 30.0
_SHORTEST_WAIT, LONGEST_WAIT = 1.0, 3600.0
"""Seconds that a server may ask to be left alone for."""
_CHUNK = 64 * 1024
_LONGEST_HOST = 100
_SECONDS = re.compile(r"[0-9]{1,9}")
_TOO_MANY, _SERVER_ERROR = 429, 500
_TOO_MANY_SECONDS = 60.0
"""How long to leave a server alone that was asked too often, and does not say for how long."""
_REDIRECTS = (301, 302, 303, 307, 308)
_NO_WAY = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN)


type Sessions = aiohttp.ClientSession | Callable[[], aiohttp.ClientSession]
"""A session, or what returns the one to be used now: whoever lends it may have closed the former one."""


class Wire:
    """One server's requests."""

    def __init__(
        self,
        session: Sessions,
        address: CloudAddress,
        *,
        title: Said,
        header: str = USUAL_FRAME.header,
        on_exchange: Callable[[Exchange], None] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Take how it is reached, and what it is taken for."""
        self._lend = session if callable(session) else lambda: session
        if self._session.trust_env:
            raise ValueError("a session that takes proxies from the environment")
        self.address = address
        self._title = title
        self._header = header
        """Which one the token goes in."""
        self._on_exchange = on_exchange
        self._now = now
        self.requests = 0
        """So many were made."""
        self.received = 0
        """Bytes of all answers."""
        self._has_ended = False
        self.has_left = False
        """Whether anything of the latest request may have reached the server."""

    @property
    def _session(self) -> aiohttp.ClientSession:
        return self._lend()

    @property
    def host(self) -> str:
        """What errors call the server."""
        return self.address.place

    async def ask(
        self,
        call: str,
        method: str,
        url: str,
        *,
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        document: object = None,
        authorization: str = "",
        seconds: float = READ_TIMEOUT,
    ) -> Answer:
        """Return an answer of 200, or of a refusal (401, 403, 404) that the caller understands.

        Raises CloudUnreachableError, CloudBusyError, ForeignCloudError, UnfitAnswerError.
        """
        answer: Answer | None = None
        key = ""
        try:
            answer = await self._answer(
                method, url, query or {}, form, document, authorization=authorization, seconds=seconds
            )
            self._check(answer)
        except CloudError as error:
            key = error.key
            raise
        finally:
            self._tell(
                Exchange(
                    call=call,
                    method=method,
                    path=urlsplit(url).path,
                    query=query or {},
                    form=form or {},
                    json=document,
                    status=None if answer is None else answer.status,
                    content_type="" if answer is None else answer.content_type,
                    body=b"" if answer is None else answer.body,
                    error=key,
                )
            )
        return answer

    def _tell(self, exchange: Exchange) -> None:
        """Have an exchange put down; whether that works may change nothing of what is asked and answered."""
        # By our own word for the call, and nothing of what was sent: both may name somebody.
        _LOGGER.debug("%s: %s, %d bytes", exchange.call, exchange.error or exchange.status, len(exchange.body))
        if self._on_exchange is None:
            return
        try:
            self._on_exchange(exchange)
        except Exception as error:  # noqa: BLE001 - whatever a listener may raise
            _LOGGER.warning("an exchange could not be recorded: %s", type(error).__name__)

    async def _answer(
        self,
        method: str,
        url: str,
        query: Mapping[str, str],
        form: Mapping[str, str] | None,
        document: object,
        *,
        authorization: str,
        seconds: float,
    ) -> Answer:
        # What is packed could unfold to anything: it is not asked for, and not unpacked.
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if authorization:
            headers[self._header] = authorization
        data: bytes | Mapping[str, str] | None = form
        if document is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
        session = self._session
        if self._has_ended or session.closed:
            self.has_left = False
            raise self._taken_down() if self._has_ended else self._closed()
        self.requests += 1
        self.has_left = True
        try:
            async with (
                asyncio.timeout(seconds),
                session.request(
                    method,
                    URL(url),
                    params=dict(query) or None,
                    data=data,
                    headers=headers,
                    allow_redirects=False,
                    auto_decompress=False,
                    ssl=True,
                    timeout=aiohttp.ClientTimeout(total=None, sock_connect=seconds),
                ) as response,
            ):
                body = await self._body(response)
                return Answer(status=response.status, headers=dict(response.headers), body=body)
        except (aiohttp.ClientError, OSError, ValueError, RuntimeError, AssertionError) as error:
            # A session that is taken away in the middle breaks what aiohttp takes for granted.
            is_down = self._is_down(session)
            if isinstance(error, AssertionError) and not is_down:
                raise
            trouble = self._trouble(error, seconds)
            raise (self._taken_down() if is_down else trouble) from None
        finally:
            # The session may be shared; what this server wants to have remembered is not.
            session.cookie_jar.clear(self._is_of_host)

    def _is_of_host(self, cookie: Morsel[str]) -> bool:
        domain = cookie["domain"].lstrip(".")
        return self.address.host == domain or self.address.host.endswith(f".{domain}")

    @contextmanager
    def parting(self) -> Iterator[None]:
        """Let a request through, though nothing is to be sent any more."""
        former, self._has_ended = self._has_ended, False
        try:
            yield
        finally:
            self._has_ended = former or self._has_ended

    def end(self) -> None:
        """Send nothing any more."""
        self._has_ended = True

    def _is_down(self, session: aiohttp.ClientSession) -> bool:
        return self._has_ended or session.closed

    def _closed(self) -> CloudError:
        return CloudUnreachableError(host=self.host, detail=phrase("link_closed"))

    def _taken_down(self) -> CloudError:
        return CloudUnreachableError(host=self.host, detail=phrase("cloud_taken_down"))

    def _trouble(self, error: Exception, seconds: float) -> CloudError:
        """Return what went wrong below. Its words are not quoted: they may repeat what was sent."""
        if isinstance(error, aiohttp.ClientConnectorError):
            self.has_left = False
        if isinstance(error, TimeoutError):
            late = CloudUnreachableError(host=self.host, detail=phrase("cloud_late", seconds=f"{seconds:g}"))
            late.is_of_call = not isinstance(error, aiohttp.ServerTimeoutError)
            return late
        if isinstance(error, (aiohttp.ClientSSLError, aiohttp.ClientConnectorCertificateError, ssl.SSLError)):
            # Where there was no connection yet, that was said above; TLS may fail when something has left.
            return CloudUnreachableError(host=self.host, detail=phrase("cloud_certificate"))
        if isinstance(error, (aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError)):
            ended = CloudUnreachableError(host=self.host, detail=phrase("cloud_hung_up"))
            ended.is_of_call = True
            return ended
        if isinstance(error, (aiohttp.ClientResponseError, ValueError, RuntimeError)):
            return UnfitAnswerError(host=self.host, detail=phrase("cloud_no_http"))
        return CloudUnreachableError(host=self.host, detail=_reason_of(error, seconds))

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        if response.headers.get("Content-Encoding", "identity").strip().lower() not in ("identity", ""):
            raise UnfitAnswerError(host=self.host, detail=phrase("cloud_packed"))
        found = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK):
            found += chunk
            if len(found) > LARGEST_BODY:
                self.received += len(found)
                response.close()
                raise UnfitAnswerError(host=self.host, detail=phrase("cloud_too_large"))
        self.received += len(found)
        return bytes(found)

    def _check(self, answer: Answer) -> None:
        if answer.status in _REDIRECTS:
            raise ForeignCloudError(
                host=self.host,
                profile=self._title,
                detail=phrase("cloud_redirects", target=_target(answer.headers.get("Location", ""))),
            )
        if answer.status == _TOO_MANY or answer.status >= _SERVER_ERROR:
            busy = CloudBusyError(host=self.host, detail=phrase("cloud_status", status=answer.status))
            busy.retry_after = waiting(answer.headers.get("Retry-After"), self._now())
            if answer.status == _TOO_MANY and busy.retry_after is None:
                busy.retry_after = _TOO_MANY_SECONDS
            raise busy

    def foreign(self, answer: Answer) -> ForeignCloudError:
        """Return the error about an answer that is none of such a server, with what it seems to be."""
        return ForeignCloudError(
            host=self.host, profile=self._title, detail=seems_to_be(self.address.host, answer.headers, answer.body)
        )


def _reason_of(error: Exception, seconds: float) -> Phrase:
    """Return why a server was not reached; the advice for links is about gateways and serial lines."""
    cause = innermost(error)
    # A resolver of aiohttp's says it by an OSError without a number.
    if isinstance(error, aiohttp.ClientConnectorDNSError) or isinstance(cause, (gaierror, UnicodeError)):
        return phrase("cloud_host_unknown")
    if isinstance(cause, ConnectionRefusedError):
        return phrase("cloud_refused")
    if isinstance(cause, ConnectionError):
        return phrase("cloud_hung_up")
    if isinstance(cause, TimeoutError):
        return phrase("cloud_late", seconds=f"{seconds:g}")
    if isinstance(cause, OSError) and cause.errno in _NO_WAY:
        return phrase("cloud_no_way")
    return system_says(cause) if isinstance(cause, OSError) and cause.errno else phrase("cloud_unsaid")


def waiting(text: str | None, now: datetime) -> float | None:
    """Return for how many seconds a server wants to be left alone, of `Retry-After`: seconds, or a date. Bounded."""
    if text is None:
        return None
    if _SECONDS.fullmatch(text.strip()):
        seconds = float(text)
    else:
        try:
            then = parsedate_to_datetime(text[:64])
            seconds = ((then if then.tzinfo else then.replace(tzinfo=UTC)) - now) / timedelta(seconds=1)
        except ValueError, TypeError, OverflowError, IndexError:
            return None
    return min(max(seconds, _SHORTEST_WAIT), LONGEST_WAIT)


def _target(location: str) -> str:
    """Return where a redirection leads, without what may stand in its path and query."""
    try:
        parts = urlsplit(location[:512])
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "?"
    if not host:
        return "/"
    name = host if host.isprintable() and len(host) <= _LONGEST_HOST else "?"
    return f"{parts.scheme}://{name}{f':{port}' if port else ''}"
