"""What a script learns from the exit code, and what a person is told besides."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from custom_components.acrel_safety.aioacrel.cli.exits import Exit, explained
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from simulator import Cabinet
from tests.aioacrel.cli_rigs import Acrel

ADW300, ADL3000, ASJ10L, AIM_R100 = 1, 3, 7, 8
QUICK = ("--timeout", "0.15")
ROOT = Path(__file__).parents[2]


@pytest.fixture
def acrel(capsys: pytest.CaptureFixture[str]) -> Acrel:
    return Acrel(capsys)


@pytest.fixture
async def cabinet() -> AsyncIterator[Cabinet]:
    async with Cabinet.standard(frozen=True) as cabinet:
        cabinet.advance(60)
        yield cabinet


def shown(out: str) -> dict[str, str]:
    """Return the rows of a table of one circuit by their code."""
    lines = out.splitlines()
    heading = next(line for line in lines if line.startswith("CIRCUIT"))
    code = slice(heading.index("CODE"), heading.index("NAME"))
    return {line[code].strip(): line for line in lines if line.startswith("      1  ")}


# -- exit codes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [["read"], ["watch", "--count", "1", "--interval", "0"]])
async def test_an_alarm_that_is_on_is_the_first_row_and_the_exit_code(
    acrel: Acrel, cabinet: Cabinet, command: list[str]
) -> None:
    asked = ("--unit", "7", "--model", "asj10l", *command[1:])
    quiet = await acrel.on(cabinet, command[0], *asked)
    assert quiet.code == Exit.DONE
    assert "2 alarms and 1 fault quiet" in quiet.out
    cabinet.units[ASJ10L].hold("Lg1HIGH2", 1)
    alarm = await acrel.on(cabinet, command[0], *asked)
    assert alarm.code == Exit.ALARM
    rows = list(shown(alarm.out).values())
    assert "Lg1HIGH2" in rows[0]
    assert rows[0].endswith("ALARM")
    assert "1 alarm and 1 fault quiet" in alarm.out
    assert (await acrel.on(cabinet, command[0], *asked, "--json")).code == Exit.ALARM


async def test_a_value_that_could_not_be_read_is_another_code_and_an_alarm_goes_before(
    acrel: Acrel, cabinet: Cabinet
) -> None:
    asked = ("--unit", "7", "--model", "asj10l")
    cabinet.units[ASJ10L].hold("Lg", 65535)
    assert (await acrel.on(cabinet, "read", *asked)).code == Exit.INCOMPLETE
    assert (await acrel.on(cabinet, "read", *asked, "--json")).code == Exit.INCOMPLETE
    assert (await acrel.on(cabinet, "read", *asked, "--codes", "DI1")).code == Exit.DONE
    cabinet.units[ASJ10L].hold("LgFauSta", 1)
    outcome = await acrel.on(cabinet, "read", *asked)
    assert outcome.code == Exit.ALARM
    assert shown(outcome.out)["LgFauSta"].endswith("FAULT")
    assert outcome.out.endswith(
        "1 alarm on: LgFauSta@1\n"
        "2 alarms unknown, which is not quiet: Lg1HIGH1@1, Lg1HIGH2@1\n"
        "3 values could not be read\n"
    )


def test_the_codes_are_explained_where_they_are_looked_for(acrel: Acrel) -> None:
    usage = (ROOT / "docs" / "command-line.md").read_text("utf-8")
    for code in Exit:
        assert f"\n  {code.value} " in explained("en")
        assert f"| {code.value} |" in usage
    for words in ([], ["read"], ["scan"], ["table", "check"]):
        assert explained("en") in acrel(*words, "--help").out


# -- what is shown ---------------------------------------------------------------------------------------------------


async def test_what_matters_every_day_is_shown_in_order_and_the_rest_counted(acrel: Acrel, cabinet: Cabinet) -> None:
    asked = ("--unit", "1", "--model", "adw300")
    outcome = await acrel.on(cabinet, "read", *asked)
    codes = list(shown(outcome.out))
    order = [codes.index(code) for code in ("Lg", "TempA", "DI1", "Ua", "Ia", "P", "EP")]
    assert order == sorted(order)
    assert "UaHr02" not in codes
    model = ModelLibrary().get("adw300")
    alarms = sum(point.quantity.kind == "alarm" for point in model.readable.values())
    assert f"{alarms} alarms quiet" in outcome.out
    assert f"… {len(model.readable) - len(codes) - alarms} more, --all shows them" in outcome.out
    everything = await acrel.on(cabinet, "read", *asked, "--all")
    assert set(shown(everything.out)) == {key.code for key in model.readable}
    assert "quiet" not in everything.out


async def test_what_is_not_shown_and_has_no_value_is_named_all_the_same(acrel: Acrel, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("""
        [model]
        id = "mine"
        name = "Mine"
        title = { en = "Mine" }
        evidence = "imported"
        source = "my table"
        [[circuits]]
        numbers = "1"
        [circuits.points]
        Lg = { at = 0x0000 }
        LgHigh = { at = 0x001E, type = "bit", bit = 5 }
        ULow = { at = 0xF000 }
        [circuits.settings]
        LgHighVal02 = { at = 0xF001 }
        """)
    async with Cabinet.of({7: "asj10l"}, frozen=True) as cabinet:
        outcome = await acrel.on(cabinet, "read", "--unit", "7", "--model", path, "--no-probe")
    assert outcome.code == Exit.INCOMPLETE
    assert "1 alarm quiet" in outcome.out
    assert shown(outcome.out)["ULow"].endswith("refused by the device")
    assert (
        "… 1 more, 1 of them without a value, --all shows them\nrefused by the device: LgHighVal02@1\n" in outcome.out
    )


# -- ratios ----------------------------------------------------------------------------------------------------------


async def test_a_ratio_without_effect_is_refused(acrel: Acrel, cabinet: Cabinet) -> None:
    outcome = await acrel.on(cabinet, "read", "--unit", "1", "--model", "adw300", "--ct", "4", "--json")
    assert outcome.error == "ratio_without_effect"
    assert "--ct has no effect: no value of ADW300 is multiplied with it" in outcome.err
    assert cabinet.units[ADW300].requests == []


async def test_the_ratios_in_use_are_told_with_who_told_them(acrel: Acrel, cabinet: Cabinet) -> None:
    outcome = await acrel.on(cabinet, "read", "--unit", "3", "--model", "adl3000", "--codes", "P", "--ct", "20")
    assert "Voltage transformer ratio: 1, taken for granted" in outcome.out
    assert "Current transformer ratio: 20, as stated with --ct" in outcome.out
    voltage = await acrel.on(cabinet, "read", "--unit", "3", "--model", "adl3000", "--codes", "Ua", "--pt", "1")
    assert "Current transformer" not in voltage.out


async def test_a_ratio_set_in_the_device_that_nothing_is_multiplied_with_is_told(
    acrel: Acrel, cabinet: Cabinet
) -> None:
    cabinet.units[ADW300].hold("CT", 4)
    outcome = await acrel.on(cabinet, "read", "--unit", "1", "--model", "adw300")
    assert "CT 4 is set in the device: its values are shown as it gives them, not multiplied" in outcome.out


async def test_a_ratio_the_device_tells_is_said_to_be_its_own(acrel: Acrel, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("""
        [model]
        id = "mine"
        name = "Mine"
        title = { en = "Mine" }
        evidence = "imported"
        source = "my table"
        [ratios]
        ct = "CT"
        [[circuits]]
        numbers = "1"
        [circuits.points]
        Ia = { at = 0x0008, ratios = ["ct"] }
        CT = { at = 0x0009 }
        """)
    asked = ("--unit", "7", "--model", path, "--no-probe")
    async with Cabinet.of({7: "asj10l"}, frozen=True) as cabinet:
        cabinet.units[ASJ10L].hold("DOC_Pre-warning value", 7)
        own = await acrel.on(cabinet, "read", *asked)
        stated = await acrel.on(cabinet, "read", *asked, "--ct", "2")
    assert "Current transformer ratio: 7, as the device tells (CT)" in own.out
    assert "Current transformer ratio: 2, as stated with --ct, not the one the device tells" in stated.out


# -- codes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "codes", "said"),
    [
        ("adw300", "Lgg", "Near: Lg"),
        ("adw300", "residual current", "Near: Lg, LgHighVal02"),
        ("aim-r100", "Lg@13", "It has Lg in circuits 1-12"),
        ("adw300", "Lg@3", "It has Lg in circuit 1"),
    ],
)
def test_a_wrong_code_is_answered_with_what_is_near(acrel: Acrel, model: str, codes: str, said: str) -> None:
    outcome = acrel("plan", "--model", model, "--codes", codes)
    assert outcome.code == Exit.USAGE
    assert said in outcome.err
    assert f"`acrel models {model}` lists all it has" in outcome.err
    assert len(outcome.err) < 300


def test_the_quantities_of_a_model_are_listed(acrel: Acrel) -> None:
    model = ModelLibrary().get("aim-r100")
    listed = acrel("models", "aim-r100", "--json").json
    assert listed["id"] == "aim-r100"
    assert {entry["code"]: len(entry["circuits"]) for entry in listed["quantities"]}["Lg"] == 12
    assert {entry["code"] for entry in listed["quantities"]} == {key.code for key in model.readable}
    (row,) = [line for line in acrel("models", "aim-r100").out.splitlines() if line.startswith("Lg ")]
    assert row.split() == ["Lg", "1-12", "Residual", "current", "mA", "measurement"]


# -- gateways --------------------------------------------------------------------------------------------------------


async def test_a_gateway_that_answers_for_a_device_is_not_told_as_silence(acrel: Acrel) -> None:
    async with Cabinet.of({3: "asj10l"}, frozen=True, absent_exception=0x0B) as cabinet:
        outcome = await acrel.on(cabinet, "read", "--unit", "8", "--model", "aim-r100", *QUICK, "--json")
    assert outcome.error == "no_answer_gateway"
    assert "the gateway says 'device behind the gateway does not answer' (exception 11)" in outcome.err
    assert "within" not in outcome.err
    assert "rtu+tcp" not in outcome.err


# -- without the extra -----------------------------------------------------------------------------------------------


def python(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, env={**os.environ}
    )


def test_without_rich_one_sentence_says_what_to_install() -> None:
    ended = python("import sys; sys.modules['rich'] = None; from aioacrel.cli import main; sys.exit(main(['models']))")
    assert ended.returncode == Exit.USAGE
    assert ended.stderr == "acrel needs the package `rich`: pip install 'aioacrel[cli]'\n"
    assert ended.stdout == ""


def test_the_library_does_without_rich() -> None:
    ended = python(
        "import pkgutil, importlib, sys, aioacrel\n"
        "names = [m.name for m in pkgutil.walk_packages(aioacrel.__path__, 'aioacrel.')]\n"
        "sys.modules['rich'] = None\n"
        "[importlib.import_module(n) for n in names if not n.startswith('aioacrel.cli')]\n"
    )
    assert (ended.returncode, ended.stderr) == (0, "")
