"""What is wrong with a file is said in the user's language as a whole: no English prose within a Chinese sentence."""

import re
import string
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.errors import FileProblemsError, SettingRefusedError
from custom_components.acrel_safety.aioacrel.foreign import foreign
from custom_components.acrel_safety.aioacrel.models import read_model
from custom_components.acrel_safety.aioacrel.models.library import ModelLibrary, read_text
from custom_components.acrel_safety.aioacrel.models.reader import LARGEST_FILE
from custom_components.acrel_safety.aioacrel.phrases import Phrase, phrase
from custom_components.acrel_safety.aioacrel.points import Evidence
from custom_components.acrel_safety.aioacrel.problems import SENTENCES, Problem
from custom_components.acrel_safety.aioacrel.registers import Order, Ratio, RegisterType
from custom_components.acrel_safety.aioacrel.table import import_table
from custom_components.acrel_safety.aioacrel.vocabulary import Kind, Pace
from custom_components.acrel_safety.aioacrel.wordings import FOREIGN, IN_FILES, PHRASES
from tests.aioacrel.tables import COLUMNS, imported, row, table
from tests.aioacrel.test_model_fuzz import KNOWN_WORDS
from tests.aioacrel.test_model_reader import CIRCUIT, HEAD, MISTAKES, POINTS

MORE_MISTAKES = [
    "#" * (LARGEST_FILE + 1),
    f"{HEAD}{POINTS}Lg = {{ at = 1, words = {{ 0 = 0x{'F' * 5000} }} }}",
    f"{HEAD}{POINTS}Lg = {{ at = 1, unit = 5 }}",
    f'{HEAD}{POINTS}Lg = {{ at = "1" }}',
    f"{HEAD}{CIRCUIT}[circuits.points]\n"
    + "".join(f'"DOC_{turn} {{n}}" = {{ at = 0, repeat = 4096 }}\n' for turn in range(25)),
]
"""Files with mistakes that `MISTAKES`, where each has its line, cannot show."""

ROWS: list[Mapping[str, object]] = [
    *({column: value} for column in ("reg_add", "reg_type", "endian", "dcm", "k", "fun_num") for value in ("", "x")),
    *({"group": value} for value in ("", "x", "0")),
    *({"data_name": value} for value in ("", "CH3 Ua", "CH1-3 Ua", "x" * 201, '"a"b')),
    *({"unit": value} for value in ("kV", "A", "=1")),
    *({"reg_type": 8, "endian": code} for code in (1, 9)),
    {"endian": 0},
    {"reg_add": 65535, "reg_type": 8, "endian": 0},
    {"calc": "a*2"},
    {"k": 3},
    {"reg_type": 2, "dcm": 1},
    {"reg_add": "01FF"},
    {"reg_add": "0061"},
    {"reg_add": "400101"},
    {"reg_add": "40101"},
    {"data_name": "forced open / close"},
    {"data_name": "DPT"},
    {"data_name": "Sign of P"},
    {"data_name": "Data valid"},
    {"data_name": "CT"},
]
"""Cells with something wrong or doubtful in a row that is sound otherwise."""

TABLES = [
    b"",
    b"id;group;data_name",
    b"id\tgroup\tdata_name",
    b"0" * 4_100_000,
    table(*(row(reg_add=number) for number in range(20_001))),
    table(row()) + b"\0",
    b"\xff\xfe" + table(row()),
    table(row(unit="@")).replace(b"@", b"\xb0C"),
    table(row(data_name="漏电流")).decode().encode("gb18030"),
    table(row(), row(reg_add=300)),
    table(row(reg_add=1), row(data_name="Ub", reg_add=2)),
    table(row(reg_type=12, endian=0), row(data_name="EP", reg_add=300, reg_type=10)),
    table(row(), row(data_name="Ub")),
    table("1,2,Ua,256,6,1,1,1,3,,0", "1,2"),
    table(row(data_name='"Ub')),
    table(row(data_name="x" * 200_000)),
]

BAD_TOML = [
    "a",
    "a = ",
    "a = 1 b = 2",
    "= 1",
    "= ",
    "[a",
    "[[a]",
    "[]",
    "a = [1",
    "a = { b = 1",
    "a = { b = 1, b = 2 }",
    'a = "x',
    "a = 'x",
    "a = '''x",
    'a = """x',
    "a = 1\na = 2",
    "[a]\n[a]",
    "a = [1]\n[[a]]",
    "a = { b = 1 }\n[a.c]",
    "[a.b]\n[a]\nb.c = 1",
    "a = 2026-13-41",
    'a = "\\u00"',
    'a = "\\xZZ"',
    'a = "\\ud800"',
    'a = "\\q"',
    'a = "\x01"',
    "# \x01",
    f"a = {'9' * 5000}",
    f"a = {'[' * 100_000}",
    f"{'a.' * 5000}a = 1",
]

MESSAGES = ["No such file or directory", "Permission denied", "Is a directory", "Input/output error"]

SYNTAX = {
    *COLUMNS,
    *KNOWN_WORDS,
    *(word for words in (Evidence, Kind, Pace, Ratio, RegisterType, Order) for word in words),
    *("model", "title", "covers", "name", "note", "line", "unit", "step", "bytesize", "stopbits", "source", "text"),
    *("true", "false", "low", "high", "TOML", "UTF", "CSV", "GB", "DOC", "RLYOFF", "k_mode", "is_unit_id", "Unicode"),
    *("address_mode", "Modbus", "double", "ForceControl", "FORCESWITCH"),
    *("FFFFh", "xFFFF", "FFFFH", "utf", "xff", "xc", "nn", "address"),
    *("Decimal", "NaN", "Infinity", "True"),
}
"""Words with which a file is written, and names of formats: no translation has them."""
WORD = re.compile(r"[A-Za-z_]{2,}")
PHRASE_OF_WORDS = re.compile(r"[A-Za-z]{2,} [A-Za-z]{2,}")


def model_problems(text: str) -> tuple[Problem, ...]:
    with pytest.raises(FileProblemsError) as caught:
        read_model(text, file="my-meter.toml")
    return caught.value.problems


def table_problems(data: bytes) -> tuple[Problem, ...]:
    try:
        return import_table(data, file="my.csv", model_id="mine").problems
    except FileProblemsError as error:
        return error.problems


def library_problems(folder: Path) -> Iterator[Problem]:
    """Yield what is found in files before they are parsed."""
    (folder / "other.toml").write_text(f"{HEAD}{POINTS}Lg = {{ at = 1 }}", "utf-8")
    (folder / "bytes.toml").write_bytes(b"\xff\xff")
    (folder / "torn.toml").write_bytes("电".encode()[:2])
    (folder / "western.toml").write_bytes("é".encode()[:1] + b"x")
    (folder / "huge.toml").write_bytes(b"#" * (LARGEST_FILE + 1))
    for error in ModelLibrary(folder).broken():
        yield from error.problems
    for path in (folder, folder / "none.toml"):
        with pytest.raises(FileProblemsError) as caught:
            read_text(path)
        yield from caught.value.problems


def base_problems() -> tuple[Problem, ...]:
    """Return what is found in a table that fills a built-in model."""
    base = read_model(
        HEAD.replace('"manual"', '"unknown"')
        + '[read]\nranges = [[0, 9], [10, 20]]\n[[circuits]]\nnumbers = "1"\nneeds = ["EP"]\n',
        file="base.toml",
    )
    return imported(row(data_name="EP", reg_add=9, reg_type=8, endian=0), row(reg_add=300), base=base).problems


def all_problems(folder: Path) -> Iterator[tuple[str, Problem]]:
    """Yield every finding of the corpus, with what the user wrote."""
    for text in (*(text for _, text in MISTAKES.values()), *MORE_MISTAKES, *BAD_TOML):
        yield from ((text.replace(HEAD, ""), problem) for problem in model_problems(text))
    for cells in ROWS:
        data = table(row(**cells), row(data_name="Uc", reg_add=40000))
        yield from ((data.decode(), problem) for problem in table_problems(data))
    for data in TABLES:
        yield from ((data.decode("utf-8", "replace"), problem) for problem in table_problems(data))
    yield from (("other.toml", problem) for problem in library_problems(folder))
    yield from (("EP", problem) for problem in base_problems())


def english_in(text: str, written: str) -> list[str]:
    """Return the English in a Chinese text that is neither the user's own nor syntax."""
    text = text.replace("docs/model-file.md", "").replace("my-meter", "")
    for order in Order:
        text = text.replace(order, "")
    text = re.sub("[0-9A-F]{4}h", "", text)
    text = re.sub(r'"([^"]*)"', lambda quoted: "" if quoted[1] in written else quoted[0], text)
    text = re.sub("“([^”]*)”", lambda quoted: "" if quoted[1].rstrip("…").strip("\"'") in written else quoted[0], text)
    known = SYNTAX | set(WORD.findall(written))
    return [
        *(words for words in PHRASE_OF_WORDS.findall(text) if words not in written),
        *(word for word in WORD.findall(text) if word not in known),
    ]


def phrases_in(value: object) -> Iterator[str]:
    if isinstance(value, Phrase):
        yield value.key
        for detail in value.details.values():
            yield from phrases_in(detail)


def test_no_finding_in_chinese_has_english_prose_in_it(tmp_path: Path) -> None:
    found = {
        problem.text("zh"): english
        for written, problem in all_problems(tmp_path)
        if (english := english_in(problem.text("zh"), written))
    }
    assert found == {}


def test_the_findings_looked_at_are_all_there_are(tmp_path: Path) -> None:
    problems = [problem for _, problem in all_problems(tmp_path)]
    assert {problem.key for problem in problems} == set(SENTENCES)
    used = {key for problem in problems for value in (problem.found, problem.allowed) for key in phrases_in(value)}
    assert set(IN_FILES) - used == set()


def fields(wording: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(wording) if name}


def test_every_phrase_exists_in_both_languages_with_the_same_placeholders() -> None:
    for key, wordings in PHRASES.items():
        assert set(wordings) == {"en", "zh"}, key
        assert fields(wordings["en"]) == fields(wordings["zh"]), key


@pytest.mark.parametrize("text", BAD_TOML)
def test_the_parsers_own_message_is_kept_in_english(text: str) -> None:
    (problem,) = model_problems(text)
    assert isinstance(problem.found, Phrase)
    assert "foreign" not in phrases_in(problem.found)
    assert re.search(r"[\u4e00-\u9fff]", problem.found.text("zh"))


@pytest.mark.parametrize("message", MESSAGES)
def test_what_the_system_says_is_said_in_chinese(message: str) -> None:
    problem = Problem(key="unreadable", found=foreign(message))
    assert problem.sentence() == f"the file cannot be read: {message}"
    assert english_in(problem.sentence("zh"), "") == []


def test_each_known_message_is_known_again() -> None:
    for key, wordings in FOREIGN.items():
        details = dict.fromkeys(fields(wordings["en"]), "7")
        assert foreign(wordings["en"].format_map(details)).key == key


@given(st.text() | st.sampled_from(MESSAGES).map("{} (at line 3, column 4)".format))
def test_any_message_stays_as_it_is_in_english(message: str) -> None:
    assert foreign(message).text() == message
    assert foreign(message).text("zh")


def test_an_unknown_message_is_quoted() -> None:
    assert foreign("Out of cheese (at line 3, column 4)").text("zh") == "第 3 行第 4 列：“Out of cheese”"


@pytest.mark.parametrize(
    ("language", "detail"),
    [("en", "scale = a very large number"), ("zh", "scale = 极大的数字"), ("fr", "scale = a very large number")],
)
def test_phrases_within_phrases_are_said_in_the_language_of_the_error(language: str, detail: str) -> None:
    error = SettingRefusedError(name="Ua@1", detail=phrase("pair", key="scale", value=phrase("very_large")))
    assert error.placeholders_in(language) == {"name": "Ua@1", "detail": detail}


SAID: Mapping[str, tuple[Callable[[], Problem], str]] = {
    "a word": (
        lambda: model_problems(f'{HEAD}{POINTS}Lg = {{ at = "fast" }}')[0],
        '发现："fast"；允许：0 至 65535 的整数',
    ),
    "a size": (
        lambda: table_problems(b"0" * 4_100_000)[0],
        "文件过大：4100000 字节；允许：2000000 字节。请拆分文件或删除无关内容",
    ),
    "syntax": (
        lambda: model_problems("a = 1\nb = ?")[0],
        "不是有效的 TOML：第 2 行第 5 列：值无效；参见 docs/model-file.md",
    ),
    "nested": (
        lambda: model_problems(f"{HEAD}{POINTS}Lg = {{ at = 1, words = {{ 0 = 0x{'F' * 5000} }} }}")[0],
        '发现：0 = 极大的数字；允许：原始值 = "由小写字母、数字和下划线组成的词"',
    ),
}


@pytest.mark.parametrize(("make", "sentence"), SAID.values(), ids=SAID)
def test_whole_sentences_in_chinese(make: Callable[[], Problem], sentence: str) -> None:
    assert make().sentence("zh") == sentence
