"""The little of MQTT 3.1.1 that a feed needs: what is sent to hear topics, and what a broker says, piece by piece.

A packet may name any length up to 256 MB. One that is larger than any message of a feed is let pass as it comes, and
never kept: only that there was one is told.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

CLEAN_SESSION = 0x02
_HAS_USER, _HAS_PASSWORD = 0x80, 0x40
_CONNECT, _CONNACK, _PUBLISH, _SUBSCRIBE, _SUBACK, _PING, _DISCONNECT = 1, 2, 3, 8, 9, 12, 14
_VERSION = 4
"""Of MQTT 3.1.1, as it calls itself."""
_LONGEST_LENGTH = 4
"""Bytes that may say a length."""
_QOS, _RETAINED = 0x06, 0x01
_SHORT = struct.Struct("!H")


class PacketError(Exception):
    """What came is no MQTT."""


@dataclass(frozen=True, slots=True)
class Connected:
    """The answer to being connected; 0 is a yes."""

    code: int


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The answer to a subscription; from 128 on it was not granted."""

    number: int
    code: int


@dataclass(frozen=True, slots=True)
class Published:
    """A message."""

    topic: str
    payload: bytes
    is_retained: bool


@dataclass(frozen=True, slots=True)
class TooLarge:
    """A packet that was larger than any may be, and was let pass."""


@dataclass(frozen=True, slots=True)
class Other:
    """Anything else: nothing of it matters."""


type Packet = Connected | Subscribed | Published | TooLarge | Other


def connect(client: str, user: str, password: str, keep_alive: int) -> bytes:
    """Return what is said first; without a user nobody is named."""
    flags = CLEAN_SESSION | (_HAS_USER if user else 0) | (_HAS_PASSWORD if user and password else 0)
    body = [_text("MQTT"), bytes([_VERSION, flags]), _SHORT.pack(keep_alive), _text(client)]
    body += [_text(one) for one in (user, password if user else "") if one]
    return _packet(_CONNECT << 4, b"".join(body))


def subscribe(number: int, topic: str) -> bytes:
    """Return what asks for a topic, to be told at most once each."""
    return _packet(_SUBSCRIBE << 4 | 0x02, _SHORT.pack(number) + _text(topic) + b"\0")


PING = bytes([_PING << 4, 0])
GOODBYE = bytes([_DISCONNECT << 4, 0])


def _text(said: str) -> bytes:
    written = said.encode()
    return _SHORT.pack(len(written)) + written


def _packet(head: int, body: bytes) -> bytes:
    length, left = bytearray(), len(body)
    while True:
        left, digit = divmod(left, 128)[0], left % 128
        length.append(digit | (0x80 if left else 0))
        if not left:
            return bytes([head]) + bytes(length) + body


class Packets:
    """What a broker says, put together of whatever pieces it comes in; never more than one packet is kept."""

    def __init__(self, largest: int) -> None:
        """Take how many bytes a packet may have."""
        self._largest = largest
        self._kept = bytearray()
        self._passing = 0
        """So many bytes of a packet that is too large are still to come."""

    @property
    def kept(self) -> int:
        """Bytes that wait for the rest of their packet."""
        return len(self._kept)

    def take(self, piece: bytes) -> Iterator[Packet]:
        """Take a piece, and yield the packets that are whole with it. Raises PacketError."""
        view = memoryview(piece)
        while view:
            if self._passing:
                passed = min(self._passing, len(view))
                self._passing -= passed
                view = view[passed:]
                continue
            if (found := self._head(view)) is None:
                self._kept += view
                return
            start, length = found
            if length > self._largest:
                self._passing = max(0, start + length - len(self._kept))
                self._kept.clear()
                yield TooLarge()
                continue
            lacks = start + length - len(self._kept)
            self._kept += view[:lacks]
            view = view[lacks:]
            if len(self._kept) == start + length:
                whole = bytes(self._kept)
                self._kept.clear()
                yield _understood(whole[0], whole[start:])

    def _head(self, view: memoryview) -> tuple[int, int] | None:
        """Return where a packet's content begins and how long that is; None where more has to come first."""
        known = bytes(self._kept[: _LONGEST_LENGTH + 1]) + bytes(view[: _LONGEST_LENGTH + 1])
        length = 0
        for place, digit in enumerate(known[1 : _LONGEST_LENGTH + 1]):
            length |= (digit & 0x7F) << 7 * place
            if not digit & 0x80:
                return place + 2, length
        if len(known) > _LONGEST_LENGTH:
            raise PacketError
        return None


def _understood(head: int, body: bytes) -> Packet:
    """Return what a packet says. Raises PacketError."""
    try:
        match head >> 4:
            case 2:
                return Connected(body[1])
            case 9:
                return Subscribed(_SHORT.unpack_from(body)[0], body[2])
            case 3:
                length = _SHORT.unpack_from(body)[0]
                start = 2 + length + (2 if head & _QOS else 0)
                if start > len(body):
                    raise PacketError
                return Published(body[2 : 2 + length].decode(), body[start:], bool(head & _RETAINED))
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        raise PacketError from error
    return Other()
