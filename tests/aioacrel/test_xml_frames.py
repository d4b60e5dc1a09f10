"""Frames and XML of gateways that call in: golden ones to the byte, and whatever else a connection may bring."""

import json
import zlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.xmlgateway.cipher import MOST_INFLATED, Cipher, inflated, is_secret
from custom_components.acrel_safety.aioacrel.xmlgateway.frames import LONGEST, MOST_VAIN, Frame, FrameKind, FrameStream
from custom_components.acrel_safety.aioacrel.xmlgateway.markup import (
    MOST_ATTRIBUTES,
    MOST_DEPTH,
    MOST_ELEMENTS,
    MOST_TEXT,
    MarkupError,
    markup_of,
)
from custom_components.acrel_safety.aioacrel.xmlgateway.messages import (
    Function,
    Heartbeat,
    Report,
    Unread,
    Validate,
    message_of,
    result_answer,
    sequence_answer,
    time_answer,
)
from custom_components.acrel_safety.aioacrel.xmlgateway.names import GatewayName, MeterId
from custom_components.acrel_safety.aioacrel.xmlgateway.passing import Passed, passed_of
from tests.aioacrel.xml_rigs import NAME, SECRET, aes, report, unaes, xml

VECTORS: Sequence[dict[str, Any]] = json.loads(Path(__file__).with_name("golden_vectors.json").read_text("utf-8"))
FRAMES = [vector for vector in VECTORS if vector["transport"] == "tcp_1f1f"]
[LOGIN] = [vector for vector in VECTORS if vector["transport"] == "xml_login"]
KINDS = st.sampled_from(FrameKind)
TRICKY = st.lists(st.sampled_from(b"\x1f\x1f\x1f\x01\x03\x00\xf1"), max_size=40).map(bytes)
"""Bytes that look like beginnings."""


def frames_in(pieces: Sequence[bytes], stream: FrameStream | None = None) -> list[Frame]:
    stream = stream or FrameStream()
    return [frame for piece in pieces for frame in stream.feed(piece)]


@pytest.mark.parametrize("vector", FRAMES, ids=lambda vector: vector["name"])
def test_a_golden_frame_is_read_and_written_to_the_byte(vector: dict[str, Any]) -> None:
    data, said = bytes.fromhex(vector["hex"]), vector["decoded"]
    [frame] = frames_in([data])
    assert (frame.kind.name.lower(), len(frame.data), frame.encoded()) == (said["kind"], said["length"], data)
    if frame.kind is FrameKind.HEARTBEAT:
        assert frame.data.decode() == said["plaintext"]
        return
    cipher = Cipher(LOGIN["decoded"]["secret"])
    plain = cipher.opened(frame.data)
    assert plain is not None
    assert plain == said["plaintext"].encode()
    passed = passed_of(plain)
    assert passed is not None
    assert passed.meter == MeterId(said["port"], said["meter"])
    assert cipher.sealed(passed.encoded()) == frame.data


def test_the_golden_answer_to_a_login_is_right_in_any_case_and_no_other_is() -> None:
    cipher, sequence = Cipher(LOGIN["decoded"]["secret"]), LOGIN["decoded"]["sequence"]
    right = bytes.fromhex(LOGIN["hex"]).hex()
    assert cipher.answer(sequence) == right
    assert cipher.answers(sequence, f" {right.upper()} ")
    for wrong in ("", right[:-1], f"{right}0", "é" * 32, Cipher("0123456789abcdeF").answer(sequence)):
        assert not cipher.answers(sequence, wrong)


@given(st.lists(st.tuples(KINDS, st.binary(max_size=40)), max_size=4), TRICKY, st.lists(st.integers(0, 400)))
def test_frames_are_found_however_the_stream_is_cut(
    said: list[tuple[FrameKind, bytes]], rubbish: bytes, cuts: list[int]
) -> None:
    frames = [Frame(kind, data) for kind, data in said]
    data = b"".join(frame.encoded() for frame in frames) + rubbish
    places = sorted({place % (len(data) + 1) for place in cuts})
    pieces = [data[low:high] for low, high in zip([0, *places], [*places, len(data)], strict=True)]
    whole, cut = FrameStream(), FrameStream()
    found = frames_in([data], whole)
    assert found == frames_in(pieces, cut)
    assert found[: len(frames)] == frames
    assert whole.is_hopeless == cut.is_hopeless
    assert sum(len(frame.encoded()) for frame in found) + whole.discarded + whole.pending == len(data)


def test_what_is_no_frame_is_skipped_and_too_much_of_it_or_too_long_a_frame_ends_the_stream() -> None:
    frame = Frame(FrameKind.REPORT, b"x" * 16)
    stream = FrameStream()
    noise = b"\x1f\x00GET /\x1f\x1f\x77\x1f"
    assert frames_in([noise + frame.encoded() + b"\x1f", b"\x1f\x09" + frame.encoded()], stream) == [frame, frame]
    assert (stream.discarded, stream.pending) == (len(noise) + 3, 0)
    assert frames_in([Frame(FrameKind.REPORT, bytes(LONGEST)).encoded()]) == [Frame(FrameKind.REPORT, bytes(LONGEST))]
    small = FrameStream(longest=100)
    assert frames_in([frame.encoded() + Frame(FrameKind.LOGIN, bytes(101)).encoded() * 2], small) == [frame]
    assert (small.is_hopeless, small.pending) == (True, 0)
    assert frames_in([frame.encoded()], small) == []
    vain = FrameStream()
    assert frames_in([bytes(MOST_VAIN), b"\0", frame.encoded()], vain) == []
    assert vain.is_hopeless


@given(st.binary(max_size=100))
def test_what_is_encrypted_here_is_what_others_encrypt(plain: bytes) -> None:
    cipher = Cipher(SECRET)
    assert cipher.sealed(plain) == aes(plain)
    assert cipher.opened(aes(plain)) == plain == unaes(cipher.sealed(plain))


def test_what_is_damaged_or_of_another_secret_or_blows_up_is_not_opened() -> None:
    cipher = Cipher(SECRET)
    assert [cipher.opened(data) for data in (b"", b"x", aes(b"x")[:-1], bytes(16))] == [None] * 4
    assert inflated(zlib.compress(b"<x/>") + b"\0\0") == b"<x/>"
    bomb = zlib.compress(bytes(50 * MOST_INFLATED))
    assert len(bomb) < LONGEST
    assert [inflated(data) for data in (bomb, b"", b"rubbish", zlib.compress(b"<x/>")[:-1])] == [None] * 4
    assert is_secret(SECRET)
    assert not any(is_secret(text) for text in ("", SECRET[1:], SECRET + "x", "0123456789abcdeé", "0123456789abcde\n"))
    with pytest.raises(ValueError, match="sixteen"):
        Cipher("short")


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1/x"><x/>',
        "<!DOCTYPE x><x/>",
        "<x>&a;</x>",
        "<x>" * (MOST_DEPTH + 1) + "</x>" * (MOST_DEPTH + 1),
        f"<x>{'<y/>' * MOST_ELEMENTS}</x>",
        f"<x a='{'b' * (MOST_TEXT + 1)}'/>",
        f"<{'b' * (MOST_TEXT + 1)}/>",
        f"<x>{'b' * (MOST_TEXT + 1)}</x>",
        f"<x>{' b' * MOST_TEXT}</x>",
        f"<x {' '.join(f'a{n}=""' for n in range(MOST_ATTRIBUTES + 1))}/>",
        '<?xml version="1.0" encoding="utf-16"?><x/>',
        '<?xml version="1.0" encoding="utf-7"?><x/>',
        "<x>",
        "<x/><y/>",
        "",
        "text",
    ],
    ids=lambda text: text[:24],
)
def test_xml_that_is_none_or_costs_too_much_is_refused(text: str) -> None:
    with pytest.raises(MarkupError):
        markup_of(text.encode())


@pytest.mark.parametrize("encoding", ["utf-8", "GB18030", "gbk", "gb2312"])
def test_chinese_is_read_in_whatever_it_is_written(encoding: str) -> None:
    data = f'\n<?xml version="1.0" encoding="{encoding}"?>\n<x a="漏电">  电表\n<y/> </x>\0'.encode(encoding)
    root = markup_of(data)
    assert (root.text, root.attribute("a"), [child.name for child in root.children]) == ("电表", "漏电", ["y"])
    with pytest.raises(MarkupError):
        markup_of(b'<?xml version="1.0" encoding="gb18030"?><x>\xff\xff</x>')


@given(st.binary(max_size=60) | st.text(alphabet="<>/&;!?x=\"' [-]", max_size=60).map(str.encode))
def test_no_bytes_do_anything_but_be_read_or_refused(data: bytes) -> None:
    passed_of(data)
    inflated(data)
    Cipher(SECRET).opened(data)
    try:
        message_of(data)
    except MarkupError:
        return


def test_a_report_says_meters_times_and_what_is_wrong() -> None:
    content = report(
        {"WPP": "433.31", "Ua": ("", "7"), "": "1"},
        "20261126200000",
        operation="continuous",
        more="<sequence>477</sequence><total>9</total><current>3</current><meter id='1'/><meter id='00248'/>",
    )
    message = message_of(xml("continuous", content))
    assert isinstance(message, Report)
    assert (message.name, message.time, message.strange) == (NAME, datetime(2026, 11, 26, 20), 2)  # noqa: DTZ001 - none is said
    assert (message.is_resent, message.is_acknowledged) == (True, True)
    assert (message.sequence, message.total, message.current) == ("477", "9", "3")
    [meter] = message.meters
    assert (meter.meter, list(meter.functions)) == (
        MeterId(1, 1),
        [Function("WPP", "433.31"), Function("Ua", "", "7")],
    )
    for kind, operation, resent, answered in (
        ("report", "", False, False),
        ("continuous", "report", True, False),
        ("report", "Continuous", True, False),
        ("report", "continuous ", True, False),
    ):
        other = message_of(xml(kind, report({}, "20261326200000", operation=operation)))
        assert isinstance(other, Report)
        assert (other.is_resent, other.is_acknowledged, other.time) == (resent, answered, None)


def test_what_the_server_says_is_read_as_it_was_meant() -> None:
    name = GatewayName("A & <B>", "0'1\"")
    asked, told = message_of(sequence_answer(name, "123")), message_of(result_answer(name, has_passed=True))
    assert asked == Validate(name=name, step="sequence", sequence="123")
    assert told == Validate(name=name, step="result", result="pass")
    time = datetime(2026, 11, 26, 20, 5, 9)  # noqa: DTZ001 - none is said
    assert message_of(time_answer(name, time)) == Heartbeat(name=name, operation="time", time=time)
    assert message_of(b"<x/>") == Unread(name=GatewayName("", ""))


@pytest.mark.parametrize(
    ("text", "meter"),
    [("01003", MeterId(1, 3)), (" 99247 ", MeterId(99, 247)), ("00001", MeterId(0, 1))],
)
def test_five_digits_name_a_meter(text: str, meter: MeterId) -> None:
    assert MeterId.of(text) == meter
    assert str(meter) == text.strip()


@pytest.mark.parametrize(
    "text", ["", "1003", "010030", "01000", "01248", "0100x", "\uff10\uff11\uff10\uff10\uff13", "-1003"]
)
def test_anything_else_names_none(text: str) -> None:
    assert MeterId.of(text) is None
    assert passed_of(f"{text}|0102".encode()) is None


@given(st.integers(0, 99), st.integers(1, 247), st.binary(max_size=256))
def test_what_is_passed_through_is_read_as_it_was_written(port: int, address: int, rtu: bytes) -> None:
    passed = Passed(MeterId(port, address), rtu)
    assert passed_of(passed.encoded()) == passed
    assert passed_of(passed.encoded().upper() + b"\0\n") == passed
    assert passed_of(passed.encoded() + b"0") is None


@pytest.mark.parametrize("text", ["", "/", "a", "a/", "/a", "a/b\n\tc", f"{'a' * 65}/b"])
def test_a_gateway_has_two_numbers(text: str) -> None:
    with pytest.raises(ValueError, match="gateway"):
        GatewayName.of(text)
    assert GatewayName.of(" 310101A064 / 01 ") == NAME
