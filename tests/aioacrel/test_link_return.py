"""A gateway that was away with ten boards behind it: one message for all, and soon everything is seen again."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from custom_components.acrel_safety.aioacrel.alarms.board import Board
from custom_components.acrel_safety.aioacrel.alarms.clock import Clock
from custom_components.acrel_safety.aioacrel.alarms.engine import Alarms
from custom_components.acrel_safety.aioacrel.alarms.notices import Notice, Why
from custom_components.acrel_safety.aioacrel.device import Device
from custom_components.acrel_safety.aioacrel.modbus import Link, ModbusHub
from custom_components.acrel_safety.aioacrel.vocabulary import Pace
from simulator import Cabinet, LineSettings
from simulator.cabinet import STANDARD_OPTIONS, STANDARD_UNITS
from tests.aioacrel.rigs import RATIOS, address_of, model_of

pytestmark = pytest.mark.virtual_time

LINE = LineSettings(baudrate=9600, turnaround_ms=20)
MODELS = {unit_id: model for unit_id, model in STANDARD_UNITS.items() if unit_id <= 10}
OUTAGE = 70.0
SOON = 20.0
"""Seconds until everything is seen again: so long it takes to ask ten boards who they are, one after the other."""
INTERVALS = {Pace.FAST: 2.001, Pace.NORMAL: 10.0, Pace.SLOW: 60.0}
"""Not the usual fast one, which is read as often as the line is free: here that is nobody's question."""
LINK = "gateway"
TICK = 0.25
type Outage = Callable[[Rig], Coroutine[Any, Any, None]]


class Rig:
    """The boards of a gateway, and what is sent about them."""

    def __init__(self, cabinet: Cabinet) -> None:
        self.cabinet = cabinet
        self.loop = asyncio.get_running_loop()
        self.devices: dict[str, Device] = {}
        self.alarms = Alarms(Clock(steady=self.loop.time))
        self.notices: list[tuple[float, Notice]] = []
        self.alarms.listen_to_notices(lambda notice: self.notices.append((self.loop.time(), notice)))

    def watch(self, name: str, device: Device) -> None:
        self.devices[name] = device
        self.alarms.watch(device, Board(identity=name, name=name, link=LINK))

    async def pass_(self, seconds: float) -> None:
        """Let time pass; alarms are looked at meanwhile, as whoever holds them does."""
        end = self.loop.time() + seconds
        while self.loop.time() < end:
            await asyncio.sleep(TICK)
            self.alarms.tick()

    def told(self) -> list[str]:
        """Return which boards were told as news."""
        return [one.board.name for _, notice in self.notices if notice.why is Why.RAISED for one in notice.alarms]

    async def until_seen(self, *but: str) -> float:
        """Return the seconds until every board is heard."""
        started = self.loop.time()
        while not all(device.is_heard for name, device in self.devices.items() if name not in but):
            await self.pass_(TICK)
            assert self.loop.time() - started < 600
        return self.loop.time() - started

    async def until_unseen(self) -> float:
        """Return the seconds until no board is taken for heard any more."""
        started = self.loop.time()
        while any(device.is_heard for device in self.devices.values()):
            await self.pass_(TICK)
            assert self.loop.time() - started < 600
        return self.loop.time() - started


@asynccontextmanager
async def watched() -> AsyncIterator[Rig]:
    """Have all boards read and watched; all is well."""
    options = {unit_id: options for unit_id, options in STANDARD_OPTIONS.items() if unit_id in MODELS}
    cabinet = Cabinet.of(MODELS, frozen=True, line=LINE, options=options)
    cabinet.advance(60)
    async with cabinet, Link.open(address_of(cabinet)) as link:
        hub, rig = ModbusHub("test"), Rig(cabinet)
        for unit_id in MODELS:
            unit = address_of(cabinet).guarded(link.unit(unit_id), unit_id, pulse=hub.bus.pulse)
            model = model_of(cabinet, unit_id)
            device = Device(f"board {unit_id}", model, steady=rig.loop.time)
            device.attach(hub.source(unit, model, ratios=RATIOS, intervals=INTERVALS))
            device.want(model.readable)
            rig.watch(f"board {unit_id}", device)
        await hub.start(60)
        await rig.pass_(30)
        rig.notices.clear()
        yield rig
        await hub.stop()


# -- outages ----------------------------------------------------------------------------------------------------------


async def refused(rig: Rig) -> None:
    """The gateway is there, and takes no connection."""
    port = rig.cabinet.tcp_port
    await rig.cabinet.stop()
    await rig.pass_(OUTAGE)
    await rig.cabinet.start(tcp_port=port)


async def mute(rig: Rig) -> None:
    """The gateway takes requests, and the line behind it is cut."""
    rig.cabinet.set_scenario("silent")
    await rig.pass_(OUTAGE)
    rig.cabinet.set_scenario("normal")


async def without_power(rig: Rig) -> None:
    """Nothing is there that could refuse a connection."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rig.loop, "create_connection", _hang)
        rig.cabinet.set_scenario("silent")
        await rig.pass_(OUTAGE)
    rig.cabinet.set_scenario("normal")


async def _hang(*_: object, **__: object) -> None:
    await asyncio.sleep(3600)


# -- what must hold ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("outage", [refused, mute, without_power], ids=lambda outage: outage.__name__)
async def test_after_an_outage_all_is_seen_soon_and_no_board_is_told_by_itself(outage: Outage) -> None:
    async with watched() as rig:
        await outage(rig)
        assert rig.told() == [LINK]
        assert await rig.until_seen() < SOON
        await rig.pass_(40)
        assert rig.told() == [LINK]
        assert [notice.why for _, notice in rig.notices] == [Why.RAISED, Why.OVER]
        assert not list(rig.alarms.standing())


async def test_where_nothing_is_there_no_value_stands_for_longer_than_two_questions_take() -> None:
    async with watched() as rig:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(rig.loop, "create_connection", _hang)
            rig.cabinet.set_scenario("silent")
            assert await rig.until_unseen() < 30
        rig.cabinet.set_scenario("normal")


async def test_a_board_that_does_not_come_back_with_the_others_is_told_by_itself() -> None:
    async with watched() as rig:
        await refused(rig)
        rig.cabinet.set_scenario("silent", 3)
        await rig.until_seen("board 3")
        assert rig.told() == [LINK]
        await rig.pass_(40)
        assert rig.told() == [LINK, "board 3"]
        # The link going once more is no news about it.
        await refused(rig)
        await rig.until_seen("board 3")
        await rig.pass_(40)
        assert rig.told() == [LINK, "board 3", LINK]


async def test_a_link_that_comes_and_goes_does_not_hide_a_board_that_stays_away() -> None:
    async with watched() as rig:
        port = rig.cabinet.tcp_port
        for _ in range(6):
            await rig.cabinet.stop()
            await rig.pass_(12)
            await rig.cabinet.start(tcp_port=port)
            rig.cabinet.set_scenario("silent", 3)
            await rig.pass_(18)
        assert "board 3" in rig.told()
