"""Messages that are compressed or encrypted: read where that is known, otherwise said what is missing."""

import json
import zlib

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.gateway.errors import PayloadError
from custom_components.acrel_safety.aioacrel.gateway.payload import LARGEST, LARGEST_UNPACKED, document_of

SAID = {"method": "update", "reported": {"0_22260101000011": {"Ua": "226.0", "state": "ONLINE"}}}
PLAIN = json.dumps(SAID).encode()
SECRET = "0123456789abcdef"  # noqa: S105 - made up


def encrypted(data: bytes, *, exchanges: bool) -> bytes:
    padder = PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(SECRET.encode()), modes.CBC(SECRET.encode())).encryptor()
    blocks = encryptor.update(padder.update(data) + padder.finalize()) + encryptor.finalize()
    return blocks[:-32] + blocks[-16:] + blocks[-32:-16] if exchanges else blocks


@pytest.mark.parametrize("level", [1, 6, 9])
def test_zlib_is_unpacked(level: int) -> None:
    assert document_of(zlib.compress(PLAIN, level)) == SAID


@pytest.mark.parametrize("exchanges", [True, False])
@pytest.mark.parametrize("packed", [PLAIN, zlib.compress(PLAIN)])
def test_aes_is_read_with_the_secret_of_the_product(packed: bytes, *, exchanges: bool) -> None:
    assert document_of(encrypted(packed, exchanges=exchanges), SECRET) == SAID


def test_what_was_encrypted_and_then_compressed_is_read_too() -> None:
    assert document_of(zlib.compress(encrypted(PLAIN, exchanges=True)), SECRET) == SAID


@pytest.mark.parametrize(
    ("payload", "secret", "said"),
    [
        (encrypted(PLAIN, exchanges=True), "", "LZO"),
        (encrypted(PLAIN, exchanges=True), "fedcba9876543210", "secret does not fit"),
        (encrypted(PLAIN, exchanges=True), "short", "16 characters, not 5"),
        (b"\x00\x11\x22", "", "LZO"),
        (b"", "", "LZO"),
        (b'{"a":', "", "no JSON"),
        (b"{" * 5000, "", "no JSON"),
        (b'{"a":' * 5000, "", "no JSON"),
        (b'{"a":NaN}', "", "no JSON"),
        (b'{"a":1e999}', "", "no JSON"),
        (b'{"a":' + b"9" * 5000 + b"}", "", "no JSON"),
        (b'{"a":"\xff"}', "", "no JSON"),
        (b"{" + b" " * LARGEST, "", "bytes"),
        (zlib.compress(b"{" + b" " * 50 * LARGEST_UNPACKED), "", "LZO"),
    ],
)
def test_what_cannot_be_read_is_said_and_not_guessed(payload: bytes, secret: str, said: str) -> None:
    with pytest.raises(PayloadError, match=said):
        document_of(payload, secret)


@given(st.binary(max_size=400), st.sampled_from(["", SECRET]))
def test_whatever_bytes_come_nothing_but_a_payload_error_is_raised(data: bytes, secret: str) -> None:
    for payload in (data, b"x\x9c" + data, b"{" + data, zlib.compress(data)):
        try:
            found = document_of(payload, secret)
        except PayloadError as error:
            assert error.text("zh")  # noqa: PT017 - it is one way of two
        else:
            assert isinstance(found, dict)
