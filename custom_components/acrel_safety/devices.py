"""The device registry: hub, device that is reached by it, circuit of the device."""

from collections.abc import Mapping

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from .aioacrel.alarms.board import Board
from .aioacrel.points import Model
from .aioacrel.readings import DEVICE_CIRCUIT
from .aioacrel.texts import library_language
from .const import DOMAIN, MANUFACTURER, SUBENTRY_DEVICE
from .ownersettings import names_of


def circuits(model: Model) -> list[str]:
    """Return the circuits that become devices of their own.

    Of a model with one circuit none does: there, circuit and device are the same thing to a user.
    """
    numbers = [number for number in model.circuits if number != DEVICE_CIRCUIT]
    return numbers if len(numbers) > 1 else []


def circuit_identifier(subentry: ConfigSubentry, circuit: str) -> tuple[str, str]:
    """Return what the registry knows a circuit by."""
    return DOMAIN, f"{subentry.subentry_id}_{circuit}"


@callback
def register_hub(hass: HomeAssistant, entry: ConfigEntry, kind: str) -> str:
    """Register the gateway, serial port or other way to the devices; return its id."""
    hub = dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id,
        identifiers={(DOMAIN, entry.entry_id)},
        name=entry.title,
        model=kind,
    )
    return hub.id


@callback
def register_device(
    hass: HomeAssistant, entry: ConfigEntry, subentry: ConfigSubentry, model: Model, hub_id: str
) -> dr.DeviceEntry:
    """Register a device. How sure its registers are is an entity of its own (see `evidence.py`)."""
    return dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id,
        config_subentry_id=subentry.subentry_id,
        identifiers={(DOMAIN, subentry.subentry_id)},
        manufacturer=MANUFACTURER,
        model=model.name,
        model_id=None,  # the name is what is printed on the device: it would be shown twice
        name=subentry.title,
        via_device_id=hub_id,
    )


def hub_info(entry: ConfigEntry) -> dr.DeviceInfo:
    """Return the place of entities that belong to the hub; it is registered."""
    return dr.DeviceInfo(identifiers={(DOMAIN, entry.entry_id)})


def device_info(subentry: ConfigSubentry) -> dr.DeviceInfo:
    """Return the place of entities that belong to the device as a whole; it is registered."""
    return dr.DeviceInfo(identifiers={(DOMAIN, subentry.subentry_id)})


def places(
    subentry: ConfigSubentry, model: Model, device_id: str, language: str
) -> Mapping[str, dr.DeviceInfo | dr.ChildDeviceInfo]:
    """Return the place of entities by circuit, the same for all of one circuit: there may be hundreds."""
    whole = device_info(subentry)
    below = {circuit: _circuit_info(subentry, model, circuit, device_id, language) for circuit in circuits(model)}
    return {key.circuit: below.get(key.circuit, whole) for key in model.points}


def _circuit_info(
    subentry: ConfigSubentry, model: Model, circuit: str, device_id: str, language: str
) -> dr.ChildDeviceInfo:
    """Return the place of a circuit's entities, below the device."""
    info = dr.ChildDeviceInfo(identifiers={circuit_identifier(subentry, circuit)}, parent_device_id=device_id)
    names = model.circuits[circuit].names
    if name := names_of(subentry).get(circuit) or names.get(library_language(language)) or names.get("en"):
        info["name"] = name
    else:
        info["translation_key"] = "circuit"
        info["translation_placeholders"] = {"number": circuit}
    return info


@callback
def board_of(
    hass: HomeAssistant, entry: ConfigEntry, subentry: ConfigSubentry, named: dict[str, str] | None = None
) -> Board:
    """Return where the alarms of a device are, in words that its owner knows.

    `named` keeps the last names, the board's under "": a device leaves the registry before its alarms are told gone.
    """
    registry = dr.async_get(hass)
    names = {} if named is None else named
    device = registry.async_get_device_by_identifier((DOMAIN, subentry.subentry_id), entry.entry_id)
    if device is not None or "" not in names:
        names[""] = (device.name_by_user if device is not None else None) or subentry.title

    def circuit_name(circuit: str) -> str:
        identifier = circuit_identifier(subentry, circuit)
        child = registry.async_get_child_device_by_identifier(identifier, entry.entry_id)
        if child is None:
            return names.get(circuit, circuit)
        names[circuit] = child.name_by_user or child.name or circuit
        return names[circuit]

    return Board(
        identity=subentry.subentry_id,
        name=names[""],
        site=hass.config.location_name,
        link=entry.entry_id,
        link_name=entry.title,
        circuit_name=circuit_name,
        # Its title is in a subentry that is replaced with each change.
        again=lambda: board_of(hass, entry, entry.subentries.get(subentry.subentry_id, subentry), names),
    )


@callback
def remove_former_circuits(hass: HomeAssistant, subentry: ConfigSubentry, model: Model, device_id: str) -> None:
    """Remove circuits that the model (another one, or another version) does not have any more."""
    registry = dr.async_get(hass)
    present = {circuit_identifier(subentry, circuit) for circuit in circuits(model)}
    for child in dr.async_entries_for_parent_device(registry, device_id):
        if not present & child.identifiers:
            registry.async_remove_device(child.id)


@callback
def remove_former_device(hass: HomeAssistant, entry: ConfigEntry, subentry: ConfigSubentry) -> None:
    """Remove the device that a subentry was, which is a further way to another one by now."""
    registry = dr.async_get(hass)
    device = registry.async_get_device_by_identifier((DOMAIN, subentry.subentry_id), entry.entry_id)
    if device is not None:
        registry.async_remove_device(device.id)


@callback
def is_in_use(entry: ConfigEntry, device: dr.AnyDeviceEntry) -> bool:
    """Whether a device stands for the link, a configured device or one of its circuits."""
    owners = {
        entry.entry_id,
        *(subentry.subentry_id for subentry in entry.get_subentries_of_type(SUBENTRY_DEVICE)),
    }
    return any(domain == DOMAIN and identifier.partition("_")[0] in owners for domain, identifier in device.identifiers)
