"""Which entity shows which value of which instrument, found in Home Assistant's registries."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

from demo.api import Json, Socket
from demo.errors import DemoError
from demo.site import DOMAIN, SITE, Instrument

NOTHING = frozenset({"unknown", "unavailable"})
"""What Home Assistant says in place of a value."""

_NO_CIRCUITS = frozenset({"alarms", "calling", "control", "model", "statistics", "way"})
"""What stands there in the ids of entities that show no value of the device: alarms, figures …"""


_LONGEST_NUMBER = 3


class Place(NamedTuple):
    """Names one value in the cabinet, as the simulator does: unit id or serial number, circuit, code."""

    unit: int | str
    circuit: str
    code: str

    def __str__(self) -> str:
        """Spell it for a table."""
        return f"unit {self.unit}, circuit {self.circuit}, {self.code}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """An entity of the integration."""

    place: Place
    entity_id: str
    name: str
    """Its own name, without the device's."""
    device_id: str
    category: str | None

    @property
    def domain(self) -> str:
        """The platform that shows it."""
        return self.entity_id.partition(".")[0]


class Inventory:
    """The enabled entities of all devices the demo has added."""

    def __init__(self, entities: dict[Place, Entity]) -> None:
        """Take the entities by what they show."""
        self._entities = entities
        self._places = {entity.entity_id: place for place, entity in entities.items()}

    @classmethod
    async def read(cls, socket: Socket) -> Inventory:
        """Read Home Assistant's registries. An entity's unique id is subentry, circuit and code."""
        units: dict[str, int | str] = {}
        for entry in await socket.ask("config_entries/get", domain=DOMAIN):
            for subentry in await socket.ask("config_entries/subentries/list", entry_id=entry["entry_id"]):
                units[subentry["subentry_id"]] = _unit(subentry["unique_id"])
        entities: dict[Place, Entity] = {}
        for known in await socket.ask("config/entity_registry/list"):
            subentry_id = known["config_subentry_id"]
            if known["platform"] != DOMAIN or known["disabled_by"] is not None or subentry_id is None:
                continue  # without a subentry it is about the link
            circuit, _, code = known["unique_id"].removeprefix(f"{subentry_id}_").partition("_")
            if circuit in _NO_CIRCUITS:
                continue
            place = Place(units[subentry_id], circuit, code)
            entities[place] = Entity(
                place=place,
                entity_id=known["entity_id"],
                name=known["name"] or known["original_name"] or code,
                device_id=known["device_id"],
                category=known["entity_category"],
            )
        return cls(entities)

    def __len__(self) -> int:
        """Count the entities."""
        return len(self._entities)

    def __iter__(self) -> Iterator[Entity]:
        """Go through the entities."""
        return iter(self._entities.values())

    def find(self, unit: int | str, code: str, circuit: str = "1") -> Entity | None:
        """Return the entity of a value, None if it has none or it is not enabled."""
        return self._entities.get(Place(unit, circuit, code))

    def get(self, unit: int | str, code: str, circuit: str = "1") -> Entity:
        """Return the entity of a value. Raises DemoError if it has none."""
        if (entity := self.find(unit, code, circuit)) is None:
            raise DemoError(f"no entity shows {Place(unit, circuit, code)}")
        return entity

    def of_unit(self, unit: int | str) -> list[Entity]:
        """Return the entities of an instrument."""
        return [entity for entity in self if entity.place.unit == unit]

    def place_of(self, entity_id: str) -> Place | None:
        """Return what an entity shows, None if it is none of ours."""
        return self._places.get(entity_id)


async def wait_for_values(socket: Socket, inventory: Iterable[Entity], seconds: float) -> None:
    """Wait until every entity has a value, but not for ever: one may have none."""
    waiting = {entity.entity_id for entity in inventory}
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds), socket.stream("subscribe_entities", entity_ids=list(waiting)) as events:
            async for event in events:
                waiting -= {entity_id for entity_id, state in changed_states(event).items() if state not in NOTHING}
                if not waiting:
                    return


def changed_states(event: Json) -> dict[str, str]:
    """Return the states in an event of `subscribe_entities`: `a`dded in full, `c`hanged by what is new."""
    news: dict[str, Json] = {**event.get("a", {})}
    news |= {entity_id: diff.get("+", {}) for entity_id, diff in event.get("c", {}).items()}
    return {entity_id: state["s"] for entity_id, state in news.items() if "s" in state}


def _unit(unique_id: str) -> int | str:
    """Return the number of a unit on a line, or the serial number of what calls in: that is longer."""
    return int(unique_id) if len(unique_id) <= _LONGEST_NUMBER else unique_id


def instrument(unit: int | str) -> Instrument:
    """Return the instrument with a unit id. Raises DemoError if the demo has none."""
    for found in SITE:
        if found.unit == unit:
            return found
    raise DemoError(f"the demo has no unit {unit}")
