"""What can be typed, and what is said about what cannot."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel import __version__
from custom_components.acrel_safety.aioacrel.cli import main
from custom_components.acrel_safety.aioacrel.cli.arguments import parse
from custom_components.acrel_safety.aioacrel.cli.mistyped import MistypedError, wants_json
from tests.aioacrel.cli_rigs import NOBODY, Acrel


@pytest.fixture
def acrel(capsys: pytest.CaptureFixture[str]) -> Acrel:
    return Acrel(capsys)


def test_version_and_help(acrel: Acrel) -> None:
    assert acrel("--version").out == f"acrel {__version__}\n"
    shown = acrel("--help")
    assert shown.code == 0
    for command in ("models", "plan", "read", "watch", "scan", "dump", "table", "log"):
        assert command in shown.out
    for words in (["read"], ["watch"], ["scan"], ["dump"], ["table", "check"], ["table", "import"], ["log", "show"]):
        assert acrel(*words, "--help").code == 0


WRONG = [
    ([], "COMMAND"),
    (["reed"], "invalid choice"),
    (["table"], "ACTION"),
    (["read", NOBODY, "--unit", "1"], "--model"),
    (["read", NOBODY, "--unit", "256", "--model", "adw300"], "'256' does not fit; allowed: 0 to 255"),
    (["read", "rtu+tcp://127.0.0.1:1", "--unit", "0", "--model", "adw300"], "nobody answers; allowed: 1 to 247"),
    (["dump", "serial:///dev/x", "--unit", "0"], "nobody answers; allowed: 1 to 247"),
    (["scan", "serial:///dev/x", "--units", "0"], "nobody answers; allowed: 1 to 247"),
    (["read", NOBODY, "--unit", "one", "--model", "adw300"], "allowed: 0 to 255"),
    (["read", "127.0.0.1", "--unit", "1", "--model", "adw300"], "rtu+tcp://host:port"),
    (["read", "tcp://127.0.0.1:99999", "--unit", "1", "--model", "adw300"], "is not a link address"),
    (["read", "serial:///dev/x?parity=Q", "--unit", "1", "--model", "adw300"], "parity N, E or O"),
    (["read", NOBODY, "--unit", "1", "--model", "adw300", "--pt", "0"], "allowed: more than 0"),
    (["read", NOBODY, "--unit", "1", "--model", "adw300", "--timeout", "nan"], "allowed: more than 0"),
    (["read", NOBODY, "--unit", "1", "--model", "adw300", "--timeout", "soon"], "allowed: more than 0"),
    (["watch", NOBODY, "--unit", "1", "--model", "adw300", "--interval", "-1"], "allowed: 0 or more"),
    (["watch", NOBODY, "--unit", "1", "--model", "adw300", "--count", "0"], "allowed: 1 or more"),
    (["plan", "--model", "adw300", "--baudrate", "fast"], "allowed: 300 to 1000000"),
    (["plan", "--model", "adw300", "--parity", "x"], "invalid choice"),
    (["plan", "--model", "adw300", "--codes", " , "], "names no quantities"),
    (["scan", NOBODY, "--units", "20-1"], "names no units"),
    (["scan", NOBODY, "--units", "1-256"], "each from 0 to 255"),
    (["scan", NOBODY, "--units", ""], "names no units"),
    (["dump", NOBODY, "--unit", "1", "--range", "0x10-0x0F"], "names no registers"),
    (["dump", NOBODY, "--unit", "1", "--range", "0-65536"], "up to FFFFh"),
    (["dump", NOBODY, "--unit", "1", "--range", "zero"], "names no registers"),
    (["table", "import", "x.csv", "--id", "../x"], "is not a model id"),
    (["table", "import", "x.csv", "--id", "x", "--k-mode", "both"], "invalid choice"),
    (["cloud", "x", "--user", "u", "--zone", "Nowhere/Land"], "'Nowhere/Land' is no zone"),
    (["cloud", "x", "--user", "u", "--zone", "1=../etc/passwd"], "is no zone"),
    (["cloud", "x", "--user", "u", "--zone", "Europe"], "is no zone"),
    (["cloud", "x", "--user", "u", "--zone", "1="], "is no zone"),
]


@pytest.mark.parametrize(("arguments", "said"), WRONG)
def test_wrong_usage_is_explained_on_stderr(acrel: Acrel, arguments: list[str], said: str) -> None:
    outcome = acrel(*arguments)
    assert outcome.code == 2
    assert outcome.out == ""
    assert outcome.err.startswith("usage: acrel")
    assert said in " ".join(outcome.err.split())


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("arguments", [arguments for arguments, _ in WRONG])
def test_whoever_waits_for_a_document_has_what_is_wrong_in_one(
    acrel: Acrel, arguments: list[str], language: str
) -> None:
    for words in (["--json", *arguments], [*arguments, "--json"], [*arguments, "--js"]):
        outcome = acrel(*words, "--language", language)
        assert outcome.error == "wrong_usage"
        assert outcome.code == 2


def test_a_password_that_stands_at_a_wrong_place_is_in_no_document(acrel: Acrel) -> None:
    outcome = acrel("read", "mqtt://user:hidden@broker.example", "--unit", "1", "--model", "adw300", "--json")
    assert outcome.error == "wrong_usage"
    assert "hidden" not in outcome.out + outcome.err


@given(
    st.lists(st.sampled_from(["--json", "--", "read", "cloud", "--unit", "1", "-x", "--model=y", NOBODY]) | st.text())
)
def test_whatever_is_typed_in_vain_is_one_document_for_programs(words: list[str]) -> None:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), suppress(MistypedError):
        parse(["reed", *words], "en")
    assert out.getvalue() == ""
    with redirect_stdout(out), redirect_stderr(err):
        assert main(["reed", *words]) == 2
    assert bool(out.getvalue()) is wants_json(words)
    if "--json" in words and "--" not in words:
        assert json.loads(out.getvalue())["error"]["key"] == "wrong_usage"
