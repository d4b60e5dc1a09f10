"""`acrel frame`: every golden frame is explained in both languages, and no number of a person is shown."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from custom_components.acrel_safety.aioacrel.uplink.frames import Command, Frame
from custom_components.acrel_safety.aioacrel.uplink.messages import DataUpload
from custom_components.acrel_safety.aioacrel.uplink.sections import Seal, Section
from tests.aioacrel.cli_rigs import Acrel

VECTORS: Sequence[dict[str, Any]] = json.loads(Path(__file__).with_name("golden_vectors.json").read_text("utf-8"))
UPLINK = [vector for vector in VECTORS if vector["transport"] == "tcp_7b7b"]
RTU = [vector for vector in VECTORS if vector["transport"] == "modbus_rtu"]
SENDERS = {"server_to_device": "server", "device_to_server": "device"}


@pytest.fixture
def acrel(capsys: pytest.CaptureFixture[str]) -> Acrel:
    return Acrel(capsys)


@pytest.mark.parametrize("vector", UPLINK, ids=lambda vector: vector["name"])
def test_a_golden_frame_is_explained(acrel: Acrel, vector: dict[str, Any]) -> None:
    said = vector["decoded"]
    outcome = acrel("frame", vector["hex"], "--json")
    assert outcome.code == 0
    document = outcome.json
    assert (document["command"], document["sender"]) == (said["command"], SENDERS[vector["direction"]])
    for name in ("rssi", "firmware", "upload_minutes", "weekday_byte", "time"):
        assert document.get(name) == said.get(name)
    if "words" in said:
        assert document["modbus"]["words"] == said["words"]
    for section, expected in zip(document.get("sections", []), said.get("sections", []), strict=True):
        assert section["id"] == expected["id"]
        assert section["checksum"] == "right"
    english = acrel("frame", *vector["hex"].split())
    chinese = acrel("frame", vector["hex"].replace(" ", ""), "--language", "zh")
    assert (english.code, chinese.code) == (0, 0)
    assert english.out.isascii() or "…" in english.out
    assert not chinese.out.isascii()
    for number in filter(None, (said.get("serial"), said.get("iccid"))):
        assert number not in outcome.out + english.out + chinese.out
    if "serial" in said:
        assert document["serial"] == f"…{said['serial'][-4:]}"


@pytest.mark.parametrize("vector", RTU, ids=lambda vector: vector["name"])
def test_a_golden_modbus_frame_is_explained_or_its_checksum_put_right(acrel: Acrel, vector: dict[str, Any]) -> None:
    outcome = acrel("frame", vector["hex"], "--json")
    if not vector["crc_ok"]:
        assert outcome.error == "no_frame"
        assert vector["decoded"]["right_crc"] in outcome.err
        return
    asked = vector["direction"] == "request"
    assert (outcome.json["modbus"]["kind"] in ("read", "write")) is asked
    assert acrel("frame", vector["hex"]).out.startswith("Unit ")


def test_an_upload_says_what_of_it_is_worth_nothing(acrel: Acrel) -> None:
    sections = (
        Section("1-1", Seal.WRONG, 1, 3, (0x1234,), b"\0\0"),
        Section("1-2", Seal.MISSING, 1, 3, (0x4321,)),
        Section("1-3", Seal.INVALID),
    )
    data = DataUpload("", sections, b"?").frame().encoded()
    outcome = acrel("frame", data.hex())
    assert outcome.out.splitlines() == [
        "Data upload, sections: 3",
        "Section 1-1, unit 1, 1 registers: …",
        "Its own checksum is wrong: it is worth nothing",
        "Section 1-2, unit 1, 1 registers: 4321",
        "It has no checksum of its own: unverified",
        "Section 1-3: the device has no answer for this block",
        "1 bytes of it could not be read; nothing is made of them",
    ]
    document = acrel("frame", data.hex(), "--json").json
    assert [section["words"] for section in document["sections"]] == [None, [0x4321], None]
    assert (document["inner_crc_ok"], document["bytes_unread"]) == (False, 1)


def test_several_frames_are_explained_each_and_the_rest_is_counted(acrel: Acrel) -> None:
    beat = Frame(Command.HEARTBEAT).encoded()
    outcome = acrel("frame", "0x00", "ff", beat.hex(":"), beat.hex(), "--json")
    assert outcome.code == 3
    assert [document["kind"] for document in outcome.documents] == ["heartbeat", "heartbeat"]
    assert outcome.err == "2 bytes belong to no frame\n"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("7B 7B 94 BE EE 7D 7D", "its checksum is BE EE, right would be BE EF"),
        ("7B 7B 94 BE EF 7D", "its end (7D 7D) is missing"),
        ("01 03", "too short"),
        ("01 03 00 00 00 01 84 0B", "right would be 84 0A"),
    ],
)
def test_what_is_no_frame_is_said_so_with_the_reason(acrel: Acrel, data: str, said: str) -> None:
    outcome = acrel("frame", data, "--json")
    assert outcome.error == "no_frame"
    assert said in outcome.err


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (Frame(0x87, b"\x01").encoded().hex(), "Command 87: what stands in its 1 bytes is not known"),
        (Frame(0x89, b"\x01\x02").encoded().hex(), "what stands in these 2 bytes is not known"),
        ("01 83 02 C0 F1", "Unit 1 refuses function 03: illegal data address"),
        ("01 06 00 00 00 01 48 0A", "Unit 1 with function 06, which is not used here"),
    ],
)
def test_what_is_not_known_is_not_guessed(acrel: Acrel, data: str, said: str) -> None:
    outcome = acrel("frame", data)
    assert (outcome.code, said.lower() in outcome.out.lower()) == (0, True), outcome.out


@pytest.mark.parametrize("data", ["7B7", "xyz", "7B 7B 9", "00" * 70000])
def test_what_are_no_bytes_is_wrong_usage(acrel: Acrel, data: str) -> None:
    assert acrel("frame", data).code == 2


@pytest.mark.parametrize(
    ("message", "dialect", "kind", "values"),
    [
        (
            {"method": "update", "sn": "20260101000001", "reported": {"0_22260101000011": {"Ua": "226.0"}}},
            "platform",
            "report",
            {"Ua": "226.0"},
        ),
        (
            {"type": "data", "gwSN": "1", "meterSN": "22260101000011", "ia": 2, "ct": 40},
            "overseas",
            "report",
            {"ia": 80, "ct": 40},
        ),
        (
            {"data": [{"point": [{"ID": 0, "val": "22260101000011"}, {"ID": 40, "val": 0.03}]}]},
            "numbers",
            "report",
            {"Lg": 30},
        ),
        (
            {"method": "login", "msgid": 0, "payload": {"upInterval": 60, "imei": "860000000000000"}},
            "platform",
            "login",
            None,
        ),
    ],
)
def test_a_message_of_a_gateway_is_explained(
    acrel: Acrel, message: dict[str, Any], dialect: str, kind: str, values: dict[str, Any] | None
) -> None:
    outcome = acrel("frame", json.dumps(message), "--json")
    assert (outcome.code, outcome.json["dialect"], outcome.json["kind"]) == (0, dialect, kind)
    assert [meter["values"] for meter in outcome.json["meters"]] == ([] if values is None else [values])
    people = acrel("frame", json.dumps(message), "--language", "zh")
    assert "网关报文" in people.out
    assert not any(number in outcome.out + people.out for number in ("22260101000011", "860000000000000"))


def test_what_looks_like_a_message_and_is_none_is_said(acrel: Acrel) -> None:
    assert acrel("frame", '{"method": ', "--json").error == "no_frame"
