"""Devices that call in, and whoever else reaches the port."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from custom_components.acrel_safety.aioacrel.device import Device
from custom_components.acrel_safety.aioacrel.uplink.events import Event, EventKind
from custom_components.acrel_safety.aioacrel.uplink.hub import Polling, UplinkHub
from custom_components.acrel_safety.aioacrel.uplink.limits import Limits
from custom_components.acrel_safety.aioacrel.uplink.relay import Relay
from custom_components.acrel_safety.aioacrel.uplink.server import Clock, UplinkServer
from simulator import Cabinet
from simulator.uplink import Caller, Quirks
from simulator.uplink.wire import login, taken_apart
from tests.aioacrel.rigs import LIBRARY

HOST = "127.0.0.1"
SERIAL = "20251118000042"
OTHER = "20251118000043"
UPLOADS_ONLY = Polling(is_on=False)


class Log:
    """Keeps what a server tells, and lets tests wait for it."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.port = 0
        """Where the server listens."""
        self._news = asyncio.Event()

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        self._news.set()

    @property
    def kinds(self) -> list[EventKind]:
        return [event.kind for event in self.events]

    async def until(self, kind: EventKind, count: int = 1) -> None:
        while self.kinds.count(kind) < count:
            self._news.clear()
            await self._news.wait()


@asynccontextmanager
async def serving(
    *known: str, limits: Limits | None = None, clock: Clock | None = None, relay: Relay | None = None
) -> AsyncIterator[tuple[UplinkServer, int, Log]]:
    """Run a server that knows some devices; yields it, its port and what it tells."""
    log = Log()
    server = UplinkServer(limits=limits, clock=clock, on_event=log, relay=relay)
    for serial in known:
        server.expect(serial)
    port = log.port = await server.start(HOST, 0)
    try:
        yield server, port, log
    finally:
        await server.stop()


@asynccontextmanager
async def calling(
    port: int, model: str = "ddsy1352", serial: str = SERIAL, *, quirks: Quirks | None = None, minutes: int = 30
) -> AsyncIterator[Caller]:
    """Have one simulated device call in."""
    caller = Caller(Cabinet.of({1: model}, frozen=True).units[1], serial, quirks=quirks, minutes=minutes)
    caller.start(HOST, port)
    try:
        yield caller
    finally:
        await caller.stop()


@asynccontextmanager
async def device_on(
    model: str, quirks: Quirks | None = None, *, polling: Polling = UPLOADS_ONLY, minutes: int = 30, of: str = ""
) -> AsyncIterator[tuple[Device, Caller, Log]]:
    """Yield a device all of whose points are wanted, and the simulated one that calls in as it."""
    async with serving() as (server, port, log):
        hub = UplinkHub(server)
        known = LIBRARY.get(of or model)
        device = Device(SERIAL, known)
        detach = device.attach(hub.source(SERIAL, known, polling=polling))
        device.want(known.readable)
        hub.start()
        try:
            async with calling(port, model, quirks=quirks, minutes=minutes) as caller:
                await log.until(EventKind.LOGIN)
                await asyncio.sleep(0.5)
                yield device, caller, log
        finally:
            detach()
            await hub.stop()


class Guest:
    """Somebody with a connection, who says what he likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._buffer = bytearray()

    @classmethod
    async def at(cls, port: int, address: str = HOST) -> Guest:
        """Connect from an address."""
        return cls(*await asyncio.open_connection(HOST, port, local_addr=(address, 0)))

    def say(self, data: bytes) -> None:
        self._writer.write(data)

    def log_in(self, serial: str = SERIAL, minutes: int = 30) -> None:
        self.say(login(serial, "89860000000000000000", minutes))

    async def hears(self) -> tuple[int, bytes] | None:
        """Return the next frame; None at the end of the connection."""
        while True:
            if frames := taken_apart(self._buffer):
                assert len(frames) == 1
                return frames[0]
            try:
                data = await self._reader.read(1)
            except ConnectionError:
                return None
            if not data:
                return None
            self._buffer += data

    async def ends(self) -> bool:
        """Wait until the connection is ended from the other side."""
        while await self.hears() is not None:
            pass
        return True

    def leave(self) -> None:
        self._writer.transport.abort()
