"""The frames of devices that call in: golden ones to the byte, and whatever else a connection may bring."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.checksum import checksum
from custom_components.acrel_safety.aioacrel.masking import masked
from custom_components.acrel_safety.aioacrel.uplink.fields import is_serial
from custom_components.acrel_safety.aioacrel.uplink.frames import LONGEST, Command, Frame, frame_of
from custom_components.acrel_safety.aioacrel.uplink.messages import (
    DataUpload,
    Login,
    PassThrough,
    SelectBlocks,
    Sender,
    Taken,
    TimeAnswer,
    TimeRequest,
    Unknown,
    message_of,
    sender_of,
)
from custom_components.acrel_safety.aioacrel.uplink.moment import Moment, WeekdayRule
from custom_components.acrel_safety.aioacrel.uplink.rtu import (
    ReadAnswer,
    ReadRequest,
    Refusal,
    WriteAnswer,
    WriteRequest,
    rtu_of,
)
from custom_components.acrel_safety.aioacrel.uplink.sections import Seal, Section
from custom_components.acrel_safety.aioacrel.uplink.stream import MOST_VAIN, FrameStream

VECTORS: Sequence[dict[str, Any]] = json.loads(Path(__file__).with_name("golden_vectors.json").read_text("utf-8"))
UPLINK = [vector for vector in VECTORS if vector["transport"] == "tcp_7b7b"]
RTU = [vector for vector in VECTORS if vector["transport"] == "modbus_rtu"]
SENDERS = {"server_to_device": Sender.SERVER, "device_to_server": Sender.DEVICE}
HEARTBEAT = bytes.fromhex("7B7B94BEEF7D7D")

TRICKY = st.lists(st.sampled_from(b"{}[]()\x00\x84\x91\xff"), max_size=40).map(bytes)
"""Bytes that look like beginnings and ends."""
BODIES = st.one_of(TRICKY, st.binary(max_size=60))
FRAMES = st.builds(Frame, st.sampled_from([0x84, 0x90, 0x91, 0x7B, 0x7D]), BODIES)


def data_of(vector: dict[str, Any]) -> bytes:
    return bytes.fromhex(vector["hex"])


def cut(data: bytes, places: Iterable[int]) -> list[bytes]:
    borders = sorted({place % (len(data) + 1) for place in places})
    return [data[low:high] for low, high in zip([0, *borders], [*borders, len(data)], strict=True)]


def fed(parts: Iterable[bytes]) -> list[Frame]:
    stream = FrameStream()
    return [frame for part in parts for frame in stream.feed(part)]


def plainly(data: bytes) -> list[Frame]:
    """Find the frames the slow way: at each end, from each beginning since the frame before."""
    frames, after, end = [], 0, 0
    while (end := data.find(b"}}", end)) >= 0:
        found = (frame_of(data[place : end + 2]) for place in range(after, end) if data.startswith(b"{{", place))
        frame = next((one for one in found if one is not None), None)
        if frame is None:
            end += 1
        else:
            frames.append(frame)
            after = end = end + 2
    return frames


@pytest.mark.parametrize("vector", UPLINK, ids=lambda vector: vector["name"])
def test_a_golden_frame_is_read_and_written_to_the_byte(vector: dict[str, Any]) -> None:
    data = data_of(vector)
    frame = frame_of(data)
    assert frame is not None
    message = message_of(frame, SENDERS[vector["direction"]])
    assert not isinstance(message, Unknown)
    assert message.frame().encoded() == data
    assert fed([data[index : index + 1] for index in range(len(data))]) == [frame]
    assert sender_of(frame) is SENDERS[vector["direction"]]
    said = vector["decoded"]
    assert f"{frame.command:02X}" == said["command"]
    match message:
        case Login():
            assert (message.serial, message.iccid, message.rssi) == (said["serial"], said["iccid"], said["rssi"])
            assert [*message.firmware, message.upload_minutes] == [*said["firmware"], said["upload_minutes"]]
            assert message.serial not in repr(message)
            assert message.iccid not in repr(message)
        case TimeAnswer():
            assert message.moment.time == datetime.fromisoformat(said["time"])
            assert message.moment.weekday == said["weekday_byte"]
        case TimeRequest():
            assert message.serial == said["serial"]
        case SelectBlocks():
            assert [(f"0x{first:04X}", count) for first, count in message.blocks] == [tuple(b) for b in said["blocks"]]
            assert [f"0x{one:04X}" for one in message.singles] == said["singles"]
        case PassThrough():
            assert message.serial == said.get("serial", "")
            inner = rtu_of(message.rtu)
            assert inner is not None
            assert inner.encoded() == message.rtu
            if "words" in said:
                assert isinstance(inner, ReadAnswer)
                assert list(inner.words) == said["words"]
        case DataUpload():
            assert not message.rest
            assert {section.seal for section in message.sections} == {Seal.RIGHT}
            for section, expected in zip(message.sections, said["sections"], strict=True):
                assert section.name == expected["id"]
                assert list(section.words) == expected.get("words", list(section.words))
                assert len(section.words) == expected.get("registers", len(section.words))
        case _:
            assert message == Taken(Command(frame.command)) or vector["name"] == "heartbeat"


@pytest.mark.parametrize("vector", RTU, ids=lambda vector: vector["name"])
def test_a_golden_rtu_frame_is_read_and_written_to_the_byte(vector: dict[str, Any]) -> None:
    data, said = data_of(vector), vector["decoded"]
    found = rtu_of(data)
    assert (found is not None) is vector["crc_ok"]
    if found is None:
        return
    assert found.encoded() == data
    assert isinstance(found, ReadRequest | WriteRequest) is (vector["direction"] == "request")
    if not isinstance(found, ReadAnswer | Refusal) and "address" in said:
        assert found.address == int(said["address"], 16)
    if isinstance(found, WriteRequest) and "values" in said:
        assert list(found.words) == said["values"]


@given(parts=st.lists(st.one_of(BODIES, FRAMES.map(Frame.encoded)), max_size=6), places=st.lists(st.integers(0, 999)))
def test_frames_are_found_wherever_they_stand_and_however_the_stream_was_cut(
    parts: list[bytes], places: list[int]
) -> None:
    data = b"".join(parts)
    assert fed(cut(data, places)) == plainly(data)


@given(bodies=st.lists(BODIES.filter(lambda body: b"{{" not in body), min_size=1, max_size=4))
def test_an_end_inside_a_body_is_no_end(bodies: list[bytes]) -> None:
    frames = [Frame(0x91, body + b"}}") for body in bodies]
    data = b"".join(frame.encoded() for frame in frames)
    if plainly(data) == frames:  # one checksum in 65,536 fits by chance
        assert fed([data]) == frames
    assert fed([frames[0].encoded()[:-1]]) != frames


@pytest.mark.parametrize("tail", [b"\x7d", b"\x7d\x7d"])
def test_a_checksum_that_looks_like_the_end_is_none(tail: bytes) -> None:
    body = next(
        body
        for number in range(1 << 24)
        if checksum(b"\x91" + (body := number.to_bytes(3, "big"))).endswith(tail) and b"}}" not in body
    )
    frame = Frame(0x91, body)
    assert fed([b"{{" + frame.encoded(), HEARTBEAT]) == [frame, Frame(0x94)]


@given(st.binary(max_size=400), st.sampled_from(Sender))
def test_any_body_is_read_and_written_to_the_byte_or_unknown(body: bytes, sender: Sender) -> None:
    for command in (*Command, 0x00):
        frame = Frame(command, body)
        assert message_of(frame, sender).frame() == frame


SECTIONS = st.lists(
    st.builds(
        lambda x, y, unit, words: Section(f"{x}-{y}", Seal.RIGHT, unit, 3, tuple(words)),
        st.integers(1, 247),
        st.integers(1, 8),
        st.integers(1, 247),
        st.one_of(
            st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=8),
            # What ends a section, and what begins one, as data.
            st.lists(st.sampled_from([0x2929, 0x5D5D, 0x2828, 0x5B5B, 0x7D7D, 0x7B7B]), min_size=1, max_size=8),
        ),
    ),
    min_size=1,
    max_size=8,
)


@given(SECTIONS, st.sampled_from(["", "00000000000001", "DEMO0000000000000001"]))
def test_up_to_eight_sections_are_read_whatever_stands_in_them(sections: list[Section], serial: str) -> None:
    upload = DataUpload(serial, tuple(sections))
    assert message_of(upload.frame()) == upload


def test_sections_without_a_right_checksum_are_told_from_others() -> None:
    seals = [
        Section("1-1", Seal.MISSING, 1, 3, (1, 2)),
        Section("12-3", Seal.INVALID),
        Section("1-3", Seal.WRONG, 1, 3, (3,), b"\0\0"),
        Section("1-4", Seal.RIGHT, 1, 3, (4,)),
    ]
    upload = DataUpload("", tuple(seals))
    assert message_of(upload.frame()) == upload
    assert (seals[1].address, seals[1].number) == (12, 3)


@pytest.mark.parametrize(
    "tail", [b"[[1-2((\x01\x83\x02))]]", b"[[x-2((un))]]", b"[[1-2((\x01\x03\x08\x00\x01))]]", b"[[1-2((", b"!"]
)
def test_what_is_no_section_is_kept_and_nothing_is_made_of_it(tail: bytes) -> None:
    first = Section("1-1", Seal.RIGHT, 1, 3, (230,))
    body = first.encoded() + tail
    assert message_of(Frame(Command.DATA, body)) == DataUpload("", (first,), tail)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (WriteAnswer(1, 0x1033, 5).encoded(), PassThrough(WriteAnswer(1, 0x1033, 5).encoded())),
        (b"7".ljust(20, b"\0"), PassThrough(b"", "7")),
        (b"7".ljust(20, b"\0") + b"\x01\x03\x02\x00\x01", None),
        (b"\0" * 20, None),
    ],
)
def test_an_answer_passed_through_is_one_only_with_its_own_checksum(body: bytes, expected: PassThrough | None) -> None:
    message = message_of(Frame(Command.PASS_THROUGH, body))
    assert message == (expected or Unknown(Command.PASS_THROUGH, body))


@pytest.mark.parametrize(
    ("day", "numbers"), [(20, (5, 5, 6)), (21, (6, 6, 7)), (22, (7, 0, 1)), (23, (1, 1, 2))], ids=str
)
def test_the_weekday_is_numbered_as_the_owner_chose(day: int, numbers: Sequence[int]) -> None:
    moment = datetime(2026, 11, day, 9, tzinfo=UTC)
    assert tuple(Moment.at(moment, rule).weekday for rule in WeekdayRule) == numbers


def test_a_stream_keeps_no_more_than_a_frame_and_gives_up_what_is_none() -> None:
    hostile = (b"{" * 4096, b"{{\x84" * 2000, b"{{}}" * 2000, b"}" * 5000, bytes(5000), b"{{" + b"}" * 9000)
    for data in hostile:
        stream = FrameStream()
        for _ in range(2 * MOST_VAIN // len(data) + 1):
            assert list(stream.feed(data)) == []
            assert stream.pending <= LONGEST
        assert stream.is_hopeless
        assert list(stream.feed(HEARTBEAT)) == []


def test_a_frame_that_lost_its_end_does_not_hold_up_the_next_one() -> None:
    lost = Frame(0x91, bytes(80)).encoded()[:-5]
    stream = FrameStream()
    assert list(stream.feed(lost + HEARTBEAT)) == [Frame(0x94)]
    assert stream.discarded == len(lost)


def test_numbers_of_devices_and_cards_are_masked() -> None:
    assert masked("20251118000042") == "…0042"
    assert [masked(short) for short in ("", "1234", "12345678")] == ["", "…", "…"]
    assert [is_serial(text) for text in ("A1", "", "x" * 21, "é", "a\0b")] == [True, False, False, False, False]
