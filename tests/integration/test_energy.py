"""Counters: fit for the Energy dashboard, kept over restarts, never running backwards."""

import pytest
from homeassistant.core import HomeAssistant

from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.rigs import QUICK, is_not, is_now

UNIT, MODEL = 5, "ddsy1352"
NEVER = {"fast": 600.0, "normal": 600.0, "slow": 600.0}


async def test_energy_is_a_growing_total_in_kilowatt_hours(cabinet_of: CabinetMaker, link_to: LinkMaker) -> None:
    cabinet = await cabinet_of({UNIT: MODEL})
    rig = await link_to(cabinet)
    state = rig.state("sensor", UNIT, "EP")
    assert state.attributes["device_class"] == "energy"
    assert state.attributes["state_class"] == "total_increasing"
    assert state.attributes["unit_of_measurement"] == "kWh"


async def test_energy_follows_the_meter(cabinet_of: CabinetMaker, link_to: LinkMaker) -> None:
    cabinet = await cabinet_of({UNIT: MODEL})
    rig = await link_to(cabinet, intervals=QUICK)
    before = float(rig.state("sensor", UNIT, "EP").state)
    cabinet.advance(2 * 3600)
    after = float(cabinet.units[UNIT].truth()["1"]["EP"])
    assert after > before
    entity_id = rig.entity_id("sensor", UNIT, "EP")
    assert entity_id is not None
    await rig.until(entity_id, lambda state: float(state.state) == pytest.approx(after))


@pytest.mark.parametrize("dip", [0.0, 0.5])
async def test_the_last_value_outlives_a_reload_and_a_first_dip_is_not_believed(
    cabinet_of: CabinetMaker, link_to: LinkMaker, dip: float
) -> None:
    cabinet = await cabinet_of({UNIT: MODEL})
    rig = await link_to(cabinet, intervals=NEVER)
    before = rig.state("sensor", UNIT, "EP").state
    assert float(before) > 1
    cabinet.units[UNIT].hold("EP", float(before) * dip)
    await rig.reload()
    assert rig.state("sensor", UNIT, "EP").state == before


async def test_a_meter_that_insists_on_less_is_a_new_meter(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({UNIT: MODEL})
    rig = await link_to(cabinet, intervals=QUICK)
    cabinet.units[UNIT].hold("EP", 0.25)
    entity_id = rig.entity_id("sensor", UNIT, "EP")
    assert entity_id is not None
    await rig.until(entity_id, is_now("0.25"))


async def test_the_last_value_outlives_a_silence(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({UNIT: MODEL})
    rig = await link_to(cabinet, intervals=QUICK)
    entity_id = rig.entity_id("sensor", UNIT, "EP")
    assert entity_id is not None
    before = rig.state("sensor", UNIT, "EP").state
    cabinet.set_scenario("silent")
    await rig.until(entity_id, is_now("unavailable"))
    await rig.reload()
    await rig.reload()
    cabinet.units[UNIT].hold("EP", 0.0)
    cabinet.set_scenario("normal")
    await rig.until(entity_id, is_not("unavailable"))
    assert rig.state("sensor", UNIT, "EP").state == before
