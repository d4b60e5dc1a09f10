"""Where results go: terminals, pipes that break, disks that are full, scripts wider than Latin."""

import asyncio
import io
import os
import sys
from collections.abc import AsyncIterator
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from custom_components.acrel_safety.aioacrel.cli import main
from custom_components.acrel_safety.aioacrel.cli.arguments import parse
from custom_components.acrel_safety.aioacrel.cli.output import cut, let_go, number_of, table, width
from custom_components.acrel_safety.aioacrel.cli.session import open_unit
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from simulator import Cabinet
from tests.aioacrel.cli_rigs import Acrel, Terminal, link, strange_unit


@pytest.fixture
async def cabinet() -> AsyncIterator[Cabinet]:
    async with Cabinet.standard(frozen=True) as cabinet:
        yield cabinet


@pytest.fixture(autouse=True)
def _size_of_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("LINES", "10")


async def drawn(cabinet: Cabinet, *arguments: str) -> str:
    """Watch a unit on a terminal; return everything that was written to it."""
    terminal = Terminal()
    with redirect_stdout(terminal):
        assert await asyncio.to_thread(main, ["watch", link(cabinet), "--interval", "0", *arguments]) == 0
    return terminal.getvalue()


# -- widths --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "columns"),
    [("", 0), ("abc", 3), ("剩余电流", 8), ("kΩ", 2), ("e\N{COMBINING ACUTE ACCENT}", 1), ("（）", 4)],
)
def test_width_is_that_on_a_terminal(text: str, columns: int) -> None:
    assert width(text) == columns


@pytest.mark.parametrize(
    ("columns", "left"), [(9, "剩余电流"), (8, "剩余电流"), (7, "剩余电…"), (6, "剩余…"), (2, "…"), (1, "…")]
)
def test_what_is_too_wide_is_cut_between_characters(columns: int, left: str) -> None:
    assert cut("剩余电流", columns) == left
    assert width(left) <= columns


def test_columns_without_anything_are_left_out() -> None:
    assert table(("A", "B", "C"), [("x", "", "1"), ("", "", "22")], right="C") == ["A   C", "x   1", "   22"]
    assert table(("A",), []) == [""]
    assert [number_of(0, "row"), number_of(1, "row"), number_of(2, "row")] == ["0 rows", "1 row", "2 rows"]


# -- outputs that fail ---------------------------------------------------------------------------------------------


def test_a_pipe_nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        assert main(["models"]) == 0
        assert main(["models", "--json"]) == 0


def test_a_disk_that_is_full(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert main(["models"]) == 1
    assert capsys.readouterr().err == "the output cannot be written: No space left on device\n"


def test_outputs_without_a_descriptor_have_nothing_to_let_go_of() -> None:
    let_go(None, io.StringIO())


# -- the live table ------------------------------------------------------------------------------------------------


async def test_a_table_that_fits_is_drawn_whole(cabinet: Cabinet) -> None:
    cabinet.units[1].hold("Ua", 231.4)
    screens = await drawn(cabinet, "--unit", "1", "--model", "adw300", "--codes", "Ua,Ub", "--count", "2")
    nothing, first, second = screens.split("\x1b[H")
    assert nothing == "\x1b[2J"
    for screen, number in ((first, 1), (second, 2)):
        title, heading, phase_a, phase_b, times, counted, state = screen.rstrip("\n").split("\n")
        assert title.startswith("ADW300, unit 1, tcp://127.0.0.1:")
        assert heading.startswith("CIRCUIT  CODE")
        assert "231.4  V" in phase_a
        assert "Ub" in phase_b
        assert times.startswith(f"poll {number}: answer time ")
        assert counted.startswith("0 timeouts, 0 discarded frames, 0 overruns, duty ")
        assert state == "\x1b[K\x1b[J"


async def test_a_table_that_is_too_long_is_cut_and_says_so(cabinet: Cabinet) -> None:
    lines = (await drawn(cabinet, "--unit", "1", "--model", "adw300", "--count", "1")).rstrip("\n").split("\n")
    points = len(ModelLibrary().get("adw300").readable)
    rows = [line for line in lines if line.startswith("      1  ")]
    assert len(lines) == 10
    assert f"… {points - len(rows)} more: name fewer with --codes\x1b[K" in lines
    assert all(width(line.split("\x1b")[0]) <= 60 for line in lines[1:])


async def test_the_live_table_says_what_is_wrong(cabinet: Cabinet) -> None:
    cabinet.set_scenario("silent", 7)
    screen = await drawn(cabinet, "--unit", "7", "--model", "asj10l", "--count", "1", "--timeout", "0.1")
    assert "Unit 7 did not answer within 0.1 s" in screen


async def test_the_live_table_asks_for_ratios(cabinet: Cabinet) -> None:
    screen = await drawn(cabinet, "--unit", "3", "--model", "adl3000", "--codes", "Ua", "--count", "1")
    assert "does not tell its transformer ratios" in screen


# -- what is left over ---------------------------------------------------------------------------------------------

OWN_MODEL = """
[model]
id = "mine"
name = "Mine"
title = { en = "Mine" }
evidence = "imported"
source = "my table"
[[circuits]]
numbers = "1"
[circuits.points]
DOC_Slow = { at = 0x0000, type = "f32", poll = "slow" }
DOC_Fast = { at = 0x0040, poll = "fast" }
"""


async def test_half_a_device_is_shown_with_what_is_wrong_with_the_rest(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    acrel, path = Acrel(capsys), tmp_path / "mine.toml"
    path.write_text(OWN_MODEL)
    async with strange_unit(registers=0x80, silent_from=0x40) as strange:
        asked = ("read", strange, "--unit", "1", "--model", path, "--timeout", "0.1")
        outcome = await asyncio.to_thread(acrel, *asked, "--json")
        shown = await asyncio.to_thread(acrel, *asked)
    assert outcome.code == 0
    assert outcome.err == "Unit 1 did not answer within 0.1 s\n"
    values = outcome.json["circuits"]["1"]
    assert values["DOC_Fast"] is None
    assert values["DOC_Slow"] == pytest.approx(1.4013e-45, rel=1e-4)
    assert "1.4013e-45" in shown.out


async def test_a_link_is_let_go_of_in_the_middle_of_a_request() -> None:
    asked = asyncio.Event()
    async with strange_unit(registers=1, silent_from=0, asked=asked) as strange:
        options = parse(["read", strange, "--unit", "1", "--model", "adw300", "--timeout", "200"])

        async def ask() -> None:
            async with open_unit(options, options.link) as unit:
                await unit.read(3, 0, 1)

        asking = asyncio.create_task(ask())
        await asked.wait()
        asking.cancel()
        async with asyncio.timeout(20):
            await asyncio.wait([asking])
        assert asking.cancelled()
