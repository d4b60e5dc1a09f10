"""The 1F1F frame, its encryption, and the XML inside as a gateway writes it."""

import hashlib
import re
import struct
from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

LOGIN, BEAT, REPORT, PACKED_REPORT, DOWN, UP = 0x01, 0x02, 0x03, 0x04, 0xF1, 0xF2
_START = b"\x1f\x1f"
_HEAD = 7
_BLOCK = 16


def framed(kind: int, data: bytes) -> bytes:
    """Return a frame."""
    return _START + struct.pack(">BI", kind, len(data)) + data


def taken_apart(buffer: bytearray) -> list[tuple[int, bytes]]:
    """Take the whole frames out of what a server sent; it sends nothing but frames."""
    frames = []
    while len(buffer) >= _HEAD:
        kind, length = struct.unpack_from(">BI", buffer, 2)
        if len(buffer) < _HEAD + length:
            break
        frames.append((kind, bytes(buffer[_HEAD : _HEAD + length])))
        del buffer[: _HEAD + length]
    return frames


def locked(data: bytes, secret: str) -> bytes:
    """Encrypt: the secret is key and first block at once, as on a real gateway."""
    count = _BLOCK - len(data) % _BLOCK
    work = _cipher(secret).encryptor()
    return work.update(data + bytes([count]) * count) + work.finalize()


def unlocked(data: bytes, secret: str) -> bytes:
    """Decrypt. Raises ValueError."""
    work = _cipher(secret).decryptor()
    plain = work.update(data) + work.finalize()
    count = plain[-1] if plain else 0
    if not 1 <= count <= _BLOCK or plain[-count:] != bytes([count]) * count:
        raise ValueError("another secret, or no whole blocks")
    return plain[:-count]


def _cipher(secret: str) -> Cipher[modes.CBC]:
    key = secret.encode()
    return Cipher(algorithms.AES(key), modes.CBC(key))


def proof(secret: str, sequence: str) -> str:
    """Return what proves that the secret is known."""
    return hashlib.md5((secret + sequence).encode(), usedforsecurity=False).hexdigest()


def document(building: str, gateway: str, kind: str, body: str, *, encoding: str = "utf-8") -> bytes:
    """Return a whole document."""
    text = (
        f'<?xml version="1.0" encoding="{encoding}"?>\n<root><common>{element("building_id", building)}'
        f"{element('gateway_id', gateway)}{element('type', kind)}</common>{body}</root>"
    )
    return text.encode(encoding)


def element(name: str, text: object) -> str:
    """Return an element with a text."""
    return f"<{name}>{escape(str(text))}</{name}>"


def meter(number: str, functions: Iterable[tuple[str, str, str]]) -> str:
    """Return what is said of one meter: name, error and value of each of its functions."""
    inside = "".join(
        f"<function id={quoteattr(name)} error={quoteattr(error)}>{escape(text)}</function>"
        for name, error, text in functions
    )
    return f"<meter id={quoteattr(number)}>{inside}</meter>"


def said(data: bytes, name: str) -> str | None:
    """Return the text of an element in what a server says; it writes plain ones."""
    found = re.search(rb"<%b(?:\s[^>]*)?>([^<]*)</%b>" % (name.encode(), name.encode()), data)
    return found[1].decode().strip() if found else None


def operation(data: bytes) -> str | None:
    """Return what a server's message is about."""
    found = re.search(rb"operation\s*=\s*[\"']([^\"']*)", data)
    return found[1].decode() if found else None
