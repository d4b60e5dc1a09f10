"""What devices send goes to another server as well: one way, and whatever that one does changes nothing here."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import pytest

from custom_components.acrel_safety.aioacrel.uplink.events import EventKind
from custom_components.acrel_safety.aioacrel.uplink.frames import Command, Frame
from custom_components.acrel_safety.aioacrel.uplink.relay import AGAIN_SECONDS, MOST_WAITING, Relay
from simulator.uplink import Caller, Quirks
from simulator.uplink.wire import BEAT, DATA, LOGIN, SET_VALUES, TIME, framed
from tests.aioacrel.uplink_rigs import HOST, OTHER, SERIAL, Guest, calling, serving

VIRTUAL = pytest.mark.virtual_time

WRITE = bytes.fromhex("01100057000204000100012775")
COMMANDS = (
    Frame(Command.PASS_THROUGH, WRITE),
    Frame(Command.RESTART),
    Frame(Command.SERVER_ADDRESS, bytes([10, 0, 0, 1, 27, 88])),
    Frame(Command.SELECT_BLOCKS, bytes.fromhex("010110002a")),
    Frame(Command.PARAMETERS, b"\1"),
    Frame(Command.FIRMWARE, b"\1"),
    Frame(Command.TIME, bytes(7)),
)


class Cloud:
    """Another server: keeps what it hears, says what it likes."""

    def __init__(self, says: bytes = b"", *, reads: bool = True) -> None:
        self.heard = bytearray()
        self.calls = 0
        self.called = asyncio.Event()
        self.answers = says
        self._reads = reads
        self._writers: list[asyncio.StreamWriter] = []
        self._news = asyncio.Event()
        self._over = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.calls += 1
        self.called.set()
        self._writers.append(writer)
        writer.write(self.answers)
        if not self._reads:
            writer.transport.pause_reading()  # type: ignore[attr-defined]  # it is one that reads, too
            await self._over.wait()
        with suppress(ConnectionError):
            while data := await reader.read(4096):
                self.heard += data
                self._news.set()

    async def until(self, what: bytes) -> None:
        while what not in self.heard:
            self._news.clear()
            await self._news.wait()

    def hang_up(self) -> None:
        self._over.set()
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()


@asynccontextmanager
async def relayed(cloud: Cloud, *known: str) -> AsyncIterator[tuple[Relay, int]]:
    """Run a server with a relay to a cloud; yields the relay and the port that devices call."""
    far = await asyncio.start_server(cloud, HOST, 0)
    relay = Relay(HOST, int(far.sockets[0].getsockname()[1]))
    try:
        async with serving(*known, relay=relay) as (_, port, _):
            yield relay, port
    finally:
        cloud.hang_up()
        far.close()


def asked(caller: Caller) -> Sequence[int]:
    return [command for command in caller.taken if command not in (LOGIN, SET_VALUES, DATA)]


@VIRTUAL
async def test_all_that_a_known_device_sends_is_passed_on_to_the_byte_and_of_a_stranger_nothing() -> None:
    cloud = Cloud()
    async with relayed(cloud, SERIAL) as (relay, port):
        async with calling(port, quirks=Quirks(names_itself=True), minutes=2), calling(port, serial=OTHER):
            await asyncio.sleep(130)
            assert relay.connected == 1
        assert SERIAL.encode() in cloud.heard
        assert OTHER.encode() not in cloud.heard
        for command in (LOGIN, SET_VALUES, TIME, DATA, BEAT):
            assert b"{{" + bytes([command]) in cloud.heard
        assert cloud.heard.count(b"[[1-1((") == 2
        await asyncio.sleep(1)
        assert relay.connected == 0


@VIRTUAL
async def test_nothing_that_the_other_server_sends_reaches_the_device() -> None:
    cloud = Cloud(b"".join(command.encoded() for command in COMMANDS))
    async with relayed(cloud, SERIAL) as (relay, port), calling(port) as caller:
        await cloud.until(b"[[1-1((")
        await asyncio.sleep(5)
        assert relay.ignored == sum(len(command.encoded()) for command in COMMANDS)
        assert (caller.asked, asked(caller), caller.unit.writes) == ([], [], [])
        assert caller.taken == [LOGIN, SET_VALUES, DATA]
        assert caller.told is not None
        assert caller.told.year > 2000


@VIRTUAL
async def test_what_a_device_answers_to_us_is_not_passed_on() -> None:
    cloud = Cloud()
    async with relayed(cloud, SERIAL) as (_, port):
        guest = await Guest.at(port)
        guest.log_in()
        guest.say(Frame(Command.PASS_THROUGH, bytes.fromhex("0103040000303c2ee2")).encoded())
        guest.say(Frame(Command.PASS_THROUGH, bytes.fromhex("010304000030392e21")).encoded())
        guest.say(framed(BEAT))
        await cloud.until(framed(BEAT))
        assert b"{{\x90" not in cloud.heard
        guest.leave()


@VIRTUAL
async def test_after_a_loss_it_calls_again_less_and_less_often_and_logs_in_anew() -> None:
    cloud = Cloud()
    async with relayed(cloud, SERIAL) as (_, port), calling(port):
        await cloud.until(b"{{\x84")
        for number in range(2, 5):
            cloud.hang_up()
            cloud.heard.clear()
            await asyncio.sleep(AGAIN_SECONDS[0] * 2 ** (number - 2) + 0.1)
            assert cloud.calls == number
            await cloud.until(b"{{\x84")


async def test_of_what_a_server_does_not_take_only_the_newest_waits() -> None:
    cloud = Cloud(reads=False)
    far = await asyncio.start_server(cloud, HOST, 0)
    relay = Relay(HOST, int(far.sockets[0].getsockname()[1]))
    relay.begin(SERIAL, framed(LOGIN))
    await cloud.called.wait()
    for _ in range(8):
        for _ in range(500):
            relay.take(SERIAL, bytes(4000))
        await asyncio.sleep(0)
    assert relay.dropped > 0
    assert relay.waiting <= MOST_WAITING
    await relay.stop()
    cloud.hang_up()
    far.close()


@VIRTUAL
@pytest.mark.parametrize("kind", ["dead", "flood"])
async def test_a_server_that_is_dead_or_floods_changes_nothing_here(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    cloud = Cloud(bytes(1_000_000) if kind == "flood" else b"")
    uploads = 0

    def count(_: object) -> None:
        nonlocal uploads
        uploads += 1

    far = await asyncio.start_server(cloud, HOST, 0)
    relay = Relay(HOST, 9 if kind == "dead" else int(far.sockets[0].getsockname()[1]))
    async with serving(SERIAL, relay=relay) as (server, port, log), calling(port) as caller:
        await log.until(EventKind.LOGIN)
        server.stations[SERIAL].join(count, lambda: None)
        for _ in range(600):
            caller.upload()
            await asyncio.sleep(2)
        # The first one came with the login.
        assert (uploads, caller.logins) == (caller.uploads - 1, 1)
        assert relay.waiting <= MOST_WAITING
        assert relay.dropped > 0 or kind == "flood"
        assert SERIAL not in caplog.text
    cloud.hang_up()
    far.close()
