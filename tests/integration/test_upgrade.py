"""An installation set up by the first version goes on as it was: entries, devices, entities, history.

`stored/` holds what that version (0.1.0, on Home Assistant 2026.10.4) left in Home Assistant's storage after the demo's
set-up, of three of its instruments; only the port is filled in here.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import category_registry as cr
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import floor_registry as fr
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers import label_registry as lr
from homeassistant.helpers import restore_state as rs
from homeassistant.setup import async_setup_component

from custom_components.acrel_safety.const import DOMAIN
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.rigs import device, link_entry

STORED = Path(__file__).parent / "stored"
MODELS = {5: "ddsy1352", 7: "asj10l", 8: "aim-r100"}


def stored(name: str) -> dict[str, Any]:
    """Return one file of the former installation."""
    found: dict[str, Any] = json.loads((STORED / f"core.{name}.json").read_text("utf-8"))
    return found


@pytest.fixture
def former_installation(hass_storage: dict[str, Any]) -> None:
    """Put the former installation in place before Home Assistant starts."""
    for name in ("config_entries", "device_registry", "entity_registry"):
        hass_storage[f"core.{name}"] = stored(name)


def known(entity: Mapping[str, Any]) -> tuple[object, ...]:
    return entity["entity_id"], entity["unique_id"], entity["device_id"], entity["disabled_by"], entity["id"]


@pytest.mark.parametrize("load_registries", [False])
async def test_entities_devices_and_entries_of_the_first_version_are_the_same_after_an_upgrade(
    former_installation: None, hass: HomeAssistant, cabinet_of: CabinetMaker
) -> None:
    cabinet = await cabinet_of(MODELS)
    ports = {"tcp": cabinet.tcp_port, "rtu_tcp": cabinet.rtu_port}
    dr.async_setup(hass)
    for registry in (ar, cr, dr, er, fr, ir, lr, rs):
        await registry.async_load(hass)
    await hass.config_entries.async_initialize()
    entries = hass.config_entries.async_entries(DOMAIN)
    assert len(entries) == 2
    for entry in entries:
        data = {**entry.data, "port": ports[entry.data["type"]]}
        hass.config_entries.async_update_entry(entry, data=data)
    assert await async_setup_component(hass, DOMAIN, {})
    await hass.async_block_till_done()
    assert {entry.state for entry in entries} == {ConfigEntryState.LOADED}

    before = stored("entity_registry")["data"]["entities"]
    after = [
        entity for entry in entries for entity in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    ]
    kept = {entity.entity_id: entity for entity in after}
    assert {known(entity) for entity in before} <= {
        (entity.entity_id, entity.unique_id, entity.device_id, entity.disabled_by, entity.id) for entity in after
    }
    devices = stored("device_registry")["data"]
    present = {
        device.id
        for entry in entries
        for device in (
            *dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id),
            *dr.async_child_entries_for_config_entry(dr.async_get(hass), entry.entry_id),
        )
    }
    assert present == {device["id"] for device in (*devices["devices"], *devices["child_devices"])}
    shown = [entity["entity_id"] for entity in before if entity["disabled_by"] is None]
    assert len(shown) > 20
    states = {entity_id: hass.states.get(entity_id) for entity_id in shown}
    assert [entity_id for entity_id, state in states.items() if state is None or state.state == "unavailable"] == []
    assert all(kept[entity["entity_id"]].original_name == entity["original_name"] for entity in before)
    for entry in entries:
        assert await hass.config_entries.async_unload(entry.entry_id)


async def test_what_is_off_by_default_now_stays_on_where_it_was_and_is_read(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({1: "adw300"})
    entry = link_entry(cabinet, [device(1, "adw300")])
    entry.add_to_hass(hass)
    (subentry_id,) = entry.subentries
    registry = er.async_get(hass)
    former = [
        registry.async_get_or_create(
            platform, DOMAIN, f"{subentry_id}_1_{code}", config_entry=entry, config_subentry_id=subentry_id
        ).entity_id
        for platform, code in (("sensor", "PF"), ("sensor", "Q"), ("binary_sensor", "DI1"), ("binary_sensor", "PFLow"))
    ]
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    states = {entity_id: hass.states.get(entity_id) for entity_id in former}
    assert [name for name, state in states.items() if state is None or state.state in ("unavailable", "unknown")] == []
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_new_instrument_shows_no_more_than_an_owner_can_overlook(
    cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({1: "adw300"})
    rig = await link_to(cabinet)
    enabled = [entity for entity in rig.entities(1) if entity.disabled_by is None]
    assert len(enabled) <= 30
    of_energy = [entity.entity_id for entity in enabled if entity.original_device_class == "energy"]
    assert of_energy == ["sensor.adw300_1_imported_active_energy"]
