"""The connection to a feed's broker, at a real Mosquitto: it hears, says nothing, comes back, and hammers nobody."""

import asyncio
import json
import logging
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import pytest
from aiohttp import web
from aiomqtt import Client
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.cloud import feedlink
from custom_components.acrel_safety.aioacrel.cloud.address import CloudAddress
from custom_components.acrel_safety.aioacrel.cloud.errors import (
    FeedAddressError,
    FeedError,
    FeedRefusedError,
    FeedUnreachableError,
    PlainFeedError,
)
from custom_components.acrel_safety.aioacrel.cloud.feed import Feed, topic_of
from custom_components.acrel_safety.aioacrel.cloud.feedaddress import FeedAddress
from custom_components.acrel_safety.aioacrel.cloud.feedlink import LONGEST_WAIT, REFUSED_WAIT, FeedLink, wait_after
from custom_components.acrel_safety.aioacrel.cloud.push import CHINA
from custom_components.acrel_safety.aioacrel.cloud.records import Values
from custom_components.acrel_safety.aioacrel.readings import PointKey
from simulator.broker import Broker
from simulator.cloud.hosting import self_made

_CONNECT, _SUBSCRIBE = 1, 8
"""Types of packets."""
USER, PASSWORD, SITE = "feeder", "feed-Word-1", "10100001"
WITHIN = 60.0


class Heard:
    """A feed, and what it told."""

    def __init__(self, *sites: str) -> None:
        self.told: asyncio.Queue[Values] = asyncio.Queue()
        self.lost = asyncio.Event()
        self.changed = asyncio.Condition()
        self.feed = Feed(
            sites or (SITE,),
            {},
            now=lambda: datetime.now(UTC),
            on_values=self._take,
            on_lost=self.lost.set,
        )
        self.states: asyncio.Queue[FeedError | None] = asyncio.Queue()

    def _take(self, site: str, values: Sequence[Values]) -> None:
        for one in values:
            self.told.put_nowait(one)

    def link(self, port: int, *, scheme: str = "ws", password: str = PASSWORD, **options: object) -> FeedLink:
        address = FeedAddress.parse(f"{scheme}://127.0.0.1:{port}/mqtt", allow_plain=True)
        link = FeedLink(
            address,
            self.feed,
            user=USER,
            password=password,
            on_change=lambda: self.states.put_nowait(link.trouble),
            **options,  # type: ignore[arg-type] # what a test chooses
        )
        return link

    async def state(self) -> FeedError | None:
        async with asyncio.timeout(WITHIN):
            return await self.states.get()

    async def value(self) -> object:
        async with asyncio.timeout(WITHIN):
            return (await self.told.get()).values.get(PointKey("1", "Ua"))


@asynccontextmanager
async def running(link: FeedLink) -> AsyncIterator[FeedLink]:
    task = asyncio.create_task(link.run())
    try:
        yield link
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def message(volts: float) -> bytes:
    time = datetime.now(CHINA).strftime("%Y-%m-%d %H:%M:%S")
    return json.dumps({"time": time, "meter": [{"id": "1", "values": {"Ua": volts}}]}).encode()


@asynccontextmanager
async def publisher(broker: Broker) -> AsyncIterator[Client]:
    async with Client(*broker.place, username=USER, password=PASSWORD) as client:
        yield client


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    async with Broker(websockets=True, account=(USER, PASSWORD)) as running_broker:
        yield running_broker


async def test_what_is_published_is_heard_and_what_is_kept_or_too_large_is_not(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Mosquitto needs half a minute for a million bytes by WebSocket.
    monkeypatch.setattr(feedlink, "LARGEST", 4000)
    heard = Heard()
    async with publisher(broker) as server:
        await server.publish(topic_of(SITE), message(111.0), qos=1, retain=True)
        async with running(heard.link(broker.websocket_port)) as link:
            assert await heard.state() is None
            assert link.is_connected
            await server.publish(topic_of("10100002"), message(222.0), qos=1)
            await server.publish(topic_of(SITE), b" " * 4001, qos=1)
            await server.publish(topic_of(SITE), message(231.5), qos=1)
            assert await heard.value() == 231.5
            assert (heard.feed.others, heard.feed.unread, link.too_large) == (1, 0, 1)
            states = [heard.feed.is_healthy]
    assert [*states, heard.feed.is_healthy] == [True, False]
    assert heard.told.empty()


async def test_it_publishes_nothing(broker: Broker) -> None:
    heard = Heard()
    async with publisher(broker) as server, Client(*broker.place, username=USER, password=PASSWORD) as witness:
        await witness.subscribe("#")
        async with running(heard.link(broker.websocket_port)):
            assert await heard.state() is None
            await server.publish(topic_of(SITE), message(231.5), qos=1)
            await heard.value()
        await server.publish("end", b"", qos=1)
        topics = []
        async for said in witness.messages:
            topics.append(said.topic.value)
            if topics[-1] == "end":
                break
    assert topics == [topic_of(SITE), "end"]


async def test_a_broker_that_goes_and_comes_back_is_heard_again(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feedlink, "FIRST_WAIT", 0.05)
    heard = Heard()
    async with running(heard.link(broker.websocket_port)) as link:
        assert await heard.state() is None
        async with publisher(broker) as server:
            await server.publish(topic_of(SITE), message(230.0), qos=1)
            assert await heard.value() == 230.0
        await broker.stop()
        assert isinstance(await heard.state(), FeedUnreachableError)
        assert heard.lost.is_set()
        assert not link.is_connected
        assert not heard.feed.is_healthy
        await broker.start()
        while await heard.state() is not None:
            pass
        async with publisher(broker) as server:
            await asyncio.sleep(1.1)  # a message of the same second is no news
            await server.publish(topic_of(SITE), message(231.0), qos=1)
            assert await heard.value() == 231.0


async def test_a_broker_that_refuses_the_account_is_asked_once(broker: Broker) -> None:
    heard = Heard()
    link = heard.link(broker.websocket_port, password="wrong")  # noqa: S106 - it is wrong
    with pytest.raises(FeedRefusedError) as refused:
        await link.probe()
    assert "wrong" not in str(refused.value)
    async with running(link):
        assert isinstance(await heard.state(), FeedRefusedError)
        await asyncio.sleep(0.3)
        assert link.attempts == 2
    assert heard.states.empty()
    await heard.link(broker.websocket_port).probe()


def test_waits_grow_and_are_bounded() -> None:
    unreachable = FeedUnreachableError(host="x", detail="")
    waits = [wait_after(unreachable, failures) for failures in (1, 3, 6, 9, 10_000)]
    assert 4 <= waits[0] <= 8
    assert waits[1] < waits[2]
    assert all(LONGEST_WAIT * 0.7 <= one <= LONGEST_WAIT * 1.3 for one in waits[3:])
    assert wait_after(FeedRefusedError(host="x"), 1) >= REFUSED_WAIT * 0.7


async def test_certificates_are_always_checked(tmp_path_factory: pytest.TempPathFactory) -> None:
    certificate, key = self_made("localhost")
    heard = Heard()
    async with Broker(websockets=True, account=(USER, PASSWORD), certificate=(certificate, key)) as broker:
        with pytest.raises(FeedUnreachableError, match=r"(?i)certificate"):
            await heard.link(broker.websocket_port, scheme="wss").probe()

        def known() -> ssl.SSLContext:
            return ssl.create_default_context(cadata=certificate)

        async with running(heard.link(broker.websocket_port, scheme="wss", tls=known)), publisher(broker) as server:
            assert await heard.state() is None
            for volts in (230.0, 231.0):
                await server.publish(topic_of(SITE), message(volts), qos=1)
                assert await heard.value() == volts
                await asyncio.sleep(1.1)  # a message of the same second is no news


async def test_hosts_that_are_no_broker_are_told_and_leave_nothing_behind() -> None:
    async def page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"HTTP/1.1 200 OK\r\nSec-WebSocket-Accept\xff\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(page, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(FeedUnreachableError, match="port and path"):
            await Heard().link(port).probe()
    with pytest.raises(FeedUnreachableError, match="refused"):
        await Heard().link(port).probe()


async def test_who_is_ended_while_connecting_leaves_no_connection(broker: Broker) -> None:
    heard, before = Heard(), asyncio.all_tasks()
    for pause in (0.0, 0.001, 0.005, 0.02):
        task = asyncio.create_task(heard.link(broker.websocket_port).run())
        await asyncio.sleep(pause)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    others = asyncio.all_tasks() - before - {asyncio.current_task()}
    await asyncio.wait(others or {asyncio.create_task(asyncio.sleep(0))}, timeout=WITHIN)
    assert asyncio.all_tasks() - before - {asyncio.current_task()} == set()


async def test_nothing_of_it_is_in_a_log_or_shown(broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    heard = Heard()
    link = heard.link(broker.websocket_port)
    async with running(link), publisher(broker) as server:
        assert await heard.state() is None
        await server.publish(topic_of(SITE), message(231.5), qos=1)
        await heard.value()
    with suppress(FeedError):
        await heard.link(broker.websocket_port, password="wrong-Word").probe()  # noqa: S106 - it is wrong
    # The publisher of this test logs as it likes.
    said = [one.getMessage() for one in caplog.records if "feedlink" in one.name] + [repr(link), repr(link.trouble)]
    for secret in (USER, PASSWORD, "wrong-Word", SITE, str(broker.websocket_port)):
        assert not any(secret in one for one in said), secret


@pytest.mark.parametrize(
    ("typed", "spelled"),
    [
        ("broker.example", "wss://broker.example:18083/mqtt"),
        ("broker.example:8084", "wss://broker.example:8084/mqtt"),
        (" WSS://Broker.example/feed/ws ", "wss://broker.example:443/feed/ws"),
        ("wss://[2001:db8::1]:8084", "wss://[2001:db8::1]:8084/mqtt"),
        ("ws://192.0.2.7:18083/mqtt", "ws://192.0.2.7:18083/mqtt"),
    ],
)
def test_an_address_is_read_as_it_is_typed(typed: str, spelled: str) -> None:
    address = FeedAddress.parse(typed, allow_plain=True)
    assert str(address) == spelled
    assert FeedAddress.parse(str(address), allow_plain=True) == address


@pytest.mark.parametrize(
    "typed", ["", "mqtt://broker.example", "https://broker.example", "wss://", "wss://a b", "ws://x:0", "ws://x?y=1"]
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(FeedAddressError):
        FeedAddress.parse(typed, allow_plain=True)


def test_a_password_in_an_address_is_refused_and_not_repeated_and_plain_wants_a_yes() -> None:
    with pytest.raises(FeedAddressError) as refused:
        FeedAddress.parse("wss://me:pass-Word@broker.example", allow_plain=True)
    assert "pass-Word" not in str(refused.value)
    with pytest.raises(PlainFeedError):
        FeedAddress.parse("ws://broker.example")
    assert str(FeedAddress.beside(CloudAddress.parse("cloud.example:8443"))) == "wss://cloud.example:18083/mqtt"


@given(st.text(max_size=40))
def test_no_address_does_harm(typed: str) -> None:
    with suppress(FeedAddressError, PlainFeedError):
        FeedAddress.parse(typed)


@asynccontextmanager
async def broker_that_grants(*granted: str) -> AsyncIterator[int]:
    """Have a broker that lets hear some topics alone, as no setting of Mosquitto's makes it; yield its port."""

    async def talk(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(protocols=("mqtt",))
        await socket.prepare(request)
        async for message in socket:
            packet = bytes(message.data)
            if packet[0] >> 4 == _CONNECT:
                await socket.send_bytes(bytes([0x20, 2, 0, 0]))
            elif packet[0] >> 4 == _SUBSCRIBE:
                length = int.from_bytes(packet[4:6])
                topic = packet[6 : 6 + length].decode()
                await socket.send_bytes(bytes([0x90, 3, *packet[2:4], 0 if topic in granted else 0x80]))
        return socket

    app = web.Application()
    app.router.add_get("/mqtt", talk)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def test_a_site_that_is_not_granted_takes_none_from_the_others() -> None:
    other = "10100002"
    async with broker_that_grants(topic_of(SITE)) as port:
        link = Heard(SITE, other).link(port)
        await link.probe()
        assert link.not_granted == 1
        with pytest.raises(FeedRefusedError):
            await Heard(other).link(port).probe()


async def test_a_host_that_dribbles_takes_one_thread_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feedlink, "_CONNECT_SECONDS", 0.3)
    monkeypatch.setattr(feedlink, "FIRST_WAIT", 0.05)
    dribbles: list[asyncio.Task[object]] = []

    async def dribble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        dribbles.extend(filter(None, [asyncio.current_task()]))
        with suppress(ConnectionError):
            while not reader.at_eof() and not writer.is_closing():
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.05)

    server = await asyncio.start_server(dribble, "127.0.0.1", 0)
    heard = Heard()
    try:
        async with running(heard.link(server.sockets[0].getsockname()[1])):
            for _ in range(4):
                assert isinstance(await heard.state(), FeedUnreachableError)
        assert len(dribbles) == 1
    finally:
        server.close()
        server.close_clients()
        await asyncio.gather(*dribbles, *feedlink._ending, return_exceptions=True)


@pytest.mark.parametrize("slip", [OSError(24, "Too many open files"), RuntimeError("slip")])
async def test_what_goes_wrong_here_once_does_not_end_a_feed(slip: Exception, caplog: pytest.LogCaptureFixture) -> None:
    certificates: asyncio.Queue[None] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def tls() -> ssl.SSLContext:
        loop.call_soon_threadsafe(certificates.put_nowait, None)
        raise slip

    heard = Heard()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(feedlink, "FIRST_WAIT", 0.01)
        async with running(heard.link(1, scheme="wss", tls=tls)):
            for _ in range(2):
                assert isinstance(await heard.state(), FeedUnreachableError)
                async with asyncio.timeout(WITHIN):
                    await certificates.get()
    assert PASSWORD not in caplog.text
