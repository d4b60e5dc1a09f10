"""Diagnostics: enough to replay a device in a test, and nothing that says where it is."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_DEVICE, CONF_HOST, CONF_PASSWORD, CONF_PORT, CONF_USERNAME, CONF_WEBHOOK_ID
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr

from .aioacrel import __version__
from .checked import Fault
from .const import (
    CONF_BUILDING,
    CONF_CODE,
    CONF_FEED,
    CONF_FEED_PASSWORD,
    CONF_FEED_USER,
    CONF_GATEWAY,
    CONF_LISTEN,
    CONF_NETWORKS,
    CONF_RELAY_HOST,
    CONF_RELAY_PORT,
    CONF_SAME_AS_PLACE,
    CONF_SECOND_PASSWORD,
    CONF_SECRET,
    CONF_SERIAL,
    CONF_SITE,
    CONF_SITE_ZONES,
    CONF_USER_ID,
    CONF_XML_SECRET,
)
from .controldiagnostics import nameless, operations_shown
from .coordinator import AcrelConfigEntry, AcrelCoordinator
from .hubs import link_faults
from .stored import device_faults

TO_REDACT = {
    CONF_HOST,
    CONF_PORT,
    CONF_DEVICE,
    CONF_LISTEN,
    CONF_NETWORKS,
    CONF_RELAY_HOST,
    CONF_RELAY_PORT,
    CONF_BUILDING,
    CONF_GATEWAY,
    CONF_XML_SECRET,
    CONF_SERIAL,
    CONF_SECRET,
    CONF_WEBHOOK_ID,
    CONF_USERNAME,
    CONF_PASSWORD,
    CONF_SECOND_PASSWORD,
    CONF_FEED,
    CONF_FEED_USER,
    CONF_FEED_PASSWORD,
    CONF_USER_ID,
    CONF_SITE_ZONES,
}
"""Where a link is: a forwarded port finds a gateway as well as a name does. Who a gateway is, and what it hides by."""
OF_DEVICES = {CONF_SERIAL, CONF_SAME_AS_PLACE, CONF_CODE, CONF_SITE}
"""What names a device: whoever knows it can call in its name."""

USUAL_PORT = 502


async def async_get_config_entry_diagnostics(hass: HomeAssistant, entry: AcrelConfigEntry) -> dict[str, Any]:
    """Return the state of a link and of all its devices, with their registers.

    Of a link that is not loaded only what is stored: its units were given back, so nothing is read with them.
    """
    if entry.state is not ConfigEntryState.LOADED:
        return {**_link(entry), "settings": [_settings(subentry.data) for subentry in entry.subentries.values()]}
    data = entry.runtime_data
    return {
        **_link(entry),
        "line": data.hub.figures(),
        "devices": [await _device(hass, entry, coordinator) for coordinator in list(data.coordinators.values())],
        "devices_without_registers": [
            {**_settings(subentry.data), "faults": [_fault(fault) for fault in wrong]}
            for subentry, wrong in device_faults(entry.data, entry.subentries.values())
            if subentry.subentry_id not in data.coordinators.keys() | data.ways.keys()
        ],
        "further_ways": [
            {
                "settings": _settings(way.subentry.data),
                "why_not": way.why_not,
                "is_taken": way.device is not None,
                "is_heard": way.is_heard,
                **way.source.details(),
            }
            for way in data.ways.values()
        ],
    }


async def async_get_device_diagnostics(
    hass: HomeAssistant, entry: AcrelConfigEntry, device: dr.AnyDeviceEntry
) -> dict[str, Any]:
    """Return the state of one device (or of the device a circuit belongs to), with its registers."""
    is_loaded = entry.state is ConfigEntryState.LOADED
    coordinators = entry.runtime_data.coordinators if is_loaded else {}
    coordinator = coordinators.get(device.config_subentry_id or "")
    return {**_link(entry), "device": await _device(hass, entry, coordinator) if coordinator else None}


def _link(entry: AcrelConfigEntry) -> dict[str, Any]:
    return {
        "library": __version__,
        "state": entry.state.value,
        "link": {
            **async_redact_data(dict(entry.data), TO_REDACT),
            # The first thing to look at where nobody answers, and it says nothing of the place.
            **({"is_usual_port": entry.data[CONF_PORT] == USUAL_PORT} if CONF_PORT in entry.data else {}),
        },
        "faults": [_fault(fault) for fault in link_faults(entry.data)],
    }


def _settings(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is stored of a device without what names it, or persons."""
    return async_redact_data(nameless(stored), OF_DEVICES)


def _state(coordinator: AcrelCoordinator) -> Mapping[str, Any]:
    """Return whether the device is heard, and the key of what is wrong with it: the sentence may name the link."""
    device = coordinator.device
    return {
        "is_heard": device.is_heard,
        "trouble": device.trouble.key if device.trouble is not None else None,
        "wanted": len(device.wanted),
        "qualities": dict(Counter(str(reading.quality) for reading in device.readings.values())),
    }


def _fault(fault: Fault) -> Mapping[str, str]:
    """Return what is wrong with something stored; what stands there is shown beside it."""
    return {"at": fault.at, "kind": fault.kind}


async def _device(hass: HomeAssistant, entry: AcrelConfigEntry, coordinator: AcrelCoordinator) -> dict[str, Any]:
    device = coordinator.device
    return {
        "settings": _settings(coordinator.subentry.data),
        "state": _state(coordinator),
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
        **({} if coordinator.operator is None else {"control": operations_shown(hass, coordinator.operator)}),
        **await entry.runtime_data.hub.async_details(coordinator.source),
    }
