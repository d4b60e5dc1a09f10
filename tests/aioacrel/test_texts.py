"""What the library says stands once per language, is said somewhere, and gets all that it has to be filled with."""

import ast
import importlib
import json
import pkgutil
import re
import string
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import custom_components.acrel_safety as integration
from custom_components.acrel_safety import aioacrel
from custom_components.acrel_safety.aioacrel.alarms.sayings import SAID
from custom_components.acrel_safety.aioacrel.cloud.codes import CLOUD_CODES
from custom_components.acrel_safety.aioacrel.cloud.recognise import SEEMING
from custom_components.acrel_safety.aioacrel.errors import (
    EXCEPTION_ADVICE,
    EXCEPTION_MEANINGS,
    AcrelError,
    AddressFormError,
    FileProblemsError,
    RefusedError,
    UnheardError,
)
from custom_components.acrel_safety.aioacrel.foreign import LIBRARY_REASONS, LINK_REASONS, SYSTEM_REASONS
from custom_components.acrel_safety.aioacrel.journal import Kind, kind_name
from custom_components.acrel_safety.aioacrel.modbus import LinkAddress
from custom_components.acrel_safety.aioacrel.modbus.examine import Speech
from custom_components.acrel_safety.aioacrel.modbus.way import NO_CAUSE
from custom_components.acrel_safety.aioacrel.points import Evidence
from custom_components.acrel_safety.aioacrel.texts import LANGUAGES, library_language, phrase, say, texts

SOURCES = sorted(Path(integration.__file__).parent.rglob("*.py"))
OWN_WAY: tuple[type[AcrelError], ...] = (FileProblemsError, RefusedError, UnheardError)
"""Errors that make the fillings of their sentence themselves."""
OF_A_VARIABLE = {
    *("xml_second_login", "xml_refused", "xml_stranger", "xml_request", "xml_sequence", "xml_proof", "xml_result"),
    *("xml_report", "xml_packed_report", "xml_pass_down", "xml_pass_up", "xml_pass_down_meter", "xml_pass_up_meter"),
    *("xml_reported", "xml_resent"),
    *CLOUD_CODES.values(),
    *SEEMING,
    *EXCEPTION_MEANINGS.values(),
    *EXCEPTION_ADVICE.values(),
    "exception_undefined",
    *SYSTEM_REASONS.values(),
    *LIBRARY_REASONS.values(),
    *LINK_REASONS.values(),
    "advise_undefined",
    "no_reason",
    *(speech.value for speech in set(Speech) - NO_CAUSE),
    *SAID.values(),
}
"""Phrases that are chosen by a number, a name or what was heard."""


def section(name: str) -> set[str]:
    return {key.partition(".")[2] for key in texts("en") if key.startswith(f"{name}.")}


def fillings(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def leaves(tree: object) -> Iterator[str]:
    """Yield all texts but the words of states: a word is no sentence."""
    if isinstance(tree, dict):
        for name, branch in tree.items():
            if name != "state":
                yield from leaves(branch)
    else:
        yield str(tree)


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Yield all calls of plain names in the library and the integration."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                yield node.func.id, node


def filled_in(call: ast.Call) -> set[str]:
    return {keyword.arg for keyword in call.keywords if keyword.arg is not None}


def phrases() -> Iterator[tuple[str, set[str]]]:
    """Yield each phrase that is said, and what is filled in; of a name that is put together all that fit."""
    for name, call in calls():
        match call.args:
            case [ast.Constant(value=str(key)), *_] if name == "phrase":
                yield key, filled_in(call)
            case [ast.Constant(value=str(key)), *_] if name == "say":
                yield key.removeprefix("phrases."), filled_in(call)
            case [ast.JoinedStr(values=parts), *_] if name == "phrase":
                shape = "".join(str(part.value) if isinstance(part, ast.Constant) else "[a-z_]+" for part in parts)
                for key in section("phrases"):
                    if re.fullmatch(shape, key):
                        yield key, filled_in(call)


def errors() -> Mapping[str, type[AcrelError]]:
    """Return all errors with a sentence, by the name of their class."""
    for module in pkgutil.walk_packages(aioacrel.__path__, f"{aioacrel.__name__}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found: dict[str, type[AcrelError]] = {}
    todo = [AcrelError]
    while todo:
        error = todo.pop()
        todo += error.__subclasses__()
        if "key" in vars(error) and error.__module__.startswith(aioacrel.__name__):
            found[error.__name__] = error
    return found


def test_both_languages_have_the_same_texts_with_the_same_fillings() -> None:
    english, chinese = (texts(language) for language in LANGUAGES)
    assert list(english) == list(chinese)
    assert [key for key in english if fillings(english[key]) != fillings(chinese[key])] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_said_twice(language: str) -> None:
    assert [text for text, count in Counter(texts(language).values()).items() if count > 1] == []


@pytest.mark.parametrize(("language", "folder"), [("en", "en"), ("zh", "zh-Hans")])
def test_home_assistants_own_texts_say_nothing_again(language: str, folder: str) -> None:
    files = sorted((Path(__file__).parents[2] / "scripts" / "texts" / folder).glob("*.json"))
    assert files
    written = {text for file in files for text in leaves(json.loads(file.read_text("utf-8")))}
    assert written & set(texts(language).values()) == set()


def test_every_error_has_its_sentence_and_every_sentence_its_error() -> None:
    assert sorted(error.key for error in errors().values()) == sorted(section("errors"))


def test_every_error_fills_its_sentence() -> None:
    wrong = [
        (name, error.key)
        for name, call in calls()
        if (error := errors().get(name)) and error not in OWN_WAY
        if filled_in(call) != fillings(texts("en")[f"errors.{error.key}"])
    ]
    assert wrong == []
    assert str(RefusedError(unit=1, address=2, count=3, code=4))
    assert FileProblemsError(file="mine.toml", problems=[]).text("zh") == "mine.toml：0 个问题"


def test_every_phrase_is_said_somewhere_and_filled() -> None:
    said = list(phrases())
    assert {key for key, _ in said} | OF_A_VARIABLE == section("phrases")
    wrong = [key for key, names in said if names != fillings(texts("en")[f"phrases.{key}"])]
    assert wrong == []


def test_every_degree_of_evidence_is_said() -> None:
    assert section("evidence") == set(Evidence)


def test_every_kind_of_entry_has_its_name() -> None:
    assert section("entries") == set(Kind)
    assert [kind_name(kind, "zh") for kind in (Kind.ALARM, "of_a_newer_version")] == ["报警", "of_a_newer_version"]


def test_a_text_is_filled_in_its_own_language() -> None:
    assert say("phrases.warning", "zh-Hans", finding=phrase("number")) == "警告：数字"
    assert say("phrases.warning", "fr", finding=phrase("number")) == "warning: a number"


def test_any_other_language_is_answered_in_english() -> None:
    assert [library_language(tag) for tag in ("zh", "zh-Hant", "en-GB", "de")] == ["zh", "zh", "en", "en"]


@pytest.mark.parametrize(
    ("text", "chinese"),
    [
        ("192.0.2.7", "缺少协议前缀"),
        ("http://host", "以“http”开头"),
        ("tcp://host:abc", "端口应为 1 至 65535 的数字"),
        ("tcp://host/path", "主机和端口之外还有其他内容"),
        ("serial:///dev/ttyUSB0?speed=9600", "不认识“speed”；允许：baudrate, bytesize, parity, stopbits"),
        (
            "serial:///dev/ttyUSB0?baudrate=fast",
            "baudrate 大于 0，bytesize 为 7 或 8，parity 为 N、E 或 O，stopbits 为 1 或 2",
        ),
    ],
)
def test_what_is_wrong_with_a_link_address_is_said_in_chinese(text: str, chinese: str) -> None:
    with pytest.raises(AddressFormError) as caught:
        LinkAddress.parse(text)
    assert caught.value.placeholders_in("zh")["detail"] == chinese
    assert caught.value.text("zh").startswith(f"“{text}”不是连接地址（{chinese}）")
