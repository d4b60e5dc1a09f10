"""Where results go: terminals, pipes that break, disks that are full, scripts wider than Latin."""

import asyncio
import io
import json
import os
import sys
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.cli import main
from custom_components.acrel_safety.aioacrel.cli.arguments import parse
from custom_components.acrel_safety.aioacrel.cli.language import Counted
from custom_components.acrel_safety.aioacrel.cli.output import Column, Console, let_go, table
from custom_components.acrel_safety.aioacrel.cli.printable import printable
from custom_components.acrel_safety.aioacrel.cli.saving import save
from custom_components.acrel_safety.aioacrel.cli.session import open_unit
from tests.aioacrel.cli_rigs import Acrel, strange_unit

# -- tables ----------------------------------------------------------------------------------------------------------


def drawn_table(
    capsys: pytest.CaptureFixture[str], columns: Sequence[Column], rows: Sequence[Sequence[str]]
) -> list[str]:
    Console.of_process(as_json=False).show(table(columns, rows, language="en"))
    return capsys.readouterr().out.splitlines()


def test_columns_without_anything_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    columns = [Column("A"), Column("B"), Column("C", is_right=True)]
    assert drawn_table(capsys, columns, [("x", "", "1"), ("", "", "22")]) == ["A   C", "x   1", "   22"]
    assert [str(Counted(count, "row")) for count in (0, 1, 2)] == ["0 rows", "1 row", "2 rows"]


def test_wide_characters_keep_columns_straight(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [("剩余电流", "1"), ("kΩ", "2"), ("e\N{COMBINING ACUTE ACCENT}", "3")]
    _, *lines = drawn_table(capsys, [Column("A"), Column("B")], rows)
    assert lines == ["剩余电流  1", "kΩ        2", "e\N{COMBINING ACUTE ACCENT}         3"]


def test_a_file_gets_no_escapes_no_cuts_and_no_spaces_at_the_end(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    long = "a word and another " * 20 + "end"
    assert drawn_table(capsys, [Column("A", gives_way=True), Column("B")], [(long, "[bold]x[/bold]"), ("b", "")])[
        1:
    ] == [
        f"{long}  [bold]x[/bold]",
        "b",
    ]


@pytest.mark.parametrize(
    "hostile",
    [
        "\x1b[31mred",
        "\x1b]0;title\x07",
        "\x9b31m",
        "left\N{RIGHT-TO-LEFT OVERRIDE}right",
        "one\nforged row",
        "\r",
        "\x7f",
    ],
)
def test_a_hostile_text_does_nothing_to_the_terminal(capsys: pytest.CaptureFixture[str], hostile: str) -> None:
    console = Console.of_process(as_json=False)
    console.show(table([Column("A")], [(hostile,)], language="en"))
    console.lines([hostile])
    console.note(hostile.replace("\n", ""))
    console.json({"a": hostile})
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 4
    assert all(line.isprintable() for line in [*out.split("\n"), *err.split("\n")])
    assert json.loads(out.splitlines()[-1]) == {"a": hostile}


@given(st.text())
def test_what_is_printable_stays_and_the_rest_is_escaped(text: str) -> None:
    shown = printable(text)
    assert shown == text if text.isprintable() else "\n" not in shown
    assert not any(unicodedata.category(character) in ("Cc", "Cs") for character in shown)


# -- files -----------------------------------------------------------------------------------------------------------


def test_a_file_that_cannot_be_written_whole_stays_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "model.toml"
    save(file, "old")
    file.chmod(0o640)
    with pytest.raises(UnicodeEncodeError):
        save(file, "new \ud800")
    assert [path.name for path in tmp_path.iterdir()] == ["model.toml"]
    assert file.read_text() == "old"
    save(file, "new")
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("new", 0o640)


def test_an_output_that_is_no_file_is_written_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    save(Path("/dev/null"), "text")
    assert not Path("/dev/null").is_file()


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
DOC_Slow = { at = 0x0030, type = "u32", poll = "slow" }
DOC_Fast = { at = 0x0040, poll = "fast" }
"""


async def test_half_a_device_is_shown_with_what_is_wrong_with_the_rest(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    acrel, path = Acrel(capsys), tmp_path / "mine.toml"
    path.write_text(OWN_MODEL)
    async with strange_unit(registers=0x80, silent_from=0x40) as strange:
        asked = ("read", strange, "--unit", "1", "--model", path, "--timeout", "0.1")
        outcome = await acrel.beside(*asked, "--json")
        shown = await acrel.beside(*asked)
    assert (outcome.code, shown.code) == (3, 3)
    assert outcome.err == "Unit 1 did not answer within 0.1 s\n"
    values = outcome.json["circuits"]["1"]
    assert values["DOC_Fast"] is None
    assert values["DOC_Slow"] == 0x00300031
    assert str(0x00300031) in shown.out
    assert "no answer" in next(line for line in shown.out.splitlines() if "DOC_Fast" in line)


async def test_a_link_is_let_go_of_in_the_middle_of_a_request() -> None:
    asked = asyncio.Event()
    async with strange_unit(registers=1, silent_from=0, asked=asked) as strange:
        options = parse(["read", strange, "--unit", "1", "--model", "adw300", "--timeout", "200"], "en")

        async def ask() -> None:
            async with open_unit(options, options.link) as unit:
                await unit.read(3, 0, 1)

        asking = asyncio.create_task(ask())
        await asked.wait()
        asking.cancel()
        async with asyncio.timeout(60):
            await asyncio.wait([asking])
        assert asking.cancelled()
