"""Who may change a setting in Home Assistant: what docs/usage.md says of it, tried."""

import pytest
from homeassistant.auth.const import GROUP_ID_USER
from homeassistant.components.homeassistant.exposed_entities import async_should_expose
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError, Unauthorized
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockUser

from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.rigs import LinkRig


@pytest.fixture
async def rig(cabinet_of: CabinetMaker, link_to: LinkMaker) -> LinkRig:
    return await link_to(await cabinet_of({8: "aim-r100"}), allow_changes=True)


async def set_limit(rig: LinkRig, user: MockUser | None) -> None:
    await rig.hass.services.async_call(
        "number",
        "set_value",
        {"entity_id": rig.entity_id("number", 8, "LgHighVal02", "3"), "value": 300},
        blocking=True,
        context=Context(user_id=user.id if user else None),
    )


async def test_a_user_who_is_no_administrator_can_change_a_setting_if_it_was_given_to_that_user(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    group = await hass.auth.async_get_group(GROUP_ID_USER)
    assert group is not None
    uwe, otto = (MockUser(name=name, groups=[group]).add_to_hass(hass) for name in ("Uwe", "Otto"))
    control = {"rights": {f"user:{uwe.id}": ["settings"]}}
    rig = await link_to(await cabinet_of({8: "aim-r100"}), allow_changes=True, control=control)
    for who in (otto, None):
        with pytest.raises(ServiceValidationError, match="has no right"):
            await set_limit(rig, who)
    assert rig.cabinet.units[8].writes == []
    await set_limit(rig, uwe)
    assert len(rig.cabinet.units[8].writes) == 1


async def test_an_automation_can_change_it_whoever_wrote_it_if_automations_may(rig: LinkRig) -> None:
    await set_limit(rig, None)
    assert len(rig.cabinet.units[8].writes) == 1


async def test_a_user_who_may_only_read_cannot(rig: LinkRig, hass_read_only_user: MockUser) -> None:
    with pytest.raises(Unauthorized):
        await set_limit(rig, hass_read_only_user)
    assert rig.cabinet.units[8].writes == []


async def test_settings_are_not_offered_to_voice_assistants_unasked(hass: HomeAssistant, rig: LinkRig) -> None:
    assert await async_setup_component(hass, "homeassistant", {})
    settings = [entity.entity_id for entity in rig.entities(8) if entity.domain in ("number", "select", "switch")]
    assert settings
    assert not [entity_id for entity_id in settings if async_should_expose(hass, "conversation", entity_id)]
