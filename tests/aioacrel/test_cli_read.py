"""`acrel read` on a simulated cabinet, over Modbus TCP and RTU over TCP."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.readings import PointKey
from simulator import Cabinet
from simulator.cabinet import STANDARD_UNITS
from tests.aioacrel.cli_rigs import NOBODY, Acrel, link
from tests.aioacrel.rigs import rounding

pytestmark = pytest.mark.virtual_time

LIBRARY = ModelLibrary()
ADW300, ADL3000, ASJ10L, AIM_R100 = 1, 3, 7, 8
QUICK = ("--timeout", "0.15")


@pytest.fixture
def acrel(capsys: pytest.CaptureFixture[str]) -> Acrel:
    return Acrel(capsys)


@pytest.fixture
async def cabinet() -> AsyncIterator[Cabinet]:
    """Every model once; the clock stands still, so that truth does not move."""
    async with Cabinet.standard(frozen=True) as cabinet:
        cabinet.advance(60)
        yield cabinet


def truth(cabinet: Cabinet, unit_id: int) -> dict[str, dict[str, Any]]:
    """Return what the simulator says, enumerations as the words the model gives them."""
    points = LIBRARY.get(STANDARD_UNITS[unit_id]).points
    return {
        circuit: {
            code: words[int(value)] if (words := points[PointKey(circuit, code)].words) is not None else value
            for code, value in values.items()
        }
        for circuit, values in cabinet.units[unit_id].truth().items()
    }


@pytest.mark.parametrize("framing", ["tcp", "rtu+tcp"])
@pytest.mark.parametrize(("unit_id", "model"), STANDARD_UNITS.items(), ids=STANDARD_UNITS.values())
async def test_every_documented_value_of_every_model_is_the_devices(
    acrel: Acrel, cabinet: Cabinet, unit_id: int, model: str, framing: str
) -> None:
    ratios = [word for ratio in LIBRARY.get(model).registers.asks_ratios for word in (f"--{ratio}", "1")]
    arguments = ("--unit", str(unit_id), "--model", model, "--json", *ratios)
    outcome = await acrel.on(cabinet, "read", *arguments, framing=framing)
    assert outcome.code == 0
    assert outcome.err == ""
    assert set(outcome.json) == {"model", "circuits"}
    assert outcome.json["model"] == model
    circuits, expected = outcome.json["circuits"], truth(cabinet, unit_id)
    assert {circuit: set(values) for circuit, values in circuits.items()} == {
        circuit: set(values) for circuit, values in expected.items()
    }
    for circuit, values in expected.items():
        for code, value in values.items():
            read = circuits[circuit][code]
            assert isinstance(read, bool) == isinstance(value, bool), code
            near = rounding(LIBRARY.get(model), PointKey(circuit, code))
            assert read == (pytest.approx(value, rel=1e-6, abs=near) if isinstance(value, float) else value), code


async def test_the_table_shows_values_with_their_decimals_and_units(acrel: Acrel, cabinet: Cabinet) -> None:
    cabinet.units[ADW300].hold("Ua", 231.4)
    cabinet.units[ADW300].hold("TempA", -12.5)
    outcome = await acrel.on(cabinet, "read", "--unit", "1", "--model", "adw300", "--codes", "Ua,TempA,UHigh")
    assert outcome.code == 0
    heading, *rows = outcome.out.splitlines()
    assert heading.split() == ["CIRCUIT", "CODE", "NAME", "VALUE", "UNIT"]
    shown = {row.split()[1]: " ".join(row.split()[2:]) for row in rows}
    assert shown == {
        "Ua": "Phase A voltage 231.4 V",
        "TempA": "Phase A conductor temperature -12.5 °C",
        "UHigh": "Over-voltage no",
    }


async def test_names_in_chinese(acrel: Acrel, cabinet: Cabinet) -> None:
    outcome = await acrel.on(
        cabinet, "read", "--unit", "8", "--model", "aim-r100", "--codes", "Lg@3", "--language", "zh"
    )
    assert "剩余电流" in outcome.out
    assert len(outcome.out.splitlines()) == 2


async def test_only_the_wanted_registers_are_asked_for(acrel: Acrel, cabinet: Cabinet) -> None:
    outcome = await acrel.on(
        cabinet, "read", "--unit", "8", "--model", "AIM-R100", "--codes", "Lg@1,Lg@2", "--json", "--no-probe"
    )
    assert set(outcome.json["circuits"]) == {"1", "2"}
    requests = cabinet.units[AIM_R100].requests
    # First the word that says whether a transformer is broken: without it 0 mA is no reading.
    assert [(request.address, request.count) for request in requests] == [(0x000B, 1), (0x004A, 2)]
    assert cabinet.units[AIM_R100].writes == []


async def test_transformer_ratios_are_asked_for_and_applied(acrel: Acrel, cabinet: Cabinet) -> None:
    asked = ("--unit", str(ADL3000), "--model", "adl3000", "--json")
    without = await acrel.on(cabinet, "read", *asked)
    assert without.code == 0
    assert "taken as 1, state --pt and --ct otherwise" in without.err
    stated = await acrel.on(cabinet, "read", *asked, "--pt", "1", "--ct", "1")
    plain = stated.json["circuits"]["1"]
    assert (without.json["circuits"]["1"], stated.err) == (plain, "")
    times = (await acrel.on(cabinet, "read", *asked, "--pt", "10", "--ct", "20")).json["circuits"]["1"]
    assert times["Ua"] == pytest.approx(10 * plain["Ua"])
    assert times["Ia"] == pytest.approx(20 * plain["Ia"])
    assert times["P"] == pytest.approx(200 * plain["P"])


async def test_a_value_that_cannot_be_is_null_and_the_table_says_why(acrel: Acrel, cabinet: Cabinet) -> None:
    cabinet.units[ASJ10L].hold("Lg", 65535)
    asked = ("--unit", "7", "--model", "asj10l")
    values = (await acrel.on(cabinet, "read", *asked, "--json")).json["circuits"]["1"]
    assert values["Lg"] is None
    assert None not in [value for code, value in values.items() if code != "Lg"]
    assert "implausible, thrown away" in (await acrel.on(cabinet, "read", *asked)).out


@pytest.mark.parametrize("framing", ["tcp", "rtu+tcp"])
async def test_a_unit_that_is_silent(acrel: Acrel, cabinet: Cabinet, framing: str) -> None:
    cabinet.set_scenario("silent", ASJ10L)
    asked = ("--unit", "7", "--model", "asj10l", *QUICK)
    assert (await acrel.on(cabinet, "read", *asked, "--json", framing=framing)).error == "no_answer"
    outcome = await acrel.on(cabinet, "read", *asked, "--no-probe", framing=framing)
    assert (outcome.code, outcome.out) == (1, "")
    said, advice, other = outcome.err.splitlines()
    assert said == "Unit 7 did not answer within 0.15 s"
    assert advice.startswith("Check unit id, baud rate, parity")
    assert "--timeout" in advice
    there, gone = ("rtu+tcp", "tcp") if framing == "tcp" else ("tcp", "rtu+tcp")
    command = f"acrel read {link(cabinet, framing)} --unit 7 --model asj10l --timeout 0.15 --no-probe"
    assert other.endswith(f"Try: {command.replace(f'{gone}://', f'{there}://')}")


async def test_a_unit_that_refuses_everything(acrel: Acrel, cabinet: Cabinet) -> None:
    cabinet.set_scenario("exception", ASJ10L, code=4)
    asked = ("--unit", "7", "--model", "asj10l", "--json", *QUICK)
    outcome = await acrel.on(cabinet, "read", *asked)
    assert outcome.error == "refused"
    assert "exception 04 (device failure)" in outcome.err
    assert (await acrel.on(cabinet, "read", *asked, "--no-probe")).error == "nothing_read"


async def test_another_model_than_told_is_noticed(acrel: Acrel, cabinet: Cabinet) -> None:
    outcome = await acrel.on(cabinet, "read", "--unit", str(ASJ10L), "--model", "adw300", "--json")
    assert outcome.error == "wrong_device"
    assert "Unit 7 answers, but not as the model" in outcome.err


async def test_a_doubt_is_said_and_the_values_shown(acrel: Acrel, cabinet: Cabinet) -> None:
    cabinet.units[ASJ10L].hold("DOC_Rated residual current", 5)
    outcome = await acrel.on(cabinet, "read", "--unit", str(ASJ10L), "--model", "asj10l", "--json")
    assert outcome.code == 0
    assert outcome.json["circuits"]["1"]["Lg"] is not None
    assert "Warning: unit 7 does not answer quite as the model ASJ10L does (register 0008h holds 0005h)" in outcome.err


async def test_a_model_without_registers(acrel: Acrel, cabinet: Cabinet) -> None:
    outcome = await acrel.on(cabinet, "read", "--unit", "1", "--model", "ascb1", "--json")
    assert outcome.error == "register_table_missing"


@pytest.mark.parametrize("address", [NOBODY, "rtu+tcp://127.0.0.1:1", "serial:///dev/acrel-none?baudrate=9600"])
def test_a_link_that_cannot_be_opened(acrel: Acrel, address: str) -> None:
    outcome = acrel("read", address, "--unit", "1", "--model", "adw300", "--json")
    assert outcome.error == "link_unreachable"
    assert address.partition("?")[0] in outcome.err


async def test_the_link_log_is_shown_when_it_is_asked_for(acrel: Acrel, cabinet: Cabinet) -> None:
    quiet = await acrel.on(cabinet, "read", "--unit", "7", "--model", "asj10l")
    talking = await acrel.on(cabinet, "read", "--unit", "7", "--model", "asj10l", "--verbose")
    assert quiet.err == ""
    assert "modbus" in talking.err
    assert talking.out == quiet.out


async def test_the_users_own_model_wins_over_the_built_in_one(acrel: Acrel, cabinet: Cabinet, tmp_path: Path) -> None:
    text = """
        [model]
        id = "asj10l"
        name = "Mine"
        title = { en = "Mine" }
        evidence = "imported"
        source = "my table"
        [[circuits]]
        numbers = "1"
        points.Lg = { at = 0x0000 }
    """
    (tmp_path / "asj10l.toml").write_text(text)
    outcome = await acrel.on(cabinet, "read", "--unit", "7", "--model", "asj10l", "--models", tmp_path, "--json")
    assert outcome.json["circuits"] == {"1": {"Lg": truth(cabinet, ASJ10L)["1"]["Lg"]}}


@pytest.mark.parametrize("how", [2, 3, 4, "silent", "short"])
async def test_a_device_with_a_short_longest_answer_is_read_whole(
    acrel: Acrel, cabinet: Cabinet, how: int | str
) -> None:
    cabinet.set_scenario("limited", ADW300, most=20, how=how)
    outcome = await acrel.on(cabinet, "read", "--unit", "1", "--model", "adw300", "--json", *QUICK)
    assert (outcome.code, outcome.err) == (0, "")
    values = [value for circuit in outcome.json["circuits"].values() for value in circuit.values()]
    assert (len(values), None in values) == (335, False)


async def test_an_alarm_that_cannot_be_read_is_named_and_not_quiet(
    acrel: Acrel, cabinet: Cabinet, tmp_path: Path
) -> None:
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
        LgHigh = { at = 0x001E, type = "bit", bit = 5 }
        ULow = { at = 0xF000 }
        """)
    outcome = await acrel.on(cabinet, "read", "--unit", "7", "--model", path, "--no-probe")
    assert outcome.code == 3
    assert "1 alarm quiet" in outcome.out
    assert "1 alarm unknown, which is not quiet: ULow@1" in outcome.out
