"""The port that XML gateways call: who is let in, who is believed, and what a hostile one can do."""

import asyncio
import hashlib
import re
from dataclasses import replace

import pytest
from modbus_connection import ModbusConnectionError, ModbusExceptionError
from modbus_connection.exceptions import ModbusTimeoutError

from custom_components.acrel_safety.aioacrel.errors import ListenError
from custom_components.acrel_safety.aioacrel.modbus.shared import AwayError
from custom_components.acrel_safety.aioacrel.uplink.events import EventKind
from custom_components.acrel_safety.aioacrel.uplink.rtu import ReadAnswer, ReadRequest, Refusal, WriteAnswer
from custom_components.acrel_safety.aioacrel.xmlgateway.gateway import Gateway
from custom_components.acrel_safety.aioacrel.xmlgateway.limits import DEFAULT_LIMITS
from custom_components.acrel_safety.aioacrel.xmlgateway.messages import Report
from custom_components.acrel_safety.aioacrel.xmlgateway.names import GatewayName, MeterId
from custom_components.acrel_safety.aioacrel.xmlgateway.twins import PROOF_SECONDS
from tests.aioacrel.uplink_rigs import HOST
from tests.aioacrel.xml_rigs import (
    DOWN,
    HEARTBEAT,
    LOGIN,
    NAME,
    OTHER,
    PACKED,
    REPORT,
    SECRET,
    UP,
    Guest,
    aes,
    framed,
    report,
    serving,
    stamp,
    unaes,
    xml,
)

pytestmark = pytest.mark.virtual_time

BEAT = xml("heart_beat", '<heart_beat operation="notify"/>')
WRONG = "fedcba9876543210"
READ = ReadRequest(1, 3, 0x0100, 2)


def heard_by(gateway: Gateway) -> list[Report]:
    reports: list[Report] = []
    gateway.join(reports.append, lambda: None)
    return reports


async def test_a_gateway_logs_in_is_told_the_time_and_reports_however_its_frames_are_cut() -> None:
    async with serving(NAME) as (server, port, log):
        reports = heard_by(server.gateways[NAME])
        guest = await Guest.logged_in(port)
        await log.until(EventKind.LOGIN)
        guest.say(HEARTBEAT, BEAT)
        beat = await guest.hears()
        assert beat is not None
        assert beat[0] == HEARTBEAT
        assert f'<heart_beat operation="time"><time>{stamp()[:12]}'.encode() in beat[1]
        assert b"<type>heart_beat</type>" in beat[1]
        content = report({"Ua": 230.1}, stamp())
        guest.report(content)
        guest.report(content, packed=True)
        whole = framed(REPORT, aes(xml("report", content, encoding="gb18030")))
        for byte in whole:
            guest.raw(bytes([byte]))
        guest.raw(b"\0\x1f\x1f\0" + whole + whole[:40])
        guest.raw(whole[40:])
        guest.say(HEARTBEAT, BEAT)
        await guest.hears()
        assert len(reports) == 5
        assert {str(meter.meter) for one in reports for meter in one.meters} == {"01001"}
        await guest.leave()
        await log.until(EventKind.LOST)
        assert not server.gateways[NAME].is_here


async def test_nothing_but_the_right_answer_to_new_digits_lets_anybody_in() -> None:
    async with serving(NAME) as (server, port, log):
        reports = heard_by(server.gateways[NAME])
        assert await (await Guest.at(port)).log_in(NAME, WRONG) == "fail"
        stranger = await Guest.at(port)
        assert await stranger.log_in(OTHER) == "fail"
        assert await stranger.ends()
        # What proved somebody once proves nobody else.
        first = await Guest.at(port)
        first.say(LOGIN, xml("id_validate", '<id_validate operation="request"/>'))
        asked = await first.hears()
        assert asked is not None
        found = re.search(rb"<sequence>(\d{16,})</sequence>", asked[1])
        assert found is not None
        digest = hashlib.md5(SECRET.encode() + found[1], usedforsecurity=False).hexdigest()
        replayed = xml("id_validate", f'<id_validate operation="md5"><md5>{digest}</md5></id_validate>')
        second = await Guest.at(port)
        second.say(LOGIN, replayed)
        assert await second.ends()
        third = await Guest.at(port)
        third.say(LOGIN, xml("id_validate", '<id_validate operation="request"/>'))
        await third.hears()
        third.say(LOGIN, replayed)
        assert await third.ends()
        # Somebody who was asked as one gateway is not let in as another.
        first.say(LOGIN, xml("id_validate", f'<id_validate operation="md5"><md5>{digest}</md5></id_validate>', OTHER))
        assert await first.ends()
        for kind in (HEARTBEAT, REPORT, PACKED, DOWN, UP):
            guest = await Guest.at(port)
            guest.say(kind, BEAT if kind == HEARTBEAT else aes(xml("report", report({"Ua": 1}, stamp()))))
            assert await guest.ends()
        for rubbish in (xml("report", report({}, "")), b"<!DOCTYPE x>", b"<x/>", bytes(5000)):
            guest = await Guest.at(port)
            guest.say(LOGIN, rubbish)
            assert await guest.ends()
        assert (reports, len(server.doorman)) == ([], 0)
        assert log.kinds == [EventKind.REFUSED, EventKind.STRANGER]
        assert not server.gateways[NAME].is_here


async def test_who_is_not_known_is_listed_and_so_many_and_no_more() -> None:
    async with serving(NAME, limits=replace(DEFAULT_LIMITS, connects=2000, listed=8)) as (server, port, log):
        for number in range(40):
            guest = await Guest.at(port)
            assert await guest.log_in(GatewayName("x" * 50, str(number))) == "fail"
        assert await (await Guest.at(port)).log_in(GatewayName("x" * 65, "1")) == "fail"
        assert (len(server.strangers), server.strangers.left_out, len(server.doorman)) == (8, 32, 0)
        assert log.kinds == [EventKind.STRANGER] * 40
        # One that is named from now on is let in when it calls again, and is listed no more.
        newest = GatewayName("x" * 50, "39")
        assert server.strangers.get(newest.serial) is not None
        server.expect(newest, SECRET)
        assert server.strangers.get(newest.serial) is None
        await Guest.logged_in(port, newest)
        server.forget(newest)
        await asyncio.sleep(1)
        assert len(server.doorman) == 0
        assert newest not in server.gateways


async def test_a_second_login_takes_nothing_over_and_is_told() -> None:
    async with serving(NAME) as (server, port, log):
        gateway = server.gateways[NAME]
        reports = heard_by(gateway)
        first, second = await Guest.logged_in(port), await Guest.logged_in(port)
        second.report(report({"Ua": 1}, stamp()))
        second.report(report({"Ua": 1}, stamp(-900), operation="continuous", more="<sequence>1</sequence>"))
        asked = asyncio.create_task(gateway.ask(MeterId(1, 1), READ, 5.0))
        heard = await first.hears()
        assert heard is not None
        assert heard[0] == DOWN
        second.answer("01001", ReadAnswer(1, 3, (6, 6)).encoded())
        await asyncio.sleep(1)
        first.answer("01001", ReadAnswer(1, 3, (1, 2)).encoded())
        assert await asked == ReadAnswer(1, 3, (1, 2))
        assert (reports, gateway.late) == ([], 0)
        assert log.kinds == [EventKind.LOGIN]
        await asyncio.sleep(PROOF_SECONDS)
        assert await second.ends()
        assert log.kinds == [EventKind.LOGIN, EventKind.SECOND_LOGIN]
        # When the first one is over, nobody speaks for it until it calls in anew.
        third = await Guest.logged_in(port)
        await first.leave()
        assert await third.ends()
        await log.until(EventKind.LOST)
        await Guest.logged_in(port)
        await log.until(EventKind.LOGIN, 2)


async def test_what_was_kept_is_acknowledged_only_if_it_says_exactly_so() -> None:
    async with serving(NAME) as (server, port, _):
        reports = heard_by(server.gateways[NAME])
        guest = await Guest.logged_in(port)
        for kind, operation in (("continuous", "report"), ("continuous", ""), ("continuous", "CONTINUOUS")):
            guest.report(report({"Ua": 1}, stamp(-900), operation=operation), kind=kind)
        guest.report(
            report(
                {"Ua": 1},
                stamp(-900),
                operation="continuous",
                more="<sequence>477</sequence><total>12</total><current>3</current>",
            ),
            kind="continuous",
        )
        heard = await guest.hears()
        assert heard is not None
        assert heard[0] == REPORT
        said = unaes(heard[1])
        assert b"<type>continuous_ack</type>" in said
        assert b"<sequence>477</sequence><total>12</total><current>3</current>" in said
        assert [one.is_resent for one in reports] == [True] * 4


async def test_frames_that_cannot_be_read_and_reports_of_others_are_dropped() -> None:
    async with serving(NAME) as (server, port, _):
        reports = heard_by(server.gateways[NAME])
        guest = await Guest.logged_in(port)
        good = xml("report", report({"Ua": 1}, stamp()))
        for data in (good, aes(good, WRONG), aes(good)[:-16], b"", aes(b"rubbish"), aes(b"<!DOCTYPE x><x/>")):
            guest.say(REPORT, data)
            guest.say(PACKED, data)
        guest.say(UP, aes(b"rubbish"))
        guest.say(UP, b"rubbish")
        guest.say(DOWN, aes(b"01001|00"))
        guest.say(HEARTBEAT, b"<!DOCTYPE x><x/>")
        guest.report(report({"Ua": 1}, stamp()), name=OTHER)
        guest.report(report({"Ua": 1}, stamp()), name=GatewayName("", NAME.gateway))
        guest.say(HEARTBEAT, BEAT)
        assert (await guest.hears() or (0,))[0] == HEARTBEAT
        assert len(reports) == 1
        session = server.gateways[NAME].session
        assert session is not None
        assert session.broken == 15


@pytest.mark.parametrize(
    ("meter", "rtu"),
    [
        ("01002", ReadAnswer(1, 3, (1, 2)).encoded()),
        ("02001", ReadAnswer(1, 3, (1, 2)).encoded()),
        ("01001", ReadAnswer(2, 3, (1, 2)).encoded()),
        ("01001", ReadAnswer(1, 4, (1, 2)).encoded()),
        ("01001", ReadAnswer(1, 3, (1, 2, 3)).encoded()),
        ("01001", WriteAnswer(1, 0x0100, 2).encoded()),
        ("01001", Refusal(1, 16, 2).encoded()),
        ("01001", ReadAnswer(1, 3, (1, 2)).encoded()[:-1] + b"\0"),
        ("01001", b""),
    ],
    ids=lambda part: part if isinstance(part, str) else part.hex()[:14],
)
async def test_an_answer_that_does_not_fit_is_dropped_and_the_right_one_taken(meter: str, rtu: bytes) -> None:
    async with serving(NAME) as (server, port, _):
        gateway = server.gateways[NAME]
        guest = await Guest.logged_in(port)
        asked = asyncio.create_task(gateway.ask(MeterId(1, 1), READ, 5.0))
        heard = await guest.hears()
        assert heard is not None
        assert unaes(heard[1]) == f"01001|{READ.encoded().hex()}".encode()
        guest.answer(meter, rtu)
        guest.answer("01001", ReadAnswer(1, 3, (5, 6)).encoded())
        assert await asked == ReadAnswer(1, 3, (5, 6))
        assert gateway.late == 1


async def test_each_port_is_asked_one_thing_at_a_time_and_nobody_waits_for_who_is_gone() -> None:
    async with serving(NAME) as (server, port, _):
        gateway = server.gateways[NAME]
        with pytest.raises(AwayError):
            await gateway.ask(MeterId(1, 1), READ, 5.0)
        guest = await Guest.logged_in(port)
        meters = [MeterId(1, 1), MeterId(1, 2), MeterId(2, 1)]
        tasks = [asyncio.create_task(gateway.ask(meter, replace(READ, unit=meter.address), 5.0)) for meter in meters]
        heard = [unaes((await guest.hears() or (0, b""))[1])[:5] for _ in range(2)]
        assert sorted(heard) == [b"01001", b"02001"]
        guest.answer("01001", Refusal(1, 3, 2).encoded())
        assert unaes((await guest.hears() or (0, b""))[1])[:5] == b"01002"
        results = asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(5.5)
        guest.answer("02001", ReadAnswer(1, 3, (1, 2)).encoded())
        refused, slow, late = await results
        assert isinstance(refused, ModbusExceptionError)
        assert [type(error) for error in (slow, late)] == [ModbusTimeoutError] * 2
        asked = asyncio.create_task(gateway.ask(MeterId(1, 1), READ, 5.0))
        await guest.hears()
        await guest.leave()
        with pytest.raises(ModbusConnectionError):
            await asked
        with pytest.raises(AwayError):
            await gateway.turn(1)


async def test_who_says_nothing_too_much_or_hears_nothing_is_ended_and_the_others_notice_nothing() -> None:
    limits = replace(DEFAULT_LIMITS, login_seconds=30.0, least_idle_seconds=900.0, strangers_per_address=16)
    async with serving(NAME, OTHER, limits=limits) as (server, port, log):
        reports = heard_by(server.gateways[NAME])
        guest = await Guest.logged_in(port)
        silent = await Guest.logged_in(port, OTHER)
        mute = [await Guest.at(port) for _ in range(40)]
        await asyncio.sleep(1)
        # Those of one address push out each other, never who is known.
        assert len(server.doorman) == 18
        slow = mute[-1]
        for _ in range(3):
            slow.raw(framed(LOGIN, xml("id_validate", '<id_validate operation="request"/>'))[:9])
            await asyncio.sleep(9)
        await asyncio.sleep(4)
        assert len(server.doorman) == 2
        many = await Guest.at(port)
        for _ in range(4):
            many.say(LOGIN, xml("id_validate", '<id_validate operation="request"/>'))
        assert await many.ends()
        for _ in range(8):
            await asyncio.sleep(120)
            guest.report(report({"Ua": 1}, stamp()))
        assert await silent.ends()
        guest.say(HEARTBEAT, BEAT)
        await guest.hears()
        assert (len(reports), len(server.doorman)) == (8, 1)
        flood = await Guest.logged_in(port, OTHER)
        for _ in range(3 * DEFAULT_LIMITS.frames):
            flood.say(HEARTBEAT, BEAT)
        assert await flood.ends()
        assert server.gateways[NAME].is_here
        await log.until(EventKind.LOST, 2)


async def test_a_port_that_is_taken_and_what_is_no_gateway_are_said() -> None:
    async with serving(NAME) as (server, port, _), serving() as (other, _, _):
        await other.stop()
        with pytest.raises(ListenError):
            await other.start(HOST, port)
        for name, secret in ((GatewayName("", "1"), SECRET), (NAME, "short")):
            with pytest.raises(ValueError, match=r"gateway|secret"):
                server.expect(name, secret)
