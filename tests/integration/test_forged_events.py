"""Events of Home Assistant's bus that anybody with an account can fire by a phone: nothing may be believed of them."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any

import pytest
from homeassistant.const import (
    EVENT_CALL_SERVICE,
    EVENT_CORE_CONFIG_UPDATE,
    EVENT_HOMEASSISTANT_FINAL_WRITE,
    EVENT_HOMEASSISTANT_START,
    EVENT_HOMEASSISTANT_STARTED,
    EVENT_HOMEASSISTANT_STOP,
)
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.acrel_safety.aioacrel.journal.entry import Kind
from custom_components.acrel_safety.desk import desk_of
from tests.integration.alarm_rigs import Fired, recorded
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.control_rigs import ControlRig, administrator, meter, reader
from tests.integration.phone import Phone
from tests.integration.rigs import is_now

ENDS = (str(EVENT_HOMEASSISTANT_FINAL_WRITE), str(EVENT_HOMEASSISTANT_STOP), "homeassistant_close")
OTHERS = (
    str(EVENT_HOMEASSISTANT_START),
    str(EVENT_HOMEASSISTANT_STARTED),
    str(EVENT_CORE_CONFIG_UPDATE),
    str(EVENT_CALL_SERVICE),
    str(dr.EVENT_DEVICE_REGISTRY_UPDATED),
    str(er.EVENT_ENTITY_REGISTRY_UPDATED),
    "config_entry_changed",
)
OURS = ("alarm_raised", "reminder_due", "test_due", "operation_ended", "tag_changed", "moved_unasked")


@pytest.fixture
async def rig(cabinet_of: CabinetMaker, link_to: LinkMaker) -> AsyncGenerator[ControlRig]:
    async with meter(cabinet_of, link_to) as rig:
        await rig.shows("on")
        yield rig


@pytest.fixture
async def rita(hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator) -> AsyncGenerator[Phone]:
    """Return the phone of a person who may only read."""
    for component in ("notify", "mobile_app"):
        assert await async_setup_component(hass, component, {})
    phone = Phone(hass, await hass_client_no_auth())
    await phone.async_register((await reader(hass)).id)
    yield phone
    await phone.async_end()


async def outcomes(rig: ControlRig) -> Sequence[Any]:
    return [one["result"] for one in await rig.recorded() if one["what"] == "ended"]


async def test_the_end_of_home_assistant_is_believed_only_when_it_ends(
    hass: HomeAssistant, rig: ControlRig, rita: Phone
) -> None:
    ada = await administrator(hass)
    for event_type in ENDS:
        await rita.fire(event_type)
    # The link is read on, operations and what moved by itself are put down and told.
    await rig.link.polled(rig.unit_id)
    await rig.turn("off", ada)
    await rig.turn("on", ada)
    assert await outcomes(rig) == ["confirmed", "confirmed"]
    rig.move_by_hand(closed=False)
    await rig.shows("off")
    assert [one["position"] for one in await rig.recorded(Kind.POSITION) if "position" in one] == [False]
    assert recorded(rig.link, "stop") == []
    for state, event_type in ((CoreState.stopping, ENDS[1]), (CoreState.final_write, ENDS[0])):
        hass.set_state(state)
        hass.bus.async_fire(event_type)
        await hass.async_block_till_done()
    assert desk_of(hass).record.journal is None
    assert len(recorded(rig.link, "stop")) == 1


async def test_alarms_are_told_after_the_end_was_forged(hass: HomeAssistant, rig: ControlRig, rita: Phone) -> None:
    safety = "sensor.ddsy1352_5_safety"
    fired = Fired(hass)
    await fired.automate({"trigger": "acrel_safety.alarm_raised"})
    for event_type in ENDS:
        await rita.fire(event_type)
    raised = len(recorded(rig.link, "alarm"))
    rig.link.cabinet.units[rig.unit_id].set_scenario("trip")
    await rig.link.until(safety, is_now("tripped"))
    await fired.next()
    await desk_of(hass).record.async_written()
    assert len(recorded(rig.link, "alarm")) > raised
    await rig.link.until("event.ddsy1352_5_alarm_event", lambda state: state.attributes["event_type"] == "raised")
    await fired.end()


async def test_no_other_event_moves_starts_or_tells_anything(hass: HomeAssistant, rig: ControlRig, rita: Phone) -> None:
    fired = Fired(hass)
    for name in OURS:
        await fired.automate({"trigger": f"acrel_safety.{name}"})
    before = await rig.recorded()
    call = {"domain": "switch", "service": "turn_off", "service_data": {"entity_id": rig.switch}}
    for event_type in OTHERS:
        for data in ({}, call, {"domain": ["automation"], "action": 3, "device_id": [], "entity_id": None}):
            await rita.fire(event_type, **data)
    for name in ("recorded", *OURS):
        about = {"what": name, "name": "ddsy1352 5", "message": "switch off", "entity_id": rig.switch}
        await rita.fire(f"acrel_safety_{name}", **about)
    await rig.link.polled(rig.unit_id)
    assert (rig.writes, rig.is_closed, fired.waiting(), await rig.recorded()) == (0, True, 0, before)
    assert rig.state().state == "on"
    await fired.end()
