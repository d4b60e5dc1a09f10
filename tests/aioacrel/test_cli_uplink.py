"""`acrel uplink`: one line per event; only devices that were named are decoded."""

import asyncio
import json
import os
import signal
from typing import Any

import pytest

from custom_components.acrel_safety.aioacrel.uplink.messages import DataUpload
from custom_components.acrel_safety.aioacrel.uplink.sections import Seal, Section
from simulator import Cabinet
from simulator.uplink import Caller, Quirks
from tests.aioacrel.cli_rigs import Acrel, process
from tests.aioacrel.uplink_rigs import HOST, OTHER, SERIAL, Guest, calling

VIRTUAL = pytest.mark.virtual_time
PORT = 7000


@pytest.fixture
def acrel(capsys: pytest.CaptureFixture[str]) -> Acrel:
    return Acrel(capsys)


def known(serial: str = SERIAL, model: str = "ddsy1352") -> tuple[str, ...]:
    return ("--device", f"{serial}={model}")


@VIRTUAL
async def test_each_event_is_one_line_and_only_named_devices_are_decoded(acrel: Acrel) -> None:
    async with calling(PORT, quirks=Quirks(drop_after_s=60)) as caller, calling(PORT, "arcm300", OTHER):
        outcome = await acrel.beside("uplink", *known(), "--json", "--count", "4")
    assert outcome.code == 0
    listening, *events = outcome.documents
    assert listening == {"event": "listening", "host": HOST, "port": PORT}
    mine = [event for event in events if event["serial"] == SERIAL]
    assert [event["event"] for event in mine] == ["login", "readings", "lost"]
    assert mine[0]["rssi"] == 26
    truth = caller.unit.truth()["1"]
    said = mine[1]["circuits"]["1"]
    assert (said["U"], said["RlySta"], mine[1]["model"]) == (truth["U"], True, "ddsy1352")
    assert mine[1]["unverified"] is False
    [other] = [event for event in events if event["serial"] == OTHER]
    assert (other["event"], other["upload_minutes"]) == ("stranger", 30)
    assert caller.iccid not in outcome.out
    assert caller.asked == []


@VIRTUAL
@pytest.mark.parametrize(("language", "said"), [("en", "logged in from"), ("zh", "登录")])
async def test_people_are_told_in_their_language(acrel: Acrel, language: str, said: str) -> None:
    async with calling(PORT), calling(PORT, "arcm300", OTHER):
        outcome = await acrel.beside("uplink", *known(), "--count", "3", "--language", language)
    assert outcome.code == 0
    assert said in outcome.out
    assert f"--device {OTHER}=MODEL" in outcome.out
    assert "RlySta" in outcome.out


@VIRTUAL
async def test_with_poll_it_asks_between_the_uploads(acrel: Acrel) -> None:
    async with calling(PORT) as caller:
        outcome = await acrel.beside("uplink", *known(), "--json", "--poll", "--count", "4")
    codes = {code for event in outcome.documents[1:] for code in event.get("circuits", {}).get("1", {})}
    assert caller.asked
    assert "Fr" in codes


@VIRTUAL
async def test_what_had_no_checksum_of_its_own_is_marked(acrel: Acrel) -> None:
    async def upload() -> None:
        await asyncio.sleep(1)
        guest = await Guest.at(PORT)
        guest.log_in()
        section = Section("1-1", Seal.MISSING, 1, 3, tuple(range(100, 142)))
        guest.say(DataUpload("", (section,)).frame().encoded())
        await guest.ends()

    task = asyncio.create_task(upload())
    outcome = await acrel.beside("uplink", *known(model="arcm300"), "--json", "--count", "2")
    await task
    assert len(outcome.documents) == 3
    assert outcome.documents[2]["unverified"] is True
    assert outcome.documents[2]["circuits"]["1"]["DOC_Raw 1000"] == 100


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--listen", "7000"), "127.0.0.1:7000"),
        (("--listen", "host:7000"), "127.0.0.1:7000"),
        (("--listen", "127.0.0.1:70000"), "127.0.0.1:7000"),
        (("--device", SERIAL), "names no device"),
        (("--device", "x" * 21 + "=ddsy1352"), "names no device"),
        (("--device", f"{SERIAL}=nothing"), "nothing"),
        (("--network", "10.0.0.1/8"), "is no network"),
        (("--utc-offset", "15"), "is no offset"),
        (("--weekday", "friday"), "invalid choice"),
    ],
)
def test_wrong_usage_is_explained(acrel: Acrel, arguments: tuple[str, ...], said: str) -> None:
    outcome = acrel("uplink", *arguments)
    assert outcome.code == 2
    assert said in outcome.err


async def test_a_process_listens_on_a_real_port_until_ctrl_c(acrel: Acrel) -> None:
    async with process("uplink", "--listen", f"{HOST}:0", *known(), "--json") as command:
        out = command.stdout
        assert out is not None

        async def line() -> Any:  # noqa: ANN401 - any document
            return json.loads(await out.readline())

        port = (await line())["port"]
        taken = await asyncio.to_thread(acrel, "uplink", "--listen", f"{HOST}:{port}", "--json")
        assert taken.error == "cannot_listen"
        caller = Caller(Cabinet.of({1: "ddsy1352"}, frozen=True).units[1], SERIAL, quirks=Quirks(segment=5))
        caller.start(HOST, port)
        try:
            assert [(await line())["event"], (await line())["event"]] == ["login", "readings"]
            # The first connection is proved to live; the second one never speaks for the device.
            second = await Guest.at(port)
            second.log_in()
            assert await second.hears() == (0x84, b"")
            second.leave()
        finally:
            await caller.stop()
        assert (await line())["event"] == "lost"
        os.kill(command.pid, signal.SIGINT)
        assert await command.wait() == 130
