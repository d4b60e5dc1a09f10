"""What months of readings say, in Home Assistant: a pre-alarm with its figures, or a question to the owner."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, cast

import pytest
from homeassistant.components.repairs import repairs_flow_manager
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockUser

from custom_components.acrel_safety.const import DOMAIN
from custom_components.acrel_safety.growthquestion import LEVEL_CHANGED
from tests.aioacrel.alarm_rigs import Plant
from tests.aioacrel.test_alarm_growth import Course, creeping, live
from tests.integration.conftest import CabinetMaker
from tests.integration.rigs import QUICK, LinkRig, device, is_now, link_entry

SAFETY = "sensor.adw300_1_safety"
FILE = f"{DOMAIN}.growth"
type Maker = Callable[[Course], Awaitable[LinkRig]]


def months(course: Course) -> Any:  # noqa: ANN401 - plain JSON
    """Return what is kept of an ADW300 after 140 days."""
    plant = Plant(grows=True)
    plant.add()
    live(plant, range(140), course)
    plant.restart()
    (kept,) = plant.days.values()
    return kept


@pytest.fixture
async def after(
    hass: HomeAssistant, hass_storage: dict[str, Any], cabinet_of: CabinetMaker, any_interval: Callable[[], None]
) -> AsyncGenerator[Maker]:
    """Set up an ADW300 whose last months were like this."""
    any_interval()
    rigs: list[LinkRig] = []

    async def make(course: Course) -> LinkRig:
        cabinet = await cabinet_of({1: "adw300"})
        entry = link_entry(cabinet, [device(1, "adw300", data={"intervals": QUICK})])
        (identity,) = entry.subentries
        hass_storage[FILE] = {"version": 1, "minor_version": 1, "key": FILE, "data": {identity: months(course)}}
        entry.add_to_hass(hass)
        await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
        rigs.append(LinkRig(hass, entry, cabinet))
        return rigs[-1]

    yield make
    for rig in rigs:
        if rig.entry.state is ConfigEntryState.LOADED:
            await hass.config_entries.async_unload(rig.entry.entry_id)
    await hass.async_block_till_done()


async def test_what_grows_is_a_pre_alarm_of_its_circuit_with_its_figures_until_a_person_acknowledges(
    after: Maker, hass_storage: dict[str, Any], hass_admin_user: MockUser
) -> None:
    rig = await after(creeping(20, 1, 90))
    state = await rig.until(SAFETY, is_now("pre_alarm"))
    told = state.attributes
    assert (told["cause"], told["board"], told["unit"], told["limit"]) == (
        "Residual current grows slowly", "adw300 1", "mA", 300
    )  # fmt: skip
    figures = told["figures"]
    assert (figures["before"], figures["limit"]) == (20.1, 300)
    assert figures["per_day"] > 0
    assert told["detail"].endswith(f"300 mA in about {figures['days_to_limit']} days")
    hazards = {"entity_id": "todo.cabinet_hazards"}
    answer = await rig.hass.services.async_call("todo", "get_items", hazards, blocking=True, return_response=True)
    (hazard,) = cast("dict[str, Any]", answer)["todo.cabinet_hazards"]["items"]
    assert hazard["summary"] == "adw300 1 · Residual current grows slowly · #1"
    assert told["detail"] in hazard["description"]
    person = Context(user_id=hass_admin_user.id)
    await rig.hass.services.async_call(DOMAIN, "acknowledge", {"entity_id": SAFETY}, blocking=True, context=person)
    await rig.until(SAFETY, is_now("safe"))
    await rig.until("todo.cabinet_hazards", is_now("0"))
    await rig.hass.config_entries.async_unload(rig.entry.entry_id)
    (kept,) = hass_storage[FILE]["data"].values()
    growth = kept["quantities"]["Lg@1"]["growth"]
    assert growth["finding"] is None
    assert len(growth["days"]) == 120


async def test_what_rose_at_once_is_asked_about_and_no_hazard(after: Maker) -> None:
    rig = await after(lambda day: {"Lg": 20 if day < 100 else 120})
    hass = rig.hass
    assert await async_setup_component(hass, "repairs", {})
    await rig.until(SAFETY, is_now("safe"))
    (issue,) = [one for one in ir.async_get(hass).issues.values() if one.translation_key == LEVEL_CHANGED]
    assert issue.translation_placeholders is not None
    assert "Residual current: from 20.1 to 119 mA since" in issue.translation_placeholders["values"].replace("\\", "")
    manager = repairs_flow_manager(hass)
    assert manager is not None
    shown = await manager.async_init(DOMAIN, data={"issue_id": issue.issue_id})
    assert shown["menu_options"] == ["new_appliance", "unknown"]
    done = await manager.async_configure(shown["flow_id"], {"next_step_id": "new_appliance"})
    assert done["type"] == "create_entry"
    assert ir.async_get(hass).async_get_issue(DOMAIN, issue.issue_id) is None
    assert hass.states.is_state(SAFETY, "safe")
