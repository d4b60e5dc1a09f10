"""The bus: alarms first, one request at a time, silent units out of the way, commands before polls."""

import asyncio
from itertools import pairwise

import pytest

from custom_components.acrel_safety.aioacrel.errors import LinkUnreachableError, NoAnswerError
from custom_components.acrel_safety.aioacrel.modbus import Bus, Link, LinkAddress, PolledUnit, PollReport
from custom_components.acrel_safety.aioacrel.modbus.orders import write_setting
from custom_components.acrel_safety.aioacrel.readings import PointKey
from custom_components.acrel_safety.aioacrel.registers.blocks import Block
from custom_components.acrel_safety.aioacrel.source import Setting
from custom_components.acrel_safety.aioacrel.vocabulary import Pace
from simulator import Cabinet, LineSettings
from tests.aioacrel.bus_rigs import QUICK, Reports, Rig
from tests.aioacrel.rigs import RATIOS, SHORT_TIMEOUT, address_of, model

pytestmark = pytest.mark.virtual_time


async def test_every_group_of_every_device_is_polled() -> None:
    async with Cabinet.standard(frozen=True) as cabinet, Rig(cabinet) as rig:
        devices = await rig.add(1, 8)
        rig.bus.start()
        for device in devices:
            for group in device.groups():
                report = await rig.reports.until(lambda r, d=device, g=group: r.unit is d and r.group is g)  # type: ignore[misc]  # defaults bind the loop's values
                assert report.error is None
        assert 0 < rig.bus.duty <= 1


async def test_alarms_are_read_before_anything_slower() -> None:
    async with Cabinet.standard(frozen=True) as cabinet, Rig(cabinet) as rig:
        await rig.add(1, 8)
        rig.bus.start()
        await rig.reports.until(lambda r: r.group is Pace.SLOW)
        groups = [report.group for report in rig.reports.all]
        assert groups[:2] == [Pace.FAST, Pace.FAST]


async def test_a_busy_line_counts_what_it_leaves_out_and_starves_nobody() -> None:
    line = LineSettings(baudrate=9600, turnaround_ms=5)
    async with Cabinet.of({1: "adw300", 8: "aim-r100"}, frozen=True, line=line) as cabinet, Rig(cabinet) as rig:
        await rig.add(1, 8, timeout=3)
        rig.bus.start()
        await rig.reports.until(lambda r: r.group is Pace.SLOW and r.unit.unit_id == 1)
        await rig.reports.until(lambda r: r.group is Pace.FAST and r.unit.unit_id == 8)
        assert rig.bus.overruns > 0
        assert all(report.error is None for report in rig.reports.all)


async def test_a_silent_unit_costs_the_others_nothing_between_two_knocks() -> None:
    async with Cabinet.standard(frozen=True) as cabinet, Rig(cabinet) as rig:
        silent, _ = await rig.add(1, 8)
        cabinet.set_scenario("silent", unit=1)
        rig.bus.start()
        lost = await rig.reports.until(lambda r: r.error is not None)
        assert lost.unit is silent
        assert isinstance(lost.error, NoAnswerError)
        for _ in range(20):
            await rig.reports.until(lambda r: r.unit.unit_id == 8)
        before = len(cabinet.units[1].requests)
        for _ in range(10):
            await rig.reports.until(lambda r: r.unit.unit_id == 8 and r.group is Pace.FAST)
        knocks = cabinet.units[1].requests[before:]
        assert len(knocks) <= 2
        assert all(request.count < 10 for request in knocks)  # short, of different lengths
        assert silent.is_silent
        assert not any(reading.value is not None for reading in silent.readings.values())
        cabinet.set_scenario("normal", unit=1)
        back = await rig.reports.until(lambda r: r.unit is silent and r.error is None)
        assert back.keys


async def test_between_the_time_outs_of_silent_units_the_others_have_their_turn() -> None:
    silent, answering = (1, 7, 9), 8
    models = {1: "adw300", 7: "asj10l", 8: "aim-r100", 9: "aim-m10"}
    async with Cabinet.of(models) as cabinet, Rig(cabinet) as rig:
        for unit_id in silent:
            cabinet.set_scenario("silent", unit=unit_id)
        await rig.add(*models, intervals=dict.fromkeys(Pace, 0.3))
        rig.bus.start()
        for _ in silent:
            await rig.reports.until(lambda r: r.error is not None)
        asked = [0]
        before = {unit_id: len(cabinet.units[unit_id].requests) for unit_id in silent}
        while asked[-1] < 6:
            await rig.reports.until(lambda r: r.unit.unit_id == answering and r.group is Pace.FAST)
            asked.append(sum(len(cabinet.units[unit_id].requests) - before[unit_id] for unit_id in silent))
    assert all(after - before <= 1 for before, after in pairwise(asked))


async def test_a_unit_that_was_just_asked_in_vain_begins_as_a_silent_one(caplog: pytest.LogCaptureFixture) -> None:
    async with Cabinet.of({7: "asj10l", 8: "aim-r100"}, frozen=True) as cabinet, Rig(cabinet) as rig:
        cabinet.set_scenario("silent", unit=7)
        error = NoAnswerError(unit=7, seconds="1")
        silent, _ = await rig.add(7, 8, silence={7: error})
        assert silent.is_silent
        rig.bus.start()
        await rig.reports.until(lambda r: r.unit.unit_id == 8)
        await rig.reports.until(lambda r: r.unit.unit_id == 8)
        cabinet.set_scenario("normal", unit=7)
        await rig.reports.until(lambda r: r.unit is silent and r.error is None)
    assert cabinet.units[7].requests[0].count < silent.planned(Pace.FAST)[0].count + 3  # a knock, not a poll
    assert [record.getMessage() for record in caplog.records if "was lost" in record.getMessage()] == [
        f"Unit 7 (ASJ10L) was lost: {error}"
    ]


async def test_a_returning_unit_is_found_on_a_line_that_never_rests() -> None:
    line = LineSettings(baudrate=9600, turnaround_ms=5)
    async with Cabinet.of({1: "adw300", 8: "aim-r100"}, frozen=True, line=line) as cabinet, Rig(cabinet) as rig:
        cabinet.set_scenario("silent", unit=8)
        await rig.add(1, 8, timeout=0.5)
        rig.bus.start()
        await rig.reports.until(lambda r: r.unit.unit_id == 8 and r.error is not None)
        cabinet.set_scenario("normal", unit=8)
        await rig.reports.until(lambda r: r.unit.unit_id == 8 and r.error is None)
        assert rig.bus.overruns > 0


async def test_a_command_waits_for_one_request_at_most() -> None:
    line = LineSettings(baudrate=9600, turnaround_ms=5)
    key = PointKey("1", "LgHighVal02")
    async with Cabinet.of({1: "adw300", 8: "aim-r100"}, frozen=True, line=line) as cabinet, Rig(cabinet) as rig:
        _, device = await rig.add(1, 8, timeout=3)
        rig.bus.start()
        await rig.reports.until(lambda r: r.unit.unit_id == 1)
        before = len(cabinet.units[1].requests)
        order = Setting(key=key, value=333)
        await rig.bus.command(lambda: write_setting(device.unit, device.model, device.registers, order))
        assert len(cabinet.units[1].requests) - before <= 1
        assert len(cabinet.units[8].writes) == 1
        readings = await rig.bus.command(lambda: device.read([key]))
        assert readings[key].value == 333
        assert len(cabinet.units[1].requests) - before <= 2


async def test_a_link_that_cannot_be_opened_is_reported_and_found_again() -> None:
    cabinet = Cabinet.of({8: "aim-r100"}, frozen=True)
    await cabinet.start()
    port = cabinet.tcp_port
    await cabinet.stop()
    address = LinkAddress.parse(f"tcp://127.0.0.1:{port}")
    bus, reports = Bus("test"), Reports()
    async with Link.open(address) as link:
        device = PolledUnit(address.guarded(link.unit(8), 8, timeout=SHORT_TIMEOUT), model("aim-r100"))
        device.want_all()
        bus.add(device, reports, QUICK)
        bus.start()
        assert isinstance((await reports.until(lambda r: r.error is not None)).error, LinkUnreachableError)
        await cabinet.start(tcp_port=port)
        await reports.until(lambda r: r.error is None)
        await bus.stop()
    await cabinet.stop()


async def test_when_the_link_is_back_nobody_waits_for_a_turn_of_its_own() -> None:
    cabinet = Cabinet.of({7: "asj10l", 8: "aim-r100"}, frozen=True)
    await cabinet.start()
    port = cabinet.tcp_port
    await cabinet.stop()
    address = LinkAddress.parse(f"tcp://127.0.0.1:{port}")
    bus, reports = Bus("test"), Reports()
    async with Link.open(address) as link:
        for unit_id, interval in ((7, 3600.0), (8, 0.05)):
            unit = address.guarded(link.unit(unit_id), unit_id, timeout=SHORT_TIMEOUT)
            device = PolledUnit(unit, model(cabinet.units[unit_id].model))
            device.want_all()
            bus.add(device, reports, dict.fromkeys(Pace, interval))
        bus.start()
        for unit_id in (7, 8):
            if not any(report.unit.unit_id == unit_id for report in reports.all):
                await reports.until(lambda r, of=unit_id: r.unit.unit_id == of and r.error is not None)  # type: ignore[misc]  # defaults bind the loop's values
        await cabinet.start(tcp_port=port)
        # On its own, unit 7 would be asked again in a minute.
        await reports.until(lambda r: r.unit.unit_id == 7 and r.error is None)
        await bus.stop()
    await cabinet.stop()


async def test_a_removed_device_is_left_alone_and_a_woken_one_asked_soon() -> None:
    async with Cabinet.standard(frozen=True) as cabinet, Rig(cabinet) as rig:
        link = await rig.enter_async_context(Link.open(address_of(cabinet)))
        unit = address_of(cabinet).guarded(link.unit(8), 8, timeout=SHORT_TIMEOUT)
        device = PolledUnit(unit, model("aim-r100"))
        remove = rig.bus.add(device, rig.reports, dict.fromkeys(Pace, 3600.0))
        rig.push_async_callback(rig.bus.stop)
        rig.bus.start()
        device.want([PointKey("1", "Lg")])
        rig.bus.wake(device)
        await rig.reports.until(lambda r: r.unit is device)
        remove()
        remove()
        rig.bus.wake(device)
        before = len(cabinet.units[8].requests)
        await rig.bus.command(lambda: asyncio.sleep(0))
        assert len(cabinet.units[8].requests) == before


async def test_a_device_removed_while_it_is_asked_in_vain_does_not_stop_the_bus() -> None:
    async with Cabinet.standard(frozen=True) as cabinet, Rig(cabinet) as rig:
        link = await rig.enter_async_context(Link.open(address_of(cabinet)))
        unit = address_of(cabinet).guarded(link.unit(1), 1)
        device = PolledUnit(unit, model("adw300"), ratios=RATIOS)
        device.want_all()
        remove = rig.bus.add(device, rig.reports, QUICK)
        rig.push_async_callback(rig.bus.stop)
        cabinet.set_scenario("silent", unit=1)
        rig.bus.start()
        await asyncio.sleep(0)
        assert unit.figures.requests == 1
        remove()
        port = cabinet.tcp_port
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(rig.reports.until(lambda r: r.error is not None))
            tasks.create_task(cabinet.stop())
        await cabinet.start(tcp_port=port)
        await rig.add(8)
        await rig.reports.until(lambda r: r.unit.unit_id == 8 and r.error is None)


async def test_a_listener_that_fails_does_not_stop_the_bus(caplog: pytest.LogCaptureFixture) -> None:
    async with Cabinet.standard(frozen=True) as cabinet, Rig(cabinet) as rig:
        (device,) = await rig.add(8)

        def fail(report: PollReport) -> None:
            raise RuntimeError(report.group)

        rig.bus.add(device, fail, QUICK)
        rig.bus.start()
        await rig.reports.until(lambda r: r.error is None)
        await rig.reports.until(lambda r: r.error is None)
    assert "A listener of Unit 8 (AIM-R100) failed" in caplog.text


@pytest.mark.parametrize("slip", [RuntimeError("a slip below"), asyncio.CancelledError()])
async def test_a_slip_of_a_program_takes_values_away_and_does_not_stop_the_bus(
    caplog: pytest.LogCaptureFixture, slip: BaseException
) -> None:
    """Whatever a layer below raises: what is read no more must not stand there as if it were fresh."""
    async with Cabinet.standard(frozen=True) as cabinet, Rig(cabinet) as rig:
        wrong, fine = await rig.add(7, 8)
        rig.bus.start()
        await rig.reports.until(lambda r: r.unit is wrong and r.error is None)

        async def slips(*_: object, **__: object) -> list[int]:
            raise slip

        read, wrong.unit.read = wrong.unit.read, slips  # type: ignore[method-assign]  # there is no such fault to cause
        await rig.reports.until(lambda r: r.unit is wrong and r.unit.is_silent)
        assert all(reading.value is None for reading in wrong.readings.values())
        await rig.reports.until(lambda r: r.unit is fine and r.error is None)
        wrong.unit.read = read  # type: ignore[method-assign]  # likewise
        await rig.reports.until(lambda r: r.unit is wrong and r.error is None)
        assert "failed unexpectedly" in caplog.text


async def test_a_slip_of_the_planner_takes_the_values_of_its_device_away_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with Cabinet.standard(frozen=True) as cabinet, Rig(cabinet) as rig:
        wrong, fine = await rig.add(7, 8)
        rig.bus.start()
        await rig.reports.until(lambda r: r.unit is wrong and r.error is None)

        def slips(group: Pace) -> tuple[Block, ...]:
            raise RuntimeError(group)

        blocks, wrong.blocks = wrong.blocks, slips  # type: ignore[method-assign]  # there is no such fault to cause
        await rig.reports.until(lambda r: r.unit is wrong and r.unit.is_silent)
        assert all(reading.value is None for reading in wrong.readings.values())
        await rig.reports.until(lambda r: r.unit is fine and r.error is None)
        wrong.blocks = blocks  # type: ignore[method-assign]  # likewise
        await rig.reports.until(lambda r: r.unit is wrong and r.error is None)
        assert "failed unexpectedly" in caplog.text


async def test_a_device_removed_while_its_poll_waits_for_the_line_is_not_asked() -> None:
    async with Cabinet.standard(frozen=True) as cabinet, Rig(cabinet) as rig:
        link = await rig.enter_link()
        device = PolledUnit(address_of(cabinet).guarded(link.unit(8), 8, timeout=SHORT_TIMEOUT), model("aim-r100"))
        device.want_all()
        remove = rig.bus.add(device, rig.reports, QUICK)
        rig.push_async_callback(rig.bus.stop)
        async with rig.bus.turn():
            rig.bus.start()
            await asyncio.sleep(QUICK[Pace.FAST])
            remove()
        await rig.bus.stop()
        assert cabinet.units[8].requests == []
