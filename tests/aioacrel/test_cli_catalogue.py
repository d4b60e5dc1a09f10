"""`acrel models` and `acrel plan`."""

from itertools import pairwise
from pathlib import Path

import pytest

from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.points import Model
from tests.aioacrel.cli_rigs import Acrel

LIBRARY = ModelLibrary()
READABLE = [model for model in LIBRARY.usable() if not model.needs_table]

OWN_MODEL = """
[model]
id = "mine"
name = "My meter"
title = { en = "A meter of mine", zh = "我的电表" }
evidence = "imported"
source = "my manual"
[read]
function = 4
[[circuits]]
numbers = "1"
[circuits.points]
Ua = { at = 0x10, scale = 0.1 }
Ia = { at = 0x11, scale = 0.01 }
"""


@pytest.fixture
def acrel(capsys: pytest.CaptureFixture[str]) -> Acrel:
    return Acrel(capsys)


def wide(text: str) -> str:
    """Return a text in which each wide character is as long as it is wide on a terminal."""
    return "".join(char + ("\0" if ord(char) >= 0x2E80 else "") for char in text)


# -- models --------------------------------------------------------------------------------------------------------


def test_models_lists_every_model_and_what_it_needs(acrel: Acrel) -> None:
    listed = {model["id"]: model for model in acrel("models", "--json").json["models"]}
    assert list(listed) == LIBRARY.ids()
    assert listed["aim-r100"]["circuits"] == ["0", *map(str, range(1, 13))]
    assert listed["adl3000"]["asks_ratios"] == ["ct", "pt"]
    assert listed["ascb1"]["needs_table"]
    assert listed["ascb1"]["points"] == 0
    assert listed["ascb1"]["waiting"] > 0
    assert not listed["adw300"]["needs_table"]


def test_the_table_of_models_has_straight_columns_in_chinese_too(acrel: Acrel) -> None:
    heading, *rows = acrel("models", "--language", "zh").out.splitlines()
    assert len(rows) == len(LIBRARY.ids())
    assert any("剩余电流" in row for row in rows)
    place = len(wide(heading.partition("依据")[0]))
    for row in rows:
        assert wide(row)[place - 1] == " "
        assert wide(row)[place:].replace("\0", "").split()[0] in ("说明书", "第三方软件", "未证实", "未公开")


def test_models_of_the_users_folder_are_listed_and_a_broken_one_hides_no_other(acrel: Acrel, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(OWN_MODEL)
    (tmp_path / "broken.toml").write_text("[model]\n")
    outcome = acrel("models", "--json", "--models", tmp_path)
    assert outcome.code == 1
    assert "broken.toml:" in outcome.err
    assert {model["id"] for model in outcome.json["models"]} == {"mine", *LIBRARY.ids()}


def test_a_folder_that_is_none_is_named(acrel: Acrel, tmp_path: Path) -> None:
    assert acrel("models", "--json", "--models", tmp_path / "none").error == "unusable_folder"


# -- plan ----------------------------------------------------------------------------------------------------------


def plan(acrel: Acrel, *arguments: str | Path) -> tuple[list[tuple[int, int]], float]:
    outcome = acrel("plan", *arguments, "--json")
    assert outcome.code == 0
    assert set(outcome.json) == {"reads", "line_time_ms"}
    return [(read["address"], read["count"]) for read in outcome.json["reads"]], outcome.json["line_time_ms"]


@pytest.mark.parametrize("model", READABLE, ids=lambda model: model.id)
def test_a_plan_reads_every_register_of_the_model_and_knows_its_line_time(acrel: Acrel, model: Model) -> None:
    reads, milliseconds = plan(acrel, "--model", model.id, "--baudrate", "9600", "--turnaround-ms", "20")
    covered = {register for address, count in reads for register in range(address, address + count)}
    wanted = {register for place in model.registers.places.values() for register in place.addresses}
    assert wanted <= covered
    assert all(count <= model.registers.max_registers for _, count in reads)
    assert all(before[0] + before[1] <= after[0] for before, after in pairwise(sorted(reads)))
    # T(N) = (8 + 5 + 2N) characters of 10 bits + 2 × 3.5 characters + turnaround
    expected = sum((8 + 5 + 2 * count + 7) * 10 / 9.6 + 20 for _, count in reads)
    assert milliseconds == pytest.approx(expected, abs=0.01)


def test_a_plan_for_some_codes_reads_only_those(acrel: Acrel) -> None:
    model = LIBRARY.get("adw300")
    reads, few = plan(acrel, "--model", "ADW300", "--codes", "Lg,TempA")
    assert reads == [(0x0164, 1), (0x01C1, 1)]
    assert few < plan(acrel, "--model", "adw300")[1]
    assert plan(acrel, "--model", "adw300", "--codes", "lg", "--codes", "TEMPA@1")[0] == reads
    assert model.points  # the model is the built-in one
    assert plan(acrel, "--model", "aim-r100", "--codes", "Lg@3")[0] == [(0x000B, 1), (0x004C, 1)]


def test_registers_of_transformer_ratios_are_part_of_the_plan(acrel: Acrel, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        OWN_MODEL.replace("[[circuits]]", '[ratios]\nct = "CT"\n[[circuits]]', 1).replace(
            "scale = 0.01", 'ratios = ["ct"]'
        )
        + "CT = { at = 0x8E }\n"
    )
    assert plan(acrel, "--model", path, "--codes", "Ua")[0] == [(0x10, 1)]
    assert plan(acrel, "--model", path, "--codes", "Ia")[0] == [(0x11, 1), (0x8E, 1)]


def test_a_slow_line_and_more_bits_take_longer(acrel: Acrel) -> None:
    usual = plan(acrel, "--model", "adl400")[1]
    assert plan(acrel, "--model", "adl400", "--baudrate", "1200")[1] > usual
    assert plan(acrel, "--model", "adl400", "--parity", "e", "--stopbits", "2")[1] > usual
    assert plan(acrel, "--model", "adl400", "--turnaround-ms", "0")[1] < usual


def test_the_plan_as_text_and_a_model_file_that_is_read_with_function_4(acrel: Acrel, tmp_path: Path) -> None:
    path = tmp_path / "Mine.TOML"
    path.write_text(OWN_MODEL)
    outcome = acrel("plan", "--model", path)
    assert outcome.out.splitlines()[1].split() == ["1", "04", "0010h", "0011h", "2", "45.0"]
    assert "2 of My meter's values in 1 read: 45.0 ms" in outcome.out
    assert acrel("plan", "--model", path, "--json").json["reads"] == [{"address": 16, "count": 2, "function": 4}]


def test_a_model_is_found_by_a_name_it_covers(acrel: Acrel) -> None:
    assert plan(acrel, "--model", "ADL3000-E") == plan(acrel, "--model", "adl3000")


def test_what_cannot_be_planned_is_said(acrel: Acrel, tmp_path: Path) -> None:
    assert acrel("plan", "--model", "adw3000", "--json").error == "unknown_model"
    assert acrel("plan", "--model", "ascb1", "--json").error == "register_table_missing"
    assert acrel("plan", "--model", "adw300", "--codes", "Nonsense", "--json").error == "unknown_quantity"
    assert acrel("plan", "--model", "adw300", "--codes", "Lg@2", "--json").error == "unknown_quantity"
    path = tmp_path / "broken.toml"
    path.write_text('[model]\nid = "x"\n')
    outcome = acrel("plan", "--model", path, "--json")
    assert outcome.error == "file_problems"
    assert f"{path}:1: evidence: missing" in outcome.err
    assert acrel("plan", "--model", tmp_path / "none.toml", "--json").error == "file_problems"
    plain = acrel("plan", "--model", "adw3000")
    assert plain.code == 2
    assert plain.out == ""
    assert plain.err.startswith("There is no model 'adw3000'")


def test_the_commands_of_a_model_are_listed_with_what_they_do(acrel: Acrel) -> None:
    rows = {line.split()[0]: line for line in acrel("models", "ddsy1352").out.splitlines() if line}
    assert {"FORRLYOFF", "FORRLYON", "FORRLYREL"} <= rows.keys()
    assert "RLYON" not in rows, "it cannot be sent by register"
    assert "Forced open" in rows["FORRLYOFF"]
    assert "stays forced open" in rows["FORRLYOFF"]
    commands = acrel("models", "ddsy1352", "--json").json["commands"]
    assert next((one["code"], one["circuit"], one["effect"]) for one in commands) == ("FORRLYOFF", "1", "open")
    settings = acrel("models", "adw300").out.splitlines()
    assert any(line.split()[0] == "LgHighVal02" and line.endswith("1 to 1000 mA") for line in settings if line)
    assert acrel("models", "adl3000", "--json").json["commands"] == []
