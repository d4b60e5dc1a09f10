"""What there is to show: links, boards and circuits in their order, each with its entities by what they are for."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigEntryState, ConfigSubentry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er

from ..aioacrel.alarms.positions import POSITIONS
from ..aioacrel.points import Point
from ..aioacrel.readings import DEVICE_CIRCUIT
from ..aioacrel.vocabulary import Kind
from ..const import DOMAIN, SUBENTRY_DEVICE
from ..coordinator import AcrelConfigEntry, AcrelCoordinator
from ..desk import desk_of
from ..entity_ids import ALARM_EVENT, CONNECTION, SAFETY, UNSAFE, hazards_id, id_of
from ..kinds import platform_of, unique_id
from ..limitsensor import drawn_limits
from ..limitsensor import unique_id as limit_id
from ..operating import Operator
from ..ownersettings import ratings_of
from .operations import by_itself, operated

type Json = dict[str, Any]

_ROLES: Mapping[str, Platform] = {
    SAFETY: Platform.SENSOR,
    UNSAFE: Platform.BINARY_SENSOR,
    CONNECTION: Platform.BINARY_SENSOR,
    ALARM_EVENT: Platform.EVENT,
}
_DRAWN = ("residual_current", "temperature", "current", "insulation", "voltage")
"""Families with a graph of their own, in the order of the page."""
_TOTAL_POWER = "P"
_LOAD = "power"
_WHOLE_NUMBER = re.compile(r"\d+")


@callback
def structure(hass: HomeAssistant) -> Json:
    """Return all that is set up. What is disabled or hidden is not shown, so it is not in here.

    But whether anything is wrong does not go by what a person disabled.
    """
    links: list[Json] = []
    boards: list[Json] = []
    for entry in hass.config_entries.async_entries(DOMAIN, include_ignore=False, include_disabled=False):
        finder = _Finder(hass, entry)
        device = finder.device(entry.entry_id)
        link = finder.place(entry.entry_id, None, device, entry.title)
        link["hazards"] = finder.entity(Platform.TODO, hazards_id(entry.entry_id))
        links.append(link)
        boards.extend(
            {**finder.board(subentry, device), "link": link["id"]}
            for subentry in entry.get_subentries_of_type(SUBENTRY_DEVICE)
            if (device := finder.device(subentry.subentry_id)) is not None
        )
    return {"links": links, "boards": boards}


@dataclass(frozen=True, slots=True)
class _Finder:
    """Finds in the registries what belongs to one link."""

    hass: HomeAssistant
    entry: AcrelConfigEntry

    def device(self, identifier: str) -> dr.DeviceEntry | None:
        return dr.async_get(self.hass).async_get_device_by_identifier((DOMAIN, identifier), self.entry.entry_id)

    def entity(self, platform: Platform, its_unique_id: str, *, also_hidden: bool = False) -> str | None:
        """Return the entity with a unique id, if it is to be seen."""
        registry = er.async_get(self.hass)
        entity_id = registry.async_get_entity_id(platform, DOMAIN, its_unique_id)
        known = registry.async_get(entity_id) if entity_id is not None else None
        if known is None or known.disabled_by is not None:
            return None
        return entity_id if also_hidden or known.hidden_by is None else None

    def place(self, owner_id: str, circuit: str | None, device: dr.AnyDeviceEntry | None, name: str) -> Json:
        """Return what a link, a board and a circuit have in common."""
        shown = {
            # Who hides the word of a place tidies up; its alarms are to be seen all the same.
            role: self.entity(platform, id_of(owner_id, circuit, role), also_hidden=role == SAFETY)
            for role, platform in _ROLES.items()
        }
        return {
            "id": device.id if device is not None else owner_id,
            "name": (device.name_by_user or device.name or name) if device is not None else name,
            **shown,
            **self.unseen(owner_id, circuit, has_word=shown[SAFETY] is not None),
        }

    def unseen(self, owner_id: str, circuit: str | None, *, has_word: bool) -> Json:
        """Return what no entity of a place tells: whether it can alarm at all; where its word is disabled, how many."""
        if has_word or (entry := _loaded(self.entry)) is None:
            return {"dark": None, "is_blind": False}
        alarms = desk_of(self.hass).alarms
        if owner_id == entry.entry_id:
            is_watched, is_blind = bool(entry.runtime_data.coordinators), False
        else:
            coordinator = entry.runtime_data.coordinators.get(owner_id)
            watch = None if coordinator is None else coordinator.watch
            is_watched = watch is not None and (not watch.is_blind if circuit is None else watch.watches(circuit))
            is_blind = watch is not None and circuit is None and watch.is_blind
        if not is_watched:
            return {"dark": None, "is_blind": is_blind}
        stood = alarms.standing_at(owner_id, circuit)
        new = sum(one.alarm.facts.is_told and not one.alarm.facts.is_acknowledged for one in stood)
        return {"dark": {"alarms": len(stood), "unacknowledged": new}, "is_blind": False}

    def board(self, subentry: ConfigSubentry, device: dr.DeviceEntry) -> Json:
        """Return a device with its circuits, in the order of their numbers."""
        coordinator = _coordinator(self.entry, subentry)
        points = _points_by_circuit(coordinator)
        operator = None if coordinator is None else coordinator.operator
        handled = operated(operator)
        numbers: dict[str, dr.ChildDeviceEntry] = {}
        for child in dr.async_entries_for_parent_device(dr.async_get(self.hass), device.id):
            if child.disabled_by is None:
                numbers.update((number, child) for number in _numbers(subentry, child.identifiers))
        circuits = [
            {
                **self.place(subentry.subentry_id, number, numbers[number], number),
                "number": number,
                "operated": [number] if number in handled else [],
                "by_itself": self.by_itself(operator, [number]),
                **self.shown(points, subentry, {number}),
            }
            for number in sorted(numbers, key=_in_order)
        ]
        rest = {*points} - {*numbers}
        return {
            **self.place(subentry.subentry_id, None, device, subentry.title),
            "model": device.model or "",
            "operated": [circuit for circuit in handled if circuit not in numbers],
            "by_itself": self.by_itself(operator, [DEVICE_CIRCUIT, *(one for one in handled if one not in numbers)]),
            **self.shown(points, subentry, rest),
            "circuits": circuits,
        }

    def shown(
        self, points: Mapping[str, Sequence[Point]], subentry: ConfigSubentry, circuits: AbstractSet[str]
    ) -> Json:
        """Return the figures of circuits that are shown as one: what is drawn, what else matters, alarms, rating."""
        seen = [
            (point, entity_id)
            for circuit, its_points in points.items()
            if circuit in circuits
            for point in its_points
            if (entity_id := self.point(subentry, point)) is not None
        ]
        ratings = ratings_of(subentry)
        return {
            "rating": next((ratings[circuit] for circuit in circuits if circuit in ratings), None),
            "load": [entity_id for point, entity_id in seen if _is_load(point)],
            "positions": [entity_id for point, entity_id in seen if point.quantity.key in POSITIONS],
            "alarms": [entity_id for point, entity_id in seen if point.quantity.kind is Kind.ALARM],
            "graphs": [{**graph, **self.own_limits(subentry, graph, circuits)} for graph in _graphs(seen)],
        }

    def by_itself(self, operator: Operator | None, circuits: Sequence[str]) -> list[str]:
        """Return the entities that show what closes or cuts off by itself."""
        found = [self.entity(platform, its_unique_id) for platform, its_unique_id in by_itself(operator, circuits)]
        return [entity_id for entity_id in found if entity_id is not None]

    def own_limits(self, subentry: ConfigSubentry, graph: Json, circuits: AbstractSet[str]) -> Json:
        """Return the owner's limits in a graph: their numbers, and the entities by which they are drawn."""
        coordinator = _coordinator(self.entry, subentry)
        drawn = [
            limit
            for limit, point in (drawn_limits(subentry, coordinator.device.model) if coordinator is not None else ())
            if (limit.family, point.quantity.unit) == (graph["family"], graph["unit"])
            and (limit.circuit is None or limit.circuit in circuits)
        ]
        entities = [self.entity(Platform.SENSOR, limit_id(subentry, limit), also_hidden=True) for limit in drawn]
        return {
            "own": sorted(limit.limit for limit in drawn),
            "own_entities": [entity_id for entity_id in entities if entity_id is not None],
        }

    def point(self, subentry: ConfigSubentry, point: Point) -> str | None:
        """Return the entity of a point; a setting that may be changed is on another platform."""
        for may_set in (False, True):
            platform = platform_of(point, may_set=may_set)
            if platform is not None and (found := self.entity(platform, unique_id(subentry, point.key))) is not None:
                return found
        return None


def _graphs(seen: Iterable[tuple[Point, str]]) -> Iterator[Json]:
    """Yield what is drawn together: the values of a family in one unit, and the limits the device has for them."""
    seen = tuple(seen)
    for family in _DRAWN:
        of_family = [(point, entity_id) for point, entity_id in seen if point.quantity.family == family]
        measured = [(point, entity_id) for point, entity_id in of_family if _is_measured(point)]
        for unit in dict.fromkeys(point.quantity.unit for point, _ in measured):
            yield {
                "family": family,
                "unit": unit,
                "values": [entity_id for point, entity_id in measured if point.quantity.unit == unit],
                "limits": [
                    entity_id
                    for point, entity_id in of_family
                    if point.quantity.kind is Kind.SETTING and point.quantity.unit == unit
                ],
            }


def _is_measured(point: Point) -> bool:
    quantity = point.quantity
    return quantity.kind is Kind.MEASUREMENT and quantity.unit is not None and not point.is_binary and not point.words


def _is_load(point: Point) -> bool:
    return point.quantity.family == _LOAD and point.key.code == _TOTAL_POWER


def _loaded(entry: AcrelConfigEntry) -> AcrelConfigEntry | None:
    return entry if entry.state is ConfigEntryState.LOADED else None


def _coordinator(entry: ConfigEntry, subentry: ConfigSubentry) -> AcrelCoordinator | None:
    """Return what holds the points of a device; none while its link is not loaded."""
    data = getattr(entry, "runtime_data", None)
    return data.coordinators.get(subentry.subentry_id) if data is not None else None


def _points_by_circuit(coordinator: AcrelCoordinator | None) -> Mapping[str, Sequence[Point]]:
    """Return what may be shown of a device; nothing while its link is not loaded."""
    found: dict[str, list[Point]] = {}
    for point in coordinator.device.points.values() if coordinator is not None else ():
        if not point.quantity.detail:
            found.setdefault(point.key.circuit, []).append(point)
    return found


def _numbers(subentry: ConfigSubentry, identifiers: Iterable[tuple[str, str]]) -> Iterator[str]:
    for domain, identifier in identifiers:
        owner, _, number = identifier.partition("_")
        if domain == DOMAIN and owner == subentry.subentry_id and number:
            yield number


def _in_order(number: str) -> tuple[bool, int, str]:
    """Sort by number, as ways lie in a board; names come last."""
    found = _WHOLE_NUMBER.fullmatch(number)
    return found is None, int(number) if found else 0, number
