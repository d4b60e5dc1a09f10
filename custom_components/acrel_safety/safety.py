"""What the alarms say of one circuit, device or link: the word, what it comes of, and whether anything is heard."""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, override

from homeassistant.const import Platform
from homeassistant.core import callback
from homeassistant.helpers.device_registry import ChildDeviceInfo, DeviceInfo
from homeassistant.helpers.entity import Entity

from .aioacrel.alarms.levels import Safety, worst
from .aioacrel.alarms.standing import Standing
from .aioacrel.alarms.watch import Watch
from .aioacrel.points import Point
from .aioacrel.readings import PointKey
from .aioacrel.source import Choosy
from .aioacrel.texts import library_language
from .coordinator import AcrelConfigEntry, AcrelCoordinator
from .desk import AlarmDesk, desk_of
from .devices import circuits, device_info, hub_info
from .entity_ids import ALARM_EVENT, ALARMS, CONNECTION, SAFETY, UNSAFE, id_of
from .whole import is_whole

_UNSAFE = frozenset({Safety.ALARM, Safety.FAULT, Safety.TRIPPED})
_QUIET = frozenset({Safety.SAFE, Safety.PRE_ALARM})


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One circuit, device or link, as its alarms show it."""

    owner_id: str
    circuit: str | None
    """None for a device or link as a whole."""
    info: DeviceInfo | ChildDeviceInfo
    is_blind: bool
    """Whether nothing there can be an alarm: then there is no word for it."""
    word: Callable[[], Safety]
    standing: Callable[[], Sequence[Standing]]
    """What stands there, the gravest first."""
    owns: Callable[[Standing], bool]
    """Whether an alarm is about this place itself, and not about a part of it or about all it is a part of."""
    is_heard: Callable[[], bool | None]
    left_out: Callable[[], Sequence[Point]] = tuple
    """Alarms that a person disabled, which are not watched, and what was put aside because nobody reports it."""
    listen: Callable[[Callable[[], None]], Callable[[], None]]


def views_of(coordinator: AcrelCoordinator) -> Iterator[View]:
    """Yield the view of a device as a whole, then of each circuit that is a device of its own."""
    watch, identity = coordinator.watch, coordinator.device.identity
    if watch is None:
        return
    alarms = desk_of(coordinator.hass).alarms
    own = [circuit for circuit in circuits(coordinator.device.model) if circuit in coordinator.places]
    for circuit in (None, *own):
        yield View(
            owner_id=coordinator.subentry.subentry_id,
            circuit=circuit,
            info=device_info(coordinator.subentry) if circuit is None else coordinator.places[circuit],
            is_blind=watch.is_blind if circuit is None else not watch.watches(circuit),
            word=partial(watch.safety, circuit),
            owns=partial(_is_of, own) if circuit is None else partial(_is_on, circuit),
            standing=partial(alarms.standing_at, identity, circuit),
            is_heard=partial(_is_seen, watch),
            left_out=partial(_left_out, coordinator, circuit),
            listen=watch.listen,
        )


def _left_out(coordinator: AcrelCoordinator, circuit: str | None) -> Sequence[Point]:
    source, watch, points = coordinator.source, coordinator.watch, coordinator.device.model.points
    aside = source.aside & watch.inputs if isinstance(source, Choosy) and watch is not None else frozenset[PointKey]()
    left_out = [*coordinator.left_out, *(points[key] for key in points if key in aside)]
    return [point for point in left_out if circuit in (None, point.key.circuit)]


def _is_of(parts: Sequence[str], standing: Standing) -> bool:
    return standing.circuit not in parts


def _is_on(circuit: str, standing: Standing) -> bool:
    return standing.circuit == circuit


def _is_seen(watch: Watch) -> bool:
    return watch.is_device_seen


def view_of_link(entry: AcrelConfigEntry, desk: AlarmDesk) -> View:
    """Return the view of a link with all that is reached by it."""

    def is_heard() -> bool | None:
        """Whether anything is heard by this link: not what another way says of its devices."""
        data = entry.runtime_data
        heard = [one.device.hears(one.source) for one in data.coordinators.values()]
        heard += [way.is_heard for way in data.ways.values() if way.device is not None]
        return any(heard) if heard else None

    def word() -> Safety:
        found = desk.alarms.safety(entry.entry_id)
        return found if is_whole(entry) else worst([found, Safety.NOT_SEEN])

    return View(
        owner_id=entry.entry_id,
        circuit=None,
        info=hub_info(entry),
        is_blind=not entry.runtime_data.coordinators,
        word=word,
        owns=lambda standing: standing.board.identity == entry.entry_id,
        standing=lambda: desk.alarms.standing_at(entry.entry_id),
        is_heard=is_heard,
        listen=desk.listen_to_changes,
    )


def unique_id(view: View, what: str) -> str:
    """Return what the entity registry knows it by; no circuit of a model is called so."""
    return id_of(view.owner_id, view.circuit, what)


def ids_of_device(coordinator: AcrelCoordinator) -> Iterator[tuple[str, str]]:
    """Yield platform and unique id of all that shows the alarms of one device."""
    for view in views_of(coordinator):
        if not view.is_blind:
            yield Platform.SENSOR.value, unique_id(view, SAFETY)
            yield Platform.BINARY_SENSOR.value, unique_id(view, UNSAFE)
            yield Platform.EVENT.value, unique_id(view, ALARM_EVENT)
        if view.circuit is None:
            yield Platform.BINARY_SENSOR.value, unique_id(view, CONNECTION)


def is_waiting(coordinator: AcrelCoordinator, known: str) -> bool:
    """Whether an entity shows the alarms of a device that is disabled: it comes back with it."""
    return coordinator.watch is None and known.startswith(f"{coordinator.subentry.subentry_id}{ALARMS}")


class ViewEntity(Entity):
    """Writes its state when the alarms changed what it says, and only then."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, view: View, what: str) -> None:
        """Take what it is about, and which of its entities this is."""
        self.view = view
        self._attr_unique_id = unique_id(view, what)
        self._attr_device_info = view.info
        self._attr_translation_key = what
        self._said: object = None

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the alarms."""
        self.async_on_remove(self.view.listen(self._look))
        self._said = self.said()

    @callback
    def _look(self) -> None:
        if (said := self.said()) != self._said:
            self._said = said
            self.async_write_ha_state()

    @abstractmethod
    def said(self) -> object:
        """Return all that the state is made of."""


def is_unsafe(word: Safety) -> bool | None:
    """Return yes or no for a word, None where that cannot be seen."""
    if word in _UNSAFE:
        return True
    return False if word in _QUIET else None


def attributes_of(standing: Standing | None, language: str) -> Mapping[str, Any]:
    """Return what is shown of an alarm beside a word; the same keys where there is none."""
    if standing is None:
        return dict.fromkeys(_ATTRIBUTES)
    plain = {"cause": standing.name, **standing.plain()}
    shown = {key: plain[key] for key in _ATTRIBUTES}
    said = library_language(language)
    return {**shown, "cause": standing.text(said), "detail": standing.more(said)}


def others_of(view: View, standing: Sequence[Standing], language: str) -> Mapping[str, Any]:
    """Return in short what stands besides the gravest, how many there are, and of how many here nobody knows."""
    said, others = library_language(language), standing[1:]
    new = [one for one in standing if view.owns(one) and one.alarm.facts.is_told]
    return {
        # Of a link there may be hundreds.
        "others": [_short(one, said) for one in others[:_MOST_OTHERS]],
        "others_count": len(others),
        "unacknowledged": sum(not one.alarm.facts.is_acknowledged for one in new),
    }


def _short(standing: Standing, language: str) -> Mapping[str, Any]:
    plain = standing.plain()
    return {"cause": standing.text(language), **{key: plain[key] for key in _SHORT}}


_MOST_OTHERS = 10
_SHORT = (
    *("level", "state", "board", "circuit", "circuit_name", "value", "worst_value", "over", "limit", "unit", "since"),
    "alarm_id",
)
_ATTRIBUTES = (
    *("cause", "level", "state", "site", "board", "circuit", "circuit_name", "value", "worst_value", "over", "limit"),
    *("unit", "since", "derived", "detail", "figures", "alarm_id", "occurrence"),
)
