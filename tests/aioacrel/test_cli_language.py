"""The command line in Chinese: nothing of its help, its headings and its errors is left in English."""

import ast
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.cells import cell_len

from custom_components.acrel_safety.aioacrel import cli
from custom_components.acrel_safety.aioacrel.alarms.levels import Level
from custom_components.acrel_safety.aioacrel.cli import main
from custom_components.acrel_safety.aioacrel.cli.language import catalogue, language_of
from custom_components.acrel_safety.aioacrel.cli.lines import wrapped
from custom_components.acrel_safety.aioacrel.cli.run import COMMANDS
from custom_components.acrel_safety.aioacrel.journal import Kind as EntryKind
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.points import Evidence
from custom_components.acrel_safety.aioacrel.texts import texts
from custom_components.acrel_safety.aioacrel.vocabulary import Kind
from simulator import Cabinet
from tests.aioacrel.cli_rigs import NOBODY, Acrel, strange_unit

SOURCES = sorted(Path(cli.__file__).parent.rglob("*.py"))
HELP = [[], *(command.split() for command in COMMANDS), ["table"], ["log"]]
READ = ["read", NOBODY, "--unit", "1", "--model", "adw300"]
WRONG = [
    [],
    ["reed"],
    ["zzz"],
    ["table"],
    ["table", "chek"],
    ["read", NOBODY, "--unit", "1"],
    [*READ, "extra"],
    [*READ, "--ct"],
    [*READ, "--c", "Lg"],
    [*READ, "--json=3"],
    [*READ, "--codes", " , "],
    [*READ, "--pt", "0"],
    [*READ, "--language", "fr"],
    ["read", NOBODY, "--unit", "256", "--model", "adw300"],
    ["read", "rtu+tcp://127.0.0.1:1", "--unit", "0", "--model", "adw300"],
    ["read", "127.0.0.1", "--unit", "1", "--model", "adw300"],
    ["scan", "serial:///dev/x", "--units", "0"],
    ["scan", NOBODY, "--units", "20-1"],
    ["watch", *READ[1:], "--interval", "-1"],
    ["watch", *READ[1:], "--count", "0"],
    ["plan", "--model", "adw300", "--stopbits", "3"],
    ["plan", "--model", "adw300", "--parity", "x"],
    ["dump", NOBODY, "--unit", "1", "--range"],
    ["dump", NOBODY, "--unit", "1", "--range", "0x10-0x0F"],
    ["table", "import", "x.csv", "--id", "../x"],
    ["log", "show", "x.db", "--since", "noon"],
    ["log", "show", "x.db", "--kind", "?"],
    ["log", "verify", "x.db", "--head", "x"],
    ["frame", "zz"],
    ["frame", *["00" * 40_000] * 2],
    ["uplink", "--listen", "7000"],
    ["uplink", "--device", "1"],
    ["uplink", "--network", "x"],
    ["uplink", "--relay", "x"],
    ["uplink", "--utc-offset", "99"],
    ["blocks", "--device", "20251118000042=arcm300", "--single", "x"],
    ["xml", "--listen", "127.0.0.1:0", "--gateway", "x"],
    ["xml", "--listen", "127.0.0.1:0", "--device", "x"],
    ["cloud", "x", "--user", "u", "--seconds", "1"],
    ["cloud", "x", "--user", "u", "--zone", "x"],
    ["cloud", "x", "--user", "u", "--feed", "--record", "x.json"],
    ["gateway", "mqtt://[x"],
    ["gateway", "http://x"],
    ["gateway", "mqtt://u:p@x"],
    ["gateway", "mqtt://x", "--device", "1"],
    ["gateway", "mqtt://x", "--gateway", "a/b"],
]
"""What can be typed wrongly: together they draw out every sentence there is about it."""
TERMS = frozenset(
    {
        *(
            "acrel",
            "host",
            "port",
            "tcp",
            "rtu",
            "serial",
            "mqtt",
            "mqtts",
            "https",
            "http",
            "auto",
            "toml",
            "csv",
            "txt",
        ),
        *("ms", "Modbus", "over", "Home", "Assistant", "Ctrl-C", "Lg"),
        *(
            "acrelcloud",
            "acrel-ems",
            "alarm",
            "acknowledge",
            "path",
            "example",
            "cloud",
            "secret",
            "zh",
            "db",
        ),
    }
)
"""Words that are the same in every language: of protocols and files, examples of codes, models and addresses."""
FIGURES = {"timeouts", "discarded", "overruns"}
"""Names under which figures are kept that are counted out."""
NOT_SAID = frozenset(
    {
        *("bold red", "bold yellow", "command line", "unknown device", "Device of an unknown model", *COMMANDS),
        *("acrel cloud --feed", "acrel gateway", "acrel read"),
    }
)
"""Styles, and names that nobody is told: of tasks, of a hub, of the model of what is not known."""


@pytest.fixture
def acrel(capsys: pytest.CaptureFixture[str]) -> Acrel:
    return Acrel(capsys)


@pytest.fixture(autouse=True)
def _chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    monkeypatch.setenv("COLUMNS", "80")


def english_in(text: str, *also: str) -> list[str]:
    """Return the English words of a text but names of options and commands, what is to be filled in, and terms."""
    text = re.sub(r"\{[\w,]+\}|`[^`]*`|--?[a-z][\w-]*|'[^']*'|“[^”]*”|\w+://\S+|[\w-]*\d[\w-]*", " ", text)
    words = re.findall(r"\b[A-Za-z][a-z]+(?:-[A-Za-z]+)*\b", text, re.ASCII)
    commands = {word for command in COMMANDS for word in command.split()}
    return [word for word in words if word not in {*TERMS, *commands, *also}]


def strings_in(path: Path) -> Iterator[str]:
    """Yield the texts of a file, parts of f-strings among them, but no documentation."""
    tree = ast.parse(path.read_text("utf-8"))
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node.value


def texts_given_to(*names: str) -> set[str]:
    """Return the texts that functions of some names are called with in the command line."""
    calls = (node for path in SOURCES for node in ast.walk(ast.parse(path.read_text("utf-8"))))
    return {
        inner.value
        for call in calls
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in names
        for argument in call.args
        for inner in ast.walk(argument)
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str)
    }


# -- which language --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_TW"}, "zh"),
        ({"LANG": "zh"}, "zh"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LC_MESSAGES": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "", "LC_ALL": ""}, "zh"),
    ],
)
def test_the_language_is_that_of_the_first_variable_that_is_set(environment: dict[str, str], language: str) -> None:
    assert language_of(["read"], environment) == language


@pytest.mark.parametrize(
    ("arguments", "language"),
    [
        (["--language", "en"], "en"),
        (["read", "--language", "en", "--help"], "en"),
        (["read", "--help", "--language=en"], "en"),
        (["read", "--lang", "en"], "en"),
        (["read", "--language", "zh", "--language", "en"], "en"),
        (["--language", "fr"], "zh"),
        (["--language"], "zh"),
        (["frame", "--", "--language", "en"], "zh"),
        ([], "zh"),
    ],
)
def test_the_option_goes_before_the_environment_wherever_it_stands(arguments: list[str], language: str) -> None:
    assert language_of(arguments, {"LANG": "zh_CN.UTF-8"}) == language


@pytest.mark.parametrize("arguments", [["--language", "en"], ["table", "--language", "en"], ["read", "--language=en"]])
def test_help_and_wrong_usage_are_in_the_language_that_is_typed(acrel: Acrel, arguments: list[str]) -> None:
    assert acrel(*arguments, "--help").out.startswith("usage: acrel")
    assert ": error: " in acrel(*arguments).err


def test_an_option_before_the_command_counts_for_what_the_command_says(acrel: Acrel) -> None:
    assert acrel("--language", "en", "plan", "--model", "nope").err.startswith("There is no model")
    assert acrel("plan", "--model", "nope").err.startswith("没有型号")


# -- help ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", HELP, ids=" ".join)
def test_help_is_in_chinese(acrel: Acrel, command: list[str]) -> None:
    shown = acrel(*command, "--help")
    assert (shown.code, shown.err) == (0, "")
    assert shown.out.startswith("用法：")
    assert english_in(shown.out) == []


@pytest.mark.parametrize("columns", [60, 80, 132])
@pytest.mark.parametrize("command", HELP, ids=" ".join)
def test_help_fits_the_terminal_and_its_columns_are_straight(
    acrel: Acrel, monkeypatch: pytest.MonkeyPatch, command: list[str], columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    *_, shown = acrel(*command, "--help").out.partition("\n\n")
    options = shown.partition("选项：\n")[2].partition("\n\n")[0].splitlines()
    begins = {len(line) - len(line.lstrip()) for line in options if not line.lstrip().startswith("-")}
    begins |= {found.end() for line in options if (found := re.match(r" +-\S+(?:,? \S+)*? {2,}(?=\S)", line))}
    assert len(begins) == 1
    for line in shown.splitlines():
        assert cell_len(line) <= columns or "serial:///" in line or "BUILDING/GATEWAY" in line
        assert not line.lstrip().startswith(tuple("，。；：、）？"))


def test_every_text_of_help_has_its_chinese_and_no_chinese_is_of_a_text_that_is_gone(
    acrel: Acrel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "1000")
    shown = "".join(acrel(*command, "--help", "--language", "en").out for command in HELP)
    # A sentence of a command begins with a capital where it stands above its options.
    assert [text for text in catalogue()["help"] if text not in shown] == []


def test_help_goes_to_an_output_that_cannot_show_it(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", out)
    assert main(["--help"]) == 0
    out.seek(0)
    assert out.read().startswith("\\u7528\\u6cd5")


def test_lines_end_where_chinese_lines_may() -> None:
    text = wrapped("从站地址，例如 1-20（默认：1-247）；https://host:port/path 也可以", after=56)
    assert text.splitlines() == ["从站地址，例如 1-20", "（默认：1-247）；", "https://host:port/path", "也可以"]
    assert all(cell_len(line) <= 22 for line in text.splitlines())


# -- wrong usage -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", WRONG, ids=lambda arguments: " ".join(arguments)[:60])
def test_wrong_usage_is_said_in_chinese(acrel: Acrel, arguments: list[str]) -> None:
    outcome = acrel(*arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert "：错误：" in outcome.err
    assert english_in(outcome.err, "extra", *EntryKind) == []


def test_every_sentence_about_wrong_usage_is_drawn_out(acrel: Acrel) -> None:
    said = [acrel(*arguments).err for arguments in WRONG]
    sentences = [*catalogue()["usage"].values()]
    sentences += [text for key, text in texts("zh").items() if key.startswith("phrases.typed_")]
    shapes = {text: re.sub(r"\\\{\w+\\\}", ".*", re.escape(text)) for text in sentences}
    assert [text for text, shape in shapes.items() if not any(re.search(shape, one) for one in said)] == [
        # No option takes two values or none, and none takes one or none without anything else being wrong.
        catalogue()["usage"]["expected at most one argument"]
    ]


def test_what_an_option_says_of_a_wrong_value_is_a_phrase() -> None:
    raising = [path.name for path in SOURCES if "raise argparse.ArgumentTypeError" in path.read_text("utf-8")]
    assert raising == ["parser.py"]


# -- headings, words and sentences -----------------------------------------------------------------------------------


def test_every_heading_and_word_has_its_chinese_and_no_chinese_is_of_one_that_is_gone() -> None:
    states = {
        word
        for model in ModelLibrary().usable()
        for point in model.points.values()
        if point.quantity.kind is not Kind.SETTING
        for word in (point.words or {}).values()
    }
    levels = {level.upper() for level in Level}
    assert {*texts_given_to("Column", "Word"), *states, *levels, *Kind, *Evidence} - {"?"} == {*catalogue()["words"]}
    assert texts_given_to("Counted") - FIGURES == {*catalogue()["counted"]}


def test_no_sentence_of_the_command_line_stands_in_its_code() -> None:
    whole = "\n".join(catalogue()["help"])
    known = {*catalogue()["words"], *catalogue()["counted"], *catalogue()["usage"], *NOT_SAID}
    left = [
        (path.name, text)
        for path in SOURCES
        for text in strings_in(path)
        if re.search(r"[a-z]{2,} [a-z]{2,}", text) and text not in whole and text not in known
    ]
    assert left == []


def test_json_has_the_same_keys_and_words_in_both_languages(acrel: Acrel) -> None:
    for command in (("models", "ddsy1352"), ("plan", "--model", "aim-m10")):
        english, chinese = acrel(*command, "--json", "--language", "en").json, acrel(*command, "--json").json
        assert without_texts(english) == without_texts(chinese)
    assert acrel("plan", "--model", "nope", "--json").error == "unknown_model"


def without_texts(document: object) -> object:
    """Return a document without what is said to people."""
    if isinstance(document, dict):
        return {key: without_texts(value) for key, value in document.items() if key not in ("name", "title", "warning")}
    return [without_texts(one) for one in document] if isinstance(document, list) else document


# -- as it is used ---------------------------------------------------------------------------------------------------


async def test_what_is_read_scanned_and_operated_is_said_in_chinese(acrel: Acrel, tmp_path: Path) -> None:
    dump = tmp_path / "dump.json"
    units = {3: "adl3000", 5: "ddsy1352", 7: "asj10l", 9: "aim-m10"}
    async with Cabinet.of(units, frozen=True) as cabinet:
        cabinet.units[7].hold("LgFauSta", 1)
        cabinet.units[7].hold("Lg", 65535)
        said = [
            await acrel.on(cabinet, *arguments)
            for arguments in (
                ("scan", "--units", "3-10", "--timeout", "0.2"),
                ("scan", "--units", "40", "--timeout", "0.2"),
                ("read", "--unit", "3", "--model", "adl3000"),
                ("read", "--unit", "7", "--model", "asj10l"),
                ("read", "--unit", "40", "--model", "adl3000", "--timeout", "0.2"),
                ("read", "--unit", "9", "--model", "adl3000"),
                ("watch", "--unit", "9", "--model", "aim-m10", "--count", "1"),
                ("operate", "--unit", "5", "--model", "ddsy1352", "FORRLYOFF"),
                ("operate", "--unit", "5", "--model", "ddsy1352", "FORRLYOFF", "--confirm"),
                ("operate", "--unit", "5", "--model", "ddsy1352", "OFF"),
                ("dump", "--unit", "3", "-o", dump),
            )
        ]
    codes = ("Ua", "Ub", "Uc", "Ia", "Ib", "Ic", "Pa", "Pb", "Pc", "Fr", "Temp")
    for outcome in said:
        shown = f"{outcome.out}\n{outcome.err}".replace(str(dump), "")
        assert english_in(shown, "kvar", "Hz", *codes) == []
    assert "从站地址  相符的型号" in said[0].out
    assert "回路  代码" in said[2].out
    assert "有 1 个报警：LgFauSta@1" in said[3].out
    assert "位置：分闸" in said[8].out


async def test_what_a_strange_device_shows_is_said_in_chinese(acrel: Acrel) -> None:
    async with strange_unit(registers=4) as link:
        for arguments in (("dump", link, "--unit", "1"), ("read", link, "--unit", "1", "--model", "adw300")):
            outcome = await acrel.beside(*arguments)
            assert english_in(outcome.err) == []
