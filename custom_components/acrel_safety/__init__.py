"""Acrel electrical-safety devices in Home Assistant.

One config entry is one Modbus link, one subentry is one device on it. Everything about registers,
line time and faults is in the library `aioacrel`; here it is shown.
"""

from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta

from homeassistant.const import EVENT_HOMEASSISTANT_STOP, Platform
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.event import async_track_time_interval

from .aioacrel.modbus import Bus
from .aioacrel.texts import read_texts
from .const import CHECK_SECONDS, LOOK_AGAIN_SECONDS, SUBENTRY_DEVICE
from .coordinator import AcrelConfigEntry, AcrelRuntimeData
from .devices import is_in_use, register_link
from .issues import forget_former_issues
from .loading import add_device, async_first_look, async_load_models, enabled_points
from .memory import TotalsMemory

PLATFORMS = [
    Platform.BINARY_SENSOR,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
]


async def async_setup_entry(hass: HomeAssistant, entry: AcrelConfigEntry) -> bool:
    """Set up a link with all its devices."""
    # First of all: what is added or changed while this runs is taken in by a reload, which waits for this to end.
    entry.async_on_unload(entry.add_update_listener(_async_reload))
    subentries = entry.get_subentries_of_type(SUBENTRY_DEVICE)
    await hass.async_add_executor_job(read_texts)
    models = await async_load_models(hass, subentries)
    memory = TotalsMemory(hass, entry)
    await memory.async_load()
    data = entry.runtime_data = AcrelRuntimeData(bus=Bus(entry.title), memory=memory)
    link_id = register_link(hass, entry)
    forget_former_issues(hass, entry, entry.subentries)
    for subentry in subentries:
        if subentry.subentry_id not in entry.subentries:
            # Removed since.
            continue
        add_device(hass, entry, subentry, models[subentry.subentry_id], link_id)

    wishes = {}
    for coordinator in data.coordinators.values():
        memory.tell(coordinator)
        wishes[coordinator] = enabled_points(hass, coordinator)
        coordinator.want(wishes[coordinator])
    await async_first_look(entry)
    data.forget_removed(entry.subentries)
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    for coordinator, keys in wishes.items():
        # From here on the entities themselves say what they want.
        coordinator.unwant(keys)

    async def stop(_: Event) -> None:
        await data.bus.stop()
        await memory.async_write()

    entry.async_on_unload(hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, stop))
    entry.async_on_unload(memory.async_keep())
    entry.async_on_unload(_look_again_at_wrong_devices(hass, entry))
    entry.async_on_unload(_check_right_devices(hass, entry))
    return True


async def async_unload_entry(hass: HomeAssistant, entry: AcrelConfigEntry) -> bool:
    """Take down a link; the shared connection is given back by what was registered at set-up."""
    if unloaded := await hass.config_entries.async_unload_platforms(entry, PLATFORMS):
        await entry.runtime_data.bus.stop()
        await entry.runtime_data.memory.async_write()
        if entry.disabled_by is not None:
            # What is wrong there does not matter now, and is found again when the link is enabled.
            forget_former_issues(hass, entry, ())
    return unloaded


async def async_remove_entry(hass: HomeAssistant, entry: AcrelConfigEntry) -> None:
    """Withdraw the issues of a link that is gone, and forget its counters."""
    forget_former_issues(hass, entry, ())
    await TotalsMemory(hass, entry).async_forget()


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: AcrelConfigEntry, device: dr.AnyDeviceEntry
) -> bool:
    """Allow to remove only what is left over: a configured device is removed with its subentry."""
    return not is_in_use(entry, device)


async def _async_reload(hass: HomeAssistant, entry: AcrelConfigEntry) -> None:
    """Take over changes of the link or its devices."""
    await hass.config_entries.async_reload(entry.entry_id)


@callback
def _check_right_devices(hass: HomeAssistant, entry: AcrelConfigEntry) -> CALLBACK_TYPE:
    """Ask the others too, less often: one may have been exchanged between two polls, without ever being missed."""

    async def check() -> None:
        for coordinator in entry.runtime_data.coordinators.values():
            if coordinator.is_answering:
                await coordinator.async_identify()

    return _repeat(hass, entry, check, CHECK_SECONDS)


@callback
def _look_again_at_wrong_devices(hass: HomeAssistant, entry: AcrelConfigEntry) -> CALLBACK_TYPE:
    """Ask wrong devices now and then whether they were put right."""

    async def look() -> None:
        for coordinator in entry.runtime_data.coordinators.values():
            if coordinator.is_wrong and await coordinator.async_identify() is None:
                # What was learnt about registers was learnt of the other device.
                hass.config_entries.async_schedule_reload(entry.entry_id)
                return

    return _repeat(hass, entry, look, LOOK_AGAIN_SECONDS)


@callback
def _repeat(
    hass: HomeAssistant, entry: AcrelConfigEntry, ask: Callable[[], Coroutine[None, None, None]], seconds: float
) -> CALLBACK_TYPE:
    """Ask now and then, but never beyond the unloading of the link: it may be removed by then."""

    @callback
    def start(_: datetime) -> None:
        entry.async_create_background_task(hass, ask(), f"{ask.__name__} {entry.title}")

    return async_track_time_interval(hass, start, timedelta(seconds=seconds), cancel_on_shutdown=True)
