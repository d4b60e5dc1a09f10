"""`acrel xml`: one line per event; only gateways that were named are let in. `acrel frame` explains their frames."""

import asyncio
import json
import os
import signal
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from simulator import Cabinet
from tests.aioacrel.cli_rigs import Acrel, process
from tests.aioacrel.test_xml_frames import FRAMES
from tests.aioacrel.test_xml_frames import LOGIN as PROOF
from tests.aioacrel.uplink_rigs import HOST
from tests.aioacrel.xml_rigs import (
    CHINA,
    HEARTBEAT,
    LOGIN,
    NAME,
    OTHER,
    PACKED,
    REPORT,
    SECRET,
    UP,
    Guest,
    aes,
    framed,
    report,
    xml,
)

PORT = 7100
WRONG = "fedcba9876543210"
DEVICE = f"{NAME.serial}:01001=dtsy1352"


@pytest.fixture
def acrel(capsys: pytest.CaptureFixture[str]) -> Acrel:
    return Acrel(capsys)


@pytest.fixture
def secret(tmp_path: Path) -> str:
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    return str(file)


def stamp(seconds: int = 0) -> str:
    return datetime.fromtimestamp(datetime.now(CHINA).timestamp() + seconds, CHINA).strftime("%Y%m%d%H%M%S")


def calling(secret: str, *more: str) -> tuple[str, ...]:
    return ("xml", "--listen", f"{HOST}:{PORT}", "--gateway", f"{NAME.serial}={secret}", *more)


async def visit() -> None:
    """Call as a stranger, as somebody who does not know the secret, and as the gateway."""
    await asyncio.sleep(1)
    assert await (await Guest.at(PORT)).log_in(OTHER) == "fail"
    assert await (await Guest.at(PORT)).log_in(NAME, WRONG) == "fail"
    guest = await Guest.logged_in(PORT)
    guest.report(report({"Ua": 230.5, "WPP": 12}, stamp()))
    guest.report(report({"Ua": 229.5}, stamp(-900), operation="continuous"))
    await guest.hears()
    await guest.leave()


@pytest.mark.virtual_time
async def test_each_event_is_one_line_and_only_named_gateways_are_let_in(acrel: Acrel, secret: str) -> None:
    task = asyncio.create_task(visit())
    outcome = await acrel.beside(*calling(secret, "--device", DEVICE, "--json", "--count", "7"))
    await task
    assert outcome.code == 0
    assert SECRET not in outcome.out + outcome.err
    listening, *events = outcome.documents
    assert listening == {"event": "listening", "host": HOST, "port": PORT}
    assert [(event["event"], event["gateway"]) for event in events] == [
        ("stranger", OTHER.serial),
        ("refused", NAME.serial),
        *((kind, NAME.serial) for kind in ("login", "readings", "readings", "past", "lost")),
    ]
    readings, besides, past = events[3:6]
    assert (readings["meter"], readings["circuits"]["1"]["Ua"]) == ("01001", 230.5)
    assert besides["circuits"]["1"]["DOC_WPP"] == 12
    assert [record["Ua@1"] for record in past["records"].values()] == [229.5]


@pytest.mark.virtual_time
@pytest.mark.parametrize(("language", "said"), [("en", "does not know its secret"), ("zh", "不知道其密钥")])
async def test_people_are_told_in_their_language(acrel: Acrel, secret: str, language: str, said: str) -> None:
    task = asyncio.create_task(visit())
    outcome = await acrel.beside(*calling(secret, "--device", DEVICE, "--count", "7", "--language", language))
    await task
    assert outcome.code == 0
    assert said in outcome.out
    assert f"--gateway {OTHER.serial}=FILE" in outcome.out
    assert "230.5" in outcome.out


@pytest.mark.virtual_time
async def test_with_poll_it_asks_through_the_gateway(acrel: Acrel, secret: str) -> None:
    cabinet = Cabinet.of({1: "dtsy1352"}, frozen=True)

    async def serve() -> Guest:
        await asyncio.sleep(1)
        guest = await Guest.logged_in(PORT)
        guest.serve(u1=cabinet.units[1])
        return guest

    task = asyncio.create_task(serve())
    outcome = await acrel.beside(*calling(secret, "--device", DEVICE, "--poll", "--json", "--count", "4"))
    await (await task).leave()
    codes = {code for event in outcome.documents[1:] for code in event.get("circuits", {}).get("1", {})}
    assert {"Ua", "RlySta"} <= codes


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "--listen"),
        (("--listen", "7100"), "127.0.0.1:7000"),
        (("--listen", f"{HOST}:0", "--gateway", f"1/2={''}"), "310101A064/01=secret.txt"),
        (("--listen", f"{HOST}:0", "--gateway", SECRET), "310101A064/01=secret.txt"),
        (("--listen", f"{HOST}:0", "--device", "1/2:01000=dtsy1352"), "names no device"),
        (("--listen", f"{HOST}:0", "--device", "1:01001=dtsy1352"), "names no device"),
        (("--listen", f"{HOST}:0", "--device", "1/2:01001="), "names no device"),
        (("--listen", f"{HOST}:0", "--device", "1/2:01001=nothing"), "nothing"),
    ],
)
def test_wrong_usage_is_explained(acrel: Acrel, arguments: tuple[str, ...], said: str) -> None:
    outcome = acrel("xml", *arguments)
    assert outcome.code == 2
    assert said in outcome.err
    assert SECRET not in outcome.err


def test_a_device_needs_its_gateway_and_a_gateway_its_secret(acrel: Acrel, secret: str, tmp_path: Path) -> None:
    listen = ("xml", "--listen", f"{HOST}:0", "--json")
    assert acrel(*listen, "--device", DEVICE).error == "unnamed_gateway"
    (tmp_path / "bad").write_text(f"secret: {SECRET}")
    bad = acrel(*listen, "--gateway", f"{NAME.serial}={tmp_path / 'bad'}")
    assert bad.error == "bad_secret"
    assert SECRET not in bad.err + bad.out
    assert acrel(*listen, "--gateway", f"{NAME.serial}={tmp_path / 'none'}").error == "system_error"


async def test_a_process_listens_on_a_real_port_until_ctrl_c(secret: str) -> None:
    gateway = ("--gateway", f"{NAME.serial}={secret}", "--device", DEVICE)
    async with process("xml", "--listen", f"{HOST}:0", *gateway, "--json") as command:
        out = command.stdout
        assert out is not None

        async def line() -> Any:  # noqa: ANN401 - any document
            return json.loads(await out.readline())

        guest = await Guest.logged_in((await line())["port"])
        assert (await line())["event"] == "login"
        guest.report(report({"Ua": 230.5}, stamp()), packed=True)
        assert (await line())["circuits"]["1"]["Ua"] == 230.5
        await guest.leave()
        assert (await line())["event"] == "lost"
        os.kill(command.pid, signal.SIGINT)
        assert await command.wait() == 130


def test_golden_frames_are_explained_with_and_without_the_secret(acrel: Acrel, secret: str) -> None:
    for vector in FRAMES:
        said = vector["decoded"]
        closed = acrel("frame", vector["hex"], "--json").json
        opened = acrel("frame", vector["hex"], "--secret-file", secret, "--json").json
        assert (closed["protocol"], closed["kind"], closed["length"]) == ("xml", said["kind"], said["length"])
        if said["kind"] == "pass_down":
            assert (closed["encrypted"], opened["meter"]) == (True, "01003")
            assert opened["modbus"] == {"unit": 3, "function": 3, "address": "0000h", "count": 2, "kind": "read"}
            assert "--secret-file" in acrel("frame", vector["hex"]).out


TIME = "20261126200000"
EXPLAINED = {
    "asks": (LOGIN, xml("id_validate", '<id_validate operation="request"/>'), "log in", "登录"),
    "proves": (
        LOGIN,
        xml("id_validate", f'<id_validate operation="md5"><md5>{PROOF["hex"]}</md5></id_validate>'),
        "proves",
        "证明",
    ),
    "told": (
        LOGIN,
        xml("id_validate", '<id_validate operation="result"><result>fail</result></id_validate>'),
        "fail",
        "fail",
    ),
    "beat": (HEARTBEAT, xml("heart_beat", "<heart_beat/>"), "Heartbeat", "心跳"),
    "time": (HEARTBEAT, xml("heart_beat", f"<heart_beat><time>{TIME}</time></heart_beat>"), "2026-11-26 20:00", "时间"),
    "report": (
        REPORT,
        aes(xml("report", report({"Ua": 230.5, "Ub": ("", "7")}, TIME))),
        "Ua 230.5, Ub –",
        "串口 1、地址 1",
    ),
    "kept": (REPORT, aes(xml("continuous", report({"Ua": 1}, TIME, operation="continuous"))), "had kept", "暂存"),
    "not packed": (PACKED, aes(b"<x/>"), "cannot be opened", "无法解密"),
    "other secret": (REPORT, aes(b"<x/>", WRONG), "cannot be opened", "无法解密"),
    "no xml": (REPORT, aes(b"<!DOCTYPE x>"), "no XML", "没有 XML"),
    "unknown": (REPORT, aes(b"<x/>"), "not known", "未知"),
    "answer": (UP, aes(b"01003|03030400010002"), "port 1 with address 3", "串口 1、地址 3"),
    "rubbish": (UP, aes(b"01003"), "cannot be opened", "无法解密"),
}


@pytest.mark.parametrize("name", EXPLAINED)
def test_a_frame_is_explained_in_both_languages_and_numbers_are_masked(acrel: Acrel, secret: str, name: str) -> None:
    kind, data, english, chinese = EXPLAINED[name]
    digits = framed(kind, data).hex()
    for language, said in (("en", english), ("zh", chinese)):
        outcome = acrel("frame", digits, "--secret-file", secret, "--language", language)
        assert outcome.code == 0
        assert said in outcome.out
        assert not {NAME.building, SECRET, PROOF["hex"]} & set(outcome.out.split())
        assert NAME.building not in outcome.out
    assert acrel("frame", digits, "--secret-file", secret, "--json").code == 0


def test_a_frame_that_is_cut_is_none_and_what_follows_one_is_counted(acrel: Acrel) -> None:
    frame = framed(HEARTBEAT, b"<x/>")
    assert "cut" in acrel("frame", frame[:-1].hex()).err
    outcome = acrel("frame", (frame + b"\x1f\x1f\x02").hex(), "--json")
    assert (outcome.code, outcome.json["kind"]) == (3, "heartbeat")
    assert "3 bytes" in outcome.err
