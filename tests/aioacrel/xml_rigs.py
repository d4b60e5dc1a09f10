"""Gateways that call in and speak XML, and whoever else reaches the port. Written without the library's own frames."""

import asyncio
import hashlib
import re
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta, timezone

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from custom_components.acrel_safety.aioacrel.uplink.limits import Limits
from custom_components.acrel_safety.aioacrel.xmlgateway.limits import DEFAULT_LIMITS
from custom_components.acrel_safety.aioacrel.xmlgateway.names import GatewayName
from custom_components.acrel_safety.aioacrel.xmlgateway.server import XmlServer
from simulator.unit import Unit
from simulator.uplink.caller import answer_of
from tests.aioacrel.uplink_rigs import HOST, Log

CHINA = timezone(timedelta(hours=8))
NAME = GatewayName("310101A064", "01")
OTHER = GatewayName("310101A064", "02")
SECRET = "0123456789abcdef"  # noqa: S105 - of the golden vectors
LOGIN, HEARTBEAT, REPORT, PACKED, DOWN, UP = 1, 2, 3, 4, 0xF1, 0xF2


def aes(data: bytes, secret: str = SECRET) -> bytes:
    pad = 16 - len(data) % 16
    encryptor = Cipher(AES(secret.encode()), CBC(secret.encode())).encryptor()
    return encryptor.update(data + bytes([pad]) * pad) + encryptor.finalize()


def unaes(data: bytes, secret: str = SECRET) -> bytes:
    decryptor = Cipher(AES(secret.encode()), CBC(secret.encode())).decryptor()
    plain = decryptor.update(data) + decryptor.finalize()
    return plain[: -plain[-1]]


def framed(kind: int, data: bytes) -> bytes:
    return b"\x1f\x1f" + bytes([kind]) + len(data).to_bytes(4, "big") + data


def xml(kind: str, content: str, name: GatewayName = NAME, *, encoding: str = "utf-8") -> bytes:
    common = f"<building_id>{name.building}</building_id><gateway_id>{name.gateway}</gateway_id><type>{kind}</type>"
    text = f'<?xml version="1.0" encoding="{encoding}"?><root><common>{common}</common>{content}</root>'
    return text.encode(encoding)


def report(
    values: Mapping[str, object], time: str, *, meter: str = "01001", operation: str = "", more: str = ""
) -> str:
    said = f' operation="{operation}"' if operation else ""
    functions = "".join(
        f'<function id="{code}" error="">{value}</function>'
        if not isinstance(value, tuple)
        else f'<function id="{code}" error="{value[1]}">{value[0]}</function>'
        for code, value in values.items()
    )
    return f'<data{said}>{more}<time>{time}</time><meter id="{meter}">{functions}</meter></data>'


def now() -> datetime:
    """Return the time: that of the loop, so that it passes as everything else does."""
    return datetime(2026, 11, 26, 12, tzinfo=UTC) + timedelta(seconds=asyncio.get_running_loop().time())


def stamp(seconds: float = 0.0) -> str:
    """Return the time on a clock in China, so many seconds from now."""
    return (now().astimezone(CHINA) + timedelta(seconds=seconds)).strftime("%Y%m%d%H%M%S")


@asynccontextmanager
async def serving(*known: GatewayName, limits: Limits = DEFAULT_LIMITS) -> AsyncIterator[tuple[XmlServer, int, Log]]:
    """Run a server that knows some gateways; yields it, its port and what it tells."""
    log = Log()
    server = XmlServer(zone=CHINA, limits=limits, on_event=log, now=now)
    for name in known:
        server.expect(name, SECRET)
    port = await server.start(HOST, 0)
    try:
        yield server, port, log
    finally:
        await server.stop()


class Guest:
    """Somebody with a connection, who says what he likes; as a gateway he has units on its first serial port."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.units: dict[int, Unit] = {}
        self.asked: list[bytes] = []
        self.latency = 0.05
        self._task: asyncio.Task[None] | None = None

    @classmethod
    async def at(cls, port: int) -> Guest:
        return cls(*await asyncio.open_connection(HOST, port))

    @classmethod
    async def logged_in(cls, port: int, name: GatewayName = NAME, secret: str = SECRET) -> Guest:
        guest = await cls.at(port)
        assert await guest.log_in(name, secret) == "pass"
        return guest

    def say(self, kind: int, data: bytes) -> None:
        self._writer.write(framed(kind, data))

    def raw(self, data: bytes) -> None:
        self._writer.write(data)

    def report(self, content: str, *, kind: str = "report", packed: bool = False, name: GatewayName = NAME) -> None:
        data = xml(kind, content, name)
        self.say(PACKED if packed else REPORT, aes(zlib.compress(data) if packed else data))

    async def log_in(self, name: GatewayName = NAME, secret: str = SECRET) -> str:
        """Log in; return what came of it, or nothing if the connection was ended."""
        self.say(LOGIN, xml("id_validate", '<id_validate operation="request"></id_validate>', name))
        asked = await self.hears()
        if asked is None or (found := re.search(rb"<sequence>(\d+)</sequence>", asked[1])) is None:
            return result_of(asked)
        digest = hashlib.md5(secret.encode() + found[1], usedforsecurity=False).hexdigest().upper()
        self.say(LOGIN, xml("id_validate", f'<id_validate operation="md5"><md5>{digest}</md5></id_validate>', name))
        return result_of(await self.hears())

    async def hears(self) -> tuple[int, bytes] | None:
        """Return the next frame; None at the end of the connection."""
        try:
            head = await self._reader.readexactly(7)
            assert head[:2] == b"\x1f\x1f"
            return head[2], await self._reader.readexactly(int.from_bytes(head[3:], "big"))
        except asyncio.IncompleteReadError, ConnectionError:
            return None

    async def ends(self) -> bool:
        """Wait until the connection is ended from the other side."""
        while await self.hears() is not None:
            pass
        return True

    def serve(self, **units: Unit) -> None:
        """Pass on to units, each named by `u` and its address, what comes for them from now on."""
        self.units = {int(name[1:]): unit for name, unit in units.items()}
        self._task = asyncio.create_task(self._serve())

    async def _serve(self) -> None:
        while (heard := await self.hears()) is not None:
            if heard[0] == DOWN:
                text = unaes(heard[1]).decode()
                meter, _, digits = text.partition("|")
                self.asked.append(bytes.fromhex(digits))
                unit = self.units.get(int(meter[2:]))
                if unit is not None:
                    await asyncio.sleep(self.latency)
                    if (answer := answer_of(unit, bytes.fromhex(digits))) is not None:
                        self.answer(meter, answer)

    def answer(self, meter: str, rtu: bytes) -> None:
        self.say(UP, aes(f"{meter}|{rtu.hex()}".encode()))

    async def leave(self) -> None:
        self._writer.transport.abort()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)


def result_of(heard: tuple[int, bytes] | None) -> str:
    found = None if heard is None else re.search(rb"<result>(\w+)</result>", heard[1])
    return "" if found is None else found[1].decode()
