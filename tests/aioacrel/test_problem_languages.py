"""What is wrong with a file is said in the user's language as a whole: no English prose within a Chinese sentence."""

import errno
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from socket import gaierror

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.errors import FileProblemsError, SettingRefusedError
from custom_components.acrel_safety.aioacrel.foreign import SYSTEM_REASONS, python_says, reason_of, system_says
from custom_components.acrel_safety.aioacrel.models import read_model
from custom_components.acrel_safety.aioacrel.models.library import ModelLibrary
from custom_components.acrel_safety.aioacrel.models.limits import LARGEST_FILE
from custom_components.acrel_safety.aioacrel.points import Evidence
from custom_components.acrel_safety.aioacrel.problems import Problem, shorten
from custom_components.acrel_safety.aioacrel.registers import Order, Ratio, RegisterType
from custom_components.acrel_safety.aioacrel.sheet import LARGEST_SHEET, LIMITS, Column, read_sheet
from custom_components.acrel_safety.aioacrel.table import import_table
from custom_components.acrel_safety.aioacrel.texts import phrase, texts
from custom_components.acrel_safety.aioacrel.userfiles import read_text
from custom_components.acrel_safety.aioacrel.vocabulary import Kind, Pace
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
    f"a{'.a' * 100} = 1",
    HEAD + "".join(f"key{index} = 1\n" for index in range(1001)),
    f"{HEAD}[read]\nnever = [{'[1, 2], ' * 501}]\n{POINTS}Lg = {{ at = 1 }}",
]
"""Files with mistakes that `MISTAKES`, where each has its line, cannot show."""

_SHEET = "unit\tcircuit\tname\trated\tleakage\ttemperature\n"
PLACES = {
    "3": {"1": frozenset(LIMITS)},
    "8": {"1": frozenset({Column.RESIDUAL_CURRENT}), "2": frozenset({Column.NAME})},
}
SHEETS = [
    *(f"{_SHEET}3\t1\t\t{cell}\t\t" for cell in ("x", "1,000", "63 kV", "0")),
    *(
        f"{_SHEET}{cells}"
        for cells in ("4\t1\t\t\t\t", "8\t13\t\t\t\t", "8\t1\t\t\t\t70", "8\t1\t\t\t\t\tmore", "\t1\t\t\t\t")
    ),
    f"{_SHEET}8\t1\tA\t\t\t\n8\t1\tB\t\t\t",
    *("3\t1\tMain", "circuit\tcolour\n1\tred", "circuit\t回路号\n1\t1", "circuit\n" + "x" * LARGEST_SHEET),
]
"""Tables of circuits with mistakes."""

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
]

SYNTAX = {
    *COLUMNS,
    *KNOWN_WORDS,
    *(word for words in (Evidence, Kind, Pace, Ratio, RegisterType, Order, Column) for word in words),
    *("model", "title", "covers", "name", "note", "line", "unit", "step", "bytesize", "stopbits", "source", "text"),
    *("true", "false", "low", "high", "TOML", "UTF", "CSV", "GB", "DOC", "RLYOFF", "k_mode", "is_unit_id", "Unicode"),
    *("address_mode", "dump", "gateway", "Modbus", "double", "ForceControl", "FORCESWITCH"),
    *("mA", "kV"),
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
            read_text(path, LARGEST_FILE)
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
    for text in SHEETS:
        yield from ((text, problem) for problem in read_sheet(text, PLACES).problems)


def english_in(text: str, written: str) -> list[str]:
    """Return the English in a Chinese text that is neither the user's own nor syntax."""
    text = text.replace("docs/model-file.md", "").replace("my-meter", "")
    text = re.sub("Python 的提示：“.*”", "", text)
    for order in Order:
        text = text.replace(order, "")
    text = re.sub("[0-9A-F]{4}h|字节 [0-9A-F]{2}", "", text)
    text = re.sub(r'"([^"]*)"', lambda quoted: "" if quoted[1] in written else quoted[0], text)
    text = re.sub("“([^”]*)”", lambda quoted: "" if quoted[1].rstrip("…").strip("\"'") in written else quoted[0], text)
    known = SYNTAX | set(WORD.findall(written))
    return [
        *(words for words in PHRASE_OF_WORDS.findall(text) if words not in written),
        *(word for word in WORD.findall(text) if word not in known),
    ]


def test_no_finding_in_chinese_has_english_prose_in_it(tmp_path: Path) -> None:
    found = {
        problem.text("zh"): english
        for written, problem in all_problems(tmp_path)
        if (english := english_in(problem.text("zh"), written))
    }
    assert found == {}


def test_the_findings_looked_at_are_all_there_are(tmp_path: Path) -> None:
    problems = [problem for _, problem in all_problems(tmp_path)]
    known = {key.removeprefix("problems.") for key in texts("en") if key.startswith("problems.")}
    assert {problem.key for problem in problems} == known


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("text", BAD_TOML)
def test_what_the_parser_says_is_quoted_in_both_languages(text: str, language: str) -> None:
    with pytest.raises((ValueError, RecursionError)) as caught:
        tomllib.loads(text)
    error = caught.value
    message = error.msg if isinstance(error, tomllib.TOMLDecodeError) else str(error)
    (problem,) = model_problems(text)
    assert shorten(message, 120) in problem.sentence(language)
    if isinstance(error, tomllib.TOMLDecodeError):
        place = {"en": "line {}, column {};", "zh": "第 {} 行第 {} 列；"}[language]
        assert place.format(error.lineno, error.colno) in problem.sentence(language)


@pytest.mark.parametrize("number", SYSTEM_REASONS)
def test_what_the_system_says_is_said_in_chinese(number: int) -> None:
    problem = Problem(key="unreadable", found=system_says(OSError(number, "Some words")))
    assert "Some words" not in problem.sentence()
    assert english_in(problem.sentence("zh"), "") == []


def test_what_the_system_seldom_says_is_quoted() -> None:
    reason = system_says(OSError(errno.EXDEV, "Invalid cross-device link"))
    assert reason.text() == "what the system says: 'Invalid cross-device link'"
    assert reason.text("zh") == "系统提示：“Invalid cross-device link”"


@given(st.text())
def test_any_message_is_quoted_on_one_line_of_modest_length(message: str) -> None:
    for reason in (python_says(ValueError(message)), reason_of(RuntimeError(message))):
        for language in ("en", "zh"):
            assert len(reason.text(language).splitlines()) == 1
            assert len(reason.text(language)) < 160


@pytest.mark.parametrize(
    ("cause", "english", "chinese"),
    [
        (OSError(errno.ECONNREFUSED, "x"), "the connection was refused. Check", "连接被拒绝。请检查"),
        (gaierror(-2, "x"), "this host name is not known in the network. Check", "网络中没有此主机名。请检查"),
        (TimeoutError(), "nothing there answered in time. Check", "该地址没有及时应答。请检查"),
        (
            OSError(errno.EAGAIN, "x"),
            "another program is using the serial port. Close",
            "其他程序正在使用此串口。请关闭",
        ),
        (OSError(errno.EACCES, "x"), "this user may not open the serial port. Add", "当前用户无权打开此串口。请将"),
        (OSError(errno.ENOTTY, "x"), "it is not a serial port. Check", "不是串口。请检查"),
        # What is below us says in its own English is of no use to anybody.
        (RuntimeError("CRC is wrong"), "it was not said why. Check", "未说明原因。请检查"),
    ],
)
def test_why_a_request_failed_is_told_by_its_innermost_cause(cause: Exception, english: str, chinese: str) -> None:
    between = ConnectionError()
    between.__cause__ = cause
    assert reason_of(between).text().startswith(english)
    assert reason_of(between).text("zh").startswith(chinese)


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
        "不是有效的 TOML：第 2 行第 5 列；Python 的提示：“Invalid value”；参见 docs/model-file.md",
    ),
    "nested": (
        lambda: model_problems(f"{HEAD}{POINTS}Lg = {{ at = 1, words = {{ 0 = 0x{'F' * 5000} }} }}")[0],
        '发现：0 = 极大的数字；允许：原始值 = "由小写字母、数字和下划线组成的词"',
    ),
}


@pytest.mark.parametrize(("make", "sentence"), SAID.values(), ids=SAID)
def test_whole_sentences_in_chinese(make: Callable[[], Problem], sentence: str) -> None:
    assert make().sentence("zh") == sentence
