"""Which entities a device has: one line for each, compared with what it was before."""

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from syrupy.assertion import SnapshotAssertion

from custom_components.acrel_safety.const import DOMAIN
from simulator.cabinet import STANDARD_UNITS
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.rigs import LinkRig


def line(entity: er.RegistryEntry) -> str:
    """Return what a user notices of an entity, but its state."""
    capabilities = entity.capabilities or {}
    parts = [
        entity.entity_id,
        str(entity.original_name),
        entity.original_device_class,
        entity.unit_of_measurement,
        capabilities.get("state_class"),
        "/".join(capabilities.get("options", ())),
        " ".join(str(capabilities[key]) for key in ("min", "max", "step") if key in capabilities),
        entity.entity_category,
        "disabled" if entity.disabled_by else None,
    ]
    return " | ".join(str(part) for part in parts if part)


def lines(rig: LinkRig, unit_id: int) -> list[str]:
    return sorted(line(entity) for entity in rig.entities(unit_id))


@pytest.mark.parametrize("allow_changes", [False, True], ids=["read only", "changes allowed"])
async def test_the_entities_of_every_model(
    cabinet_of: CabinetMaker, link_to: LinkMaker, snapshot: SnapshotAssertion, allow_changes: bool
) -> None:
    cabinet = await cabinet_of(STANDARD_UNITS)
    rig = await link_to(cabinet, allow_changes=allow_changes, pt=1.0, ct=1.0)
    for unit_id, model in STANDARD_UNITS.items():
        found = lines(rig, unit_id)
        if allow_changes:
            found = [text for text in found if text.startswith(("number.", "select.", "switch."))]
        assert found == snapshot(name=model)


async def test_names_are_chinese_for_a_chinese_user(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    hass.config.language = "zh-Hans"
    cabinet = await cabinet_of({1: "adw300", 8: "aim-r100"})
    rig = await link_to(cabinet)
    names = {(entity.unique_id.partition("_")[2]): entity.original_name for entity in rig.entities()}
    assert names["1_Lg"] == "剩余电流"
    assert names["1_TempA"] == "A相温度"
    assert names["1_UaHr05"] == "A相电压05次谐波含量"
    assert names["5_DOC_Loop state"] == "回路状态"
    assert names["0_DOC_Trip time"] == "脱扣时间"
    devices = {str(found.name) for found in rig.devices()}
    assert {"第1路", "第12路"} <= devices


async def test_every_device_says_how_sure_its_registers_are_even_while_it_is_silent(
    cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({2: "adl400", 8: "aim-r100", 11: "arcm300"})
    cabinet.set_scenario("silent", 11)
    rig = await link_to(cabinet)
    registry = er.async_get(rig.hass)
    found, shown = {}, []
    for unit_id in cabinet.units:
        subentry_id = rig.subentry(unit_id).subentry_id
        entity_id = registry.async_get_entity_id("sensor", DOMAIN, f"{subentry_id}_model_register_evidence")
        assert entity_id is not None
        state = rig.hass.states.get(entity_id)
        assert state is not None
        found[state.name] = state.state
        shown.append(entity_id)
    assert found == {
        "adl400 2 Register evidence": "code",
        "aim-r100 8 Register evidence": "manual",
        "arcm300 11 Register evidence": "experimental",
    }
    await rig.reload()
    assert all(rig.hass.states.get(entity_id) is not None for entity_id in shown)


async def test_what_is_unsure_says_so(cabinet_of: CabinetMaker, link_to: LinkMaker) -> None:
    cabinet = await cabinet_of({8: "aim-r100"})
    rig = await link_to(cabinet)
    assert rig.state("binary_sensor", 8, "LgHigh", "2").attributes["evidence"] == "experimental"
    assert "evidence" not in rig.state("sensor", 8, "Lg", "2").attributes
