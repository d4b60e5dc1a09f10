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


async def test_without_confirm_the_device_is_not_even_asked(acrel: Acrel) -> None:
    async with cabinet_of() as cabinet:
        outcome = await operate(acrel, cabinet, "FORRLYOFF")
        assert said(outcome) == (1, "refused", "not_confirmed", 0, None)
        assert "--confirm" in outcome.err
        assert "no isolation" in outcome.err
        assert (cabinet.units[1].requests, cabinet.units[1].writes) == ([], [])


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
    "arguments",
    [("RLYON",), ("Lg",), ("FORRLYOFF", "--circuit", "2"), ("FORRLYOFF", "--value", "1")],
)
def test_what_cannot_be_told_is_wrong_usage(acrel: Acrel, arguments: Sequence[str]) -> None:
    outcome = acrel("operate", NOBODY, "--unit", "1", "--model", "ddsy1352", *arguments, "--confirm")
    assert outcome.code == 2
    assert "FORRLYOFF@1" in outcome.err


def test_a_setting_needs_a_value_that_is_one(acrel: Acrel) -> None:
    for value in ((), ("--value", "much")):
        outcome = acrel("operate", NOBODY, "--unit", "1", "--model", "adw300", "LgHighVal02", *value, "--confirm")
        assert outcome.code == 2
