"""Whether a device that has several ways is heard by each of them: where one stands in, that is to be seen."""

from collections.abc import Callable, Iterator
from typing import override

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant, callback

from .furtherways import device_named, named, ways_to
from .joining import FurtherWay

WAY = "way"
_OWN, _FURTHER = "way_own", "way_further"


def ids_of_way(way: FurtherWay) -> Iterator[tuple[str, str]]:
    """Yield platform and unique id of what shows whether a further way, and the device's own, is heard."""
    for which in _which(way):
        yield Platform.BINARY_SENSOR.value, _unique_id(way, which)


def way_sensors(hass: HomeAssistant, way: FurtherWay) -> Iterator[WaySensor]:
    """Yield what shows that; of the device's own way it is added with the first of the further ones."""
    for which in _which(way):
        if which == _FURTHER:
            yield WaySensor(way, which, way.config_entry.title, lambda: way.is_heard)
        elif (found := device_named(hass, named(way.subentry))) is not None:
            yield WaySensor(way, which, found[0].title, lambda: _is_heard_itself(way))


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
