"""The rule: no write request at set-up, reload, unload, reconnect, restore or import. Only a user's command writes."""

from collections.abc import Mapping

import pytest
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import mock_restore_cache_with_extra_data
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.acrel_safety.const import DOMAIN
from custom_components.acrel_safety.issues import Issue, issue_id
from simulator import Cabinet
from simulator.cabinet import STANDARD_UNITS
from simulator.devices.base import READ_HOLDING, READ_INPUT
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.flows import add_device, change_device, upload
from tests.integration.loops import LOOPS
from tests.integration.rigs import QUICK, LinkRig, enable_all, is_not, is_now, until_issue

CHANGEABLE = {1: "adw300", 7: "asj10l", 8: "aim-r100", 11: "arcm300"}
"""All built-in models that have settings one may change."""
SETTINGS = (("number", 8, "LgHighVal02", "3"), ("number", 1, "LgHighVal02", "1"), ("switch", 1, "UHighSw", "1"))
USERS_MODEL = f"""{LOOPS}
[circuits.settings]
LgHighVal02 = {{ at = 0x0056, limits = [6, 1000], source = "manual, page 20" }}
"""


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """Keep the user's files of a test to itself."""
    return hass_tmp_config_dir


def assert_only_read(cabinet: Cabinet) -> None:
    """Fail if a unit was asked for anything but reads."""
    for unit in cabinet.units.values():
        assert {request.function for request in unit.requests} <= {READ_HOLDING, READ_INPUT}
        assert unit.writes == []
    assert any(unit.requests for unit in cabinet.units.values())


def settings_of(rig: LinkRig) -> Mapping[str, str]:
    """Return the states of some settings that may be changed."""
    return {
        (state := rig.state(platform, unit_id, code, circuit)).entity_id: state.state
        for platform, unit_id, code, circuit in SETTINGS
    }


async def test_no_write_at_set_up_of_any_model_with_every_entity_enabled(
    cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of(STANDARD_UNITS)
    rig = await link_to(cabinet, allow_changes=True, pt=1.0, ct=1.0, intervals=QUICK)
    enable_all(rig)
    await rig.reload()
    await rig.polled(8)
    assert_only_read(cabinet)


@pytest.mark.parametrize("framing", ["tcp", "rtu_tcp"])
async def test_no_write_at_set_up_polls_reload_and_unload(
    cabinet_of: CabinetMaker, link_to: LinkMaker, framing: str
) -> None:
    cabinet = await cabinet_of(CHANGEABLE)
    rig = await link_to(cabinet, framing="tcp" if framing == "tcp" else "rtu_tcp", allow_changes=True, intervals=QUICK)
    await rig.polled(1, times=2)
    await rig.reload()
    await rig.polled(8, times=2)
    await rig.hass.config_entries.async_unload(rig.entry.entry_id)
    assert_only_read(cabinet)


async def test_no_write_at_reconnect(cabinet_of: CabinetMaker, link_to: LinkMaker) -> None:
    cabinet = await cabinet_of(CHANGEABLE)
    rig = await link_to(cabinet, allow_changes=True, intervals=QUICK)
    entity_id = rig.entity_id("number", 8, "LgHighVal02", "3")
    assert entity_id is not None
    before, port = settings_of(rig), cabinet.tcp_port
    await cabinet.stop()
    await rig.until(entity_id, is_now("unavailable"))
    # Meanwhile somebody turns the limit up at the device itself: that is the truth now.
    limit = float(before[entity_id]) + 7
    cabinet.units[8].hold("LgHighVal02", limit, "3")
    await cabinet.start(tcp_port=port)
    state = await rig.until(entity_id, is_not("unavailable"))
    assert float(state.state) == limit
    assert_only_read(cabinet)


async def test_no_write_when_a_device_returns_or_is_put_right(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of(CHANGEABLE)
    rig = await link_to(cabinet, allow_changes=True, intervals=QUICK)
    entity_id = rig.entity_id("number", 8, "LgHighVal02", "3")
    assert entity_id is not None
    cabinet.set_scenario("silent", 8)
    await rig.until(entity_id, is_now("unavailable"))
    cabinet.set_scenario("wrong_model", 8)
    await until_issue(hass, issue_id(rig.entry, rig.subentry(8), Issue.WRONG_DEVICE), seconds=60)
    cabinet.set_scenario("normal", 8)
    await rig.reload()
    await rig.until(entity_id, is_not("unavailable"))
    assert ir.async_get(hass).async_get_issue(DOMAIN, issue_id(rig.entry, rig.subentry(8), Issue.WRONG_DEVICE)) is None
    assert_only_read(cabinet)


async def test_no_write_at_restore_of_states_that_are_no_longer_true(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of(CHANGEABLE)
    rig = await link_to(cabinet, allow_changes=True, intervals=QUICK)
    truth = settings_of(rig)
    await hass.config_entries.async_unload(rig.entry.entry_id)

    others = {"on": "off", "off": "on"}
    former = [State(entity_id, others.get(state) or f"{float(state) + 50:g}") for entity_id, state in truth.items()]
    stored = [{"native_value": state.state, "native_unit_of_measurement": "mA"} for state in former]
    mock_restore_cache_with_extra_data(hass, list(zip(former, stored, strict=True)))
    assert await hass.config_entries.async_setup(rig.entry.entry_id)
    await hass.async_block_till_done()
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await rig.polled(8)
    await rig.polled(1)
    assert settings_of(rig) == truth
    assert_only_read(cabinet)


async def test_no_write_at_import_preview_and_changes_of_a_device(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({8: "aim-r100"})
    rig = await link_to(cabinet, {})
    walk = await add_device(hass, rig.entry)
    await walk.answer(unit_id=8, model="import", name="Sockets")
    await walk.answer(file=await upload(hass_client, "loops.toml", USERS_MODEL), base="none")
    await walk.answer(allow_changes=True)
    assert walk.step == "preview"
    await walk.answer(next="save")
    await hass.async_block_till_done()
    assert walk.is_saved
    assert rig.entity_id("number", 8, "LgHighVal02", "2") is not None

    walk = await change_device(hass, rig.entry, rig.subentry(8).subentry_id)
    await walk.answer(unit_id=8, model="aim-r100")
    await walk.answer(allow_changes=True)
    await hass.async_block_till_done()
    assert rig.subentry(8).data["model"] == "aim-r100"
    assert rig.entity_id("number", 8, "LgHighVal02", "12") is not None
    assert_only_read(cabinet)


async def test_no_write_for_diagnostics(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of(CHANGEABLE)
    rig = await link_to(cabinet, allow_changes=True)
    found = await get_diagnostics_for_config_entry(hass, hass_client, rig.entry)
    assert found["devices"]
    assert_only_read(cabinet)
