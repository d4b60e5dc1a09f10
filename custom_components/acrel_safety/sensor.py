"""Measurements, energies, words of states, and settings that may not be changed."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, override

from homeassistant.components.sensor import (
    RestoreSensor,
    SensorDeviceClass,
    SensorEntity,
    SensorStateClass,
)
from homeassistant.const import DEGREE, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from . import calling, evidence, figures
from .aioacrel.alarms.levels import Safety
from .aioacrel.points import Point
from .aioacrel.texts import library_language
from .aioacrel.vocabulary import Kind
from .coordinator import AcrelConfigEntry, AcrelCoordinator
from .desk import desk_of
from .entity import AcrelEntity
from .entity_ids import SAFETY
from .joining import FurtherWay
from .kinds import points_of
from .lastknown import LastKnown, is_brought_back
from .limitsensor import limit_sensors
from .memory import former_counter
from .reclosing import reclosing_sensors
from .safety import View, ViewEntity, attributes_of, others_of, view_of_link, views_of
from .waysensor import way_now

PARALLEL_UPDATES = 0

_CLASSES: Mapping[str, SensorDeviceClass] = {
    "V": SensorDeviceClass.VOLTAGE,
    "A": SensorDeviceClass.CURRENT,
    "mA": SensorDeviceClass.CURRENT,
    "W": SensorDeviceClass.POWER,
    "kW": SensorDeviceClass.POWER,
    "var": SensorDeviceClass.REACTIVE_POWER,
    "kvar": SensorDeviceClass.REACTIVE_POWER,
    "VA": SensorDeviceClass.APPARENT_POWER,
    "kVA": SensorDeviceClass.APPARENT_POWER,
    "Wh": SensorDeviceClass.ENERGY,
    "kWh": SensorDeviceClass.ENERGY,
    "varh": SensorDeviceClass.REACTIVE_ENERGY,
    "kvarh": SensorDeviceClass.REACTIVE_ENERGY,
    "Hz": SensorDeviceClass.FREQUENCY,
    "°C": SensorDeviceClass.TEMPERATURE,
    "ms": SensorDeviceClass.DURATION,
    "s": SensorDeviceClass.DURATION,
    "min": SensorDeviceClass.DURATION,
    "h": SensorDeviceClass.DURATION,
}
"""By unit. Resistances, apparent energy, unbalance and harmonics have no class."""
_FAMILY_CLASSES: Mapping[tuple[str, str | None], SensorDeviceClass] = {
    ("power_factor", None): SensorDeviceClass.POWER_FACTOR,
    ("humidity", "%"): SensorDeviceClass.HUMIDITY,
    ("battery", "%"): SensorDeviceClass.BATTERY,
}
_COUNTERS = frozenset(
    {
        "arc_count",
        "close_count",
        "lightning_strike_count",
        "open_count",
        "switching_count",
    }
)
"""Keys of what only counts up, without a unit."""
_ENERGIES = frozenset({SensorDeviceClass.ENERGY, SensorDeviceClass.REACTIVE_ENERGY})
ATTR_METER_READING = "meter_reading"
_MEASURED = frozenset({Kind.MEASUREMENT, Kind.DEMAND, Kind.QUALITY})


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AcrelConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors of all devices of a link, and how well they and the link do."""
    async_add_entities([*figures.of_hub(entry), *_words([view_of_link(entry, desk_of(hass))])])
    for subentry_id, coordinator in entry.runtime_data.coordinators.items():
        points = (
            _sensor_type(coordinator, point)(coordinator, point) for point in points_of(coordinator, Platform.SENSOR)
        )
        async_add_entities(
            [
                *_words(views_of(coordinator)),
                *points,
                *evidence.of_device(coordinator),
                *figures.of_device(coordinator),
                *calling.sensors_of(coordinator),
                *limit_sensors(coordinator),
                *reclosing_sensors(coordinator),
            ],
            config_subentry_id=subentry_id,
        )
    for subentry_id, way in entry.runtime_data.ways.items():
        async_add_entities(_of_further_way(way), config_subentry_id=subentry_id)


def _of_further_way(way: FurtherWay) -> list[SensorEntity]:
    return [*figures.of_way(way), *calling.sensors_of(way), *way_now(way)]


def device_class_of(point: Point) -> SensorDeviceClass | None:
    """Return the device class of a number or word."""
    quantity = point.quantity
    if point.words is not None:
        return SensorDeviceClass.ENUM
    if found := _FAMILY_CLASSES.get((quantity.family, quantity.unit)):
        return found
    return _CLASSES.get(quantity.unit or "")


def state_class_of(point: Point, *, may_fall: bool = False) -> SensorStateClass | None:
    """Return what long-term statistics are to make of a value; one that may fall did not begin anew when it does."""
    quantity = point.quantity
    if point.words is not None:
        return None
    if quantity.kind is Kind.ENERGY or quantity.key in _COUNTERS:
        return SensorStateClass.TOTAL if may_fall else SensorStateClass.TOTAL_INCREASING
    if quantity.kind not in _MEASURED:
        return None
    if quantity.unit == DEGREE:
        return SensorStateClass.MEASUREMENT_ANGLE
    if device_class_of(point) in _ENERGIES:
        # Not known to be a counter; still, statistics take no mean of an energy.
        return SensorStateClass.TOTAL
    return SensorStateClass.MEASUREMENT


def _sensor_type(coordinator: AcrelCoordinator, point: Point) -> type[AcrelSensor]:
    is_energy = point.quantity.kind is Kind.ENERGY
    if is_brought_back(coordinator, point):
        return LastKnownEnergy if is_energy else LastKnownSensor
    return AcrelEnergySensor if is_energy else AcrelSensor


class AcrelSensor(AcrelEntity, SensorEntity):
    """A number or a word."""

    def __init__(self, coordinator: AcrelCoordinator, point: Point) -> None:
        """Take the point to show."""
        super().__init__(coordinator, point, Platform.SENSOR)
        self._attr_device_class = device_class_of(point)
        self._attr_state_class = state_class_of(point, may_fall=coordinator.device.may_fall(point.key))
        if point.words is not None:
            self._attr_options = list(dict.fromkeys(point.words.values()))
        else:
            self._attr_native_unit_of_measurement = point.quantity.unit
            if point.quantity.unit is not None or point.quantity.precision is not None:
                self._attr_suggested_display_precision = point.precision

    @property
    @override
    def native_value(self) -> float | str | None:
        """The value in its unit, or the word."""
        return self.believed_value


class AcrelEnergySensor(AcrelSensor, RestoreSensor):
    """A counter; what it is judged by after a restart is remembered by `memory.py`.

    Versions before that file let each entity remember its own value: it is taken over once.
    """

    @override
    async def async_added_to_hass(self) -> None:
        """Judge the first value by what a former version remembered, before it is shown."""
        coordinator = self.coordinator
        if not coordinator.config_entry.runtime_data.memory.knows(coordinator, self.point.key):
            stored = await self.async_get_last_sensor_data()
            if (
                stored is not None
                and isinstance(stored.native_value, int | float)
                and stored.native_unit_of_measurement == self.native_unit_of_measurement
            ):
                coordinator.device.restore_total(self.point.key, former_counter(float(stored.native_value)))
        await super().async_added_to_hass()

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """What the meter itself shows, where that is something else since it was replaced."""
        attributes, offset = super().extra_state_attributes, self.coordinator.device.totals.offset(self.point.key)
        value = self.believed_value
        if not offset or value is None or isinstance(value, bool | str):
            return attributes
        return {**(attributes or {}), ATTR_METER_READING: round(value - offset, 6)}


class LastKnownSensor(LastKnown, AcrelSensor):
    """A number of a device that calls."""


class LastKnownEnergy(LastKnown, AcrelEnergySensor):
    """A counter of a device that calls."""


def _words(views: Iterable[View]) -> Iterator[SafetySensor]:
    return (SafetySensor(view) for view in views if not view.is_blind)


class SafetySensor(ViewEntity, SensorEntity):
    """The one word for a circuit, a device or a link, and what it comes of."""

    _attr_device_class = SensorDeviceClass.ENUM

    def __init__(self, view: View) -> None:
        """Take what it is about."""
        super().__init__(view, SAFETY)
        self._attr_options = [str(word) for word in Safety]

    @property
    @override
    def native_value(self) -> str:
        """The word."""
        return str(self.view.word())

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """The gravest of what stands, the others, and what nobody watches because its entity was disabled."""
        language, standing = self.hass.config.language, self.view.standing()
        names = [point.quantity.name(library_language(language)) for point in self.view.left_out()]
        worst = attributes_of(standing[0] if standing else None, language)
        return {**worst, **others_of(self.view, standing, language), "not_watched": names}

    @override
    def said(self) -> object:
        """Return word and attributes."""
        return self.native_value, self.extra_state_attributes
