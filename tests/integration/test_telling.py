"""Read fast, tell little: which readings become states, and so rows of the recorder."""

from collections.abc import Callable

import pytest
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component

from custom_components.acrel_safety.aioacrel.readings import PointKey, Value
from custom_components.acrel_safety.diagnostics import async_get_config_entry_diagnostics
from simulator import Cabinet
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.rigs import QUICK, LinkRig, enable_all, is_now

LEAK = PointKey("1", "Lg")
RELAY = {7: "asj10l"}


def leak_of(rig: LinkRig) -> str:
    return rig.state("sensor", 7, "Lg").state


def changes_of(hass: HomeAssistant, entity_id: str | None) -> list[str]:
    """Return the states an entity has from now on, each as it becomes another one."""
    states: list[str] = []

    @callback
    def is_it(data: EventStateChangedData) -> bool:
        return data["entity_id"] == entity_id

    @callback
    def note(event: Event[EventStateChangedData]) -> None:
        if (state := event.data["new_state"]) is not None:
            states.append(state.state)

    hass.bus.async_listen(EVENT_STATE_CHANGED, note, event_filter=is_it)
    return states


def leaks(rig: LinkRig, milliamperes: float) -> Callable[[], bool]:
    """Let a residual current flow; the result says whether the device has read it."""
    rig.cabinet.units[7].hold("Lg", milliamperes)
    device = rig.coordinator(7).device
    return lambda: device.readings[LEAK].value == milliamperes


async def leaking(rig: LinkRig, milliamperes: float) -> None:
    """Let a residual current flow, and return when it has been read."""
    await rig.reported(7, leaks(rig, milliamperes))


async def cabinet_at(cabinet_of: CabinetMaker, milliamperes: float) -> Cabinet:
    cabinet = await cabinet_of(RELAY)
    cabinet.units[7].hold("Lg", milliamperes)
    return cabinet


async def test_a_small_change_is_read_and_known_but_not_told(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    rig = await link_to(await cabinet_at(cabinet_of, 100), intervals=QUICK)
    await rig.polled(7)
    states = changes_of(hass, rig.entity_id("sensor", 7, "Lg"))
    for milliamperes in (101, 102, 99, 98, 100, 103, 104, 102):
        await leaking(rig, milliamperes)
    assert states == ["103"]
    diagnostics = await async_get_config_entry_diagnostics(hass, rig.coordinator(7).config_entry)
    assert diagnostics["devices"][0]["readings"]["Lg@1"]["value"] == 102


async def test_exact_tells_every_change(hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker) -> None:
    rig = await link_to(await cabinet_at(cabinet_of, 100), intervals=QUICK, detail="exact")
    await rig.polled(7)
    states = changes_of(hass, rig.entity_id("sensor", 7, "Lg"))
    for milliamperes in (101, 102, 101):
        await leaking(rig, milliamperes)
    assert states == ["101", "102", "101"]


@pytest.mark.parametrize("stored", [None, "verbose", 3])
async def test_a_device_that_was_stored_without_a_word_that_is_known_tells_as_usual(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, stored: object
) -> None:
    rig = await link_to(await cabinet_at(cabinet_of, 100), intervals=QUICK, detail=stored)
    await rig.polled(7)
    states = changes_of(hass, rig.entity_id("sensor", 7, "Lg"))
    for milliamperes in (102, 103):
        await leaking(rig, milliamperes)
    assert states == ["103"]


async def test_an_alarm_is_told_with_its_first_reading_however_little_is_told(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    rig = await link_to(await cabinet_of(RELAY), intervals=QUICK, detail="sparse")
    alarm = PointKey("1", "Lg1HIGH2")
    entity_id = rig.entity_id("binary_sensor", 7, alarm.code)
    states = changes_of(hass, entity_id)
    seen: list[Value | None] = []
    device = rig.coordinator(7).device

    def is_seen() -> bool:
        value = device.readings[alarm].value
        if not seen or seen[-1] != value:
            seen.append(value)
            # A state follows in the same breath as its reading.
            assert rig.state("binary_sensor", 7, alarm.code).state == ("on" if value else "off")
        return value is True

    rig.cabinet.set_scenario("leak", 7)
    rig.cabinet.advance(120)
    await rig.reported(7, is_seen)
    assert states == ["on"]


async def test_what_the_user_asks_for_is_told_exactly(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    rig = await link_to(await cabinet_at(cabinet_of, 100), intervals=QUICK)
    await rig.polled(7)
    assert await async_setup_component(hass, "homeassistant", {})
    await leaking(rig, 101)
    assert leak_of(rig) == "100"
    entity_id = rig.entity_id("sensor", 7, "Lg")
    assert entity_id is not None
    await hass.services.async_call("homeassistant", "update_entity", {"entity_id": entity_id}, blocking=True)
    await rig.until(entity_id, is_now("101"))


async def test_a_reload_begins_with_the_exact_value(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    rig = await link_to(await cabinet_at(cabinet_of, 100), intervals=QUICK)
    await rig.polled(7)
    await leaking(rig, 101)
    assert leak_of(rig) == "100"
    await rig.reload()
    assert leak_of(rig) == "101"


async def test_a_state_that_is_written_for_another_reason_does_not_move_the_deadband(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    rig = await link_to(await cabinet_at(cabinet_of, 100), intervals=QUICK)
    await rig.polled(7)
    entity_id = rig.entity_id("sensor", 7, "Lg")
    assert entity_id is not None
    await leaking(rig, 102)
    er.async_get(hass).async_update_entity(entity_id, name="Kitchen leak")
    await rig.until(entity_id, lambda state: state.name.endswith("Kitchen leak"))
    await leaking(rig, 98)
    assert abs(float(leak_of(rig)) - 98) <= 2


async def test_crossing_the_devices_limit_is_told(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    rig = await link_to(await cabinet_at(cabinet_of, 100), intervals=QUICK)
    await rig.polled(7)
    enable_all(rig)
    await rig.reload()
    await rig.polled(7)
    limit = float(rig.state("sensor", 7, "DOC_Rated residual current").state)
    await leaking(rig, limit - 1)
    await rig.until(rig.entity_id("sensor", 7, "Lg") or "", is_now(f"{limit - 1:g}"))
    await leaking(rig, limit)
    assert leak_of(rig) == f"{limit:g}"


async def test_an_unchanged_reading_writes_no_state(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    rig = await link_to(await cabinet_of({8: "aim-r100"}), intervals=QUICK)
    await rig.polled(8, times=1)
    reported = {state.entity_id: state.last_reported for state in hass.states.async_all("binary_sensor")}
    assert reported
    await rig.polled(8, times=3)
    assert {state.entity_id: state.last_reported for state in hass.states.async_all("binary_sensor")} == reported


async def test_an_entity_that_fails_keeps_no_other_from_being_told(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, caplog: pytest.LogCaptureFixture
) -> None:
    rig = await link_to(await cabinet_at(cabinet_of, 100), intervals=QUICK)
    coordinator = rig.coordinator(7)

    def fail() -> None:
        raise ValueError("no state can be this")

    coordinator.async_add_listener(fail, PointKey("1", "Lg1HIGH1"))
    rig.cabinet.units[7].hold("Lg1HIGH1", True)
    await leaking(rig, 200)
    await rig.polled(7, times=1)
    assert leak_of(rig) == "200"
    assert "Lg1HIGH1@1 of asj10l 7 could not be shown" in caplog.text
