"""What is stored of further ways: a subentry that names the device it reaches, which another subentry is.

It is no device of its own: it has a source, and the figures of that way, and nothing else.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import CONF_MODEL, CONF_TYPE
from homeassistant.core import HomeAssistant, callback

from .const import (
    CONF_CT,
    CONF_PT,
    CONF_SAME_AS,
    CONF_SAME_AS_PLACE,
    CONF_SERIAL,
    DOMAIN,
    SUBENTRY_DEVICE,
    TYPE_CLOUD,
    TYPE_PUSH,
    TYPE_UPLINK,
    TYPE_XML,
)
from .hubs import way_of


class Why(StrEnum):
    """Why a way cannot be taken; also the key of the sentence."""

    GONE = "gone"
    NO_DEVICE = "no_device"
    OTHER_MODEL = "other_model"
    OTHER_PLACE = "other_place"


def named(subentry: ConfigSubentry) -> str | None:
    """Return the id of the device that a subentry is a further way to; None of one that is a device."""
    found = subentry.data.get(CONF_SAME_AS)
    return found if isinstance(found, str) else None


@callback
def own_devices(entry: ConfigEntry) -> list[ConfigSubentry]:
    """Return what of an entry is a device of its own."""
    return [one for one in entry.get_subentries_of_type(SUBENTRY_DEVICE) if named(one) is None]


@callback
def known_places(hass: HomeAssistant) -> set[str]:
    """Return the ids of all links and all devices of their own, loaded or not."""
    entries = hass.config_entries.async_entries(DOMAIN)
    return {one for entry in entries for one in (entry.entry_id, *(own.subentry_id for own in own_devices(entry)))}


@callback
def device_named(hass: HomeAssistant, subentry_id: str | None) -> tuple[ConfigEntry, ConfigSubentry] | None:
    """Return a subentry by its id, loaded or not, with its entry."""
    for entry in hass.config_entries.async_entries(DOMAIN):
        if subentry_id is not None and (found := entry.subentries.get(subentry_id)) is not None:
            return entry, found
    return None


@callback
def numbered(hass: HomeAssistant, entry: ConfigEntry, serial: str) -> str | None:
    """Return the id of the device with a serial number, by whatever other link it is reached; None where none is."""
    found = {named(one) or one.subentry_id for one in _of_others(hass, entry) if one.data.get(CONF_SERIAL) == serial}
    return found.pop() if serial and len(found) == 1 else None


@callback
def has_numbered(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Whether the serial number of any device of other links is known."""
    return any(CONF_SERIAL in one.data for one in _of_others(hass, entry))


def _of_others(hass: HomeAssistant, entry: ConfigEntry) -> Iterator[ConfigSubentry]:
    for other in hass.config_entries.async_entries(DOMAIN, include_ignore=False):
        if other.entry_id != entry.entry_id:
            yield from other.get_subentries_of_type(SUBENTRY_DEVICE)


@callback
def ways_to(hass: HomeAssistant, subentry_id: str) -> Iterator[tuple[ConfigEntry, ConfigSubentry]]:
    """Yield the further ways to a device, as they are stored."""
    for entry in hass.config_entries.async_entries(DOMAIN):
        for subentry in entry.get_subentries_of_type(SUBENTRY_DEVICE):
            if named(subentry) == subentry_id:
                yield entry, subentry


@callback
def is_called(hass: HomeAssistant, subentry: ConfigSubentry) -> bool:
    """Whether a device calls by any of its further ways: by a name that somebody else can give, too."""
    return any(entry.data.get(CONF_TYPE) in (TYPE_UPLINK, TYPE_XML) for entry, _ in ways_to(hass, subentry.subentry_id))


@callback
def is_reported(hass: HomeAssistant, subentry: ConfigSubentry) -> bool:
    """Whether somebody else keeps a log of a device, that is read by any of its further ways."""
    ways = ways_to(hass, subentry.subentry_id)
    return any(entry.data.get(CONF_TYPE) in (TYPE_CLOUD, TYPE_PUSH) for entry, _ in ways)


@callback
def has_other_ways(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Whether any device of an entry can be reached by another, enabled one, too."""
    return any(
        way.entry_id != entry.entry_id and way.disabled_by is None and why_not(hass, further) is None
        for subentry in own_devices(entry)
        for way, further in ways_to(hass, subentry.subentry_id)
    )


@callback
def why_not(hass: HomeAssistant, subentry: ConfigSubentry) -> Why | None:
    """Return why a further way cannot be taken, by what is stored now: what it leads to has to be the same device."""
    if (found := device_named(hass, named(subentry))) is None:
        return Why.GONE
    entry, device = found
    if named(device) is not None:
        return Why.NO_DEVICE
    if device.data.get(CONF_MODEL) != subentry.data.get(CONF_MODEL):
        return Why.OTHER_MODEL
    if place_of(entry, device) != subentry.data.get(CONF_SAME_AS_PLACE):
        return Why.OTHER_PLACE
    return None


def place_of(entry: ConfigEntry, subentry: ConfigSubentry) -> str | None:
    """Return what a device is known by where it is: with another one it may be another instrument."""
    way = way_of(entry.data)
    return None if way is None else str(way.seat(subentry.data))


def ratios_from(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the transformer ratios that are stored of a device."""
    return {key: data[key] for key in (CONF_PT, CONF_CT) if key in data}
