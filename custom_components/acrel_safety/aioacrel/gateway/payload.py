"""From the bytes of a message to a JSON object, never larger than a message of a gateway can be.

A message that does not begin with a brace is compressed or encrypted. zlib needs nothing; LZO the package `lzallright`,
AES the gateway's product secret and the package `cryptography`. What comes of either is believed only where it is JSON.
"""

import json
import zlib
from collections.abc import Iterator, Mapping
from functools import partial
from math import isfinite
from typing import Any

from ..texts import phrase
from .errors import PayloadError

LARGEST, LARGEST_UNPACKED = 1 << 16, 1 << 18
_BLOCK = 16
_ZLIB = 0x78

type Document = Mapping[str, Any]


def document_of(payload: bytes, secret: str = "") -> Document:
    """Return the object in a message. Raises PayloadError."""
    if len(payload) > LARGEST:
        raise PayloadError(detail=phrase("gateway_too_large", count=len(payload)))
    if _is_plain(payload):
        return _json(payload)
    for found in _unpacked(payload, secret):
        try:
            return _json(found)
        except PayloadError:
            continue
    if secret:
        raise PayloadError(detail=phrase("gateway_other_secret"))
    raise PayloadError(detail=phrase("gateway_packed"))


def _is_plain(data: bytes) -> bool:
    return data.lstrip()[:1] == b"{"


def _json(data: bytes) -> Document:
    try:
        found = json.loads(data.decode("utf-8"), parse_constant=_no_number, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise PayloadError(detail=phrase("gateway_no_json")) from error
    if not isinstance(found, dict):
        raise PayloadError(detail=phrase("gateway_no_json"))
    return found


def _no_number(text: str) -> float:
    raise ValueError(text)


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError(text)
    return number


def _unpacked(payload: bytes, secret: str) -> Iterator[bytes]:
    """Yield what a message may be: compressed, encrypted, or both; which comes first no document says."""
    yield from _inflated(payload)
    for plain in _decrypted(payload, secret) if secret else ():
        if _is_plain(plain):
            yield plain
        else:
            yield from _inflated(plain)
    for packed in _inflated(payload):
        yield from _decrypted(packed, secret) if secret else ()


def _inflated(data: bytes) -> Iterator[bytes]:
    if data[:1] == bytes([_ZLIB]):
        try:
            stream = zlib.decompressobj()
            found = stream.decompress(data, LARGEST_UNPACKED)
        except zlib.error:
            return
        if stream.eof:
            yield found
        return
    yield from _unpacked_lzo(data)


def _unpacked_lzo(data: bytes) -> Iterator[bytes]:
    try:
        from lzallright import LZOCompressor  # noqa: PLC0415 - not there for everybody
    except ImportError:
        return
    try:
        found = LZOCompressor.decompress(data, LARGEST_UNPACKED)
    except Exception:  # noqa: BLE001 - whatever a compiled decoder says of bytes that are something else
        return
    if len(found) <= LARGEST_UNPACKED:
        yield found


def _decrypted(data: bytes, secret: str) -> Iterator[bytes]:
    """Yield what AES makes of it: CTS of whole blocks is CBC, or CBC with the last two of them exchanged."""
    try:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # noqa: PLC0415 - as above
        from cryptography.hazmat.primitives.padding import PKCS7  # noqa: PLC0415
    except ImportError as error:
        raise PayloadError(detail=phrase("gateway_no_aes")) from error
    key = secret.encode()
    if len(key) != _BLOCK:
        raise PayloadError(detail=phrase("gateway_odd_secret", count=len(key)))
    if not data or len(data) % _BLOCK:
        return
    cipher = partial(Cipher, algorithms.AES(key), modes.CBC(key))
    for blocks in (_exchanged(data), data):
        decryptor, unpadder = cipher().decryptor(), PKCS7(8 * _BLOCK).unpadder()
        try:
            yield unpadder.update(decryptor.update(blocks) + decryptor.finalize()) + unpadder.finalize()
        except ValueError:
            continue


def _exchanged(data: bytes) -> bytes:
    return data[: -2 * _BLOCK] + data[-_BLOCK:] + data[-2 * _BLOCK : -_BLOCK]
