"""A web server on loopback, in plain text or with a certificate of its own making."""

import asyncio
import ssl
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from ipaddress import IPv4Address
from pathlib import Path
from typing import Protocol, TypedDict, Unpack

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_MOST_BODY = 64 * 1024 * 1024
_CLOSE_S = 0.1


class Options(TypedDict, total=False):
    """How a server is hosted: `https` whether with a certificate that nobody knows; `name` for whom that is."""

    https: bool
    name: str


class Serve(Protocol):
    """What answers."""

    def __call__(self, request: web.BaseRequest, path: str, *, secure: bool) -> Awaitable[web.StreamResponse]:
        """Return the answer to a request."""


class Host:
    """The port and what listens there."""

    def __init__(self, serve: Serve, **options: Unpack[Options]) -> None:
        """Take what answers."""
        self.url = ""
        self.certificate = ""
        self._serve = serve
        self._https = options.get("https", False)
        self._name = options.get("name", "localhost")
        self._runner: web.ServerRunner | None = None
        self._listener: asyncio.Server | None = None
        self._doors: set[asyncio.Task[None]] = set()
        self._port = 0

    async def start(self, host: str, port: int) -> None:
        """Listen; the same port again after a stop. Raises OSError."""
        server = web.Server(self._handle, access_log=None)
        self._runner = web.ServerRunner(server, shutdown_timeout=_CLOSE_S)
        await self._runner.setup()
        factory: Callable[[], asyncio.Protocol] = server
        if self._https:
            self.certificate, key = self_made(self._name)
            context = await asyncio.to_thread(_context, self.certificate, key)
            factory = partial(_Door, server, context, self._doors)
        try:
            self._listener = await asyncio.get_running_loop().create_server(factory, host, port or self._port)
        except OSError:
            await self.stop()
            raise
        self._port = self._listener.sockets[0].getsockname()[1]
        self.url = f"{'https' if self._https else 'http'}://{host}:{self._port}"

    async def stop(self) -> None:
        """Close it."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        for door in self._doors:
            door.cancel()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if (request.content_length or 0) > _MOST_BODY:
            return web.Response(status=413)
        return await self._serve(request, request.rel_url.path, secure=self._https)


class _Door(asyncio.Protocol):
    """Greets over TLS; who turns away from the certificate is not missed, which the event loop itself would report."""

    def __init__(self, server: web.Server, context: ssl.SSLContext, tasks: set[asyncio.Task[None]]) -> None:
        self._server, self._context, self._tasks = server, context, tasks

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin the handshake."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - of TCP
        transport.pause_reading()
        task = asyncio.create_task(self._greet(transport), name="simulated cloud's handshake")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _greet(self, transport: asyncio.Transport) -> None:
        protocol = self._server()
        loop = asyncio.get_running_loop()
        try:
            inner = await loop.start_tls(transport, protocol, self._context, server_side=True)
        except OSError:
            transport.abort()
            return
        if inner is not None:
            protocol.connection_made(inner)


@cache
def self_made(name: str) -> tuple[str, str]:
    """Return a certificate and its key, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=3650))
        .not_valid_after(now + timedelta(days=3650))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem = serialization.Encoding.PEM
    written = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    return certificate.public_bytes(pem).decode(), written.decode()


def _context(certificate: str, key: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory(prefix="acrel-cloud-") as folder:
        file = Path(folder) / "server.pem"
        file.touch(0o600)
        file.write_text(certificate + key)
        context.load_cert_chain(file)
    return context
