"""A meter behind an XML gateway is a device like any other: it is polled and operated, and what it reports fills in."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from custom_components.acrel_safety.aioacrel.control.caller import Caller as Person
from custom_components.acrel_safety.aioacrel.control.caller import CallerKind
from custom_components.acrel_safety.aioacrel.control.control import Control
from custom_components.acrel_safety.aioacrel.control.outcome import Outcome, Reason, Result
from custom_components.acrel_safety.aioacrel.control.policy import Policy
from custom_components.acrel_safety.aioacrel.control.rights import Rights
from custom_components.acrel_safety.aioacrel.device import Device
from custom_components.acrel_safety.aioacrel.errors import DeviceAwayError, MissingTableError, WrongDeviceError
from custom_components.acrel_safety.aioacrel.readings import PointKey, Quality, Reading, Value
from custom_components.acrel_safety.aioacrel.uplink.events import EventKind
from custom_components.acrel_safety.aioacrel.xmlgateway.clock import GatewayClock, zoned
from custom_components.acrel_safety.aioacrel.xmlgateway.history import MOST_TIMES, Record, Told
from custom_components.acrel_safety.aioacrel.xmlgateway.hub import Polling, XmlHub
from custom_components.acrel_safety.aioacrel.xmlgateway.messages import Function, MeterReport
from custom_components.acrel_safety.aioacrel.xmlgateway.names import MeterId
from custom_components.acrel_safety.aioacrel.xmlgateway.source import MeterSource
from custom_components.acrel_safety.aioacrel.xmlgateway.values import MOST_EXTRAS, ReportDecoder
from simulator import Cabinet
from tests.aioacrel.control_rigs import time_passing
from tests.aioacrel.rigs import LIBRARY
from tests.aioacrel.uplink_rigs import Log
from tests.aioacrel.xml_rigs import CHINA, HEARTBEAT, NAME, Guest, now, report, serving, stamp, xml

pytestmark = pytest.mark.virtual_time

REPORTS_ONLY = Polling(is_on=False)
METER = MeterId(1, 1)
UA, RELAY = PointKey("1", "Ua"), PointKey("1", "RlySta")
OPEN, CLOSE = PointKey("1", "FORRLYOFF"), PointKey("1", "FORRLYON")


@dataclass
class Rig:
    """A gateway with one meter, and the device that is made of it."""

    device: Device
    source: MeterSource
    cabinet: Cabinet
    hub: XmlHub
    port: int
    log: Log
    past: list[Record]
    guest: Guest

    async def report(self, content: str, *, kind: str = "report") -> None:
        """Report, and wait until it was heard."""
        self.guest.report(content, kind=kind)
        await asyncio.sleep(0.5)

    async def call_again(self) -> None:
        await self.guest.leave()
        self.guest = await Guest.logged_in(self.port)
        self.guest.serve(**{f"u{number}": unit for number, unit in self.cabinet.units.items()})


@asynccontextmanager
async def meter_of(model: str, *, polling: Polling = REPORTS_ONLY, known_as: str = "") -> AsyncIterator[Rig]:
    async with serving(NAME) as (server, port, log):
        past: list[Record] = []
        hub = XmlHub(server, polling=polling, on_past=lambda _, records: past.extend(records))
        known = LIBRARY.get(known_as or model)
        source = hub.source(server.gateways[NAME], METER, known, clock=now)
        device = Device("01001", known)
        detach = device.attach(source)
        device.want(known.points)
        hub.start()
        cabinet = Cabinet.of({1: model} if not known.needs_table else {}, frozen=True)
        guest = await Guest.logged_in(port)
        if not known.needs_table:
            guest.serve(u1=cabinet.units[1])
        rig = Rig(device, source, cabinet, hub, port, log, past, guest)
        try:
            yield rig
        finally:
            await rig.guest.leave()
            detach()
            await hub.stop()


def values(device: Device) -> Mapping[PointKey, Value]:
    return {key: reading.value for key, reading in device.readings.items() if reading.value is not None}


async def test_what_is_reported_fills_in_and_what_is_polled_holds() -> None:
    async with meter_of("dtsy1352") as rig:
        await rig.report(report({"Ua": "231.5", "ub": "229", "WPP": "433.31", "RlySta": "1"}, stamp()))
        assert values(rig.device) == {UA: 231.5, PointKey("1", "Ub"): 229.0, RELAY: True}
        rig.hub.source(rig.hub.server.gateways[NAME], MeterId(1, 2), LIBRARY.get("dtsy1352"))
        assert rig.guest.asked == []
    async with meter_of("dtsy1352", polling=Polling()) as rig:
        unit = rig.cabinet.units[1]
        await rig.report(report({"Ua": "111.1", "Temp": "40"}, stamp()))
        await asyncio.sleep(60)
        expected = {
            PointKey(circuit, code): value for circuit, codes in unit.truth().items() for code, value in codes.items()
        }
        found = values(rig.device)
        assert len(found) > 25
        wrong = {key: value for key, value in found.items() if value != pytest.approx(expected.get(key))}
        assert wrong == {}
        # Where it cannot be asked, what was reported stands in, as long as it holds.
        unit.set_scenario("silent")
        await rig.report(report({"Ua": "111.1"}, stamp()))
        await asyncio.sleep(60)
        assert rig.device.readings[UA].value == 111.1
        unit.set_scenario("normal")
        await asyncio.sleep(120)
        assert rig.device.readings[UA].value == pytest.approx(expected[UA])
        await rig.call_again()
        await asyncio.sleep(60)
        assert rig.device.readings[UA].value == pytest.approx(expected[UA])
        assert unit.writes == []


PERSON = Person(kind=CallerKind.PERSON, name="test", is_administrator=True)
LEAVE = Policy(is_enabled=True, may_close=True, rights=Rights.usual())


async def operate(rig: Rig, key: PointKey) -> Outcome:
    control = Control(rig.device, lambda: LEAVE, settle_seconds=1.5)
    async with time_passing(rig.cabinet.units[1].advance):
        return await control.operate(key, PERSON, is_confirmed=True)


async def test_a_meter_is_opened_and_closed_with_its_position_confirmed_through_its_gateway() -> None:
    async with meter_of("dtsy1352", polling=Polling()) as rig:
        await asyncio.sleep(30)
        for key, is_closed in ((OPEN, False), (CLOSE, True)):
            outcome = await operate(rig, key)
            assert (outcome.result, outcome.position, outcome.writes) == (Result.CONFIRMED, is_closed, 1)
        assert len(rig.cabinet.units[1].writes) == 2
        await rig.guest.leave()
        await rig.log.until(EventKind.LOST)
        outcome = await operate(rig, OPEN)
        assert (outcome.result, outcome.reason, outcome.writes) == (Result.REFUSED, Reason.NOT_SENT, 0)
        assert len(rig.cabinet.units[1].writes) == 2


async def test_of_another_device_nothing_is_believed() -> None:
    async with meter_of("dtsy1352", known_as="ddsy1352", polling=Polling()) as rig:
        await rig.report(report({"U": "231.5"}, stamp()))
        await asyncio.sleep(120)
        await rig.report(report({"U": "231.5"}, stamp()))
        assert values(rig.device) == {}
        assert isinstance(rig.device.trouble, WrongDeviceError)


async def test_a_meter_without_a_register_is_what_it_reports_and_cannot_be_asked() -> None:
    async with meter_of("aafd") as rig:
        lg, arc = PointKey("1", "Lg"), PointKey("1", "ArcSta")
        assert rig.source.orders == frozenset()
        with pytest.raises(MissingTableError):
            await rig.source.read([lg])
        await rig.report(report({"Lg": "12.5", "ArcSta": "1", "Vendor": "7"}, stamp()))
        assert values(rig.device) == {lg: 12.5, arc: True}
        assert rig.source.extras == {PointKey("1", "DOC_Vendor")}
        rig.device.want(rig.source.extras)
        assert values(rig.device)[PointKey("1", "DOC_Vendor")] == 7
        # An error, nothing, or what is no number is no value, and no quiet.
        for said, quality in (
            (("0", "192"), Quality.NO_ANSWER),
            (("0", "?"), Quality.NO_ANSWER),
            ("", Quality.NO_ANSWER),
            ("nan", Quality.IMPLAUSIBLE),
            ("1e999", Quality.IMPLAUSIBLE),
            ("---", Quality.IMPLAUSIBLE),
            ("0x10", Quality.IMPLAUSIBLE),
            # What a gateway makes of a meter that did not answer.
            ("65535", Quality.IMPLAUSIBLE),
            ("-1", Quality.IMPLAUSIBLE),
        ):
            await rig.report(report({"Lg": said, "ArcSta": said}, stamp()))
            assert [(rig.device.readings[key].value, rig.device.readings[key].quality) for key in (lg, arc)] == [
                (None, quality)
            ] * 2
        await rig.guest.leave()
        await rig.log.until(EventKind.LOST)
        await asyncio.sleep(1)
        assert [type(trouble) for trouble in (rig.device.trouble, rig.source.trouble)] == [DeviceAwayError] * 2
        await rig.call_again()
        assert (rig.device.trouble, rig.source.trouble) == (None, None)
        assert rig.source.details()["is_here"] is True


async def test_what_is_reported_holds_for_some_periods() -> None:
    async with meter_of("aafd") as rig:
        lg = PointKey("1", "Lg")
        for _ in range(3):
            await rig.report(report({"Lg": "12.5"}, stamp()))
            await asyncio.sleep(1)
            await rig.report(report({"TempA": "40"}, stamp()))
            await asyncio.sleep(297)
            rig.guest.say(HEARTBEAT, xml("heart_beat", "<heart_beat/>"))
        await asyncio.sleep(400)
        assert rig.device.readings[lg].value == 12.5
        await asyncio.sleep(60)
        assert rig.device.readings[lg].quality is Quality.STALE
        await rig.report(report({"Lg": "13"}, stamp()))
        assert rig.device.readings[lg].value == 13
        # Once it is lost with its gateway, it is said so.
        await rig.guest.leave()
        await asyncio.sleep(3600)
        assert rig.device.readings[lg].quality is Quality.NO_ANSWER


async def test_what_was_kept_comes_with_its_own_time_once_and_never_replaces_what_is_newer() -> None:
    async with meter_of("aafd") as rig:
        lg = PointKey("1", "Lg")

        async def resend(value: float, time: str) -> None:
            more = "<sequence>1</sequence>"
            await rig.report(report({"Lg": value}, time, operation="continuous", more=more), kind="continuous")

        await rig.report(report({"Lg": "1"}, stamp()))
        came = now()
        for seconds, value in ((-600, 9), (-900, 8)):
            time = stamp(seconds)
            for _ in range(2):
                await resend(value, time)
        await rig.report(report({"Lg": "7"}, stamp(-1200)))
        await rig.report(report({"Lg": "6"}, stamp(-1.5 - (now() - came).total_seconds())))
        assert rig.device.readings[lg].value == 1
        assert [record.value for record in rig.past] == [9, 8, 7, 6]
        assert (came - rig.past[0].time).total_seconds() == pytest.approx(600, abs=3)
        assert rig.past[0].time.tzinfo is UTC
        # What was told as it came is no news later on; nor is what lies ahead, or has no time.
        time = stamp()
        await rig.report(report({"Lg": "2"}, time))
        await resend(2, time)
        await resend(3, stamp(86400))
        await rig.report(report({"Lg": "4"}, "", operation="continuous"), kind="continuous")
        assert len(rig.past) == 4
        assert rig.device.readings[lg].value == 2


@pytest.mark.parametrize("wrong", [-86400, 86400, -(20 * 365 * 86400)])
async def test_a_gateway_whose_clock_is_wrong_or_is_set_loses_no_alarm(wrong: float) -> None:
    async with meter_of("aafd") as rig:
        arc = PointKey("1", "ArcSta")
        await rig.report(report({"ArcSta": "0"}, stamp()))
        before = 0.0
        for value, by in enumerate((wrong, wrong, wrong, 0.0, 0.0, wrong, wrong, 0.0, 0.0), start=1):
            is_alarm = value % 2 == 1
            await asyncio.sleep(300)
            await rig.report(report({"ArcSta": int(is_alarm)}, stamp(by)))
            # Of a clock that was set back the first report may as well be an old one: the next one shows it.
            assert (rig.device.readings[arc].value is is_alarm) is (by >= before)
            await asyncio.sleep(90)
            await rig.report(report({"ArcSta": int(is_alarm)}, stamp(by)))
            assert rig.device.readings[arc].value is is_alarm
            before = by


def test_the_zone_and_the_hour_that_comes_twice() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    twice = datetime(2026, 10, 25, 2, 30)  # noqa: DTZ001 - none is said
    for utc in (datetime(2026, 10, 25, 0, 31, tzinfo=UTC), datetime(2026, 10, 25, 1, 31, tzinfo=UTC)):
        assert utc - zoned(twice, berlin, utc) == timedelta(minutes=1)
        assert GatewayClock(berlin).judge(twice, utc).is_current
    noon = datetime(2026, 11, 26, 4, tzinfo=UTC)
    assert zoned(datetime(2026, 11, 26, 12), CHINA, noon) == noon  # noqa: DTZ001 - none is said
    burst = GatewayClock(CHINA)
    old = [burst.judge(datetime(2026, 11, 26, 9, minute), noon) for minute in range(0, 60, 5)]  # noqa: DTZ001 - none is said
    assert not any(judged.is_current for judged in old)


def test_codes_are_points_where_they_can_be_only_one_and_else_values_more() -> None:
    def take(model: str, **said: str) -> Mapping[PointKey, Value | None]:
        functions = [Function(code, text) for code, text in said.items()]
        readings = ReportDecoder(LIBRARY.get(model)).take(MeterReport(METER, functions), datetime.now(UTC))
        return {key: reading.value for key, reading in readings.items()}

    assert take("dtsy1352", Ua="230", UA="230.0") == {UA: 230.0}
    # Said twice and not the same: nobody knows.
    assert take("dtsy1352", Ua="230", UA="231") == {UA: None}
    assert take("dtsy1352", Ua="1000001", RlySta="2") == {UA: None, RELAY: None}
    assert take("dtsy1352", TempA="40") == {PointKey("1", "TempA"): 40.0}
    # Of a state, too, a text is nothing: a gateway writes one where it knows nothing.
    for text in ("---", "nan", "N/A", "?"):
        assert take("dtsy1352", meterStatus=text) == {PointKey("1", "meterStatus"): None}
    several = LIBRARY.get("adw300")
    assert set(take("adw300", WPP="5")) <= {PointKey(circuit, "DOC_WPP") for circuit in several.circuits}
    decoder = ReportDecoder(several)
    many: Sequence[Function] = [Function(f"X{number}", "1") for number in range(500)]
    assert len(decoder.take(MeterReport(METER, many), datetime.now(UTC))) == MOST_EXTRAS
    assert decoder.take(MeterReport(METER, [Function("x" * 33, "1"), Function("a\nb", "1")]), datetime.now(UTC)) == {}
    assert decoder.left_out == 500 - MOST_EXTRAS


def test_what_is_remembered_of_the_past_is_bounded() -> None:
    told = Told()
    start = datetime(2026, 11, 26, tzinfo=UTC)

    def news(minute: int) -> Sequence[Record]:
        return told.news({UA: Reading(230.0, Quality.GOOD, start + timedelta(minutes=minute))})

    assert all(len(news(minute)) == 1 for minute in range(MOST_TIMES + 100))
    assert all(news(minute) == [] for minute in range(100, MOST_TIMES + 100))
    assert len(news(0)) == 1


async def test_meters_come_and_go_while_others_are_polled() -> None:
    async with meter_of("dtsy1352", polling=Polling()) as rig:
        await asyncio.sleep(30)
        gateway = rig.hub.server.gateways[NAME]
        cabinet = Cabinet.of({2: "ddsy1352"}, frozen=True)
        rig.guest.units[2] = cabinet.units[2]
        known = LIBRARY.get("ddsy1352")
        other = rig.hub.source(gateway, MeterId(1, 2), known, clock=now)
        device = Device("01002", known)
        device.attach(other)
        device.want(known.readable)
        await asyncio.sleep(60)
        assert len(values(device)) > 20
        await rig.hub.remove(other)
        asked = len(cabinet.units[2].requests)
        await asyncio.sleep(60)
        assert len(cabinet.units[2].requests) == asked
        assert len(values(rig.device)) > 25
        await rig.hub.remove(rig.source)
        await rig.hub.remove(rig.source)
        assert rig.hub.sources == []
