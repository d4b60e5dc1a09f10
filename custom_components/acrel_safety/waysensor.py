"""Of a device that has several ways: whether it is heard by each of them, and over which its values come now."""

from collections.abc import Callable, Iterator
from typing import override

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.components.sensor import SensorEntity
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant, callback

from .desk import desk_of
from .furtherways import device_named, named, ways_to
from .joining import FurtherWay, joined_of

WAY, WAY_NOW = "way", "way_now"
_OWN, _FURTHER = "way_own", "way_further"


def ids_of_way(way: FurtherWay) -> Iterator[tuple[str, str]]:
    """Yield platform and unique id of what shows whether a further way, and the device's own, is heard."""
    for which in _which(way):
        yield Platform.BINARY_SENSOR.value, _unique_id(way, which)
        if which == _OWN:
            yield Platform.SENSOR.value, _unique_id(way, WAY_NOW)


def way_sensors(hass: HomeAssistant, way: FurtherWay) -> Iterator[WaySensor]:
    """Yield what shows that; of the device's own way it is added with the first of the further ones."""
    for which in _which(way):
        if which == _FURTHER:
            yield WaySensor(way, which, way.config_entry.title, lambda: way.is_heard)
        elif (found := device_named(hass, named(way.subentry))) is not None:
            yield WaySensor(way, which, found[0].title, lambda: _is_heard_itself(way))


def way_now(way: FurtherWay) -> Iterator[WayNow]:
    """Yield what shows over which link values come; one of a device, with the first of its further ways."""
    if _OWN in _which(way):
        yield WayNow(way)


def _which(way: FurtherWay) -> Iterator[str]:
    yield _FURTHER
    if (subentry_id := named(way.subentry)) is not None:
        _, first = next(ways_to(way.hass, subentry_id))
        if first.subentry_id == way.subentry.subentry_id:
            yield _OWN


def _is_heard_itself(way: FurtherWay) -> bool:
    coordinator = way.coordinator
    return coordinator is not None and coordinator.device.hears(coordinator.source)


def _unique_id(way: FurtherWay, which: str) -> str:
    """Return what the entity registry knows it by; no circuit is called so."""
    return f"{way.subentry.subentry_id}_{which}"


class WaySensor(BinarySensorEntity):
    """Whether the device is heard over a link; unavailable while the device is not loaded."""

    _attr_has_entity_name = True
    _attr_should_poll = False
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_device_class = BinarySensorDeviceClass.CONNECTIVITY
    _attr_translation_key = WAY

    def __init__(self, way: FurtherWay, which: str, link: str, is_heard: Callable[[], bool]) -> None:
        """Take the further way, which of both it is about, the name of its link, and who says it."""
        self._way = way
        self._is_heard = is_heard
        self._attr_unique_id = _unique_id(way, which)
        self._attr_translation_placeholders = {"link": link}
        self.device_entry = way.place

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the way."""
        self._take()
        self.async_on_remove(self._way.listen(self._look))

    @callback
    def _look(self) -> None:
        self._take()
        self.async_write_ha_state()

    def _take(self) -> None:
        self._attr_available = self._way.device is not None
        self._attr_is_on = self._is_heard()


class WayNow(SensorEntity):
    """The link over which the device is heard: the nearest of those that are; unknown where none is."""

    _attr_has_entity_name = True
    _attr_should_poll = False
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_translation_key = WAY_NOW

    def __init__(self, way: FurtherWay) -> None:
        """Take the first of the further ways."""
        self._way = way
        self._attr_unique_id = _unique_id(way, WAY_NOW)
        self.device_entry = way.place

    @override
    async def async_added_to_hass(self) -> None:
        """Follow all ways of the device."""
        self._take()
        self.async_on_remove(self._way.listen(self._look))
        self.async_on_remove(desk_of(self.hass).listen_to_changes(self._look))

    @callback
    def _look(self) -> None:
        former = self._attr_available, self._attr_native_value
        self._take()
        if former != (self._attr_available, self._attr_native_value):
            self.async_write_ha_state()

    def _take(self) -> None:
        coordinator = self._way.coordinator
        self._attr_available = coordinator is not None
        self._attr_native_value = None
        if coordinator is None or (nearest := coordinator.device.nearest) is None:
            return
        links = {one.source: one.config_entry for one in joined_of(self.hass).taken(coordinator)}
        self._attr_native_value = links.get(nearest, coordinator.config_entry).title
