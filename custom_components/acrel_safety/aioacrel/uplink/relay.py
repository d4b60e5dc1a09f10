"""What known devices send goes to another server as well, so that a vendor's cloud that expects them keeps its values.

One way only. Whatever the other server sends is thrown away: its answers, since the device has ours already, and its
commands above all. Nobody here asked for what they would write, and one of them takes the device away for good. What a
device answers to Modbus of ours is not passed on.

The other server may be slow, dead or hostile: of each device a few frames wait, then the oldest are dropped, and
nothing here ever waits for them.
"""

import asyncio
import logging
from collections import deque

from ..bucket import Bucket
from ..masking import masked

_LOGGER = logging.getLogger(__name__)

MOST_WAITING = 8192
"""Bytes of one device that wait for the other server."""
UNSENT = 4096
"""Bytes that its connection may hold back before no more is given to it."""
CONNECT_SECONDS = 20.0
AGAIN_SECONDS = (5.0, 300.0)
"""After so long it is tried again, at first, and doubled each time until …"""
SETTLED_SECONDS = 60.0
"""A connection that stood for so long was a good one."""
ANSWERS, ANSWERS_PER_SECOND = 16_384, 64.0
"""Bytes that the other server may send at once, and a second: its answers have seven bytes."""


class Relay:
    """Passes on what the devices of one server send."""

    def __init__(self, host: str, port: int) -> None:
        """Take the other server."""
        self.host = host
        self.port = port
        self.dropped = 0
        """Frames that had to be left out, as the other server did not take them."""
        self.ignored = 0
        """Bytes that came from there."""
        self._lines: dict[str, _Line] = {}

    @property
    def connected(self) -> int:
        """For how many devices there is a connection now."""
        return sum(line.is_connected for line in self._lines.values())

    @property
    def waiting(self) -> int:
        """How many bytes wait for the other server."""
        return sum(line.size for line in self._lines.values())

    def begin(self, serial: str, login: bytes) -> None:
        """Pass on a login: the other server is called in the name of this device, if it is not already."""
        if (line := self._lines.get(serial)) is None:
            self._lines[serial] = _Line(self, serial, login)
        else:
            line.log_in(login)

    def take(self, serial: str, frame: bytes) -> None:
        """Pass on a frame of a device that has logged in."""
        if (line := self._lines.get(serial)) is not None:
            line.take(frame)

    def end(self, serial: str) -> None:
        """End the connection for a device that has none itself any more."""
        if (line := self._lines.pop(serial, None)) is not None:
            line.task.cancel()

    async def stop(self) -> None:
        """End all of them."""
        tasks = [line.task for line in self._lines.values()]
        self._lines.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Line(asyncio.Protocol):
    """What waits for one device, and the connection in its name."""

    def __init__(self, relay: Relay, serial: str, login: bytes) -> None:
        self._relay = relay
        self._serial = serial
        self._login = login
        self._waiting: deque[bytes] = deque()
        self.size = 0
        """Bytes that wait."""
        self._transport: asyncio.Transport | None = None
        self._is_full = False
        self._is_over = asyncio.Event()
        self._answers = Bucket(ANSWERS, ANSWERS_PER_SECOND, _now())
        self.task = asyncio.create_task(self._keep(), name=f"acrel relay {masked(serial)}")

    @property
    def is_connected(self) -> bool:
        """Whether the other server has taken the call."""
        return self._transport is not None

    def log_in(self, login: bytes) -> None:
        """Log in with this from now on, and now."""
        self._login = login
        if self.is_connected:
            self.take(login)

    def take(self, frame: bytes) -> None:
        """Have a frame sent, after those that wait; the oldest make room."""
        self._waiting.append(frame)
        self.size += len(frame)
        while self.size > MOST_WAITING:
            self.size -= len(self._waiting.popleft())
            self._relay.dropped += 1
        self._send()

    def _send(self) -> None:
        while self._waiting and self._transport is not None and not self._is_full:
            frame = self._waiting.popleft()
            self.size -= len(frame)
            self._transport.write(frame)

    # -- the connection -----------------------------------------------------------------------------------------------

    async def _keep(self) -> None:
        """Have a connection, and another one when it is lost."""
        loop = asyncio.get_running_loop()
        pause, longest = AGAIN_SECONDS
        while True:
            self._is_over.clear()
            begun = loop.time()
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    await loop.create_connection(lambda: self, self._relay.host, self._relay.port)
                await self._is_over.wait()
            except OSError as error:
                # Of a time-out, too.
                _LOGGER.debug("%s: the other server is not reached: %s", masked(self._serial), type(error).__name__)
            finally:
                self._hang_up()
            if loop.time() - begun >= SETTLED_SECONDS:
                pause = AGAIN_SECONDS[0]
            await asyncio.sleep(pause)
            pause = min(2 * pause, longest)

    def _hang_up(self) -> None:
        if (transport := self._transport) is not None:
            self._transport = None
            transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Log in, and send what waits."""
        if isinstance(transport, asyncio.Transport):
            transport.set_write_buffer_limits(high=UNSENT)
            self._transport, self._is_full = transport, False
            self._answers = Bucket(ANSWERS, ANSWERS_PER_SECOND, _now())
            transport.write(self._login)
            self._send()

    def data_received(self, data: bytes) -> None:
        """Throw it away; whoever sends much of it is left."""
        self._relay.ignored += len(data)
        if not self._answers.take(_now(), len(data)):
            self._hang_up()

    def pause_writing(self) -> None:
        """Give it no more: it takes none."""
        self._is_full = True

    def resume_writing(self) -> None:
        """Give it what waits."""
        self._is_full = False
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        """Call again after a while."""
        del exc
        self._transport = None
        self._is_over.set()


def _now() -> float:
    return asyncio.get_running_loop().time()
