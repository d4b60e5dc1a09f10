"""`acrel operate`: nothing is sent without --confirm, and the exit code is 0 only when the position was read back."""

from collections.abc import Sequence
from typing import Any

import pytest

from simulator import Cabinet
from simulator.scenarios import Option
from tests.aioacrel.cli_rigs import NOBODY, Acrel, Outcome
from tests.aioacrel.control_rigs import cabinet_of, time_passing

pytestmark = pytest.mark.virtual_time

KEYS = ["outcome", "reason", "writes", "position"]


@pytest.fixture
def acrel(capsys: pytest.CaptureFixture[str]) -> Acrel:
    return Acrel(capsys)


async def operate(acrel: Acrel, cabinet: Cabinet, *arguments: str) -> Outcome:
    async with time_passing(cabinet.advance):
        return await acrel.on(
            cabinet, "operate", "--unit", "1", "--model", cabinet.units[1].model, *arguments, "--json"
        )


async def shown(acrel: Acrel, cabinet: Cabinet, *arguments: str) -> Outcome:
    """Run it for people."""
    async with time_passing(cabinet.advance):
        return await acrel.on(cabinet, "operate", "--unit", "1", "--model", cabinet.units[1].model, *arguments)


def said(outcome: Outcome) -> tuple[Any, ...]:
    assert list(outcome.json) == KEYS
    return (outcome.code, *outcome.json.values())


@pytest.mark.parametrize("model_id", ["ddsy1352", "dtsy1352"])
async def test_a_meter_is_forced_open_closed_and_released(acrel: Acrel, model_id: str) -> None:
    async with cabinet_of(model_id) as cabinet:
        for code, position in (("FORRLYOFF", "open"), ("FORRLYON", "closed"), ("FORRLYREL", "closed")):
            outcome = await operate(acrel, cabinet, code, "--confirm")
            assert said(outcome) == (0, "confirmed", None, 1, position)
        assert len(cabinet.units[1].writes) == 3


async def test_without_confirm_the_position_is_told_and_nothing_sent(acrel: Acrel) -> None:
    async with cabinet_of() as cabinet:
        outcome = await operate(acrel, cabinet, "FORRLYOFF")
        assert said(outcome) == (1, "refused", "not_confirmed", 0, "closed")
        assert "--confirm sends it. Position: closed" in outcome.err
        assert "Once it is done: The meter stays forced open" in outcome.err
        assert "no isolation" in outcome.err
        chinese = await operate(acrel, cabinet, "FORRLYOFF", "--language", "zh")
        assert "加 --confirm 才发送。位置：合闸" in chinese.err
        assert "sends it" not in chinese.err
        assert cabinet.units[1].writes == []
    async with cabinet_of("adw300") as cabinet:
        outcome = await shown(acrel, cabinet, "LgHighVal02", "--value", "250")
        assert outcome.code == 1
        assert "Would be set to 250 mA" in outcome.out
        assert f"Value: {cabinet.units[1].truth()['1']['LgHighVal02']:g} mA" in outcome.out
        cabinet.units[1].device.write(0x01E6, [3])
        assert said(await operate(acrel, cabinet, "DO1ON")) == (1, "refused", "not_remote", 0, "on")
        assert cabinet.units[1].writes == []


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"travel_s": 1e6}, (1, "failed", "stuck", 1, "closed")),
        ({"travel_s": 6.0}, (0, "confirmed", "moved_late", 1, "open")),
        ({"falls_back_s": 1.0}, (3, "unverified", "fell_back", 1, "closed")),
        ({"live_block": False}, (1, "refused", "not_offered", 0, None)),
    ],
)
async def test_what_is_not_confirmed_has_another_exit_code(
    acrel: Acrel, options: dict[str, Option], expected: Sequence[object]
) -> None:
    async with cabinet_of("ddsy1352", options) as cabinet:
        assert said(await operate(acrel, cabinet, "FORRLYOFF", "--confirm")) == expected


LASTING = "stays forced open"
PERHAPS = "If it was carried out, or still is: The meter stays forced open"


@pytest.mark.parametrize(
    ("options", "told", "warning"),
    [
        ({}, "Done: the position was read back. Position: open\n", "The meter stays forced open"),
        ({"travel_s": 1e6}, "did not move. Position: closed\n", ""),
        (
            {"falls_back_s": 1.0},
            "Position: closed\n",
            "If it was carried out, or still is: The meter stays forced open",
        ),
        ({"live_block": False}, "Refused, nothing was sent", ""),
    ],
)
async def test_what_became_of_it_is_on_stdout_and_what_follows_from_it_on_stderr(
    acrel: Acrel, options: dict[str, Option], told: str, warning: str
) -> None:
    async with cabinet_of("ddsy1352", options) as cabinet:
        outcome = await shown(acrel, cabinet, "FORRLYOFF", "--confirm")
    assert outcome.out.startswith("FORRLYOFF@1 (Forced open): ")
    assert told in outcome.out
    assert outcome.err.startswith(warning)
    assert (LASTING in outcome.err) is bool(warning)


async def test_after_a_write_without_an_answer_one_has_to_look(acrel: Acrel) -> None:
    """The unit falls silent with the write: neither done nor not done."""
    async with cabinet_of() as cabinet:
        cabinet.units[1].writes = _Silencing(cabinet)
        outcome = await shown(acrel, cabinet, "FORRLYOFF", "--confirm")
    assert outcome.code == 3
    assert "look before anything else is done" in outcome.out
    assert "Position: not known" in outcome.out
    assert outcome.err.startswith("Look before anything else is done")
    assert PERHAPS in outcome.err


class _Silencing(list[Any]):
    """Writes after the first of which the unit says nothing."""

    def __init__(self, cabinet: Cabinet) -> None:
        super().__init__()
        self._cabinet = cabinet

    def append(self, write: object) -> None:
        super().append(write)
        self._cabinet.set_scenario("silent")


@pytest.mark.parametrize("unit", ["99", "0"])
async def test_a_unit_that_is_not_there_did_not_answer(acrel: Acrel, unit: str) -> None:
    typed = ("--unit", unit, "--model", "ddsy1352", "FORRLYOFF")
    async with cabinet_of() as cabinet:
        for rest in (("--confirm",), ()):
            outcome = await acrel.on(cabinet, "operate", *typed, *rest)
            assert outcome.code == 1
            assert f"Unit {unit} did not answer" in outcome.out + outcome.err
            assert "Position: not known" in outcome.out
            assert "Check unit id" in outcome.err
            assert (LASTING in outcome.err) is not bool(rest)
        outcome = await acrel.on(cabinet, "operate", *typed, "--confirm", "--json")
        assert said(outcome) == (1, "refused", "not_sent", 0, None)


async def test_outputs_go_on_and_off_only_when_remote(acrel: Acrel) -> None:
    async with cabinet_of("adw300", {"wiring": "none"}) as cabinet:
        assert said(await operate(acrel, cabinet, "DO1ON", "--confirm")) == (0, "confirmed", None, 1, "on")
        assert said(await operate(acrel, cabinet, "do1off", "--confirm")) == (0, "confirmed", None, 1, "off")
        cabinet.units[1].device.write(0x01E6, [3])
        assert said(await operate(acrel, cabinet, "DO1ON", "--confirm")) == (1, "refused", "not_remote", 0, "on")


async def test_a_setting_is_changed_and_read_back(acrel: Acrel) -> None:
    async with cabinet_of("adw300") as cabinet:
        changed = await operate(acrel, cabinet, "LgHighVal02", "--value", "250", "--confirm")
        assert said(changed) == (0, "confirmed", None, 1, None)
        assert cabinet.units[1].truth()["1"]["LgHighVal02"] == 250
        refused = await operate(acrel, cabinet, "LgHighVal02", "--value", "5000", "--confirm")
        assert (refused.code, refused.json["outcome"], refused.json["writes"]) == (1, "refused", 0)
        assert len(cabinet.units[1].writes) == 1


async def test_nobody_answers(acrel: Acrel) -> None:
    outcome = await acrel.beside(
        "operate", NOBODY, "--unit", "1", "--model", "ddsy1352", "FORRLYOFF", "--confirm", "--json"
    )
    assert (outcome.code, outcome.json["outcome"], outcome.json["writes"]) == (1, "refused", 0)


@pytest.mark.parametrize(
    ("model_id", "arguments", "sentence"),
    [
        ("ddsy1352", ("RLYON",), "DDSY1352 has no command 'RLYON' and no setting of that name that may be changed; "),
        ("ddsy1352", ("Lg",), "DDSY1352 has no command 'Lg' and no setting of that name that may be changed; "),
        ("ddsy1352", ("FORRLYOFF", "--circuit", "2"), "has FORRLYOFF not in circuit 2; there is FORRLYOFF@1\n"),
        ("ddsy1352", ("forrlyoff@2",), "has FORRLYOFF not in circuit 2; there is FORRLYOFF@1\n"),
        ("ddsy1352", ("FORRLYOFF@1", "--circuit", "2"), "said twice, and differently: FORRLYOFF@1, and --circuit 2\n"),
        ("ddsy1352", ("FORRLYOFF", "--value", "1"), "FORRLYOFF@1 is a command and takes no --value\n"),
        ("adw300", ("LgHighVal02",), "LgHighVal02@1 is a setting: say with --value what it is to be ("),
        ("adw300", ("LgHighVal02", "--value", "much"), "'much' is no number; LgHighVal02@1 takes "),
    ],
)
def test_what_was_typed_wrong_is_said_in_one_sentence(
    acrel: Acrel, model_id: str, arguments: Sequence[str], sentence: str
) -> None:
    outcome = acrel("operate", NOBODY, "--unit", "1", "--model", model_id, *arguments, "--confirm")
    assert (outcome.code, outcome.out) == (2, "")
    assert sentence in outcome.err
    assert outcome.err.count("\n") == 1


async def test_a_code_may_name_its_circuit(acrel: Acrel) -> None:
    async with cabinet_of() as cabinet:
        for code in ("forrlyoff@1", " FORRLYON @ 1 "):
            outcome = await operate(acrel, cabinet, code, "--circuit", "1", "--confirm")
            assert (outcome.code, outcome.json["outcome"]) == (0, "confirmed")


def test_a_value_out_of_range_is_told_with_its_limits(acrel: Acrel) -> None:
    order = ("--unit", "1", "--model", "adw300", "LgHighVal02", "--value", "999999", "--confirm")
    outcome = acrel("operate", NOBODY, *order)
    assert outcome.code == 1
    assert "Refused, nothing was sent: it cannot be set to that (999999 mA lies outside " in outcome.out
    assert "withdrawn" not in outcome.out
    assert said(acrel("operate", NOBODY, *order, "--json")) == (1, "refused", "bad_value", 0, None)
