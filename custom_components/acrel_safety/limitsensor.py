"""The owner's limits as sensors, so that a graph can draw them: hidden, since nobody need look at them elsewhere."""

from collections.abc import Iterator

from homeassistant.components.sensor import SensorEntity
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import EntityCategory

from .aioacrel.alarms.ownerlimits import Of, OwnerLimit
from .aioacrel.points import Model, Point
from .aioacrel.texts import phrase
from .coordinator import AcrelCoordinator
from .devices import device_info
from .ownersettings import limits_of, name_of


class LimitSensor(SensorEntity):
    """One limit, the same until the owner sets another."""

    _attr_has_entity_name = True
    _attr_should_poll = False
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_entity_registry_visible_default = False

    def __init__(self, coordinator: AcrelCoordinator, limit: OwnerLimit, point: Point) -> None:
        """Take the limit, and one of the points that are compared with it."""
        subentry, language = coordinator.subentry, coordinator.hass.config.language
        family = phrase(f"family_{limit.family}").text(language)
        self._attr_unique_id = unique_id(subentry, limit)
        self._attr_translation_key = f"own_{'low_' if limit.is_low else ''}limit_{limit.level}"
        self._attr_translation_placeholders = {"quantity": point.quantity.name(language) if limit.code else family}
        self._attr_native_value = limit.limit
        self._attr_native_unit_of_measurement = point.quantity.unit
        place = coordinator.places.get(limit.circuit) if limit.circuit is not None else None
        self._attr_device_info = place or device_info(subentry)


def unique_id(subentry: ConfigSubentry, limit: OwnerLimit) -> str:
    """Return what the entity registry knows a limit by: the same when its number changes."""
    return f"{subentry.subentry_id}_limit_{name_of(limit)}"


def limit_sensors(coordinator: AcrelCoordinator) -> Iterator[LimitSensor]:
    """Yield those of a device."""
    for limit, point in drawn_limits(coordinator.subentry, coordinator.device.model):
        yield LimitSensor(coordinator, limit, point)


def drawn_limits(subentry: ConfigSubentry, model: Model) -> Iterator[tuple[OwnerLimit, Point]]:
    """Yield the limits that values themselves are compared with, each with a point that is."""
    for limit in limits_of(subentry).values():
        if limit.of is not Of.VALUE:
            continue
        circuits = dict.fromkeys(key.circuit for key in model.points)
        keys = (
            key
            for circuit in circuits
            for code in limit.codes_in(model, circuit)
            for key in limit.keys_for(model, circuit, code)
        )
        if (key := next(keys, None)) is not None:
            yield limit, model.points[key]
