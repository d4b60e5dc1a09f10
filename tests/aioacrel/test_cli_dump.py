"""`acrel dump`: raw registers, whole or as far as they could be had."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from custom_components.acrel_safety.aioacrel import __version__
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.registers import Read
from custom_components.acrel_safety.aioacrel.registers.dump import RegisterDump
from simulator import Cabinet
from simulator.cabinet import STANDARD_UNITS
from tests.aioacrel.cli_rigs import NOBODY, Acrel, strange_unit

pytestmark = pytest.mark.virtual_time

LIBRARY = ModelLibrary()
ASJ10L, AIM_R100 = 7, 8
QUICK = ("--timeout", "0.15")
NOT_READ = "2 registers that may hold passwords or numbers of people: not read\n"


@pytest.fixture
def acrel(capsys: pytest.CaptureFixture[str]) -> Acrel:
    return Acrel(capsys)


@pytest.fixture
async def cabinet() -> AsyncIterator[Cabinet]:
    async with Cabinet.standard(frozen=True) as cabinet:
        cabinet.advance(60)
        yield cabinet


def dumped(text: str) -> RegisterDump:
    return RegisterDump.from_json(text)


@pytest.mark.parametrize(("unit_id", "model_id"), STANDARD_UNITS.items(), ids=STANDARD_UNITS.values())
async def test_a_dump_holds_the_registers_of_every_point(
    acrel: Acrel, cabinet: Cabinet, unit_id: int, model_id: str, tmp_path: Path
) -> None:
    path = tmp_path / "dump.json"
    arguments = ("--unit", str(unit_id), "--model", model_id, "-o", path)
    outcome = await acrel.on(cabinet, "dump", *arguments)
    assert outcome.code == 0
    dump = dumped(path.read_text("utf-8"))
    assert (dump.model, dump.unit_id, dump.refused) == (model_id, unit_id, {})
    number = sum(len(space) for space in dump.registers.values())
    assert outcome.out == f"{path}: {number} registers of unit {unit_id} as {model_id}\n"
    words = cabinet.units[unit_id].registers
    for place in LIBRARY.get(model_id).registers.places.values():
        read = Read(place.function, place.address, place.count)
        assert dump.words(read) == [words[address] for address in range(read.address, read.end)]


async def test_without_a_model_the_one_that_fits_is_taken(acrel: Acrel, cabinet: Cabinet) -> None:
    outcome = await acrel.on(cabinet, "dump", "--unit", "8")
    assert outcome.err == "Unit 8 answers like aim-r100\n"
    dump = dumped(outcome.out)
    assert dump.model == "aim-r100"
    assert dump.words(Read(3, 0x004A, 12)) == [cabinet.units[AIM_R100].registers[0x004A + loop] for loop in range(12)]


async def test_a_dump_says_how_it_was_taken_and_not_where(acrel: Acrel, cabinet: Cabinet) -> None:
    for framing, said in (("tcp", "mbap"), ("rtu+tcp", "rtu")):
        outcome = await acrel.on(cabinet, "dump", "--unit", "8", "--model", "aim-r100", framing=framing)
        dump = dumped(outcome.out)
        assert (dump.library, dump.evidence, dump.framing, dump.baudrate) == (__version__, "manual", said, 9600)
        assert "127.0.0.1" not in outcome.out


async def test_what_is_odd_is_said_at_once(acrel: Acrel, cabinet: Cabinet) -> None:
    """The unit is a single-phase meter, read with the table of another."""
    outcome = await acrel.on(cabinet, "dump", "--unit", "4", "--model", "ddsy1352")
    assert outcome.code == 0
    first, *_ = outcome.err.splitlines()
    assert first.startswith("Odd, compare with the display: U@1 is ")
    assert first.endswith(", expected 0 to 500 V (voltage_is_that_of_a_mains)")
    healthy = await acrel.on(cabinet, "dump", "--unit", "4", "--model", "adl100")
    assert healthy.err == ""


async def test_of_a_model_that_does_not_fit_at_all_ten_oddities_are_enough(acrel: Acrel, cabinet: Cabinet) -> None:
    outcome = await acrel.on(cabinet, "dump", "--unit", "1", "--model", "adl3000")
    assert outcome.err.count("Odd, compare with the display: ") == 10
    assert "more values are odd" in outcome.err.splitlines()[-1]


async def test_ranges_are_read_around_what_is_not_there(acrel: Acrel, cabinet: Cabinet, tmp_path: Path) -> None:
    path = tmp_path / "dump.json"
    arguments = ("--unit", "8", "--range", "0-0x0F", "0048h-004bh", "--range", "8000h", "-o", path, "--json")
    outcome = await acrel.on(cabinet, "dump", *arguments)
    registers = cabinet.units[AIM_R100].registers
    dump = dumped(path.read_text("utf-8"))
    asked = [*range(1, 0x10), *range(0x48, 0x4C)]  # 0000h holds the password
    assert dump.registers == {3: {address: registers[address] for address in asked if address in registers}}
    assert {(read.address, read.count) for read in dump.refused} == {(2, 2), (9, 2), (0x49, 1), (0x8000, 1)}
    assert set(dump.refused.values()) == {2}
    assert outcome.json == {"file": str(path), "model": "unknown", "registers": len(dump.registers[3])}


async def test_a_unit_of_no_known_model_is_tried_from_the_first_register_on(acrel: Acrel) -> None:
    async with strange_unit(registers=6) as strange:
        outcome = await acrel.beside("dump", strange, "--unit", "1")
    assert outcome.code == 0
    assert outcome.err == f"Unit 1 answers like no known model: registers 0000h to 00FFh are tried\n{NOT_READ}"
    dump = dumped(outcome.out)
    assert dump.registers == {3: {address: address for address in range(1, 6)}}
    assert dump.refused == {Read(3, 6, 0x17): 2, Read(3, 0x1E, 0xE2): 2}


async def test_what_was_read_before_a_unit_falls_silent_is_kept(acrel: Acrel) -> None:
    async with strange_unit(registers=0x100, silent_from=0x30) as strange:
        outcome = await acrel.beside("dump", strange, "--unit", "1", "--range", "0-0xFF", *QUICK)
    assert outcome.code == 3
    assert outcome.err == f"{NOT_READ}The dump ends early: Unit 1 did not answer within 0.15 s\n"
    assert set(dumped(outcome.out).registers[3]) <= set(range(1, 0x30))
    assert set(dumped(outcome.out).registers[3]) >= set(range(1, 0x1D))


async def test_a_unit_that_has_none_of_the_registers(acrel: Acrel, cabinet: Cabinet) -> None:
    outcome = await acrel.on(cabinet, "dump", "--unit", "7", "--range", "F000h-F003h", "--json")
    assert outcome.error == "nothing_dumped"


async def test_what_cannot_be_dumped_is_said(acrel: Acrel, cabinet: Cabinet, tmp_path: Path) -> None:
    asked = ("--unit", "7", "--json", *QUICK)
    assert (await acrel.on(cabinet, "dump", *asked, "--model", "ascb1")).error == "register_table_missing"
    nowhere = tmp_path / "none" / "dump.json"
    assert (await acrel.on(cabinet, "dump", *asked, "-o", nowhere)).error == "system_error"
    cabinet.set_scenario("silent", ASJ10L)
    assert (await acrel.on(cabinet, "dump", *asked)).error == "no_answer"
    assert (await acrel.on(cabinet, "dump", *asked, "--model", "asj10l")).error == "no_answer"
    assert (await acrel.beside("dump", NOBODY, *asked)).error == "link_unreachable"
