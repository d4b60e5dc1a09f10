"""What speaks at a network port? Asked once over a connection of its own, when nothing that fits ever came.

A client that looks for its own number or for a checksum hears nothing where a whole answer of another kind arrives.
Here the bytes themselves are looked at: one read request is sent in the framing of the link, then in the other one.
"""

import asyncio
import struct
from dataclasses import dataclass, field
from enum import StrEnum
from random import randrange

from ..checksum import checksum
from .framing import Framing

LISTEN_SECONDS = 0.1
"""What comes within this time after connecting was not asked for."""
REST_SECONDS = 0.05
"""After the last byte: then nothing more belongs to an answer."""
LONGEST_FRAME_SECONDS = 2.5
"""After the first byte: the longest frame at 1200 baud. Whoever goes on drip by drip is not listened to for longer."""
MOST_BYTES = 4096
"""Of what a peer sends; who sends more without being asked is no Modbus gateway."""
MOST_FRAMES = 4
"""Answers to one question; a gateway may repeat one, but not go on and on."""
_MBAP = struct.Struct(">HHHB")
_LONGEST_MBAP = 254
_EXCEPTION = 0x80
_READ_HOLDING = 3
_END_OF_LINE = b"\r\n\r\n"
"""Makes a server of lines of text answer; a Modbus gateway hears four bytes of noise."""
_PRINTED = frozenset(range(0x20, 0x7F)) | frozenset(b"\t\r\n")
_BEGINNING = 5
"""Bytes by which text is known: fewer may be anything, a lone "<" is unit 60 on RTU framing."""
_OF_TEXT = (b"HTTP/", b"<", b"SSH-", b"220", b"+OK", b"* OK")


class Speech(StrEnum):
    """What was heard at a port."""

    ECHOES = "echoes_numbers"
    RENUMBERS = "renumbers"
    MBAP = "speaks_mbap"
    RTU = "speaks_rtu"
    TEXT = "speaks_text"
    MIRROR = "mirrors"
    CHATTER = "chatters"
    NOISE = "speaks_otherwise"
    OTHER = "other_answer"
    """Modbus of the right kind, but for another unit or function."""
    GARBLED = "garbles"
    """Bytes on a serial line that are no Modbus."""
    CLOSES = "closes_unanswered"
    SILENT = "silent"
    UNREACHABLE = "unreachable"


OF_OTHER_FRAMING = (Speech.MBAP, Speech.RTU)
"""Modbus, but not in the framing that was asked in."""


@dataclass(slots=True, kw_only=True)
class Question:
    """One read request, and how its answer is known in either framing."""

    unit: int
    address: int = 0
    number: int = field(default_factory=lambda: randrange(0x4000, 0xE000))  # noqa: S311 - no secret
    """Of no answer, cut short as it may be, that would begin like a page: a "<" is 3Ch."""

    @property
    def pdu(self) -> bytes:
        """Function, first register, one register."""
        return struct.pack(">BHH", _READ_HOLDING, self.address, 1)

    def wire(self, framing: Framing) -> bytes:
        """Return the request in a framing."""
        if framing is Framing.MBAP:
            return _MBAP.pack(self.number, 0, len(self.pdu) + 1, self.unit) + self.pdu
        body = bytes((self.unit,)) + self.pdu
        return body + checksum(body)

    def heard(self, data: bytes, framing: Framing) -> Speech:
        """Say what came back for it, sent in a framing."""
        numbers = _numbers_of(data)
        if not data:
            speech = Speech.SILENT
        elif data.startswith(self.wire(framing)):
            speech = Speech.MIRROR
        elif not numbers and not _is_rtu(data) and _is_text(data):
            speech = Speech.TEXT
        elif len(data) >= MOST_BYTES or len(numbers) > MOST_FRAMES:
            speech = Speech.CHATTER
        elif numbers and self._is_mine(data[_MBAP.size - 1 :]):
            own = Speech.ECHOES if self.number in numbers else Speech.RENUMBERS
            speech = own if framing is Framing.MBAP else Speech.MBAP
        elif _is_rtu(data) and self._is_mine(data):
            speech = Speech.RTU
        else:
            is_modbus = bool(numbers) if framing is Framing.MBAP else _is_rtu(data)
            speech = Speech.OTHER if is_modbus else Speech.NOISE
        return speech

    def _is_mine(self, unit_and_pdu: bytes) -> bool:
        return unit_and_pdu[0] == self.unit and unit_and_pdu[1] & ~_EXCEPTION == _READ_HOLDING

    def code(self, data: bytes, framing: Framing) -> int:
        """Return the exception code of a fitting answer in a framing, 0 when there is none."""
        answer = data[_MBAP.size - 1 :] if framing is Framing.MBAP else data
        return answer[2] if len(answer) > 2 and self._is_mine(answer) and answer[1] & _EXCEPTION else 0  # noqa: PLR2004


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard at a port, with which exception a right answer refused the question (0: with none), and when."""

    speech: Speech
    code: int = 0
    seconds: float = 0.0
    """How long the answer took."""


async def examine(host: str, port: int, framing: Framing, question: Question, seconds: float) -> Heard:
    """Find out what speaks at a port; each answer is waited for `seconds`."""
    first = await _ask(host, port, framing, question, seconds)
    if framing is Framing.RTU and first.speech is Speech.RTU:
        return Heard(Speech.ECHOES, first.code, first.seconds)
    if first.speech not in (Speech.SILENT, Speech.CLOSES, Speech.NOISE):
        return first
    other = Framing.RTU if framing is Framing.MBAP else Framing.MBAP
    second = await _ask(host, port, other, question, seconds)
    if second.speech in (Speech.ECHOES, Speech.RENUMBERS):
        return Heard(Speech.MBAP)
    return second if second.speech in (Speech.RTU, Speech.TEXT, Speech.CHATTER, Speech.MIRROR) else first


async def _ask(host: str, port: int, framing: Framing, question: Question, seconds: float) -> Heard:
    """Connect, listen for what nobody asked for, ask, and listen."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(seconds):
            transport, ear = await loop.create_connection(Ear, host, port)
    except OSError, UnicodeError:  # a name with an empty or endless part never gets as far as a look-up
        return Heard(Speech.UNREACHABLE)
    try:
        if unasked := await ear.hear(LISTEN_SECONDS):
            return Heard(Speech.TEXT if _is_text(unasked) else Speech.CHATTER)
        transport.write(question.wire(framing))
        asked = loop.time()
        data = await ear.hear(seconds)
        if not data and ear.has_ended:
            return Heard(Speech.CLOSES)
        if not data and framing is Framing.MBAP:
            # Who ends the connection for these, or says nothing to them either, was silent.
            transport.write(_END_OF_LINE)
            data = await ear.hear(LISTEN_SECONDS)
        return Heard(question.heard(data, framing), question.code(data, framing), (ear.first_at or asked) - asked)
    finally:
        transport.abort()


class Ear(asyncio.Protocol):
    """Keeps the first bytes that come, and no more."""

    def __init__(self) -> None:
        """Begin with nothing heard."""
        self.ended = asyncio.Event()
        self.first_at: float | None = None
        self._heard = bytearray()
        self._news = asyncio.Event()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport, to end it when too much comes."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Keep what comes, and when it began."""
        self.first_at = self.first_at or asyncio.get_running_loop().time()
        self._heard += data[: MOST_BYTES - len(self._heard)]
        if len(self._heard) >= MOST_BYTES and self._transport is not None:
            self._transport.abort()
        self._news.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """Hear nothing more."""
        del exc
        self.ended.set()
        self._news.set()

    @property
    def has_ended(self) -> bool:
        """Whether the connection is over."""
        return self.ended.is_set()

    async def hear(self, seconds: float) -> bytes:
        """Return what comes within a time; a little after the last byte it is complete."""
        loop = asyncio.get_running_loop()
        until, end = loop.time() + seconds, float("inf")
        while not self.has_ended and loop.time() < end:
            self._news.clear()
            try:
                async with asyncio.timeout_at(min(until, end)):
                    await self._news.wait()
            except TimeoutError:
                break
            until, end = loop.time() + REST_SECONDS, min(end, loop.time() + LONGEST_FRAME_SECONDS)
        return bytes(self._heard)


def _is_text(data: bytes) -> bool:
    """Whether data begins like what a server of text says, and is that: a "<" is also the number of a unit."""
    begins = data.lstrip()[:_BEGINNING]
    return len(begins) == _BEGINNING and begins.startswith(_OF_TEXT) and all(sign in _PRINTED for sign in begins)


def _numbers_of(data: bytes) -> list[int]:
    """Return the numbers of the MBAP frames that data begins with."""
    numbers = []
    while len(data) > _MBAP.size:
        number, protocol, length, _ = _MBAP.unpack_from(data)
        if protocol or not 2 < length <= _LONGEST_MBAP or len(data) < 6 + length:  # noqa: PLR2004 - unit, function, one byte
            break
        numbers.append(number)
        data = data[6 + length :]
    return numbers


def _is_rtu(data: bytes) -> bool:
    """Whether data is one RTU answer to a read, or an exception."""
    length = 5 if len(data) > 1 and data[1] & _EXCEPTION else 5 + data[2] if len(data) > 2 else 0  # noqa: PLR2004
    return bool(length) and len(data) >= length and checksum(data[: length - 2]) == data[length - 2 : length]
