"""What happens before the entities of an entry are added: models, devices, the ways to them, first values."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType

from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import CONF_MODEL, CONF_TYPE, Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from . import calling, evidence, figures, limitsensor, safety, waysensor
from .aioacrel.alarms.bitlevels import level_of
from .aioacrel.alarms.tables import read_alarm_tables
from .aioacrel.bands import read_bands
from .aioacrel.control.caller import Caller
from .aioacrel.control.rights import Right
from .aioacrel.control.signs import signs_of
from .aioacrel.errors import AcrelError, FileProblemsError, MissingTableError, UnknownModelError
from .aioacrel.models import ModelLibrary
from .aioacrel.points import Model, Point
from .aioacrel.readings import PointKey
from .aioacrel.texts import read_texts
from .const import CONF_ALLOW_CHANGES, DOMAIN
from .controlsettings import policy_now, policy_of
from .coordinator import AcrelConfigEntry, AcrelCoordinator
from .desk import desk_of
from .devices import board_of, places, register_device, remove_former_circuits, remove_former_device
from .furtherways import device_named, is_called, is_reported, named, ratios_from
from .hubs import WAYS
from .issues import Issue, forget_issues, raise_incomplete_issue, raise_issue, tell_way_refused
from .joining import FurtherWay, joined_of
from .kinds import is_enabled_by_default, platform_of, shown, unique_id
from .model_files import model_library
from .operable import operate_device
from .ownersettings import limits_of, ratings_of, ratios_of
from .plant import plant_of
from .reports import TellsReports, follow_reports
from .unwatched import tell_unwatched


def read_tables() -> None:
    """Read the tables that the library would read when it needs them first; blocks."""
    read_texts()
    read_bands()
    read_alarm_tables()


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
    hub_id: str,
) -> None:
    """Register a device and the way to it; what the user must mend first becomes an issue.

    Raises ConfigEntryNotReady if the entry as a whole cannot be used now.
    """
    if isinstance(model, AcrelError):
        # Devices and entities stay as they are: they come back with the file.
        raise_issue(hass, entry, subentry, model)
        return
    if named(subentry) is not None:
        _add_way(hass, entry, subentry, model)
        return
    tell_way_refused(hass, entry, subentry, None, "")
    registered = register_device(hass, entry, subentry, model, hub_id)
    data = entry.runtime_data
    try:
        source = data.hub.source(subentry, model)
    except MissingTableError as error:
        remove_former_circuits(hass, subentry, model, registered.id)
        raise_issue(hass, entry, subentry, error)
        return
    model = WAYS[entry.data[CONF_TYPE]].shown_as(source, model)
    remove_former_circuits(hass, subentry, model, registered.id)
    # Its file is sound, whether the device answers or not.
    forget_issues(hass, entry, subentry, but=Issue.WRONG_DEVICE)
    if missing := WAYS[entry.data[CONF_TYPE]].missing(model, subentry.data):
        raise_incomplete_issue(hass, entry, subentry, missing)
    device, release = plant_of(hass).device(
        subentry.subentry_id,
        model,
        may_change=partial(_may_change, entry, subentry.subentry_id),
        may_set=partial(_may_set, entry, subentry.subentry_id),
    )
    coordinator = AcrelCoordinator(hass, entry, subentry, device, source)
    facts = data.hub.facts(source)
    coordinator.calls = (facts is not None and facts.calls) or is_called(hass, subentry)
    coordinator.reported = isinstance(data.hub, TellsReports) or is_reported(hass, subentry)
    coordinator.places = places(subentry, model, registered.id, hass.config.language)
    detach = coordinator.async_attach()
    unwatch = None
    if registered.disabled:
        tell_unwatched(hass, entry, subentry, None)
    else:
        unwatch = _watch(hass, entry, coordinator)
    unoperate = operate_device(hass, entry, coordinator)
    unjoin = joined_of(hass).welcome(coordinator)

    @callback
    def leave() -> None:
        unjoin()
        if unoperate is not None:
            unoperate()
        if unwatch is not None:
            unwatch()
        detach()
        data.hub.remove(source)
        release()

    data.coordinators[subentry.subentry_id] = coordinator
    data.leave[subentry.subentry_id] = leave
    _remove_former_entities(hass, coordinator)


@callback
def _add_way(hass: HomeAssistant, entry: AcrelConfigEntry, subentry: ConfigSubentry, model: Model) -> None:
    """Take a further way to a device that another subentry is: nothing is registered of it but what the way does."""
    data, found = entry.runtime_data, device_named(hass, named(subentry))
    ratios = {} if found is None else ratios_from(found[1].data)
    own = {key: value for key, value in subentry.data.items() if key not in ratios_from(subentry.data)}
    forget_issues(hass, entry, subentry, but=Issue.WRONG_DEVICE)
    try:
        source = data.hub.source(replace(subentry, data=MappingProxyType({**own, **ratios})), model)
    except MissingTableError as error:
        raise_issue(hass, entry, subentry, error)
        return
    way = data.ways[subentry.subentry_id] = FurtherWay(hass, entry, subentry, source, ratios)
    unjoin = joined_of(hass).add(way)

    @callback
    def leave() -> None:
        unjoin()
        data.hub.remove(source)

    data.leave[subentry.subentry_id] = leave
    remove_former_device(hass, entry, subentry)
    present = {*figures.ids_of_way(way), *calling.ids_of_device(way), *waysensor.ids_of_way(way)}
    registry = er.async_get(hass)
    for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
        if entity.config_subentry_id == subentry.subentry_id and (entity.domain, entity.unique_id) not in present:
            registry.async_remove(entity.entity_id)


@callback
def _watch(hass: HomeAssistant, entry: AcrelConfigEntry, coordinator: AcrelCoordinator) -> Callable[[], None]:
    """Watch for alarms, whatever is shown; but none that a person disabled by its own entity."""
    subentry, device, hub = coordinator.subentry, coordinator.device, entry.runtime_data.hub
    registry = er.async_get(hass)

    def is_left_out(point: Point) -> bool:
        if level_of(point) is None or (platform := platform_of(point, may_set=False)) is None:
            return False
        entity_id = registry.async_get_entity_id(platform, DOMAIN, unique_id(subentry, point.key))
        known = registry.async_get(entity_id) if entity_id is not None else None
        return known is not None and known.disabled_by is er.RegistryEntryDisabler.USER

    readable = device.model.readable
    coordinator.left_out = [point for point in readable.values() if is_left_out(point)]
    coordinator.watch, unwatch = desk_of(hass).watch(
        device,
        replace(board_of(hass, entry, subentry), calls=coordinator.calls, reported=coordinator.reported),
        limits=limits_of(subentry),
        ratings=ratings_of(subentry),
        ratios=ratios_of(subentry),
        signs=signs_of(device.model, policy_of(subentry)),
        points=readable.keys() - {point.key for point in coordinator.left_out},
    )
    tell_unwatched(hass, entry, subentry, device.model if coordinator.watch.is_unwatched else None)
    unlisten = hub.on_impostor(coordinator.source, coordinator.watch.note_second_login)
    unfollow = follow_reports(hass, entry, coordinator.source, coordinator)

    @callback
    def leave() -> None:
        unfollow()
        unlisten()
        unwatch()

    return leave


def _may_change(entry: AcrelConfigEntry, subentry_id: str) -> bool:
    """Whether the user allows changes of a device: asked anew each time, since that may have been withdrawn."""
    subentry = entry.subentries.get(subentry_id)
    return subentry is not None and subentry.data.get(CONF_ALLOW_CHANGES) is True


def _may_set(entry: AcrelConfigEntry, subentry_id: str, by: Caller | None) -> bool:
    """Whether who asks has the right to settings of a device now; nobody who gives no name has."""
    return by is not None and policy_now(entry, subentry_id).may(by, Right.SETTINGS)


def enabled_points(hass: HomeAssistant, coordinator: AcrelCoordinator) -> list[PointKey]:
    """Return the points whose entities will be there, known before they are added."""
    registry = er.async_get(hass)
    keys = []
    for point, platform in shown(coordinator):
        entity_id = registry.async_get_entity_id(platform, DOMAIN, unique_id(coordinator.subentry, point.key))
        known = registry.async_get(entity_id) if entity_id is not None else None
        is_default = is_enabled_by_default(coordinator.device.model, point, platform)
        if known.disabled_by is None if known is not None else is_default:
            keys.append(point.key)
    return keys


@callback
def _remove_former_entities(hass: HomeAssistant, coordinator: AcrelCoordinator) -> None:
    """Remove entities the device does not have any more: other model, or changes (dis)allowed."""
    registry = er.async_get(hass)
    subentry = coordinator.subentry
    present = {(platform.value, unique_id(subentry, point.key)) for point, platform in shown(coordinator)}
    others = (*evidence.ids_of_device(coordinator), *figures.ids_of_device(subentry))
    present |= {(Platform.SENSOR.value, identifier) for identifier in others}
    limits = limitsensor.drawn_limits(subentry, coordinator.device.model)
    present |= {(Platform.SENSOR.value, limitsensor.unique_id(subentry, limit)) for limit, _ in limits}
    present |= set(safety.ids_of_device(coordinator)) | set(calling.ids_of_device(coordinator))
    present |= set(coordinator.operator.ids()) if coordinator.operator is not None else set()
    for entity in er.async_entries_for_config_entry(registry, coordinator.config_entry.entry_id):
        if entity.config_subentry_id != subentry.subentry_id or (entity.domain, entity.unique_id) in present:
            continue
        if not safety.is_waiting(coordinator, entity.unique_id):
            registry.async_remove(entity.entity_id)
