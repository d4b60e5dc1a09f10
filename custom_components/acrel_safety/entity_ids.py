"""What the entity registry knows the entities by that show alarms."""

from typing import Final

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from .aioacrel.alarms.board import Board
from .const import DOMAIN

SAFETY: Final = "safety"
UNSAFE: Final = "unsafe"
CONNECTION: Final = "connection"
ALARM_EVENT: Final = "alarm"
"""Keys of the entities' texts, and parts of their unique ids."""
ALARMS: Final = "_alarms_"


def id_of(owner_id: str, circuit: str | None, what: str) -> str:
    """Return what the entity registry knows one of the entities of a circuit, device (None) or link by."""
    return f"{owner_id}{ALARMS}{circuit or 'all'}_{what}"


def hazards_id(entry_id: str) -> str:
    """Return what the entity registry knows the list of hazards of a link by."""
    return f"{entry_id}_hazards"


@callback
def shown_by(hass: HomeAssistant, board: Board, circuit: str | None) -> str | None:
    """Return the entity that shows the word of a place: of the circuit, else of the device, else of its link."""
    registry = er.async_get(hass)
    ids = (id_of(board.identity, circuit, SAFETY), id_of(board.identity, None, SAFETY), id_of(board.link, None, SAFETY))
    found = (registry.async_get_entity_id(Platform.SENSOR, DOMAIN, one) for one in ids)
    return next((entity_id for entity_id in found if entity_id is not None), None)
