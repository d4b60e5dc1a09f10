"""No register that holds a password or the number of a person gets into a dump; some are not even asked for."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.models import ModelLibrary, read_model
from custom_components.acrel_safety.aioacrel.points import Model
from custom_components.acrel_safety.aioacrel.registers import Read
from custom_components.acrel_safety.aioacrel.registers.dump import RegisterDump
from custom_components.acrel_safety.aioacrel.registers.privacy import around, private_registers
from simulator import Cabinet
from tests.aioacrel.cli_rigs import Acrel, strange_unit

LIBRARY = ModelLibrary()
PREPAID = {*range(0x0360, 0x0500), *range(0x1000, 0x1A00)}
SECRET = {
    "asj10l": {0x001D},
    "aim-r100": {0x0000},
    "aim-m10": {0x0000},
    **dict.fromkeys(("ddsy1352", "dtsy1352", "adf300", "adf400l"), PREPAID),
}
"""As the manuals and the vendor's programs name them."""
AT_THE_EDGES = {
    **dict.fromkeys(("asj10l", "aim-r100", "aim-m10"), ("0-0x1F",)),
    **dict.fromkeys(
        ("ddsy1352", "dtsy1352", "adf300", "adf400l"),
        ("0x200-0x211", "0x35E-0x361", "0x4FE-0x501", "0xFFE-0x1001", "0x19FE-0x1A01"),
    ),
}


@pytest.fixture
def acrel(capsys: pytest.CaptureFixture[str]) -> Acrel:
    return Acrel(capsys)


def asked_for(cabinet: Cabinet) -> set[int]:
    """Return every register any request was about."""
    return {
        address
        for unit in cabinet.units.values()
        for request in unit.requests
        for address in range(request.address, request.address + request.count)
    }


def test_each_model_knows_its_secrets() -> None:
    known = {model.id: set(private_registers([model])) for model in LIBRARY.usable()}
    assert {model_id: found for model_id, found in known.items() if found} == SECRET


@pytest.mark.parametrize("model_id", SECRET)
async def test_a_dump_leaves_secrets_out_even_where_somebody_asks_for_them(
    acrel: Acrel, model_id: str, tmp_path: Path
) -> None:
    path = tmp_path / "dump.json"
    async with Cabinet.of({1: model_id}, frozen=True) as cabinet:
        usual: list[str | Path] = ["--unit", "1", "--model", model_id, "-o", path]
        for ranges in ([], ["--range", *AT_THE_EDGES[model_id]]):
            outcome = await acrel.on(cabinet, "dump", *usual, *ranges)
            assert outcome.code == 0
            found = set().union(*RegisterDump.from_json(path.read_text("utf-8")).registers.values())
            assert found
            assert found.isdisjoint(SECRET[model_id])
            assert ("that may hold passwords" in outcome.err) == bool(ranges)
        assert asked_for(cabinet).isdisjoint(SECRET[model_id])


async def test_of_an_unknown_unit_nothing_is_dumped_that_is_a_secret_of_any_known_one(acrel: Acrel) -> None:
    async with strange_unit(registers=0x40) as strange:
        outcome = await asyncio.to_thread(acrel, "dump", strange, "--unit", "1", "--range", "0-0x3F")
    assert set(RegisterDump.from_json(outcome.out).registers[3]) == set(range(0x40)) - {0x0000, 0x001D}
    assert outcome.err == "2 registers that may hold passwords or numbers of people: not read\n"


async def test_a_dump_of_secrets_alone_is_none(acrel: Acrel) -> None:
    async with Cabinet.of({1: "asj10l"}, frozen=True) as cabinet:
        asked = ("--unit", "1", "--model", "asj10l", "--range", "0x1D")
        outcome = await acrel.on(cabinet, "dump", *asked, "--json")
        assert outcome.error == "nothing_dumped"
        assert asked_for(cabinet) == set()


@given(
    st.lists(st.builds(Read, st.sampled_from((3, 4)), st.integers(0, 40), st.integers(1, 20)), max_size=4),
    st.sets(st.integers(0, 60)),
)
def test_around_secrets_all_else_is_read_and_nothing_twice(reads: list[Read], private: set[int]) -> None:
    def registers(some: list[Read]) -> list[tuple[int, int]]:
        return [(read.function, address) for read in some for address in range(read.address, read.end)]

    kept = [one for one in registers(reads) if one[1] not in private]
    assert registers(list(around(reads, private))) == kept


NUMBERED = """\
[model]
id = "numbered"
name = "Numbered"
title = { en = "Numbered" }
evidence = "manual"
source = "test"

[dump]
leave_out = [[0x0010, 0x0011]]

[[circuits]]
numbers = "1"

[circuits.points]
Ua = { at = 0x0000 }
Addr = { at = 0x0001 }
"DOC_Serial number" = { at = 0x0002, type = "u64", kind = "identity" }
"DOC_Kind" = { at = 0x0006, kind = "identity", words = { 1 = "meter" } }
"DOC_Key" = { at = 0x000F, type = "u32" }
"""


def numbered() -> Model:
    return read_model(NUMBERED, file="numbered.toml")


def test_a_number_that_tells_a_device_from_all_others_is_private_and_what_kind_it_is_is_not() -> None:
    model = numbered()
    assert {key.code for key in model.private} == {"Addr", "DOC_Serial number", "DOC_Key"}
    assert private_registers([model]) == {0x01, 0x02, 0x03, 0x04, 0x05, 0x0F, 0x10, 0x11}


def test_secrets_of_several_models_add_up() -> None:
    other = replace(numbered(), registers=replace(numbered().registers, leave_out=((0x0020, 0x0020),), places={}))
    assert private_registers([numbered(), other]) == private_registers([numbered()]) | {0x20}
