"""Whether a device that is added is one that is there already, reached by a further way: its owner has to say so."""

from collections.abc import Mapping
from typing import Any

import probatio
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_MODEL
from homeassistant.core import HomeAssistant, callback
from homeassistant.data_entry_flow import AbortFlow
from homeassistant.helpers.selector import SelectOptionDict

from ..aioacrel.points import Model
from ..aioacrel.problems import flat
from ..const import CONF_INTERVALS, CONF_POLLING, CONF_SAME_AS, CONF_SAME_AS_PLACE, CONF_SCALING, DOMAIN
from ..furtherways import device_named, numbered, own_devices, place_of, ratios_from, ways_to
from .ending import CHANGED_MEANWHILE
from .link_forms import FormData, choice
from .selector_texts import FlowTexts

OWN = "own"
_OF_THE_WAY = (CONF_MODEL, CONF_POLLING, CONF_INTERVALS, CONF_SCALING)
"""What is stored of a further way, beside what it leads to; all else is the device's."""


@callback
def with_same_as(
    hass: HomeAssistant,
    schema: probatio.Schema,
    texts: FlowTexts,
    *,
    entry: ConfigEntry,
    model: Model,
    subentry_id: str | None = None,
    stored: object = None,
    serial: str = "",
) -> probatio.Schema:
    """Ask first whether it is one of the devices of this model that other entries have; else leave a form as it is.

    Not of a device (`subentry_id`) that others are a way to. The one that has its serial number is proposed.
    """
    if subentry_id is not None and any(ways_to(hass, subentry_id)):
        return schema
    devices = [
        SelectOptionDict(value=device.subentry_id, label=flat(f"{device.title} ({other.title})"))
        for other in hass.config_entries.async_entries(DOMAIN, include_ignore=False)
        if other.entry_id != entry.entry_id
        for device in own_devices(other)
        if device.data.get(CONF_MODEL) == model.id
    ]
    if not devices and stored is None:
        return schema
    options = [SelectOptionDict(value=OWN, label=texts("same_as", OWN)), *devices]
    proposed = numbered(hass, entry, serial) if subentry_id is None else None
    default = next((one["value"] for one in devices if one["value"] == proposed), OWN)
    return probatio.Schema({probatio.Required(CONF_SAME_AS, default=default): choice(options), **schema.schema})


@callback
def same_as_form(hass: HomeAssistant, data: Mapping[str, Any]) -> FormData:
    """Return what the form begins with: what is stored, if that is there still."""
    found = device_named(hass, data.get(CONF_SAME_AS))
    return {} if found is None else {CONF_SAME_AS: found[1].subentry_id}


@callback
def with_ratios(hass: HomeAssistant, settings: FormData) -> FormData:
    """Return filled-in settings with the transformer ratios of the device that it is."""
    found = device_named(hass, settings.get(CONF_SAME_AS))
    return settings if found is None else {**settings, **ratios_from(found[1].data)}


@callback
def is_further_way(settings: FormData) -> bool:
    """Whether a filled-in form says that it is a device that is there already."""
    return bool(settings.get(CONF_SAME_AS, OWN) != OWN)


@callback
def as_said(hass: HomeAssistant, settings: FormData, data: FormData, *of_the_way: str) -> FormData:
    """Return the data of a device as they are stored: of a further way what the way needs, and where it leads.

    `of_the_way` are the fields by which the entry finds the device. Raises AbortFlow if that is gone meanwhile.
    """
    if not is_further_way(settings):
        return data
    if (found := device_named(hass, settings.get(CONF_SAME_AS))) is None:
        raise AbortFlow(CHANGED_MEANWHILE)
    entry, device = found
    kept = {key: value for key, value in data.items() if key in (*of_the_way, *_OF_THE_WAY)}
    return {**kept, CONF_SAME_AS: device.subentry_id, CONF_SAME_AS_PLACE: place_of(entry, device)}
