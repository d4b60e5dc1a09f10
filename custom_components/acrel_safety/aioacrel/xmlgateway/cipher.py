"""What protects the frames, as far as anything does: a secret that is key and first block of the cipher at once.

Nothing says whether a frame was changed on its way, and what is said twice looks the same twice: this keeps nobody out
who reaches the network. The listener belongs in a network of one's own.
"""

import hashlib
import hmac
import re
import secrets
import zlib

from cryptography.hazmat.primitives.ciphers import Cipher as BlockCipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

SECRET_SIZE = 16
MOST_INFLATED = 1 << 20
"""Bytes that a packed report may have once it is unpacked."""
_BLOCK = 16
_SEQUENCE_DIGITS = 19
_SECRET = re.compile(r"[\x21-\x7e]{16}")


def is_secret(text: str) -> bool:
    """Whether a text can be the secret of a gateway: sixteen printable ASCII characters."""
    return _SECRET.fullmatch(text) is not None


def new_sequence() -> str:
    """Return digits nobody could know before, with which somebody is to prove that he knows the secret."""
    return "".join(secrets.choice("0123456789") for _ in range(_SEQUENCE_DIGITS))


class Cipher:
    """Whatever is done with the secret of one gateway."""

    def __init__(self, secret: str) -> None:
        """Take the secret. Raises ValueError for what is none."""
        if not is_secret(secret):
            raise ValueError("a secret has sixteen printable ASCII characters")
        self._secret = secret.encode("ascii")

    def answers(self, sequence: str, said: str) -> bool:
        """Whether somebody who was given a sequence has proved that he knows the secret; in constant time."""
        right = self.answer(sequence)
        return hmac.compare_digest(right.encode(), said.strip().lower().encode("utf-8", "replace"))

    def answer(self, sequence: str) -> str:
        """Return the right answer to a sequence: what the gateways do with it is MD5."""
        return hashlib.md5(self._secret + sequence.encode(), usedforsecurity=False).hexdigest()

    def sealed(self, plain: bytes) -> bytes:
        """Return some bytes encrypted."""
        padder = PKCS7(8 * _BLOCK).padder()
        encryptor = self._block_cipher().encryptor()
        return encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()

    def opened(self, data: bytes) -> bytes | None:
        """Return what was encrypted; None if it cannot have been encrypted with this secret."""
        if not data or len(data) % _BLOCK:
            return None
        decryptor = self._block_cipher().decryptor()
        unpadder = PKCS7(8 * _BLOCK).unpadder()
        try:
            return unpadder.update(decryptor.update(data) + decryptor.finalize()) + unpadder.finalize()
        except ValueError:
            return None

    def _block_cipher(self) -> BlockCipher[CBC]:
        return BlockCipher(AES(self._secret), CBC(self._secret))


def inflated(data: bytes) -> bytes | None:
    """Return what was deflated; None if it is cut, damaged or too long."""
    inflate = zlib.decompressobj()
    try:
        plain = inflate.decompress(data, MOST_INFLATED)
    except zlib.error:
        return None
    return plain if inflate.eof else None
