"""What somebody who knows the protocol and reaches the port can do to the devices that are there: not much."""

import asyncio
from datetime import UTC, datetime

import pytest

from custom_components.acrel_safety.aioacrel.uplink.events import EventKind
from custom_components.acrel_safety.aioacrel.uplink.frames import LONGEST, Command, Frame
from custom_components.acrel_safety.aioacrel.uplink.messages import DataUpload
from custom_components.acrel_safety.aioacrel.uplink.sections import Seal, Section
from custom_components.acrel_safety.aioacrel.uplink.server import Clock
from simulator.uplink.wire import login
from tests.aioacrel.uplink_rigs import OTHER, SERIAL, Guest, calling, serving

pytestmark = pytest.mark.virtual_time

LOGIN, DATA = (Command.LOGIN, b""), (Command.DATA, b"")
UPLOAD = DataUpload("", (Section("1-1", Seal.RIGHT, 1, 3, (230,)),)).frame().encoded()


async def test_a_login_replayed_while_the_device_is_away_is_told_when_the_device_is_back() -> None:
    async with serving(SERIAL) as (server, port, log), calling(port) as caller:
        await log.until(EventKind.LOGIN)
        caller.hang_up()
        await log.until(EventKind.LOST)
        impostor = await Guest.at(port)
        impostor.log_in()
        assert await impostor.hears() == LOGIN
        session = server.stations[SERIAL].session
        await log.until(EventKind.SECOND_LOGIN)
        # Nobody can tell which of both is the device: neither takes over, and the owner is told.
        assert server.stations[SERIAL].session is session
        impostor.leave()
        await log.until(EventKind.LOGIN, 3)
        assert server.stations[SERIAL].is_here
        assert caller.logins >= 2


async def test_second_logins_cost_the_device_nothing_however_many_there_are() -> None:
    async with serving(SERIAL) as (server, port, log), calling(port) as caller:
        await log.until(EventKind.LOGIN)
        guests = [await Guest.at(port) for _ in range(50)]
        for guest in guests:
            guest.log_in()
            guest.say(UPLOAD)
        for guest in guests:
            assert await guest.ends()
        assert log.kinds.count(EventKind.SECOND_LOGIN) == 1
        assert (caller.logins, len(server.doorman)) == (1, 1)


@pytest.mark.parametrize("year", [1970, 2025, 2300])
async def test_as_long_as_this_machine_has_no_time_devices_are_told_none_and_stay(year: int) -> None:
    clock = Clock(now=lambda: datetime(year, 1, 1, tzinfo=UTC))
    async with serving(SERIAL, clock=clock) as (server, port, log), calling(port) as caller:
        await log.until(EventKind.LOGIN)
        await asyncio.sleep(600)
        assert caller.told is None
        assert (caller.logins, server.stations[SERIAL].is_here) == (1, True)


async def test_a_body_that_is_too_long_is_no_frame_and_what_follows_is() -> None:
    async with serving(SERIAL) as (server, port, _):
        guest = await Guest.at(port)
        guest.log_in()
        assert await guest.hears() == LOGIN
        guest.say(Frame(Command.DATA, b"[[" + bytes(LONGEST)).encoded())
        guest.say(UPLOAD)
        assert await guest.hears() == DATA
        guest.say(Frame(Command.DATA, b"[[" + bytes(0xFFFF)).encoded())
        assert await guest.ends()
        await asyncio.sleep(1)
        assert not server.stations[SERIAL].is_here


async def test_a_login_may_come_byte_by_byte_and_a_second_one_of_another_serial_ends_it() -> None:
    async with serving(SERIAL) as (_, port, log):
        guest = await Guest.at(port)
        for byte in login(SERIAL, "8986", 30):
            guest.say(bytes([byte]))
            await asyncio.sleep(0.1)
        await log.until(EventKind.LOGIN)
        guest.log_in(OTHER)
        assert await guest.ends()
        await log.until(EventKind.LOST)
        assert log.kinds == [EventKind.LOGIN, EventKind.LOST]


async def test_answers_to_questions_nobody_asked_are_counted_and_a_flood_of_them_ends_the_connection() -> None:
    answer = Frame(Command.PASS_THROUGH, bytes.fromhex("010304000030392e21")).encoded()
    async with serving(SERIAL) as (server, port, log):
        guest = await Guest.at(port)
        guest.log_in()
        await log.until(EventKind.LOGIN)
        guest.say(answer * 500)
        assert await guest.ends()
        assert 0 < server.stations[SERIAL].late <= server.limits.frames + 1
