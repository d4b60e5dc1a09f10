"""What an owner sees of the alarms: one word, one yes or no and one connection for a circuit, a device or a link."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, override

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.components.event import EventEntity
from homeassistant.components.sensor import SensorDeviceClass, SensorEntity
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import callback
from homeassistant.helpers.device_registry import ChildDeviceInfo, DeviceInfo
from homeassistant.helpers.entity import Entity

from .aioacrel.alarms.happening import Happening, What
from .aioacrel.alarms.levels import Safety
from .aioacrel.alarms.standing import Standing
from .aioacrel.readings import DEVICE_CIRCUIT
from .aioacrel.texts import library_language
from .coordinator import AcrelConfigEntry, AcrelCoordinator
from .desk import AlarmDesk, desk_of
from .devices import circuits, device_info, hub_info

SAFETY, UNSAFE, CONNECTION, ALARM_EVENT = "safety", "unsafe", "connection", "alarm"
_UNSAFE = frozenset({Safety.ALARM, Safety.FAULT, Safety.TRIPPED})
_QUIET = frozenset({Safety.SAFE, Safety.PRE_ALARM})
_NO_EVENT = frozenset({What.MOVED})
EVENT_TYPES = [str(what) for what in What if what not in _NO_EVENT]

type Place = DeviceInfo | ChildDeviceInfo


def unique_id(owner_id: str, circuit: str | None, what: str) -> str:
    """Return what the entity registry knows it by; no circuit of a model is called so."""
    return f"{owner_id}_alarms_{circuit or 'all'}_{what}"


def places_of(coordinator: AcrelCoordinator) -> Iterator[tuple[str | None, Place]]:
    """Yield the device as a whole (None) and each circuit that is a device of its own, with where entities belong."""
    yield None, device_info(coordinator.subentry)
    for circuit in circuits(coordinator.device.model):
        if circuit in coordinator.places:
            yield circuit, coordinator.places[circuit]


def of_device(coordinator: AcrelCoordinator, platform: Platform) -> Iterator[Entity]:
    """Yield the entities of one device and its circuits; of a device that nothing can be an alarm of there are none."""
    if coordinator.watch is None or coordinator.watch.is_blind:
        return
    for circuit, place in places_of(coordinator):
        match platform:
            case Platform.SENSOR:
                yield SafetySensor(coordinator, circuit, place)
            case Platform.BINARY_SENSOR:
                yield UnsafeSensor(coordinator, circuit, place)
                if circuit is None:
                    yield ConnectionSensor(coordinator, place)
            case Platform.EVENT:
                yield AlarmEvent(coordinator, circuit, place)
            case _:
                return


def of_link(entry: AcrelConfigEntry, desk: AlarmDesk, platform: Platform) -> Iterator[Entity]:
    """Yield the entities of a link as a whole."""
    match platform:
        case Platform.SENSOR:
            yield LinkSafetySensor(entry, desk)
        case Platform.BINARY_SENSOR:
            yield LinkUnsafeSensor(entry, desk)
            yield LinkConnectionSensor(entry, desk)
        case _:
            return


def ids_of_device(coordinator: AcrelCoordinator) -> Iterator[tuple[str, str]]:
    """Yield platform and unique id of all entities of one device."""
    for platform in (Platform.SENSOR, Platform.BINARY_SENSOR, Platform.EVENT):
        for entity in of_device(coordinator, platform):
            if (known := entity.unique_id) is not None:
                yield platform.value, known


class _Safe(Entity):
    """Writes its state when the alarms changed what it says, and only then."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(
        self, owner_id: str, circuit: str | None, place: Place, what: str, listen: Callable[[Callable[[], None]], Any]
    ) -> None:
        self._attr_unique_id = unique_id(owner_id, circuit, what)
        self._attr_device_info = place
        self._attr_translation_key = what
        self._listen = listen
        self._said: object = None

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the alarms."""
        self.async_on_remove(self._listen(self._look))
        self._said = self._say()

    @callback
    def _look(self) -> None:
        if (said := self._say()) != self._said:
            self._said = said
            self.async_write_ha_state()

    def _say(self) -> object:
        """Return all that the state is made of."""
        raise NotImplementedError


class _OfDevice(_Safe):
    """About a device or one of its circuits."""

    def __init__(self, coordinator: AcrelCoordinator, circuit: str | None, place: Place, what: str) -> None:
        assert coordinator.watch is not None  # noqa: S101 - `of_device` makes none without
        self._watch = coordinator.watch
        self._circuit = circuit
        self._coordinator = coordinator
        super().__init__(coordinator.subentry.subentry_id, circuit, place, what, self._watch.listen)

    @property
    def _word(self) -> Safety:
        return self._watch.safety(self._circuit)

    def _worst(self) -> Standing | None:
        """Return the alarm that the word comes of, if one does."""
        coordinator = self._coordinator
        return desk_of(coordinator.hass).alarms.worst(coordinator.device.identity, self._circuit)

    @override
    def _say(self) -> object:
        return self._word, self._attributes()

    def _attributes(self) -> Mapping[str, Any]:
        standing = self._worst()
        return {} if standing is None else attributes_of(standing, self._coordinator.hass.config.language)


class SafetySensor(_OfDevice, SensorEntity):
    """The one word."""

    _attr_device_class = SensorDeviceClass.ENUM
    _attr_options = [str(word) for word in Safety]

    def __init__(self, coordinator: AcrelCoordinator, circuit: str | None, place: Place) -> None:
        """Take the device, and the circuit or None for all of it."""
        super().__init__(coordinator, circuit, place, SAFETY)

    @property
    @override
    def native_value(self) -> str:
        """The word."""
        return str(self._word)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """What it comes of."""
        return self._attributes()


class UnsafeSensor(_OfDevice, BinarySensorEntity):
    """Whether something is unsafe; unknown while that cannot be seen."""

    _attr_device_class = BinarySensorDeviceClass.SAFETY

    def __init__(self, coordinator: AcrelCoordinator, circuit: str | None, place: Place) -> None:
        """Take the device, and the circuit or None for all of it."""
        super().__init__(coordinator, circuit, place, UNSAFE)

    @property
    @override
    def is_on(self) -> bool | None:
        """Whether anything is unsafe."""
        return is_unsafe(self._word)

    @override
    def _say(self) -> object:
        return self.is_on


class ConnectionSensor(_OfDevice, BinarySensorEntity):
    """Whether the device is heard, and is the one it is taken for."""

    _attr_device_class = BinarySensorDeviceClass.CONNECTIVITY
    _attr_entity_category = EntityCategory.DIAGNOSTIC

    def __init__(self, coordinator: AcrelCoordinator, place: Place) -> None:
        """Take the device."""
        super().__init__(coordinator, None, place, CONNECTION)

    @property
    @override
    def is_on(self) -> bool:
        """Whether it is heard."""
        return self._watch.is_device_seen

    @override
    def _say(self) -> object:
        return self.is_on


class AlarmEvent(EventEntity):
    """What happens to the alarms of a circuit, or of the device as a whole."""

    _attr_has_entity_name = True
    _attr_should_poll = False
    _attr_event_types = EVENT_TYPES
    _attr_translation_key = ALARM_EVENT

    def __init__(self, coordinator: AcrelCoordinator, circuit: str | None, place: Place) -> None:
        """Take the device, and the circuit or None for what belongs to none of them."""
        self._attr_unique_id = unique_id(coordinator.subentry.subentry_id, circuit, ALARM_EVENT)
        self._attr_device_info = place
        self._identity = coordinator.device.identity
        self._circuits = {circuit} if circuit is not None else _others(coordinator)
        self._language = coordinator.hass.config.language

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the alarms."""
        await super().async_added_to_hass()
        self.async_on_remove(desk_of(self.hass).listen(self._take))

    @callback
    def _take(self, happening: Happening, standing: Standing) -> None:
        if standing.board.identity != self._identity or standing.circuit not in self._circuits:
            return
        if happening.what in _NO_EVENT:
            return
        self._trigger_event(
            str(happening.what),
            {**attributes_of(standing, self._language), "by": happening.by, "comment": happening.comment},
        )
        self.async_write_ha_state()


class _OfLink(_Safe):
    """About a link as a whole."""

    def __init__(self, entry: AcrelConfigEntry, desk: AlarmDesk, what: str) -> None:
        self._desk = desk
        self._entry = entry
        super().__init__(entry.entry_id, None, hub_info(entry), what, desk.listen_to_changes)

    @property
    def _word(self) -> Safety:
        return self._desk.alarms.safety(self._entry.entry_id)

    @override
    def _say(self) -> object:
        return self._word


class LinkSafetySensor(_OfLink, SensorEntity):
    """The one word for all that is reached by a link."""

    _attr_device_class = SensorDeviceClass.ENUM
    _attr_options = [str(word) for word in Safety]

    def __init__(self, entry: AcrelConfigEntry, desk: AlarmDesk) -> None:
        """Take the link."""
        super().__init__(entry, desk, SAFETY)

    @property
    @override
    def native_value(self) -> str:
        """The word."""
        return str(self._word)


class LinkUnsafeSensor(_OfLink, BinarySensorEntity):
    """Whether anything that is reached by a link is unsafe."""

    _attr_device_class = BinarySensorDeviceClass.SAFETY

    def __init__(self, entry: AcrelConfigEntry, desk: AlarmDesk) -> None:
        """Take the link."""
        super().__init__(entry, desk, UNSAFE)

    @property
    @override
    def is_on(self) -> bool | None:
        """Whether anything is unsafe."""
        return is_unsafe(self._word)


class LinkConnectionSensor(_OfLink, BinarySensorEntity):
    """Whether anything at all is heard on a link."""

    _attr_device_class = BinarySensorDeviceClass.CONNECTIVITY
    _attr_entity_category = EntityCategory.DIAGNOSTIC

    def __init__(self, entry: AcrelConfigEntry, desk: AlarmDesk) -> None:
        """Take the link."""
        super().__init__(entry, desk, CONNECTION)

    @property
    @override
    def is_on(self) -> bool:
        """Whether a device is heard."""
        coordinators = self._entry.runtime_data.coordinators.values()
        return any(coordinator.device.is_heard for coordinator in coordinators)

    @override
    def _say(self) -> object:
        return self.is_on


def is_unsafe(word: Safety) -> bool | None:
    """Return yes or no for a word, None where that cannot be seen."""
    if word in _UNSAFE:
        return True
    return False if word in _QUIET else None


def attributes_of(standing: Standing, language: str) -> dict[str, Any]:
    """Return what is shown of an alarm beside the word."""
    return {
        "cause": standing.text(library_language(language)),
        "level": str(standing.level),
        "state": str(standing.word),
        "board": standing.board.name,
        "circuit": standing.circuit_name,
        "value": standing.value,
        "limit": standing.limit,
        "unit": standing.unit,
        "since": None if standing.since is None else standing.since.isoformat(),
        "derived": standing.is_derived,
        "alarm_id": standing.alarm_id,
        "occurrence": standing.occurrence,
    }


def _others(coordinator: AcrelCoordinator) -> set[str]:
    """Return the circuits that are no devices of their own."""
    own = set(circuits(coordinator.device.model))
    return {DEVICE_CIRCUIT, *(key.circuit for key in coordinator.device.model.points)} - own
