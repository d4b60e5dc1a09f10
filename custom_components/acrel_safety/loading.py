"""What happens before the entities of a link are added: models, devices, first values."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress

from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import CONF_MODEL, Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryError, ConfigEntryNotReady, HomeAssistantError
from homeassistant.helpers import entity_registry as er

from . import statistics
from .aioacrel.errors import (
    AcrelError,
    FileProblemsError,
    LinkUnreachableError,
    MissingTableError,
    UnknownModelError,
)
from .aioacrel.modbus.device import AcrelDevice
from .aioacrel.models import Model, ModelLibrary, Point, Ratio
from .aioacrel.readings import PointKey
from .const import CONF_UNIT_ID, DOMAIN, FIRST_LOOK_SECONDS
from .coordinator import AcrelConfigEntry, AcrelCoordinator
from .devices import places, register_device, remove_former_circuits
from .entity import is_enabled_by_default, unique_id
from .issues import Issue, forget_issues, raise_issue
from .link import guarded_unit, model_library
from .naming import platform_of


async def async_load_models(hass: HomeAssistant, subentries: Iterable[ConfigSubentry]) -> dict[str, Model | AcrelError]:
    """Return the model of each device by subentry, or why it cannot be had."""
    wanted = {subentry.subentry_id: subentry.data[CONF_MODEL] for subentry in subentries}
    return await hass.async_add_executor_job(_read_models, model_library(hass), wanted)


def _read_models(library: ModelLibrary, wanted: Mapping[str, str]) -> dict[str, Model | AcrelError]:
    models: dict[str, Model | AcrelError] = {}
    for subentry_id, model_id in wanted.items():
        try:
            models[subentry_id] = library.get(model_id)
        except (FileProblemsError, UnknownModelError) as error:
            models[subentry_id] = error
    return models


@callback
def add_device(
    hass: HomeAssistant,
    entry: AcrelConfigEntry,
    subentry: ConfigSubentry,
    model: Model | AcrelError,
    link_id: str,
) -> None:
    """Register a device and prepare to read it; what the user must mend first becomes an issue.

    Raises ConfigEntryError if another user of the link has other settings.
    """
    if isinstance(model, AcrelError):
        # Devices and entities stay as they are: they come back with the file.
        raise_issue(hass, entry, subentry, model)
        return
    registered = register_device(hass, entry, subentry, model, link_id)
    remove_former_circuits(hass, subentry, model, registered.id)
    if model.needs_table:
        missing = MissingTableError(model=model.name, needs=len(model.waiting))
        raise_issue(hass, entry, subentry, missing)
        return
    # Its file is sound, whether the device answers or not.
    forget_issues(hass, entry, subentry, but=Issue.WRONG_DEVICE)
    bus = entry.runtime_data.bus
    device = _device(hass, entry, subentry, model)
    coordinator = AcrelCoordinator(hass, entry, subentry, device, bus)
    coordinator.places = places(subentry, model, registered.id, hass.config.language)
    entry.runtime_data.coordinators[subentry.subentry_id] = coordinator
    _remove_former_entities(hass, coordinator)


def _device(hass: HomeAssistant, entry: AcrelConfigEntry, subentry: ConfigSubentry, model: Model) -> AcrelDevice:
    unit_id = subentry.data[CONF_UNIT_ID]
    try:
        unit = guarded_unit(hass, entry, unit_id, entry.runtime_data.bus.pulse)
    except HomeAssistantError as error:
        raise ConfigEntryError(
            translation_domain=DOMAIN,
            translation_key="link_settings_in_use",
            translation_placeholders={"link": entry.title},
        ) from error
    ratios = {ratio: subentry.data[ratio] for ratio in Ratio if ratio in subentry.data}
    name = f"{subentry.title} (unit {unit_id} on {entry.title})"
    return AcrelDevice(unit, model, name=name, ratios=ratios)


async def async_first_look(entry: AcrelConfigEntry) -> None:
    """Identify and poll every device once, but do not hold up the start for those that are slow.

    Nothing is cancelled when the time is over, since that would put serial lines out of step. Raises
    ConfigEntryNotReady if the link itself cannot be reached.
    """
    data = entry.runtime_data
    coordinators = data.coordinators.values()
    deadline = asyncio.get_running_loop().time() + FIRST_LOOK_SECONDS
    errors: dict[AcrelCoordinator, AcrelError | None] = {}
    for coordinator in coordinators:
        if asyncio.get_running_loop().time() >= deadline:
            break
        errors[coordinator] = await coordinator.async_identify()
    if unreachable := _unreachable(errors.values()):
        raise ConfigEntryNotReady(
            translation_domain=DOMAIN,
            translation_key=unreachable.key,
            translation_placeholders=dict(unreachable.placeholders),
        ) from unreachable
    data.bus.start()
    entry.async_on_unload(data.bus.stop)
    with suppress(TimeoutError):
        async with asyncio.timeout_at(deadline):
            for coordinator in coordinators:
                await coordinator.async_was_read()
    for coordinator in coordinators:
        if not coordinator.is_wrong:
            # One that is silent now is identified when it answers.
            coordinator.async_join_bus(errors.get(coordinator))


def _unreachable(errors: Collection[AcrelError | None]) -> LinkUnreachableError | None:
    """Return the error if it is the same for all: the link cannot be reached."""
    found = [error for error in errors if isinstance(error, LinkUnreachableError)]
    return found[0] if found and len(found) == len(errors) else None


def enabled_points(hass: HomeAssistant, coordinator: AcrelCoordinator) -> list[PointKey]:
    """Return the points whose entities will be there, known before they are added."""
    registry = er.async_get(hass)
    keys = []
    for point, platform in _shown(coordinator):
        entity_id = registry.async_get_entity_id(platform, DOMAIN, unique_id(coordinator, point.key))
        known = registry.async_get(entity_id) if entity_id is not None else None
        if known.disabled_by is None if known is not None else is_enabled_by_default(point, platform):
            keys.append(point.key)
    return keys


@callback
def _remove_former_entities(hass: HomeAssistant, coordinator: AcrelCoordinator) -> None:
    """Remove entities the device does not have any more: other model, or changes (dis)allowed."""
    registry = er.async_get(hass)
    present = {(platform.value, unique_id(coordinator, point.key)) for point, platform in _shown(coordinator)}
    present |= {(Platform.SENSOR.value, identifier) for identifier in statistics.ids_of_device(coordinator)}
    entry_id = coordinator.config_entry.entry_id
    for entity in er.async_entries_for_config_entry(registry, entry_id):
        if (
            entity.config_subentry_id == coordinator.subentry.subentry_id
            and (entity.domain, entity.unique_id) not in present
        ):
            registry.async_remove(entity.entity_id)


def _shown(coordinator: AcrelCoordinator) -> Iterable[tuple[Point, Platform]]:
    for point in coordinator.device.model.readable.values():
        platform = platform_of(point, allow_changes=coordinator.allow_changes)
        if platform is not None:
            yield point, platform
