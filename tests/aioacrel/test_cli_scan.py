"""`acrel scan`: who answers, as what, and how sure that is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import redirect_stderr
from typing import Unpack

import pytest

from custom_components.acrel_safety.aioacrel.cli.arguments import parse
from custom_components.acrel_safety.aioacrel.cli.commands.scan import search_link
from custom_components.acrel_safety.aioacrel.cli.output import Console
from custom_components.acrel_safety.aioacrel.modbus.found import Search
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from simulator import Cabinet, LineSettings
from simulator.cabinet import STANDARD_UNITS, CabinetOptions
from simulator.faults.virtual import run
from tests.aioacrel.cli_rigs import NOBODY, Acrel, Terminal, link, strange_unit

pytestmark = pytest.mark.virtual_time

LIBRARY = ModelLibrary()
ASJ10L, AIM_R100 = 7, 8
QUICK = ("--timeout", "0.15")


@pytest.fixture
def acrel(capsys: pytest.CaptureFixture[str]) -> Acrel:
    return Acrel(capsys)


@pytest.fixture
async def cabinet() -> AsyncIterator[Cabinet]:
    async with Cabinet.standard(frozen=True) as cabinet:
        cabinet.advance(60)
        yield cabinet


async def test_a_scan_finds_every_unit_and_its_model(acrel: Acrel, cabinet: Cabinet) -> None:
    outcome = await acrel.on(cabinet, "scan", "--units", "0-14", "--json", *QUICK)
    assert (outcome.code, outcome.err) == (0, "")
    found = {unit["unit"]: unit["models"][0] for unit in outcome.json["units"]}
    assert found == STANDARD_UNITS
    assert outcome.json["silent"] == [0, 13, 14]
    assert not any(unit.writes for unit in cabinet.units.values())


async def test_a_scan_over_rtu_as_a_table(acrel: Acrel, cabinet: Cabinet) -> None:
    outcome = await acrel.on(cabinet, "scan", "--units", "12,7,13", *QUICK, framing="rtu+tcp")
    heading, *rows, count = outcome.out.splitlines()
    assert heading.split("  ")[0] == "UNIT ID"
    assert [row.split()[:2] for row in rows] == [["12", "dtsd1352,"], ["7", "asj10l"]]
    assert count == "2 of 3 units answer"


async def test_nobody_answers_for_unit_0_of_a_serial_line(acrel: Acrel, cabinet: Cabinet) -> None:
    outcome = await acrel.on(cabinet, "scan", "--units", "0,7", "--json", *QUICK, framing="rtu+tcp")
    assert [unit["unit"] for unit in outcome.json["units"]] == [7]
    assert outcome.json["silent"] == [0]


async def test_a_unit_of_no_known_model_and_one_that_refuses(acrel: Acrel, cabinet: Cabinet) -> None:
    cabinet.set_scenario("exception", ASJ10L, code=4)
    outcome = await acrel.on(cabinet, "scan", "--units", "7", *QUICK)
    assert "none known" in outcome.out
    assert outcome.code == 0


async def test_a_gateway_that_answers_for_units_that_are_not_there(acrel: Acrel) -> None:
    async with Cabinet.of({3: "asj10l"}, frozen=True, absent_exception=0x0B) as cabinet:
        outcome = await acrel.on(cabinet, "scan", "--units", "1-4", "--json")
        assert [(unit["unit"], unit["models"]) for unit in outcome.json["units"]] == [(3, ["asj10l"])]
        assert outcome.json["silent"] == [1, 2, 4]


async def test_nobody_there_is_a_failure_a_script_can_see(acrel: Acrel, cabinet: Cabinet) -> None:
    outcome = await acrel.on(cabinet, "scan", "--units", "20", *QUICK)
    assert (outcome.code, outcome.out) == (1, "0 of 1 units answer\n")


def test_without_a_link_there_is_nothing_to_scan(acrel: Acrel) -> None:
    assert acrel("scan", NOBODY, "--units", "1-3", "--json").error == "link_unreachable"


async def test_answers_that_do_not_fit_are_remarked(acrel: Acrel) -> None:
    async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer every request with one for another function."""
        while request := await reader.read(12):
            writer.write(request[:4] + b"\x00\x05" + request[6:7] + b"\x04\x02\x00\x00")
        writer.close()

    server = await asyncio.start_server(garbage, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        outcome = await acrel.beside("scan", f"tcp://127.0.0.1:{port}", "--units", "5", *QUICK)
    assert outcome.code == 1
    assert "answers badly" in outcome.out
    assert "an answer came, but of another unit or function" in outcome.err
    assert "Try: acrel scan rtu+tcp" not in outcome.err, "the framing is the right one"


async def test_units_behind_a_gateway_that_tries_before_it_says_that_nobody_is_there(acrel: Acrel) -> None:
    units = {2: "adl400", 4: "asj10l"}
    async with Cabinet.of(units, frozen=True, absent_exception=0x0B, absent_s=0.7) as cabinet:
        outcome = await acrel.on(cabinet, "scan", "--units", "1-4", "--json")
    assert {unit["unit"]: unit["models"] for unit in outcome.json["units"]} == {2: ["adl400"], 4: ["asj10l"]}
    assert outcome.json["silent"] == [1, 3]


@pytest.mark.parametrize("absent_exception", [0x0B, None])
@pytest.mark.parametrize("absent_s", [0.0, 0.7, 1.1, 2.0, 3.5, 5.0])
@pytest.mark.parametrize("units", ["1-9", "1-30"])
def test_all_units_are_found_however_long_the_gateway_tries_the_absent_ones(
    units: str, absent_s: float, absent_exception: int | None
) -> None:
    """With and without a word for a unit that is not there; one request at a time, whoever asks."""
    done, seconds = run(_searched({}, units, absent_s=absent_s, absent_exception=absent_exception))
    assert {unit.unit_id: [model.id for model in unit.models] for unit in done.found} == {
        2: ["adl400"],
        8: ["aim-r100"],
    }
    asked = int(units.removeprefix("1-"))
    # However long it is, an absent unit is waited for half as long again, and once for longer.
    assert seconds < 30 + 1.6 * asked * max(absent_s, 0.5)


@pytest.mark.parametrize("framing", ["tcp", "rtu+tcp"])
def test_slow_units_are_found_when_nobody_answers_at_once(framing: str) -> None:
    done, _ = run(_searched({"delay_s": 1.5}, "1-9", framing=framing))
    assert [unit.unit_id for unit in done.found] == [2, 8]


async def _searched(
    slow: dict[str, float], units: str, *, framing: str = "tcp", **settings: Unpack[CabinetOptions]
) -> tuple[Search, float]:
    """Return what is found of two units in virtual time, and how long that takes."""
    models = [model for model in LIBRARY.usable() if not model.needs_table]
    settings["frozen"], settings["line"] = True, LineSettings(baudrate=9600, turnaround_ms=20)
    async with Cabinet.of({2: "adl400", 8: "aim-r100"}, **settings) as cabinet:
        for unit_id in cabinet.units if slow else ():
            cabinet.set_scenario("slow", unit_id, **slow)
        options = parse(["scan", link(cabinet, framing), "--units", units], "en")
        started = asyncio.get_running_loop().time()
        done = await search_link(options, options.link, models, Console.of_process(as_json=True))
        return done, asyncio.get_running_loop().time() - started


async def test_a_gateway_that_tries_for_long_is_named(acrel: Acrel) -> None:
    units = {2: "adl400", 4: "asj10l"}
    async with Cabinet.of(units, frozen=True, absent_exception=0x0B, absent_s=1.1) as cabinet:
        outcome = await acrel.on(cabinet, "scan", "--units", "1-2")
    assert outcome.code == 0
    assert "tries a unit that is not there for about" in outcome.err


async def test_when_nobody_answers_it_is_said_how_long_each_was_given_and_how_to_ask_for_longer(
    acrel: Acrel, cabinet: Cabinet
) -> None:
    outcome = await acrel.on(cabinet, "scan", "--units", "20", framing="rtu+tcp")
    assert outcome.code == 1
    assert "Each unit was given 5 s" in outcome.err
    assert "--timeout 10" in outcome.err


async def test_a_gateway_that_says_that_nobody_is_there_has_the_right_framing(acrel: Acrel) -> None:
    async with Cabinet.of({3: "asj10l"}, frozen=True, absent_exception=0x0B) as cabinet:
        outcome = await acrel.on(cabinet, "scan", "--units", "1-2", "--both-framings")
    assert outcome.code == 1
    assert "The gateway answers, but for none of these units" in outcome.err
    assert "rtu+tcp" not in outcome.err


@pytest.mark.parametrize(("spoken", "asked"), [("tcp", "rtu+tcp"), ("rtu+tcp", "tcp")])
async def test_the_other_framing_is_named_and_tried_only_when_asked_for(
    acrel: Acrel, cabinet: Cabinet, spoken: str, asked: str
) -> None:
    right = link(cabinet, spoken)
    wrong = right.replace(f"{spoken}://", f"{asked}://")
    scan = ("scan", wrong, "--units", "7", *QUICK)
    told = await acrel.beside(*scan)
    assert told.code == 1
    assert f"Try: acrel scan {right} --units 7 --timeout 0.15" in told.err
    tried = await acrel.beside(*scan, "--both-framings", "--json")
    assert tried.code == 0
    assert tried.json["link"] == right
    assert [(unit["unit"], unit["models"]) for unit in tried.json["units"]] == [(7, ["asj10l"])]


async def test_one_odd_answer_decides_for_one_check_alone(acrel: Acrel) -> None:
    """As a server does that answers about registers it does not have, but with too little."""
    async with strange_unit(registers=0x3000, is_short=True) as strange:
        outcome = await acrel.beside("scan", strange, "--units", "1", "--json", *QUICK)
    (unit,) = outcome.json["units"]
    assert {"adl400", "adl3000"} <= set(unit["models"])
    found = {candidate["model"]: candidate for candidate in unit["candidates"]}
    doubtful = found["dtsd1352"]
    assert not doubtful["fits"]
    assert (len(doubtful["for"]), doubtful["against"]) == (2, [])
    assert doubtful["unclear"][0].startswith("3001h-3006h: ")


async def test_candidates_in_doubt_are_listed_with_what_speaks_for_and_against_them(acrel: Acrel) -> None:
    asked = ("--units", "1", *QUICK)
    async with strange_unit(registers=0x830, first_register=0x800, silent_from=0x840, silent_to=0x8FF) as strange:
        outcome = await acrel.beside("scan", strange, *asked)
        everything = await acrel.beside("scan", strange, *asked, "--all")
    assert outcome.code == 0
    assert "none for sure" in outcome.out
    (row,) = [line for line in outcome.out.splitlines() if " perhaps " in line]
    assert "adl400" in row
    assert "0800h-0805h" in row
    assert "0842h-085Fh: no answer" in row
    assert "aim-r100" not in outcome.out
    assert "register 000Bh does not exist" in next(line for line in everything.out.splitlines() if "aim-r100" in line)


async def test_a_gateway_that_dies_leaves_what_was_found(acrel: Acrel, cabinet: Cabinet) -> None:
    async def one_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Refuse whatever is asked of unit 1, hang up on the others and take no more connections."""
        while request := await reader.read(12):
            if request[6] != 1:
                server.close()
                break
            writer.write(request[:4] + b"\x00\x03" + request[6:8].replace(b"\x03", b"\x83") + b"\x02")
        writer.close()

    server = await asyncio.start_server(one_answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    outcome = await acrel.beside("scan", f"tcp://127.0.0.1:{port}", "--units", "1-3", *QUICK)
    assert outcome.code == 3
    assert "1 of 3 units answer" in outcome.out
    assert "The scan ends early" in outcome.err


async def test_a_bar_is_drawn_on_a_terminal_and_leaves_no_trace(
    acrel: Acrel, cabinet: Cabinet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    with redirect_stderr(terminal):
        outcome = await acrel.on(cabinet, "scan", "--units", "7,8", *QUICK)
    assert outcome.out.endswith("2 of 2 units answer\n")
    drawn = terminal.getvalue()
    assert "unit 8, 1 found" in drawn
    assert drawn.endswith("\x1b[2K")
