"""Modbus through a device that called in: right values or none, and a write leaves once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from custom_components.acrel_safety.aioacrel.errors import (
    DeviceAwayError,
    LinkUnreachableError,
    NoAnswerError,
    NotSentError,
    RefusedError,
)
from custom_components.acrel_safety.aioacrel.modbus.framing import Framing
from custom_components.acrel_safety.aioacrel.modbus.guard import GuardedUnit
from custom_components.acrel_safety.aioacrel.registers import LineSettings
from custom_components.acrel_safety.aioacrel.uplink.events import EventKind
from custom_components.acrel_safety.aioacrel.uplink.fields import serial_bytes
from custom_components.acrel_safety.aioacrel.uplink.frames import Command, Frame
from custom_components.acrel_safety.aioacrel.uplink.rtu import ReadAnswer, Refusal, WriteAnswer
from custom_components.acrel_safety.aioacrel.uplink.server import UplinkServer
from custom_components.acrel_safety.aioacrel.uplink.unit import UplinkUnit
from simulator.uplink import QUIRKS, Quirks
from tests.aioacrel.uplink_rigs import SERIAL, Guest, calling, serving

pytestmark = pytest.mark.virtual_time

TRIP = [1, 1]


def guarded(server: UplinkServer, unit_id: int = 1) -> GuardedUnit:
    unit = UplinkUnit(server.stations[SERIAL], unit_id)
    return GuardedUnit(unit, unit_id, framing=Framing.RTU, line=LineSettings(), link="4G", turnaround=1.0, timeout=10.0)


def passed(rtu: bytes) -> bytes:
    return Frame(Command.PASS_THROUGH, rtu).encoded()


@asynccontextmanager
async def guest_with_unit() -> AsyncIterator[tuple[Guest, GuardedUnit, UplinkServer, int]]:
    """Yield a device that answers what the test says, and its unit."""
    async with serving(SERIAL) as (server, port, _):
        guest = await Guest.at(port)
        guest.log_in()
        assert await guest.hears() == (0x84, b"")
        unit = guarded(server)
        yield guest, unit, server, port
        guest.leave()
        await unit.settle()


async def test_who_owes_an_answer_is_hung_up_when_the_port_changes_hands_and_nobody_else_is() -> None:
    async with guest_with_unit() as (guest, unit, server, _):
        reading = asyncio.ensure_future(unit.read(3, 0x0200, 1))
        asked = await guest.hears()
        assert asked is not None
        assert asked[0] == Command.PASS_THROUGH
        guest.say(passed(ReadAnswer(1, 3, (7,)).encoded()))
        assert await reading == [7]
        server.pause()
        server.resume(lambda event: None)
        assert server.stations[SERIAL].is_here
        with pytest.raises(NoAnswerError):
            await unit.read(3, 0x0200, 1)
        # What would come now could be taken for the answer to whatever is asked next.
        server.pause()
        assert await guest.ends()


@pytest.mark.parametrize("name", [name for name in QUIRKS if name != "sleeps"])
async def test_registers_are_read_and_written_whatever_the_quirks(name: str) -> None:
    async with serving(SERIAL) as (server, port, log), calling(port, quirks=QUIRKS[name]) as caller:
        await log.until(EventKind.LOGIN)
        unit = guarded(server)
        assert await unit.read(3, 0x0200, 1) == [7]
        assert await unit.read(3, 0x0201, 20) == caller.unit.read(3, 0x0201, 20)
        await unit.write(0x0057, TRIP)
        assert [write.values for write in caller.unit.writes] == [(1, 1)]
        with pytest.raises(RefusedError):
            await unit.read(3, 0x7000, 1)
        await unit.settle()


async def test_two_units_of_one_device_ask_one_after_the_other() -> None:
    async with serving(SERIAL) as (server, port, log), calling(port, quirks=Quirks(latency_s=1.0)) as caller:
        await log.until(EventKind.LOGIN)
        units = [guarded(server) for _ in range(3)]
        answers = await asyncio.gather(*(unit.read(3, 0x0200 + place, 2) for place, unit in enumerate(units)))
        assert answers == [caller.unit.read(3, 0x0200 + place, 2) for place in range(3)]
        assert server.stations[SERIAL].late == 0


async def test_an_answer_that_fits_in_length_and_comes_too_late_is_nobodys() -> None:
    async with guest_with_unit() as (guest, unit, server, _):
        asked = asyncio.create_task(unit.read(3, 0x0100, 2, within=(0x0100, 0x0110)))
        await guest.hears()
        with pytest.raises(NoAnswerError):
            await asked
        asked = asyncio.create_task(unit.read(3, 0x0200, 2, within=(0x0200, 0x0210)))
        await asyncio.sleep(1)
        guest.say(passed(ReadAnswer(1, 3, (0xDEAD, 0xDEAD)).encoded()))
        while not asked.done():
            heard = await guest.hears()
            assert heard is not None
            first, count = int.from_bytes(heard[1][2:4]), int.from_bytes(heard[1][4:6])
            # Late, and only then the one that was asked for.
            guest.say(passed(ReadAnswer(1, 3, (0xDEAD, 0xDEAD)).encoded()) if count != 2 else b"")
            guest.say(passed(ReadAnswer(1, 3, tuple(range(first, first + count))).encoded()))
            await asyncio.sleep(0.1)
        assert await asked == [0x0200, 0x0201]
        assert server.stations[SERIAL].late > 0


@pytest.mark.parametrize(
    "wrong",
    [
        ReadAnswer(2, 3, (1, 2)).encoded(),
        ReadAnswer(1, 4, (1, 2)).encoded(),
        ReadAnswer(1, 3, (1, 2, 3)).encoded(),
        WriteAnswer(1, 0x0100, 2).encoded(),
        Refusal(1, 16, 2).encoded(),
        serial_bytes("OTHER") + ReadAnswer(1, 3, (1, 2)).encoded(),
        serial_bytes(SERIAL),
        ReadAnswer(1, 3, (1, 2)).encoded()[:-1] + b"\0",
    ],
    ids=lambda wrong: wrong.hex()[:14],
)
async def test_an_answer_that_does_not_fit_is_dropped_and_the_right_one_taken(wrong: bytes) -> None:
    async with guest_with_unit() as (guest, unit, _, _):
        asked = asyncio.create_task(unit.read(3, 0x0100, 2))
        heard = await guest.hears()
        assert heard is not None
        guest.say(passed(wrong) + passed(ReadAnswer(1, 3, (5, 6)).encoded()))
        assert await asked == [5, 6]


@pytest.mark.parametrize("end", ["silent", "lost", "busy"])
async def test_a_write_leaves_once_whatever_becomes_of_it(end: str) -> None:
    async with guest_with_unit() as (guest, unit, _, _):
        written = asyncio.create_task(unit.write(0x0057, TRIP))
        heard = await guest.hears()
        assert heard is not None
        assert heard[1].hex() == "011000570002040001000127" + "75"
        if end == "lost":
            guest.leave()
            with pytest.raises(LinkUnreachableError) as caught:
                await written
            assert not isinstance(caught.value, DeviceAwayError)
            return
        if end == "busy":
            guest.say(passed(Refusal(1, 16, 6).encoded()))
        with pytest.raises(NoAnswerError if end == "silent" else RefusedError):
            await written
        beat = asyncio.create_task(guest.hears())
        await asyncio.sleep(120)
        assert not beat.done()
        beat.cancel()


async def test_what_is_to_be_written_to_a_device_that_is_away_was_certainly_not_sent() -> None:
    async with serving(SERIAL) as (server, port, log):
        unit = guarded(server)
        with pytest.raises(NotSentError) as caught:
            await unit.write(0x0057, TRIP)
        assert "4G cannot be reached: it has not called in, or has hung up" in str(caught.value)
        with pytest.raises(DeviceAwayError):
            await unit.read(3, 0x0200, 1)
        async with calling(port) as caller:
            await log.until(EventKind.LOGIN)
            assert await unit.read(3, 0x0200, 1) == [7]
            assert caller.unit.writes == []
            await unit.settle()


async def test_nothing_is_sent_to_a_second_one_that_logs_in_as_the_device() -> None:
    async with guest_with_unit() as (guest, unit, _, port):
        second = await Guest.at(port)
        second.log_in()
        assert await second.hears() == (0x84, b"")
        written = asyncio.create_task(unit.write(0x0057, TRIP))
        heard = await guest.hears()
        assert heard is not None
        # What the second one answers is not believed.
        second.say(passed(Refusal(1, 16, 4).encoded()))
        await asyncio.sleep(1)
        guest.say(passed(WriteAnswer(1, 0x0057, 2).encoded()))
        await written
        assert await second.hears() is None


async def test_answers_that_were_asked_for_are_no_flood_and_others_are() -> None:
    async with serving(SERIAL) as (server, port, log), calling(port) as caller:
        await log.until(EventKind.LOGIN)
        unit = guarded(server)
        for _ in range(2 * server.limits.frames):
            assert await unit.read(3, 0x0200, 1) == [7]
        assert caller.logins == 1
        for _ in range(server.limits.frames + 1):
            caller.send(passed(ReadAnswer(1, 3, (7,)).encoded()))
        await log.until(EventKind.LOST)
        await unit.settle()
