"""Only what is shown is read, in the planned requests."""

import logging

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component

from custom_components.acrel_safety.aioacrel.readings import PointKey
from custom_components.acrel_safety.aioacrel.vocabulary import Pace
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.rigs import QUICK, LinkRig, is_now


def registers_of(rig: LinkRig, unit_id: int, code: str, circuit: str = "1") -> range:
    return rig.source(unit_id).unit.model.registers.places[PointKey(circuit, code)].addresses


async def test_polls_are_exactly_the_planned_requests(cabinet_of: CabinetMaker, link_to: LinkMaker) -> None:
    cabinet = await cabinet_of({1: "adw300"})
    rig = await link_to(cabinet, intervals=QUICK)
    unit, device = cabinet.units[1], rig.source(1).unit
    planned = {(read.function, read.address, read.count) for group in Pace for read in device.planned(group)}
    unit.requests.clear()
    await rig.polled(1, times=3)
    assert {(request.function, request.address, request.count) for request in unit.requests} == planned


async def test_what_is_disabled_is_not_read(cabinet_of: CabinetMaker, link_to: LinkMaker) -> None:
    cabinet = await cabinet_of({1: "adw300"})
    rig = await link_to(cabinet, intervals=QUICK)
    harmonics = registers_of(rig, 1, "UaHr05")
    unit = cabinet.units[1]
    unit.requests.clear()
    await rig.polled(1, times=2)
    assert all(harmonics.start not in range(r.address, r.address + r.count) for r in unit.requests)

    entity_id = rig.entity_id("sensor", 1, "UaHr05")
    assert entity_id is not None
    er.async_get(rig.hass).async_update_entity(entity_id, disabled_by=None)
    await rig.reload()
    assert any(harmonics.start in range(r.address, r.address + r.count) for r in unit.requests)
    assert float(rig.state("sensor", 1, "UaHr05").state) >= 0


async def test_disabling_an_entity_ends_its_reads(cabinet_of: CabinetMaker, link_to: LinkMaker) -> None:
    cabinet = await cabinet_of({9: "aim-m10"})
    rig = await link_to(cabinet, intervals=QUICK)
    device = rig.source(9).unit
    for entity in rig.entities():
        er.async_get(rig.hass).async_update_entity(entity.entity_id, disabled_by=er.RegistryEntryDisabler.USER)
    await rig.hass.async_block_till_done()
    # Alarms, with the values they are about, are watched until the device is loaded anew: somebody may only have tried.
    assert Pace.SLOW not in device.groups()
    assert {key.code for key in device.plan.wanted} >= {"DOC_Overload", "I"}
    await rig.reload()
    # What may grow slowly is read even if nobody looks at it: an alarm goes by it.
    assert rig.source(9).unit.plan.wanted == {PointKey("1", "Temp")}


async def test_the_users_intervals_are_kept(cabinet_of: CabinetMaker, link_to: LinkMaker) -> None:
    cabinet = await cabinet_of({7: "asj10l"})
    rig = await link_to(cabinet, intervals={"fast": 0.1, "normal": 300.0, "slow": 300.0})
    slow = {(read.address, read.count) for read in rig.source(7).unit.planned(Pace.SLOW)}
    fast = {(read.address, read.count) for read in rig.source(7).unit.planned(Pace.FAST)}
    unit = cabinet.units[7]
    unit.requests.clear()
    await rig.reported(7, lambda: len(unit.requests) > 20)
    asked = [(request.address, request.count) for request in unit.requests]
    assert sum(asked.count(read) for read in slow - fast) <= len(slow)
    assert sum(asked.count(read) for read in fast) > 10


async def test_an_update_asked_for_by_the_user_does_not_wait_for_its_time(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, caplog: pytest.LogCaptureFixture
) -> None:
    cabinet = await cabinet_of({7: "asj10l"})
    rig = await link_to(cabinet, intervals=dict.fromkeys(QUICK, 600.0))
    assert await async_setup_component(hass, "homeassistant", {})
    cabinet.units[7].hold("Lg", 42)
    entity_id = "sensor.asj10l_7_residual_current"
    assert rig.state("sensor", 7, "Lg").state != "42"
    await hass.services.async_call("homeassistant", "update_entity", {"entity_id": entity_id}, blocking=True)
    await rig.until(entity_id, is_now("42"))
    assert [record.message for record in caplog.records if record.levelno >= logging.ERROR] == []
