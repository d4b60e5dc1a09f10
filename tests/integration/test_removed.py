"""A device or a link is removed while it alarms: the list, the phones and the record say what became of its alarms."""

from collections.abc import AsyncGenerator

import pytest
from homeassistant.core import HomeAssistant

from custom_components.acrel_safety.desk import desk_of
from tests.integration.alarm_rigs import Fired, leak, recorded
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.rigs import QUICK, LinkRig, is_now
from tests.integration.test_hazards import LIST, hazards


@pytest.fixture
async def fired(hass: HomeAssistant) -> AsyncGenerator[Fired]:
    """Return what automations of a test were given."""
    found = Fired(hass)
    yield found
    await found.end()


@pytest.fixture
async def rig(cabinet_of: CabinetMaker, link_to: LinkMaker) -> LinkRig:
    """Return a link with an ADW300 that leaks, and another instrument."""
    cabinet = await cabinet_of({1: "adw300", 7: "asj10l"})
    cabinet.units[1].hold("LgHighVal02", 300)
    cabinet.units[1].hold("LgHighTim", 0.1)
    return await link_to(cabinet, intervals=QUICK)


async def test_a_device_removed_while_it_alarms_leaves_no_hazard_and_no_message_behind(
    rig: LinkRig, fired: Fired
) -> None:
    target = {"entity_id": "sensor.adw300_1_safety"}
    await fired.automate({"trigger": "acrel_safety.reminder_due", "target": target})
    await leak(rig)
    told = await fired.next()
    await rig.until(LIST, is_now("1"))
    (standing,) = desk_of(rig.hass).alarms.standing()
    rig.hass.config_entries.async_remove_subentry(rig.entry, rig.subentry(1).subentry_id)
    await rig.hass.async_block_till_done()
    over = await fired.next()
    assert (over["reason"], over["app"]["tag"]) == ("over", told["app"]["tag"])
    (item,) = await hazards(rig)
    assert item["status"] == "completed"
    assert item["description"].endswith("\nIts device was removed from Home Assistant.")
    await desk_of(rig.hass).record.async_written()
    (removed,) = [entry for entry in recorded(rig, "note") if entry.get("what") == "device_removed"]
    assert removed["board"] == "adw300 1"
    (alarm,) = [one for one in removed["alarms"] if one["alarm_id"] == standing.alarm_id]
    assert (alarm["name"], alarm["value"], alarm["limit"], alarm["occurrence"]) == (
        "Residual current above the limit", 600, 300, standing.occurrence
    )  # fmt: skip
    (closed,) = [entry for entry in recorded(rig, "note") if "hazard" in entry]
    assert (closed["occurrence"], closed["comment"]) == (
        standing.occurrence, "Its device was removed from Home Assistant."
    )  # fmt: skip


async def test_a_link_removed_while_it_alarms_is_taken_back_and_recorded_with_names(rig: LinkRig, fired: Fired) -> None:
    await fired.automate({"trigger": "acrel_safety.reminder_due"})
    await leak(rig)
    told = await fired.next()
    await rig.hass.config_entries.async_remove(rig.entry.entry_id)
    await rig.hass.async_block_till_done()
    over = await fired.next()
    assert (over["reason"], over["app"]["tag"]) == ("over", told["app"]["tag"])
    (removed,) = [entry for entry in recorded(rig, "note") if entry.get("what") == "device_removed"]
    assert (removed["board"], [alarm["name"] for alarm in removed["alarms"]]) == (
        "adw300 1", ["Residual current above the limit"]
    )  # fmt: skip
    assert desk_of(rig.hass).alarms.kept() == {}
