"""Devices added in quick succession, while the link is still setting up, are all taken in."""

from types import MappingProxyType

from homeassistant.config_entries import ConfigEntryState, ConfigSubentry
from homeassistant.core import HomeAssistant

from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.rigs import LinkRig


def add_device(rig: LinkRig, unit_id: int, model: str) -> None:
    data = {"unit_id": unit_id, "model": model, "allow_changes": False}
    subentry = ConfigSubentry(data=MappingProxyType(data), subentry_type="device", title=model, unique_id=str(unit_id))
    rig.hass.config_entries.async_add_subentry(rig.entry, subentry)


async def test_devices_added_while_the_link_sets_up_are_all_there_in_the_end(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({1: "adw300", 7: "asj10l", 8: "aim-r100"})
    rig = await link_to(cabinet, {1: "adw300"})
    cabinet.set_scenario("silent", unit=7)
    add_device(rig, 7, "asj10l")
    while not cabinet.units[7].requests:
        # The reload for the first device is under way: it waits for a unit that says nothing.
        await hass.async_add_executor_job(lambda: None)
    assert rig.entry.state is ConfigEntryState.SETUP_IN_PROGRESS
    add_device(rig, 8, "aim-r100")
    await hass.async_block_till_done()
    assert [rig.coordinator(unit_id).is_answering for unit_id in (1, 7, 8)] == [True, False, True]
