"""`acrel watch`: it goes on whatever happens, and shows nothing that is not so."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from custom_components.acrel_safety.aioacrel.modbus import learnt
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from simulator import Cabinet
from simulator.faults import FaultProxy, Framing, Schedule, Times, faults_of
from tests.aioacrel.cli_rigs import NOBODY, STRANGE_MODEL, Acrel, link, process, strange_unit

ADW300, ASJ10L, AIM_R100 = 1, 7, 8
QUICK = ("--timeout", "0.15", "--interval", "0.02")
ASJ10L_CODES = {key.code for key in ModelLibrary().get("asj10l").readable}


@pytest.fixture
def acrel(capsys: pytest.CaptureFixture[str]) -> Acrel:
    return Acrel(capsys)


@pytest.fixture
async def cabinet() -> AsyncIterator[Cabinet]:
    async with Cabinet.standard(frozen=True) as cabinet:
        cabinet.advance(60)
        yield cabinet


def is_right(document: dict[str, Any], cabinet: Cabinet, unit_id: int) -> bool:
    """Whether every value is the device's or missing."""
    return all(
        value is None or isinstance(value, str) or value == pytest.approx(cabinet.units[unit_id].truth()[circuit][code])
        for circuit, values in document["circuits"].items()
        for code, value in values.items()
    )


def is_full(document: dict[str, Any]) -> bool:
    return all(value is not None for values in document["circuits"].values() for value in values.values())


def is_empty(document: dict[str, Any]) -> bool:
    return all(value is None for values in document["circuits"].values() for value in values.values())


async def line_that(stream: asyncio.StreamReader | None, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Read lines until one fits."""
    assert stream is not None
    while line := await stream.readline():
        document: dict[str, Any] = json.loads(line)
        if fits(document):
            return document
    pytest.fail("the command ended")


# -- in JSON ---------------------------------------------------------------------------------------------------------


@pytest.mark.virtual_time
@pytest.mark.parametrize("framing", ["tcp", "rtu+tcp"])
async def test_each_poll_is_a_line_in_the_shape_of_read(acrel: Acrel, cabinet: Cabinet, framing: str) -> None:
    asked = ("--unit", "1", "--model", "adw300", "--codes", "Ua,Lg,TempA,UHigh", "--json")
    outcome = await acrel.on(cabinet, "watch", *asked, *QUICK, "--count", "2", framing=framing)
    assert (outcome.code, outcome.err) == (0, "")
    read = await acrel.on(cabinet, "read", *asked, framing=framing)
    assert outcome.documents == [read.json] * 2


@pytest.mark.virtual_time
async def test_statistics_come_along_when_they_are_asked_for(acrel: Acrel, cabinet: Cabinet) -> None:
    asked = ("--unit", "7", "--model", "asj10l", "--json", "--statistics", "--count", "3", *QUICK)
    *_, last = (await acrel.on(cabinet, "watch", *asked)).documents
    assert last["link"]["requests"] >= 3
    assert last["link"]["answer_time_ms"] > 0
    assert last["link"]["slow_answer_time_ms"] >= last["link"]["answer_time_ms"]
    assert 0 < last["link"]["duty_percent"] <= 100
    assert [last["link"][name] for name in ("timeouts", "discarded", "refusals")] == [0, 0, 0]
    assert last["time"]


@pytest.mark.virtual_time
async def test_a_slow_device_causes_overruns(acrel: Acrel, cabinet: Cabinet) -> None:
    cabinet.set_scenario("slow", ASJ10L, delay_s=0.05)
    asked = ("--unit", "7", "--model", "asj10l", "--json", "--statistics", "--count", "3", "--interval", "0.01")
    *_, last = (await acrel.on(cabinet, "watch", *asked)).documents
    assert last["link"]["overruns"] > 0
    assert is_right(last, cabinet, ASJ10L)


@pytest.mark.parametrize("framing", ["tcp", "rtu+tcp"])
async def test_a_unit_that_falls_silent_and_returns(cabinet: Cabinet, framing: str) -> None:
    arguments = ("watch", link(cabinet, framing), "--unit", "7", "--model", "asj10l", "--json", *QUICK)
    async with process(*arguments) as watching:
        full = await line_that(watching.stdout, is_full)
        assert set(full["circuits"]["1"]) == ASJ10L_CODES
        cabinet.set_scenario("silent", ASJ10L)
        await line_that(watching.stdout, is_empty)
        await line_that(watching.stdout, is_empty)
        cabinet.set_scenario("normal", ASJ10L)
        again = await line_that(watching.stdout, is_full)
        assert is_right(again, cabinet, ASJ10L)
        watching.send_signal(signal.SIGINT)
        _, said = await watching.communicate()
        assert watching.returncode == 130
        assert said.decode().splitlines() == ["Unit 7 did not answer within 0.15 s", "Unit 7 answers again"]


@pytest.mark.virtual_time
async def test_a_unit_that_never_answers_is_polled_to_the_end(acrel: Acrel, cabinet: Cabinet) -> None:
    cabinet.set_scenario("silent", ASJ10L)
    outcome = await acrel.on(cabinet, "watch", "--unit", "7", "--model", "asj10l", "--json", *QUICK, "--count", "3")
    assert outcome.code == 1
    assert len(outcome.documents) == 3
    assert all(map(is_empty, outcome.documents))
    assert outcome.err == "Unit 7 did not answer within 0.15 s\n"


def test_a_link_that_cannot_be_opened_is_tried_to_the_end(acrel: Acrel) -> None:
    outcome = acrel("watch", NOBODY, "--unit", "7", "--model", "asj10l", "--json", *QUICK, "--count", "3")
    assert outcome.code == 1
    assert len(outcome.documents) == 3
    assert all(map(is_empty, outcome.documents))
    assert len(outcome.err.splitlines()) == 1
    assert "tcp://127.0.0.1:1 cannot be reached" in outcome.err


async def test_a_link_that_goes_and_comes_back(cabinet: Cabinet) -> None:
    arguments = ("watch", link(cabinet), "--unit", "7", "--model", "asj10l", "--json", *QUICK)
    port = cabinet.tcp_port
    async with process(*arguments) as watching:
        await line_that(watching.stdout, is_full)
        await cabinet.stop()
        await line_that(watching.stdout, is_empty)
        await cabinet.start(tcp_port=port)
        assert is_right(await line_that(watching.stdout, is_full), cabinet, ASJ10L)


@pytest.mark.virtual_time
async def test_another_model_than_told_shows_no_values(acrel: Acrel, cabinet: Cabinet) -> None:
    outcome = await acrel.on(cabinet, "watch", "--unit", "7", "--model", "adw300", "--json", *QUICK, "--count", "2")
    assert outcome.code == 1
    assert all(map(is_empty, outcome.documents))
    assert outcome.err.startswith("Unit 7 answers, but not as the model")
    assert len(outcome.err.splitlines()) == 1


@pytest.mark.virtual_time
async def test_registers_about_which_the_unit_is_silent_hide_no_others(acrel: Acrel, tmp_path: Path) -> None:
    model = tmp_path / "strange.toml"
    model.write_text(STRANGE_MODEL)
    async with strange_unit(registers=0x80, silent_from=0x40) as strange:
        asked = (strange, "--unit", "1", "--model", model, "--json", "--timeout", "0.15")
        outcome = await acrel.beside("watch", *asked, "--interval", "0.02", "--count", "6")
        once = await acrel.beside("read", *asked)
    values = {"Lg": 16, "U": 1.8, "LgHighVal02": None}
    # A link of which nothing was heard yet is looked at first.
    assert outcome.documents[-1]["circuits"]["1"] == values
    assert outcome.err.endswith("Unit 1 did not answer within 0.15 s\n")
    assert once.json["circuits"]["1"] == values
    assert once.err == "Unit 1 did not answer within 0.15 s\n"


@pytest.mark.virtual_time
@pytest.mark.parametrize("framing", Framing)
async def test_behind_every_fault_of_the_line_no_value_is_wrong(
    acrel: Acrel, cabinet: Cabinet, framing: Framing
) -> None:
    port = cabinet.rtu_port if framing is Framing.RTU else cabinet.tcp_port
    assert port is not None
    times = Times(late=(0.1, 0.4), seat=(0.1, 0.3), mute=(0.1, 0.5))
    schedule = Schedule(seed=1, faults=faults_of(framing), rate=0.2, times=times)
    async with FaultProxy("127.0.0.1", port, framing, schedule) as proxy:
        kind = "rtu+tcp" if framing is Framing.RTU else "tcp"
        arguments = ("--unit", "8", "--model", "aim-r100", "--json", *QUICK, "--count", "10")
        outcome = await acrel.beside("watch", f"{kind}://127.0.0.1:{proxy.port}", *arguments)
    assert outcome.code == (0 if is_full(outcome.documents[-1]) else 3)
    assert len(outcome.documents) == 10
    assert proxy.counts.faulted > 3
    assert "Traceback" not in outcome.err
    assert all(is_right(document, cabinet, AIM_R100) for document in outcome.documents)
    assert any(map(is_full, outcome.documents))


# -- as text -------------------------------------------------------------------------------------------------------


@pytest.mark.virtual_time
async def test_without_a_terminal_each_poll_is_printed_below_the_last(acrel: Acrel, cabinet: Cabinet) -> None:
    cabinet.units[ADW300].hold("Ua", 231.4)
    outcome = await acrel.on(
        cabinet, "watch", "--unit", "1", "--model", "adw300", "--codes", "Ua", *QUICK, "--count", "2"
    )
    assert outcome.code == 0
    assert "\x1b" not in outcome.out
    assert outcome.out.count("231.4  V") == 2
    assert "poll 2: answer time " in outcome.out
    assert "0 timeouts, 0 discarded frames, 0 overruns, duty " in outcome.out


@pytest.mark.virtual_time
async def test_trouble_and_what_to_do_about_ratios_are_said(acrel: Acrel, cabinet: Cabinet) -> None:
    cabinet.set_scenario("silent", ASJ10L)
    silent = await acrel.on(cabinet, "watch", "--unit", "7", "--model", "asj10l", *QUICK, "--count", "1")
    assert "no answer yet" in silent.out
    assert "Unit 7 did not answer within 0.15 s" in silent.out
    ratios = await acrel.on(cabinet, "watch", "--unit", "3", "--model", "adl3000", *QUICK, "--count", "3")
    assert ratios.err.count("state --pt and --ct otherwise") == 1


@pytest.mark.virtual_time
async def test_what_was_refused_once_is_not_refused_for_ever(
    acrel: Acrel, cabinet: Cabinet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learnt, "BACK_OFF", (0.0, 0.1))
    cabinet.set_scenario("exception", AIM_R100, code=2)
    asked = ("--unit", "8", "--model", "aim-r100", "--codes", "Lg@1", "--no-probe", "--json", "--interval", "0.2")
    watching = asyncio.create_task(acrel.on(cabinet, "watch", *asked, "--count", "20"))
    await asyncio.sleep(1)
    cabinet.set_scenario("normal", AIM_R100)
    outcome = await watching
    assert is_empty(outcome.documents[0])
    assert is_full(outcome.documents[-1])
    assert outcome.code == 0


async def test_a_meter_that_dies_while_it_is_watched_is_not_shown_as_quiet(cabinet: Cabinet) -> None:
    arguments = ("--unit", str(ADW300), "--model", "adw300", "--codes", "UHigh,ULow,Lg", *QUICK, "--json")
    async with process("watch", link(cabinet), *arguments) as watching:
        await line_that(watching.stdout, is_full)
        cabinet.set_scenario("dead", ADW300, word=0)
        await line_that(watching.stdout, is_empty)
