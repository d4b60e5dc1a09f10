"""The simulated XML gateway: its secret, its frames, what it passes through and what it sends later."""

import asyncio
import re
import struct
import zlib
from collections.abc import AsyncIterator

import pytest

from simulator import Cabinet
from simulator.xmlgateway import SECRET, XmlGateway, XmlQuirks, wire

pytestmark = pytest.mark.virtual_time
ACCEPTED = '<id_validate operation="result"><result>pass</result></id_validate>'


class Server:
    """Plays the server of one gateway at a time."""

    def __init__(self, secret: str = SECRET) -> None:
        self.secret = secret
        self.frames: list[tuple[int, bytes]] = []
        self.writer: asyncio.StreamWriter | None = None
        self._news = asyncio.Condition()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        buffer = bytearray()
        while data := await reader.read(4096):
            buffer += data
            for kind, body in wire.taken_apart(buffer):
                self._answer(kind, body)
                async with self._news:
                    self.frames.append((kind, body))
                    self._news.notify_all()
        writer.close()

    def _answer(self, kind: int, body: bytes) -> None:
        match kind, wire.operation(body):
            case wire.LOGIN, "request":
                sequence = '<id_validate operation="sequence"><sequence>1700000000000123456</sequence></id_validate>'
                self.say(wire.LOGIN, sequence)
            case wire.LOGIN, "md5":
                is_right = wire.said(body, "md5") == "a6926abe53530979309a59e82896bbed"
                self.say(wire.LOGIN, ACCEPTED if is_right else ACCEPTED.replace("pass", "fail"))
            case wire.BEAT, _:
                self.say(wire.BEAT, '<heart_beat operation="time"><time>20300102030405</time></heart_beat>')

    def say(self, kind: int, body: str) -> None:
        assert self.writer is not None
        self.writer.write(wire.framed(kind, wire.document("b", "g", "x", body)))

    def pass_through(self, text: str) -> None:
        assert self.writer is not None
        self.writer.write(wire.framed(wire.DOWN, wire.locked(text.encode(), self.secret)))

    async def next(self, *kinds: int, since: int = 0) -> str:
        """Return the plain content of the next frame of a kind."""
        async with self._news:
            while True:
                for kind, body in self.frames[since:]:
                    if kind in kinds:
                        plain = wire.unlocked(body, self.secret)
                        return (zlib.decompress(plain) if kind == wire.PACKED_REPORT else plain).decode("gb18030")
                await self._news.wait()


@pytest.fixture
async def server() -> AsyncIterator[tuple[Server, int]]:
    found = Server()
    listening = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    yield found, listening.sockets[0].getsockname()[1]
    listening.close()


def gateway(quirks: XmlQuirks, secret: str = SECRET) -> tuple[Cabinet, XmlGateway]:
    cabinet = Cabinet.of({}, frozen=True)
    units = {3: cabinet.add_outside("01003", "adl400", address=3), 4: cabinet.add_outside("01004", "asj10l", address=4)}
    return cabinet, XmlGateway("330106A001", "01", secret, units, quirks=quirks, seconds=300)


def test_frames_and_the_proof_are_those_of_the_vectors() -> None:
    assert wire.proof(SECRET, "1700000000000123456") == "a6926abe53530979309a59e82896bbed"
    passed = wire.framed(wire.DOWN, wire.locked(b"01003|030300000002c5e9", SECRET))
    assert passed.hex(" ").upper() == (
        "1F 1F F1 00 00 00 20 1E 46 15 6E D1 91 9E 13 51 87 07 D1 25 22 CA 3F 75 2E A6 81 11 09 A2 5A 19 4E 14 40 B9 "
        "1F 7A 8D"
    )
    assert wire.framed(wire.BEAT, b"<x/>") == bytes.fromhex("1F1F02000000043C782F3E")


@pytest.mark.parametrize(
    "quirks",
    [XmlQuirks(), XmlQuirks(segment=1, packs=True, encoding="gb18030", latency_s=3.0)],
    ids=["good", "awkward"],
)
async def test_it_logs_in_reports_and_passes_modbus_through(server: tuple[Server, int], quirks: XmlQuirks) -> None:
    peer, port = server
    cabinet, station = gateway(quirks)
    cabinet.set_scenario("silent", "01004")
    station.start("127.0.0.1", port)
    report = await peer.next(wire.REPORT, wire.PACKED_REPORT)
    meters = dict(re.findall(r'<meter id="(\d+)">(.*?)</meter>', report))
    assert {*meters} == {"01003", "01004"}
    truth = cabinet.unit("01003").truth()["1"]
    assert f'<function id="WPP" error="">{truth["EP"]}</function>' in meters["01003"]
    assert '<function id="Lg" error="1"></function>' in meters["01004"]

    peer.pass_through("01003|030300000002c5e9")
    number, _, answer = (await peer.next(wire.UP)).partition("|")
    assert number == "01003"
    assert struct.unpack(">BBBI", bytes.fromhex(answer)[:7])[:3] == (3, 3, 4)
    assert [request.hex() for request in station.asked] == ["030300000002c5e9"]
    peer.pass_through("01004|040300000001849f")  # it does not answer
    await station.has_beaten.wait()
    assert station._local(station.moment)[:12] == "203001020304"
    await station.stop()


async def test_with_another_secret_it_is_refused_and_says_nothing_else(server: tuple[Server, int]) -> None:
    peer, port = server
    _, station = gateway(XmlQuirks(), secret=SECRET[::-1])
    station.start("127.0.0.1", port)
    await asyncio.sleep(30)
    assert station.refusals > 1
    assert {kind for kind, _ in peer.frames} == {wire.LOGIN}
    await station.stop()


async def test_what_an_outage_kept_comes_as_continuous_with_its_own_time(server: tuple[Server, int]) -> None:
    peer, port = server
    _, station = gateway(XmlQuirks(keeps_clock=True))
    now = 1_800_000_000.0
    station.clock = lambda: now
    station.start("127.0.0.1", port)
    await peer.next(wire.REPORT)
    station.lose_network()
    for _ in range(2):
        now += 300
        station.report()
    now += 300
    since = len(peer.frames)
    station.find_network()
    await asyncio.sleep(30)
    plain = [wire.unlocked(body, SECRET) for kind, body in peer.frames[since:] if kind == wire.REPORT]
    assert [wire.operation(each) for each in plain] == ["report", "continuous", "continuous"]
    told = [(wire.said(each, "time"), wire.said(each, "current"), wire.said(each, "total")) for each in plain]
    # 2027-01-15 16:00 in China, and what was measured in between.
    assert told == [("20270115161500", None, None), ("20270115160500", "1", "2"), ("20270115161000", "2", "2")]
    acknowledgement = wire.document("b", "g", "x", '<data operation="continuous_ack"></data>')
    assert peer.writer is not None
    peer.writer.write(wire.framed(wire.REPORT, wire.locked(acknowledgement, SECRET)))
    await asyncio.sleep(1)
    assert station.acknowledged == 1
    await station.stop()
