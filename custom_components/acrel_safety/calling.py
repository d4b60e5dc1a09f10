"""What devices that call say of themselves: whether they are connected, when they reported, firmware and SIM card."""

from abc import abstractmethod
from collections.abc import Iterator
from datetime import datetime
from typing import override

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorEntityDescription
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import callback
from homeassistant.helpers.entity import Entity

from .coordinator import AcrelCoordinator
from .devices import device_info
from .hubs.facts import Facts
from .joining import FurtherWay

type Reached = AcrelCoordinator | FurtherWay
"""A device by its own way, or by a further one."""

ONLINE, SIM = "online", "sim"
_LAST_REPORT = "last_report"
_SENSORS = (
    SensorEntityDescription(key=_LAST_REPORT, device_class=SensorDeviceClass.TIMESTAMP),
    SensorEntityDescription(key="firmware"),
    SensorEntityDescription(key=SIM),
)


def ids_of_device(coordinator: Reached) -> Iterator[tuple[str, str]]:
    """Yield platform and unique id of what shows that of one device; nothing where it does not call."""
    if (facts := _facts_of(coordinator)) is None:
        return
    yield Platform.BINARY_SENSOR.value, _unique_id(coordinator, ONLINE)
    for description in _said(facts):
        yield Platform.SENSOR.value, _unique_id(coordinator, description.key)


def _facts_of(coordinator: Reached) -> Facts | None:
    return coordinator.config_entry.runtime_data.hub.facts(coordinator.source)


def sensors_of(coordinator: Reached) -> Iterator[FactSensor]:
    """Yield the sensors of a device that calls."""
    if (facts := _facts_of(coordinator)) is not None:
        for description in _said(facts):
            yield FactSensor(coordinator, description)


def binary_sensors_of(coordinator: Reached) -> Iterator[Online]:
    """Yield whether a device that calls has a connection at present."""
    if (facts := _facts_of(coordinator)) is not None:
        yield Online(coordinator, ONLINE, facts.by)


def _said(facts: Facts) -> Iterator[SensorEntityDescription]:
    """Yield what is said of a device; one without a card says less."""
    left_out = {_LAST_REPORT: False, SIM: not (facts.has_card and facts.has_sim)}
    return (one for one in _SENSORS if not left_out.get(one.key, not facts.has_card))


def _unique_id(coordinator: Reached, key: str) -> str:
    """Return what the entity registry knows one of them by; no circuit is called so."""
    return f"{coordinator.subentry.subentry_id}_calling_{key}"


class _FactEntity(Entity):
    """Shows one fact, and writes its state when it has changed."""

    _attr_has_entity_name = True
    _attr_should_poll = False
    _attr_entity_category = EntityCategory.DIAGNOSTIC

    def __init__(self, coordinator: Reached, key: str, name: str | None = None) -> None:
        """Take the device, which fact, and what it is called if not so."""
        self._coordinator = coordinator
        self._hub = coordinator.config_entry.runtime_data.hub
        self._attr_translation_key = name or key
        self._attr_unique_id = _unique_id(coordinator, key)
        if isinstance(coordinator, FurtherWay):
            self.device_entry = coordinator.place
        else:
            self._attr_device_info = device_info(coordinator.subentry)

    @property
    def facts(self) -> Facts:
        """What is known now."""
        return self._hub.facts(self._coordinator.source) or Facts(is_connected=False)

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the device."""
        self.take()
        self.async_on_remove(self._hub.on_facts(self._coordinator.source, self._look))

    @callback
    def _look(self) -> None:
        if self.take():
            self.async_write_ha_state()

    @abstractmethod
    def take(self) -> bool:
        """Take the fact as it is now; return whether it changed."""


class Online(_FactEntity, BinarySensorEntity):
    """Whether the device has a connection: between two reports it needs none, and what it reported holds."""

    _attr_device_class = BinarySensorDeviceClass.CONNECTIVITY

    @override
    def take(self) -> bool:
        former, self._attr_is_on = self._attr_is_on, self.facts.is_connected
        return former is not self._attr_is_on


class FactSensor(_FactEntity, SensorEntity):
    """A word or a time."""

    def __init__(self, coordinator: Reached, description: SensorEntityDescription) -> None:
        """Take the device, and which fact."""
        super().__init__(coordinator, description.key)
        self.entity_description = description

    @override
    def take(self) -> bool:
        found: str | datetime | None = getattr(self.facts, self.entity_description.key)
        former, self._attr_native_value = self._attr_native_value, found
        return former != found
