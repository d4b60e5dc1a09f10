"""Every command with a hostile model file, table and file name: not a character of them steers the terminal."""

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.table import export_table, import_table
from tests.aioacrel.cli_rigs import Acrel, Outcome, strange_unit
from tests.aioacrel.tables import row, table
from tests.aioacrel.test_model_fuzz import model_of

FORGED = "FORGED"
HOSTILE = f"\x1b[31m\x1b]0;t\x07\x9b1m\u202e\u2066\u2028\r\n{FORGED}\r{FORGED}\x85{FORGED}\x0b"
WIDE = [f"{start}1+1" for start in "=+-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212\t\r"]


def check_is_harmless(outcome: Outcome) -> None:
    """See that nothing of a file became more than text on a line of ours."""
    for line in [*outcome.out.split("\n"), *outcome.err.split("\n")]:
        assert line.isprintable(), ascii(line)
        assert not line.startswith(FORGED), ascii(line)


def model_text(text: str, model_id: str = "hostile") -> str:
    said = json.dumps(text)
    names = f"{{ en = {said}, zh = {said} }}"
    return f"""
[model]
id = "{model_id}"
name = {said}
title = {names}
note = {names}
evidence = "imported"
source = {said}
covers = [{said}]
[[circuits]]
numbers = "1"
name = {names}
[circuits.points]
Lg = {{ at = 16, name = {names}, unit = {said} }}
{json.dumps("DOC_" + text)} = {{ at = 17, unit = {said}, name = {names} }}
{json.dumps("DOC_B" + text)} = {{ at = 18, type = "bit", kind = "alarm", name = {names} }}
{json.dumps("DOC_C" + text)} = {{ at = 19, range = [0, 1], name = {names} }}
{json.dumps("DOC_D" + text)} = {{ at = 20, words = {{ 20 = "on" }}, name = {names} }}
"""


def broken(text: str) -> str:
    """Return the file with mistakes that quote it."""
    said = json.dumps(text)
    return (
        model_text(text)
        + f"{said} = {{ at = 70000, type = {said}, {said} = 1 }}\n"
        + f"[ratios]\npt = {said}\n[{said}]\n[[commands]]\ncode = {said}\n"
    )


def placed(folder: Path, text: str) -> None:
    """Place files that hold a text into a folder."""
    (folder / "hostile.toml").write_text(model_text(text), "utf-8", newline="")
    (folder / "broken.toml").write_text(broken(text), "utf-8", newline="")
    quoted = '"' + text.replace('"', '""').replace("\0", "") + '"'
    rows = [row(data_name=quoted, unit=quoted), row(data_name=quoted, reg_add=quoted), row(k=quoted, calc=quoted)]
    (folder / "t.csv").write_bytes(table(*rows))


OFFLINE = [
    ("models", "--models", "."),
    ("models", "--models", ".", "--language", "zh", "--json"),
    ("models", "./hostile.toml"),
    ("models", "./hostile.toml", "--json"),
    ("models", "./broken.toml"),
    ("plan", "--model", "./hostile.toml"),
    ("plan", "--model", "./hostile.toml", "--codes", "nope"),
    ("plan", "--model", "./hostile.toml", "--codes", "Lg@7", "--json"),
    ("table", "check", "hostile.toml"),
    ("table", "check", "broken.toml"),
    ("table", "check", "broken.toml", "--json", "--language", "zh"),
    ("table", "check", "t.csv"),
    ("table", "check", "t.csv", "--json"),
    ("table", "import", "t.csv", "--id", "x"),
    ("table", "import", "t.csv", "--id", "x", "--accept-rejected"),
    ("table", "import", "t.csv", "--id", "x", "--accept-rejected", "--json"),
    ("table", "import", "t.csv", "--id", "x", "--accept-rejected", "--base", "./hostile.toml"),
    ("table", "export", "./hostile.toml"),
    ("table", "export", "./hostile.toml", "--json"),
    ("table", "export", "./broken.toml"),
]


@pytest.mark.parametrize("command", OFFLINE, ids=" ".join)
def test_files_do_nothing_to_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    placed(tmp_path, HOSTILE)
    check_is_harmless(Acrel(capsys)(*command))


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20),
    command=st.sampled_from(OFFLINE),
)
def test_any_text_does_nothing_to_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str, command: tuple[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    placed(tmp_path, text)
    check_is_harmless(Acrel(capsys)(*command))


@pytest.mark.parametrize(
    "command",
    [
        ("table", "check"),
        ("table", "export"),
        ("models",),
        ("plan", "--model"),
        ("models", "--models"),
        ("plan", "--model", "adw300", "--codes"),
        ("table", "import", "--id", "x"),
        ("table", "import", "t.csv", "--id", "x", "--accept-rejected", "--json", "-o"),
        ("table", "export", "adw300", "-o"),
        ("table", "import", "t.csv", "--id"),
        ("read",),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("ending", [".toml", ".csv", ""])
def test_what_is_typed_does_nothing_to_the_terminal(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: tuple[str, ...],
    ending: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    placed(tmp_path, "harmless")
    for content in (None, "[model\n"):
        name = f"{HOSTILE}{ending}"
        if content is not None:
            (tmp_path / name).write_text(content)
        check_is_harmless(Acrel(capsys)(*command, name))


async def test_a_device_read_with_a_hostile_model_does_nothing_to_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    placed(tmp_path, HOSTILE)
    acrel = Acrel(capsys)
    async with strange_unit(registers=0x20) as strange:
        for command in (
            ("read", strange, "--unit", "1", "--model", "./hostile.toml", "--all"),
            ("read", strange, "--unit", "1", "--model", "./hostile.toml", "--json"),
            ("read", strange, "--unit", "1", "--model", "./hostile.toml", "--pt", "2"),
            ("watch", strange, "--unit", "1", "--model", "./hostile.toml", "--all", "--count", "1"),
            ("scan", strange, "--units", "1", "--models", ".", "--all"),
            ("dump", strange, "--unit", "1", "--models", ".", "--model", "hostile"),
            ("dump", strange, "--unit", "1", "--models", ".", "--ranges", "16-17"),
        ):
            check_is_harmless(await acrel.beside(*command))


@pytest.mark.parametrize("unit", WIDE, ids=ascii)
def test_no_spreadsheet_computes_a_unit(unit: str) -> None:
    model = import_table(table(row(unit=f'"{unit}"')), file="t.csv", model_id="x").model
    placed_by_hand = model_of(f"{model_text('x')}DOC_Z = {{ at = 30, unit = {json.dumps(unit)} }}")
    for each in (model, placed_by_hand):
        for line in export_table(each).splitlines():
            for cell in line.split(","):
                wide = unicodedata.normalize("NFKC", cell.strip('" \t'))
                assert not wide.startswith(("=", "+", "-", "@", "\u2212")), cell
