"""A link with its units as sources: nothing of a unit is believed before it proved to be what it is taken for."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import pytest

from custom_components.acrel_safety.aioacrel.errors import (
    AcrelError,
    LinkUnreachableError,
    NoAnswerError,
    SettingRefusedError,
    WrongDeviceError,
)
from custom_components.acrel_safety.aioacrel.modbus import Link, ModbusHub, ModbusSource
from custom_components.acrel_safety.aioacrel.points import Model
from custom_components.acrel_safety.aioacrel.readings import PointKey, Quality, Reading
from custom_components.acrel_safety.aioacrel.registers import Read
from custom_components.acrel_safety.aioacrel.registers.blocks import Block
from custom_components.acrel_safety.aioacrel.source import NEAR, Setting, Update
from custom_components.acrel_safety.aioacrel.vocabulary import Pace
from simulator import Cabinet, Unit
from tests.aioacrel.rigs import RATIOS, SHORT_TIMEOUT, address_of, model_of

pytestmark = pytest.mark.virtual_time

QUICK = {Pace.FAST: 0.05, Pace.NORMAL: 0.1, Pace.SLOW: 0.2}
SOON = 0.05
NEVER = 86400.0
PATIENCE = 20
LOOP = PointKey("1", "Lg")
LIMIT = PointKey("3", "LgHighVal02")
MONITOR, SWITCH = 8, 7
"""An AIM-R100 and an ASJ10L."""


class Heard:
    """Keeps what a source says; `until` waits until that is so."""

    def __init__(self, source: ModbusSource) -> None:
        self.readings: dict[PointKey, Reading] = {}
        self.trouble: AcrelError | None = None
        self.updates: list[Update] = []
        self._news = asyncio.Event()
        self.leave = source.join(self._take)

    def _take(self, update: Update) -> None:
        self.updates.append(update)
        self.readings |= update.readings
        self.trouble = update.trouble
        self._news.set()

    async def until(self, is_so: Callable[[Heard], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not is_so(self):
                self._news.clear()
                await self._news.wait()

    async def more(self, number: int) -> None:
        """Wait for so many more updates."""
        wanted = len(self.updates) + number
        await self.until(lambda heard: len(heard.updates) >= wanted)

    def has_value(self, key: PointKey = LOOP) -> bool:
        return key in self.readings and self.readings[key].value is not None

    @property
    def values(self) -> set[object]:
        """All that was ever said."""
        return {reading.value for update in self.updates for reading in update.readings.values()}


class Rig:
    """A hub on a cabinet's line, its sources by unit id, and what they say."""

    def __init__(self, cabinet: Cabinet, hub: ModbusHub, link: Link) -> None:
        self.cabinet = cabinet
        self.hub = hub
        self.sources: dict[int, ModbusSource] = {}
        self.heard: dict[int, Heard] = {}
        self._link = link

    def add(self, unit_id: int, intervals: Mapping[Pace, float], of: str | None) -> None:
        unit = self._link.address.guarded(
            self._link.unit(unit_id), unit_id, timeout=SHORT_TIMEOUT, pulse=self.hub.bus.pulse
        )
        source = self.hub.source(unit, model_of(self.cabinet, unit_id, of), ratios=RATIOS, intervals=intervals)
        self.sources[unit_id], self.heard[unit_id] = source, Heard(source)

    def unit(self, unit_id: int = MONITOR) -> Unit:
        return self.cabinet.units[unit_id]


@asynccontextmanager
async def rig(
    cabinet: Cabinet,
    *unit_ids: int,
    look_again: float = NEVER,
    check: float = NEVER,
    intervals: Mapping[Pace, float] = QUICK,
    of: str | None = None,
) -> AsyncIterator[Rig]:
    hub = ModbusHub("test", look_again_seconds=look_again, check_seconds=check)
    async with Link.open(address_of(cabinet)) as link:
        made = Rig(cabinet, hub, link)
        for unit_id in unit_ids:
            made.add(unit_id, intervals, of)
        try:
            yield made
        finally:
            await hub.stop()


def asked(unit: Unit, start: int = 0) -> set[int]:
    """Return the registers a unit was asked for."""
    return {register for r in unit.requests[start:] for register in range(r.address, r.address + r.count)}


def registers_of_probes(model: Model) -> set[int]:
    checks = model.registers.probes
    return {register for check in checks for register in range(check.address, check.address + check.count)}


def door_bell(model: Model) -> set[int]:
    """Return the registers that may be read with the first of the fastest points that nothing else is needed for."""
    of = model.registers
    alone = [key for key in model.readable if not of.companions_of(of.places[key])]
    first = next(key for key in alone if model.readable[key].pace is Pace.FAST)
    address = of.places[first].address
    return next({*range(low, high + 1)} for low, high in of.ranges if low <= address <= high)


# -- the right device ------------------------------------------------------------------------------------------------


async def test_a_start_identifies_every_unit_and_waits_for_all_first_values() -> None:
    async with Cabinet.standard(frozen=True) as cabinet, rig(cabinet, MONITOR, SWITCH) as line:
        for source in line.sources.values():
            source.want(source.points.keys())
        await line.hub.start(PATIENCE)
        for unit_id, source in line.sources.items():
            truth, heard = cabinet.units[unit_id].truth(), line.heard[unit_id]
            assert heard.readings.keys() == source.points.keys()
            assert {reading.origin for reading in heard.readings.values()} == {"modbus"}
            assert heard.readings[LOOP].value == truth["1"]["Lg"]
            assert heard.trouble is None
            probes = source.unit.model.registers.probes
            first = [(r.address, r.count) for r in cabinet.units[unit_id].requests[: len(probes)]]
            assert first == [(check.address, check.count) for check in probes]
            assert (source.is_answering, source.is_wrong, source.rank) == (True, False, NEAR)


async def test_of_what_nobody_wants_nothing_is_read_and_nothing_is_waited_for() -> None:
    async with Cabinet.standard(frozen=True) as cabinet, rig(cabinet, MONITOR) as line:
        await line.hub.start(PATIENCE)
        source, heard = line.sources[MONITOR], line.heard[MONITOR]
        assert asked(line.unit()) <= registers_of_probes(source.unit.model)
        source.want({LIMIT})
        source.hurry()
        await heard.until(lambda heard: heard.has_value(LIMIT))
        assert heard.readings.keys() == {LIMIT}
        source.want(set())
        assert source.unit.groups() == []


async def test_who_has_left_hears_nothing_more() -> None:
    async with Cabinet.standard(frozen=True) as cabinet, rig(cabinet, MONITOR) as line:
        source, gone = line.sources[MONITOR], Heard(line.sources[MONITOR])
        source.want({LOOP})
        gone.leave()
        await line.hub.start(PATIENCE)
        assert line.heard[MONITOR].has_value()
        assert gone.updates == []


async def test_a_start_whose_time_is_over_goes_on_behind_it() -> None:
    async with Cabinet.standard(frozen=True) as cabinet, rig(cabinet, MONITOR) as line:
        line.sources[MONITOR].want({LOOP})
        await line.hub.start(0)
        assert line.heard[MONITOR].values == set()
        await line.heard[MONITOR].until(Heard.has_value)


async def test_a_link_that_cannot_be_reached_is_told_at_the_start() -> None:
    cabinet = Cabinet.of({MONITOR: "aim-r100", SWITCH: "asj10l"}, frozen=True)
    await cabinet.start()
    port = cabinet.tcp_port
    await cabinet.stop()
    cabinet.tcp_port = port
    async with rig(cabinet, MONITOR, SWITCH) as line:
        with pytest.raises(LinkUnreachableError):
            await line.hub.start(PATIENCE)
        assert line.heard[MONITOR].updates == []


# -- a silent one ----------------------------------------------------------------------------------------------------


async def test_a_silent_unit_holds_up_no_start_and_is_read_when_it_is_back(caplog: pytest.LogCaptureFixture) -> None:
    async with Cabinet.standard(frozen=True) as cabinet, rig(cabinet, MONITOR, SWITCH) as line:
        cabinet.set_scenario("silent", unit=MONITOR)
        for source in line.sources.values():
            source.want({LOOP})
        await line.hub.start(PATIENCE)
        silent = line.sources[MONITOR]
        assert line.heard[SWITCH].has_value()
        assert (silent.is_answering, silent.unit.is_silent) == (False, True)
        assert [record.message for record in caplog.records if "Unit 8 (AIM-R100) was lost" in record.message] != []
        cabinet.set_scenario("normal", unit=MONITOR)
        await line.heard[MONITOR].until(Heard.has_value)
        assert silent.is_answering


async def test_a_unit_that_falls_silent_loses_its_values_and_is_identified_before_it_is_believed_again() -> None:
    async with Cabinet.standard(frozen=True) as cabinet, rig(cabinet, MONITOR) as line:
        source, heard = line.sources[MONITOR], line.heard[MONITOR]
        source.want({LOOP, LIMIT})
        await line.hub.start(PATIENCE)
        cabinet.set_scenario("silent", unit=MONITOR)
        await heard.until(
            lambda heard: all(reading.quality is Quality.NO_ANSWER for reading in heard.readings.values())
        )
        assert heard.readings.keys() == {LOOP, LIMIT}
        assert (source.is_answering, heard.trouble) == (False, None)
        before = len(line.unit().requests)
        cabinet.set_scenario("normal", unit=MONITOR)
        await heard.until(lambda heard: heard.has_value() and heard.has_value(LIMIT))
        probes = source.unit.model.registers.probes
        addresses = [request.address for request in line.unit().requests[before:]]
        limit = source.unit.model.registers.places[LIMIT].address
        assert addresses.index(limit) > addresses.index(probes[0].address)


# -- a wrong one -----------------------------------------------------------------------------------------------------


async def test_of_a_wrong_device_nothing_is_read_but_what_tells_it_is_one() -> None:
    async with Cabinet.standard(frozen=True) as cabinet, rig(cabinet, MONITOR, look_again=SOON) as line:
        cabinet.set_scenario("wrong_model", unit=MONITOR)
        source, heard = line.sources[MONITOR], line.heard[MONITOR]
        source.want(source.points.keys())
        await line.hub.start(PATIENCE)
        assert source.is_wrong
        assert isinstance(heard.trouble, WrongDeviceError)
        await heard.more(3)
        assert heard.values == {None}
        assert {reading.quality for reading in heard.readings.values()} == {Quality.NO_ANSWER}
        assert asked(line.unit()) <= registers_of_probes(source.unit.model)


async def test_a_wrong_device_that_is_put_right_is_read_without_a_restart() -> None:
    async with Cabinet.standard(frozen=True) as cabinet, rig(cabinet, MONITOR, look_again=SOON) as line:
        cabinet.set_scenario("wrong_model", unit=MONITOR)
        source, heard = line.sources[MONITOR], line.heard[MONITOR]
        source.want({LOOP})
        await line.hub.start(PATIENCE)
        assert source.is_wrong
        cabinet.set_scenario("normal", unit=MONITOR)
        await heard.until(Heard.has_value)
        assert heard.readings[LOOP].value == line.unit().truth()["1"]["Lg"]
        assert (heard.trouble, source.is_wrong, source.is_answering) == (None, False, True)


async def test_nothing_is_written_to_a_wrong_device() -> None:
    async with Cabinet.standard(frozen=True) as cabinet, rig(cabinet, MONITOR) as line:
        cabinet.set_scenario("wrong_model", unit=MONITOR)
        await line.hub.start(PATIENCE)
        with pytest.raises(WrongDeviceError):
            await line.sources[MONITOR].send(Setting(key=LIMIT, value=150))
        assert line.unit().writes == []


async def test_nothing_is_written_to_a_device_exchanged_while_it_was_silent() -> None:
    async with Cabinet.standard(frozen=True) as cabinet, rig(cabinet, MONITOR) as line:
        source, heard = line.sources[MONITOR], line.heard[MONITOR]
        source.want({LOOP})
        await line.hub.start(PATIENCE)
        cabinet.set_scenario("silent", unit=MONITOR)
        await heard.until(lambda heard: heard.readings[LOOP].quality is Quality.NO_ANSWER)
        cabinet.set_scenario("wrong_model", unit=MONITOR)
        with pytest.raises(WrongDeviceError):
            await source.send(Setting(key=LIMIT, value=150))
        assert line.unit().writes == []


async def test_a_device_exchanged_without_ever_being_missed_is_found_out() -> None:
    async with (
        Cabinet.standard(frozen=True) as cabinet,
        rig(cabinet, MONITOR, check=SOON, look_again=SOON, intervals=dict.fromkeys(Pace, NEVER)) as line,
    ):
        source, heard = line.sources[MONITOR], line.heard[MONITOR]
        source.want({LOOP})
        await line.hub.start(PATIENCE)
        assert heard.has_value()
        cabinet.set_scenario("wrong_model", unit=MONITOR)
        await heard.until(lambda heard: heard.trouble is not None)
        assert isinstance(heard.trouble, WrongDeviceError)
        assert heard.readings[LOOP].quality is Quality.NO_ANSWER
        before = len(line.unit().requests)
        await heard.more(3)
        assert asked(line.unit(), before) <= registers_of_probes(source.unit.model)
        assert heard.readings[LOOP].value is None


async def test_a_device_exchanged_while_it_was_silent_is_never_believed() -> None:
    async with Cabinet.standard(frozen=True) as cabinet, rig(cabinet, MONITOR) as line:
        source, heard = line.sources[MONITOR], line.heard[MONITOR]
        source.want({LOOP, LIMIT})
        await line.hub.start(PATIENCE)
        cabinet.set_scenario("silent", unit=MONITOR)
        await heard.until(lambda heard: heard.readings[LOOP].quality is Quality.NO_ANSWER)
        heard.updates.clear()
        before = len(line.unit().requests)
        cabinet.set_scenario("wrong_model", unit=MONITOR, model="adl3000")
        await heard.until(lambda heard: heard.trouble is not None)
        assert isinstance(heard.trouble, WrongDeviceError)
        assert heard.values == {None}
        of = source.unit.model
        assert not asked(line.unit(), before) & {*of.registers.places[LIMIT].addresses} - registers_of_probes(of)


async def test_a_device_whose_door_bell_was_refused_once_is_taken_up_again() -> None:
    async with Cabinet.standard(frozen=True) as cabinet, rig(cabinet, MONITOR) as line:
        source, heard = line.sources[MONITOR], line.heard[MONITOR]
        other = PointKey("2", "Lg")
        source.want({other})
        await line.hub.start(PATIENCE)
        (bell,) = source._door_bell
        place = source.unit.registers.places[bell]
        read = Read(place.function, place.address, place.count)
        source.unit.decline(Block(read=read, cells=((bell, place, 0),)), 2)
        cabinet.set_scenario("silent", unit=MONITOR)
        await heard.until(lambda heard: heard.readings[other].quality is Quality.NO_ANSWER)
        cabinet.set_scenario("normal", unit=MONITOR)
        await heard.until(lambda heard: heard.readings[other].value is not None)
        assert source.is_answering


async def test_a_unit_whose_identification_is_cut_off_is_set_up_all_the_same() -> None:
    async with Cabinet.standard(frozen=True) as cabinet, rig(cabinet, MONITOR) as line:
        source, heard = line.sources[MONITOR], line.heard[MONITOR]
        source.want({LOOP})
        cabinet.set_scenario("slow", unit=MONITOR, delay_s=0.15)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await source.identify()
        assert line.unit().requests
        assert not source.is_answering
        cabinet.set_scenario("normal", unit=MONITOR)
        await line.hub.start(PATIENCE)
        await heard.until(lambda heard: heard.readings[LOOP].value is not None)
        assert source.is_answering


async def test_a_device_that_was_silent_at_the_start_rings_its_door_bell_only_until_it_is_identified() -> None:
    async with Cabinet.standard(frozen=True) as cabinet, rig(cabinet, MONITOR) as line:
        cabinet.set_scenario("silent", unit=MONITOR)
        source, heard = line.sources[MONITOR], line.heard[MONITOR]
        source.want(source.points.keys())
        await line.hub.start(PATIENCE)
        cabinet.set_scenario("wrong_model", unit=MONITOR)
        await heard.until(lambda heard: heard.trouble is not None)
        of = source.unit.model
        assert heard.values == {None}
        assert asked(line.unit()) <= door_bell(of) | registers_of_probes(of)


async def test_a_slip_while_one_device_is_looked_at_ends_no_watch(caplog: pytest.LogCaptureFixture) -> None:
    async with Cabinet.standard(frozen=True) as cabinet, rig(cabinet, SWITCH, MONITOR, check=SOON) as line:
        source, slipping = line.sources[MONITOR], line.sources[SWITCH]
        for each in line.sources.values():
            each.want({LOOP})
        await line.hub.start(PATIENCE)

        async def slip() -> AcrelError | None:
            raise RuntimeError("a slip below")

        slipping.identify = slip  # type: ignore[method-assign]  # there is no such fault to cause
        cabinet.set_scenario("wrong_model", unit=MONITOR, model="adl3000")
        await line.heard[MONITOR].until(lambda heard: heard.trouble is not None)
        assert source.is_wrong
        assert "Looking at Unit 7 (ASJ10L) failed" in caplog.text


# -- units that go away ----------------------------------------------------------------------------------------------


async def test_a_removed_unit_is_left_alone() -> None:
    async with Cabinet.standard(frozen=True) as cabinet, rig(cabinet, MONITOR, SWITCH, check=SOON) as line:
        for source in line.sources.values():
            source.want({LOOP})
        await line.hub.start(PATIENCE)
        line.hub.remove(line.sources[MONITOR])
        line.hub.remove(line.sources[MONITOR])
        await line.heard[SWITCH].more(2)
        before = len(line.unit().requests)
        await line.heard[SWITCH].more(20)
        assert len(line.unit().requests) == before


async def test_a_unit_removed_while_it_is_identified_is_left_alone_too() -> None:
    async with Cabinet.standard(frozen=True) as cabinet, rig(cabinet, MONITOR, SWITCH) as line:
        cabinet.set_scenario("wrong_model", unit=MONITOR)
        source = line.sources[MONITOR]
        for each in line.sources.values():
            each.want({LOOP})
        await line.hub.start(PATIENCE)
        cabinet.set_scenario("normal", unit=MONITOR)
        looking = asyncio.create_task(source.identify())
        await asyncio.sleep(0)
        line.hub.remove(source)
        assert await looking is None
        await line.heard[SWITCH].more(2)
        before = len(line.unit().requests)
        await line.heard[SWITCH].more(20)
        assert len(line.unit().requests) == before


# -- what else a source does -----------------------------------------------------------------------------------------


async def test_an_order_and_its_reading_go_before_the_polls() -> None:
    async with Cabinet.standard(frozen=True) as cabinet, rig(cabinet, MONITOR) as line:
        source = line.sources[MONITOR]
        source.want(source.points.keys())
        await line.hub.start(PATIENCE)
        assert LIMIT in source.orders
        await source.send(Setting(key=LIMIT, value=150))
        assert (await source.read({LIMIT}))[LIMIT].value == 150
        assert [write.values for write in line.unit().writes] == [(150,)]


async def test_an_order_whose_device_was_removed_meanwhile_says_so() -> None:
    async with Cabinet.standard(frozen=True) as cabinet, rig(cabinet, MONITOR) as line:
        source, goes_on = line.sources[MONITOR], asyncio.Event()
        await line.hub.start(PATIENCE)
        before_it = asyncio.create_task(source.bus.command(goes_on.wait))
        order = asyncio.create_task(source.send(Setting(key=LIMIT, value=150)))
        await asyncio.sleep(0)
        line.hub.remove(source)
        goes_on.set()
        await before_it
        with pytest.raises(SettingRefusedError, match="the device was removed or loaded anew"):
            await order
        assert line.unit().writes == []


async def test_an_order_whose_device_is_in_doubt_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Cabinet.standard(frozen=True) as cabinet, rig(cabinet, MONITOR) as line:
        source = line.sources[MONITOR]
        await line.hub.start(PATIENCE)
        identify = source.identify

        async def exchanged_right_after() -> AcrelError | None:
            found = await identify()
            cabinet.set_scenario("wrong_model", unit=MONITOR)
            await identify()
            return found

        monkeypatch.setattr(source, "identify", exchanged_right_after)
        with pytest.raises(SettingRefusedError, match="another one may answer in its place"):
            await source.send(Setting(key=LIMIT, value=150))
        assert line.unit().writes == []


async def test_the_details_are_plain_and_do_not_say_where_the_unit_is() -> None:
    async with Cabinet.standard(frozen=True) as cabinet, rig(cabinet, MONITOR, SWITCH) as line:
        cabinet.set_scenario("silent", unit=SWITCH)
        source = line.sources[MONITOR]
        source.want({LOOP})
        await line.hub.start(PATIENCE)
        text = json.dumps({unit_id: dict(found.details()) for unit_id, found in line.sources.items()})
        assert "127.0.0.1" not in text
        details = json.loads(text)[str(MONITOR)]
        assert details["plan"]["fast"] == [
            {"function": 3, "address": "000B", "count": 1},  # whether its transformer is broken
            {"function": 3, "address": "004A", "count": 1},
        ]
        assert (details["is_identified"], details["is_wrong"], details["is_silent"]) == (True, False, False)
        assert json.loads(text)[str(SWITCH)]["is_silent"]
        assert source.figures()["timeouts"] == 0
        assert (source.figures()["answer_time"] or 0) > 0
        assert (line.sources[SWITCH].figures()["timeouts"] or 0) > 0
        assert line.hub.figures().keys() == {"overruns", "line_duty"}
        assert (await source.dump()).words(source.unit.planned(Pace.FAST)[-1]) == [line.unit().registers[0x4A]]


async def test_identify_says_why_it_cannot_be_said() -> None:
    async with Cabinet.standard(frozen=True) as cabinet, rig(cabinet, MONITOR) as line:
        source = line.sources[MONITOR]
        assert await source.identify() is None
        cabinet.set_scenario("silent", unit=MONITOR)
        assert isinstance(await source.identify(), NoAnswerError)
        assert not source.is_wrong, "silence proves nothing"
