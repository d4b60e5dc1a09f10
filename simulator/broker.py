"""A broker of one's own: Mosquitto on a free loopback port, with a configuration that is gone with it."""

import asyncio
import getpass
import hashlib
import secrets
import shutil
import socket
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from base64 import b64encode
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

LOOPBACK = "127.0.0.1"
_NAME = "mosquitto"
_DAEMONS = "/usr/local/sbin:/usr/sbin"
"""Where daemons lie: not on every user's PATH."""
_RUNNING = b" running"
_START_SECONDS = 20.0
_STOP_SECONDS = 10.0
_ATTEMPTS = 5
_ROUNDS = 101

# Started by root it would become another user, and then the kernel no longer ends it with who started it.
_CONFIGURATION = """\
listener {port} {host}
{access}
persistence false
user {user}
log_dest stderr
log_type error
log_type warning
log_type notice
log_type information
max_queued_messages 10000
"""
_WEBSOCKETS = """\
listener {port} {host}
protocol websockets
"""


class BrokerError(Exception):
    """There is no broker here, or it does not start."""


class Broker:
    """Mosquitto; `port` is where it listens, the same again after `start` follows `stop`."""

    def __init__(
        self,
        port: int = 0,
        *,
        websockets: bool = False,
        account: tuple[str, str] | None = None,
        certificate: tuple[str, str] | None = None,
    ) -> None:
        """Take its port, 0: a free one; whether WebSockets are welcome, too; the account it lets in, else anybody.

        With a certificate and its key, as PEM, WebSockets are encrypted.
        """
        self.port = port
        self.websocket_port = 0
        """Where it listens for WebSockets, if it does."""
        self._has_websockets = websockets
        self._account = account
        self._certificate = certificate
        self._is_given = bool(port)
        self._process: Process | None = None
        self._listener: asyncio.Task[None] | None = None

    @property
    def place(self) -> tuple[str, int]:
        """Where it listens."""
        return LOOPBACK, self.port

    async def start(self) -> None:
        """Start it, and wait until it listens. Raises BrokerError."""
        command = shutil.which(_NAME) or shutil.which(_NAME, path=_DAEMONS)
        if command is None:
            raise BrokerError("no Mosquitto here; `scripts/bootstrap --broker` installs it")
        said: list[bytes] = []
        for _ in range(1 if self._is_given else _ATTEMPTS):
            if not self._is_given:
                self.port = _free_port()
            # It reads its configuration once.
            with tempfile.TemporaryDirectory(prefix="acrel-broker-") as folder:
                file = Path(folder) / "mosquitto.conf"
                file.write_text(self._configuration(Path(folder)))
                if await self._is_up([command, "-c", str(file)], said):
                    self._is_given = True
                    return
        raise BrokerError("Mosquitto does not start: " + b"".join(said[-3:]).decode(errors="replace").strip())

    def _configuration(self, folder: Path) -> str:
        access = "allow_anonymous true"
        if self._account is not None:
            passwords = folder / "passwords"
            passwords.write_text(_hashed(*self._account))
            access = f"allow_anonymous false\npassword_file {passwords}"
        written = _CONFIGURATION.format(port=self.port, host=LOOPBACK, user=getpass.getuser(), access=access)
        if self._has_websockets:
            self.websocket_port = self.websocket_port or _free_port()
            written += _WEBSOCKETS.format(port=self.websocket_port, host=LOOPBACK)
            if self._certificate is not None:
                for name, content in zip(("certfile", "keyfile"), self._certificate, strict=True):
                    file = folder / name
                    file.write_text(content)
                    written += f"{name} {file}\n"
        return written

    async def stop(self) -> None:
        """End it; all its clients lose their connection. What it kept for them is gone."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            try:
                async with asyncio.timeout(_STOP_SECONDS):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        if self._listener is not None:
            await self._listener
        self._process = self._listener = None

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        await self.stop()

    async def _is_up(self, command: Sequence[str], said: list[bytes]) -> bool:
        # Should who started it be killed, the kernel ends it.
        with_parent = [] if (setpriv := shutil.which("setpriv")) is None else [setpriv, "--pdeathsig", "TERM"]
        self._process = process = await asyncio.create_subprocess_exec(
            *with_parent, *command, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE, start_new_session=True
        )
        assert process.stderr is not None  # noqa: S101 - a pipe was asked for
        with suppress(TimeoutError):
            async with asyncio.timeout(_START_SECONDS):
                async for line in process.stderr:
                    said.append(line)
                    if _RUNNING in line:
                        self._listener = asyncio.create_task(_drain(process.stderr), name="broker's messages")
                        return True
        await self.stop()
        return False


async def _drain(stream: asyncio.StreamReader) -> None:
    """Read on: a full pipe would hold it up."""
    async for _ in stream:
        pass


def _hashed(user: str, password: str) -> str:
    """Return a line of Mosquitto's file of passwords."""
    salt = secrets.token_bytes(12)
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ROUNDS)
    return f"{user}:$7${_ROUNDS}${b64encode(salt).decode()}${b64encode(key).decode()}\n"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port
