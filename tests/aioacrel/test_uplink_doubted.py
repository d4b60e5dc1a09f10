"""Who calls in the name of a device closes nothing and confirms nothing, as far as he can be told from it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from custom_components.acrel_safety.aioacrel.control.outcome import Outcome, Reason, Result
from custom_components.acrel_safety.aioacrel.device import Device
from custom_components.acrel_safety.aioacrel.uplink.events import EventKind
from custom_components.acrel_safety.aioacrel.uplink.source import UplinkSource
from custom_components.acrel_safety.aioacrel.uplink.station import DOUBT_SECONDS
from simulator import Cabinet
from simulator.uplink import Caller, Quirks
from tests.aioacrel.test_uplink_source import CLOSE, OPEN, operate
from tests.aioacrel.uplink_rigs import HOST, SERIAL, Guest, Log, device_on, serving

pytestmark = pytest.mark.virtual_time

ELSEWHERE = "127.0.0.2"
MODEL = "dtsy1352"


def said(outcome: Outcome) -> tuple[Result, Reason | None, int]:
    return outcome.result, outcome.reason, outcome.writes


DOUBTED = Result.UNVERIFIED, Reason.WAY_DOUBTED, 1
REFUSED = Result.REFUSED, Reason.WAY_DOUBTED, 0


@asynccontextmanager
async def calling_from(address: str, port: int) -> AsyncIterator[Caller]:
    """Have a meter of somebody else's call in the device's name."""
    other = Caller(Cabinet.of({1: MODEL}, frozen=True).units[1], SERIAL)
    other.local_address = address, 0
    other.start(HOST, port)
    try:
        yield other
    finally:
        await other.stop()


async def test_who_calls_from_elsewhere_while_the_device_is_away_closes_nothing_and_confirms_nothing() -> None:
    async with device_on(MODEL, Quirks(redial_s=86400)) as (device, caller, log):
        assert (await operate(device, caller, OPEN)).is_confirmed
        caller.hang_up()
        await log.until(EventKind.LOST)
        async with calling_from(ELSEWHERE, log.port) as impostor:
            await log.until(EventKind.LOGIN, 2)
            await asyncio.sleep(1)
            # His meter says that it is closed.
            assert said(await operate(device, impostor, OPEN)) == DOUBTED
            assert said(await operate(device, impostor, OPEN)) == REFUSED
            assert said(await operate(device, impostor, CLOSE)) == REFUSED
            assert len(impostor.unit.writes) == 1
            # Half an hour in which the device itself would have been back: its card has another address now.
            await asyncio.sleep(DOUBT_SECONDS)
            assert (await operate(device, impostor, CLOSE)).is_confirmed


async def from_elsewhere(device: Device, log: Log) -> Guest:
    """Log in beside the device from another address: at once nobody knows which of both it is."""
    guest = await Guest.at(log.port, ELSEWHERE)
    guest.log_in()
    assert await guest.hears()
    assert log.kinds.count(EventKind.SECOND_LOGIN) == 0
    return guest


async def from_the_same_address(device: Device, log: Log) -> Guest:
    """Log in beside the device from its own address: that is most often itself, until both are known to live."""
    guest = await Guest.at(log.port)
    guest.log_in()
    assert await guest.hears()
    [source] = device.sources
    assert isinstance(source, UplinkSource)
    assert source.doubt is None
    await log.until(EventKind.SECOND_LOGIN)
    return guest


@pytest.mark.parametrize("beside", [from_elsewhere, from_the_same_address])
async def test_while_two_call_in_its_name_a_device_is_opened_without_a_proof_and_not_closed(
    beside: Callable[[Device, Log], Awaitable[Guest]],
) -> None:
    async with device_on(MODEL) as (device, caller, log):
        guest = await beside(device, log)
        assert said(await operate(device, caller, OPEN)) == DOUBTED
        assert caller.unit.truth()["1"]["RlySta"] is False
        assert said(await operate(device, caller, CLOSE)) == REFUSED
        guest.leave()
        await asyncio.sleep(60 + DOUBT_SECONDS)
        assert said(await operate(device, caller, CLOSE)) == (Result.CONFIRMED, None, 1)


async def test_a_login_that_comes_from_elsewhere_between_the_reading_and_the_order_stops_a_closing() -> None:
    async with device_on(MODEL, Quirks(latency_s=2.0)) as (device, caller, log):
        assert (await operate(device, caller, OPEN)).is_confirmed
        caller.asked.clear()
        act = asyncio.create_task(operate(device, caller, CLOSE))
        await caller.was_asked(lambda _: True)
        guest = await Guest.at(log.port, ELSEWHERE)
        guest.log_in()
        assert said(await act) == REFUSED
        assert len(caller.unit.writes) == 1


async def test_where_it_called_from_is_known_to_a_server_that_was_told() -> None:
    async with serving(SERIAL) as (server, port, log):
        server.stations[SERIAL].address = ELSEWHERE
        guest = await Guest.at(port)
        guest.log_in()
        await log.until(EventKind.LOGIN)
        assert "another network address" in str(server.stations[SERIAL].doubt)
        assert server.stations[SERIAL].address == HOST
