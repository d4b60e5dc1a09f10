"""Prepaid meters: the live block, older meters without it, and the registers nobody may touch."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from custom_components.acrel_safety.aioacrel.errors import WrongDeviceError
from custom_components.acrel_safety.aioacrel.modbus import ModbusHub
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.points import Model
from custom_components.acrel_safety.aioacrel.readings import PointKey, Quality, Value
from custom_components.acrel_safety.aioacrel.registers import RegisterMap
from custom_components.acrel_safety.aioacrel.registers.decode import decoded
from custom_components.acrel_safety.aioacrel.source import Update
from custom_components.acrel_safety.aioacrel.vocabulary import Kind, Pace
from simulator import Cabinet
from simulator.devices.prepaid import PrepaidDevice
from simulator.scenarios import Option
from tests.aioacrel.cli_rigs import Acrel
from tests.aioacrel.rigs import model, open_device, open_unit

pytestmark = pytest.mark.virtual_time

PREPAID = ("ddsy1352", "dtsy1352", "adf300", "adf400l")
TABLE_CODES = {
    *("EP", "EPJ", "EPF", "EPP", "EPG", "U", "I", "P", "Q", "S", "PF", "Fr"),
    "DOC_Deep valley energy",
}
POSITION, FORCED, WANTS = "RlySta", "ForceCtrl", "DOC_Forced control wants closed"
WARNINGS = ("DOC_Over limit", "DOC_Arrears", "DOC_Low credit 1", "DOC_Low credit 2")
STATUS, COMMAND = 0x0224, 0x0057


def meter(model_id: str = "ddsy1352", **options: Option) -> Cabinet:
    return Cabinet.of({1: model_id}, frozen=True, options={1: options})


def key(code: str) -> PointKey:
    return PointKey("1", code)


async def values_of(cabinet: Cabinet, *codes: str) -> list[Value | None]:
    """Return what a meter says, as whatever it turns out to be."""
    async with open_device(cabinet, 1) as device:
        await device.probe()
        device.want([key(code) for code in codes])
        for pace in Pace:
            await device.poll(pace)
        return [device.readings[key(code)].value for code in codes]


def said_by(model_id: str, code: str, word: int) -> Value | None:
    """Return what a status word says of a point."""
    known = model(model_id)
    return decoded(known.points[key(code)], known.registers.places[key(code)], [word])


def at_status(model_id: str, at: PointKey) -> bool:
    return model(model_id).registers.places[at].address == STATUS


# -- the live block ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model_id", ["ddsy1352", "dtsy1352"])
async def test_codes_of_former_versions_are_all_still_there(model_id: str) -> None:
    """What an installation was set up with keeps its entities: the same codes in the same circuit, all with a value."""
    async with meter(model_id) as cabinet:
        values = await values_of(cabinet, *TABLE_CODES, "CT")
    assert None not in values


@pytest.mark.parametrize(
    ("word", "closed"), [(0x01E8, False), (0xE0EF, True), (0x00E8, False), (0xE1EF, True), (0x2000, True)]
)
@pytest.mark.parametrize("model_id", PREPAID)
def test_the_relay_is_closed_when_any_position_bit_is_set(model_id: str, word: int, *, closed: bool) -> None:
    """Words seen in the field, and one line of three closed: there is voltage behind it."""
    assert said_by(model_id, POSITION, word) is closed


@pytest.mark.parametrize("model_id", PREPAID)
def test_bit_8_of_a_healthy_meter_that_is_off_is_no_alarm(model_id: str) -> None:
    points = model(model_id).points
    alarms = [at.code for at, point in points.items() if point.quantity.kind in (Kind.ALARM, Kind.FAULT)]
    assert sorted(alarms) == sorted(WARNINGS)
    assert [said_by(model_id, code, 0x0100) for code in alarms] == [False] * 4
    assert not any(said_by(model_id, at.code, 0x0100) for at in points if at_status(model_id, at))


async def test_warnings_come_with_the_credit_going() -> None:
    async with meter(credit=0.0) as cabinet:
        assert await values_of(cabinet, "DOC_Remaining amount", "DOC_Cost control", *WARNINGS) == [
            *(0, True),
            *(False, True, True, True),
        ]


@pytest.mark.parametrize("code", ["FORRLYOFF", "FORRLYON", "FORRLYREL"])
@pytest.mark.parametrize("model_id", ["ddsy1352", "dtsy1352"])
async def test_an_operation_shows_where_the_model_says(model_id: str, code: str) -> None:
    """The simulated meter is told by hand what the model file says."""
    known = model(model_id)
    operation, write = known.operations[key(code)], known.registers.writes[key(code)]
    async with meter(model_id) as cabinet:
        # Forced into the other position before, so that what is shown is the operation's doing.
        cabinet.units[1].write(0x10, COMMAND, (1, 1) if code == "FORRLYON" else (1, 0))
        cabinet.advance(5)
        shown = [at.code for at in operation.shows]
        assert await values_of(cabinet, *shown) != list(operation.shows.values())
        cabinet.units[1].write(0x10, write.address, write.registers)
        cabinet.advance(operation.within)
        assert await values_of(cabinet, *shown) == list(operation.shows.values())


# -- older meters ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model_id", ["ddsy1352", "dtsy1352"])
async def test_an_older_meter_is_read_by_the_printed_table_and_shows_nothing_wrong(model_id: str) -> None:
    async with meter(model_id, live_block=False) as cabinet, open_device(cabinet, 1) as device:
        device.want_all()
        assert await device.probe() is None
        for pace in Pace:
            report = await device.poll(pace)
            assert report.error is None
        assert device.readings.keys() == device.model.readable.keys()
        truth = cabinet.truth()[1]["1"]
        for at, reading in device.readings.items():
            if at.code in TABLE_CODES:
                assert reading.value == truth[at.code], at
            else:
                assert (reading.value, reading.quality) == (None, Quality.REFUSED), at
        # The block is not asked for again and again.
        asked = [request for request in cabinet.units[1].requests if 0x0200 <= request.address <= 0x022F]
        assert len(asked) <= 4  # twice by each of the two probes, until the gateway has shown that it echoes numbers


@pytest.mark.parametrize("model_id", ["ddsy1352", "dtsy1352"])
async def test_another_type_code_is_another_device_and_no_older_meter(model_id: str) -> None:
    other = {"ddsy1352": "dtsy1352", "dtsy1352": "ddsy1352"}[model_id]
    async with meter(model_id) as cabinet, open_device(cabinet, 1, of=other) as device:
        with pytest.raises(WrongDeviceError, match="0200h"):
            await device.probe()


async def test_a_meter_exchanged_for_an_older_one_shows_only_what_that_one_has() -> None:
    """And the other way round; nobody is told in between that the old value still holds."""
    async with meter() as cabinet, open_unit(cabinet, 1) as unit:
        hub = ModbusHub("test")
        source = hub.source(unit, model("ddsy1352"), intervals=dict.fromkeys(Pace, 1000.0))
        seen: dict[PointKey, list[Quality]] = {key("P"): [], key(POSITION): []}
        news = asyncio.Event()

        def sink(update: Update) -> None:
            for at in update.readings.keys() & seen.keys():
                seen[at].append(update.readings[at].quality)
            news.set()

        async def until(power: Quality, position: Quality) -> None:
            async with asyncio.timeout(60):
                while [qualities[-1:] for qualities in seen.values()] != [[power], [position]]:
                    news.clear()
                    await news.wait()

        source.join(sink)
        source.want(seen.keys())
        try:
            await hub.start(5)
            await until(Quality.GOOD, Quality.GOOD)
            for live_block, position in ((False, Quality.REFUSED), (True, Quality.GOOD)):
                cabinet.units[1] = meter(live_block=live_block).units[1]
                for qualities in seen.values():
                    qualities.clear()
                assert await source.identify() is None
                assert [qualities[0] for qualities in seen.values()] == [Quality.NO_ANSWER] * 2
                await until(Quality.GOOD, position)
        finally:
            await hub.stop()


# -- what nobody may touch ---------------------------------------------------------------------------------------------


def forbidden(address: int, count: int) -> bool:
    """Ask the simulator, which knows the spans by itself."""
    return any(address < span.stop and address + count > span.start for span in PrepaidDevice.forbidden)


def maps_of_the_family() -> Iterator[tuple[str, RegisterMap]]:
    return ((model_id, registers) for model_id in PREPAID for registers in model(model_id).maps)


@pytest.mark.parametrize(("model_id", "registers"), maps_of_the_family())
def test_no_model_of_the_family_reaches_for_what_holds_passwords(model_id: str, registers: RegisterMap) -> None:
    assert all(
        registers.forbids(span.start, len(span)) and registers.forbids(span[-1], 1) for span in PrepaidDevice.forbidden
    )
    assert not any(forbidden(place.address, place.count) for place in registers.places.values()), model_id
    assert not any(forbidden(check.address, check.count) for check in registers.probes)
    assert not any(forbidden(write.address, len(write.registers)) for write in registers.writes.values())
    assert not any(forbidden(first, last - first + 1) for first, last in registers.ranges)


@pytest.fixture
def acrel(capsys: pytest.CaptureFixture[str]) -> Acrel:
    return Acrel(capsys)


@pytest.mark.parametrize(
    ("model_id", "live_block"),
    [*((model_id, True) for model_id in PREPAID), ("ddsy1352", False), ("dtsy1352", False)],
)
async def test_neither_scan_nor_dump_nor_polls_reach_for_what_holds_passwords(
    acrel: Acrel, tmp_path: Path, model_id: str, *, live_block: bool
) -> None:
    """A scan asks for what other models are known by: some of that lies just there."""
    async with meter(model_id, live_block=live_block) as cabinet:
        scan = await acrel.on(cabinet, "scan", "--units", "1", "--json")
        assert model_id in scan.json["units"][0]["models"]
        for arguments in ((), ("--model", model_id)):
            dump = await acrel.on(cabinet, "dump", "--unit", "1", *arguments, "-o", str(tmp_path / "dump.json"))
            assert dump.code == 0
        async with open_device(cabinet, 1) as device:
            await device.probe()
            device.want_all()
            for pace in Pace:
                await device.poll(pace)
            await device.dump()
        unit = cabinet.units[1]
        assert (unit.trespasses, unit.writes) == ([], [])


async def test_not_even_who_asks_for_them_gets_them(acrel: Acrel) -> None:
    async with meter() as cabinet:
        dump = await acrel.on(cabinet, "dump", "--unit", "1", "--model", "ddsy1352", "--range", "0x350-0x370", "--json")
        assert "passwords" in dump.err
        assert cabinet.units[1].trespasses == []


def test_every_model_that_shares_the_type_code_register_shares_the_spans() -> None:
    by_code: list[Model] = [
        known for known in ModelLibrary().usable() if any(check.address == 0x0200 for check in known.registers.probes)
    ]
    assert {known.id for known in by_code} == set(PREPAID)
    assert len({tuple(known.registers.forbidden) for known in by_code}) == 1
