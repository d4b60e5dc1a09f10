"""Gateways and servers as they are met in the field, each wrong in its own way; unit 8 behind them is an AIM-R100.

Served from loopback sockets; what a wrong gateway does is one small function, so that a further one is cheap.
"""

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from simulator.faults.frames import checksum

_READS = (3, 4)
_HTTP = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Request:
    """One read as the gateway got it."""

    raw: bytes
    number: int
    unit: int
    pdu: bytes

    def answer(self) -> bytes:
        """Return the PDU of the answer: every register holds 1, but the one that tells the kind of meter."""
        if self.pdu[0] not in _READS:
            return self.refusal(1)
        first, count = struct.unpack(">HH", self.pdu[1:5])
        words = [0x1000 if register == 0x0B else 1 for register in range(first, first + count)]
        return bytes((self.pdu[0], 2 * count)) + struct.pack(f">{count}H", *words)

    def refusal(self, code: int) -> bytes:
        """Return the PDU of an exception."""
        return bytes((self.pdu[0] | 0x80, code))

    def mbap(self, pdu: bytes, number: int | None = None) -> bytes:
        """Return a Modbus TCP frame."""
        return struct.pack(">HHHB", self.number if number is None else number, 0, len(pdu) + 1, self.unit) + pdu

    def rtu(self, pdu: bytes) -> bytes:
        """Return an RTU frame."""
        body = bytes((self.unit,)) + pdu
        return body + checksum(body)


type Answer = Callable[[Request], bytes]
"""What comes back for a request; nothing ends the connection."""


def _refuse(code: int) -> tuple[Answer, Answer]:
    return (lambda asked: asked.mbap(asked.refusal(code))), (lambda asked: asked.rtu(asked.refusal(code)))


def _only_input(asked: Request) -> bytes:
    return asked.answer() if asked.pdu[0] == 4 else asked.refusal(1)


def _one_byte_less(answer: bytes) -> bytes:
    return bytes((answer[0], answer[1] - 1)) + answer[2:-1]


def _longer(frame: bytes) -> bytes:
    return frame[:5] + bytes((frame[5] + 2,)) + frame[6:]


def _filled(asked: Request, word: bytes) -> bytes:
    count = int.from_bytes(asked.pdu[3:5])
    return bytes((asked.pdu[0], 2 * count)) + word * count


MBAP_GATEWAYS: dict[str, Answer] = {
    "right": lambda asked: asked.mbap(asked.answer()),
    "numbers + 1": lambda asked: asked.mbap(asked.answer(), asked.number + 1 & 0xFFFF),
    "number 0": lambda asked: asked.mbap(asked.answer(), 0),
    "number 1": lambda asked: asked.mbap(asked.answer(), 1),
    "RTU frames": lambda asked: asked.rtu(asked.answer()),
    "closes": lambda _: b"",
    "noise": lambda asked: b"\xa5\x5a" * (len(asked.answer()) // 2),
    **{f"exception {code:02X}": _refuse(code)[0] for code in (1, 2, 3, 4, 5, 6, 8, 0x0C)},
    "exception 0A": _refuse(10)[0],
    "exception 0B": _refuse(11)[0],
    "only function 04": lambda asked: asked.mbap(_only_input(asked)),
    "echo": lambda asked: asked.raw,
    "an odd number of bytes": lambda asked: asked.mbap(_one_byte_less(asked.answer())),
    "the other function": lambda asked: asked.mbap(bytes((7 - asked.pdu[0],)) + asked.answer()[1:]),
    "another unit": lambda asked: replace(asked, unit=asked.unit + 1).mbap(asked.answer()),
    "a byte before": lambda asked: b"\0" + asked.mbap(asked.answer()),
    "two bytes behind": lambda asked: asked.mbap(asked.answer()) + b"\0\0",
    "a checksum within": lambda asked: asked.mbap(asked.answer() + checksum(asked.answer())),
    "a checksum behind": lambda asked: asked.mbap(asked.answer()) + checksum(asked.answer()),
    "a length too great": lambda asked: _longer(asked.mbap(asked.answer())),
    "twice": lambda asked: 2 * asked.mbap(asked.answer()),
    "all registers FFFF": lambda asked: asked.mbap(_filled(asked, b"\xff\xff")),
    "all registers 0": lambda asked: asked.mbap(_filled(asked, b"\0\0")),
}
RTU_GATEWAYS: dict[str, Answer] = {
    "right": lambda asked: asked.rtu(asked.answer()),
    "closes": lambda _: b"",
    "noise": lambda asked: b"\xa5\x5a" * (len(asked.answer()) // 2),
    **{f"exception {code:02X}": _refuse(code)[1] for code in (1, 2, 3, 4, 5, 6, 8, 0x0C)},
    "exception 0A": _refuse(10)[1],
    "exception 0B": _refuse(11)[1],
    "only function 04": lambda asked: asked.rtu(_only_input(asked)),
    "echo": lambda asked: asked.raw,
    "an odd number of bytes": lambda asked: asked.rtu(_one_byte_less(asked.answer())),
    "the other function": lambda asked: asked.rtu(bytes((7 - asked.pdu[0],)) + asked.answer()[1:]),
    "another unit": lambda asked: replace(asked, unit=asked.unit + 1).rtu(asked.answer()),
    "a byte before": lambda asked: b"\0" + asked.rtu(asked.answer()),
    "two bytes behind": lambda asked: asked.rtu(asked.answer()) + b"\0\0",
    "no checksum": lambda asked: asked.rtu(asked.answer())[:-2] + b"\0\0",
    "twice": lambda asked: 2 * asked.rtu(asked.answer()),
    "all registers FFFF": lambda asked: asked.rtu(_filled(asked, b"\xff\xff")),
    "all registers 0": lambda asked: asked.rtu(_filled(asked, b"\0\0")),
}


@asynccontextmanager
async def _serving(
    client: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], port: int = 0
) -> AsyncIterator[int]:
    """Serve until the end; yields the port."""
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (task := asyncio.current_task()) is not None:
            serving.add(task)
        try:
            await client(reader, writer)
        except asyncio.IncompleteReadError, ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        server.close_clients()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)


@asynccontextmanager
async def mbap_gateway(kind: str, *, hangs_up: bool = False, at: int = 0) -> AsyncIterator[int]:
    """Serve a gateway that takes Modbus TCP; yields the port."""
    answer = MBAP_GATEWAYS[kind]

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readexactly(6)
            number, protocol, length = struct.unpack(">HHH", head)
            if protocol or not 1 < length < 255:
                return
            body = await reader.readexactly(length)
            if not (wire := answer(Request(head + body, number, body[0], body[1:]))):
                return
            writer.write(wire)
            await writer.drain()
            if hangs_up:
                return

    async with _serving(client, at) as port:
        yield port


@asynccontextmanager
async def rtu_gateway(kind: str, *, at: int = 0) -> AsyncIterator[int]:
    """Serve a serial server that passes RTU frames on; yields the port."""
    answer = RTU_GATEWAYS[kind]

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while raw := await reader.read(256):
            if len(raw) != 8 or checksum(raw[:-2]) != raw[-2:]:
                continue
            if not (wire := answer(Request(raw, 0, raw[0], raw[1:-2]))):
                return
            writer.write(wire)

    async with _serving(client, at) as port:
        yield port


@asynccontextmanager
async def web_server(at: int = 0) -> AsyncIterator[int]:
    """Serve lines of text, as a web server does with what it does not understand."""

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(_HTTP)

    async with _serving(client, at) as port:
        yield port


@asynccontextmanager
async def silent_server(at: int = 0) -> AsyncIterator[int]:
    """Take connections and say nothing, as a gateway does with a second client, or one whose unit is not there."""

    async def client(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        while await reader.read(256):
            pass

    async with _serving(client, at) as port:
        yield port


@asynccontextmanager
async def strict_server() -> AsyncIterator[int]:
    """Say nothing to Modbus TCP requests, as for a unit that is not there, and hang up on anything else."""

    async def client(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        while raw := await reader.read(256):
            if len(raw) < 12 or int.from_bytes(raw[2:4]) or int.from_bytes(raw[4:6]) != len(raw) - 6:
                return

    async with _serving(client) as port:
        yield port


@asynccontextmanager
async def chatterer(at: int = 0) -> AsyncIterator[int]:
    """Send sound answers that nobody asked for."""

    async def client(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = Request(b"", 0x7000, 8, b"\x03\x00\x00\x00\x01")
        while True:
            writer.write(asked.mbap(asked.answer()) * 50)
            await writer.drain()
            await asyncio.sleep(0.01)

    async with _serving(client, at) as port:
        yield port
