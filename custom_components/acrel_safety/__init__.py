"""Acrel electrical-safety devices in Home Assistant.

One config entry is one hub (a Modbus link), one subentry is one device that is reached by it. What the devices say, and
whether it can be believed, is in the library `aioacrel`; here it is shown.
"""

from collections.abc import Callable
from functools import partial

from homeassistant.const import CONF_TYPE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.typing import ConfigType

from .actions import register_actions
from .aioacrel.errors import AcrelError
from .buttons import async_take_buttons
from .checkupactions import async_begin_checkups
from .const import DOMAIN, PLATFORMS, SUBENTRY_DEVICE, TYPE_CLOUD
from .coordinator import AcrelConfigEntry, AcrelRuntimeData
from .desk import desk_of
from .devices import is_in_use, register_hub
from .forgetting import async_forget_link
from .hubs import hub_of
from .hubs.cloud_push_doors import answer_pushes
from .hubs.cloud_session import async_read_profiles, async_read_zones
from .issues import forget_former_issues
from .lasthour import async_serve_pictures
from .loading import add_device, async_load_models, enabled_points, read_tables
from .memory import TotalsMemory
from .migrating import async_migrate_entry as async_migrate_entry
from .missedlinks import async_miss_link
from .page import async_serve_page
from .reloading import async_reload
from .retrying import keep_trying
from .starting import async_leave, async_start, not_ready
from .stored import async_check_link, async_sound_devices
from .tagmemory import tag_memory
from .tripmemory import trip_memory

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, _: ConfigType) -> bool:
    """Register the actions and the page, take the buttons of notifications, and mind when tests are due."""
    # First of all: until then Home Assistant answers in our place that it took what a platform sends.
    answer_pushes(hass)
    register_actions(hass)
    await async_take_buttons(hass)
    await async_begin_checkups(hass)
    await async_serve_page(hass)
    async_serve_pictures(hass)
    keep_trying(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: AcrelConfigEntry) -> bool:
    """Set up a hub with all its devices."""
    # First of all: what is added or changed while this runs is taken in by a reload, which waits for this to end.
    entry.async_on_unload(entry.add_update_listener(async_reload))
    if entry.data.get(CONF_TYPE) == TYPE_CLOUD:
        # A file of the user's own may have been changed: a reload takes it.
        await async_read_profiles(hass)
    await async_check_link(hass, entry)
    subentries = await async_sound_devices(hass, entry, entry.get_subentries_of_type(SUBENTRY_DEVICE))
    await hass.async_add_executor_job(read_tables)
    desk = desk_of(hass)
    await desk.async_enter()
    # Left after all that follows, whatever ends the set-up.
    entry.async_on_unload(desk.async_leave)
    # Now, whether this link can be set up or not.
    desk.forget_removed()
    models = await async_load_models(hass, subentries)
    # What was kept of tags and trips is there before any device is made.
    await tag_memory(hass).async_open()
    await trip_memory(hass).async_open()
    memory = TotalsMemory(hass, entry)
    await memory.async_load()
    await async_read_zones(hass, entry.data)
    hub = hub_of(hass, entry)
    data = entry.runtime_data = AcrelRuntimeData(hub=hub, memory=memory)
    # Whatever fails from here on, and at every unload: the plant keeps no device that nobody shows.
    entry.async_on_unload(partial(data.forget_but, ()))
    hub_id = register_hub(hass, entry, hub.kind)
    forget_former_issues(hass, entry, entry.subentries, and_of_link=False)
    for subentry in subentries:
        if subentry.subentry_id not in entry.subentries:
            # Removed since.
            continue
        add_device(hass, entry, subentry, models[subentry.subentry_id], hub_id)

    wishes: list[Callable[[], None]] = []
    for coordinator in data.coordinators.values():
        memory.tell(coordinator)
        wishes.append(coordinator.device.want(enabled_points(hass, coordinator)))
    try:
        await async_start(hass, entry)
    except AcrelError as error:
        await async_leave(entry)
        await async_miss_link(hass, entry)
        raise not_ready(hass, error) from error
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    desk.settle(data.coordinators)
    for unwant in wishes:
        # From here on the entities themselves say what they want.
        unwant()
    return True


async def async_unload_entry(hass: HomeAssistant, entry: AcrelConfigEntry) -> bool:
    """Take down a link; the shared connection is given back by what was registered at set-up."""
    # Wanted until all are gone: plans are not made anew for each entity that goes.
    held = [
        coordinator.device.want(coordinator.device.wanted) for coordinator in entry.runtime_data.coordinators.values()
    ]
    unloaded = await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
    for unwant in held:
        unwant()
    if unloaded:
        await async_leave(entry)
        if entry.disabled_by is not None:
            # What is wrong there does not matter now, and is found again when the link is enabled.
            forget_former_issues(hass, entry, ())
    return unloaded


async def async_remove_entry(hass: HomeAssistant, entry: AcrelConfigEntry) -> None:
    """Forget a link that is gone."""
    await async_forget_link(hass, entry)


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: AcrelConfigEntry, device: dr.AnyDeviceEntry
) -> bool:
    """Allow to remove only what is left over: a configured device is removed with its subentry."""
    return not is_in_use(entry, device)
