"""Which entity shows a point: on which platform, under which id, enabled or not, in which category."""

from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from typing import Any

from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .aioacrel.alarms.bitlevels import level_of
from .aioacrel.alarms.levels import Level
from .aioacrel.points import Model, Point
from .aioacrel.readings import PointKey
from .aioacrel.vocabulary import EXTRA_PREFIX, Kind
from .const import CONF_ALLOW_CHANGES
from .coordinator import AcrelConfigEntry, AcrelCoordinator
from .naming import EXTRA, NO_STATE

RAW_PREFIX = f"{EXTRA_PREFIX}Raw "
"""Begins the code of a register whose meaning is unknown: a help for drawing up a table."""
_ABOUT_THE_INSTRUMENT = frozenset({Kind.FAULT, Kind.RATIO, Kind.IDENTITY, Kind.CLOCK})
_SECONDARY_FAMILIES = frozenset({"communication", "ratio", "wiring", "clock", "power_supply"})
_SETTING_PLATFORMS = frozenset({Platform.NUMBER, Platform.SELECT, Platform.SWITCH})
_FOR_SPECIALISTS = frozenset(
    {"demand", "frequency", "fundamental", "harmonics", "phase_angle", "power_factor", "unbalance"}
)
"""Families: quality of supply, no safety and no bill."""
_WITH_LIMITS = frozenset({"insulation", "residual_current", "temperature"})
_SAID_BY_OTHERS = frozenset({"power"})
"""Families of alarms that others say already: too much power is too much current."""
_WIRED_BY_THE_OWNER = frozenset({"digital_input", "digital_output"})
"""Families whose meaning only their owner knows."""
_IMPORTED = "EPI"
"""The code of the energy that the Energy dashboard wants."""
_OTHER_ENERGIES = frozenset({"combined_active_energy", "exported_active_energy"})
_OF_ONE_PHASE = (" A", " B", " C")
_TOTAL_POWER = "P"
_ACTIVE = frozenset({"W", "kW"})
_TIMES = frozenset({"ms", "s", "min", "h", "d"})

type SetUp = Callable[[HomeAssistant, AcrelConfigEntry, AddConfigEntryEntitiesCallback], Coroutine[Any, Any, None]]


def set_up(platform: Platform, make: Callable[[AcrelCoordinator, Point], Entity]) -> SetUp:
    """Return the `async_setup_entry` of a platform that shows points: an entity for each, of all devices."""

    async def async_setup_entry(
        hass: HomeAssistant, entry: AcrelConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
    ) -> None:
        for subentry_id, coordinator in entry.runtime_data.coordinators.items():
            async_add_entities(
                [make(coordinator, point) for point in points_of(coordinator, platform)],
                config_subentry_id=subentry_id,
            )

    return async_setup_entry


def points_of(coordinator: AcrelCoordinator, platform: Platform) -> Iterator[Point]:
    """Return the points of a device that a platform shows."""
    return (point for point, its_platform in shown(coordinator) if its_platform is platform)


def shown(coordinator: AcrelCoordinator) -> Iterator[tuple[Point, Platform]]:
    """Return the points of a device that are shown, each with its platform."""
    # By its own way: a further one comes and goes, and has no entities of its own.
    source = coordinator.source
    settable = source.orders if coordinator.subentry.data.get(CONF_ALLOW_CHANGES) is True else frozenset()
    for point in (source.points[key] for key in _in_order(coordinator.device.model, source.points)):
        if (platform := platform_of(point, may_set=point.key in settable)) is not None:
            yield point, platform


def _in_order(model: Model, points: Mapping[PointKey, Point]) -> Iterable[PointKey]:
    """Return what a way shows in the model's order."""
    return dict.fromkeys((*(key for key in model.points if key in points), *points))


def platform_of(point: Point, *, may_set: bool) -> Platform | None:
    """Return the platform that shows a point, None for what is no state."""
    if point.quantity.kind in NO_STATE:
        return None
    if may_set:
        if point.words is not None:
            return Platform.SELECT
        return Platform.SWITCH if point.is_binary else Platform.NUMBER
    return Platform.BINARY_SENSOR if point.is_binary else Platform.SENSOR


def unique_id(subentry: ConfigSubentry, key: PointKey) -> str:
    """Return what the entity registry knows a point by, on each platform."""
    return id_of_point(subentry.subentry_id, key)


def id_of_point(subentry_id: str, key: PointKey) -> str:
    """Return the same, by the id of the device's subentry."""
    return f"{subentry_id}_{key.circuit}_{key.code}"


def is_enabled_by_default(model: Model, point: Point, platform: Platform) -> bool:
    """Whether a point interests most people: every enabled entity costs time on the line, and a look.

    Alarms are watched whether their entities are enabled or not (`desk.py`).
    """
    quantity = point.quantity
    if quantity.detail or quantity.code.startswith(RAW_PREFIX):
        return False
    if platform in _SETTING_PLATFORMS:
        return True
    return quantity.family not in _FOR_SPECIALISTS and _is_looked_at(model, point)


def _is_looked_at(model: Model, point: Point) -> bool:
    """Whether somebody looks at a point who only wants to know that all is well."""
    quantity = point.quantity
    match quantity.kind:
        case Kind.SETTING:
            # Limits that are looked at beside their values; delays, switches, modes and the others are not.
            return quantity.family in _WITH_LIMITS and quantity.unit is not None and quantity.unit not in _TIMES
        case Kind.ALARM:
            return level_of(point) is not None and quantity.family not in _SAID_BY_OTHERS and not _is_aside(point)
        case Kind.STATE:
            # A word of states whose bits nobody explained says nothing to a reader.
            is_said = point.is_binary or point.words is not None
            return is_said and quantity.family not in _WIRED_BY_THE_OWNER
        case Kind.ENERGY if quantity.key in _OTHER_ENERGIES:
            return PointKey(point.key.circuit, _IMPORTED) not in model.points
        case Kind.MEASUREMENT if quantity.family == "power" and point.key.code != _TOTAL_POWER:
            return quantity.unit in _ACTIVE and PointKey(point.key.circuit, _TOTAL_POWER) not in model.points
    return True


def _is_aside(point: Point) -> bool:
    """Whether an alarm that a model has for itself is about one phase, or no more than a warning."""
    is_own = point.quantity.key == EXTRA
    return is_own and (level_of(point) is Level.PRE_ALARM or point.key.code.endswith(_OF_ONE_PHASE))


def category(point: Point, platform: Platform) -> EntityCategory | None:
    """Return whether an entity is about the circuit (None), the instrument, or its settings."""
    if platform in _SETTING_PLATFORMS:
        return EntityCategory.CONFIG
    quantity = point.quantity
    if (
        quantity.kind is Kind.SETTING
        or quantity.kind in _ABOUT_THE_INSTRUMENT
        or quantity.family in _SECONDARY_FAMILIES
        or quantity.code.startswith(RAW_PREFIX)
    ):
        return EntityCategory.DIAGNOSTIC
    return None
