"""Diagnostics: enough to replay a device in a test, and nothing that says where it is."""

from typing import Any

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_DEVICE, CONF_HOST
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr

from .aioacrel import __version__
from .coordinator import AcrelConfigEntry, AcrelCoordinator

TO_REDACT = {CONF_HOST, CONF_DEVICE}


async def async_get_config_entry_diagnostics(hass: HomeAssistant, entry: AcrelConfigEntry) -> dict[str, Any]:
    """Return the state of a link and of all its devices, with their registers.

    Of a link that is not loaded only what is stored: its units were given back, so nothing is read with them.
    """
    if entry.state is not ConfigEntryState.LOADED:
        return {**_link(entry), "settings": [dict(subentry.data) for subentry in entry.subentries.values()]}
    data = entry.runtime_data
    return {
        **_link(entry),
        "line": data.hub.figures(),
        "devices": [await _device(entry, coordinator) for coordinator in list(data.coordinators.values())],
        "devices_without_registers": [
            dict(subentry.data)
            for subentry_id, subentry in entry.subentries.items()
            if subentry_id not in data.coordinators
        ],
    }


async def async_get_device_diagnostics(
    hass: HomeAssistant, entry: AcrelConfigEntry, device: dr.AnyDeviceEntry
) -> dict[str, Any]:
    """Return the state of one device (or of the device a circuit belongs to), with its registers."""
    is_loaded = entry.state is ConfigEntryState.LOADED
    coordinators = entry.runtime_data.coordinators if is_loaded else {}
    coordinator = coordinators.get(device.config_subentry_id or "")
    return {**_link(entry), "device": await _device(entry, coordinator) if coordinator else None}


def _link(entry: AcrelConfigEntry) -> dict[str, Any]:
    return {
        "library": __version__,
        "state": entry.state.value,
        "link": async_redact_data(dict(entry.data), TO_REDACT),
    }


async def _device(entry: AcrelConfigEntry, coordinator: AcrelCoordinator) -> dict[str, Any]:
    device = coordinator.device
    return {
        "settings": dict(coordinator.subentry.data),
        "model": {"id": device.model.id, "evidence": device.model.evidence, "source": device.model.source},
        "readings": {
            str(key): {
                "value": reading.value,
                "quality": reading.quality,
                "origin": reading.origin,
                "time": reading.time.isoformat(timespec="seconds"),
            }
            for key, reading in device.readings.items()
            if key not in device.model.private
        },
        **await entry.runtime_data.hub.async_details(coordinator.source),
    }
