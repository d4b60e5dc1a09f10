"""What a broker says, put together of any pieces: the same packets, bounded, and nothing else than a refusal."""

from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.cloud.feedpackets import (
    GOODBYE,
    PING,
    Connected,
    Other,
    Packet,
    PacketError,
    Packets,
    Published,
    Subscribed,
    TooLarge,
    connect,
    subscribe,
)

LARGEST = 300


def written(head: int, body: bytes) -> bytes:
    """Return a packet."""
    digits, left = bytearray(), len(body)
    while True:
        digits.append(left & 0x7F | (0x80 if left > 0x7F else 0))
        left >>= 7
        if not left:
            return bytes([head]) + bytes(digits) + body


def message(topic: str, payload: bytes, *, qos: int = 0, is_retained: bool = False) -> bytes:
    """Return a message as a broker sends it."""
    name = topic.encode()
    number = b"\0\7" if qos else b""
    return written(0x30 | qos << 1 | is_retained, len(name).to_bytes(2) + name + number + payload)


MESSAGES = st.builds(
    lambda topic, payload, qos, kept: (message(topic, payload, qos=qos, is_retained=kept), (topic, payload, kept)),
    st.text(st.characters(codec="utf-8"), max_size=20),
    st.binary(max_size=2 * LARGEST),
    st.integers(0, 2),
    st.booleans(),
)


@given(st.lists(MESSAGES, max_size=6), st.lists(st.integers(0, 4000), max_size=12))
def test_pieces_make_no_difference_and_what_is_too_large_is_let_pass(
    sent: list[tuple[bytes, tuple[str, bytes, bool]]], cuts: list[int]
) -> None:
    stream = b"".join(one for one, _ in sent) + b"\xd0\0"
    marks = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    packets, found = Packets(LARGEST), list[Packet]()
    for start, end in pairwise(marks):
        found += packets.take(stream[start:end])
        assert packets.kept <= LARGEST + 5
    wanted: list[Packet] = []
    for one, (topic, payload, is_retained) in sent:
        is_large = len(one) - 2 - (len(one) > 129) > LARGEST
        wanted.append(TooLarge() if is_large else Published(topic, payload, is_retained))
    assert found == [*wanted, Other()]
    assert packets.kept == 0


@given(st.lists(st.binary(max_size=50), max_size=10))
def test_anything_is_packets_or_refused(pieces: list[bytes]) -> None:
    packets = Packets(LARGEST)
    with suppress(PacketError):
        for piece in pieces:
            list(packets.take(piece))
            assert packets.kept <= LARGEST + 5


def test_answers_are_understood_and_questions_are_as_the_standard_prints_them() -> None:
    found = list(Packets(LARGEST).take(bytes([0x20, 2, 0, 5]) + bytes([0x90, 3, 0, 9, 0x80])))
    assert found == [Connected(5), Subscribed(9, 0x80)]
    # MQTT 3.1.1, 3.1 and 3.8: lengths, name and level of the protocol, flags, seconds; then what it is about.
    assert connect("c", "", "", 30) == b"\x10\x0d\0\4MQTT\4\2\0\x1e\0\1c"
    assert connect("c", "u", "p", 30) == b"\x10\x13\0\4MQTT\4\xc2\0\x1e\0\1c\0\1u\0\1p"
    assert connect("c", "u", "", 30)[9] == 0x82
    assert connect("c", "", "p", 30) == connect("c", "", "", 30)
    assert subscribe(258, "a/b") == b"\x82\x08\1\2\0\3a/b\0"
    assert (PING, GOODBYE) == (b"\xc0\0", b"\xe0\0")
    assert subscribe(1, "x" * 200)[:3] == b"\x82\xcd\x01"


@pytest.mark.parametrize("broken", [b"\x30\xff\xff\xff\xff\x01", b"\x20\1\0", b"\x90\2\0\1", b"\x30\3\0\7a"])
def test_what_is_none_is_refused(broken: bytes) -> None:
    with pytest.raises(PacketError):
        list(Packets(LARGEST).take(broken))
