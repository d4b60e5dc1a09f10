"""The port that devices call: who is answered what, who is believed, and what a hostile one can do."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from ipaddress import ip_network

import pytest

from custom_components.acrel_safety.aioacrel.uplink.events import EventKind
from custom_components.acrel_safety.aioacrel.uplink.frames import Command, Frame
from custom_components.acrel_safety.aioacrel.uplink.limits import Limits
from custom_components.acrel_safety.aioacrel.uplink.messages import DataUpload
from custom_components.acrel_safety.aioacrel.uplink.moment import WeekdayRule
from custom_components.acrel_safety.aioacrel.uplink.sections import Seal, Section
from custom_components.acrel_safety.aioacrel.uplink.server import PROOF_SECONDS, Clock
from simulator.uplink import QUIRKS
from tests.aioacrel.uplink_rigs import OTHER, SERIAL, Guest, Log, calling, serving

pytestmark = pytest.mark.virtual_time

LOGIN, TIME, DATA, SET_VALUES = (0x84, b""), 0x93, (0x91, b""), (0x89, b"")
UPLOAD = DataUpload("", (Section("1-1", Seal.RIGHT, 1, 3, (230,)),)).frame().encoded()


@pytest.mark.parametrize("name", QUIRKS)
async def test_a_device_logs_in_is_told_the_time_and_uploads_whatever_its_quirks(name: str) -> None:
    now = datetime(2026, 11, 21, 20, 0, 5, tzinfo=UTC)
    clock = Clock(zone=timezone(timedelta(hours=8)), weekday=WeekdayRule.SUNDAY_0, now=lambda: now)
    uploads: list[DataUpload] = []
    async with serving(SERIAL, clock=clock) as (server, port, log):
        station = server.stations[SERIAL]
        station.join(uploads.append, lambda: None)
        async with calling(port, "arcm300", quirks=QUIRKS[name], minutes=5) as caller:
            await log.until(EventKind.LOGIN)
            await asyncio.sleep(301)
            assert caller.taken[:3] == [0x84, 0x89, 0x91]
            assert caller.told == datetime(2026, 11, 22, 4, 0, 5, tzinfo=UTC).replace(tzinfo=None)
            assert caller.weekday == 0
            assert len(uploads) == caller.uploads >= 2
            assert [len(section.words) for section in uploads[0].sections] == [42, 26, 2, 19, 10]
            assert station.login is not None
            assert station.login.upload_minutes == 5
            # What is counted is what went over the connection, both ways.
            assert station.volume.today == station.volume.month > 2 * 285
        await log.until(EventKind.LOST, caller.logins)
        assert not station.is_here


async def test_a_stranger_gets_the_four_short_answers_and_nothing_else() -> None:
    async with serving(OTHER) as (server, port, log):
        guest = await Guest.at(port)
        guest.log_in()
        assert await guest.hears() == LOGIN
        guest.say(Frame(Command.SET_VALUES, b"\0\1").encoded())
        assert await guest.hears() == SET_VALUES
        guest.say(Frame(Command.TIME).encoded())
        heard = await guest.hears()
        assert heard is not None
        assert (heard[0], len(heard[1])) == (TIME, 7)
        guest.say(UPLOAD)
        assert await guest.hears() == DATA
        for command in (0x94, 0x31, 0x82, 0x87, 0x88, 0x97, 0xA3, 0x90, 0x00):
            guest.say(Frame(command).encoded())
        guest.say(UPLOAD)
        assert await guest.hears() == DATA
        assert log.kinds == [EventKind.STRANGER]
        [stranger] = server.strangers
        assert (stranger.login.serial, stranger.uploads, stranger.logins) == (SERIAL, [1], 1)
        assert server.stations.keys() == {OTHER}
        guest.leave()


async def test_a_stranger_that_is_approved_is_taken_over_where_it_stands() -> None:
    async with serving() as (server, port, log), calling(port) as caller:
        await log.until(EventKind.STRANGER)
        await caller.is_on.wait()
        station = server.expect(SERIAL)
        assert station.is_here
        assert (log.kinds, len(server.strangers)) == ([EventKind.STRANGER, EventKind.LOGIN], 0)
        server.forget(SERIAL)
        await log.until(EventKind.STRANGER, 2)
        assert not station.is_here


async def test_data_before_the_login_belongs_to_whoever_logs_in() -> None:
    uploads: list[DataUpload] = []
    async with serving(SERIAL) as (server, port, _):
        server.stations[SERIAL].join(uploads.append, lambda: None)
        guest = await Guest.at(port)
        for _ in range(9):
            guest.say(UPLOAD)
            assert await guest.hears() == DATA
        assert uploads == []
        guest.log_in()
        assert await guest.hears() == LOGIN
        assert len(uploads) == 4
        # An upload that names somebody else is his, and he has to call himself.
        guest.say(DataUpload(OTHER, ()).frame().encoded())
        assert await guest.hears() == DATA
        assert len(uploads) == 4
        guest.log_in(OTHER)
        assert await guest.ends()


async def test_a_second_login_is_told_and_never_takes_over() -> None:
    uploads: list[DataUpload] = []
    async with serving(SERIAL) as (server, port, log), calling(port) as caller:
        await log.until(EventKind.LOGIN)
        station = server.stations[SERIAL]
        session = station.session
        station.join(uploads.append, lambda: None)
        await asyncio.sleep(1)
        before = len(uploads), station.volume.today
        for _ in range(3):
            second = await Guest.at(port)
            second.log_in()
            assert await second.hears() == LOGIN
            second.say(UPLOAD)
            assert await second.hears() == DATA
            assert (len(uploads), station.session) == (before[0], session)
            assert await second.ends()
        assert station.session is session
        assert log.kinds.count(EventKind.SECOND_LOGIN) == 1
        # The first one is gone: whoever stood beside it has to call in anew.
        third = await Guest.at(port)
        third.log_in()
        assert await third.hears() == LOGIN
        caller.hang_up()
        assert await third.ends()
        await log.until(EventKind.LOST)
        await log.until(EventKind.LOGIN, 2)
        assert station.session is not session
        assert caller.logins == 2


async def test_a_device_that_dials_again_after_it_was_lost_without_a_word_is_no_second_one() -> None:
    async with serving(SERIAL) as (server, port, log):
        first = await Guest.at(port)
        first.log_in()
        assert await first.hears() == LOGIN
        again = await Guest.at(port)
        again.log_in()
        assert await again.hears() == LOGIN
        # The network finds out that nobody is at the other end of the first one.
        first.leave()
        assert await again.ends()
        await asyncio.sleep(2 * PROOF_SECONDS)
        assert log.kinds == [EventKind.LOGIN, EventKind.LOST]
        assert not server.stations[SERIAL].is_here


async def test_while_a_port_changes_hands_nobody_is_hung_up_nothing_is_lost_and_second_logins_are_found_anew() -> None:
    uploads: list[DataUpload] = []
    async with serving(SERIAL) as (server, port, former):
        first = await Guest.at(port)
        first.log_in()
        assert await first.hears() == LOGIN
        second = await Guest.at(port)
        second.log_in()
        assert await second.hears() == LOGIN
        server.pause()
        assert await second.ends()
        first.say(UPLOAD)
        await asyncio.sleep(2 * PROOF_SECONDS)
        third = await Guest.at(port)
        third.log_in()
        await asyncio.sleep(5)
        server.stations[SERIAL].join(uploads.append, lambda: None)
        assert (uploads, former.kinds) == ([], [EventKind.LOGIN])
        told = Log()
        server.resume(told)
        assert await first.hears() == DATA
        assert len(uploads) == 1
        assert await third.hears() == LOGIN
        await told.until(EventKind.SECOND_LOGIN)
        assert await third.ends()
        assert server.stations[SERIAL].is_here
        assert former.kinds == [EventKind.LOGIN]


LIMITS = Limits(connections=8, strangers=4, strangers_per_address=3, connects=20, frames=10, login_seconds=30, listed=5)


async def test_whoever_does_not_log_in_or_says_too_much_has_to_go() -> None:
    async with serving(SERIAL, limits=LIMITS) as (server, port, log), calling(port) as caller:
        await log.until(EventKind.LOGIN)
        loop = asyncio.get_running_loop()
        since = loop.time()
        loris = await Guest.at(port)
        for byte in UPLOAD[:25]:
            loris.say(bytes([byte]))
            await asyncio.sleep(1)
        assert await loris.ends()
        assert loop.time() - since == pytest.approx(30, abs=1)
        flood = await Guest.at(port)
        flood.say(Frame(0x94).encoded() * 11)
        assert await flood.ends()
        noise = await Guest.at(port)
        noise.say(bytes(200_000))
        assert await noise.ends()
        assert server.stations[SERIAL].is_here
        assert caller.logins == 1


async def test_the_oldest_of_too_many_strangers_has_to_go_and_never_a_known_device() -> None:
    async with serving(SERIAL, limits=LIMITS) as (server, port, log), calling(port) as caller:
        await log.until(EventKind.LOGIN)
        guests = [await Guest.at(port) for _ in range(4)]
        assert await guests[0].ends()
        for number, guest in enumerate(guests[1:]):
            guest.log_in(f"A{number}")
            assert await guest.hears() == LOGIN
        # So many at once, and no more, until some time has passed.
        more = [await Guest.at(port) for _ in range(20)]
        assert await more[-1].ends()
        assert (server.stations[SERIAL].is_here, caller.logins) == (True, 1)
        assert server.doorman.refused > 0


async def test_strangers_are_listed_and_no_more_of_them_than_a_few() -> None:
    async with serving(limits=LIMITS) as (server, port, _):
        for number in range(12):
            guest = await Guest.at(port)
            guest.log_in(f"FLOOD{number}")
            assert await guest.hears() == LOGIN
            guest.leave()
            await asyncio.sleep(2)
        assert len(server.strangers) == LIMITS.listed
        assert server.strangers.left_out == 12 - LIMITS.listed
        assert (len(server.doorman), server.stations) == (0, {})


@pytest.mark.parametrize(("network", "is_taken"), [("127.0.0.0/8", True), ("10.0.0.0/8", False)])
async def test_connections_are_taken_from_the_networks_that_were_named(network: str, *, is_taken: bool) -> None:
    async with serving(limits=Limits(networks=(ip_network(network),))) as (_, port, _):
        guest = await Guest.at(port)
        guest.log_in()
        assert (await guest.hears() == LOGIN) is is_taken


async def test_a_known_device_that_is_silent_for_some_periods_is_let_go() -> None:
    async with serving(SERIAL) as (server, port, log):
        loop = asyncio.get_running_loop()
        guest = await Guest.at(port)
        guest.log_in(minutes=10)
        assert await guest.hears() == LOGIN
        since = loop.time()
        await log.until(EventKind.LOST)
        assert loop.time() - since == pytest.approx(1800, abs=1)
        assert not server.stations[SERIAL].is_here
