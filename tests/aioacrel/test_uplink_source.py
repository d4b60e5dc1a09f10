"""A device that calls in is a device like any other: its uploads are readings, and it is polled and operated."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from custom_components.acrel_safety.aioacrel.control.caller import Caller as Person
from custom_components.acrel_safety.aioacrel.control.caller import CallerKind
from custom_components.acrel_safety.aioacrel.control.control import Control
from custom_components.acrel_safety.aioacrel.control.outcome import Outcome, Reason, Result
from custom_components.acrel_safety.aioacrel.control.policy import Policy
from custom_components.acrel_safety.aioacrel.control.rights import Rights
from custom_components.acrel_safety.aioacrel.device import Device
from custom_components.acrel_safety.aioacrel.errors import WrongDeviceError
from custom_components.acrel_safety.aioacrel.readings import PointKey, Quality, Value
from custom_components.acrel_safety.aioacrel.uplink.events import EventKind
from custom_components.acrel_safety.aioacrel.uplink.hub import Polling, UplinkHub
from custom_components.acrel_safety.aioacrel.uplink.messages import DataUpload
from custom_components.acrel_safety.aioacrel.uplink.sections import Seal, Section
from custom_components.acrel_safety.aioacrel.uplink.source import PERIODS, UplinkSource
from custom_components.acrel_safety.aioacrel.uplink.uploads import UNVERIFIED, UploadDecoder, UploadForm
from custom_components.acrel_safety.aioacrel.vocabulary import Pace
from simulator import Cabinet
from simulator.uplink import QUIRKS, Caller, Fleet, Quirks
from tests.aioacrel.control_rigs import time_passing
from tests.aioacrel.rigs import LIBRARY
from tests.aioacrel.uplink_rigs import device_on, serving

pytestmark = pytest.mark.virtual_time

OPEN, CLOSE = PointKey("1", "FORRLYOFF"), PointKey("1", "FORRLYON")
RELAY = PointKey("1", "RlySta")


def values(device: Device) -> Mapping[PointKey, Value]:
    return {key: reading.value for key, reading in device.readings.items() if reading.value is not None}


def truth(caller: Caller) -> Mapping[PointKey, Value]:
    return {
        PointKey(circuit, code): value
        for circuit, codes in caller.unit.truth().items()
        for code, value in codes.items()
    }


@pytest.mark.parametrize("quirks", QUIRKS)
@pytest.mark.parametrize("model", ["ddsy1352", "dtsy1352", "arcm300"])
async def test_what_is_uploaded_is_read_at_once(model: str, quirks: str) -> None:
    async with device_on(model, QUIRKS[quirks]) as (device, caller, _):
        found, expected = values(device), truth(caller)
        assert caller.asked == []
        assert len(found) > 25
        wrong = {key: (value, expected[key]) for key, value in found.items() if value != pytest.approx(expected[key])}
        assert wrong == {}
        origins = {reading.origin for reading in device.readings.values() if reading.value is not None}
        assert origins == {UNVERIFIED if QUIRKS[quirks].without_inner_checksum else "uplink"}


async def test_an_upload_holds_for_some_periods_whatever_becomes_of_the_connection() -> None:
    async with device_on("ddsy1352", Quirks(drop_after_s=120, redial_s=900), minutes=5) as (device, caller, log):
        await log.until(EventKind.LOST)
        since = caller.uploads
        await asyncio.sleep(PERIODS * 300 - 121)
        assert device.readings[RELAY].value is True
        await asyncio.sleep(10)
        assert caller.uploads == since
        assert device.readings[RELAY].quality is Quality.NO_ANSWER
        await log.until(EventKind.LOGIN, 2)
        await asyncio.sleep(0.5)
        assert device.readings[RELAY].value is True


async def test_what_was_polled_holds_as_long_while_the_device_is_away_and_no_longer() -> None:
    async with device_on("ddsy1352", Quirks(redial_s=90_000), polling=Polling(), minutes=5) as (device, caller, log):
        await asyncio.sleep(60)
        [source] = device.sources
        assert isinstance(source, UplinkSource)
        polled = values(device).keys() - {key for block in source.decoder.blocks for key in block.keys}
        assert polled
        caller.hang_up()
        await log.until(EventKind.LOST)
        await asyncio.sleep(PERIODS * 300 - 70)
        assert polled <= values(device).keys()
        assert device.is_heard
        await asyncio.sleep(120)
        assert values(device) == {}
        assert not device.is_heard


async def test_between_uploads_it_is_polled_sparingly() -> None:
    async with device_on("ddsy1352", polling=Polling(), minutes=60) as (device, caller, _):
        await asyncio.sleep(30)
        before = values(device)[PointKey("1", "Fr")]
        caller.unit.hold("U", 200.0)
        caller.unit.hold("Fr", 49.0)
        assert before != 49.0
        await asyncio.sleep(900)
        assert (values(device)[PointKey("1", "U")], values(device)[PointKey("1", "Fr")]) == (200.0, 49.0)
        # The newest holds: what is uploaded now is told, though it was polled before.
        caller.unit.hold("U", 210.0)
        caller.upload()
        await asyncio.sleep(0.5)
        assert values(device)[PointKey("1", "U")] == 210.0
        [source] = device.sources
        before_day = source.figures()["data_month"]
        await asyncio.sleep(86400)
        assert before_day is not None
        assert 10_000 < (source.figures()["data_month"] or 0) - before_day < 250_000


async def test_what_is_asked_in_vain_was_uploaded() -> None:
    async with device_on("ddsy1352", Quirks(sleeps=True), polling=Polling(), minutes=30) as (device, caller, _):
        for _ in range(8):
            await asyncio.sleep(900)
            assert device.readings[RELAY].value is True
        assert caller.logins == 1
        assert caller.uploads == 5


PERSON = Person(kind=CallerKind.PERSON, name="test", is_administrator=True)
LEAVE = Policy(is_enabled=True, may_close=True, rights=Rights.usual())


async def operate(device: Device, caller: Caller, key: PointKey) -> Outcome:
    control = Control(device, lambda: LEAVE, settle_seconds=1.5)
    async with time_passing(caller.unit.advance):
        return await control.operate(key, PERSON, is_confirmed=True)


@pytest.mark.parametrize(
    "quirks",
    [QUIRKS["good"], QUIRKS["cut"], QUIRKS["terse"], Quirks(latency_s=0.8)],
    ids=("good", "cut", "terse", "late"),
)
async def test_a_meter_is_opened_and_closed_with_its_position_confirmed_through_its_card(quirks: Quirks) -> None:
    async with device_on("dtsy1352", quirks) as (device, caller, _):
        for key, is_closed in ((OPEN, False), (CLOSE, True)):
            outcome = await operate(device, caller, key)
            assert (outcome.result, outcome.position, outcome.writes) == (Result.CONFIRMED, is_closed, 1)
            assert device.readings[RELAY].value is is_closed
        assert len(caller.unit.writes) == 2
        caller.hang_up()
        await asyncio.sleep(1)
        outcome = await operate(device, caller, OPEN)
        assert (outcome.result, outcome.reason, outcome.writes) == (Result.REFUSED, Reason.NOT_SENT, 0)
        assert len(caller.unit.writes) == 2


async def test_what_was_read_since_an_upload_is_not_forgotten_for_it_when_the_connection_is_lost() -> None:
    async with device_on("dtsy1352", Quirks(redial_s=900), polling=Polling()) as (device, caller, log):
        await asyncio.sleep(60)
        assert (await operate(device, caller, OPEN)).result is Result.CONFIRMED
        caller.hang_up()
        await log.until(EventKind.LOST)
        await asyncio.sleep(300)
        assert device.readings[RELAY].value is False


async def test_of_another_device_nothing_is_believed() -> None:
    async with device_on("dtsy1352", of="ddsy1352", polling=Polling()) as (device, caller, _):
        await asyncio.sleep(120)
        caller.upload()
        await asyncio.sleep(1)
        assert values(device) == {}
        assert isinstance(device.trouble, WrongDeviceError)


async def test_an_hour_of_a_fleet_with_every_quirk_brings_no_wrong_value_and_loses_nobody() -> None:
    async with serving() as (server, port, _):
        hub = UplinkHub(server)
        cabinet = Cabinet.of({}, frozen=True)
        fleet = Fleet(cabinet, minutes=5)
        devices: dict[str, Device] = {}
        for caller in fleet.callers:
            known = LIBRARY.get(caller.unit.model)
            device = devices[caller.serial] = Device(caller.serial, known)
            device.attach(hub.source(caller.serial, known, polling=Polling()))
            device.want(known.readable)
        hub.start()
        fleet.start("127.0.0.1", port)
        for _ in range(60):
            await asyncio.sleep(60)
            for caller in fleet.callers:
                found, expected = values(devices[caller.serial]), truth(caller)
                assert {key for key, value in found.items() if value != pytest.approx(expected[key])} == set()
                assert len(found) > 25, caller.serial
        assert all(caller.unit.writes == [] for caller in fleet.callers)
        await hub.stop()
        await fleet.stop()


def decoder(model: str = "arcm300") -> UploadDecoder:
    return UploadDecoder(UploadForm(LIBRARY.get(model)), 1, None, lambda: datetime(2026, 11, 26, tzinfo=UTC))


def section(number: int, count: int, *, unit: int = 1, seal: Seal = Seal.RIGHT, word: int | None = None) -> Section:
    words = tuple(range(100, 100 + count)) if word is None else (word,) * count
    return Section(f"{unit}-{number}", seal, unit, 3, words)


def raw(address: int) -> PointKey:
    return PointKey("1", f"DOC_Raw {address:04X}")


def test_a_section_is_known_by_its_order_and_size() -> None:
    mine = decoder()
    taken = mine.take(DataUpload("", (section(1, 42), section(2, 7), section(3, 2), section(4, 19, unit=2))))
    assert taken.readings.keys() == {raw(0x1000 + n) for n in range(42)} | {raw(0x1300), raw(0x1301)}
    assert taken.readings[raw(0x1000)].value == 100
    assert mine.figures.unknown == 1
    # One that comes where it cannot be is something else of the same size.
    assert mine.take(DataUpload("", (section(1, 10), section(2, 42)))).readings.keys() == {
        raw(0x1995 + n) for n in range(10)
    }


def test_a_block_that_the_device_has_no_answer_for_or_whose_checksum_is_wrong_is_lost() -> None:
    sections = (
        section(1, 42),
        Section("1-2", Seal.INVALID),
        Section("1-3", Seal.WRONG, 1, 3, (1, 2), b"\0\0"),
        section(4, 19),
        Section("1-9", Seal.INVALID),
    )
    readings = decoder().take(DataUpload("", sections)).readings
    lost = {key for key, reading in readings.items() if reading.quality is Quality.NO_ANSWER}
    assert lost == {raw(0x1204 + n) for n in range(26)} | {raw(0x1300), raw(0x1301)}
    assert readings[raw(0x121E)].value == 100


@pytest.mark.parametrize("word", [0, 0xFFFF])
def test_what_a_dead_meter_would_say_is_told_only_beside_a_sign_of_life(word: int) -> None:
    blank = [section(number, count, word=word) for number, count in ((2, 26), (3, 2), (4, 19), (5, 10))]
    alone = decoder().take(DataUpload("", (section(1, 42, word=word), *blank))).readings
    assert all(reading.value is None for reading in alone.values())
    beside = decoder().take(DataUpload("", (section(1, 42), *blank))).readings
    assert (beside[raw(0x1204)].value == 0) is (word == 0)


def test_a_constant_that_is_another_means_another_device() -> None:
    taken = decoder("ddsy1352").take(DataUpload("", (section(1, 48),)))
    assert taken.is_strange
    assert all(reading.value is None for reading in taken.readings.values())


def test_the_form_of_eight_tariffs_whose_place_is_not_known_stays_unknown() -> None:
    mine = decoder("dtsy1352")
    assert mine.take(DataUpload("", (section(1, 72),))).readings == {}
    assert mine.figures.unknown == 1
    assert Pace.FAST in Polling().intervals
